import os
import sqlite3
import stat
import subprocess
import sys
import time

import pytest

from lc_guard.errors import MissingExtra, VaultError
from lc_guard.testing import NumberedMint
from lc_guard.vaults import SQLVault, sql_schema
from lc_guard.vaults.sql_errors import explained

CANARY = "Zebulon Quartermain"


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/vault.db"


def allocate(vault, *values, session="s"):
    return vault.allocate(session, [("PERSON", value) for value in values], NumberedMint())


@pytest.mark.parametrize(
    "wrong", ["", "vault.db", "mysql://u:secret@h/d", "sqlite://", "sqlite:///:memory:", "http://secret", "secret", 7]
)
def test_wrong_urls(wrong):
    with pytest.raises(ValueError, match=r"sqlite:///|MemoryVault") as raised:
        SQLVault(wrong)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("wrong", [{"table_prefix": ""}, {"table_prefix": 'x"; --'}, {"table_prefix": "A" * 40}])
def test_wrong_prefixes(url, wrong):
    with pytest.raises(ValueError, match="table_prefix"):
        SQLVault(url, **wrong)


def test_drivers_named_in_the_url_are_replaced(tmp_path, postgres_server):
    for given in (
        f"sqlite+aiosqlite:///{tmp_path}/vault.db",
        postgres_server.url.replace("postgresql", "postgresql+asyncpg"),
        postgres_server.url.replace("postgresql", "postgres"),
    ):
        vault = SQLVault(given, table_prefix=f"d{os.urandom(4).hex()}")
        assert allocate(vault, "Ada") == ["<PERSON-1>"]
        vault.close()


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (("correct%20horse", "wrong"), "refuses the user or password"),
        (("guard:", "nobody:"), "refuses the user or password"),
        (("/postgres", "/nothing"), "no database of that name"),
    ],
)
def test_what_postgresql_refuses(postgres_server, change, hint):
    vault = SQLVault(postgres_server.url.replace(*change, 1), timeout=2)
    with pytest.raises(VaultError, match=hint) as raised:
        allocate(vault, CANARY)
    assert raised.value.__cause__ is None
    assert not any(secret in str(raised.value) for secret in (CANARY, "horse", "wrong"))


