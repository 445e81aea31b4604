"""RedisVault: sessions in Redis."""

from __future__ import annotations

from lc_guard.vaults.base import TtlFrom
from lc_guard.vaults.redis_store import Durability, RedisStore
from lc_guard.vaults.row_store import checked_ttl
from lc_guard.vaults.stored import Bounds, StoredVault


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
        hidden = Guard(detectors=[ExactDetector({"PERSON": ["Ada"]})], vault=vault).session("s").anonymize("Hello Ada")

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
