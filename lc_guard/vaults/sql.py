"""SQLVault: sessions in SQLite or PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable

from lc_guard.vaults.base import TtlFrom
from lc_guard.vaults.row_store import checked_ttl
from lc_guard.vaults.sql_store import SQLStore
from lc_guard.vaults.stored import Bounds, StoredVault


class SQLVault(StoredVault):
    """Keeps the values of sessions in a SQL database: SQLite in a file, or PostgreSQL.

    The tables are made at the first use, and brought up to date by later versions of this package. SQLite is used in
    WAL mode with ``synchronous=FULL``, in a file that only its owner may read; several processes of one machine may
    share it. Write-ahead logs, backups and free pages of PostgreSQL may hold dropped values for a while: an
    `lc_guard.vaults.EncryptedVault` around it makes them unreadable.

    It is safe for threads and for processes that are forked after it was made. Its calls block; the async side of
    this package runs them in threads.

    Args:
        url: ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or ``postgresql://user:password@host/database``,
            with SQLAlchemy's options. A driver named in it (``+asyncpg``) is replaced by the one that is used here.
        ttl: Seconds that a session lives; None for good. A use is written down at most once in ``ttl / 20`` (at most
            a minute), so that a session may end that much earlier.
        ttl_from: ``"last_use"``, or ``"creation"``: the session then ends however often it is used.
        table_prefix: Begins the names of the tables, so that several vaults share a database.
        timeout: Seconds within which a call is tried again when the database does not answer.
        pool_size: Number of connections, at most. 1 or more.
        max_values: Number of values a session may hold; one more raises `lc_guard.errors.VaultFull`.
        cache_values: Number of values held in memory between calls, of all sessions; 0 for none.
        cache_seconds: Seconds after its last use at which a session is no longer held in memory.
        clock: Gives the seconds since 1970, for SQLite; with PostgreSQL the server's clock counts.

    Raises:
        ValueError: If the URL or a bound is not usable.
        MissingExtra: If SQLAlchemy or psycopg is not installed.

    Example:
        ```python
        from lc_guard import Guard
        from lc_guard.testing import ExactDetector
        from lc_guard.vaults import SQLVault

        vault = SQLVault("sqlite:///vault.db", ttl=86_400)
        guard = Guard(detectors=[ExactDetector({"PERSON": ["Ada"]})], vault=vault)
        hidden = guard.session("s").anonymize("Hello Ada")
        vault.close()

        # another process, later
        later = Guard(detectors=[], vault=SQLVault("sqlite:///vault.db"))
        print(later.session("s").deanonymize(hidden))
        # → Hello Ada
        ```
    """

    def __init__(
        self,
        url: str,
        *,
        ttl: float | None = 86_400.0,
        ttl_from: TtlFrom = "last_use",
        table_prefix: str = "lc_guard_",
        timeout: float = 5.0,
        pool_size: int = 10,
        max_values: int = 1_000_000,
        cache_values: int = 200_000,
        cache_seconds: float = 300.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if pool_size < 1:
            raise ValueError("pool_size must be 1 or more")
        bounds = Bounds(timeout, max_values, cache_values, cache_seconds)
        store = SQLStore(
            url,
            table_prefix=table_prefix,
            ttl=ttl,
            sliding=checked_ttl(ttl, ttl_from),
            timeout=timeout,
            pool_size=pool_size,
            clock=clock,
        )
        super().__init__(store, bounds=bounds)
