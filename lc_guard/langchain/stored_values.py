"""The walk over what a graph stores: everything that LangGraph's serializer takes comes back as it was.

Beside what a model is sent (`lc_guard.langchain.messages`) a state holds bytes, paths, addresses, arrays and packets of
LangGraph's own. What of them is text is hidden; what has no place for a placeholder is stored as a mapping that says
what it was.
"""

from __future__ import annotations

import codecs
import copy
import ipaddress
import re
import sys
from collections import deque
from collections.abc import Callable, Collection, Mapping
from enum import Enum
from functools import partial
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

from langgraph.store.base import Item
from langgraph.types import Send

from lc_guard.errors import UnsupportedInput
from lc_guard.langchain.messages import Change, TextWalk

_ADDRESSES = (
    ipaddress.IPv4Address,
    ipaddress.IPv4Interface,
    ipaddress.IPv4Network,
    ipaddress.IPv6Address,
    ipaddress.IPv6Interface,
    ipaddress.IPv6Network,
)
_TYPE = "lc_guard.type"  # the key of a mapping that stands for something else
_MAPPING = "mapping"  # for a mapping of the application's own that has this key

_OF_TEXT: Mapping[str, Callable[[str], Any]] = MappingProxyType(
    {
        **{kind.__name__: kind for kind in _ADDRESSES},
        **{f"bytes, {codec}": partial(str.encode, encoding=codec) for codec in ("latin-1", "utf-16-le", "utf-16-be")},
    }
)
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")  # control characters that no text has
_ARRAYS_WITHOUT_TEXT = "biufcmM"  # NumPy's kinds: numbers, truth values and times


