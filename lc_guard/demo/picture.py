"""A picture of the demo: the same output, drawn as SVG by rich, without its web fonts."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import MONOKAI

_WEB_FONTS = re.compile(r"@font-face \{\{.*?\n    \}\}\n", re.DOTALL)
_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def draw(show: Callable[[Console], None], *, title: str, width: int) -> str:
    """Draw what a function prints.

    Args:
        show: Prints.
        title: Title of the window.
        width: Columns.

    Returns:
        The SVG; it loads nothing from anywhere.
    """
    console = Console(
        record=True,
        width=width,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        markup=False,
    )
    show(console)
    form = _WEB_FONTS.sub("", CONSOLE_SVG_FORMAT).replace("Fira Code, monospace", _FONTS)
    return console.export_svg(title=title, theme=MONOKAI, code_format=form, unique_id="lc-guard")
