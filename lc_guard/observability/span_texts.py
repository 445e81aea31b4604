"""Which strings of a traced value are texts that a detector or scanner is to look at."""

from __future__ import annotations

import re
from typing import Any

from lc_guard._text.json_tree import leaves, parse

FRAMEWORK_METADATA = re.compile(r"(?:ls_|lc_|langgraph_|checkpoint_ns$|is_langchain_root$)")
"""Metadata keys that LangChain, LangGraph and this package write about their own parts: no work for a detector."""

_PROTOCOL_WORDS = frozenset(
    [
        "user",
        "assistant",
        "system",
        "developer",
        "human",
        "ai",
        "tool",
        "function",
        "role",
        "type",
        "text",
        "content",
        "chat",
        "stop",
        "tool_calls",
        "tool_call",
        "messages",
        "generation",
        "message",
        "constructor",
        "AIMessageChunk",
    ]
)
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PLACEHOLDER = re.compile(
    r"\[REDACTED_[A-Z0-9_]{1,80}\]|<[A-Z][A-Z0-9_]{0,70}_[1-9][0-9]*>|\[[A-Z][A-Z0-9_]{0,70}_[1-9][0-9]*\]"
)


def is_free_text(leaf: str, *, is_key: bool = False) -> bool:
    """Return whether a string is more than a word of a protocol, such as a role, or the name of a field."""
    return leaf not in _PROTOCOL_WORDS and not (is_key and _FIELD_NAME.fullmatch(leaf) is not None)


def traced_texts(value: Any) -> list[str]:
    """Return the texts in a traced value, through JSON in strings, each once; ValueError if nested deeper than 100."""
    found = (
        leaf for leaf, is_key in leaves(parse(value)) if isinstance(leaf, str) and is_free_text(leaf, is_key=is_key)
    )
    return list(dict.fromkeys(text for text in found if text.strip()))


def placeholder_spans(text: str) -> list[tuple[int, int]]:
    """Return where placeholders of any numbered style stand, and what stands for good instead of a value."""
    return [match.span() for match in _PLACEHOLDER.finditer(text)]
