"""The two ways to run one flow: in this thread, or on an event loop that must not wait.

A flow yields calls that may wait or compute for long. The sync way runs them in threads under one deadline, the async
way does the same without blocking its loop; the flow knows nothing of it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from lc_guard._engine.failures import is_control_flow
from lc_guard._engine.flow import Flow, Gather, LeaveLoop, Notify
from lc_guard._engine.thread_runner import PendingCalls, ThreadRunner, one_by_one
from lc_guard._progress import REPORT, Progress
from lc_guard.errors import DetectorTimeout

T = TypeVar("T")

_GRACE = 0.5  # seconds that a cancelled task has to end
# Calls in threads for one event loop; others wait for their turn, before their time begins to run. A thread that has
# answered may not rest yet when the next is needed, so that there are twice as many at most.
_MOST_AT_ONCE = 16


class FlowRunner(ThreadRunner):
    """Runs flows; shared by all threads and event loops."""

    def __init__(self) -> None:
        super().__init__()
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, _Turns] = WeakKeyDictionary()

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
                    away = _AwayFlow(flow, effect.timeout, self)
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

    async def _agather(self, step: Gather, tell: Callable[[Any], Awaitable[object]]) -> list[Any]:
        threads: dict[asyncio.Future[Any], concurrent.futures.Future[Any]] = {}
        numbers: dict[asyncio.Future[Any], int] = {}
        progress = [Progress() for _ in step.calls]
        for number, call in enumerate(step.calls):
            if hasattr(call, "acall"):
                numbers[asyncio.ensure_future(_aresult(call.acall, progress[number]))] = number
            else:
                thread = self.start(call, progress[number])
                wrapped = asyncio.wrap_future(thread)
                threads[wrapped] = thread
                numbers[wrapped] = number
        pending = PendingCalls(step, numbers, progress)
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
                    self.abandon(threads[future])
            tasks = [future for future in left if future not in threads and future.cancel()]
            if tasks:
                # what they hold is given back before the call ends; what refuses to be cancelled is left alone
                await asyncio.wait(tasks, timeout=_GRACE)
            # nobody may be told of a late answer: its loop may be closed by then, and a log line shows the error's text
            for wrapped in numbers:
                _ = wrapped.cancel() or wrapped.cancelled() or wrapped.exception()
        return pending.results


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

    def __init__(self, flow: Flow[Any], timeout: float | None, runner: ThreadRunner) -> None:
        self.left = False
        self._flow = flow
        self._timeout = timeout
        self._runner = runner

    async def advance(self, results: Any) -> Any:
        """Drive the flow to its next effect, or raise what it raises.

        Raises:
            _Ended: If it has returned.
            DetectorTimeout: If the step, or a part of it, took longer than it may.
        """
        progress = Progress()
        thread = self._runner.start(partial(self._step, results), progress)
        wrapped = asyncio.wrap_future(thread)
        rest = self._timeout
        try:
            while not wrapped.done() and (rest is None or rest > 0):
                await asyncio.wait([wrapped], timeout=rest)
                rest = None if self._timeout is None else progress.since + self._timeout - time.monotonic()
        finally:
            if not wrapped.done():
                self.left = progress.left = True
                self._runner.abandon(thread)
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


async def _aone_by_one(step: Gather, tell: Callable[[Any], Awaitable[object]]) -> list[Any]:
    results = []
    for events, result in one_by_one(step):
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
