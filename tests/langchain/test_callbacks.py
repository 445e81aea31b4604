"""GuardCallbackHandler counts, logs without values, and stops a call that would leak before anything is sent."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from langchain_core.language_models import FakeListLLM
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda, RunnableParallel
from langchain_core.tools import tool

from lc_guard import Anonymize, Deanonymize, Guard, GuardCallbackHandler, LeakPrevented, Policy
from lc_guard.testing import FailingDetector

from ..support.openai_server import echo
from ..support.seams import MAIL, MODES, NAME, ODD, P1, added, filled_guard, make_guard, openai, run

PROMPT = ChatPromptTemplate.from_messages([("human", "{text}")])
RAW = RunnableLambda(lambda value: {"text": f"it was {NAME}"})


def config_of(handler: GuardCallbackHandler, session: str = "jane@thread.example") -> dict[str, Any]:
    return {"configurable": {"session_id": session}, "callbacks": [handler]}


@pytest.mark.parametrize("mode", MODES)
def test_counts_and_logs(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    guard, handler = make_guard(), GuardCallbackHandler()
    caplog.set_level(logging.DEBUG, "lc_guard")
    chain = Anonymize(guard) | RunnableLambda(lambda text: f"{text} [REDACTED_PERSON_9]") | Deanonymize(guard)
    run(chain, mode, f"{NAME} {MAIL} {NAME}", config_of(handler))
    times = 2 if "batch" in mode else 1
    assert handler.counts == {("prompt", "pii", "anonymize"): times}
    assert handler.entities == {"PERSON": 2 * times, "EMAIL": times}
    assert (handler.restored, handler.unknown) == (3 * times, times)
    assert repr(handler) == f"GuardCallbackHandler({times} decisions)"
    records = [record for record in caplog.records if record.name == "lc_guard.decisions"]
    assert sorted(record.levelname for record in records) == ["INFO"] * times + ["WARNING"] * times
    assert "prompt.pii: anonymize, risk 1.00" in caplog.text
    for value in (NAME, MAIL, "jane@thread.example"):
        assert value not in caplog.text


def test_unusual_decisions_are_warnings(caplog: pytest.LogCaptureFixture) -> None:
    handler = GuardCallbackHandler(level=logging.DEBUG)
    caplog.set_level(logging.DEBUG, "lc_guard.decisions")
    guards = [
        make_guard(policy=Policy(kinds={"EMAIL": "block"})),
        make_guard(policy=Policy(kinds={"EMAIL": "warn"})),
        Guard(FailingDetector(ValueError(MAIL)), policy=Policy(on_error="allow")),
        make_guard(),
    ]
    for guard in guards:
        Anonymize(guard).batch([MAIL], config_of(handler), return_exceptions=True)
    levels = [record.levelname for record in caplog.records if record.name == "lc_guard.decisions"]
    assert levels == ["WARNING", "WARNING", "WARNING", "DEBUG"]
    assert "error ValueError" in caplog.text
    assert MAIL not in caplog.text


@pytest.mark.parametrize("mode", MODES)
def test_a_leak_is_stopped_before_anything_is_sent(mode: str) -> None:
    guard = make_guard()
    handler = GuardCallbackHandler(stop_leaks=guard)
    with openai(echo) as (model, server):
        chain = Anonymize(guard) | RAW | PROMPT | model | StrOutputParser() | Deanonymize(guard)
        with pytest.raises(LeakPrevented) as caught:
            run(chain, mode, {"text": NAME}, config_of(handler))
        assert server.requests == []
        assert server.raw == []
    assert caught.value.kinds == {"PERSON": 1}
    assert NAME not in str(caught.value)


@pytest.mark.parametrize("mode", MODES)
def test_a_clean_call_goes_through(mode: str) -> None:
    guard = make_guard()
    handler = GuardCallbackHandler(stop_leaks=guard)
    with openai(echo) as (model, server):
        chain = Anonymize(guard) | PROMPT | model | StrOutputParser() | Deanonymize(guard)
        text = f"{NAME} and {ODD}: I typed {P1} myself"
        for _ in range(2):
            assert "".join(run(chain, mode, {"text": text}, config_of(handler))) == text
        assert server.requests


def test_what_looks_like_a_placeholder_is_no_leak() -> None:
    guard = filled_guard()
    assert guard.session("s-1").anonymize(f"typed: {P1}") != f"typed: {P1}"
    with openai(echo) as (model, server):
        chain = Anonymize(guard) | PROMPT | model | StrOutputParser() | Deanonymize(guard)
        config = config_of(GuardCallbackHandler(stop_leaks=guard), "s-1")
        assert chain.invoke({"text": NAME}, config) == NAME
        assert len(server.requests) == 1


def test_watching_alone_stops_nothing() -> None:
    guard = make_guard()
    with openai(echo) as (model, server):
        chain = Anonymize(guard) | RAW | PROMPT | model | StrOutputParser()
        assert chain.invoke({"text": NAME}, config_of(GuardCallbackHandler())) == f"it was {NAME}"
        assert len(server.requests) == 1


@pytest.mark.parametrize("deep", ["parallel", "tool", "retriever"])
@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_leak_deep_in_the_run_is_stopped(deep: str, asynchronous: bool) -> None:
    guard = make_guard()
    with openai(echo) as (model, server):
        inner = RAW | PROMPT | model | StrOutputParser()

        @tool
        def ask(text: str) -> str:
            """Ask a model."""
            return inner.invoke(text)

        class Asking(BaseRetriever):
            def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Any]:
                return [model.invoke(f"it was {NAME}", {"callbacks": run_manager.get_child()})]

        steps = {"parallel": RunnableParallel(a=inner, b=str), "tool": ask, "retriever": Asking()}
        text_only = RunnableLambda(lambda value: value["text"])
        chain = Anonymize(guard) | text_only | steps[deep]
        config = config_of(GuardCallbackHandler(stop_leaks=guard))
        with pytest.raises(LeakPrevented):
            asyncio.run(chain.ainvoke({"text": NAME}, config)) if asynchronous else chain.invoke({"text": NAME}, config)
        assert server.requests == []


def test_a_leak_to_a_completion_model_is_stopped() -> None:
    guard = make_guard()
    chain = Anonymize(guard) | RunnableLambda(lambda text: NAME) | FakeListLLM(responses=["never"])
    with pytest.raises(LeakPrevented):
        chain.invoke(NAME, config_of(GuardCallbackHandler(stop_leaks=guard)))


def test_one_handler_serves_many_sessions() -> None:
    guard = make_guard()
    handler = GuardCallbackHandler(stop_leaks=guard)
    with openai(echo, size=None) as (model, server):
        clean = Anonymize(guard) | PROMPT | model | StrOutputParser() | Deanonymize(guard)
        # a value of another session is not one of this run's
        assert Anonymize(guard).invoke(NAME, config_of(handler, "other")) == P1
        assert clean.invoke({"text": MAIL}, config_of(handler, "mine")) == MAIL
        leaky = Anonymize(guard) | RAW | PROMPT | model
        inputs: list[Any] = [{"text": NAME}, {"text": MAIL}, {"text": NAME}]
        configs: Any = [config_of(handler, f"s-{number}") for number in range(3)]
        done = leaky.batch(inputs, configs, return_exceptions=True)
        assert [type(item).__name__ for item in done] == ["LeakPrevented", "AIMessage", "LeakPrevented"]
        assert len(server.requests) == 2


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from lc_guard.langchain import callbacks

    monkeypatch.setattr(callbacks, "_MAX_RUNS", 10)
    guard = make_guard()
    handler = GuardCallbackHandler(stop_leaks=guard)
    for number in range(30):
        added([Anonymize(guard).invoke(NAME, config_of(handler, f"s-{number}"))])
    assert len(handler._root_of) <= 10
    assert len(handler._sessions_of) <= 10


def test_events_of_others_and_decisions_without_a_session() -> None:
    import uuid

    from lc_guard import Decision

    handler = GuardCallbackHandler()
    handler.on_custom_event("something else", {"restored": "x"}, run_id=uuid.uuid4())
    decision = Decision("output", "relevance", "allow", valid=True, risk_score=0.1, latency_ms=1.0)
    handler.on_custom_event("lc_guard.decision", decision.as_dict(), run_id=uuid.uuid4())
    assert handler.counts == {("output", "relevance", "allow"): 1}
    assert not handler._sessions_of
