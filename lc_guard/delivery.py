"""Scores and spans leave within a time that is known: at the end of the process, and where it is frozen (serverless).

The SDK's own exit waits until every queued score was tried three times, 15 at once: against a Langfuse that hangs
that is 16 seconds for five guarded calls, without a limit.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
import weakref
from typing import Any

logger = logging.getLogger("lc_guard.langfuse")

_PLACE = "_lc_guard_delivery"
_POLL = 0.02


class _Exit:
    """The end of the process, which begins once: all clients wait within one limit, not each one after the other."""

    began: float | None = None

    def deadline(self, seconds: float) -> float:
        """Give the reading of `time.monotonic` at which a wait of so many seconds from the beginning is over."""
        if self.began is None:
            self.began = time.monotonic()
        return self.began + seconds


_EXIT = _Exit()


class Delivery:
    """Waits for what a Langfuse client has queued, no longer than it is told.

    Args:
        resources: The client's resources: its queues, its threads and its tracer provider.
    """

    def __init__(self, resources: Any) -> None:
        self._resources = weakref.ref(resources)
        self._lock = threading.Lock()
        self._flushing: threading.Thread | None = None
        self._bounded = False

    def flush(self, timeout: float) -> bool:
        """Deliver what is queued.

        Args:
            timeout: Seconds to wait, above 0.

        Returns:
            Whether all of it has been sent or given up by the SDK; False if the time was over first. What is left is
            still being sent in the background.
        """
        with self._lock:
            resources = self._resources()
            if resources is None:
                return True
            # One at a time: calls against a Langfuse that hangs must not pile up threads.
            if self._flushing is None or not self._flushing.is_alive():
                self._flushing = threading.Thread(target=resources.flush, name="lc-guard-flush", daemon=True)
                self._flushing.start()
            flushing = self._flushing
        flushing.join(timeout)
        return not flushing.is_alive()

    def bound_exit(self, seconds: float) -> None:
        """Let the end of the process wait for scores this long, and then go without them; the first call counts."""
        with self._lock:
            if self._bounded:
                return
            self._bounded = True
        # Called before the SDK's own, which was registered before.
        atexit.register(_wait_at_exit, self._resources, seconds)


def delivery_of(resources: Any) -> Delivery:
    """Give the one `Delivery` of a client's resources."""
    delivery: Delivery = vars(resources).setdefault(_PLACE, Delivery(resources))
    return delivery


def _wait_at_exit(reference: weakref.ref[Any], seconds: float) -> None:
    resources = reference()
    # No thread can be started any more while the interpreter ends: the SDK's own do the work, this one looks on.
    queue = getattr(resources, "_score_queue", None) or getattr(resources, "_score_ingestion_queue", None)
    if queue is None or resources is None:
        return
    for consumer in getattr(resources, "_score_consumers", ()):
        consumer.wake()
    deadline = _EXIT.deadline(seconds)
    while queue.unfinished_tasks and time.monotonic() < deadline:
        time.sleep(_POLL)
    if queue.unfinished_tasks:
        logger.warning(
            "%d scores were not delivered: Langfuse did not take them within %g s of the end of the process",
            queue.unfinished_tasks,
            seconds,
        )
        atexit.unregister(resources.shutdown)
