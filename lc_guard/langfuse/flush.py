"""Scores and spans leave within a time that is known: at the end of the process, and where it is frozen (serverless).

The SDK's own exit waits until every queued score was tried three times, 15 at once: against a Langfuse that hangs
that is 16 seconds for five guarded calls, without a limit. And it sends spans when the mask's models can't be used any
more (`process_end`).
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

from lc_guard._forks import ForkLock
from lc_guard.observability.process_end import END

logger = logging.getLogger("lc_guard.langfuse")

_PLACE = "_lc_guard_delivery"
_POLL = 0.02
# These start no thread once the main one has ended; later ones do until all that are no daemons have ended as well
# (https://docs.python.org/release/3.12.2/whatsnew/changelog.html, gh-113964).
_NONE_LATE = (3, 12) <= sys.version_info < (3, 12, 2)


class BoundedFlush:
    """Waits for what a Langfuse client has queued in its resources, no longer than it is told."""

    def __init__(self, resources: Any) -> None:
        self._resources = weakref.ref(resources)
        self._lock = ForkLock()
        self._flushing: threading.Thread | None = None
        self._ready: tuple[threading.Thread, threading.Event] | None = None
        self._exit_timeout: float | None = None
        self._used_in: int | None = None

    def flush(self, timeout: float) -> bool:
        """Deliver what is queued, in some seconds; return whether all of it was sent or given up by the SDK.

        If not, what is left is still being sent in the background.
        """
        flushing = self.begin()
        if flushing is None:
            return True
        flushing.join(timeout)
        return not flushing.is_alive()

    def begin(self) -> threading.Thread | None:
        """Begin to deliver what is queued; return the thread that does it, or None if there is nothing to wait for."""
        with self._lock:
            resources = self._resources()
            if resources is None:
                return None
            # One at a time: calls against a Langfuse that hangs must not pile up threads.
            if self._flushing is None or not self._flushing.is_alive():
                flushing = threading.Thread(target=resources.flush, name="lc-guard-flush", daemon=True)
                try:
                    flushing.start()
                except RuntimeError:
                    if self._ready is None or threading.main_thread().is_alive():
                        raise
                    flushing, go = self._ready
                    go.set()
                self._flushing = flushing
            return self._flushing

    def bound_exit(self, seconds: float) -> None:
        """Let the end of the process wait for scores this long, and then go without them; the first call counts."""
        with self._lock:
            if self._exit_timeout is not None:
                return
            self._exit_timeout = seconds
        # Called before the SDK's own, which was registered before.
        atexit.register(_wait_at_exit, self._resources, seconds)

    def prepare(self, load: Callable[[], object] | None = None) -> None:
        """Have what is queued from now on delivered before the interpreter is taken down; once for a process."""
        if self._used_in == os.getpid():
            return
        self._used_in = os.getpid()
        END.await_before(self)
        if _NONE_LATE:
            go = threading.Event()
            ready = threading.Thread(target=_flush_when, args=(go, self._resources), name="lc-guard-flush", daemon=True)
            ready.start()
            self._ready = ready, go
        if load is not None:
            threading.Thread(target=_load, args=(load, END.hold()), name="lc-guard-models", daemon=True).start()

    def finish(self) -> bool:
        """Wait for what `begin` began as long as `bound_exit` allows; return whether it is done."""
        flushing, seconds = self._flushing, self._exit_timeout
        if flushing is None:
            return True
        flushing.join(None if seconds is None else max(0.0, END.deadline(seconds) - time.monotonic()))
        resources = self._resources()
        late = flushing.is_alive()
        if late and resources is not None:
            queue = _score_queue(resources)
            if queue is None or not queue.unfinished_tasks:  # of scores `_wait_at_exit` tells
                logger.warning(
                    "spans were not delivered: Langfuse did not take them within %g s of the end of the process",
                    seconds,
                )
            atexit.unregister(resources.shutdown)
        return not late


def flush_of(resources: Any) -> BoundedFlush:
    """Return the one `BoundedFlush` of a client's resources."""
    delivery: BoundedFlush = vars(resources).setdefault(_PLACE, BoundedFlush(resources))
    return delivery


def _flush_when(go: threading.Event, reference: weakref.ref[Any]) -> None:
    go.wait()
    resources = reference()
    if resources is not None:
        resources.flush()


def _load(load: Callable[[], object], held: threading.Event) -> None:
    try:
        load()
    finally:
        END.release(held)


def _score_queue(resources: Any) -> Any:
    return getattr(resources, "_score_queue", None) or getattr(resources, "_score_ingestion_queue", None)


def _wait_at_exit(reference: weakref.ref[Any], seconds: float) -> None:
    resources = reference()
    # No thread can be started any more while the interpreter ends: the SDK's own do the work, this one looks on.
    queue = _score_queue(resources)
    if queue is None or resources is None:
        return
    for consumer in getattr(resources, "_score_consumers", ()):
        consumer.wake()
    deadline = END.deadline(seconds)
    while queue.unfinished_tasks and time.monotonic() < deadline:
        time.sleep(_POLL)
    if queue.unfinished_tasks:
        logger.warning(
            "%d scores were not delivered: Langfuse did not take them within %g s of the end of the process",
            queue.unfinished_tasks,
            seconds,
        )
        atexit.unregister(resources.shutdown)
