"""A report as tables for a terminal, or as plain text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from lc_guard.evals.render.style import decimal, failures, milliseconds, reading, summary
from lc_guard.evals.render.terminal import empty_table, plain_text

if TYPE_CHECKING:
    from lc_guard.evals.cases import IdentifierType
    from lc_guard.evals.counts import Counts
    from lc_guard.evals.report import DetectorReport, Report

_LINES_SHOWN = 10
_WORDS = frozenset({"detector", "kind", "case", "label", "identifier", "value"})


def as_text(report: Report, *, width: int) -> str:
    """Give a report as plain text.

    Args:
        report: The report.
        width: Characters a line may have.
    """
    return plain_text(renderable(report), width=width)


def renderable(report: Report) -> RenderableType:
    """Give a report as something that rich can print."""
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
