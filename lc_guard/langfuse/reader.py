"""The reads of a report: checks' scores, annotations, guardrail observations and the roots of their traces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isinf
from typing import Any, Generic, NamedTuple, TypeVar

from lc_guard.langfuse.api import LangfuseApi
from lc_guard.langfuse.paging import MOST_ROWS, cursor_pages
from lc_guard.langfuse.resume import Spool
from lc_guard.langfuse.rows import Observation, Score, Unreadable, Window, iso, observation, score

Row = TypeVar("Row", Score, Observation)
Progress = Callable[[str, int], object]


class _Read(NamedTuple, Generic[Row]):
    path: str
    limit: int  # the most rows a page that the API allows
    record: type[Row]
    parse: Callable[[Mapping[str, Any]], Row]


_OF_A_TRACE = 200  # rows a page: they hold texts
_LONGEST_TRACE = 86_400.0

_SCORES = _Read("/api/public/v3/scores", 100, Score, score)
_OBSERVATIONS = _Read("/api/public/v2/observations", 1000, Observation, observation)


class Reader:
    """Reads a project's scores and observations as a stream."""

    def __init__(
        self,
        api: LangfuseApi,
        *,
        spool: Spool | None = None,
        progress: Progress | None = None,
        most: int = MOST_ROWS,
    ) -> None:
        self._api, self._spool, self._progress, self._most = api, spool, progress, most
        self.passed_over: Counter[str] = Counter()

    def scores(self, window: Window, *, source: str = "API", names: Sequence[str] = ()) -> Iterator[Score]:
        """Read scores."""
        params = {
            "fields": "subject",
            "source": source,
            "name": ",".join(names) or None,
            "fromTimestamp": _iso(window.since),
            "toTimestamp": _iso(window.until),
        }
        label = "annotations" if source == "ANNOTATION" else "scores"
        for row in self._read(_SCORES, label, params):
            if self._inside(window, row.timestamp):
                yield row

    def checks(self, window: Window) -> Iterator[Observation]:
        """Read the observations of checks."""
        fields = {"fields": "core,basic,io,metadata", "expandMetadata": "entities"}
        yield from self._observations("checks", window, {"type": "GUARDRAIL", **fields})

    def roots(self, window: Window) -> Iterator[Observation]:
        """Read the roots of traces: what began in the window, with its whole time, and no text."""
        yield from self._observations("traces", window, {"isRootObservation": True, "fields": "core"})

    def trace(self, trace_id: str, *, near: float | None = None) -> list[Observation]:
        """Read all observations of one trace, to see which stands under which and which of them shows a text.

        Args:
            trace_id: The trace.
            near: A time in it, Unix seconds, if it is known: Langfuse finds a trace faster by its day.
        """
        params = {"traceId": trace_id, "fields": "core,basic,io"}
        if near is not None:
            params |= {"fromStartTime": iso(near - _LONGEST_TRACE), "toStartTime": iso(near + _LONGEST_TRACE)}
        rows: list[Observation] = []
        for page in cursor_pages(self._api, _OBSERVATIONS.path, params, limit=_OF_A_TRACE, most=self._most):
            for row in page.rows:
                try:
                    rows.append(observation(row))
                except Unreadable as reason:
                    self.passed_over[str(reason)] += 1
        return rows

    def _observations(self, label: str, window: Window, params: dict[str, Any]) -> Iterator[Observation]:
        times = {"fromStartTime": _iso(window.since), "toStartTime": _iso(window.until)}
        for row in self._read(_OBSERVATIONS, label, {**params, **times}):
            if self._inside(window, row.start):
                yield row

    def _inside(self, window: Window, timestamp: float) -> bool:
        if window.holds(timestamp):
            return True
        self.passed_over["a row outside the time asked for"] += 1
        return False

    def _read(self, read: _Read[Row], label: str, params: dict[str, Any]) -> Iterator[Row]:
        count, start, done = 0, None, False
        if self._spool is not None:
            for kept in self._spool.rows(label, read.record):
                count += 1
                self._told(label, count)
                yield kept
            start, done = self._spool.place(label)
            self.passed_over += self._spool.passed_over(label)
        if done:
            return
        for page in cursor_pages(self._api, read.path, params, limit=read.limit, start=start, most=self._most):
            rows: list[Row] = []
            passed_over: Counter[str] = Counter()
            for row in page.rows:
                try:
                    rows.append(read.parse(row))
                except Unreadable as reason:
                    passed_over[str(reason)] += 1
            if page.odd:
                passed_over["a row without an id"] += page.odd
            self.passed_over += passed_over
            if self._spool is not None:
                self._spool.add(label, rows, page.next, passed_over)
            count += len(rows)
            self._told(label, count)
            yield from rows

    def _told(self, label: str, count: int) -> None:
        if self._progress is not None:
            self._progress(label, count)


def _iso(seconds: float) -> str | None:
    return None if isinf(seconds) else iso(seconds)
