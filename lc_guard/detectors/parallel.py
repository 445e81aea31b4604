"""One call for each of several items, in threads where any can be had."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


def at_once(call: Callable[[S], T], items: Sequence[S], *, threads: int, name: str) -> list[T]:
    """Call a function for each item, several at a time.

    Spans are masked while the process ends, too, and no thread can be started then: the calls are made one after the
    other.

    Args:
        call: A function for one item; may be called twice for an item while the process ends.
        items: The items.
        threads: Number of threads, 1 or more.
        name: How the threads' names begin.

    Returns:
        What it gave, in the order of the items.

    Raises:
        Exception: What a call raised; calls that have not begun then are left out.
    """
    with ThreadPoolExecutor(threads, thread_name_prefix=name) as pool:
        try:
            futures = [pool.submit(call, item) for item in items]
        except RuntimeError:
            futures = None
        if futures is not None:
            try:
                return [future.result() for future in futures]
            finally:
                for future in futures:
                    future.cancel()
    return [call(item) for item in items]
