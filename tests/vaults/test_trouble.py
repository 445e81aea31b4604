"""Servers that are slow, gone, full, or read-only: no crossed value, nothing lost, errors that tell no value."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lc_guard import Guard
from lc_guard.errors import Blocked, VaultError
from lc_guard.testing import ExactDetector, NumberedMint
from lc_guard.vaults import RedisVault, SQLVault
from lc_guard.vaults.row_store import Unreachable

from ..support.proxy import TroubledProxy
from ..support.servers import PostgresServer, RedisServer, free_port
from .workers import opened

CANARY = "Zebulon Quartermain"
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["postgres_server", "redis_server"])
def server(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def proxy(server):
    with TroubledProxy(server.port) as proxy:
        yield proxy


@pytest.fixture
def name():
    return f"t{os.urandom(5).hex()}"


def allocate(vault, *values, session="s"):
    return vault.allocate(session, [("PERSON", value) for value in values], NumberedMint())


def test_a_slow_server_is_only_slow(server, proxy, name):
    vault = opened(proxy.through(server.url), name, timeout=5)
    allocate(vault, "Ada")
    proxy.delay = 0.05
    started = time.monotonic()
    given = allocate(vault, *(f"value {number}" for number in range(200)))
    assert time.monotonic() - started < 5, "200 values cost more than a few round trips"
    assert len(vault.values("s", given)) == 200
    vault.close()


def test_two_hundred_values_are_one_round_trip(server, proxy, name):
    """Warm: what is known and what is new, each in one exchange with the server; a text of both in two."""
    vault = opened(proxy.through(server.url), name)
    values = [f"value {number}" for number in range(200)]
    for number in range(8):  # psycopg prepares what it has sent five times
        allocate(vault, f"other {number}")
        vault.items("s")

    def exchanges(call):
        before = proxy.exchanges
        answer = call()
        return proxy.exchanges - before, answer

    count, given = exchanges(lambda: allocate(vault, *values))
    assert count == 1
    assert exchanges(lambda: vault.values("s", given))[0] == 1
    assert exchanges(lambda: allocate(vault, *values))[0] == 1
    more = [f"more {number}" for number in range(200)]
    session = Guard(ExactDetector({"CUSTOMER": [*values, *more]}), vault=vault).session("s")
    count, hidden = exchanges(lambda: session.anonymize(", ".join([*values, *more])))
    assert count == 2
    assert "value" not in hidden
    assert "more" not in hidden
    vault.close()


def test_a_server_that_hangs_is_given_up(server, proxy, name):
    vault = opened(proxy.through(server.url), name, timeout=0.5)
    (ada,) = allocate(vault, CANARY)
    proxy.hang = True
    for call in (
        lambda: allocate(vault, "Bea"),
        lambda: allocate(vault, CANARY),  # known here, but who says that it still is?
        lambda: vault.values("s", [ada]),
    ):
        started = time.monotonic()
        with pytest.raises(Unreachable, match=r"can't be reached.*gave up after 0.5 s") as raised:
            call()
        assert time.monotonic() - started < 5
        assert CANARY not in str(raised.value)
        assert raised.value.__cause__ is None
    proxy.hang = False
    proxy.cut()
    assert vault.values("s", [ada]) == {ada: CANARY}
    assert allocate(vault, "Bea") == ["<PERSON-2>"]
    vault.close()


def test_lost_answers_and_cut_lines_cross_nothing(server, proxy, name):
    """The server has done it, the client does not know: it asks again, and gets what it was given before."""
    vault = opened(proxy.through(server.url), name, timeout=10)
    other = opened(server.url, name)
    allocate(vault, "first")
    acknowledged = {}
    stop = threading.Event()

    def trouble():
        while not stop.is_set():
            proxy.swallow_answers = True
            time.sleep(0.02)
            proxy.cut()
            proxy.swallow_answers = False
            time.sleep(0.05)

    troubles = threading.Thread(target=trouble)
    troubles.start()
    try:
        for number in range(60):
            values = [f"value {number}.{place}" for place in range(3)]
            acknowledged.update(zip(values, allocate(vault, *values), strict=True))
            allocate(other, f"other {number}")
    finally:
        stop.set()
        troubles.join()
    held = dict(other.items("s"))
    assert {held[placeholder]: placeholder for placeholder in acknowledged.values()} == acknowledged
    assert len(held) == len(set(held.values())) == 1 + 60 * 3 + 60
    assert sorted(int(placeholder[8:-1]) for placeholder in held) == list(range(1, len(held) + 1))
    vault.close()
    other.close()


@pytest.mark.parametrize("scheme", ["postgresql://guard:pw@127.0.0.1:{}/db", "redis://:pw@127.0.0.1:{}/0"])
def test_nobody_there(scheme):
    vault = opened(scheme.format(free_port()), "p", timeout=0.3)
    with pytest.raises(Unreachable, match=r"can't be reached \(\w+\).*gave up after 0.3 s"):
        allocate(vault, CANARY)
    with pytest.raises(VaultError):
        vault.stats()
    with pytest.raises(VaultError):
        list(vault.sessions())


async def test_the_guard_blocks_when_the_vault_is_gone():
    vault = RedisVault(f"redis://127.0.0.1:{free_port()}/0", timeout=0.2)
    guard = Guard(ExactDetector({"PERSON": [CANARY]}), vault=vault)
    with pytest.raises(Blocked, match="Unreachable") as raised:
        guard.session("s").anonymize(f"I am {CANARY}")
    assert CANARY not in str(raised.value)
    with pytest.raises(Blocked):
        await guard.session("s").aanonymize(f"I am {CANARY}")
    with pytest.raises(VaultError):
        await guard.session("s").adeanonymize("[REDACTED_PERSON_1]")


FULL = """
import resource, sys
from lc_guard.testing import NumberedMint
from lc_guard.vaults import SQLVault
from lc_guard.errors import VaultError
vault = SQLVault(sys.argv[1], timeout=1)
done = 0
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
try:
    for number in range(1000):
        values = [f"Zebulon {number} {place} " + "x" * 2000 for place in range(20)]
        vault.allocate("s", [("PERSON", value) for value in values], NumberedMint())
        done = number + 1
