import logging
import time

import pytest
import redis

from lc_guard.errors import VaultError
from lc_guard.testing import NumberedMint
from lc_guard.vaults import RedisVault
from lc_guard.vaults.redis_client import explained
from lc_guard.vaults.row_store import Unreachable

from ..support.servers import RedisServer, sentinel_of

CANARY = "Zebulon Quartermain"


def allocate(vault, *values, session="s"):
    return vault.allocate(session, [("PERSON", value) for value in values], NumberedMint())


@pytest.mark.parametrize(
    "wrong",
    ["", "localhost", "http://secret", "redis://", "redis://:secret@", "redis://h:port", "redis+sentinel://h:1", 7],
)
def test_wrong_urls(wrong):
    with pytest.raises(ValueError, match="this is no Redis URL; write redis://") as raised:
        RedisVault(wrong)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "wrong", [{"prefix": ""}, {"prefix": "a{b}"}, {"prefix": "a*"}, {"replicas": -1}, {"durability": "hope"}]
)
def test_wrong_options(wrong):
    with pytest.raises(ValueError, match="must be"):
        RedisVault("redis://localhost", **wrong)


def test_a_wrong_password(redis_server):
    for url in (redis_server.url.replace("correct-horse", "wrong"), f"redis://127.0.0.1:{redis_server.port}"):
        with pytest.raises(VaultError, match="password") as raised:
            allocate(RedisVault(url, timeout=1), CANARY)
        assert not isinstance(raised.value, Unreachable), "trying again does not help"
        assert CANARY not in str(raised.value)


def test_a_user_without_rights(redis_server):
    with redis_server.client() as client:
        client.execute_command("ACL", "SETUSER", "reader", "on", ">x", "~*", "+@read", "+info", "+config|get")
    with pytest.raises(VaultError, match="the user may not do this"):
        allocate(RedisVault(redis_server.url.replace(":correct-horse", "reader:x")), CANARY)


def test_a_server_that_forgets_is_refused(caplog):
    with RedisServer("maxmemory 100mb") as server, server.client() as client:
        client.config_set("appendfsync", "everysec")
        with pytest.raises(VaultError, match="appendfsync always"):
            allocate(RedisVault(server.url), "Ada")
        with caplog.at_level(logging.WARNING):
            assert allocate(RedisVault(server.url, durability="warn"), "Ada") == ["<PERSON-1>"]
        assert "may lose writes" in caplog.text
        client.config_set("appendonly", "no")
        with pytest.raises(VaultError, match="appendonly yes"):
            allocate(RedisVault(server.url), "Ada")
        client.config_set("maxmemory-policy", "allkeys-lru")
        with pytest.raises(VaultError, match="maxmemory-policy to noeviction"):
            allocate(RedisVault(server.url, durability="warn"), "Ada")


def test_replicas_confirm_writes():
    with RedisServer() as master:
        alone = RedisVault(master.url, prefix="a", replicas=1, timeout=0.5)
        with pytest.raises(VaultError, match=r"only 0 of 1 replicas"):
            allocate(alone, CANARY)
        with RedisServer(f"replicaof 127.0.0.1 {master.port}") as replica:
            _until(lambda: replica.client().info("replication")["master_link_status"] == "up")
            vault = RedisVault(master.url, prefix="b", replicas=1)
            given = allocate(vault, *(f"value {number}" for number in range(50)))
            assert vault.forget("s")
            assert allocate(vault, "Ada") == ["<PERSON-51>"]
            assert len(given) == 50
            held = replica.client().hgetall(next(iter(replica.client().scan_iter(match="b:{*}:live"))))
            assert any(b"Ada" in value for value in held.values())


def test_a_failover_is_followed():
    """The master dies; the sentinel promotes the replica; no acknowledged write is lost, no number comes back."""
    with RedisServer() as master, RedisServer(f"replicaof 127.0.0.1 {master.port}") as replica:
        _until(lambda: replica.client().info("replication")["master_link_status"] == "up")
        with sentinel_of(master) as sentinel:
            url = f"redis+sentinel://:{master.password}@127.0.0.1:{sentinel.port}/vault/0"
            vault = RedisVault(url, replicas=1, timeout=20)
            _until(lambda: sentinel.client().execute_command("SENTINEL", "REPLICAS", "vault"))
            given = allocate(vault, "Ada", "Bea")
            master.stop(9)
            after = RedisVault(url, timeout=20, durability="warn")
            started = time.monotonic()
            assert after.values("s", given) == dict(zip(given, ("Ada", "Bea"), strict=True))
            assert time.monotonic() - started < 20
            assert vault.values("s", given) == dict(zip(given, ("Ada", "Bea"), strict=True))
            assert allocate(after, "Cyd") == ["<PERSON-3>"]
            assert replica.client().info("replication")["role"] == "master"


