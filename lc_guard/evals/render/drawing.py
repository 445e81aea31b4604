"""A plot as SVG: in a page, as wide as there is room and in the page's colours; or alone, for a notebook or a file.

Lines are drawn in a box of 100 by 100 that is stretched to the plot; texts and dots stand outside it at per cent of the
width, so that they keep their size and shape when the page gets narrow. Colours are classes of the page's style.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from lc_guard.evals.render.style import LIGHT

_LIGHT = "--one:#0072b2;--two:#d55e00;--three:#009e73;--four:#cc79a7;--pale:#8fb8d6"
_DARK = "--one:#56b4e9;--two:#f0883e;--three:#3fbf93;--four:#d99abf;--pale:#3d6a8a"
_RULES = (
    (".plot svg,.rows svg", "display:block;overflow:visible;width:100%"),
    (".plot text,.rows text", "font-size:12px;fill:var(--soft)"),
    (".rows text.name", "fill:var(--ink)"),
    (".axis", "stroke:var(--line);stroke-width:1"),
    (".mean", "fill:none;stroke:var(--one);stroke-width:2"),
    (".p95", "fill:var(--one);opacity:.16"),
    (".dot", "fill:var(--one)"),
    (".mark", "fill:var(--two);stroke:var(--paper);stroke-width:2"),
    (".guide", "stroke:var(--soft);stroke-width:1;stroke-dasharray:4 4"),
    (".bar", "fill:var(--one)"),
    (".stop", "fill:var(--two)"),
    (".track", "fill:var(--line);opacity:.55"),
    (".band", "fill:var(--two);opacity:.13"),
    (".hit", "fill:transparent"),
    (".hit:hover", "fill:var(--ink);opacity:.08"),
    (".whisker", "stroke:var(--soft);stroke-width:1.5"),
    (".mean,.axis,.guide,.whisker", "vector-effect:non-scaling-stroke"),
)
STYLE = (
    f"\n:root{{{_LIGHT}}}\n@media (prefers-color-scheme:dark){{:root{{{_DARK}}}}}\n"
    + ".plot{padding:10px 8px 24px 36px}\n"
    + "\n".join(f"{where}{{{what}}}" for where, what in _RULES)
    + """
.key{display:flex;flex-wrap:wrap;gap:2px 14px;font-size:12px;color:var(--soft);margin:2px 0}
.key span::before{content:"";display:inline-block;width:11px;height:11px;border-radius:2px;margin-right:5px;
vertical-align:-1px;background:var(--tint)}
.key span.plain::before{display:none}
"""
)

HEIGHT = 150
SHARES = ((0.0, "0"), (0.5, "0.5"), (1.0, "1"))
PARTS = ((0.0, "0"), (25.0, "0.25"), (50.0, "0.5"), (75.0, "0.75"), (100.0, "1"))

Key = tuple[str | None, str]
"""A colour of the page's style, or None, and what it stands for."""

_ALONE = "lc-guard-figure"
_VARIABLE = re.compile(r"var\((--[a-z]+)\)")
_COLOURS = dict(item.split(":", 1) for item in f"{LIGHT};{_LIGHT}".split(";"))
_LETTER = 6.6  # pixels that a letter of 12 takes at most, on average


@dataclass(frozen=True, slots=True)
class Drawing:
    """A plot.

    Attributes:
        title: What stands above it.
        label: What it shows, for those who can't see it.
        height: Of the plot itself, in pixels.
        content: Elements of SVG.
        kind: ``"plot"`` has axes outside its box, ``"rows"`` has words inside it.
        key: What its colours mean.
        of: The check that it is of, if it is of one; where it stands alone, its title begins with it.
    """

    title: str
    label: str
    height: int
    content: str
    kind: Literal["plot", "rows"] = "plot"
    key: tuple[Key, ...] = ()
    of: str = ""

    @property
    def heading(self) -> str:
        """Its title, where nothing around says what it is of."""
        return f"{self.of}: {self.title}" if self.of else self.title

    def as_html(self) -> str:
        """Return it as part of a page that has `STYLE`, with its key."""
        words = "".join(
            f'<span class="plain">{escape(told)}</span>'
            if tint is None
            else f'<span style="--tint:var(--{tint})">{escape(told)}</span>'
            for tint, told in self.key
        )
        key = f'<div class="key">{words}</div>' if words else ""
        return f'<div class="{self.kind}">{self._box("")}</div>{key}'

    def as_svg(self, *, width: int) -> str:
        """Return it as a picture of its own, on white.

        Args:
            width: In pixels.
        """
        left, right, below = (52, 24, 26) if self.kind == "plot" else (16, 16, 6)
        top = 40
        key, lines = _key(self.key, left=left, top=top + self.height + below + 16, width=width - right)
        tall = top + self.height + below + 18 * lines + 10
        style = "".join(
            f"{','.join(f'.{_ALONE} {one}' for one in where.split(','))}{{{what}}}" for where, what in _RULES[1:]
        )
        picture = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="{_ALONE}" width="{width}" height="{tall}" '
            f'viewBox="0 0 {width} {tall}" font-family="system-ui,Segoe UI,Roboto,Arial,sans-serif" role="img" '
            f'aria-label="{escape(self.label)}"><style>{style}</style>'
            f'<rect width="100%" height="100%" fill="#fff"/>'
            f'<text x="{left}" y="22" font-size="14" font-weight="600" fill="var(--ink)">{escape(self.heading)}</text>'
            f'<g class="{self.kind}">'
            + self._box(f'x="{left}" y="{top}" width="{width - left - right}" overflow="visible" ')
            + f"{key}</g></svg>"
        )
        return _VARIABLE.sub(lambda found: _COLOURS[found[1]], picture)

    def _box(self, place: str) -> str:
        label = escape(self.label)
        named = f'role="img" aria-label="{label}"' if not place else ""
        return f'<svg {place}height="{self.height}" {named}>{self.content}</svg>'


