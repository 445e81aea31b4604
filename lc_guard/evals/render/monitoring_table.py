"""A monitoring report as tables for a terminal, or as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from lc_guard.evals.render.monitoring_text import (
    best,
    ends,
    failures,
    leaks,
    nothing,
    passed_over,
    percent,
    reading,
    summary,
)
from lc_guard.evals.render.style import counted, decimal, milliseconds
from lc_guard.evals.render.terminal import empty_table, plain_text

if TYPE_CHECKING:
    from lc_guard.evals.monitoring_report import CheckHistory, MonitoringReport

_BARS = "▁▂▃▄▅▆▇█"
_MOST_BARS = 16
_KINDS_SHOWN, _DISAGREEMENTS_SHOWN, _LEAKS_SHOWN = 8, 3, 5


def as_text(report: MonitoringReport, *, width: int) -> str:
    """Give a report as plain text.

    Args:
        report: The report.
        width: Characters a line may have.
    """
    return plain_text(renderable(report), width=width)


def renderable(report: MonitoringReport) -> RenderableType:
    """Give a report as something that rich can print."""
    return Group(*_parts(report))


def _parts(report: MonitoringReport) -> Iterator[RenderableType]:
    yield from _leaks(report)
    yield Text(summary(report))
    for note in report.notes:
        yield Text(note, style="yellow")
    if not report.checks:
        yield Text(nothing(report), style="yellow")
    else:
        if report.actions:
            yield Text("strongest action of a trace: " + _counts(report.actions))
        yield _overview(report)
        for check in report.checks:
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
    if report.passed_over:
        yield Text("not taken: " + "; ".join(passed_over(report.passed_over)), style="dim")
    if report.checks:
        yield Text(reading(), style="dim")


def _leaks(report: MonitoringReport) -> Iterator[RenderableType]:
    if not report.leaks:
        return
    yield Text(leaks(report), style="bold red")
    for call in report.leaked[:_LEAKS_SHOWN]:
        yield Text(f"  {_printable(call.url or call.trace_id)}", no_wrap=True, overflow="ignore")
    if report.leaks > _LEAKS_SHOWN:
        yield Text(f"  and {report.leaks - _LEAKS_SHOWN:,} more")


def _overview(report: MonitoringReport) -> Table:
    table = _table("check", "risk", "decisions", "blocked", "p50 ms", "p95 ms", "p99 ms", "of trace", "errors")
    for check in report.checks:
        waiting = check.waiting
        errors = sum(check.errors.values())
        table.add_row(
            Text(check.name),
            _sparkline(check),
            f"{check.decisions:,}",
            percent(check.block_rate),
            *map(milliseconds, (waiting.p50, waiting.p95, waiting.p99)),
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
    return empty_table(*columns, words=("check", "risk"), no_wrap=True)


def _sparkline(check: CheckHistory) -> Text:
    """Draw the mean risk over time, latest last."""
    means = [bucket.mean for bucket in check.risk][-_MOST_BARS:]
    return Text("".join(_BARS[min(7, int(mean * 8))] for mean in means), style="cyan")


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _printable(text: str) -> str:
    """Keep control characters of an id off the terminal."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
