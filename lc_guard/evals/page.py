"""A report as one HTML page: its styles and plot inside, no script, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING

from lc_guard.evals.plot import figure
from lc_guard.evals.wording import counted, decimal, failures, milliseconds, reading, summary

if TYPE_CHECKING:
    from lc_guard.evals.counts import Counts
    from lc_guard.evals.report import DetectorReport, Report

_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6570;--line:#d9dee4;--paper:#fff;--card:#f6f8fa;--good:#d5f0e2;
--fair:#fcedc9;--bad:#fbdcd8}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#9aa4b0;--line:#363d46;--paper:#14171b;--card:#1d2127;
--good:#12472f;--fair:#5a4508;--bad:#5f211b}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1040px;padding:24px 16px 48px;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,"Segoe UI",Roboto,Arial,sans-serif}
h1{font-size:1.6rem;line-height:1.2;margin:0 0 4px}h2{font-size:1.15rem;margin:36px 0 8px;overflow-wrap:anywhere}
h3{font-size:1rem;margin:24px 0 6px}
p{margin:6px 0;max-width:75ch}.soft{color:var(--soft)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,290px),1fr));gap:12px;margin:20px 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:14px 16px;overflow-wrap:anywhere}
.card strong{font-size:2rem;line-height:1.2;display:block}.card dl{display:grid;grid-template-columns:1fr auto;
gap:2px 12px;margin:10px 0 0}.card dt{color:var(--soft)}.card dd{margin:0;text-align:right}
.card dd,td,.card strong{font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:8px}
table{border-collapse:collapse;width:100%;font-size:14px}
th,td{padding:5px 10px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:600}tbody tr:last-child>*{border-bottom:0}
tbody.part>tr:first-child>*{border-top:2px solid var(--line)}
th:first-child,td:first-child{text-align:left;position:sticky;left:0;background:var(--paper)}
td:first-child{max-width:46vw;overflow:hidden;text-overflow:ellipsis}
th.words,td.words{text-align:left}td.value{white-space:normal;overflow-wrap:anywhere;min-width:26ch}
thead tr:first-child th[colspan]{text-align:center}
.good{background:var(--good)}.fair{background:var(--fair)}.bad{background:var(--bad)}
summary{cursor:pointer;margin:14px 0 8px;font-weight:600}
"""

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
"""

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
    return (
        f"{_HEAD}<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(_body(report, title))
        + "\n</body>\n</html>\n"
    )


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
        value = f'<td class="words value">{escape(_encodable(miss.value or ""))}</td>' if values else ""
        rows.append(f"<tr><td>{escape(miss.case)}</td>{numbers}{words}{value}</tr>")
    told = f"The worst {len(detector.worst)} of {counted(detector.missed, 'mention')} not fully masked"
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f'<details><summary>{told}</summary><div class="scroll">{table}</div></details>'


def _bad_lines(report: Report) -> str:
    items = "".join(f"<li>{escape(str(bad))}</li>" for bad in report.bad_lines)
    told = counted(len(report.bad_lines), "bad line")
    return f"<details><summary>{told} left out</summary><ul>{items}</ul></details>"


def _encodable(text: str) -> str:
    """Replace lone surrogates, which no encoding can hold."""
    return text.encode("utf-8", "replace").decode()