def test_a_user_without_rights(postgres_server):
    name = f"u{os.urandom(4).hex()}"
    postgres_server.query(f"CREATE USER {name} PASSWORD 'x'")
    postgres_server.query("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    vault = SQLVault(postgres_server.url.replace("guard:correct%20horse", f"{name}:x"), table_prefix=name)
    with pytest.raises(VaultError, match=r"42501.*grant it the right"):
        allocate(vault, "Ada")


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "vault.db"
    path.write_text("notes " * 1000)
    with pytest.raises(VaultError, match=r"SQLITE_NOTADB.*name another file"):
        allocate(SQLVault(f"sqlite:///{path}"), CANARY)
    with pytest.raises(VaultError, match="its folder must exist"):
        allocate(SQLVault(f"sqlite:///{tmp_path}/missing/vault.db"), CANARY)


def test_a_damaged_file_is_told(url, tmp_path):
    vault = SQLVault(url, cache_values=0)
    allocate(vault, *(f"value {number} {'x' * 500}" for number in range(200)))
    vault.close()
    path = tmp_path / "vault.db"
    raw = bytearray(path.read_bytes())
    raw[8192:] = os.urandom(len(raw) - 8192)
    path.write_bytes(raw)
    with pytest.raises(VaultError, match=r"SQLITE_(CORRUPT|IOERR)|restore a backup"):
        SQLVault(url).items("s")


@pytest.mark.parametrize("make", ["sqlite", "postgres"], indirect=True)
def test_a_schema_from_the_future_is_refused(make, monkeypatch):
    before = make()
    (ada,) = allocate(before, "Ada")
    monkeypatch.setattr(sql_schema, "MIGRATIONS", (*sql_schema.MIGRATIONS, ("CREATE TABLE {p}later (x {blob})",)))
    later = make()
    assert later.items("s") == {ada: "Ada"}, "an older schema is brought up to date"
    assert allocate(later, "Bea") == ["<PERSON-2>"]
    monkeypatch.undo()
    with pytest.raises(VaultError, match=r"of version 2, this lc-guard knows 1.*another table_prefix"):
        allocate(make(), "Cyd")


@pytest.mark.parametrize("make", ["sqlite", "postgres"], indirect=True)
def test_a_migration_is_done_as_a_whole_or_not(make, monkeypatch):
    allocate(make(), "Ada")
    broken = ("CREATE TABLE {p}later (x {blob})", "CREATE NONSENSE")
    monkeypatch.setattr(sql_schema, "MIGRATIONS", (*sql_schema.MIGRATIONS, broken))
    with pytest.raises(VaultError, match="the database failed"):
        make().items("s")
    monkeypatch.setattr(sql_schema, "MIGRATIONS", (*sql_schema.MIGRATIONS[:1], broken[:1]))
    assert make().items("s") == {"<PERSON-1>": "Ada"}


def test_the_file_is_private_and_durable(url, tmp_path):
    vault = SQLVault(url)
    allocate(vault, "Ada")
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    with vault.store._connected() as connection:
        told = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
    assert told == ["wal", 2]
    vault.close()


def test_what_is_forgotten_leaves_the_file(url, tmp_path):
    vault = SQLVault(url)
    values = [f"{CANARY} {number}" for number in range(50)]
    allocate(vault, *values)
    allocate(vault, f"other {CANARY}", "Ada", session="jane@example.org")
    assert CANARY.encode() in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    vault.forget("s")
    vault.forget_value(f"other {CANARY}")
    vault.forget("jane@example.org")
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for gone in (CANARY.encode(), b"jane@example.org", b"Ada"):
        assert gone not in raw
    assert vault.stats() == {"sessions": 0, "values": 0, "expired": 0, "forgotten": 2}
    vault.close()


def test_another_writer_is_waited_for(url, tmp_path):
    vault = SQLVault(url, timeout=0.3)
    allocate(vault, "Ada")
    other = sqlite3.connect(tmp_path / "vault.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert vault.items("s") == {"<PERSON-1>": "Ada"}, "readers don't wait"
    with pytest.raises(VaultError, match="locked by another writer"):
        allocate(vault, CANARY)
    other.execute("ROLLBACK")
    assert allocate(vault, "Bea") == ["<PERSON-2>"]
    other.close()
    vault.close()


def test_the_clock_may_jump(url):
    class Clock:
        now = 1_000_000.0

        def __call__(self):
            return self.now

    clock = Clock()
    vault = SQLVault(url, ttl=100, clock=clock)
    allocate(vault, "Ada")
    clock.now -= 500_000  # back: the session only lives longer
    assert vault.items("s") == {"<PERSON-1>": "Ada"}
    assert allocate(vault, "Bea") == ["<PERSON-2>"]
    assert next(vault.sessions()).last_used == clock.now
    clock.now += 10_000_000  # ahead: it ends, and no number comes back
    assert vault.items("s") == {}
    assert allocate(vault, "Bea") == ["<PERSON-3>"]
    clock.now -= 10_000_000
    assert vault.items("s") == {"<PERSON-3>": "Bea"}
    vault.close()


@pytest.mark.parametrize("make", ["sqlite", "postgres"], indirect=True)
def test_purges_many_sessions(make):
    vault = make(ttl=0.3)
    for number in range(30):
        allocate(vault, "Ada", f"value {number}", session=f"s{number}")
    lasting = make(ttl=None)
    allocate(lasting, "Ada", session="lasting")

    time.sleep(0.35)
    counts = vault.stats()
    assert (counts["sessions"], counts["expired"]) == (1, 30)
    assert vault.purge() == 30
    assert vault.stats() == {"sessions": 1, "values": 1, "expired": 0, "forgotten": 30}
    assert allocate(vault, "Ada", session="s7") == ["<PERSON-3>"]


def test_a_stored_row_that_contradicts_itself_is_refused(url, tmp_path):
    vault = SQLVault(url)
    allocate(vault, "Ada", "Bea")
    other = sqlite3.connect(tmp_path / "vault.db")
    other.execute("UPDATE lc_guard_entries SET placeholder = (SELECT MIN(placeholder) FROM lc_guard_entries)")
    other.commit()
    other.close()
    with pytest.raises(VaultError, match="twice"):
        SQLVault(url).items("s")
    vault.close()


def test_a_restored_backup_is_noticed(url, tmp_path):
    """What this process remembers is not what the database holds: the database is right."""
    vault = SQLVault(url)
    allocate(vault, "Ada")
    backup = sqlite3.connect(tmp_path / "backup.db")
    sqlite3.connect(tmp_path / "vault.db").backup(backup)
    assert allocate(vault, "Bea") == ["<PERSON-2>"]
    vault.store.close()
    with sqlite3.connect(tmp_path / "vault.db") as live:
        backup.backup(live)
    live.close()
    other = SQLVault(url)
    assert allocate(other, "Cyd") == ["<PERSON-2>"]
    assert vault.values("s", ["<PERSON-2>"]) == {"<PERSON-2>": "Cyd"}
    vault.close()
    other.close()


def test_missing_extras():
    code = (
        "import sys\n"
        "sys.modules[sys.argv[1]] = None\n"
        "from lc_guard.errors import MissingExtra\n"
        "from lc_guard.vaults import RedisVault, SQLVault\n"
        "make = RedisVault if sys.argv[1] == 'redis' else SQLVault\n"
        "try:\n    make(sys.argv[2])\n"
        "except MissingExtra as error:\n    print(error)"
    )
    for module, url, extra in (
        ("sqlalchemy", "sqlite:///x.db", "sql"),
        ("psycopg", "postgresql://h/d", "postgres"),
        ("redis", "redis://h", "redis"),
        ("redis", "redis+cluster://h", "redis"),
    ):
        done = subprocess.run([sys.executable, "-c", code, module, url], capture_output=True, text=True, check=True)
        assert f"lc-guard[{extra}]" in done.stdout
    assert issubclass(MissingExtra, ImportError)


def test_a_foreign_error_is_told_by_its_type():
    from sqlalchemy.exc import ProgrammingError

    class UniqueViolation(Exception):
        sqlstate = "23505"

    error = explained(ProgrammingError("SELECT", {"value": CANARY}, UniqueViolation(CANARY)))
    assert "UniqueViolation, SQLSTATE 23505" in str(error)
    assert CANARY not in str(error)