except VaultError as error:
    print(done)
    print(error)
"""


def test_a_full_disk_under_sqlite(tmp_path):
    url = f"sqlite:///{tmp_path}/vault.db"
    done = subprocess.run([sys.executable, "-c", FULL, url], capture_output=True, text=True, cwd=ROOT, check=True)
    count, error = done.stdout.splitlines()
    assert "SQLITE_" in error
    assert "full" in error
    assert "Zebulon" not in error + done.stderr
    vault = SQLVault(url)
    held = vault.items("s")
    assert len(held) == 20 * int(count) > 0, "half a write is there, or an acknowledged one is lost"
    assert allocate(vault, "Ada") == [f"<PERSON-{len(held) + 1}>"]
    vault.close()


def _limit_files(size):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def _fill(vault, size):
    """Write until it fails; give what was acknowledged, and the error."""
    done = 0
    for number in range(60):
        try:
            done += len(allocate(vault, *(f"{CANARY} {number} {n} {os.urandom(size).hex()}" for n in range(4))))
        except VaultError as error:
            told = str(error)
            break
    else:
        raise AssertionError("it was never full")
    assert CANARY not in told
    return done, told


def test_a_full_disk_under_postgresql():
    with PostgresServer() as server:
        server.stop()
        server.limit = _limit_files(17_000_000)  # a segment of its journal is 16 MB
        server.start()
        vault = SQLVault(server.url, timeout=3)
        done, error = _fill(vault, 400_000)
        assert "SQLSTATE" in error or "can't be reached" in error
        vault.close()
        server.limit = None
        server.restart()
        vault = SQLVault(server.url)
        assert len(vault.items("s")) == done
        assert allocate(vault, "Ada") == [f"<PERSON-{done + 1}>"]
        vault.close()


def test_a_full_disk_under_redis():
    with RedisServer() as server:
        server.stop()
        server.limit = _limit_files(2_000_000)
        server.start()
        vault = RedisVault(server.url, timeout=1)
        done, _ = _fill(vault, 20_000)
        vault.close()
        server.limit = None
        server.restart()
        vault = RedisVault(server.url)
        assert len(vault.items("s")) >= done > 0
        assert len(vault.items("s")) % 4 == 0
        vault.close()


def test_a_full_memory_under_redis():
    with RedisServer("maxmemory 4mb") as server:
        vault = RedisVault(server.url, timeout=1)
        done, error = _fill(vault, 20_000)
        assert "its memory is full, nothing was stored" in error
        assert len(vault.items("s")) == done
        vault.close()


def test_a_read_only_postgresql(postgres_server, name):
    writer = SQLVault(postgres_server.url, table_prefix=name)
    (ada,) = allocate(writer, "Ada")
    reader = SQLVault(
        f"{postgres_server.url}?options=-c%20default_transaction_read_only%3Don", table_prefix=name, timeout=0.3
    )
    assert reader.values("s", [ada]) == {ada: "Ada"}
    with pytest.raises(VaultError, match=r"25006\): it is read-only"):
        allocate(reader, CANARY)
    writer.close()
    reader.close()


def test_a_read_only_sqlite(tmp_path):
    writer = SQLVault(f"sqlite:///{tmp_path}/vault.db")
    (ada,) = allocate(writer, "Ada")
    reader = SQLVault(f"sqlite:///file:{tmp_path}/vault.db?mode=ro&uri=true")
    assert reader.values("s", [ada]) == {ada: "Ada"}
    with pytest.raises(VaultError, match=r"SQLITE_READONLY\): it is read-only"):
        allocate(reader, CANARY)
    writer.close()
    reader.close()


def test_a_read_only_redis(redis_server):
    with RedisServer(f"replicaof 127.0.0.1 {redis_server.port}") as replica:
        vault = RedisVault(replica.url, timeout=0.3)
        with pytest.raises(VaultError, match=r"ReadOnlyError"):
            allocate(vault, CANARY)
        vault.close()
