"""What a vault drops waits for late spans: for a bounded time, in a bounded number, for the mask alone."""

from __future__ import annotations

import time

from lc_guard.observability.dropped_values import DroppedValues


def entries(*values: str) -> dict[str, tuple[str, str]]:
    return {f"[P_{number}]": (value, "PERSON") for number, value in enumerate(values, 1)}


def found(dropped: DroppedValues, digest: str, text: str) -> list[str]:
    return [hit.placeholder for hit in dropped.find(digest, [text])[0]]


def test_finds_what_was_dropped_in_its_session_only() -> None:
    dropped = DroppedValues()
    dropped.add("d", entries("Ann Lee"))
    dropped.add("d", {"[P_2]": ("Bob Ray", "PERSON")})
    assert found(dropped, "d", "Bob Ray met Ann Lee") == ["[P_2]", "[P_1]"]
    assert found(dropped, "other", "Ann Lee") == []
    assert "d" in dropped
    assert not dropped.lost("d")
    assert "Ann" not in repr(dropped)


def test_drops_after_its_time_and_remembers_that_it_did() -> None:
    now = [0.0]
    dropped = DroppedValues(seconds=10, clock=lambda: now[0])
    dropped.add("d", entries("Ann Lee"))
    now[0] = 10.0
    assert found(dropped, "d", "Ann Lee") == []
    assert dropped.lost("d")


def test_drops_in_an_idle_process_too() -> None:
    dropped = DroppedValues(seconds=0.05)
    dropped.add("d", entries("Ann Lee"))
    time.sleep(0.03)
    dropped.add("e", entries("Bob Ray"))
    deadline = time.monotonic() + 2
    while ("d" in dropped or "e" in dropped) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "d" not in dropped
    assert "e" not in dropped


def test_makes_room_for_the_newest() -> None:
    dropped = DroppedValues(max_values=3)
    dropped.add("a", entries("A A", "B B"))
    dropped.add("b", entries("C C", "D D"))
    assert dropped.lost("a")
    dropped.add("huge", entries(*(f"N {n}" for n in range(9))))
    assert dropped.lost("b")
    assert found(dropped, "huge", "N 8") == ["[P_9]"]


def test_what_was_lost_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr("lc_guard.observability.dropped_values._MAX_LOST", 2)
    dropped = DroppedValues(max_values=1)
    for digest in "abcd":
        dropped.add(digest, entries("A A"))
    assert [dropped.lost(digest) for digest in "abcd"] == [False, True, True, False]
