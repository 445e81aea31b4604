"""A red team's own list, class 3: a value in a request of any shape is hidden, or the request is refused unsent."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ChatMessage, HumanMessage, ToolMessage

from lc_guard import Guard, GuardError, protect
from lc_guard.langchain.recording_model import Recording, RecordingChatModel
from lc_guard.testing import ExactDetector

VALUE = "Canary7f3c9a"
# Not those of the written list, under which one word is of a protocol: docs/design/provider-requests.md.
WORD = st.sampled_from(["note", "id", "name", "text", "url", "input", "arguments", "args", "user", "filename"])
TOLD = st.sampled_from(
    [VALUE, f"by {VALUE}", f"{VALUE}\n", f'{{"a": "{VALUE}"}}', f"by_{VALUE}", f"({VALUE})", "nothing"]
)
KEYS = st.one_of(WORD, WORD, TOLD.filter(lambda text: "_" not in text))  # of a name in code only the whole counts
SHAPES = st.recursive(
    st.one_of(TOLD, TOLD, st.integers(0, 9), st.booleans(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3), st.tuples(inner, inner)
    ),
    max_leaves=6,
)
MAPPINGS = st.dictionaries(KEYS, SHAPES, min_size=1, max_size=3)
BLOCKS = st.builds(
    lambda kind, more: {**more, "type": kind}, st.sampled_from(["text", "x", "tool_use", "file"]), MAPPINGS
)
MESSAGES = st.one_of(
    st.builds(HumanMessage, st.lists(BLOCKS, min_size=1, max_size=2)),
    st.builds(lambda more: HumanMessage("x", additional_kwargs=more), MAPPINGS),
    st.builds(lambda more: AIMessage("x", additional_kwargs=more), MAPPINGS),
    st.builds(lambda args: AIMessage("", tool_calls=[{"name": "t", "args": args, "id": "1"}]), MAPPINGS),
    st.builds(lambda a: ToolMessage("x", tool_call_id="1", artifact=a, additional_kwargs={"a": a}), MAPPINGS),
    st.builds(lambda role, text: ChatMessage(role=f"{role}", content=text), TOLD, TOLD),
    st.builds(lambda name, text: HumanMessage(text, name=name), TOLD, TOLD),
    st.builds(
        lambda args: AIMessageChunk("", tool_call_chunks=[{"name": "t", "args": args, "id": "1", "index": 0}]), TOLD
    ),
)


def sent(messages: list[BaseMessage], mode: str, **options: Any) -> list[str]:
    """Return what a protected model was sent; a request that is refused must not have been sent."""
    model = RecordingChatModel(recording=Recording(), says="fine")
    protected = protect(model, Guard(ExactDetector({"CANARY": [VALUE]}))).bind(**options)
    config: Any = {"configurable": {"session_id": "s"}}
    try:
        if mode == "invoke":
            protected.invoke(messages, config)
        else:
            asyncio.run(protected.ainvoke(messages, config))
    except GuardError:
        assert model.recording.texts == [], "it was refused after it was sent"
    return model.recording.texts


@settings(max_examples=120, deadline=None)
@given(messages=st.lists(MESSAGES, min_size=1, max_size=2), mode=st.sampled_from(["invoke", "ainvoke"]))
def test_no_place_of_any_shape_is_sent_with_a_value(messages: list[Any], mode: str) -> None:
    # somebody is introduced: in names and ids only what the session knows is looked for
    texts = sent([*messages, HumanMessage(f"I am {VALUE}")], mode)
    assert not [text for text in texts if VALUE.casefold() in text.casefold()]


@settings(max_examples=80, deadline=None)
@given(options=MAPPINGS, mode=st.sampled_from(["invoke", "ainvoke"]))
def test_no_option_of_any_shape_is_sent_with_a_value(options: Any, mode: str) -> None:
    texts = sent([HumanMessage(f"I am {VALUE}")], mode, extra_body=options, whatever=options)
    assert not [text for text in texts if VALUE.casefold() in text.casefold()]
