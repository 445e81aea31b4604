"""What the commands write: files, and a report on standard output."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lc_guard.cli.inputs import CommandError

if TYPE_CHECKING:
    from rich.console import RenderableType

_PIPED_WIDTH = 100


def require_folders(*names: str | None) -> None:
    """Refuse a file that can't be written before the long run and not after it.

    Raises:
        CommandError: A name is no file in a folder that exists.
    """
    for name in filter(None, names):
        if Path(name).is_dir() or not Path(name).absolute().parent.is_dir():
            raise CommandError(f"can't write {name!r}: give a file in a folder that exists")


def write(name: str | None, content: Callable[[], str]) -> None:
    """Write a file, if one is asked for.

    Raises:
        CommandError: It can't be written.
    """
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
