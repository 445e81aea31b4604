"""A tracer that knows no mask is told of every form of application without values, in every way to call it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool
from langchain_core.tracers import BaseTracer

from lc_guard import Anonymize, Deanonymize, Guard, GuardMiddleware, MaskedTracer, protect
from lc_guard.langchain.masked_tracer import WITHHELD, TracedError
from lc_guard.testing import ExactDetector
from tests.support.openai_server import ToolCall, ToolCalls
from tests.support.seams import MODES, openai, run

NAME, OTHER, PHONE = "Zebulon Quartermain", "Ignatia Vandersloot", "4155550134"
PARTS = (*NAME.split(), *OTHER.split(), PHONE)
CONFIG: Any = {"configurable": {"session_id": f"of {OTHER}"}}


class Told(BaseCallbackHandler):
    """Notes everything that it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any, Any]] = []
        for event in [name for name in dir(BaseCallbackHandler) if name.startswith("on_")]:
            setattr(self, event, self._noting(event))

    def _noting(self, event: str) -> Any:
        def note(*args: Any, **kwargs: Any) -> None:
            self.events.append((event, args, kwargs))

        return note

    @property
    def text(self) -> str:
        return "\n".join(map(repr, self.events))

    def names(self) -> set[str]:
        return {event for event, _, _ in self.events}


class AsyncTold(AsyncCallbackHandler):
    def __init__(self) -> None:
        self.told = Told()
        for event in [name for name in dir(BaseCallbackHandler) if name.startswith("on_")]:
            setattr(self, event, self._noting(event))

    def _noting(self, event: str) -> Any:
        async def note(*args: Any, **kwargs: Any) -> None:
            await asyncio.sleep(0)
            self.told.events.append((event, args, kwargs))

        return note


