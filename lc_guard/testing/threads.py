"""Work done by several threads at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_THREADS = 8


def together(work: Callable[[int], T]) -> list[T]:
    """Run work in several threads that start at the same moment."""
    barrier = threading.Barrier(_THREADS)

    def start(number: int) -> T:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(start, range(_THREADS)))
