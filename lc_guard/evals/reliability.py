"""Whether a risk of 0.8 means that four of five such texts are what the check looks for.

- *Bins*: equal widths; the last one holds the risk 1.
- *Expected calibration error*: the distance of mean risk and observed share, weighted by the bins' counts (Naeini,
  Cooper and Hauskrecht 2015, https://doi.org/10.1609/aaai.v29i1.9602).
- *Brier score*: the mean squared distance of risk and label (Brier 1950); 0 is perfect, 0.25 is what 0.5 for all gets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lc_guard.evals.agreement import Interval, arrays, interval, wilson
from lc_guard.evals.scoring import rounded

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The texts whose risks lie in one bin.

    Attributes:
        low: Lower end, included.
        high: Upper end, not included unless it is 1.
        count: Number of texts.
        harmful: Number of those that a person flagged.
        mean_risk: Their mean risk.
    """

    low: float
    high: float
    count: int
    harmful: int
    mean_risk: float

    @property
    def share(self) -> float:
        """Share that a person flagged, 0…1."""
        return self.harmful / self.count

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval of the share."""
        return wilson(self.harmful, self.count)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How risks and shares go together.

    Attributes:
        bins: Those that hold a text, lowest first.
        ece: Expected calibration error, 0…1; 0 is perfect.
        brier: Brier score, 0…1; 0 is perfect.
    """

    bins: tuple[Bin, ...]
    ece: float
    brier: float

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        bins = [
            {
                "low": rounded(bin_.low),
                "high": rounded(bin_.high),
                "count": bin_.count,
                "mean_risk": rounded(bin_.mean_risk),
                "share": rounded(bin_.share),
                "share_interval": interval(bin_.interval),
            }
            for bin_ in self.bins
        ]
        return {"ece": rounded(self.ece), "brier": rounded(self.brier), "bins": bins}


def calibration(risks: Sequence[float], labels: Sequence[bool], *, bins: int = BINS) -> Calibration | None:
    """Compare risks with the shares that people flagged; None of no texts.

    Args:
        risks: 0…1 each.
        labels: What a person said of each.
        bins: Number of bins, 1 or more.

    Raises:
        ValueError: There are not as many labels as risks, or a risk is outside 0…1.
    """
    values, truths = arrays(risks, labels)
    if not values.size:
        return None
    if values.min() < 0 or values.max() > 1:
        raise ValueError("a risk is outside 0…1")
    # the edges themselves are compared, so that a risk of 0.3 is never lost to a rounding of 0.3 * 10
    edges = np.arange(bins + 1) / bins
    places = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, bins - 1)
    found = []
    for place in np.unique(places):
        inside = places == place
        count, harmful = int(inside.sum()), int(truths[inside].sum())
        mean = float(values[inside].mean())
        found.append(Bin(float(edges[place]), float(edges[place + 1]), count, harmful, mean))
    ece = sum(bin_.count * abs(bin_.mean_risk - bin_.share) for bin_ in found) / values.size
    return Calibration(tuple(found), float(ece), float(np.mean((values - truths) ** 2)))
