"""The strings of a JSON text that arrives in pieces: which of them the end of what was read is in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

_STRING = re.compile(r"(?:[^\"\\]|\\(?:u[0-9a-fA-F]{4}|[^u]))*", re.DOTALL)
_MARKS = re.compile(r"[\"{}\[\],:]")


class Reads(Protocol):
    """Takes a text piece by piece."""

    def read(self, text: str) -> None:
        """Take the next piece."""
        ...


String = TypeVar("String", bound=Reads)


class JsonStrings(Generic[String]):
    """Reads a JSON text; each of its strings is read by a reader of its own, with its escapes undone.

    Args:
        make: Gives the reader of a string, from the key of the outermost object that it stands under, if any.

    Attributes:
        string: The reader of the string that the end is in, or None.
    """

    def __init__(self, make: Callable[[str | None], String]) -> None:
        self._make = make
        self._open: list[str] = []
        self._is_key = False
        self._key: list[str] = []
        self._argument: str | None = None
        self._rest = ""
        self.string: String | None = None

    @property
    def between(self) -> bool:
        """Whether the end is in an object or list, and in none of its strings."""
        return self.string is None and bool(self._open)

    def read(self, text: str) -> None:
        """Take the next piece of the text."""
        text, at = self._rest + text, 0
        self._rest = ""
        while at < len(text):
            at = self._outside(text, at) if self.string is None else self._inside(text, at, self.string)

    def _outside(self, text: str, at: int) -> int:
        mark = _MARKS.search(text, at)
        if mark is None:
            return len(text)
        sign = mark[0]
        if sign == '"':
            self.string = self._make(None if self._is_key else self._argument)
            self._key = []
        elif sign in "{[":
            self._open.append(sign)
        elif sign in "}]" and self._open:
            self._open.pop()
        if sign in "{,":
            self._is_key = bool(self._open) and self._open[-1] == "{"
        elif sign in "[:":
            self._is_key = False
        return mark.end()

    def _inside(self, text: str, at: int, string: String) -> int:
        found = _STRING.match(text, at)
        end = at if found is None else found.end()
        content = _decoded(text[at:end])
        string.read(content)
        if self._is_key and len(self._open) == 1:
            self._key.append(content)
        if text[end : end + 1] == '"':
            self.string = None
            if self._is_key and len(self._open) == 1:
                self._argument = "".join(self._key)
            return end + 1
        if len(text) - end < len("\\u0000"):
            self._rest = text[end:]  # an escape that has yet to end
            return len(text)
        string.read(text[end])  # no JSON: taken as it is
        return end + 1


def _decoded(content: str) -> str:
    if "\\" not in content:
        return content
    try:
        return str(json.loads(f'"{content}"', strict=False))
    except ValueError:
        return content
