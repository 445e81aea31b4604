"""How the commands' help is laid out."""

from __future__ import annotations

import argparse
import textwrap


class Paragraphs(argparse.HelpFormatter):
    """Fills each paragraph of a description or an epilog to the terminal's width; an indented one stands as written."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        filler = textwrap.TextWrapper(width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
        paragraphs = text.strip("\n").split("\n\n")
        return "\n\n".join(each if each.startswith(" ") else filler.fill(" ".join(each.split())) for each in paragraphs)
