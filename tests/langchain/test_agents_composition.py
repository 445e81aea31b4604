"""Beside LangChain's own middlewares, in either order."""

from __future__ import annotations

from typing import Any

import pytest
from langchain.agents.middleware import (
    AgentMiddleware,
    LLMToolSelectorMiddleware,
    ModelFallbackMiddleware,
    ModelRequest,
    ModelRetryMiddleware,
    PIIMiddleware,
    SummarizationMiddleware,
    TodoListMiddleware,
    ToolRetryMiddleware,
)
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver

from lc_guard.langchain.chat_model import ProtectedChatModel
from tests.support.agents import ANSWER, MAILS, REAL_ANSWER, Toolbox, agent_of, asked, call, config, run, script, sent
from tests.support.openai_server import Failure, OpenAIServer, ToolCalls
from tests.support.seams import E1, MAIL, NAME, P1, chat, make_guard, openai

WAYS = ("invoke", "ainvoke")
ORDERS = (True, False)
both_ways = pytest.mark.parametrize("way", WAYS)
either_order = pytest.mark.parametrize("first", ORDERS, ids=["guard first", "guard last"])


def beside(first: bool, *others: Any) -> Any:
    return lambda guarded: [guarded, *others] if first else [*others, guarded]


def nothing_sent(*servers: OpenAIServer) -> bool:
    return not [value for value in (NAME, MAIL, "Iggy") for server in servers if value in sent(server)]


@both_ways
@either_order
def test_fallback_to_another_model(first: bool, way: str) -> None:
    """The fallback replaces the model that the guard put in place: it must be put behind the guard as well."""
    with openai(lambda request: f"from {P1}") as (other, other_server):
        fallback = ModelFallbackMiddleware(other)
        with agent_of(
            make_guard(), lambda request: Failure(500), middleware=beside(first, fallback), system_prompt=NAME
        ) as (agent, server):
            (done,) = run(agent, way, asked(), config())
            pieces = run(agent, "messages" if way == "invoke" else "amessages", asked(), config("t-2"))
    assert done["messages"][-1].text == f"from {NAME}"
    assert "".join(chunk.text for chunk, _ in pieces) == f"from {NAME}"
    assert server.raw
    assert other_server.raw
    assert nothing_sent(server, other_server)


@both_ways
@either_order
def test_retry_of_the_model(first: bool, way: str) -> None:
    replies = iter([Failure(500, f"can't serve {P1}"), ANSWER])
    retry = ModelRetryMiddleware(max_retries=2, initial_delay=0.0, jitter=False)
    with agent_of(make_guard(), lambda request: next(replies), middleware=beside(first, retry)) as (agent, server):
        (done,) = run(agent, way, asked(), config())
    assert done["messages"][-1].text == REAL_ANSWER
    assert len(server.requests) == 2
    assert nothing_sent(server)


@both_ways
@either_order
def test_retry_of_a_tool_with_placeholders(first: bool, way: str) -> None:
    got: list[str] = []

    @tool
    def web_search(query: str) -> str:
        """Search the web."""
        got.append(query)
        if len(got) == 1:
            raise ConnectionError(query)
        return f"found {query}"

    retry = ToolRetryMiddleware(max_retries=2, initial_delay=0.0, jitter=False)
    replies = script(ToolCalls((call("web_search", query=P1),)), f"{P1} found")
    with agent_of(
        make_guard(),
        replies,
        tools=[web_search],
        middleware=beside(first, retry),
        settings={"placeholders_for": ["web_search"]},
    ) as (agent, server):
        (done,) = run(agent, way, asked(), config())
    assert got == [P1, P1]
    assert [m.text for m in done["messages"] if isinstance(m, ToolMessage)] == [f"found {NAME}"]
    assert nothing_sent(server)


@both_ways
@either_order
def test_pii_middleware(first: bool, way: str) -> None:
    """It rewrites the state before the model is called, wherever it stands: what it takes out is gone for everyone."""
    pii = PIIMiddleware("email", strategy="redact", apply_to_input=True, apply_to_output=True)
    toolbox = Toolbox()
    replies = script(ToolCalls((call("send_mail", to="x", text=f"Dear {P1}"),)), f"Told {P1}")
    with agent_of(make_guard(), replies, tools=list(toolbox), middleware=beside(first, pii)) as (agent, server):
        (done,) = run(agent, way, asked(f"Mail {NAME} at zeb@example.com"), config())
    assert done["messages"][0].text == f"Mail {NAME} at [REDACTED_EMAIL]"
    assert toolbox.got == [("send_mail", {"to": "x", "text": f"Dear {NAME}"})]
    assert done["messages"][-1].text == f"Told {NAME}"
    assert server.requests[0]["messages"][0]["content"] == f"Mail {P1} at [REDACTED_EMAIL]"
    assert nothing_sent(server)


