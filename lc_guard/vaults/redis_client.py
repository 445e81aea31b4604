"""Clients of `RedisVault`: one server, Sentinel, or Cluster, told apart by the URL; and what their errors mean."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from lc_guard.errors import MissingExtra, VaultError
from lc_guard.vaults.row_store import Unreachable

_SHAPES = (
    "redis://:password@host:6379/0, rediss:// for TLS, redis+cluster://:password@host:6379, or "
    "redis+sentinel://:password@host1:26379,host2:26379/service-name/0"
)
# The first word of Redis's error replies (https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors).
_AGAIN = (
    "BUSY",
    "CLUSTERDOWN",
    "LOADING",
    "MASTERDOWN",
    "NOREPLICAS",
    "READONLY",
    "TRYAGAIN",
    "UNBLOCKED",
    "MOVED",
    "ASK",
)
_HINTS = {
    "MISCONF": "it can't write to its disk, nothing was stored; make room",
    "NOAUTH": "it wants a password; write it into the URL",
    "NOPERM": "the user may not do this; it needs @hash, @scripting, @read and @write on the vault's keys",
    "OOM": "its memory is full, nothing was stored; raise maxmemory",
    "WRONGPASS": "it refuses the user or password; check the URL",
}


def connect(url: str, *, timeout: float, max_connections: int) -> Any:
    """Give a client; nothing is connected yet, but for Cluster, whose nodes are asked for.

    Args:
        url: See `RedisVault`.
        timeout: Seconds to wait for a connection, and for an answer.
        max_connections: Number of connections, at most.

    Raises:
        RedisError: If no node of the cluster answers.
    """
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    options: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),  # the vault tries again itself
    }
    if "+cluster" in url[:16]:
        return redis.RedisCluster.from_url(
            url.replace("+cluster", "", 1), **{**options, "retry": Retry(NoBackoff(), 2)}
        )
    if "+sentinel" in url[:16]:
        return _through_sentinel(url, options | {"max_connections": max_connections})
    options["max_connections"] = max_connections
    pool = redis.BlockingConnectionPool.from_url(url, timeout=timeout, **options)
    return redis.Redis(connection_pool=pool)


def check_url(url: str) -> str:
    """Give the scheme of a URL, before anything is connected.

    Raises:
        ValueError: If it is none of a Redis URL, or names no server. It is not quoted: it may hold a password.
        MissingExtra: If redis-py is not installed.
    """
    if find_spec("redis") is None:
        raise MissingExtra("RedisVault", "redis")
    try:
        parts = urlsplit(url)
        scheme, place = parts.scheme, parts.netloc.rpartition("@")[2]
        if not scheme.endswith("+sentinel"):
            _ = parts.port
        elif not parts.path.strip("/"):
            place = ""
    except (ValueError, AttributeError, TypeError):
        scheme = place = ""
    schemes = ("redis", "rediss", "redis+cluster", "rediss+cluster", "redis+sentinel", "rediss+sentinel")
    if scheme not in schemes or not place:
        raise ValueError(f"this is no Redis URL; write {_SHAPES}")
    return scheme


def _through_sentinel(url: str, options: dict[str, Any]) -> Any:
    from redis.sentinel import Sentinel

    parts = urlsplit(url)
    login, _, places = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    hosts = []
    for place in places.split(","):
        host, _, port = place.rpartition(":")
        hosts.append((host, int(port)) if host and port.isdigit() else (place, 26379))
    service, _, database = parts.path.strip("/").partition("/")
    given = dict(parse_qsl(parts.query))
    guards = {name.removeprefix("sentinel_"): value for name, value in given.items() if name.startswith("sentinel_")}
    timeouts = {name: options[name] for name in ("socket_timeout", "socket_connect_timeout")}
    options = options | {
        "username": unquote(user) or None,
        "password": unquote(password) or None,
        "db": int(database or 0),
        "ssl": parts.scheme.startswith("rediss"),
    }
    sentinels: Any = Sentinel(hosts, sentinel_kwargs=timeouts | guards, **options)  # type: ignore[no-untyped-call]
    return sentinels.master_for(service)


def explained(error: Exception) -> VaultError:
    """Give the error to raise for one of redis-py's. Its own text may quote values: never shown."""
    from redis import exceptions

    name = type(error).__name__
    word = str(error).partition(" ")[0].rstrip(":")
    if isinstance(error, exceptions.AuthenticationError | exceptions.AuthorizationError):
        return VaultError(f"Redis failed ({name}): {_HINTS['WRONGPASS']}")
    if isinstance(error, exceptions.OutOfMemoryError):
        word = "OOM"
    if isinstance(error, exceptions.NoPermissionError):
        word = "NOPERM"
    if word in _HINTS:
        return VaultError(f"Redis failed ({name}): {_HINTS[word]}")
    lost = (
        exceptions.ConnectionError,
        exceptions.TimeoutError,
        exceptions.ReadOnlyError,
        exceptions.ClusterDownError,
        exceptions.ClusterError,
        exceptions.RedisClusterException,
    )
    if isinstance(error, lost) or word in _AGAIN:
        return Unreachable(f"Redis can't be reached ({name}); check that it runs, and the URL")
    return VaultError(f"Redis failed: {name}")
