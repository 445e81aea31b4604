r"""Escapes undone: what a person, or a model, reads in ``"Zo\u00eb said \"no\"\nJane left"``.

JSON inside a text (a tool's result, an error message), HTML, links and mails spell values in a way that no search for
the value finds. `words.unescaped` asks here where a text has a sign of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from html.entities import html5

_MAX_ESCAPES = 4
# JSON's escapes (RFC 8259, section 7) and those that Python's `repr` adds.
_ESCAPE = re.compile(
    r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})|\\x([0-9a-fA-F]{2})|\\([nrtbf0\"'\\/])"
)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "0": "\0"}
# HTML's references of characters, and the percent encoding of URLs (RFC 3986, section 2.1)
_MARKUP = re.compile(
    r"&#([0-9]{1,7});?|&#[xX]([0-9a-fA-F]{1,6});?|&([A-Za-z][A-Za-z0-9]{1,31};)|((?:%[0-9a-fA-F]{2})+)"
)
# In a query or a form a plus is a blank; elsewhere it is a plus.
_FORM = re.compile(r"[?&][\w.\[\]-]{1,64}=|^[\w.\[\]-]{1,64}=[^\s&]{0,200}&")
_PLUS = re.compile(r"(?<=[^\s+=&])\+(?=[^\s+&])")
# Quoted-printable (RFC 2045, section 6.7): what can hardly be an equals sign before a number or a code, as in
# iban=DE89…: a line's end, the equals sign itself, two bytes of UTF-8, the at sign
# of an address, one of Latin-1 in a word.
_QUOTED = re.compile(
    r"=\r?\n|=3D|=[C-F][0-9A-F]=[89AB][0-9A-F]"
    r"|(?<=[\w.+-])=40(?=[A-Za-z0-9-]{1,63}(?:\.|=2E)[A-Za-z])"
    r"|(?<=[A-Za-z])=(?:DF|[EF][0-9A-F])(?=[a-z])|(?<=[a-z])=[EF][0-9](?![\w=])|(?<!\w)=[CD][0-9A-F](?=[a-z])"
)
_QUOTED_PRINTABLE = re.compile(r"=\r?\n|((?:=[0-9A-F]{2})+)")

_Undo = Callable[[re.Match[str]], Sequence[tuple[str, int]] | None]
"""What a match reads as: characters, each with where it begins in the match; None where it is no escape."""


def readings(text: str) -> Iterator[tuple[str, Sequence[int]]]:
    """Yield what a text with signs of escapes reads as; see `words.unescaped`."""
    quoted = _undo(text, _QUOTED_PRINTABLE, _quoted) if "=" in text and _QUOTED.search(text) else None
    if quoted is not None and quoted[0] != text:
        yield quoted
    offsets: Sequence[int] | None = None
    for _ in range(_MAX_ESCAPES):
        undone, starts = _undo_once(text)
        if undone == text:
            return
        offsets = starts if offsets is None else [offsets[start] for start in starts]
        text = undone
        yield text, offsets


def _undo_once(text: str) -> tuple[str, Sequence[int]]:
    """Undo backslash escapes where there are any, else those of HTML and URLs: they may stand in one another."""
    if "\\" in text:
        undone = _undo(text, _ESCAPE, _backslash)
        if undone[0] != text:
            return undone
    if "&" in text or "%" in text:
        undone = _undo(text, _MARKUP, _markup)
        if undone[0] != text:
            return undone
    if "+" in text and "=" in text and _FORM.search(text):
        return _undo(text, _PLUS, lambda _: ((" ", 0),))
    return text, ()


def _undo(text: str, pattern: re.Pattern[str], undo: _Undo) -> tuple[str, list[int]]:
    pieces: list[str] = []
    offsets: list[int] = []
    last = 0
    for match in pattern.finditer(text):
        characters = undo(match)
        if characters is None:
            continue
        start = match.start()
        pieces.append(text[last:start])
        offsets.extend(range(last, start))
        for character, offset in characters:
            pieces.append(character)
            offsets.extend([start + offset] * len(character))
        last = match.end()
    pieces.append(text[last:])
    offsets.extend(range(last, len(text) + 1))
    return "".join(pieces), offsets


def _backslash(match: re.Match[str]) -> Sequence[tuple[str, int]]:
    high, low, short, long, byte, simple = match.groups()
    if high:
        return ((chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00)), 0),)
    if simple:
        return ((_SIMPLE.get(simple, simple), 0),)
    return ((_character(int(short or long or byte, 16)), 0),)


def _markup(match: re.Match[str]) -> Sequence[tuple[str, int]] | None:
    decimal, hexadecimal, name, percent = match.groups()
    if name:
        meant = html5.get(name)
        return None if meant is None else ((meant, 0),)
    if percent:
        return _decoded(bytes.fromhex(percent.replace("%", "")), "utf-8")
    return ((_character(int(decimal) if decimal else int(hexadecimal, 16)), 0),)


def _quoted(match: re.Match[str]) -> Sequence[tuple[str, int]] | None:
    if match[1] is None:
        return ()
    written = bytes.fromhex(match[1].replace("=", ""))
    return _decoded(written, "utf-8") or _decoded(written, "latin-1")


def _decoded(written: bytes, encoding: str) -> Sequence[tuple[str, int]] | None:
    """Return the characters of bytes, each with where it begins where each byte is written in three characters."""
    try:
        text = written.decode(encoding)
    except UnicodeDecodeError:
        return None
    characters: list[tuple[str, int]] = []
    at = 0
    for character in text:
        characters.append((character, 3 * at))
        at += len(character.encode(encoding))
    return characters


def _character(code: int) -> str:
    return chr(code) if code <= 0x10FFFF else "\ufffd"
