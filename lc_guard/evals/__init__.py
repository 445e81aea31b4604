"""Measure a detector on texts of your own, and the checks of a running application against people's annotations.

```python
from lc_guard.detectors import PatternDetector, default_detector
from lc_guard.evals import evaluate, read_cases

report = evaluate(read_cases("cases.jsonl"), [default_detector(), PatternDetector()])
print(report.as_table())
```

The number that matters for a leak is *fully masked*: `lc_guard.evals.scoring` defines it and all others.

```python
from datetime import timedelta
from lc_guard.evals import read_monitoring

report = read_monitoring(since=timedelta(days=7))  # of LANGFUSE_PUBLIC_KEY's project
report.attention  # what to do, the most urgent first
report.check("prompt.pii").agreement.best
report.figure("risk", check="prompt.pii")  # a plot, which a notebook shows
```

That is what ``lc-guard report`` shows, as data. `Monitor` makes the same of rows from anywhere, and `roc`,
`calibration`, `best_threshold` and their like take plain risks and labels. Importing this package loads no model and no
vendor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lc_guard._lazy import attach

if TYPE_CHECKING:
    from lc_guard.evals.advice import Advice as Advice
    from lc_guard.evals.advice import Urgency as Urgency
    from lc_guard.evals.agreement import Confusion as Confusion
    from lc_guard.evals.agreement import Curve as Curve
    from lc_guard.evals.agreement import confusion as confusion
    from lc_guard.evals.agreement import precision_recall as precision_recall
    from lc_guard.evals.agreement import roc as roc
    from lc_guard.evals.agreement import wilson as wilson
    from lc_guard.evals.cases import BadLine as BadLine
    from lc_guard.evals.cases import Case as Case
    from lc_guard.evals.cases import IdentifierType as IdentifierType
    from lc_guard.evals.cases import Mention as Mention
    from lc_guard.evals.cases import read_cases as read_cases
    from lc_guard.evals.evaluation import evaluate as evaluate
    from lc_guard.evals.figures import Figure as Figure
    from lc_guard.evals.from_langfuse import read_monitoring as read_monitoring
    from lc_guard.evals.labels import LABELS as LABELS
    from lc_guard.evals.labels import Labelling as Labelling
    from lc_guard.evals.monitoring import Monitor as Monitor
    from lc_guard.evals.monitoring_report import Agreement as Agreement
    from lc_guard.evals.monitoring_report import CheckHistory as CheckHistory
    from lc_guard.evals.monitoring_report import Evaluated as Evaluated
    from lc_guard.evals.monitoring_report import MonitoringReport as MonitoringReport
    from lc_guard.evals.reliability import Calibration as Calibration
    from lc_guard.evals.reliability import calibration as calibration
    from lc_guard.evals.report import DetectorReport as DetectorReport
    from lc_guard.evals.report import Latency as Latency
    from lc_guard.evals.report import Miss as Miss
    from lc_guard.evals.report import Report as Report
    from lc_guard.evals.scoring import Counts as Counts
    from lc_guard.evals.thresholds import BestThreshold as BestThreshold
    from lc_guard.evals.thresholds import best_threshold as best_threshold

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "advice": ("Advice", "Urgency"),
        "agreement": ("Confusion", "Curve", "confusion", "precision_recall", "roc", "wilson"),
        "cases": ("BadLine", "Case", "IdentifierType", "Mention", "read_cases"),
        "evaluation": ("evaluate",),
        "figures": ("Figure",),
        "from_langfuse": ("read_monitoring",),
        "labels": ("LABELS", "Labelling"),
        "monitoring": ("Monitor",),
        "monitoring_report": ("Agreement", "CheckHistory", "Evaluated", "MonitoringReport"),
        "reliability": ("Calibration", "calibration"),
        "report": ("DetectorReport", "Latency", "Miss", "Report"),
        "scoring": ("Counts",),
        "thresholds": ("BestThreshold", "best_threshold"),
    },
)
