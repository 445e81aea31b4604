"""Measure a detector on texts of your own, and the checks of a running application against people's annotations.

```python
from lc_guard.detectors import PatternDetector, default_detector
from lc_guard.evals import evaluate, read_cases

report = evaluate(read_cases("cases.jsonl"), [default_detector(), PatternDetector()])
print(report.as_table())
```

The number that matters for a leak is *fully masked*: `lc_guard.evals.metrics` defines it and all others.

```python
from datetime import timedelta
from lc_guard.evals import read_monitoring

report = read_monitoring(since=timedelta(days=7))  # from the Langfuse project of LANGFUSE_PUBLIC_KEY
report.check("prompt.pii").agreement.best
```

That is what ``lc-guard report`` shows, as data. `Monitor` makes the same of rows from anywhere, and `roc`,
`calibration`, `best_threshold` and their like take plain risks and labels. Importing this package loads no model and no
vendor.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lc_guard.evals.cases import BadLine, Case, IdentifierType, Mention, read_cases
from lc_guard.evals.counts import Counts
from lc_guard.evals.kinds import LABELS
from lc_guard.evals.labelling import Labelling
from lc_guard.evals.report import DetectorReport, Latency, Miss, Report
from lc_guard.evals.running import evaluate

if TYPE_CHECKING:
    from lc_guard.evals.agreement import Confusion, Curve, confusion, precision_recall, roc, wilson
    from lc_guard.evals.from_langfuse import read_monitoring
    from lc_guard.evals.monitored import Agreement, CheckHistory, MonitoringReport
    from lc_guard.evals.monitoring import Monitor
    from lc_guard.evals.reliability import Calibration, calibration
    from lc_guard.evals.thresholds import BestThreshold, best_threshold

# What needs numpy, loaded when it is first used.
_HOMES = {
    "agreement": ("Confusion", "Curve", "confusion", "precision_recall", "roc", "wilson"),
    "from_langfuse": ("read_monitoring",),
    "monitored": ("Agreement", "CheckHistory", "MonitoringReport"),
    "monitoring": ("Monitor",),
    "reliability": ("Calibration", "calibration"),
    "thresholds": ("BestThreshold", "best_threshold"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "LABELS",
    "Agreement",
    "BadLine",
    "BestThreshold",
    "Calibration",
    "Case",
    "CheckHistory",
    "Confusion",
    "Counts",
    "Curve",
    "DetectorReport",
    "IdentifierType",
    "Labelling",
    "Latency",
    "Mention",
    "Miss",
    "Monitor",
    "MonitoringReport",
    "Report",
    "best_threshold",
    "calibration",
    "confusion",
    "evaluate",
    "precision_recall",
    "read_cases",
    "read_monitoring",
    "roc",
    "wilson",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
