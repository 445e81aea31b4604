"""Anonymize and Deanonymize in every mode, alone and around the real ChatOpenAI."""

from __future__ import annotations

import asyncio
import copy
import json
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from blockbuster import blockbuster_ctx
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage
from langchain_core.output_parsers import JsonOutputParser, StrOutputParser
from langchain_core.prompt_values import StringPromptValue
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableGenerator, RunnableLambda, RunnableParallel, RunnablePassthrough
from langgraph.errors import GraphBubbleUp
from pydantic import BaseModel

from lc_guard import Anonymize, Blocked, Deanonymize, Entity, Guard, Policy, SessionMissing, UnsupportedInput
from lc_guard.testing import ExactDetector, FailingDetector

from ..support.openai_server import Drop, OpenAIServer, ToolCall, ToolCalls, echo
from ..support.seams import (
    CONFIG,
    E1,
    MAIL,
    MODES,
    NAME,
    ODD,
    P1,
    P2,
    VALUES,
    BatchDetector,
    added,
    chat,
    filled_guard,
    make_guard,
    openai,
    run,
)

PROMPT = ChatPromptTemplate.from_messages([("system", "Be brief."), ("human", "{text}")])
STORY = f"{NAME} wrote to {ODD} at {MAIL}. [section 1] {NAME}'s letter"
HIDDEN_STORY = f"{P1} wrote to {P2} at {E1}. [section 1] {P1}'s letter"
SIZES = [1, 7, None]

VALUES_AND_HIDDEN: list[tuple[Any, Any]] = [
    (STORY, HIDDEN_STORY),
    (StringPromptValue(text=NAME), StringPromptValue(text=P1)),
    (HumanMessage(NAME, id="h"), HumanMessage(P1, id="h")),
    ([SystemMessage(NAME), HumanMessage(ODD)], [SystemMessage(P1), HumanMessage(P2)]),
    ({"a": NAME, "b": [ODD, {"c": MAIL}]}, {"a": P1, "b": [P2, {"c": E1}]}),
    (Document(NAME, metadata={"by": ODD}), Document(P1, metadata={"by": P2})),
    ([Document(NAME), Document(ODD)], [Document(P1), Document(P2)]),
    ("", ""),
    (" \n", " \n"),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("value", "expected"), VALUES_AND_HIDDEN, ids=lambda value: type(value).__name__)
def test_both_steps_in_every_mode(mode: str, value: Any, expected: Any) -> None:
    guard = make_guard()
    before, config = copy.deepcopy(value), copy.deepcopy(CONFIG)
    hidden = added(run(Anonymize(guard), mode, value, config))
    assert hidden == expected
    assert type(hidden) is type(value)
    assert added(run(Deanonymize(guard), mode, hidden, config)) == value
    assert added(run(Anonymize(guard) | Deanonymize(guard), mode, value, config)) == value
    assert (value, config) == (before, CONFIG)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_transform_of_both_steps(asynchronous: bool) -> None:
    guard = make_guard()

    async def transformed(step: Any, pieces: list[Any]) -> list[Any]:
        async def given() -> Any:
            for piece in pieces:
                yield piece

        return [piece async for piece in step.atransform(given(), CONFIG)]

    def of(step: Any, pieces: list[Any]) -> list[Any]:
        return asyncio.run(transformed(step, pieces)) if asynchronous else list(step.transform(iter(pieces), CONFIG))

    assert of(Anonymize(guard), [NAME[:3], NAME[3:], "!"]) == [f"{P1}!"]
    assert of(Deanonymize(guard), ["To ", P1[:4], P1[4:], "!"]) == ["To ", NAME, "!"]
    assert of(Deanonymize(guard), []) == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", MODES)
def test_the_chain_around_a_real_client(mode: str, size: int | None) -> None:
    guard = make_guard()
    with openai(echo, size=size) as (model, server):
        chain = Anonymize(guard) | PROMPT | model | StrOutputParser() | Deanonymize(guard)
        assert "".join(run(chain, mode, {"text": STORY})) == STORY
    for request in server.requests:
        assert request["messages"][-1]["content"] == HIDDEN_STORY
    assert server.requests


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", MODES)
def test_messages_keep_what_they_carry(mode: str, size: int | None) -> None:
    guard = make_guard()
    with openai(echo, size=size) as (model, _):
        inner = Anonymize(guard) | PROMPT | model
        expected = added(run(inner, mode, {"text": STORY}))
        pieces = run(inner | Deanonymize(guard), mode, {"text": STORY})
        done = added(pieces)
    assert done.content == STORY
    assert type(done) is (AIMessageChunk if "stream" in mode else AIMessage)
    assert done.usage_metadata == expected.usage_metadata
    assert done.usage_metadata["total_tokens"] > 0
    assert done.response_metadata.keys() == expected.response_metadata.keys()
    assert done.response_metadata["finish_reason"] == "stop"
    assert done.id.startswith("lc_run-") or done.id.startswith("chatcmpl")
    if "stream" in mode:
        assert done.chunk_position == "last"
        assert len({piece.id for piece in pieces}) == 1


