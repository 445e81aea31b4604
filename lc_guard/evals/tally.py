"""Counts a detector's findings against what people have marked; `lc_guard.evals.scoring` says what the counts mean."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from lc_guard.evals.cases import IDENTIFIER_TYPES, IdentifierType, Mention
from lc_guard.evals.coverage import Coverage, exposed, is_word_character, touches, word_characters
from lc_guard.evals.labels import BROADER, Kinded, KindMap, untitled
from lc_guard.evals.scoring import Characters, Counts
from lc_guard.records import Entity

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
        self._characters["text"] += sum(map(is_word_character, seen.text))
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
