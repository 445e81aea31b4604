"""Running detectors over labelled cases.

How long a detector takes for 1,000 characters.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil
from typing import NamedTuple

from lc_guard.detectors.base import Detector
from lc_guard.errors import DetectorError, GuardError, MissingExtra, ModelUnavailable, kind_given
from lc_guard.evals.cases import Case
from lc_guard.evals.labels import KindMap
from lc_guard.evals.report import DetectorReport, Latency, Miss, Report
from lc_guard.evals.tally import Exposed, Tally
from lc_guard.records import Entity

PER_CHARACTERS = 1_000


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Return a percentile, above 0 to 100, by nearest rank: a value that was really measured; None of no values."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)] if ordered else None


class Stopwatch:
    """Collects the times of single texts into samples of at least 1,000 characters.

    A text of ten characters takes nearly as long as one of a hundred; scaled up it would pass for a slow one. So
    texts that follow each other are one sample until they have 1,000 characters together. A rest shorter than that
    counts only when there is nothing else.
    """

    def __init__(self) -> None:
        self._rates: list[float] = []
        self._characters, self._seconds = 0, 0.0
        self.total_seconds = 0.0

    def add(self, characters: int, seconds: float) -> None:
        """Add the time of one text."""
        self.total_seconds += seconds
        self._characters += characters
        self._seconds += seconds
        if self._characters >= PER_CHARACTERS:
            self._rates.append(self._rate())
            self._characters, self._seconds = 0, 0.0

    def rates(self) -> list[float]:
        """Return the samples, in milliseconds per 1,000 characters."""
        return self._rates or ([self._rate()] if self._characters else [])

    def _rate(self) -> float:
        return self._seconds * 1_000 * PER_CHARACTERS / self._characters


def evaluate(
    cases: Iterable[Case],
    detectors: Sequence[Detector] | Mapping[str, Detector],
    *,
    labels: Mapping[str, str] | None = None,
    worst: int = 20,
    show_values: bool = False,
    progress: Callable[[int], object] | None = None,
) -> Report:
    """Measure detectors on labelled texts.

    Each text is shown to each detector alone, one after the other, so that the times are those of single calls. Cases
    are taken one by one; nothing but counts, offsets and times is kept. A detector that fails on a text has found
    nothing in it; one that can't be loaded is told so in the report, and the others go on.

    Args:
        cases: Labelled texts; see `read_cases`.
        detectors: What to measure, named by their ``name`` or class name, or by the keys of a mapping.
        labels: Label → kind, for labels that `LABELS` does not know, or maps otherwise.
        worst: How many of the worst misses are kept.
        show_values: Whether these misses hold **the raw text** that was missed.
        progress: Called after each case with the number of cases done.

    Returns:
        The report; value-free unless `show_values` is set.

    Raises:
        TypeError: A detector has no method ``detect``.
        ValueError: There is no detector.
    """
    kind_of = KindMap(labels)
    runs = [_Run(name, detector, kind_of, worst) for name, detector in _named(detectors)]
    for run in runs:
        run.warm_up()
    number = characters = mentions = 0
    for number, case in enumerate(cases, 1):
        characters += len(case.text)
        mentions += len({(m.start, m.end, kind_of(m.label)) for m in case.mentions})
        for run in runs:
            run.look_at(case, number, show_values=show_values)
        if progress is not None:
            progress(number)
    return Report(number, characters, mentions, tuple(run.report() for run in runs))


class _Run:
    """One detector's way through the cases."""

    def __init__(self, name: str, detector: Detector, kind_of: KindMap, worst: int) -> None:
        self._name = name
        self._detector = detector
        self._tally = Tally(kind_of)
        self._stopwatch = Stopwatch()
        self._warm_up_ms = 0.0
        self._failures: Counter[str] = Counter()
        self._unavailable: str | None = None
        self._keep = worst
        self._missed = 0
        self._worst: list[_Ranked] = []

    def warm_up(self) -> None:
        load = getattr(self._detector, "warm_up", None)
        if load is None:
            return
        started = time.perf_counter()
        try:
            load()
        except Exception as error:  # noqa: BLE001 - whatever a foreign detector raises, the others go on
            self._unavailable = _told(error)
        self._warm_up_ms = (time.perf_counter() - started) * 1_000

    def look_at(self, case: Case, number: int, *, show_values: bool) -> None:
        if self._unavailable is not None:
            return
        started = time.perf_counter()
        try:
            findings = _checked(self._detector.detect(case.text), len(case.text))
        except (MissingExtra, ModelUnavailable) as error:
            self._unavailable = _told(error)
            return
        except Exception as error:  # noqa: BLE001 - whatever a foreign detector raises, the other texts go on
            self._failures[type(error).__name__] += 1
            findings = []
        else:
            self._stopwatch.add(len(case.text), time.perf_counter() - started)
        exposed = self._tally.add(case.text, case.mentions, findings)
        self._missed += len(exposed)
        self._worst += [_ranked(miss, case, number, show_values=show_values) for miss in exposed]
        self._worst = sorted(self._worst, key=lambda ranked: ranked.rank)[: self._keep]

    def report(self) -> DetectorReport:
        if self._unavailable is not None:
            return DetectorReport(self._name, unavailable=self._unavailable)
        rates = self._stopwatch.rates()
        return DetectorReport(
            self._name,
            overall=self._tally.overall(),
            characters=self._tally.characters(),
            kinds=self._tally.by_kind(),
            identifier_types=self._tally.by_identifier_type(),
            latency=Latency(
                percentile(rates, 50),
                percentile(rates, 95),
                len(rates),
                self._stopwatch.total_seconds * 1_000,
                self._warm_up_ms,
            ),
            missed=self._missed,
            worst=tuple(ranked.miss for ranked in self._worst),
            failures=self._failures,
        )


