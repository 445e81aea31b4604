"""The one walk over every text in a value: strings, messages, blocks, tool calls, documents, containers, models.

Copy on write: nothing is mutated, and what does not change is the same object. Images, ids, tool names and usage are
left alone.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from enum import Enum
from functools import lru_cache
from numbers import Number
from typing import Any
from uuid import UUID

from lc_guard.errors import UnsupportedInput

Change = Callable[[str], str]

Inside = Callable[[str, str | None], Change]
"""Gives the change of texts in a call of a tool, from its name and that of the argument that they stand in, if any."""

MAX_DEPTH = 100
"""Levels of containers that are walked; deeper ones are refused."""

JSON_KEYS = frozenset({"arguments", "partial_json"})
"""Keys of content blocks and provider fields whose text is JSON."""

# Keys of content blocks and provider fields that hold an id, an address, a setting or encoded bytes: not changed,
# unless there is a blank in it, which none of those has.
LEFT_ALONE = frozenset(
    {
        "type", "id", "index", "name", "role", "status", "mime_type", "media_type", "source_type", "format", "detail",
        "url", "file_url", "file_id", "file_data", "base64", "data", "image_url", "input_audio", "signature",
        "encrypted_content", "encrypted_index", "tool_call_id", "tool_use_id", "call_id", "item_id", "container_id",
        "cache_control",
    }
)  # fmt: skip
_MEDIA = frozenset(
    {"image", "image_url", "audio", "input_audio", "video", "file", "input_file", "input_image", "media", "document"}
)
_ROLES = frozenset({"system", "developer", "user", "human", "assistant", "ai", "tool", "function"})
_DATA = frozenset({"args", "input", "output", "value", "parsed"})
_NAME = re.compile(r"[a-z_$][A-Za-z0-9_$.-]*|")
_JSON_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|[{}\[\]]')
_PLAIN = (Number, UUID, dt.date, dt.time, dt.timedelta, dt.tzinfo, Enum)


def texts_of(value: Any, *, keys: Collection[str] | None = None, strict: bool = True) -> list[str]:
    """Return every text of a value, in order.

    Args:
        value: What an `Anonymize` step takes.
        keys: Keys of a mapping that are walked; None walks all.
        strict: False leaves out what can't be walked.

    Raises:
        UnsupportedInput: If the value, or something in it, can't be walked and `strict` is set.
    """
    texts: list[str] = []

    def note(text: str) -> str:
        texts.append(text)
        return text

    map_texts(value, note, keys=keys, strict=strict)
    return texts


def map_texts(
    value: Any,
    change: Change,
    *,
    keys: Collection[str] | None = None,
    strict: bool = True,
    inside: Inside | None = None,
) -> Any:
    """Return a value in which every text is changed.

    Args:
        value: A str, PromptValue, message, Document, Pydantic model, dataclass, or a container of them.
        change: Gives the new text for a text; called once for each, in order.
        keys: Keys of a mapping that are walked, the others are left alone; None walks all.
        strict: Whether what can't hold text, or can't be looked into, is refused at the top and bytes and unknown
            objects anywhere; otherwise it is left alone.
        inside: Gives the change of texts in arguments of tool calls; None takes `change`.

    Raises:
        UnsupportedInput: If something can't be walked, or is nested deeper than `MAX_DEPTH`.
    """
    walk = _Walk(change, strict=strict, inside=inside)
    if keys is not None:
        return walk.chosen(value, keys)
    if strict and (value is None or isinstance(value, _PLAIN)) and not isinstance(value, str):
        raise UnsupportedInput(f"expected a text, message, prompt, document or container of them, got {_kind(value)}")
    return walk.data(value, 0)


class _Walk:
    """One walk with one change."""

    def __init__(self, change: Change, *, strict: bool, inside: Inside | None = None) -> None:
        self._change = change
        self._strict = strict
        self._inside = inside

    def chosen(self, value: Any, keys: Collection[str]) -> Any:
        if not isinstance(value, Mapping):
            if self._strict:
                raise UnsupportedInput(f"keys={sorted(keys)!r} needs a mapping, got {_kind(value)}")
            return self.data(value, 0)
        missing = [key for key in keys if key not in value]
        if missing and self._strict:
            raise UnsupportedInput(f"the input has no key {', '.join(map(repr, missing))} (named in keys=)")
        return _updated(value, {key: self.data(value[key], 1) for key in keys if key in value})

    def data(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self._change(value) if value else value
        if value is None or isinstance(value, _PLAIN):
            return value
        if depth > MAX_DEPTH:
            raise UnsupportedInput(f"the input is nested deeper than {MAX_DEPTH} levels")
        if isinstance(value, Mapping):
            return self.mapping(value, depth)
        if isinstance(value, list | tuple | set | frozenset):
            return self.items(value, lambda item: self.data(item, depth + 1))
        return self.instance(value, depth)

    def instance(self, value: Any, depth: int) -> Any:
        """Walk an object with fields: LangChain's, Pydantic's or a dataclass."""
        langchain = _langchain()
        if isinstance(value, langchain.BaseMessage):
            return self.message(value, depth)
        if isinstance(value, langchain.Document):
            return self.document(value, depth)
        if isinstance(value, langchain.PromptValue):
            return self.prompt(value, depth)
        if isinstance(value, langchain.BaseModel):
            return self.model(value, [*type(value).model_fields, *(value.model_extra or ())], depth)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self.record(value, depth)
        if self._strict:
            raise UnsupportedInput(
                f"can't look for text in {_kind(value)}: turn it into text first, or name the keys that hold text "
                "with Anonymize(guard, keys=[...])"
            )
        return value

    def mapping(self, value: Mapping[Any, Any], depth: int) -> Any:
        """Walk a mapping: its items, and those of its keys that are data rather than names.

        The keys of the outermost one name the chain's variables. Messages and media blocks as plain mappings are walked
        as what they are.
        """
        if _one_of(value.get("type"), _MEDIA) or (_one_of(value.get("role"), _ROLES) and "content" in value):
            return self.block(value, depth)
        changed = {key: self.data(item, depth + 1) for key, item in value.items()}
        if depth:
            keys = {key: self._change(key) for key in value if isinstance(key, str) and not _NAME.fullmatch(key)}
            if any(new != key for key, new in keys.items()):
                return {keys.get(key, key): item for key, item in changed.items()}
        return _updated(value, changed)

    def items(self, value: Any, change: Callable[[Any], Any]) -> Any:
        changed = [change(item) for item in value]
        if all(new is old for new, old in zip(changed, value, strict=True)):
            return value
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*changed)
        return changed if type(value) is list else type(value)(changed)

    def record(self, value: Any, depth: int) -> Any:
        changed = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        changed = {name: (item, self.data(item, depth + 1)) for name, item in changed.items()}
        changed = {name: new for name, (old, new) in changed.items() if new is not old}
        if not changed:
            return value
        twin = copy.copy(value)  # not `dataclasses.replace`: it refuses fields that its constructor does not take
        for name, new in changed.items():
            object.__setattr__(twin, name, new)
        return twin

    def model(self, value: Any, names: Iterable[str], depth: int) -> Any:
        changed = {name: self.data(getattr(value, name), depth + 1) for name in names}
        changed = {name: item for name, item in changed.items() if item is not getattr(value, name)}
        return value.model_copy(update=changed) if changed else value

    def document(self, value: Any, depth: int) -> Any:
        changed = {
            "page_content": self.data(value.page_content, depth + 1),
            "metadata": self.arguments(value.metadata, depth + 1),
        }
        same = changed["page_content"] == value.page_content and changed["metadata"] is value.metadata
        return value if same else value.model_copy(update=changed)

    def prompt(self, value: Any, depth: int) -> Any:
        if hasattr(value, "messages"):
            return self.model(value, ("messages",), depth)
        if hasattr(value, "text"):
            return self.model(value, ("text",), depth)
        return value

    def message(self, message: Any, depth: int) -> Any:
        changed: dict[str, Any] = {"content": self.content(message.content, depth + 1)}
        if message.additional_kwargs:
            changed["additional_kwargs"] = self.block(message.additional_kwargs, depth + 1)
        if message.type.lower().startswith("human"):
            changed["name"] = self.data(message.name, depth)
            if name := message.additional_kwargs.get("name"):
                changed["additional_kwargs"] = _updated(changed["additional_kwargs"], {"name": self.data(name, depth)})
        if getattr(message, "artifact", None) is not None:  # anything a tool made; tracers show it
            changed["artifact"] = _Walk(self._change, strict=False).data(message.artifact, depth + 1)
        for name in ("tool_calls", "invalid_tool_calls", "tool_call_chunks"):
            calls = getattr(message, name, None)
            if calls:
                changed[name] = self.items(calls, lambda call: self.call(call, depth + 2))
        changed = {name: item for name, item in changed.items() if item is not getattr(message, name)}
        return message.model_copy(update=changed) if changed else message

    def content(self, content: Any, depth: int) -> Any:
        if isinstance(content, str):
            return self.data(content, depth)
        return self.items(
            content, lambda item: self.block(item, depth + 1) if isinstance(item, dict) else self.data(item, depth)
        )

    def block(self, block: Mapping[str, Any], depth: int) -> Any:
        """Walk a content block or a provider's field."""
        if depth > MAX_DEPTH:
            raise UnsupportedInput(f"the input is nested deeper than {MAX_DEPTH} levels")
        return _updated(block, {key: self.field(block, key, item, depth) for key, item in block.items()})

    def field(self, block: Mapping[str, Any], key: str, item: Any, depth: int) -> Any:
        if isinstance(item, bytes | bytearray) or (key in LEFT_ALONE and not _has_words(block, key, item)):
            return item
        if isinstance(item, str) and (key in JSON_KEYS or key in ("args", "input")):
            return self.json(item, tool=str(block.get("name") or ""))
        if key in JSON_KEYS or key in _DATA:
            return self.arguments(item, depth, tool=str(block.get("name") or "") if key in ("args", "input") else None)
        if isinstance(item, Mapping):
            return self.block(item, depth + 1)
        if isinstance(item, list):
            return self.items(
                item,
                lambda part: self.block(part, depth + 1) if isinstance(part, Mapping) else self.data(part, depth + 1),
            )
        return self.data(item, depth + 1)

    def call(self, call: Mapping[str, Any], depth: int) -> Any:
        args, tool = call.get("args"), str(call.get("name") or "")
        is_text = isinstance(args, str)
        changed: dict[str, Any] = {"args": args}
        changed["args"] = self.json(str(args), tool=tool) if is_text else self.arguments(args, depth, tool=tool)
        if call.get("error"):  # a parser's message quotes the arguments
            changed["error"] = self.data(call["error"], depth)
        return _updated(call, changed)

    def arguments(self, args: Any, depth: int, *, tool: str | None = None) -> Any:
        """Walk the arguments of a tool call: their names are the tool's, what is deeper is data."""
        if isinstance(args, Mapping):
            return _updated(args, {key: self._at(tool, key).data(item, depth + 1) for key, item in args.items()})
        return self._at(tool, None).data(args, depth + 1)

    def _at(self, tool: str | None, argument: Any) -> _Walk:
        """Return the walk of what is inside a call of a tool."""
        if self._inside is None or not isinstance(tool, str):
            return self
        return _Walk(self._inside(tool, argument if isinstance(argument, str) else None), strict=self._strict)

    def json(self, text: str, *, tool: str | None = None) -> str:
        """Walk JSON in its strings, so that it stays valid and all else in it as it is; other text is taken whole."""
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError):
            parsed = None
        walk = self._at(tool, None)
        if not isinstance(parsed, dict | list | str):
            return str(walk.data(text, 0))
        level = 0

        def token(match: re.Match[str]) -> str:
            nonlocal level, walk
            string, colon = match.groups()
            if string is None:
                level += 1 if match[0] in "{[" else -1
                return match[0]
            old = json.loads(string)
            if colon and level == 1:
                walk = self._at(tool, old)
            if not old or (colon and (level == 1 or _NAME.fullmatch(old))):
                return match[0]
            new = walk.data(old, 0)
            return match[0] if new == old else json.dumps(new, ensure_ascii="\\u" in string) + (colon or "")

        changed = _JSON_TOKEN.sub(token, text)
        return text if changed == text else changed


