"""How a long call says that it gets on: each part of it has the deadline, and nobody computes for one who has left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar

from lc_guard.errors import DetectorTimeout

T = TypeVar("T")

_ITEMS = 64

REPORT: ContextVar[Callable[[], None] | None] = ContextVar("lc_guard_report", default=None)
"""What a call under way is given to say that a part is done; raises `DetectorTimeout` if nobody waits any longer."""


@dataclass(slots=True)
class Progress:
    """What is known of a call under way.

    Attributes:
        since: When the part began that is at work, of `time.monotonic`.
        left: Whether nobody waits for the call any longer.
    """

    since: float = field(default_factory=time.monotonic)
    left: bool = False

    def report(self) -> None:
        """Take that a part is done; the next one has as much time.

        Raises:
            DetectorTimeout: Nobody waits for the call any longer.
        """
        if self.left:
            raise DetectorTimeout("nobody waits for the answer any longer")
        self.since = time.monotonic()


def part_done() -> None:
    """Say that a part of a long call is done: what waits for the call gives the next part as much time.

    A detector calls it between the parts of long texts, wherever it works: in threads that it starts itself, run them
    in a copy of its context (`contextvars.copy_context`). Outside of a guard it does nothing.

    Raises:
        DetectorTimeout: Nobody waits for the call any longer: let it pass.
    """
    report = REPORT.get()
    if report is not None:
        report()


def in_parts(items: Iterable[T]) -> Iterator[T]:
    """Yield the items of a long loop, so many of which are a part."""
    for number, item in enumerate(items, start=1):
        yield item
        if number % _ITEMS == 0:
            part_done()
