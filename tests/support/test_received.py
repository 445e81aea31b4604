"""What looks at the models of examples must see what they are sent, in any spelling."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import quote

import nbformat
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.language_models import BaseChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from lc_guard import Guard, protect
from lc_guard.testing import ExactDetector

from .notebooks import shown, unchanging
from .received import Received, found_in, holds, recording

CONFIG = {"configurable": {"session_id": "s"}}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Sean O'Brien", "ask sean o\u2019brien."),
        ("Sean O'Brien", "SEAN OBRIEN"),
        ("Sean O'Brien", "Sean\n  O'Brien"),
        ("Sean O'Brien", json.dumps("Sean\nO'Brien")),
        ("Sean O'Brien", "Sean O&#x27;Brien"),
        ("Sean O'Brien", "Se\u200ban O'Brien"),
        ("Zoë Çağlayan", json.dumps("Zoë Çağlayan")),
        ("Zoë Çağlayan", "Zoe Caglayan"),
        ("Zoë Çağlayan", quote("Zoë Çağlayan")),
        ("4111 1111 1111 1111", "card 4111111111111111"),
        ("(415) 555-0134", "415.555.0134"),
        ("jane.doe@example.com", "mailto:jane.doe%40example.com"),
        ("Doe", '"Doe"'),
    ],
)
def test_a_value_is_seen_however_it_is_written(value: str, text: str):
    assert holds(text, value)


@pytest.mark.parametrize("text", ["it does", "[REDACTED_PERSON_1]", "Doerr", "undoe", ""])
def test_other_words_are_no_value(text: str):
    assert not holds(text, "Doe")
    assert found_in([text, text], ["Doe", "Jane Doe"]) == []


def define_model() -> BaseChatModel:
    class Late(BaseChatModel):
        """A model whose class is made while it is recorded."""

        @property
        def _llm_type(self) -> str:
            return "late"

        def _generate(self, *_: Any, **__: Any) -> ChatResult:
            return ChatResult(generations=[ChatGeneration(message=AIMessage("done"))])

        def _stream(self, *_: Any, **__: Any) -> Any:
            yield ChatGenerationChunk(message=AIMessageChunk("done"))

    return Late()


async def all_of(pieces: Any) -> list[Any]:
    return [piece async for piece in pieces]


WAYS = {
    "invoke": lambda model: model.invoke("Ask Jane Doe", CONFIG),
    "ainvoke": lambda model: asyncio.run(model.ainvoke("Ask Jane Doe", CONFIG)),
    "stream": lambda model: list(model.stream("Ask Jane Doe", CONFIG)),
    "astream": lambda model: asyncio.run(all_of(model.astream("Ask Jane Doe", CONFIG))),
    "batch": lambda model: model.batch(["Ask Jane Doe"], CONFIG),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make", [define_model, lambda: GenericFakeChatModel(messages=iter([AIMessage("done")]))])
def test_every_way_to_ask_a_model_is_recorded(make: Any, way: str):
    received = Received()
    with recording(received):
        model = make()
        WAYS[way](model)
        assert found_in(received.take(), ["Jane Doe"]) == ["Jane Doe"]
        assert received.take() == []
    WAYS["invoke"](make())
    assert received.take() == []


@pytest.mark.parametrize("way", WAYS)
def test_of_a_protected_model_what_the_inner_one_is_sent_is_recorded(way: str):
    received = Received()
    with recording(received):
        WAYS[way](protect(define_model(), Guard(ExactDetector({"PERSON": ["Jane Doe"]}))))
    requests = received.take()
    assert len(requests) == 1
    assert "[REDACTED_PERSON_1]" in requests[0]
    assert found_in(requests, ["Jane Doe"]) == []


def test_what_is_bound_to_a_model_is_sent_as_well():
    received = Received()
    with recording(received):
        define_model().bind(stop=["Jane Doe"], tools=[{"name": "of Tom Baker"}]).invoke("hello")
    assert found_in(received.take(), ["Jane Doe", "Tom Baker"]) == ["Jane Doe", "Tom Baker"]


def test_embedding_models_are_recorded():
    received = Received()
    with recording(received):
        model = DeterministicFakeEmbedding(size=4)
        model.embed_documents(["Jane Doe"])
        assert found_in(received.take(), ["Jane Doe"]) == ["Jane Doe"]
        asyncio.run(model.aembed_query("Tom Baker"))
        assert found_in(received.take(), ["Tom Baker"]) == ["Tom Baker"]


def test_outputs_differ_where_it_matters_only():
    def cell(text: str, result: str) -> Any:
        outputs = [
            nbformat.v4.new_output("stream", text=text[:3]),
            nbformat.v4.new_output("stream", text=text[3:]),
            nbformat.v4.new_output("execute_result", data={"text/plain": result}),
        ]
        return nbformat.v4.new_code_cell(outputs=outputs)

    trace, other = "fc2ff16dc0168162626aa2ad2695456c", "0e3ad5a2d5bbd518e39249e63ce7fafd"
    before = shown(cell(f"trace {trace} at 2026-11-23T06:39:26Z", "\x1b[1m'Jane Doe'\x1b[0m, 'latency_ms': 0.3"))
    now = shown(cell(f"trace {other} at 2027-01-02T03:04:05Z", "'Jane Doe', 'latency_ms': 12.5"))
    assert before != now
    assert unchanging(before) == unchanging(now)
    leaked = shown(cell(f"trace {other} at 2027-01-02T03:04:05Z", "'[REDACTED_PERSON_1]', 'latency_ms': 12.5"))
    assert unchanging(before) != unchanging(leaked)
    assert unchanging(["took 3 ms"], [(r"\d+ ms", "<ms>")]) == ["took <ms>"]
    assert unchanging(["took 3 ms"], [(r".* ms", "")]) == []
