"""Flows: logic that says what may wait, and leaves the waiting to whoever runs it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from lc_guard.errors import GuardError

T = TypeVar("T")
Flow = Generator["Gather | Notify | LeaveLoop", list[Any], T]
"""A generator that yields effects, is sent their results, and returns a T."""


@dataclass(frozen=True, slots=True)
class Gather:
    """Calls that may run at the same time.

    The flow is sent a list with each call's result, or the exception it raised, or a `DetectorTimeout`, or `Skipped`.

    A call that says that a part of it is done (`lc_guard._progress`) has its time anew for the next part.
    A call may be more than a function: one with a coroutine function ``acall`` is awaited on an event loop instead of
    run in a thread; its ``timeout`` (seconds or None) is its own beside that of all; its ``stop()`` is called when
    nobody waits for it any longer.

    Attributes:
        calls: What to call.
        timeout: Seconds that all of them have; None for no limit.
        waits: Whether they may block; if not they are called one after the other where the flow runs.
        on_result: Called with the number and the result of each call that has ended; returns the events of it.
        stop_early: Tells after each call whether the others are needed no longer.
    """

    calls: Sequence[Callable[[], Any]]
    timeout: float | None = None
    waits: bool = True
    on_result: Callable[[int, Any], Iterable[Any]] | None = None
    stop_early: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True)
class Notify:
    """Events for whoever watches."""

    events: Sequence[Any]


@dataclass(frozen=True, slots=True)
class LeaveLoop:
    """What follows takes long: on an event loop the flow itself goes on in threads, and so do calls that don't wait.

    Attributes:
        timeout: Seconds that the flow may work from here on, from one effect to the next; None for no limit.
    """

    timeout: float | None


class Skipped(GuardError):
    """Stands for the result of a call that was given up because others had said enough."""


class CheckRun(Protocol):
    """One check under way: a scanner's over one request, or the detectors' over all.

    Attributes:
        calls: What is to be called, any number of it.
        instant: Whether the calls take microseconds on short texts.
        characters: How long the texts are together.
    """

    @property
    def calls(self) -> Sequence[Callable[[], Any]]: ...

    @property
    def instant(self) -> bool: ...

    @property
    def characters(self) -> int: ...

    def take(self, number: int, result: Any) -> Iterable[Any]:
        """Take what became of a call, and return the events of a check that has ended with it."""
        ...


LONG = 4_000
"""Characters from which work on texts is kept off an event loop: it takes milliseconds then."""

_MANY = 300  # parts of a value from which it counts as long, whatever they hold


def is_long(value: Any) -> bool:
    """Return whether the texts in a value are long or many; looks at no more than it must to tell."""
    waiting, characters, parts = [value], 0, 0
    while waiting:
        part = waiting.pop()
        parts += 1
        if isinstance(part, str | bytes | bytearray):
            characters += len(part)
        elif isinstance(part, Mapping):
            waiting += [*part.keys(), *part.values()] if len(part) < _MANY else [None] * _MANY
        elif isinstance(part, list | tuple | set | frozenset):
            waiting += part if len(part) < _MANY else [None] * _MANY
        elif isinstance(fields := getattr(part, "__dict__", None), dict) and not callable(part):
            waiting += fields.values()
        if characters > LONG or parts + len(waiting) > _MANY:
            return True
    return False
