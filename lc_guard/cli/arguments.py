"""How the commands' help is laid out.

What the commands read: files and standard input, as UTF-8 text, with errors that a user can act on.

What the commands write: files, and a report on standard output.

What the commands that read Langfuse have in common: the time they look at, and how far they are.
"""

from __future__ import annotations

import argparse
import errno
import itertools
import json
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress, ProgressColumn

    from lc_guard.langfuse.api import LangfuseApi
    from lc_guard.langfuse.rows import Window


class Paragraphs(argparse.HelpFormatter):
    """Fills each paragraph of a description or an epilog to the terminal's width; indented lines stand as written."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        filler = textwrap.TextWrapper(width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
        paragraphs = text.strip("\n").split("\n\n")
        return "\n\n".join("\n".join(_filled(each.splitlines(), filler)) for each in paragraphs)


def _filled(lines: Iterable[str], filler: textwrap.TextWrapper) -> Iterator[str]:
    for code, group in itertools.groupby(lines, key=lambda line: line.startswith(" ")):
        together = [*group]
        yield from together if code else [filler.fill(" ".join(" ".join(together).split()))]


class Parser(argparse.ArgumentParser):
    """A parser that tells which arguments it has, and those of its commands.

    Attributes:
        added: The arguments, in the order in which they were added; one whose `choices` are parsers holds commands.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.added: list[argparse.Action] = []
        super().__init__(*args, **kwargs)

    def add_argument(self, *args: Any, **kwargs: Any) -> argparse.Action:
        """Add an argument."""
        self.added.append(super().add_argument(*args, **kwargs))
        return self.added[-1]

    def add_subparsers(self, **kwargs: Any) -> Any:
        """Add a place for commands; their parsers are of this class as well."""
        self.added.append(super().add_subparsers(**kwargs))
        return self.added[-1]

    def arguments(self) -> Iterator[argparse.Action]:
        """Yield its arguments, and those of its commands."""
        for action in self.added:
            yield action
            if isinstance(action.choices, Mapping):
                for command in action.choices.values():
                    yield from command.arguments()


def add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int] | None,
    *,
    about: str,
    description: str | None = None,
    epilog: str | None = None,
) -> argparse.ArgumentParser:
    """Add a command to the parser; `run` is None for one that has actions of its own."""
    parser = commands.add_parser(
        name, help=about, description=description, epilog=epilog, formatter_class=Paragraphs, allow_abbrev=False
    )
    if run is not None:
        parser.set_defaults(run=run)
    return parser


def add_window(parser: argparse.ArgumentParser, *, since: str) -> None:
    """Add ``--since`` and ``--until``."""
    told = "how far back, as 90m, 24h, 7d, 4w, or a date (default: %(default)s)"
    parser.add_argument("--since", default=since, metavar="TIME", help=told)
    parser.add_argument("--until", metavar="TIME", help="until when (default: now)")


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return a type of options that take a whole number of a range."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= (int(text) if most is None else most):
            upto = "" if most is None else f" to {most}"
            raise argparse.ArgumentTypeError(f"a whole number from {least}{upto} is needed")
        return int(text)

    return read


def number(least: float, most: float, needed: str) -> Callable[[str], float]:
    """Return a type of options that take a number of a range."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{needed} is needed")
        return value

    return read


share = number(0.0, 1.0, "a number from 0 to 1")


def split_names(listed: str | None) -> list[str]:
    """Return the names of a list with commas."""
    return [name.strip() for name in (listed or "").split(",") if name.strip()]


NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Errors of a disk that can't take more."""

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


@contextmanager
def open_lines(name: str) -> Iterator[Iterable[bytes]]:
    """Open a file, or standard input, to read it line by line."""
    if name == STDIN:
        yield sys.stdin.buffer
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - only its opening is guarded
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise CommandError(f"can't read {name!r}: {getattr(error, 'strerror', None) or 'not a file name'}") from None
    with file:
        yield file


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


def open_console(*, piped_width: int | None = None, width: int | None = None) -> Console:
    """Return a console on standard output that prints texts as they are, in `piped_width` without a terminal."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="replace")  # dashes, lines and quotes, whatever the locale
    from rich.console import Console  # noqa: PLC0415 - here and below: a light import of this module

    class Output(Console):
        def on_broken_pipe(self) -> None:
            raise  # noqa: PLE0704 - rich calls this while it handles the error; `main` knows what to do

    console = Output(width=width, highlight=False, markup=False, emoji=False)
    if piped_width is not None and not console.is_terminal:
        console.width = piped_width
    return console


def print_out(report: RenderableType, *, piped_width: int = 100) -> None:
    """Print a report, as wide as the terminal, or that many characters wide into a pipe."""
    open_console(piped_width=piped_width).print(report, crop=False)


def print_json(value: object, *, indent: int | None = 2) -> None:
    """Print a JSON value."""
    sys.stdout.write(json.dumps(value, indent=indent) + "\n")


_AGO = re.compile(r"(\d{1,6})(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FIRST_YEAR = datetime(2020, 1, 1, tzinfo=UTC)


def check_window(args: argparse.Namespace) -> None:
    """Tell wrong usage of ``--since`` and ``--until`` before anything is loaded or asked."""
    for time in filter(None, (args.since, args.until)):
        moment(time, datetime.now(UTC))


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
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn(f"{verb} {{task.description}}"), BarColumn(), TextColumn("{task.completed:,}"))
    with _bar(*columns, TimeElapsedColumn()) as bar:
        tasks: dict[str, Any] = {}

        def show(label: str, count: int) -> None:
            if label not in tasks:
                tasks[label] = bar.add_task(label, total=None)
            bar.update(tasks[label], completed=count)

        yield show


@contextmanager
def show_done(what: str, total: int | None = None) -> Iterator[Callable[..., object] | None]:
    """Show on stderr how much of a number is done; yields rich's update of that task."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    with _bar(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        yield partial(bar.update, bar.add_task(what, total=total))


def _bar(*columns: ProgressColumn) -> Progress:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    return Progress(*columns, console=Console(stderr=True), transient=True)