class Tracer(BaseTracer):
    """A tracer of LangChain's kind, which keeps whole runs."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[Any] = []

    def _persist_run(self, run: Any) -> None:
        self.runs.append(run)

    @property
    def text(self) -> str:
        return "\n".join(f"{run!r} {run.error} {run.events} {run.serialized} {run.extra}" for run in self.runs)


class Library(BaseRetriever):
    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        return [Document(f"{OTHER} of {query}", metadata={"by": NAME, NAME: 1}, id=NAME)]


@tool
def look_up(who: str) -> str:
    """Look somebody up."""
    return f"{who} knows {OTHER}"


class Odd:
    def __repr__(self) -> str:
        return f"Odd({NAME})"


def fail(_: Any) -> Any:
    raise ValueError(f"no {NAME}")


def forms(model: Any, guard: Guard) -> dict[str, tuple[Any, Any]]:
    """Every form of application, with what it is asked."""
    prompt = ChatPromptTemplate.from_messages([("system", f"You help {OTHER}"), ("user", "{text}")])
    asked = {"text": f"I am {NAME}, {PHONE}"}
    agent = create_agent(
        model, [look_up], system_prompt="Help.", middleware=[GuardMiddleware(guard, self_test="never")]
    )
    return {
        "chain": (prompt | Anonymize(guard) | model | StrOutputParser() | Deanonymize(guard), asked),
        "protected model": (protect(model, guard), [SystemMessage(f"of {OTHER}"), HumanMessage(f"I am {NAME}")]),
        "protected chain": (protect(prompt | model | StrOutputParser(), guard), asked),
        "unguarded chain": (prompt | model | RunnableLambda(lambda _: Odd()), asked),
        "agent": (agent, {"messages": [HumanMessage(f"Who is {NAME}?")]}),
        "retriever": (Library(), NAME),
        "tool": (look_up, {"who": NAME}),
        "objects": (RunnableLambda(lambda _: [Odd(), {NAME: NAME.encode()}, {NAME}]), Odd()),
    }


def reply(request: Any) -> Any:
    if any(message["role"] == "tool" for message in request["messages"]) or not request.get("tools"):
        return "Hello [REDACTED_PERSON_1]"
    return ToolCalls((ToolCall("look_up", {"who": "[REDACTED_PERSON_1]"}),))


NAMED = ["chain", "protected model", "protected chain", "unguarded chain", "agent", "retriever", "tool", "objects"]


@pytest.mark.parametrize("mode", ["invoke", "ainvoke", "stream", "astream"])
@pytest.mark.parametrize("form", NAMED)
def test_no_form_of_application_shows_a_value(form: str, mode: str) -> None:
    guard = Guard(ExactDetector({"PERSON": [NAME, OTHER], "PHONE": [PHONE]}))
    told, later, tracer = Told(), AsyncTold(), Tracer()
    handlers = [told, tracer] if mode in ("invoke", "stream") else [told, later, tracer]
    config = {
        **CONFIG,
        "callbacks": [MaskedTracer(handler, guard) for handler in handlers],
        "run_name": f"for {NAME}",
        "tags": [f"of {OTHER}"],
        "metadata": {"customer": NAME, NAME: "x"},
    }
    with openai(reply, size=3) as (model, _):
        application, asked = forms(model, guard)[form]
        given = run(application, mode, asked, config)
    assert given
    for text in (told.text, later.told.text, tracer.text):
        assert [part for part in PARTS if part in text] == []
    assert "REDACTED_PERSON" in told.text
    assert "REDACTED_PERSON" in tracer.text
    starts = {name.removesuffix("_start") for name in told.names() if name.endswith("_start")}
    ends = {name.removesuffix("_end") for name in told.names() if name.endswith("_end")}
    assert {name.replace("chat_model", "llm") for name in starts} == ends
    if len(handlers) == 3:
        assert later.told.names() == told.names()


@pytest.mark.parametrize("asynchronous", [False, True])
def test_errors_are_told_by_type_and_masked_text(asynchronous: bool) -> None:
    guard = Guard(ExactDetector({"PERSON": [NAME]}))
    told, tracer = Told(), Tracer()
    config = {**CONFIG, "callbacks": [MaskedTracer(told, guard), MaskedTracer(tracer, guard)]}
    step = RunnableLambda(fail)
    with pytest.raises(ValueError, match=NAME):
        asyncio.run(step.ainvoke(NAME, config)) if asynchronous else step.invoke(NAME, config)
    (error,) = [args[0] for event, args, _ in told.events if event == "on_chain_error"]
    assert isinstance(error, TracedError)
    assert str(error) == "ValueError: no [REDACTED_PERSON]"
    assert error.__traceback__ is None
    assert "Zebulon" not in tracer.text + told.text


def test_a_retry_is_told_without_what_was_called() -> None:
    guard = Guard(ExactDetector({"PERSON": [NAME]}))
    told, tracer = Told(), Tracer()
    config = {**CONFIG, "callbacks": [MaskedTracer(told, guard), MaskedTracer(tracer, guard)]}
    step = RunnableLambda(fail).with_retry(stop_after_attempt=2, wait_exponential_jitter=False)
    with pytest.raises(ValueError, match=NAME):
        step.invoke(NAME, config)
    assert "Zebulon" not in tracer.text + told.text


def test_placeholders_of_the_session_are_told() -> None:
    guard = Guard(ExactDetector({"PERSON": [NAME]}))
    guard.session("s").anonymize(f"I am {NAME}")
    told = Told()
    config: Any = {"metadata": {"session_id": "s"}, "callbacks": [MaskedTracer(told, guard)]}
    RunnableLambda(AIMessage).invoke(f"hello {NAME} and {NAME.upper()}", config)
    (start,) = [args[1] for event, args, _ in told.events if event == "on_chain_start"]
    assert start == "hello [REDACTED_PERSON_1] and [REDACTED_PERSON_1]"
    (metadata,) = [kwargs["metadata"] for event, _, kwargs in told.events if event == "on_chain_start"]
    assert metadata["session_id"] == guard.digest("s")


def test_what_a_closed_session_knew_is_masked_still() -> None:
    once = ExactDetector({"PERSON": [NAME]})
    guard = Guard(lambda text: once.detect(text) if text.startswith("I am") else [])
    told = Told()
    with openai(lambda request: "Hello [REDACTED_PERSON_1]") as (model, _):
        chain = (
            RunnableLambda(lambda _: f"I am {NAME}")
            | protect(model, guard)
            | RunnableLambda(lambda said: f"{said.content}!")
        )
        assert chain.invoke("x", {"callbacks": [MaskedTracer(told, guard)]}) == f"Hello {NAME}!"
    last = [args[0] for event, args, _ in told.events if event == "on_chain_end"][-1]
    assert last == "Hello [REDACTED_PERSON_1]!"


def test_what_can_not_be_masked_is_withheld(caplog: pytest.LogCaptureFixture) -> None:
    def broken(text: str) -> Any:
        raise RuntimeError(NAME)

    guard = Guard(broken)
    told, tracer = Told(), Tracer()
    config = {**CONFIG, "callbacks": [MaskedTracer(told, guard), MaskedTracer(tracer, guard)]}
    with caplog.at_level(logging.WARNING):
        assert RunnableLambda(lambda given: given).invoke(f"I am {NAME}", config) == f"I am {NAME}"
        with pytest.raises(ValueError, match=NAME):
            RunnableLambda(fail).invoke(NAME, config)
    assert WITHHELD in told.text
    assert WITHHELD in tracer.text
    assert "Zebulon" not in told.text + tracer.text + caplog.text
    assert len(tracer.runs) == 2


def test_decisions_come_through_and_what_is_ignored_is_not_masked() -> None:
    guard = Guard(ExactDetector({"PERSON": [NAME]}))

    class NoChains(Told):
        ignore_chain = True

    told = NoChains()
    Anonymize(guard).invoke(NAME, {**CONFIG, "callbacks": [MaskedTracer(told, guard)]})
    assert told.names() == {"on_custom_event"}
    ((_, (name, decision), _),) = told.events
    assert (name, decision["check"], decision["entities"]) == ("lc_guard.decision", "pii", {"PERSON": 1})


def test_results_of_tools_with_artifacts() -> None:
    guard = Guard(ExactDetector({"PERSON": [NAME]}))
    told = Told()
    message = ToolMessage("x", tool_call_id="1", artifact={"odd": Odd(), "more": [NAME]})
    RunnableLambda(lambda _: message).invoke("x", {**CONFIG, "callbacks": [MaskedTracer(told, guard)]})
    assert "Odd([REDACTED_PERSON])" in told.text
    assert "Zebulon" not in told.text
    assert isinstance(message.artifact["odd"], Odd), "the caller's message"


def test_what_it_takes() -> None:
    guard = Guard([])
    with pytest.raises(TypeError, match="callback handler"):
        MaskedTracer(print, guard)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Guard"):
        MaskedTracer(Told(), None)  # type: ignore[arg-type]
    assert repr(MaskedTracer(Told(), guard)) == "MaskedTracer(Told)"
    assert {"invoke", "batch"} <= set(MODES)
