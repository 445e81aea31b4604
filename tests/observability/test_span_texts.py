"""The one rule of what a mask and an audit look at: not at what lc-guard and the SDKs write, but at all else there."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import pytest

from lc_guard.errors import Blocked
from lc_guard.langfuse.check_observations import blocked_by
from lc_guard.observability.span_texts import is_check, is_identifier, traced_texts
from lc_guard.records import Decision

MAIL, NAME, CARD, SSN, IBAN = (
    "jane@doe.example",
    "Jane Doe",
    "4012888888881881",
    "536-22-8147",
    "DE89370400440532013000",
)
VALUES = (MAIL, NAME, CARD, SSN, IBAN)


def decision(check: str = "pii", **more: Any) -> Decision:
    fields: dict[str, Any] = {"action": "block", "valid": False, "risk_score": 0.9, "latency_ms": 1.0}
    return Decision("prompt", check, **{**fields, **more})


@pytest.mark.parametrize(
    "text",
    [
        str(Blocked(decision(entities={"PERSON": 2, "EMAIL_ADDRESS": 1}))),
        str(Blocked(decision(error="DetectorError"))),
        blocked_by(decision("JailbreakPhrases")),
        blocked_by(decision(error="DetectorTimeout")),
        "pii: warn after ValueError (risk 0.00)",
        "anonymize: 1 EMAIL, 2 PERSON",
        "guard.leak: the model was sent values that the session hides (1 EMAIL, 1 PERSON)",
        "guard: tool_result",
        "fail-closed: RuntimeError",
        "load models",
    ],
)
def test_our_own_words_are_not_looked_at(text: str) -> None:
    assert traced_texts({"status": text}) == []


@pytest.mark.parametrize("value", VALUES)
def test_a_value_among_our_own_words_is(value: str) -> None:
    said = [
        str(Blocked(decision(value))),
        str(Blocked(decision(error="ServiceError"), f"ServiceError: no record of {value}")),
        blocked_by(decision(f"check of {value}")),
        f"{value}: block (risk 0.90)",
        f"block: {value}",
    ]
    assert [text for text in said if traced_texts(text) != [text]] == []


@pytest.mark.parametrize("key", ["id", "tool_call_id", "message_id", "run_id", "session_id", "checkpoint_ns"])
def test_ids_are_known_by_their_place_and_form(key: str) -> None:
    ids = [str(uuid4()), f"run--{uuid4()}-0", f"lc_run--{uuid4()}", "call_9aVb3kQzT1", "toolu_01AbCdEfGh2"]
    assert traced_texts([{key: each} for each in ids]) == []
    # anywhere else only random digits are passed over
    assert traced_texts({"said": "call_9aVb3kQzT1"}) == ["call_9aVb3kQzT1"]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("key", ["id", "tool_call_id", "service.instance.id", "session", "public_key", "model", "tags"])
def test_a_value_in_the_place_of_an_id_is_looked_at(key: str, value: str) -> None:
    for check in (False, True):
        assert value in traced_texts({key: [value]}, check=check)
        assert value in traced_texts({"scope": {"attributes": {key: value}}}, check=check)


def test_a_checks_own_observation() -> None:
    own = {
        "decision": {"stage": "prompt", "check": "JailbreakPhrases", "action": "block", "error": None},
        "entities": {"EMAIL_ADDRESS": 1},
        "detectors": {"spacy:en_core_web_sm": 1.5},
        "model": "org/deberta-v3-base",
        "categories": {"Hate": 0.2, MAIL: 0.1, NAME: 0.3},
    }
    assert traced_texts(own, check=True) == [MAIL, NAME]
    assert is_check("GUARDRAIL", "prompt")
    assert is_check("span", "tool_result")
    assert not any(is_check(*each) for each in (("chain", "prompt"), ("guardrail", "else"), (None, None)))
    assert [each for each in ("RunnableSequence", "guard: prompt", *VALUES, f"for {NAME}") if is_identifier(each)] == [
        "RunnableSequence",
        "guard: prompt",
    ]


@pytest.mark.parametrize("text", ["a" * 200_000, "blocked by " * 20_000, "x: block (risk 0.90" * 10_000, "0" * 200_000])
def test_long_texts_take_linear_time(text: str) -> None:
    begun = time.process_time()
    assert traced_texts([{"id": text}], check=True) == [text]
    assert not is_identifier(text) or len(text) <= 120
    assert time.process_time() - begun < 1
