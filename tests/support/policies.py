"""Policies as hypothesis strategies, and TOML texts of which each key's line is known."""

from __future__ import annotations

import json
from typing import Any, get_args

from hypothesis import strategies as st

from lc_guard import CheckPolicy, Policy, Restore, StagePolicy
from lc_guard.policy.checks import CheckAction, OnError
from lc_guard.policy.policy import KindAction, OnInvalid, Streaming
from lc_guard.policy.restoring import Encode, Origin, Put
from lc_guard.records import Stage

KINDS = ["PERSON", "US_SSN", "ICD10", "CITY"]
_NAMES = st.sampled_from(["PromptInjection", "A", "B", "a.b", "[stages]", "on", "1", "null", "ü # no = 'x' \"y\""])
_SHARES = st.floats(0, 1) | st.integers(0, 1)
_SECONDS = st.floats(min_value=1e-9, max_value=1e6) | st.integers(1, 10**6)
_TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20) | st.sampled_from(
    ["", "no", "1e3", "2026-01-01", "~", "a\nb", "\ttab", "- [x]: {y}", "none"]
)


def words(literal: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(get_args(literal))


def _check_settings() -> dict[str, st.SearchStrategy[Any]]:
    settings = {
        "enabled": st.booleans(),
        "action": words(CheckAction),
        "threshold": _SHARES,
        "on_error": words(OnError),
        "timeout": _SECONDS,
        "sample": _SHARES,
        "monitor": st.booleans(),
        "replacement": _TEXTS,
    }
    return {name: st.none() | values for name, values in settings.items()}


def checks() -> st.SearchStrategy[dict[str, CheckPolicy]]:
    pii = st.builds(CheckPolicy, on_error=st.none() | words(OnError), timeout=st.none() | _SECONDS)
    others = st.dictionaries(_NAMES, st.builds(CheckPolicy, **_check_settings()), max_size=3)
    return st.builds(lambda named, own: {**named, **own}, others, st.just({}) | st.builds(lambda p: {"pii": p}, pii))


def restores() -> st.SearchStrategy[dict[str, Restore | str]]:
    names = st.sampled_from(["answer", "tools", "documents", "state", "tool:send_mail", "tool:a.b.c", "tool:ü # [x]"])
    settings = st.builds(
        Restore,
        default=st.none() | words(Put),
        kinds=st.dictionaries(st.sampled_from(KINDS), words(Put), max_size=2),
        origins=st.dictionaries(words(Origin), words(Put), max_size=2),
        in_urls=st.none() | words(Put),
        encode=st.none() | words(Encode),
    )
    return st.dictionaries(names, settings | words(Put), max_size=3)


def policies() -> st.SearchStrategy[Policy]:
    stages = st.builds(StagePolicy, checks=checks(), **_check_settings())
    return st.builds(
        Policy,
        default=words(KindAction),
        kinds=st.dictionaries(st.sampled_from(KINDS), words(KindAction)),
        thresholds=st.dictionaries(st.sampled_from(KINDS), _SHARES),
        on_invalid=words(OnInvalid),
        on_error=words(OnError),
        timeout=st.none() | _SECONDS,
        checks=checks(),
        stages=st.dictionaries(words(Stage), stages, max_size=2),
        fail_fast=st.booleans(),
        streaming=words(Streaming),
        restore=restores(),
        version=st.none() | _TEXTS,
    )


def as_toml(values: dict[str, Any]) -> str:
    """Write plain values as inline TOML, one line for each key at the top; what is None is left out."""
    return "".join(f"{_basic(key)} = {_inline(value)}\n" for key, value in values.items() if value is not None)


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_basic(key)} = {_inline(each)}" for key, each in value.items()) + "}"
    return _basic(value) if isinstance(value, str) else str(value).lower()


