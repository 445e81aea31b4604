"""Guard as a whole: policy, errors, hostile input, concurrency. No model is loaded here."""

import asyncio
import logging
import re
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lc_guard import Blocked, Entity, Guard, Policy, UnsupportedInput
from lc_guard._engine.requests import GuardRequest
from lc_guard.records import Decision
from lc_guard.testing import HOSTILE_TEXTS, ExactDetector, FailingDetector, HangingDetector
from lc_guard.vaults import MemoryVault

CANARY = "Zebulon Quartermain"
STYLES = ("llm_guard", "angle", "square", "fake")
styles = pytest.mark.parametrize("style", STYLES)
PEOPLE = ExactDetector({"PERSON": ["Jane Doe", "Bob"], "US_SSN": ["536-90-4399"]}, score=0.8)


def decide(text, policy=None, detector=PEOPLE, **kwargs):
    (outcome,) = Guard(detector, policy=policy, **kwargs).check([GuardRequest([text], "s")])
    return outcome


# --- construction


def test_a_guard_shows_what_is_called_of_it():
    """What only the adapters ask is with the object that knows it, not on every guard that a user holds."""
    assert {name for name in dir(Guard([])) if not name.startswith("_")} == {
        *(
            "session",
            "warm_up",
            "awarm_up",
            "check",
            "acheck",
            "scan",
            "ascan",
            "redact",
            "digest",
            "session_of",
            "used_since",
        ),
        *("vault", "policy", "scanners", "session_values", "prompts", "leaks"),
        *("run_blocking", "redaction_is_cold", "warm_up_redaction"),
    }


def test_one_detector_or_several():
    assert Guard(PEOPLE).session("s").anonymize("Bob") == Guard([PEOPLE]).session("s").anonymize("Bob")
    assert Guard(iter([PEOPLE])).session("s").anonymize("Bob") == "[REDACTED_PERSON_1]"
    assert Guard([]).session("s").anonymize("Bob") == "Bob"


def test_the_default_detector(monkeypatch):
    monkeypatch.setattr("lc_guard.detectors.default_detector", lambda: PEOPLE)
    assert Guard().session("s").anonymize("Bob") == "[REDACTED_PERSON_1]"


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"vault": "postgresql://u:hunter2@host/db"}, "vault must be a vault, such as SQLVault(url) .*, got str"),
        ({"vault": MemoryVault}, "got the class MemoryVault"),
        ({"policy": "policy.toml"}, "policy must be a Policy, or Policy.from_file(...) of one, got str"),
        ({"policy": {"on_error": "allow"}}, "got dict"),
        ({"prompt_scanners": None}, "prompt_scanners must be a list of scanners, got NoneType"),
        ({"output_scanners": 3}, "output_scanners must be a list of scanners, got int"),
    ],
)
def test_parts_that_are_none_are_refused_at_once(parts, told):
    with pytest.raises(TypeError) as caught:
        Guard([], **parts)
    assert re.search(re.escape(told).replace(r"\.\*", ".*"), str(caught.value))
    assert "hunter2" not in str(caught.value)


def test_an_unknown_style_is_refused():
    with pytest.raises(ValueError, match="placeholder_style must be one of 'llm_guard', 'angle', 'square', 'fake'"):
        Guard([], placeholder_style="curly")


@pytest.mark.parametrize(
    ("style", "hidden"),
    [
        (None, "[REDACTED_PERSON_1]"),
        ("llm_guard", "[REDACTED_PERSON_1]"),
        ("angle", "<PERSON_1>"),
        ("square", "[PERSON_1]"),
    ],
)
def test_styles(style, hidden):
    assert Guard(PEOPLE, placeholder_style=style).session("s").anonymize("Bob said") == f"{hidden} said"


def test_a_detector_asks_for_fakes_and_may_be_overruled():
    detector = ExactDetector({"PERSON": ["Bob"]})
    detector.use_faker = True
    assert "[" not in Guard(detector).session("s").anonymize("Bob")
    assert Guard(detector, placeholder_style="angle").session("s").anonymize("Bob") == "<PERSON_1>"


