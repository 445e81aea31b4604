"""The sync way to run a flow: the calls that it yields in threads, under one deadline."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from lc_guard._engine.failures import is_control_flow
from lc_guard._engine.flow import Flow, Gather, Notify, Skipped
from lc_guard._forks import ForkLock, around_forks
from lc_guard._progress import REPORT, Progress
from lc_guard.errors import DetectorTimeout

T = TypeVar("T")
F = TypeVar("F", concurrent.futures.Future[Any], asyncio.Future[Any])

_MAX_ABANDONED = 32
_IDLE_SECONDS = 0.5  # after which a thread ends: a process that has nothing to check has no thread of ours


class ThreadRunner:
    """Runs flows in the caller's thread; shared by all threads.

    Calls that outlive their deadline can't be stopped, only left alone: their threads are daemons. When too many are
    still at work, new ones are refused at once, so that a detector that hangs does not eat the process.
    """

    def __init__(self) -> None:
        self._lock = ForkLock()
        self._threads = DaemonThreadPool()
        self._abandoned = 0
        around_forks("after_in_child", self._begin)

    def _begin(self) -> None:
        self._abandoned = 0  # a forked process has none of its parent's threads

    def run(self, flow: Flow[T], tell: Callable[[Any], object] = lambda _: None) -> T:
        """Run a flow in this thread and return what it returns; `tell` is given its events as they arise."""
        results: Any = None  # a generator begins by being sent None
        try:
            while True:
                effect = flow.send(results)
                results = []
                if isinstance(effect, Gather):
                    results = self._gather(effect, tell)
                elif isinstance(effect, Notify):
                    for event in effect.events:
                        tell(event)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        finally:
            flow.close()

    def _gather(self, step: Gather, tell: Callable[[Any], object]) -> list[Any]:
        if not step.waits or (len(step.calls) == 1 and _timeouts(step) == [None]):
            results = []
            for events, result in one_by_one(step):
                results.append(result)
                for event in events:
                    tell(event)
            return results
        progress = [Progress() for _ in step.calls]
        started = {self.start(call, progress[number]): number for number, call in enumerate(step.calls)}
        pending = PendingCalls(step, started, progress)
        try:
            while pending.open:
                done, _ = concurrent.futures.wait(
                    pending.open, timeout=pending.seconds(), return_when=concurrent.futures.FIRST_COMPLETED
                )
                for event in pending.settle(done):
                    tell(event)
        finally:
            for future in pending.leave():
                self.abandon(future)
        return pending.results

    def start(self, call: Callable[[], Any], progress: Progress) -> concurrent.futures.Future[Any]:
        """Start a call in a thread; it is refused where too many hang."""
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        future.set_running_or_notify_cancel()
        with self._lock:
            refused = self._abandoned >= _MAX_ABANDONED
        if refused:
            future.set_result(DetectorTimeout(f"{_MAX_ABANDONED} earlier calls are still hanging; nothing was started"))
            return future
        self._threads.run(partial(contextvars.copy_context().run, _settle, future, call, progress))
        return future

    def abandon(self, future: concurrent.futures.Future[Any]) -> None:
        """Note that nobody waits for a call any more."""
        if future.done():
            return
        with self._lock:
            self._abandoned += 1
        future.add_done_callback(self._came_back)

    def _came_back(self, _: concurrent.futures.Future[Any]) -> None:
        with self._lock:
            self._abandoned -= 1


class PendingCalls(Generic[F]):
    """Calls under way: until when each is waited for, and what it came to. The same for threads and for tasks.

    Attributes:
        open: Futures that are waited for.
        results: Results by number.
    """

    def __init__(self, step: Gather, numbers: Mapping[F, int], progress: Sequence[Progress]) -> None:
        self.open: set[F] = set(numbers)
        self.results: list[Any] = [None] * len(step.calls)
        self._step = step
        self._numbers: Mapping[F, int] = numbers
        self._progress = progress
        self._timeouts = _timeouts(step)

    def leave(self) -> list[F]:
        """Tell the calls that are still at work that nobody waits for them, and return their futures."""
        left = [future for future in self._numbers if not future.done()]
        for future in left:
            self._progress[self._numbers[future]].left = True
            if hasattr(call := self._step.calls[self._numbers[future]], "stop"):
                call.stop()
        return left

    def seconds(self) -> float | None:
        """Return the seconds until the next deadline, or None."""
        ends = [end for future in self.open if (end := self._end(future)) is not None]
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def settle(self, done: Iterable[F]) -> Iterator[Any]:
        """Take calls that have ended, and those whose time is up; yields their events."""
        for future in done:
            yield from self._settle(future, future.result())
        if self._step.stop_early is not None and self._step.stop_early():
            for future in list(self.open):
                yield from self._settle(future, Skipped("others had said enough"))
        now = time.monotonic()
        for future in list(self.open):
            end = self._end(future)
            if end is not None and end <= now:
                timeout = round(self._timeouts[self._numbers[future]] or 0.0, 3)
                yield from self._settle(future, DetectorTimeout(f"no answer within {timeout:g} s"))

    def _end(self, future: F) -> float | None:
        """Return until when the part of a call that is at work has time, or None."""
        number = self._numbers[future]
        seconds = self._timeouts[number]
        return None if seconds is None else self._progress[number].since + seconds

    def _settle(self, future: F, result: Any) -> Iterable[Any]:
        number = self._numbers[future]
        self.open.discard(future)
        self.results[number] = result
        return self._step.on_result(number, result) if self._step.on_result is not None else ()


def _timeouts(step: Gather) -> list[float | None]:
    """Return the seconds that each call has, by its own limit and that of all; None for no limit."""
    own = [getattr(call, "timeout", None) for call in step.calls]
    return [min((t for t in (seconds, step.timeout) if t is not None), default=None) for seconds in own]


def one_by_one(step: Gather) -> Iterator[tuple[Iterable[Any], Any]]:
    """Call one after the other; yields the events and the result of each."""
    needed = True
    for number, call in enumerate(step.calls):
        result = _result(call) if needed else Skipped("others had said enough")
        yield step.on_result(number, result) if step.on_result is not None else (), result
        needed = needed and not (step.stop_early is not None and step.stop_early())


def _settle(future: concurrent.futures.Future[Any], call: Callable[[], Any], progress: Progress) -> None:
    REPORT.set(progress.report)
    try:
        future.set_result(_result(call))
    except BaseException as error:  # noqa: BLE001 - raised again where the answer is collected
        future.set_exception(error)


def _result(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        if is_control_flow(error):
            raise
        return error


class DaemonThreadPool:
    """Runs calls in daemon threads, an idle one if there is any: an event loop then waits for no thread to start.

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
            thread = self._idle.pop() if self._idle else None
        if thread is None or not thread.take(call):
            try:
                _Thread(call, self._rest, self._leave).start()
            except RuntimeError:
                if threading.main_thread().is_alive():
                    raise
                call()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = ForkLock()
        self._idle: deque[_Thread] = deque()

    def _rest(self, thread: _Thread) -> None:
        with self._lock:
            self._idle.append(thread)

    def _leave(self, thread: _Thread) -> None:
        with self._lock:
            if thread in self._idle:
                self._idle.remove(thread)


class _Thread(threading.Thread):
    """One thread: does a call, rests, and ends if no other comes."""

    def __init__(
        self, call: Callable[[], None], rest: Callable[[_Thread], None], leave: Callable[[_Thread], None]
    ) -> None:
        super().__init__(name="lc-guard", daemon=True)
        self._call: Callable[[], None] | None = call
        self._rest = rest
        self._leave = leave
        self._wake = threading.Condition()
        self._ended = False

    def take(self, call: Callable[[], None]) -> bool:
        """Take a call and return whether it will be done: a thread that just ended does nothing."""
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
