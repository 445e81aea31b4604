"""The one walk over every text in a value: strings, messages, blocks, tool calls, documents, containers, models.

Copy on write: nothing is mutated, and what does not change is the same object. Names, ids, addresses and numbers are
left alone, unless the walk is on the way to a model: see docs/design/provider-requests.md.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Collection, Mapping
from enum import Enum
from functools import lru_cache
from numbers import Number
from typing import Any, Self
from uuid import UUID

from lc_guard.errors import UnsupportedInput
from lc_guard.langchain.content_blocks import MAX_DEPTH, MEDIA, NAME, ROLES, one_of, updated, walk_block, walk_call
from lc_guard.langchain.field_objects import walk_document, walk_model, walk_prompt, walk_record

Change = Callable[[str], str]

Inside = Callable[[str, str | None], Change]
"""Gives the change of texts in a call of a tool, from its name and that of the argument that they stand in, if any."""

KEPT = "lc_guard_received"
"""Key of `additional_kwargs` under which a message keeps how its signed blocks were received; see `signed_blocks`."""

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

    walk = TextWalk(note, strict=strict, beside=None if beside is None else beside.note)
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
    return TextWalk(change, strict=strict, beside=beside, inside=inside).all(value, keys)


def map_block(block: Mapping[str, Any], change: Change) -> Any:
    """Return a content block, or a provider's field, in which every text is changed; what can't be walked is left."""
    return walk_block(TextWalk(change, strict=False), block, 1)


class TextWalk:
    """One walk with one change of texts, and on the way to a model one of what stands beside them."""

    def __init__(
        self, change: Change, *, strict: bool, beside: Change | None = None, inside: Inside | None = None
    ) -> None:
        self.change = change
        self.strict = strict
        self.beside = beside
        self.inside = inside
        self.fixed: list[str] | None = None

    def loose(self) -> Self:
        """Return the same walk, which leaves alone what can't be looked into."""
        twin = copy.copy(self)
        twin.strict = False
        return twin

    def all(self, value: Any, keys: Collection[str] | None) -> Any:
        """Walk a value, or only some keys of a mapping."""
        if keys is not None:
            return self.chosen(value, keys)
        if self.strict and (value is None or isinstance(value, _PLAIN)) and not isinstance(value, str):
            wanted = "a text, message, prompt, document or container of them"
            raise UnsupportedInput(f"expected {wanted}, got {_kind(value)}")
        return self.data(value, 0)

    def chosen(self, value: Any, keys: Collection[str]) -> Any:
        """Walk some keys of a mapping."""
        if not isinstance(value, Mapping):
            if self.strict:
                raise UnsupportedInput(f"keys={sorted(keys)!r} needs a mapping, got {_kind(value)}")
            return self.data(value, 0)
        missing = [key for key in keys if key not in value]
        if missing and self.strict:
            raise UnsupportedInput(f"the input has no key {', '.join(map(repr, missing))} (named in keys=)")
        return updated(value, {key: self.data(value[key], 1) for key in keys if key in value})

    def data(self, value: Any, depth: int) -> Any:
        """Walk any value."""
        if isinstance(value, str):
            return self.change(value) if value else value
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
            return walk_document(self, value, depth)
        if isinstance(value, langchain.PromptValue):
            return walk_prompt(self, value, depth)
        if isinstance(value, langchain.BaseModel):
            return walk_model(self, value, [*type(value).model_fields, *(value.model_extra or ())], depth, whole=True)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return walk_record(self, value, depth)
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
        if one_of(value.get("type"), MEDIA) or (one_of(value.get("role"), ROLES) and "content" in value):
            return walk_block(self, value, depth)
        changed = {key: self.data(item, depth + 1) for key, item in value.items()}
        return self.keyed(value, changed) if depth else updated(value, changed)

    def keyed(self, value: Mapping[Any, Any], changed: Mapping[Any, Any]) -> Any:
        """Put new items into a mapping, and new keys where a key is data or holds a known value."""
        keys = {key: self.key(key) for key in value if isinstance(key, str)}
        if any(new != key for key, new in keys.items()):
            return {keys.get(key, key): item for key, item in changed.items()}
        return updated(value, changed)

    def key(self, key: str) -> str:
        """Take a key of a mapping: a name of a program's, or data."""
        if NAME.fullmatch(key):
            return self.beside(key) if self.beside is not None and key else key
        return self.change(key)

    def number(self, number: float) -> Any:
        """Write a number as text where it is a value; that is a whole one, since nothing is cut out of a number."""
        if self.beside is None or -_MANY < number < _MANY or isinstance(number, Enum) or number % 1 != 0:
            return number
        new = self.beside(said := str(int(number)))
        return number if new == said else new

    def name(self, name: Any) -> Any:
        """Write a name or an id in letters that providers take for one, where something is hidden in it."""
        if self.beside is None or not isinstance(name, str) or not name or _MADE.fullmatch(name):
            return name
        new = self.joined(name, self.beside, "\u00a0")
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

        if self.beside is None or address[:5].lower() == "data:":
            return str(self.encoded({}, address))
        if not fetched:
            return self.beside(address)
        if self.fixed is not None and (read := read_address(address)):
            self.fixed.append(read)
        return address

    def encoded(self, block: Mapping[str, Any], item: Any) -> Any:
        """Walk what is left alone elsewhere, such as encoded bytes, in case it is a file of text."""
        from lc_guard.langchain.addresses import map_encoded  # noqa: PLC0415 - few texts hold one

        return map_encoded(item, block.get("mime_type") or block.get("media_type"), self.change)

    def items(self, value: Any, change: Callable[[Any], Any]) -> Any:
        """Walk the items of a container."""
        changed = [change(item) for item in value]
        if all(new is old for new, old in zip(changed, value, strict=True)):
            return value
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*changed)
        return changed if type(value) is list else type(value)(changed)

    def message(self, message: Any, depth: int) -> Any:
        """Walk a message."""
        extra = message.model_extra or {}
        held = vars(message) if not extra else {**vars(message), **extra}
        changed: dict[str, Any] = {"content": self.content(message.content, depth + 1)}
        if message.additional_kwargs:
            changed["additional_kwargs"] = walk_block(self, message.additional_kwargs, depth + 1)
        changed |= self.called(message, held, changed.get("additional_kwargs"), depth)
        others = extra if held.get("artifact") is None else {**extra, "artifact": held["artifact"]}
        if others:  # anything a tool made
            loose = self.loose()
            changed |= {name: loose.data(item, depth + 1) for name, item in others.items()}
        for name in ("tool_calls", "invalid_tool_calls", "tool_call_chunks"):
            if calls := held.get(name):
                changed[name] = self.items(calls, lambda call: walk_call(self, call, depth + 2))
        changed = {name: item for name, item in changed.items() if item is not held.get(name)}
        return message.model_copy(update=changed) if changed else message

    def called(self, message: Any, held: Mapping[str, Any], kwargs: Any, depth: int) -> dict[str, Any]:
        """Walk what a message and whoever says it are called; a human's name is a text."""
        changed: dict[str, Any] = {}
        if self.beside is not None:
            changed = {name: self.name(held[name]) for name in ("id", "name", "role", "tool_call_id") if name in held}
        if message.type.lower().startswith("human"):
            changed["name"] = self.spoken(message.name, depth)
            if name := message.additional_kwargs.get("name"):
                changed["additional_kwargs"] = updated(kwargs, {"name": self.spoken(name, depth)})
        return changed

    def spoken(self, name: Any, depth: int) -> Any:
        """Walk the name of somebody who speaks: it is a text, and on the way to a model one of few letters."""
        if self.beside is None or not isinstance(name, str) or not name:
            return self.data(name, depth)
        new = self.joined(name, self.change, " ")
        return name if new == name else _NOT_IN_NAMES.sub("_", new).strip("_")

    def content(self, content: Any, depth: int) -> Any:
        """Walk the content of a message."""
        if isinstance(content, str):
            return self.data(content, depth)
        return self.items(
            content,
            lambda item: walk_block(self, item, depth + 1) if isinstance(item, Mapping) else self.data(item, depth),
        )

    def arguments(self, args: Any, depth: int, *, tool: str | None = None) -> Any:
        """Walk the arguments of a tool call, whatever they are called."""
        if isinstance(args, Mapping):
            return self.keyed(args, {key: self.at(tool, key).data(item, depth + 1) for key, item in args.items()})
        return self.at(tool, None).data(args, depth + 1)

    def at(self, tool: str | None, argument: Any) -> TextWalk:
        """Return the walk of what is inside a call of a tool."""
        if self.inside is None or not isinstance(tool, str):
            return self
        inside = self.inside(tool, argument if isinstance(argument, str) else None)
        return TextWalk(inside, strict=self.strict, beside=self.beside)

    def json(self, text: str, *, tool: str | None = None) -> str:
        """Walk JSON in its strings; see `lc_guard.langchain.json_text`."""
        from lc_guard.langchain.json_text import walk_json  # noqa: PLC0415 - few texts are JSON

        return walk_json(self, text, tool=tool)


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
