"""Sub-agents of deepagents: what their model received."""

from __future__ import annotations

from typing import Any

import pytest
from deepagents import create_deep_agent
from deepagents.middleware import subagents as module
from langchain.agents import create_agent
from langchain.agents.middleware import ModelCallLimitMiddleware

from lc_guard import GuardMiddleware, protect
from lc_guard.errors import SeamBroken
from lc_guard.langchain import guarded_subagents, watched

from ..support import agents
from ..support.openai_server import ToolCall, ToolCalls
from ..support.seams import MAIL, MODES, NAME, P1, make_guard, openai, run

modes = pytest.mark.parametrize("mode", MODES)
VALUES = (NAME, "Quartermain", MAIL, "canary.example")
MINE = {"name": "writer", "description": "Writes.", "system_prompt": f"You write to {MAIL}."}


def leaks(server: Any) -> list[str]:
    return [value for value in VALUES for body in server.raw if value.encode() in body]


def delegating(to: str) -> Any:
    """A model that hands everything to a sub-agent, which is told by its lack of the tool for that."""

    def reply(request: dict[str, Any]) -> Any:
        names = [each["function"]["name"] for each in request.get("tools", ())]
        if any(message["role"] == "tool" for message in request["messages"]) or "task" not in names:
            return f"Done for {P1}"
        return ToolCalls((ToolCall("task", {"description": f"Write about {P1}", "subagent_type": to}),))

    return reply


def of_subagent(server: Any) -> list[str]:
    bodies = (request for request in server.requests if "task" not in str(request.get("tools")))
    return [str(message["content"]) for body in bodies for message in body["messages"] if message["role"] == "user"]


@modes
@pytest.mark.parametrize("to", ["general-purpose", "writer"])
def test_the_model_of_a_subagent_sees_placeholders(to: str, mode: str) -> None:
    guard = make_guard()
    with openai(delegating(to)) as (model, server):
        middleware = GuardMiddleware(guard)
        agent = create_deep_agent(
            model=protect(model, guard),
            middleware=[middleware],
            subagents=guarded_subagents(middleware, [{**MINE, "middleware": [ModelCallLimitMiddleware(run_limit=5)]}]),
        )
        run(watched(agent, guard), mode, agents.asked(f"Write about {NAME}"), agents.config())
    assert set(of_subagent(server)) == {f"Write about {P1}"}
    assert not leaks(server)


@modes
def test_without_the_helper_a_watched_agent_refuses(mode: str) -> None:
    guard = make_guard()
    with openai(delegating("general-purpose")) as (model, server):
        agent = watched(create_deep_agent(model=model, middleware=[GuardMiddleware(guard)]), guard)
        with pytest.raises(SeamBroken, match="a sub-agent"):
            run(agent, mode, agents.asked(f"Write about {NAME}"), agents.config())
    assert not of_subagent(server)
    assert not leaks(server)


@modes
def test_a_compiled_subagent_is_watched(mode: str) -> None:
    guard = make_guard()
    middleware = GuardMiddleware(guard)
    with openai(delegating("compiled")) as (model, server):
        for guarded in (False, True):
            compiled = create_agent(model, [], middleware=[middleware] if guarded else [])
            spec = {"name": "compiled", "description": "Writes.", "runnable": compiled}
            subagents = guarded_subagents(middleware, [spec])
            agent = create_deep_agent(model=protect(model, guard), middleware=[middleware], subagents=subagents)
            if guarded:
                run(agent, mode, agents.asked(f"Write about {NAME}"), agents.config())
                assert set(of_subagent(server)) == {f"Write about {P1}"}
            else:
                with pytest.raises(SeamBroken):
                    run(agent, mode, agents.asked(f"Write about {NAME}"), agents.config())
                assert not of_subagent(server)
    assert not leaks(server)


def test_the_specs() -> None:
    guard = make_guard()
    middleware = GuardMiddleware(guard)
    with openai(lambda _: "x") as (model, _):
        built_in, mine = guarded_subagents(middleware, [{**MINE, "model": model}], skills=["/skills/"])
        assert (built_in["name"], built_in["middleware"], built_in["skills"]) == (
            "general-purpose",
            [middleware],
            ["/skills/"],
        )
        assert mine["model"].guard is guard
        assert "middleware" not in MINE
    (own,) = guarded_subagents(
        middleware, [{**MINE, "name": "general-purpose", "middleware": [GuardMiddleware(guard)]}]
    )
    assert own["middleware"] == [middleware]


def test_what_is_wrong_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    middleware = GuardMiddleware(make_guard())
    with pytest.raises(TypeError, match="needs a GuardMiddleware, got Guard"):
        guarded_subagents(make_guard())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="'writer' is named by a text"):
        guarded_subagents(middleware, [{**MINE, "model": "openai:gpt-4o"}])
    with pytest.raises(ValueError, match="'far' runs on another server"):
        guarded_subagents(middleware, [{"name": "far", "description": "x", "graph_id": "g"}])
    monkeypatch.delattr(module, "GENERAL_PURPOSE_SUBAGENT")
    with pytest.raises(SeamBroken, match="deepagents"):
        guarded_subagents(middleware)


@modes
def test_a_deep_agent_with_the_middleware_alone_refuses_its_subagent(mode: str) -> None:
    guard = make_guard()
    with openai(delegating("general-purpose")) as (model, server):
        agent = create_deep_agent(model=model, middleware=[GuardMiddleware(guard)])
        with pytest.raises(SeamBroken, match="guarded_subagents"):
            run(agent, mode, agents.asked(f"Write about {NAME}"), agents.config())
    assert not leaks(server)
