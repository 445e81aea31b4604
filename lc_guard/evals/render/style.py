"""The sentences and numbers that the table and the page share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lc_guard.evals.report import DetectorReport, Report


def decimal(value: float | None) -> str:
    """Give a share with three decimals, never rounded up to a perfect one; a dash for None."""
    if value is None:
        return "–"
    shown = f"{value:.3f}"
    return "0.999" if shown == "1.000" and value < 1 else shown


def milliseconds(value: float | None) -> str:
    """Give a time with as many digits as mean something; a dash for None."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def counted(number: int, noun: str) -> str:
    """Give a number with its noun, in the plural where it is due."""
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
