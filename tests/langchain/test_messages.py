"""The walk finds every text, changes nothing else, and never touches the caller's objects."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import json
import pickle
import uuid
from collections import OrderedDict, defaultdict, namedtuple
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.load import dumpd
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    HumanMessageChunk,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.prompt_values import ChatPromptValue, ImagePromptValue, StringPromptValue
from pydantic import BaseModel, ConfigDict

from lc_guard import UnsupportedInput
from lc_guard.langchain.content_blocks import MAX_DEPTH
from lc_guard.langchain.messages import map_texts, texts_of

RAW, HIDDEN = 'Iggy "O\'Van" \\Zoë', "[X]"


def hide(text: str) -> str:
    return text.replace(RAW, HIDDEN)


def show(text: str) -> str:
    return text.replace(HIDDEN, RAW)


def hidden(value: Any, **kwargs: Any) -> Any:
    """Walk a value: the raw text is gone everywhere, the caller's object is as before, and the way back is exact."""
    before = copy.deepcopy(value)
    done = map_texts(value, hide, **kwargs)
    assert value == before
    assert type(done) is type(value)
    assert map_texts(done, show, strict=False, **kwargs) == value
    return done


@dataclasses.dataclass(frozen=True)
class Frozen:
    name: str
    inner: list[str]
    derived: str = dataclasses.field(init=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "derived", f"Mx {self.name}")


@dataclasses.dataclass(slots=True)
class Slotted:
    name: str
    temporary: dataclasses.InitVar[int] = 0


