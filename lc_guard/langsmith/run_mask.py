"""LangSmith's runs without values: the mask of Langfuse's spans, on runs as LangSmith's client is given them.

Nothing here imports LangSmith's SDK: a run is a mapping with the fields of its API
(https://docs.smith.langchain.com/reference/data_formats/run_data_format).
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Set
from datetime import date, datetime, time
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from uuid import UUID

from lc_guard._engine.caches import BoundedMap
from lc_guard._engine.leaks import LEAK_SCORE
from lc_guard.observability.model_inputs import LANGFUSE_INPUT, LANGFUSE_TYPE
from lc_guard.observability.span_mask import Detect, SpanMask
from lc_guard.observability.span_texts import FRAMEWORK_METADATA
from lc_guard.records import SESSION_METADATA

if TYPE_CHECKING:
    from lc_guard.guard import Guard

WITHHELD = "withheld by lc-guard: it can't be masked"
"""What stands in a run instead of texts that can't be masked."""

SESSION_KEYS = ("session_id", "thread_id")
"""Keys of LangChain's metadata that name a session; its digest leaves instead."""

# Ids, clocks and enumerations: what LangSmith orders runs by. All other fields are masked, those of the future too.
_STRUCTURE = frozenset(
    {
        "id",
        "trace_id",
        "parent_run_id",
        "dotted_order",
        "run_type",
        "start_time",
        "end_time",
        "session_id",
        "session_name",
        "reference_example_id",
        "address",
    }
)
_TYPES = {"llm": "generation", "tool": "tool", "retriever": "retriever"}
_METADATA = "langfuse.observation.metadata."
_OUTPUT = "langfuse.observation.output"
# A key that the mask takes for the framework's: known values are hidden in it, no detector looks at it.
_IDENTIFIER = f"{_METADATA}lc_run_name"
_IS_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[<:.][A-Za-z0-9_<>,:.]*)?")
_NAMED = {"name": _IDENTIFIER, "inputs": LANGFUSE_INPUT, "outputs": _OUTPUT}
_OWN = "lc_guard.run."
_EXTRA = "lc_guard.extra."

_MAX_DEPTH = 100
_MAX_LEAKED = 10_000


class RunMask:
    """Masks runs with what a guard knows."""

    def __init__(
        self, guard: Guard, *, detect: Detect = "when_needed", max_sessions: int = 256, everyones: bool = False
    ) -> None:
        self._mask = SpanMask(guard, detect=detect, max_sessions=max_sessions, everyones=everyones)
        self._leaks = guard.leaks
        self._leaked: BoundedMap[str, str] = BoundedMap(_MAX_LEAKED)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._mask!r})"

    def learn(self, run: Mapping[str, Any]) -> None:
        """Learn from a run what masking its trace needs; to be called for all that are sent together."""
        outputs = run.get("outputs")
        attributes = {**_attributes(run), _OUTPUT: json.dumps(outputs) if outputs else None}
        self._mask.learn(_trace(run), attributes, ended=bool(outputs or run.get("error")))

    def mask(self, run: Mapping[str, Any], texts: dict[str, str] | None = None) -> dict[str, Any]:
        """Return a run of plain values as it may leave; one for which this raises leaves as `withheld` gives it."""
        attributes = _attributes(run)
        leaked = self._tell(run, attributes)
        changed, removed = self._mask.mask(_trace(run), "", attributes, texts)
        masked = {**{key: value for key, value in attributes.items() if key not in removed}, **changed}
        given = {key: value for key, value in run.items() if key in _STRUCTURE} | _under(_OWN, masked)
        given |= {field: masked[key] for field, key in _NAMED.items() if key in masked}
        if isinstance(extra := run.get("extra"), Mapping):
            given["extra"] = _extra(extra, masked)
        if isinstance(events := given.get("events"), list):
            given["events"] = [_timed(event, raw) for event, raw in zip(events, run["events"], strict=True)]
        if leaked:
            given["tags"] = [*(given.get("tags") or ()), LEAK_SCORE]
        return given

    def _tell(self, run: Mapping[str, Any], attributes: Mapping[str, Any]) -> bool:
        """Tell of a model that was sent a value; True for each part of such a run, its end comes without the input."""
        run_id = str(run.get("id"))
        leak = self._mask.leak(_trace(run), run_id, attributes)
        if leak is not None:
            self._leaked.put(run_id, run_id)
            self._leaks.tell(leak)
        return self._leaked.get(run_id) is not None


