"""Labelled cases as a Langfuse dataset: attacks and personal data to run experiments on.

An item's input is ``{"text": ...}``, its expected output the entities and, if the line has one, the label. Its id is
made of the dataset's name and the case's, so that pushing again changes items instead of doubling them.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from lc_guard.errors import LangfuseError
from lc_guard.evals.cases import BadLine, Case, read_cases
from lc_guard.langfuse.api import LangfuseApi
from lc_guard.records import normalize_kind

DATASETS, ITEMS = "/api/public/v2/datasets", "/api/public/dataset-items"

_LONGEST_LABEL = 80


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of a push."""

    dataset: str
    items: int
    bad_lines: tuple[BadLine, ...] = ()


def push_cases(
    api: LangfuseApi,
    dataset: str,
    lines: Iterable[str | bytes],
    *,
    description: str | None = None,
    progress: Callable[[int], object] | None = None,
) -> Pushed:
    """Write labelled cases into a dataset, made if it is not there. The texts leave as they are.

    Args:
        api: The connection.
        dataset: Name of the dataset.
        lines: JSON Lines of `lc_guard.evals.cases`; a case may have a ``label`` besides, such as
            ``"prompt_injection"`` or ``"benign"``.
        description: Of the dataset.
        progress: Called with the number of items written.

    Returns:
        What was written, and the lines that could not be.

    Raises:
        LangfuseError: Langfuse refused something; what was written before stays, and pushing again goes on.
        ValueError: The name is blank.
    """
    if not dataset.strip():
        raise ValueError("the dataset needs a name")
    bad: list[BadLine] = []
    seen: Counter[str] = Counter()
    for number, line in enumerate(lines, 1):
        found = next(read_cases([line], on_bad=lambda told: bad.append(BadLine(number, told.reason))), None)  # noqa: B023 - called at once
        if found is None:
            continue
        case = Case(f"line {number}", found.text, found.mentions) if found.id == "line 1" else found
        if not seen:
            api.post(DATASETS, {"name": dataset, "description": description})
        seen[case.id] += 1
        api.post(ITEMS, _item(dataset, case, seen[case.id], _label(line)))
        if progress is not None:
            progress(seen.total())
    if not seen:
        reasons = "; ".join(map(str, bad[:3])) or "it is empty"
        raise LangfuseError(f"no usable line in the data ({reasons}): see lc-guard eval --help for the form")
    return Pushed(dataset, seen.total(), tuple(bad))


def _item(dataset: str, case: Case, occurrence: int, label: str | None) -> dict[str, Any]:
    # an id belongs to one dataset of the project
    identity = hashlib.sha256(json.dumps([dataset, case.id, occurrence]).encode()).hexdigest()[:32]
    kinds = Counter(normalize_kind(mention.label) for mention in case.mentions)
    entities = [
        {"start": mention.start, "end": mention.end, "label": mention.label}
        | ({"identifier_type": mention.identifier_type} if mention.identifier_type else {})
        for mention in case.mentions
    ]
    told = {"label": label} if label else {}
    return {
        "datasetName": dataset,
        "id": f"lc-guard-{identity}",
        "input": {"text": case.text},
        "expectedOutput": {"entities": entities, **told},
        "metadata": {"case": case.id, "kinds": dict(kinds), **told},
    }


def _label(line: str | bytes) -> str | None:
    value = json.loads(line.decode("utf-8-sig") if isinstance(line, bytes) else line.removeprefix("\ufeff")).get(
        "label"
    )
    return value[:_LONGEST_LABEL] if isinstance(value, str) and value.strip() else None
