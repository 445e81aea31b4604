"""LangGraphStoreVault: sessions in a LangGraph store, where one process writes.

Rows of sessions as the items of a LangGraph store.
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lc_guard._forks import ForkLock
from lc_guard.errors import VaultError
from lc_guard.vaults.base import TtlFrom
from lc_guard.vaults.codec import decoded, encoded
from lc_guard.vaults.row_store import NOWHERE, Head, NewSession, Row, Snapshot, Unreachable, Version, checked_ttl
from lc_guard.vaults.stored import Bounds, StoredVault

if TYPE_CHECKING:
    from langgraph.store.base import BaseStore, PutOp


_PAGE = 500


class StoreRows:
    """Keeps rows as items; a session's head is written last, and rows that it does not tell of don't count."""

    def __init__(
        self,
        store: BaseStore,
        namespace: str,
        ttl: float | None,
        *,
        sliding: bool,
        timeout: float,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._namespace = namespace
        self._heads = (namespace, "heads")
        self._ttl = ttl
        self._sliding = sliding
        self._grain = min(60.0, ttl / 20) if ttl is not None else 3600.0
        self._timeout = timeout
        self._clock = clock
        self._lock = ForkLock(reentrant=True)

    def __repr__(self) -> str:
        return type(self._store).__name__

    def root(self, new: bytes, *, instead_of: bytes | None = None) -> bytes:
        """Return what is kept for the vault as a whole (see `RowStore.root`)."""
        with self._asking():
            item = self._store.get((self._namespace, "vault"), "root")
            kept = _bytes(item.value["root"]) if item is not None else None
            if kept is None or kept == instead_of:
                self._store.put((self._namespace, "vault"), "root", {"root": _text(new)}, index=False)
                return new
            return kept

    def rekey(self, handle: bytes, key: bytes, *, instead_of: bytes) -> bool:
        """Wrap a session's key anew (see `RowStore.rekey`)."""
        with self._asking():
            head = self._head(handle)
            if head is None or head["id"] is None or _bytes(head["key"]) != instead_of:
                return False
            self._put_head(handle, head | {"key": _text(key)})
            return True

    def read(self, handle: bytes, seen: Version, *, use: bool = True) -> Snapshot:
        """Return what is new in a session (see `RowStore.read`)."""
        with self._asking():
            head = self._head(handle)
            if head is None:
                return Snapshot(NOWHERE)
            version = _version(head)
            if not self._is_live(head):
                return Snapshot(version, numbers=head["numbers"])
            if use and abs(self._clock() - head["used"]) > self._grain:
                head = head | {"used": self._clock()}
                self._put_head(handle, head)
            whole = seen.epoch != version.epoch or head["first"] > seen.seq or seen.seq > version.seq
            if not whole and seen != version:
                whole = self._rows(handle, [seen.seq])[0]["token"] != seen.token
            gone = set(head["gone"])
            first = head["first"] if whole else seen.seq + 1
            seqs = [seq for seq in range(first, version.seq + 1) if seq not in gone]
            rows = [_row(seq, value) for seq, value in zip(seqs, self._rows(handle, seqs), strict=True)]
            return Snapshot(
                version, live=True, whole=whole, key=_bytes(head["key"]), rows=rows, numbers=head["numbers"]
            )

    def append(self, handle: bytes, at: Version, rows: Sequence[Row], *, new: NewSession | None) -> Version | None:
        """Add rows to a session if it is at a version (see `RowStore.append`)."""
        with self._asking():
            head = self._head(handle)
            now = self._clock()
            live = head is not None and self._is_live(head)
            if live is (new is not None) or (NOWHERE if head is None else _version(head)) != at:
                return None
            version = Version(at.epoch if new is None else _random(), at.seq + len(rows), _random())
            if head is None or new is not None:
                if head is not None:
                    self._drop(handle, head)
                head = {"numbers": {} if head is None else head["numbers"], "gone": [], "first": at.seq + 1}
                head |= {"created": now, "id": _text(new.sealed_id), "key": _text(new.key)} if new else {}
            numbers = dict(head["numbers"])
            for row in rows:
                numbers[row.kind] = max(row.index, numbers.get(row.kind, 0))
            values = {row.seq: _value(row, version.token) for row in rows}
            self._batch([self._row_op(handle, seq, value) for seq, value in values.items()])
            self._put_head(handle, head | _written(version) | {"numbers": numbers, "used": now})
            return version

    def remove(self, handle: bytes, at: Version, seqs: Sequence[int]) -> bool:
        """Take rows out of a live session if it is at a version (see `RowStore.remove`)."""
        with self._asking():
            head = self._head(handle)
            if head is None or not self._is_live(head) or _version(head) != at:
                return False
            self._put_head(handle, head | {"epoch": _random(), "gone": [*head["gone"], *seqs]})
            self._batch([self._row_op(handle, seq, None) for seq in seqs])
            return True

    def drop(self, handle: bytes) -> bool:
        """Drop a session (see `RowStore.drop`)."""
        with self._asking():
            head = self._head(handle)
            if head is None or head["id"] is None:
                return False
            self._drop(handle, head)
            return True

    def _drop(self, handle: bytes, head: dict[str, Any]) -> None:
        # the rows first: a crash leaves a session that is refused, and can be forgotten again, but no values
        self._batch([self._row_op(handle, seq, None) for seq in range(head["first"], head["seq"] + 1)])
        self._put_head(handle, head | {"epoch": _random(), "id": None, "key": "", "gone": [], "first": head["seq"] + 1})

    def heads(self, *, having: bytes | None = None) -> Iterator[Head]:
        """Yield all live sessions (see `RowStore.heads`)."""
        for handle, head in self._all():
            if self._is_live(head) and (having is None or self._holds(handle, having)):
                values = head["seq"] - head["first"] + 1 - len(head["gone"])
                sealed_id, key = _bytes(head["id"]), _bytes(head["key"])
                yield Head(handle, sealed_id, values, head["created"], head["used"], key)

    def _holds(self, handle: bytes, lookup: bytes) -> bool:
        return any(row.lookup == lookup for row in self.read(handle, NOWHERE, use=False).rows)

    def purge(self) -> int:
        """Drop all sessions whose time is over (see `RowStore.purge`)."""
        over = [handle for handle, head in self._all() if head["id"] is not None and not self._is_live(head)]
        return sum(self._drop_if_over(handle) for handle in over)

    def _drop_if_over(self, handle: bytes) -> bool:
        with self._asking():
            head = self._head(handle)
            return head is not None and not self._is_live(head) and self.drop(handle)

    def stats(self) -> Mapping[str, int]:
        """Return counts (see `RowStore.stats`)."""
        kept = [head for _, head in self._all()]
        live = [head for head in kept if self._is_live(head)]
        values = sum(head["seq"] - head["first"] + 1 - len(head["gone"]) for head in live)
        forgotten = sum(head["id"] is None for head in kept)
        expired = len(kept) - len(live) - forgotten
        return {"sessions": len(live), "values": values, "expired": expired, "forgotten": forgotten}

    def close(self) -> None:
        """Do nothing: the store is its owner's."""

    def _all(self) -> Iterator[tuple[bytes, dict[str, Any]]]:
        offset = 0
        while True:
            with self._asking():
                items = self._store.search(self._heads, limit=_PAGE, offset=offset)
            for item in items:
                yield bytes.fromhex(item.key), item.value
            if len(items) < _PAGE:
                return
            offset += _PAGE

    def _is_live(self, head: Mapping[str, Any]) -> bool:
        since = head["used"] if self._sliding else head["created"]
        return head["id"] is not None and (self._ttl is None or self._clock() - since < self._ttl)

    def _head(self, handle: bytes) -> dict[str, Any] | None:
        item = self._store.get(self._heads, handle.hex())
        return None if item is None else dict(item.value)

    def _put_head(self, handle: bytes, head: dict[str, Any]) -> None:
        self._store.put(self._heads, handle.hex(), head, index=False)

    def _rows(self, handle: bytes, seqs: Sequence[int]) -> list[dict[str, Any]]:
        from langgraph.store.base import GetOp, Item

        items = self._store.batch([GetOp(self._place(handle), str(seq)) for seq in seqs]) if seqs else []
        found = [item.value for item in items if isinstance(item, Item)]
        if len(found) < len(seqs):
            raise VaultError("the store has lost values of the session; restore a backup, or forget the session")
        return found

    def _row_op(self, handle: bytes, seq: int, value: dict[str, Any] | None) -> PutOp:
        from langgraph.store.base import PutOp

        return PutOp(self._place(handle), str(seq), value, index=False)

    def _batch(self, ops: Sequence[PutOp]) -> None:
        if ops:
            self._store.batch(ops)

    def _place(self, handle: bytes) -> tuple[str, ...]:
        return (self._namespace, "rows", handle.hex())

    @contextmanager
    def _asking(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=self._timeout):
            raise Unreachable("another call of the vault has not come back")
        try:
            yield
        except VaultError:
            raise
        except OSError as error:
            raise Unreachable(f"the store can't be reached ({type(error).__name__})") from None
        except Exception as error:  # noqa: BLE001 - a foreign error may quote values
            raise VaultError(f"the store failed: {type(error).__name__}") from None
        finally:
            self._lock.release()


def _value(row: Row, token: int) -> dict[str, Any]:
    return {
        "token": token,
        "kind": _text(encoded(row.kind)),
        "index": row.index,
        "placeholder": _text(encoded(row.placeholder)),
        "lookup": _text(row.lookup),
        "payload": _text(row.payload),
    }


def _row(seq: int, value: Mapping[str, Any]) -> Row:
    kind, placeholder = decoded(_bytes(value["kind"])), decoded(_bytes(value["placeholder"]))
    return Row(seq, kind, value["index"], placeholder, _bytes(value["lookup"]), _bytes(value["payload"]))


def _version(head: Mapping[str, Any]) -> Version:
    return Version(head["epoch"], head["seq"], head["token"])


def _written(version: Version) -> dict[str, int]:
    return {"epoch": version.epoch, "seq": version.seq, "token": version.token}


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)


def _random() -> int:
    return secrets.randbelow(2**53 - 1) + 1  # JSON's numbers are not longer everywhere


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
        people = ExactDetector({"PERSON": ["Ada"]})
        guard = Guard(detectors=[people], vault=LangGraphStoreVault(store))
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
