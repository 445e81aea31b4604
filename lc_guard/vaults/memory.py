"""MemoryVault: sessions in this process's memory."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, get_args

from lc_guard._forks import ForkLock, around_forks, unshared_lock
from lc_guard._text.known_values import KnownValues, Match
from lc_guard.errors import VaultError, VaultFull
from lc_guard.vaults.base import ForgetListener, Mint, Progress, SessionInfo, TtlFrom

if TYPE_CHECKING:
    from lc_guard.vaults.codec import Codec
    from lc_guard.vaults.stored import StoredVault

logger = logging.getLogger("lc_guard")

_MAX_ATTEMPTS = 1_000
_LONG = 4_000  # characters whose search takes milliseconds


class _Session:
    """The values of one session; whoever searches `known` or adds to it holds `lock`, before the vault's own."""

    __slots__ = ("claims", "created", "known", "lock", "numbers", "raw", "used")

    def __init__(self, numbers: dict[str, int], used: float) -> None:
        self.lock = unshared_lock()
        self.created = used
        self.known = KnownValues()
        self.raw: dict[str, str] = {}
        self.numbers = numbers
        self.claims: set[str] = set()
        self.used = used

    def entries(self) -> dict[str, tuple[str, str]]:
        return {placeholder: (value, self.known.kind(value)) for placeholder, value in self.raw.items()}


