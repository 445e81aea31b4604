"""What was learned of traces: whose they are, and whether values may stand in them that no vault knows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Set
from dataclasses import dataclass, field

from lc_guard._forks import ForkLock


@dataclass(slots=True)
class _Trace:
    """What is known of a trace.

    Attributes:
        digests: Digests of its sessions.
        decided: Whether a check has hidden the values of a text in it.
        open: Whether values may stand in it that no vault knows: redacted, blocked, failed, brought by a tool after the
            last check, or of too many sessions.
        crowded: Whether sessions of it were left out, because they are too many.
    """

    digests: set[str] = field(default_factory=set)
    decided: bool = False
    open: bool = False
    crowded: bool = False


class KnownTraces:
    """Remembers traces, those that were told of last.

    Args:
        max_traces: Number of traces remembered.
        max_sessions: Number of sessions remembered of a trace.
        everyones: Whether any trace may hold values of any session.
    """

    def __init__(self, max_traces: int, max_sessions: int, *, everyones: bool) -> None:
        self._max_traces = max_traces
        self._max_sessions = max_sessions
        self._everyones = everyones
        self._traces: OrderedDict[str, _Trace] = OrderedDict()
        self._lock = ForkLock()

    def __len__(self) -> int:
        return len(self._traces)

    def note(self, trace_id: str, digests: Set[str], *, settled: bool | None) -> None:
        """Note sessions of a trace, and whether a check says that every value of its texts has a placeholder."""
        with self._lock:
            trace = self._traces.setdefault(trace_id, _Trace())
            self._traces.move_to_end(trace_id)
            trace.digests |= digests
            if settled is not None:
                trace.decided = True
                trace.open |= not settled
            if len(trace.digests) > self._max_sessions:
                trace.open = trace.crowded = True
                trace.digests = set(digests)
            while len(self._traces) > self._max_traces:
                self._traces.popitem(last=False)

    def of(self, trace_id: str) -> tuple[list[str], bool | None, bool]:
        """Return the sessions of a trace, whether all values of it have placeholders, and whether others may be in it.

        That all have is None if nothing was decided in the trace.
        """
        with self._lock:
            trace = self._traces.get(trace_id, _Trace())
            decided = not trace.open if trace.decided else None
            return sorted(trace.digests), decided, self._everyones or trace.crowded or not trace.digests

    def reopen(self, trace_id: str) -> None:
        """Note that a tool brought text: it stands in the spans around it too, and no check may come after it."""
        with self._lock:
            self._traces.setdefault(trace_id, _Trace()).open = True
