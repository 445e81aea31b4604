"""Pieces of HTML for notebooks: escaped, styled in place, readable on light and on dark ground, nothing loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from lc_guard._display.colours import Colour, colour_of

_LINE = "1px solid rgba(128,128,128,.35)"
_CELL = "padding:3px 12px 3px 0;text-align:left;vertical-align:top;font-weight:normal"
_FRAME_HEIGHT = 560  # pixels


def text(words: str) -> str:
    """Return a text as HTML; lone surrogates, which no page can hold, as question marks."""
    return escape(words.encode("utf-8", "replace").decode())


def chip(words: str, colour: Colour) -> str:
    """Return words on a tint of a colour."""
    style = f"background:{colour.tint()};border-bottom:2px solid {colour.mid};border-radius:3px;padding:0 3px"
    style += ";white-space:nowrap"
    return f'<span style="{style}">{text(words)}</span>'


def kind_chips(counts: Iterable[tuple[str, int]]) -> str:
    """Return kinds with their numbers, each in its colour."""
    return " ".join(chip(f"{count} {kind}", colour_of(kind)) for kind, count in counts)


def marked(words: str, marks: Iterable[tuple[int, int, str, str]]) -> str:
    """Return a text in which stretches are marked.

    Args:
        words: The text.
        marks: Start, end, kind and tooltip of each, in order and disjoint.
    """
    pieces: list[str] = []
    last = 0
    for start, end, kind, title in marks:
        colour = colour_of(kind)
        style = f"background:{colour.tint()};border-bottom:2px solid {colour.mid};border-radius:3px;color:inherit"
        mark = f'<mark title="{text(title)}" style="{style}">{text(words[start:end])}</mark>'
        pieces += (text(words[last:start]), mark)
        last = end
    return "".join((*pieces, text(words[last:])))


def rows(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """Return a table; its cells are HTML, its head is text."""
    top = "".join(f'<th style="{_CELL};opacity:.7;white-space:nowrap">{text(each)}</th>' for each in head)
    lines = "".join(
        f'<tr style="background:none">{"".join(f"""<td style="{_CELL}">{cell}</td>""" for cell in row)}</tr>'
        for row in body
    )
    first = f'<thead><tr style="background:none;border-bottom:{_LINE}">{top}</tr></thead>' if head else ""
    return f'<table style="border-collapse:collapse;border:0;margin:4px 0">{first}<tbody>{lines}</tbody></table>'


def card(title: str, *parts: str) -> str:
    """Return parts, which are HTML, under a title, which is text."""
    style = f"border:{_LINE};border-radius:8px;padding:10px 14px;margin:4px 0;max-width:76em;overflow-x:auto"
    head = f'<div style="font-weight:600;margin-bottom:4px">{text(title)}</div>' if title else ""
    return f'<div style="{style}">{head}{"".join(parts)}</div>'


def quiet(words: str) -> str:
    """Return words that matter less."""
    return f'<span style="opacity:.7">{text(words)}</span>'


def columns(left: str, right: str, heads: tuple[str, str]) -> str:
    """Return two texts side by side, below each other where there is no room; they are HTML already."""
    style = "flex:1 1 20em;min-width:0;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.6"
    sides = (
        f'<div style="{style}"><div style="opacity:.7">{text(head)}</div>{body}</div>'
        for head, body in zip(heads, (left, right), strict=True)
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:4px 24px">{"".join(sides)}</div>'


def frame(page: str, title: str) -> str:
    """Return a whole page in a frame of its own, in which no script runs."""
    style = f"width:100%;height:{_FRAME_HEIGHT}px;border:{_LINE};border-radius:8px"
    return f'<iframe sandbox="" title="{text(title)}" style="{style}" srcdoc="{text(page)}"></iframe>'
