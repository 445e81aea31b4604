"""A run as plain values: every type, nothing consumed, nothing that can't be sent."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import pytest
from langchain_core.messages import HumanMessage

from lc_guard import Guard
from lc_guard.langsmith.run_mask import WITHHELD, RunMask, plain, snapshot, withheld
from tests.support.canaries import CANARIES, CanaryDetector


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Point:
    x: int
    note: str = field(repr=False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (1.5, 1.5),
        (10**30, 10**30),
        ("lone \ud800", "lone ?"),
        (Colour.RED, "red"),
        ({1: (2, {3})}, {"1": [2, [3]]}),
        (Point(1, "n"), {"x": 1, "note": "n"}),
        (Point, repr(Point)),
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00+00:00"),
        (date(2026, 1, 1), "2026-01-01"),
        (UUID(int=1), str(UUID(int=1))),
        (PurePosixPath("/a"), "/a"),
        (b"text", "text"),
        (bytearray(b"\xff"), "<1 bytes>"),
    ],
)
def test_plain_values(value: Any, expected: Any) -> None:
    assert plain(value) == expected
    json.dumps(plain(value), allow_nan=True)


def test_messages_and_generators() -> None:
    assert plain(HumanMessage("hi"))["content"] == "hi"
    pieces = iter(["a", "b"])
    plain({"pieces": pieces})
    assert list(pieces) == ["a", "b"]


def test_an_object_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ValueError, match="nested too deep"):
        snapshot({"id": "i", "inputs": {"loop": loop}})


def test_times_of_events_stay_and_what_only_looks_like_one_does_not() -> None:
    mask = RunMask(Guard(CanaryDetector([*CANARIES, "2026-01-01T00:00:00"])))
    events = [{"name": "start", "time": "2026-01-01T00:00:00"}, {"name": "x", "time": f"for {CANARIES[0]}"}, "odd"]
    masked = mask.mask(snapshot({"id": "i", "events": events}))
    assert masked["events"] == [
        {"name": "start", "time": "2026-01-01T00:00:00"},
        {"name": "x", "time": "for [REDACTED_PERSON]"},
        "odd",
    ]


def test_withheld_keeps_where_and_when() -> None:
    run = {
        "id": "i",
        "name": CANARIES[0],
        "inputs": {"a": 1},
        "outputs": None,
        "error": "e",
        "tags": ["t"],
        "extra": {},
    }
    assert withheld(run) == {"id": "i", "name": "withheld", "inputs": {"lc_guard": WITHHELD}, "error": WITHHELD}
