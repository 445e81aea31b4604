"""The plot of a report: how much of each kind is fully masked, a bar for each detector, as SVG."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from lc_guard.evals.render.style import decimal

if TYPE_CHECKING:
    from lc_guard.evals.counts import Counts
    from lc_guard.evals.report import DetectorReport, Report

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999")
"""Colours that colour-blind readers can tell apart (Okabe and Ito 2008, https://jfly.uni-koeln.de/color/)."""

# Lengths are pixels down, per cent across: text keeps its size when the page gets narrow.
_BAR, _GAP, _LABEL, _BETWEEN, _LEGEND, _AXIS = 12, 3, 19, 14, 22, 26
_SCALE = 87  # per cent of the width that the share 1 takes; the number stands in the rest
_LONGEST_NAME = 36
_FONT = "font-family:system-ui,'Segoe UI',Roboto,Arial,sans-serif;font-size:13px"


def picture(report: Report) -> str:
    """Give the plot as a picture that stands alone, on white."""
    return _svg(report, width="720", style=f"{_FONT};color:#1b1f24;background:#fff", title=True)


def figure(report: Report) -> str:
    """Give the plot for a page: as wide as there is room, in the page's colour."""
    return _svg(report, width="100%", style=_FONT, title=False)


def _svg(report: Report, *, width: str, style: str, title: bool) -> str:
    detectors = [detector for detector in report.detectors if detector.unavailable is None]
    head = _LEGEND * (len(detectors) + title) + 8
    groups = _groups(detectors)
    size = _LABEL + len(detectors) * (_BAR + _GAP) + _BETWEEN
    height = head + len(groups) * size + _AXIS
    parts = [*_legend(detectors, title=title), *_grid(head, height - _AXIS)]
    for place, (name, rows) in enumerate(groups):
        parts += _group(name, rows, head + place * size)
    told = "Share of mentions fully masked, by kind and detector"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img" '
        f'aria-label="{told}" style="{style}" fill="currentColor">{"".join(parts)}</svg>'
    )


def _groups(detectors: list[DetectorReport]) -> list[tuple[str, list[Counts | None]]]:
    """Give the rows that stand below one another: all PII, identifier types, kinds; of each detector one."""
    by_name = [
        {
            row.name: row
            for row in (detector.overall, *detector.identifier_types, *detector.kinds)
            if row.name != "NO_MASK"
        }
        for detector in detectors
    ]
    # what need not be hidden is no success when it is
    names = dict.fromkeys(name for rows in by_name for name, row in rows.items() if row.mentions)
    return [(name, [rows.get(name) for rows in by_name]) for name in names]


def _legend(detectors: list[DetectorReport], *, title: bool) -> Iterator[str]:
    if title:
        yield _text("Share of mentions fully masked", y=15, more=' font-weight="600"')
    for place, detector in enumerate(detectors):
        y = _LEGEND * (place + title)
        yield f'<rect x="0" y="{y + 4}" width="12" height="12" rx="2" fill="{_colour(place)}"/>'
        yield _text(_short(detector.name), x="20", y=y + 15)


def _grid(top: int, bottom: int) -> Iterator[str]:
    for quarter in range(5):
        x = f"{_SCALE * quarter / 4:g}%"
        yield f'<line x1="{x}" x2="{x}" y1="{top}" y2="{bottom}" stroke="currentColor" stroke-opacity=".18"/>'
        anchor = "middle" if quarter else "start"
        yield _text(f"{quarter / 4:g}", x=x, y=bottom + 16, more=f' text-anchor="{anchor}" opacity=".7"')


def _group(name: str, rows: list[Counts | None], y: int) -> Iterator[str]:
    mentions = next((row.mentions for row in rows if row is not None), 0)
    count = f'<tspan opacity=".65" font-weight="400"> {mentions:,}</tspan>'
    shown = "All PII" if name == "ALL" else _short(name)
    yield f'<text x="0" y="{y + 13}" font-weight="600">{escape(shown)}{count}</text>'
    y += _LABEL
    for place, row in enumerate(rows):
        value = row.fully_masked if row is not None else None
        length = f"{_SCALE * (value or 0):.2f}"
        yield f'<rect y="{y}" width="{_SCALE}%" height="{_BAR}" rx="2" fill="currentColor" opacity=".07"/>'
        yield f'<rect y="{y}" width="{length}%" height="{_BAR}" rx="2" fill="{_colour(place)}"/>'
        yield _text(decimal(value), x=f"{_SCALE}%", y=y + 11, more=' dx="8"')
        y += _BAR + _GAP


def _text(words: str, *, y: int, x: str = "0", more: str = "") -> str:
    return f'<text x="{x}" y="{y}"{more}>{escape(words)}</text>'


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]
