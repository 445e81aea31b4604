"""The two ways to run one plan: in this thread, or on an event loop that must not wait.

A plan is a generator that yields `Together`: calls that may wait or compute for long. The sync driver runs them in
threads under one deadline, the async driver does the same without blocking its loop; the plan knows nothing of it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import threading
import time
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Generic, TypeVar

from lc_guard.errors import DetectorTimeout, GuardError, MissingExtra, ModelUnavailable, VaultError
from lc_guard.workers import Workers

T = TypeVar("T")
F = TypeVar("F", concurrent.futures.Future[Any], asyncio.Future[Any])
Plan = Generator["Together", list[Any], T]

_MAX_ABANDONED = 32
_GRACE = 0.5  # seconds that a cancelled task has to end


@dataclass(frozen=True, slots=True)
class Together:
    """Calls that may run at the same time.

    The plan is sent a list with each call's result, or the exception it raised, or a `DetectorTimeout`, or `NotNeeded`.

    A call may be more than a function: one with a coroutine function ``acall`` is awaited on an event loop instead of
    run in a thread; its ``timeout`` (seconds or None) is its own beside that of all; its ``stop()`` is called when
    nobody waits for it any longer.

    Attributes:
        calls: What to call.
        timeout: Seconds that all of them have; None for no limit.
        waits: Whether they may block; if not they are called one after the other where the plan runs.
        notes: What is told to whoever watches before they are called.
        done: Called with the number and the result of each call that has ended; gives what is told of it.
        enough: Tells after each call whether the others are needed no longer.
    """

    calls: Sequence[Callable[[], Any]]
    timeout: float | None = None
    waits: bool = True
    notes: Sequence[Any] = ()
    done: Callable[[int, Any], Iterable[Any]] | None = None
    enough: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A call with a deadline of its own.

    Attributes:
        function: What is called.
        timeout: Seconds that it has; None for no limit.
    """

    function: Callable[[], Any]
    timeout: float | None = None

    def __call__(self) -> Any:
        """Call it."""
        return self.function()


class NotNeeded(GuardError):
    """Stands for the result of a call that was given up because others had said enough."""


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
        if not step.waits or (len(step.calls) == 1 and _timeouts(step) == [None]):
            results = []
            for done, result in _one_by_one(step):
                results.append(result)
                for note in done:
                    tell(note)
            return results
        running = _Running(step, {self._start(call): number for number, call in enumerate(step.calls)})
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
        running = _Running(step, numbers)
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


class _Running(Generic[F]):
    """Calls under way: which are open, until when, and what became of the others.

    Attributes:
        open: Futures that are waited for.
        results: Results by number.
    """

    def __init__(self, step: Together, numbers: Mapping[F, int]) -> None:
        now = time.monotonic()
        self.open: set[F] = set(numbers)
        self.results: list[Any] = [None] * len(step.calls)
        self._step = step
        self._numbers: Mapping[F, int] = numbers
        self._timeouts = _timeouts(step)
        self._ends = [None if seconds is None else now + seconds for seconds in self._timeouts]

    def leave(self) -> list[F]:
        """Tell the calls that are still at work that nobody waits for them, and give their futures."""
        left = [future for future in self._numbers if not future.done()]
        for future in left:
            if hasattr(call := self._step.calls[self._numbers[future]], "stop"):
                call.stop()
        return left

    def seconds(self) -> float | None:
        """Give the seconds until the next deadline, or None."""
        ends = [end for future in self.open if (end := self._ends[self._numbers[future]]) is not None]
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def settle(self, done: Iterable[F]) -> Iterator[Any]:
        """Take calls that have ended, and those whose time is up; gives what is to be told of them."""
        for future in done:
            yield from self._settle(future, future.result())
        if self._step.enough is not None and self._step.enough():
            for future in list(self.open):
                yield from self._settle(future, NotNeeded("others had said enough"))
        now = time.monotonic()
        for future in list(self.open):
            end = self._ends[self._numbers[future]]
            if end is not None and end <= now:
                timeout = round(self._timeouts[self._numbers[future]] or 0.0, 3)
                yield from self._settle(future, DetectorTimeout(f"no answer within {timeout:g} s"))

    def _settle(self, future: F, result: Any) -> Iterable[Any]:
        number = self._numbers[future]
        self.open.discard(future)
        self.results[number] = result
        return self._step.done(number, result) if self._step.done is not None else ()


def _timeouts(step: Together) -> list[float | None]:
    own = [getattr(call, "timeout", None) for call in step.calls]
    return [min((t for t in (seconds, step.timeout) if t is not None), default=None) for seconds in own]


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


def ask_vault(call: Callable[[], T]) -> T:
    """Ask a vault; a foreign error may hold raw values, so that only its type and place are told.

    Raises:
        VaultError: If the vault fails.
    """
    try:
        return call()
    except GuardError:
        raise
    except Exception as error:
        if is_control_flow(error):
            raise
        raise VaultError(f"the vault failed: {where(error)}") from None


def is_control_flow(error: BaseException) -> bool:
    """Tell whether an exception is LangGraph's way to leave a node (interrupts, commands): never to be swallowed."""
    return any(base.__name__ == "GraphBubbleUp" for base in type(error).__mro__)


def where(error: BaseException) -> str:
    """Name an error by its type and the place it came from: the only things of it that hold no user text."""
    place = _origin(error)
    if place is None:
        return type(error).__name__
    file = place.tb_frame.f_code.co_filename.replace("\\", "/").rsplit("/", 1)[-1]
    return f"{type(error).__name__} at {file}:{place.tb_lineno}"


def holds_no_text(error: BaseException) -> bool:
    """Tell whether the message of an error is known to hold no user text.

    So it is where it is an error of this package and was raised by its own code, or tells of what can't be loaded: what
    somebody else's detector or scanner writes into a `GuardError` may quote what it looked at.
    """
    if not isinstance(error, GuardError):
        return False
    place = _origin(error)
    ours = place is None or str(place.tb_frame.f_globals.get("__name__", "")).partition(".")[0] == __package__
    return ours or isinstance(error, MissingExtra | ModelUnavailable)


def _origin(error: BaseException) -> TracebackType | None:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return place


def milliseconds_since(started: float) -> float:
    """Give the milliseconds since a reading of `time.perf_counter`."""
    return (time.perf_counter() - started) * 1000
