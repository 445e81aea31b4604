"""Workers: daemon threads that are used again, so that a call on an event loop does not wait for a thread to start."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable

_IDLE_SECONDS = 0.5  # after which a worker ends: a process that has nothing to check has no thread of ours


class Workers:
    """Runs calls in daemon threads, an idle one if there is any.

    A call is never queued behind another one: it may be what the other waits for. In a forked process it begins anew,
    because threads do not live on there. While the process ends no thread can be started: the caller does the work.
    """

    def __init__(self) -> None:
        self._begin()

    def run(self, call: Callable[[], None]) -> None:
        """Run a call that raises nothing."""
        if self._process != os.getpid():
            self._begin()
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        if worker is None or not worker.take(call):
            try:
                _Worker(call, self._rest, self._leave).start()
            except RuntimeError:
                if threading.main_thread().is_alive():
                    raise
                call()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._idle: deque[_Worker] = deque()

    def _rest(self, worker: _Worker) -> None:
        with self._lock:
            self._idle.append(worker)

    def _leave(self, worker: _Worker) -> None:
        with self._lock:
            if worker in self._idle:
                self._idle.remove(worker)


class _Worker(threading.Thread):
    """One thread: does a call, rests, and ends if no other comes."""

    def __init__(
        self, call: Callable[[], None], rest: Callable[[_Worker], None], leave: Callable[[_Worker], None]
    ) -> None:
        super().__init__(name="lc-guard", daemon=True)
        self._call: Callable[[], None] | None = call
        self._rest = rest
        self._leave = leave
        self._wake = threading.Condition()
        self._ended = False

    def take(self, call: Callable[[], None]) -> bool:
        """Take a call; tells whether it will be done: a worker that just ended does nothing."""
        with self._wake:
            if self._ended:
                return False
            self._call = call
            self._wake.notify()
            return True

    def run(self) -> None:
        """Do calls until none comes for a while."""
        while True:
            call, self._call = self._call, None
            if call is not None:
                call()
                del call  # what it holds is not kept while resting
                self._rest(self)
            with self._wake:
                if self._call is None and not self._wake.wait_for(lambda: self._call is not None, _IDLE_SECONDS):
                    self._ended = True
                    break
        self._leave(self)