TOOL = {"type": "function", "function": {"name": "mail", "parameters": {"type": "object", "properties": {}}}}
ARGS = {"to": P2, "cc": [{"name": P1, "n": 1.5}], "note": f"for {E1} ["}
REAL_ARGS = {"to": ODD, "cc": [{"name": NAME, "n": 1.5}], "note": f"for {MAIL} ["}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", MODES)
def test_tool_calls(mode: str, size: int | None) -> None:
    guard = filled_guard()
    calls = ToolCalls((ToolCall("mail", ARGS, id="c-1"), ToolCall("mail", json.dumps(ARGS)[:-2], id="c-2")), content=P1)
    with openai(lambda request: calls, size=size) as (model, _):
        chain = Anonymize(guard) | PROMPT | model.bind_tools([TOOL]) | Deanonymize(guard)
        done = added(run(chain, mode, {"text": NAME}))
    assert done.content == NAME
    assert done.tool_calls[0] == {"name": "mail", "args": REAL_ARGS, "id": "c-1", "type": "tool_call"}
    # a stream's partial JSON is completed where it can be
    second = (done.invalid_tool_calls or done.tool_calls[1:])[0]
    assert second["id"] == "c-2"
    assert P1 not in str(second)


@pytest.mark.parametrize("mode", MODES)
def test_agent_style_messages(mode: str) -> None:
    guard = make_guard()
    call = {"name": "mail", "args": REAL_ARGS, "id": "c-1", "type": "tool_call"}
    messages = [
        SystemMessage(f"You help {NAME}"),
        HumanMessage(
            [{"type": "text", "text": ODD}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]
        ),
        AIMessage("", tool_calls=[call]),
        ToolMessage(f"sent to {MAIL}", tool_call_id="c-1"),
        HumanMessage(f"Thanks, says {NAME}"),
    ]
    before = copy.deepcopy(messages)
    with openai(echo) as (model, server):
        chain = Anonymize(guard) | model.bind_tools([TOOL]) | Deanonymize(guard)
        done = added(run(chain, mode, messages))
    assert done.content == f"Thanks, says {NAME}"
    assert messages == before
    sent = server.requests[0]["messages"]
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "tool", "user"]
    assert sent[1]["content"][1]["image_url"]["url"] == "data:image/png;base64,AA=="
    assert sent[2]["tool_calls"][0]["id"] == sent[3]["tool_call_id"] == "c-1"
    assert json.loads(sent[2]["tool_calls"][0]["function"]["arguments"]) == ARGS
    for value in (NAME, ODD, MAIL, "Iggy"):
        assert all(value.encode() not in body for body in server.raw)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", MODES)
def test_json_output(mode: str, size: int | None) -> None:
    guard = filled_guard()
    with openai(lambda request: json.dumps({"who": f"{P1} & {P2}", "also": [P1, {"x": E1}]}), size=size) as (model, _):
        chain = Anonymize(guard) | PROMPT | model | JsonOutputParser() | Deanonymize(guard)
        pieces = run(chain, mode, {"text": NAME})
    assert pieces[-1] == {"who": f"{NAME} & {ODD}", "also": [NAME, {"x": MAIL}]}
    assert not any("[" in str(piece.get("who")) for piece in pieces), "an unfinished placeholder was shown"


class Note(BaseModel):
    """A note."""

    who: str
    cc: list[str]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", MODES)
def test_structured_output(mode: str, size: int | None) -> None:
    guard = filled_guard()
    calls = ToolCalls((ToolCall("Note", {"who": f"{P1} & {P2}", "cc": [E1]}),))
    with openai(lambda request: calls, size=size) as (model, _):
        structured = model.with_structured_output(Note, method="function_calling", include_raw=True)
        done = added(run(Anonymize(guard) | PROMPT | structured | Deanonymize(guard), mode, {"text": NAME}))
    assert done["parsed"] == Note(who=f"{NAME} & {ODD}", cc=[MAIL])
    assert done["raw"].tool_calls[0]["args"] == {"who": f"{NAME} & {ODD}", "cc": [MAIL]}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", MODES)
