"""The tables of `SQLVault`, and how an older set of them is brought up to date.

The statements of `SQLVault`, for both databases.

``{p}`` is the prefix of the tables; ``{now}``, ``{until}`` and ``{slid}`` are the clock and the end of a session's
time, now and after a use. No value is ever written into a statement: ruff's S608 is off for this file.

What a database's errors mean: whether to try again, and what to do. Their own text may quote values: never shown.

Connections of `SQLVault`: durable ones, that never wait for ever.
"""

from __future__ import annotations

import contextlib
import math
import os
import stat
import sys
import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lc_guard.errors import MissingExtra, VaultError
from lc_guard.vaults.row_store import Unreachable

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection, Engine


# Texts are kept as bytes: PostgreSQL's text refuses NUL, and neither database bears lone surrogates.
# numbers: how far the numbering went in rows that are gone, as JSON. expires: seconds since 1970, NULL for never.
_VERSION_1 = (
    """CREATE TABLE {p}sessions (
        id {serial},
        handle {blob} NOT NULL UNIQUE,
        epoch BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        token BIGINT NOT NULL,
        sealed_id {blob},
        key {blob} NOT NULL,
        numbers {blob} NOT NULL,
        held BIGINT NOT NULL,
        created {real} NOT NULL,
        last_used {real} NOT NULL,
        expires {real}
    )""",
    "CREATE INDEX {p}sessions_expires ON {p}sessions (expires) WHERE expires IS NOT NULL",
    """CREATE TABLE {p}entries (
        session BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        token BIGINT NOT NULL,
        kind {blob} NOT NULL,
        number BIGINT NOT NULL,
        placeholder {blob} NOT NULL,
        lookup {blob} NOT NULL,
        payload {blob} NOT NULL,
        PRIMARY KEY (session, seq)
    ){clustered}""",
)
MIGRATIONS: tuple[tuple[str, ...], ...] = (_VERSION_1,)
"""What leads from each version to the next; the number of them is the version of today."""

_TYPES = {
    "sqlite": {
        "serial": "INTEGER PRIMARY KEY",
        "blob": "BLOB",
        "real": "REAL",
        "clustered": " WITHOUT ROWID",
    },
    "postgresql": {
        "serial": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "blob": "BYTEA",
        "real": "DOUBLE PRECISION",
        "clustered": "",
    },
}
_LOCK = 0x6C635F6775617264  # "lc_guard": one migration at a time in a PostgreSQL database


def bring_up_to_date(connection: Connection, prefix: str) -> None:
    """Make the tables, or bring them to today's version; all or nothing, also when several processes begin at once."""
    if _version(connection, prefix) == len(MIGRATIONS):
        return
    dialect = connection.dialect.name
    connection.exec_driver_sql("BEGIN IMMEDIATE" if dialect == "sqlite" else "BEGIN")
    try:
        if dialect == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        _migrate(connection, prefix)
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise


def _migrate(connection: Connection, prefix: str) -> None:
    types = _TYPES[connection.dialect.name]
    version = _version(connection, prefix)
    if version == 0:
        table = (
            f"CREATE TABLE IF NOT EXISTS {prefix}meta (name VARCHAR(20) PRIMARY KEY, value {types['blob']} NOT NULL)"
        )
        connection.exec_driver_sql(table)
    for statements in MIGRATIONS[version:]:
        for statement in statements:
            connection.exec_driver_sql(statement.format(p=prefix, **types))
    connection.exec_driver_sql(f"DELETE FROM {prefix}meta WHERE name = 'version'")
    value = f"'{len(MIGRATIONS)}'" if connection.dialect.name == "postgresql" else f"x'{_hex(len(MIGRATIONS))}'"
    connection.exec_driver_sql(f"INSERT INTO {prefix}meta (name, value) VALUES ('version', {value})")


def _hex(number: int) -> str:
    return str(number).encode().hex()


