"""The sentences of a monitoring report that its table and its page share.

A monitoring report as tables for a terminal, or as plain text.

A monitoring report as CSV: one line a check, for a spreadsheet; before them one for leaks, where there are any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from lc_guard._engine.leaks import LEAK_SCORE
from lc_guard.evals.advice import Urgency, advice, attention
from lc_guard.evals.agreement import Interval
from lc_guard.evals.render.style import counted, decimal, empty_table, milliseconds, percent, plain_text
from lc_guard.evals.scoring import rounded
from lc_guard.langfuse.rows import csv_table

if TYPE_CHECKING:
    from lc_guard.evals.monitoring_report import Agreement, CheckHistory, MonitoringReport


def time_range(report: MonitoringReport) -> str:
    """Say from when to when."""
    return f"{moment(report.since)} to {moment(report.until)} UTC"


def moment(seconds: float) -> str:
    """Return a time in UTC, to the minute."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def width(seconds: int) -> str:
    """Name a stretch of time."""
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds % size == 0:
            return counted(seconds // size, name)
    return counted(seconds, "second")


def summary(report: MonitoringReport) -> str:
    """Say what was read."""
    told = [counted(report.traces, "trace"), counted(report.scores, "score"), counted(len(report.checks), "check")]
    return f"{time_range(report)}: {', '.join(told)}"


def nothing(report: MonitoringReport) -> str:
    """Say what to do when there is nothing to report."""
    return (
        f"No check's score from {time_range(report)}. Scores named <stage>.<check> come from "
        "lc_guard.langfuse.CallbackHandler: see that the keys are those of the project your chains trace to, and that "
        "--since reaches back far enough."
    )


def leaks(report: MonitoringReport) -> str:
    """Say that models were sent values, and what to do; empty if none was."""
    if not report.leaks:
        return ""
    sent = "was" if report.leaks == 1 else "were"
    return (
        f"LEAK: {counted(report.leaks, 'model call')} {sent} sent values that the session hides. Such a model stands "
        "beside the guard: put it behind protect(model, guard), or Anonymize before it."
    )


def best(agreement: Agreement) -> str:
    """Say which threshold would have been best, or that this can't be said."""
    found = agreement.best
    if found is None:
        return f"No threshold can be recommended: {agreement.too_few}."
    if found.threshold > 1:
        return "To flag nothing would have cost least: the risk does not tell these texts apart."
    value = f"F1 {decimal(found.value)}" if found.objective == "f1" else f"cost {found.value:.3f} a text"
    by = "F1" if found.objective == "f1" else "cost"
    return (
        f"Best threshold {found.threshold:.2f} by {by} ({value}; 95 % of {found.draws:,} bootstrap draws: "
        f"{ends(found.interval)}), from {counted(agreement.annotations, 'annotation')}."
    )


def ends(interval: Interval | None) -> str:
    """Return an interval's ends; a dash for None."""
    return "–" if interval is None else f"{interval[0]:.2f}–{min(1.0, interval[1]):.2f}"


def failures(check: CheckHistory) -> str:
    """Say what failed and what it led to; empty if nothing did."""
    if not check.errors:
        return ""
    told = ", ".join(f"{count:,} {name}" for name, count in check.errors.items())
    return (
        f"{told}; {counted(check.timeouts, 'timeout')}, {counted(check.fail_opens, 'time')} the text went on unchecked"
    )


def evaluated(report: MonitoringReport) -> str:
    """Say what evaluators gave afterwards; empty if nothing."""
    if not report.evaluated:
        return ""
    told = (
        f"{each.name} {each.count:,}" + ("" if each.mean is None else f" (mean risk {each.mean:.2f})")
        for each in report.evaluated
    )
    return f"given afterwards by evaluators, no decisions: {', '.join(told)}"


def passed_over(reasons: Mapping[str, int]) -> Iterator[str]:
    """Say which rows could not be taken, the most frequent first."""
    for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
        yield f"{count:,} × {reason}"


def reading() -> str:
    """Say how the numbers are to be read."""
    return (
        "Block rate: the share of decisions that did not let the text go on. Latency: of the check's observation, "
        "percentiles by nearest rank. Share of the trace's time: all time of the check over all time of the traces it "
        "ran in; checks that run side by side share the same time. Against annotations, a text counts as flagged where "
        "its risk is at least the threshold; of several annotations of a text the latest counts, and an annotation of "
        "a whole trace is compared with the check's highest risk in it. Intervals are 95 %: Wilson's for shares, the "
        "bootstrap's for thresholds. Definitions: lc_guard.evals.agreement, reliability, thresholds."
    )


ALL_IS_WELL = "nothing: every check is worth its wait"

_BARS = "▁▂▃▄▅▆▇█"
_MOST_BARS = 8
_KINDS_SHOWN, _DISAGREEMENTS_SHOWN, _LEAKS_SHOWN = 8, 3, 5


def as_text(report: MonitoringReport, *, width: int) -> str:
    """Return a report as plain text."""
    return plain_text(renderable(report), width=width)


def renderable(report: MonitoringReport) -> RenderableType:
    """Return a report as something that rich can print."""
    return Group(*_parts(report))


def _parts(report: MonitoringReport) -> Iterator[RenderableType]:
    yield from _leaks(report)
    yield Text(summary(report))
    for note in report.notes:
        yield Text(note, style="yellow")
    if report.checks:
        yield from _checks(report)
    else:
        yield Text(nothing(report), style="yellow")
    if afterwards := evaluated(report):
        yield Text(afterwards)
    if report.passed_over:
        yield Text("not taken: " + "; ".join(passed_over(report.passed_over)), style="dim")
    if report.checks:
        yield Text(reading(), style="dim")


def _checks(report: MonitoringReport) -> Iterator[RenderableType]:
    if report.actions:
        yield Text("strongest action of a trace: " + _counts(report.actions))
    yield Text("What needs attention first", style="bold")
    urgent = attention(report)
    for each in urgent or (ALL_IS_WELL,):
        yield Text(f"  {each}", style="bold red" if each in urgent[:1] and urgent[0].urgency is Urgency.NOW else "")
    yield _overview(report)
    for check in report.checks:
        if (each := advice(check)) not in urgent:
            yield Text(str(each))
        if failed := failures(check):
            yield Text.assemble((f"{check.name} failed: ", "bold red"), failed)
        if check.entities:
            shown = dict(list(check.entities.items())[:_KINDS_SHOWN])
            more = len(check.entities) - len(shown)
            yield Text(f"{check.name} found {_counts(shown)}" + (f" and {more} more kinds" if more else ""))
    annotated = [check for check in report.checks if check.agreement is not None]
    yield Text("Against annotations", style="bold")
    if annotated:
        yield _agreement(annotated)
    else:
        yield Text("No annotation speaks of a check: see lc-guard report --help for the names it may have.")
    for check in annotated:
        yield from _judgement(check)


def _leaks(report: MonitoringReport) -> Iterator[RenderableType]:
    if not report.leaks:
        return
    yield Text(leaks(report), style="bold red")
    for call in report.leaked[:_LEAKS_SHOWN]:
        yield Text(f"  {_printable(call.url or call.trace_id)}", no_wrap=True, overflow="ignore")
    if report.leaks > _LEAKS_SHOWN:
        yield Text(f"  and {report.leaks - _LEAKS_SHOWN:,} more")


def _overview(report: MonitoringReport) -> Table:
    table = _table("check", "risk", "decisions", "blocked", "over time", "p50 ms", "p95 ms", "of trace", "errors")
    for check in report.checks:
        waiting = check.waiting
        errors = sum(check.errors.values())
        table.add_row(
            Text(check.name),
            _sparkline([bucket.mean for bucket in check.risk]),
            f"{check.decisions:,}",
            percent(check.block_rate),
            _sparkline([bucket.invalid / bucket.count for bucket in check.risk]),
            *map(milliseconds, (waiting.p50, waiting.p95)),
            percent(waiting.share),
            Text(f"{errors:,}", style="red" if errors else ""),
        )
    return table


def _agreement(checks: list[CheckHistory]) -> Table:
    table = _table("check", "yes/no", "precision", "recall", "F1", "AUC", "AP", "ECE")
    for check in checks:
        found = check.agreement
        if found is None:
            continue
        seen = found.confusion
        table.add_row(
            Text(check.name),
            f"{found.yes:,}/{found.annotations - found.yes:,}",
            f"{decimal(seen.precision)} ({ends(seen.precision_interval)})",
            f"{decimal(seen.recall)} ({ends(seen.recall_interval)})",
            decimal(seen.f1),
            decimal(found.roc.area if found.roc else None),
            decimal(found.precision_recall.area if found.precision_recall else None),
            decimal(found.calibration.ece if found.calibration else None),
        )
    return table


def _judgement(check: CheckHistory) -> Iterator[RenderableType]:
    found = check.agreement
    if found is None:
        return
    seen = found.confusion
    yield Text.assemble((f"{check.name}: ", "bold"), best(found), style="" if found.best else "yellow")
    flagged = f"{counted(seen.hits, 'hit')}, {counted(seen.false_alarms, 'false alarm')}"
    yield Text(f"  flagged from {seen.threshold:.2f}: {flagged}, {seen.misses:,} missed, {seen.passes:,} passed")
    for item in found.disagreements[:_DISAGREEMENTS_SHOWN]:
        said = "yes" if item.label else "no"
        where = _printable(item.url or item.trace_id)
        yield Text(f"  risk {item.risk:.2f}, a person says {said}: {where}", no_wrap=True, overflow="ignore")
    more = found.disagreed - min(found.disagreed, _DISAGREEMENTS_SHOWN)
    if more:
        yield Text(f"  and {more:,} more")


def _table(*columns: str) -> Table:
    return empty_table(*columns, words=("check", "risk", "over time"), no_wrap=True)


def _sparkline(shares: list[float]) -> Text:
    """Draw shares over time, latest last."""
    return Text("".join(_BARS[min(7, int(share * 8))] for share in shares[-_MOST_BARS:]), style="cyan")


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _printable(text: str) -> str:
    """Keep control characters of an id off the terminal."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


# Column → where its value stands in the history of a check.
_COLUMNS = {
    "check": "name",
    "decisions": "decisions",
    "invalid": "invalid",
    "block_rate": "block_rate",
    "p50_ms": "waiting.p50",
    "p95_ms": "waiting.p95",
    "p99_ms": "waiting.p99",
    "share_of_trace_time": "waiting.share",
    "entities": "entities",
    "errors": "errors",
    "timeouts": "timeouts",
    "fail_opens": "fail_opens",
    "annotations": "agreement.annotations",
    "threshold": "agreement.confusion.threshold",
    "hits": "agreement.confusion.hits",
    "false_alarms": "agreement.confusion.false_alarms",
    "misses": "agreement.confusion.misses",
    "passes": "agreement.confusion.passes",
    "precision": "agreement.confusion.precision",
    "recall": "agreement.confusion.recall",
    "roc_auc": "agreement.roc.area",
    "average_precision": "agreement.precision_recall.area",
    "ece": "agreement.calibration.ece",
    "brier": "agreement.calibration.brier",
    "best_threshold": "agreement.best.threshold",
    "best_threshold_low": "agreement.best.interval",
    "best_threshold_high": "agreement.best.interval",
    "best_by": "agreement.best.objective",
}


def as_csv(report: MonitoringReport) -> str:
    """Return a line a check as CSV."""
    lines = [_line(check) for check in report.checks]
    if report.leaks:
        lines.insert(0, {**_line(None), "check": LEAK_SCORE, "decisions": report.leaks, "invalid": report.leaks})
    return csv_table(tuple(_COLUMNS), lines)


def _line(check: CheckHistory | None) -> dict[str, Any]:
    return {column: _cell(column, _at(check, place)) for column, place in _COLUMNS.items()}


def _at(found: Any, place: str) -> Any:
    """Return an attribute of attributes; None where one of them is missing."""
    for name in place.split("."):
        found = None if found is None else getattr(found, name)
    return found


def _cell(column: str, value: Any) -> Any:
    if column == "annotations":
        return value or 0
    if isinstance(value, Mapping):
        return sum(value.values())
    if isinstance(value, tuple):
        value = min(1.0, value[column == "best_threshold_high"])
    if column == "best_threshold" and value is not None and value > 1:
        return "never"
    return rounded(value) if isinstance(value, float) else value