def test_a_preamble_stands_once_before_the_first_text_that_changed():
    detector = ExactDetector({"PERSON": ["Bob"]})
    detector.preamble = "Keep placeholders. "
    (outcome,) = Guard(detector).check([GuardRequest(["plain", "of Bob", "Bob"], "s")])
    assert outcome.texts == {
        "of Bob": "Keep placeholders. of [REDACTED_PERSON_1]",
        "Bob": "[REDACTED_PERSON_1]",
    }
    assert outcome.hide("plain") == "plain"
    (outcome,) = Guard(detector).check([GuardRequest(["plain"], "s")])
    assert outcome.texts == {}


# --- policy


def test_a_plain_decision():
    outcome = decide("Jane Doe and Bob, 536-90-4399")
    assert (
        outcome.hide("Jane Doe and Bob, 536-90-4399")
        == "[REDACTED_PERSON_1] and [REDACTED_PERSON_2], [REDACTED_US_SSN_1]"
    )
    decision = outcome.decision
    assert (decision.check, decision.action, decision.valid, decision.risk_score) == ("pii", "anonymize", True, 0.8)
    assert decision.entities == {"PERSON": 2, "US_SSN": 1}
    assert decision.error is None
    assert decision.latency_ms >= 0
    assert len(decision.session) == 32


def test_nothing_found_is_allowed():
    decision = decide("nothing").decision
    assert (decision.action, decision.valid, decision.risk_score, decision.entities) == ("allow", True, 0.0, {})


@pytest.mark.parametrize(
    ("policy", "hidden", "action"),
    [
        (Policy(kinds={"US_SSN": "redact"}), "[REDACTED_PERSON_1] [REDACTED_US_SSN]", "redact"),
        (Policy(kinds={"US_SSN": "allow"}), "[REDACTED_PERSON_1] 536-90-4399", "anonymize"),
        (Policy(kinds={"US_SSN": "warn"}), "[REDACTED_PERSON_1] 536-90-4399", "warn"),
        (Policy(default="allow"), "Bob 536-90-4399", "allow"),
        (Policy(default="redact"), "[REDACTED_PERSON] [REDACTED_US_SSN]", "redact"),
        (Policy(kinds={"US_SSN": "block"}, on_invalid="warn"), "[REDACTED_PERSON_1] [REDACTED_US_SSN_1]", "warn"),
        (Policy(thresholds={"US_SSN": 0.9}), "[REDACTED_PERSON_1] 536-90-4399", "anonymize"),
    ],
)
def test_what_a_policy_does(policy, hidden, action):
    outcome = decide("Bob 536-90-4399", policy)
    assert outcome.hide("Bob 536-90-4399") == hidden
    assert (outcome.decision.action, outcome.decision.valid) == (action, True)


def test_a_block_hides_nothing_and_stores_nothing():
    guard = Guard(PEOPLE, policy=Policy(kinds={"US_SSN": "block"}))
    (outcome,) = guard.check([GuardRequest(["Bob 536-90-4399", "Bob"], "s", "tool_result")])
    assert (outcome.decision.action, outcome.decision.valid, outcome.texts) == ("block", False, {})
    with pytest.raises(Blocked, match="tool_result") as caught:
        outcome.hide("Bob")
    assert caught.value.decision is outcome.decision
    assert "2 PERSON, 1 US_SSN" in str(caught.value)
    assert guard.vault.items("s") == {}


def test_a_known_value_counts_whatever_the_threshold():
    guard = Guard(ExactDetector({"PERSON": ["Bob"]}), policy=Policy(thresholds={"PERSON": 0.5}))
    session = guard.session("s")
    session.anonymize("Bob")
    weak = Guard(ExactDetector({"PERSON": ["Bob"], "CITY": ["Bo"]}, score=0.1), vault=guard.vault, policy=guard.policy)
    assert weak.session("s").anonymize("of Bob") == "of [REDACTED_PERSON_1]"


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("detector", [FailingDetector(ValueError(CANARY)), FailingDetector(RecursionError())])
def test_a_failed_detector_blocks(detector, mode):
    session = Guard([PEOPLE, detector]).session("s")
    with pytest.raises(Blocked) as caught:
        session.anonymize("Bob") if mode == "sync" else asyncio.run(session.aanonymize("Bob"))
    assert caught.value.decision.error == type(detector._error).__name__
    assert (caught.value.decision.action, caught.value.decision.risk_score) == ("block", 1.0)
    assert caught.value.decision.entities == {}
    assert CANARY not in str(caught.value)


