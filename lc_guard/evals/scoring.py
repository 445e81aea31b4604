"""The metrics: what each number of a report means, and how it is counted.

A *mention* is what a person has marked, a *finding* what a detector gave; both are counted under their kind
(`lc_guard.evals.labels`), and equal ones in one text once. Word characters are letters, digits and marks on them. A
title before a name is no part of a PERSON (``Mr Doe`` is ``Doe``): data sets and detectors differ in it, and it tells
for nothing.

**Strict** (exact span, right kind): the measure of CoNLL-2003 (Tjong Kim Sang and De Meulder 2003,
https://aclanthology.org/W03-0419). Precision is the share of findings that equal a mention in both offsets and in kind,
recall the share of mentions so found, F1 their harmonic mean, 2·matched / (mentions + findings).

**Overlap** (a common word character, right kind): the "type" measure of SemEval-2013 task 9 (Segura-Bedmar et al. 2013,
https://aclanthology.org/S13-2056). It forgives other ideas of where a name begins (``Jane Doe``, ``Doe``).

**Fully masked**: the share of mentions all of whose word characters lie in findings of any kind. What is not fully
masked leaks at least in part, whatever the label; the entity-level recall of the Text Anonymization Benchmark (Pilán et
al. 2022, section 5, https://doi.org/10.1162/coli_a_00458) asks the same of each mention.

**All PII** disregards kinds: a finding is right if it overlaps any mention. Besides, by characters: recall is the share
of the mentions' word characters that findings cover, precision the share of covered word characters that belong to a
mention (mentions marked NO_MASK among them).

**Precision where any entity counts**: the share of findings of a kind that overlap a mention of any kind. A town taken
for a person is hidden rightly, under the wrong kind; an ordinary word is a false alarm.

**Overmask**: the share of all word characters of the texts that findings cover and no mention holds: what a reader lost
for nothing.

**By identifier type**: no finding has an identifier type, so the findings of such a row are those that overlap one of
its mentions; precision is the share of them that is right. False alarms elsewhere are in the rows by kind.

A share of nothing is None.

Which characters of a text some spans cover, and which characters count.

The counts of a report and the shares they give; `lc_guard.evals.scoring` says what they mean.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar
from unicodedata import category

from lc_guard.evals.cases import IDENTIFIER_TYPES, IdentifierType, Mention
from lc_guard.evals.labels import BROADER, Kinded, KindMap, untitled
from lc_guard.records import Entity


class Coverage:
    """The union of spans, pairs of start and end that may overlap: in order and disjoint."""

    def __init__(self, spans: Iterable[tuple[int, int]] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._starts, self._ends, strict=True)

    def within(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the covered parts of a span."""
        for place in range(bisect_right(self._ends, start), len(self._starts)):
            if self._starts[place] >= end:
                return
            yield max(start, self._starts[place]), min(end, self._ends[place])


def is_word_character(char: str) -> bool:
    """Return whether a character is a letter, a digit or a mark on one: what can tell a reader something.

    Letters and digits as in `str.isalnum`, marks as in Unicode's categories Mn, Mc and Me.
    """
    return char.isalnum() or category(char)[0] == "M"


def exposed(text: str, start: int, end: int, coverage: Coverage) -> tuple[int, int]:
    """Count the characters of a span that are not covered and so can still be read, and those that count.

    Word characters count; in a span without any (an emoji, ``***``) every character that is no blank does.
    """
    counts = _what_counts(text, start, end)
    total = _count(text, start, end, counts)
    return total - sum(_count(text, *part, counts) for part in coverage.within(start, end)), total


def touches(text: str, start: int, end: int, coverage: Coverage) -> bool:
    """Return whether at least one counting character of a span is covered."""
    counts = _what_counts(text, start, end)
    # by index: a slice of each of many long spans would make a long line quadratic
    return any(counts(text[place]) for part in coverage.within(start, end) for place in range(*part))


def word_characters(text: str, coverage: Coverage) -> int:
    """Count the word characters that are covered."""
    return sum(_count(text, start, end, is_word_character) for start, end in coverage)


