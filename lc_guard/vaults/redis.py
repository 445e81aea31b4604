"""RedisVault: sessions in Redis.

The row store of `RedisVault`: a session is two hashes in one slot, each operation one script.
"""

from __future__ import annotations

import logging
import secrets
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha1
from typing import Any, Literal, get_args

from lc_guard._forks import ForkLock
from lc_guard.errors import VaultError
from lc_guard.vaults import redis_client as lua
from lc_guard.vaults.base import TtlFrom
from lc_guard.vaults.codec import decoded, encoded
from lc_guard.vaults.redis_client import check_url, connect, explained
from lc_guard.vaults.row_store import NOWHERE, Head, NewSession, Row, Snapshot, Version, checked_ttl
from lc_guard.vaults.stored import Bounds, StoredVault

logger = logging.getLogger("lc_guard")

Durability = Literal["require", "warn"]

_PAGE = 500
_LENGTHS = struct.Struct(">QQIII")  # token, number, lengths of kind, placeholder, lookup


class RedisStore:
    """Keeps rows in Redis, as `RedisVault` is told to; see `lc_guard.vaults.row_store.RowStore`."""

    def __init__(
        self,
        url: str,
        *,
        prefix: str,
        ttl: float | None,
        sliding: bool,
        timeout: float,
        replicas: int,
        durability: Durability,
        max_connections: int,
    ) -> None:
        if not prefix or not prefix.replace(":", "").replace("_", "").replace("-", "").isalnum():
            raise ValueError("prefix must be letters, digits, '_', '-' and ':'")
        if replicas < 0 or max_connections < 1 or durability not in get_args(Durability):
            raise ValueError("replicas must be 0 or more, max_connections 1 or more, durability 'require' or 'warn'")
        self._scheme = check_url(url)
        self._url = url
        self._prefix = prefix
        self._ttl = 0 if ttl is None else max(1, round(ttl * 1000))
        self._sliding = sliding
        self._grain = min(60.0, ttl / 20) if ttl is not None else 3600.0
        self._timeout = timeout
        self._replicas = replicas
        self._durability = durability
        self._max_connections = max_connections
        self._setting_up = ForkLock()
        self._checked = False
        # a cluster is asked for its nodes at once, so that its client is made at the first use
        self._client: Any = None if self._is_cluster else self._connect()

    def __repr__(self) -> str:
        return "Redis"

    @property
    def _is_cluster(self) -> bool:
        return self._scheme.endswith("+cluster")

    def root(self, new: bytes, *, instead_of: bytes | None = None) -> bytes:
        """Return what is kept for the vault as a whole (see `RowStore.root`)."""
        key = f"{self._prefix}:root"
        # an empty text is no root: it stands for "replace nothing"
        return bytes(self._run(lua.ROOT, [key], [new, instead_of or b""], writes=True))

    def rekey(self, handle: bytes, key: bytes, *, instead_of: bytes) -> bool:
        """Wrap a session's key anew (see `RowStore.rekey`)."""
        return bool(self._run(lua.REKEY, self._keys(handle), [instead_of, key], writes=True))

    def read(self, handle: bytes, seen: Version, *, use: bool = True) -> Snapshot:
        """Return what is new in a session (see `RowStore.read`)."""
        ttl = self._ttl if self._sliding else 0
        arguments = [*_told(seen), int(use), self._grain, ttl]
        state, *answer = self._run(lua.READ, self._keys(handle), arguments)
        if not answer:
            return Snapshot(NOWHERE)
        version = Version(int(answer[0]), int(answer[1]), int.from_bytes(answer[2], "big"))
        kept = iter(answer[4])
        numbers = {decoded(name[2:]): int(number) for name, number in zip(kept, kept, strict=True) if name[:2] == b"k:"}
        packed = iter(answer[5:])
        rows = [_unpacked(int(seq), row) for seq, row in zip(packed, packed, strict=True)]
        return Snapshot(version, live=state != 0, whole=state != 2, key=answer[3], rows=rows, numbers=numbers)

    def append(self, handle: bytes, at: Version, rows: Sequence[Row], *, new: NewSession | None) -> Version | None:
        """Add rows to a session if it is at a version (see `RowStore.append`)."""
        version = Version(at.epoch if new is None else _random(), at.seq + len(rows), _random())
        begun = (b"", b"") if new is None else (new.sealed_id, new.key)
        arguments: list[Any] = [
            int(new is not None),
            *_told(at),
            *_told(version),
            self._ttl,
            int(self._sliding),
            *begun,
        ]
        arguments.append(len(rows))
        numbers: dict[str, int] = {}
        for row in rows:
            arguments += [row.seq, _packed(version.token, row)]
            numbers[row.kind] = max(row.index, numbers.get(row.kind, 0))
        for kind, number in numbers.items():
            arguments += [b"k:" + encoded(kind), number]
        return version if self._run(lua.APPEND, self._keys(handle), arguments, writes=True) else None

    def remove(self, handle: bytes, at: Version, seqs: Sequence[int]) -> bool:
        """Take rows out of a live session if it is at a version (see `RowStore.remove`)."""
        return bool(self._run(lua.REMOVE, self._keys(handle), [*_told(at), _random(), *seqs], writes=True))

    def drop(self, handle: bytes) -> bool:
        """Drop a session (see `RowStore.drop`)."""
        return bool(self._run(lua.DROP, self._keys(handle), [_random()], writes=True))

    def heads(self, *, having: bytes | None = None) -> Iterator[Head]:
        """Yield all live sessions (see `RowStore.heads`)."""
        fields = ("id", "held", "created", "used", "key")
        for key, values in self._scanned(fields):
            if values[0] is None or (having is not None and not self._run(lua.HOLDS, [key], [having])):
                continue
            sealed_id, held, created, used, wrapped = values
            handle = bytes.fromhex(key.rpartition(b"{")[2].partition(b"}")[0].decode())
            yield Head(handle, sealed_id, int(held), float(created), float(used), wrapped)

    def purge(self) -> int:
        """Return 0: Redis drops what is over by itself (see `RowStore.purge`)."""
        return 0

    def stats(self) -> Mapping[str, int]:
        """Return counts (see `RowStore.stats`)."""
        held = [int(values[0]) for _, values in self._scanned(("held",)) if values[0] is not None]
        return {"sessions": len(held), "values": sum(held), "expired": 0}

    def close(self) -> None:
        """Give up all connections; the next use opens new ones."""
        with self._asking():
            if self._client is not None:
                self._client.close()
                if not self._is_cluster:
                    self._client.connection_pool.disconnect()
                else:
                    self._client = None

    def _keys(self, handle: bytes) -> list[str]:
        name = f"{self._prefix}:{{{handle.hex()}}}"  # the part in braces alone decides on the slot
        return [f"{name}:live", f"{name}:kept"]

    def _scanned(self, fields: Sequence[str]) -> Iterator[tuple[bytes, list[Any]]]:
        seen: set[bytes] = set()  # SCAN may give a key twice
        with self._asking():
            client = self._ready()
            page: list[bytes] = []
            for key in client.scan_iter(match=f"{self._prefix}:{{*}}:live", count=_PAGE):
                if key not in seen:
                    seen.add(key)
                    page.append(key)
                if len(page) >= _PAGE:
                    yield from self._fields_of(client, page, fields)
                    page = []
            yield from self._fields_of(client, page, fields)

    @staticmethod
    def _fields_of(client: Any, keys: Sequence[bytes], fields: Sequence[str]) -> Iterator[tuple[bytes, list[Any]]]:
        if not keys:
            return
        pipeline = client.pipeline(transaction=False)
        for key in keys:
            pipeline.hmget(key, fields)
        yield from zip(keys, pipeline.execute(), strict=True)

    def _run(self, script: str, keys: Sequence[str | bytes], arguments: Sequence[Any], *, writes: bool = False) -> Any:
        with self._asking():
            client = self._ready()
            if writes and self._replicas:
                return self._run_on_replicas(client, script, keys, arguments)
            return _evaluated(client, script, keys, arguments)

    def _run_on_replicas(self, client: Any, script: str, keys: Sequence[str | bytes], arguments: Sequence[Any]) -> Any:
        """Run a script and wait, on one connection: WAIT counts the writes of its own."""
        if self._is_cluster:
            client = client.get_redis_connection(client.get_node_from_key(keys[0]))
        pipeline = client.pipeline(transaction=False)
        pipeline.eval(script, len(keys), *keys, *arguments)
        pipeline.execute_command("WAIT", self._replicas, round(self._timeout * 800))  # before the socket gives up
        answer, reached = pipeline.execute()
        if answer and reached < self._replicas:
            raise VaultError(
                f"only {reached} of {self._replicas} replicas have the write, a failover may lose it; "
                "bring the replicas back, or lower RedisVault(replicas=...)"
            )
        return answer

    def _connect(self) -> Any:
        return connect(self._url, timeout=self._timeout, max_connections=self._max_connections)

    def _ready(self) -> Any:
        if not self._checked:
            with self._setting_up:
                if self._client is None:
                    self._client = self._connect()
                if not self._checked:
                    self._check(self._client)
                    self._checked = True
        return self._client

    def _check(self, client: Any) -> None:
        """Refuse a server that says it drops keys for room, or loses what it acknowledged, by a VaultError."""
        policy = str(client.info("memory").get("maxmemory_policy", ""))
        if policy.startswith("allkeys-"):
            raise VaultError(
                f"Redis drops keys for room ({policy}), also how far the numbering of sessions went: placeholders "
                "would get a second meaning. Set maxmemory-policy to noeviction or volatile-lru"
            )
        if self._replicas or _is_durable(client):
            return
        lost = (
            "Redis may lose writes that it has acknowledged when it restarts; set appendonly yes and "
            "appendfsync always, or have replicas confirm each write: RedisVault(replicas=1)"
        )
        if self._durability == "require":
            raise VaultError(f"{lost}; RedisVault(durability='warn') takes the risk")
        logger.warning("%s", lost)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        from redis import RedisError

        try:
            yield
        except RedisError as error:
            raise explained(error) from None


