"""How well a check's risk agrees with what people said: confusion, precision, recall, ROC and precision-recall curves.

Throughout, `risks` are 0…1, `labels` are True where a person found what the check looks for, and a text is flagged
where its risk is at least the threshold.

- *Interval*: Wilson's score interval for a share (Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953), 95 %.
- *ROC curve*: true against false positive rate, one point a distinct risk; its area is the probability that a flagged
  text has the higher risk than a harmless one, ties counting half (Hanley and McNeil 1982,
  https://doi.org/10.1148/radiology.143.1.7063747).
- *Average precision*: the sum of precision times the recall gained at each distinct risk, without interpolation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lc_guard.evals.scoring import rounded, share

Z_95 = 1.959963984540054
"""Standard normal quantile of a two-sided 95 % interval."""

Interval = tuple[float, float]


def wilson(part: int, whole: int, *, z: float = Z_95) -> Interval | None:
    """Return Wilson's score interval for a share.

    Args:
        part: 0…whole.
        whole: Number of trials.
        z: Normal quantile; the default gives 95 %.

    Returns:
        Lower and upper end, 0…1; None of no trials.
    """
    if not whole:
        return None
    observed = part / whole
    scale = 1 + z * z / whole
    centre = (observed + z * z / (2 * whole)) / scale
    half = z * sqrt(observed * (1 - observed) / whole + z * z / (4 * whole * whole)) / scale
    # at the ends the formula is exact, but floats are not
    low = 0.0 if part == 0 else max(0.0, centre - half)
    return low, 1.0 if part == whole else min(1.0, centre + half)


@dataclass(frozen=True, slots=True)
class Confusion:
    """What a threshold gets right and wrong.

    Attributes:
        threshold: Risk from which a text is flagged.
        hits: Flagged, and a person agrees.
        false_alarms: Flagged, and a person does not.
        misses: Not flagged, and a person would.
        passes: Not flagged, and a person agrees.
    """

    threshold: float
    hits: int
    false_alarms: int
    misses: int
    passes: int

    @property
    def precision(self) -> float | None:
        """Share of the flagged that a person agrees with, 0…1."""
        return share(self.hits, self.hits + self.false_alarms)

    @property
    def recall(self) -> float | None:
        """Share of what a person would flag that was flagged, 0…1."""
        return share(self.hits, self.hits + self.misses)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall, 0…1."""
        return share(2 * self.hits, 2 * self.hits + self.false_alarms + self.misses)

    @property
    def precision_interval(self) -> Interval | None:
        """Its 95 % interval."""
        return wilson(self.hits, self.hits + self.false_alarms)

    @property
    def recall_interval(self) -> Interval | None:
        """Its 95 % interval."""
        return wilson(self.hits, self.hits + self.misses)

    def as_dict(self) -> dict[str, Any]:
        """Return counts, shares and intervals as plain JSON values."""
        return {
            "threshold": rounded(self.threshold),
            "hits": self.hits,
            "false_alarms": self.false_alarms,
            "misses": self.misses,
            "passes": self.passes,
            "precision": rounded(self.precision),
            "precision_interval": interval(self.precision_interval),
            "recall": rounded(self.recall),
            "recall_interval": interval(self.recall_interval),
            "f1": rounded(self.f1),
        }


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve over all thresholds, from the strictest to the loosest.

    Attributes:
        x: False positive rates of a ROC curve; recalls of a precision-recall curve.
        y: True positive rates; precisions.
        thresholds: Risk from which the point flags; one above 1 flags nothing.
        area: Area under the ROC curve; average precision.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    thresholds: tuple[float, ...]
    area: float

    def thinned(self, most: int = 200) -> Curve:
        """Return the curve with fewer points, its ends among them, for a plot."""
        if len(self.x) <= most:
            return self
        kept = np.unique(np.linspace(0, len(self.x) - 1, most).astype(int))
        x, y, thresholds = (tuple(values[i] for i in kept) for values in (self.x, self.y, self.thresholds))
        return Curve(x, y, thresholds, self.area)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        points = zip(self.x, self.y, self.thresholds, strict=True)
        return {"area": rounded(self.area), "points": [[rounded(value) for value in point] for point in points]}


def confusion(risks: Sequence[float], labels: Sequence[bool], threshold: float) -> Confusion:
    """Count what a threshold gets right and wrong.

    Args:
        risks: 0…1 each.
        labels: What a person said of each.
        threshold: Risk from which a text is flagged.

    Raises:
        ValueError: There are not as many labels as risks.
    """
    values, truths = arrays(risks, labels)
    flagged = values >= threshold
    return Confusion(
        threshold,
        int(np.sum(flagged & truths)),
        int(np.sum(flagged & ~truths)),
        int(np.sum(~flagged & truths)),
        int(np.sum(~flagged & ~truths)),
    )


def roc(risks: Sequence[float], labels: Sequence[bool]) -> Curve | None:
    """Return the ROC curve; None unless both labels occur.

    Args:
        risks: 0…1 each.
        labels: What a person said of each.

    Raises:
        ValueError: There are not as many labels as risks.
    """
    thresholds, hits, alarms = cumulative(risks, labels)
    if not len(hits) or not hits[-1] or not alarms[-1]:
        return None
    y, x = np.append(0, hits) / hits[-1], np.append(0, alarms) / alarms[-1]
    area = float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2))
    return Curve(_floats(x), _floats(y), (2.0, *_floats(thresholds)), area)


def precision_recall(risks: Sequence[float], labels: Sequence[bool]) -> Curve | None:
    """Return the precision-recall curve; None unless both labels occur.

    Args:
        risks: 0…1 each.
        labels: What a person said of each.

    Raises:
        ValueError: There are not as many labels as risks.
    """
    thresholds, hits, alarms = cumulative(risks, labels)
    if not len(hits) or not hits[-1] or not alarms[-1]:
        return None
    precisions, recalls = hits / (hits + alarms), hits / hits[-1]
    area = float(np.sum(np.diff(recalls, prepend=0.0) * precisions))
    return Curve(_floats(recalls), _floats(precisions), _floats(thresholds), area)


def cumulative(
    risks: Sequence[float], labels: Sequence[bool]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct risks, highest first, with the hits and false alarms that each threshold has."""
    values, truths = arrays(risks, labels)
    order = np.argsort(-values, kind="stable")
    values, truths = values[order], truths[order]
    last = np.append(np.diff(values) != 0, True)[: len(values)]
    hits = np.cumsum(truths, dtype=np.int64)[last]
    alarms = np.cumsum(~truths, dtype=np.int64)[last]
    return values[last], hits, alarms


def arrays(risks: Sequence[float], labels: Sequence[bool]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return both as arrays, or raise ValueError: not as many labels as risks, or a risk that is not finite."""
    values, truths = np.asarray(risks, dtype=np.float64), np.asarray(labels, dtype=np.bool_)
    if values.shape != truths.shape or values.ndim != 1:
        raise ValueError(f"{values.size} risks and {truths.size} labels: each risk needs one label")
    if not np.isfinite(values).all():
        raise ValueError("a risk is not finite")
    return values, truths


def interval(ends: Interval | None) -> list[float] | None:
    """Return an interval for JSON."""
    return None if ends is None else [round(end, 4) for end in ends]


def _floats(values: NDArray[Any]) -> tuple[float, ...]:
    return tuple(map(float, values))