class Model(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str
    deep: dict[str, list[str]] = {}
    number: int = 1


class Shade(Enum):
    DARK = RAW


Pair = namedtuple("Pair", "left right")

SIMPLE = [
    RAW,
    StringPromptValue(text=f"a {RAW}"),
    ChatPromptValue(messages=[SystemMessage(RAW), HumanMessage(RAW)]),
    HumanMessage(f"I am {RAW}", id="h-1"),
    HumanMessage("x", name=RAW),
    HumanMessageChunk(content="x", name=RAW),
    HumanMessage("x", additional_kwargs={"name": "Iggy" and RAW}),
    SystemMessage(RAW),
    AIMessage(RAW, id="a-1", usage_metadata={"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}),
    AIMessageChunk(content=RAW, id="c-1"),
    ToolMessage(RAW, tool_call_id="t-1", name="tool"),
    ToolMessage("x", tool_call_id="t-1", artifact=[Document(RAW)]),
    FunctionMessage(content=RAW, name="f"),
    ChatMessage(content=RAW, role="user"),
    [HumanMessage(RAW), AIMessage(RAW)],
    {"text": RAW, "other": {"deep": [RAW, {"deeper": (RAW, {"deepest": {RAW}})}]}},
    {"row": {RAW: 1, "John-1": RAW}},
    [RAW, (RAW, [RAW])],
    (RAW, 1),
    Pair(RAW, [RAW]),
    {RAW, "b"},
    frozenset({RAW}),
    OrderedDict(a=RAW, b=1),
    defaultdict(list, a=[RAW]),
    Document(RAW, metadata={"author": RAW, "pages": [1, {"by": RAW}]}, id="d-1"),
    [Document(RAW), Document("x", metadata={"title": RAW})],
    Frozen(RAW, [RAW]),
    Slotted(RAW),
    Model(name=RAW, deep={"k": [RAW]}),
    Model(name="x", more=RAW),
    {"m": Model(name=RAW), "d": Frozen("x", [RAW])},
    [("human", RAW), ("ai", "x")],
    [{"role": "user", "content": RAW}, {"role": "assistant", "content": [{"type": "text", "text": RAW}]}],
    {"messages": [{"role": "user", "content": "x", "name": RAW}]},
]


@pytest.mark.parametrize("value", SIMPLE, ids=lambda value: type(value).__name__)
def test_every_kind_of_value(value: Any) -> None:
    assert RAW not in str(hidden(value)), "a raw text is left"
    assert repr(RAW)[1:-1] not in repr(hidden(value))


@pytest.mark.parametrize("value", SIMPLE, ids=lambda value: type(value).__name__)
def test_what_does_not_change_is_the_same_object(value: Any) -> None:
    assert map_texts(value, lambda text: text) is value


def test_parts_that_do_not_change_are_the_same_objects() -> None:
    untouched, touched = HumanMessage([{"type": "text", "text": "x"}]), AIMessage(RAW, response_metadata={"a": [1]})
    done = hidden({"messages": [untouched, touched], "n": {"x": 1}})
    assert done["messages"][0] is untouched
    assert done["n"]["x"] == 1
    assert done["messages"][1].response_metadata is touched.response_metadata


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


CALL_ARGS = {"who": RAW, "deep": {"list": [RAW, 1, None, True, 1.50], RAW: "key"}}

BLOCKS = [
    {"type": "text", "text": RAW, "annotations": [{"type": "citation", "cited_text": RAW, "url": "https://x.y"}]},
    {"type": "reasoning", "reasoning": RAW},
    {"type": "reasoning", "summary": [{"type": "summary_text", "text": RAW}], "encrypted_content": "gAAA"},
    {"type": "thinking", "thinking": RAW, "signature": "c2ln"},
    {"type": "redacted_thinking", "data": "c2ln", "note": RAW},
    {"type": "refusal", "refusal": RAW},
    {"type": "tool_use", "id": "toolu_1", "name": "mail", "input": CALL_ARGS},
    {"type": "tool_use", "id": "toolu_1", "name": "mail", "input": {}, "partial_json": dumps(CALL_ARGS)},
    {"type": "tool_result", "tool_use_id": "toolu_1", "content": RAW},
    {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": RAW}]},
    {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": RAW}, "title": RAW},
    {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": RAW}]}, "context": RAW},
    {"type": "search_result", "source": "https://x.y", "title": RAW, "content": [{"type": "text", "text": RAW}]},
    {"type": "function_call", "call_id": "c", "name": "mail", "arguments": dumps(CALL_ARGS)},
    {"type": "function_call_output", "call_id": "c", "output": RAW},
    {"type": "tool_call", "id": "c", "name": "mail", "args": CALL_ARGS},
    {"type": "tool_call_chunk", "id": "c", "name": "mail", "args": dumps(CALL_ARGS), "index": 0},
    {"type": "invalid_tool_call", "id": "c", "name": "mail", "args": '{"a": "', "error": RAW},
    {"type": "server_tool_call", "id": "c", "name": "search", "args": {"query": RAW}},
    {"type": "server_tool_result", "tool_call_id": "c", "output": {"name": RAW, "url": RAW, "data": [RAW]}},
    {"type": "code_interpreter_call", "code": RAW, "outputs": [{"type": "logs", "logs": RAW}]},
    {"type": "text-plain", "text": RAW, "mime_type": "text/plain"},
    {"type": "file", "source_type": "text", "text": RAW},
    {"type": "file", "file": {"filename": RAW, "file_data": "data:application/pdf;base64,AAAA"}},
    {"type": "image", "url": "https://x.y/z.png", "title": RAW},
    {"type": "non_standard", "value": {"name": RAW, "id": [RAW]}},
    {"toolUse": {"toolUseId": "t", "name": "mail", "input": CALL_ARGS}},
    {"document": {"name": RAW, "format": "pdf", "source": {"bytes": b"%PDF"}}},
]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{next(iter(block))}-{block.get('type')}")
@pytest.mark.parametrize("message", [AIMessage, HumanMessage, ToolMessage])
def test_content_blocks(block: dict[str, Any], message: Any) -> None:
    value = message([block, "and " + RAW], id="m", **({"tool_call_id": "t"} if message is ToolMessage else {}))
    done = hidden(value)
    shown = json.dumps(done.content, default=repr)
    assert json.dumps(RAW)[1:-1] not in shown
    assert json.dumps(json.dumps(RAW)[1:-1])[1:-1] not in shown
    for key in ("id", "type", "name", "call_id", "tool_use_id", "signature", "index", "url", "encrypted_content"):
        if key in block:
            assert done.content[0][key] == block[key]
    assert done.id == "m"


UNTOUCHED = [
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "auto"}},
    {"type": "image_url", "image_url": "https://x.y/[X].png"},
    {"type": "image", "base64": "[X]", "mime_type": "image/png", "id": "[X]"},
    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "[X]"}},
    {"type": "audio", "data": "[X]", "source_type": "base64"},
    {"type": "input_audio", "input_audio": {"data": "[X]", "format": "wav"}},
    {"type": "file", "file_id": "[X]"},
    {"type": "file", "file": {"file_data": "[X]"}},
    {"type": "video", "url": "[X]"},
    {"type": "media", "mime_type": "audio/ogg", "data": b"[X]"},
    {"image": {"format": "png", "source": {"bytes": b"[X]"}}},
]


@pytest.mark.parametrize("block", UNTOUCHED, ids=lambda block: str(block.get("type")))
def test_media_stay_the_same_object(block: dict[str, Any]) -> None:
    # `show` would change every [X] that it is given
    text = {"type": "text", "text": HIDDEN}
    message = HumanMessage([block, text])  # its constructor copies
    done = map_texts(message, show)
    assert done.content[0] is message.content[0]
    assert done.content[1]["text"] == RAW
    as_dict = {"role": "user", "content": [block, text]}
    assert map_texts([as_dict], show)[0]["content"][0] is block
    if "type" in block:
        assert map_texts({"attachment": block}, show)["attachment"] is block
    prompt = ImagePromptValue(image_url={"url": "[X]"})
    assert map_texts(prompt, show) is prompt


def test_media_by_name_do_not_hide_words() -> None:
    done = map_texts({"type": "file", "data": f"words of {RAW}", "owner": RAW, "type_": RAW}, hide)
    assert RAW not in str(done.values())
    assert map_texts({"type": ["file"], "role": ["user"], "x": RAW}, hide)["x"] == HIDDEN


def test_tool_calls() -> None:
    broken = '{"who": "' + RAW
    message = AIMessage(
        "",
        id="a",
        tool_calls=[{"name": "mail", "args": CALL_ARGS, "id": "c-1", "type": "tool_call"}],
        invalid_tool_calls=[
            {"name": "mail", "args": broken, "id": "c-2", "error": f"in {RAW}", "type": "invalid_tool_call"}
        ],
        additional_kwargs={
            "tool_calls": [
                {"id": "c-1", "type": "function", "function": {"name": "mail", "arguments": dumps(CALL_ARGS)}}
            ],
            "function_call": {"name": "mail", "arguments": dumps(CALL_ARGS)},
            "parsed": Model(name=RAW),
            "reasoning_content": RAW,
            "audio": {"id": "audio_1", "data": "AAAA", "transcript": RAW},
            "refusal": None,
        },
    )
    done = hidden(message)
    assert done.tool_calls[0] == {
        "name": "mail",
        "id": "c-1",
        "type": "tool_call",
        "args": {"who": HIDDEN, "deep": {"list": [HIDDEN, 1, None, True, 1.50], HIDDEN: "key"}},
    }
    assert done.invalid_tool_calls[0]["args"] == '{"who": "' + HIDDEN
    assert (done.invalid_tool_calls[0]["id"], done.invalid_tool_calls[0]["error"]) == ("c-2", f"in {HIDDEN}")
    for arguments in (
        done.additional_kwargs["tool_calls"][0]["function"]["arguments"],
        done.additional_kwargs["function_call"]["arguments"],
    ):
        assert json.loads(arguments)["who"] == HIDDEN
        assert "Iggy" not in arguments
    assert done.additional_kwargs["parsed"].name == HIDDEN
    assert done.additional_kwargs["reasoning_content"] == HIDDEN
    assert done.additional_kwargs["audio"] == {"id": "audio_1", "data": "AAAA", "transcript": HIDDEN}


def test_json_keeps_all_but_its_strings() -> None:
    text = '{ "a":1.0,\t"b" : 1e400, "a": "%s",\n"c": [ "\\u00e9 %s" ], "n": 12345678901234567890 }'
    escaped = json.dumps(RAW, ensure_ascii=False)[1:-1]
    ascii_escaped = json.dumps(RAW)[1:-1]
    block = {"type": "function_call", "arguments": text % (escaped, ascii_escaped)}
    done = hidden(AIMessage([block])).content[0]["arguments"]
    assert done == text % (HIDDEN, HIDDEN) or done == text.replace("\\u00e9", "é") % (HIDDEN, HIDDEN)


def test_json_names_are_kept_and_keys_that_are_data_are_not() -> None:
    args = {"the_who": {"The Who": "The Who", "the_who": 1}, "The Who": 2}
    block = {"type": "function_call", "arguments": json.dumps(args)}
    call = {"name": "f", "args": args, "id": "1", "type": "tool_call"}

    def change(text: str) -> str:
        return text.replace("The Who", "X").replace("the_who", "never")

    done = map_texts(AIMessage([block], tool_calls=[call]), change)
    expected = {"the_who": {"X": "X", "the_who": 1}, "X": 2}
    assert json.loads(done.content[0]["arguments"]) == done.tool_calls[0]["args"] == expected


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda part: st.lists(part) | st.dictionaries(st.text(max_size=4), part),
        max_leaves=8,
    ),
    st.booleans(),
)
def test_any_json_stays_as_it_is(value: Any, ascii_only: bool) -> None:
    arguments = json.dumps({"a": value}, ensure_ascii=ascii_only)
    call = {"name": "f", "args": arguments, "id": "1", "error": None, "type": "invalid_tool_call"}
    message = AIMessage("", invalid_tool_calls=[call])
    assert map_texts(message, lambda text: text) is message
    changed = map_texts(message, lambda text: text + '"\n')
    json.loads(changed.invalid_tool_calls[0]["args"])
    back = map_texts(changed, lambda text: text[:-2])
    assert json.loads(back.invalid_tool_calls[0]["args"]) == {"a": value}