@both_ways
@either_order
def test_summaries_are_right_and_hidden(first: bool, way: str) -> None:
    """The summarizer calls a model of its own: it is protected by itself, the summary is real text in the state."""
    guard = make_guard()
    with openai(lambda request: f"They spoke of {P1} at {E1}") as (model, summaries):
        summarize = SummarizationMiddleware(
            ProtectedChatModel(inner=model, guard=guard), trigger=("messages", 4), keep=("messages", 1)
        )
        with agent_of(
            guard, lambda request: f"yes {P1}", checkpointer=InMemorySaver(), middleware=beside(first, summarize)
        ) as (agent, server):
            for text in (f"I am {NAME}", f"my mail: {MAIL}", "what do you know?"):
                (done,) = run(agent, way, asked(text), config())
            tokens = run(agent, "messages" if way == "invoke" else "amessages", asked("again"), config())
    assert f"They spoke of {NAME} at {MAIL}" in done["messages"][0].text
    last = server.requests[2]["messages"]
    assert f"They spoke of {P1} at {E1}" in last[0]["content"]
    assert len(last) == 2
    assert summaries.requests
    assert P1 in repr(summaries.requests[0]["messages"])
    assert nothing_sent(server, summaries)
    assert done["messages"][-1].text == f"yes {NAME}"
    assert P1 not in "".join(chunk.text for chunk, _ in tokens)


@both_ways
@either_order
def test_middlewares_that_add_to_the_prompt(first: bool, way: str) -> None:
    class Profile(AgentMiddleware):
        def wrap_model_call(self, request: ModelRequest[Any], handler: Any) -> Any:
            return handler(self.more(request))

        async def awrap_model_call(self, request: ModelRequest[Any], handler: Any) -> Any:
            return await handler(self.more(request))

        def more(self, request: ModelRequest[Any]) -> ModelRequest[Any]:
            return request.override(
                system_message=SystemMessage(f"The user is {NAME}"),
                messages=[HumanMessage(f"{MAIL} writes"), *request.messages],
            )

    with agent_of(make_guard(), lambda request: P1, middleware=beside(first, Profile(), TodoListMiddleware())) as (
        agent,
        server,
    ):
        (done,) = run(agent, way, asked("hello"), config())
    assert done["messages"][-1].text == NAME
    assert nothing_sent(server)
    assert P1 in repr(server.requests[0]["messages"][0])


@both_ways
def test_a_model_set_on_the_request_in_the_old_way(way: str) -> None:
    with OpenAIServer(lambda request: f"other {P1}") as other:

        class Switch(AgentMiddleware):
            def wrap_model_call(self, request: ModelRequest[Any], handler: Any) -> Any:
                with pytest.warns(DeprecationWarning, match="model"):
                    request.model = chat(other)
                return handler(request)

            async def awrap_model_call(self, request: ModelRequest[Any], handler: Any) -> Any:
                with pytest.warns(DeprecationWarning, match="model"):
                    request.model = chat(other)
                return await handler(request)

        with agent_of(make_guard(), lambda request: "no", middleware=beside(True, Switch())) as (agent, server):
            (done,) = run(agent, way, asked(), config())
        assert done["messages"][-1].text == f"other {NAME}"
        assert not server.raw
        assert nothing_sent(other)


@both_ways
def test_a_tool_selector_asks_the_guarded_model_if_the_guard_stands_first(way: str) -> None:
    def reply(request: dict[str, Any]) -> Any:
        if "response_format" in request or any(
            t["function"]["name"] == "ToolSelectionResponse" for t in request["tools"]
        ):
            return '{"tools": ["send_mail"]}'
        return MAILS(request)

    toolbox = Toolbox()
    with agent_of(
        make_guard(), reply, tools=list(toolbox), middleware=beside(True, LLMToolSelectorMiddleware(max_tools=1))
    ) as (agent, server):
        (done,) = run(agent, way, asked(), config())
    assert done["messages"][-1].text == REAL_ANSWER
    assert len(server.requests) == 4
    assert nothing_sent(server)


@both_ways
def test_a_model_that_is_protected_already_is_not_hidden_twice(way: str) -> None:
    from langchain.agents import create_agent

    from lc_guard.langchain.middleware import GuardMiddleware

    guard = make_guard()
    with openai(lambda request: P1) as (model, server):
        protected = ProtectedChatModel(inner=model, guard=guard)
        agent = create_agent(protected, [], middleware=[GuardMiddleware(guard)])
        (done,) = run(agent, way, asked(), config())
    assert done["messages"][-1].text == NAME
    assert server.requests[0]["messages"][0]["content"] == f"Mail {P1} at {E1}"


@both_ways
def test_two_guards(way: str) -> None:
    """A second guard with its own placeholders: both hide, both restore."""
    from lc_guard import Guard
    from lc_guard.langchain.middleware import GuardMiddleware
    from lc_guard.testing import ExactDetector

    class Second(GuardMiddleware):
        pass

    second = Second(Guard(ExactDetector({"CITY": ["Ulthar"]}), placeholder_style="angle"))
    with agent_of(
        make_guard(), lambda request: request["messages"][-1]["content"], middleware=beside(True, second)
    ) as (
        agent,
        server,
    ):
        (done,) = run(agent, way, asked(f"{NAME} of Ulthar"), config())
    assert done["messages"][-1].text == f"{NAME} of Ulthar"
    assert nothing_sent(server)
    assert "Ulthar" not in sent(server)