def test_a_failed_detector_may_be_let_pass_and_is_told(caplog):
    outcome = decide("Bob", Policy(on_error="allow"), [PEOPLE, FailingDetector(ValueError(CANARY))])
    assert outcome.hide("Bob") == "[REDACTED_PERSON_1]"
    assert (outcome.decision.action, outcome.decision.valid, outcome.decision.error) == ("warn", True, "ValueError")
    assert "'failing' failed: ValueError at detectors.py:" in caplog.text
    assert CANARY not in caplog.text
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("on_error", ["block", "allow"])
def test_a_hanging_detector_times_out(mode, on_error):
    hanging = HangingDetector()
    session = Guard([PEOPLE, hanging], policy=Policy(timeout=0.05, on_error=on_error)).session("s")
    started = time.monotonic()
    try:
        call = session.anonymize if mode == "sync" else lambda text: asyncio.run(session.aanonymize(text))
        if on_error == "allow":
            assert call("Bob") == "[REDACTED_PERSON_1]"
        else:
            with pytest.raises(Blocked, match=r"DetectorTimeout; no answer within 0.05 s"):
                call("Bob")
    finally:
        hanging.release.set()
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("call", ["session.anonymize('x')", "asyncio.run(session.aanonymize('x'))"])
def test_the_process_ends_though_a_detector_hangs(call):
    code = f"""
    import asyncio
    from lc_guard import Blocked, Guard, Policy
    from lc_guard.testing import HangingDetector
    session = Guard(HangingDetector(), policy=Policy(timeout=0.05)).session("s")
    try:
        {call}
    except Blocked as error:
        print(error.decision.error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=20, check=True
    )
    assert done.stdout == "DetectorTimeout\n"
    assert "Traceback" not in done.stderr


def test_a_detector_that_always_hangs_does_not_eat_the_process():
    hanging = HangingDetector()
    guard = Guard(hanging, policy=Policy(timeout=0.001))
    try:
        for number in range(60):
            with pytest.raises(Blocked, match="DetectorTimeout"):
                guard.session("s").anonymize(f"text {number}")
        assert hanging.calls == 32
    finally:
        hanging.release.set()


class BrokenVault(MemoryVault):
    def __init__(self, *methods):
        super().__init__()
        for method in methods:
            setattr(self, method, self.broken)

    def broken(self, *args):
        raise ValueError(CANARY)


@pytest.mark.parametrize("blocking", [True, False])
@pytest.mark.parametrize("style", ["llm_guard", "fake"])
@pytest.mark.parametrize("method", ["allocate", "look"])
def test_a_broken_vault_blocks(method, style, blocking, monkeypatch):
    monkeypatch.setattr(BrokenVault, "blocking", blocking)
    vault = BrokenVault(method)
    guard = Guard(PEOPLE, vault=vault, placeholder_style=style)
    for call in (guard.session("s").anonymize, lambda text: asyncio.run(guard.session("s").aanonymize(text))):
        with pytest.raises(Blocked, match=r"ValueError at test_guard.py:\d+") as caught:
            call("Bob")
        assert CANARY not in str(caught.value)


@pytest.mark.parametrize(("style", "failing"), [("fake", 1), ("fake", 2), ("fake", 3), ("llm_guard", 1)])
def test_a_vault_that_breaks_between_two_questions_blocks(style, failing):
    vault = MemoryVault()
    session = Guard(PEOPLE, vault=vault, placeholder_style=style).session("s")
    read, asked = vault.items, []

    def items(session):
        asked.append(session)
        if len(asked) == failing:
            raise ValueError(CANARY)
        return read(session)

    vault.items = items
    with pytest.raises(Blocked, match=r"ValueError at test_guard.py"):
        session.anonymize("Bob, Jane Doe")
    assert len(asked) == failing


def test_the_first_name_of_a_session_is_compared_with_nobody():
    vault = MemoryVault()
    session = Guard(PEOPLE, vault=vault).session("s")
    read, asked = vault.items, []
    vault.items = lambda session: asked.append(session) or read(session)
    assert session.anonymize("Bob") == "[REDACTED_PERSON_1]"
    assert asked == []
    session.anonymize("Jane Doe")
    assert asked == ["s"]


def test_a_full_vault_blocks_and_the_session_goes_on():
    session = Guard(ExactDetector({"PERSON": ["A", "B", "C"]}), vault=MemoryVault(max_values=2)).session("s")
    assert session.anonymize("A") == "[REDACTED_PERSON_1]"
    with pytest.raises(Blocked, match=r"VaultFull.*max_values"):
        session.anonymize("B C")
    assert session.placeholders() == {"[REDACTED_PERSON_1]": "A"}
    assert session.anonymize("B A") == "[REDACTED_PERSON_2] [REDACTED_PERSON_1]"


def test_redacting_without_a_session():
    guard = Guard(PEOPLE)
    assert guard.redact(["Bob, 536-90-4399", "", "x", "Bob"]) == [
        "[REDACTED_PERSON], [REDACTED_US_SSN]",
        "",
        "x",
        "[REDACTED_PERSON]",
    ]
    assert repr(guard.vault) == "MemoryVault(0 sessions, 0 values)"
    with pytest.raises(ValueError, match="why"):
        Guard(FailingDetector(ValueError("why"))).redact(["Bob"])


def test_digests_stand_for_session_ids():
    guard = Guard([], digest_key=b"key")
    digest = guard.digest("jane@example.org")
    assert digest == Guard([], digest_key=b"key").digest("jane@example.org")
    assert digest != Guard([]).digest("jane@example.org")
    assert guard.session_of(digest) == "jane@example.org"
    assert guard.session_of("0" * 32) is None
    assert len(guard.digest("\ud800")) == 32


def test_digests_are_bounded(monkeypatch):
    monkeypatch.setattr("lc_guard.guard._MAX_DIGESTS", 2)
    guard = Guard([])
    digests = [guard.digest(session) for session in "abc"]
    assert [guard.session_of(digest) for digest in digests] == [None, "b", "c"]


def test_values_inside_json_are_escaped():
    for style in ("llm_guard", "fake"):
        session = Guard(ExactDetector({"PERSON": ['Ann "A" Lee\n']}), placeholder_style=style).session("s")
        hidden = session.anonymize('Ann "A" Lee\nx')
        restorer = session.restorer(json_strings=True)
        assert restorer.feed(hidden + "!") + restorer.flush() == 'Ann \\"A\\" Lee\nx!'


# --- hostile input


@styles
@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_hostile_texts_come_back(style, text):
    entities = [
        Entity("PERSON", 0, len(text)),
        Entity("CITY", 0, len(text) // 2),
        Entity("CITY", len(text) // 3, len(text)),
    ]
    detector = ExactDetector()
    detector.detect = lambda given: entities if given == text else []
    session = Guard(detector, placeholder_style=style).session("s")
    for typed in (text, f"a {text}", text * 2):
        assert session.deanonymize(session.anonymize(typed)) == typed


@pytest.mark.parametrize("thing", [None, 5, 1.5, b"bytes", ["text"], {"a": 1}, object()])
def test_what_is_no_text_is_refused(thing):
    session = Guard([]).session("s")
    calls = (
        lambda: session.anonymize(thing),
        lambda: asyncio.run(session.aanonymize(thing)),
        lambda: session.deanonymize(thing),
        lambda: asyncio.run(session.adeanonymize(thing)),
    )
    for call in calls:
        with pytest.raises(UnsupportedInput, match=f"type {type(thing).__name__}"):
            call()


MEGABYTES = {
    "words": "the witness said so. " * 50_000,
    "one word": "x" * 1_000_000,
    "brackets": "[" * 1_000_000,
    "placeholders": "[REDACTED_PERSON_1] " * 50_000,
    "mangled": "redacted person 1] " * 55_000,
    "names": "Jane Doe met Bob. " * 55_000,
    "emoji": "🦓\ud800\x00" * 330_000,
}


@pytest.mark.parametrize("name", MEGABYTES)
def test_a_megabyte_takes_seconds_at_most(name):
    """About 1 s of processor time: 1 µs a character for all that is not detecting; the bound has room for slow ones."""
    text = MEGABYTES[name]
    session = Guard(PEOPLE).session("s")
    started = time.process_time()
    hidden = session.anonymize(text)
    restored = session.deanonymize(hidden)
    took = time.process_time() - started
    assert restored == text
    assert took < 15, f"{took:.1f} s"  # what measures coverage takes several times as long


@styles
def test_twenty_thousand_entities_in_one_text(style):
    count = 20_000 if style != "fake" else 3_000
    text = " ".join(f"N{number}x" for number in range(count))
    entities = []
    for word in text.split():
        start = (entities[-1].end + 1) if entities else 0
        entities.append(Entity("PERSON" if len(entities) % 2 else "CITY", start, start + len(word)))
    detector = ExactDetector()
    detector.detect = lambda given: entities
    policy = Policy(kinds={"CITY": "warn"}) if style == "llm_guard" else Policy()
    session = Guard(detector, placeholder_style=style, policy=policy).session("s")
    started = time.process_time()
    for _ in range(2):  # the second time all of them are known
        hidden = session.anonymize(text)
        assert session.deanonymize(hidden) == text
    assert time.process_time() - started < 8
    assert len(session.placeholders()) == count // (2 if style == "llm_guard" else 1)


# --- concurrency


@styles
def test_threads_and_sessions_never_cross(style):
    values = [f"Person{n} Name{n}" for n in range(12)]
    guard = Guard(ExactDetector({"PERSON": values}), placeholder_style=style)
    barrier = threading.Barrier(32)

    def talk(number):
        session = guard.session(f"s{number % 16}")  # two threads to a session
        barrier.wait()
        for turn in range(4):
            text = "; ".join(values[(number + turn + n) % 12] for n in range(6)) + f" own{number}"
            hidden = session.anonymize(text)
            if session.deanonymize(hidden) != text or any(value in hidden for value in values):
                return f"thread {number} got another text back"
        return None

    with ThreadPoolExecutor(32) as pool:
        assert [wrong for wrong in pool.map(talk, range(32)) if wrong] == []
    for number in range(16):
        held = guard.session(f"s{number}").placeholders()
        assert len(set(held.values())) == len(held)


@styles
def test_one_session_from_many_threads(style):
    values = [f"Person{n} Name{n}" for n in range(20)]
    session = Guard(ExactDetector({"PERSON": values}), placeholder_style=style).session("s")
    with ThreadPoolExecutor(16) as pool:
        hidden = list(pool.map(session.anonymize, values * 8))
    assert len(set(hidden)) == len(values)
    assert hidden == hidden[: len(values)] * 8
    assert dict(session.placeholders()) == dict(zip(hidden, values, strict=False))


async def test_tasks_and_threads_share_a_guard(monkeypatch):
    # as a vault on a disk: every question goes to a thread
    monkeypatch.setattr(MemoryVault, "blocking", True)
    values = [f"Person{n} Name{n}" for n in range(10)]
    vault = MemoryVault()
    guard = Guard(ExactDetector({"PERSON": values}), vault=vault)

    async def talk(number):
        session = guard.session(f"s{number % 4}")
        text = f"{values[number % 10]} and {values[(number * 7) % 10]}"
        hidden = await session.aanonymize(text)
        return await session.adeanonymize(hidden) == text and "Person" not in hidden

    def talk_in_thread(number):
        session = guard.session(f"s{number % 4}")
        return session.deanonymize(session.anonymize(values[number % 10])) == values[number % 10]

    threads = [asyncio.to_thread(talk_in_thread, number) for number in range(20)]
    assert all(await asyncio.gather(*threads, *(talk(number) for number in range(60))))
    assert all(len(vault.items(f"s{number}")) <= 10 for number in range(4))


def test_jobs_of_one_call_keep_their_sessions():
    guard = Guard(PEOPLE)
    jobs = [
        GuardRequest(["Bob", "Jane Doe"], "a"),
        GuardRequest(["Jane Doe"], "b", "document"),
        GuardRequest(["", "x"], "c"),
    ]
    outcomes = guard.check(jobs)
    assert [outcome.decision.stage for outcome in outcomes] == ["prompt", "document", "prompt"]
    assert outcomes[1].hide("Jane Doe") == "[REDACTED_PERSON_1]"
    assert guard.session("b").deanonymize("[REDACTED_PERSON_1]") == "Jane Doe"
    assert guard.session("a").deanonymize("[REDACTED_PERSON_1]") == "Bob"
    assert guard.session("c").deanonymize("[REDACTED_PERSON_1]") == "[REDACTED_PERSON_1]"
    assert guard.check([]) == []
    assert all(isinstance(outcome.decision, Decision) for outcome in outcomes)
