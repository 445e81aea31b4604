"""GuardMiddleware with a LangChain that has changed, and beside middlewares that go around it."""

from __future__ import annotations

from typing import Any

import pytest
from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.messages import AIMessage, ToolMessage

from lc_guard import GuardMiddleware, SeamBroken
from lc_guard.langchain.middleware import _HOOKS
from tests.support.agents import ANSWER, MODES, Toolbox, agent_of, asked, call, config, run, script, sent
from tests.support.openai_server import OpenAIServer, ToolCalls
from tests.support.seams import E1, MAIL, NAME, P1, make_guard, openai

SEARCHES = script(ToolCalls((call("web_search", query=f"{P1} {E1}"),)), ANSWER)
FIELDS = ("model", "messages", "system_message", "tool_choice", "tools", "response_format", "state", "runtime")
all_modes = pytest.mark.parametrize("mode", MODES)
both_ways = pytest.mark.parametrize("mode", ["invoke", "ainvoke"])


def told(*servers: OpenAIServer) -> list[str]:
    return [value for value in (NAME, MAIL) for server in servers if value in sent(server)]


class Around(AgentMiddleware):
    """A middleware that does something to a request before the model or the tool is asked."""

    def __init__(self, change: Any) -> None:
        super().__init__()
        self.change = change

    def wrap_model_call(self, request: Any, handler: Any) -> Any:
        return handler(self.change(request))

    async def awrap_model_call(self, request: Any, handler: Any) -> Any:
        return await handler(self.change(request))


def past_every_setter(self: Any, **given: Any) -> None:
    """A constructor that writes where no ``__setattr__`` and no property of a subclass is asked."""
    self.__dict__.update({"model_settings": {}, **dict.fromkeys(FIELDS), **given, "tools": given.get("tools") or []})


def past_setattr(self: Any, **given: Any) -> None:
    """The constructor of langchain 1.5.1, in short."""
    for name, value in {"model_settings": {}, **dict.fromkeys(FIELDS), **given}.items():
        object.__setattr__(self, name, value if value is not None or name != "tools" else [])


@pytest.mark.parametrize("constructor", [past_setattr, past_every_setter])
@all_modes
def test_a_constructor_that_bypasses_the_setter_leaves_the_model_protected(
    monkeypatch: pytest.MonkeyPatch, constructor: Any, mode: str
) -> None:
    monkeypatch.setattr(ModelRequest, "__init__", constructor)
    with agent_of(make_guard(), lambda request: ANSWER) as (agent, server):
        run(agent, mode, asked(), config())
    assert server.requests
    assert not told(server)


