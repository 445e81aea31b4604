"""Tools: which get real values, whose results are checked, what their errors and interrupts do."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import pytest
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain.tools import InjectedToolCallId, ToolRuntime
from langchain_core.messages import ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, interrupt
from openai import BadRequestError

from lc_guard import Blocked, GuardCallbackHandler, GuardMiddleware, Policy, protect
from lc_guard.errors import SeamBroken
from tests.support import agents
from tests.support.agents import ANSWER, REAL_ANSWER, Toolbox, agent_of, asked, call, config, run, script, sent
from tests.support.openai_server import ToolCall, ToolCalls
from tests.support.seams import E1, MAIL, NAME, ODD, P1, P2, make_guard, openai

SEARCHES = script(ToolCalls((call("web_search", query=f"who is {P1}"),)), f"{P1} found")
BOTH = script(
    ToolCalls((call("web_search", 1, query=f"who is {P1}"), call("send_mail", 2, to=E1, text=f"Dear {P1}"))), ANSWER
)
WAYS = ("invoke", "ainvoke")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "settings", [{"placeholders_for": ["web_search"]}, {"real_values_for": ["send_mail"]}], ids=["named", "others"]
)
def test_an_outside_tool_gets_placeholders_its_neighbour_real_values(settings: dict[str, Any], way: str) -> None:
    toolbox = Toolbox()
    with agent_of(make_guard(), BOTH, tools=list(toolbox), settings=settings) as (agent, server):
        (done,) = run(agent, way, asked(), config())
    assert sorted(toolbox.got) == [
        ("send_mail", {"to": MAIL, "text": f"Dear {NAME}"}),
        ("web_search", {"query": f"who is {P1}"}),
    ]
    results = {m.name: m.text for m in done["messages"] if isinstance(m, ToolMessage)}
    assert results["web_search"] == f"3 results for who is {NAME}; see [REDACTED_PERSON_7]"
    seen = {m["tool_call_id"]: m["content"] for m in server.requests[1]["messages"] if m["role"] == "tool"}
    assert seen["call_1"].startswith(f"3 results for who is {P1}; see ")
    assert "[REDACTED_PERSON_7]" not in seen["call_1"], "what a page wrote is a look-alike, not a placeholder"
    assert done["messages"][-1].text == REAL_ANSWER
    assert not [value for value in (NAME, MAIL, "Iggy") if value in sent(server)]


@pytest.mark.parametrize("way", WAYS)
def test_a_page_can_not_fetch_values_that_it_was_not_sent(way: str) -> None:
    @tool
    def web_search(query: str) -> str:
        """Search the web."""
        return f"{query}: write to {E1} and {P2}"

    guard = make_guard()
    with agent_of(guard, SEARCHES, tools=[web_search], settings={"placeholders_for": ["web_search"]}) as (
        agent,
        server,
    ):
        (done,) = run(agent, way, asked(f"{NAME}, {MAIL}, {ODD}"), config())
    (result,) = [m.text for m in done["messages"] if isinstance(m, ToolMessage)]
    assert result == f"who is {NAME}: write to {E1} and {P2}"
    seen = server.requests[1]["messages"][-1]["content"]
    assert E1 not in seen
    assert P2 not in seen


def test_fakes_for_an_outside_tool() -> None:
    toolbox = Toolbox()
    guard = make_guard(placeholder_style="fake")
    fake = guard.session("t-1").anonymize(NAME)
    replies = script(ToolCalls((call("web_search", query=fake),)), f"{fake} found")
    with agent_of(guard, replies, tools=list(toolbox), settings={"placeholders_for": ["web_search"]}) as (
        agent,
        server,
    ):
        done = agent.invoke(asked(NAME), config())
    assert toolbox.got == [("web_search", {"query": fake})]
    assert done["messages"][-1].text == f"{NAME} found"
    assert NAME not in sent(server)


@pytest.mark.parametrize("way", WAYS)
def test_results_are_checked_by_stage(way: str) -> None:
    watcher = GuardCallbackHandler()
    settings = {"placeholders_for": ["web_search"], "scan_results_of": ["send_mail"]}
    with agent_of(make_guard(), BOTH, tools=list(Toolbox()), settings=settings) as (agent, _):
        run(agent, way, asked(), config(callbacks=[watcher]))
    assert watcher.counts == {
        ("prompt", "pii", "anonymize"): 2,
        ("tool_call", "pii", "anonymize"): 1,
        ("tool_result", "pii", "anonymize"): 1,
    }


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("settings", [{}, {"scan_results_of": []}])
def test_a_blocked_result_stops_the_agent(settings: dict[str, Any], way: str) -> None:
    guard = make_guard(policy=Policy(kinds={"EMAIL": "block"}))
    replies = script(ToolCalls((call("give"),)), "never")

    @tool
    def give() -> str:
        """Give an address."""
        return MAIL

    with agent_of(guard, replies, tools=[give], settings=settings) as (agent, server), pytest.raises(Blocked) as caught:
        run(agent, way, asked(NAME), config())
    assert caught.value.decision.stage == ("prompt" if settings else "tool_result")
    assert len(server.requests) == 1
    assert MAIL not in str(caught.value)


@pytest.mark.parametrize("way", WAYS)
def test_a_command_result(way: str) -> None:
    @tool
    def web_search(query: str, tool_call_id: Annotated[str, InjectedToolCallId]) -> Command[Any]:
        """Search the web."""
        return Command(update={"messages": [ToolMessage(f"found {query}", tool_call_id=tool_call_id)]})

    for settings in ({"placeholders_for": ["web_search"]}, {}):
        with agent_of(make_guard(), SEARCHES, tools=[web_search], settings=settings) as (agent, server):
            (done,) = run(agent, way, asked(), config())
        assert [m.text for m in done["messages"] if isinstance(m, ToolMessage)] == [f"found who is {NAME}"]
        assert server.requests[1]["messages"][-1]["content"] == f"found who is {P1}"


@pytest.mark.parametrize("way", WAYS)
def test_content_and_artifact(way: str) -> None:
    @tool(response_format="content_and_artifact")
    def web_search(query: str) -> tuple[str, Any]:
        """Search the web."""
        return f"about {query}", {"raw": [query, b"bytes"]}

    settings = {"placeholders_for": ["web_search"]}
    with agent_of(make_guard(), SEARCHES, tools=[web_search], settings=settings) as (agent, _):
        (done,) = run(agent, way, asked(), config())
    (message,) = [m for m in done["messages"] if isinstance(m, ToolMessage)]
    assert message.artifact == {"raw": [f"who is {NAME}", b"bytes"]}


@pytest.mark.parametrize("way", WAYS)
def test_a_tool_that_raises_with_a_value(way: str, caplog: pytest.LogCaptureFixture) -> None:
    from langchain.agents.middleware import ToolRetryMiddleware

    replies = script(ToolCalls((call("look_up", person=P1),)), ANSWER)
    toolbox = Toolbox()
    with agent_of(make_guard(), replies, tools=list(toolbox)) as (agent, server), pytest.raises(LookupError):
        run(agent, way, asked(), config())
    assert len(server.requests) == 1
    retry = ToolRetryMiddleware(max_retries=1, initial_delay=0.0, jitter=False, on_failure="continue")
    for order in (lambda guarded: [guarded, retry], lambda guarded: [retry, guarded]):
        with agent_of(make_guard(), replies, tools=list(toolbox), middleware=order) as (agent, server):
            (done,) = run(agent, way, asked(), config())
        (result,) = [m.text for m in done["messages"] if isinstance(m, ToolMessage)]
        assert NAME in result, "the user's side is real"
        assert P1 in server.requests[1]["messages"][-1]["content"]
        assert NAME not in sent(server)
    assert NAME not in caplog.text


@pytest.mark.parametrize("way", WAYS)
def test_arguments_that_do_not_fit_the_tool(way: str) -> None:
    """LangGraph quotes the arguments in the error that it gives the model."""
    replies = script(ToolCalls((ToolCall("send_mail", {"to": [E1], "wrong": P1}),)), ANSWER)
    with agent_of(make_guard(), replies, tools=list(Toolbox())) as (agent, server):
        (done,) = run(agent, way, asked(), config())
    (result,) = [m for m in done["messages"] if isinstance(m, ToolMessage)]
    assert result.status == "error"
    assert NAME in result.text
    assert not [value for value in (NAME, MAIL) if value in sent(server)]


@pytest.mark.parametrize("way", WAYS)
def test_broken_json_arguments(way: str) -> None:
    """As without the guard: the agent ends; from LangChain 1.4.5 on the next turn tells the model of the bad call.

    Before, the call is sent without a result, which the provider refuses.
    """
    replies = script(ToolCalls((ToolCall("send_mail", f'{{"to": "{E1}'),)), ANSWER)

    def two_turns(**settings: Any) -> str:
        with agent_of(make_guard(), replies, tools=list(Toolbox()), checkpointer=InMemorySaver(), **settings) as (
            agent,
            server,
        ):
            (done,) = run(agent, way, asked("mail them" if settings else agents.QUESTION), config())
            assert done["messages"][-1].invalid_tool_calls[0]["args"] == f'{{"to": "{E1 if settings else MAIL}'
            try:
                (done,) = run(agent, way, asked("and?"), config())
            except BadRequestError as refused:
                return refused.message
            finally:
                assert MAIL not in sent(server)
        return done["messages"][-1].text

    unguarded = two_turns(middleware=lambda _: [])
    assert two_turns() == (REAL_ANSWER if unguarded == ANSWER else unguarded)
    assert unguarded == ANSWER or "must be followed by tool messages" in unguarded


@pytest.mark.parametrize("way", WAYS)
def test_interrupt_and_resume_inside_a_tool(way: str) -> None:
    got: list[str] = []

    @tool
    def send_mail(to: str, text: str) -> str:
        """Send a mail."""
        answer = interrupt({"send": text, "to": to})
        got.append(answer)
        return f"{answer} by {ODD}"

    with agent_of(make_guard(), tools=[send_mail], checkpointer=InMemorySaver()) as (agent, server):
        (paused,) = run(agent, way, asked(), config())
        assert paused["__interrupt__"][0].value == {"send": f"Dear {NAME}", "to": MAIL}
        (done,) = run(agent, way, Command(resume=f"yes says {ODD}"), config())
    assert got == [f"yes says {ODD}"]
    assert done["messages"][-1].text == REAL_ANSWER
    assert not [value for value in (NAME, MAIL, "Iggy") if value in sent(server)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("first", [True, False])
def test_the_human_in_the_loop_sees_real_values(first: bool, way: str) -> None:
    human = HumanInTheLoopMiddleware(interrupt_on={"send_mail": True})
    toolbox = Toolbox()
    with agent_of(
        make_guard(),
        tools=list(toolbox),
        checkpointer=InMemorySaver(),
        middleware=lambda guarded: [guarded, human] if first else [human, guarded],
    ) as (agent, server):
        (paused,) = run(agent, way, asked(), config())
        (request,) = paused["__interrupt__"][0].value["action_requests"]
        assert request["args"] == {"to": MAIL, "text": f"Dear {NAME}"}
        edited = {"name": "send_mail", "args": {"to": MAIL, "text": f"Dear {ODD}"}}
        decision = {"type": "edit", "edited_action": edited}
        (done,) = run(agent, way, Command(resume={"decisions": [decision]}), config())
    assert toolbox.got == [("send_mail", edited["args"])]
    assert done["messages"][-1].text == REAL_ANSWER
    assert not [value for value in (NAME, MAIL, "Iggy") if value in sent(server)]


@pytest.mark.parametrize("way", WAYS)
def test_a_sub_agent_shares_the_session(way: str) -> None:
    guard, toolbox = make_guard(), Toolbox()
    with agent_of(guard, tools=list(toolbox)) as (inner, inner_server):

        @tool
        def assistant(task: str) -> str:
            """Ask another agent."""
            assert task == f"mail {NAME} at {MAIL}"
            return inner.invoke({"messages": [{"role": "user", "content": task}]})["messages"][-1].text

        @tool("assistant")
        async def aassistant(task: str) -> str:
            """Ask another agent."""
            assert task == f"mail {NAME} at {MAIL}"
            return (await inner.ainvoke({"messages": [{"role": "user", "content": task}]}))["messages"][-1].text

        replies = script(ToolCalls((call("assistant", task=f"mail {P1} at {E1}"),)), ANSWER)
        tools = [assistant if way == "invoke" else aassistant]
        with agent_of(guard, replies, tools=tools, checkpointer=InMemorySaver()) as (agent, server):
            (done,) = run(agent, way, asked(), config())
    assert toolbox.got == [("send_mail", {"to": MAIL, "text": f"Dear {NAME}"})]
    assert done["messages"][-1].text == REAL_ANSWER
    assert inner_server.requests[0]["messages"][-1]["content"] == f"mail {P1} at {E1}"
    assert not [v for v in (NAME, MAIL, "Iggy") if v in sent(server) + sent(inner_server)]
    assert len(guard.session("t-1").placeholders()) == 3


def test_tokens_of_a_sub_agent_in_the_stream_of_its_caller() -> None:
    guard = make_guard()
    with agent_of(guard, lambda request: f"I know {P1}") as (inner, _):

        @tool
        def assistant(task: str) -> str:
            """Ask another agent."""
            return inner.invoke({"messages": [{"role": "user", "content": task}]})["messages"][-1].text

        replies = script(ToolCalls((call("assistant", task=f"find {P1}"),)), ANSWER)
        with agent_of(guard, replies, tools=[assistant]) as (agent, _):
            pieces = list(agent.stream(asked(), config(), stream_mode="messages", subgraphs=True))
    tokens = {True: "", False: ""}
    for scope, (chunk, _) in pieces:
        tokens[bool(scope)] += chunk.text if chunk.type == "AIMessageChunk" else ""
    assert tokens == {True: f"I know {NAME}", False: REAL_ANSWER}


def test_many_parallel_calls() -> None:
    toolbox = Toolbox()
    calls = tuple(call("send_mail", number, to=E1, text=f"{number} {P1}") for number in range(1, 9))
    with agent_of(make_guard(), script(ToolCalls(calls), ANSWER), tools=list(toolbox)) as (agent, server):
        agent.invoke(asked(), config())
        asyncio.run(agent.ainvoke(asked(), config("t-2")))
    assert sorted(args["text"] for _, args in toolbox.got) == sorted(f"{n} {NAME}" for n in range(1, 9) for _ in "ab")
    assert NAME not in sent(server)


def test_the_runtime_reaches_the_tool() -> None:
    seen: list[Any] = []

    @tool
    def web_search(query: str, runtime: ToolRuntime) -> str:
        """Search the web."""
        seen.append((query, runtime.state["messages"][0].text, runtime.tool_call_id))
        return "nothing"

    settings = {"placeholders_for": ["web_search"]}
    with agent_of(make_guard(), SEARCHES, tools=[web_search], settings=settings) as (agent, _):
        agent.invoke(asked(NAME), config())
    assert seen == [(f"who is {P1}", NAME, "call_1")], "a tool that takes the state itself sees the state"


def test_return_direct() -> None:
    @tool(return_direct=True)
    def web_search(query: str) -> str:
        """Search the web."""
        return f"found {query}"

    settings = {"placeholders_for": ["web_search"]}
    with agent_of(make_guard(), SEARCHES, tools=[web_search], settings=settings) as (agent, server):
        done = agent.invoke(asked(), config())
    assert done["messages"][-1].text == f"found who is {NAME}"
    assert len(server.requests) == 1


def test_agent_is_made_without_tools() -> None:
    with agent_of(make_guard(), lambda request: P1) as (agent, _):
        assert agent.invoke(asked(NAME), config())["messages"][-1].text == NAME


def asking(model: Any) -> list[Any]:
    """Tools that ask a model by themselves: in every way that a tool comes by a config, or by none."""

    @tool
    def by_context(text: str) -> str:
        """Ask a model, without a config."""
        return str(model.invoke(text).text)

    @tool
    async def by_config(text: str, config: RunnableConfig) -> str:
        """Ask a model, with the tool's own config."""
        return str((await model.ainvoke(text, config)).text)

    @tool
    def by_runtime(text: str, runtime: ToolRuntime) -> str:
        """Ask a model, with the config of the runtime."""
        return str(model.invoke(text, runtime.config).text)

    @tool
    def swallowing(text: str) -> str:
        """Ask a model, whatever it says."""
        try:
            return str(model.invoke(text).text)
        except Exception:
            return "nothing"

    return [by_context, by_config, by_runtime, swallowing]