def _count(text: str, start: int, end: int, counts: Callable[[str], bool]) -> int:
    return sum(map(counts, text[start:end]))


def _what_counts(text: str, start: int, end: int) -> Callable[[str], bool]:
    for counts in (is_word_character, _is_no_blank):
        if any(counts(text[place]) for place in range(start, end)):
            return counts
    return lambda _: True


def _is_no_blank(char: str) -> bool:
    return not char.isspace()


def share(part: int, whole: int) -> float | None:
    """Return a share, 0…1; None of nothing."""
    return part / whole if whole else None


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of one row, and the shares they give.

    Attributes:
        name: The kind or identifier type; ``"ALL"`` for all PII.
        mentions: Mentions marked.
        findings: Findings counted here.
        matched: Findings that equal a mention, which are as many mentions.
        found: Mentions that a right finding overlaps.
        right: Findings that overlap a mention they are right for.
        touching: Findings that overlap a mention of any kind.
        masked: Mentions fully masked.
    """

    name: str
    mentions: int = 0
    findings: int = 0
    matched: int = 0
    found: int = 0
    right: int = 0
    masked: int = 0
    touching: int = 0

    @property
    def precision(self) -> float | None:
        """Strict precision, 0…1."""
        return share(self.matched, self.findings)

    @property
    def recall(self) -> float | None:
        """Strict recall, 0…1."""
        return share(self.matched, self.mentions)

    @property
    def f1(self) -> float | None:
        """Strict F1, 0…1."""
        return share(2 * self.matched, self.mentions + self.findings)

    @property
    def overlap_precision(self) -> float | None:
        """Share of findings that overlap a mention they are right for, 0…1."""
        return share(self.right, self.findings)

    @property
    def overlap_recall(self) -> float | None:
        """Share of mentions that a right finding overlaps, 0…1."""
        return share(self.found, self.mentions)

    @property
    def overlap_f1(self) -> float | None:
        """Harmonic mean of overlap precision and recall, 0…1."""
        precision, recall = self.overlap_precision, self.overlap_recall
        if precision is None and recall is None:
            return None
        if not precision or not recall:
            return 0.0
        return 2 * precision * recall / (precision + recall)

    @property
    def any_precision(self) -> float | None:
        """Share of findings that overlap a mention of any kind, 0…1."""
        return share(self.touching, self.findings)

    @property
    def fully_masked(self) -> float | None:
        """Share of mentions whose word characters all lie in findings of any kind, 0…1."""
        return share(self.masked, self.mentions)

    def as_dict(self) -> dict[str, Any]:
        """Return counts and shares as plain JSON values."""
        shares = (
            "precision",
            "recall",
            "f1",
            "overlap_precision",
            "overlap_recall",
            "overlap_f1",
            "any_precision",
            "fully_masked",
        )
        counts = ("name", "mentions", "findings", "matched", "found", "right", "masked", "touching")
        return {name: getattr(self, name) for name in counts} | {name: rounded(getattr(self, name)) for name in shares}


@dataclass(frozen=True, slots=True)
class Characters:
    """All PII by word characters: in mentions, in findings, in both, in the texts."""

    marked: int = 0
    covered: int = 0
    both: int = 0
    text: int = 0

    @property
    def precision(self) -> float | None:
        """Share of covered characters that belong to a mention, 0…1."""
        return share(self.both, self.covered)

    @property
    def recall(self) -> float | None:
        """Share of the mentions' characters that are covered, 0…1."""
        return share(self.both, self.marked)

    @property
    def overmask(self) -> float | None:
        """Share of the texts' characters that are covered and belong to no mention, 0…1."""
        return share(self.covered - self.both, self.text)

    def as_dict(self) -> dict[str, Any]:
        """Return counts and shares as plain JSON values."""
        counts = {"marked": self.marked, "covered": self.covered, "both": self.both, "text": self.text}
        shares = {"precision": self.precision, "recall": self.recall, "overmask": self.overmask}
        return counts | {name: rounded(value) for name, value in shares.items()}


