"""Past traces looked at with a detector: which hold values that it would have hidden. Ids, kinds and counts only."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lc_guard.detectors.base import Detector
from lc_guard.langfuse.api import LangfuseApi
from lc_guard.langfuse.evaluators import found_in
from lc_guard.langfuse.paging import cursor_pages
from lc_guard.langfuse.resume import Spool
from lc_guard.langfuse.rows import Window, csv_table, iso
from lc_guard.observability.span_texts import is_check, is_identifier, traced_texts
from lc_guard.records import STAGE_METADATA, normalize_kind

_PATH = "/api/public/v2/observations"
_FIELDS = "core,basic,io,metadata,trace_context"
_A_PAGE = 100
_FORMAT = 1
_READ = "leaks"


@dataclass(frozen=True, slots=True)
class Leak:
    """A place in a trace that holds values.

    Attributes:
        trace_id: The trace.
        observation_id: The observation.
        type: Langfuse's type of it, such as ``"GENERATION"``.
        start: When it started, as Langfuse says it.
        place: ``"input"``, ``"output"``, ``"metadata"``, ``"status"``, ``"name"`` or ``"tags"``.
        kinds: Number of findings by kind.
        url: Address of the observation in Langfuse; None where the project is not known.
    """

    trace_id: str
    observation_id: str
    type: str
    start: str
    place: str
    kinds: Mapping[str, int]
    url: str | None = None


@dataclass(slots=True)
class Audit:
    """What an audit has found so far.

    Attributes:
        since: Begin of what was looked at, Unix seconds.
        until: Its end.
        observations: Observations looked at.
        failed: Texts that the detector failed on, or values that can't be looked into.
        leaks: Where values stand, in the order of Langfuse's answer.
    """

    since: float
    until: float
    observations: int = 0
    failed: int = 0
    leaks: list[Leak] = field(default_factory=list)

    @property
    def kinds(self) -> Counter[str]:
        """Findings by kind."""
        total: Counter[str] = Counter()
        for leak in self.leaks:
            total.update(leak.kinds)
        return total

    @property
    def traces(self) -> int:
        """Number of traces with a leak."""
        return len({leak.trace_id for leak in self.leaks})

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "format": _FORMAT,
            "since": iso(self.since),
            "until": iso(self.until),
            "observations": self.observations,
            "failed": self.failed,
            "traces_with_leaks": self.traces,
            "kinds": dict(self.kinds.most_common()),
            "leaks": [asdict(leak) for leak in self.leaks],
        }

    def to_json(self) -> str:
        """Return the audit as JSON."""
        return json.dumps(self.as_dict(), indent=2)

    def to_csv(self) -> str:
        """Return one line a leak and kind as CSV."""
        head = ("trace_id", "observation_id", "type", "start", "place", "kind", "count", "url")
        return csv_table(
            head,
            (
                {**asdict(leak), "kind": kind, "count": count}
                for leak in self.leaks
                for kind, count in leak.kinds.items()
            ),
        )


def audit(
    api: LangfuseApi,
    window: Window,
    detector: Detector,
    *,
    ignore: Iterable[str] = (),
    min_score: float = 0.0,
    state: Path | None = None,
    progress: Callable[[str, int], object] | None = None,
) -> Audit:
    """Look at all observations of a time: input, output, metadata, status, name and tags.

    Placeholders are passed over. Langfuse gives metadata cut to 200 characters a value.

    Args:
        api: The connection.
        window: When the observations started.
        detector: What finds values.
        ignore: Kinds that are no leak, such as ``"DATE_TIME"``.
        min_score: Lowest score, 0…1, at which a finding counts.
        state: File that keeps what was found until the end, so that an audit that broke off goes on; it keeps its
            window as well. None keeps nothing.
        progress: Called with ``"observations"`` and their number so far.

    Raises:
        LangfuseError: Langfuse can't be read, or the file is of something else.
    """
    kept, cursor = None, None
    found = Audit(window.since, window.until)
    if state is not None:
        kept = Spool(state, about={"audit": api.base_url, "key": api.public_key}, window=window)
        counts: dict[str, Any] = dict(kept.passed_over(_READ))
        found = Audit(kept.window.since, kept.window.until, **counts)
        found.leaks += kept.rows(_READ, Leak)
        cursor, _ = kept.place(_READ)
    looking = _Looking(detector, frozenset(map(normalize_kind, ignore)), min_score)
    params = {"fields": _FIELDS, "fromStartTime": iso(found.since), "toStartTime": iso(found.until)}
    for page in cursor_pages(api, _PATH, params, limit=_A_PAGE, start=cursor):
        looking.forget()
        leaks = [leak for row in page.rows for leak in _leaks(api, row, looking)]
        found.leaks += leaks
        found.observations += len(page.rows)
        found.failed += looking.failed
        if kept is not None and isinstance(page.next, str):
            kept.add(_READ, leaks, page.next, {"observations": len(page.rows), "failed": looking.failed})
        if progress is not None:
            progress("observations", found.observations)
    return found


class _Looking:
    """Asks the detector, each text of a page once."""

    def __init__(self, detector: Detector, ignore: frozenset[str], min_score: float) -> None:
        self._detector, self._ignore, self._min_score = detector, ignore, min_score
        self._known: dict[str, Counter[str]] = {}
        self.failed = 0

    def forget(self) -> None:
        self._known.clear()
        self.failed = 0

    def kinds(self, value: Any, *, check: bool) -> Counter[str]:
        found: Counter[str] = Counter()
        try:
            texts = traced_texts(value, check=check)
        except (TypeError, ValueError):
            self.failed += 1
            return found
        for text in texts:
            found += self._in(text)
        return found

    def _in(self, text: str) -> Counter[str]:
        if text not in self._known:
            found: Counter[str] = Counter()
            try:
                for entity in found_in(self._detector, text):
                    if entity.score >= self._min_score:
                        found[normalize_kind(entity.kind)] += 1
            except Exception:  # noqa: BLE001 - a detector may raise anything, and quote the text
                self.failed += 1
            for kind in self._ignore:
                found.pop(kind, None)
            self._known[text] = found
        return self._known[text]


def _leaks(api: LangfuseApi, row: Mapping[str, Any], looking: _Looking) -> list[Leak]:
    trace_id, identity = str(row.get("traceId") or ""), str(row["id"])
    metadata = row.get("metadata")
    told = metadata.get(STAGE_METADATA) if isinstance(metadata, Mapping) else None
    check = is_check(row.get("type"), told)
    places = {
        "input": row.get("input"),
        "output": row.get("output"),
        "metadata": metadata,
        "status": row.get("statusMessage"),
        "name": [name for name in (row.get("name"), row.get("traceName")) if name and not is_identifier(str(name))],
        "tags": row.get("tags"),
    }
    project = row.get("projectId")
    url = api.trace_url(project if isinstance(project, str) else None, trace_id, identity)
    type_, start = str(row.get("type") or "")[:40], str(row.get("startTime") or "")[:40]
    return [
        Leak(trace_id, identity, type_, start, place, dict(kinds.most_common()), url)
        for place, value in places.items()
        if (kinds := looking.kinds(value, check=check))
    ]
