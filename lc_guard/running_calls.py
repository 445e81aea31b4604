"""Calls under way: until when each is waited for, and what it came to. The same for threads and for tasks."""

from __future__ import annotations

import asyncio
import concurrent.futures
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from lc_guard.errors import DetectorTimeout
from lc_guard.plans import NotNeeded, Together

F = TypeVar("F", concurrent.futures.Future[Any], asyncio.Future[Any])


class RunningCalls(Generic[F]):
    """The calls of a step that were started.

    Args:
        step: What they are part of.
        numbers: The future of each call, with the call's number.

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
        self._timeouts = timeouts(step)
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


def timeouts(step: Together) -> list[float | None]:
    """Give the seconds that each call of a step has, by its own limit and that of all; None for no limit."""
    own = [getattr(call, "timeout", None) for call in step.calls]
    return [min((t for t in (seconds, step.timeout) if t is not None), default=None) for seconds in own]