def test_standard_content_blocks(mode: str, size: int | None) -> None:
    guard = make_guard()
    with openai(echo, size=size) as (model, _):
        blocks = model.model_copy(update={"output_version": "v1"})
        done = added(run(Anonymize(guard) | PROMPT | blocks | Deanonymize(guard), mode, {"text": f"{STORY} ["}))
    assert [(block["type"], block["text"]) for block in done.content] == [("text", f"{STORY} [")]


@pytest.mark.parametrize("mode", MODES)
def test_parallel_and_assign(mode: str) -> None:
    guard = make_guard()
    with openai(echo) as (model, _):
        answer = PROMPT | model | StrOutputParser()
        chain = Anonymize(guard) | RunnablePassthrough.assign(a=answer, m=PROMPT | model) | Deanonymize(guard)
        done = added(run(chain, mode, {"text": STORY}))
        assert (done["text"], done["a"], done["m"].content) == (STORY, STORY, STORY)
        both = Anonymize(guard) | RunnableParallel(a=answer, b=RunnableLambda(lambda value: value["text"]))
        done = added(run(both | Deanonymize(guard, keys=["a"]), mode, {"text": STORY}))
        assert (done["a"], done["b"]) == (STORY, HIDDEN_STORY)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_error_in_mid_stream(asynchronous: bool) -> None:
    guard = filled_guard()
    shown: list[str] = []
    with openai(lambda request: Drop(f"To {P1} and [REDACTED_PERS")) as (model, _):
        chain = Anonymize(guard) | PROMPT | model | StrOutputParser() | Deanonymize(guard)

        async def consume() -> None:
            async for piece in chain.astream({"text": NAME}, CONFIG):
                shown.append(piece)

        def consume_sync() -> None:
            for piece in chain.stream({"text": NAME}, CONFIG):
                shown.append(piece)

        with pytest.raises(Exception, match=r"(?i)incomplete|connection") as caught:
            asyncio.run(consume()) if asynchronous else consume_sync()
    assert "".join(shown) == f"To {NAME} and [REDACTED_PERS"
    assert NAME not in str(caught.value)


class GatedServer(OpenAIServer):
    """Stops after some pieces until its gate is opened."""

    def __init__(self, text: str, *, before: int) -> None:
        super().__init__(lambda request: text)
        self.gate = threading.Event()
        self.before = before

    def _pieces(self, text: str) -> Iterator[str]:
        for at, letter in enumerate(text):
            if at == self.before:
                assert self.gate.wait(10)
            yield letter


GATED = f"{P1}, dear {P2}: [sic] good day to you"
SHOWN = f"{NAME}, dear {ODD}: [sic] good day to"


def test_tokens_come_while_the_model_still_speaks() -> None:
    guard = filled_guard()
    with GatedServer(GATED, before=GATED.index(" you")) as server:
        chain = Anonymize(guard) | PROMPT | chat(server) | StrOutputParser() | Deanonymize(guard)
        shown = ""
        for piece in chain.stream({"text": NAME}, CONFIG):
            shown += piece
            if shown == SHOWN:
                assert not server.gate.is_set()
                server.gate.set()
    assert shown == f"{SHOWN} you"


async def test_tokens_come_while_the_model_still_speaks_async() -> None:
    guard = filled_guard()
    with GatedServer(GATED, before=GATED.index(" you")) as server:
        chain = Anonymize(guard) | PROMPT | chat(server) | Deanonymize(guard)
        shown = ""
        async for piece in chain.astream({"text": NAME}, CONFIG):
            shown += piece.content
            if shown == SHOWN:
                assert not server.gate.is_set()
                server.gate.set()
    assert shown == f"{SHOWN} you"


class BusyDetector(ExactDetector):
    """Computes for a while: it would stop the event loop."""

    def __init__(self) -> None:
        super().__init__(VALUES)
        self.threads: set[int] = set()

    def detect(self, text: str) -> list[Entity]:
        self.threads.add(threading.get_ident())
        time.sleep(0.02)
        return super().detect(text)


