"""Each disguise undone once: letters folded, escapes and encodings decoded, words closed up, ciphers, back to front."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from lc_guard._text.words import unescaped
from lc_guard.scanners.broken_words import (
    Change,
    cut_words,
    glued_words,
    leet_words,
    letters_apart,
    line_ends,
    marks,
    repeated_letters,
    signs_in_words,
    spelled_words,
)
from lc_guard.scanners.ciphers import deciphered, reads_backwards
from lc_guard.scanners.decoding import stretches
from lc_guard.scanners.listed_words import listed_words
from lc_guard.scanners.phrase_matching import folded
from lc_guard.scanners.reading import Reading, changed, placed

_GUESSES = 2
_BETWEEN_PIECES = 8
# Letters that look like Latin ones in most fonts: single-letter entries of Unicode's confusables.txt (UTS #39).
_LOOKALIKES = str.maketrans(
    "авеікмнорсѕтухјԁһԛԝґѵӏАВЕІКМНОРСЅТУХЈԌԚԜ" + "αβεικνορτυχϲϳΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹ" + "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡʏᴢıɡɑℓ",
    "abeikmhopcstyxjdhqwrvlABEIKMHOPCSTYXJGQW" + "abeikvoptuxcjABEZHIKMNOPTYXC" + "abcdefghijklmnopqrstuvwyzigal",
)
_FOREIGN = re.compile("[\u0370-\u03ff\u0400-\u052f]")
# Letters in circles, squares and brackets, and those that flags are made of, which have no other form in Unicode.
_FRAMED = {
    first + at: chr(97 + at) for first in (0x249C, 0x1F150, 0x1F170, 0x1F130, 0x1F1E6) for at in range(26)
}  # fmt: skip
_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff"
_COMMON = "\u0300-\u0303\u0306-\u0308\u030a-\u030c\u0327\u0328"
_EMOJI = "\u2600-\u27bf\U0001f300-\U0001faff"
_STRUCK = re.compile(
    f"(?:(?<=[A-Za-z])[{_EMOJI}]\ufe0f?(?=[A-Za-z])|(?![{_COMMON}])[{_MARKS}]|[{_COMMON}](?=[{_MARKS}])|(?<=[{_MARKS}])[{_COMMON}])"
)
_UPSIDE_DOWN = str.maketrans("ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹʇnʌʍʎ", "abcdefghijklmnopqrtuvwy")
_UPSIDE_DOWN_SIGN = re.compile("[ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ]")
# Escapes that are none of JSON's, HTML's or a URL's: octal, braces, %u, notation of code points, soft ends of lines.
_MORE_ESCAPES = re.compile(
    r"\\0?([0-7]{2,3})|\\u\{([0-9A-Fa-f]{1,6})\}|%u([0-9A-Fa-f]{4})|(?:U\+|u\+)([0-9A-Fa-f]{4,6})(?: (?=[Uu]\+))?"
    r"|\+([A-Za-z0-9/]{6,})-|((?:=[0-9A-F]{2}){4,})|(=\r?\n)"
)
_TOKENS, _LINES = re.compile(r"\S+"), re.compile(r"[^\n]+")


def undone(reading: Reading, signs: set[str]) -> Iterator[Reading]:
    """Yield what a reading reads as with one of its disguises undone.

    Args:
        reading: What was read so far.
        signs: The sorts of disguises that it has a sign of.
    """
    text = reading.text
    if "folded" in signs:
        yield from _folded(reading)
    if "escapes" in signs:
        yield from _unescaped(reading)
    if not signs.isdisjoint(_ENCODED):
        yield from _decoded(reading, in_pieces="pieces" in signs)
    for name, changes in _BREAKS if reading.guesses < _GUESSES else ():
        if name in signs:
            made = [*changes(text)]
            if made:
                of_leet = replace(reading, leet=True) if changes is leet_words else reading
                yield from changed(of_leet, made, guesses=1)
    if "ciphers" in signs:
        for _, plain in deciphered(text):
            yield replace(reading, text=plain)
        if reads_backwards(text):
            yield _reversed(reading)
            yield _reversed_in_place(reading, _TOKENS)
            yield _reversed_in_place(reading, _LINES)
    if "folded" in signs and len(_UPSIDE_DOWN_SIGN.findall(text)) > 3:
        yield _reversed(replace(reading, text=text.translate(_UPSIDE_DOWN)))


_ENCODED = {"long", "pieces", "folded"}
_BREAKS: tuple[tuple[str, Callable[[str], Iterable[Change]]], ...] = (
    ("marks", marks),
    ("spelled", spelled_words),
    ("spelled", letters_apart),
    ("lines", line_ends),
    ("listed", listed_words),
    ("pieces", cut_words),
    ("long", glued_words),
    ("leet", leet_words),
    ("signs", signs_in_words),
    ("repeated", repeated_letters),
)


def _decoded(reading: Reading, *, in_pieces: bool) -> Iterator[Reading]:
    """Yield the reading decoded; and with the pieces put together, if one text was encoded in several."""
    pieces = stretches(reading.text, in_pieces=in_pieces)
    if not pieces:
        return
    changes = [(piece.start, piece.end, piece.text) for piece in pieces]
    yield from changed(reading, changes)
    gaps = [
        (last.end, piece.start, "") for last, piece in pairwise(pieces) if 0 < piece.start - last.end <= _BETWEEN_PIECES
    ]
    if gaps:
        yield from changed(reading, sorted((*changes, *gaps)))


def _folded(reading: Reading) -> Iterator[Reading]:
    """Yield the reading in Unicode's compatibility form, without unseen characters, look-alike letters and marks."""
    text = reading.text.translate(_FRAMED)
    text = text.translate(_LOOKALIKES) if _is_latin(text) else text
    bare = Reading(text, reading.starts, reading.ends, reading.guesses, reading.leet)
    for struck in changed(bare, ((*match.span(), "") for match in _STRUCK.finditer(text))):
        bare = struck
    plain, offsets = folded(bare.text, casefold=False)
    yield placed(bare, plain, offsets)