def rounded(value: float | None) -> float | None:
    """Round for JSON."""
    return None if value is None else round(value, 4)


Key = TypeVar("Key", bound=str)


class Exposed(NamedTuple):
    """A mention that is not fully masked, and how many of its characters can be read."""

    mention: Mention
    characters: int


class Tally:
    """Counts one detector's findings, text by text, by the kinds that its labels map to; holds no text."""

    def __init__(self, kind_of: KindMap) -> None:
        self._kind_of = kind_of
        self._kinds: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._types: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._all: Counter[str] = Counter()
        self._characters: Counter[str] = Counter()

    def add(self, text: str, mentions: Iterable[Mention], findings: Iterable[Entity]) -> list[Exposed]:
        """Count one text with what is marked and what was found; return the mentions that are not fully masked."""
        marks = self._marks(text, mentions)
        found = sorted({untitled(text, e.start, e.end, self._kind_of(e.kind)) for e in findings if e.start < e.end})
        seen = _Text(text, marks, found)
        self._count_findings(seen)
        self._count_characters(seen)
        leaks = []
        for mark, mention in marks.items():
            exposed_characters, _ = exposed(text, mark[0], mark[1], seen.covered)
            self._count_mention(seen, mark, mention, masked=not exposed_characters)
            if exposed_characters:
                leaks.append(Exposed(mention, exposed_characters))
        return leaks

    def by_kind(self) -> tuple[Counts, ...]:
        """Return a row for each kind, the most frequent in the texts first."""
        rows = {kind: Counter(counts) for kind, counts in self._kinds.items()}
        for kind in list(rows):
            broader = BROADER.get(kind)
            # a data set that knows only CODE has its false case numbers counted there
            if not rows[kind]["mentions"] and broader and rows.get(broader, Counter())["mentions"]:
                rows[broader].update(rows.pop(kind))
        counted = [Counts(kind, **counts) for kind, counts in rows.items()]
        return tuple(sorted(counted, key=lambda row: (-row.mentions, -row.findings, row.name)))

    def by_identifier_type(self) -> tuple[Counts, ...]:
        """Return a row for each identifier type that stands in the texts, the most telling first."""
        return tuple(Counts(name, **self._types[name]) for name in IDENTIFIER_TYPES if name in self._types)

    def overall(self) -> Counts:
        """Return the row of all PII, kinds disregarded."""
        return Counts("ALL", **self._all)

    def characters(self) -> Characters:
        """Return all PII by word characters."""
        return Characters(**self._characters)

    def _marks(self, text: str, mentions: Iterable[Mention]) -> dict[Kinded, Mention]:
        """Return each mention once: of annotators who disagree, the one who found it most telling is believed."""
        marks: dict[Kinded, Mention] = {}
        for mention in sorted(mentions, key=lambda m: (_telling(m.identifier_type), m.label)):
            marks.setdefault(untitled(text, mention.start, mention.end, self._kind_of(mention.label)), mention)
        return dict(sorted(marks.items()))

    def _count_findings(self, seen: _Text) -> None:
        for start, end, kind in seen.findings:
            right_for = seen.right_for((start, end, kind))
            row = self._kinds[right_for or kind]
            row["findings"] += 1
            row["right"] += right_for is not None
            row["touching"] += touches(seen.text, start, end, seen.marked)
            for identifier_type, coverage in seen.marked_by_type.items():
                if touches(seen.text, start, end, coverage):
                    typed = self._types[identifier_type]
                    typed["findings"] += 1
                    typed["right"] += right_for is not None
                    typed["touching"] += 1
        self._all["findings"] += len(seen.found_spans)
        self._all["right"] += sum(touches(seen.text, *span, seen.marked) for span in seen.found_spans)
        self._all["touching"] = self._all["right"]
        self._all["mentions"] += len(seen.marked_spans)
        self._all["matched"] += len(seen.marked_spans & seen.found_spans)
        for start, end in seen.marked_spans:
            self._all["found"] += touches(seen.text, start, end, seen.covered)
            self._all["masked"] += not exposed(seen.text, start, end, seen.covered)[0]

    def _count_mention(self, seen: _Text, mark: Kinded, mention: Mention, *, masked: bool) -> None:
        start, end, kind = mark
        found = touches(seen.text, start, end, seen.covered_by_kind.get(kind, _NOTHING))
        for row in (self._kinds[kind], self._types[mention.identifier_type] if mention.identifier_type else None):
            if row is not None:
                row["mentions"] += 1
                row["matched"] += mark in seen.matched
                row["found"] += found
                row["masked"] += masked

    def _count_characters(self, seen: _Text) -> None:
        both = Coverage(part for start, end in seen.marked for part in seen.covered.within(start, end))
        self._characters["marked"] += word_characters(seen.text, seen.marked)
        self._characters["covered"] += word_characters(seen.text, seen.covered)
        self._characters["text"] += _count(seen.text, 0, len(seen.text), is_word_character)
        self._characters["both"] += word_characters(seen.text, both)


