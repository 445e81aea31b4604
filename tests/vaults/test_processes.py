"""Many workers on one session: nothing crosses, nothing that was acknowledged is lost, nothing is there by half."""

import os
import signal
import threading
import time

import pytest

from lc_guard.testing import NumberedMint

from ..support.servers import PostgresServer, RedisServer
from .workers import BATCH, PROCESSES, allocate_shared, opened, shared_values, write_batches, write_in_threads


@pytest.fixture(params=["sqlite", "postgres", "redis"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/vault.db"
    return request.getfixturevalue(f"{request.param}_server").url


@pytest.fixture
def name():
    return f"p{os.urandom(5).hex()}"


def test_workers_agree_on_every_value(url, name):
    """8 processes, 2,000 allocations each, on 50 values: 50 placeholders, the same for all."""
    answers = PROCESSES.Queue()
    workers = [
        PROCESSES.Process(target=allocate_shared, args=(url, name, seed, 2_000, 50, answers), daemon=True)
        for seed in range(8)
    ]
    for worker in workers:
        worker.start()
    told = [answers.get(timeout=120) for _ in workers]
    for worker in workers:
        worker.join(30)
    assert not [answer for answer in told if isinstance(answer, BaseException)]
    vault = opened(url, name)
    held = dict(vault.items("shared"))
    vault.close()
    assert sorted(held.values()) == sorted(shared_values(50))
    assert sorted(held) == sorted(f"<PERSON-{number}>" for number in range(1, 51)), "a number was left out"
    for given, restored in told:
        for value, placeholders in given.items():
            (placeholder,) = placeholders
            assert held[placeholder] == value
        assert restored == {placeholder: held[placeholder] for placeholder in restored}
        assert len(restored) == len(given)


def test_a_killed_worker_leaves_no_half_write(url, name):
    start = 0
    acknowledged = {}
    for _ in range(4):
        ours, theirs = PROCESSES.Pipe(duplex=False)
        worker = PROCESSES.Process(target=write_batches, args=(url, name, start, theirs), daemon=True)
        worker.start()
        theirs.close()
        number, given = ours.recv()
        acknowledged[number] = given
        time.sleep(0.02 + (start % 7) * 0.011)
        os.kill(worker.pid, signal.SIGKILL)
        worker.join(30)
        try:
            while True:
                number, given = ours.recv()
                acknowledged[number] = given
        except EOFError:
            pass
        start = max(acknowledged) + 2  # the one after the last may have been written, but not acknowledged
    vault = opened(url, name)
    held = dict(vault.items("s"))
    batches = {}
    for placeholder, value in held.items():
        batches.setdefault(int(value.split()[1]), {})[int(value.split()[3])] = placeholder
    assert {len(batch) for batch in batches.values()} == {BATCH}, "half a write is there"
    for number, given in acknowledged.items():
        assert [batches[number][place] for place in range(BATCH)] == given, "an acknowledged write was lost or altered"
    # the numbering is whole, and goes on
    assert sorted(int(p[8:-1]) for p in held) == list(range(1, len(held) + 1))
    assert vault.allocate("s", [("PERSON", "Zoe")], NumberedMint()) == [f"<PERSON-{len(held) + 1}>"]
    vault.close()


@pytest.mark.parametrize("server", [PostgresServer, RedisServer])
def test_a_restart_under_load_loses_nothing(server):
    """The server is killed without warning, twice, while threads write; all calls get through in the end."""
    with server() as running:
        vault = opened(running.url, "p", timeout=20)
        stop = threading.Event()
        result = []
        load = threading.Thread(target=lambda: result.append(write_in_threads(vault, stop, threads=4)))
        load.start()
        for _ in range(2):
            time.sleep(0.4)
            running.restart()
        time.sleep(0.3)
        stop.set()
        load.join(60)
        ((acknowledged, errors),) = result
        assert errors == []
        fresh = opened(running.url, "p")
        for session in ("session 0", "session 1"):
            held = dict(fresh.items(session))
            assert len(set(held.values())) == len(held), "one value has two placeholders"
            mine = {v: p for v, p in acknowledged.items() if int(v.split()[0]) % 2 == int(session[-1])}
            assert len(mine) > 20
            assert {value: placeholder for placeholder, value in held.items() if value in mine} == mine
            numbers = sorted(int(placeholder[8:-1]) for placeholder in held)
            assert numbers == list(range(1, len(held) + 1))
        vault.close()
        fresh.close()


def test_a_vault_survives_a_fork(url, name):
    """Gunicorn's way: made and used before the fork, used on both sides after it."""
    vault = opened(url, name)
    (ada,) = vault.allocate("s", [("PERSON", "Ada")], NumberedMint())
    children = []
    for child in range(3):
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                for turn in range(20):
                    wanted = [("PERSON", "Ada"), ("PERSON", f"child {turn}"), ("PERSON", f"own {child} {turn}")]
                    given = vault.allocate("s", wanted, NumberedMint())
                    assert given[0] == ada
                    assert vault.values("s", given) == {p: v for p, (_, v) in zip(given, wanted, strict=True)}
                code = 0
            finally:
                os._exit(code)
        children.append(pid)
    for turn in range(20):
        vault.allocate("s", [("PERSON", f"child {turn}"), ("PERSON", f"parent {turn}")], NumberedMint())
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children] == [0, 0, 0]
    held = vault.items("s")
    assert len(held) == 1 + 20 + 3 * 20 + 20
    assert len(set(held.values())) == len(held)
    vault.close()
