"""The counts of a report and the shares they give; `lc_guard.evals.scoring` says what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


def share(part: int, whole: int) -> float | None:
    """Give a share, 0…1; None of nothing."""
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
        masked: Mentions fully masked.
    """

    name: str
    mentions: int = 0
    findings: int = 0
    matched: int = 0
    found: int = 0
    right: int = 0
    masked: int = 0

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
    def fully_masked(self) -> float | None:
        """Share of mentions whose word characters all lie in findings of any kind, 0…1."""
        return share(self.masked, self.mentions)

    def as_dict(self) -> dict[str, Any]:
        """Give counts and shares as plain JSON values."""
        shares = ("precision", "recall", "f1", "overlap_precision", "overlap_recall", "overlap_f1", "fully_masked")
        counts = ("name", "mentions", "findings", "matched", "found", "right", "masked")
        return {name: getattr(self, name) for name in counts} | {name: _rounded(getattr(self, name)) for name in shares}


@dataclass(frozen=True, slots=True)
class Characters:
    """All PII by word characters.

    Attributes:
        marked: In mentions.
        covered: In findings.
        both: In mentions and findings.
    """

    marked: int = 0
    covered: int = 0
    both: int = 0

    @property
    def precision(self) -> float | None:
        """Share of covered characters that belong to a mention, 0…1."""
        return share(self.both, self.covered)

    @property
    def recall(self) -> float | None:
        """Share of the mentions' characters that are covered, 0…1."""
        return share(self.both, self.marked)

    def as_dict(self) -> dict[str, Any]:
        """Give counts and shares as plain JSON values."""
        counts = {"marked": self.marked, "covered": self.covered, "both": self.both}
        return counts | {"precision": _rounded(self.precision), "recall": _rounded(self.recall)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
