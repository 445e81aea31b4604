"""The default detector next to Presidio, LLM Guard and scrubadub on labelled texts: what each hides, and how fast.

``python -m benchmarks.detection FILES...``; the files are those that ``lc-guard eval`` takes. Each tool is taken as it
comes: Presidio with all recognizers that it has on and spaCy as its NLP engine, LLM Guard's `Anonymize` with its
patterns, the same spaCy pipeline and Rampart, scrubadub with the detectors that it has on, which know no names (those
that do need a model that its package does not bring). One that is not installed has a row that says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from lc_guard import Entity
from lc_guard.detectors import default_detector, spacy_ner
from lc_guard.errors import ModelUnavailable
from lc_guard.evals import BadLine, DetectorReport, evaluate, read_cases

HEADS = (
    "Tool",
    "All masked",
    "Persons masked",
    "Precision of persons",
    "Precision",
    "Overmask",
    "ms for 1,000 characters",
)

Analyze = Callable[[str], Iterable[Any]]


class Peer:
    """A tool of others as a detector, built when it is loaded.

    Args:
        build: Makes a function of a text that gives findings.
        read: Kind, first and last offset of a finding.
    """

    def __init__(self, build: Callable[[], Analyze], read: Callable[[Any], tuple[str, int, int]]) -> None:
        self._build, self._read = build, read
        self._analyze: Analyze | None = None

    def warm_up(self) -> None:
        """Build the tool.

        Raises:
            ModelUnavailable: It is not installed.
        """
        try:
            self._analyze = self._build()
        except ImportError as error:
            raise ModelUnavailable(f"not installed: it needs the module {error.name}") from None

    def detect(self, text: str) -> Sequence[Entity]:
        """Return what the tool finds."""
        if self._analyze is None:
            raise ModelUnavailable("not loaded")
        return [Entity(*self._read(finding)) for finding in self._analyze(text)]


def presidio() -> Analyze:
    """Build Presidio's analyzer as it comes, on the packaged spaCy pipeline."""
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    from lc_guard.detectors.llm_guard_loading import without_network

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    engine = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": str(spacy_ner.packaged_or_official())}])
    engine.load()
    analyzer = AnalyzerEngine(nlp_engine=engine)
    without_network(analyzer.registry, "en")
    return lambda text: analyzer.analyze(text=text, language="en")


def _llm_guard() -> Analyze:
    import llm_guard  # noqa: F401 - only whether it is there

    from benchmarks.detection import llm_guards_pipeline

    return llm_guards_pipeline()


def _scrubadub() -> Analyze:
    import scrubadub

    return scrubadub.Scrubber().iter_filth


def _of_presidio(finding: Any) -> tuple[str, int, int]:
    return finding.entity_type, finding.start, finding.end


def _of_scrubadub(finding: Any) -> tuple[str, int, int]:
    # Several kinds that overlap are merged, their names with plus signs between them.
    return finding.type.partition("+")[0].upper(), finding.beg, finding.end


def tools() -> dict[str, Any]:
    """Return the detectors that are measured, by the names that the table has."""
    return {
        "lc-guard": default_detector(),
        _named("Presidio", "presidio-analyzer"): Peer(presidio, _of_presidio),
        _named("LLM Guard", "llm-guard"): Peer(_llm_guard, _of_presidio),
        _named("scrubadub", "scrubadub"): Peer(_scrubadub, _of_scrubadub),
    }


def _named(tool: str, distribution: str) -> str:
    try:
        return f"{tool} {version(distribution)}"
    except PackageNotFoundError:
        return tool


def measured(file: str | Path, detectors: dict[str, Any] | None = None) -> str:
    """Measure the tools on a file of labelled texts; return the table in Markdown, without a word of the texts."""
    bad: list[BadLine] = []
    with Path(file).open("rb") as lines:
        report = evaluate(read_cases(lines, on_bad=bad.append), detectors or tools(), worst=0)
    head = f"{Path(file).name}: {report.cases:,} texts, {report.characters:,} characters, {report.mentions:,} mentions"
    left_out = f", {len(bad):,} bad lines left out" if bad else ""
    rows = [HEADS, ("---",) * len(HEADS), *map(_row, report.detectors)]
    return "\n".join([f"{head}{left_out}", "", *(f"| {' | '.join(row)} |" for row in rows)])


def _row(report: DetectorReport) -> tuple[str, ...]:
    if report.unavailable is not None:
        return (report.name, report.unavailable, *[""] * (len(HEADS) - 2))
    persons = report.kind("PERSON")
    failed = f" (failed on {sum(report.failures.values())} texts)" if report.failures else ""
    shares = (
        report.overall.fully_masked,
        persons.fully_masked,
        persons.any_precision,
        report.overall.overlap_precision,
        report.characters.overmask,
    )
    taken = "–" if report.latency.p50 is None else f"{report.latency.p50:.0f}"
    return (f"{report.name}{failed}", *("–" if share is None else f"{share:.3f}" for share in shares), taken)
