"""Hiding a text of 2 kB with 20 known or 20 new values, on each vault, and against the number of values it stores.

The stored vaults run on real servers: PostgreSQL and Redis of the tests, on the loopback interface, with every write
flushed to its disk. What a flush costs is the disk's; it is a part of each number.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from benchmarks.table import Row, show, told
from lc_guard import Guard
from lc_guard.testing import ExactDetector, NumberedMint
from lc_guard.vaults import EncryptedVault, MemoryVault, RedisVault, SQLVault
from tests.support.servers import PostgresServer, RedisServer

_ENTITIES = 20
_FILLER = "and the witness said that it was so, on the day in question, in the presence of the court "


class _Finder(ExactDetector):
    """Finds what it was told to; a real detector's time is the same on every vault."""

    def told(self, people: list[str]) -> None:
        self._values = [("CUSTOMER", person) for person in people]


def run(*, sessions: int = 10_000, repeats: int = 200, stored: int = 1_000_000) -> Iterator[Row]:
    """Measure all vaults, warm, after so many sessions; then SQLite and Redis with many values of other sessions."""
    targets = {"SQLite": 2.0, "SQLite, encrypted": 2.5, "Redis": 1.5, "PostgreSQL": 3.0}
    for name, target in targets.items():
        # one at a time beside memory: servers that share a disk wait for each other's flushes
        with ExitStack() as stack:
            vaults = {"MemoryVault": MemoryVault(max_sessions=1_000_000), name: _opened(name, stack)}
            for vault in vaults.values():
                _fill(vault, sessions, each=1)
            for case in ("known", "new"):
                taken = _hiding(vaults, case, repeats)
                (base, base_high), (p50, p95) = taken["MemoryVault"], taken[name]
                what = f"2 kB, {_ENTITIES} {case} values, {name}, above memory at p50 ({sessions:,} sessions)"
                ours = f"p50 {told(p50)}, p95 {told(p95)}"
                memory = f"MemoryVault p50 {told(base)}, p95 {told(base_high)}"
                yield Row(what, ours, memory, (p50 - base) * 1e3, target, unit="ms")
    for name in ("SQLite", "Redis"):
        with ExitStack() as stack:
            vaults = {"none": _opened(name, stack), "many": _opened(name, stack)}
            _fill(vaults["many"], max(1, stored // 1000), each=min(stored, 1000))
            taken = _hiding(vaults, "new", repeats)
        few, many = taken["none"][0], taken["many"][0]
        what = f"2 kB, {_ENTITIES} new values, {name} with {stored:,} stored values / with none"
        yield Row(what, told(many), told(few), many / few, 1.5)


def _opened(name: str, stack: ExitStack) -> Any:
    vault: Any
    if name.startswith("SQLite"):
        vault = SQLVault(f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory())}/vault.db")
        if name.endswith("encrypted"):
            vault = EncryptedVault(vault, keys=[EncryptedVault.generate_key()])
    elif name == "PostgreSQL":
        vault = SQLVault(stack.enter_context(PostgresServer()).url)
    else:
        vault = RedisVault(stack.enter_context(RedisServer()).url)
    stack.callback(vault.close)
    return vault


def _fill(vault: Any, sessions: int, *, each: int) -> None:
    for session in range(sessions):
        wanted = [("CUSTOMER", f"Other{session} Surname{number}") for number in range(each)]
        vault.allocate(f"other {session}", wanted, NumberedMint())


def _hiding(vaults: dict[str, Any], case: str, repeats: int) -> dict[str, tuple[float, float]]:
    """Give the median and the 95th percentile of the seconds that one text takes; the vaults take turns."""
    finder = _Finder()
    sessions = {
        name: Guard(finder, vault=vault, cache_size=0).session(f"benchmark {case}") for name, vault in vaults.items()
    }
    taken: dict[str, list[float]] = {name: [] for name in vaults}
    warming = 20
    for turn in range(warming + repeats):
        number = 0 if case == "known" else turn
        people = [f"Firstname{number} Lastname{place}" for place in range(_ENTITIES)]
        said = "".join(f"{person} {_FILLER[:80]}" for person in people)
        finder.told(people)
        for name, session in sessions.items():
            started = time.perf_counter()
            hidden = session.anonymize(said)
            taken[name].append(time.perf_counter() - started)
            if any(person in hidden for person in people):
                raise AssertionError("something was not hidden")
    ordered = {name: sorted(seconds[warming:]) for name, seconds in taken.items()}
    return {name: (statistics.median(s), s[int(len(s) * 0.95)]) for name, s in ordered.items()}


if __name__ == "__main__":
    show(run())
