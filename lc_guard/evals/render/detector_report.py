"""A report as tables for a terminal, or as plain text.

A report as one HTML page: its styles and plot inside, no script, nothing loaded from elsewhere.

The plot of a report: how much of each kind is fully masked, a bar for each detector, as SVG.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from lc_guard.evals.render.style import (
    counted,
    decimal,
    empty_table,
    encodable,
    failures,
    milliseconds,
    plain_text,
    reading,
    sheet,
    summary,
)

if TYPE_CHECKING:
    from lc_guard.evals.cases import IdentifierType
    from lc_guard.evals.report import DetectorReport, Report
    from lc_guard.evals.scoring import Counts


_LINES_SHOWN = 10
_WORDS = frozenset({"detector", "kind", "case", "label", "identifier", "value"})


def as_text(report: Report, *, width: int) -> str:
    """Return a report as plain text."""
    return plain_text(renderable(report), width=width)


def renderable(report: Report) -> RenderableType:
    """Return a report as something that rich can print."""
    return Group(*_parts(report))


def _parts(report: Report) -> Iterator[RenderableType]:
    yield Text(summary(report))
    for bad in report.bad_lines[:_LINES_SHOWN]:
        yield Text(f"  {bad}", style="yellow")
    if len(report.bad_lines) > _LINES_SHOWN:
        yield Text(f"  and {len(report.bad_lines) - _LINES_SHOWN:,} more", style="yellow")
    measured = [detector for detector in report.detectors if detector.unavailable is None]
    if measured:
        yield _title("Fully masked, all PII by overlap, and milliseconds per 1,000 characters")
        yield _comparison(measured)
        yield _title("PERSON: fully masked and precision where any entity counts; characters hidden for nothing")
        yield _three_figures(measured)
    for detector in report.detectors:
        if detector.unavailable is not None:
            yield Text.assemble((f"{detector.name}: not measured: ", "bold red"), detector.unavailable)
    for detector in measured:
        yield _title(f"{detector.name}: exact spans (P R F1), overlapping spans (~P ~R ~F1), fully masked")
        yield _kinds(detector)
        if detector.failures:
            yield Text(failures(detector), style="bold red")
        if detector.worst:
            yield _title(f"{detector.name}: the worst {len(detector.worst)} of {detector.missed:,} not fully masked")
            yield _misses(detector)
    if measured:
        yield Text(reading(), style="dim")


def _title(words: str) -> Text:
    return Text(words, style="bold")


def _table(*columns: str) -> Table:
    return empty_table(*columns, words=_WORDS)


def _comparison(detectors: list[DetectorReport]) -> Table:
    masked_types: tuple[IdentifierType, ...] = ("DIRECT", "QUASI")
    types = [name for name in masked_types if any(d.identifier_type(name).mentions for d in detectors)]
    table = _table("detector", "masked", *types, "precision", "recall", "by characters", "p50 ms", "p95 ms")
    for detector in detectors:
        table.add_row(
            Text(detector.name),
            _share(detector.overall.fully_masked),
            *(_share(detector.identifier_type(name).fully_masked) for name in types),
            decimal(detector.overall.overlap_precision),
            decimal(detector.overall.overlap_recall),
            f"{decimal(detector.characters.precision)} {decimal(detector.characters.recall)}",
            milliseconds(detector.latency.p50),
            milliseconds(detector.latency.p95),
        )
    return table


def _three_figures(detectors: list[DetectorReport]) -> Table:
    table = _table("detector", "persons masked", "precision", "overmask")
    for detector in detectors:
        person = detector.kind("PERSON")
        table.add_row(
            Text(detector.name),
            _share(person.fully_masked),
            decimal(person.any_precision),
            decimal(detector.characters.overmask),
        )
    return table


def _kinds(detector: DetectorReport) -> Table:
    table = _table("kind", "mentions", "findings", "P", "R", "F1", "~P", "~R", "~F1", "masked")
    sections = (detector.kinds, detector.identifier_types, (detector.overall,))
    for rows in filter(None, sections):
        for row in rows:
            table.add_row(*_cells(row))
        table.add_section()
    return table


def _cells(row: Counts) -> Iterator[RenderableType]:
    yield Text(row.name)
    yield f"{row.mentions:,}"
    yield f"{row.findings:,}"
    for value in (row.precision, row.recall, row.f1, row.overlap_precision, row.overlap_recall, row.overlap_f1):
        yield decimal(value)
    yield Text(decimal(row.fully_masked)) if row.name == "NO_MASK" else _share(row.fully_masked)


def _misses(detector: DetectorReport) -> Table:
    values = any(miss.value is not None for miss in detector.worst)
    columns = ("case", "start", "end", "label", "identifier", "readable", *(("value",) if values else ()))
    table = _table(*columns)
    for miss in detector.worst:
        words = [miss.case, f"{miss.start}", f"{miss.end}", miss.label, miss.identifier_type or "–", f"{miss.exposed}"]
        if values:
            # a line break or an escape sequence in a text must not reach the terminal
            words.append(repr(miss.value))
        table.add_row(*map(Text, words))
    return table


def _share(value: float | None) -> Text:
    if value is None:
        return Text("–")
    return Text(decimal(value), style="green" if value >= 0.98 else "yellow" if value >= 0.9 else "red")


COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999")
"""Colours that colour-blind readers can tell apart (Okabe and Ito 2008, https://jfly.uni-koeln.de/color/)."""

# Lengths are pixels down, per cent across: text keeps its size when the page gets narrow.
_BAR, _GAP, _LABEL, _BETWEEN, _LEGEND, _AXIS = 12, 3, 19, 14, 22, 26
_SCALE = 87  # per cent of the width that the share 1 takes; the number stands in the rest
_LONGEST_NAME = 36
_FONT = "font-family:system-ui,'Segoe UI',Roboto,Arial,sans-serif;font-size:13px"


def picture(report: Report) -> str:
    """Return the plot as a picture that stands alone, on white."""
    return _svg(report, width="720", style=f"{_FONT};color:#1b1f24;background:#fff", title=True)


def figure(report: Report) -> str:
    """Return the plot for a page: as wide as there is room, in the page's colour."""
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
    """Return the rows that stand below one another: all PII, identifier types, kinds; of each detector one."""
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


_KIND_HEAD = (
    '<thead><tr><th></th><th></th><th colspan="2">count</th><th colspan="3">exact span</th><th colspan="3">overlap</th>'
    "</tr><tr><th>{first}</th><th>fully masked</th><th>mentions</th><th>findings</th><th>precision</th><th>recall</th>"
    "<th>F1</th><th>precision</th><th>recall</th><th>F1</th></tr></thead>"
)


def page(report: Report, *, title: str) -> str:
    """Return the page."""
    return sheet(title, "\n".join(_body(report, title)))


def _body(report: Report, title: str) -> Iterator[str]:
    measured = [detector for detector in report.detectors if detector.unavailable is None]
    yield f'<h1>{escape(title)}</h1><p class="soft">{escape(summary(report))}</p>'
    yield f'<div class="cards">{"".join(map(_card, report.detectors))}</div>'
    if measured:
        yield '<h2>Fully masked</h2><p class="soft">Share of mentions of which nothing can be read any more; '
        yield f"the number beside a kind counts its mentions.</p>{figure(report)}"
    for detector in measured:
        yield f"<h2>{escape(detector.name)}</h2>"
        if detector.failures:
            yield f"<p>{escape(failures(detector))}</p>"
        yield _counts("kind", detector.kinds, (detector.overall,))
        if detector.identifier_types:
            yield f"<h3>By identifier type</h3>{_counts('identifier', detector.identifier_types)}"
        if detector.worst:
            yield _html_misses(detector)
    if report.bad_lines:
        yield _bad_lines(report)
    yield f'<h2>How to read this</h2><p class="soft">{escape(reading())}</p>'


def _card(detector: DetectorReport) -> str:
    name = f"<div>{escape(detector.name)}</div>"
    if detector.unavailable is not None:
        return f'<div class="card">{name}<strong>–</strong><p>Not measured: {escape(detector.unavailable)}</p></div>'
    latency = detector.latency
    facts = [
        *(
            (f"{row.name} fully masked", decimal(row.fully_masked))
            for row in detector.identifier_types
            if row.name != "NO_MASK"
        ),
        ("PERSON fully masked", decimal(detector.kind("PERSON").fully_masked)),
        ("PERSON precision, any entity", decimal(detector.kind("PERSON").any_precision)),
        ("hidden for nothing (overmask)", decimal(detector.characters.overmask)),
        ("precision, all PII", decimal(detector.overall.overlap_precision)),
        ("recall, all PII", decimal(detector.overall.overlap_recall)),
        ("by characters", f"{decimal(detector.characters.precision)} / {decimal(detector.characters.recall)}"),
        ("p50 / p95, ms per 1,000 characters", f"{milliseconds(latency.p50)} / {milliseconds(latency.p95)}"),
        ("loading, ms", milliseconds(latency.warm_up_ms)),
    ]
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    return (
        f'<div class="card">{name}<strong>{decimal(detector.overall.fully_masked)}</strong>'
        f"fully masked<dl>{rows}</dl></div>"
    )


def _counts(first: str, *sections: Iterable[Counts]) -> str:
    bodies = [f'<tbody class="part">{"".join(map(_row, rows))}</tbody>' for rows in sections]
    return f'<div class="scroll"><table>{_KIND_HEAD.format(first=first)}{"".join(bodies)}</table></div>'


def _row(row: Counts) -> str:
    shares = (row.precision, row.recall, row.f1, row.overlap_precision, row.overlap_recall, row.overlap_f1)
    cells = [f"{row.mentions:,}", f"{row.findings:,}", *map(decimal, shares)]
    masked = row.fully_masked
    level = (
        ""
        if masked is None or row.name == "NO_MASK"
        else "good"
        if masked >= 0.98
        else "fair"
        if masked >= 0.9
        else "bad"
    )
    name = "All PII" if row.name == "ALL" else row.name
    plain = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><td>{escape(name)}</td><td class="{level}">{decimal(masked)}</td>{plain}</tr>'


def _html_misses(detector: DetectorReport) -> str:
    values = any(miss.value is not None for miss in detector.worst)
    head = "<th>case</th><th>start</th><th>end</th><th>readable</th>" + "".join(
        f'<th class="words">{name}</th>' for name in ("label", "identifier", *(("value",) if values else ()))
    )
    rows = []
    for miss in detector.worst:
        numbers = f"<td>{miss.start}</td><td>{miss.end}</td><td>{miss.exposed}</td>"
        words = "".join(f'<td class="words">{escape(word)}</td>' for word in (miss.label, miss.identifier_type or "–"))
        value = f'<td class="words value">{escape(encodable(miss.value or ""))}</td>' if values else ""
        rows.append(f"<tr><td>{escape(miss.case)}</td>{numbers}{words}{value}</tr>")
    told = f"The worst {len(detector.worst)} of {counted(detector.missed, 'mention')} not fully masked"
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f'<details><summary>{told}</summary><div class="scroll">{table}</div></details>'


def _bad_lines(report: Report) -> str:
    items = "".join(f"<li>{escape(str(bad))}</li>" for bad in report.bad_lines)
    told = counted(len(report.bad_lines), "bad line")
    return f"<details><summary>{told} left out</summary><ul>{items}</ul></details>"
