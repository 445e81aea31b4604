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

from lc_guard._forks import ForkLock

_LOADING_SECONDS = 60.0
_GRACE = 5.0


class Finishing(Protocol):
    """Something with work to finish before the process ends."""

    def begin(self) -> object:
        """Begin with it; others begin at the same time."""

    def finish(self) -> bool:
        """Wait for it, within `ProcessEnd.deadline`; tell whether it is done."""


class ProcessEnd:
    """The end of the process, which begins once: all that wait do so within one limit, not one after the other.

    Attributes:
        over: Whether the time is over and something is not done: no model may be used any more.
    """

    def __init__(self) -> None:
        self.over = False
        self._began: float | None = None
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = ForkLock()
        self._watching = False
        self._finishing: weakref.WeakSet[Finishing] = weakref.WeakSet()
        self._held: set[threading.Event] = set()

    def deadline(self, seconds: float) -> float:
        """Return the reading of `time.monotonic` at which a wait of so many seconds from the beginning is over."""
        if self._began is None:
            self._began = time.monotonic()
        return self._began + seconds

    def await_before(self, finishing: Finishing) -> None:
        """Have something finish when the main thread has ended; nothing is kept alive by that.

        A forked process has an end of its own, and forgets what its parent was to finish.
        """
        with self._watched():
            self._finishing.add(finishing)

    def hold(self) -> threading.Event:
        """Hold the end up, for a minute at most, because models are being loaded or used; `release` ends it."""
        done = threading.Event()
        with self._watched():
            self._held.add(done)
        return done

    def release(self, done: threading.Event) -> None:
        """End what `hold` began."""
        done.set()
        self._held.discard(done)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the end up for the time of a block."""
        done = self.hold()
        try:
            yield
        finally:
            self.release(done)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        if self._process != os.getpid():
            self._begin()
        with self._lock:
            if not self._watching and threading.main_thread().is_alive():
                self._watching = True
                with suppress(RuntimeError):  # the process is ending already
                    threading.Thread(target=self._finish, name="lc-guard-exit", daemon=False).start()
            yield

    def _finish(self) -> None:
        threading.main_thread().join()
        # Loading first, and not in the time that the others have: without models nothing of theirs can be done.
        self._await_held(_LOADING_SECONDS)
        self.deadline(0)
        with self._lock:
            finishing = list(self._finishing)
        for each in finishing:
            each.begin()
        done = [each.finish() for each in finishing]
        if not all(done):
            self.over = True
            self._await_held(_GRACE)

    def _await_held(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        with self._lock:
            held = list(self._held)
        for done in held:
            done.wait(max(0.0, deadline - time.monotonic()))


END = ProcessEnd()
