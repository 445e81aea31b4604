"""protect() around Runnables: every mode, sessions of a call's own, blocked prompts, streams that end early."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from blockbuster import blockbuster_ctx
from langchain_core.messages import HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableGenerator, RunnableLambda, RunnableParallel, RunnablePassthrough
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import GraphBubbleUp
from langgraph.graph import END, START, MessagesState, StateGraph

import lc_guard
from lc_guard import Blocked, Guard, Policy, SessionMissing, UnsupportedInput, protect
from lc_guard.langchain.chat_model import ProtectedChatModel
from lc_guard.langchain.protected_runnable import ProtectedRunnable
from lc_guard.langfuse import CallbackHandler, mask_otel_spans
from lc_guard.testing import ExactDetector

from ..support.openai_server import Drop, echo
from ..support.seams import E1, MAIL, MODES, NAME, ODD, P1, P2, Noter, added, make_guard, openai, run

PROMPT = ChatPromptTemplate.from_messages([("system", "Be brief."), ("human", "{text}")])
SAID = f"{NAME} wrote to {ODD} at {MAIL}. [1] {NAME}'s"
HIDDEN = f"{P1} wrote to {P2} at {E1}. [1] {P1}'s"
VALUES = (NAME, MAIL, "Quartermain", "Iggy", "canary.example")


@pytest.mark.parametrize("size", [1, 7, None])
@pytest.mark.parametrize("mode", MODES)
def test_a_chain_in_every_mode(mode: str, size: int | None) -> None:
    guard, value = make_guard(), {"text": SAID, "count": 3}
    with openai(echo, size=size) as (model, server):
        pieces = run(protect(PROMPT | model | StrOutputParser(), guard), mode, value, {})
    assert "".join(pieces) == SAID
    if "stream" in mode and size == 1:
        assert len(pieces) > 20
    assert {request["messages"][-1]["content"] for request in server.requests} == {HIDDEN}
    assert not [each for each in VALUES for body in server.raw if each.encode() in body]
    assert value == {"text": SAID, "count": 3}
    assert "0 sessions" in repr(guard.vault)


@pytest.mark.parametrize("mode", MODES)
def test_sessions_that_the_caller_names_stay(mode: str) -> None:
    guard = make_guard()
    boundary = protect(RunnablePassthrough(), guard)
    run(boundary, mode, NAME, {"configurable": {"thread_id": "t"}})
    run(protect(RunnablePassthrough(), guard, session_id="f"), mode, ODD, {})
    assert guard.session("t").placeholders() == {P1: NAME}
    assert guard.session("f").placeholders() == {P1: ODD}
    assert "2 sessions" in repr(guard.vault)


@pytest.mark.parametrize("mode", MODES)
def test_each_call_has_a_session_of_its_own(mode: str) -> None:
    seen: list[str] = []
    guard = make_guard()
    boundary = protect(RunnableLambda(lambda text: seen.append(text) or text), guard, models="unseen")
    for value in (NAME, ODD):
        assert added(run(boundary, mode, value, {})) == value
    assert set(seen) == {P1}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("replacement", ["raise", "I can't help with that."])
def test_a_blocked_prompt_never_reaches_the_inside(mode: str, replacement: str) -> None:
    called: list[Any] = []
    guard = make_guard(policy=Policy(kinds={"PERSON": "block"}))
    boundary = protect(RunnableLambda(called.append), guard, on_blocked=replacement, models="unseen")
    if replacement == "raise":
        with pytest.raises(Blocked) as raised:
            run(boundary, mode, {"text": NAME}, {})
        assert NAME not in str(raised.value)
    else:
        assert added(run(boundary, mode, {"text": NAME}, {})) == replacement
    assert not called
    assert "0 sessions" in repr(guard.vault)


def test_a_boundary_inside_is_not_answered_for() -> None:
    strict = protect(RunnablePassthrough(), make_guard(policy=Policy(kinds={"PERSON": "block"})))
    loose = protect(RunnableLambda(lambda _: strict.invoke(NAME)), Guard([]), on_blocked="instead", models="unseen")
    with pytest.raises(Blocked):
        loose.invoke("x")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("error", [ValueError("x"), GraphBubbleUp(), KeyboardInterrupt()], ids=repr)
def test_errors_pass_and_the_session_is_forgotten(mode: str, error: BaseException) -> None:
    guard = make_guard()

    def fails(text: str) -> str:
        raise error

    safe = protect(RunnableLambda(fails), guard, models="unseen")
    with pytest.raises(type(error)):
        run(safe, mode, NAME, {})
    assert "0 sessions" in repr(guard.vault)


@pytest.mark.parametrize("size", [1, 7, None])
def test_a_stream_that_fails_half_way(size: int | None) -> None:
    guard, pieces = make_guard(), []
    with openai(lambda request: Drop(f"To {P1} at {E1[:8]}"), size=size) as (model, _):
        boundary = protect(PROMPT | model | StrOutputParser(), guard)
        with pytest.raises(Exception, match=r"(?i)peer|incomplete|connection|protocol"):
            pieces.extend(boundary.stream({"text": SAID}))
    assert "".join(pieces) == f"To {NAME} at {E1[:8]}"
    assert "0 sessions" in repr(guard.vault)


def test_streams_that_are_given_up() -> None:
    guard = make_guard()
    closed: list[str] = []

    def drip(texts: Any) -> Any:
        try:
            for text in texts:
                yield from text
        finally:
            closed.append("sync")

    async def adrip(texts: Any) -> Any:
        try:
            async for text in texts:
                for letter in text:
                    yield letter
        finally:
            closed.append("async")

    async def go() -> None:
        stream = boundary.astream(f"Hi {NAME}")
        assert await anext(stream) == "H"
        assert "1 sessions" in repr(guard.vault)
        await stream.aclose()
        assert "0 sessions" in repr(guard.vault)

    boundary = protect(RunnableGenerator(drip, adrip), guard, models="unseen")
    stream = boundary.stream(f"Hi {NAME}")
    assert next(stream) == "H"
    assert "1 sessions" in repr(guard.vault)
    stream.close()
    assert "0 sessions" in repr(guard.vault)
    asyncio.run(go())
    assert closed == ["sync", "async"]


def test_transform_takes_pieces() -> None:
    boundary = protect(RunnablePassthrough(), make_guard())
    assert "".join(boundary.transform(iter([NAME[:3], NAME[3:], "!"]))) == f"{NAME}!"


def test_one_step_after_another_and_side_by_side() -> None:
    with openai(echo) as (model, server):
        safe = protect(PROMPT | model | StrOutputParser(), make_guard())
        chain = RunnablePassthrough.assign(text=lambda given: given["text"] + "!") | RunnableParallel(a=safe, b=safe)
        assert chain.invoke({"text": NAME}) == {"a": f"{NAME}!", "b": f"{NAME}!"}
    assert {request["messages"][-1]["content"] for request in server.requests} == {f"{P1}!"}


def test_a_graph_keeps_placeholders_and_gives_real_text() -> None:
    def answer(state: MessagesState) -> Any:
        return {"messages": [("ai", f"You are {P1}")]}

    graph = StateGraph(MessagesState)
    graph.add_node("answer", answer)
    graph.add_edge(START, "answer")
    graph.add_edge("answer", END)
    saver = InMemorySaver()
    config = {"configurable": {"thread_id": "t-1"}}
    safe = protect(graph.compile(checkpointer=saver), make_guard(), models="unseen")
    done = safe.invoke({"messages": [HumanMessage(f"I am {NAME}")]}, config)
    assert [message.content for message in done["messages"]] == [f"I am {NAME}", f"You are {NAME}"]
    kept = saver.get_tuple(config).checkpoint["channel_values"]["messages"]
    assert [message.content for message in kept] == [f"I am {P1}", f"You are {P1}"]
    updates = list(safe.stream({"messages": [HumanMessage("and now?")]}, config, stream_mode="updates"))
    assert updates[-1]["answer"]["messages"][0][1] == f"You are {NAME}"


def test_a_graph_of_messages_streams_through() -> None:
    guard = make_guard()
    with openai(echo) as (model, server):
        graph = StateGraph(MessagesState)
        guarded = protect(model, guard)
        graph.add_node("answer", lambda state: {"messages": [guarded.invoke(state["messages"])]})
        graph.add_edge(START, "answer")
        graph.add_edge("answer", END)
        safe = protect(graph.compile(), guard)
        done = list(safe.stream({"messages": [HumanMessage(SAID)]}, stream_mode="values"))[-1]
    assert done["messages"][-1].content == SAID
    assert server.requests[0]["messages"][0]["content"] == HIDDEN


def test_spans_hold_no_values(make_langfuse: Any, langfuse_server: Any) -> None:
    guard = make_guard()
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    with openai(echo) as (model, _):
        for mode in MODES:
            run(protect(PROMPT | model, guard, name="safe"), mode, {"text": SAID}, {"callbacks": [CallbackHandler()]})
    client.flush()
    received = b"".join(langfuse_server.raw)
    assert len(langfuse_server.traces()) == 8
    assert P1.encode() in received
    assert not [value for value in VALUES if value.encode() in received]


def test_runs_are_children_of_the_boundary() -> None:
    noter = Noter()
    inside = RunnableLambda(str, name="inside")
    protect(inside, make_guard(), name="safe", models="unseen").invoke(NAME, {"callbacks": [noter]})
    (root,) = noter.of("chain_start", "safe")
    assert root[4] is None
    inner = [noter.of("chain_start", name)[0] for name in ("Anonymize", "inside", "Deanonymize")]
    assert {start[4] for start in inner} == {root[3]}
    assert noter.of("chain_start", "inside")[0][2] == P1


def test_chosen_keys() -> None:
    seen: list[Any] = []
    note = RunnableLambda(lambda value: seen.append(value) or value)
    boundary = protect(note, make_guard(), keys=["text"], models="unseen")
    assert boundary.invoke({"text": NAME, "id": NAME})["text"] == NAME
    assert seen == [{"text": P1, "id": NAME}]


def test_what_is_wrong_is_told_at_once() -> None:
    guard = make_guard()
    with pytest.raises(TypeError, match="needs a Guard"):
        protect(RunnablePassthrough(), "guard")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="on_blocked"):
        protect(RunnablePassthrough(), guard, on_blocked=None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="collection of keys"):
        protect(RunnablePassthrough(), guard, keys="text")
    with pytest.raises(SessionMissing):
        protect(RunnablePassthrough(), guard, session_id=" ")
    with pytest.raises(ValueError, match="models must be one of 'protected', 'unseen'"):
        protect(RunnablePassthrough(), guard, models="none")
    with pytest.raises(TypeError, match="Expected a Runnable"):
        protect(3, guard)
    with openai(echo) as (model, _), pytest.raises(TypeError, match="keys="):
        protect(model, guard, keys=["text"])
    with pytest.raises(UnsupportedInput):
        protect(RunnablePassthrough(), guard).invoke(b"x")


def test_its_names_and_types() -> None:
    guard = Guard(ExactDetector({"PERSON": [NAME]}))
    inside = PROMPT | RunnableLambda(str)
    boundary = protect(inside, guard, models="unseen")
    assert isinstance(boundary, ProtectedRunnable)
    assert (boundary.InputType, boundary.OutputType) == (inside.InputType, inside.OutputType)
    assert repr(boundary).startswith("ProtectedRunnable(RunnableSequence")
    assert protect(lambda text: text, guard, models="unseen").invoke(NAME) == NAME
    assert lc_guard.protect is protect
    with openai(echo) as (model, _):
        assert isinstance(protect(model, guard), ProtectedChatModel)


def test_async_calls_do_not_block_the_loop() -> None:
    boundary = protect(RunnablePassthrough(), make_guard())

    async def go() -> None:
        with blockbuster_ctx("lc_guard"):
            assert await boundary.ainvoke(SAID) == SAID
            assert [piece async for piece in boundary.astream(SAID)] == [SAID]

    asyncio.run(go())