_NOTHING = Coverage()


@dataclass(slots=True)
class _Text:
    """One text with what is marked and found in it, indexed."""

    text: str
    marks: dict[Kinded, Mention]
    findings: list[Kinded]
    marked: Coverage = field(init=False)
    covered: Coverage = field(init=False)
    marked_by_kind: dict[str, Coverage] = field(init=False)
    covered_by_kind: dict[str, Coverage] = field(init=False)
    marked_by_type: dict[IdentifierType, Coverage] = field(init=False)
    marked_spans: set[tuple[int, int]] = field(init=False)
    found_spans: set[tuple[int, int]] = field(init=False)
    matches: dict[Kinded, Kinded] = field(init=False)
    matched: set[Kinded] = field(init=False)

    def __post_init__(self) -> None:
        self.marked_spans = {(start, end) for start, end, _ in self.marks}
        self.found_spans = {(start, end) for start, end, _ in self.findings}
        self.marked = Coverage(self.marked_spans)
        self.covered = Coverage(self.found_spans)
        self.marked_by_kind = _by((kind, (start, end)) for start, end, kind in self.marks)
        self.covered_by_kind = _by((name, (start, end)) for start, end, kind in self.findings for name in _names(kind))
        self.marked_by_type = _by(
            (mention.identifier_type, (start, end))
            for (start, end, _), mention in self.marks.items()
            if mention.identifier_type
        )
        self.matches = self._matches()
        self.matched = set(self.matches.values())

    def right_for(self, finding: Kinded) -> str | None:
        """Return the kind of the mentions that a finding is right for, or None."""
        match = self.matches.get(finding)
        if match is not None:
            return match[2]
        start, end, kind = finding
        return next(
            (
                name
                for name in _names(kind)
                if name in self.marked_by_kind and touches(self.text, start, end, self.marked_by_kind[name])
            ),
            None,
        )

    def _matches(self) -> dict[Kinded, Kinded]:
        """Pair findings with equal mentions one to one, exact kinds before broader ones."""
        free = set(self.marks)
        matches: dict[Kinded, Kinded] = {}
        for depth in (0, 1):
            for finding in self.findings:
                start, end, kind = finding
                names = _names(kind)
                mark = (start, end, names[depth]) if depth < len(names) else None
                if finding not in matches and mark in free:
                    matches[finding] = mark
                    free.discard(mark)
        return matches


def _by(spans: Iterable[tuple[Key, tuple[int, int]]]) -> dict[Key, Coverage]:
    grouped: defaultdict[Key, list[tuple[int, int]]] = defaultdict(list)
    for key, span in spans:
        grouped[key].append(span)
    return {key: Coverage(group) for key, group in grouped.items()}


def _names(kind: str) -> tuple[str, ...]:
    """Return the kinds that a finding is right for."""
    broader = BROADER.get(kind)
    return (kind,) if broader is None else (kind, broader)


def _telling(identifier_type: IdentifierType | None) -> int:
    return len(IDENTIFIER_TYPES) if identifier_type is None else IDENTIFIER_TYPES.index(identifier_type)
