"""A limit of time for what is put to the test: a fault may make it wait for ever, and that is to be told."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SECONDS = 120.0
"""What a promise, or an application in one mode, may take on a busy machine; it takes seconds on a quiet one."""


class NoEnd(Exception):
    """Something did not end within its time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no end within {seconds:g} s")


def within(seconds: float, call: Callable[[], T]) -> T:
    """Call something in a thread, in this context, and give what it gave; what does not end is left behind.

    Raises:
        NoEnd: If it does not end in time.
        BaseException: What the call raised.
    """
    outcome: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(call())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            raised.append(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), name="lc-guard-verify", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise NoEnd(seconds)
    if raised:
        raise raised[0]
    return outcome[0]
