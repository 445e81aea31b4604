"""A check is one child run with one value-free decision, in every mode."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from langgraph.errors import GraphBubbleUp

from lc_guard import Anonymize, Blocked, Deanonymize, Guard, Policy
from lc_guard.records import DECISION_EVENT, RESTORED_EVENT, SESSION_METADATA, STAGE_METADATA
from lc_guard.testing import FailingDetector

from ..support.openai_server import echo
from ..support.seams import MAIL, MODES, NAME, P1, Noter, added, filled_guard, make_guard, openai, run

SESSION = "jane.roe@thread.example"


def config_of(noter: Noter) -> dict[str, Any]:
    return {"configurable": {"thread_id": SESSION}, "callbacks": [noter]}


@pytest.mark.parametrize("mode", MODES)
def test_one_child_run_and_one_decision_for_each_step(mode: str) -> None:
    guard, noter = make_guard(), Noter()
    chain = Anonymize(guard, stage="document") | RunnableLambda(lambda text: text) | Deanonymize(guard)
    assert added(run(chain, mode, [f"{NAME} <{MAIL}>", "x"], config_of(noter))) == [f"{NAME} <{MAIL}>", "x"]
    count = 2 if "batch" in mode else 1
    steps, checks = noter.of("chain_start", "Anonymize"), noter.of("chain_start", "pii")
    decisions, restored = noter.of("custom", DECISION_EVENT), noter.of("custom", RESTORED_EVENT)
    assert [len(noted) for noted in (steps, checks, decisions, restored)] == [count] * 4
    assert {check[4] for check in checks} == {step[3] for step in steps}, "a check is a child of its step"
    assert {decision[3] for decision in decisions} == {check[3] for check in checks}, "an event has its check's run id"
    assert {event[3] for event in restored} == {step[3] for step in noter.of("chain_start", "Deanonymize")}
    for _, _, data, *_ in decisions:
        assert json.loads(json.dumps(data)) == data
        expected = {
            "stage": "document",
            "check": "pii",
            "action": "anonymize",
            "valid": True,
            "risk_score": 1.0,
            "entities": {"PERSON": 1, "EMAIL": 1},
            "error": None,
        }
        assert {name: value for name, value in data.items() if name in expected} == expected
        assert data["session"] == guard.digest(SESSION)
        assert data["latency_ms"] >= 0
    for _, _, data, *_ in restored:
        assert data == {"restored": 2, "unknown": 0}
    for _, _, inputs, _, _, (_, metadata) in checks:
        assert inputs == {"texts": 2, "characters": len(f"{NAME} <{MAIL}>") + 1}
        assert metadata[SESSION_METADATA] == guard.digest(SESSION)
        assert metadata[STAGE_METADATA] == "document"


@pytest.mark.parametrize("mode", MODES)
def test_thread_ids_appear_in_nothing_of_ours(mode: str) -> None:
    guard, noter = make_guard(), Noter()
    run(Anonymize(guard) | Deanonymize(guard), mode, NAME, config_of(noter))
    for event, name, data, _, _, (tags, metadata) in noter.calls:
        if event == "custom" or name == "pii":
            assert SESSION not in repr((name, data, tags, metadata))


def test_the_check_ends_before_the_step_and_shows_its_detectors() -> None:
    guard, noter = make_guard(), Noter()
    Anonymize(guard).invoke(NAME, config_of(noter))
    assert [call[0] for call in noter.calls] == ["chain_start", "chain_start", "custom", "chain_end", "chain_end"]
    outputs = noter.calls[3][2]
    assert outputs["decision"] == noter.calls[2][2]
    assert list(outputs["detectors"]) == ["exact"]


@pytest.mark.parametrize("mode", MODES)
def test_a_block_is_told_before_it_is_raised(mode: str) -> None:
    guard, noter = make_guard(policy=Policy(kinds={"EMAIL": "block"})), Noter()
    with pytest.raises(Blocked) as caught:
        run(Anonymize(guard), mode, f"{NAME} {MAIL}", config_of(noter))
    (_, _, data, *_), *_ = noter.of("custom", DECISION_EVENT)
    assert data == caught.value.decision.as_dict()
    assert (data["action"], data["valid"]) == ("block", False)
    assert "0 values" in repr(guard.vault), "nothing is remembered of what was stopped"


@pytest.mark.parametrize("mode", MODES)
def test_a_failure_is_told(mode: str) -> None:
    noter = Noter()
    guard = Guard(FailingDetector(ValueError(NAME)), policy=Policy(on_error="allow"))
    assert added(run(Anonymize(guard), mode, NAME, config_of(noter))) == NAME
    (_, _, data, *_), *_ = noter.of("custom", DECISION_EVENT)
    assert (data["error"], data["action"], data["valid"]) == ("ValueError", "warn", True)


@pytest.mark.parametrize("mode", MODES)
def test_control_flow_ends_the_check_without_words(mode: str) -> None:
    noter = Noter()
    with pytest.raises(GraphBubbleUp):
        run(Anonymize(Guard(FailingDetector(GraphBubbleUp(NAME)))), mode, NAME, config_of(noter))
    ended = [
        call for call in noter.of("chain_error") if call[3] in {check[3] for check in noter.of("chain_start", "pii")}
    ]
    assert len(ended) == (2 if "batch" in mode else 1)
    for call in ended:
        assert str(call[2]) == "the check ended in GraphBubbleUp"


def test_in_a_batch_each_item_has_its_own_decision() -> None:
    guard, noter = make_guard(policy=Policy(kinds={"EMAIL": "block"})), Noter()
    configs: Any = [{**config_of(noter), "configurable": {"session_id": f"s-{n}"}} for n in range(3)]
    done = Anonymize(guard).batch([NAME, MAIL, None], configs, return_exceptions=True)
    assert done[0] == P1
    decisions = [call[2] for call in noter.of("custom", DECISION_EVENT)]
    assert [(data["action"], data["session"]) for data in decisions] == [
        ("anonymize", guard.digest("s-0")),
        ("block", guard.digest("s-1")),
    ]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_nobody_watching_costs_nothing(asynchronous: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from langchain_core.callbacks import manager

    def never(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("an event without handlers")

    for name in ("dispatch_custom_event", "adispatch_custom_event"):
        monkeypatch.setattr(manager, name, never)
    chain = Anonymize(make_guard(), session_id="s") | Deanonymize(make_guard(), session_id="s")
    assert (asyncio.run(chain.ainvoke("x")) if asynchronous else chain.invoke("x")) == "x"


async def test_events_v2_show_decisions_and_restored_tokens() -> None:
    guard = make_guard()
    prompt = ChatPromptTemplate.from_messages([("human", "{text}")])
    with openai(echo) as (model, _):
        chain = Anonymize(guard) | prompt | model | StrOutputParser() | Deanonymize(guard)
        config = {"configurable": {"session_id": SESSION}}
        events = [event async for event in chain.astream_events({"text": f"{NAME}, {MAIL}"}, config, version="v2")]
    custom = {event["name"]: event for event in events if event["event"] == "on_custom_event"}
    assert custom[DECISION_EVENT]["data"]["entities"] == {"PERSON": 1, "EMAIL": 1}
    assert custom[RESTORED_EVENT]["data"] == {"restored": 2, "unknown": 0}
    (check,) = [event for event in events if event["event"] == "on_chain_start" and event["name"] == "pii"]
    assert custom[DECISION_EVENT]["run_id"] == check["run_id"]
    pieces = [
        event["data"]["chunk"]
        for event in events
        if (event["event"], event["name"]) == ("on_chain_stream", "Deanonymize")
    ]
    assert "".join(pieces) == f"{NAME}, {MAIL}"
    assert len(pieces) > 2
    tokens = [event["data"]["chunk"].content for event in events if event["event"] == "on_chat_model_stream"]
    assert "".join(tokens) == f"{NAME}, {MAIL}"  # whoever reads them is the application


@pytest.mark.parametrize("mode", MODES)
def test_unknown_placeholders_are_counted(mode: str) -> None:
    noter = Noter()
    config = {"configurable": {"session_id": "s-1"}, "callbacks": [noter]}
    run(Deanonymize(filled_guard()), mode, f"{P1} [REDACTED_PERSON_99] {P1}", config)
    assert noter.of("custom", RESTORED_EVENT)[0][2] == {"restored": 2, "unknown": 1}


def test_a_handler_that_raises_does_not_break_the_call() -> None:
    class Broken(Noter):
        def on_custom_event(self, name: str, data: Any, **kwargs: Any) -> None:
            raise RuntimeError("broken handler")

    guard = make_guard()
    for mode in MODES:
        assert added(run(Anonymize(guard) | Deanonymize(guard), mode, NAME, config_of(Broken()))) == NAME
