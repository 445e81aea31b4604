"""How sure a finding must be, by kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lc_guard.detectors.labels import kind_of
from lc_guard.errors import GuardError
from lc_guard.records import Entity


class Thresholds:
    """The least score of a finding, by kind.

    Args:
        default: For kinds that are not named, 0…1.
        by_kind: Kind → least score, 0…1.

    Raises:
        GuardError: A score is out of range.
    """

    def __init__(self, default: float, by_kind: Mapping[str, float] | None = None) -> None:
        self._default = default
        self._by_kind = {kind_of(kind): score for kind, score in (by_kind or {}).items()}
        for score in (default, *self._by_kind.values()):
            if not 0 <= score <= 1:
                raise GuardError(f"threshold={score!r} is no score: give 0…1")
        self.least = min((default, *self._by_kind.values()))

    def __repr__(self) -> str:
        return f"{self._default}{f', {self._by_kind}' if self._by_kind else ''}"

    def __call__(self, kind: str) -> float:
        """Give the least score of a kind."""
        return self._by_kind.get(kind, self._default)

    def reached(self, entities: Iterable[Entity]) -> list[Entity]:
        """Drop the findings whose score is under the threshold of their kind."""
        return [entity for entity in entities if entity.score >= self(entity.kind)]
