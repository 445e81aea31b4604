"""What a text reads as once its disguises are undone: the one place where all built-in scanners look.

A text that shows a sign of a disguise (`phrase_matching.signs_of`) is read in other ways beside as it stands:
with look-alike letters, unseen characters and marks folded, with tags, line breaks and signs inside words left out,
with spelled words closed up, from back to front, deciphered, decoded; and so on with what came out, some layers deep.
Every character of a reading knows the stretch of the text that it stands for, so that a scanner's entities are of the
text. Time is linear in the text: readings are few, and together they hold a bounded multiple of its characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from lc_guard._text.words import unescaped
from lc_guard.records import Entity, ScanResult
from lc_guard.scanners.base import ScanRequest
from lc_guard.scanners.broken_words import (
    Change,
    cut_words,
    glued_words,
    leet_words,
    line_ends,
    marks,
    repeated_letters,
    signs_in_words,
    spelled_words,
)
from lc_guard.scanners.ciphers import deciphered, reads_backwards
from lc_guard.scanners.decoding import stretches
from lc_guard.scanners.phrase_matching import folded, signs_of

_DEPTH, _GUESSES = 5, 2
_MOST = 24
_SHARE, _LEAST = 6, 40_000
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
_STRUCK = re.compile(f"(?:(?![{_COMMON}])[{_MARKS}]|[{_COMMON}](?=[{_MARKS}])|(?<=[{_MARKS}])[{_COMMON}])")
_UPSIDE_DOWN = str.maketrans("ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹʇnʌʍʎ", "abcdefghijklmnopqrtuvwy")
_UPSIDE_DOWN_SIGN = re.compile("[ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ]")
# Escapes that are none of JSON's, HTML's or a URL's: octal, braces, %u, notation of code points, soft ends of lines.
_MORE_ESCAPES = re.compile(
    r"\\([0-7]{3})|\\u\{([0-9A-Fa-f]{1,6})\}|%u([0-9A-Fa-f]{4})|(?:U\+|u\+)([0-9A-Fa-f]{4,6})(?: (?=[Uu]\+))?"
    r"|\+([A-Za-z0-9/]{6,})-|((?:=[0-9A-F]{2}){4,})|(=\r?\n)"
)
_TOKENS = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Reading:
    """A way to read a text.

    Attributes:
        text: What it reads as.
        starts: For each character the offset in the original where what it stands for begins.
        ends: For each character the offset where that ends.
        guesses: How often it was a guess, as where blanks are left out; 0 for what is written there, as in an encoding.
        leet: Whether digits and signs were read as letters.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    guesses: int = 0
    leet: bool = False

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the stretch of the original that a stretch of the reading stands for."""
        return (
            min(self.starts[start], self.starts[end - 1]),
            max(self.ends[start], self.ends[end - 1]),
        )


def readings(text: str, signs: set[str]) -> Iterator[Reading]:
    """Yield what a text reads as besides what is written, nearest to it first.

    Args:
        text: Any text.
        signs: The sorts of disguises that it has a sign of.
    """
    seen = {text}
    budget = _SHARE * len(text) + _LEAST
    layer = [(Reading(text, range(len(text)), range(1, len(text) + 1)), signs)]
    for _ in range(_DEPTH):
        following: list[tuple[Reading, set[str]]] = []
        for reading, found in layer:
            for other in _others(reading, found):
                if other.text in seen or not other.text.strip():
                    continue
                if len(seen) > _MOST or budget < len(other.text):
                    return
                seen.add(other.text)
                budget -= len(other.text)
                following.append((other, signs_of(other.text)))
                yield other
        layer = following


def judged(
    judge: Callable[[ScanRequest], ScanResult],
    request: ScanRequest,
    plain: ScanResult,
    others: Iterable[Reading],
    guess: Callable[[ScanRequest], ScanResult] | None = None,
) -> ScanResult:
    """Judge all readings of a text, and join what is said of them with what was said of the text as it stands.

    Args:
        judge: What judges a text.
        request: The text.
        plain: What was said of it as it stands.
        others: What it reads as beside.
        guess: What judges readings that are guesses, if they are not to be taken as seriously.

    Returns:
        Not valid, if one is not; the highest risk, the categories of all, and entities where they stand in the text.
    """
    valid, risk, categories, entities = plain.valid, plain.risk_score, dict(plain.categories), [*plain.entities]
    for reading in others:
        asked = ScanRequest(reading.text, request.stage, request.prompt, deadline=request.deadline)
        result = judge(asked) if not reading.guesses or guess is None else guess(asked)
        valid, risk = valid and result.valid, max(risk, result.risk_score)
        for name, score in result.categories.items():
            categories[name] = max(score, categories.get(name, 0.0))
        for entity in result.entities:
            start, end = reading.original(entity.start, entity.end)
            entities.append(Entity(entity.kind, start, end, entity.score))
    if len(entities) > len(plain.entities):
        entities = [*_joined(entities)]
    return replace(plain, valid=valid, risk_score=risk, entities=tuple(entities), categories=categories)


def _joined(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Join what overlaps, under the kind that was found nearest to the text as it stands."""
    ordered = sorted(enumerate(entities), key=lambda found: (found[1].start, found[1].end))
    joined: list[tuple[int, Entity]] = []
    for order, entity in ordered:
        if joined and entity.start < joined[-1][1].end:
            first, known = joined.pop()
            kind = known.kind if first <= order else entity.kind
            end, score = max(known.end, entity.end), max(known.score, entity.score)
            joined.append((min(first, order), Entity(kind, known.start, end, score)))
        else:
            joined.append((order, entity))
    return tuple(entity for _, entity in joined)


