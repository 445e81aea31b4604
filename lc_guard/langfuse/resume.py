"""What was read so far, in a file, so that a read that broke off goes on where it stopped.

JSON Lines: a head with the project and the window, then a line a page with its rows and the next cursor. A line that
was cut off by a crash is dropped. It holds what the result holds: ids, names, numbers; no comment and no text.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from lc_guard.errors import LangfuseError
from lc_guard.langfuse.rows import Window

Row = TypeVar("Row")

_FORMAT = 1


class Spool:
    """A file that remembers an unfinished read; made if it is missing, readable by its owner only.

    Another project or other options (`about`) must not go on from it; the window is the one that it began with.
    """

    def __init__(self, path: str | Path, *, about: dict[str, Any], window: Window) -> None:
        self._path = Path(path)
        self._places: dict[str, tuple[str | None, bool]] = {}
        self._passed_over: dict[str, Counter[str]] = {}
        self.window = window
        head = {"lc_guard_spool": _FORMAT, "about": about}
        try:
            self._open(head, window)
        except (OSError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
            raise self._unusable() from None

    def rows(self, label: str, record: type[Row]) -> Iterator[Row]:
        """Yield what was kept of one read, as records of a class."""
        with self._path.open("rb") as lines:
            next(lines)
            for line in lines:
                page = json.loads(line)
                if page["read"] == label:
                    for row in page["rows"]:
                        yield record(**row)

    def place(self, label: str) -> tuple[str | None, bool]:
        """Return the cursor to go on from, and whether the read is complete."""
        return self._places.get(label, (None, False))

    def passed_over(self, label: str) -> Counter[str]:
        """Return how many rows of the kept pages could not be taken, by reason."""
        return self._passed_over.get(label, Counter())

    def add(
        self,
        label: str,
        rows: Sequence[Any],
        cursor: str | int | None,
        passed_over: Mapping[str, int],
    ) -> None:
        """Keep a page: its rows, the cursor of the next, and what could not be taken."""
        page = {"read": label, "next": cursor, "passed_over": dict(passed_over), "rows": [asdict(row) for row in rows]}
        try:
            with self._path.open("ab") as file:
                file.write(json.dumps(page).encode() + b"\n")
        except OSError:
            raise self._unusable() from None

    def remove(self) -> None:
        """Remove the file: the report is written."""
        self._path.unlink(missing_ok=True)

    def _open(self, head: dict[str, Any], window: Window) -> None:
        kept = 0
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            for number, line in enumerate(file):
                value = _whole(line)
                if value is None:
                    break
                if number == 0:
                    if {name: value.get(name) for name in head} != head:
                        raise KeyError
                    self.window = Window(float(value["window"][0]), float(value["window"][1]))
                else:
                    self._places[value["read"]] = (value["next"], value["next"] is None)
                    self._passed_over.setdefault(value["read"], Counter()).update(value["passed_over"])
                kept += len(line)
            else:
                if kept:
                    return
            if not kept:
                if file.seek(0, os.SEEK_END) > 0 and not _is_torn_head(self._path):
                    raise KeyError
                file.seek(0)
                first = json.dumps({**head, "window": [window.since, window.until]}).encode() + b"\n"
                file.write(first)
                kept = len(first)
            file.truncate(kept)

    def _unusable(self) -> LangfuseError:
        return LangfuseError(
            f"{str(self._path)!r} can't hold what is read (another project, other options, something else, not "
            "writable): give --resume another file"
        )


def _whole(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _is_torn_head(path: Path) -> bool:
    return path.read_bytes()[:64].startswith(b'{"lc_guard_spool"')
