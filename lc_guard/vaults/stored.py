"""StoredVault: the one logic of all vaults that outlive the process, over a row store and a codec."""

from __future__ import annotations

import logging
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from lc_guard._text.known_values import Match
from lc_guard.errors import VaultError, VaultFull
from lc_guard.vaults.base import ForgetListener, Mint, Progress, SessionInfo
from lc_guard.vaults.codec import Codec, PlainCodec, VaultCodec
from lc_guard.vaults.row_store import NOWHERE, NewSession, RowStore, Unreachable
from lc_guard.vaults.session_cache import CachedSession, SessionCache

logger = logging.getLogger("lc_guard")

T = TypeVar("T")

_FIRST_PAUSE = 0.02
_PATIENT = 2  # appends that are lost to other workers before a worker lets them go first
_LAST_PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a stored vault tries, and how much it holds.

    Attributes:
        timeout: Seconds within which a call is tried again when the store does not answer.
        max_values: Number of values a session may hold; one more raises `VaultFull`.
        cache_values: Number of values, of all sessions together, held in memory between calls; 0 for none.
        cache_seconds: Seconds after its last use at which a session is no longer held in memory.

    Raises:
        ValueError: If one is out of range.
    """

    timeout: float = 5.0
    max_values: int = 1_000_000
    cache_values: int = 200_000
    cache_seconds: float = 300.0

    def __post_init__(self) -> None:
        if self.timeout <= 0 or self.max_values < 1 or self.cache_values < 0 or self.cache_seconds < 0:
            raise ValueError("timeout and max_values must be positive, cache_values and cache_seconds not negative")


class StoredVault:
    """Keeps the values of sessions in a store that other processes share.

    Every call asks the store whether the session has changed since this process last saw it, and reads only what is
    new: one round trip, whatever the number of values asked for, and of values stored. New values are added in one
    step that fails if anybody else was faster; the call then reads what is new and tries again. Nothing is ever
    numbered from memory: if the store can't be reached, the call raises.

    The values of sessions in use are held in this process: bounded in number and time, and never believed before the
    store has said that they are still so. What another process forgets is dropped here at the session's next use, or
    at any call after it was idle for ``cache_seconds``.

    Args:
        store: Where the rows are.
        codec: How values are written there; None writes them as they are.
        bounds: How long it tries, and how much it holds.
    """

    blocking = True

    def __init__(self, store: RowStore, *, codec: Codec | None = None, bounds: Bounds | None = None) -> None:
        self.store = store
        self.bounds = Bounds() if bounds is None else bounds
        self._unrooted: Codec = PlainCodec() if codec is None else codec
        self._rooted: tuple[bytes, VaultCodec] | None = None
        self._cache = SessionCache(max_values=self.bounds.cache_values, max_seconds=self.bounds.cache_seconds)
        self._listeners: list[ForgetListener] = []
        self._pid = os.getpid()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.store!r})"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError(f"{type(self).__name__} can't be pickled: make one in each process")

    def with_codec(self, codec: Codec) -> StoredVault:
        """Return a vault over the same store, within the same bounds, that writes values another way."""
        return StoredVault(self.store, codec=codec, bounds=self.bounds)

    def check(self) -> None:
        """Ask now, instead of at the first text, whether the store can be reached and read.

        Raises:
            VaultError: If it can't.
        """
        self._codec(check=True)

    def allocate(self, session: str, wanted: Sequence[tuple[str, str]], mint: Mint) -> list[str]:
        """Return the placeholders of values, making those that are new, all or none (see `Vault.allocate`).

        Raises:
            VaultError: If the store did not answer in time, or can't be used.
            VaultFull: If the session would hold too many values.
        """
        if not wanted:
            return []
        with self._in_use(session) as held:
            deadline = time.monotonic() + self.bounds.timeout
            checked = not held.read and self._refresh(session, held)
            lost = 0
            while True:
                new = held.unknown(wanted)
                full = len(held.raw) + len(new) > self.bounds.max_values
                if new and not full:
                    if self._append(session, held, new, mint):
                        break
                    _step_back(lost := lost + 1)
                if checked and not new:
                    break
                if checked and full:
                    raise VaultFull(
                        f"the session would hold more than {self.bounds.max_values} values; "
                        "forget it, or raise the vault's max_values"
                    )
                if time.monotonic() > deadline:
                    raise VaultError("other workers kept changing the session; nothing was stored, try again")
                checked = self._refresh(session, held)
            return [held.known.get(value) or "" for _, value in wanted]

    def values(self, session: str, placeholders: Sequence[str]) -> Mapping[str, str]:
        """Return the raw values of live placeholders (see `Vault.values`)."""
        if not placeholders:
            return {}
        with self._read(session) as held:
            return {placeholder: held.raw[placeholder] for placeholder in placeholders if placeholder in held.raw}

    def find(self, session: str, texts: Sequence[str], *, inside_words: bool = False) -> list[list[Match]]:
        """Find the session's values in texts (see `Vault.find`)."""
        if not any(texts):
            return [[] for _ in texts]
        with self._read(session) as held:
            return [held.known.find(text, inside_words=inside_words) for text in texts]

    def look(self, session: str, texts: Sequence[str]) -> tuple[frozenset[str], list[list[Match]]]:
        """Return kinds and occurrences in one round trip (see `BatchLookupVault.look`)."""
        with self._read(session) as held:
            return held.known.kinds(), [held.known.find(text, for_hiding=True) for text in texts]

    def items(self, session: str) -> Mapping[str, str]:
        """Return all placeholders of the session with their raw values (see `Vault.items`)."""
        with self._read(session) as held:
            return dict(held.raw)

    def kinds(self, session: str) -> frozenset[str]:
        """Return the kinds that have a live placeholder in the session (see `Vault.kinds`)."""
        with self._read(session) as held:
            return held.known.kinds()

    def forget(self, session: str) -> bool:
        """Drop a session's values for good; its numbering goes on (see `Vault.forget`).

        Works for a session that can't be read any more, too: a lost key must not keep values from being dropped.
        """
        with self._in_use(session) as held:
            if self._listeners:
                try:
                    self._refresh(session, held)
                except Unreachable:
                    raise
                except VaultError as error:
                    logger.warning("a session is forgotten that could not be read: %s", error)
                self._tell(session, held.entries())
            dropped = self.ask(partial(self.store.drop, self._codec().handle(session)))
            self._cache.discard(session)
            return dropped

    def sessions(self) -> Iterator[SessionInfo]:
        """Yield all live sessions (see `RetentionVault.sessions`)."""
        codec = self._codec()
        for head in self.store.heads():
            yield SessionInfo(codec.open_id(head.handle, head.sealed_id), head.values, head.created, head.last_used)

    def export(self, session: str) -> Mapping[str, str]:
        """Return all placeholders of a session with their **raw values** (see `RetentionVault.export`)."""
        held = CachedSession()
        codec = self._codec()
        snapshot = self.ask(partial(self.store.read, codec.handle(session), NOWHERE, use=False))
        held.take(snapshot, session, codec)
        return held.raw

    def forget_value(self, value: str, *, progress: Progress | None = None) -> int:
        """Drop a value from all sessions (see `RetentionVault.forget_value`).

        Where sessions file values under keys of their own, all sessions are read. Sessions whose time is over are
        purged first: they may hold the value where nobody looks.
        """
        self.purge()
        codec = self._codec()
        heads = self.store.heads(having=codec.shared_lookup(value))
        sessions = [codec.open_id(head.handle, head.sealed_id) for head in heads]
        count = 0
        for number, session in enumerate(sessions, start=1):
            count += self._remove(session, value)
            if progress is not None:
                progress(number, len(sessions))
        return count

    def purge(self) -> int:
        """Drop the values of all sessions whose time is over (see `RetentionVault.purge`)."""
        return self.ask(self.store.purge)

    def stats(self) -> Mapping[str, int]:
        """Return counts of sessions and values (see `RetentionVault.stats`)."""
        return self.ask(self.store.stats)

    def subscribe(self, listener: ForgetListener) -> None:
        """Have a listener called when entries are dropped (see `Vault.subscribe`).

        It is told before `forget` and `forget_value` of this vault drop them. What another process or the clock drops
        it is told when a session that is held in memory is next used here.
        """
        self._listeners.append(listener)

    def close(self) -> None:
        """Give up connections and what is held in memory; the next call starts anew."""
        self._cache.clear()
        self.store.close()

    @contextmanager
    def _in_use(self, session: str) -> Iterator[CachedSession]:
        self._mind_forks()
        held = self._cache.get(session)
        if not held.lock.acquire(timeout=2 * self.bounds.timeout):
            raise VaultError("another call on the session did not come back; try again")
        try:
            yield held
            self._cache.put(session, held)
        finally:
            held.lock.release()

    def _mind_forks(self) -> None:
        if self._pid != os.getpid():  # a forked worker has its parent's memory, and locks that nobody will release
            self._cache.clear()
            self._pid = os.getpid()

    @contextmanager
    def _read(self, session: str) -> Iterator[CachedSession]:
        with self._in_use(session) as held:
            self._refresh(session, held)
            yield held

    def _codec(self, *, check: bool = False) -> VaultCodec:
        """Return what writes this store; with `check` the store is asked whether it is still the same."""
        rooted = self._rooted
        if rooted is None or check:
            # a store that was emptied meanwhile gets back what this process, and maybe others, go on writing by
            root = self.ask(partial(self.store.root, self._unrooted.new_root() if rooted is None else rooted[0]))
            if rooted is None or root != rooted[0]:
                codec = self._unrooted.rooted(root)
                self._prove(codec)
                rooted = self._rooted = (root, codec)
        return rooted[1]

    def _prove(self, codec: VaultCodec) -> None:
        """Look whether what is stored was written by a codec."""

    def _refresh(self, session: str, held: CachedSession) -> bool:
        codec = self._codec()
        snapshot = self.ask(partial(self.store.read, codec.handle(session), held.version))
        self._tell(session, held.take(snapshot, session, codec))
        return True

    def _append(self, session: str, held: CachedSession, new: Mapping[str, str], mint: Mint) -> bool:
        handle = self._codec().handle(session)
        begun = None
        codec = held.codec
        if codec is None:
            vault_codec = self._codec(check=True)
            if vault_codec.handle(session) != handle:
                return False
            key = vault_codec.new_key(session)
            codec = vault_codec.session(session, key)
            begun = NewSession(vault_codec.seal_id(session), key)
        rows = held.mint(new, mint, codec)
        version = self.ask(partial(self.store.append, handle, held.version, rows, new=begun))
        if version is None:
            return False
        held.codec = codec
        held.add(rows, list(new))
        held.version = version
        return True

    def _remove(self, session: str, value: str) -> bool:
        vault_codec = self._codec()
        handle = vault_codec.handle(session)
        while True:
            snapshot = self.ask(partial(self.store.read, handle, NOWHERE, use=False))
            if not snapshot.live:
                return False
            codec = vault_codec.session(session, snapshot.key)
            lookup = codec.lookup(value)
            rows = [row for row in snapshot.rows if row.lookup == lookup]
            rows = [row for row in rows if codec.open(row.placeholder, row.kind, row.payload) == value]
            if not rows:
                return False
            self._tell(session, {row.placeholder: (value, row.kind) for row in rows})
            if self.ask(partial(self.store.remove, handle, snapshot.version, [row.seq for row in rows])):
                self._cache.discard(session)
                return True

    def _tell(self, session: str, entries: Mapping[str, tuple[str, str]]) -> None:
        for listener in self._listeners if entries else ():
            try:
                listener(session, entries)
            except Exception as error:  # noqa: BLE001 - a listener must not break a vault's call
                logger.warning("a listener of %s failed: %s", type(self).__name__, type(error).__name__)

    def ask(self, call: Callable[[], T]) -> T:
        """Call the store, again while it can't be reached and there is time.

        Raises:
            VaultError: If the store did not answer in time, or can't be used.
        """
        self._mind_forks()
        deadline = time.monotonic() + self.bounds.timeout
        pause = _FIRST_PAUSE
        while True:
            try:
                return call()
            except Unreachable as error:
                if time.monotonic() + pause > deadline:
                    raise Unreachable(f"{error}; gave up after {self.bounds.timeout:g} s") from None
            time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - keeps workers out of step
            pause = min(2 * pause, _LAST_PAUSE)


def _step_back(lost: int) -> None:
    """Wait for a random while that doubles with each append that was lost: of many at once only one is taken."""
    if lost >= _PATIENT:
        time.sleep(min(_FIRST_PAUSE * 2 ** (lost - _PATIENT), _LAST_PAUSE) * random.random())  # noqa: S311