def withheld(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run of which all texts are withheld: where it stands, when it was, and nothing else."""
    given: dict[str, Any] = {key: value for key, value in run.items() if key in _STRUCTURE}
    if "name" in run:
        given["name"] = "withheld"
    for field in ("inputs", "outputs"):
        if run.get(field) is not None:
            given[field] = {"lc_guard": WITHHELD}
    if run.get("error") is not None:
        given["error"] = WITHHELD
    return given


def snapshot(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run as it is now, of plain values; binary attachments, which nothing can look into, are left out."""
    return {
        key: value if key in _STRUCTURE else plain(value)
        for key, value in run.items()
        if value is not None and key != "attachments"
    }


def plain(value: Any, depth: int = 0) -> Any:  # noqa: PLR0911 - one answer a type
    """Return a value as JSON knows it; nothing is consumed, and what is unknown is told as ``repr`` tells it."""
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deep")
    match value:
        case Enum():
            return plain(value.value, depth + 1)
        case str():
            return value.encode("utf-8", "replace").decode()  # a lone surrogate would lose the whole request
        case None | bool() | float() | int():
            return value
        case Mapping():
            return {_key(key): plain(item, depth + 1) for key, item in value.items()}
        case list() | tuple() | Set():
            return [plain(item, depth + 1) for item in value]
        case datetime() | date() | time():
            return value.isoformat()
        case UUID() | PurePath():
            return str(value)
        case bytes() | bytearray():
            return _decoded(value)
    return plain(_told(value), depth + 1)


def _decoded(data: bytes | bytearray) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return f"<{len(data)} bytes>"


def _told(value: Any) -> Any:
    """Return what an object of another type tells of itself: its fields, its dump, or its repr."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    dump = getattr(value, "model_dump", None)
    if callable(dump) and not isinstance(value, type):
        return dump(exclude_none=True)
    return repr(value)


def _key(key: Any) -> str:
    return str(plain(key if isinstance(key, str) else str(key)))


def _attributes(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run as the attributes of a span of Langfuse, which the mask knows."""
    extra = _mapping(run.get("extra"))
    metadata = _mapping(extra.get("metadata"))
    named = dict(_NAMED)
    if not _IS_IDENTIFIER.fullmatch(str(run.get("name"))):  # of no class or function: somebody's words
        del named["name"]
    # No detector looks at a check's own run, which is free of values but for what it inherits.
    check = SESSION_METADATA in metadata
    given: dict[str, Any] = {LANGFUSE_TYPE: _TYPES.get(str(run.get("run_type")), "chain")}
    left_out = {*_STRUCTURE, "extra", *(("tags",) if check else ())}
    for key, value in run.items():
        if key not in left_out:
            given[named.get(key, f"{_OWN}{key}")] = value
    if isinstance(events := run.get("events"), list):
        given[f"{_OWN}events"] = [_untimed(event) for event in events]
    given |= {f"{_EXTRA}{key}": value for key, value in extra.items() if key not in ("metadata", "runtime")}
    return given | {f"{_METADATA}{key}": metadata[key] for key in metadata if not check or _inherited(key)}


def _inherited(key: str) -> bool:
    return key in SESSION_KEYS or FRAMEWORK_METADATA.match(key) is not None


def _extra(extra: Mapping[str, Any], masked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the field ``extra`` of a run with what became of it."""
    given = {"runtime": extra["runtime"]} if "runtime" in extra else {}
    given |= _under(_EXTRA, masked)
    if "metadata" in extra:
        given["metadata"] = _under(_METADATA, {key: value for key, value in masked.items() if key != _IDENTIFIER})
    return given


def _under(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _untimed(event: Any) -> Any:
    """Take the time out of an event, which a detector would take for a date."""
    return {key: item for key, item in event.items() if key != "time"} if _time_of(event) else event


def _timed(event: Any, raw: Any) -> Any:
    time_of = _time_of(raw)
    return {**event, "time": time_of} if time_of and isinstance(event, dict) else event


def _time_of(event: Any) -> str | None:
    found = event.get("time") if isinstance(event, dict) else None
    try:
        return datetime.fromisoformat(found).isoformat() if isinstance(found, str) else None
    except ValueError:
        return None


def _trace(run: Mapping[str, Any]) -> str:
    return str(run.get("trace_id") or run.get("id"))
