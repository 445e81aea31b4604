"""The sentences of a monitoring report that its table and its page share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lc_guard.evals.agreement import Interval
from lc_guard.evals.render.style import counted, decimal, milliseconds

if TYPE_CHECKING:
    from lc_guard.evals.monitoring_report import Agreement, CheckHistory, MonitoringReport


def percent(value: float | None) -> str:
    """Give a share as per cent, never rounded to none or all where it is neither; a dash for None."""
    if value is None:
        return "–"
    if value in (0, 1):
        shown = f"{value * 100:.0f}"
    elif value < 0.0001:
        shown = "<0.01"
    elif value > 0.9995:
        shown = ">99.9"
    else:
        shown = f"{value * 100:.2f}" if value < 0.01 else f"{value * 100:.1f}"
    return f"{shown}\u00a0%"


def time_range(report: MonitoringReport) -> str:
    """Say from when to when."""
    return f"{moment(report.since)} to {moment(report.until)} UTC"


def moment(seconds: float) -> str:
    """Give a time in UTC, to the minute."""
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


def worth(check: CheckHistory) -> str:
    """Say whether the check is worth the wait."""
    waiting = check.waiting
    if not waiting.count:
        return f"{check.name}: no observation was found, so its time is not known."
    part = "an unknown part" if waiting.share is None else percent(waiting.share)
    took = f"{check.name} takes {part} of its traces' time (p95 {milliseconds(waiting.p95)} ms)"
    did = []
    if check.entities:
        did.append(f"found {counted(sum(check.entities.values()), 'value')}")
    if check.judged:
        did.append(f"stopped {check.invalid:,} of {counted(check.judged, 'text')} ({percent(check.block_rate)})")
    return f"{took}, {' and '.join(did)}." if did else f"{took}."


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
    """Give an interval's ends; a dash for None."""
    return "–" if interval is None else f"{interval[0]:.2f}–{min(1.0, interval[1]):.2f}"


def failures(check: CheckHistory) -> str:
    """Say what failed and what it led to; empty if nothing did."""
    if not check.errors:
        return ""
    told = ", ".join(f"{count:,} {name}" for name, count in check.errors.items())
    return (
        f"{told}; {counted(check.timeouts, 'timeout')}, {counted(check.fail_opens, 'time')} the text went on unchecked"
    )


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
