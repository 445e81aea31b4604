"""Streams: what comes out adds up to what restoring the whole would give, however it was cut."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AIMessageChunk, ChatMessageChunk, HumanMessageChunk, ToolMessageChunk
from langchain_core.runnables.utils import AddableDict
from pydantic import BaseModel

from lc_guard import Guard
from lc_guard.langchain.chunk_restorer import ChunkRestorer

from ..support.seams import E1, MAIL, NAME, ODD, P1, P2, added, filled_guard

GUARD = filled_guard()


def restorer(guard: Guard = GUARD, **kwargs: Any) -> ChunkRestorer:
    session = guard.session("s-1")
    return ChunkRestorer(lambda *, as_json, **_: session.restorer(json_strings=as_json), **kwargs)


def through(chunks: list[Any], **kwargs: Any) -> list[Any]:
    chunk_restorer = restorer(**kwargs)
    shown = [piece for chunk in chunks for piece in chunk_restorer.feed(chunk)]
    return shown + list(chunk_restorer.flush())


def cut(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


SIZES = [1, 2, 5, 19, 10_000]
TEXT = f"To {P1}, {P2} <{E1}>: [not one] [REDACTED_PERSON_77] and {P1}"
RESTORED = f"To {NAME}, {ODD} <{MAIL}>: [not one] [REDACTED_PERSON_77] and {NAME}"


@pytest.mark.parametrize("size", SIZES)
def test_strings(size: int) -> None:
    chunk_restorer = restorer()
    pieces = [piece for chunk in cut(TEXT, size) for piece in chunk_restorer.feed(chunk)]
    pieces += chunk_restorer.flush()
    assert "".join(pieces) == RESTORED
    assert chunk_restorer.counts == (4, 1)
    assert all(pieces)


def test_only_an_open_placeholder_is_held() -> None:
    chunk_restorer = restorer()
    shown = ""
    for at, letter in enumerate(TEXT):
        shown += "".join(chunk_restorer.feed(letter))
        before, _, begun = TEXT[: at + 1].rpartition("[")
        if "]" in begun or not before:
            assert shown == GUARD.session("s-1").deanonymize(TEXT[: at + 1]), TEXT[: at + 1]


@given(st.lists(st.integers(1, 60), max_size=8))
@settings(max_examples=50)
def test_messages_in_any_cut(places: list[int]) -> None:
    edges = [0, *sorted(place % len(TEXT) for place in places), len(TEXT)]
    chunks = [AIMessageChunk(content=TEXT[a:b], id="r-1") for a, b in pairwise(edges)]
    chunks.append(AIMessageChunk(content="", id="r-1", chunk_position="last"))
    whole = added(through(chunks))
    assert (whole.content, whole.id, whole.chunk_position) == (RESTORED, "r-1", "last")


@pytest.mark.parametrize("text", [TEXT, f"see {P1[:-1]}", "see [REDACTED_", f"a{P1}["])
def test_one_chunk_that_is_the_last_one(text: str) -> None:
    (done,) = through([AIMessageChunk(content=text, id="r-1", chunk_position="last")])
    assert done.content == GUARD.session("s-1").deanonymize(text)
    assert (done.id, done.chunk_position) == ("r-1", "last")


def test_the_last_chunk_keeps_its_order_in_blocks() -> None:
    content = [
        {"type": "text", "text": f"{P1} and {P2[:-1]}", "index": 0},
        {"type": "text", "text": "[RED", "index": 1},
    ]
    (done,) = through([AIMessageChunk(content=content, id="r-1", chunk_position="last")])
    assert [block["text"] for block in done.content] == [f"{NAME} and {ODD}", "[RED"]


def test_an_error_without_a_last_chunk() -> None:
    pieces = through([AIMessageChunk(content=f"{P1} and [REDACTED_PERSON_", id="r-1")])
    assert [piece.content for piece in pieces] == [f"{NAME} and ", "[REDACTED_PERSON_"]
    assert {piece.id for piece in pieces} == {"r-1"}


def test_usage_and_metadata_pass_once() -> None:
    usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    chunks = [
        AIMessageChunk(content=P1[:5], id="r-1", response_metadata={"model_provider": "openai"}),
        AIMessageChunk(content=P1[5:-1], id="r-1"),
        AIMessageChunk(content="", id="r-1", usage_metadata=usage, response_metadata={"finish_reason": "stop"}),
        AIMessageChunk(content="", id="r-1", chunk_position="last"),
    ]
    pieces = through(chunks)
    whole, expected = added(pieces), added(chunks)
    assert len(pieces) == len(chunks), "the shape of the stream stays"
    assert whole == expected.model_copy(update={"content": NAME})
    assert pieces[-1].chunk_position == "last"


BLOCKS = [
    {"type": "reasoning", "reasoning": TEXT, "index": 0},
    {"type": "text", "text": TEXT, "index": 1},
    {"type": "thinking", "thinking": TEXT, "index": "lc_2"},
    {"type": "text", "text": f"{P1[:-1]}", "index": 3},
]
LEAF = {"reasoning": "reasoning", "text": "text", "thinking": "thinking"}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("interleaved", [False, True])
def test_content_blocks_have_restorers_of_their_own(size: int, interleaved: bool) -> None:
    streams = [
        [{**block, LEAF[block["type"]]: piece} for piece in cut(block[LEAF[block["type"]]], size)] for block in BLOCKS
    ]
    if interleaved:
        longest = max(map(len, streams))
        contents = [[stream[n] for stream in streams if n < len(stream)] for n in range(longest)]
    else:
        contents = [[piece] for stream in streams for piece in stream]
    chunks = [AIMessageChunk(content=content, id="r-1") for content in contents]
    whole = added(through(chunks))
    assert [block[LEAF[block["type"]]] for block in whole.content] == [RESTORED, RESTORED, RESTORED, NAME]
    assert [(block["type"], block["index"]) for block in whole.content] == [(b["type"], b["index"]) for b in BLOCKS]


ARGS = {"to": P2, "deep": {"cc": [P1, E1], "n": 1}, "note": f"{P1}: [x"}
REAL_ARGS = {"to": ODD, "deep": {"cc": [NAME, MAIL], "n": 1}, "note": f"{NAME}: [x"}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("last", [False, True])
def test_tool_calls_in_argument_pieces(size: int, last: bool) -> None:
    chunks = []
    for index, name in enumerate(("mail", "[REDACTED_PERSON_1]")):
        chunks.append(AIMessageChunk(content="", id="r", tool_call_chunks=[call(index, "", name, f"c-{index}")]))
        chunks += [
            AIMessageChunk(content="", id="r", tool_call_chunks=[call(index, piece)])
            for piece in cut(json.dumps(ARGS), size)
        ]
    if last:
        chunks.append(AIMessageChunk(content="", id="r", chunk_position="last"))
    whole = added(through(chunks))
    assert [(c["name"], c["args"], c["id"]) for c in whole.tool_calls] == [
        ("mail", REAL_ARGS, "c-0"),
        ("[REDACTED_PERSON_1]", REAL_ARGS, "c-1"),
    ]
    assert whole.invalid_tool_calls == []


def call(index: int | None, args: str, name: str | None = None, call_id: str | None = None) -> Any:
    return {"name": name, "args": args, "id": call_id, "index": index, "type": "tool_call_chunk"}


def test_broken_arguments_lose_nothing() -> None:
    broken = f'{{"to": "{P1}", "cc": "[REDACTED_PERSON_2'
    for chunks in (
        [AIMessageChunk(content="", id="r", tool_call_chunks=[call(0, piece, "f", "c")]) for piece in [broken]],
        [
            AIMessageChunk(content="", id="r", tool_call_chunks=[call(0, broken, "f", "c")]),
            AIMessageChunk(content="", id="r", chunk_position="last"),
        ],
    ):
        whole = added(through(chunks))
        assert whole.tool_call_chunks[0]["args"] == f'{{"to": "{NAME}", "cc": "{json.dumps(ODD)[1:-1]}'
        assert (whole.tool_call_chunks[0]["name"], whole.tool_call_chunks[0]["id"]) == ("f", "c")


def test_whole_tool_calls_without_an_index() -> None:
    chunk = AIMessageChunk(
        content="",
        id="r",
        tool_calls=[{"name": "f", "args": ARGS, "id": f"c-{n}", "type": "tool_call"} for n in range(2)],
        chunk_position="last",
    )
    (done,) = through([chunk])
    assert [c["args"] for c in done.tool_calls] == [REAL_ARGS, REAL_ARGS]
    block = AIMessageChunk(content=[{"type": "tool_call", "name": "f", "args": ARGS, "id": "c", "index": 0}], id="r")
    assert added(through([block])).content[0]["args"] == REAL_ARGS


@pytest.mark.parametrize("size", SIZES)
def test_provider_fields(size: int) -> None:
    chunks = [AIMessageChunk(content="", id="r", additional_kwargs={"reasoning_content": p}) for p in cut(TEXT, size)]
    chunks += [
        AIMessageChunk(content="", id="r", additional_kwargs={"function_call": {"name": "", "arguments": p}})
        for p in cut(json.dumps(ARGS), size)
    ]
    whole = added(through(chunks))
    assert whole.additional_kwargs["reasoning_content"] == RESTORED
    assert json.loads(whole.additional_kwargs["function_call"]["arguments"]) == REAL_ARGS


@pytest.mark.parametrize(
    "make",
    [
        lambda text: ChatMessageChunk(content=text, role="assistant", id="r"),
        lambda text: HumanMessageChunk(content=text, id="r"),
        lambda text: ToolMessageChunk(content=text, tool_call_id="t", id="r"),
    ],
)
@pytest.mark.parametrize("size", SIZES)
def test_other_message_chunks(make: Any, size: int) -> None:
    chunks = [make(piece) for piece in cut(f"{TEXT} {P2[:-1]}", size)]
    pieces = through(chunks)
    assert added(pieces) == make(f"{RESTORED} {ODD}")
    assert {type(piece) for piece in pieces} == {type(chunks[0])}


@pytest.mark.parametrize("size", SIZES)
def test_addable_dicts(size: int) -> None:
    chunks = [AddableDict({"a": piece}) for piece in cut(TEXT, size)]
    chunks += [AddableDict({"b": AIMessageChunk(content=piece, id="r")}) for piece in cut(TEXT, size)]
    chunks += [AddableDict({"n": 1, "c": AddableDict({"d": piece})}) for piece in cut(P1[:-1], 10_000)]
    whole = added(through([AddableDict(), *chunks]))
    assert (whole["a"], whole["b"].content, whole["n"], whole["c"]) == (RESTORED, RESTORED, 1, {"d": NAME})
    kept = added(through(chunks, keys=["b"]))
    assert (kept["a"], kept["b"].content) == (TEXT, RESTORED)


SNAPSHOTS: list[Any] = [
    {},
    {"a": ""},
    {"a": "To ["},
    {"a": f"To {P1[:-2]}"},
    {"a": f"To {P1}"},
    {"a": f"To {P1}", "b": [P2]},
]


def test_snapshots_show_no_unfinished_placeholder() -> None:
    chunk_restorer = restorer()
    shown = [piece for chunk in SNAPSHOTS for piece in chunk_restorer.feed(chunk)]
    assert shown == [{}, {"a": ""}, {"a": "To "}, {"a": "To "}, {"a": f"To {NAME}"}, {"a": f"To {NAME}", "b": [ODD]}]
    assert list(chunk_restorer.flush()) == []
    assert chunk_restorer.counts == (2, 0)


def test_an_unfinished_snapshot_is_given_whole_at_the_end() -> None:
    assert through([{"a": "To [x"}]) == [{"a": "To [x"}]
    assert through([{"a": "To ["}]) == [{"a": "To "}, {"a": "To ["}]
    assert through([{"a": f"{P1} [", "b": P1}], keys=["a"])[-1] == {"a": f"{NAME} [", "b": P1}


def test_models_are_snapshots() -> None:
    class Note(BaseModel):
        text: str

    chunk_restorer = restorer()
    shown = [piece for text in (P1[:4], P1, f"{P1}!") for piece in chunk_restorer.feed(Note(text=text))]
    assert [note.text for note in shown] == ["", NAME, f"{NAME}!"]
    assert list(chunk_restorer.flush()) == []
    assert chunk_restorer.counts == (1, 0)


@pytest.mark.parametrize("value", [None, 1, [P1], ({"x": P1},), AIMessage(P1)])
def test_other_chunks_are_restored_whole(value: Any) -> None:
    assert NAME in str(through([value])) or value in (None, 1)
    assert P1 not in str(through([value]))


def test_nothing_gives_nothing() -> None:
    assert through([]) == []
    assert through([""]) == [""]


def test_chunks_of_the_caller_stay_as_they_are() -> None:
    content = [{"type": "text", "text": P1, "index": 0}]
    chunk = AIMessageChunk(content=content, id="r", tool_call_chunks=[call(0, json.dumps(ARGS), "f", "c")])
    before = chunk.model_copy(deep=True)
    through([chunk, AddableDict({"a": chunk}), {"a": chunk}])
    assert chunk == before


def test_plain_strings_in_a_list_of_blocks() -> None:
    chunk = AIMessageChunk(content=[f"{P1} [", {"type": "text", "text": f"{P2} [", "index": 0}], id="r")
    whole = added(through([chunk, AIMessageChunk(content="", id="r", chunk_position="last")]))
    assert [part for part in whole.content if part] == [
        f"{NAME} ",
        {"type": "text", "text": f"{ODD} [", "index": 0},
        "[",
    ]