def _is_latin(text: str) -> bool:
    """Whether Greek and Cyrillic letters of a text look Latin, nearly all of them: it is in none of these languages."""
    foreign = _FOREIGN.findall(text)
    return 5 * sum(ord(letter) in _LOOKALIKES for letter in foreign) >= 4 * len(foreign)


def _unescaped(reading: Reading) -> Iterator[Reading]:
    last = reading
    for text, offsets in unescaped(reading.text):
        last = placed(reading, text, offsets)
    if last is not reading:
        yield last
    yield from changed(reading, _more_escapes(reading.text))


def _more_escapes(text: str) -> Iterator[Change]:
    for match in _MORE_ESCAPES.finditer(text):
        octal, braces, percent, notation, utf7, quoted, _ = match.groups()
        if utf7:
            for piece in stretches(utf7):
                yield (*match.span(), piece.text)
        elif quoted:
            yield (*match.span(), bytes.fromhex(quoted.replace("=", "")).decode("utf-8", "replace"))
        else:
            code = int(octal, 8) if octal else int(braces or percent or notation or "0", 16)
            yield (*match.span(), chr(code) if 0 < code <= 0x10FFFF else "")


def _reversed(reading: Reading) -> Reading:
    backwards = reading.text[::-1], reading.starts[::-1], reading.ends[::-1]
    return Reading(*backwards, reading.guesses + 1, reading.leet)


def _reversed_in_place(reading: Reading, pattern: re.Pattern[str]) -> Reading:
    places = [*range(len(reading.text))]
    for word in pattern.finditer(reading.text):
        start, end = word.span()
        places[start:end] = places[start:end][::-1]
    return Reading(
        "".join([reading.text[at] for at in places]),
        [reading.starts[at] for at in places],
        [reading.ends[at] for at in places],
        reading.guesses + 1,
        reading.leet,
    )
