"""Outbox: whole traces at once, unfinished ones in time, everything at a flush; bounded, and never in the way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from lc_guard.langsmith.outbox import Outbox
from lc_guard.observability.process_end import END


class Sent:
    """Notes what is sent; fails or waits when told."""

    def __init__(self) -> None:
        self.traces: list[list[str]] = []
        self.error: Exception | None = None
        self.gate: threading.Event | None = None

    def __call__(self, items: list[str]) -> None:
        if self.gate is not None:
            self.gate.wait(10)
        if self.error is not None:
            raise self.error
        self.traces.append(items)


def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def sent() -> Sent:
    return Sent()


def test_a_whole_trace_leaves_at_once_and_others_wait(sent: Sent) -> None:
    outbox: Outbox[str] = Outbox(sent, seconds=600)
    outbox.put("a", "a1")
    outbox.put("b", "b1")
    outbox.put("b", "b2", last=True)
    until(lambda: sent.traces == [["b1", "b2"]])
    assert repr(outbox) == "Outbox(1 items)"
    assert outbox.flush()
    assert sent.traces == [["b1", "b2"], ["a1"]]


def test_an_unfinished_trace_leaves_in_time(sent: Sent) -> None:
    outbox: Outbox[str] = Outbox(sent, seconds=0.05)
    outbox.put("a", "a1")
    until(lambda: sent.traces == [["a1"]])
    outbox.put("a", "a2", last=True)
    until(lambda: sent.traces == [["a1"], ["a2"]])


def test_the_thread_ends_when_nothing_is_held_and_comes_back(sent: Sent) -> None:
    outbox: Outbox[str] = Outbox(sent, seconds=600)
    for number in range(3):
        outbox.put("a", str(number), last=True)
        assert outbox.flush(5)
        until(lambda: "lc-guard-langsmith" not in {thread.name for thread in threading.enumerate()})
    assert sent.traces == [["0"], ["1"], ["2"]]


def test_what_fails_is_told_and_the_next_is_sent(sent: Sent, caplog: pytest.LogCaptureFixture) -> None:
    outbox: Outbox[str] = Outbox(sent, seconds=600)
    sent.error = RuntimeError("Zebulon")
    outbox.put("a", "a1", last=True)
    assert outbox.flush(5)
    sent.error = None
    outbox.put("b", "b1", last=True)
    assert outbox.flush(5)
    assert sent.traces == [["b1"]]
    assert "1 runs were not sent: RuntimeError" in caplog.text
    assert "Zebulon" not in caplog.text


def test_it_is_bounded_and_never_waits(sent: Sent, caplog: pytest.LogCaptureFixture) -> None:
    sent.gate = threading.Event()
    outbox: Outbox[str] = Outbox(sent, seconds=600, most=3)
    outbox.put("first", "x", last=True)
    until(lambda: repr(outbox) == "Outbox(0 items)")
    for number in range(8):
        outbox.put("a", str(number))
    assert not outbox.flush(0.05)
    sent.gate.set()
    assert outbox.flush(5)
    assert sent.traces == [["x"], ["0", "1", "2"]]
    assert "1 runs were dropped" in caplog.text
    assert "4 runs were dropped" in caplog.text


def test_where_no_thread_can_be_started(sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refused)
    outbox: Outbox[str] = Outbox(sent, seconds=600)
    outbox.put("a", "a1")
    assert sent.traces == [["a1"]]
    assert outbox.flush(1)


def test_the_end_of_the_process_waits_a_known_time(
    sent: Sent, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(END, "_began", None)
    outbox: Outbox[str] = Outbox(sent, seconds=600, exit_timeout=1.0)
    outbox.put("a", "a1")
    outbox.begin()
    assert outbox.finish()
    assert sent.traces == [["a1"]]
    assert not caplog.records
    sent.gate = threading.Event()
    outbox.put("b", "b1")
    started = time.monotonic()
    outbox.begin()
    assert not outbox.finish()
    assert time.monotonic() - started < 2
    assert "not delivered within 1 s" in caplog.text
    sent.gate.set()
    assert outbox.flush(5)


def test_many_threads(sent: Sent) -> None:
    outbox: Outbox[str] = Outbox(sent, seconds=0.01)

    def work(name: str) -> None:
        for number in range(50):
            outbox.put(f"{name}-{number}", "begin")
            outbox.put(f"{name}-{number}", "end", last=True)

    threads = [threading.Thread(target=work, args=(str(name),)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outbox.flush(10)
    assert sum(map(len, sent.traces)) == 800
