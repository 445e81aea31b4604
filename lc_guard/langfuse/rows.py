"""What a report takes of Langfuse's scores and observations; a row that can't be read is a reason, not a crash."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

LONGEST_TEXT = 300

_METADATA_KEPT = ("lc_guard_stage", "entities")
_DECISION_KEPT = ("stage", "check", "valid", "entities", "error")
EVALUATOR = "EVALUATOR"
"""Source of a score that a program gave afterwards, such as an evaluator of the SDK: no decision of a call."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BIG = 1e300  # and NaN and the infinities, which JSON of a lax server may hold


class Unreadable(Exception):
    """A row can't be taken; the message is a short reason and holds nothing of the row."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time.

    Attributes:
        since: Its begin, Unix seconds.
        until: Its end, not included; infinite for a read without an end.
    """

    since: float
    until: float

    def holds(self, timestamp: float) -> bool:
        """Return whether a time lies in it."""
        return self.since <= timestamp < self.until


@dataclass(frozen=True, slots=True)
class Score:
    """A score of a trace or observation.

    Attributes:
        id: Its id.
        name: Its name, such as ``"prompt.pii"``.
        value: A number, True or False, or the word of a category.
        source: ``"API"`` for what the guard decided, `EVALUATOR` for other scores that came through the API,
            ``"ANNOTATION"`` or ``"EVAL"``.
        timestamp: When it was given, Unix seconds.
        trace_id: The trace.
        observation_id: The observation; None for a score of the whole trace.
        project_id: The project, for links; None where the API does not tell.
    """

    id: str
    name: str
    value: float | bool | str
    source: str
    timestamp: float
    trace_id: str
    observation_id: str | None = None
    project_id: str | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """An observation of a trace, without a text of it.

    Attributes:
        id: Its id.
        trace_id: The trace.
        name: Its name, such as ``"pii"``.
        type: Langfuse's type in upper case, such as ``"GUARDRAIL"``.
        start: When it started, Unix seconds.
        seconds: How long it took; None if it has not ended, or ended before it started (skewed clocks).
        level: ``"DEFAULT"``, ``"WARNING"``, ``"ERROR"`` or ``"DEBUG"``.
        metadata: What a check's metadata tells: its stage, its counts by kind.
        decision: The check's decision, as far as a report needs it; empty where there is none.
        project_id: The project, for links.
        parent_id: The observation that it stands under; None at the root.
        shows_text: Whether a text can be read in its input or, unless the guard wrote it, in its output; only where
            both were asked for.
    """

    id: str
    trace_id: str
    name: str
    type: str
    start: float
    seconds: float | None = None
    level: str = "DEFAULT"
    metadata: Mapping[str, Any] = field(default_factory=dict)
    decision: Mapping[str, Any] = field(default_factory=dict)
    project_id: str | None = None
    parent_id: str | None = None
    shows_text: bool = False


def score(row: Mapping[str, Any]) -> Score:
    """Read a score of ``/api/public/v3/scores``."""
    trace_id, observation_id = _subject(row)
    identity, source = _text(row, "id"), _text(row, "source").upper()
    if source == "API" and not identity.startswith(f"{trace_id}-"):
        source = EVALUATOR  # the guard's own ids begin with the trace's, the SDK's evaluators let them be drawn
    return Score(
        id=identity,
        name=_text(row, "name"),
        value=_value(row),
        source=source,
        timestamp=_time(row, "timestamp"),
        trace_id=trace_id,
        observation_id=observation_id,
        project_id=_optional(row, "projectId"),
    )


