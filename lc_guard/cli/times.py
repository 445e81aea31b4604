"""What the commands that read Langfuse have in common: the time they look at, and how far they are."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lc_guard.cli.inputs import CommandError

if TYPE_CHECKING:
    from lc_guard.langfuse.api import LangfuseApi
    from lc_guard.langfuse.rows import Window

_AGO = re.compile(r"(\d{1,6})(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FIRST_YEAR = datetime(2020, 1, 1, tzinfo=UTC)


def read_window(since: str, until: str | None, api: LangfuseApi) -> Window:
    """Read ``--since`` and ``--until`` by Langfuse's clock.

    Raises:
        CommandError: One is no time, or they stand the wrong way round.
    """
    from lc_guard.langfuse.rows import Window  # noqa: PLC0415

    now = api.now()
    begin = moment(since, now)
    end = now if until is None else moment(until, now)
    if begin >= end:
        raise CommandError(f"--since {since!r} is not before --until {until or 'now'!r}")
    return Window(begin.timestamp(), end.timestamp())


def moment(told: str, now: datetime) -> datetime:
    """Read a time: some time ago, such as ``7d``, or a date, UTC unless it says otherwise.

    Raises:
        CommandError: It is none.
    """
    ago = _AGO.fullmatch(told.strip().lower())
    try:
        if ago is not None:
            return max(_FIRST_YEAR, now - timedelta(**{_UNITS[ago[2]]: int(ago[1])}))
        date = datetime.fromisoformat(told.strip())
        return max(_FIRST_YEAR, date if date.tzinfo else date.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        pass
    raise CommandError(f"{told!r} is no time: give 90m, 24h, 7d, 4w, or a date such as 2026-01-31 (UTC)")


@contextmanager
def show_progress(verb: str = "reading") -> Iterator[Callable[[str, int], object] | None]:
    """Show on stderr what is being read or written; how many rows there are is not known beforehand."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn(f"{verb} {{task.description}}"), BarColumn(), TextColumn("{task.completed:,}"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(label: str, count: int) -> None:
            if label not in tasks:
                tasks[label] = bar.add_task(label, total=None)
            bar.update(tasks[label], completed=count)

        yield show
