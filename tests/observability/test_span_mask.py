"""The mask knows which values a span may hold: from the vault, from what it dropped, or by looking itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lc_guard._engine.requests import GuardRequest
from lc_guard.guard import Guard
from lc_guard.observability.dropped_values import DroppedValues
from lc_guard.observability.span_mask import SpanMask, UnmaskableName
from lc_guard.policy import Policy
from lc_guard.testing import ExactDetector
from tests.support.canaries import CANARIES, CanaryDetector

CANARY = CANARIES[0]
INPUT = "langfuse.observation.input"
META = "langfuse.observation.metadata."


def check_span(guard: Guard, session: str, **decision: Any) -> dict[str, Any]:
    decision = {"check": "pii", "action": "anonymize", "error": None, **decision}
    return {
        "langfuse.observation.type": "guardrail",
        f"{META}lc_guard_session": json.dumps(guard.digest(session)),
        f"{META}lc_guard_stage": '"prompt"',
        "langfuse.observation.output": json.dumps({"decision": decision, "detectors": {}}),
    }


def masked(mask: SpanMask, attributes: dict[str, Any], *, name: str = "step", trace: str = "t") -> dict[str, Any]:
    changed, removed = mask.mask(trace, name, attributes)
    return {**{key: value for key, value in attributes.items() if key not in removed}, **changed}


@pytest.fixture
def detector() -> CanaryDetector:
    return CanaryDetector()


@pytest.fixture
def guard(detector: CanaryDetector) -> Guard:
    return Guard(detector)


def test_learns_the_session_from_the_check_and_asks_the_vault(guard: Guard, detector: CanaryDetector) -> None:
    guard.session("s").anonymize(f"Hello {CANARY}")
    mask = SpanMask(guard)
    mask.learn("t", check_span(guard, "s"))
    detector.texts.clear()
    assert masked(mask, {INPUT: json.dumps({"x": CANARY})})[INPUT] == '{"x": "[REDACTED_PERSON_1]"}'
    assert masked(mask, {INPUT: f"inside-words:x{CANARY}y"})[INPUT] == "inside-words:x[REDACTED_PERSON_1]y"
    assert detector.texts == []
    # another trace does not share the session
    assert "[REDACTED_PERSON]" in masked(mask, {INPUT: f"by {CANARY}"}, trace="other")[INPUT]


def test_finds_values_after_forget(guard: Guard, detector: CanaryDetector) -> None:
    mask = SpanMask(guard)
    session = guard.session("s")
    session.anonymize(CANARY)
    mask.learn("t", check_span(guard, "s"))
    session.forget()
    detector.texts.clear()
    assert masked(mask, {INPUT: CANARY})[INPUT] == "[REDACTED_PERSON_1]"
    assert detector.texts == []


def test_looks_itself_when_even_what_was_dropped_is_gone(guard: Guard) -> None:
    now = [0.0]
    mask = SpanMask(guard, dropped=DroppedValues(seconds=5, clock=lambda: now[0]))
    guard.session("s").anonymize(CANARY)
    mask.learn("t", check_span(guard, "s"))
    guard.session("s").forget()
    now[0] = 6.0
    assert masked(mask, {INPUT: CANARY})[INPUT] == "[REDACTED_PERSON]"


def test_looks_itself_for_a_session_of_another_process(guard: Guard) -> None:
    mask = SpanMask(guard)
    mask.learn("t", check_span(Guard(CanaryDetector()), "s"))
    assert masked(mask, {INPUT: CANARY})[INPUT] == "[REDACTED_PERSON]"


@pytest.mark.parametrize(
    "decision",
    [{"action": "redact"}, {"action": "block"}, {"action": "warn"}, {"error": "TimeoutError"}, {"check": "injection"}],
)
def test_looks_itself_when_a_decision_left_no_placeholder(guard: Guard, decision: dict[str, Any]) -> None:
    mask = SpanMask(guard)
    mask.learn("t", check_span(guard, "s", **decision))
    assert masked(mask, {INPUT: CANARY})[INPUT] == "[REDACTED_PERSON]"


def test_looks_itself_when_a_check_broke_off(guard: Guard) -> None:
    mask = SpanMask(guard)
    mask.learn("t", check_span(guard, "s"))
    mask.learn("t", {f"{META}lc_guard_session": guard.digest("s")})
    assert masked(mask, {INPUT: CANARY})[INPUT] == "[REDACTED_PERSON]"


@pytest.mark.parametrize("kind", ["tool", "retriever"])
def test_looks_itself_at_what_tools_and_retrievers_bring(guard: Guard, kind: str) -> None:
    mask = SpanMask(guard)
    mask.learn("t", check_span(guard, "s"))
    attributes = {"langfuse.observation.type": kind, "langfuse.observation.output": f"new: {CANARY}"}
    assert masked(mask, attributes)["langfuse.observation.output"] == "new: [REDACTED_PERSON]"
    assert masked(mask, {**attributes, "langfuse.observation.type": "chain"}) != masked(mask, attributes)


def test_looks_always_when_told(guard: Guard) -> None:
    mask = SpanMask(guard, detect="always")
    mask.learn("t", check_span(guard, "s"))
    assert masked(mask, {INPUT: f"new: {CANARY}"})[INPUT] == "new: [REDACTED_PERSON]"
    with pytest.raises(ValueError, match="when_needed"):
        SpanMask(guard, detect="never")  # type: ignore[arg-type]


def test_a_failing_detector_keeps_the_span_back_but_not_the_checks_own(guard: Guard, detector: CanaryDetector) -> None:
    detector.error = RuntimeError("no")
    mask = SpanMask(guard)
    with pytest.raises(RuntimeError):
        mask.mask("t", "step", {INPUT: "some text"})
    assert mask.mask("t", "pii", check_span(guard, "s")) == ({}, [])


def test_asks_for_each_text_of_a_batch_once(guard: Guard, detector: CanaryDetector) -> None:
    mask, seen = SpanMask(guard), {}
    for _ in range(3):
        mask.mask("t", "step", {INPUT: json.dumps([CANARY, CANARY, "x y", "", " ", "assistant"])}, seen)
    assert sorted(detector.texts) == sorted([CANARY, "x y"])


def test_does_not_trouble_detectors_with_the_frameworks_own_words(guard: Guard, detector: CanaryDetector) -> None:
    SpanMask(guard).mask(
        "t",
        "step",
        {f"{META}ls_model_name": '"gpt"', f"{META}mine": '"my text"', INPUT: '{"role": "user", "Odd Key": 1}'},
    )
    assert sorted(detector.texts) == ["Odd Key", "my text"]


@pytest.mark.parametrize("key", ["session_id", "thread_id"])
@pytest.mark.parametrize("value", ["ann@example.org", json.dumps("ann@example.org"), 4711])
@pytest.mark.parametrize("where", ["observation", "trace"])
def test_session_ids_become_digests_as_the_sdk_wrote_them(guard: Guard, key: str, value: Any, where: str) -> None:
    name = f"langfuse.{where}.metadata.{key}"
    session = "4711" if value == 4711 else "ann@example.org"
    sent = masked(SpanMask(guard), {name: value})[name]
    expected = guard.digest(session)
    assert sent == (json.dumps(expected) if isinstance(value, str) and value.startswith('"') else expected)


def test_session_ids_inside_metadata_become_digests(guard: Guard) -> None:
    sent = masked(SpanMask(guard), {f"{META}configurable": '{"thread_id": "ann@example.org", "n": 1}'})
    assert json.loads(sent[f"{META}configurable"]) == {"thread_id": guard.digest("ann@example.org"), "n": 1}


def test_a_named_session_brings_its_values_before_its_first_check(guard: Guard) -> None:
    guard.session("s-7").anonymize(CANARY)
    mask = SpanMask(guard)
    mask.learn("t", {f"{META}session_id": '"s-7"'})
    assert masked(mask, {INPUT: CANARY})[INPUT] == "[REDACTED_PERSON_1]"


def test_an_email_as_session_id_is_a_digest_also_when_it_is_a_value() -> None:
    guard = Guard(CanaryDetector(["ann@example.org"]))
    guard.session("ann@example.org").anonymize("mail ann@example.org")
    mask = SpanMask(guard)
    attributes = {f"{META}thread_id": '"ann@example.org"'}
    mask.learn("t", attributes)
    assert masked(mask, attributes) == {f"{META}thread_id": json.dumps(guard.digest("ann@example.org"))}


def test_keeps_what_the_user_set_and_what_the_sdk_enumerates() -> None:
    guard = Guard(CanaryDetector(["chain", "ann"]))
    guard.session("s").anonymize("chain ann")
    mask = SpanMask(guard)
    mask.learn("t", check_span(guard, "s"))
    kept = {
        "user.id": "ann",
        "session.id": "ann",
        "langfuse.observation.type": "chain",
        "langfuse.internal.is_app_root": True,
        f"{META}langfuse_user_id": "ann",
    }
    assert mask.mask("t", "step", kept) == ({}, [])


def test_masks_tags_status_names_of_metadata_and_foreign_attributes(guard: Guard) -> None:
    guard.session("s").anonymize(CANARY)
    mask = SpanMask(guard)
    mask.learn("t", check_span(guard, "s"))
    attributes = {
        "langfuse.trace.tags": ("blue", CANARY),
        "langfuse.observation.status_message": f"no {CANARY}",
        f"{META}{CANARY}": '"x"',
        "gen_ai.prompt.0.content": CANARY,
        "count": 3,
        "ratio": 0.5,
    }
    assert masked(mask, attributes) == {
        "langfuse.trace.tags": ["blue", "[REDACTED_PERSON_1]"],
        "langfuse.observation.status_message": "no [REDACTED_PERSON_1]",
        f"{META}[REDACTED_PERSON_1]": '"x"',
        "gen_ai.prompt.0.content": "[REDACTED_PERSON_1]",
        "count": 3,
        "ratio": 0.5,
    }


def test_a_name_that_holds_a_value_can_not_leave(guard: Guard) -> None:
    guard.session("s").anonymize(CANARY)
    mask = SpanMask(guard)
    mask.learn("t", check_span(guard, "s"))
    with pytest.raises(UnmaskableName) as caught:
        mask.mask("t", f"chain of {CANARY}", {})
    assert CANARY not in str(caught.value)


def test_lone_surrogates_do_not_lose_the_export(guard: Guard) -> None:
    assert masked(SpanMask(guard), {INPUT: "a\ud800b", "tags": ["\udfff", "x"]}) == {INPUT: "a?b", "tags": ["?", "x"]}


def test_several_sessions_share_a_trace(guard: Guard) -> None:
    mask = SpanMask(guard)
    for number, session in enumerate(("a", "b")):
        guard.session(session).anonymize(CANARIES[number])
        mask.learn("t", check_span(guard, session))
    assert masked(mask, {INPUT: f"{CANARIES[0]}|{CANARIES[1]}"})[INPUT] == "[REDACTED_PERSON_1]|[REDACTED_PERSON_1]"


def test_memory_is_bounded_and_what_was_left_out_is_looked_at(guard: Guard) -> None:
    mask = SpanMask(guard, max_traces=2, max_sessions=3)
    for number in range(5):
        guard.session(f"s{number}").anonymize(CANARIES[number])
        mask.learn("many", check_span(guard, f"s{number}"))
    assert CANARIES[0] not in masked(mask, {INPUT: CANARIES[0]}, trace="many")[INPUT]
    for trace in "abc":
        mask.learn(trace, check_span(guard, "s1"))
    assert repr(mask) == "SpanMask(2 traces)"
    assert masked(mask, {INPUT: CANARIES[1]}, trace="a")[INPUT] == "[REDACTED_PERSON]"
    assert masked(mask, {INPUT: CANARIES[1]}, trace="c")[INPUT] == "[REDACTED_PERSON_1]"


def test_odd_attributes_teach_nothing(guard: Guard) -> None:
    mask = SpanMask(guard)
    for value in (None, 1.5, True, '"broken', "[" * 300, ["a"], b"x"):
        mask.learn("t", {f"{META}session_id": value, f"{META}lc_guard_session": value})
    assert masked(mask, {INPUT: CANARY})[INPUT] == "[REDACTED_PERSON]"


def test_policies_that_redact_hide_the_value_in_the_trace(detector: CanaryDetector) -> None:
    guard = Guard(detector, policy=Policy(default="redact"))
    mask = SpanMask(guard)
    (outcome,) = guard.check([GuardRequest([CANARY], "s")])
    mask.learn("t", check_span(guard, "s", action=outcome.decision.action))
    assert masked(mask, {INPUT: CANARY})[INPUT] == "[REDACTED_PERSON]"


@pytest.mark.parametrize("number", ["4915123456789", "4915123456789.0", "4.915123456789e12"])
def test_a_number_of_any_type_is_a_value(number: str) -> None:
    guard = Guard(ExactDetector({"PHONE_NUMBER": ["4915123456789"]}))
    guard.session("s").anonymize("call 4915123456789")
    mask = SpanMask(guard)
    mask.learn("t", check_span(guard, "s"))
    held = {"n": float(number), INPUT: f'{{"to": [{number}, 1.5, true, 1]}}'}
    sent = masked(mask, held)
    assert sent["n"] == "[REDACTED_PHONE_NUMBER_1]"
    assert json.loads(sent[INPUT]) == {"to": ["[REDACTED_PHONE_NUMBER_1]", 1.5, True, 1]}
