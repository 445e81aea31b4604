"""MemoryRows: a row store in this process, for vaults whose values are to be opaque in memory too, and for tests."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence

from lc_guard._forks import ForkLock
from lc_guard.errors import VaultFull
from lc_guard.vaults.base import TtlFrom
from lc_guard.vaults.row_store import NOWHERE, Head, NewSession, Row, Snapshot, Version


class _Session:
    """The rows of one session; what is left of one that was dropped is its version and its numbers."""

    __slots__ = ("created", "key", "numbers", "rows", "sealed_id", "used", "version")

    def __init__(self, numbers: dict[str, int]) -> None:
        self.version = NOWHERE
        self.numbers = numbers
        self.key = b""
        self.sealed_id = b""
        self.rows: dict[int, Row] = {}
        self.created = self.used = 0.0


class MemoryRows:
    """Keeps rows in memory; beyond `max_sessions` the one unused for longest is dropped, if unused for `live_seconds`.

    Attributes:
        evicted: Number of sessions that were dropped to make room.
        refused: Number of new sessions that were refused for lack of room.
    """

    def __init__(
        self,
        *,
        ttl: float | None,
        ttl_from: TtlFrom = "last_use",
        max_sessions: int = 10_000,
        live_seconds: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ttl = ttl
        self._sliding = ttl_from == "last_use"
        self._max_sessions = max_sessions
        self._live_seconds = live_seconds
        self.evicted = self.refused = 0
        self._clock = clock
        self._lock = ForkLock(reentrant=True)
        self._root: bytes | None = None
        self._live: OrderedDict[bytes, _Session] = OrderedDict()
        # As in MemoryVault: the numbers of dropped sessions, and the floor under all new ones.
        self._retired: OrderedDict[bytes, _Session] = OrderedDict()
        self._floor: dict[str, int] = {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._live)} sessions)"

    def root(self, new: bytes, *, instead_of: bytes | None = None) -> bytes:
        """Return what is kept for the vault as a whole (see `RowStore.root`)."""
        with self._lock:
            if self._root is None or self._root == instead_of:
                self._root = new
            return self._root

    def rekey(self, handle: bytes, key: bytes, *, instead_of: bytes) -> bool:
        """Put another wrapping of a session's key in the place of one (see `RowStore.rekey`)."""
        with self._lock:
            held = self._look(handle)
            if held is None or held.key != instead_of:
                return False
            held.key = key
            return True

    def read(self, handle: bytes, seen: Version, *, use: bool = True) -> Snapshot:
        """Return what is new in a session (see `RowStore.read`)."""
        with self._lock:
            held = self._look(handle)
            if held is None:
                past = self._retired.get(handle)
                numbers = self._floor if past is None else past.numbers
                return Snapshot(NOWHERE if past is None else past.version, numbers=dict(numbers))
            if use:
                held.used = self._clock()
                self._live.move_to_end(handle)
            known = seen.epoch == held.version.epoch and seen.seq <= held.version.seq
            rows = [row for seq, row in held.rows.items() if not known or seq > seen.seq]
            numbers = {} if known else dict(held.numbers)
            return Snapshot(held.version, live=True, whole=not known, key=held.key, rows=rows, numbers=numbers)

    def append(self, handle: bytes, at: Version, rows: Sequence[Row], *, new: NewSession | None) -> Version | None:
        """Add rows to a session if it is at a version (see `RowStore.append`)."""
        with self._lock:
            held = self._look(handle)
            if (held is None) is not (new is not None):
                return None
            if held is None:
                held = self._retired.get(handle) or _Session(dict(self._floor))
            if held.version != at:
                return None
            if new is not None:
                self._make_room()
                self._retired.pop(handle, None)
                held.key, held.sealed_id = new.key, new.sealed_id
                held.created = self._clock()
                held.version = Version(_random(), at.seq, 0)
                self._live[handle] = held
            held.used = self._clock()
            self._live.move_to_end(handle)
            for row in rows:
                held.rows[row.seq] = row
                held.numbers[row.kind] = max(row.index, held.numbers.get(row.kind, 0))
            held.version = Version(held.version.epoch, at.seq + len(rows), _random())
            return held.version

    def _make_room(self) -> None:
        while len(self._live) >= self._max_sessions:
            oldest = next(iter(self._live))
            if self._clock() - self._live[oldest].used < self._live_seconds:
                self.refused += 1
                raise VaultFull(f"{self._max_sessions} sessions are in use, and none of them is dropped for a new one")
            self._retire(oldest)
            self.evicted += 1

    def remove(self, handle: bytes, at: Version, seqs: Sequence[int]) -> bool:
        """Take rows out of a session if it is at a version (see `RowStore.remove`)."""
        with self._lock:
            held = self._look(handle)
            if held is None or held.version != at:
                return False
            for seq in seqs:
                held.rows.pop(seq, None)
            held.version = Version(_random(), at.seq, _random())
            return True

    def drop(self, handle: bytes) -> bool:
        """Drop a session (see `RowStore.drop`)."""
        with self._lock:
            was = handle in self._live
            if was:
                self._retire(handle)
            return was

    def heads(self, *, having: bytes | None = None) -> Iterator[Head]:
        """Return all live sessions (see `RowStore.heads`)."""
        with self._lock:
            self._expire()
            shift = time.time() - self._clock()
            heads = [
                Head(handle, held.sealed_id, len(held.rows), held.created + shift, held.used + shift, held.key)
                for handle, held in self._live.items()
                if having is None or any(row.lookup == having for row in held.rows.values())
            ]
        return iter(heads)

    def purge(self) -> int:
        """Drop all sessions whose time is over (see `RowStore.purge`)."""
        with self._lock:
            return self._expire()

    def stats(self) -> Mapping[str, int]:
        """Return counts (see `RowStore.stats`)."""
        with self._lock:
            live = [held for held in self._live.values() if not self._is_over(held)]
            values = sum(len(held.rows) for held in live)
            return {"sessions": len(live), "values": values, "expired": len(self._live) - len(live)}

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _look(self, handle: bytes) -> _Session | None:
        held = self._live.get(handle)
        if held is not None and self._is_over(held):
            self._retire(handle)
            return None
        return held

    def _is_over(self, held: _Session) -> bool:
        return self._ttl is not None and self._clock() - (held.used if self._sliding else held.created) >= self._ttl

    def _expire(self) -> int:
        over = [handle for handle, held in self._live.items() if self._is_over(held)]
        for handle in over:
            self._retire(handle)
        return len(over)

    def _retire(self, handle: bytes) -> None:
        held = self._live.pop(handle)
        held.key = held.sealed_id = b""
        held.rows = {}
        held.version = Version(_random(), held.version.seq, _random())
        self._retired[handle] = held
        while len(self._retired) > 10 * self._max_sessions:
            _, past = self._retired.popitem(last=False)
            for kind, number in past.numbers.items():
                self._floor[kind] = max(number, self._floor.get(kind, 0))


def _random() -> int:
    return secrets.randbits(62) + 1
