"""A report as one HTML page: its styles and plot inside, no script, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING

from lc_guard.evals.render.plot import figure
from lc_guard.evals.render.sheet import encodable, sheet
from lc_guard.evals.render.style import counted, decimal, failures, milliseconds, reading, summary

if TYPE_CHECKING:
    from lc_guard.evals.counts import Counts
    from lc_guard.evals.report import DetectorReport, Report

_KIND_HEAD = (
    '<thead><tr><th></th><th></th><th colspan="2">count</th><th colspan="3">exact span</th><th colspan="3">overlap</th>'
    "</tr><tr><th>{first}</th><th>fully masked</th><th>mentions</th><th>findings</th><th>precision</th><th>recall</th>"
    "<th>F1</th><th>precision</th><th>recall</th><th>F1</th></tr></thead>"
)


def page(report: Report, *, title: str) -> str:
    """Give the page.

    Args:
        report: The report.
        title: Of the page.
    """
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
            yield _misses(detector)
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


def _misses(detector: DetectorReport) -> str:
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