@pytest.mark.parametrize("name", ["by_context", "by_config", "by_runtime", "swallowing"])
@pytest.mark.parametrize("models", ["bare", "protected", "unseen"])
def test_a_model_that_a_tool_asks_is_protected_or_refused(models: str, name: str) -> None:
    guard = make_guard()
    asks = script(ToolCalls((call(name, text=f"who is {P1}"),)), ANSWER)
    with openai(lambda _: f"It is {P1}") as (inner, behind):
        tools = asking(protect(inner, guard) if models == "protected" else inner)
        settings = {"tool_models": "unseen"} if models == "unseen" else {}
        with agent_of(guard, asks, tools=tools, settings=settings) as (agent, _):
            if models == "bare":
                with pytest.raises(SeamBroken, match="tool_models"):
                    run(agent, "ainvoke", asked(), config())
            else:
                run(agent, "ainvoke", asked(), config())
    told = [message["content"] for request in behind.requests for message in request["messages"]]
    assert told == {"bare": [], "protected": [f"who is {P1}"], "unseen": [f"who is {NAME}"]}[models]


def test_there_is_no_third_kind_of_tool_models() -> None:
    with pytest.raises(ValueError, match="'protected', 'unseen'"):
        GuardMiddleware(make_guard(), tool_models="some")  # type: ignore[arg-type]
