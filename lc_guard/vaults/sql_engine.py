"""Connections of `SQLVault`: durable ones, that never wait for ever."""

from __future__ import annotations

import contextlib
import math
import os
import stat
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lc_guard.errors import MissingExtra, VaultError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Engine


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


class DatabaseUse:
    """Which threads use a database now, so that a fork can wait until none does; entered by ``with``."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Begin anew, in a process that was just forked."""
        self._changed = threading.Condition()
        self._threads: Counter[int] = Counter()
        self._paused_by: int | None = None

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._changed:
            # who is inside already, or forks, is not to wait for itself
            self._changed.wait_for(lambda: self._paused_by in (None, me) or self._threads[me] > 0)
            self._threads[me] += 1

    def __exit__(self, *_: object) -> None:
        me = threading.get_ident()
        with self._changed:
            self._threads[me] -= 1
            if not self._threads[me]:
                del self._threads[me]
            self._changed.notify_all()

    def pause(self, timeout: float) -> bool:
        """Wait until no other thread is inside, at most `timeout` seconds, and let none in until `resume`.

        Whether nobody is inside then.
        """
        me = threading.get_ident()
        with self._changed:
            self._paused_by = me
            self._changed.wait_for(lambda: not self._threads.keys() - {me}, timeout)
            return not self._threads

    def resume(self) -> None:
        """Let threads in again."""
        with self._changed:
            self._paused_by = None
            self._changed.notify_all()
