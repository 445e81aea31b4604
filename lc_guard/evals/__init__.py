"""Measure a detector on texts of your own: labelled cases in, a value-free report out.

```python
from lc_guard.detectors import PatternDetector, default_detector
from lc_guard.evals import evaluate, read_cases

report = evaluate(read_cases("cases.jsonl"), [default_detector(), PatternDetector()])
print(report.as_table())
```

The number that matters for a leak is *fully masked*: `lc_guard.evals.metrics` defines it and all others. Importing this
package loads no model and no vendor.
"""

from __future__ import annotations

from lc_guard.evals.cases import BadLine, Case, IdentifierType, Mention, read_cases
from lc_guard.evals.counts import Counts
from lc_guard.evals.kinds import LABELS
from lc_guard.evals.report import DetectorReport, Latency, Miss, Report
from lc_guard.evals.running import evaluate

__all__ = [
    "LABELS",
    "BadLine",
    "Case",
    "Counts",
    "DetectorReport",
    "IdentifierType",
    "Latency",
    "Mention",
    "Miss",
    "Report",
    "evaluate",
    "read_cases",
]
