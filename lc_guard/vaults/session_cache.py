"""What a stored vault holds of its sessions in this process: a bounded cache that is checked before each use."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from lc_guard._forks import ForkLock
from lc_guard._text.known_values import KnownValues
from lc_guard.errors import VaultError
from lc_guard.vaults.base import Mint
from lc_guard.vaults.codec import SessionCodec, VaultCodec
from lc_guard.vaults.row_store import NOWHERE, Row, Snapshot

_MAX_ATTEMPTS = 1_000


class CachedSession:
    """One session as this process last saw it. Its owner holds `lock` while it reads or changes it."""

    __slots__ = ("_claims", "codec", "known", "lock", "numbers", "raw", "read", "used", "version")

    def __init__(self) -> None:
        self.lock = ForkLock(reentrant=True)
        self.used = 0.0
        self.read = False
        self._clear(Snapshot(NOWHERE))

    def _clear(self, snapshot: Snapshot) -> None:
        self.version = snapshot.version
        self.known = KnownValues()
        self.raw: dict[str, str] = {}
        self.numbers: dict[str, int] = dict(snapshot.numbers)
        self.codec: SessionCodec | None = None
        self._claims: tuple[type[Mint] | None, int, set[str]] = (None, 0, set())

    def entries(self) -> dict[str, tuple[str, str]]:
        """Return placeholder → (value, kind)."""
        return {placeholder: (value, self.known.kind(value)) for placeholder, value in self.raw.items()}

    def take(self, snapshot: Snapshot, session: str, codec: VaultCodec) -> dict[str, tuple[str, str]]:
        """Take what the store says, return the entries that are gone; VaultError, holding nothing, if it is odd."""
        before = self.entries() if snapshot.whole and self.raw else {}
        self.read = False
        try:
            if snapshot.whole:
                self._clear(snapshot)
                self.codec = codec.session(session, snapshot.key) if snapshot.live else None
            self.add(snapshot.rows, [self.opened(row) for row in snapshot.rows])
            self.version = snapshot.version
        except BaseException:
            self._clear(Snapshot(NOWHERE))
            raise
        self.read = True
        return {placeholder: entry for placeholder, entry in before.items() if self.raw.get(placeholder) != entry[0]}

    def unknown(self, wanted: Sequence[tuple[str, str]]) -> dict[str, str]:
        """Return value → the first kind wanted for it, of values that have no placeholder here."""
        new: dict[str, str] = {}
        for kind, value in wanted:
            if self.known.get(value) is None:
                new.setdefault(value, kind)
        return new

    def opened(self, row: Row) -> str:
        """Return the value of a row."""
        if self.codec is None:
            raise VaultError("the vault's store holds values of a session that it says is not live; restore a backup")
        return self.codec.open(row.placeholder, row.kind, row.payload)

    def add(self, rows: Sequence[Row], values: Sequence[str]) -> None:
        """File rows with their values."""
        for row, value in zip(rows, values, strict=True):
            if row.placeholder in self.raw or self.known.get(value) is not None:
                raise VaultError("the vault's store holds a value or a placeholder twice; restore a backup")
            self.raw[row.placeholder] = value
            self.known.add(value, row.placeholder, row.kind)
            self.numbers[row.kind] = max(row.index, self.numbers.get(row.kind, 0))

    def mint(self, new: Mapping[str, str], mint: Mint, codec: SessionCodec) -> list[Row]:
        """Make the rows of new values (value → kind); changes nothing here."""
        claimed = self._claimed(mint)
        numbers: dict[str, int] = {}
        fresh: set[str] = set()
        own_claims: set[str] = set()
        rows: list[Row] = []
        for value, kind in new.items():
            first = numbers.get(kind, self.numbers.get(kind, 0)) + 1
            for index in range(first, first + _MAX_ATTEMPTS):
                placeholder = mint(kind, index)
                claims = mint.claims(placeholder)
                taken = placeholder in self.raw or placeholder in fresh
                taken = taken or placeholder in new or self.known.get(placeholder) is not None
                if not taken and claimed.isdisjoint(claims) and own_claims.isdisjoint(claims):
                    break
            else:
                raise VaultError(f"no free placeholder of kind {kind!r} after {_MAX_ATTEMPTS} attempts")
            numbers[kind] = index
            fresh.add(placeholder)
            own_claims.update(claims)
            seq = self.version.seq + len(rows) + 1
            payload = codec.seal(placeholder, kind, value)
            rows.append(Row(seq, kind, index, placeholder, codec.lookup(value), payload))
        return rows

    def _claimed(self, mint: Mint) -> set[str]:
        """Return what the placeholders of the session claim; asked once for each, as long as one class asks."""
        made_by, done, claims = self._claims
        if made_by is not type(mint):
            done, claims = 0, set()
        if done < len(self.raw):
            for placeholder in list(self.raw)[done:]:
                claims.update(mint.claims(placeholder))
        self._claims = (type(mint), len(self.raw), claims)
        return claims


class SessionCache:
    """Sessions held between calls, the least used dropped first.

    Args:
        max_values: Number of values held between calls, of all sessions together. A session in use is always held.
        max_seconds: Seconds after which a session that nobody asks for is dropped, at the next call of the vault.
    """

    def __init__(self, *, max_values: int, max_seconds: float) -> None:
        self._max_values = max_values
        self._max_seconds = max_seconds
        self.clear()

    def clear(self) -> None:
        """Drop everything; also for a process that was forked, where locks may be held by nobody."""
        self._lock = ForkLock(reentrant=True)
        self._sessions: OrderedDict[str, CachedSession] = OrderedDict()
        self._sizes: dict[str, int] = {}
        self._size = 0

    def get(self, session: str) -> CachedSession:
        """Return what is held of a session, or a new, empty one."""
        now = time.monotonic()
        with self._lock:
            self._trim(now)
            held = self._sessions.get(session)
            if held is None:
                held = self._sessions[session] = CachedSession()
            held.used = now
            self._sessions.move_to_end(session)
            return held

    def put(self, session: str, held: CachedSession) -> None:
        """Say that a call is over."""
        with self._lock:
            if self._sessions.get(session) is not held:
                return
            size = len(held.raw) + 1
            self._size += size - self._sizes.get(session, 0)
            self._sizes[session] = size
            self._trim(time.monotonic())

    def discard(self, session: str) -> None:
        """Drop a session."""
        with self._lock:
            self._sessions.pop(session, None)
            self._size -= self._sizes.pop(session, 0)

    def _trim(self, now: float) -> None:
        while self._sessions:
            oldest = next(iter(self._sessions))
            if self._size <= self._max_values and now - self._sessions[oldest].used <= self._max_seconds:
                return
            self.discard(oldest)
