"""GuardMiddleware by itself, and the holes of LangChain's PIIMiddleware by name."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest
from langchain.agents.middleware import PIIMiddleware
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver

import lc_guard
from lc_guard import Blocked, Policy, SessionMissing
from lc_guard.langchain.middleware import GuardMiddleware
from lc_guard.testing import ExactDetector
from tests.support.agents import Toolbox, agent_of, asked, call, config, run, script, sent, shown
from tests.support.openai_server import ToolCalls
from tests.support.seams import E1, MAIL, NAME, P1, BatchDetector, make_guard

both_ways = pytest.mark.parametrize("way", ["invoke", "ainvoke"])


def test_is_a_public_name_that_costs_nothing_until_it_is_used() -> None:
    assert lc_guard.GuardMiddleware is GuardMiddleware
    code = "import sys, lc_guard; lc_guard.Guard; assert not {'langchain', 'langgraph'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"state": "hidden"}, ValueError, "original"),
        ({"placeholders_for": "web_search"}, TypeError, "collection"),
        ({"real_values_for": "send_mail"}, TypeError, "collection"),
        ({"scan_results_of": "none"}, TypeError, "all"),
        ({"real_values_for": ["a"], "placeholders_for": ["a", "b"]}, ValueError, "not both: a"),
        ({"session_id": " "}, SessionMissing, "empty"),
    ],
)
def test_arguments(settings: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        GuardMiddleware(make_guard(), **settings)


def test_needs_a_guard() -> None:
    with pytest.raises(TypeError, match="needs a Guard"):
        GuardMiddleware(object())  # type: ignore[arg-type]


def test_repr_holds_no_values() -> None:
    guard = make_guard()
    guard.session("t").anonymize(NAME)
    assert repr(GuardMiddleware(guard)).startswith("GuardMiddleware(Guard(")
    assert NAME not in repr(GuardMiddleware(guard))


@both_ways
def test_without_a_session_there_is_an_error_and_no_call(way: str) -> None:
    with agent_of(make_guard(), lambda request: P1, tools=list(Toolbox())) as (agent, server):
        with pytest.raises(SessionMissing):
            run(agent, way, asked(), {})
        assert not server.raw


@both_ways
@pytest.mark.parametrize(
    ("settings", "configurable", "expected"),
    [
        ({}, {"thread_id": "t"}, "t"),
        ({}, {"thread_id": "t", "session_id": "s"}, "s"),
        ({"session_id": "fixed"}, {}, "fixed"),
        ({"session_id": "fixed"}, {"thread_id": "t"}, "t"),
    ],
)
def test_session(settings: dict[str, Any], configurable: dict[str, Any], expected: str, way: str) -> None:
    guard = make_guard()
    with agent_of(guard, tools=list(Toolbox()), settings=settings) as (agent, _):
        run(agent, way, asked(), {"configurable": configurable})
    assert guard.session(expected).placeholders()[P1] == NAME
    others = {"t", "s", "fixed"} - {expected}
    assert not any(guard.session(other).placeholders() for other in others)


@both_ways
def test_a_blocked_prompt_never_reaches_the_provider(way: str) -> None:
    with agent_of(make_guard(policy=Policy(default="block")), lambda request: P1) as (agent, server):
        with pytest.raises(Blocked) as caught:
            run(agent, way, asked(), config())
        assert not server.raw
        assert NAME not in str(caught.value)


@both_ways
def test_a_detector_that_fails_blocks(way: str) -> None:
    class Failing(ExactDetector):
        def detect(self, text: str) -> Any:
            raise RuntimeError(text)

    with agent_of(make_guard(detectors=Failing({"PERSON": [NAME]})), lambda request: P1) as (agent, server):
        with pytest.raises(Blocked):
            run(agent, way, asked(), config())
        assert not server.raw


# Holes of LangChain's PIIMiddleware (reference in docs/design/agents.md): each shown there, covered here.

PLAIN = "zeb@example.com"


def mail_guard() -> Any:
    return make_guard(detectors=BatchDetector({"EMAIL": [PLAIN], "PERSON": [NAME]}))


def pii(**kwargs: Any) -> Any:
    return lambda guarded: [PIIMiddleware("email", strategy="redact", **kwargs)]


def guarded_alone(guarded: Any) -> Any:
    return [guarded]


@pytest.mark.parametrize(("middleware", "leaks"), [(pii(apply_to_input=True), True), (guarded_alone, False)])
def test_hole_the_system_prompt_and_older_history_40704(middleware: Any, leaks: bool) -> None:
    history = [HumanMessage(f"I am {PLAIN}"), AIMessage("hi"), HumanMessage("go on")]
    with agent_of(mail_guard(), lambda request: "ok", middleware=middleware, system_prompt=f"Help {PLAIN}") as (
        agent,
        server,
    ):
        agent.invoke({"messages": history}, config())
    assert [PLAIN in message["content"] for message in server.requests[0]["messages"][:2]] == [leaks, leaks]


@pytest.mark.parametrize(("middleware", "leaks"), [(pii(apply_to_output=True), True), (guarded_alone, False)])
def test_hole_messages_that_hold_only_tool_calls_37659(middleware: Any, leaks: bool) -> None:
    calls = [{"name": "send_mail", "args": {"to": PLAIN, "text": "x"}, "id": "1", "type": "tool_call"}]
    history = [HumanMessage("hi"), AIMessage("", tool_calls=calls), ToolMessage("sent", tool_call_id="1")]
    with agent_of(mail_guard(), lambda request: "ok", middleware=middleware) as (agent, server):
        agent.invoke({"messages": [*history, HumanMessage("and?")]}, config())
    assert (PLAIN in sent(server)) is leaks


def test_hole_output_is_right_in_every_stream() -> None:
    """There `apply_to_output=True` shows in `messages` and v2 events what it takes out of the state."""
    for mode in ("messages", "amessages", "events_v2"):
        with agent_of(mail_guard(), lambda request: f"to {E1}") as (agent, _):
            assert shown(mode, run(agent, mode, asked(PLAIN), config())) == f"to {PLAIN}"


@both_ways
def test_hole_tool_calls_keep_their_arguments_and_the_agent_ends_40767(way: str) -> None:
    toolbox = Toolbox()
    replies = script(ToolCalls((call("send_mail", to=E1, text="x"),)), "done")
    with agent_of(mail_guard(), replies, tools=list(toolbox)) as (agent, server):
        (done,) = run(agent, way, asked(PLAIN), config())
    assert toolbox.got == [("send_mail", {"to": PLAIN, "text": "x"})]
    assert len(server.requests) == 2
    assert done["messages"][-1].text == "done"


def test_hole_a_stream_holds_back_no_more_than_a_placeholder() -> None:
    """There 128 characters are held back; here a token that can't become a placeholder leaves at once."""
    with agent_of(mail_guard(), lambda request: "one two three") as (agent, _):
        chunks = [chunk.text for chunk, _ in agent.stream(asked(), config(), stream_mode="messages") if chunk.text]
    assert chunks == list("one two three")


def test_hole_the_way_back_34955() -> None:
    with agent_of(mail_guard(), lambda request: f"write to {E1}", checkpointer=InMemorySaver()) as (agent, _):
        done = agent.invoke(asked(f"mail {PLAIN}"), config())
    assert [message.text for message in done["messages"]] == [f"mail {PLAIN}", f"write to {PLAIN}"]


def test_hole_async_hooks_leave_the_loop_free() -> None:
    import threading

    threads: set[int] = set()

    class Noting(BatchDetector):
        def detect_batch(self, texts: Any) -> Any:
            threads.add(threading.get_ident())
            return super().detect_batch(texts)

    async def go(agent: Any) -> int:
        await agent.ainvoke(asked(f"{NAME} {MAIL}"), config())
        return threading.get_ident()

    with agent_of(make_guard(detectors=Noting()), tools=list(Toolbox())) as (agent, _):
        loop = asyncio.run(go(agent))
    assert threads
    assert loop not in threads
