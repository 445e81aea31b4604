"""Words and topics that must not occur, by list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from lc_guard.errors import GuardError
from lc_guard.records import Entity, ScanResult, normalize_kind
from lc_guard.scanners.base import Cost, ScanRequest
from lc_guard.scanners.phrase_matching import end_offset, folded, through_disguises

_BLANKS = re.compile(r"\s+")
_STARTS = re.compile(r"(?<![^\W_])[^\W_]|[^\w\s]")
_ANYWHERE = re.compile(r"\S")
_GRAM = 3

Match = Literal["word", "substring"]
"""``"word"``: whole words only; ``"substring"``: anywhere, as scripts without blanks need it."""


class _Found(NamedTuple):
    phrase: str
    start: int
    end: int


class _Phrases:
    """Many phrases, searched for at once: by their first letters, then by their lengths."""

    def __init__(self, phrases: Iterable[str], *, match: Match, case_sensitive: bool, leet: bool) -> None:
        self._fold = {"casefold": not case_sensitive, "leet": leet}
        self._whole = match == "word"
        self.read_as = {phrase: self._reading(phrase) for phrase in phrases}
        readings = frozenset(self.read_as.values())
        self._readings = readings
        self._gram = min((len(reading) for reading in readings), default=1)
        self._gram = min(self._gram, _GRAM)
        lengths: dict[str, set[int]] = {}
        for reading in readings:
            lengths.setdefault(reading[: self._gram], set()).add(len(reading))
        self._lengths = {gram: sorted(sizes, reverse=True) for gram, sizes in lengths.items()}
        self._first = frozenset(reading[0] for reading in readings)

    def _reading(self, phrase: str) -> str:
        reading = _BLANKS.sub(" ", folded(phrase, **self._fold).text).strip()
        if not reading:
            raise GuardError("a banned word is empty, or has only blanks and invisible characters: leave it out")
        return reading

    def find(self, text: str) -> list[_Found]:
        plain, offsets = folded(text, **self._fold)
        if _BLANKS.search(plain) and ("\n" in plain or "\t" in plain or "  " in plain or "\u3000" in plain):
            plain, offsets = _single_blanks(plain, offsets)
        return [_Found(plain[start:end], offsets[start], end_offset(offsets, end)) for start, end in self._spans(plain)]

    def _spans(self, plain: str) -> Iterator[tuple[int, int]]:
        last = 0
        for match in (_STARTS if self._whole else _ANYWHERE).finditer(plain):
            at = match.start()
            if at < last or match[0] not in self._first:
                continue
            for length in self._lengths.get(plain[at : at + self._gram], ()):
                end = at + length
                if (
                    end <= len(plain)
                    and plain[at:end] in self._readings
                    and (not self._whole or self._ends(plain, end))
                ):
                    yield at, end
                    last = end
                    break

    def _ends(self, plain: str, end: int) -> bool:
        return end >= len(plain) or not (plain[end].isalnum() and plain[end - 1].isalnum())


def _single_blanks(plain: str, offsets: Sequence[int]) -> tuple[str, Sequence[int]]:
    pieces: list[str] = []
    kept: list[int] = []
    last = 0
    for match in _BLANKS.finditer(plain):
        pieces += (plain[last : match.start()], " ")
        kept += offsets[last : match.start() + 1]
        last = match.end()
    pieces.append(plain[last:])
    kept += offsets[last:]
    return "".join(pieces), kept


def _checked(words: Iterable[str], match: str) -> list[str]:
    if match not in {"word", "substring"}:
        raise GuardError(f"match={match!r} is not known: give 'word' or 'substring'")
    if isinstance(words, str):
        raise GuardError("words is one string: give a list of words")
    listed = list(words)
    if not listed or not all(isinstance(word, str) for word in listed):
        raise GuardError("words holds no word, or something that is no string: give at least one word")
    return listed


class BannedWords:
    """Finds words or phrases of a list, also when case, accented forms' encoding or invisible characters differ.

    Time is linear in the text and does not grow with the list.

    Args:
        words: Words or phrases.
        match: Whether they count as whole words or anywhere; languages without blanks need ``"substring"``.
        case_sensitive: Whether case matters.
        leet: Whether digits and signs that stand for letters (``b4d``) are read as these.
        kind: Kind of the entities, in any spelling.
        name: The check's name.

    Raises:
        GuardError: No words, an empty one, or an unknown `match`.
    """

    cost: Cost = "instant"

    def __init__(
        self,
        words: Iterable[str],
        *,
        match: Match = "word",
        case_sensitive: bool = False,
        leet: bool = False,
        kind: str = "BANNED_WORD",
        name: str = "BannedWords",
    ) -> None:
        self._phrases = _Phrases(_checked(words, match), match=match, case_sensitive=case_sensitive, leet=leet)
        self._kind = normalize_kind(kind)
        self._leet = leet
        self.details = {"words": len(self._phrases.read_as)}
        self.name = name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._phrases.read_as)} words)"

    def scan(self, request: ScanRequest) -> ScanResult:
        """Judge a text: not valid, at risk 1, if a word of the list stands in it, disguised or not."""
        return through_disguises(self.scan_as_written, request, leet=self._leet)

    def scan_as_written(self, request: ScanRequest) -> ScanResult:
        """Judge a text as it stands: no encoding is undone, and no disguise but that of letters."""
        found = self._phrases.find(request.text)
        entities = tuple(Entity(self._kind, item.start, item.end) for item in found)
        return ScanResult(not found, float(bool(found)), entities=entities)


class BannedTopics:
    """Finds topics by the words that belong to them.

    Args:
        topics: Topic → its words or phrases; a word may belong to several.
        minimum: Different words of a topic from which a text is about it, 1 or more.
        match: Whether words count as whole words or anywhere.
        name: The check's name.

    Raises:
        GuardError: No topics, a topic without words, or a minimum that no text can reach.
    """

    cost: Cost = "instant"

    def __init__(
        self,
        topics: Mapping[str, Sequence[str]],
        *,
        minimum: int = 1,
        match: Match = "word",
        name: str = "BannedTopics",
    ) -> None:
        if not isinstance(topics, Mapping):
            raise GuardError(f"topics must be topic → words, such as {{'war': ['war']}}, not {type(topics).__name__}")
        if not topics:
            raise GuardError("topics is empty: give at least one topic with its words")
        for topic, words in topics.items():
            listed = _checked(words, match)
            if not 1 <= minimum <= len(set(listed)):
                raise GuardError(
                    f"minimum={minimum!r} can't be reached by the topic {topic!r} of {len(set(listed))} words: "
                    "give a number from 1 to the number of words"
                )
        every = {word for listed in topics.values() for word in listed}
        self._phrases = _Phrases(every, match=match, case_sensitive=False, leet=False)
        self._topics_of: dict[str, list[str]] = {}
        for topic, words in topics.items():
            for reading in sorted({self._phrases.read_as[word] for word in words}):
                self._topics_of.setdefault(reading, []).append(topic)
        self._count = len(topics)
        self.details = {"topics": self._count, "minimum": minimum}
        self._minimum = minimum
        self.name = name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._count} topics, minimum={self._minimum})"

    def scan(self, request: ScanRequest) -> ScanResult:
        """Judge a text; disguises are undone.

        Returns:
            Not valid, at risk 1, if a topic reaches the minimum; below it the risk stays under 0.5. Categories are the
            topics, entities their words, with the topic as kind.
        """
        return through_disguises(self.scan_as_written, request, leet=False)

    def scan_as_written(self, request: ScanRequest) -> ScanResult:
        """Judge a text as it stands: no encoding is undone, and no disguise but that of letters."""
        found = self._phrases.find(request.text)
        words: dict[str, set[str]] = {}
        for item in found:
            for topic in self._topics_of[item.phrase]:
                words.setdefault(topic, set()).add(item.phrase)
        reached = {topic for topic, seen in words.items() if len(seen) >= self._minimum}
        categories = {
            topic: 1.0 if topic in reached else 0.5 * len(seen) / (self._minimum + 1) for topic, seen in words.items()
        }
        entities = tuple(
            Entity(normalize_kind(topic), item.start, item.end)
            for item in found
            for topic in self._topics_of[item.phrase][:1]
        )
        risk = max(categories.values(), default=0.0)
        return ScanResult(not reached, risk, entities=entities, categories=categories)
