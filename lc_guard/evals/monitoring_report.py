"""What a monitoring report holds, as data: frozen, JSON-safe, no text of any trace."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lc_guard.evals.agreement import Confusion, Curve, interval, wilson
from lc_guard.evals.reliability import Calibration
from lc_guard.evals.scoring import rounded, share
from lc_guard.evals.thresholds import BestThreshold

if TYPE_CHECKING:
    from lc_guard.evals.advice import Advice
    from lc_guard.evals.figures import Figure

FORMAT = 1
"""Version of the JSON form; raised when a key changes its meaning."""


@dataclass(frozen=True, slots=True)
class _Plain:
    """Numbers and words, rounded for JSON."""

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: rounded(value) if isinstance(value, float) else value for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class Bucket(_Plain):
    """A check's decisions in a stretch of time.

    Attributes:
        start: Begin, Unix seconds.
        count: Decisions.
        mean: Mean risk, 0…1.
        p95: 95th percentile of the risk.
        invalid: Decisions that did not let the text go on.
    """

    start: float
    count: int
    mean: float
    p95: float
    invalid: int

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**_Plain.as_dict(self), "start": iso(self.start)}


@dataclass(frozen=True, slots=True)
class Waiting(_Plain):
    """How long a check takes, and how much of a trace's time that is.

    Attributes:
        count: Checks that were timed.
        p50: Milliseconds, median.
        p95: 95th percentile.
        p99: 99th percentile.
        traces: Traces whose whole time is known.
        share: The check's part of all these traces' time together, 0…1; None without such a trace.
        share_p50: Its part of a trace's time, median.
        share_p95: 95th percentile.
    """

    count: int = 0
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    traces: int = 0
    share: float | None = None
    share_p50: float | None = None
    share_p95: float | None = None


@dataclass(frozen=True, slots=True)
class Disagreement(_Plain):
    """A text that a check and a person see differently.

    Attributes:
        trace_id: Its trace.
        observation_id: The check's observation, where the annotation speaks of one.
        risk: What the check said, 0…1.
        label: What the person said.
        url: Address of the trace in Langfuse; None where the project is not known.
    """

    trace_id: str
    observation_id: str | None
    risk: float
    label: bool
    url: str | None = None


@dataclass(frozen=True, slots=True)
class LeakedCall(_Plain):
    """A model call that was sent a value of the session.

    Attributes:
        trace_id: Its trace.
        observation_id: The model's observation.
        url: Address of the trace in Langfuse; None where the project is not known.
    """

    trace_id: str
    observation_id: str | None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Evaluated(_Plain):
    """Scores that evaluators of the SDK gave afterwards under a check's name: no decisions, and not among them.

    Attributes:
        name: Name of the score, ``<stage>.<check>``.
        count: Number of risks.
        mean: Mean risk, 0…1; None where no risk was given.
        invalid: Texts that were judged not valid.
        judged: Texts that were judged valid or not.
    """

    name: str
    count: int = 0
    mean: float | None = None
    invalid: int = 0
    judged: int = 0


@dataclass(frozen=True, slots=True)
class Agreement:
    """A check against people's annotations.

    Attributes:
        annotations: Number of annotated texts with a risk.
        yes: Number of those that a person flagged.
        confusion: At the threshold asked for.
        roc: ROC curve; None unless both labels occur.
        precision_recall: Precision-recall curve; None unless both labels occur.
        calibration: Risks against shares.
        best: The best threshold; None with too few annotations.
        too_few: Says that there are too few, or None.
        disagreements: At the threshold asked for, the farthest from it first; the first of them only.
        disagreed: Number of all.
    """

    annotations: int
    yes: int
    confusion: Confusion
    roc: Curve | None = None
    precision_recall: Curve | None = None
    calibration: Calibration | None = None
    best: BestThreshold | None = None
    too_few: str | None = None
    disagreements: tuple[Disagreement, ...] = ()
    disagreed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        parts = ("roc", "precision_recall", "calibration", "best")
        return {
            "annotations": self.annotations,
            "yes": self.yes,
            "confusion": self.confusion.as_dict(),
            **{name: None if getattr(self, name) is None else getattr(self, name).as_dict() for name in parts},
            "too_few": self.too_few,
            "disagreed": self.disagreed,
            "disagreements": [item.as_dict() for item in self.disagreements],
        }


@dataclass(frozen=True, slots=True)
class CheckHistory:
    """What became of one check in the time of the report.

    Attributes:
        name: Name of its score, ``<stage>.<check>``.
        decisions: Number of its risk scores.
        invalid: Decisions that did not let the text go on.
        judged: Decisions that say whether the text may go on.
        risk: Over time, oldest first; a stretch without a decision is left out.
        waiting: How long it takes.
        entities: Findings by kind, the most frequent first.
        errors: Failed checks by type name of the error, timeouts among them.
        timeouts: Checks that were not in time.
        fail_opens: Failed checks after which the text went on.
        agreement: Against annotations; None where none speaks of it.
    """

    name: str
    decisions: int = 0
    invalid: int = 0
    judged: int = 0
    risk: tuple[Bucket, ...] = ()
    waiting: Waiting = field(default_factory=Waiting)
    entities: Mapping[str, int] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    timeouts: int = 0
    fail_opens: int = 0
    agreement: Agreement | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "entities", MappingProxyType(dict(self.entities)))
        object.__setattr__(self, "errors", MappingProxyType(dict(self.errors)))

    @property
    def advice(self) -> Advice:
        """What to do about this check, in one sentence."""
        from lc_guard.evals.advice import advice  # noqa: PLC0415 - sentences are made when they are read

        return advice(self)

    @property
    def block_rate(self) -> float | None:
        """Share of decisions that did not let the text go on, 0…1."""
        return share(self.invalid, self.judged)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "name": self.name,
            "advice": self.advice.says,
            "decisions": self.decisions,
            "invalid": self.invalid,
            "judged": self.judged,
            "block_rate": rounded(self.block_rate),
            "block_rate_interval": interval(wilson(self.invalid, self.judged)),
            "latency_ms": self.waiting.as_dict(),
            "entities": dict(self.entities),
            "errors": dict(self.errors),
            "timeouts": self.timeouts,
            "fail_opens": self.fail_opens,
            "risk_over_time": [bucket.as_dict() for bucket in self.risk],
            "agreement": None if self.agreement is None else self.agreement.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class MonitoringReport:
    """What the checks of a project did in some time.

    Attributes:
        since: Its begin, Unix seconds.
        until: Its end.
        source: Where it was read: Langfuse's address.
        bucket_seconds: Width of the buckets.
        scores: Number of scores read.
        traces: Number of traces with a check.
        actions: Traces by their strongest action.
        checks: By name.
        passed_over: Rows that could not be taken, by reason.
        notes: What the reader should know, such as skewed clocks.
        evaluated: What evaluators gave afterwards, by name; not among the scores.
        leaks: Number of model calls that were sent a value of the session.
        leaked: The first of them.
    """

    since: float
    until: float
    source: str
    bucket_seconds: int
    scores: int = 0
    traces: int = 0
    actions: Mapping[str, int] = field(default_factory=dict)
    checks: tuple[CheckHistory, ...] = ()
    passed_over: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    evaluated: tuple[Evaluated, ...] = ()
    leaks: int = 0
    leaked: tuple[LeakedCall, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "actions", MappingProxyType(dict(self.actions)))
        object.__setattr__(self, "passed_over", MappingProxyType(dict(self.passed_over)))

    def check(self, name: str) -> CheckHistory:
        """Return the history of a check.

        Raises:
            KeyError: No check has this name.
        """
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(f"no check {name!r}; there are {', '.join(repr(c.name) for c in self.checks)}")

    @property
    def attention(self) -> tuple[Advice, ...]:
        """What needs attention, the most urgent first; what a model was sent stands apart, in `leaks`."""
        from lc_guard.evals.advice import attention  # noqa: PLC0415 - sentences are made when they are read

        return attention(self)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "format": FORMAT,
            "leaks": self.leaks,
            "leaked": [call.as_dict() for call in self.leaked],
            "since": iso(self.since),
            "until": iso(self.until),
            "source": self.source,
            "bucket_seconds": self.bucket_seconds,
            "scores": self.scores,
            "traces": self.traces,
            "actions": dict(self.actions),
            "passed_over": dict(self.passed_over),
            "notes": list(self.notes),
            "attention": [each.as_dict() for each in self.attention],
            "checks": [check.as_dict() for check in self.checks],
            "evaluated": [item.as_dict() for item in self.evaluated],
        }

    def to_json(self, *, indent: int | None = 2) -> str:
        """Return the report as JSON.

        Args:
            indent: Blanks a level is indented by; None for one line.
        """
        return json.dumps(self.as_dict(), indent=indent, allow_nan=False)

    def to_csv(self) -> str:
        """Return one line a check as CSV, safe to open in a spreadsheet."""
        from lc_guard.evals.render.monitoring_text import as_csv  # noqa: PLC0415 - not needed for the data

        return as_csv(self)

    def as_table(self, *, width: int = 100) -> str:
        """Return the report as plain text.

        Args:
            width: Characters a line may have.
        """
        from lc_guard.evals.render.monitoring_text import as_text  # noqa: PLC0415 - rich is loaded for tables only

        return as_text(self, width=width)

    def figure(self, name: str, *, check: str | None = None) -> Figure:
        """Return one plot of the report, which a notebook shows and a file can hold.

        Args:
            name: ``"latency"``, ``"share"`` or ``"actions"`` of all checks; ``"risk"``, ``"block_rate"``,
                ``"findings"``, ``"roc"``, ``"precision_recall"``, ``"calibration"`` or ``"threshold"`` of one.
            check: Name of the check's score, such as ``"prompt.pii"``; not needed where there is one check only.

        Raises:
            KeyError: No check has this name.
            ValueError: There is no such plot, it needs to be told which check, or there is nothing to draw.
        """
        from lc_guard.evals.figures import figure  # noqa: PLC0415 - not needed for the data

        return figure(self, name, check)

    def _repr_html_(self) -> str:
        from lc_guard._display.html import frame  # noqa: PLC0415 - only where it is shown

        return frame(self.to_html(), "Guard report")

    def to_html(self, *, title: str = "Guard report") -> str:
        """Return the report as one HTML page with its plots: no script, nothing loaded from elsewhere.

        Args:
            title: Of the page.
        """
        from lc_guard.evals.render.monitoring_page import page  # noqa: PLC0415 - not needed for the data

        return page(self, title=title)


def iso(seconds: float) -> str:
    """Return a time as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
