"""Reading a reply strictly: what is missing or of another type is an error, never a default."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any, NoReturn

from lc_guard.errors import ServiceError

_SECONDS = re.compile(r"\d+(\.\d+)?", re.ASCII)
_CATEGORY = re.compile(r"[A-Za-z][\w./ -]{0,63}", re.ASCII)


def http_date(told: str | None) -> datetime | None:
    """Return the date of a header, None if it is none."""
    try:
        date = parsedate_to_datetime(told) if told else None
    except (ValueError, OverflowError):
        return None
    return date.replace(tzinfo=UTC) if date is not None and date.tzinfo is None else date


def retry_after(told: str, now: datetime) -> float | None:
    """Return the seconds of a ``Retry-After`` header, number or date (RFC 9110, section 10.2.3); None for neither."""
    if _SECONDS.fullmatch(told.strip()):
        return min(float(told), 1e9)
    date = http_date(told)
    return None if date is None else max(0.0, (date - now).total_seconds())


class ReplyFields:
    """A JSON object of a reply. No error tells a value of it.

    Args:
        what: Who asked, for errors.
        value: What should be the object.
        path: Where it stood in the reply, in our words.

    Raises:
        ServiceError: It is no object.
    """

    def __init__(self, what: str, value: Any, path: str = "") -> None:
        self._what, self._path = what, path
        if not isinstance(value, dict):
            self._refuse("", "an object")
        self._values: dict[str, Any] = value

    def flag(self, name: str) -> bool:
        """Return a member that is true or false."""
        value = self._values.get(name)
        return value if isinstance(value, bool) else self._refuse(name, "true or false")

    def text(self, name: str) -> str:
        """Return a member that is a string."""
        value = self._values.get(name)
        return value if isinstance(value, str) else self._refuse(name, "a string")

    def whole(self, name: str, *, low: int, high: int) -> int:
        """Return a member that is a whole number, `low`…`high`."""
        value = self._values.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            return self._refuse(name, f"a whole number, {low}…{high}")
        return value

    def number(self, name: str, *, low: float = 0.0, high: float = 1.0) -> float:
        """Return a member that is a number, `low`…`high`."""
        value = self._values.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            return self._refuse(name, "a number")
        return float(value) if low <= value <= high else self._refuse(name, f"within {low:g}…{high:g}")

    def member(self, name: str) -> ReplyFields:
        """Return a member that is an object."""
        return ReplyFields(self._what, self._values.get(name), self._place(name))

    def members(self, name: str, *, optional: bool = False) -> list[ReplyFields]:
        """Return a member that is a list of objects.

        Args:
            name: Its name.
            optional: Whether it may be missing or null: an empty list then.
        """
        value = self._values.get(name)
        if value is None and optional:
            return []
        if not isinstance(value, list):
            self._refuse(name, "a list")
        return [ReplyFields(self._what, item, f"{self._place(name)}[]") for item in value]

    def has(self, name: str) -> bool:
        """Return whether there is such a member, and it is not null."""
        return self._values.get(name) is not None

    def categories(self) -> Iterator[str]:
        """Yield the names of all members, where the service chooses them."""
        for name in self._values:
            yield self._checked(name)

    def category(self, name: str) -> str:
        """Return a member that names a category: a short name, as it is shown in traces."""
        return self._checked(self.text(name))

    def _checked(self, name: str) -> str:
        return name if _CATEGORY.fullmatch(name) else self._refuse("", "a list of short category names")

    def _place(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path and name else self._path or name

    def _refuse(self, name: str, wanted: str) -> NoReturn:
        place = f"its {self._place(name)!r}" if self._place(name) else "it"
        raise ServiceError(f"{self._what}: the service's reply can't be read: {place} is not {wanted}")
