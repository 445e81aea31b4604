"""Connections of `SQLVault`: durable ones, that never wait for ever."""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from lc_guard.errors import MissingExtra

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Engine


def parsed(url: str) -> URL:
    """Give a URL with the driver that is used for its database.

    Raises:
        ValueError: If it names no file of SQLite and no PostgreSQL. It is not quoted: it may hold a password.
        MissingExtra: If SQLAlchemy or psycopg is not installed.
    """
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
    """Make an engine in autocommit mode; nothing is connected yet.

    Args:
        url: Given by `parsed`.
        timeout: Seconds after which a statement, a connection or a wait for either is given up.
        pool_size: Number of connections, at most.
    """
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
        path = str(url.database)

        @event.listens_for(engine, "do_connect")
        def _make_private(*_: object) -> None:
            if not path.startswith("file:"):
                _touch(path)

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


def _touch(path: str) -> None:
    """Make a new database's file one that only its owner reads; its journals take over the mode."""
    with contextlib.suppress(OSError):  # SQLite tells better what is wrong
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _limited_connection(timeout: float) -> Any:
    """Give psycopg's connection with a bound on how long it waits: a server that hangs closes no socket."""
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
    """Check what table names begin with.

    Raises:
        ValueError: If it is no plain word.
    """
    if not (prefix.isascii() and prefix.isidentifier() and prefix == prefix.lower() and len(prefix) <= 30):
        raise ValueError(
            "table_prefix must be 1 to 30 lower-case letters, digits and underscores, not beginning with one"
        )
    return prefix