@both_ways
def test_a_request_that_loses_the_model_put_into_it_is_refused(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    """Were the property of our request bypassed as well, the seam says so by itself."""
    monkeypatch.setattr(
        "lc_guard.langchain.agent_requests.GuardedRequest.model",
        property(lambda self: vars(self)["inner"], _put_raw),
        raising=True,
    )
    with agent_of(make_guard(), lambda request: ANSWER) as (agent, server), pytest.raises(SeamBroken):
        run(agent, mode, asked(), config())
    assert not server.raw


def _put_raw(self: Any, model: Any) -> None:
    vars(self)["inner"] = getattr(model, "inner", model)


def by_override(model: Any) -> Any:
    return lambda request: request.override(model=model)


def by_assignment(model: Any) -> Any:
    def assigned(request: Any) -> Any:
        with pytest.warns(DeprecationWarning, match="override"):
            request.model = model
        return request

    return assigned


def by_replacing_a_field(model: Any) -> Any:
    def replaced(request: Any) -> Any:
        object.__setattr__(request, "model", model)
        return request

    return replaced


def by_writing_past_everything(model: Any) -> Any:
    def written(request: Any) -> Any:
        vars(request)["model"] = model
        return request

    return written


@pytest.mark.parametrize("way", [by_override, by_assignment, by_replacing_a_field, by_writing_past_everything])
@all_modes
def test_a_model_put_in_later_is_protected(way: Any, mode: str) -> None:
    with openai(lambda request: f"from {P1}") as (other, other_server):
        beside = Around(way(other))
        with agent_of(make_guard(), lambda request: ANSWER, middleware=lambda guarded: [guarded, beside]) as (
            agent,
            server,
        ):
            run(agent, mode, asked(), config())
    assert other_server.requests
    assert not server.raw
    assert not told(other_server)


def anew(request: Any, model: Any) -> ModelRequest:
    """A request that a middleware makes by itself, instead of overriding the one it got."""
    given = {name: getattr(request, name) for name in FIELDS if name != "model"}
    return ModelRequest(model=model, **given)


@all_modes
def test_a_new_request_with_a_raw_model_is_refused_before_the_model_is_asked(mode: str) -> None:
    with openai(lambda request: f"from {P1}") as (other, other_server):
        beside = Around(lambda request: anew(request, other))
        with (
            agent_of(make_guard(), lambda request: ANSWER, middleware=lambda guarded: [guarded, beside]) as (
                agent,
                server,
            ),
            pytest.raises(SeamBroken, match="put GuardMiddleware last"),
        ):
            run(agent, mode, asked(), config())
    assert not server.raw
    assert not other_server.raw


@all_modes
def test_a_new_request_is_protected_where_the_guard_is_last(mode: str) -> None:
    with openai(lambda request: f"from {P1}") as (other, other_server):
        beside = Around(lambda request: anew(request, other))
        with agent_of(make_guard(), lambda request: ANSWER, middleware=lambda guarded: [beside, guarded]) as (agent, _):
            run(agent, mode, asked(), config())
    assert other_server.requests
    assert not told(other_server)


class AsksByItself(AgentMiddleware):
    """A middleware with a model of its own, which swallows whatever the model raises."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def wrap_model_call(self, request: Any, handler: Any) -> Any:
        try:
            return ModelResponse(result=[self.model.invoke(request.messages)])
        except Exception as error:
            return ModelResponse(result=[AIMessage(f"caught {type(error).__name__}")])

    async def awrap_model_call(self, request: Any, handler: Any) -> Any:
        try:
            return ModelResponse(result=[await self.model.ainvoke(request.messages)])
        except Exception as error:
            return ModelResponse(result=[AIMessage(f"caught {type(error).__name__}")])


@all_modes
def test_a_middleware_that_asks_by_itself_is_refused_also_where_it_swallows_the_error(mode: str) -> None:
    with openai(lambda request: f"from {P1}") as (other, other_server):
        beside = AsksByItself(other)
        with (
            agent_of(make_guard(), lambda request: ANSWER, middleware=lambda guarded: [guarded, beside]) as (
                agent,
                server,
            ),
            pytest.raises(SeamBroken),
        ):
            run(agent, mode, asked(), config())
    assert not server.raw
    assert not other_server.raw


@both_ways
def test_the_handlers_of_a_run_are_as_before_after_it(mode: str) -> None:
    """What asks a model after the agent's turn is the application's own affair."""

    class After(AgentMiddleware):
        def after_model(self, state: Any, runtime: Any) -> None:
            other.invoke("no value here")

    with (
        openai(lambda request: "fine") as (other, other_server),
        agent_of(make_guard(), lambda request: ANSWER, middleware=lambda guarded: [guarded, After()]) as (agent, _),
    ):
        run(agent, mode, asked(), config())
    assert len(other_server.requests) == 1


@pytest.mark.parametrize("hook", _HOOKS)
def test_a_hook_that_is_gone(monkeypatch: pytest.MonkeyPatch, hook: str) -> None:
    """Renamed, say: what stands under the old name is never called."""
    monkeypatch.delattr(AgentMiddleware, hook)
    with pytest.raises(SeamBroken, match=rf"GuardMiddleware is not whole with langchain \d.*no {hook} any more"):
        GuardMiddleware(make_guard())


@pytest.mark.parametrize("hook", ["wrap_tool_execution", "awrap_model_stream"])
def test_a_hook_that_is_new(monkeypatch: pytest.MonkeyPatch, hook: str) -> None:
    monkeypatch.setattr(AgentMiddleware, hook, lambda self, request, handler: handler(request), raising=False)
    with pytest.raises(SeamBroken, match=hook):
        GuardMiddleware(make_guard())


@both_ways
@pytest.mark.parametrize("way", ["override", "assignment"])
def test_arguments_that_a_middleware_puts_back_do_not_reach_a_tool_of_placeholders(mode: str, way: str) -> None:
    def put_back(request: Any) -> Any:
        changed = {**request.tool_call, "args": {"query": f"all about {NAME}"}}
        if way == "override":
            return request.override(tool_call=changed)
        with pytest.warns(DeprecationWarning, match="override"):
            request.tool_call = changed
        return request

    class PutsBack(AgentMiddleware):
        def wrap_tool_call(self, request: ToolCallRequest, handler: Any) -> Any:
            return handler(put_back(request))

        async def awrap_tool_call(self, request: ToolCallRequest, handler: Any) -> Any:
            return await handler(put_back(request))

    tools = Toolbox()
    with (
        agent_of(
            make_guard(),
            SEARCHES,
            tools=tools,
            middleware=lambda guarded: [guarded, PutsBack()],
            settings={"placeholders_for": ["web_search"]},
        ) as (agent, _),
        pytest.raises(SeamBroken, match="put a value back"),
    ):
        run(agent, mode, asked(), config())
    assert tools.got == []


@both_ways
def test_other_changes_of_a_tool_call_go_on(mode: str) -> None:
    def longer(request: Any) -> Any:
        query = request.tool_call["args"]["query"] + " in 2026"
        return request.override(tool_call={**request.tool_call, "args": {"query": query}})

    class Longer(AgentMiddleware):
        def wrap_tool_call(self, request: ToolCallRequest, handler: Any) -> Any:
            return handler(longer(request))

        async def awrap_tool_call(self, request: ToolCallRequest, handler: Any) -> ToolMessage:
            return await handler(longer(request))

    tools = Toolbox()
    with agent_of(
        make_guard(),
        SEARCHES,
        tools=tools,
        middleware=lambda guarded: [guarded, Longer()],
        settings={"placeholders_for": ["web_search"]},
    ) as (agent, _):
        run(agent, mode, asked(), config())
    assert tools.got == [("web_search", {"query": f"{P1} {E1} in 2026"})]
