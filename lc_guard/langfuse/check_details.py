"""What a check's run tells beside its decision, in a form that a trace can take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from lc_guard.records import Decision

FAILED, FAIL, FAIL_OPEN = "failed", "fail-", "fail-open"
"""Key in the metadata of a check that failed, and how its value begins: the text went on, or it did not."""

_LONGEST_TOLD, _MOST_DETAILS = 200, 64
_DIGITS = 3  # of fractions: nobody reads 15 of them


def check_metadata(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return what belongs into the metadata of a check's observation: what its run ended with, cut to a size.

    Where it failed, ``failed`` says with which error and whether the text went on: Langfuse can filter by that. Its
    ``details`` are a value-free mapping such as thresholds; under ``entities`` and ``detectors`` stand counts by
    kind and milliseconds by detector. Anybody may make a run with a check's id: what is of another form is left out.
    """
    details = outputs.get("details")
    told = {key: _plain(value) for key, value in details.items()} if isinstance(details, Mapping) else {}
    for key in ("detectors", "entities"):
        source = outputs if key == "detectors" else outputs.get("decision")
        value = source.get(key) if isinstance(source, Mapping) else None
        if isinstance(value, Mapping) and value:
            told[key] = _plain(value)
    decision = outputs.get("decision")
    if isinstance(decision, Mapping) and isinstance(decision.get("error"), str):
        went_on = FAIL_OPEN if decision.get("valid") is True else f"{FAIL}closed"
        told[FAILED] = f"{went_on}:{decision['error'][:_LONGEST_TOLD]}"
    return dict(list(told.items())[-_MOST_DETAILS:])


def shown_decision(decision: Decision) -> dict[str, Any]:
    """Return a decision as its observation shows it: what stands in the metadata is not said twice."""
    return {name: _plain(value) for name, value in decision.as_dict().items() if name not in ("session", "entities")}


def _plain(value: Any, depth: int = 3) -> Any:
    """Keep numbers, words and small collections of them; of anything else the type is told."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, str):
        return value[:_LONGEST_TOLD]
    if depth and isinstance(value, Mapping):
        return {str(key)[:_LONGEST_TOLD]: _plain(item, depth - 1) for key, item in list(value.items())[:_MOST_DETAILS]}
    if depth and isinstance(value, Sequence | Set) and not isinstance(value, bytes | bytearray):
        return [_plain(item, depth - 1) for item in list(value)[:_MOST_DETAILS]]
    return type(value).__name__
