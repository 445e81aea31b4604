"""What judges a text but is no scanner yet: LLM Guard's scanner objects, named pairs and plain functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable
from numbers import Real
from typing import Any, Literal, get_args

from lc_guard.errors import ScannerError
from lc_guard.records import PII_CHECK, ScanResult
from lc_guard.scanners.base import Cost, Scanner, ScanRequest, scanner_name
from lc_guard.scanners.llm_guard import adapted, scan_shape

Side = Literal["prompt", "output"]
"""Which list a scanner stands in: of what the model is given to read, or of what it says."""

_TAKEN = (
    "a scanner of lc_guard.scanners, an LLM Guard scanner object, a pair (name, scanner), or a callable "
    "text -> bool | float | ScanResult"
)
_RISKY = 0.5
_MAX_NAME = 64


def as_scanner(thing: Any, *, side: Side) -> Scanner:
    """Return a scanner for anything that judges a text, or raise TypeError or ValueError, which say what is wrong.

    That is a scanner (given back as it is, or what its method ``for_side(side)`` gives), a scanner object of LLM Guard
    or gorget, a pair of a check's name and one of these, or a callable ``text -> bool | float | ScanResult`` (True: may
    go on; a float: the risk, 0…1, at 0.5 and above not valid).
    """
    if side not in get_args(Side):
        raise ValueError(f"side={side!r} is not one of {', '.join(map(repr, get_args(Side)))}")
    if isinstance(thing, tuple) and len(thing) == 2 and isinstance(thing[0], str):
        return NamedScanner(check_name(thing[0]), as_scanner(thing[1], side=side))
    if isinstance(thing, type):
        raise TypeError(f"{thing.__name__} is a class: give an instance of it, {thing.__name__}(...)")
    if isinstance(thing, str):
        raise TypeError("a name is no scanner: give LLMGuardScanner(name), or a pair (name, scanner)")
    if callable(getattr(thing, "scan", None)):
        return _of_object(thing, side)
    if inspect.iscoroutinefunction(thing) or inspect.iscoroutinefunction(getattr(thing, "__call__", None)):  # noqa: B004
        raise TypeError("an async function is no scanner: give an object with the methods scan and ascan")
    if callable(thing):
        return CallableScanner(thing)
    raise TypeError(f"{type(thing).__name__} judges no text: give {_TAKEN}")


def _of_object(thing: Any, side: Side) -> Scanner:
    shape = scan_shape(thing)
    if shape == "ours":
        for_side = getattr(thing, "for_side", None)
        scanner: Scanner = for_side(side) if callable(for_side) else thing
        return scanner
    if shape is None:
        raise TypeError(
            f"{type(thing).__name__}.scan takes neither (request), nor LLM Guard's (prompt) or (prompt, output): "
            f"give {_TAKEN}"
        )
    if shape != side:
        mine = "scan(prompt)" if shape == "prompt" else "scan(prompt, output)"
        raise TypeError(
            f"{type(thing).__name__} is a scanner of {shape}s ({mine}): put it into {shape}_scanners, or take the one "
            f"of this name from llm_guard.{'input' if side == 'prompt' else 'output'}_scanners"
        )
    return adapted(thing, side=side)


def check_name(name: str) -> str:
    """Return a check's name, or raise ValueError: it is empty, above 64 characters, or has some that can't be shown."""
    if not name.strip() or len(name) > _MAX_NAME or not name.isprintable():
        raise ValueError(f"a check's name has 1 to {_MAX_NAME} printable characters")
    return name.strip()


def by_unique_name(scanners: Iterable[Any], *, reserved: Collection[str] = (PII_CHECK,)) -> dict[str, Any]:
    """Return scanners by the names of their checks, each name once, in the same order.

    A scanner whose name comes from its class gets a number if the name is taken: ``Regex``, ``Regex_2``. One whose name
    the user gave (a pair, or the keyword ``name``: its attribute `name_given` is true) keeps it; ValueError if it is
    there twice, or reserved, as ``"pii"`` is for all detectors together.
    """
    items = list(scanners)
    given = [scanner_name(item) for item in items if getattr(item, "name_given", False)]
    for name in given:
        if name in reserved or given.count(name) > 1:
            raise ValueError(f"two checks are named {name!r}: give each a name of its own")
    taken = {*reserved, *given}
    named: dict[str, Any] = {}
    for item in items:
        name = scanner_name(item)
        if not getattr(item, "name_given", False):
            base, number = name, 2
            while name in taken:
                name, number = f"{base}_{number}", number + 1
            taken.add(name)
        named[name] = item
    return named


class NamedScanner:
    """A scanner under a name of the user's choice; all else is the scanner's own."""

    name_given = True

    def __init__(self, name: str, scanner: Scanner) -> None:
        self.name = name
        self._scanner = scanner

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self._scanner!r})"

    def __getattr__(self, attribute: str) -> Any:
        # Optional methods and attributes are there if the scanner has them. A copy being made has no scanner yet.
        if attribute.startswith("__") or "_scanner" not in self.__dict__:
            raise AttributeError(attribute)
        return getattr(self._scanner, attribute)

    def for_side(self, side: Side) -> NamedScanner:
        """Return the scanner for one of a guard's lists, under the same name, or raise TypeError."""
        return NamedScanner(self.name, as_scanner(self._scanner, side=side))

    def scan(self, request: ScanRequest) -> ScanResult:
        """Return what the scanner says."""
        return self._scanner.scan(request)


class CallableScanner:
    """A function as a scanner.

    Args:
        function: Judges a text: True if it may go on; or its risk, 0…1, where 0.5 and above is not valid; or a
            `ScanResult`.
    """

    cost: Cost = "model"

    def __init__(self, function: Callable[[str], bool | float | ScanResult]) -> None:
        self._function = function
        name = str(getattr(function, "__name__", "") or type(function).__name__)
        self.name = "function" if name == "<lambda>" else name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"

    def scan(self, request: ScanRequest) -> ScanResult:
        """Judge one text by the function; what is no bool, number or `ScanResult` is a ScannerError."""
        answer: Any = self._function(request.text)
        if isinstance(answer, ScanResult):
            return answer
        if type(answer).__name__ in ("bool", "bool_"):
            return ScanResult(valid=bool(answer), risk_score=0.0 if answer else 1.0)
        if isinstance(answer, Real) and 0 <= float(answer) <= 1:
            return ScanResult(valid=float(answer) < _RISKY, risk_score=float(answer))
        told = "a number outside 0…1" if isinstance(answer, Real) else type(answer).__name__
        raise ScannerError(f"{self.name} gave {told}: a scanner's function gives bool, a risk of 0…1, or ScanResult")
