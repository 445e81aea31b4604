"""Restoring a stream of message chunks, and whole values: one restorer for each text that grows.

Growing texts are a message's content, each of its content blocks, and the arguments of each of its tool calls. What is
held back for one of them comes with its next piece, or at the end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple, Protocol

from langchain_core.messages import AIMessage, AIMessageChunk
from pydantic import BaseModel, ValidationError

from lc_guard._placeholders.grammar import Gate
from lc_guard._placeholders.restorer import Restoring, StreamRestorer
from lc_guard.guard import Guard
from lc_guard.langchain.content_blocks import JSON_KEYS, LEFT_ALONE
from lc_guard.langchain.messages import Change, map_texts
from lc_guard.records import Decision
from lc_guard.sessions import Among

_GROWING = ("content", "additional_kwargs", "tool_call_chunks")
_CONTENT = ("content",)
_SHOWN = (None, None)  # no tool, and no argument of one


class _Item(NamedTuple):
    """A step of a path into a list whose elements merge by index."""

    index: Any
    type: str | None


_Path = tuple[str | _Item, ...]


class MakeRestorer(Protocol):
    """Makes a restorer for one text."""

    def __call__(self, *, as_json: bool, tool: str | None = None, argument: str | None = None) -> StreamRestorer:
        """Return a new restorer.

        Args:
            as_json: Whether the text is JSON.
            tool: Name of the tool that the text is sent to; None for what is shown.
            argument: Name of its argument that the text stands in, or None.
        """
        ...


class MessageRestorer:
    """Restores the message chunks of one stream.

    Args:
        make: Gives new restorers.
        json_content: Whether the content of messages is JSON: values in it are then escaped.
    """

    def __init__(self, make: MakeRestorer, *, json_content: bool = False) -> None:
        self._make = make
        self._json_content = json_content
        self._restorers: dict[_Path, StreamRestorer] = {}
        self._tools: dict[tuple[Any, ...], str] = {}
        self._whole = ValueRestorer(make)
        self._message: Any = None

    @property
    def counts(self) -> tuple[int, int]:
        """Placeholders restored, and unknown ones met, so far."""
        return added([*((each.restored, each.unknown) for each in self._restorers.values()), self._whole.total])

    def feed(self, chunk: Any) -> Any:
        """Take a chunk and give what of it can be shown."""
        if (plain := self.feed_plain(chunk)) is not None:
            return plain
        self._message = chunk
        update = {name: self._grow(getattr(chunk, name), (name,)) for name in _GROWING if getattr(chunk, name, None)}
        changed = {name: value for name, value in update.items() if value != getattr(chunk, name)}
        restored = _with(chunk, changed) if changed else chunk
        if getattr(chunk, "chunk_position", None) == "last" and (held := self._held()):
            # whoever adds the chunks up parses tool calls at this one: nothing may come after it
            restored = _with(restored + self._fragment(held), {"chunk_position": "last"})
        return restored

    def feed_plain(self, chunk: Any) -> Any:
        """Do the same for a chunk that is nothing but text, as nearly all are; None for any other."""
        content = chunk.content
        if type(content) is not str or chunk.additional_kwargs or getattr(chunk, "tool_call_chunks", None):
            return None
        if getattr(chunk, "chunk_position", None) is not None:
            return None
        self._message = chunk
        if not content:
            return chunk
        restorer = self._restorers.get(_CONTENT) or self._restorer(_CONTENT, as_json=self._json_content)
        shown = restorer.feed(content)
        return chunk if shown is content or shown == content else chunk.model_copy(update={"content": shown})

    def flush(self) -> Iterator[Any]:
        """Yield what was held back, as one chunk: none when nothing was."""
        if held := self._held():
            yield self._fragment(held)

    def _grow(
        self, value: Any, path: _Path, *, as_json: bool = False, to: tuple[str | None, str | None] = _SHOWN
    ) -> Any:
        """Restore what grows at a path; `to` names the tool that it is sent to and the argument, if any."""
        if isinstance(value, str):
            as_json = as_json or (self._json_content and _is_content(path))
            return self._restorer(path, as_json=as_json, to=to).feed(value) if value else value
        if isinstance(value, list):
            return [self._grow(item, (*path, _item(item, number)), to=to) for number, item in enumerate(value)]
        if isinstance(value, Mapping):
            return {key: self._grow_field(value, key, path, to) for key in value}
        return self._whole.value(value)

    def _grow_field(self, value: Mapping[str, Any], key: str, path: _Path, to: tuple[str | None, str | None]) -> Any:
        item = value[key]
        if key in LEFT_ALONE:
            return item
        as_json = _is_json(key, item)
        if to == _SHOWN and (as_json or (key in ("args", "input") and isinstance(item, Mapping))):
            tool = self._tool(path, value)
            if isinstance(item, Mapping):
                return {name: self._grow(each, (*path, key, name), to=(tool, name)) for name, each in item.items()}
            to = tool, None
        return self._grow(item, (*path, key), as_json=as_json, to=to)

    def _tool(self, path: _Path, call: Mapping[str, Any]) -> str:
        """Return the tool of a call; the first of its pieces names it, and others may be of another type."""
        place = tuple(step.index if isinstance(step, _Item) else step for step in path)
        name = call.get("name")
        if isinstance(name, str) and name:
            self._tools[place] = name
        return self._tools.get(place, "")

    def _restorer(
        self, path: _Path, *, as_json: bool, to: tuple[str | None, str | None] = (None, None)
    ) -> StreamRestorer:
        restorer = self._restorers.get(path)
        if restorer is None:
            tool, argument = to
            restorer = self._restorers[path] = self._make(as_json=as_json, tool=tool, argument=argument)
        return restorer

    def _held(self) -> dict[_Path, str]:
        held = {path: restorer.flush() for path, restorer in self._restorers.items()}
        return {path: text for path, text in held.items() if text}

    def _fragment(self, held: Mapping[_Path, str]) -> Any:
        """Return one chunk that adds the held texts where they belong."""
        whole: Any = None
        for path, text in held.items():
            fields: Any = text
            for step in reversed(path):
                fields = [_element(step, fields)] if isinstance(step, _Item) else {step: fields}
            fields.setdefault("content", "")
            for call in fields.get("tool_call_chunks", ()):
                call.update(id=None, name=None)
            named = {name: getattr(self._message, name, None) for name in ("role", "name", "tool_call_id")}
            fields.update((name, value) for name, value in named.items() if value is not None)
            fragment = type(self._message)(id=self._message.id, **fields)
            whole = fragment if whole is None else whole + fragment
        return whole


def _item(item: Any, number: int) -> _Item:
    if isinstance(item, Mapping):
        index = item.get("index")
        return _Item(number if index is None and "type" not in item else index, item.get("type"))
    return _Item(number, None)


def _element(step: _Item, fields: Any) -> Any:
    if not isinstance(fields, dict):
        return fields
    named = {"type": step.type, "index": step.index}
    return {**{key: value for key, value in named.items() if value is not None}, **fields}


def _is_json(key: str, item: Any) -> bool:
    return key in JSON_KEYS or (key in ("args", "input") and isinstance(item, str))


def _is_content(path: _Path) -> bool:
    """Return whether a path leads to what a message says: its content, or the text of one of its blocks."""
    return path[0] == "content" and (len(path) == 1 or path[-1] == "text" or isinstance(path[-1], _Item))


def _with(chunk: Any, update: Mapping[str, Any]) -> Any:
    """Return a chunk with new fields; tool calls are parsed anew from what their pieces have become."""
    if not update.get("tool_call_chunks") and "chunk_position" not in update:
        return chunk.model_copy(update=dict(update))
    fields = {name: getattr(chunk, name) for name in type(chunk).model_fields}
    for derived in ("tool_calls", "invalid_tool_calls"):
        fields.pop(derived, None)
    return type(chunk)(**{**fields, **update})


def added(counts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """Return the sums of counts of placeholders: restored, and unknown."""
    restored, unknown = zip(*counts, strict=True)
    return sum(restored), sum(unknown)


class SessionRestorers:
    """Makes restorers of a session for one call; the vault is read when the first one is made.

    Args:
        guard: The guard that hid the values.
        session: Session id.
        among: Chooses those that may be put back from placeholders and their values; None takes all.
        at: Where texts go that are sent to no tool.
    """

    def __init__(
        self,
        guard: Guard,
        session: str,
        *,
        among: Among | None = None,
        at: Literal["answer", "documents", "state"] = "answer",
    ) -> None:
        self._guard = guard
        self._session = session
        self._among = among
        self._at = at
        self._values: Any = None
        self._refusals: Any = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._guard.digest(self._session)})"

    def __call__(self, *, as_json: bool, tool: str | None = None, argument: str | None = None) -> StreamRestorer:
        """Return a new restorer; see `MakeRestorer`."""
        if self._values is None:
            self._values = self._guard.session_values.restoring(self._session, among=self._among)
        return self.over(self._values, as_json=as_json, tool=tool, argument=argument)

    def over(
        self, values: Restoring, *, as_json: bool = False, tool: str | None = None, argument: str | None = None
    ) -> StreamRestorer:
        """Return a new restorer of chosen values of the session."""
        if self._at != "answer" and not self._guard.policy.restore:
            return StreamRestorer(values)
        gate = partial(self._gate, as_json=as_json, tool=tool, argument=argument)
        return StreamRestorer(values, gate, gated=as_json or bool(self._guard.policy.restore))

    def refused(self, kinds: Collection[str]) -> None:
        """Count values that the model was never given."""
        self._counts().note("output", list(kinds), 1.0)

    def decisions(self) -> list[Decision]:
        """Return what was decided of placeholders that were not put back: none where all were."""
        return [] if self._refusals is None else self._refusals.decisions(self._guard.digest(self._session))

    def _gate(self, *, as_json: bool, tool: str | None, argument: str | None, plain: bool) -> Gate:
        place: dict[str, Any] = {"tool": tool, "argument": argument, "at": self._at}
        return self._guard.session_values.gate(self._session, self._counts(), as_json=as_json, plain=plain, **place)

    def _counts(self) -> Any:
        if self._refusals is None:
            from lc_guard._engine.egress import Refusals  # noqa: PLC0415 - seldom needed

            self._refusals = Refusals()
        return self._refusals


class ValueRestorer:
    """Restores whole values and counts.

    Args:
        make: Gives new restorers.

    Attributes:
        total: Placeholders restored, and unknown ones met, so far.
    """

    def __init__(self, make: MakeRestorer) -> None:
        self._make = make
        self.total = 0, 0

    def text(self, text: str, *, as_json: bool = False, tool: str | None = None, argument: str | None = None) -> str:
        """Restore one text; see `MakeRestorer`.

        Raises:
            Blocked: If the policy says that a value may not be put where its placeholder stands.
        """
        restorer = self._make(as_json=as_json, tool=tool, argument=argument)
        done = restorer.feed(text) + restorer.flush()
        self.total = self.total[0] + restorer.restored, self.total[1] + restorer.unknown
        return done

    def value(self, value: Any, *, keys: Collection[str] | None = None) -> Any:
        """Restore every text in a value; what can't be walked is left alone."""
        return map_texts(value, self.text, keys=keys, strict=False, inside=self._inside)

    def _inside(self, tool: str, argument: str | None) -> Change:
        return partial(self.text, tool=tool, argument=argument)


def revalidated(message: Any) -> Any:
    """Validate an object that a provider's client parsed anew, now that its values are real.

    What no longer fits its class is left as plain data, so that the parser after the model tells of it.
    """
    parsed = message.additional_kwargs.get("parsed")
    if not isinstance(parsed, BaseModel):
        return message
    fields = parsed.model_dump(mode="json", by_alias=True)
    try:
        valid: Any = type(parsed).model_validate(fields)
    except ValidationError:
        valid = fields
    return message.model_copy(update={"additional_kwargs": {**message.additional_kwargs, "parsed": valid}})


def as_chunk(message: AIMessage) -> AIMessageChunk:
    """Return a whole answer as the only chunk of a stream; chunks stay as they are."""
    if isinstance(message, AIMessageChunk):
        return message
    fields = {name: getattr(message, name) for name in type(message).model_fields if name != "type"}
    return AIMessageChunk(**fields, chunk_position="last")
