"""The row store of `SQLVault`: SQLite and PostgreSQL, one statement for a read, one for an append on PostgreSQL."""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lc_guard._forks import ForkLock, around_forks
from lc_guard.errors import VaultError
from lc_guard.vaults import sql_schema as sql
from lc_guard.vaults.codec import decoded, encoded
from lc_guard.vaults.row_store import NOWHERE, Head, NewSession, Row, Snapshot, Unreachable, Version
from lc_guard.vaults.sql_engine import DatabaseUse, engine_for, parsed
from lc_guard.vaults.sql_errors import explained
from lc_guard.vaults.sql_schema import bring_up_to_date, check_prefix

if TYPE_CHECKING:
    from sqlalchemy import TextClause
    from sqlalchemy.engine import Connection, Engine

logger = logging.getLogger("lc_guard")
_PAGE = 500
_LEFT = (
    "values were dropped, and are still in the write-ahead log of SQLite: a reader of the file did not end in time. "
    "They are overwritten at the next forget or purge when nobody reads (lc-guard vault purge)"
)


class SQLStore:
    """Keeps rows in two tables of a SQL database, as `SQLVault` is told to; see `lc_guard.vaults.row_store.RowStore`.

    `clock` gives the seconds since 1970, for SQLite; PostgreSQL's own clock counts there.
    """

    def __init__(
        self,
        url: str,
        *,
        table_prefix: str,
        ttl: float | None,
        sliding: bool,
        timeout: float,
        pool_size: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url = parsed(url)
        self._prefix = check_prefix(table_prefix)
        self._sqlite = self._url.get_backend_name() == "sqlite"
        self._ttl = ttl
        self._sliding = sliding
        # a use is written down only if the last one was long ago: reading must not cost a write each time
        self._grain = min(60.0, ttl / 20) if ttl is not None else 3600.0
        self._timeout = timeout
        self._pool_size = pool_size
        self._clock = clock
        self._statements: dict[str, tuple[TextClause, frozenset[str]]] = {}
        self._engine: Engine | None = None
        self._setting_up = ForkLock()
        self._writing = ForkLock()  # SQLite has one writer; waiting here is fairer than its polling
        self._use = DatabaseUse()
        self._open = False  # whether a connection was in use when this process forked
        self._in_use = False  # whether one was when this process was forked itself
        around_forks("before", self._before_fork)
        around_forks("after_in_parent", self._use.resume)
        around_forks("after_in_child", self._in_child)

    def _before_fork(self) -> None:
        """Close SQLite's connections once none is in use, the first one included, which others may be opening now.

        SQLite keeps what a process has locked in that process' memory: a child that is forked meanwhile takes the file
        for locked by itself. It waits for good, or writes where others do, and damages the file.
        """
        if self._sqlite:
            self._open = not self._use.pause(self._timeout)
            if self._engine is not None:
                self._engine.dispose()

    def _in_child(self) -> None:
        """Leave the parent's connections alone, and begin anew."""
        self._give_up(close=False)
        self._in_use |= self._open
        self._use.renew()

    def _give_up(self, *, close: bool) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose(close=close)

    def __repr__(self) -> str:
        return "SQLite" if self._sqlite else "PostgreSQL"

    def root(self, new: bytes, *, instead_of: bytes | None = None) -> bytes:
        """Return what is kept for the vault as a whole (see `RowStore.root`)."""
        with self._connected() as connection:
            row = self._run(connection, sql.ROOT).first()
            if row is not None and (instead_of is None or bytes(row[0]) != instead_of):
                return bytes(row[0])
            with self._transaction(connection):
                if row is None:
                    self._run(connection, sql.NEW_ROOT, new=new)
                else:
                    self._run(connection, sql.OTHER_ROOT, new=new, old=instead_of)
            return bytes(self._run(connection, sql.ROOT).one()[0])

    def rekey(self, handle: bytes, key: bytes, *, instead_of: bytes) -> bool:
        """Wrap a session's key anew (see `RowStore.rekey`)."""
        with self._connected() as connection, self._transaction(connection):
            return bool(self._run(connection, sql.REKEY, handle=handle, key=key, old=instead_of).rowcount)

    def read(self, handle: bytes, seen: Version, *, use: bool = True) -> Snapshot:
        """Return what is new in a session (see `RowStore.read`)."""
        with self._connected() as connection:
            lines = list(self._run(connection, sql.READ, handle=handle, **seen._asdict(), grain=self._grain))
            if not lines:
                return Snapshot(NOWHERE)
            head, *lines = sorted(lines, key=lambda line: int(line[0]))
            version = Version(head[1], head[2], head[3])
            if use and head[5] and head[6]:
                with self._writes():
                    self._run(connection, sql.TOUCH, handle=handle)
        rows = [
            Row(line[0], decoded(bytes(line[7])), line[1], decoded(bytes(line[8])), bytes(line[9]), bytes(line[10]))
            for line in lines
        ]
        return Snapshot(
            version,
            live=bool(head[5]),
            whole=not head[4] or not head[5],
            key=bytes(head[7]),
            rows=rows,
            numbers=_numbers(head[8]),
        )

    def append(self, handle: bytes, at: Version, rows: Sequence[Row], *, new: NewSession | None) -> Version | None:
        """Add rows to a session if it is at a version (see `RowStore.append`)."""
        epoch = at.epoch if new is None else _random()
        version = Version(epoch, at.seq + len(rows), _random())
        given = {
            "handle": handle, **at._asdict(), "new_epoch": epoch, "new_seq": version.seq, "new_token": version.token,
            "count": len(rows),
        }  # fmt: skip
        head = sql.GROW
        if new is not None:
            head = sql.BEGIN if at == NOWHERE else sql.BEGIN_AGAIN
            given |= {"sealed_id": new.sealed_id, "key": new.key, "nothing": b"{}"}
        add = self._append_by_steps if self._sqlite else self._append_at_once
        with self._connected() as connection:
            if add(connection, head, given, rows):
                return version
            if new is not None and at != NOWHERE:  # its time is over, but nobody has dropped it yet
                with self._transaction(connection):
                    self._drop(connection, handle, over=True)
        return None

    def _append_by_steps(self, connection: Connection, head: str, given: dict[str, Any], rows: Sequence[Row]) -> bool:
        with self._transaction(connection):
            found = self._run(connection, head, **given).all()
            if not found:
                return False
            lines = [
                (
                    found[0][0], row.seq, given["new_token"], encoded(row.kind), row.index, encoded(row.placeholder),
                    row.lookup, row.payload,
                )
                for row in rows
            ]  # fmt: skip
            connection.exec_driver_sql(sql.INSERT.format(p=self._prefix), lines)
            return True

    def _append_at_once(self, connection: Connection, head: str, given: dict[str, Any], rows: Sequence[Row]) -> bool:
        columns = {
            "seqs": [row.seq for row in rows],
            "kinds": [encoded(row.kind) for row in rows],
            "indexes": [row.index for row in rows],
            "placeholders": [encoded(row.placeholder) for row in rows],
            "lookups": [row.lookup for row in rows],
            "payloads": [row.payload for row in rows],
        }
        return bool(self._run(connection, sql.APPEND.replace("{head}", head), **given, **columns).rowcount)

    def remove(self, handle: bytes, at: Version, seqs: Sequence[int]) -> bool:
        """Take rows out of a live session if it is at a version (see `RowStore.remove`)."""
        with self._connected() as connection:
            with self._transaction(connection):
                found = self._run(connection, self._locking(sql.OPEN_AT), handle=handle, **at._asdict()).first()
                if found is None:
                    return False
                numbers = self._numbering(connection, found[0], found[1])
                for seq in seqs:
                    self._run(connection, sql.REMOVE_ROW, id=found[0], seq=seq)
                changes = {"new_epoch": _random(), "numbers": numbers, "count": len(seqs)}
                self._run(connection, sql.REMOVED, id=found[0], **changes)
            self._wipe(connection)
        return True

    def drop(self, handle: bytes) -> bool:
        """Drop a session (see `RowStore.drop`)."""
        with self._connected() as connection:
            with self._transaction(connection):
                dropped = self._drop(connection, handle)
            self._wipe(connection)
        return dropped

    def _drop(self, connection: Connection, handle: bytes, *, over: bool = False) -> bool:
        statement = f"{sql.OPEN} AND expires <= {{now}}" if over else sql.OPEN
        found = self._run(connection, self._locking(statement), handle=handle).first()
        if found is None:
            return False
        numbers = self._numbering(connection, found[0], found[1])
        self._run(connection, sql.DROP, id=found[0], new_epoch=_random(), numbers=numbers, nothing=b"")
        self._run(connection, sql.DROP_ROWS, id=found[0])
        return True

    def _numbering(self, connection: Connection, session: int, before: bytes) -> bytes:
        numbers = dict(_numbers(before))
        for kind, number in self._run(connection, sql.NUMBERS, id=session):
            name = decoded(bytes(kind))
            numbers[name] = max(number, numbers.get(name, 0))
        return json.dumps(numbers).encode()

    def heads(self, *, having: bytes | None = None) -> Iterator[Head]:
        """Yield all live sessions (see `RowStore.heads`)."""
        after = 0
        given = {} if having is None else {"lookup": having}
        while True:
            with self._connected() as connection:
                statement = sql.HEADS if having is None else sql.HEADS_HAVING
                lines = self._run(connection, statement, after=after, page=_PAGE, **given).all()
            for line in lines:
                yield Head(bytes(line[1]), bytes(line[2]), line[3], line[4], line[5], bytes(line[6]))
            if len(lines) < _PAGE:
                return
            after = lines[-1][0]

    def purge(self) -> int:
        """Drop all sessions whose time is over (see `RowStore.purge`)."""
        count = 0
        with self._connected() as connection:
            while True:
                with self._transaction(connection):
                    handles = [bytes(line[0]) for line in self._run(connection, sql.EXPIRED, page=_PAGE)]
                    # in one order, so that two purges never wait for each other
                    count += sum(self._drop(connection, handle, over=True) for handle in sorted(handles))
                if len(handles) < _PAGE:
                    break
            self._wipe(connection)
        return count

    def stats(self) -> Mapping[str, int]:
        """Return counts (see `RowStore.stats`)."""
        with self._connected() as connection:
            line = self._run(connection, sql.STATS).one()
        return dict(zip(("sessions", "values", "expired", "forgotten"), map(int, line), strict=True))

    def close(self) -> None:
        """Give up all connections."""
        self._give_up(close=True)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with self._use, self._ready().connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise explained(error) from None

    def _ready(self) -> Engine:
        if self._in_use:
            raise VaultError(
                "this process was forked while the SQLite file was in use, and can't use it without damage: fork when "
                "nothing is under way, make the vault in the new process, or take a database server"
            )
        with self._setting_up:
            if self._engine is None:
                engine = engine_for(self._url, timeout=self._timeout, pool_size=self._pool_size)
                try:
                    with engine.connect() as connection:
                        bring_up_to_date(connection, self._prefix)
                except BaseException:
                    engine.dispose()
                    raise
                self._engine = engine
            return self._engine

    @contextmanager
    def _transaction(self, connection: Connection) -> Iterator[None]:
        with self._writes():
            connection.exec_driver_sql("BEGIN IMMEDIATE" if self._sqlite else "BEGIN")
            try:
                yield
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                # whatever went wrong, this connection is not used again: a transaction may still be open in it
                connection.invalidate()
                raise

    @contextmanager
    def _writes(self) -> Iterator[None]:
        if not self._sqlite:
            yield
            return
        if not self._writing.acquire(timeout=self._timeout):
            raise Unreachable("the database is locked by other threads of this process")
        try:
            yield
        finally:
            self._writing.release()

    def _wipe(self, connection: Connection) -> None:
        """Have SQLite empty its journal, which still holds what was dropped; waits for readers, tells if one stays."""
        if self._sqlite:
            with self._writes():
                busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
            if busy:
                logger.warning(_LEFT)

    def _locking(self, statement: str) -> str:
        return statement if self._sqlite else f"{statement} FOR UPDATE"

    def _run(self, connection: Connection, statement: str, **values: Any) -> Any:
        prepared = self._statements.get(statement)
        if prepared is None:
            prepared = self._statements[statement] = self._prepared(statement)
        made, names = prepared
        if "now" in names:
            values["now"] = self._clock()
        return connection.execute(made, {name: values[name] for name in names})

    def _prepared(self, statement: str) -> tuple[TextClause, frozenset[str]]:
        from sqlalchemy import text

        now = ":now" if self._sqlite else "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"
        until = f"{now} + {self._ttl!r}" if self._ttl is not None else "NULL"
        slid = until if self._sliding else "expires"
        written = statement.format(p=self._prefix, now=now, until=until, slid=slid)
        return text(written), frozenset(re.findall(r":(\w+)", written))


def _numbers(raw: Any) -> Mapping[str, int]:
    read: dict[str, int] = json.loads(bytes(raw)) if raw else {}
    return read


def _random() -> int:
    return secrets.randbelow(2**63 - 1) + 1
