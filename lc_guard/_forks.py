"""Forks: what a forked process makes anew, so that nothing waits there for a thread that did not come along.

A server that loads an application and then forks its workers (gunicorn's ``preload_app``) may fork while another
thread holds a lock: in the child nobody would ever release it. So every lock of this package is a `ForkLock`, and
whoever holds more than locks (connections, counts of threads) says what is to be done around a fork.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakMethod, WeakSet

When = Literal["before", "after_in_parent", "after_in_child"]

# Registers of this process, as the interpreter's own of what runs around a fork; both let go of what is gone.
_LOCKS: WeakSet[ForkLock] = WeakSet()
_METHODS: dict[When, list[WeakMethod[Callable[[], Any]]]] = {"before": [], "after_in_parent": [], "after_in_child": []}


class ForkLock:
    """A lock that is free in a forked process, whoever held it; used by ``with``.

    Args:
        reentrant: Whether its holder may take it again.
    """

    __slots__ = ("__weakref__", "_lock", "_make")

    def __init__(self, *, reentrant: bool = False) -> None:
        self._make: Callable[[], Any] = threading.RLock if reentrant else threading.Lock
        self._lock = self._make()
        _LOCKS.add(self)

    def acquire(self, *, timeout: float = -1) -> bool:
        """Take the lock, waiting no longer than `timeout` seconds; return whether it was taken."""
        return bool(self._lock.acquire(timeout=timeout))

    def release(self) -> None:
        """Give the lock back."""
        self._lock.release()

    if TYPE_CHECKING:

        def __enter__(self) -> None: ...
        def __exit__(self, *_: object) -> None: ...
    else:
        # the lock's own methods, found without a step of Python: a lock costs what it cost
        __enter__ = property(attrgetter("_lock.__enter__"))
        __exit__ = property(attrgetter("_lock.__exit__"))

    def renew(self) -> None:
        """Make it free; for a process that was just forked and has one thread."""
        self._lock = self._make()


unshared_lock = threading.RLock
"""Makes a lock that its owner renews itself, by `around_forks`: of thousands, none is noted here."""


def around_forks(when: When, method: Callable[[], Any]) -> None:
    """Have a method called around every fork of this process, for as long as its object lives.

    Args:
        when: ``"before"`` in the process that forks, ``"after_in_parent"``, or ``"after_in_child"``.
        method: A bound method; it is not kept alive, and must not raise.
    """
    known = _METHODS[when]
    known[:] = [reference for reference in known if reference() is not None]
    known.append(WeakMethod(method))


def _call(when: When) -> None:
    for reference in list(_METHODS[when]):
        method = reference()
        if method is not None:
            method()


def _in_child() -> None:
    for lock in list(_LOCKS):
        lock.renew()
    _call("after_in_child")


if hasattr(os, "register_at_fork"):  # not on Windows, which has no forks
    os.register_at_fork(
        before=lambda: _call("before"),
        after_in_parent=lambda: _call("after_in_parent"),
        after_in_child=_in_child,
    )
