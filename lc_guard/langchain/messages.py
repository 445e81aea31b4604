"""The one walk over every text in a value: strings, messages, blocks, tool calls, documents, containers, models.

Copy on write: nothing is mutated, and what does not change is the same object. Names, ids, addresses and numbers are
left alone, unless the walk is on the way to a model: see docs/design/provider-requests.md.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from enum import Enum
from functools import lru_cache
from numbers import Number
from typing import Any, Self
from uuid import UUID

from lc_guard.errors import UnsupportedInput

Change = Callable[[str], str]

Inside = Callable[[str, str | None], Change]
"""Gives the change of texts in a call of a tool, from its name and that of the argument that they stand in, if any."""

MAX_DEPTH = 100
"""Levels of containers that are walked; deeper ones are refused."""

JSON_KEYS = frozenset({"arguments", "partial_json"})
"""Keys of content blocks and provider fields whose text is JSON."""

KEPT = "lc_guard_received"
"""Key of `additional_kwargs` under which a message keeps how its signed blocks were received; see `signed_blocks`."""

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
_PARTED = re.compile(r"[_-]+")
_PARTED_NAME = re.compile(r"[^\W\d_]+(?:[_-]+[^\W\d_]+)+")
# Ids as LangChain and providers make them: nobody's words. There are several in each message.
_MADE = re.compile(
    r"(?:[a-z_]+-+)*[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:-\d+)?"
    r"|(?:call|toolu|tooluse|srvtoolu|msg|fc|rs|resp|chatcmpl)[_-](?=[A-Za-z_-]*[0-9])[0-9A-Za-z_-]{8,}"
)
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]+")
_MANY = 100_000
"""Numbers from which one may be a telephone number or an account."""

_MEDIA = frozenset(
    {"image", "image_url", "audio", "input_audio", "video", "file", "input_file", "input_image", "media", "document"}
)
_ROLES = frozenset({"system", "developer", "user", "human", "assistant", "ai", "tool", "function"})
_DATA = frozenset({"args", "input", "output", "value", "parsed"})
_NAME = re.compile(r"[a-z_$][A-Za-z0-9_$.-]*|")
_PLAIN = (Number, UUID, dt.date, dt.time, dt.timedelta, dt.tzinfo, Enum)


class Beside:
    """What stands beside the texts of a value, as it is sent to a model.

    Attributes:
        names: Names, ids, keys and numbers, which are written anew where something is hidden in them.
        fixed: Addresses of images and files as they read: the provider fetches them, so that they can't be changed.
    """

    __slots__ = ("fixed", "names")

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        self.fixed: list[str] = []

    def note(self, text: str) -> str:
        """Take a name, and leave it as it is."""
        self.names[text] = None
        return text


def texts_of(
    value: Any, *, keys: Collection[str] | None = None, strict: bool = True, beside: Beside | None = None
) -> list[str]:
    """Return every text of a value, in order.

    Args:
        value: What an `Anonymize` step takes.
        keys: Keys of a mapping that are walked; None walks all.
        strict: False leaves out what can't be walked.
        beside: Is given what stands beside the texts; None leaves that alone.

    Raises:
        UnsupportedInput: If the value, or something in it, can't be walked and `strict` is set.
    """
    texts: list[str] = []

    def note(text: str) -> str:
        texts.append(text)
        return text

    walk = _Walk(note, strict=strict, beside=None if beside is None else beside.note)
    walk.fixed = None if beside is None else beside.fixed
    walk.all(value, keys)
    return texts


def map_texts(
    value: Any,
    change: Change,
    *,
    keys: Collection[str] | None = None,
    strict: bool = True,
    beside: Change | None = None,
    inside: Inside | None = None,
) -> Any:
    """Return a value in which every text is changed.

    Args:
        value: A str, PromptValue, message, Document, Pydantic model, dataclass, or a container of them.
        change: Gives the new text for a text; called once for each, in order.
        keys: Keys of a mapping that are walked, the others are left alone; None walks all.
        strict: Whether what can't hold text, or can't be looked into, is refused at the top and bytes and unknown
            objects anywhere; otherwise it is left alone.
        beside: Gives what is sent to a model for a name, an id, a key or a number; None leaves those alone.
        inside: Gives the change of texts in arguments of tool calls; None takes `change`.

    Raises:
        UnsupportedInput: If something can't be walked, or is nested deeper than `MAX_DEPTH`.
    """
    return _Walk(change, strict=strict, beside=beside, inside=inside).all(value, keys)


def map_block(block: Mapping[str, Any], change: Change) -> Any:
    """Return a content block, or a provider's field, in which every text is changed; what can't be walked is left."""
    return _Walk(change, strict=False).block(block, 1)


class _Walk:
    """One walk with one change of texts, and on the way to a model one of what stands beside them."""

    def __init__(
        self, change: Change, *, strict: bool, beside: Change | None = None, inside: Inside | None = None
    ) -> None:
        self._change = change
        self.strict = strict
        self._beside = beside
        self._inside = inside
        self.fixed: list[str] | None = None

    def loose(self) -> Self:
        """Return the same walk, which leaves alone what can't be looked into."""
        twin = copy.copy(self)
        twin.strict = False
        return twin

    def all(self, value: Any, keys: Collection[str] | None) -> Any:
        if keys is not None:
            return self.chosen(value, keys)
        if self.strict and (value is None or isinstance(value, _PLAIN)) and not isinstance(value, str):
            wanted = "a text, message, prompt, document or container of them"
            raise UnsupportedInput(f"expected {wanted}, got {_kind(value)}")
        return self.data(value, 0)

    def chosen(self, value: Any, keys: Collection[str]) -> Any:
        if not isinstance(value, Mapping):
            if self.strict:
                raise UnsupportedInput(f"keys={sorted(keys)!r} needs a mapping, got {_kind(value)}")
            return self.data(value, 0)
        missing = [key for key in keys if key not in value]
        if missing and self.strict:
            raise UnsupportedInput(f"the input has no key {', '.join(map(repr, missing))} (named in keys=)")
        return _updated(value, {key: self.data(value[key], 1) for key in keys if key in value})

    def data(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self._change(value) if value else value
        if value is None or isinstance(value, _PLAIN):
            return self.number(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
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
            return self.model(value, [*type(value).model_fields, *(value.model_extra or ())], depth, whole=True)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self.record(value, depth)
        if self.strict:
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
        return self.keyed(value, changed) if depth else _updated(value, changed)

    def keyed(self, value: Mapping[Any, Any], changed: Mapping[Any, Any]) -> Any:
        """Put new items into a mapping, and new keys where a key is data or holds a known value."""
        keys = {key: self.key(key) for key in value if isinstance(key, str)}
        if any(new != key for key, new in keys.items()):
            return {keys.get(key, key): item for key, item in changed.items()}
        return _updated(value, changed)

    def key(self, key: str) -> str:
        if _NAME.fullmatch(key):
            return self._beside(key) if self._beside is not None and key else key
        return self._change(key)

    def number(self, number: float) -> Any:
        """Write a number as text where it is a value; that is a whole one, since nothing is cut out of a number."""
        if self._beside is None or -_MANY < number < _MANY or isinstance(number, Enum) or number % 1 != 0:
            return number
        new = self._beside(said := str(int(number)))
        return number if new == said else new

    def name(self, name: Any) -> Any:
        """Write a name or an id in letters that providers take for one, where something is hidden in it."""
        if self._beside is None or not isinstance(name, str) or not name or _MADE.fullmatch(name):
            return name
        new = self.joined(name, self._beside, "\u00a0")
        return name if new == name else _NOT_IN_NAMES.sub("_", new).strip("_")

    def joined(self, name: str, change: Change, blank: str) -> str:
        """Change a name, also as it reads with blanks in it: Jane_Doe."""
        new = change(name)
        if not _PARTED_NAME.fullmatch(name):
            return new
        read = _PARTED.sub(blank, name)
        said = change(read)
        return new if said == read else said

    def address(self, address: str, *, fetched: bool) -> str:
        """Take an address; one that the provider fetches stays as it is."""
        from lc_guard.langchain.addresses import read_address  # noqa: PLC0415 - few texts hold one

        if self._beside is None or address[:5].lower() == "data:":
            return str(self.encoded({}, address))
        if not fetched:
            return self._beside(address)
        if self.fixed is not None and (read := read_address(address)):
            self.fixed.append(read)
        return address

    def encoded(self, block: Mapping[str, Any], item: Any) -> Any:
        """Walk what is left alone elsewhere, such as encoded bytes, in case it is a file of text."""
        from lc_guard.langchain.addresses import map_encoded  # noqa: PLC0415 - few texts hold one

        return map_encoded(item, block.get("mime_type") or block.get("media_type"), self._change)

    def items(self, value: Any, change: Callable[[Any], Any]) -> Any:
        changed = [change(item) for item in value]
        if all(new is old for new, old in zip(changed, value, strict=True)):
            return value
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*changed)
        return changed if type(value) is list else type(value)(changed)

    def record(self, value: Any, depth: int) -> Any:
        changed = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        changed |= getattr(value, "__dict__", {})  # what was set on it is no field
        changed = {name: (item, self.data(item, depth + 1)) for name, item in changed.items()}
        changed = {name: new for name, (old, new) in changed.items() if new is not old}
        if not changed:
            return value
        twin = copy.copy(value)  # not `dataclasses.replace`: it refuses fields that its constructor does not take
        for name, new in changed.items():
            object.__setattr__(twin, name, new)
        return twin

    def model(self, value: Any, names: Iterable[str], depth: int, *, whole: bool = False) -> Any:
        changed = {name: self.data(getattr(value, name), depth + 1) for name in names}
        changed = {name: item for name, item in changed.items() if item is not getattr(value, name)}
        twin = value.model_copy(update=changed) if changed else value
        return self.private(value, twin, depth) if whole else twin

    def private(self, value: Any, twin: Any, depth: int) -> Any:
        """Walk what a Pydantic model holds that is no field: private attributes and what properties have kept."""
        loose = self.loose()  # clients and locks may stand there
        for name, own in (("__dict__", type(value).model_fields), ("__pydantic_private__", ())):
            held = getattr(value, name, None) or {}
            items = {key: loose.data(item, depth + 1) for key, item in held.items() if key not in own}
            items = {key: item for key, item in items.items() if item is not held[key]}
            if items:
                twin = value.model_copy() if twin is value else twin
                getattr(twin, name).update(items)
        return twin

    def document(self, value: Any, depth: int) -> Any:
        changed = {
            "page_content": self.data(value.page_content, depth + 1),
            "metadata": self.arguments(value.metadata, depth + 1),
        }
        if value.id and (self._beside is not None or not _NAME.fullmatch(value.id)):
            changed["id"] = self.key(value.id)
        same = all(new is getattr(value, name) for name, new in changed.items())
        return value if same else value.model_copy(update=changed)

    def prompt(self, value: Any, depth: int) -> Any:
        if hasattr(value, "messages"):
            return self.model(value, ("messages",), depth)
        if hasattr(value, "text"):
            return self.model(value, ("text",), depth)
        return value

    def message(self, message: Any, depth: int) -> Any:
        extra = message.model_extra or {}
        held = vars(message) if not extra else {**vars(message), **extra}
        changed: dict[str, Any] = {"content": self.content(message.content, depth + 1)}
        if message.additional_kwargs:
            changed["additional_kwargs"] = self.block(message.additional_kwargs, depth + 1)
        changed |= self.called(message, held, changed.get("additional_kwargs"), depth)
        others = extra if held.get("artifact") is None else {**extra, "artifact": held["artifact"]}
        if others:  # anything a tool made
            loose = self.loose()
            changed |= {name: loose.data(item, depth + 1) for name, item in others.items()}
        for name in ("tool_calls", "invalid_tool_calls", "tool_call_chunks"):
            if calls := held.get(name):
                changed[name] = self.items(calls, lambda call: self.call(call, depth + 2))
        changed = {name: item for name, item in changed.items() if item is not held.get(name)}
        return message.model_copy(update=changed) if changed else message

    def called(self, message: Any, held: Mapping[str, Any], kwargs: Any, depth: int) -> dict[str, Any]:
        """Walk what a message and whoever says it are called; a human's name is a text."""
        changed: dict[str, Any] = {}
        if self._beside is not None:
            changed = {name: self.name(held[name]) for name in ("id", "name", "role", "tool_call_id") if name in held}
        if message.type.lower().startswith("human"):
            changed["name"] = self.spoken(message.name, depth)
            if name := message.additional_kwargs.get("name"):
                changed["additional_kwargs"] = _updated(kwargs, {"name": self.spoken(name, depth)})
        return changed

    def spoken(self, name: Any, depth: int) -> Any:
        """Walk the name of somebody who speaks: it is a text, and on the way to a model one of few letters."""
        if self._beside is None or not isinstance(name, str) or not name:
            return self.data(name, depth)
        new = self.joined(name, self._change, " ")
        return name if new == name else _NOT_IN_NAMES.sub("_", new).strip("_")

    def content(self, content: Any, depth: int) -> Any:
        if isinstance(content, str):
            return self.data(content, depth)
        return self.items(
            content, lambda item: self.block(item, depth + 1) if isinstance(item, Mapping) else self.data(item, depth)
        )

    def block(self, block: Mapping[str, Any], depth: int) -> Any:
        """Walk a content block or a provider's field."""
        if depth > MAX_DEPTH:
            raise UnsupportedInput(f"the input is nested deeper than {MAX_DEPTH} levels")
        on_the_way = _NAMES | _ADDRESSES if self._beside is not None else ()
        changed = {
            key: (self.named if key in on_the_way else self.field)(block, key, item, depth)
            for key, item in block.items()
        }
        plain = all(isinstance(key, str) and _NAME.fullmatch(key) for key in block)
        return _updated(block, changed) if plain else self.keyed(block, changed)

    def field(self, block: Mapping[str, Any], key: str, item: Any, depth: int) -> Any:
        if isinstance(item, bytes | bytearray) or (key in LEFT_ALONE and self.is_left(block, key, item)):
            return self.encoded(block, item) if isinstance(item, bytes | bytearray) or key in _ENCODED else item
        if isinstance(item, str) and (key in JSON_KEYS or key in ("args", "input")):
            return self.json(item, tool=str(block.get("name") or ""))
        if key in JSON_KEYS or key in _DATA:
            return self.arguments(item, depth, tool=str(block.get("name") or "") if key in ("args", "input") else None)
        if isinstance(item, Mapping):
            return self.block(item, depth + 1)
        if isinstance(item, list):
            return self.content(item, depth)
        return self.data(item, depth + 1)

    def is_left(self, block: Mapping[str, Any], key: str, item: Any) -> bool:
        """Return whether a setting, encoded bytes or the like are left alone; on the way to a model no container is."""
        return not _has_words(block, key, item) and (
            self._beside is None or not isinstance(item, Mapping | list | tuple)
        )

    def named(self, block: Mapping[str, Any], key: str, item: Any, depth: int) -> Any:
        """Walk a name, an id or an address on the way to a model."""
        if isinstance(item, Mapping):
            return self.block(item, depth + 1)
        if isinstance(item, list | tuple):
            return self.items(item, lambda part: self.named(block, key, part, depth + 1))
        if not isinstance(item, str):
            return item
        if key in _ADDRESSES:
            kind = block.get("type")
            return self.address(item, fetched=not (isinstance(kind, str) and any(part in kind for part in _QUOTED)))
        return self.data(item, depth + 1) if key == "name" and _has_words(block, key, item) else self.name(item)

    def call(self, call: Mapping[str, Any], depth: int) -> Any:
        args, tool = call.get("args"), str(call.get("name") or "")
        is_text = isinstance(args, str)
        changed: dict[str, Any] = {"args": args}
        changed["args"] = self.json(str(args), tool=tool) if is_text else self.arguments(args, depth, tool=tool)
        if self._beside is not None:
            changed |= {name: self.name(call[name]) for name in ("id", "name") if name in call}
        if call.get("error"):  # a parser's message quotes the arguments
            changed["error"] = self.data(call["error"], depth)
        return _updated(call, changed)

    def arguments(self, args: Any, depth: int, *, tool: str | None = None) -> Any:
        """Walk the arguments of a tool call, whatever they are called."""
        if isinstance(args, Mapping):
            return self.keyed(args, {key: self.at(tool, key).data(item, depth + 1) for key, item in args.items()})
        return self.at(tool, None).data(args, depth + 1)

    def at(self, tool: str | None, argument: Any) -> _Walk:
        """Return the walk of what is inside a call of a tool."""
        if self._inside is None or not isinstance(tool, str):
            return self
        inside = self._inside(tool, argument if isinstance(argument, str) else None)
        return _Walk(inside, strict=self.strict, beside=self._beside)

    def json(self, text: str, *, tool: str | None = None) -> str:
        """Walk JSON in its strings; see `lc_guard.langchain.json_text`."""
        from lc_guard.langchain.json_text import walk_json  # noqa: PLC0415 - few texts are JSON

        return walk_json(self, text, tool=tool)


def _one_of(value: Any, names: Collection[str]) -> bool:
    return isinstance(value, str) and value in names


def _has_words(block: Mapping[str, Any], key: str, item: Any) -> bool:
    """Return whether there are words of people under a key that is left alone elsewhere."""
    if isinstance(item, str) and " " in item:
        return True
    if key == CALL_SIGNATURES:
        return not isinstance(item, Mapping) or not all(isinstance(x, str) and " " not in x for x in item.values())
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
