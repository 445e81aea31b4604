"""The scanners of a guard: who is asked what, in which order, and what the policy makes of it."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from typing import Any

import pytest

from lc_guard import Blocked, CheckPolicy, Entity, Guard, Policy, PolicyError, ScanResult, StagePolicy
from lc_guard._engine.requests import CheckEnded, CheckStarted, GuardRequest, ScanTarget
from lc_guard.detectors import part_done
from lc_guard.scanners import Turn
from lc_guard.testing import ExactDetector, FailingDetector

from ..support.scanners import BAD, Answers, RemoteWatcher, Watcher

CANARY = "Zebulon Quartermain"
modes = pytest.mark.parametrize("mode", ["sync", "async"])


def guarded(*scanners: Any, policy: Policy | None = None, **kwargs: Any) -> Guard:
    kwargs.setdefault("detectors", [])
    return Guard(prompt_scanners=scanners, policy=policy, **kwargs)


def job(*texts: str, stage: Any = "prompt", **kwargs: Any) -> GuardRequest:
    return GuardRequest(texts, "s", stage, asks=[ScanTarget(text, stage) for text in texts], **kwargs)


def check(guard: Guard, mode: str, *jobs: GuardRequest) -> tuple[list[Any], list[Any]]:
    """Outcomes, and what was told of the checks."""
    told: list[Any] = []

    async def atell(note: Any) -> None:
        told.append(note)

    if mode == "sync":
        return guard.check(jobs, told.append), told
    return asyncio.run(guard.acheck(jobs, atell)), told


def decision(guard: Guard, text: str, name: str = "watcher", **kwargs: Any) -> Any:
    (outcome,), _ = check(guard, "sync", job(text, **kwargs))
    return next(each for each in outcome.decisions if each.check == name)


# --- verdicts


@modes
def test_a_harmless_text_goes_on_with_a_score_of_nought(mode: str) -> None:
    (outcome,), told = check(guarded(Watcher()), mode, job("hello"))
    assert [(d.check, d.action, d.valid, d.risk_score) for d in outcome.decisions] == [
        ("pii", "allow", True, 0.0),
        ("watcher", "allow", True, 0.0),
    ]
    assert outcome.hide("hello") == "hello"
    assert outcome.cleaned == {}
    assert {(type(note), note.check) for note in told} == {
        (kind, name) for kind in (CheckStarted, CheckEnded) for name in ("pii", "watcher")
    }


@modes
def test_a_fault_blocks_by_default_and_nothing_is_remembered(mode: str) -> None:
    guard = guarded(Watcher(), detectors=ExactDetector({"PERSON": [CANARY]}))
    (outcome,), _ = check(guard, mode, job(f"{BAD} of {CANARY}"))
    blocked = outcome.blocking
    assert (blocked.check, blocked.action, blocked.valid, blocked.risk_score) == ("watcher", "block", False, 0.8)
    assert outcome.texts == {}
    with pytest.raises(Blocked, match="the check 'watcher' blocked the prompt") as raised:
        outcome.hide("x")
    assert raised.value.decision is blocked
    assert CANARY not in str(raised.value)
    assert guard.session("s").placeholders() == {}
    pii = outcome.decisions[0]
    assert (pii.check, pii.entities) == ("pii", {"PERSON": 1}), "what was found is scored, though nothing is hidden"


@pytest.mark.parametrize(
    ("settings", "result", "action", "text"),
    [
        ({"action": "warn"}, {}, "warn", BAD),
        ({"action": "allow"}, {}, "allow", BAD),
        ({"action": "replace"}, {}, "replace", "[removed by a security check]"),
        ({"action": "replace", "replacement": "…"}, {}, "replace", "…"),
        ({"action": "redact"}, {"redacts": True}, "redact", "***"),
        ({"action": "redact"}, {"locates": True}, "redact", "[REDACTED_BAD_WORD]"),
        ({"action": "redact"}, {}, "block", None),
        ({"action": "anonymize"}, {"locates": True}, "anonymize", "[REDACTED_BAD_WORD_1]"),
        ({"action": "anonymize"}, {}, "block", None),
        ({"monitor": True}, {}, "warn", BAD),
        ({"threshold": 0.9}, {}, "allow", BAD),
        ({"threshold": 0.8}, {}, "block", None),
    ],
)
@modes
def test_what_the_policy_makes_of_a_fault(mode: str, settings: Any, result: Any, action: str, text: Any) -> None:
    policy = Policy(checks={"watcher": CheckPolicy(**settings)})
    (outcome,), _ = check(guarded(Watcher(**result), policy=policy), mode, job(f"my {BAD}!", "other"))
    made = outcome.decisions[-1]
    assert (made.action, made.valid, made.risk_score) == (action, action != "block", 0.8)
    if text is None:
        assert outcome.blocking is made
    else:
        whole = text if action == "replace" else f"my {text}!"
        assert outcome.hide(f"my {BAD}!") == whole
        assert outcome.hide("other") == "other"
        kept = f"my {BAD}!" if action in ("anonymize", "warn", "allow") else whole
        assert outcome.clean(f"my {BAD}!") == kept


def test_a_threshold_may_find_fault_where_the_scanner_does_not() -> None:
    lenient = Answers(ScanResult(valid=True, risk_score=0.4))
    policy = Policy(checks={"answers": CheckPolicy(threshold=0.4)})
    assert not decision(guarded(lenient, policy=policy), "x", "answers").valid
    assert decision(guarded(lenient), "x", "answers").valid


def test_a_policy_that_only_warns_blocks_nothing() -> None:
    guard = guarded(Watcher(), Answers(ValueError(CANARY)), policy=Policy(on_invalid="warn"))
    (outcome,), _ = check(guard, "sync", job(BAD))
    assert {each.check: each.action for each in outcome.decisions} == {
        "pii": "allow",
        "watcher": "warn",
        "answers": "warn",
    }
    assert outcome.decisions[-1].error in ("ValueError", None)


def test_what_is_anonymized_is_put_back() -> None:
    policy = Policy(default="allow", checks={"watcher": CheckPolicy(action="anonymize")})
    guard = guarded(Watcher(locates=True), policy=policy)
    (outcome,), _ = check(guard, "sync", job(f"my {BAD}!"))
    hidden = outcome.hide(f"my {BAD}!")
    assert hidden == "my [REDACTED_BAD_WORD_1]!"
    assert guard.session("s").deanonymize(hidden) == f"my {BAD}!"


def test_a_repaired_text_goes_on_though_nothing_is_wrong() -> None:
    mender = Answers(ScanResult(valid=True, risk_score=0.0, sanitized="{}"), "mender", rewrites=True)
    after = Watcher("after")
    (outcome,), _ = check(guarded(mender, after), "sync", job("{"))
    assert outcome.hide("{") == "{}"
    assert after.texts == ["{}"]
    monitored = Policy(checks={"mender": CheckPolicy(monitor=True)})
    (outcome,), _ = check(guarded(mender, policy=monitored), "sync", job("{"))
    assert outcome.hide("{") == "{"


# --- order


@modes
def test_rewriting_scanners_run_in_order_each_given_what_the_last_one_left(mode: str) -> None:
    first = Watcher("first", word="a", redacts=True)
    second = Watcher("second", word="***b", redacts=True)
    judge = Watcher("judge")
    policy = Policy(checks={name: CheckPolicy(action="redact") for name in ("first", "second")})
    guard = guarded(judge, first, second, policy=policy, detectors=ExactDetector({"PERSON": ["***c"]}))
    (outcome,), _ = check(guard, mode, job("abc"))
    assert (first.texts, second.texts, judge.texts) == (["abc"], ["***bc"], ["***c"])
    assert outcome.hide("abc") == "[REDACTED_PERSON_1]", "detectors see what was left"
    assert outcome.clean("abc") == "***c"


@modes
def test_a_service_outside_sees_what_is_hidden(mode: str) -> None:
    remote, local = RemoteWatcher(), Watcher()
    guard = guarded(remote, local, detectors=ExactDetector({"PERSON": [CANARY]}))
    (outcome,), _ = check(guard, mode, job(f"I am {CANARY}"))
    assert local.texts == [f"I am {CANARY}"]
    assert remote.texts == ["I am [REDACTED_PERSON_1]"]
    assert outcome.hide(f"I am {CANARY}") == "I am [REDACTED_PERSON_1]"


@modes
def test_what_a_scanner_says_later_does_not_show_it_more(mode: str) -> None:
    remote = RemoteWatcher()
    guard = guarded(remote, detectors=ExactDetector({"PERSON": [CANARY]}))
    remote.sees = "original"
    (outcome,), _ = check(guard, mode, job(f"I am {CANARY}"))
    assert remote.texts == ["I am [REDACTED_PERSON_1]"]
    assert outcome.hide(f"I am {CANARY}") == "I am [REDACTED_PERSON_1]"


@modes
def test_a_service_outside_is_not_asked_about_what_is_blocked(mode: str) -> None:
    remote = RemoteWatcher()
    (outcome,), _ = check(guarded(remote, Watcher()), mode, job(BAD))
    assert not remote.requests
    assert [each.check for each in outcome.decisions] == ["pii", "watcher"]


@pytest.mark.parametrize("failing", [False, True])
@modes
def test_a_service_outside_never_sees_what_the_detectors_blocked(mode: str, failing: bool) -> None:
    remote, after = RemoteWatcher(), RemoteWatcher("after", redacts=True)
    finds = ExactDetector({"US_SSN": [CANARY]})
    policy = Policy(kinds={"US_SSN": "block"}, checks={"after": CheckPolicy(action="redact")})
    detector = FailingDetector(ValueError("down")) if failing else finds
    guard = guarded(remote, after, detectors=detector, policy=policy)
    (outcome, other), _ = check(guard, mode, job(f"{BAD} {CANARY}"), job("harmless"))
    assert [each.check for each in outcome.decisions] == ["pii"]
    assert not outcome.decisions[0].valid
    assert remote.texts == after.texts == ([] if failing else ["harmless"])
    assert other.blocking is None or failing


@modes
def test_what_a_service_takes_out_is_out_of_the_clean_text_as_well(mode: str) -> None:
    remote = RemoteWatcher(redacts=True)
    policy = Policy(checks={"remote": CheckPolicy(action="redact")})
    guard = guarded(remote, policy=policy, detectors=ExactDetector({"PERSON": [CANARY]}))
    text = f"{BAD} of {CANARY}"
    (outcome,), _ = check(guard, mode, job(text, stage="tool_result"))
    assert outcome.hide(text) == "*** of [REDACTED_PERSON_1]"
    assert outcome.clean(text) == f"*** of {CANARY}"


@modes
def test_judges_run_at_the_same_time_beside_the_detectors(mode: str) -> None:
    barrier = threading.Barrier(3, timeout=5)

    class Meeting:
        def __init__(self, name: str) -> None:
            self.name = name

        def scan(self, request: Any) -> ScanResult:
            barrier.wait()
            return ScanResult(valid=True, risk_score=0.0)

        def detect(self, text: str) -> list[Entity]:
            barrier.wait()
            return []

    guard = guarded(Meeting("a"), Meeting("b"), detectors=Meeting("d"))
    (outcome,), _ = check(guard, mode, job("x"))
    assert all(each.error is None for each in outcome.decisions)


@modes
def test_instant_scanners_are_asked_first_where_the_plan_runs(mode: str) -> None:
    cheap, dear = Watcher("cheap", cost="instant"), Watcher("dear")
    guard = guarded(dear, cheap, policy=Policy(fail_fast=True), detectors=FailingDetector(ValueError(CANARY)))
    (outcome,), told = check(guard, mode, job(BAD))
    assert [each.check for each in outcome.decisions] == ["cheap"]
    assert not dear.requests
    assert cheap.threads == {threading.current_thread().name}
    pii = [note.details for note in told if isinstance(note, CheckEnded) and note.check == "pii"]
    assert pii == [{"skipped": "fail_fast"}]


@modes
def test_a_long_text_is_kept_off_the_loop(mode: str) -> None:
    cheap = Watcher("cheap", cost="instant")
    check(guarded(cheap), mode, job("x" * 100_000))
    assert cheap.threads == {"lc-guard"}


@modes
def test_failing_fast_gives_up_the_slow(mode: str) -> None:
    slow, quick = RemoteWatcher("slow", seconds=0.5 if mode == "sync" else 30, sees="original"), Watcher("quick")
    started = time.monotonic()
    (outcome,), told = check(guarded(slow, quick, policy=Policy(fail_fast=True)), mode, job(BAD))
    assert time.monotonic() - started < 10
    assert outcome.blocking.check == "quick"
    ended = {note.check: note for note in told if isinstance(note, CheckEnded)}
    assert ended["slow"].decision is None
    assert ended["slow"].details == {"skipped": "fail_fast"}


@modes
def test_one_blocked_job_does_not_stop_the_others(mode: str) -> None:
    guard = guarded(Watcher(), policy=Policy(fail_fast=True), detectors=ExactDetector({"PERSON": [CANARY]}))
    outcomes, _ = check(guard, mode, job(BAD), job(CANARY))
    assert outcomes[0].blocking is not None
    assert outcomes[1].hide(CANARY) == "[REDACTED_PERSON_1]"


# --- failures


class Odd:
    """Compares to nothing."""


@pytest.mark.parametrize(
    "answer",
    [
        None,
        7,
        math.nan,
        (CANARY, True, 0.1),
        (CANARY,),
        CANARY,
        Odd(),
        ScanResult(True, 0.0, entities=[Entity("X", 0, 99)]),
    ],
    ids=lambda value: type(value).__name__,
)
@modes
def test_an_odd_answer_blocks_and_shows_nothing(mode: str, answer: Any, caplog: Any) -> None:
    (outcome,), _ = check(guarded(Answers(answer)), mode, job(f"my {CANARY}"))
    made = outcome.decisions[-1]
    assert (made.check, made.action, made.error, made.risk_score) == ("answers", "block", "ScannerError", 1.0)
    with pytest.raises(Blocked) as raised:
        outcome.raise_if_blocked()
    assert CANARY not in str(raised.value) + caplog.text + repr(outcome)


@modes
def test_a_risk_that_is_no_number_counts_as_the_worst(mode: str) -> None:
    (outcome,), _ = check(guarded(Answers(ScanResult(valid=True, risk_score=math.nan))), mode, job("x"))
    assert (outcome.decisions[-1].valid, outcome.decisions[-1].risk_score) == (False, 1.0)


@pytest.mark.parametrize("on_error", ["block", "allow"])
@modes
def test_a_scanner_that_raises(mode: str, on_error: Any, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    policy = Policy(checks={"answers": CheckPolicy(on_error=on_error)})
    (outcome,), _ = check(guarded(Answers(ValueError(CANARY)), policy=policy), mode, job("x"))
    made = outcome.decisions[-1]
    assert (made.error, made.valid) == ("ValueError", on_error == "allow")
    assert (made.action, made.risk_score) == (("warn", 0.0) if on_error == "allow" else ("block", 1.0))
    assert CANARY not in caplog.text
    assert "check 'answers' failed: ValueError" in caplog.text


@pytest.mark.parametrize("settings", [{"action": "warn"}, {"action": "allow"}, {"monitor": True}])
def test_a_scanner_that_only_watches_stops_nothing_by_failing(settings: Any) -> None:
    broken = Answers(ValueError(CANARY))
    made = decision(guarded(broken, policy=Policy(checks={"answers": CheckPolicy(**settings)})), "x", "answers")
    assert (made.action, made.valid, made.error) == ("warn", True, "ValueError")


def test_the_detectors_fail_closed_at_a_stage_that_only_warns() -> None:
    policy = Policy(stages={"prompt": StagePolicy(action="warn")})
    (outcome,), _ = check(guarded(policy=policy, detectors=FailingDetector(ValueError(CANARY))), "sync", job("x"))
    assert outcome.blocking.check == "pii"


@modes
def test_a_scanner_that_hangs_is_late(mode: str) -> None:
    remote, local = RemoteWatcher(seconds=2.0), Watcher(seconds=2.0)
    started = time.monotonic()
    policy = Policy(checks={"watcher": CheckPolicy(timeout=0.05)})
    (outcome,), _ = check(guarded(local, policy=policy), mode, job("x", "y", "z"))
    assert time.monotonic() - started < 1.9
    assert (outcome.blocking.error, outcome.reason) == ("ScannerTimeout", "no answer within 0.05 s")
    policy = Policy(checks={"remote": CheckPolicy(timeout=0.05, on_error="allow")})
    (outcome,), _ = check(guarded(remote, policy=policy), mode, job("x"))
    assert (outcome.decisions[-1].action, outcome.decisions[-1].error) == ("warn", "ScannerTimeout")
    time.sleep(2.2)
    assert len(local.requests) == 1, "nobody waits any longer: the other texts are not asked about"


@modes
def test_all_checks_share_the_policys_deadline(mode: str) -> None:
    (outcome,), _ = check(guarded(Watcher(seconds=0.5), policy=Policy(timeout=0.05)), mode, job("x"))
    assert outcome.blocking.error == "ScannerTimeout"


@modes
def test_the_parts_of_a_long_text_take_nothing_of_the_time_behind_them(mode: str) -> None:
    class InParts:
        def detect(self, text: str) -> list[Entity]:
            end = time.monotonic() + 0.7
            while time.monotonic() < end:
                time.sleep(0.01)
                part_done()
            return []

    watcher = RemoteWatcher()
    guard = Guard(InParts(), prompt_scanners=[watcher], policy=Policy(timeout=0.5))
    (outcome,), _ = check(guard, mode, job("word " * 1_000))
    assert outcome.blocking is None
    assert len(watcher.requests) == 1


def test_a_request_knows_its_deadline() -> None:
    watcher = Watcher()
    check(guarded(watcher, policy=Policy(timeout=5.0, checks={"watcher": CheckPolicy(timeout=1.0)})), "sync", job("x"))
    assert 0 < watcher.requests[0].deadline - time.monotonic() <= 1.0
    unlimited = Watcher()
    check(guarded(unlimited, policy=Policy(timeout=None)), "sync", job("x"))
    assert unlimited.requests[0].seconds_left() is None


async def test_a_cancelled_request_leaves_nothing_running() -> None:
    remote, local = RemoteWatcher(seconds=30.0, sees="original"), Watcher(seconds=0.05)
    guard = guarded(remote, local, detectors=ExactDetector({"PERSON": [CANARY]}))
    before = threading.active_count()
    task = asyncio.create_task(guard.acheck([job(*(f"{CANARY} {number}" for number in range(40)))]))
    while not (remote.under_way and local.requests):
        await asyncio.sleep(0.002)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (remote.under_way, len(asyncio.all_tasks())) == (0, 1)
    assert remote.cancelled
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        await asyncio.sleep(0.005)
    assert threading.active_count() <= before
    assert len(local.requests) < 5
    assert guard.session("s").placeholders() == {}, "no session is half written"


@modes
def test_control_flow_passes(mode: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        check(guarded(Answers(KeyboardInterrupt())), mode, job("x"))


@modes
def test_a_model_is_loaded_off_the_clock_and_once(mode: str) -> None:
    class Cold(Watcher):
        loads = 0

        def warm_up(self) -> None:
            time.sleep(0.1)
            self.loads += 1

    cold = Cold()
    guard = guarded(cold, policy=Policy(timeout=0.05))
    for _ in range(2):
        (outcome,), _ = check(guard, mode, job("x"))
        assert outcome.blocking is None
    assert cold.loads == 1
    eager = Cold()
    guarded(eager).warm_up()
    assert eager.loads == 1


# --- what is shown of a check


def test_a_decision_is_told_with_its_latency_and_its_details() -> None:
    watcher = Watcher(seconds=0.02, details={"model": "m-1"})
    policy = Policy(version="2026-11", checks={"watcher": CheckPolicy(threshold=0.5)})
    _, told = check(guarded(watcher, policy=policy), "sync", job(BAD, "x"))
    started, ended = [note for note in told if note.check == "watcher"]
    assert (started.texts, started.characters, started.stage) == (2, len(BAD) + 1, "prompt")
    assert ended.decision.latency_ms >= 20
    assert ended.details == {
        "action": "block",
        "policy": "2026-11",
        "model": "m-1",
        "threshold": 0.5,
        "categories": {"bad": 0.5},
    }


@modes
def test_a_quick_check_ends_before_a_slow_one(mode: str) -> None:
    _, told = check(guarded(Watcher("slow", seconds=0.2), Watcher("quick")), mode, job("x"))
    ended = [note.check for note in told if isinstance(note, CheckEnded)]
    assert ended.index("quick") < ended.index("slow")


def test_a_check_that_is_sampled_out_says_so_and_has_no_score() -> None:
    never = Watcher()
    (outcome,), told = check(
        guarded(never, policy=Policy(checks={"watcher": CheckPolicy(sample=0.0)})), "sync", job(BAD)
    )
    assert not never.requests
    assert [each.check for each in outcome.decisions] == ["pii"]
    assert told[-1].details == {"skipped": "sample"} or {"skipped": "sample"} in [
        note.details for note in told if isinstance(note, CheckEnded)
    ]
    half = Watcher()
    guard = guarded(half, policy=Policy(checks={"watcher": CheckPolicy(sample=0.5)}), cache_size=0)
    for _ in range(200):
        check(guard, "sync", job("x"))
    assert 50 < len(half.requests) < 150


def test_history_is_judged_once() -> None:
    watcher = Watcher()
    guard = guarded(watcher)
    for turn in (["a"], ["a", "b"], ["a", "b", "c"]):
        check(guard, "sync", job(*turn))
    assert watcher.texts == ["a", "b", "c"]
    off = Watcher()
    for _ in range(2):
        check(guarded(off, cache_size=0), "sync", job("a"))
    assert off.texts == ["a", "a"]


def test_an_answer_is_judged_anew_for_each_prompt_and_each_stage() -> None:
    output = Watcher("output", stages=("output", "tool_call"))
    guard = Guard([], output_scanners=[output])
    for prompt, stage in [("one", "output"), ("one", "output"), ("two", "output"), ("two", "tool_call")]:
        guard.scan("yes", stage=stage, prompt=prompt)
    asked = [(request.prompt, request.stage) for request in output.requests]
    assert asked == [("one", "output"), ("two", "output"), ("two", "tool_call")]


def test_what_was_said_before_counts_where_it_matters() -> None:
    plain, reader = Watcher("plain"), Watcher("reader", uses_turns=True)
    guard = guarded(plain, reader)
    for turns in ((), (Turn("user", "one"),), (Turn("user", "two"),)):
        check(guard, "sync", GuardRequest(["x"], "s", asks=[ScanTarget("x", "prompt", turns)]))
    assert (len(plain.requests), len(reader.requests)) == (1, 3)
    assert [request.turns for request in reader.requests] == [(), (Turn("user", "one"),), (Turn("user", "two"),)]


@modes
def test_many_texts_for_a_service_go_at_the_same_time(mode: str) -> None:
    remote = RemoteWatcher(seconds=0.2)
    started = time.monotonic()
    (outcome,), _ = check(guarded(remote), mode, job(*map(str, range(16))))
    assert time.monotonic() - started < 2
    assert sorted(remote.texts) == sorted(map(str, range(16)))
    assert outcome.decisions[-1].valid


@modes
def test_a_batch_is_asked_in_one_pass(mode: str) -> None:
    class Batched(Watcher):
        def scan_batch(self, requests: Any) -> list[ScanResult]:
            self.batches.append(len(requests))
            return [self._result(request.text) for request in requests]

    batched = Batched(batches=[])
    (outcome,), _ = check(
        guarded(batched, policy=Policy(checks={"watcher": CheckPolicy(action="replace")})), mode, job("a", BAD)
    )
    assert batched.batches == [2]
    assert outcome.texts == {BAD: "[removed by a security check]"}

    class Short(Watcher):
        def scan_batch(self, requests: Any) -> list[ScanResult]:
            return []

    (outcome,), _ = check(guarded(Short()), mode, job("a", "b"))
    assert outcome.blocking.error == "ScannerError"


# --- stages


def test_each_stage_has_its_scanners_and_its_rules() -> None:
    prompt, output = Watcher("p"), Watcher("o")
    policy = Policy(stages={"document": StagePolicy(action="replace"), "tool_call": StagePolicy(enabled=False)})
    guard = Guard([], prompt_scanners=[prompt], output_scanners=[output], policy=policy)
    expected = {"prompt": ["p"], "tool_result": ["p"], "document": ["p"], "output": ["o"], "tool_call": []}
    for stage, names in expected.items():
        assert [each.check for each in guard.scan("x", stage=stage)] == names  # type: ignore[arg-type]
        assert bool(guard.scanners.by_stage[stage]) == bool(names)  # type: ignore[arg-type]
    assert [each.action for each in guard.scan(BAD, stage="document")] == ["replace"]
    assert [each.action for each in guard.scan(BAD, stage="prompt")] == ["block"]


async def test_a_stage_that_is_none_is_refused_instead_of_judged_by_nobody() -> None:
    guard = Guard([], prompt_scanners=[Watcher("p")])
    with pytest.raises(ValueError, match="stage must be one of 'prompt', 'output'"):
        guard.scan("x", stage="documents")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="stage must be one of"):
        await guard.ascan("x", stage="documents")  # type: ignore[arg-type]


def test_a_policy_may_ask_a_scanner_at_another_stage() -> None:
    enabled = StagePolicy(checks={"o": CheckPolicy(enabled=True)})
    guard = Guard([], output_scanners=[Watcher("o")], policy=Policy(stages={"tool_call": enabled}))
    assert guard.scanners.by_stage["tool_call"]
    assert not Guard([], output_scanners=[Watcher("o")]).scanners.by_stage["tool_call"]


async def test_scanners_of_answers_get_the_prompt() -> None:
    output = Watcher("o", stages=("output", "tool_call"))
    guard = Guard([], output_scanners=[output])
    await guard.ascan("answer", stage="output", prompt="question")
    guard.scan("argument", stage="tool_call", prompt="question")
    assert [request.prompt for request in output.requests] == ["question", "question"]
    prompt = Watcher()
    guarded(prompt).scan("x", prompt="ignored")
    assert prompt.requests[0].prompt == ""


def test_names_are_unique_and_policies_name_real_checks() -> None:
    guard = guarded(Watcher("w"), Watcher("w"), ("mine", Watcher("w")))
    assert [each.check for each in guard.scan("x")] == ["w", "w_2", "mine"]
    with pytest.raises(ValueError, match="mine"):
        guarded(("mine", Watcher()), ("mine", Watcher()))
    with pytest.raises(
        PolicyError, match="names 'wather', which is no check of this guard; its checks are 'pii', 'watcher'"
    ):
        guarded(Watcher(), policy=Policy(checks={"wather": CheckPolicy()}))
    with pytest.raises(PolicyError, match=r"stages\['output'\].checks names 'x'"):
        guarded(policy=Policy(stages={"output": StagePolicy(checks={"x": CheckPolicy()})}))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda p: Guard([], output_scanners=[Watcher()], policy=p), "can't anonymize at the stage 'output'"),
        (lambda p: Guard([], prompt_scanners=[RemoteWatcher("watcher")], policy=p), "sees only what is hidden"),
    ],
)
def test_a_policy_that_can_t_be_kept_is_refused_at_once(make: Any, told: str) -> None:
    with pytest.raises(PolicyError, match=told):
        make(Policy(checks={"watcher": CheckPolicy(action="anonymize")}))


def test_whole_answers_can_t_be_judged_by_sentences() -> None:
    whole = Watcher("whole", needs_whole=True)
    with pytest.raises(PolicyError, match="judges whole answers"):
        Guard([], output_scanners=[whole], policy=Policy(streaming="window"))
    watching = Policy(streaming="window", checks={"whole": CheckPolicy(action="warn")})
    assert Guard([], output_scanners=[whole], policy=watching).scanners.by_stage["output"]


def test_what_is_no_scanner_is_refused() -> None:
    for thing in (object(), 5, Watcher):
        with pytest.raises(TypeError):
            guarded(thing)


@modes
def test_any_function_is_a_scanner(mode: str) -> None:
    def short(text: str) -> bool:
        return len(text) < 5

    (outcome,), _ = check(guarded(short, lambda text: 0.2), mode, job("a longer text"))
    assert {each.check: each.valid for each in outcome.decisions} == {"pii": True, "short": False, "function": True}


def test_threads_share_a_guard() -> None:
    guard = guarded(Watcher(), detectors=ExactDetector({"PERSON": [CANARY]}), cache_size=0)
    results: list[Any] = []

    def work(number: int) -> None:
        text = f"{BAD if number % 2 else CANARY} {number}"
        (outcome,) = guard.check([GuardRequest([text], f"s{number}", asks=[ScanTarget(text, "prompt")])])
        results.append((number, outcome.blocking is not None, outcome.texts.get(text)))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, blocked, hidden in results:
        assert blocked == bool(number % 2)
        assert hidden == (None if number % 2 else f"[REDACTED_PERSON_1] {number}")