async def test_async_never_blocks_the_loop() -> None:
    detector = BusyDetector()
    guard = make_guard(detectors=detector)
    hide, show = Anonymize(guard), Deanonymize(guard)
    words = RunnableLambda(lambda text: text)
    chain = hide | words | show
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.001)

    ticking = asyncio.create_task(tick())
    with blockbuster_ctx():
        assert await chain.ainvoke(STORY, CONFIG) == STORY
        assert await chain.abatch([f"{NAME} 1", f"{NAME} 2"], CONFIG) == [f"{NAME} 1", f"{NAME} 2"]
        assert "".join([piece async for piece in chain.astream(f"{ODD} 3", CONFIG)]) == f"{ODD} 3"
        assert await guard.session("s-1").aanonymize(f"{NAME} 4") == f"{P1} 4"
    ticking.cancel()
    assert threading.get_ident() not in detector.threads
    assert ticks >= 4 * 20 / 10


def test_a_batch_is_one_pass_of_the_detectors() -> None:
    for asynchronous in (False, True):
        detector = BatchDetector()
        step = Anonymize(make_guard(detectors=detector))
        inputs = [f"{NAME} {number}" for number in range(10)]
        configs = [{"configurable": {"session_id": f"s-{number}"}, "max_concurrency": 2} for number in range(10)]
        done = asyncio.run(step.abatch(inputs, configs)) if asynchronous else step.batch(inputs, configs)
        assert done == [f"{P1} {number}" for number in range(10)]
        assert detector.batches == [inputs]
        assert step.batch([], CONFIG) == []


@pytest.mark.parametrize("asynchronous", [False, True])
def test_one_bad_item_does_not_fail_the_others(asynchronous: bool) -> None:
    class Picky(BatchDetector):
        def detect(self, text: str) -> list[Entity]:
            if "poison" in text:
                raise ValueError(text)
            return super().detect(text)

    guard = make_guard(detectors=Picky({**VALUES, "SECRET": ["hunter2"]}), policy=Policy(kinds={"SECRET": "block"}))
    step = Anonymize(guard)
    inputs = [NAME, f"poison {NAME}", None, "hunter2", {"a": object()}, ODD, NAME]
    configs: list[Any] = [{"configurable": {"session_id": f"s-{n}"}} for n in range(6)] + [{}]
    call = {"return_exceptions": True}
    done = asyncio.run(step.abatch(inputs, configs, **call)) if asynchronous else step.batch(inputs, configs, **call)
    assert (done[0], done[5]) == (P1, P1)
    errors = [Blocked, UnsupportedInput, Blocked, UnsupportedInput, SessionMissing]
    assert [type(done[n]) for n in (1, 2, 3, 4, 6)] == errors
    assert done[1].decision.error == "ValueError"
    assert done[3].decision.entities == {"SECRET": 1}
    for error in done[1:5]:
        assert not any(value in repr(error) for value in ("hunter2", "poison", NAME) if not isinstance(error, str))
    with pytest.raises(Blocked):
        step.batch(inputs, configs)


@pytest.mark.parametrize("mode", ["batch", "abatch"])
def test_max_concurrency_of_the_chain(mode: str) -> None:
    guard = make_guard()
    with openai(echo, size=None) as (model, server):
        chain = Anonymize(guard) | PROMPT | model | StrOutputParser() | Deanonymize(guard)
        inputs = [{"text": f"{NAME} {number}"} for number in range(6)]
        config = {**CONFIG, "max_concurrency": 2}
        done = asyncio.run(chain.abatch(inputs, config)) if mode == "abatch" else chain.batch(inputs, config)
    assert done == [value["text"] for value in inputs]
    assert len(server.requests) == 6


IDENTIFIED = [
    ({"configurable": {"session_id": "a", "thread_id": "b"}}, "a"),
    ({"configurable": {"thread_id": "b"}}, "b"),
    ({"configurable": {"session_id": None, "thread_id": "b"}}, "b"),
    ({"configurable": {"thread_id": 17}}, "17"),
    ({"configurable": {"session_id": uuid.UUID(int=5)}}, str(uuid.UUID(int=5))),
    ({}, "fixed"),
    (None, "fixed"),
]


