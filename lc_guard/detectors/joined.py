"""Several detectors as one: each looks at the text, one decision is made where they disagree."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from lc_guard._progress import part_done
from lc_guard.detectors.base import BatchResult, Detector, load_models, name_of, one_by_one
from lc_guard.detectors.labels import kind_of
from lc_guard.detectors.parallel import at_once
from lc_guard.detectors.spans import clean, one_kind_per_value, resolve
from lc_guard.detectors.whole_names import surname_first, whole_fields
from lc_guard.errors import DetectorError, GuardError
from lc_guard.records import Entity

# Under this many characters, in all and for each text, threads cost more than they save: sources that take turns at
# many short texts wait for the interpreter's lock more than for each other.
_WORTH_THREADS, _WORTH_THREADS_EACH = 2_000, 300


class JoinedDetector:
    """Asks several detectors and gives one list without overlaps; what any of them finds is found.

    Args:
        detectors: The sources, the most trusted first (rules and checksums before models): order decides only which
            kind stands where two sources give the same characters different kinds.
        kinds: Kinds to give; None for all.
        parallel: Whether sources may run in threads on long texts. None: where there is more than one core.
        complete: Is given a text and what was found in it, and returns that and more, in order, without overlaps.

    Raises:
        GuardError: There is no detector.
    """

    name = "joined"

    def __init__(
        self,
        detectors: Sequence[Detector],
        *,
        kinds: Collection[str] | None = None,
        parallel: bool | None = None,
        complete: Callable[[str, list[Entity]], list[Entity]] | None = None,
    ) -> None:
        self._complete = complete
        self._detectors = tuple(detectors)
        self._kinds = None if kinds is None else frozenset(map(kind_of, kinds))
        if not self._detectors:
            raise GuardError("a JoinedDetector needs at least one detector")
        self._parallel = (os.cpu_count() or 1) > 1 if parallel is None else parallel

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self._detectors)!r})"

    @property
    def detectors(self) -> tuple[Detector, ...]:
        """The sources, the most trusted first."""
        return self._detectors

    def warm_up(self) -> None:
        """Load the models of all sources now.

        Raises:
            ModelUnavailable: One of them can't be loaded.
        """
        for detector in self._detectors:
            load_models(detector)

    def detect(self, text: str) -> Sequence[Entity]:
        """Return what the sources find in a text, ordered by offset, without overlaps."""
        return self.detect_batch([text])[0]

    def detect_batch(self, texts: Sequence[str]) -> BatchResult:
        """Do the same for many texts, each source in one pass.

        Args:
            texts: Any texts.

        Returns:
            The entities of each text, in the order of `texts`.

        Raises:
            DetectorError: A source failed; nothing is given rather than a part.
        """
        texts = list(texts)
        length = sum(map(len, texts))
        long = length > _WORTH_THREADS and length > _WORTH_THREADS_EACH * len(texts)
        threads = (os.cpu_count() or 1) if self._parallel and long else 1
        # The last ones begin first: they are models, which take longest.
        timed = at_once(partial(_timed, texts), self._detectors[::-1], threads=threads, name="lc-guard-detector")[::-1]
        answers = [answer for answer, _ in timed]
        joined = [
            self._settled(text, [_cleaned(text, found) for found in sources])
            for text, sources in zip(texts, zip(*answers, strict=True), strict=True)
        ]
        latency_ms = {name_of(detector): spent for detector, (_, spent) in zip(self._detectors, timed, strict=True)}
        return BatchResult(
            ([e for e in entities if self._wanted(e.kind)] for entities in joined), latency_ms=latency_ms
        )

    def _settled(self, text: str, sources: Sequence[Sequence[Entity]]) -> list[Entity]:
        found = resolve(text, sources)
        part_done()
        found = surname_first(text, whole_fields(text, found))
        if self._complete is not None:
            found = self._complete(text, found)
        part_done()
        found = one_kind_per_value(text, found)
        part_done()
        return found

    def _wanted(self, kind: str) -> bool:
        return self._kinds is None or kind in self._kinds


def _cleaned(text: str, found: Sequence[Entity]) -> list[Entity]:
    cleaned = clean(text, found)
    part_done()
    return cleaned


def _timed(texts: Sequence[str], detector: Detector) -> tuple[list[Sequence[Entity]], float]:
    started = time.perf_counter()
    return ask(detector, texts), (time.perf_counter() - started) * 1000


def ask(detector: Detector, texts: Sequence[str]) -> list[Sequence[Entity]]:
    """Ask a detector about many texts, in one pass if it can.

    Raises:
        DetectorError: It did not answer for each text.
    """
    batch: Any = getattr(detector, "detect_batch", None)
    given = one_by_one(detector, texts) if batch is None else batch(texts)
    answers = given if isinstance(given, BatchResult) else list(given)
    if len(answers) != len(texts):
        raise DetectorError(
            f"{type(detector).__name__}.detect_batch gave {len(answers)} answers for {len(texts)} texts"
        )
    return answers
