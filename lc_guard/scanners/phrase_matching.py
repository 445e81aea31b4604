"""Phrases in a text: one reading of it, however it was disguised, and rules over that reading.

Compatibility forms, case, look-alike letters of other alphabets, accents, invisible characters and letters that are
spaced out are ways to write a word so that a person and a model read it and a search does not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from lc_guard._text.words import all_matches
from lc_guard.errors import GuardError
from lc_guard.records import ScanResult
from lc_guard.scanners.base import ScanRequest

# Controls (but tab and line breaks), zero-width and bidirectional characters, variation selectors, tags.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_CLUSTER = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+")
# Letters that look like Latin ones in most fonts: single-letter entries of Unicode's confusables.txt (UTS #39).
_LOOKALIKES = str.maketrans(
    "авеікмнорсѕтухјԁһԛԝґѵӏ" + "αβεικνορτυχϲϳ" + "ıℓɡɑ",
    "abeikmhopcstyxjdhqwrvl" + "abeikvoptuxcj" + "ilga",
)
_WORD = re.compile(r"[a-z\u0370-\u03ff\u0400-\u052fıℓɡɑ]+")
_HAS_LATIN = re.compile("[a-z]")
_LEET = str.maketrans("013457@$!|l", "oieastasiii")
# Inside a word, before two letters, at the end of a word: where a digit stands for a letter, not for itself.
_LEET_IN_WORDS = re.compile(
    r"(?<=[a-z])[013457@$](?=[a-z])|(?<![0-9a-z])[013457@$](?=[a-z]{2})|(?<=[a-z])[013457@$](?![0-9a-z])"
)
_SPACED = re.compile(
    r"(?<![^\W_])[^\W_](?:[ .*_-][^\W_]){3,}(?![^\W_])(?:[ .*_-]{2,}[^\W_](?:[ .*_-][^\W_])+(?![^\W_]))*"
)
_BETWEEN = " .*_-"  # what stands between letters that are spaced
_TOKEN = re.compile(r"[^\W_]+|[.!?;:\n\"“”„«»]")
_SIGNS = {**dict.fromkeys(".!?;:\n", "."), **dict.fromkeys('"“”„«»', '"')}
_ONLY_WORDS = re.compile(r"[^\W_]+")

# What only a disguise has, or an ordinary text of some sort: tags, escapes, marks, ends of lines, signs in quotes.
_MARKED = re.compile(
    "[%<\\\\|*~`^{}\n\t\r\x00-\x08\x0b-\x1f\x7f]|&#|&[a-z]{2,6};|=[0-9A-F]{2}|[UuA-Za-z0-9]\\+|[\"'] ?[\"'+]"
)
_LONG_RUN = re.compile(r"[A-Za-z0-9+/=_-]{18}|[!-~]{28}")
_SHORT_RUNS = re.compile(
    r"(?<!\S)\S(?:[,;:] |[ ._/+:=-])\S(?:[,;:] |[ ._/+:=-])\S(?:[,;:] |[ ._/+:=-])\S(?!\S)|(?<!\S)(?:\S{1,3} ){7}"
    r"|(?<!\S)(?:\S{4} \S{4} \S{4} \S{4}|\S{5} \S{5} \S{5} \S{5}|\S{6} \S{6} \S{6} \S{6}|\S{8} \S{8} \S{8} \S{8}) "
)
_SIGNED = re.compile(
    r"[A-Za-z][0-9@$!+][A-Za-z]|(?:[A-Za-z]{1,4}[._-]){3}|(?<![^\s])[0-9@$!+][A-Za-z]{2}|[A-Za-z][0-9$](?!\S)|([A-Za-z])\1\1"
)
# Small words of eight languages; and what a text in a cipher, or from back to front, has beside such words.
_ORDINARY = re.compile(
    r"\b(?:the|and|is|of|to|in|for|with|my|me|der|die|und|ist|ich|le|la|les|et|est|el|los|que|il|che|di|non|het|een|van|ik"
    r"|nie|jest|sie|na|o|os|as|um|uma|not|do|ask|what|who|how|hello|hi)\b"
)
_OF_CIPHERS = (
    "vafgehpgvba", "vtaber", "flfgrz cebzcg", "cnffjbeq", "qvfertneq", "erirny", "noitcurtsni", "noitcurtsn", "erongi",
    "tpmorp", "drowssap", "dragersid", "rot13", "rot-13", "rot47", "caesar", "cipher", "atbash", "backward", "revers",
)  # fmt: skip
# Letters of the Latin alphabet that no language has to fold, quotes, dashes, and the currencies'.
_UNUSUAL = re.compile(
    "[^\x00-\u024f\u2010-\u2015\u2018-\u201f\u2026\u20ac\u3001\u3002\u3040-\u30ff\u4e00-\u9fff]|\u00a0|\u00ad"
)


class Folded(NamedTuple):
    """A text as it is compared, and for each of its offsets (its length included) the offset in the original."""

    text: str
    offsets: Sequence[int]


def folded(text: str, *, casefold: bool = True, accents: bool = True, leet: bool = False) -> Folded:
    """Fold a text: NFKC, case, no invisible characters.

    Without `accents`, letters of other alphabets that look Latin become Latin too, in words that have a Latin letter.
    With `leet`, digits and signs that stand for letters become them (``1`` and ``l`` both read as ``i``).
    """
    if text.isascii():
        folding = _UNSEEN.search(text) is not None
        plain, offsets = _without_unseen(text) if folding else (text, range(len(text) + 1))
    else:
        plain, offsets = _unfold(text, accents=accents, casefold=casefold)
    plain = plain.lower() if casefold and plain.isascii() else plain
    if not accents and not plain.isascii():
        plain = _WORD.sub(_latin, plain)
    return Folded(plain.translate(_LEET) if leet else plain, offsets)


def end_offset(offsets: Sequence[int], end: int) -> int:
    """Return where a stretch of the folded text ends in the original: behind the last letter, with its marks."""
    last = offsets[end - 1]
    while offsets[end] <= last:
        end += 1
    return offsets[end]


def _without_unseen(text: str) -> tuple[str, Sequence[int]]:
    kept = [at for at, letter in enumerate(text) if not _UNSEEN.match(letter)]
    return "".join(text[at] for at in kept), [*kept, len(text)]


def _unfold(text: str, *, accents: bool, casefold: bool) -> tuple[str, Sequence[int]]:
    """Fold what is not ASCII, cluster by cluster: a base letter with its marks is one."""
    pieces: list[str] = []
    offsets: list[int] = []
    last = 0
    for match in _CLUSTER.finditer(text):
        start, end = match.span()
        pieces.append(text[last:start].lower() if casefold else text[last:start])
        offsets.extend(range(last, start))
        at = start
        while at < end:
            upto = at + 1
            while upto < end and unicodedata.combining(text[upto]):
                upto += 1
            piece = _fold_cluster(text[at:upto], accents=accents, casefold=casefold)
            pieces.append(piece)
            offsets.extend([at] * len(piece))
            at = upto
        last = end
    pieces.append(text[last:].lower() if casefold else text[last:])
    offsets.extend(range(last, len(text) + 1))
    joined = "".join(pieces)
    return (joined, offsets) if joined.isascii() or not _UNSEEN.search(joined) else _drop_unseen(joined, offsets)


def _drop_unseen(text: str, offsets: Sequence[int]) -> tuple[str, Sequence[int]]:
    plain, kept = _without_unseen(text)
    return plain, [offsets[at] for at in kept]


def _fold_cluster(cluster: str, *, accents: bool, casefold: bool) -> str:
    # More than a few marks on one letter are no language's ("zalgo"), and would make composing quadratic.
    piece = unicodedata.normalize("NFKC", cluster[:8])
    piece = piece.casefold() if casefold else piece
    if accents or piece.isascii():
        return piece
    # Only what stands on Latin, Greek and Cyrillic letters: elsewhere marks are vowels.
    apart = unicodedata.normalize("NFD", piece)
    if apart[:1] and ord(apart[0]) < 0x530:
        return "".join(letter for letter in apart if not unicodedata.combining(letter))
    return piece


def _latin(match: re.Match[str]) -> str:
    word = match[0]
    return word.translate(_LOOKALIKES) if not word.isascii() and _HAS_LATIN.search(word) else word


def may_be_disguised(text: str) -> bool:
    """Whether a text has a sign of a disguise or an encoding; without one it reads as it stands, and nothing else."""
    if any(sign.search(text) for sign in (_MARKED, _LONG_RUN, _SIGNED, _SHORT_RUNS)):
        return True
    if not text.isascii() and _UNUSUAL.search(text):
        return True
    lower = text.lower()
    return _ORDINARY.search(lower) is None or any(word in lower for word in _OF_CIPHERS)


def through_disguises(
    judge: Callable[[ScanRequest], ScanResult],
    request: ScanRequest,
    guess: Callable[[ScanRequest], ScanResult] | None = None,
    *,
    leet: bool = True,
) -> ScanResult:
    """Judge a text as it stands and, where it shows a sign of a disguise, what it reads as without; see `readings`."""
    plain = judge(request)
    if not may_be_disguised(request.text):
        return plain
    from lc_guard.scanners.readings import judged

    return judged(judge, request, plain, guess, leet=leet)


def in_leet(text: str) -> bool:
    """Whether several words of a text have digits or signs in place of letters."""
    found = all_matches(_LEET_IN_WORDS, text.lower(), longest=3)
    return len(list(islice(found, 2))) > 1


def canonical(text: str, *, leet: bool = False) -> str:
    """Return the words of a text, folded, with one blank between them; ends of sentences as ``.``, quotes as ``"``.

    On such a text a phrase has one spelling, whatever stood between its words.
    """
    plain = _plain(text, leet=leet).text
    if any(blank in plain for blank in _BETWEEN) and _SPACED.search(plain):
        plain = _SPACED.sub(_close_up, plain)
    return " ".join(_SIGNS.get(token, token) for token in _TOKEN.findall(plain))


def _plain(text: str, *, leet: bool) -> Folded:
    plain, offsets = folded(text, accents=False)
    return Folded(_LEET_IN_WORDS.sub(_letter, plain) if leet else plain, offsets)


def _letter(match: re.Match[str]) -> str:
    return match[0].translate(_LEET)


def canonical_offsets(text: str, *, leet: bool = False) -> tuple[str, list[tuple[int, int]]]:
    """Return `canonical` with, for each of its characters, the span of the original's token that it comes from."""
    plain, offsets = _plain(text, leet=leet)
    runs = {match.start(): match.end() for match in _SPACED.finditer(plain)}
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    at = 0
    while (match := _TOKEN.search(plain, at)) is not None:
        start, end = match.span()
        tokens = [(_SIGNS.get(match[0], match[0]), start, end)]
        if start in runs:
            end = runs[start]
            tokens = [(word, start, end) for word in _close_up_words(plain[start:end])]
        for token, first, last in tokens:
            if pieces:
                pieces.append(" ")
                spans.append((offsets[first], offsets[first]))
            pieces.append(token)
            spans += [(offsets[first], end_offset(offsets, last))] * len(token)
        at = end
    return "".join(pieces), spans


