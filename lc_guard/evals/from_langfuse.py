"""The monitoring report of a Langfuse project, read through its public API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from math import inf
from typing import TYPE_CHECKING, Protocol

from lc_guard.evals.labels import Labelling
from lc_guard.evals.monitoring import Monitor
from lc_guard.evals.monitoring_report import MonitoringReport

if TYPE_CHECKING:
    from lc_guard.langfuse.api import LangfuseApi
    from lc_guard.langfuse.reader import Progress
    from lc_guard.langfuse.resume import Spool
    from lc_guard.langfuse.rows import Score

_SKEW_TOLD = timedelta(minutes=2)
_LONGEST_TRACE = 86_400.0


class Watcher(Protocol):
    """Sees the scores that pass by, such as what chooses the next ones to annotate."""

    def annotated(self, annotation: Score) -> object:
        """Take note of an annotation; they come first."""

    def offer(self, score: Score) -> object:
        """Take note of a score."""


def read_monitoring(
    api: LangfuseApi | None = None,
    *,
    since: datetime | timedelta,
    until: datetime | None = None,
    labelling: Labelling | None = None,
    threshold: float = 0.5,
    miss_cost: float | None = None,
    spool: Spool | None = None,
    progress: Progress | None = None,
    watcher: Watcher | None = None,
) -> MonitoringReport:
    """Read what the checks did, and what people say of it.

    Args:
        api: The connection; None takes keys and address from the environment, and asks first whether they are right.
        since: Begin, or how long ago.
        until: End; None is now, by Langfuse's clock.
        labelling: Of which checks annotations speak, and what says yes.
        threshold: Risk, 0…1, from which a text counts as flagged when it is compared with annotations.
        miss_cost: How many false alarms a miss is worth, above 0; None lets the best threshold maximize F1.
        spool: Keeps what was read, so that a read that broke off goes on; its window is taken then.
        progress: Called with the name of a read and the number of its rows so far.
        watcher: Sees annotations and scores as they pass.

    Returns:
        The report; it holds no text of a trace.

    Raises:
        LangfuseError: Langfuse can't be read; the message says what to do.
        ValueError: The end is not after the begin.
    """
    from lc_guard.langfuse.api import LangfuseApi  # noqa: PLC0415 - an HTTP client, not for the data
    from lc_guard.langfuse.reader import Reader  # noqa: PLC0415 - an HTTP client, not for the data
    from lc_guard.langfuse.rows import Window  # noqa: PLC0415 - an HTTP client, not for the data

    with nullcontext(api) if api is not None else LangfuseApi() as connection:
        if api is None:
            connection.check()
        now = connection.now()
        end = _aware(until) if until is not None else now
        begin = now - since if isinstance(since, timedelta) else _aware(since)
        window = spool.window if spool is not None else Window(begin.timestamp(), end.timestamp())
        if window.since >= window.until:
            raise ValueError("since must be before until")
        reader = Reader(connection, spool=spool, progress=progress)
        monitor = Monitor(
            window.since,
            window.until,
            # people annotate after the fact: what was decided in the window may be annotated until now
            annotations=_watched(reader.scores(Window(window.since, inf), source="ANNOTATION"), watcher),
            labelling=labelling,
            threshold=threshold,
            miss_cost=miss_cost,
            source=connection.base_url,
            link=connection.trace_url,
        )
        for score in reader.scores(window):
            monitor.add_score(score)
            if watcher is not None:
                watcher.offer(score)
        for check in reader.checks(window):
            monitor.add_check(check)
        for trace_id in monitor.unlinked_traces():
            for row in reader.trace(trace_id):
                monitor.add_link(row)
        # a trace may have begun long before its checks
        for root in reader.roots(Window(window.since - _LONGEST_TRACE, window.until)):
            monitor.add_trace(root)
        return monitor.report(passed_over=reader.passed_over, notes=_notes(connection.clock_offset))


def _watched(annotations: Iterator[Score], watcher: Watcher | None) -> Iterator[Score]:
    for annotation in annotations:
        if watcher is not None:
            watcher.annotated(annotation)
        yield annotation


def _notes(skew: timedelta) -> list[str]:
    if abs(skew) < _SKEW_TOLD:
        return []
    behind = "behind" if skew > timedelta() else "ahead of"
    minutes = abs(skew).total_seconds() / 60
    return [f"This machine's clock is {minutes:,.0f} minutes {behind} Langfuse's; times are by Langfuse's clock."]


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
