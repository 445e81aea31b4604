"""A red team's own list, classes 6 and 7: bytes of a stolen or an altered store, forks in odd moments, floods."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from lc_guard import Guard, GuardError, VaultError
from lc_guard.testing import ExactDetector
from lc_guard.vaults import EncryptedVault, MemoryVault, SQLVault

from ..support.forks import in_a_child

KEY = EncryptedVault.generate_key()
NAMES = [f"Iggy Canary{number}" for number in range(6)]


def opened(path: Path, *keys: str) -> Guard:
    vault = EncryptedVault(SQLVault(f"sqlite:///{path}"), keys=keys or (KEY,))
    return Guard(ExactDetector({"CANARY": NAMES}), vault=vault)


def filled(path: Path, *sessions: str) -> None:
    guard = opened(path)
    for number, session in enumerate(sessions):
        guard.session(session).anonymize(NAMES[number])
    guard.vault.close()


def rewrite(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as store:
        for statement in statements:
            store.execute(statement)
    store.close()


def test_a_stolen_store_tells_neither_values_nor_sessions(tmp_path: Path) -> None:
    filled(tmp_path / "a.db", "jane@example.org", "joe@example.org")
    every = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert not [told for told in (*NAMES, "jane@", "joe@", KEY) if told.encode() in every]
    thief = opened(tmp_path / "a.db", EncryptedVault.generate_key())
    with pytest.raises(VaultError):
        thief.session("jane@example.org").deanonymize("[REDACTED_CANARY_1]")


def test_a_wrapped_key_of_another_session_opens_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    filled(path, "a", "b")
    rewrite(path, *_swapped("lc_guard_sessions", "key"))
    for session in ("a", "b"):
        with pytest.raises(VaultError):
            opened(path).session(session).deanonymize("[REDACTED_CANARY_1]")


def _swapped(table: str, column: str) -> list[str]:
    """Return statements that swap a column of the first and the last row of a table."""
    first, last = f"(SELECT min(rowid) FROM {table})", f"(SELECT max(rowid) FROM {table})"
    swap = f"UPDATE {table} SET {column} = (SELECT held FROM was WHERE id != {table}.rowid)"
    return [
        f"CREATE TEMP TABLE was AS SELECT rowid AS id, {column} AS held FROM {table}",
        f"{swap} WHERE rowid IN ({first}, {last})",
    ]


def test_a_child_of_a_thread_goes_on_with_an_encrypted_store(tmp_path: Path) -> None:
    """Forked out of a thread while others hide and restore: the child reads what was written, and writes."""
    guard, stop = opened(tmp_path / "a.db"), threading.Event()
    guard.session("s").anonymize(NAMES[0])

    def busy(number: int) -> None:
        while not stop.is_set():
            guard.session(f"busy {number}").anonymize(NAMES[number])

    def work() -> bool:
        own = guard.session("s")
        return own.deanonymize("[REDACTED_CANARY_1]") == NAMES[0] and NAMES[5] not in own.anonymize(NAMES[5])

    threads = [threading.Thread(target=busy, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    try:
        statuses: list[int] = []
        forking = threading.Thread(target=lambda: statuses.extend(in_a_child(work) for _ in range(3)))
        forking.start()
        forking.join()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert statuses == [0, 0, 0]
    assert guard.session("s").placeholders() == {"[REDACTED_CANARY_1]": NAMES[0], "[REDACTED_CANARY_2]": NAMES[5]}


def test_a_flood_of_sessions_reads_nobodys_numbers() -> None:
    """Strangers that begin more sessions than there is room for push out none in use, and get nobody's number."""
    vault = MemoryVault(max_sessions=3, live_seconds=3600)
    guard = Guard(ExactDetector({"CANARY": NAMES}), vault=vault)
    for name in ("a", "b", "c"):
        guard.session(name).anonymize(NAMES[0])
    refused = 0
    for number in range(50):
        try:
            guard.session(f"stranger {number}").anonymize(NAMES[1])
        except GuardError:
            refused += 1
    assert refused == vault.refused == 50
    assert [guard.session(name).deanonymize("[REDACTED_CANARY_1]") for name in ("a", "b", "c")] == [NAMES[0]] * 3