def _close_up_words(run: str) -> list[str]:
    return ["".join(_ONLY_WORDS.findall(word)) for word in re.split(r"[ .*_-]{2,}", run)]


def _close_up(match: re.Match[str]) -> str:
    return " ".join(_close_up_words(match[0]))


@dataclass(frozen=True, slots=True)
class Rule:
    """A phrase to look for in the canonical reading of a text.

    Attributes:
        id: Short name, unique among the rules of a scanner, such as ``"override-en-1"``.
        category: Family it belongs to, such as ``"override"``.
        weight: Risk of a text where it alone is found, above 0, up to 1.
        anchors: Strings one of which is in every text that the pattern finds: most texts cost no more than that search.
        pattern: Regular expression on the text that `canonical` gives: lower case, no accents, single blanks, ``.``
            for the end of a sentence, ``"`` for a quotation mark. Every repetition is bounded.
        source: Where the attack is described.
        also: Strings one of which is in every such text too; empty for no such condition.
    """

    id: str
    category: str
    weight: float
    anchors: tuple[str, ...]
    pattern: str
    source: str = ""
    also: tuple[str, ...] = ()
    compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 0 < self.weight <= 1:
            raise GuardError(
                f"weight={self.weight!r} of the rule {self.id!r} is no risk: give a number above 0, up to 1"
            )
        if not self.anchors or not all(self.anchors):
            raise GuardError(f"the rule {self.id!r} has no anchors: give strings one of which every find has")
        try:
            object.__setattr__(self, "compiled", re.compile(self.pattern))
        except re.error as error:
            raise GuardError(f"the pattern of the rule {self.id!r} is no regular expression: {error}") from None


