"""What is proved beside the applications: promises of the boundary. Those of one field are an area.

A promise is a function that puts something to the test with values of its own; the first line of its docstring says
what is promised. What it finds broken it raises, value-free.
"""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from langsmith.run_helpers import tracing_context

from lc_guard.errors import GuardError
from lc_guard.verify.observers import watch_logs
from lc_guard.verify.time_limit import SECONDS, NoEnd, within

Promise = Callable[[], None]


class PromiseBroken(Exception):
    """A promise does not hold; the message says where, and holds no value."""


@dataclass(frozen=True, slots=True)
class Area:
    """Promises of one field, by the name that the report calls it."""

    name: str
    promises: Sequence[Promise]


@dataclass(frozen=True, slots=True)
class Proved:
    """What came of an area.

    Attributes:
        name: Its name.
        promises: Number of its promises.
        broken: What is promised and does not hold, and where.
    """

    name: str
    promises: int
    broken: Sequence[str]

    @property
    def holds(self) -> bool:
        """Whether every promise of it holds."""
        return not self.broken


def require(holds: object, where: str) -> None:
    """Go on if something holds.

    Args:
        holds: Whether it does.
        where: Where it does not, value-free.

    Raises:
        PromiseBroken: If not.
    """
    if not holds:
        raise PromiseBroken(where)


def refusal(call: Callable[[], Any], where: str) -> GuardError:
    """Return the refusal that a call is to be answered with.

    Raises:
        PromiseBroken: If it is not refused.
    """
    try:
        call()
    except GuardError as error:
        return error
    raise PromiseBroken(f"{where}: it was not refused")


def prove(area: Area, *, seconds: float = SECONDS) -> Proved:
    """Put the promises of an area to the test; nothing is shown of what is logged meanwhile.

    Args:
        area: The area.
        seconds: What each promise may take.
    """
    broken: list[str] = []
    with watch_logs(), tracing_context(enabled=False), warnings.catch_warnings():
        # LangChain leaves a coroutine behind where a handler refuses a call; it is told when that is collected
        warnings.simplefilter("ignore", RuntimeWarning)
        for promise in area.promises:
            try:
                within(seconds, promise)
            except Exception as error:  # noqa: BLE001 - what can't be tested does not hold
                broken.append(f"{_said(promise)} Not so: {_told(error)}")
        gc.collect()
    return Proved(area.name, len(area.promises), broken)


def _said(promise: Promise) -> str:
    return (promise.__doc__ or promise.__name__).partition("\n")[0]


def _told(error: Exception) -> str:
    """Return what may be told of an error: a foreign message may quote a value."""
    return str(error) if isinstance(error, PromiseBroken | NoEnd) else f"it ended in {type(error).__name__}"