class MemoryVault:
    """Keeps the values of each session in memory, until it is forgotten, expires, or makes room.

    Args:
        ttl: Seconds after its last use at which a session is dropped; None keeps it for good.
        ttl_from: ``"last_use"``, or ``"creation"``: the session then ends however often it is used.
        max_sessions: Number of sessions kept; beyond it the one unused for longest is dropped. 1 or more.
        max_values: Number of values a session may hold; one more raises `VaultFull`. 1 or more.
        live_seconds: Seconds after its last use for which a session is not dropped to make room: a new one is refused
            with `VaultFull` instead. 0 refuses none, `math.inf` drops none.
        clock: Gives the time in seconds; never goes back.

    Attributes:
        evicted: Number of sessions that were dropped to make room, so far.
        refused: Number of new sessions that were refused for lack of room, so far.

    Raises:
        ValueError: If a bound is not positive.

    Example:
        ```python
        from lc_guard import Guard
        from lc_guard.testing import ExactDetector
        from lc_guard.vaults import MemoryVault

        vault = MemoryVault(ttl=3600)  # a session ends an hour after its last use
        guard = Guard(detectors=[ExactDetector({"PERSON": ["Ada"]})], vault=vault)
        guard.session("case 17").anonymize("Ada")
        print(vault.export("case 17"))  # → {'[REDACTED_PERSON_1]': 'Ada'}
        ```
    """

    def __init__(
        self,
        *,
        ttl: float | None = 86_400.0,
        ttl_from: TtlFrom = "last_use",
        max_sessions: int = 10_000,
        max_values: int = 1_000_000,
        live_seconds: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if (ttl is not None and ttl <= 0) or max_sessions < 1 or max_values < 1:
            raise ValueError("ttl, max_sessions and max_values must be positive (ttl may be None)")
        if not live_seconds >= 0:
            raise ValueError("live_seconds must be 0 or more")
        if ttl_from not in get_args(TtlFrom):
            raise ValueError(f"ttl_from must be one of {', '.join(map(repr, get_args(TtlFrom)))}")
        self._ttl = ttl
        self._sliding = ttl_from == "last_use"
        self._max_sessions = max_sessions
        self._max_values = max_values
        self._live_seconds = live_seconds
        self._clock = clock
        self.evicted = 0
        self.refused = 0
        self._lock = ForkLock(reentrant=True)
        around_forks("after_in_child", self._renew)
        self._long_searches = 0
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        # When sessions were created, in order; used for a fixed ttl only.
        self._births: deque[tuple[float, str]] = deque()
        # How far the numbering of dropped sessions went. Bounded too: what leaves it raises the floor under all new
        # sessions, so that no placeholder of an old conversation is ever given a second meaning.
        self._retired: OrderedDict[str, dict[str, int]] = OrderedDict()
        self._floor: dict[str, int] = {}
        self._listeners: list[ForgetListener] = []

    def _renew(self) -> None:
        """Make the sessions' locks free in a forked process, whoever held them."""
        for session in self._sessions.values():
            session.lock = unshared_lock()

    def __repr__(self) -> str:
        with self._lock:
            values = sum(len(session.raw) for session in self._sessions.values())
            return f"{type(self).__name__}({len(self._sessions)} sessions, {values} values)"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError(f"{type(self).__name__} can't be pickled: it would write raw values to disk")

    @property
    def blocking(self) -> bool:
        """Whether a call may have to wait now: long texts are being searched, and an event loop must not."""
        return self._long_searches > 0

    def allocate(self, session: str, wanted: Sequence[tuple[str, str]], mint: Mint) -> list[str]:
        """Return the placeholders of values, making those that are new, all or none (see `Vault.allocate`)."""
        while True:
            with self._lock:
                held = self._open(session)
            with held.lock, self._lock:
                if self._sessions.get(session) is held:  # it may have been dropped while this waited
                    return self._allocated(held, wanted, mint)

    def _allocated(self, held: _Session, wanted: Sequence[tuple[str, str]], mint: Mint) -> list[str]:
        new = {value: kind for kind, value in wanted if held.known.get(value) is None}
        if len(held.raw) + len(new) > self._max_values:
            raise VaultFull(
                f"the session would hold more than {self._max_values} values; "
                "forget it, or raise MemoryVault(max_values=...)"
            )
        done: list[str] = []
        try:
            for kind, value in ((kind, value) for kind, value in wanted if value in new):
                if held.known.get(value) is None:
                    self._add(held, kind, value, mint, new)
                    done.append(value)
        except BaseException:
            self._undo(held, done)
            raise
        return [held.known.get(value) or "" for _, value in wanted]

    def values(self, session: str, placeholders: Sequence[str]) -> Mapping[str, str]:
        """Return the raw values of live placeholders (see `Vault.values`)."""
        with self._lock:
            held = self._look(session)
            if held is None:
                return {}
            raw = held.raw
            return {placeholder: raw[placeholder] for placeholder in placeholders if placeholder in raw}

    def find(self, session: str, texts: Sequence[str], *, inside_words: bool = False) -> list[list[Match]]:
        """Find the session's values in texts (see `Vault.find`)."""
        with self._searched(session, texts) as held:
            if held is None:
                return [[] for _ in texts]
            return [held.known.find(text, inside_words=inside_words) for text in texts]

    def look(self, session: str, texts: Sequence[str]) -> tuple[frozenset[str], list[list[Match]]]:
        """Return kinds and occurrences as of one moment (see `BatchLookupVault.look`)."""
        with self._searched(session, texts) as held:
            kinds = held.known.kinds() if held else frozenset()
            return kinds, [held.known.find(text, for_hiding=True) if held and kinds else [] for text in texts]

    @contextmanager
    def _searched(self, session: str, texts: Sequence[str]) -> Iterator[_Session | None]:
        """Hold a session while texts are searched: other sessions' calls don't wait for it."""
        long = sum(map(len, texts)) > _LONG
        with self._lock:
            held = self._look(session)
            self._long_searches += long
        try:
            if held is None:
                yield None
            else:
                with held.lock:
                    yield held
        finally:
            if long:
                with self._lock:
                    self._long_searches -= 1

    def items(self, session: str) -> Mapping[str, str]:
        """Return all placeholders of the session with their raw values (see `Vault.items`)."""
        with self._lock:
            held = self._look(session)
            return dict(held.raw) if held else {}

    def kinds(self, session: str) -> frozenset[str]:
        """Return the kinds that have a live placeholder in the session (see `Vault.kinds`)."""
        with self._lock:
            held = self._look(session)
            return held.known.kinds() if held else frozenset()

    def forget(self, session: str) -> bool:
        """Drop a session's values for good; its numbering goes on (see `Vault.forget`)."""
        with self._lock:
            if session not in self._sessions:
                return False
            self._drop(session)
            return True

    def sessions(self) -> Iterator[SessionInfo]:
        """Return all live sessions (see `RetentionVault.sessions`)."""
        with self._lock:
            now = self._clock()
            self._expire(now)
            shift = time.time() - now
            infos = [
                SessionInfo(session, len(held.raw), held.created + shift, held.used + shift)
                for session, held in self._sessions.items()
            ]
        return iter(infos)

    def export(self, session: str) -> Mapping[str, str]:
        """Return all placeholders of a session with their **raw values** (see `RetentionVault.export`)."""
        with self._lock:
            self._expire(self._clock())
            held = self._sessions.get(session)
            return dict(held.raw) if held else {}

    def forget_value(self, value: str, *, progress: Progress | None = None) -> int:
        """Drop a value from all sessions (see `RetentionVault.forget_value`)."""
        with self._lock:
            self._expire(self._clock())
            count = 0
            for number, (session, held) in enumerate(self._sessions.items(), start=1):
                placeholder = held.known.get(value)
                if placeholder is not None:
                    count += 1
                    self._tell(session, {placeholder: (value, held.known.kind(value))})
                    self._undo(held, [value])
                if progress is not None:
                    progress(number, len(self._sessions))
            return count

    def purge(self) -> int:
        """Drop all sessions whose time is over (see `RetentionVault.purge`)."""
        with self._lock:
            return self._expire(self._clock())

    def stats(self) -> Mapping[str, int]:
        """Return counts of sessions and values (see `RetentionVault.stats`)."""
        with self._lock:
            expired = sum(map(self._is_over, self._sessions.values()))
            live = [held for held in self._sessions.values() if not self._is_over(held)]
            return {"sessions": len(live), "values": sum(len(held.raw) for held in live), "expired": expired}

    def subscribe(self, listener: ForgetListener) -> None:
        """Have a listener called just before entries are dropped (see `Vault.subscribe`)."""
        with self._lock:
            self._listeners.append(listener)

    def with_codec(self, codec: Codec) -> StoredVault:
        """Return an empty vault within the same bounds that writes values another way, and caches none of them."""
        from lc_guard.vaults.memory_rows import MemoryRows
        from lc_guard.vaults.stored import Bounds, StoredVault

        rows = MemoryRows(
            ttl=self._ttl,
            ttl_from="last_use" if self._sliding else "creation",
            max_sessions=self._max_sessions,
            live_seconds=self._live_seconds,
            clock=self._clock,
        )
        return StoredVault(rows, codec=codec, bounds=Bounds(max_values=self._max_values, cache_values=0))

    def _look(self, session: str) -> _Session | None:
        now = self._clock()
        self._expire(now)
        held = self._sessions.get(session)
        if held is not None:
            held.used = now
            self._sessions.move_to_end(session)
        return held

    def _is_over(self, held: _Session) -> bool:
        since = held.used if self._sliding else held.created
        return self._ttl is not None and self._clock() - since >= self._ttl

    def _open(self, session: str) -> _Session:
        held = self._look(session)
        if held is None:
            self._make_room()
            numbers = self._retired.pop(session, None)
            held = _Session(dict(self._floor) if numbers is None else numbers, self._clock())
            self._sessions[session] = held
            if self._ttl is not None and not self._sliding:
                self._births.append((held.created, session))
                if len(self._births) > 2 * self._max_sessions:  # most of them were dropped otherwise
                    live = self._sessions.items()
                    self._births = deque(sorted((held.created, session) for session, held in live))
        return held

    def _make_room(self) -> None:
        while len(self._sessions) >= self._max_sessions:
            oldest = next(iter(self._sessions))
            if self._clock() - self._sessions[oldest].used < self._live_seconds:
                self.refused += 1
                raise VaultFull(
                    f"{self._max_sessions} sessions are in use, and none of them is dropped for a new one; raise "
                    "MemoryVault(max_sessions=...), or take a vault outside of this process"
                )
            self._drop(oldest)
            self.evicted += 1

    def _expire(self, now: float) -> int:
        if self._ttl is None:
            return 0
        count = 0
        if self._sliding:
            while self._sessions:
                oldest = next(iter(self._sessions))
                if now - self._sessions[oldest].used < self._ttl:
                    break
                self._drop(oldest)
                count += 1
        else:
            while self._births and now - self._births[0][0] >= self._ttl:
                created, session = self._births.popleft()
                held = self._sessions.get(session)
                if held is not None and held.created == created:
                    self._drop(session)
                    count += 1
        return count

    def _drop(self, session: str) -> None:
        held = self._sessions.pop(session)
        self._retired[session] = held.numbers
        if held.raw and self._listeners:
            self._tell(session, held.entries())
        while len(self._retired) > 10 * self._max_sessions:
            _, numbers = self._retired.popitem(last=False)
            for kind, number in numbers.items():
                self._floor[kind] = max(number, self._floor.get(kind, 0))

    def _tell(self, session: str, entries: Mapping[str, tuple[str, str]]) -> None:
        for listener in self._listeners:
            try:
                listener(session, entries)
            except Exception as error:  # noqa: BLE001 - one session's end must not break another one's call
                logger.warning("a listener of %s failed: %s", type(self).__name__, type(error).__name__)

    @staticmethod
    def _add(held: _Session, kind: str, value: str, mint: Mint, new: Mapping[str, str]) -> None:
        first = held.numbers.get(kind, 0) + 1
        for number in range(first, first + _MAX_ATTEMPTS):
            placeholder = mint(kind, number)
            claims = mint.claims(placeholder)
            taken = placeholder in held.raw or placeholder in new or held.known.get(placeholder) is not None
            if not taken and held.claims.isdisjoint(claims):
                break
        else:
            raise VaultError(f"no free placeholder of kind {kind!r} after {_MAX_ATTEMPTS} attempts")
        held.numbers[kind] = number
        held.claims.update(claims)
        held.raw[placeholder] = value
        held.known.add(value, placeholder, kind)

    @staticmethod
    def _undo(held: _Session, values: Sequence[str]) -> None:
        gone = set(values)
        held.raw = {placeholder: value for placeholder, value in held.raw.items() if value not in gone}
        held.known = KnownValues(
            (value, placeholder, kind) for value, placeholder, kind in held.known.entries() if value not in gone
        )
