"""Citations name characters of an answer: those of the text that is shown, and those of the text that is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from lc_guard import Guard, protect
from lc_guard._placeholders.restorer import StreamRestorer
from lc_guard.langchain.citations import Citations
from lc_guard.testing import ExactDetector

from ..support.seams import MODES, added, run

NAME, OTHER = "Ann Lee", "Bartholomew Featherstonehaugh-Cholmondeley"
P1, P2 = "[REDACTED_PERSON_1]", "[REDACTED_PERSON_2]"
SAID = f"I am {NAME}, he is {OTHER}."
CONFIG: Any = {"configurable": {"session_id": "s"}}


class Citing(BaseChatModel):
    """Answers with one message, or with its pieces, and notes what it is sent."""

    pieces: list[Any]
    sent: Any

    @property
    def _llm_type(self) -> str:
        return "citing"

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        self.sent.append(messages)
        whole = added(self.pieces)
        fields = {"content": whole.content, "additional_kwargs": whole.additional_kwargs}
        return ChatResult(generations=[ChatGeneration(message=AIMessage(**fields))])

    def _stream(self, messages: list[BaseMessage], *_: Any, **__: Any) -> Iterator[ChatGenerationChunk]:
        self.sent.append(messages)
        for piece in self.pieces:
            yield ChatGenerationChunk(message=piece)


def cited(text: str, *parts: str) -> list[dict[str, Any]]:
    """Return citations of parts of a text, in the two forms that there are."""
    ends = [(text.index(part), text.index(part) + len(part)) for part in parts]
    first = [
        {"type": "citation", "start_index": start, "end_index": end, "url": "https://x.org"} for start, end in ends
    ]
    places = [{"start_index": start, "end_index": end, "url": "https://x.org"} for start, end in ends]
    return [*first, *({"type": "url_citation", "url_citation": place} for place in places)]


def blocks(text: str, citations: list[Any], size: int | None) -> list[AIMessageChunk]:
    """Return the pieces of an answer of one block, its citations in pieces of their own, as OpenAI sends them."""
    step = size or max(1, len(text))
    texts = [
        AIMessageChunk([{"type": "text", "text": text[at : at + step], "index": 0}]) for at in range(0, len(text), step)
    ]
    told = [AIMessageChunk([{"type": "text", "text": "", "annotations": [each], "index": 0}]) for each in citations]
    return [*texts, *told]


def guarded(pieces: list[Any]) -> tuple[Any, list[Any]]:
    sent: list[Any] = []
    return protect(Citing(pieces=pieces, sent=sent), Guard(ExactDetector({"PERSON": [NAME, OTHER]}))), sent


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [1, 7, None])
def test_a_citation_stands_where_it_belongs(mode: str, size: int | None) -> None:
    text = f"It is {P1} (x.org), not {P2} [1], said {P1}."
    model, sent = guarded(blocks(text, cited(text, "(x.org)", f"not {P2}", "[1]", f"said {P1}."), size))
    (block,) = added(run(model, mode, SAID, CONFIG)).content
    shown = text.replace(P1, NAME).replace(P2, OTHER)
    assert block["text"] == shown
    assert block["annotations"] == cited(shown, "(x.org)", f"not {OTHER}", "[1]", f"said {NAME}.")
    assert NAME not in str(sent)


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_goes_back_with_its_citations_as_they_came(mode: str) -> None:
    text = f"It is {P1} (x.org), not {P2}, said {P1}." * 9
    received = blocks(text, cited(text, "(x.org)", P2), None)
    model, sent = guarded(received)
    answer = model.invoke(SAID, CONFIG)
    run(model, mode, [HumanMessage(SAID), answer, HumanMessage("and?")], CONFIG)
    assert sent[-1][1].content == added(received).content


def test_citations_of_a_message_of_one_text() -> None:
    text = f"Thus {P2} (x.org)."
    message = AIMessageChunk(text, additional_kwargs={"annotations": cited(text, "(x.org)")})
    model, sent = guarded([message])
    answer = model.invoke(SAID, CONFIG)
    assert answer.additional_kwargs["annotations"] == cited(f"Thus {OTHER} (x.org).", "(x.org)")
    asyncio.run(model.ainvoke([HumanMessage(SAID), answer, HumanMessage("and?")], CONFIG))
    assert sent[-1][1].additional_kwargs == message.additional_kwargs


def test_a_stream_of_citations_in_order_restores_its_text_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are; one that names an earlier place has it restored once more."""
    fed: list[int] = []
    feed = StreamRestorer.feed
    monkeypatch.setattr(StreamRestorer, "feed", lambda self, text: fed.append(len(text)) or feed(self, text))
    guard = Guard(ExactDetector({"PERSON": [NAME]}))
    guard.session("s").anonymize(NAME)
    citations = Citations(guard.session("s").restorer)

    def moved(text: str, start: int) -> int:
        annotation = {"type": "citation", "start_index": start, "end_index": start + 4}
        piece = AIMessageChunk([{"type": "text", "text": text, "index": 0, "annotations": [annotation]}])
        return int(citations.piece(piece, piece).content[0]["annotations"][0]["start_index"])

    part, shorter = f"{P1} says so (src). ", len(P1) - len(NAME)
    for number in range(50):
        at = number * len(part) + part.index("(src)")
        assert moved(part, at) == at - shorter * (number + 1)
    assert sum(fed) <= 50 * len(part)
    assert moved("", len(P1) + 1) == len(NAME) + 1


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from([f"{P1} ", f"{P2}, ", "plain ", "x. ", "é ", "(a) ", "[1] "]), min_size=1, max_size=30),
    st.data(),
)
def test_what_is_cited_is_what_was_cited(parts: list[str], data: st.DataObject) -> None:
    at = sorted(data.draw(st.lists(st.integers(0, len(parts)), min_size=2, max_size=2)))
    start, end = (len("".join(parts[:place])) for place in at)
    text = "".join(parts)
    model, sent = guarded(blocks(text, [{"type": "citation", "start_index": start, "end_index": end}], 5))
    answer = added(run(model, "stream", SAID, CONFIG))
    (block,) = answer.content
    (citation,) = block["annotations"]
    real = "".join(parts[at[0] : at[1]]).replace(P1, NAME).replace(P2, OTHER)
    assert block["text"][citation["start_index"] : citation["end_index"]] == real
    model.invoke([HumanMessage(SAID), answer, HumanMessage("and?")], CONFIG)
    assert sent[-1][1].content[0]["annotations"] == [{"type": "citation", "start_index": start, "end_index": end}]


@pytest.mark.parametrize(
    "odd", [None, 7, "x", [None], [{"start_index": -1, "end_index": 10**9}], [{"start_index": "1"}]]
)
def test_what_is_no_citation_stays_as_it_is(odd: Any) -> None:
    model, _ = guarded([AIMessageChunk([{"type": "text", "text": f"{P1}.", "annotations": odd}, "and more"])])
    first, second = model.invoke(SAID, CONFIG).content
    assert (first["text"], first["annotations"], second) == (f"{NAME}.", odd, "and more")
