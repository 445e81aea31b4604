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
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from lc_guard.errors import DetectorTimeout, GuardError, VaultError

T = TypeVar("T")
Plan = Generator["Together", list[Any], T]

_MAX_ABANDONED = 32


@dataclass(frozen=True, slots=True)
class Together:
    """Calls that may run at the same time.

    The plan is sent a list with each call's result, or the exception it raised, or a `DetectorTimeout`.

    Attributes:
        calls: What to call.
        timeout: Seconds that all of them have; None for no limit.
        waits: Whether they may block; if not they are called where the plan runs.
    """

    calls: Sequence[Callable[[], Any]]
    timeout: float | None = None
    waits: bool = True


class Driver:
    """Runs plans; shared by all threads and event loops.

    Calls that outlive their deadline can't be stopped, only left alone: their threads are daemons. When too many are
    still at work, new ones are refused at once, so that a detector that hangs does not eat the process.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._abandoned = 0

    def run(self, plan: Plan[T]) -> T:
        """Run a plan in this thread and give what it returns."""
        results: list[Any] | None = None
        try:
            while True:
                step = plan.send(results) if results is not None else next(plan)
                results = self._wait(step)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        finally:
            plan.close()

    async def arun(self, plan: Plan[T]) -> T:
        """Run a plan on the running event loop, without blocking it, and give what it returns."""
        results: list[Any] | None = None
        try:
            while True:
                step = plan.send(results) if results is not None else next(plan)
                results = await self._await(step)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        finally:
            plan.close()

    def _wait(self, step: Together) -> list[Any]:
        if not step.waits or (step.timeout is None and len(step.calls) == 1):
            return [_result(call) for call in step.calls]
        futures = [self._start(call) for call in step.calls]
        concurrent.futures.wait(futures, timeout=step.timeout)
        return [self._collect(future, step.timeout) for future in futures]

    async def _await(self, step: Together) -> list[Any]:
        if not step.waits:
            return [_result(call) for call in step.calls]
        futures = [self._start(call) for call in step.calls]
        waiting = [asyncio.wrap_future(future) for future in futures]
        try:
            await asyncio.wait(waiting, timeout=step.timeout)
        except asyncio.CancelledError:
            for future in futures:
                if not future.done():
                    self._collect(future, None)
            raise
        finally:
            # nobody may be told of a late answer: its loop may be closed by then, and a log line shows the error's text
            for wrapped in waiting:
                _ = wrapped.cancel() or wrapped.cancelled() or wrapped.exception()
        return [self._collect(future, step.timeout) for future in futures]

    def _start(self, call: Callable[[], Any]) -> concurrent.futures.Future[Any]:
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        future.set_running_or_notify_cancel()
        with self._lock:
            refused = self._abandoned >= _MAX_ABANDONED
        if refused:
            future.set_result(DetectorTimeout(f"{_MAX_ABANDONED} earlier calls are still hanging; nothing was started"))
            return future
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(_settle, future, call), name="lc-guard", daemon=True).start()
        return future

    def _collect(self, future: concurrent.futures.Future[Any], timeout: float | None) -> Any:
        if future.done():
            return future.result()
        with self._lock:
            self._abandoned += 1
        future.add_done_callback(self._came_back)
        return DetectorTimeout(f"no answer within {timeout:g} s" if timeout is not None else "cancelled")

    def _came_back(self, _: concurrent.futures.Future[Any]) -> None:
        with self._lock:
            self._abandoned -= 1


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
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    if place is None:
        return type(error).__name__
    file = place.tb_frame.f_code.co_filename.replace("\\", "/").rsplit("/", 1)[-1]
    return f"{type(error).__name__} at {file}:{place.tb_lineno}"


def milliseconds_since(started: float) -> float:
    """Give the milliseconds since a reading of `time.perf_counter`."""
    return (time.perf_counter() - started) * 1000