def _version(connection: Connection, prefix: str) -> int:
    from sqlalchemy import inspect

    if not inspect(connection).has_table(f"{prefix}meta"):
        return 0
    row = connection.exec_driver_sql(f"SELECT value FROM {prefix}meta WHERE name = 'version'").first()
    try:
        version = int(bytes(row[0])) if row is not None else 0
    except ValueError:
        version = len(MIGRATIONS) + 1
    if version > len(MIGRATIONS):
        raise VaultError(
            f"the tables of the vault are of version {version}, this lc-guard knows {len(MIGRATIONS)}: "
            "install the lc-guard that made them, or give SQLVault another table_prefix"
        )
    return version


# What is live is told by the id, which `drop` takes away, and by the clock.
LIVE = "sealed_id IS NOT NULL AND (expires IS NULL OR expires > {now})"
AT = "handle = :handle AND epoch = :epoch AND seq = :seq AND token = :token"

# The head in the first line, then the rows that the caller has not seen; one statement sees one state of things.
READ = f"""
WITH s AS (
    SELECT id, epoch, seq, token, key, numbers, last_used, {LIVE} AS live,
        CASE WHEN epoch = :epoch AND EXISTS (
            SELECT 1 FROM {{p}}entries e WHERE e.session = {{p}}sessions.id AND e.seq = :seq AND e.token = :token
        ) THEN :seq ELSE 0 END AS since
    FROM {{p}}sessions WHERE handle = :handle
)
SELECT 0 AS n, epoch AS a, seq AS b, token AS c, since AS d, CASE WHEN live THEN 1 ELSE 0 END AS e,
    CASE WHEN last_used < {{now}} - :grain THEN 1 ELSE 0 END AS f, key AS w, numbers AS x, key AS y, key AS z
FROM s
UNION ALL
SELECT r.seq, r.number, 0, 0, 0, 0, 0, r.kind, r.placeholder, r.lookup, r.payload
FROM s JOIN {{p}}entries r ON r.session = s.id AND r.seq > s.since
WHERE s.live
"""
TOUCH = f"UPDATE {{p}}sessions SET last_used = {{now}}, expires = {{slid}} WHERE handle = :handle AND {LIVE}"
GROW = f"""
UPDATE {{p}}sessions SET seq = :new_seq, token = :new_token, held = held + :count, last_used = {{now}},
    expires = {{slid}}
WHERE {AT} AND {LIVE} RETURNING id
"""
BEGIN = """
INSERT INTO {p}sessions (handle, epoch, seq, token, sealed_id, key, numbers, held, created, last_used, expires)
VALUES (:handle, :new_epoch, :new_seq, :new_token, :sealed_id, :key, :nothing, :count, {now}, {now}, {until})
ON CONFLICT (handle) DO NOTHING RETURNING id
"""
BEGIN_AGAIN = f"""
UPDATE {{p}}sessions SET epoch = :new_epoch, seq = :new_seq, token = :new_token, sealed_id = :sealed_id, key = :key,
    held = :count, created = {{now}}, last_used = {{now}}, expires = {{until}}
WHERE {AT} AND sealed_id IS NULL RETURNING id
"""
COLUMNS = "session, seq, token, kind, number, placeholder, lookup, payload"
INSERT = f"INSERT INTO {{p}}entries ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
# On PostgreSQL all of an append is one statement, hence one round trip and one transaction.
APPEND = f"""
WITH s AS ({{head}})
INSERT INTO {{p}}entries ({COLUMNS})
SELECT s.id, r.seq, :new_token, r.kind, r.number, r.placeholder, r.lookup, r.payload
FROM s, unnest(CAST(:seqs AS bigint[]), CAST(:kinds AS bytea[]), CAST(:indexes AS bigint[]),
    CAST(:placeholders AS bytea[]), CAST(:lookups AS bytea[]), CAST(:payloads AS bytea[])
) AS r (seq, kind, number, placeholder, lookup, payload)
"""
OPEN = "SELECT id, numbers FROM {p}sessions WHERE handle = :handle AND sealed_id IS NOT NULL"
OPEN_AT = f"SELECT id, numbers FROM {{p}}sessions WHERE {AT} AND {LIVE}"
NUMBERS = "SELECT kind, MAX(number) FROM {p}entries WHERE session = :id GROUP BY kind"
DROP_ROWS = "DELETE FROM {p}entries WHERE session = :id"
DROP = """
UPDATE {p}sessions SET epoch = :new_epoch, sealed_id = NULL, key = :nothing, numbers = :numbers, held = 0,
    expires = NULL
WHERE id = :id
"""
REMOVE_ROW = "DELETE FROM {p}entries WHERE session = :id AND seq = :seq"
REMOVED = "UPDATE {p}sessions SET epoch = :new_epoch, numbers = :numbers, held = held - :count WHERE id = :id"
REKEY = "UPDATE {p}sessions SET key = :key WHERE handle = :handle AND key = :old AND sealed_id IS NOT NULL"
HEADS = f"""
SELECT id, handle, sealed_id, held, created, last_used, key FROM {{p}}sessions
WHERE id > :after AND {LIVE} ORDER BY id LIMIT :page
"""
HEADS_HAVING = HEADS.replace(
    "ORDER", "AND EXISTS (SELECT 1 FROM {p}entries e WHERE e.session = {p}sessions.id AND e.lookup = :lookup) ORDER"
)
EXPIRED = "SELECT handle FROM {p}sessions WHERE expires <= {now} LIMIT :page"
STATS = f"""
SELECT COALESCE(SUM(CASE WHEN {LIVE} THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN {LIVE} THEN held ELSE 0 END), 0),
    COALESCE(SUM(CASE WHEN expires <= {{now}} THEN 1 ELSE 0 END), 0),
    COALESCE(SUM(CASE WHEN sealed_id IS NULL THEN 1 ELSE 0 END), 0)
FROM {{p}}sessions
"""
ROOT = "SELECT value FROM {p}meta WHERE name = 'root'"
NEW_ROOT = "INSERT INTO {p}meta (name, value) VALUES ('root', :new) ON CONFLICT (name) DO NOTHING"
OTHER_ROOT = "UPDATE {p}meta SET value = :new WHERE name = 'root' AND value = :old"