@pytest.mark.parametrize(("config", "session"), IDENTIFIED)
@pytest.mark.parametrize("mode", MODES)
def test_session_ids(mode: str, config: Any, session: str) -> None:
    guard = make_guard()
    chain = Anonymize(guard, session_id="fixed") | Deanonymize(guard, session_id="fixed")
    assert added(run(chain, mode, NAME, config)) == NAME
    assert guard.session(session).placeholders() == {P1: NAME}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "given", [{}, {"session_id": ""}, {"session_id": " ", "thread_id": "t"}, {"thread_id": 1.5}, {"thread_id": True}]
)
def test_no_session_is_an_error_with_three_remedies(mode: str, given: dict[str, Any]) -> None:
    guard = make_guard()
    for step in (Anonymize(guard), Deanonymize(guard)):
        with pytest.raises(SessionMissing) as caught:
            run(step, mode, NAME, {"configurable": given})
        message = str(caught.value)
        assert all(remedy in message for remedy in ('"session_id"', 'session_id="..."', "with_config(configurable="))
        assert NAME not in message
    assert "0 values" in repr(guard.vault)


def test_the_remedies_work() -> None:
    guard = make_guard()
    bound = (Anonymize(guard) | Deanonymize(guard)).with_config(configurable={"session_id": "bound"})
    assert bound.invoke(NAME) == NAME
    assert guard.session("bound").placeholders() == {P1: NAME}


def test_named_keys() -> None:
    guard = make_guard()
    step = Anonymize(guard, keys=["text"], stage="document", name="hide it")
    value = {"text": NAME, "other": NAME, "object": object()}
    assert step.invoke(value, CONFIG) == {**value, "text": P1}
    assert step.get_name() == "hide it"
    with pytest.raises(UnsupportedInput, match="'text'"):
        step.invoke({"x": NAME}, CONFIG)
    with pytest.raises(UnsupportedInput, match="mapping"):
        step.invoke(NAME, CONFIG)
    assert Deanonymize(guard, keys=["text"]).invoke({"text": P1, "other": P1}, CONFIG) == {"text": NAME, "other": P1}


def test_construction_is_checked() -> None:
    guard = make_guard()
    with pytest.raises(TypeError, match="needs a Guard"):
        Anonymize("guard")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="collection"):
        Deanonymize(guard, keys="text")
    with pytest.raises(ValueError, match="stage"):
        Anonymize(guard, stage="nowhere")  # type: ignore[arg-type]
    for bad in ("", " ", 1.5, True):
        with pytest.raises(SessionMissing):
            Anonymize(guard, session_id=bad)  # type: ignore[arg-type]


def test_the_steps_are_ordinary_runnables() -> None:
    guard = make_guard()
    chain = Anonymize(guard) | PROMPT | Deanonymize(guard)
    assert [node.name for node in chain.get_graph().nodes.values()][1:2] == ["Anonymize"]
    assert chain.get_input_jsonschema()
    assert "Anonymize(Guard(" in repr(chain)
    assert Anonymize(guard).with_retry().invoke(NAME, CONFIG) == P1
    assert Anonymize(guard).with_fallbacks([RunnableLambda(str)]).invoke(NAME, CONFIG) == P1
    assert list(Anonymize(guard).map().invoke([NAME, ODD], CONFIG)) == [P1, P2]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("error", [GraphBubbleUp(), KeyboardInterrupt(), SystemExit()])