def rules(category: str, table: Iterable[Sequence[Any]], *, language: str = "en") -> tuple[Rule, ...]:
    """Make rules of rows of name, weight, anchors, pattern, source, and perhaps the strings of `Rule.also`."""
    return tuple(Rule(f"{category}-{language}-{name}", category, *rest) for name, *rest in table)


def gap(words: int) -> str:
    """Return a pattern for up to some words of one sentence; bounded, so that no text makes a search quadratic."""
    return rf'(?:[^ ."]{{1,24}} ){{0,{words}}}'


class Hit(NamedTuple):
    """A rule that found something, and where in the canonical text."""

    rule: Rule
    start: int
    end: int


def hits(text: str, rules: Iterable[Rule], *, beyond: int = 0) -> list[Hit]:
    """Return one hit, the first, for each rule that finds something in a canonical text not wholly before `beyond`."""
    found = []
    for rule in rules:
        if not _any_in(rule.anchors, text) or (rule.also and not _any_in(rule.also, text)):
            continue
        for match in rule.compiled.finditer(text):
            if match.end() > beyond:
                found.append(Hit(rule, match.start(), match.end()))
                break
    return found


def _any_in(anchors: tuple[str, ...], text: str) -> bool:
    # A loop: `any` with a generator costs three times as much, and this runs for every rule.
    for anchor in anchors:  # noqa: SIM110
        if anchor in text:
            return True
    return False


def risk_of(found: Sequence[Hit], weights: Mapping[str, float] | None = None) -> float:
    """Combine hits of rules as independent evidence, as 1 - (1 - a)(1 - b) and so on; weights by rule go first."""
    doubt = 1.0
    for hit in found:
        doubt *= 1.0 - (weights or {}).get(hit.rule.id, hit.rule.weight)
    return 1.0 - doubt


def risks_by_category(found: Sequence[Hit], weights: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the risk of each category that has a hit."""
    categories = sorted({hit.rule.category for hit in found})
    return {name: risk_of([hit for hit in found if hit.rule.category == name], weights) for name in categories}