def _one_of(value: Any, names: Collection[str]) -> bool:
    return isinstance(value, str) and value in names


def _has_words(block: Mapping[str, Any], key: str, item: Any) -> bool:
    """Return whether there are words of people under a key that is left alone elsewhere."""
    if isinstance(item, str) and " " in item:
        return True
    if key == "data":
        return block.get("type") == "text"  # the source of a document block
    return key == "name" and (_one_of(block.get("type"), _MEDIA) or block.get("role") == "user" or "source" in block)


def _updated(value: Mapping[Any, Any], changed: Mapping[Any, Any]) -> Any:
    """Return a mapping of the same type with new items, or the same object if none is new."""
    if all(item is value[key] for key, item in changed.items()):
        return value
    twin = value.copy() if hasattr(value, "copy") else dict(value)
    twin.update(changed)
    return twin


def _kind(value: Any) -> str:
    return "None" if value is None else f"an object of type {type(value).__name__}"


@dataclasses.dataclass(frozen=True, slots=True)
class _Langchain:
    BaseMessage: type[Any]
    BaseModel: type[Any]
    Document: type[Any]
    PromptValue: type[Any]


@lru_cache(maxsize=1)
def _langchain() -> _Langchain:
    """Return LangChain's types, loaded at the first value that is not plain: they cost half a second."""
    from langchain_core.documents import Document  # noqa: PLC0415
    from langchain_core.messages import BaseMessage  # noqa: PLC0415
    from langchain_core.prompt_values import PromptValue  # noqa: PLC0415
    from pydantic import BaseModel  # noqa: PLC0415

    return _Langchain(BaseMessage, BaseModel, Document, PromptValue)
