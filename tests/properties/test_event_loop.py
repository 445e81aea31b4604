"""A long text never holds an event loop: whatever takes over 4,000 characters is done in threads, under the deadline.

A coroutine beats every few milliseconds while an async entry works on half a megabyte. What holds the loop, or the
interpreter with it, shows as a gap between two beats: of this process' time, so that a busy machine makes no
difference. Python's own collections are off: a full one holds every thread, in proportion to all that is in memory.
"""

from __future__ import annotations

import asyncio
import gc
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGenerationChunk
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.memory import InMemorySaver

from lc_guard import Anonymize, AnonymizeDocuments, Deanonymize, Entity, Guard, Policy, protect
from lc_guard.langchain.checkpointer import GuardCheckpointer
from lc_guard.scanners import builtin_scanners

CONFIG: Any = {"configurable": {"session_id": "s", "thread_id": "s", "checkpoint_ns": ""}}
SIZE = 500_000
HELD = 0.1  # seconds that the loop may be held: 0.2 for a megabyte

FAMILIES = {
    "blanks": " \n",
    "brackets": "[",
    "look-alikes": "[REDACTED_PERSON_1] ",
    "begun look-alikes": "REDACTED_",
    "mangled look-alikes": "redacted person 1 ",
    "one surname": "Jane Pond ",
    "escapes": "\\u0041",
    "nested JSON": '{"a":["',
    "Unicode": "e\u0301",
    "lines": "word and so on\n",
}


class Ponds:
    """Finds the first hundreds of names."""

    def detect(self, text: str) -> list[Entity]:
        found = re.finditer(r"[A-Z][a-z]+ Pond", text[:20_000])
        return [Entity("PERSON", *match.span()) for match in found]


class Echo(FakeListChatModel):
    """Says what it was sent, in pieces of 10,000 characters."""

    responses: list[str] = [""]  # noqa: RUF012

    def _call(self, messages: Any, *args: Any, **kwargs: Any) -> str:
        return str(messages[-1].content)

    async def _astream(self, messages: Any, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        said = str(messages[-1].content)
        for at in range(0, len(said), 10_000):
            await asyncio.sleep(0)
            yield ChatGenerationChunk(message=AIMessageChunk(said[at : at + 10_000]))


def make_guard(**kwargs: Any) -> Guard:
    return Guard(Ponds(), policy=Policy(timeout=60), **kwargs)


async def session(text: str) -> None:
    one = make_guard().session("s")
    await one.adeanonymize(await one.aanonymize(text))


async def restored(text: str) -> None:
    one = make_guard().session("s")
    await one.aanonymize("Jane Pond")
    await one.adeanonymize(text)
    restorer = await one.arestorer(json_strings=True)
    restorer.feed(text[:4_000])


async def steps(text: str) -> None:
    guard = make_guard()
    await (Anonymize(guard) | Echo() | Deanonymize(guard)).ainvoke(text, CONFIG)


async def streamed(text: str) -> None:
    async for _ in protect(Echo(), make_guard()).astream(text, CONFIG):
        pass


async def messages(text: str) -> None:
    call = {"name": "t", "args": {"a": text}, "id": "1"}
    said = [
        HumanMessage(text),
        AIMessage("", tool_calls=[call]),
        ToolMessage(json.dumps({"a": text}), tool_call_id="1"),
    ]
    await protect(Echo(), make_guard()).ainvoke([*said, HumanMessage("x")], CONFIG)


async def stored(text: str) -> None:
    saver = GuardCheckpointer(InMemorySaver(), guard=make_guard())
    checkpoint = {**empty_checkpoint(), "channel_values": {"a": [text]}, "channel_versions": {"a": 1}}
    await saver.aput(CONFIG, checkpoint, {}, {"a": 1})  # type: ignore[arg-type,typeddict-item]
    await saver.aget_tuple(CONFIG)


async def documents(text: str) -> None:
    transformer = AnonymizeDocuments(make_guard(), session_id="s")
    await transformer.atransform_documents([Document(text), Document("b")])


async def scanned(text: str) -> None:
    guard = make_guard(prompt_scanners=builtin_scanners())
    await guard.ascan(text)


ENTRIES: dict[str, Callable[[str], Awaitable[None]]] = {
    "session": session, "restored": restored, "steps": steps, "streamed": streamed, "messages": messages,
    "stored": stored, "documents": documents, "scanned": scanned,
}  # fmt: skip


@pytest.fixture(autouse=True)
def uncollected() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


async def longest_gap(call: Callable[[], Awaitable[Any]]) -> float:
    """Return the longest time of this process, in seconds, between two beats beside a call."""
    done = asyncio.Event()
    gap = 0.0

    async def beat() -> None:
        nonlocal gap
        last = time.process_time()
        while not done.is_set():
            await asyncio.sleep(0.005)
            now = time.process_time()
            gap, last = max(gap, now - last), now

    beating = asyncio.create_task(beat())
    try:
        await asyncio.sleep(0.02)
        await call()
    finally:
        done.set()
        await beating
    return gap


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("family", FAMILIES)
async def test_the_loop_beats_beside_a_long_text(family: str, entry: str) -> None:
    await ENTRIES[entry]("Jane Pond, loaded")
    unit = FAMILIES[family]
    text = unit * (SIZE // len(unit))
    gaps: list[float] = []
    for _ in range(3):  # what holds it each time is ours
        gaps.append(await longest_gap(lambda: ENTRIES[entry](text)))
        if gaps[-1] < HELD:
            return
    pytest.fail(f"the loop was held for {min(gaps):.2f} s")