# SQLite's result codes (https://www.sqlite.org/rescode.html), by beginning.
_SQLITE: tuple[tuple[str, str], ...] = (
    ("SQLITE_FULL", "its disk is full, nothing was stored; make room"),
    ("SQLITE_READONLY", "it is read-only; give the process the right to write the file and its folder"),
    ("SQLITE_CANTOPEN", "it can't be opened; its folder must exist, and the process must have the right to write it"),
    ("SQLITE_PERM", "it can't be opened; give the process the right to write the file and its folder"),
    ("SQLITE_NOTADB", "the file is no SQLite database; name another file"),
    ("SQLITE_CORRUPT", "the file is damaged; restore it from a backup"),
    ("SQLITE_IOERR", "its disk failed or is full, nothing was stored; make room or replace it"),
    ("SQLITE_TOOBIG", "a value is larger than SQLite bears (1 GB); nothing was stored"),
)
_SQLITE_AGAIN = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL")

# PostgreSQL's SQLSTATE codes (https://www.postgresql.org/docs/current/errcodes-appendix.html), by beginning.
_POSTGRESQL: tuple[tuple[str, str], ...] = (
    ("28", "it refuses the user or password; check the URL"),
    ("3D", "there is no database of that name; create it, or check the URL"),
    ("42501", "the user may not do this; grant it the right to create and write tables"),
    ("25006", "it is read-only (a standby?); name the primary in the URL"),
    ("53100", "its disk is full, nothing was stored; make room"),
    ("54", "a value is larger than PostgreSQL bears; nothing was stored"),
)
_POSTGRESQL_AGAIN = ("08", "40", "53300", "55P03", "57")
# libpq gives no code for what goes wrong while it connects (https://www.postgresql.org/docs/current/libpq.html).
_POSTGRESQL_TEXTS: tuple[tuple[str, str], ...] = (
    ("password", "28"),
    ("authentication failed", "28"),
    ("role ", "28"),
    ("pg_hba.conf", "28"),
    ("database ", "3D"),
)


