"""What a database's errors mean: whether to try again, and what to do. Their own text may quote values: never shown."""

from __future__ import annotations

from lc_guard.errors import VaultError
from lc_guard.vaults.row_store import Unreachable

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