def test_control_flow_passes(mode: str, error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    in_a_loop = mode.startswith("a") and not isinstance(error, Exception)
    step = Anonymize(Guard(FailingDetector(error), policy=Policy(on_error="allow")))
    with pytest.raises(type(error)):
        (run_in_a_loop if in_a_loop else run)(step, mode, NAME)
    assert "never retrieved" not in caplog.text


def run_in_a_loop(step: Any, mode: str, value: Any) -> None:
    """Run where the loop lets exits through as they are."""
    loop = asyncio.new_event_loop()
    try:

        async def caught() -> BaseException | None:
            try:
                await (step.abatch([value], CONFIG) if mode == "abatch" else step.ainvoke(value, CONFIG))
            except BaseException as error:
                return error
            return None

        error = loop.run_until_complete(caught())
    finally:
        loop.close()
    assert error is not None
    raise error


@pytest.mark.parametrize("mode", ["stream", "astream"])
def test_control_flow_passes_through_a_restored_stream(mode: str) -> None:
    def interrupted(chunks: Iterator[str]) -> Iterator[str]:
        yield f"{P1} ["
        raise GraphBubbleUp

    async def ainterrupted(chunks: Any) -> Any:
        yield f"{P1} ["
        raise GraphBubbleUp

    shown: list[str] = []
    chain = RunnableGenerator(interrupted, ainterrupted) | Deanonymize(filled_guard())

    async def consume() -> None:
        async for piece in chain.astream("x", CONFIG):
            shown.append(piece)

    def consume_sync() -> None:
        for piece in chain.stream("x", CONFIG):
            shown.append(piece)

    with pytest.raises(GraphBubbleUp):
        asyncio.run(consume()) if mode == "astream" else consume_sync()
    assert "".join(shown) == f"{NAME} ["


async def test_cancellation_passes_and_leaves_nothing_behind() -> None:
    release = threading.Event()

    class Waiting(ExactDetector):
        def detect(self, text: str) -> list[Entity]:
            release.wait(5)
            return super().detect(text)

    guard = make_guard(detectors=Waiting(VALUES))
    task = asyncio.create_task((Anonymize(guard) | Deanonymize(guard)).ainvoke(NAME, CONFIG))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    release.set()
    assert await (Anonymize(guard) | Deanonymize(guard)).ainvoke(NAME, CONFIG) == NAME


def test_two_hundred_sessions_at_once_never_cross() -> None:
    guard = Guard(NumberedPeople())
    chain = Anonymize(guard) | RunnableLambda(lambda text: f"{text} / {text}") | Deanonymize(guard)

    def text_of(number: int) -> str:
        return f"Person{number} meets Person{number + 1000} and Person{number % 7}"

    def config_of(number: int) -> Any:
        return {"configurable": {"session_id": f"s-{number}"}}

    def in_thread(number: int) -> str:
        if number % 2:
            return chain.invoke(text_of(number), config_of(number))
        return "".join(chain.stream(text_of(number), config_of(number)))

    async def in_tasks() -> list[str]:
        return await asyncio.gather(*(chain.ainvoke(text_of(n), config_of(n)) for n in range(100, 200)))

    with ThreadPoolExecutor(8) as pool:
        loop = pool.submit(asyncio.run, in_tasks())
        done = [*pool.map(in_thread, range(100)), *loop.result()]
    assert done == [f"{text_of(number)} / {text_of(number)}" for number in range(200)]
    for number in range(200):
        assert set(guard.session(f"s-{number}").placeholders().values()) == set(text_of(number).split()) - {
            "meets",
            "and",
        }


class NumberedPeople:
    """Finds ``Person<number>``."""

    def detect(self, text: str) -> Sequence[Entity]:
        import re

        return [Entity("PERSON", match.start(), match.end()) for match in re.finditer(r"Person\d+", text)]


ODD_TEXTS = [
    "\x00 NUL", "lone \ud800", "\u202eשלום\u202c", "e\u0301", "x" * 1_000_000, "[REDACTED_PERSON_1] typed",
    "[redacted person 1", "\\[REDACTED\\_PERSON\\_1\\]", "[" * 500, "\u2028", "👩‍👩‍👧",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD_TEXTS, ids=lambda text: ascii(text[:12]))
@pytest.mark.parametrize("mode", MODES)
def test_odd_texts_come_back_exactly(mode: str, text: str) -> None:
    guard = make_guard()
    value = f"{NAME} {text}"
    hidden = added(run(Anonymize(guard), mode, value))
    assert NAME not in hidden
    assert added(run(Deanonymize(guard), mode, hidden)) == value


@pytest.mark.parametrize("value", [None, 1, 1.5, b"x", bytearray(b"x"), object(), {"a": {"b": b"x"}}, [object()]])
@pytest.mark.parametrize("mode", MODES)
def test_what_is_no_text_is_refused(mode: str, value: Any) -> None:
    with pytest.raises(UnsupportedInput):
        run(Anonymize(make_guard()), mode, value)


@pytest.mark.parametrize("value", [None, 1, b"x", {"a": object()}])
@pytest.mark.parametrize("mode", MODES)
def test_what_is_no_text_passes_on_the_way_back(mode: str, value: Any) -> None:
    assert run(Deanonymize(make_guard()), mode, value) == [value]


def test_cycles_and_depth_are_clear_errors() -> None:
    cyclic: dict[str, Any] = {"text": NAME}
    cyclic["self"] = cyclic
    deep: Any = NAME
    for _ in range(150):
        deep = {"a": deep}
    for value in (cyclic, deep):
        with pytest.raises(UnsupportedInput, match="deeper than 100") as caught:
            Anonymize(make_guard()).invoke(value, CONFIG)
        assert NAME not in str(caught.value)


def test_a_pickled_error_of_a_batch_stays_value_free() -> None:
    import pickle

    guard = make_guard(policy=Policy(default="block"))
    (error,) = Anonymize(guard).batch([NAME], CONFIG, return_exceptions=True)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.decision) == (Blocked, str(error), error.decision)
    assert NAME not in str(again)
