"""Forked workers: an application that is loaded and used before the fork works in every child, whatever it did."""

from __future__ import annotations

import asyncio
import os
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel

from lc_guard import Guard, protect
from lc_guard._forks import _LOCKS, ForkLock
from lc_guard.scanners import BannedWords
from lc_guard.testing import ExactDetector, NumberedMint
from lc_guard.vaults import EncryptedVault, MemoryVault, SQLVault

SECONDS = 20.0


def forked(work: Callable[[], Any]) -> int:
    """Fork a child that does some work; return its process id."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            os._exit(code)
    return pid


def ended(pid: int) -> int | None:
    """Return a child's exit code, or None if it hangs."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return None


class Busy:
    """Threads that go on with some work while the process forks."""

    def __init__(self, work: Callable[[int], Any], threads: int = 3) -> None:
        self._stop = threading.Event()
        self.done = 0
        self._threads = [threading.Thread(target=self._run, args=(work, n), daemon=True) for n in range(threads)]

    def _run(self, work: Callable[[int], Any], number: int) -> None:
        while not self._stop.is_set():
            work(number)
            self.done += 1
            time.sleep(0.001)  # or forks wait for threads that never let go of the interpreter

    def __enter__(self) -> Busy:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(SECONDS)


class Echo(FakeListChatModel):
    """Says what it was sent."""

    def _call(self, messages: Any, *args: Any, **kwargs: Any) -> str:
        assert "Ada" not in messages[-1].content
        return str(messages[-1].content)


@pytest.mark.parametrize("encrypted", [False, True])
def test_children_forked_during_writes_can_write(tmp_path: Path, encrypted: bool) -> None:
    """As a server forks that preloads its application: 40 children, each during writes of three threads."""
    vault: Any = SQLVault(f"sqlite:///{tmp_path}/vault.db", timeout=10)
    if encrypted:
        vault = EncryptedVault(vault, keys=[EncryptedVault.generate_key()])
    count = iter(range(10**9))

    def write(number: int) -> None:
        vault.allocate(f"parent {number}", [("PERSON", f"value {next(count)}")], NumberedMint())

    def in_child() -> None:
        for turn in range(3):
            given = vault.allocate(f"child {os.getpid()}", [("PERSON", f"own {turn}")], NumberedMint())
            assert vault.values(f"child {os.getpid()}", given) == {given[0]: f"own {turn}"}

    write(0)
    codes = []
    with Busy(write) as busy:
        for _ in range(10):
            time.sleep(0.01)
            children = [forked(in_child) for _ in range(4)]
            codes += [ended(pid) for pid in children]
        before = busy.done
    assert codes == [0] * 40
    assert before > 40, "the parent wrote on"
    write(0)
    vault.close()


def test_a_guard_works_in_200_children_whatever_was_locked() -> None:
    guard = Guard(
        ExactDetector({"PERSON": ["Ada"]}), prompt_scanners=[BannedWords(["bad"])], vault=MemoryVault(max_sessions=10)
    )
    model = protect(Echo(responses=[""]), guard)

    def work(number: int) -> None:
        model.invoke("say hello to Ada", {"configurable": {"session_id": f"{number} {time.monotonic()}"}})

    def in_child() -> None:
        assert model.invoke("Hello Ada", {"configurable": {"session_id": "c"}}).content == "Hello Ada"
        assert asyncio.run(model.ainvoke("Hello Ada", {"configurable": {"session_id": "d"}})).text == "Hello Ada"

    work(0)
    with Busy(work):
        codes = []
        for _ in range(20):
            children = [forked(in_child) for _ in range(10)]
            codes += [ended(pid) for pid in children]
    assert codes == [0] * 200


def test_every_lock_that_is_held_is_free_in_a_child(tmp_path: Path) -> None:
    guard = Guard(ExactDetector({"PERSON": ["Ada"]}), vault=SQLVault(f"sqlite:///{tmp_path}/vault.db"))
    memory = Guard(ExactDetector({"PERSON": ["Ada"]}))
    for each in (guard, memory):
        each.session("s").anonymize("Ada")
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        locks = list(_LOCKS)
        for lock in locks:
            lock.acquire()
        held.set()
        let_go.wait(SECONDS)
        for lock in locks:
            lock.release()

    def in_child() -> None:
        for each in (guard, memory):
            assert each.session("s").anonymize("Ada") == "[REDACTED_PERSON_1]"

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(SECONDS)
    pid = forked(in_child)
    code = ended(pid)
    let_go.set()
    holder.join(SECONDS)
    assert code == 0
    assert memory.session("s").anonymize("Ada") == "[REDACTED_PERSON_1]", "the parent's locks are its own"


def test_no_lock_is_made_past_forks() -> None:
    """Every lock of the package is renewed: none is made of `threading` but by the module that renews them."""
    package = Path(__file__).parent.parent / "lc_guard"
    made = [
        f"{path.relative_to(package)}"
        for path in package.rglob("*.py")
        if any(
            made in path.read_text(encoding="utf-8")
            for made in ("threading.Lock(", "threading.RLock(", " Lock(", " RLock(")
        )
    ]
    assert made == []


def test_a_lock_is_a_lock() -> None:
    lock, again = ForkLock(), ForkLock(reentrant=True)
    with lock:
        assert not lock.acquire(timeout=0.01)
    assert lock.acquire(timeout=0.01)
    lock.release()
    with again, again:
        pass