def explained(error: BaseException) -> VaultError:
    """Return the error to raise for one of SQLAlchemy's, of `sqlite3` or of psycopg."""
    from sqlalchemy import exc

    if isinstance(error, exc.TimeoutError):
        return Unreachable("all connections to the database are in use; raise SQLVault(pool_size=...)")
    original = getattr(error, "orig", None) or error
    sqlite = getattr(original, "sqlite_errorname", None)
    if sqlite:
        return _of_sqlite(sqlite)
    state = getattr(original, "sqlstate", None)
    name = type(original).__name__
    operational = any(base.__name__ == "OperationalError" for base in type(original).__mro__)
    if state is None and operational:
        state = _while_connecting(str(original))
    if state is None and (operational or getattr(error, "connection_invalidated", False)):
        return Unreachable(f"the database can't be reached ({name}); check that it runs, and the URL")
    return _of_postgresql(name, state or "")


def _of_sqlite(code: str) -> VaultError:
    if code.startswith(_SQLITE_AGAIN):
        return Unreachable(f"the database is locked by another writer ({code})")
    hint = next((hint for begin, hint in _SQLITE if code.startswith(begin)), "see SQLite's list of result codes")
    return VaultError(f"the database failed ({code}): {hint}")


def _of_postgresql(name: str, state: str) -> VaultError:
    if state.startswith(_POSTGRESQL_AGAIN):
        return Unreachable(f"the database did not answer ({name}, SQLSTATE {state})")
    hint = next((hint for begin, hint in _POSTGRESQL if state.startswith(begin)), "see PostgreSQL's error codes")
    return VaultError(f"the database failed ({name}, SQLSTATE {state or 'unknown'}): {hint}")


def _while_connecting(text: str) -> str | None:
    if "FATAL:" not in text or any(part in text for part in ("starting up", "shutting down", "too many", "recovery")):
        return None
    return next((state for part, state in _POSTGRESQL_TEXTS if part in text), None)


def parsed(url: str) -> URL:
    """Return a URL with its database's driver, or raise ValueError, which does not quote it: it may hold a password."""
    try:
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError
    except ImportError:
        raise MissingExtra("SQLVault", "sql") from None
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError(
            "this is no database URL; write sqlite:///folder/file.db or postgresql://user:password@host:5432/database"
        ) from None
    backend = parts.get_backend_name()
    if backend == "sqlite":
        if parts.database in (None, "", ":memory:") or "mode=memory" in (parts.database or ""):
            raise ValueError(
                "SQLite in memory outlives no process; use MemoryVault, or name a file: sqlite:///vault.db"
            )
        return parts.set(drivername="sqlite+pysqlite")
    if backend in ("postgresql", "postgres"):
        try:
            import psycopg  # noqa: F401 - SQLAlchemy imports it by name
        except ImportError:
            raise MissingExtra("SQLVault on PostgreSQL", "postgres") from None
        return parts.set(drivername="postgresql+psycopg")
    raise ValueError(f"SQLVault knows SQLite and PostgreSQL, not {backend!r}; write sqlite:///… or postgresql://…")