def test_a_lost_write_is_noticed(redis_server):
    """A failover to a stale copy: what this process remembers is not what the server holds, and the server is right."""
    vault, other = (RedisVault(redis_server.url, prefix="lost") for _ in range(2))
    allocate(vault, "Ada")
    with redis_server.client() as client:
        copies = {key: client.dump(key) for key in client.scan_iter(match="lost:*")}
        assert allocate(vault, "Bea") == ["<PERSON-2>"]
        for key, copy in copies.items():
            client.restore(key, 0, copy, replace=True)
    assert allocate(other, "Cyd") == ["<PERSON-2>"]
    assert vault.values("s", ["<PERSON-2>"]) == {"<PERSON-2>": "Cyd"}
    assert vault.find("s", ["Bea or Cyd"])[0][0].placeholder == "<PERSON-2>"


def test_an_emptied_server_begins_anew():
    with RedisServer() as server:
        vault = RedisVault(server.url)
        allocate(vault, "Ada")
        server.client().flushall()
        assert vault.items("s") == {}
        assert allocate(vault, "Bea") == ["<PERSON-1>"]
        assert RedisVault(server.url).items("s") == {"<PERSON-1>": "Bea"}


def test_a_session_lies_in_one_slot(redis_cluster):
    vault = RedisVault(redis_cluster.url, prefix="slots")
    for number in range(30):
        allocate(vault, "Ada", session=f"s{number}")
    spread = []
    for node in redis_cluster.nodes:
        with node.client() as client:
            keys = list(client.scan_iter(match="slots:{*}*"))
            assert len({client.execute_command("CLUSTER", "KEYSLOT", key) for key in keys}) == len(keys) / 2
            spread.append(len(keys))
    assert sum(spread) == 60
    assert all(spread), "the sessions lie on all nodes"
    assert vault.stats()["sessions"] == 30
    assert vault.forget_value("Ada") == 30
    vault.close()


def test_scripts_that_the_server_forgot_are_sent_again(redis_server):
    vault = RedisVault(redis_server.url, prefix="scripts")
    allocate(vault, "Ada")
    with redis_server.client() as client:
        client.script_flush()
    assert allocate(vault, "Bea") == ["<PERSON-2>"]


def test_what_is_forgotten_leaves_the_server(redis_server):
    vault = RedisVault(redis_server.url, prefix="erase")
    allocate(vault, CANARY, session="jane@example.org")
    vault.forget("jane@example.org")
    with redis_server.client() as client:
        kept = {key: client.dump(key) for key in client.scan_iter(match="erase:*")}
    assert len(kept) == 2  # the root, and the numbering
    assert not any(secret in raw for raw in kept.values() for secret in (CANARY.encode(), b"jane"))


def test_a_damaged_row_is_refused(redis_server):
    vault = RedisVault(redis_server.url, prefix="damaged")
    allocate(vault, "Ada")
    with redis_server.client() as client:
        (key,) = client.scan_iter(match="damaged:{*}:live")
        client.hset(key, "1", b"\xff\xff")
    with pytest.raises(VaultError, match="damaged"):
        RedisVault(redis_server.url, prefix="damaged").items("s")


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (redis.ResponseError(f"LOADING {CANARY}"), True),
        (redis.exceptions.ClusterDownError(f"CLUSTERDOWN {CANARY}"), True),
        (redis.exceptions.ResponseError(f"ERR {CANARY}"), False),
        (redis.exceptions.DataError(CANARY), False),
        (redis.ResponseError(f"MISCONF {CANARY}"), False),
    ],
)
def test_errors_tell_no_value(error, again):
    told = explained(error)
    assert isinstance(told, Unreachable) is again
    assert CANARY not in str(told)


def _until(holds):
    deadline = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
