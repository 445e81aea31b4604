"""The threshold that would have been best on annotated texts, and how sure that is.

Best is the highest F1, or the lowest cost where a miss is said to cost so many false alarms; among equals the highest
threshold, which flags least. The interval is the percentile bootstrap's (Efron 1979,
https://doi.org/10.1214/aos/1176344552): the texts are drawn again with replacement, and the best threshold of each draw
is noted; 95 % of the draws lie inside. It is seeded, so the same annotations give the same interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lc_guard.evals.agreement import Confusion, Interval, arrays, confusion
from lc_guard.evals.scoring import rounded

Objective = Literal["f1", "cost"]

LEAST_ANNOTATIONS, LEAST_OF_EACH = 30, 5
"""Annotations that a threshold takes, and how many of them must say yes and how many no."""

NEVER = 1.0 + 1e-9
"""A threshold that flags nothing."""

_SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class BestThreshold:
    """The threshold that would have been best.

    Attributes:
        threshold: It; above 1 where flagging nothing costs least.
        objective: What was best: ``"f1"`` or ``"cost"``.
        value: F1, 0…1; or the cost of a text on average, in false alarms.
        interval: 95 % interval of the threshold.
        draws: Number of bootstrap draws.
        confusion: What it gets right and wrong.
    """

    threshold: float
    objective: Objective
    value: float
    interval: Interval
    draws: int
    confusion: Confusion

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values; a threshold of None flags nothing."""
        return {
            "threshold": rounded(self.threshold) if self.threshold <= 1 else None,
            "objective": self.objective,
            "value": rounded(self.value),
            "interval": [rounded(min(1.0, end)) for end in self.interval],
            "draws": self.draws,
            "confusion": self.confusion.as_dict(),
        }


def too_few(labels: Sequence[bool]) -> str | None:
    """Say that there are too few annotations to judge a threshold by; None if there are enough."""
    yes = sum(map(bool, labels))
    no = len(labels) - yes
    if len(labels) >= LEAST_ANNOTATIONS and min(yes, no) >= LEAST_OF_EACH:
        return None
    return (
        f"too few annotations: {len(labels)} ({yes} yes, {no} no); "
        f"{LEAST_ANNOTATIONS} are needed, with {LEAST_OF_EACH} of each"
    )


def best_threshold(
    risks: Sequence[float],
    labels: Sequence[bool],
    *,
    miss_cost: float | None = None,
    draws: int = 1000,
    seed: int = _SEED,
) -> BestThreshold:
    """Find the threshold that would have been best.

    Args:
        risks: 0…1 each.
        labels: What a person said of each.
        miss_cost: How many false alarms a miss is worth, above 0; None maximizes F1.
        draws: Bootstrap draws, 1 or more.
        seed: Of the draws.

    Raises:
        ValueError: There are too few annotations, or not as many labels as risks.
    """
    values, truths = arrays(risks, labels)
    few = too_few(list(truths))
    if few is not None:
        raise ValueError(few)
    if miss_cost is not None and not miss_cost > 0:
        raise ValueError("miss_cost must be above 0")
    order = np.argsort(-values, kind="stable")
    values, truths = values[order], truths[order]
    ends = np.append(np.flatnonzero(np.diff(values)), len(values) - 1)
    candidates = np.append(NEVER, values[ends])
    place, value = _best(np.ones(len(values)), truths, ends, miss_cost)
    random = np.random.default_rng(seed)
    drawn = np.empty(draws)
    for number in range(draws):
        weights = np.bincount(random.integers(0, len(values), len(values)), minlength=len(values))
        drawn[number] = candidates[_best(weights, truths, ends, miss_cost)[0]]
    # a value that was drawn, not one between two
    low, high = np.quantile(drawn, (0.025, 0.975), method="nearest")
    threshold = float(candidates[place])
    return BestThreshold(
        threshold,
        "f1" if miss_cost is None else "cost",
        value,
        (float(low), float(high)),
        draws,
        confusion(risks, labels, threshold),
    )


def _best(
    weights: NDArray[Any], truths: NDArray[np.bool_], ends: NDArray[Any], miss_cost: float | None
) -> tuple[int, float]:
    """Return the best place among the candidates, the one that flags nothing before all risks, and its value."""
    hits = np.append(0, np.cumsum(weights * truths)[ends])
    alarms = np.append(0, np.cumsum(weights * ~truths)[ends])
    misses = hits[-1] - hits
    if miss_cost is None:
        below = 2 * hits + alarms + misses
        scores = np.divide(2 * hits, below, out=np.zeros(len(hits)), where=below > 0)
        place = int(np.argmax(scores))
        return place, float(scores[place])
    costs = (alarms + miss_cost * misses) / weights.sum()
    # the first of equal costs, whatever rounding makes of 1 + 0.2 · 18 and 0.2 · 23
    place = int(np.argmax(np.isclose(costs, costs.min(), rtol=1e-12, atol=1e-12)))
    return place, float(costs[place])