def _is_durable(client: Any) -> bool:
    from redis.exceptions import ResponseError

    if not int(client.info("persistence").get("aof_enabled", 1)):
        return False
    try:
        told = client.config_get("appendfsync")
    except ResponseError:  # hosted Redis hides its configuration
        return True
    return str(told.get("appendfsync", "always")) == "always"


def _evaluated(client: Any, script: str, keys: Sequence[str | bytes], arguments: Sequence[Any]) -> Any:
    from redis.exceptions import NoScriptError

    digest = sha1(script.encode(), usedforsecurity=False).hexdigest()
    try:
        return client.evalsha(digest, len(keys), *keys, *arguments)
    except NoScriptError:
        return client.eval(script, len(keys), *keys, *arguments)


def _told(version: Version) -> tuple[int, int, bytes]:
    return version.epoch, version.seq, version.token.to_bytes(8, "big")


def _packed(token: int, row: Row) -> bytes:
    kind, placeholder = encoded(row.kind), encoded(row.placeholder)
    lengths = _LENGTHS.pack(token, row.index, len(kind), len(placeholder), len(row.lookup))
    return b"".join((lengths, kind, placeholder, row.lookup, row.payload))


def _unpacked(seq: int, packed: bytes) -> Row:
    try:
        _, index, *lengths = _LENGTHS.unpack_from(packed)
        parts = []
        start = _LENGTHS.size
        for length in lengths:
            parts.append(packed[start : start + length])
            start += length
        kind, placeholder, lookup = parts
        return Row(seq, decoded(kind), index, decoded(placeholder), lookup, packed[start:])
    except (struct.error, UnicodeDecodeError):
        raise VaultError("a stored row is damaged; restore the vault from a backup, or forget the session") from None


