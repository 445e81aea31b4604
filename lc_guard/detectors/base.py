"""The detector protocol: who finds entities in a text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from lc_guard._progress import part_done
from lc_guard.records import Entity

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer


class BatchResult(list[Sequence[Entity]]):
    """What ``detect_batch`` may give where several sources answer: the entities of each text, and who took how long.

    Attributes:
        latency_ms: By source, the wall time of its answer in milliseconds.
    """

    def __init__(self, answers: Iterable[Sequence[Entity]], *, latency_ms: Mapping[str, float]) -> None:
        super().__init__(answers)
        self.latency_ms = dict(latency_ms)


@runtime_checkable
class Detector(Protocol):
    """Finds entities in one text.

    A detector is shared by all threads: `detect` is called from several at once. It may have three more methods:

    - ``detect_batch(texts) -> Sequence[Sequence[Entity]]``: all texts in one pass, results in the same order
      (as `BatchResult` they tell each source's latency as well);
    - ``adetect_batch(texts)``, a coroutine function of the same: on an event loop a guard awaits it in no thread;
    - ``warm_up() -> None``: load models now instead of at the first text.

    and a ``name`` attribute, shown beside its share of the latency; without one the class name is taken.

    It has as long as the policy's `timeout` says. One that looks at a long text in parts calls
    `lc_guard.detectors.part_done` after each of them, and has as long again for the next.
    """

    def detect(self, text: str) -> Sequence[Entity]:
        """Return the entities of `text`, in any order; they may overlap.

        Args:
            text: Any text, the empty one included.

        Returns:
            Entities with offsets inside the text.
        """
        ...


DetectorLike: TypeAlias = "Detector | EntityRecognizer | Callable[[str], Iterable[Entity]]"
"""What is taken for a detector: one, a Presidio recognizer, or a function that gives the entities of a text."""


def name_of(detector: Detector) -> str:
    """Return the name of a detector: its own, or that of its class."""
    return str(getattr(detector, "name", "") or type(detector).__name__)


def one_by_one(detector: Detector, texts: Sequence[str]) -> list[Sequence[Entity]]:
    """Ask a detector about one text after the other: each is a part that is done."""
    found: list[Sequence[Entity]] = []
    for text in texts:
        found.append(detector.detect(text))
        part_done()
    return found


def parts_of(detector: object) -> list[Detector]:
    """Return the detectors that one is joined of, down to the last; none of one alone."""
    parts = getattr(detector, "detectors", ())
    return [each for part in parts for each in parts_of(part) or [part]] if isinstance(parts, tuple | list) else []


def load_models(detector: Detector) -> None:
    """Have a detector load its models now, if it has any to load.

    Raises:
        ModelUnavailable: They can't be loaded.
    """
    warm_up = getattr(detector, "warm_up", None)
    if warm_up is not None:
        warm_up()