def _basic(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


class TomlWriter:
    """Writes a TOML text in forms that are drawn, and notes on which line each key stands first."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.rows: list[str] = []
        self.lines: dict[tuple[str, ...], int] = {}
        self._draw = draw

    def table(self, values: dict[str, Any], base: tuple[str, ...] = ()) -> None:
        """Write a table: what stands in its own lines first, then the tables below it under headers."""
        under_headers = []
        for key, value in values.items():
            if isinstance(value, dict) and self._one_of("header", "here") == "header":
                under_headers.append((key, value))
            else:
                self._setting((key,), value, base)
        for key, value in under_headers:
            place = (*base, key)
            if self._one_of(False, True) or not any(isinstance(each, dict) for each in value.values()):
                self._row(f"{self._indent()}[{self._dotted(place)}]", place)
                self.table(value, place)
            else:  # a table that only the headers of those below it name
                inner = {name: each for name, each in value.items() if isinstance(each, dict)}
                for name, each in inner.items():
                    self._row(f"[ {self._dotted((*place, name))} ]", (*place, name))
                    self.table(each, (*place, name))
        if not base and self._one_of(False, True):
            for _ in range(self._draw(st.integers(1, 2))):
                self._row('[["a list"]]', ("a list",))
                self._plain("inside = 1")
            self._plain('["a list".below]\nx = 1')

    def _setting(self, keys: tuple[str, ...], value: Any, base: tuple[str, ...]) -> None:
        if isinstance(value, dict) and value and self._one_of("dotted", "inline") == "dotted":
            for key, each in value.items():
                self._setting((*keys, key), each, base)
            return
        place = (*base, *keys)
        number = self._row(f"{self._indent()}{self._dotted(keys)} = {self._value(value)}{self._comment()}", place)
        self._below(value, place, number)

    def _below(self, value: Any, place: tuple[str, ...], number: int) -> None:
        if isinstance(value, dict):
            for key, each in value.items():
                self.lines.setdefault((*place, key), number)
                self._below(each, (*place, key), number)

    def _row(self, text: str, place: tuple[str, ...]) -> int:
        self._plain(self._one_of(None, "", "# [fake]\n# x = 1", "   "))
        number = len(self.rows) + 1
        for end in range(1, len(place) + 1):
            self.lines.setdefault(place[:end], number)
        self._plain(text)
        return number

    def _plain(self, text: str | None) -> None:
        if text is not None:
            self.rows += text.split("\n")

    def _dotted(self, keys: tuple[str, ...]) -> str:
        return self._one_of(".", " . ").join(self._key(key) for key in keys)

    def _key(self, key: str) -> str:
        forms = [_basic(key)]
        if key.isalnum() and key.isascii():
            forms.append(key)
        if "'" not in key:
            forms.append(f"'{key}'")
        return self._draw(st.sampled_from(forms))

    def _value(self, value: Any) -> str:
        if isinstance(value, dict):
            return "{ " + ", ".join(f"{self._key(key)} = {self._value(each)}" for key, each in value.items()) + " }"
        return value

    def _indent(self) -> str:
        return self._one_of("", "  ", "\t")

    def _comment(self) -> str:
        return self._one_of("", ' # """ [no', " # ]")

    def _one_of(self, *forms: Any) -> Any:
        return self._draw(st.sampled_from(forms))


_VALUES = st.sampled_from(
    [
        "1",
        "true",
        "inf",
        "2026-01-01T00:00:00Z",
        '"one # line [x]"',
        "'''\n[fake]\nx = 1\n'''",
        '"""\n[fake]\n\n# no\ny = "z"\\\n  """',
        '"""a"""',
        '[\n  1, # ]\n  "]",\n  [ "\\"[x]", ],\n]',
        "[]",
        "[{ a = 1 }, { a = 2 }]",
        '\'"""\'',
    ]
)
_KEYS = st.sampled_from(["a", "b", "x", "1", "fake", "a.b", "[x]", "# no", "k = 1", "'", '"', "ü", " ", '"""', ""])
_TREES = st.recursive(_VALUES, lambda inner: st.dictionaries(_KEYS, inner, max_size=4), max_leaves=12)


@st.composite
def toml_texts(draw: st.DrawFn) -> tuple[str, dict[tuple[str, ...], int]]:
    """Texts in TOML, with the line of each key."""
    writer = TomlWriter(draw)
    writer.table(draw(st.dictionaries(_KEYS, _TREES, max_size=5)))
    return "\n".join(writer.rows), writer.lines
