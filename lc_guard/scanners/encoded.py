"""Text that hides in an encoding: decoded, and judged by other scanners.

An encoding is no offence: pictures, hashes and tokens are encoded too. What it decodes to may be. The built-in scanners
read by themselves what is encoded (`readings`); this one names the encoding, and asks scanners of yours about it.
"""

from __future__ import annotations

import codecs
import html
import re
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lc_guard._text.words import unescaped
from lc_guard.errors import GuardError
from lc_guard.records import Entity, ScanResult
from lc_guard.scanners.attack_phrases import JailbreakPhrases, PlaceholderProbing
from lc_guard.scanners.base import Cost, Scanner, ScanRequest, scanner_name
from lc_guard.scanners.phrase_matching import read_otherwise
from lc_guard.scanners.secrets import Secrets

if TYPE_CHECKING:
    from lc_guard.scanners.decoding import Decoded

# Words of attacks, in ROT13 and from back to front: worth reading a whole text that way.
_ROT13_WORDS = ("vafgehpgvba", "vtaber", "flfgrz cebzcg", "cnffjbeq", "qvfertneq", "erirny")
_REVERSED_WORDS = ("noitcurtsni", "erongi", "tpmorp", "drowssap", "dragersid")
_FEW = 4


def decoded(text: str, *, whole: bool = False) -> list[Decoded]:
    """Decode what is readable text in an encoding; data that is no text, such as pictures and hashes, gives nothing.

    With `whole`, what changes the text as a whole is tried too: ROT13 and reading backwards, which undo themselves.
    """
    from lc_guard.scanners.decoding import Decoded, stretches

    found = stretches(text)
    found += _escaped(text)
    if whole:
        lower = text.lower()
        if any(word in lower for word in _ROT13_WORDS):
            found.append(Decoded("ROT13", 0, len(text), codecs.encode(text, "rot13")))
        if any(word in lower for word in _REVERSED_WORDS):
            found.append(Decoded("REVERSED", 0, len(text), text[::-1]))
    return found


def _escaped(text: str) -> Iterator[Decoded]:
    """Undo all escapes of a text in one go: texts of the web have several sorts."""
    from lc_guard.scanners.decoding import Decoded

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
        if not read_otherwise(request):
            return ScanResult(valid=True, risk_score=0.0)
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
        return [getattr(scanner, "scan_as_written", scanner.scan)(asked) for scanner in self._scanners]

    def _guilty(self, layer: Sequence[tuple[Decoded, Decoded]], request: ScanRequest) -> list[Decoded]:
        """Return those that are at fault alone; all, if it takes several or there are too many to ask."""
        alone = (
            [outer for piece, outer in layer if any(not r.valid for r in self._judged([piece.text], request))]
            if 1 < len(layer) <= _ALONE
            else []
        )
        return alone or [outer for _, outer in layer]
