"""The two ways to run one flow: in this thread, or on an event loop that must not wait.

A flow yields calls that may wait or compute for long. The sync way runs them in threads under one deadline, the async
way does the same without blocking its loop; the flow knows nothing of it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import os
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from lc_guard._engine.failures import is_control_flow
from lc_guard._engine.flow import Flow, Gather, LeaveLoop, Notify, Skipped
from lc_guard._forks import ForkLock, around_forks
from lc_guard._progress import REPORT, Progress
from lc_guard.errors import DetectorTimeout

T = TypeVar("T")
F = TypeVar("F", concurrent.futures.Future[Any], asyncio.Future[Any])

_MAX_ABANDONED = 32
_GRACE = 0.5  # seconds that a cancelled task has to end
# Calls in threads for one event loop; others wait for their turn, before their time begins to run. A thread that has
# answered may not rest yet when the next is needed, so that there are twice as many at most.
_MOST_AT_ONCE = 16
_IDLE_SECONDS = 0.5  # after which a thread ends: a process that has nothing to check has no thread of ours


class FlowRunner:
    """Runs flows; shared by all threads and event loops.

    Calls that outlive their deadline can't be stopped, only left alone: their threads are daemons. When too many are
    still at work, new ones are refused at once, so that a detector that hangs does not eat the process.
    """

    def __init__(self) -> None:
        self._lock = ForkLock()
        self._threads = DaemonThreadPool()
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, _Turns] = WeakKeyDictionary()
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

    async def arun(self, flow: Flow[T], tell: Callable[[Any], Awaitable[object]] | None = None) -> T:
        """Async version of `run`.

        Raises:
            DetectorTimeout: If what the flow does in threads, after it has left the loop, takes too long.
        """
        atell = tell or _tell_nobody
        results: Any = None
        away: _AwayFlow | None = None
        try:
            while True:
                effect = flow.send(results) if away is None else await self._in_turn(1, away.advance(results))
                results = []
                if isinstance(effect, Notify):
                    for event in effect.events:
                        await atell(event)
                elif isinstance(effect, LeaveLoop):
                    away = _AwayFlow(flow, effect.timeout, self._start, self._abandon)
                elif effect.waits or away is not None:
                    threads = sum(not hasattr(call, "acall") for call in effect.calls)
                    results = await self._in_turn(threads, self._agather(effect, atell))
                else:
                    results = await _aone_by_one(effect, atell)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        except _Ended as ended:
            return ended.value  # type: ignore[no-any-return]
        finally:
            if away is None or not away.left:
                flow.close()

    async def _in_turn(self, threads: int, work: Coroutine[Any, Any, T]) -> T:
        """Wait until so many threads may be taken on this loop, then do the work.

        What is asked within a turn, by a detector or by who is told of events, has no turn of its own: it may be what
        the turn waits for.
        """
        if not threads or _WITHIN_TURN.get():
            return await work
        turns = self._turns.setdefault(asyncio.get_running_loop(), _Turns(_MOST_AT_ONCE))
        try:
            taken = await turns.take(threads)
        except BaseException:
            work.close()
            raise
        within = _WITHIN_TURN.set(True)
        try:
            return await work
        finally:
            _WITHIN_TURN.reset(within)
            turns.give_back(taken)

    def _gather(self, step: Gather, tell: Callable[[Any], object]) -> list[Any]:
        if not step.waits or (len(step.calls) == 1 and _timeouts(step) == [None]):
            results = []
            for events, result in _one_by_one(step):
                results.append(result)
                for event in events:
                    tell(event)
            return results
        progress = [Progress() for _ in step.calls]
        started = {self._start(call, progress[number]): number for number, call in enumerate(step.calls)}
        pending = _PendingCalls(step, started, progress)
        try:
            while pending.open:
                done, _ = concurrent.futures.wait(
                    pending.open, timeout=pending.seconds(), return_when=concurrent.futures.FIRST_COMPLETED
                )
                for event in pending.settle(done):
                    tell(event)
        finally:
            for future in pending.leave():
                self._abandon(future)
        return pending.results

    async def _agather(self, step: Gather, tell: Callable[[Any], Awaitable[object]]) -> list[Any]:
        threads: dict[asyncio.Future[Any], concurrent.futures.Future[Any]] = {}
        numbers: dict[asyncio.Future[Any], int] = {}
        progress = [Progress() for _ in step.calls]
        for number, call in enumerate(step.calls):
            if hasattr(call, "acall"):
                numbers[asyncio.ensure_future(_aresult(call.acall, progress[number]))] = number
            else:
                thread = self._start(call, progress[number])
                wrapped = asyncio.wrap_future(thread)
                threads[wrapped] = thread
                numbers[wrapped] = number
        pending = _PendingCalls(step, numbers, progress)
        try:
            while pending.open:
                done, _ = await asyncio.wait(
                    pending.open, timeout=pending.seconds(), return_when=asyncio.FIRST_COMPLETED
                )
                for event in pending.settle(done):
                    await tell(event)
        finally:
            left = pending.leave()
            for future in left:
                if future in threads:
                    self._abandon(threads[future])
            tasks = [future for future in left if future not in threads and future.cancel()]
            if tasks:
                # what they hold is given back before the call ends; what refuses to be cancelled is left alone
                await asyncio.wait(tasks, timeout=_GRACE)
            # nobody may be told of a late answer: its loop may be closed by then, and a log line shows the error's text
            for wrapped in numbers:
                _ = wrapped.cancel() or wrapped.cancelled() or wrapped.exception()
        return pending.results

    def _start(self, call: Callable[[], Any], progress: Progress) -> concurrent.futures.Future[Any]:
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        future.set_running_or_notify_cancel()
        with self._lock:
            refused = self._abandoned >= _MAX_ABANDONED
        if refused:
            future.set_result(DetectorTimeout(f"{_MAX_ABANDONED} earlier calls are still hanging; nothing was started"))
            return future
        self._threads.run(partial(contextvars.copy_context().run, _settle, future, call, progress))
        return future

    def _abandon(self, future: concurrent.futures.Future[Any]) -> None:
        if future.done():
            return
        with self._lock:
            self._abandoned += 1
        future.add_done_callback(self._came_back)

    def _came_back(self, _: concurrent.futures.Future[Any]) -> None:
        with self._lock:
            self._abandoned -= 1


_WITHIN_TURN: ContextVar[bool] = ContextVar("lc_guard_within_turn", default=False)


class _Turns:
    """How many threads one event loop may have at work: who comes first is served first."""

    def __init__(self, most: int) -> None:
        self._most = self._free = most
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, threads: int) -> int:
        """Wait until so many are free, and return how many were taken: never more than there are."""
        threads = min(threads, self._most)
        if not self._waiting and threads <= self._free:
            self._free -= threads
            return threads
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((threads, turn))
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.give_back(threads)
            else:
                self._waiting.remove((threads, turn))
                self.give_back(0)  # who waited behind a large one may go
            raise
        return threads

    def give_back(self, threads: int) -> None:
        """Let the next ones have their turn."""
        self._free += threads
        while self._waiting and self._waiting[0][0] <= self._free:
            taken, turn = self._waiting.popleft()
            if not turn.done():
                self._free -= taken
                turn.set_result(None)


class _Ended(Exception):
    """A flow that is driven in threads has returned; a StopIteration is refused by futures."""

    def __init__(self, value: Any) -> None:
        self.value = value
        super().__init__()


class _AwayFlow:
    """A flow that is driven in threads, one step after the other, each within a time.

    Attributes:
        left: Whether a step was left alone while it ran: the flow is closed when it comes back.
    """

    def __init__(
        self,
        flow: Flow[Any],
        timeout: float | None,
        start: Callable[[Callable[[], Any], Progress], concurrent.futures.Future[Any]],
        abandon: Callable[[concurrent.futures.Future[Any]], None],
    ) -> None:
        self.left = False
        self._flow = flow
        self._timeout = timeout
        self._start = start
        self._abandon = abandon

    async def advance(self, results: Any) -> Any:
        """Drive the flow to its next effect, or raise what it raises.

        Raises:
            _Ended: If it has returned.
            DetectorTimeout: If the step, or a part of it, took longer than it may.
        """
        progress = Progress()
        thread = self._start(partial(self._step, results), progress)
        wrapped = asyncio.wrap_future(thread)
        rest = self._timeout
        try:
            while not wrapped.done() and (rest is None or rest > 0):
                await asyncio.wait([wrapped], timeout=rest)
                rest = None if self._timeout is None else progress.since + self._timeout - time.monotonic()
        finally:
            if not wrapped.done():
                self.left = progress.left = True
                self._abandon(thread)
                thread.add_done_callback(lambda _: self._flow.close())
                wrapped.cancel()
        if self.left:
            raise DetectorTimeout(
                f"hiding took longer than {self._timeout:g} s; shorten the text, or raise the timeout"
            )
        outcome = wrapped.result()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _step(self, results: Any) -> Any:
        try:
            return self._flow.send(results)
        except StopIteration as stop:
            return _Ended(stop.value)


class _PendingCalls(Generic[F]):
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


def _one_by_one(step: Gather) -> Iterator[tuple[Iterable[Any], Any]]:
    """Call one after the other; yields the events and the result of each."""
    needed = True
    for number, call in enumerate(step.calls):
        result = _result(call) if needed else Skipped("others had said enough")
        yield step.on_result(number, result) if step.on_result is not None else (), result
        needed = needed and not (step.stop_early is not None and step.stop_early())


async def _aone_by_one(step: Gather, tell: Callable[[Any], Awaitable[object]]) -> list[Any]:
    results = []
    for events, result in _one_by_one(step):
        results.append(result)
        for event in events:
            await tell(event)
    return results


async def _tell_nobody(_: Any) -> None:
    """Stands for whoever watches where nobody does."""


async def _aresult(call: Callable[[], Awaitable[Any]], progress: Progress) -> Any:
    REPORT.set(progress.report)
    try:
        return await call()
    except Exception as error:
        if is_control_flow(error):
            raise
        return error


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
