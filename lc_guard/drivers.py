"""The two ways to run one plan: in this thread, or on an event loop that must not wait.

A plan yields calls that may wait or compute for long. The sync driver runs them in threads under one deadline, the
async driver does the same without blocking its loop; the plan knows nothing of it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from typing import Any, TypeVar

from lc_guard.errors import DetectorTimeout
from lc_guard.foreign_errors import is_control_flow
from lc_guard.plans import NotNeeded, Plan, Together
from lc_guard.running_calls import RunningCalls, timeouts
from lc_guard.workers import Workers

T = TypeVar("T")

_MAX_ABANDONED = 32
_GRACE = 0.5  # seconds that a cancelled task has to end


class Driver:
    """Runs plans; shared by all threads and event loops.

    Calls that outlive their deadline can't be stopped, only left alone: their threads are daemons. When too many are
    still at work, new ones are refused at once, so that a detector that hangs does not eat the process.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers = Workers()
        self._abandoned = 0

    def run(self, plan: Plan[T], tell: Callable[[Any], object] = lambda _: None) -> T:
        """Run a plan in this thread and give what it returns.

        Args:
            plan: The plan.
            tell: Is given the plan's notes as they arise.
        """
        results: list[Any] | None = None
        try:
            while True:
                step = plan.send(results) if results is not None else next(plan)
                results = self._wait(step, tell)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        finally:
            plan.close()

    async def arun(self, plan: Plan[T], tell: Callable[[Any], Awaitable[object]] | None = None) -> T:
        """Run a plan on the running event loop, without blocking it, and give what it returns."""
        results: list[Any] | None = None
        try:
            while True:
                step = plan.send(results) if results is not None else next(plan)
                results = await self._await(step, tell or _tell_nobody)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        finally:
            plan.close()

    def _wait(self, step: Together, tell: Callable[[Any], object]) -> list[Any]:
        for note in step.notes:
            tell(note)
        if not step.waits or (len(step.calls) == 1 and timeouts(step) == [None]):
            results = []
            for done, result in _one_by_one(step):
                results.append(result)
                for note in done:
                    tell(note)
            return results
        running = RunningCalls(step, {self._start(call): number for number, call in enumerate(step.calls)})
        try:
            while running.open:
                done, _ = concurrent.futures.wait(
                    running.open, timeout=running.seconds(), return_when=concurrent.futures.FIRST_COMPLETED
                )
                for note in running.settle(done):
                    tell(note)
        finally:
            for future in running.leave():
                self._abandon(future)
        return running.results

    async def _await(self, step: Together, tell: Callable[[Any], Awaitable[object]]) -> list[Any]:
        for note in step.notes:
            await tell(note)
        if step.waits:
            return await self._await_all(step, tell)
        results = []
        for done, result in _one_by_one(step):
            results.append(result)
            for note in done:
                await tell(note)
        return results

    async def _await_all(self, step: Together, tell: Callable[[Any], Awaitable[object]]) -> list[Any]:
        threads: dict[asyncio.Future[Any], concurrent.futures.Future[Any]] = {}
        numbers: dict[asyncio.Future[Any], int] = {}
        for number, call in enumerate(step.calls):
            if hasattr(call, "acall"):
                numbers[asyncio.ensure_future(_aresult(call.acall))] = number
            else:
                thread = self._start(call)
                wrapped = asyncio.wrap_future(thread)
                threads[wrapped] = thread
                numbers[wrapped] = number
        running = RunningCalls(step, numbers)
        try:
            while running.open:
                done, _ = await asyncio.wait(
                    running.open, timeout=running.seconds(), return_when=asyncio.FIRST_COMPLETED
                )
                for note in running.settle(done):
                    await tell(note)
        finally:
            left = running.leave()
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
        return running.results

    def _start(self, call: Callable[[], Any]) -> concurrent.futures.Future[Any]:
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        future.set_running_or_notify_cancel()
        with self._lock:
            refused = self._abandoned >= _MAX_ABANDONED
        if refused:
            future.set_result(DetectorTimeout(f"{_MAX_ABANDONED} earlier calls are still hanging; nothing was started"))
            return future
        self._workers.run(partial(contextvars.copy_context().run, _settle, future, call))
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


def _one_by_one(step: Together) -> Iterator[tuple[Iterable[Any], Any]]:
    needed = True
    for number, call in enumerate(step.calls):
        result = _result(call) if needed else NotNeeded("others had said enough")
        yield step.done(number, result) if step.done is not None else (), result
        needed = needed and not (step.enough is not None and step.enough())


async def _tell_nobody(_: Any) -> None:
    """Stands for whoever watches where nobody does."""


async def _aresult(call: Callable[[], Awaitable[Any]]) -> Any:
    try:
        return await call()
    except Exception as error:
        if is_control_flow(error):
            raise
        return error


def _settle(future: concurrent.futures.Future[Any], call: Callable[[], Any]) -> None:
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
