"""The values that are planted, and the surfaces they are planted on."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from langchain_core.documents import Document
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

Surface = Literal[
    "system prompt",
    "history",
    "human message",
    "content block",
    "tool argument",
    "tool result",
    "document",
    "structured output",
    "exception",
]
SURFACES: tuple[Surface, ...] = get_args(Surface)
KIND = "CANARY"
"""What the guard under test calls the values."""

_LETTERS = "bcdfghjklmnpqrstvwxz"  # without vowels: no word, no name
_CORE_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Canary:
    """A planted value; `core` is the part of it that is searched for: letters that no escaping changes."""

    surface: Surface
    core: str
    value: str

    @property
    def label(self) -> str:
        """What stands before the value, and tells that the text around it arrived."""
        return f"{self.surface} names "

    @property
    def text(self) -> str:
        """The planted text."""
        return f"The {self.label}{self.value}."


Planted = Mapping[Surface, Canary]


def plant(*, plain: bool = False) -> dict[Surface, Canary]:
    """Make one value for each surface."""
    draw = random.SystemRandom()
    planted: dict[Surface, Canary] = {}
    for surface in SURFACES:
        core = "".join(draw.choices(_LETTERS, k=_CORE_LENGTH))
        value = f"{core}@example.org" if plain else f'Zoë "{core}" O\'Briené'
        planted[surface] = Canary(surface, core, value)
    return planted


def conversation(planted: Planted) -> list[BaseMessage]:
    """Return a conversation that holds a value on every surface that messages have; the last one is the user's."""
    arguments = {"text": planted["tool argument"].text}
    return [
        SystemMessage(planted["system prompt"].text),
        HumanMessage(planted["history"].text),
        AIMessage("", tool_calls=[{"name": "look_up", "args": arguments, "id": "call-0", "type": "tool_call"}]),
        ToolMessage(planted["tool result"].text, tool_call_id="call-0", name="look_up"),
        AIMessage("", tool_calls=[{"name": "fail", "args": {"text": ""}, "id": "call-1", "type": "tool_call"}]),
        ToolMessage(planted["exception"].text, tool_call_id="call-1", name="fail", status="error"),
        AIMessage(planted["history"].text),
        question(planted),
    ]


def question(planted: Planted) -> HumanMessage:
    """Return the user's message: two text blocks, and a document."""
    surfaces: Sequence[Surface] = ("human message", "content block", "document")
    return HumanMessage([{"type": "text", "text": planted[surface].text} for surface in surfaces])


def variables(planted: Planted) -> dict[str, Any]:
    """Return the input of a prompt template: texts, messages and documents."""
    system, *history, _ = conversation(planted)
    return {
        "system": system.content,
        "history": history,
        "documents": [Document(planted["document"].text, metadata={"title": planted["document"].text})],
        "question": [HumanMessage([{"type": "text", "text": planted["content block"].text}])],
        "text": planted["human message"].text,
    }
