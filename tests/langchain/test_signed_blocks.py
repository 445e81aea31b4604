"""Blocks that a provider signed: what is kept beside them holds no value and gives back what was received."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from lc_guard import Guard, protect
from lc_guard.langchain.content_blocks import CALL_SIGNATURES
from lc_guard.langchain.messages import KEPT, map_texts
from lc_guard.langchain.restore import SessionRestorers, ValueRestorer
from lc_guard.langchain.signed_blocks import AnswerKeeper, ReceivedBlocks, map_signed
from lc_guard.sessions import CallSession
from lc_guard.testing import ExactDetector
from tests.properties.strategies import KINDS, STYLE_NAMES, texts

VALUES = {kind: [f"{kind} value {n}" for n in range(1, 12)] for kind in KINDS}


def guard_with_values(style: str) -> Guard:
    guard = Guard(ExactDetector(VALUES), placeholder_style=style)
    guard.session("s").anonymize("; ".join(value for values in VALUES.values() for value in values))
    return guard


GUARDS = {style: guard_with_values(style) for style in STYLE_NAMES}


def thought(text: str, signature: str = "c2ln") -> AIMessage:
    return AIMessage([{"type": "thinking", "thinking": text, "signature": signature}])


@pytest.mark.parametrize("style", STYLE_NAMES)
@given(text=texts(12))
def test_what_was_received_comes_back_whatever_the_model_wrote(style: str, text: str) -> None:
    guard, session = GUARDS[style], CallSession(GUARDS[style], "s")
    make = SessionRestorers(guard, "s")
    received = thought(text)
    shown = AnswerKeeper(guard, session, make).whole(received, ValueRestorer(make).value(received))
    blocks = ReceivedBlocks([shown], guard, session)
    assert blocks.put(blocks.others)[0].content == received.content
    kept = json.dumps(shown.additional_kwargs)
    assert not [value for values in VALUES.values() for value in values if value in kept]


@given(text=texts(12))
def test_a_text_that_was_changed_is_nobodys(text: str) -> None:
    guard, session = GUARDS["llm_guard"], CallSession(GUARDS["llm_guard"], "s")
    make = SessionRestorers(guard, "s")
    received = thought(text)
    shown = AnswerKeeper(guard, session, make).whole(received, ValueRestorer(make).value(received))
    said = shown.content[0]["thinking"]
    changed = shown.model_copy(update={"content": [{**shown.content[0], "thinking": f"{said} PERSON value 1"}]})
    blocks = ReceivedBlocks([changed], guard, session)
    assert blocks.put(blocks.others)[0].content == changed.content  # what is hidden stays hidden
    assert KEPT not in blocks.others[0].additional_kwargs


def test_a_stream_keeps_what_it_was_cut_into() -> None:
    guard, session = GUARDS["llm_guard"], CallSession(GUARDS["llm_guard"], "s")
    model = protect(_Streaming(), guard, session_id="s")
    whole = None
    for chunk in model.stream("hi"):
        whole = chunk if whole is None else whole + chunk
    assert whole.content[0]["thinking"] == "PERSON value 1 and US_SSN value 2's"
    blocks = ReceivedBlocks([whole], guard, session)
    assert blocks.others[0].content[0]["thinking"] == ""
    assert blocks.put(blocks.others)[0].content[0]["thinking"] == "PERSON_1 and [redacted us ssn 2's]"


def test_where_something_may_be_signed() -> None:
    message = AIMessage(
        [
            {"type": "text", "text": "a"},
            {"type": "text", "text": "b", "extras": {"signature": "1"}},
            {"type": "reasoning_content", "reasoning_content": {"text": "c", "signature": "2"}},
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "d"}], "encrypted_content": "3"},
            {"type": "thinking", "thinking": "e", "signature": ""},
        ],
        additional_kwargs={
            "reasoning": {"summary": [{"text": "f"}], "encrypted_content": "4"},
            CALL_SIGNATURES: {"call": "5"},
        },
        tool_calls=[{"name": "t", "args": {"who": "g"}, "id": "call"}, {"name": "t", "args": {"who": "h"}, "id": "x"}],
    )
    found: list[str] = []

    def note(signature, block):
        found.append(signature)
        return map_texts([block], str.upper)[0] if signature == "5" else block

    changed = map_signed(message, note)
    assert found == ["1", "2", "3", "4", "5"]
    assert [call["args"]["who"] for call in changed.tool_calls] == ["G", "h"]
    assert map_signed(message, lambda _, block: block) is message


def test_signatures_are_no_text_but_words_under_their_key_are() -> None:
    seen: list[str] = []

    def note(text: str) -> str:
        seen.append(text)
        return text

    map_texts(AIMessage("", additional_kwargs={CALL_SIGNATURES: {"call": "c2lnbmF0dXJl"}}), note)
    assert seen == []
    map_texts(AIMessage("", additional_kwargs={CALL_SIGNATURES: {"call": "Jane Doe"}}), note)
    map_texts(AIMessage("", additional_kwargs={CALL_SIGNATURES: {"call": {"x": "Janet"}}}), note)
    assert seen == ["Jane Doe", "Janet"]


def test_counting_tokens_sees_what_is_sent() -> None:
    guard = GUARDS["llm_guard"]
    model = protect(_Streaming(), guard, session_id="s")
    answer = model.invoke("hi")
    model.get_num_tokens_from_messages([HumanMessage("hi"), answer])
    assert model.inner.counted == [
        [{"type": "thinking", "thinking": "PERSON_1 and [redacted us ssn 2's]", "signature": "c2ln"}]
    ]


class _Streaming(BaseChatModel):
    """Thinks in pieces, and signs it at the end."""

    counted: list[object] = []  # noqa: RUF012 - a field

    @property
    def _llm_type(self) -> str:
        return "thinking"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        return ChatResult(generations=[ChatGeneration(message=thought("PERSON_1 and [redacted us ssn 2's]"))])

    def _stream(self, messages, stop=None, run_manager=None, **kwargs):
        for piece in ("PERS", "ON_", "1 and [reda", "cted us ssn 2", "'s]"):
            block = {"type": "thinking", "thinking": piece, "index": 0}
            yield ChatGenerationChunk(message=AIMessageChunk([block]))
        yield ChatGenerationChunk(
            message=AIMessageChunk([{"type": "thinking", "thinking": "", "signature": "c2ln", "index": 0}])
        )

    def get_num_tokens_from_messages(self, messages, tools=None):
        self.counted.append(messages[-1].content)
        return 1
