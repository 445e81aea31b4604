"""The detector protocol: who finds entities in a text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from lc_guard.records import Entity

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer


@runtime_checkable
class Detector(Protocol):
    """Finds entities in one text.

    A detector is shared by all threads: `detect` is called from several at once. It may have two more methods:

    - ``detect_batch(texts) -> Sequence[Sequence[Entity]]``: all texts in one pass, results in the same order;
    - ``warm_up() -> None``: load models now instead of at the first text.

    and a ``name`` attribute, shown beside its share of the latency; without one the class name is taken.
    """

    def detect(self, text: str) -> Sequence[Entity]:
        """Give the entities of `text`, in any order; they may overlap.

        Args:
            text: Any text, the empty one included.

        Returns:
            Entities with offsets inside the text.
        """
        ...


DetectorLike: TypeAlias = "Detector | EntityRecognizer | Callable[[str], Iterable[Entity]]"
"""What is taken for a detector: one, a Presidio recognizer, or a function that gives the entities of a text."""