def _random() -> int:
    return secrets.randbelow(2**63 - 1) + 1


class RedisVault(StoredVault):
    """Keeps the values of sessions in Redis 6.2 or later: one server, Sentinel, or Cluster.

    Every step is one script, atomic in the server; all keys of a session lie in one slot of a cluster. Redis itself
    drops sessions whose time is over. What stays of a session is how far its numbering went, some 100 bytes without
    its id, so that no placeholder of an old conversation ever gets a second meaning.

    A write must survive the server. One that may lose acknowledged writes, or drops any key for room, is refused. A
    failover to a replica that lags behind loses writes unless ``replicas`` confirm them: WAIT makes that rare, not
    impossible (https://redis.io/docs/latest/commands/wait/). This process notices a lost write when it next uses the
    session, and never answers from what it remembers.

    It is safe for threads and for processes that are forked after it was made. Its calls block; the async side of
    this package runs them in threads.

    Args:
        url: ``redis://:password@host:6379/0`` (``rediss://`` for TLS, ``unix`` sockets are not known),
            ``redis+sentinel://:password@host1:26379,host2:26379/service/0`` (the sentinels' own password as
            ``?sentinel_password=``), or ``redis+cluster://:password@host:6379``.
        ttl: Seconds that a session lives; None for good. A use is written down at most once in ``ttl / 20`` (at most
            a minute), so that a session may end that much earlier.
        ttl_from: ``"last_use"``, or ``"creation"``: the session then ends however often it is used.
        prefix: Begins all keys, so that several vaults share a server.
        timeout: Seconds within which a call is tried again when Redis does not answer.
        replicas: Number of replicas that must have a write before it counts. 0 or more.
        durability: ``"require"`` refuses a server that does not write each command to its append-only file before it
            answers (``appendfsync always``), unless `replicas` confirm; ``"warn"`` says so in the log.
        max_connections: Number of connections, at most. 1 or more.
        max_values: Number of values a session may hold; one more raises `lc_guard.errors.VaultFull`.
        cache_values: Number of values held in memory between calls, of all sessions; 0 for none.
        cache_seconds: Seconds after its last use at which a session is no longer held in memory.

    Raises:
        ValueError: If the URL or a bound is not usable.
        MissingExtra: If redis-py is not installed.

    Example:
        ```python
        from lc_guard import Guard
        from lc_guard.testing import ExactDetector
        from lc_guard.vaults import RedisVault

        vault = RedisVault("redis://localhost:6379/0", ttl=86_400)
        guard = Guard(detectors=[ExactDetector({"PERSON": ["Ada"]})], vault=vault)
        hidden = guard.session("s").anonymize("Hello Ada")

        # another worker
        other = Guard(detectors=[], vault=RedisVault("redis://localhost:6379/0"))
        print(other.session("s").deanonymize(hidden))  # → Hello Ada
        ```
    """

    def __init__(
        self,
        url: str,
        *,
        ttl: float | None = 86_400.0,
        ttl_from: TtlFrom = "last_use",
        prefix: str = "lc_guard",
        timeout: float = 5.0,
        replicas: int = 0,
        durability: Durability = "require",
        max_connections: int = 50,
        max_values: int = 1_000_000,
        cache_values: int = 200_000,
        cache_seconds: float = 300.0,
    ) -> None:
        bounds = Bounds(timeout, max_values, cache_values, cache_seconds)
        store = RedisStore(
            url,
            prefix=prefix,
            ttl=ttl,
            sliding=checked_ttl(ttl, ttl_from),
            timeout=timeout,
            replicas=replicas,
            durability=durability,
            max_connections=max_connections,
        )
        super().__init__(store, bounds=bounds)
