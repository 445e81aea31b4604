"""Phrases in a text: one reading of it, however it was disguised, and rules over that reading.

Compatibility forms, case, look-alike letters of other alphabets, accents, invisible characters and letters that are
spaced out are ways to write a word so that a person and a model read it and a search does not. What a text reads as
once other disguises are undone is in `readings`; whether it shows a sign of one is told here, in microseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, AnyStr, NamedTuple

from lc_guard._text.words import all_matches
from lc_guard.records import ScanResult
from lc_guard.scanners.base import ScanRequest

if TYPE_CHECKING:
    from lc_guard.scanners.phrases.rule import Rule
    from lc_guard.scanners.readings import Reading

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LEET = str.maketrans("013457@$!|l", "oieastasiii")
# Inside a word, before two letters, at the end of a word: where a digit stands for a letter, not for itself.
_LEET_IN_WORDS = re.compile(
    r"(?<=[a-z])[013457@$](?=[a-z])|(?<![0-9a-z])[013457@$](?=[a-z]{2})|(?<=[a-z])[013457@$](?![0-9a-z])"
)
_LEET_SIGN = re.compile(r"[013457@$][A-Za-z]|[A-Za-z][013457@$]")
_SPACED = re.compile(
    r"(?<![^\W_])[^\W_](?:[ .*_-][^\W_]){3,}(?![^\W_])(?:[ .*_-]{2,}[^\W_](?:[ .*_-][^\W_])+(?![^\W_]))*"
)
_BETWEEN = " .*_-"  # what stands between letters that are spaced
_TOKEN = re.compile(r"[^\W_]+|[.!?;:\n\"“”„«»]")
_SIGNS = {**dict.fromkeys(".!?;:\n", "."), **dict.fromkeys('"“”„«»', '"')}
_ONLY_WORDS = re.compile(r"[^\W_]+")

# What a character is to the signs of a disguise: a letter, a digit, a blank, an end of a line, what may part letters.
_KINDS = bytearray(ord("a") if chr(code).isalpha() else ord("o") for code in range(256))
for _kind, _characters in {
    "0": b"0123456789", "-": b"-_./+:=\\", ",": b",;", "*": b"*~`^|", "'": b"\"'", "@": b"@$", "n": b"\r\n", "t": b"\t",
    " ": b" ", "<": b"<[{", "x": bytes((*range(9), 11, 12, *range(14, 32), 127)),
}.items():  # fmt: skip
    for _code in _characters:
        _KINDS[_code] = ord(_kind)
_KIND_OF = bytes(_KINDS)
# Neighbours that few ordinary texts have, by what they are a sign of; digits are letters here. Those of each line are
# looked for only where the kind before them occurs.
_NEIGHBOURS = (
    (b"*", "marks", (b"a*a", b"a**a", b"a-**")),
    (b"<", "marks", (b"a<",)),
    (b"''", "marks", (b"''",)),
    (b"' '", "marks", (b"' '",)),
    (b"'-", "marks", (b"'-'",)),
    (b"' -", "marks", (b"' - '",)),
    (b"-n", "marks", (b"a-na", b"a-nna")),
    (b"n", "lines", (b"ana", b"anna", b"a-na", b"a-nna", b"an ", b"ann ", b"ant", b"annt", b" na", b" nna")),
    (b"na", "spelled", (b"anananana",)),
    (b"*a", "spelled", (b"a*a*a*a",)),
    (b"',", "spelled", (b"a', 'a', 'a", b"a','a','a")),
    (b",a", "spelled", (b"a,a,a,a",)),
    (b"t", "spelled", (b"atatata",)),
    (b"x", "folded", (b"x",)),
)
_LEET_NEIGHBOURS = (b"a0a", b" 0aa", b"a0 ", b"a@a", b" @aa", b"a@ ")
_THRICE = tuple(3 * letter for letter in "abcdefghijklmnopqrstuvxyz")
_ESCAPING = ("\\", "%", "&", "=", "U+", "u+", "+A")
_ESCAPES = re.compile(
    r"\\(?:u[0-9A-Fa-f]{4}|u\{|x[2-7][0-9A-Fa-f]|[01][0-7]{2})|%(?:2[0-9A-Fa-f]|[0-9A-Fa-f]{2}%[0-9A-Fa-f]{2}|u00)"
    r"|&(?:#[xX0-9]|[A-Za-z]{2,8};)|(?:=[0-9A-F]{2}){2}|\w=\r?\n|[Uu]\+00[0-9A-F]{2}|\+A[A-Za-z0-9/]{5}"
    r"|[?&]\w{1,40}=[^\s&+]{0,80}\+"
)
# Six and more short words in a row, or four as long as each other: cut into pieces, perhaps.
_PIECES = re.compile(rb"[\1-\3]{6}|([\4\5\6\x08])\1{3}")
_CODES = re.compile(r"\d{2,3}(?:[,;] ?| )\d{2,3}(?:[,;] ?| )\d{2,3}(?:[,;] ?| )\d{2,3}")
_DIGIT = re.compile("[0-9]")
_FEW, _MANY = 3, 7
_LONG, _LONGEST_WORD = 12, 18
# Small words of eight languages: a text in a cipher, or from back to front, has few of them.
_SMALL = frozenset(
    "a about all alle also am an and are as at aus be but by can che come con da das de del den der des det di die do don "
    "du e een ein eine el en er es est et for from have he het hi how i ich il im in is ist it its je jest la le les los me "
    "met mit my na nao ne nicht nie no non not o of on or os ou para per por pour qu que qui se she si sie so sur te that "
    "the their they this to um uma un una und une van von was we were what who will with you your z".split()
)
_SHARE = 12  # one of so many words is a small one, or more
_OF_CIPHERS = frozenset(
    word + end
    for word in "vtaber vafgehpgvba vafgehpgvbaf flfgrz cebzcg cnffjbeq qvfertneq erirny erongi snoitcurtsni noitcurtsni metsys "
    "tpmorp drowssap dragersid laever rot13 rot-13 rot47 caesar cipher atbash backward backwards reverse reversed".split()
    for end in ("", ".", ",", ":", "!", "?", ")", '"')
)
# Unseen characters but those of emoji, marks, letters in other shapes, words of two alphabets.
_UNUSUAL = re.compile(
    "[\u00a0\u00ad\u0250-\u02af\u0300-\u036f\u0483-\u0489\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u1ab0-\u1aff"
    "\u1d00-\u1dbf\u2000-\u200c\u200e\u200f\u202a-\u202f\u205f-\u206f\u20d0-\u20df\u2100-\u214f\u2460-\u24ff"
    "\u2800-\u28ff\u3000\u3164\ua720-\ua7ff\ufb00-\ufb06\ufe00-\ufe0e\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uffa0\ufff9-\ufffb"
    "\U0001d400-\U0001d7ff\U0001f100-\U0001f1ff\U000e0000-\U000e0fff]"
    "|[^\\W_][\u200d\ufe0f\ufeff\u20e0-\u20ff]|\u200d[^\\W_]|[A-Za-z][\u0370-\u052f]|[\u0370-\u052f][A-Za-z]"
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
    plain, offsets = text, range(len(text) + 1)
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
    exact = b" " + text.encode("latin-1", "replace").translate(_KIND_OF) + b" "
    kinds = exact.replace(b"0", b"a")
    found = {name for kind, name, neighbours in _NEIGHBOURS if kind in kinds and any_in(neighbours, kinds)}
    if (b"0" in exact or b"@" in exact) and any_in(_LEET_NEIGHBOURS, exact):
        found.add("leet")
    parted = kinds.count(b"a-a")
    if parted > _FEW:
        found.add("signs")
    lower = text.lower()
    words = lower.split()
    lengths = bytes([length if length < _LONG else _LONG for length in map(len, words)])
    if b"\1\1\1\1" in lengths or b"\2\2\2\2" in lengths or (parted > 1 and b"a-a-a-a" in kinds):
        found.add("spelled")
    if _PIECES.search(lengths) or kinds.count(b"- -") > _FEW or (exact.count(b"0") > _MANY and _CODES.search(text)):
        found.add("pieces")
    if _LONG in lengths and any(map(_is_no_word, text.split())):
        found.add("long")
    if _has_thrice(lower):
        found.add("repeated")
    if _SHARE * sum(map(_SMALL.__contains__, words)) < len(words) or not _OF_CIPHERS.isdisjoint(words):
        found.add("ciphers")
    if any_in(_ESCAPING, text) and _ESCAPES.search(text):
        found.add("escapes")
    if not text.isascii() and _UNUSUAL.search(text):
        found.add("folded")
    return found


def _has_thrice(text: str) -> bool:
    """Whether a letter stands three times in a row; of three equal bytes both differences are nothing."""
    letters = text.encode("latin-1", "replace")
    differences = int.from_bytes(letters[1:], "big") ^ int.from_bytes(letters[:-1], "big")
    return b"\0\0" in differences.to_bytes(len(letters), "big")[1:] and any_in(_THRICE, text)


def _is_no_word(token: str) -> bool:
    """Whether a long token may be in an encoding, or several words in one."""
    if len(token) < _LONG:
        return False
    plain = (token.islower() or token.istitle()) and _DIGIT.search(token) is None
    return not plain or len(token) > _LONGEST_WORD


def read_otherwise(request: ScanRequest) -> Sequence[Reading]:
    """Return what a text reads as beside as it stands; worked out once for all scanners of a request."""
    found = request.shared.get(request.text)
    if found is None:
        signs = signs_of(request.text)
        found = ()
        if signs:
            from lc_guard.scanners.readings import readings

            found = tuple(readings(request.text, signs))
        request.shared[request.text] = found
    return found


def through_disguises(
    judge: Callable[[ScanRequest], ScanResult],
    request: ScanRequest,
    guess: Callable[[ScanRequest], ScanResult] | None = None,
    *,
    leet: bool = True,
) -> ScanResult:
    """Judge a text as it stands and what it reads as beside, if it shows a sign of a disguise; see `readings`.

    Args:
        judge: What judges a text.
        request: The text.
        guess: What judges readings that are guesses, if they are not to be taken as seriously.
        leet: Whether words of attacks in digits and signs are read as such.
    """
    plain = judge(request)
    others = read_otherwise(request)
    if not others:
        return plain
    from lc_guard.scanners.readings import judged

    return judged(judge, request, plain, [each for each in others if leet or not each.leet], guess)


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
            for match in rule.compiled.finditer(text):
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
