"""Plans: logic that says what may wait, and leaves the waiting to whoever runs it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from lc_guard.errors import GuardError

T = TypeVar("T")
Plan = Generator["Together", list[Any], T]
"""A generator that yields calls, is sent their results, and returns a T."""


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