def observation(row: Mapping[str, Any]) -> Observation:
    """Read an observation of ``/api/public/v2/observations``."""
    start = _time(row, "startTime")
    end = _time(row, "endTime") if row.get("endTime") is not None else None
    output, metadata = _decoded(row.get("output")), _decoded(row.get("metadata"))
    decision = _part(output, "decision") or _part(metadata, "decision")
    return Observation(
        id=_text(row, "id"),
        trace_id=_text(row, "traceId"),
        name=_optional(row, "name") or "",
        type=(_optional(row, "type") or "").upper(),
        start=start,
        seconds=end - start if end is not None and end >= start else None,
        level=(_optional(row, "level") or "DEFAULT").upper(),
        metadata=_only(metadata, _METADATA_KEPT),
        decision=_only(decision, _DECISION_KEPT),
        project_id=_optional(row, "projectId"),
        parent_id=_optional(row, "parentObservationId"),
        shows_text=_has_text(_decoded(row.get("input"))) or (not _is_guards(row) and _has_text(output)),
    )


def iso(seconds: float) -> str:
    """Return a time as Langfuse takes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def csv_table(head: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows with a head as CSV (RFC 4180 with line feeds), safe to open in a spreadsheet."""
    out = io.StringIO()
    writer = csv.DictWriter(out, head, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    # a spreadsheet would run what begins like a formula
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _value(row: Mapping[str, Any]) -> float | bool | str:
    value, kind = row.get("value"), row.get("dataType")
    number = float(value) if isinstance(value, int | float) and abs(value) < _BIG else None
    match kind:
        case "NUMERIC" if number is not None and not isinstance(value, bool):
            return number
        case "BOOLEAN" if number in (0, 1):
            return bool(number)
        case "CATEGORICAL" if isinstance(value, str) and value:
            return value[:LONGEST_TEXT]
        case "NUMERIC" | "BOOLEAN" | "CATEGORICAL":
            raise Unreadable("a score without a value of its type")
        case "TEXT" | "CORRECTION":
            raise Unreadable("a score of text")
    raise Unreadable("a score of an unknown type")


def _subject(row: Mapping[str, Any]) -> tuple[str, str | None]:
    subject = row.get("subject")
    if isinstance(subject, dict):
        identity, kind = subject.get("id"), subject.get("kind")
        if kind == "trace" and isinstance(identity, str) and identity:
            return identity, None
        trace_id = subject.get("traceId")
        if kind == "observation" and isinstance(identity, str) and isinstance(trace_id, str) and trace_id:
            return trace_id, identity
    raise Unreadable("a score of no trace")


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"a row without {key}")
    return value[:LONGEST_TEXT]


def _optional(row: Mapping[str, Any], key: str) -> str | None:
    value = row.get(key)
    return value[:LONGEST_TEXT] if isinstance(value, str) and value else None


def _time(row: Mapping[str, Any], key: str) -> float:
    value = row.get(key)
    try:
        told = datetime.fromisoformat(value) if isinstance(value, str) else None
        if told is not None:
            return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        pass
    raise Unreadable(f"a row without a readable {key}")


def _part(value: Any, key: str) -> Any:
    return _decoded(value.get(key)) if isinstance(value, dict) else None


def _is_guards(row: Mapping[str, Any]) -> bool:
    """Return whether an observation is a check, or holds those of a stage: its output is what was decided."""
    name = _optional(row, "name") or ""
    return (_optional(row, "type") or "").upper() == "GUARDRAIL" or name == "guard" or name.startswith("guard: ")


def _has_text(value: Any) -> bool:
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, str) and item.strip():
            return True
        if isinstance(item, dict | list):
            left += item.values() if isinstance(item, dict) else item
    return False


def _only(value: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    """Keep what a report needs: anybody may call an observation a guardrail, and put texts into it."""
    if not isinstance(value, dict):
        return {}
    kept = {key: _decoded(value[key]) for key in keys if key in value}
    return {key: item[:LONGEST_TEXT] if isinstance(item, str) else item for key, item in kept.items()}


def _decoded(value: Any) -> Any:
    """Decode what is JSON in a string; the API gives input, output and metadata as strings."""
    if not isinstance(value, str) or not value or value[0] not in '{["-0123456789tfn':
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
