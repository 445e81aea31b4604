"""Beside GuardMiddleware: middlewares, tools and sub-agents that ask a model of their own."""

from __future__ import annotations

import contextlib
import warnings
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import (
    AgentMiddleware,
    LLMToolSelectorMiddleware,
    ModelCallLimitMiddleware,
    ModelFallbackMiddleware,
    SummarizationMiddleware,
)
from langchain_core.tools import tool
from tenacity import wait_exponential_jitter

from lc_guard import GuardMiddleware, protect
from lc_guard.errors import SeamBroken
from lc_guard.langchain import guarded_middleware, watched

from ..support import agents
from ..support.openai_server import ToolCall, ToolCalls
from ..support.seams import E1, MAIL, MODES, NAME, ODD, P1, make_guard, openai, run

modes = pytest.mark.parametrize("mode", MODES)
VALUES = (NAME, MAIL, "Quartermain", "Iggy", "canary.example")
SAID = {
    "messages": [("user", f"I am {NAME}"), ("ai", "Hello"), ("user", f"Mail {MAIL}"), ("ai", "Done"), ("user", "And?")]
}


def leaks(server: Any) -> list[str]:
    return [value for value in VALUES for body in server.raw if value.encode() in body]


def summarizing(model: Any) -> SummarizationMiddleware:
    return SummarizationMiddleware(model, trigger=("messages", 3), keep=("messages", 1))


@modes
def test_a_middleware_that_asks_a_model_itself_is_named_and_protected(mode: str) -> None:
    guard = make_guard()
    with openai(lambda _: f"Noted: {P1}, {E1}") as (model, server):
        own = summarizing(model)
        with pytest.warns(UserWarning, match=r"write SummarizationMiddleware\(protect\(model, guard\), \.\.\.\)"):
            middleware = guarded_middleware(GuardMiddleware(guard), [ModelCallLimitMiddleware(run_limit=9), own])
        assert own.model is model
        agent = watched(create_agent(model, [], middleware=middleware), guard)
        run(agent, mode, SAID, agents.config())
    assert len(server.requests) >= 2
    assert any("I am [REDACTED_PERSON_1]" in str(request) for request in server.requests)
    assert not leaks(server)


class Asks(AgentMiddleware[Any, Any, Any]):
    """A middleware of an application that asks a model of its own about the conversation."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def before_model(self, state: Any, runtime: Any) -> None:
        self.model.invoke(state["messages"])


@modes
def test_nothing_is_summarized_by_a_model_that_nobody_protects(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """SummarizationMiddleware of langchain 1.2 swallows errors: the summary is then missing, and nothing was sent."""
    monkeypatch.setattr(wait_exponential_jitter, "__call__", lambda *_: 0.0)  # it tries again after seconds
    guard = make_guard()
    with openai(lambda _: "Noted") as (model, server):
        agent = create_agent(model, [], middleware=[GuardMiddleware(guard), summarizing(model)])
        with contextlib.suppress(SeamBroken):
            run(watched(agent, guard), mode, SAID, agents.config())
    assert not leaks(server)
    assert "Extract" not in str(server.requests)


@modes
def test_what_nobody_protects_is_refused_in_an_agent_that_is_watched(mode: str) -> None:
    guard = make_guard()
    with openai(lambda _: "Noted") as (model, server):
        agent = create_agent(model, [], middleware=[GuardMiddleware(guard), Asks(model)])
        with pytest.raises(SeamBroken, match=r"the agent is not whole.*guarded_middleware names it") as raised:
            run(watched(agent, guard), mode, SAID, agents.config())
    assert not server.requests
    assert NAME not in str(raised.value)


@modes
def test_an_agent_without_the_middleware_is_refused(mode: str) -> None:
    with openai(lambda _: "Noted") as (model, server), pytest.raises(SeamBroken):
        run(watched(create_agent(model, []), make_guard()), mode, SAID, agents.config())
    assert not server.requests


def translating(model: Any) -> Any:
    @tool
    def translate(text: str) -> str:
        """Translate a text."""
        return str(model.invoke(f"{text} of {ODD}").content)

    return translate


@modes
def test_a_tool_that_asks_a_model_itself(mode: str) -> None:
    guard = make_guard()

    def reply(request: Any) -> Any:
        return ToolCalls((ToolCall("translate", {"text": P1}),)) if request.get("tools") and not said(request) else P1

    def said(request: Any) -> bool:
        return any(message["role"] == "tool" for message in request["messages"])

    with openai(reply) as (model, server):
        for inner, refused in ((model, True), (protect(model, guard), False)):
            agent = watched(create_agent(model, [translating(inner)], middleware=[GuardMiddleware(guard)]), guard)
            if refused:
                with pytest.raises(SeamBroken):
                    run(agent, mode, SAID, agents.config())
            else:
                run(agent, mode, SAID, agents.config())
    assert not leaks(server)


def test_what_needs_no_word() -> None:
    guard = make_guard()
    first = GuardMiddleware(guard)
    with openai(lambda _: "x") as (model, _), warnings.catch_warnings():
        warnings.simplefilter("error")
        others: list[AgentMiddleware[Any, Any, Any]] = [
            ModelCallLimitMiddleware(run_limit=9),
            ModelFallbackMiddleware(model),  # it puts its model into the request, where the guard protects it
            LLMToolSelectorMiddleware(),
            summarizing(protect(model, guard)),
        ]
        assert guarded_middleware(first, others) == [first, *others]
    with openai(lambda _: "x") as (model, _), pytest.warns(UserWarning, match="LLMToolSelectorMiddleware"):
        guarded_middleware(first, [LLMToolSelectorMiddleware(model=model)])


def test_what_is_wrong_is_told_at_once() -> None:
    with pytest.raises(TypeError, match="needs a GuardMiddleware, got Guard"):
        guarded_middleware(make_guard(), [])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a middleware is expected, got str"):
        guarded_middleware(GuardMiddleware(make_guard()), ["x"])  # type: ignore[list-item]