class StoredWalk(TextWalk):
    """One walk over a stored value, on its way in or out.

    Args:
        change: Gives the new text for a text.
        strict: Whether what can't be looked into is refused; otherwise it is left alone.
        restores: Whether the values are on their way out.
        skip: Names of channels that are left alone, where a packet or an input holds them by name.
    """

    def __init__(
        self, change: Change, *, strict: bool = True, restores: bool = False, skip: Collection[str] = ()
    ) -> None:
        super().__init__(change, strict=strict)
        self._restores = restores
        self._skip = frozenset(skip)

    def channel(self, name: str, value: Any) -> Any:
        """Walk the value of a channel.

        Raises:
            UnsupportedInput: If something in it can't be looked into; names the channel.
        """
        if value is None or name in self._skip:
            return value
        try:
            if name == "__start__":  # the input: what the channels are given, by their names
                return self.by_name(value, 1)
            (changed,) = self.data([value], 0)  # in a list: the keys of what is inside are data
        except UnsupportedInput as error:
            reason = str(error).partition(":")[0]  # what is to be done about it is another thing here
            raise UnsupportedInput(
                f"the channel {name!r} can't be stored with placeholders: {reason}. Put what is text in it there as "
                f"text, or have the channel stored as it is: GuardCheckpointer(..., skip_channels=[{name!r}])"
            ) from None
        return changed

    def by_name(self, value: Any, depth: int) -> Any:
        """Walk what holds values of channels by their names."""
        if not self._skip or not isinstance(value, Mapping) or self._skip.isdisjoint(value):
            return self.data(value, depth)
        walked = self.data({key: item for key, item in value.items() if key not in self._skip}, depth)
        return {**value, **walked}

    def data(self, value: Any, depth: int) -> Any:
        """Walk any value: first what would be taken for a text, or has no place for one."""
        for kinds, walk in _FIRST:
            if isinstance(value, kinds):
                return walk(self, value, depth)
        if isinstance(value, Mapping) and _TYPE in value:
            if self._restores:
                return self.unmarked(value, depth)
            return {_TYPE: _MAPPING, "value": self.plain(value, depth)}
        return super().data(value, depth)

    def plain(self, value: Mapping[Any, Any], depth: int) -> Any:
        """Walk a mapping that stands for itself."""
        return super().data(value, depth)

    def instance(self, value: Any, depth: int) -> Any:
        """Walk an object that LangGraph stores; others are walked as those that a model is sent."""
        for kinds, walk in _OBJECTS:
            if isinstance(value, kinds):
                return walk(self, value, depth)
        if callable(getattr(value, "get_secret_value", None)):
            return self.secret(value, depth)
        numpy = sys.modules.get("numpy")
        if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic):
            return self.array(value, numpy)
        return super().instance(value, depth)

    def kept(self, value: Any, depth: int) -> Any:  # noqa: ARG002 - as all of them
        """Leave a value alone: a word or a piece of code of the application's."""
        return value

    def path(self, value: PurePath, depth: int) -> Any:  # noqa: ARG002
        """Walk a path as the text that it is."""
        return self.typed(value, str(value), type(value))

    def ip_address(self, value: Any, depth: int) -> Any:  # noqa: ARG002
        """Walk an IP address or network."""
        return self.marked(value, str(value), type(value).__name__)

    def error(self, value: BaseException, depth: int) -> str:  # noqa: ARG002
        """Walk an error as the text that LangGraph's serializer would make of it."""
        return self.change(repr(value))

    def packet(self, value: Send, depth: int) -> Send:
        """Walk what a node is sent."""
        arg = self.by_name(value.arg, depth + 1)
        if arg is value.arg:
            return value
        timeout = getattr(value, "timeout", None)
        return Send(value.node, arg) if timeout is None else Send(value.node, arg, timeout=timeout)

    def queue(self, value: deque[Any], depth: int) -> Any:
        """Walk a deque, which keeps its length."""
        changed = [self.data(item, depth + 1) for item in value]
        same = all(new is old for new, old in zip(changed, value, strict=True))
        return value if same else deque(changed, value.maxlen)

    def secret(self, value: Any, depth: int) -> Any:
        """Walk a secret of pydantic's: LangGraph stores what it holds."""
        held = value.get_secret_value()
        changed = self.data(held, depth + 1)
        return value if changed is held else type(value)(changed)

    def typed(self, value: Any, text: str, make: Callable[[str], Any]) -> Any:
        """Walk the text of a value, and make a value of what it becomes."""
        changed = self.change(text) if text else text
        return value if changed == text else make(changed)

    def marked(self, value: Any, text: str, kind: str) -> Any:
        """Walk the text of something that can hold no placeholder."""
        return self.typed(value, text, lambda changed: {_TYPE: kind, "text": changed})

    def unmarked(self, value: Mapping[Any, Any], depth: int) -> Any:
        """Return what a mapping stands for; its text where that is none any more, since its session was forgotten."""
        match value:
            case {"lc_guard.type": "mapping", "value": held}:
                return self.plain(held, depth)
            case {"lc_guard.type": str(kind), "text": str(text)} if kind in _OF_TEXT:
                text = self.change(text)
                try:
                    return _OF_TEXT[kind](text)
                except ValueError:
                    return text
        return self.plain(value, depth)  # stored before there was a guard

    def octets(self, value: bytes | bytearray, depth: int) -> Any:  # noqa: ARG002
        """Walk bytes that are text: UTF-8, UTF-16 with its mark, or without control characters; others are no text."""
        for mark, codec in _BYTE_ORDER_MARKS:
            if value.startswith(mark) and (text := _decoded(value, codec)) is not None:
                return self.marked(value, text, f"bytes, {codec}")
        if (text := _decoded(value, "utf-8")) is not None:
            return self.typed(value, text, lambda changed: type(value)(changed.encode("utf-8", "surrogatepass")))
        if _NO_TEXT.search(value):
            return value
        return self.marked(value, value.decode("latin-1"), "bytes, latin-1")

    def array(self, value: Any, numpy: Any) -> Any:
        """Walk a NumPy array: texts in it are hidden, numbers and times are none."""
        kind = value.dtype.kind
        if kind in _ARRAYS_WITHOUT_TEXT:
            return value
        if kind != "U":
            return super().instance(value, 0)  # objects, bytes, records: nobody knows what they are
        old = value.ravel().tolist()
        new = [self.change(text) if text else text for text in old]
        if new == old:
            return value
        width = max(value.dtype.itemsize // 4, *map(len, new))
        return numpy.array(new, dtype=f"U{width}").reshape(value.shape)

    def item(self, value: Item, depth: int) -> Item:
        """Walk an item of LangGraph's store."""
        changed = {
            "value": self.data(value.value, depth + 1),
            "key": self.data(value.key, depth + 1),
            "namespace": self.data(value.namespace, depth + 1),
        }
        changed = {name: new for name, new in changed.items() if new is not getattr(value, name)}
        if not changed:
            return value
        twin = copy.copy(value)
        for name, new in changed.items():
            setattr(twin, name, new)
        return twin


def _decoded(value: bytes | bytearray, codec: str) -> str | None:
    try:
        return value.decode(codec)
    except UnicodeDecodeError:
        return None


# Enumerations first: members of some are texts.
_FIRST: tuple[tuple[Any, Callable[[StoredWalk, Any, int], Any]], ...] = (
    (Enum, StoredWalk.kept),
    ((bytes, bytearray), StoredWalk.octets),
    (PurePath, StoredWalk.path),
    (_ADDRESSES, StoredWalk.ip_address),
)
_OBJECTS: tuple[tuple[Any, Callable[[StoredWalk, Any, int], Any]], ...] = (
    (BaseException, StoredWalk.error),
    (Send, StoredWalk.packet),
    (deque, StoredWalk.queue),
    (Item, StoredWalk.item),
    (re.Pattern, StoredWalk.kept),
)
