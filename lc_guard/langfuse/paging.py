"""Pages of the public API, one after another, with an end: cursors in newer addresses, page numbers in older ones.

Every row has an id; what was read before is passed over. An API that brings nothing new three times in a row, or hands
out a cursor a second time, is not followed any further.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lc_guard.errors import LangfuseError
from lc_guard.langfuse.api import LangfuseApi, Params

MOST_ROWS = 5_000_000
"""Rows of one read; more are taken for an API that has no end."""

_NOTHING_NEW = 3


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page.

    Attributes:
        rows: Its JSON objects; those that an earlier page had are left out.
        next: Cursor or number of the next page; None after the last.
        total: How many rows there are, where the API tells.
        odd: Entries that are no objects, or have no id.
    """

    rows: list[dict[str, Any]]
    next: str | int | None
    total: int | None = None
    odd: int = 0


def cursor_pages(
    api: LangfuseApi, path: str, params: Params, *, limit: int, start: str | None = None, most: int = MOST_ROWS
) -> Iterator[Page]:
    """Read pages that are linked by cursors."""
    seen: set[int] = set()
    cursors: set[str] = set()
    idle, cursor = 0, start
    while True:
        rows, meta, odd = _read(api, path, {**params, "limit": limit, "cursor": cursor}, seen, most)
        idle = 0 if rows else idle + 1
        following = meta.get("cursor")
        cursor = following if isinstance(following, str) and following else None
        if cursor is not None and (cursor in cursors or idle >= _NOTHING_NEW):
            raise _endless(path)
        yield Page(rows, cursor, odd=odd)
        if cursor is None:
            return
        cursors.add(cursor)


def numbered_pages(
    api: LangfuseApi, path: str, params: Params | None = None, *, limit: int = 100, most: int = MOST_ROWS
) -> Iterator[Page]:
    """Read pages that have numbers from 1, such as score configs and annotation queues."""
    seen: set[int] = set()
    idle, number = 0, 1
    while True:
        rows, meta, odd = _read(api, path, {**(params or {}), "limit": limit, "page": number}, seen, most)
        idle = 0 if rows else idle + 1
        pages, total = meta.get("totalPages"), meta.get("totalItems")
        last = not isinstance(pages, int) or number >= pages
        if not last and idle >= _NOTHING_NEW:
            raise _endless(path)
        number += 1
        yield Page(rows, None if last else number, total if isinstance(total, int) else None, odd)
        if last:
            return


def _read(
    api: LangfuseApi, path: str, params: Params, seen: set[int], most: int
) -> tuple[list[dict[str, Any]], dict[str, Any], int]:
    answer = api.get(path, params)
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list):
        raise LangfuseError(f"Langfuse at {api.base_url} answers {path} without a list of rows: is it Langfuse?")
    meta = answer.get("meta")
    fresh = []
    for row in data:
        if not isinstance(row, dict) or not isinstance(row.get("id"), str):
            continue
        mark = hash(row["id"])  # 64 bits: two of five million rows share one with probability 1 in a million
        if mark not in seen:
            seen.add(mark)
            fresh.append(row)
    if len(seen) > most:
        raise LangfuseError(f"{path} has more than {most:,} rows: take a shorter time (--since, --until)")
    odd = sum(not isinstance(row, dict) or not isinstance(row.get("id"), str) for row in data)
    return fresh, meta if isinstance(meta, dict) else {}, odd


def _endless(path: str) -> LangfuseError:
    return LangfuseError(
        f"Langfuse repeats its pages of {path} and would never end: try again, and if it stays so, look at what stands "
        "between you and Langfuse (a proxy or cache that ignores the cursor)"
    )
