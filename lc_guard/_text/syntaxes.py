"""How a value is written as a part of something: an SQL statement, a shell line, an address, markup, JSON, Markdown.

In SQL and in a shell that depends on what stands before: `SqlText` and `ShellText` read it.
"""

from __future__ import annotations

import html
import json
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Literal
from urllib.parse import quote

_HARMLESS = re.compile(r"(?!.*--)[\w.@+-]+")
_SQL_MARKS = re.compile(r"\\.|['\"`\n]|--|/\*|\*/|\$[A-Za-z_]{0,30}\$", re.DOTALL)
_LITERAL_BEGINS = re.compile(r"(?<![\w$])(?:[enbx]|u&)?\Z", re.IGNORECASE)
_OPERAND_BEGINS = re.compile(
    r"(?:[=<>(,|+]|\b(?:i?like|in|values|then|else|when|between|and|or|not|select|set|any|concat))\s*(?:[enbx]|u&)?\Z",
    re.IGNORECASE,
)
_LOOKED_BACK = 40
_SPECIAL = re.compile(r"['\"\\]")
_SHELL_MARKS = re.compile(r"\\.|[\"'`]|\$\(|<<", re.DOTALL)
_SHELL_HARMLESS = re.compile(r"[\w.@+,:/-]+")
_IN_DOUBLE_QUOTES = re.compile(r"([\\\"$`])")
# Escapes beyond ASCII only: what reads as a quote could end a string of JSON in JSON, \n may be of a path of Windows.
_JSON_WRITTEN = re.compile(r"(?:[^\"\\\x00-\x1f]|\\u(?!00[0-7])[0-9a-fA-F]{4})*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+.!|~-])")


class SqlText:
    """Reads an SQL statement and writes values into it.

    Args:
        dialect: ``"sql"``, where a backslash is a character like any other, or ``"mysql"``, where it escapes. None if
            nobody said that it is SQL: then values are written for it in literals alone, where an operand can begin,
            and one that dialects read differently can't be written.
    """

    def __init__(self, dialect: Literal["sql", "mysql"] | None = None) -> None:
        self._dialect = dialect
        self._open = ""  # the quote, comment or dollar sign that what follows is inside of
        self._is_operand = False
        self._doubtful = False
        self._last = ""

    def read(self, text: str) -> None:
        """Take the next piece of the statement."""
        for mark in _SQL_MARKS.finditer(text):
            sign = mark[0]
            if sign[0] == "\\":
                if self._dialect == "mysql" and self._open in ("'", '"'):
                    continue
                sign = sign[1]  # a character like any other: what follows it counts
                self._doubtful = self._doubtful or sign in "\"'"
            if self._open:
                self._open = "" if sign == _SQL_ENDS.get(self._open, self._open) else self._open
            else:
                self._begin(sign, (self._last + text[: mark.start()])[-_LOOKED_BACK:])
        self._last = (self._last + text)[-_LOOKED_BACK:]

    def _begin(self, sign: str, before: str) -> None:
        if sign in ("'", '"', "`"):
            self._is_operand = _OPERAND_BEGINS.search(before) is not None
            self._open = sign if sign != "'" or _LITERAL_BEGINS.search(before) else ""
        elif sign in ("--", "/*") or sign[0] == "$":
            self._open = sign

    def write(self, value: str) -> str | None:
        """Return a value as it is written here, or None if it can't be."""
        if "\0" in value:
            return None
        return self._as_told(value) if self._dialect is None else self._as_named(value)

    def _as_told(self, value: str) -> str | None:
        if self._doubtful and _SPECIAL.search(value):
            return None
        if self._open not in ("'", '"') or not self._is_operand:
            return value
        if "\\" in value:
            return None
        pair = self._open * 2
        # one that was typed in a literal, D''Angelo, is written for it
        return value if pair in value and self._open not in value.replace(pair, "") else value.replace(self._open, pair)

    def _as_named(self, value: str) -> str | None:
        if self._open in ("--", "/*") or self._open.startswith("$"):
            return None if re.search(r"[\n\r$]|\*/", value) else value
        if self._dialect == "mysql" and self._open != "`":
            value = value.replace("\\", "\\\\")
        if self._open:
            return value.replace(self._open, self._open * 2)
        return value if _HARMLESS.fullmatch(value) else "'" + value.replace("'", "''") + "'"


_SQL_ENDS = {"--": "\n", "/*": "*/"}


class ShellText:
    """Reads a line of a POSIX shell and writes values into it."""

    def __init__(self) -> None:
        self._open = ""
        self._nested = False

    def read(self, text: str) -> None:
        """Take the next piece of the line."""
        for mark in _SHELL_MARKS.finditer(text):
            sign = mark[0]
            if self._open == "'":
                self._open = "" if sign[-1] == "'" else self._open
            elif sign in ("`", "$(", "<<"):
                self._nested = True  # quotes begin anew in there
            elif sign in "\"'":
                self._open = sign if not self._open else "" if sign == self._open else self._open

    def write(self, value: str) -> str | None:
        """Return a value as one word of the line, or as a part of the one that is quoted; None if it can't be."""
        if _SHELL_HARMLESS.fullmatch(value) and not value.startswith("-"):
            return value
        if self._nested or "\0" in value:
            return None
        if self._open == "'":
            return value.replace("'", "'\\''")
        return _IN_DOUBLE_QUOTES.sub(r"\\\1", value) if self._open else shlex.quote(value)


def as_json(value: str) -> str:
    """Return a value as a part of a JSON string."""
    return json.dumps(value, ensure_ascii=False)[1:-1]


def in_json(value: str) -> str:
    r"""Return a value as a part of a JSON string; one that was typed in JSON, ``Zo\u00eb``, is written for it."""
    return value if "\\" in value and _JSON_WRITTEN.fullmatch(value) else as_json(value)


def as_json_value(value: str) -> str:
    """Return a value as a JSON text of its own: a number as it is, all else as a string."""
    return value if _NUMBER.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def as_url(value: str) -> str:
    """Return a value as a part of an address: all but letters, digits and ``_.-~`` by their codes."""
    return quote(value, safe="", errors="surrogatepass")


def as_html(value: str) -> str:
    """Return a value as a text of HTML, or as a part of a quoted attribute."""
    return html.escape(value, quote=True)


def as_markdown(value: str) -> str:
    """Return a value as a plain text of Markdown, on one line."""
    return _MARKDOWN.sub(r"\\\1", re.sub(r"\s*[\r\n]+\s*", " ", value))


WRITERS: Mapping[str, Callable[[str], str]] = {
    "json": as_json,
    "url": as_url,
    "html": as_html,
    "markdown": as_markdown,
    "none": str,
}
"""Those that need not know what stands before."""

SQL = re.compile(
    r"\s*(?:```(?:sql)?\s+|SQLQuery:\s*)?(?:--[^\n]{0,200}\n\s*){0,20}\(?\s*"
    r"(?:select\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|merge\s+into\s|replace\s+into\s|with\s+[\w\"]+\s+as\s*\()",
    re.IGNORECASE,
)
"""Matches the beginning of a text that is an SQL statement."""

JSON = re.compile(r"\s*(?:```(?:json)?\s+)?(?:\{\s*[\"}]|\[\s*[{\"])")
"""Matches the beginning of a text that is JSON: an object, or a list of objects or texts."""
