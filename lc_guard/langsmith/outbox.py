"""Holds the parts of a trace until it is whole, and hands them on in a thread of its own."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from lc_guard.observability.process_end import END

logger = logging.getLogger("lc_guard.langsmith")

T = TypeVar("T")


@dataclass(slots=True)
class _Held(Generic[T]):
    since: float
    items: list[T] = field(default_factory=list, repr=False)


class Outbox(Generic[T]):
    """Collects items by trace; a trace leaves when it is whole, when it has waited long enough, or at a flush.

    The thread lives only while something is held. The end of the process waits a known time for what is left.

    Args:
        send: Is given the items of one trace, in order; what it raises is logged by its type.
        seconds: How long an unfinished trace waits.
        exit_timeout: Seconds that the end of the process waits, above 0.
        most: Items held; what comes beyond them is dropped, with a log line.
    """

    def __init__(
        self,
        send: Callable[[list[T]], object],
        *,
        seconds: float = 5.0,
        exit_timeout: float = 15.0,
        most: int = 50_000,
    ) -> None:
        self._send = send
        self._seconds = seconds
        self._most = most
        self._changed = threading.Condition()
        self._traces: OrderedDict[str, _Held[T]] = OrderedDict()
        self._due: OrderedDict[str, None] = OrderedDict()
        self._size = 0
        self._sending = 0
        self._dropped = 0
        self._thread: threading.Thread | None = None
        self._exit_timeout = exit_timeout
        self._used_in: int | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._size} items)"

    def put(self, trace: str, item: T, *, last: bool = False) -> None:
        """Take an item of a trace, the last one or not; returns at once."""
        if self._used_in != os.getpid():
            self._used_in = os.getpid()
            END.await_before(self)
        with self._changed:
            if self._size >= self._most:
                self._dropped += 1
                if self._dropped.bit_count() == 1:  # the first, the second, the fourth…
                    logger.warning("%d runs were dropped: LangSmith takes them too slowly", self._dropped)
                return
            self._traces.setdefault(trace, _Held(time.monotonic())).items.append(item)
            self._size += 1
            if last:
                self._due[trace] = None
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="lc-guard-langsmith", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:  # the interpreter ends: no thread can be started any more
                    self._thread = None
            else:
                self._changed.notify_all()
            alone = self._thread is None
        if alone:
            self._empty()

    def flush(self, timeout: float | None = None) -> bool:
        """Send all that is held; return whether it was handed on within `timeout` seconds (None: no limit)."""
        with self._changed:
            self._due.update(dict.fromkeys(self._traces))
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._traces and not self._sending, timeout)

    def begin(self) -> None:
        """Hold nothing back any longer: the process ends."""
        with self._changed:
            self._due.update(dict.fromkeys(self._traces))
            self._changed.notify_all()

    def finish(self) -> bool:
        """Wait at the end of the process for what is left, as long as it may take; tell whether all was handed on."""
        done = self.flush(max(0.0, END.deadline(self._exit_timeout) - time.monotonic()))
        if not done:
            logger.warning("runs were not delivered within %g s of the end of the process", self._exit_timeout)
        return done

    def _work(self) -> None:
        while True:
            with self._changed:
                while not (found := self._next()):
                    if not self._traces:
                        self._thread = None
                        return
                    self._changed.wait(self._wait())
                items = self._taken(found)
            self._hand_on(items)

    def _next(self) -> str | None:
        if self._due:
            return next(iter(self._due))
        if not self._traces:
            return None
        trace, held = next(iter(self._traces.items()))
        return trace if time.monotonic() - held.since >= self._seconds else None

    def _wait(self) -> float:
        oldest = next(iter(self._traces.values())).since
        return max(0.001, oldest + self._seconds - time.monotonic())

    def _taken(self, trace: str) -> list[T]:
        self._due.pop(trace, None)
        items = self._traces.pop(trace).items
        self._size -= len(items)
        self._sending += 1
        return items

    def _hand_on(self, items: list[T]) -> None:
        try:
            self._send(items)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next trace is sent
            logger.error("%d runs were not sent: %s", len(items), type(error).__name__)  # noqa: TRY400
        finally:
            with self._changed:
                self._sending -= 1
                self._changed.notify_all()

    def _empty(self) -> None:
        while True:
            with self._changed:
                if not self._traces:
                    return
                items = self._taken(next(iter(self._traces)))
            self._hand_on(items)
