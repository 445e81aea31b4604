"""The end of the process: what is queued leaves, and no model is half loaded, before the interpreter is taken down.

Exit handlers (`atexit`) are too late for that. No thread can be started then, executors refuse work, and libraries'
own handlers have taken down what a model that is still being loaded needs: the process dies of a segmentation fault.
The one public moment before is when the main thread has ended: the interpreter waits for threads that are no daemons.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

_LOADING_SECONDS = 60.0


class Finishing(Protocol):
    """Something with work to finish before the process ends."""

    def begin(self) -> object:
        """Begin with it; others begin at the same time."""

    def finish(self) -> object:
        """Wait for it, within `ProcessEnd.deadline`."""


class ProcessEnd:
    """The end of the process, which begins once: all that wait do so within one limit, not one after the other."""

    def __init__(self) -> None:
        self.began: float | None = None
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._watching = False
        self._finishing: weakref.WeakSet[Finishing] = weakref.WeakSet()
        self._loading: set[threading.Event] = set()

    def deadline(self, seconds: float) -> float:
        """Give the reading of `time.monotonic` at which a wait of so many seconds from the beginning is over."""
        if self.began is None:
            self.began = time.monotonic()
        return self.began + seconds

    def await_before(self, finishing: Finishing) -> None:
        """Have something finish when the main thread has ended; nothing is kept alive by that.

        A forked process has an end of its own, and forgets what its parent was to finish.
        """
        with self._watched():
            self._finishing.add(finishing)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the end up, for a minute at most, while models are loaded in this thread."""
        done = threading.Event()
        with self._watched() as loading:
            loading.add(done)
        try:
            yield
        finally:
            done.set()
            loading.discard(done)

    @contextmanager
    def _watched(self) -> Iterator[set[threading.Event]]:
        if self._process != os.getpid():
            self._begin()
        with self._lock:
            if not self._watching:
                self._watching = True
                with suppress(RuntimeError):  # the process is ending already
                    threading.Thread(target=self._finish, name="lc-guard-exit", daemon=False).start()
            yield self._loading

    def _finish(self) -> None:
        threading.main_thread().join()
        self.deadline(0)
        with self._lock:
            finishing, loading = list(self._finishing), list(self._loading)
        for each in finishing:
            each.begin()
        for each in finishing:
            each.finish()
        for done in loading:
            done.wait(max(0.0, self.deadline(_LOADING_SECONDS) - time.monotonic()))


END = ProcessEnd()
