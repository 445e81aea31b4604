"""What SQLite leaves of a vault: who may read its files, and what is in them once something was forgotten."""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lc_guard.errors import VaultError
from lc_guard.testing import NumberedMint
from lc_guard.vaults import EncryptedVault, SQLVault, sql_engine, sql_schema

from ..support.forks import in_a_child

VALUE, SESSION = "Zosimus Quillfeather of Nowhere", "zosimus@example.org"


def write(vault: SQLVault, session: str = SESSION, value: str = VALUE) -> None:
    vault.allocate(session, [("PERSON", value)], NumberedMint())


def content(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


@pytest.mark.parametrize(
    "url", ["sqlite:///{}/v.db", "sqlite:///file:{}/v.db?uri=true", "sqlite:///file://{}/v%20w.db?uri=true"]
)
@pytest.mark.parametrize("before", [None, 0o644, 0o666, 0o640])
def test_only_the_owner_reads(tmp_path: Path, url: str, before: int | None) -> None:
    name = tmp_path / ("v w.db" if "%20" in url else "v.db")
    if before is not None:
        with sqlite3.connect(name) as other:
            other.execute("PRAGMA journal_mode = WAL")
            other.execute("CREATE TABLE t (a)")
            for path in tmp_path.iterdir():
                path.chmod(before)
            before_wal = {path.name for path in tmp_path.iterdir()}
            assert f"{name.name}-wal" in before_wal
            vault = SQLVault(url.format(tmp_path))
            write(vault)
        other.close()
    else:
        old = os.umask(0)
        try:
            vault = SQLVault(url.format(tmp_path))
            write(vault)
        finally:
            os.umask(old)
    assert modes(tmp_path) == {0o600}
    assert name.exists()
    vault.close()


def test_a_file_that_others_read_and_that_is_not_ours_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = tmp_path / "v.db"
    name.touch(0o644)
    name.chmod(0o644)

    def refuse(*_: object) -> None:
        raise PermissionError("no")

    monkeypatch.setattr(sql_engine.os, "chmod", refuse)
    with pytest.raises(VaultError, match="chmod 600"):
        write(SQLVault(f"sqlite:///{name}"))


@pytest.mark.parametrize("way", ["forget", "forget_value", "purge"])
def test_what_was_dropped_is_in_no_byte_of_any_file(tmp_path: Path, way: str) -> None:
    now = [1000.0]
    vault = SQLVault(f"sqlite:///{tmp_path}/v.db", ttl=60, clock=lambda: now[0])
    for number in range(200):  # whole pages, some of which become free
        write(vault, value=f"{VALUE} {number}")
        write(vault, f"other {number}", "kept")
    assert VALUE.encode() in content(tmp_path)
    if way == "forget":
        assert vault.forget(SESSION)
    elif way == "forget_value":
        for number in range(200):
            assert vault.forget_value(f"{VALUE} {number}") == 1
    else:
        now[0] += 61
        assert vault.purge() == 201
    assert VALUE.encode() not in content(tmp_path), "while it is open"
    vault.close()
    assert VALUE.encode() not in content(tmp_path)


def test_a_reader_that_stays_is_told_of_and_what_is_left_goes_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    vault = SQLVault(f"sqlite:///{tmp_path}/v.db", timeout=0.3)
    write(vault)
    reader = sqlite3.connect(tmp_path / "v.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT COUNT(*) FROM lc_guard_entries").fetchone()
    caplog.set_level(logging.WARNING, "lc_guard")
    assert vault.forget(SESSION)
    assert "write-ahead log" in caplog.text
    assert "purge" in caplog.text
    assert VALUE not in caplog.text
    reader.execute("COMMIT")
    caplog.clear()
    vault.purge()
    assert caplog.text == ""
    assert VALUE.encode() not in content(tmp_path)
    reader.close()


def test_forget_waits_for_a_reader_that_ends(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    vault = SQLVault(f"sqlite:///{tmp_path}/v.db", timeout=10)
    write(vault)
    reader = sqlite3.connect(tmp_path / "v.db", isolation_level=None, check_same_thread=False)
    reader.execute("BEGIN")
    reader.execute("SELECT COUNT(*) FROM lc_guard_entries").fetchone()
    ending = threading.Timer(0.3, lambda: reader.execute("COMMIT"))
    ending.start()
    assert vault.forget(SESSION)
    assert caplog.text == ""
    assert VALUE.encode() not in content(tmp_path)
    ending.join()
    reader.close()


def test_what_is_left_of_a_session_id_is_no_plain_hash(tmp_path: Path) -> None:
    handles = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        vault = SQLVault(f"sqlite:///{folder}/v.db")
        write(vault)
        vault.forget(SESSION)
        vault.close()
        assert SESSION.encode() not in content(folder)
        assert hashlib.sha256(SESSION.encode()).digest() not in content(folder)
        with sqlite3.connect(folder / "v.db") as database:
            handles += database.execute("SELECT handle FROM lc_guard_sessions").fetchall()
        database.close()
    assert len(set(handles)) == 2, "the same id is another one in another store"


def test_stores_of_earlier_versions_are_read_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/v.db"
    vault = SQLVault(url)
    write(vault)
    vault.close()
    with sqlite3.connect(tmp_path / "v.db") as database:  # as they were written: no key, plain hashes
        database.execute("UPDATE lc_guard_meta SET value = ? WHERE name = 'root'", (b"\x00",))
        database.execute("UPDATE lc_guard_sessions SET handle = ?", (hashlib.sha256(SESSION.encode()).digest(),))
    database.close()
    assert list(SQLVault(url).items(SESSION).values()) == [VALUE]


@pytest.mark.parametrize("key", [bytes(32), b"\xff" * 32, b"secret__" * 4, b"ab" * 16, bytes(16), b"x" * 31, ""])
def test_weak_keys_are_refused(key: bytes | str) -> None:
    with pytest.raises(VaultError, match="key number 1 is not usable"):
        EncryptedVault(SQLVault("sqlite:///unused.db"), keys=[key])


READS_AND_CLOSES = """
import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
store.execute("SELECT count(*) FROM sqlite_master").fetchone()
store.close()
"""


def test_a_further_connection_leaves_the_first_ones_locks(tmp_path: Path) -> None:
    """Without them another process takes itself for the last one, and clears away the log that is in use."""
    path = tmp_path / "a.db"
    vault = SQLVault(f"sqlite:///{path}")
    write(vault)
    log = os.stat(f"{path}-wal").st_ino
    sql_engine.keep_private(str(path))  # what each connection begins with
    subprocess.run([sys.executable, "-c", READS_AND_CLOSES, str(path)], check=True)
    assert os.stat(f"{path}-wal").st_ino == log
    write(vault, "b", "Ada")
    assert [*SQLVault(f"sqlite:///{path}").items("b").values()] == ["Ada"]
    vault.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
def test_a_fork_waits_for_the_first_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, done = threading.Event(), threading.Event()
    real = sql_schema.bring_up_to_date

    def slowly(connection: object, prefix: str) -> None:
        begun.set()
        threading.Event().wait(0.2)
        real(connection, prefix)  # type: ignore[arg-type]
        done.set()

    monkeypatch.setattr("lc_guard.vaults.sql_store.bring_up_to_date", slowly)
    vault = SQLVault(f"sqlite:///{tmp_path / 'a.db'}")
    first = threading.Thread(target=write, args=(vault,))
    first.start()
    begun.wait()
    assert in_a_child(lambda: done.is_set() and vault.items("of nobody") == {}) == 0
    first.join()
    assert [*vault.items(SESSION).values()] == [VALUE]
    vault.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
def test_a_process_forked_while_the_file_was_in_use_lets_it_be(tmp_path: Path) -> None:
    vault = SQLVault(f"sqlite:///{tmp_path / 'a.db'}", timeout=0.1)
    write(vault)
    inside, over = threading.Event(), threading.Event()

    def stay() -> None:
        with vault.store._connected():  # type: ignore[attr-defined]
            inside.set()
            over.wait()

    staying = threading.Thread(target=stay)
    staying.start()
    inside.wait()

    assert in_a_child(lambda: _is_refused(vault) and in_a_child(lambda: _is_refused(vault)) == 0) == 0
    over.set()
    staying.join()
    assert in_a_child(lambda: [*vault.items(SESSION).values()] == [VALUE]) == 0
    assert [*vault.items(SESSION).values()] == [VALUE]
    vault.close()


def _is_refused(vault: SQLVault) -> bool:
    with pytest.raises(VaultError, match="forked while"):
        vault.items(SESSION)
    return True
