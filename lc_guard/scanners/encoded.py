"""Text that hides in an encoding: decoded, and judged by other scanners.

An encoding is no offence: pictures, hashes and tokens are encoded too. What it decodes to may be.

Stretches of a text that decode to readable text, in linear time.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from lc_guard._text.words import unescaped
from lc_guard.errors import GuardError
from lc_guard.records import Entity, ScanResult
from lc_guard.scanners.attack_phrases import JailbreakPhrases, PlaceholderProbing
from lc_guard.scanners.base import Cost, Scanner, ScanRequest, scanner_name
from lc_guard.scanners.secrets import Secrets

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}(?:\r?\n[A-Za-z0-9+/_-]{4,})*={0,2}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}[ :,-]?){8,}")
_BINARY = re.compile(r"(?:[01]{8}[ ,]?){6,}")
_TAGS = re.compile("[\U000e0020-\U000e007e]{4,}")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}")
_UNSEEN_BITS = re.compile("[\u200b\u200c\u200d\u2060\ufeff]{32,}")
# In random bytes a stretch as long as that is found once in a million.
_PRINTABLE = re.compile(rb"[\n\r\t\x20-\x7e]{14,}")
_NOT_HEX = re.compile(r"[^0-9A-Fa-f]+")
# Words of attacks, in ROT13 and from back to front: worth reading a whole text that way.
_ROT13_WORDS = ("vafgehpgvba", "vtaber", "flfgrz cebzcg", "cnffjbeq", "qvfertneq", "erirny")
_REVERSED_WORDS = ("noitcurtsni", "erongi", "tpmorp", "drowssap", "dragersid")
_ALIGNMENTS = 4
_FEW = 4


class Decoded(NamedTuple):
    """What a stretch of a text decodes to."""

    encoding: str
    start: int
    end: int
    text: str


def decoded(text: str, *, whole: bool = False) -> list[Decoded]:
    """Decode what is readable text in an encoding; data that is no text, such as pictures and hashes, gives nothing.

    With `whole`, what changes the text as a whole is tried too: ROT13 and reading backwards, which undo themselves.
    """
    found = [*_runs(text)]
    found += _escaped(text)
    if not text.isascii():
        found += _unseen(text)
    if whole:
        lower = text.lower()
        if any(word in lower for word in _ROT13_WORDS):
            found.append(Decoded("ROT13", 0, len(text), codecs.encode(text, "rot13")))
        if any(word in lower for word in _REVERSED_WORDS):
            found.append(Decoded("REVERSED", 0, len(text), text[::-1]))
    return found


def _runs(text: str) -> Iterator[Decoded]:
    for match in _BASE64.finditer(text):
        run = match[0]
        if run.isalpha() and (run.islower() or run.istitle()):
            continue  # a long word
        readable = _base64(run)
        if readable is not None:
            yield Decoded("BASE64", *match.span(), readable)
    for match in _HEX.finditer(text):
        digits = _NOT_HEX.sub("", match[0])
        readable = _readable(bytes.fromhex(digits[: len(digits) // 2 * 2]))
        if readable is not None and not digits.isdigit():
            yield Decoded("HEX", *match.span(), readable)
    if "00" in text or "01" in text:
        for match in _BINARY.finditer(text):
            bits = match[0].replace(" ", "").replace(",", "")
            readable = _readable(_bytes_of(bits))
            if readable is not None:
                yield Decoded("BINARY", *match.span(), readable)


def _base64(run: str) -> str | None:
    letters = "".join(run.split()).rstrip("=").translate(str.maketrans("-_", "+/"))
    # What stands before it may belong to the same alphabet ("/", "-", a letter): then its groups of four begin later.
    for skipped in range(_ALIGNMENTS):
        part = letters[skipped:]
        part = part[: len(part) - (len(part) % 4 == 1)]
        try:
            data = base64.b64decode(part + "=" * (-len(part) % 4))
        except binascii.Error:
            continue
        readable = _readable(data) or _readable_part(data)
        if readable is not None:
            return readable
    return None


def _readable_part(data: bytes) -> str | None:
    """Return the stretches that are text, where what stood before or behind belongs to the same alphabet."""
    stretches = _PRINTABLE.findall(data)
    return " ".join(stretch.decode("ascii") for stretch in stretches) if stretches else None


def _readable(data: bytes) -> str | None:
    """Return bytes as text, if they are: UTF-8 (or UTF-16, as PowerShell encodes), letters for the most part."""
    if len(data) < 6:
        return None
    encoding = "utf-16-le" if data[1::2].count(0) > len(data) // 3 else "utf-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    printable = sum(letter.isprintable() or letter in "\n\r\t" for letter in text)
    letters = sum(letter.isalnum() or letter == " " for letter in text)
    return text if printable == len(text) and letters >= 0.6 * len(text) else None


def _escaped(text: str) -> Iterator[Decoded]:
    """Undo all escapes of a text in one go: texts of the web have several sorts."""
    plain, undone = text, []
    for encoding, sign, pattern, undo in _ESCAPES:
        if sign in plain and len(spans := [match.span() for match in pattern.finditer(plain)]) >= _FEW:
            in_text = spans if plain is text else [match.span() for match in pattern.finditer(text)]
            undone += [(encoding, in_text[0][0], in_text[-1][1])] if in_text else []
            plain = undo(plain)
    if undone and plain != text:
        yield Decoded(undone[0][0], min(start for _, start, _ in undone), max(end for *_, end in undone), plain)


def _without_backslashes(text: str) -> str:
    *_, plain = [text, *(reading for reading, _ in unescaped(text))]
    return plain


def _unseen(text: str) -> Iterator[Decoded]:
    tags = list(_TAGS.finditer(text))
    if tags:
        plain = "".join(chr(ord(letter) - 0xE0000) for match in tags for letter in match[0])
        yield Decoded("TAGS", tags[0].start(), tags[-1].end(), plain)
    for match in _SELECTORS.finditer(text):
        readable = _readable(bytes(_byte_of(letter) for letter in match[0]))
        if readable is not None:
            yield Decoded("SELECTORS", *match.span(), readable)
    for match in _UNSEEN_BITS.finditer(text):
        run = match[0]
        letters = sorted(set(run), key=run.index)[:2]
        for one in letters:
            bits = "".join("1" if letter == one else "0" for letter in run if letter in letters)
            readable = _readable(_bytes_of(bits))
            if readable is not None:
                yield Decoded("ZERO_WIDTH", *match.span(), readable)


def _byte_of(selector: str) -> int:
    code = ord(selector)
    return code - 0xFE00 if code <= 0xFE0F else code - 0xE0100 + 16


def _bytes_of(bits: str) -> bytes:
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8))


_ESCAPES: tuple[tuple[str, str, re.Pattern[str], Callable[[str], str]], ...] = (
    ("PERCENT", "%", re.compile(r"%[0-9A-Fa-f]{2}"), urllib.parse.unquote),
    ("HTML", "&", re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});"), html.unescape),
    ("ESCAPES", "\\", re.compile(r"\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})"), _without_backslashes),
)


_MAX_DEPTH = 5
_ALONE = 32


def _keep_worst(categories: dict[str, float], results: Sequence[ScanResult]) -> None:
    for result in results:
        for category, score in result.categories.items():
            categories[category] = max(categories.get(category, 0.0), score)


class EncodedPayloads:
    """Decodes what is encoded in a text, and asks other scanners about it.

    It knows Base64, hexadecimal and binary digits, percent, HTML and backslash escapes, ROT13, text from back to front,
    and text in characters that are not seen. Encodings in encodings are followed. No decoding is longer than what it
    came from, so time is linear in the text.

    Args:
        scanners: Who judges what was decoded; None for `JailbreakPhrases`, `Secrets` and `PlaceholderProbing`.
        max_depth: Encodings in each other that are undone, 1…5.
        name: The check's name.

    Raises:
        GuardError: No scanner, one without `scan`, one that is not instant, or a depth out of range.
    """

    cost: Cost = "instant"

    def __init__(
        self, scanners: Sequence[Scanner] | None = None, *, max_depth: int = 3, name: str = "EncodedPayloads"
    ) -> None:
        inner = (JailbreakPhrases(), Secrets(), PlaceholderProbing()) if scanners is None else tuple(scanners)
        if not inner:
            raise GuardError("scanners is empty: nobody would judge what was decoded; give at least one")
        for scanner in inner:
            if not callable(getattr(scanner, "scan", None)):
                raise GuardError(f"{type(scanner).__name__} is no scanner: it has no method scan(request)")
            if getattr(scanner, "cost", "model") != "instant":
                raise GuardError(f"{type(scanner).__name__} is not instant: what is decoded is judged in this thread")
        if not 1 <= max_depth <= _MAX_DEPTH:
            raise GuardError(f"max_depth={max_depth!r} is out of range: give 1…{_MAX_DEPTH}")
        self.name = name
        self._scanners: tuple[Scanner, ...] = inner
        self._names = [scanner_name(scanner) for scanner in inner]
        self._max_depth = max_depth

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._names}, max_depth={self._max_depth})"

    @property
    def details(self) -> dict[str, Any]:
        """Names of the scanners that judge what was decoded, for the trace."""
        return {"scanners": [*self._names], "max_depth": self._max_depth}

    def scan(self, request: ScanRequest) -> ScanResult:
        """Judge what a text decodes to.

        Returns:
            The worst risk that a scanner sees in a decoded text; entities where it stood, with the kind
            ``"ENCODED_BASE64"``, ``"ENCODED_HEX"``…; the scanners' categories.
        """
        valid, risk = True, 0.0
        categories: dict[str, float] = {}
        entities: dict[tuple[int, int], Entity] = {}
        layer = [(piece, piece) for piece in decoded(request.text, whole=True)]
        for depth in range(self._max_depth):
            if not layer:
                break
            results = self._judged([piece.text for piece, _ in layer], request)
            if results:
                risk = max(risk, *(result.risk_score for result in results))
                _keep_worst(categories, results)
            if any(not result.valid for result in results):
                valid = False
                for outer in self._guilty(layer, request):
                    entities[outer.start, outer.end] = Entity(
                        f"ENCODED_{outer.encoding}", outer.start, outer.end, max(r.risk_score for r in results)
                    )
            if depth + 1 < self._max_depth:
                layer = [(inner, outer) for piece, outer in layer for inner in decoded(piece.text)]
        ordered = tuple(entities[span] for span in sorted(entities))
        return ScanResult(valid, risk, entities=ordered, categories=categories)

    def _judged(self, texts: Sequence[str], request: ScanRequest) -> list[ScanResult]:
        # All of a layer at once: a text may be cut into many small pieces.
        asked = ScanRequest(" ".join(texts), stage=request.stage, deadline=request.deadline)
        return [scanner.scan(asked) for scanner in self._scanners]

    def _guilty(self, layer: Sequence[tuple[Decoded, Decoded]], request: ScanRequest) -> list[Decoded]:
        """Return those that are at fault alone; all, if it takes several or there are too many to ask."""
        alone = (
            [outer for piece, outer in layer if any(not r.valid for r in self._judged([piece.text], request))]
            if 1 < len(layer) <= _ALONE
            else []
        )
        return alone or [outer for _, outer in layer]
