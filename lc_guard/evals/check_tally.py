"""What is counted of one check, as numbers alone, and what a report says of them. Percentiles are by nearest rank."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lc_guard.evals.monitoring_report import Agreement, Bucket, CheckHistory, Evaluated, Waiting

_STEPS = (60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000, 31_536_000)
_MOST_BUCKETS = 60


@dataclass(slots=True)
class CheckTally:
    """What is known of one check so far."""

    times: array[float] = field(default_factory=lambda: array("d"))
    risks: array[float] = field(default_factory=lambda: array("d"))
    invalid_times: array[float] = field(default_factory=lambda: array("d"))
    judged: int = 0
    seconds: array[float] = field(default_factory=lambda: array("d"))
    shares: array[float] = field(default_factory=lambda: array("d"))
    checked_seconds: float = 0.0
    trace_seconds: float = 0.0
    entities: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    timeouts: int = 0
    fail_opens: int = 0
    # of annotated traces only: (trace, observation) → risk and project
    risky: dict[tuple[str, str | None], tuple[float, str | None]] = field(default_factory=dict)

    def buckets(self, width: int) -> tuple[Bucket, ...]:
        """Return the risks by time, in buckets of so many seconds."""
        if not self.times:
            return ()
        places = (np.frombuffer(self.times) // width).astype(np.int64)
        risks = np.frombuffer(self.risks)
        invalid = Counter((np.frombuffer(self.invalid_times) // width).astype(np.int64).tolist())
        order = np.argsort(places, kind="stable")
        starts, firsts = np.unique(places[order], return_index=True)
        found = []
        for place, part in zip(starts.tolist(), np.split(risks[order], firsts[1:]), strict=True):
            p95 = float(np.quantile(part, 0.95, method="inverted_cdf"))
            found.append(Bucket(place * width, len(part), float(part.mean()), p95, invalid[place]))
        return tuple(found)

    def evaluated(self, name: str) -> Evaluated:
        """Return what evaluators said of the check."""
        mean = float(np.frombuffer(self.risks).mean()) if self.risks else None
        return Evaluated(name, len(self.risks), mean, invalid=len(self.invalid_times), judged=self.judged)

    def waiting(self) -> Waiting:
        """Return how long the calls waited for the check."""
        times, shares = np.frombuffer(self.seconds) * 1000, np.frombuffer(self.shares)
        return Waiting(
            count=len(times),
            p50=_percentile(times, 50),
            p95=_percentile(times, 95),
            p99=_percentile(times, 99),
            traces=len(shares),
            share=self.checked_seconds / self.trace_seconds if self.trace_seconds else None,
            share_p50=_percentile(shares, 50),
            share_p95=_percentile(shares, 95),
        )

    def history(self, name: str, width: int, agreement: Agreement | None) -> CheckHistory:
        """Return what a report says of the check."""
        return CheckHistory(
            name,
            decisions=len(self.risks),
            invalid=len(self.invalid_times),
            judged=self.judged,
            risk=self.buckets(width),
            waiting=self.waiting(),
            entities=dict(sorted(self.entities.items(), key=lambda item: (-item[1], item[0]))),
            errors=dict(sorted(self.errors.items(), key=lambda item: (-item[1], item[0]))),
            timeouts=self.timeouts,
            fail_opens=self.fail_opens,
            agreement=agreement,
        )


def bucket_seconds(since: float, until: float) -> int:
    """Return a width of buckets, in seconds, that parts a time into 60 at most."""
    return next((step for step in _STEPS if (until - since) / step <= _MOST_BUCKETS), _STEPS[-1])


def _percentile(values: Any, percent: float) -> float | None:
    return float(np.quantile(values, percent / 100, method="inverted_cdf")) if len(values) else None