def test_ids_names_usage_and_metadata_survive() -> None:
    message = AIMessageChunk(
        content=[{"type": "text", "text": RAW, "index": 0}],
        id="run-1",
        name="agent",
        usage_metadata={"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
        response_metadata={"model_name": "m"},
        tool_call_chunks=[{"name": "f", "args": dumps({"a": RAW}), "id": "c", "index": 0, "type": "tool_call_chunk"}],
        chunk_position="last",
    )
    done = hidden(message)
    for name in ("id", "name", "usage_metadata", "response_metadata", "chunk_position", "type"):
        assert getattr(done, name) == getattr(message, name)
    assert done.tool_calls == [{"name": "f", "args": {"a": HIDDEN}, "id": "c", "type": "tool_call"}]
    assert json.loads(done.tool_call_chunks[0]["args"]) == {"a": HIDDEN}
    assert dumpd(done)
    assert pickle.loads(pickle.dumps(done)) == done


def test_unknown_artifacts_are_left_alone() -> None:
    artifact = object()
    assert map_texts(ToolMessage(RAW, tool_call_id="t", artifact=artifact), hide).artifact is artifact


PLAIN = [1, 1.5, 2j, True, Decimal(1), uuid.UUID(int=1), dt.date.min, dt.timedelta(1), Shade.DARK, None]


def test_plain_values_inside_are_left_alone() -> None:
    value = {"plain": PLAIN, "text": RAW}
    assert map_texts(value, hide)["plain"] is PLAIN


@pytest.mark.parametrize("value", [*PLAIN, b"bytes", bytearray(b"b"), object(), iter("x"), RAW.split, int])
def test_what_holds_no_text_is_refused_at_the_top(value: Any) -> None:
    with pytest.raises(UnsupportedInput) as caught:
        texts_of(value)
    assert RAW not in str(caught.value)
    assert ("None" if value is None else type(value).__name__) in str(caught.value)


@pytest.mark.parametrize("value", [b"bytes", object(), iter("x"), {1: b"x"}.values()])
def test_what_can_not_be_looked_into_is_refused_inside_and_left_alone_on_the_way_back(value: Any) -> None:
    with pytest.raises(UnsupportedInput, match=r"keys=\["):
        texts_of({"a": [value]})
    outer = {"a": [value]}
    assert map_texts(outer, hide, strict=False) is outer


def test_messages_without_content() -> None:
    for message in (AIMessage(""), AIMessage([]), HumanMessage(""), RemoveMessage(id="x"), AIMessage(content=[{}])):
        assert texts_of(message) == []
        assert map_texts(message, hide) is message


def test_named_keys() -> None:
    value = {"a": RAW, "b": RAW, "c": object()}
    assert map_texts(value, hide, keys=["a"]) == {**value, "a": HIDDEN}
    assert texts_of(value, keys=("b",)) == [RAW]
    assert texts_of(value, keys=()) == []
    with pytest.raises(UnsupportedInput, match="'missing'"):
        texts_of(value, keys=["missing"])
    with pytest.raises(UnsupportedInput, match="needs a mapping"):
        texts_of([RAW], keys=["a"])
    assert map_texts(RAW, hide, keys=["a"], strict=False) == HIDDEN
    assert map_texts(MappingProxyType({"a": RAW}), hide) == {"a": HIDDEN}


def nested(levels: int, make: Any) -> Any:
    value: Any = RAW
    for _ in range(levels):
        value = make(value)
    return value


MAKERS = {
    "dict": lambda value: {"a": value},
    "list": lambda value: [value],
    "tuple": lambda value: (value,),
    "data": lambda value: {"a": [value]},
    "document": lambda value: Document("x", metadata={"a": value}),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_depth_is_bounded_with_a_clear_error(make: Any) -> None:
    levels = MAX_DEPTH // (2 if make is MAKERS["data"] or make is MAKERS["document"] else 1) - 2
    assert texts_of(nested(levels, make))[-1] == RAW
    for deep in (nested(MAX_DEPTH + 2, make), AIMessage([{"type": "x", "a": nested(MAX_DEPTH + 2, make)}])):
        with pytest.raises(UnsupportedInput, match="deeper than 100 levels") as caught:
            texts_of(deep)
        assert RAW not in str(caught.value)


def test_depth_of_blocks_is_bounded() -> None:
    block = nested(MAX_DEPTH - 5, lambda value: {"type": "x", "a": value})
    assert texts_of(AIMessage([block])) == [RAW]
    with pytest.raises(UnsupportedInput, match="deeper"):
        texts_of(AIMessage([nested(3 * MAX_DEPTH, lambda value: {"a": value})]))
    kwargs = {"tool_calls": nested(3 * MAX_DEPTH, lambda value: [{"a": value}])}
    with pytest.raises(UnsupportedInput, match="deeper"):
        texts_of(AIMessage("", additional_kwargs=kwargs))


def test_cycles_are_refused() -> None:
    cyclic: dict[str, Any] = {"a": RAW}
    cyclic["self"] = cyclic
    looped: list[Any] = []
    looped.append(looped)
    for value in (cyclic, looped, {"m": AIMessage([cyclic])}):
        with pytest.raises(UnsupportedInput, match="deeper"):
            texts_of(value)


@pytest.mark.parametrize("depth", [150, 100_000])
def test_deep_json_in_a_tool_call(depth: int) -> None:
    arguments = '{"a":' * depth + '"x"' + "}" * depth
    call = {"name": "f", "args": arguments, "id": "1", "error": None, "type": "invalid_tool_call"}
    assert "".join(texts_of(AIMessage("", invalid_tool_calls=[call]))) in ("x", arguments)


@pytest.mark.parametrize(
    "text", ["\x00", "\ud800", "\u202eשלום", "e\u0301\u0323", " \n\t ", "x" * 1_000_000, "[" * 100, "\\"]
)
def test_odd_texts_come_through(text: str) -> None:
    escaped = json.dumps({"a": text})
    call = {"name": "f", "args": escaped, "id": "1", "error": None, "type": "invalid_tool_call"}
    for value in (
        text,
        {"a": text},
        HumanMessage(text),
        [text],
        Document(text),
        AIMessage("", invalid_tool_calls=[call]),
    ):
        assert texts_of(value) == [text]
        assert map_texts(value, lambda text: text) is value
    done = map_texts(AIMessage("", invalid_tool_calls=[call]), lambda text: text + "é")
    assert json.loads(done.invalid_tool_calls[0]["args"]) == {"a": text + "é"}


def test_many_leaves() -> None:
    value = {"rows": [{"n": number, "text": "x"} for number in range(20_000)]}
    assert len(texts_of(value)) == 20_000