def _others(reading: Reading, signs: set[str]) -> Iterator[Reading]:
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
                yield from _changed(of_leet, made, guesses=1)
    if "ciphers" in signs:
        for _, plain in deciphered(text):
            yield replace(reading, text=plain)
        if reads_backwards(text):
            yield _reversed(reading)
            yield _words_reversed(reading)
    if "folded" in signs and len(_UPSIDE_DOWN_SIGN.findall(text)) > 3:
        yield _reversed(replace(reading, text=text.translate(_UPSIDE_DOWN)))


_ENCODED = {"long", "pieces", "folded"}
_BREAKS: tuple[tuple[str, Callable[[str], Iterable[Change]]], ...] = (
    ("marks", marks),
    ("spelled", spelled_words),
    ("lines", line_ends),
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
    yield from _changed(reading, changes)
    gaps = [
        (last.end, piece.start, "") for last, piece in pairwise(pieces) if 0 < piece.start - last.end <= _BETWEEN_PIECES
    ]
    if gaps:
        yield from _changed(reading, sorted((*changes, *gaps)))


def _changed(reading: Reading, changes: Iterable[Change], *, guesses: int = 0) -> Iterator[Reading]:
    """Yield the reading with stretches read as something else; nothing, if there is none."""
    text, starts, ends = reading.text, reading.starts, reading.ends
    pieces: list[str] = []
    firsts: list[int] = []
    lasts: list[int] = []
    last = 0
    for start, end, new in changes:
        pieces += (text[last:start], new)
        firsts += starts[last:start]
        lasts += ends[last:start]
        if new:
            span = reading.original(start, end) if end > start else (starts[start], starts[start])
            firsts += [span[0]] * len(new)
            lasts += [span[1]] * len(new)
        last = end
    if pieces:
        pieces.append(text[last:])
        firsts += starts[last:]
        lasts += ends[last:]
        yield Reading("".join(pieces), firsts, lasts, reading.guesses + guesses, reading.leet)


def _folded(reading: Reading) -> Iterator[Reading]:
    """Yield the reading in Unicode's compatibility form, without unseen characters, look-alike letters and marks."""
    text = reading.text.translate(_FRAMED)
    text = text.translate(_LOOKALIKES) if _is_latin(text) else text
    bare = Reading(text, reading.starts, reading.ends, reading.guesses, reading.leet)
    for struck in _changed(bare, ((*match.span(), "") for match in _STRUCK.finditer(text))):
        bare = struck
    plain, offsets = folded(bare.text, casefold=False)
    yield _placed(bare, plain, offsets)


def _is_latin(text: str) -> bool:
    """Whether Greek and Cyrillic letters of a text look Latin, nearly all of them: it is in none of these languages."""
    foreign = _FOREIGN.findall(text)
    return 5 * sum(ord(letter) in _LOOKALIKES for letter in foreign) >= 4 * len(foreign)


def _placed(reading: Reading, text: str, offsets: Sequence[int]) -> Reading:
    """Return what a reading was made into, where each character came from the offset of its number."""
    starts: list[int] = []
    ends: list[int] = [0] * len(text)
    following = len(reading.text)
    for at in range(len(text) - 1, -1, -1):
        if offsets[at] != offsets[at + 1]:
            following = offsets[at + 1]
        ends[at] = reading.ends[max(following - 1, offsets[at])]
    starts = [reading.starts[offset] for offset in offsets[: len(text)]]
    return Reading(text, starts, ends, reading.guesses, reading.leet)


def _unescaped(reading: Reading) -> Iterator[Reading]:
    last = reading
    for text, offsets in unescaped(reading.text):
        last = _placed(reading, text, offsets)
    if last is not reading:
        yield last
    yield from _changed(reading, _more_escapes(reading.text))


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


def _words_reversed(reading: Reading) -> Reading:
    places = [*range(len(reading.text))]
    for word in _TOKENS.finditer(reading.text):
        start, end = word.span()
        places[start:end] = places[start:end][::-1]
    return Reading(
        "".join([reading.text[at] for at in places]),
        [reading.starts[at] for at in places],
        [reading.ends[at] for at in places],
        reading.guesses + 1,
        reading.leet,
    )
