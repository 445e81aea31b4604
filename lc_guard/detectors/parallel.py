"""One call for each of several items, in threads where any can be had."""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from lc_guard._progress import REPORT, part_done
from lc_guard.errors import DetectorTimeout

S = TypeVar("S")
T = TypeVar("T")


def at_once(call: Callable[[S], T], items: Sequence[S], *, threads: int, name: str) -> list[T]:
    """Call a function for each item, several at a time: this thread calls as well.

    The others are daemons: who interrupts the call, or ends the process, waits for none. Spans are masked while the
    process ends, too, and no thread can be started then: this one makes all the calls. Each call that has ended is a
    part that is done (`part_done`).

    Args:
        call: A function for one item.
        items: The items, in the order in which they are begun.
        threads: Number of threads, 1 or more.
        name: How the threads' names begin.

    Returns:
        What it gave, in the order of the items.

    Raises:
        Exception: What the first call raised that failed. Those that have not begun then are left out, the others end
            at their next part.
    """
    return _Calls(call, items).made(threads, name)


class _Calls:
    """The calls for some items: which are made, and whether the others are needed."""

    def __init__(self, call: Callable[[Any], Any], items: Sequence[Any]) -> None:
        self._call = call
        self._waiting = deque(enumerate(items))
        self._given: list[Any] = [None] * len(items)
        self._error: BaseException | None = None
        self._left = False
        self._outer = REPORT.get()

    def made(self, threads: int, name: str) -> list[Any]:
        """Make the calls, and return what they gave."""
        others = []
        for number in range(1, min(threads, len(self._waiting))):
            context = contextvars.copy_context()
            thread = threading.Thread(target=context.run, args=(self._work,), name=f"{name}-{number}", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the process ends
                break
            others.append(thread)
        try:
            contextvars.copy_context().run(self._work, here=True)
            for thread in others:
                thread.join()
        finally:
            self._left = True
        if self._error is not None:
            raise self._error
        return self._given

    def _work(self, *, here: bool = False) -> None:
        REPORT.set(self._report)
        while not self._left:
            try:
                at, item = self._waiting.popleft()
            except IndexError:
                return
            try:
                self._given[at] = self._call(item)
                part_done()
            except BaseException as error:
                if here and not isinstance(error, Exception):
                    raise
                if not self._left:  # else it has ended because another failed
                    self._error, self._left = error, True

    def _report(self) -> None:
        if self._left:
            raise DetectorTimeout("another call has failed, or nobody waits for this one")
        if self._outer is not None:
            self._outer()
