"""What a model is sent beside the texts that are hidden: names, addresses, options of the call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from langchain_core.messages import BaseMessage, ToolMessage

from lc_guard.langchain.messages import MAX_DEPTH, map_texts

# Where addresses and names stand in content blocks, which the walk over texts leaves alone. What is encoded, an id or a
# signature is no spelling of anything.
_WORDED = frozenset({"url", "file_url", "image_url", "name", "filename", "title"})
# Options and fields whose values are words of a protocol, or an application's own definitions: a tool's description
# that names a city tells nothing of whoever wrote to the model.
_STRUCTURE = frozenset(
    {
        "type", "role", "id", "model", "model_name", "_type", "tools", "functions", "tool_choice", "function_call",
        "parallel_tool_calls", "response_format", "text", "format", "ls_structured_output_format",
        "structured_output_format", "strict", "data", "base64", "file_data", "file_id",
    }
)  # fmt: skip


LEAK_REMEDY = (
    "If they stand in an option of the call (stop, user), in a message's name or in an address, take them "
    "out: those are sent as they are. If they stand in a message, they became known after it was hidden: call again"
)


def message_texts(messages: Any) -> list[str]:
    """Return the texts of messages or prompts, those that the walk hides."""
    texts: list[str] = []

    def note(text: str) -> str:
        texts.append(text)
        return text

    map_texts(messages, note, strict=False)
    return texts


def texts_beside(messages: Iterable[Any], options: Mapping[str, Any]) -> list[str]:
    """Return what else is sent with messages: their names and addresses, and the words in the options of the call.

    Names of tools, ids, roles, encoded data and the definitions of tools and of structured output are left out.
    """
    texts: list[str] = []
    for message in messages:
        if isinstance(message, BaseMessage):
            if message.name and not isinstance(message, ToolMessage):
                texts.append(message.name)
            texts += _addresses(message.content, 0)
    texts += _words(options, 0)
    return list(dict.fromkeys(texts))


def _addresses(content: Any, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH or isinstance(content, str):
        return
    if isinstance(content, Mapping):
        called = str(content.get("type", "")).startswith(("tool", "function", "server_tool"))
        for key, item in content.items():
            if isinstance(item, str) and key in _WORDED and not (key == "name" and called):
                if not item.startswith("data:"):
                    yield item
            else:
                yield from _addresses(item, depth + 1)
    elif isinstance(content, Sequence) and not isinstance(content, bytes | bytearray):
        for item in content:
            yield from _addresses(item, depth + 1)


def _words(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth > MAX_DEPTH:
        return
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key not in _STRUCTURE:
                yield from _words(item, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _words(item, depth + 1)
