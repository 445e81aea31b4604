"""Phrases in a text: one reading of it, however it was disguised, and rules over that reading.

Compatibility forms, case, look-alike letters of other alphabets, accents, invisible characters and letters that are
spaced out are ways to write a word so that a person and a model read it and a search does not. What a text reads as
once other disguises are undone is in `readings`; whether it shows a sign of one is told here, in microseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, AnyStr, NamedTuple

from lc_guard._text.words import WINDOW, all_matches, first_match
from lc_guard.scanners.base import ScanRequest
from lc_guard.scanners.disguise_signs import (
    APART,
    APART_WORDS,
    BACKWARDS,
    CODES,
    ESCAPES,
    ESCAPING,
    KIND_OF,
    LEET_NEIGHBOURS,
    NEIGHBOURS,
    NO_LETTERS,
    NUMBERED_ROWS,
    OF_CIPHERS,
    PIECES,
    SMALL,
    THRICE,
    UNUSUAL,
)

if TYPE_CHECKING:
    from lc_guard.scanners.phrases.rule import Rule

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LEET = str.maketrans("013457@$!|l", "oieastasiii")
# Inside a word, before two letters, at the end of a word: where a digit stands for a letter, not for itself.
_LEET_IN_WORDS = re.compile(
    r"(?<=[a-z])[013457@$](?=[a-z])|(?<![0-9a-z])[013457@$](?=[a-z]{2})|(?<=[a-z])[013457@$](?![0-9a-z])"
)
_LEET_SIGN = re.compile(r"[013457@$][A-Za-z]|[A-Za-z][013457@$]")
SPACED = re.compile(
    r"(?<![^\W_])[^\W_](?:[ .*_-][^\W_]){3,}(?![^\W_])(?:[ .*_-]{2,}[^\W_](?:[ .*_-][^\W_])+(?![^\W_]))*"
)
_BETWEEN = " .*_-"  # what stands between letters that are spaced
TOKEN = re.compile(r"[^\W_]+|[.!?;:\n\"“”„«»]")
SIGNS = {**dict.fromkeys(".!?;:\n", "."), **dict.fromkeys('"“”„«»', '"')}
_ONLY_WORDS = re.compile(r"[^\W_]+")
_DIGIT = re.compile("[0-9]")
_LONGEST_SIGN, _LONGEST_FIND = 200, 4_000
_FEW, _MANY = 3, 7
_LONG, _LONGEST_WORD = 12, 18
_SHARE = 12  # one of so many words is a small one, or more
_VOWELS = 0.3


class Folded(NamedTuple):
    """A text as it is compared, and for each of its offsets (its length included) the offset in the original."""

    text: str
    offsets: Sequence[int]


def folded(text: str, *, casefold: bool = True, accents: bool = True, leet: bool = False) -> Folded:
    """Fold a text: NFKC, case, no invisible characters.

    Without `accents`, letters of other alphabets that look Latin become Latin too, in words that have a Latin letter.
    With `leet`, digits and signs that stand for letters become them (``1`` and ``l`` both read as ``i``).
    """
    plain: str = text
    offsets: Sequence[int] = range(len(text) + 1)
    if not text.isascii() or _CONTROLS.search(text):
        from lc_guard.scanners.folding import unfolded

        plain, offsets = unfolded(text, accents=accents, casefold=casefold)
    elif casefold:
        plain = text.lower()
    return Folded(plain.translate(_LEET) if leet else plain, offsets)


def end_offset(offsets: Sequence[int], end: int) -> int:
    """Return where a stretch of the folded text ends in the original: behind the last letter, with its marks."""
    last = offsets[end - 1]
    while offsets[end] <= last:
        end += 1
    return offsets[end]


def signs_of(text: str) -> set[str]:
    """Return the sorts of disguises that a text has a sign of: none for most, and more than it has for some."""
    lower = text.lower()
    exact = b" " + text.encode("latin-1", "replace").translate(KIND_OF) + b" "
    kinds = exact.replace(b"0", b"a")
    found = {name for kind, name, neighbours in NEIGHBOURS if kind in kinds and any_in(neighbours, kinds)}
    if (b"0" in exact or b"@" in exact) and any_in(LEET_NEIGHBOURS, exact):
        found.add("leet")
    if exact.count(b"0") > _MANY and first_match(CODES, text, longest=_LONGEST_SIGN):
        found.add("pieces")
    if _has_thrice(lower):
        found.add("repeated")
    if any_in(ESCAPING, text) and first_match(ESCAPES, text, longest=_LONGEST_SIGN):
        found.add("escapes")
    if not text.isascii() and first_match(UNUSUAL, text, longest=_LONGEST_SIGN):
        found.add("folded")
    return found.union(_signs_of_words(text, lower, kinds))


def _signs_of_words(text: str, lower: str, kinds: bytes) -> Iterator[str]:
    words = lower.split()
    lengths = bytes([length if length < _LONG else _LONG for length in map(len, words)])
    parted = kinds.count(b"a-a")
    if parted > _FEW:
        yield "signs"
    if b"\1\1\1\1" in lengths or b"\2\2\2\2" in lengths or APART.search(kinds):
        yield "spelled"
    if _lists_words(text, kinds):
        yield "listed"
    if PIECES.search(lengths) or kinds.count(b"- -") > _FEW:
        yield "pieces"
    if _LONG in lengths and any(map(_is_no_word, text.split())):
        yield "long"
    few = _SHARE * sum(map(SMALL.__contains__, words)) < len(words)
    if (few and _reads_as_nothing(lower)) or not OF_CIPHERS.isdisjoint(words):
        yield "ciphers"


def _lists_words(text: str, kinds: bytes) -> bool:
    """Whether words are apart by the same, by ends of tags, or stand in numbered rows."""
    if APART_WORDS.search(kinds) or kinds.count(b"a<-a") > _FEW:
        return True
    return kinds.count(b"n") > _FEW and first_match(NUMBERED_ROWS, text, longest=_LONGEST_SIGN) is not None


def _reads_as_nothing(text: str) -> bool:
    """Whether a text has fewer vowels than languages have, or words from back to front."""
    letters = text.encode("latin-1", "replace").translate(None, NO_LETTERS)
    return len(letters) - len(letters.translate(None, b"aeiou")) < _VOWELS * len(letters) or any_in(BACKWARDS, text)


def _has_thrice(text: str) -> bool:
    """Whether a letter stands three times in a row; of three equal bytes both differences are nothing."""
    letters = text.encode("latin-1", "replace")
    differences = int.from_bytes(letters[1:], "big") ^ int.from_bytes(letters[:-1], "big")
    return b"\0\0" in differences.to_bytes(len(letters), "big")[1:] and any_in(THRICE, text)


def _is_no_word(token: str) -> bool:
    """Whether a long token may be in an encoding, or several words in one."""
    if len(token) < _LONG:
        return False
    plain = (token.islower() or token.istitle()) and _DIGIT.search(token) is None
    return not plain or len(token) > _LONGEST_WORD


def may_read_otherwise(request: ScanRequest) -> bool:
    """Whether a text shows a sign of a disguise; looked for once for all scanners of a request."""
    found = request.shared.get(request.text)
    if found is None:
        found = request.shared[request.text] = signs_of(request.text)
    return bool(found)


def in_leet(text: str) -> bool:
    """Whether several words of a text have digits or signs in place of letters."""
    if not _LEET_SIGN.search(text):
        return False
    found = all_matches(_LEET_IN_WORDS, text.lower(), longest=3)
    return len(list(islice(found, 2))) > 1


def canonical(text: str, *, leet: bool = False) -> str:
    """Return the words of a text, folded, with one blank between them; ends of sentences as ``.``, quotes as ``"``.

    On such a text a phrase has one spelling, whatever stood between its words.
    """
    plain = folded_words(text, leet=leet).text
    if any(blank in plain for blank in _BETWEEN) and SPACED.search(plain):
        plain = SPACED.sub(_close_up, plain)
    return " ".join(SIGNS.get(token, token) for token in TOKEN.findall(plain))


def folded_words(text: str, *, leet: bool) -> Folded:
    """Return a text in which words are compared; with `leet`, letters for digits and signs inside of them."""
    plain, offsets = folded(text, accents=False)
    return Folded(_LEET_IN_WORDS.sub(_letter, plain) if leet else plain, offsets)


def _letter(match: re.Match[str]) -> str:
    return match[0].translate(_LEET)


def close_up(run: str) -> list[str]:
    """Return the words of a run that is spelled letter by letter."""
    return ["".join(_ONLY_WORDS.findall(word)) for word in re.split(r"[ .*_-]{2,}", run)]


def _close_up(match: re.Match[str]) -> str:
    return " ".join(close_up(match[0]))


class Hit(NamedTuple):
    """A rule that found something, and where in the canonical text."""

    rule: Rule
    start: int
    end: int


class RuleSet:
    """Rules, by their anchors: of most texts a rule is told by these that it finds nothing.

    Attributes:
        rules: The rules.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        by_anchor: dict[str, list[int]] = {}
        for number, rule in enumerate(self.rules):
            for anchor in rule.anchors:
                by_anchor.setdefault(anchor, []).append(number)
        self._by_anchor = [*by_anchor.items()]

    def hits(self, text: str, *, beyond: int = 0) -> list[Hit]:
        """Return one hit, the first, for each rule that finds something not wholly before `beyond`.

        Args:
            text: A canonical text.
            beyond: Where finds must not end before.
        """
        met = {number for anchor, numbers in self._by_anchor if anchor in text for number in numbers}
        found = []
        for rule in (self.rules[number] for number in sorted(met)):
            if rule.also and not any_in(rule.also, text):
                continue
            matches = rule.compiled.finditer(text)
            if len(text) > WINDOW:
                matches = all_matches(rule.compiled, text, longest=_LONGEST_FIND)
            for match in matches:
                if match.end() > beyond:
                    found.append(Hit(rule, match.start(), match.end()))
                    break
        return found


def any_in(parts: tuple[AnyStr, ...], text: AnyStr) -> bool:
    """Return whether one of several parts stands in a text."""
    # A loop: `any` with a generator costs three times as much, and this runs for every rule.
    for part in parts:  # noqa: SIM110
        if part in text:
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
