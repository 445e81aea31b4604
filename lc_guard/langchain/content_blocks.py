"""Content blocks, provider fields and calls of tools: which of their keys hold texts, and the walk over those."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from lc_guard.errors import UnsupportedInput

if TYPE_CHECKING:
    from lc_guard.langchain.messages import TextWalk

MAX_DEPTH = 100
"""Levels of containers that are walked; deeper ones are refused."""

JSON_KEYS = frozenset({"arguments", "partial_json"})
"""Keys of content blocks and provider fields whose text is JSON."""

CALL_SIGNATURES = "__gemini_function_call_thought_signatures__"
"""Key of `additional_kwargs` under which langchain-google-genai keeps signatures of calls of tools, by their ids."""

# Keys of content blocks and provider fields that hold an id, an address, a setting or encoded bytes: not changed,
# unless there is a blank in it, which none of those has.
LEFT_ALONE = frozenset(
    {
        "type", "id", "index", "name", "role", "status", "mime_type", "media_type", "source_type", "format", "detail",
        "url", "file_url", "file_id", "file_data", "base64", "data", "image_url", "input_audio", "signature",
        "thought_signature", CALL_SIGNATURES, "redacted_content", "encrypted_content", "encrypted_index",
        "cache_control", "tool_call_id", "tool_use_id", "call_id", "item_id", "container_id",
    }
)  # fmt: skip
_NAMES = frozenset({"id", "name", "file_id", "tool_call_id", "tool_use_id", "call_id", "item_id", "container_id"})
_ADDRESSES = frozenset({"url", "file_url", "image_url"})
_ENCODED = _ADDRESSES | {"base64", "data", "file_data"}
_QUOTED = ("citation", "location", "result", "annotation")  # in types of blocks whose address nobody fetches
MEDIA = frozenset(
    {"image", "image_url", "audio", "input_audio", "video", "file", "input_file", "input_image", "media", "document"}
)
ROLES = frozenset({"system", "developer", "user", "human", "assistant", "ai", "tool", "function"})
_DATA = frozenset({"args", "input", "output", "value", "parsed"})
NAME = re.compile(r"[a-z_$][A-Za-z0-9_$.-]*|")
"""Keys that are names of a program's."""


def walk_block(walk: TextWalk, block: Mapping[str, Any], depth: int) -> Any:
    """Walk a content block or a provider's field."""
    if depth > MAX_DEPTH:
        raise UnsupportedInput(f"the input is nested deeper than {MAX_DEPTH} levels")
    on_the_way = _NAMES | _ADDRESSES if walk.beside is not None else ()
    changed = {
        key: (_named if key in on_the_way else _field)(walk, block, key, item, depth) for key, item in block.items()
    }
    plain = all(isinstance(key, str) and NAME.fullmatch(key) for key in block)
    return updated(block, changed) if plain else walk.keyed(block, changed)


def _field(walk: TextWalk, block: Mapping[str, Any], key: str, item: Any, depth: int) -> Any:
    if isinstance(item, bytes | bytearray) or (key in LEFT_ALONE and _is_left(walk, block, key, item)):
        return walk.encoded(block, item) if key in _ENCODED else item
    if isinstance(item, str) and (key in JSON_KEYS or key in ("args", "input")):
        return walk.json(item, tool=str(block.get("name") or ""))
    if key in JSON_KEYS or key in _DATA:
        return walk.arguments(item, depth, tool=str(block.get("name") or "") if key in ("args", "input") else None)
    if isinstance(item, Mapping):
        return walk_block(walk, item, depth + 1)
    if isinstance(item, list):
        return walk.content(item, depth)
    return walk.data(item, depth + 1)


def _is_left(walk: TextWalk, block: Mapping[str, Any], key: str, item: Any) -> bool:
    """Return whether a setting, encoded bytes or the like are left alone; on the way to a model no container is."""
    return not _has_words(block, key, item) and (walk.beside is None or not isinstance(item, Mapping | list | tuple))


def _named(walk: TextWalk, block: Mapping[str, Any], key: str, item: Any, depth: int) -> Any:
    """Walk a name, an id or an address on the way to a model."""
    if isinstance(item, Mapping):
        return walk_block(walk, item, depth + 1)
    if isinstance(item, list | tuple):
        return walk.items(item, lambda part: _named(walk, block, key, part, depth + 1))
    if not isinstance(item, str):
        return item
    if key in _ADDRESSES:
        kind = block.get("type")
        return walk.address(item, fetched=not (isinstance(kind, str) and any(part in kind for part in _QUOTED)))
    return walk.data(item, depth + 1) if key == "name" and _has_words(block, key, item) else walk.name(item)


def walk_call(walk: TextWalk, call: Mapping[str, Any], depth: int) -> Any:
    """Walk a call of a tool."""
    args, tool = call.get("args"), str(call.get("name") or "")
    is_text = isinstance(args, str)
    changed: dict[str, Any] = {"args": args}
    changed["args"] = walk.json(str(args), tool=tool) if is_text else walk.arguments(args, depth, tool=tool)
    if walk.beside is not None:
        changed |= {name: walk.name(call[name]) for name in ("id", "name") if name in call}
    if call.get("error"):  # a parser's message quotes the arguments
        changed["error"] = walk.data(call["error"], depth)
    return updated(call, changed)


def one_of(value: Any, names: Collection[str]) -> bool:
    """Return whether a value is one of some names."""
    return isinstance(value, str) and value in names


def _has_words(block: Mapping[str, Any], key: str, item: Any) -> bool:
    """Return whether there are words of people under a key that is left alone elsewhere."""
    if isinstance(item, str) and " " in item:
        return True
    if key == CALL_SIGNATURES:
        return not isinstance(item, Mapping) or not all(isinstance(x, str) and " " not in x for x in item.values())
    if key == "data":
        return block.get("type") == "text"  # the source of a document block
    return key == "name" and (one_of(block.get("type"), MEDIA) or block.get("role") == "user" or "source" in block)


def updated(value: Mapping[Any, Any], changed: Mapping[Any, Any]) -> Any:
    """Return a mapping of the same type with new items, or the same object if none is new."""
    if all(item is value[key] for key, item in changed.items()):
        return value
    twin = value.copy() if hasattr(value, "copy") else dict(value)
    twin.update(changed)
    return twin
