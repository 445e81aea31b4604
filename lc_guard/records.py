"""The value-free records that leave the guard: entities, scan results, decisions.

But for `ScanResult.sanitized` none of them can hold user text: they carry kinds, offsets, scores and counts, so they
may stand in a log, a score or a trace. All are frozen and use slots.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from math import isfinite
from types import MappingProxyType
from typing import Any, Literal, get_args

Stage = Literal["prompt", "output", "tool_call", "tool_result", "document"]
"""Where in an application a text was looked at."""

Action = Literal["allow", "anonymize", "redact", "replace", "warn", "block"]
"""What a finding led to, weakest first: the strongest of a root run becomes the trace's ``guard.action`` score."""

ACTIONS: tuple[Action, ...] = get_args(Action)

PII_CHECK = "pii"
"""Name of the check that all detectors together are."""

ENTITY_SCORES = "guard.entities."
"""What the names of the scores begin with that count findings of a kind, where a tracer is asked for them."""

LEAK_CHECK = "leak"
"""Name of the check that looks at what is about to be sent to a model; it decides only where that holds a value."""

RESTORE_CHECK = "restore"
"""Name of the check that says of placeholders where they are not put back; it decides only where one is not."""

DECISION_EVENT = "lc_guard.decision"
"""Name of the LangChain custom event whose payload is `Decision.as_dict()`."""

RESTORED_EVENT = "lc_guard.restored"
"""Name of the LangChain custom event with the counts of a finished `Deanonymize` step: ``restored``, ``unknown``."""

CHECK_RUN_ID = ("lc_guard", "check")
"""First parts of a check's serialized id: its run is ``["lc_guard", "check", <check name>]``."""

BOUNDARY_RUN_ID = ("lc_guard", "boundary")
"""First parts of the serialized id of a run around a model or retriever that has one of its own."""

LOAD_RUN_ID = ("lc_guard", "load")
"""Serialized id of the run in which models are loaded."""

SESSION_METADATA = "lc_guard_session"
"""Metadata key of a check's run that holds the session's keyed digest."""

STAGE_METADATA = "lc_guard_stage"
"""Metadata key of a check's run that holds its stage."""

_NOT_KIND = re.compile(r"[^A-Z0-9]+")
_BEFORE_DIGIT = re.compile(r"_(?=[0-9])")
_MAX_PARTS, _MAX_PART = 8, 32

MAX_KIND = 64
"""Characters that a kind may have."""


def normalize_kind(kind: str) -> str:
    """Bring an entity type into the form that placeholders use: ``"person name"`` → ``"PERSON_NAME"``.

    Args:
        kind: Any label of a detector.

    Returns:
        Upper-case ASCII letters and digits in up to 8 parts joined by underscores, each starting with a letter (so that
        none is taken for an index: ``"ICD 10"`` → ``"ICD10"``), at most 64 characters; ``"ENTITY"`` if nothing is left.
    """
    joined = _BEFORE_DIGIT.sub("", _NOT_KIND.sub("_", kind.upper()).strip("_"))
    parts = [part[:_MAX_PART] for part in joined.split("_") if part][:_MAX_PARTS]
    if not parts:
        return "ENTITY"
    if not parts[0][0].isalpha():
        parts[0] = f"K{parts[0][: _MAX_PART - 1]}"
    return "_".join(parts)[:MAX_KIND].strip("_")


def known_stage(stage: Stage) -> Stage:
    """Return a stage back, or raise ValueError if there is no such stage."""
    if stage not in get_args(Stage):
        raise ValueError(f"stage must be one of {', '.join(map(repr, get_args(Stage)))}")
    return stage