def engine_for(url: URL, *, timeout: float, pool_size: int) -> Engine:
    """Make an engine in autocommit mode, all of whose waits end after `timeout` seconds; nothing is connected yet."""
    from sqlalchemy import create_engine, event

    connect_args: dict[str, Any]
    if url.get_backend_name() == "sqlite":
        connect_args = {"timeout": timeout, "check_same_thread": False}
    else:
        connect_args = {"connect_timeout": max(2, math.ceil(timeout)), "application_name": "lc-guard"}
        connect_args = {name: value for name, value in connect_args.items() if name not in url.query}
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=timeout,
        pool_use_lifo=True,
        skip_autocommit_rollback=True,
        connect_args=connect_args,
    )
    if url.get_backend_name() == "sqlite":
        path = file_of(url)

        @event.listens_for(engine, "do_connect")
        def _make_private(*_: object) -> None:
            keep_private(path)

        @event.listens_for(engine, "connect")
        def _set_up(connection: Any, _: object) -> None:
            set_up_sqlite(connection)
    else:
        limited = _limited_connection(timeout)

        @event.listens_for(engine, "do_connect")
        def _connect(_dialect: object, _record: object, arguments: Any, options: Any) -> Any:
            return limited.connect(*arguments, **options)

        @event.listens_for(engine, "connect")
        def _set_up(connection: Any, _: object) -> None:
            connection.autocommit = True
            connection.execute(
                "SELECT set_config('synchronous_commit', 'on', false) "
                "WHERE current_setting('synchronous_commit') IN ('off', 'local')"
            )

    return engine


def set_up_sqlite(connection: Any) -> None:
    """Make a connection of `sqlite3` durable and tidy (https://www.sqlite.org/pragma.html)."""
    cursor = connection.cursor()
    try:
        if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        # what is deleted is overwritten: forgotten values don't stay in free pages of the file
        cursor.execute("PRAGMA secure_delete = ON")
    finally:
        cursor.close()


def file_of(url: URL) -> str:
    """Return the path of a SQLite database, also where it is named by a URI (https://www.sqlite.org/uri.html)."""
    name = str(url.database)
    if not name.startswith("file:"):
        return name
    path = name.removeprefix("file:").partition("?")[0].partition("#")[0]
    if path.startswith("//"):  # an authority, which is empty or this machine
        path = "/" + path[2:].partition("/")[2]
    return unquote(path)


def keep_private(path: str) -> None:
    """Make a new database's file one that only its owner reads, and an older one and its journals as well.

    Raises:
        VaultError: If others may read one, and this process may not change that.
    """
    # A file that is there is never opened here: whoever closes one takes all locks from it that SQLite has for this
    # process, and another process would clear the log away that is in use (https://www.sqlite.org/howtocorrupt.html).
    with contextlib.suppress(OSError):  # SQLite tells better what is wrong
        if sys.platform == "linux":
            os.mknod(path, stat.S_IFREG | 0o600)
        else:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    if os.name != "posix":
        return
    for name in (path, f"{path}-wal", f"{path}-shm", f"{path}-journal"):
        with contextlib.suppress(FileNotFoundError):
            mode = stat.S_IMODE(os.stat(name).st_mode)
            if mode & 0o077:
                try:
                    os.chmod(name, mode & 0o700)
                except OSError:
                    raise VaultError(
                        "others may read the vault's file, and this process may not change that; have its owner run "
                        "chmod 600 on it and on its -wal and -shm files"
                    ) from None


def _limited_connection(timeout: float) -> Any:
    """Return psycopg's connection with a bound on how long it waits: a server that hangs closes no socket."""
    import psycopg

    class Limited(psycopg.Connection[Any]):
        def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
            return super().wait(self._bounded(gen), *args, **kwargs)

        def _bounded(self, gen: Any) -> Generator[Any, Any, Any]:
            deadline = time.monotonic() + timeout
            try:
                state = next(gen)
                while True:
                    ready = yield state
                    if time.monotonic() > deadline:
                        self.pgconn.finish()
                        raise psycopg.OperationalError("no answer in time")
                    state = gen.send(ready)
            except StopIteration as stop:
                return stop.value

    return Limited


def check_prefix(prefix: str) -> str:
    """Return what table names begin with, or raise ValueError if it is no plain word."""
    if not (prefix.isascii() and prefix.isidentifier() and prefix == prefix.lower() and len(prefix) <= 30):
        raise ValueError(
            "table_prefix must be 1 to 30 lower-case letters, digits and underscores, not beginning with one"
        )
    return prefix
