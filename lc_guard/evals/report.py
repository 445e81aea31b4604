"""What an evaluation found, as data: frozen, JSON-safe, and without a word of the texts unless asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from lc_guard.evals.cases import BadLine, IdentifierType
from lc_guard.evals.scoring import Characters, Counts

FORMAT = 1
"""Version of the JSON form; raised when a key changes its meaning."""


@dataclass(frozen=True, slots=True)
class Latency:
    """How long a detector took, loading its models apart.

    Attributes:
        p50: Milliseconds per 1,000 characters, median of the samples (`lc_guard.evals.evaluation`); None without one.
        p95: The same, 95th percentile.
        samples: Number of samples.
        total_ms: Milliseconds for all texts.
        warm_up_ms: Milliseconds to load the models before the first text.
    """

    p50: float | None = None
    p95: float | None = None
    samples: int = 0
    total_ms: float = 0.0
    warm_up_ms: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: round(value, 2) if isinstance(value, float) else value for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class Miss:
    """A mention that is not fully masked, by position.

    Attributes:
        case: Id of the case.
        start: Offset of the mention's first character.
        end: Offset after its last.
        label: Its label, as in the data.
        identifier_type: How it identifies a person, or None.
        exposed: Number of its characters that can still be read.
        value: **The raw text of the mention**, only when asked for; else None.
    """

    case: str
    start: int
    end: int
    label: str
    identifier_type: IdentifierType | None
    exposed: int
    value: str | None = field(default=None, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values, `value` only when there is one."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        if self.value is None:
            del values["value"]
        return values


@dataclass(frozen=True, slots=True)
class DetectorReport:
    """What one detector found and missed.

    Attributes:
        name: Of the detector.
        overall: All PII, kinds disregarded.
        characters: All PII by word characters.
        kinds: By kind, the most frequent in the texts first.
        identifier_types: By identifier type; empty where the texts have none.
        latency: How long it took.
        missed: Number of mentions not fully masked.
        worst: The worst of them: DIRECT identifiers first, then those of which most can be read.
        failures: Number of texts that it failed on, by type name of the error; nothing of them counts as found.
        unavailable: Why it could not be loaded, with the remedy; None if it could.
    """

    name: str
    overall: Counts = field(default_factory=lambda: Counts("ALL"))
    characters: Characters = field(default_factory=Characters)
    kinds: tuple[Counts, ...] = ()
    identifier_types: tuple[Counts, ...] = ()
    latency: Latency = field(default_factory=Latency)
    missed: int = 0
    worst: tuple[Miss, ...] = ()
    failures: Mapping[str, int] = field(default_factory=dict)
    unavailable: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "failures", MappingProxyType(dict(self.failures)))

    def __reduce__(self) -> tuple[Any, ...]:
        values = [getattr(self, item.name) for item in fields(self)]
        return type(self), tuple(dict(v) if isinstance(v, Mapping) else v for v in values)

    def kind(self, name: str) -> Counts:
        """Return the row of a kind, or an empty one."""
        return next((row for row in self.kinds if row.name == name), Counts(name))

    def identifier_type(self, name: IdentifierType) -> Counts:
        """Return the row of an identifier type, or an empty one."""
        return next((row for row in self.identifier_types if row.name == name), Counts(name))

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "name": self.name,
            "unavailable": self.unavailable,
            "overall": self.overall.as_dict(),
            "characters": self.characters.as_dict(),
            "kinds": [row.as_dict() for row in self.kinds],
            "identifier_types": [row.as_dict() for row in self.identifier_types],
            "latency_ms_per_1000_characters": self.latency.as_dict(),
            "missed": self.missed,
            "worst_misses": [miss.as_dict() for miss in self.worst],
            "failures": dict(self.failures),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The evaluation of some detectors on the same texts.

    Attributes:
        cases: Number of texts.
        characters: Characters in them.
        mentions: Mentions marked in them.
        detectors: One report each, in the order asked for.
        bad_lines: Lines of the data that held no case.
    """

    cases: int
    characters: int
    mentions: int
    detectors: tuple[DetectorReport, ...]
    bad_lines: tuple[BadLine, ...] = ()

    def detector(self, name: str) -> DetectorReport:
        """Return the report of a detector.

        Raises:
            KeyError: No detector has this name.
        """
        for detector in self.detectors:
            if detector.name == name:
                return detector
        raise KeyError(f"no detector {name!r}; there are {', '.join(repr(d.name) for d in self.detectors)}")

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "format": FORMAT,
            "cases": self.cases,
            "characters": self.characters,
            "mentions": self.mentions,
            "bad_lines": [{"number": bad.number, "reason": bad.reason} for bad in self.bad_lines],
            "detectors": [detector.as_dict() for detector in self.detectors],
        }

    def to_json(self, *, indent: int | None = 2) -> str:
        """Return the report as JSON.

        Args:
            indent: Blanks a level is indented by; None for one line.
        """
        return json.dumps(self.as_dict(), indent=indent, allow_nan=False)

    def as_table(self, *, width: int = 100) -> str:
        """Return the report as plain text.

        Args:
            width: Characters a line may have.
        """
        from lc_guard.evals.render.detector_report import as_text  # noqa: PLC0415 - rich is loaded for tables only

        return as_text(self, width=width)

    def to_svg(self) -> str:
        """Return the plot of what is fully masked, as an SVG picture that stands alone."""
        from lc_guard.evals.render.detector_report import picture  # noqa: PLC0415 - not needed for the data

        return picture(self)

    def _repr_html_(self) -> str:
        from lc_guard._display.html import frame  # noqa: PLC0415 - only where it is shown

        return frame(self.to_html(), "Detector evaluation")

    def to_html(self, *, title: str = "Detector evaluation") -> str:
        """Return the report as one HTML page with its plot: no script, nothing loaded from elsewhere.

        Args:
            title: Of the page.
        """
        from lc_guard.evals.render.detector_report import page  # noqa: PLC0415 - not needed for the data

        return page(self, title=title)
