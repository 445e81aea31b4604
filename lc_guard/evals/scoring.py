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
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

_SHARES = (
    "precision", "recall", "f1", "overlap_precision", "overlap_recall", "overlap_f1", "any_precision", "fully_masked"
)  # fmt: skip


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
        return asdict(self) | {name: rounded(getattr(self, name)) for name in _SHARES}


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
        shares = {"precision": self.precision, "recall": self.recall, "overmask": self.overmask}
        return asdict(self) | {name: rounded(value) for name, value in shares.items()}


def rounded(value: float | None) -> float | None:
    """Round for JSON."""
    return None if value is None else round(value, 4)
