"""Seals: what a seam checks of the library under it before anything goes through.

A boundary may rest on what a library documents, and on nothing else. Where it has to rest on more, or where a later
release may add a way around it, the seam that stands there looks, once, and raises `SeamBroken` instead of letting a
text pass: at its construction, or when a method is called that nobody has reviewed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator
from functools import wraps
from typing import Any

from lc_guard.errors import SeamBroken

# Python's own: they make, show, compare and store an object, and ask no model.
_PYTHONS_OWN = frozenset(name for kind in (object, type) for name in dir(kind)) - {"__call__"}


class Seal:
    """The checks of one seam, named as a user knows it (``"protect(model)"``), on a library (``"langchain-core"``)."""

    __slots__ = ("library", "seam")

    def __init__(self, seam: str, library: str) -> None:
        self.seam = seam
        self.library = library

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.seam!r}, {self.library!r})"

    def broken(self, reason: str, remedy: str | None = None) -> SeamBroken:
        """Return the error that says, without user text, what is not whole and what to do: mostly, another version."""
        return SeamBroken(self.seam, self.library, reason, remedy)

    def require(self, holds: object, reason: str, remedy: str | None = None) -> None:
        """Raise SeamBroken unless something holds."""
        if not holds:
            raise self.broken(reason, remedy)

    def require_methods(self, base: type[Any], names: Collection[str]) -> None:
        """Raise SeamBroken if a class lost a method that leads to the seam: what is written under it is not called."""
        gone = sorted(name for name in names if not callable(getattr(base, name, None)))
        self.require(not gone, f"{base.__name__} has no {', '.join(gone)} any more")

    def require_no_others(self, base: type[Any], known: Collection[str], prefixes: tuple[str, ...]) -> None:
        """Raise SeamBroken if a class has a way to a model or tool, by its prefix, that the seam does not know."""
        others = sorted(name for name in dir(base) if name.startswith(prefixes) and name not in known)
        self.require(not others, f"{base.__name__} has {', '.join(others)}, where lc-guard does not stand")

    def private(self, owner: Any, name: str) -> Any:
        """Return a private attribute that can't be avoided (`lc_guard.private_names` has all), or raise SeamBroken."""
        try:
            return getattr(owner, name)
        except AttributeError:
            where = owner.__name__ if inspect.isclass(owner) or inspect.ismodule(owner) else type(owner).__name__
            raise self.broken(f"{where} has no {name} any more") from None

    def close(self, ours: type[Any], base: type[Any], reviewed: Collection[str]) -> None:
        """Have every method raise that `ours` inherits from the library's class and that nobody has reviewed.

        A method without arguments can't be given a text and stays; a reviewed one leads to what `ours` overrides, or to
        nothing. To be called once, after `ours` is made.
        """
        before = ours.__mro__[: ours.__mro__.index(base)]
        overridden = {name for kind in before for name in vars(kind)}
        for name, method in _methods(base):
            if name not in overridden and name not in reviewed and _takes_arguments(method):
                setattr(ours, name, self._refusing(base, name, method))

    def _refusing(self, base: type[Any], name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def refuse(seam: Any, *_: Any, **__: Any) -> Any:
            reason = f"{base.__name__}.{name} is new to lc-guard, and may lead around it"
            raise SeamBroken(f"{type(seam).__name__}.{name}", self.library, reason)

        # a wrapper that is no coroutine function raises when it is called, also where the method is one
        del refuse.__wrapped__
        return refuse


def _methods(base: type[Any]) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield the methods that a library's class has from its own package, the nearest first."""
    package = base.__module__.partition(".")[0]
    seen: set[str] = set()
    for kind in base.__mro__:
        if kind.__module__.partition(".")[0] != package:
            continue
        for name, member in vars(kind).items():
            if name not in seen and callable(member) and not inspect.isclass(member) and name not in _PYTHONS_OWN:
                seen.add(name)
                yield name, member


def _takes_arguments(method: Callable[..., Any]) -> bool:
    try:
        return len(inspect.signature(method).parameters) > 1  # the first is self
    except (TypeError, ValueError):
        return True  # what can't be looked at is not let through
