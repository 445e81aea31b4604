"""What is sent beside messages, and nobody hides: their names and addresses, options, what `leave` leaves as it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from langchain_core.messages import BaseMessage, ToolMessage

from lc_guard.langchain.content_blocks import MAX_DEPTH

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
    "If they stand in what leave= leaves as it is, in a file's address, or in the name of a tool or of one of its "
    "arguments, take them out. If they stand in a message, they became known after it was hidden: call again"
)


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


def left_parts(leave: Collection[str]) -> frozenset[str]:
    """Return what is left as it is, checked.

    Raises:
        TypeError: If it is no collection of names.
    """
    if isinstance(leave, str) or not all(isinstance(name, str) and name for name in leave):
        raise TypeError('leave must be a collection of names, such as leave=["system"]')
    return frozenset(leave)
