"""What the tables of all reports have in common: how they look in a terminal, and as plain text."""

from __future__ import annotations

import io
from collections.abc import Collection

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table


def plain_text(content: RenderableType, *, width: int) -> str:
    """Give something that rich can print as plain text, without blanks at the ends of lines.

    Args:
        content: What is printed.
        width: Characters a line may have.
    """
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None, force_terminal=False, force_jupyter=False)
    console.print(content)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def empty_table(*columns: str, words: Collection[str], no_wrap: bool = False) -> Table:
    """Give a table without rows.

    Args:
        columns: Heads of its columns.
        words: Those of them that hold words, which stand to the left; numbers stand to the right.
        no_wrap: Whether columns of words keep each cell on one line.
    """
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        left = column in words
        table.add_column(column, justify="left" if left else "right", overflow="fold", no_wrap=left and no_wrap)
    return table