def plot(
    shapes: str,
    *,
    of: str = "",
    title: str,
    label: str,
    x_ticks: Iterable[tuple[float, str]],
    y_ticks: Iterable[tuple[float, str]] = SHARES,
    over: str = "",
    key: Sequence[Key] = (),
) -> Drawing:
    """Draw shapes in a box of 100 by 100 with axes; `over` lies above it, in per cent across and pixels down."""
    parts = []
    for share, words in y_ticks:
        y = HEIGHT * (1 - share)
        parts.append(f'<line class="axis" x1="0" x2="100%" y1="{y:g}" y2="{y:g}"/>')
        parts.append(f'<text x="-7" y="{y + 4:g}" text-anchor="end">{words}</text>')
    for x, words in x_ticks:
        parts.append(f'<text x="{x:.2f}%" y="{HEIGHT + 18}" text-anchor="middle">{escape(words)}</text>')
    box = f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="{HEIGHT}">{shapes}</svg>'
    return Drawing(title, label, HEIGHT, f"{''.join(parts)}{box}{over}", key=tuple(key), of=of)


def rows(items: Sequence[tuple[str, float, str]], *, of: str = "", title: str, label: str) -> Drawing:
    """Draw bars below one another: name, length from 0 to 1, and what is said of it."""
    parts = []
    for place, (name, part, told) in enumerate(items):
        y = place * 36
        parts.append(row_head(name, told, y))
        parts.append(f'<rect class="track" x="0" y="{y + 20}" width="100%" height="8" rx="4"/>')
        parts.append(
            f'<rect class="bar" x="0" y="{y + 20}" width="{max(0.5, part * 100) if part else 0:.2f}%" height="8" '
            'rx="4"/>'
        )
    return Drawing(title, label, len(items) * 36, "".join(parts), "rows", of=of)


def row_head(name: str, told: str, y: int, *, most: int = 32) -> str:
    """Write what a row is of, and what is said of it."""
    shown = name if len(name) <= most else f"{name[: most - 1]}…"
    return (
        f'<text class="name" x="0" y="{y + 13}">{escape(shown)}<title>{escape(name)}</title></text>'
        f'<text x="100%" y="{y + 13}" text-anchor="end">{escape(told)}</text>'
    )


def dot(x: float, y: float, kind: str, told: str | None = None) -> str:
    """Draw a dot at shares of the plot's width and height."""
    title = f"<title>{escape(told)}</title>" if told else ""
    return f'<circle class="{kind}" cx="{x * 100:.2f}%" cy="{(1 - y) * HEIGHT:.2f}" r="5">{title}</circle>'


def vertical(x: float, kind: str, style: str = "") -> str:
    """Draw a line from top to bottom at a share of the plot's width."""
    place = min(100.0, x * 100)
    return f'<line class="{kind}" style="{style}" x1="{place:.2f}" x2="{place:.2f}" y1="0" y2="100"/>'


def up(share: float) -> str:
    """Return where a share lies in a box of 100 by 100, from above."""
    return f"{(1 - share) * 100:.2f}"


def _key(key: Sequence[Key], *, left: int, top: int, width: int) -> tuple[str, int]:
    """Write the key of a picture in as many lines as it needs; return it and their number."""
    parts: list[str] = []
    x, line = float(left), 0
    for tint, told in key:
        wide = len(told) * _LETTER + (16 if tint else 0)
        if x > left and x + wide > width:
            x, line = float(left), line + 1
        y = top + 18 * line
        if tint:
            parts.append(f'<rect x="{x:.0f}" y="{y - 10}" width="11" height="11" rx="2" fill="var(--{tint})"/>')
        parts.append(f'<text x="{x + (16 if tint else 0):.0f}" y="{y}">{escape(told)}</text>')
        x += wide + 16
    return "".join(parts), line + 1 if key else 0