class _Ranked(NamedTuple):
    rank: tuple[int, int, int, int]
    miss: Miss


def _ranked(exposed: Exposed, case: Case, number: int, *, show_values: bool) -> _Ranked:
    mention = exposed.mention
    # DIRECT, QUASI, unmarked; last what need not be hidden
    urgency = {"DIRECT": 0, "QUASI": 1, None: 2, "NO_MASK": 3}[mention.identifier_type]
    rank = (urgency, -exposed.characters, number, mention.start)
    value = case.text[mention.start : mention.end] if show_values else None
    kind = mention.identifier_type
    return _Ranked(rank, Miss(case.id, mention.start, mention.end, mention.label, kind, exposed.characters, value))


def _told(error: Exception) -> str:
    # the message of a foreign error may hold user text; those of lc-guard never do
    return str(error) if isinstance(error, GuardError) else f"it failed to load: {type(error).__name__}"


def _checked(answer: Sequence[Entity], length: int) -> list[Entity]:
    findings = list(answer)
    if not all(isinstance(e, Entity) and 0 <= e.start <= e.end <= length for e in findings):
        raise DetectorError("an answer holds something that is no entity inside the text")
    return findings


def _named(detectors: Sequence[Detector] | Mapping[str, Detector]) -> list[tuple[str, Detector]]:
    if isinstance(detectors, Mapping):
        pairs = list(detectors.items())
    else:
        pairs = [(str(getattr(d, "name", "") or type(d).__name__), d) for d in detectors]
    if not pairs:
        raise ValueError("there is no detector to evaluate: give at least one")
    named: dict[str, Detector] = {}
    for name, detector in pairs:
        if isinstance(detector, type) or not callable(getattr(detector, "detect", None)):
            raise TypeError(f"a detector with a method detect(text) is needed, got {kind_given(detector)}")
        unique, number = name, 2
        while unique in named:
            unique, number = f"{name}_{number}", number + 1
        named[unique] = detector
    return list(named.items())
