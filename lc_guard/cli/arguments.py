"""How the commands' help is laid out.

What the commands read: files and standard input, as UTF-8 text, with errors that a user can act on.

What the commands write: files, and a report on standard output.

What the commands that read Langfuse have in common: the time they look at, and how far they are.
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lc_guard.langfuse.api import LangfuseApi
    from lc_guard.langfuse.rows import Window


class Paragraphs(argparse.HelpFormatter):
    """Fills each paragraph of a description or an epilog to the terminal's width; an indented one stands as written."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        filler = textwrap.TextWrapper(width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
        paragraphs = text.strip("\n").split("\n\n")
        return "\n\n".join(each if each.startswith(" ") else filler.fill(" ".join(each.split())) for each in paragraphs)


STDIN = "-"
"""The name that stands for standard input."""


class CommandError(Exception):
    """A command can't do what was asked; its message is for the user, without a traceback.

    Attributes:
        status: Exit status: 2 for wrong usage and inputs that can't be read, 1 for what failed later.
    """

    def __init__(self, message: str, *, status: int = 2) -> None:
        self.status = status
        super().__init__(message)


def read_text(name: str) -> str:
    """Read UTF-8 text of a file, or of standard input for ``-``: line ends untouched, without a byte-order mark."""
    shown = "standard input" if name == STDIN else repr(name)
    try:
        data = sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise CommandError(f"can't read {shown}: {getattr(error, 'strerror', None) or 'not a file name'}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(
            f"{shown} is not UTF-8 text (byte {error.start}); convert it first, for instance with iconv"
        ) from None
    if "\0" in text:
        raise CommandError(f"{shown} is binary: it holds NUL characters (the first at {text.index(chr(0))})")
    return text


_PIPED_WIDTH = 100


def require_folders(*names: str | None) -> None:
    """Refuse a file that can't be written before the long run and not after it."""
    for name in filter(None, names):
        if Path(name).is_dir() or not Path(name).absolute().parent.is_dir():
            raise CommandError(f"can't write {name!r}: give a file in a folder that exists")


def write(name: str | None, content: Callable[[], str]) -> None:
    """Write a file, if one is asked for."""
    if name is None:
        return
    try:
        Path(name).write_text(content(), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"can't write {name!r}: {error.strerror}", status=1) from None


def print_out(report: RenderableType) -> None:
    """Print a report, as wide as the terminal, or 100 characters wide into a pipe."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="replace")  # dashes and lines, whatever the locale
    from rich.console import Console  # noqa: PLC0415 - a light import of this module

    Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH, highlight=False).print(report, crop=False)


_AGO = re.compile(r"(\d{1,6})(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FIRST_YEAR = datetime(2020, 1, 1, tzinfo=UTC)


def read_window(since: str, until: str | None, api: LangfuseApi) -> Window:
    """Read ``--since`` and ``--until`` by Langfuse's clock."""
    from lc_guard.langfuse.rows import Window  # noqa: PLC0415

    now = api.now()
    begin = moment(since, now)
    end = now if until is None else moment(until, now)
    if begin >= end:
        raise CommandError(f"--since {since!r} is not before --until {until or 'now'!r}")
    return Window(begin.timestamp(), end.timestamp())


def moment(told: str, now: datetime) -> datetime:
    """Read a time: some time ago, such as ``7d``, or a date, UTC unless it says otherwise."""
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
