"""The sentences and numbers that the table and the page share.

The look that all pages of a report share: one file, light and dark, readable on a phone, nothing from elsewhere.

What the tables of all reports have in common: how they look in a terminal, and as plain text.
"""

from __future__ import annotations

import io
from collections.abc import Collection
from html import escape
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table

if TYPE_CHECKING:
    from lc_guard.evals.report import DetectorReport, Report


def decimal(value: float | None) -> str:
    """Return a share with three decimals, never rounded up to a perfect one; a dash for None."""
    if value is None:
        return "–"
    shown = f"{value:.3f}"
    return "0.999" if shown == "1.000" and value < 1 else shown


def milliseconds(value: float | None) -> str:
    """Return a time with as many digits as mean something; a dash for None."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def percent(value: float | None) -> str:
    """Return a share as per cent, never rounded to none or all where it is neither; a dash for None."""
    if value is None:
        return "–"
    if value in (0, 1):
        shown = f"{value * 100:.0f}"
    elif value < 0.0001:
        shown = "<0.01"
    elif value > 0.9995:
        shown = ">99.9"
    else:
        shown = f"{value * 100:.2f}" if value < 0.01 else f"{value * 100:.1f}"
    return f"{shown}\u00a0%"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is due."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def summary(report: Report) -> str:
    """Say what was measured."""
    told = [counted(report.cases, "text"), counted(report.characters, "character"), counted(report.mentions, "mention")]
    if report.bad_lines:
        told.append(f"{counted(len(report.bad_lines), 'bad line')} left out")
    return ", ".join(told)


def failures(detector: DetectorReport) -> str:
    """Say on how many texts a detector failed."""
    kinds = ", ".join(f"{count:,} {name}" for name, count in detector.failures.items())
    return (
        f"{detector.name} failed on {counted(sum(detector.failures.values()), 'text')} ({kinds}): "
        "nothing of them counts as found, and their time is not counted"
    )


def reading() -> str:
    """Say how the numbers are to be read."""
    return (
        "Fully masked: the share of mentions of which nothing can be read any more, whatever kind they were taken for: "
        "what is missing from 1 leaks. Kinds count exact spans, then spans that overlap. All PII (ALL) disregards "
        "kinds. A finding has no identifier type: in those rows the findings are those that overlap such a mention. "
        "Definitions: lc_guard.evals.scoring."
    )


LIGHT = "--ink:#1b1f24;--soft:#5b6570;--line:#d9dee4;--paper:#fff;--card:#f6f8fa"
"""Colours of a page on white."""

_STYLE = (
    f":root{{color-scheme:light dark;{LIGHT};--good:#d5f0e2;--fair:#fcedc9;--bad:#fbdcd8}}"
    """
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
)

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
"""


def sheet(title: str, body: str, *, style: str = "") -> str:
    """Return a whole page of a body that is escaped already, with more styles if wanted."""
    return (
        f"{_HEAD}<title>{escape(title)}</title>\n<style>{_STYLE}{style}</style>\n</head>\n<body>\n"
        f"{body}\n</body>\n</html>\n"
    )


def encodable(text: str) -> str:
    """Replace lone surrogates, which no encoding can hold."""
    return text.encode("utf-8", "replace").decode()


def plain_text(content: RenderableType, *, width: int) -> str:
    """Return something that rich can print as plain text, without blanks at the ends of lines."""
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None, force_terminal=False, force_jupyter=False)
    console.print(content)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def empty_table(*columns: str, words: Collection[str], no_wrap: bool = False) -> Table:
    """Return a table without rows; columns named in `words` stand to the left, numbers to the right."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        left = column in words
        table.add_column(column, justify="left" if left else "right", overflow="fold", no_wrap=left and no_wrap)
    return table