@dataclass(frozen=True, slots=True)
class Entity:
    """A stretch of a text that a detector found, without the text.

    Attributes:
        kind: Entity type, such as ``"PERSON"``.
        start: Offset of the first character, 0 or more.
        end: Offset after the last character, above `start`.
        score: The detector's confidence, 0…1.
    """

    kind: str
    start: int
    end: int
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of a text and what was done with it, without the text.

    Attributes:
        kind: Entity type.
        start: Offset of the first character.
        end: Offset after the last one.
        score: The highest confidence of whoever found it, 0…1.
        action: What was done.
        put: Where in the hidden text what stands for it begins and ends; None if it is left as it is.
    """

    kind: str
    start: int
    end: int
    score: float
    action: Action
    put: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scanner says of a text; goes from the scanner to the guard and no further.

    Attributes:
        valid: Whether the text may go on.
        risk_score: 0…1, higher is worse; LLM Guard's −1 is 0 here, and what is no finite number is 1 and not valid.
        sanitized: The text without what is at fault, if the scanner can give it; None means it can't or need not.
        entities: What is at fault and where, if the scanner can tell.
        categories: Risks by category, 0…1, such as ``{"Hate": 0.33}``: value-free, shown in the trace.
    """

    valid: bool
    risk_score: float
    sanitized: str | None = field(default=None, repr=False)
    entities: tuple[Entity, ...] = ()
    categories: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.valid, bool):
            raise TypeError(f"valid must be a bool, got {type(self.valid).__name__}")
        if not isfinite(self.risk_score):
            object.__setattr__(self, "valid", False)
        object.__setattr__(self, "risk_score", unit_interval(self.risk_score))
        object.__setattr__(self, "entities", tuple(self.entities))
        categories = {str(name): unit_interval(score) for name, score in self.categories.items()}
        object.__setattr__(self, "categories", MappingProxyType(categories))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), _plain_values(self)


@dataclass(frozen=True, slots=True)
class Decision:
    """What one check decided in one step; the payload of every event, log line and score.

    Attributes:
        stage: Where the text was looked at.
        check: Name of the check, unique in a guard; all detectors together are the check ``"pii"``.
        action: What was done.
        valid: Whether the policy lets the text go on; a normal anonymized call is valid.
        risk_score: 0…1, higher is worse, never negative.
        latency_ms: Wall time of the check in milliseconds, 0 or more.
        entities: Number of findings by kind.
        error: Type name of the error that the check ended in, or None.
        session: Keyed digest of the session id, or None outside a session.
    """

    stage: Stage
    check: str
    action: Action
    valid: bool
    risk_score: float
    latency_ms: float
    entities: Mapping[str, int] = field(default_factory=dict)
    error: str | None = None
    session: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "risk_score", unit_interval(self.risk_score))
        object.__setattr__(self, "entities", MappingProxyType(dict(self.entities)))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), _plain_values(self)

    def _repr_html_(self) -> str:
        return Decisions([self])._repr_html_()

    def as_dict(self) -> dict[str, Any]:
        """Return the decision as plain JSON values: the payload of the custom event ``lc_guard.decision``."""
        return {
            item.name: dict(self.entities) if item.name == "entities" else getattr(self, item.name)
            for item in fields(self)
        }


class Decisions(tuple[Decision, ...]):
    """Several decisions: a tuple that a notebook shows as a table."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        from lc_guard._display.cards import decisions  # noqa: PLC0415 - only where it is shown

        return decisions(self)


def _plain_values(record: Any) -> tuple[Any, ...]:
    """Return the values of a record's fields as its constructor takes them: read-only mappings can't be pickled."""
    values = [getattr(record, item.name) for item in fields(record)]
    return tuple(dict(value) if isinstance(value, Mapping) else value for value in values)


def unit_interval(score: float) -> float:
    """Clamp a score into 0…1; a score that is no finite number counts as the worst.

    LLM Guard gives −1 for "nothing found or not applicable": that is 0 here.
    """
    return min(1.0, max(0.0, float(score))) if isfinite(score) else 1.0


def strongest(actions: Iterable[Action]) -> Action:
    """Return the strongest of several actions, ``"allow"`` when there is none."""
    return max(actions, key=ACTIONS.index, default="allow")
