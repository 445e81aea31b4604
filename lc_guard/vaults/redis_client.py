"""Clients of `RedisVault`: one server, Sentinel, or Cluster, told apart by the URL; and what their errors mean.

What `RedisVault` runs inside Redis: each script is one atomic step on one session.

A session has two hashes in one slot. The first, KEYS[1], is what lives: its version, id, key and rows, dropped by Redis
when its time is over. The second, KEYS[2], stays: the version, and how far the numbering went (``k:<kind>``), so that
no placeholder is ever given a second meaning. Versions are compared as the bytes they are: Lua's numbers are too short
for them. The first 8 bytes of a row are the token of its append.
"""

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
    """Return a client; nothing is connected yet, but for Cluster, of whose nodes one must answer, else RedisError."""
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
    """Return the scheme of a Redis URL before anything is connected; a bad one, perhaps with password, isn't quoted."""
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
    """Return the error to raise for one of redis-py's. Its own text may quote values: never shown."""
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


_TIME = """
local function seconds()
  local time = redis.call('TIME')
  return string.format('%d.%06d', time[1], time[2])
end
"""
_AT = """
local function is_at(key, first)
  local at = redis.call('HMGET', key, 'epoch', 'seq', 'token')
  return (at[1] or '0') == ARGV[first] and (at[2] or '0') == ARGV[first + 1]
    and (at[3] or '\\0\\0\\0\\0\\0\\0\\0\\0') == ARGV[first + 2]
end
"""

READ = (
    _TIME
    + """
local epoch, seq, token, use, grain, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local head = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'token', 'key', 'first', 'used')
if not head[1] then
  local past = redis.call('HMGET', KEYS[2], 'epoch', 'seq', 'token')
  if not past[1] then return {0} end
  return {0, past[1], past[2], past[3], '', redis.call('HGETALL', KEYS[2])}
end
if use == '1' then
  local now = seconds()
  if math.abs(tonumber(now) - tonumber(head[6])) > grain then
    redis.call('HSET', KEYS[1], 'used', now)
    if ttl > 0 then redis.call('PEXPIRE', KEYS[1], ttl) end
  end
end
local since
if head[1] == epoch then
  local row = redis.call('HGET', KEYS[1], seq)
  if row and string.sub(row, 1, 8) == token then since = tonumber(seq) end
end
local answer = {2, head[1], head[2], head[3], head[4], {}}
if not since then
  answer[1] = 1
  answer[6] = redis.call('HGETALL', KEYS[2])
  since = tonumber(head[5]) - 1
end
local last = tonumber(head[2])
while since < last do
  local fields = {}
  for number = since + 1, math.min(since + 500, last) do fields[#fields + 1] = string.format('%d', number) end
  local rows = redis.call('HMGET', KEYS[1], unpack(fields))
  for place, row in ipairs(fields) do
    if rows[place] then
      answer[#answer + 1] = row
      answer[#answer + 1] = rows[place]
    end
  end
  since = since + #fields
end
return answer
"""
)

# ARGV: 1 begin anew, 2-4 version, 5-7 new version, 8 ttl, 9 slides, 10 id, 11 key, 12 number of rows, then rows
# (seq, row), then numbers (field, number).
APPEND = (
    _TIME
    + _AT
    + """
local anew = ARGV[1] == '1'
if anew then
  if redis.call('EXISTS', KEYS[1]) == 1 or not is_at(KEYS[2], 2) then return 0 end
elseif redis.call('EXISTS', KEYS[1]) == 0 or not is_at(KEYS[1], 2) then
  return 0
end
local now, count, ttl = seconds(), tonumber(ARGV[12]), tonumber(ARGV[8])
for number = 0, count - 1 do
  redis.call('HSET', KEYS[1], ARGV[13 + 2 * number], ARGV[14 + 2 * number])
end
for place = 13 + 2 * count, #ARGV, 2 do
  redis.call('HSET', KEYS[2], ARGV[place], ARGV[place + 1])
end
for _, key in ipairs(KEYS) do
  redis.call('HSET', key, 'epoch', ARGV[5], 'seq', ARGV[6], 'token', ARGV[7])
end
redis.call('HSET', KEYS[1], 'used', now)
redis.call('HINCRBY', KEYS[1], 'held', count)
if anew then
  redis.call('HSET', KEYS[1], 'id', ARGV[10], 'key', ARGV[11], 'created', now, 'first', ARGV[13])
end
if ttl > 0 and (anew or ARGV[9] == '1') then redis.call('PEXPIRE', KEYS[1], ttl) end
return 1
"""
)

# ARGV: 1-3 version, 4 new epoch, then the rows' numbers.
REMOVE = (
    _AT
    + """
if redis.call('EXISTS', KEYS[1]) == 0 or not is_at(KEYS[1], 1) then return 0 end
for place = 5, #ARGV do redis.call('HDEL', KEYS[1], ARGV[place]) end
redis.call('HINCRBY', KEYS[1], 'held', 4 - #ARGV)
for _, key in ipairs(KEYS) do redis.call('HSET', key, 'epoch', ARGV[4]) end
return 1
"""
)

DROP = """
if redis.call('DEL', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[2], 'epoch', ARGV[1])
return 1
"""

REKEY = """
if redis.call('HGET', KEYS[1], 'key') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'key', ARGV[2])
return 1
"""

ROOT = """
local root = redis.call('GET', KEYS[1])
if not root or root == ARGV[2] then
  redis.call('SET', KEYS[1], ARGV[1])
  return ARGV[1]
end
return root
"""

# Whether a session's rows hold some bytes.
HOLDS = """
local head = redis.call('HMGET', KEYS[1], 'first', 'seq')
if not head[1] then return 0 end
for number = tonumber(head[1]), tonumber(head[2]) do
  local row = redis.call('HGET', KEYS[1], string.format('%d', number))
  if row and string.find(row, ARGV[1], 1, true) then return 1 end
end
return 0
"""
