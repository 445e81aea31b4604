"""LangGraphStoreVault: sessions in a LangGraph store, where one process writes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from lc_guard.vaults.base import TtlFrom
from lc_guard.vaults.langgraph_rows import StoreRows
from lc_guard.vaults.row_store import checked_ttl
from lc_guard.vaults.stored import Bounds, StoredVault

if TYPE_CHECKING:
    from langgraph.store.base import BaseStore


class LangGraphStoreVault(StoredVault):
    """Keeps the values of sessions in a LangGraph ``BaseStore``, beside an application's other memory.

    What a store promises is less than what a vault needs elsewhere: it has no step that reads and writes at once, and
    says nothing of durability. So this vault can't promise that two processes never give one placeholder to two
    values; it keeps that promise only as long as **one vault object writes to the store**, whatever the number of its
    threads. With several workers take `SQLVault` or `RedisVault`. A crash in mid-write leaves the session as it was
    before. How durable a write is, the store decides.

    Values are never given to the store's search index (``index=False``), which would send them to an embedding model.

    Args:
        store: Where the values go.
        sole_writer: Says that no other vault object writes to this store. Needed for any store but
            ``InMemoryStore``, which no other process can share.
        ttl: Seconds that a session lives; None for good. Values whose time is over are dropped by `purge`, or when
            the session begins anew.
        ttl_from: ``"last_use"``, or ``"creation"``: the session then ends however often it is used.
        namespace: First label of all namespaces; no periods.
        timeout: Seconds within which a call is tried again when the store does not answer.
        max_values: Number of values a session may hold; one more raises `lc_guard.errors.VaultFull`.
        clock: Gives the seconds since 1970.

    Raises:
        TypeError: If it is no store.
        ValueError: If the store may be shared and `sole_writer` is not set, or a bound is not usable.

    Example:
        ```python
        from langgraph.store.memory import InMemoryStore

        from lc_guard import Guard
        from lc_guard.testing import ExactDetector
        from lc_guard.vaults import LangGraphStoreVault

        store = InMemoryStore()  # an application's own, which it also gives to its graphs
        guard = Guard(detectors=[ExactDetector({"PERSON": ["Ada"]})], vault=LangGraphStoreVault(store))
        print(guard.session("s").anonymize("Hello Ada"))  # → Hello [REDACTED_PERSON_1]
        ```
    """

    def __init__(
        self,
        store: BaseStore,
        *,
        sole_writer: bool = False,
        ttl: float | None = 86_400.0,
        ttl_from: TtlFrom = "last_use",
        namespace: str = "lc_guard",
        timeout: float = 5.0,
        max_values: int = 1_000_000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        from langgraph.store.base import BaseStore
        from langgraph.store.memory import InMemoryStore

        if not isinstance(store, BaseStore):
            raise TypeError(f"a LangGraph BaseStore is needed, not {type(store).__name__}")
        if not sole_writer and not isinstance(store, InMemoryStore):
            raise ValueError(
                f"{type(store).__name__} may be shared by several processes, which a store can't keep apart; take "
                "SQLVault or RedisVault, or say that this vault is its only writer: sole_writer=True"
            )
        if not namespace or "." in namespace:
            raise ValueError("namespace must be a label without periods")
        rows = StoreRows(store, namespace, ttl, sliding=checked_ttl(ttl, ttl_from), timeout=timeout, clock=clock)
        super().__init__(rows, bounds=Bounds(timeout, max_values))
