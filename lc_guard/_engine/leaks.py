"""Leaks that a tracing backend brought to light: a model was sent a value that the session hides."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lc_guard._forks import ForkLock

logger = logging.getLogger("lc_guard.leaks")

LEAK_SCORE = "guard.leak"
"""Name of the BOOLEAN score that the observation of such a model gets, and of the tag of such a run in LangSmith."""

_MAX_TOLD = 10_000


@dataclass(frozen=True, slots=True)
class Leak:
    """A model call whose input held values of the session: value-free.

    Attributes:
        trace_id: Its trace, as the backend names it.
        observation_id: The model call in it: span or run id.
        kinds: Number of different values by kind.
    """

    trace_id: str
    observation_id: str
    kinds: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", MappingProxyType(dict(self.kinds)))

    @property
    def message(self) -> str:
        """What happened, for a status or a log."""
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(self.kinds.items()))
        return f"{LEAK_SCORE}: the model was sent values that the session hides ({told})"


class Leaks:
    """Where a guard's masks tell of leaks; each is logged once, counted, and handed to who listens."""

    def __init__(self) -> None:
        self._lock = ForkLock()
        self._told: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._listeners: list[Callable[[Leak], object]] = []
        self._count = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._count})"

    @property
    def count(self) -> int:
        """Number of leaks so far, 0 or more."""
        return self._count

    def subscribe(self, listener: Callable[[Leak], object]) -> None:
        """Have a function called with each leak from now on, in the thread that exports traces.

        Args:
            listener: What it raises is logged by its type and goes no further.
        """
        with self._lock:
            self._listeners.append(listener)

    def tell(self, leak: Leak) -> None:
        """Tell of a leak; one that was told before is passed over. Never raises for what a listener does."""
        key = leak.trace_id, leak.observation_id
        with self._lock:
            if key in self._told:
                return
            self._told[key] = None
            if len(self._told) > _MAX_TOLD:
                self._told.popitem(last=False)
            self._count += 1
            listeners = tuple(self._listeners)
        logger.error("%s; trace %s, observation %s", leak.message, *key)
        for listener in listeners:
            try:
                listener(leak)
            except Exception as error:  # noqa: BLE001 - whatever it is, the export goes on
                logger.error("a leak was not taken by a listener: %s", type(error).__name__)  # noqa: TRY400
