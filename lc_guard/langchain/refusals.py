"""Refusals: the answers that stand for blocked ones. What led to one is asked about no more, and reaches no model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage

from lc_guard.records import Decision

WITHHELD = "[withheld: a security check blocked this message]"
"""What later model calls see of a message that was refused."""
REFUSAL_MARK = "lc_guard_refusal"


def refusal(text: str, decision: Decision, *, as_block: bool, of: str | None = None) -> AIMessage:
    """Make the answer that stands for a blocked one.

    Args:
        text: What it says.
        decision: The decision that blocked.
        as_block: Whether it is a content block of the type ``"refusal"``, as OpenAI's models give, instead of text.
        of: Id of the message of which something was shown already; None for a message of its own.
    """
    content: Any = [{"type": "refusal", "refusal": text}] if as_block else text
    marks = {"finish_reason": "content_filter", REFUSAL_MARK: {"stage": decision.stage, "check": decision.check}}
    return AIMessage(content, response_metadata=marks, id=of)


def is_refusal(message: BaseMessage) -> bool:
    """Return whether a message is an answer of `refusal`'s."""
    return isinstance(message, AIMessage) and REFUSAL_MARK in message.response_metadata


def without_refused(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return a conversation as a model may see it after refusals.

    What was said between a refusal and the answer before it reaches no model later either: its text is withheld, so
    that a conversation can go on after an attack instead of being blocked for good. Who forges a refusal gains nothing
    by it.
    """
    seen: list[BaseMessage] = []
    refused = False
    for message in reversed(messages):
        if isinstance(message, AIMessage):
            refused = is_refusal(message)
            seen.append(_as_text(message) if refused else message)
        elif refused and not isinstance(message, SystemMessage):
            seen.append(message.model_copy(update={"content": WITHHELD, "additional_kwargs": {}}))
        else:
            seen.append(message)
    return seen[::-1] if any(new is not old for new, old in zip(reversed(seen), messages, strict=True)) else [*messages]


def _as_text(message: AIMessage) -> AIMessage:
    """Return a refusal as plain text: not every provider takes the block back."""
    blocks = message.content if isinstance(message.content, list) else []
    texts = [block.get("refusal", "") for block in blocks if isinstance(block, dict) and block.get("type") == "refusal"]
    return message.model_copy(update={"content": "\n".join(texts)}) if texts else message
