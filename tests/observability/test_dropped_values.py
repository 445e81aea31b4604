"""What a vault drops waits for late spans: for a bounded time, in a bounded number, for the mask alone."""

from __future__ import annotations

import time

from lc_guard.observability.dropped_values import DroppedValues


def entries(*values: str) -> dict[str, tuple[str, str]]:
    return {f"[P_{number}]": (value, "PERSON") for number, value in enumerate(values, 1)}


def found(limbo: DroppedValues, digest: str, text: str) -> list[str]:
    return [hit.placeholder for hit in limbo.find(digest, [text])[0]]


def test_finds_what_was_dropped_in_its_session_only() -> None:
    limbo = DroppedValues()
    limbo.add("d", entries("Ann Lee"))
    limbo.add("d", {"[P_2]": ("Bob Ray", "PERSON")})
    assert found(limbo, "d", "Bob Ray met Ann Lee") == ["[P_2]", "[P_1]"]
    assert found(limbo, "other", "Ann Lee") == []
    assert "d" in limbo
    assert not limbo.lost("d")
    assert "Ann" not in repr(limbo)


def test_drops_after_its_time_and_remembers_that_it_did() -> None:
    now = [0.0]
    limbo = DroppedValues(seconds=10, clock=lambda: now[0])
    limbo.add("d", entries("Ann Lee"))
    now[0] = 10.0
    assert found(limbo, "d", "Ann Lee") == []
    assert limbo.lost("d")


def test_drops_in_an_idle_process_too() -> None:
    limbo = DroppedValues(seconds=0.05)
    limbo.add("d", entries("Ann Lee"))
    time.sleep(0.03)
    limbo.add("e", entries("Bob Ray"))
    deadline = time.monotonic() + 2
    while ("d" in limbo or "e" in limbo) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "d" not in limbo
    assert "e" not in limbo


def test_makes_room_for_the_newest() -> None:
    limbo = DroppedValues(max_values=3)
    limbo.add("a", entries("A A", "B B"))
    limbo.add("b", entries("C C", "D D"))
    assert limbo.lost("a")
    limbo.add("huge", entries(*(f"N {n}" for n in range(9))))
    assert limbo.lost("b")
    assert found(limbo, "huge", "N 8") == ["[P_9]"]


def test_what_was_lost_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr("lc_guard.observability.dropped_values._MAX_LOST", 2)
    limbo = DroppedValues(max_values=1)
    for digest in "abcd":
        limbo.add(digest, entries("A A"))
    assert [limbo.lost(digest) for digest in "abcd"] == [False, True, True, False]
