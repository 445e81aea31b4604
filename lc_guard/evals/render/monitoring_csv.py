"""A monitoring report as CSV: one line a check, for a spreadsheet; before them one for leaks, where there are any."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from lc_guard._engine.leaks import LEAK_SCORE
from lc_guard.evals.agreement import rounded

if TYPE_CHECKING:
    from lc_guard.evals.monitoring_report import CheckHistory, MonitoringReport

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(report: MonitoringReport) -> str:
    """Give the lines, with a head; RFC 4180 with line feeds."""
    out = io.StringIO()
    lines = [_line(check) for check in report.checks]
    if report.leaks:
        lines.insert(0, {**_line(None), "check": LEAK_SCORE, "decisions": report.leaks, "invalid": report.leaks})
    writer = csv.DictWriter(out, fieldnames=list(_line(None)), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in line.items()} for line in lines)
    return out.getvalue()


def _line(check: CheckHistory | None) -> dict[str, Any]:
    waiting = check.waiting if check else None
    agreement = check.agreement if check else None
    confusion = agreement.confusion if agreement else None
    best = agreement.best if agreement else None
    curves = (agreement.roc, agreement.precision_recall) if agreement else (None, None)
    fitting = agreement.calibration if agreement else None
    return {
        "check": check and check.name,
        "decisions": check and check.decisions,
        "invalid": check and check.invalid,
        "block_rate": check and check.block_rate,
        "p50_ms": waiting and waiting.p50,
        "p95_ms": waiting and waiting.p95,
        "p99_ms": waiting and waiting.p99,
        "share_of_trace_time": waiting and waiting.share,
        "entities": check and sum(check.entities.values()),
        "errors": check and sum(check.errors.values()),
        "timeouts": check and check.timeouts,
        "fail_opens": check and check.fail_opens,
        "annotations": agreement.annotations if agreement else 0,
        "threshold": confusion and confusion.threshold,
        "hits": confusion and confusion.hits,
        "false_alarms": confusion and confusion.false_alarms,
        "misses": confusion and confusion.misses,
        "passes": confusion and confusion.passes,
        "precision": confusion and confusion.precision,
        "recall": confusion and confusion.recall,
        "roc_auc": curves[0] and curves[0].area,
        "average_precision": curves[1] and curves[1].area,
        "ece": fitting and fitting.ece,
        "brier": fitting and fitting.brier,
        "best_threshold": best and (best.threshold if best.threshold <= 1 else "never"),
        "best_threshold_low": best and min(1.0, best.interval[0]),
        "best_threshold_high": best and min(1.0, best.interval[1]),
        "best_by": best and best.objective,
    }


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return rounded(value)
    # a spreadsheet would run what begins like a formula
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
