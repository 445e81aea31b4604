"""EncryptedVault on real databases: workers that begin at once, a store that is emptied, keys that rotate or fail."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lc_guard import Blocked, VaultError
from lc_guard.testing import NumberedMint
from lc_guard.vaults import EncryptedVault

from ..support.seams import NAME, make_guard
from .members import Make
from .test_keys import Kms

OLD, NEW = EncryptedVault.generate_key(), EncryptedVault.generate_key()
WORKERS = 8
PAIRS = [("PERSON", f"value {number}") for number in range(20)]


def test_workers_that_begin_at_once_agree(make: Make):
    """All make a root key and a data key; one of each wins, and all use it."""
    vaults = [EncryptedVault(make(timeout=30), keys=[OLD]) for _ in range(WORKERS)]
    barrier = threading.Barrier(WORKERS)

    def begin(vault: EncryptedVault) -> list[str]:
        barrier.wait()
        return vault.allocate("s", PAIRS, NumberedMint())

    with ThreadPoolExecutor(WORKERS) as pool:
        answers = list(pool.map(begin, vaults))
    assert all(answer == answers[0] for answer in answers)
    fresh = EncryptedVault(make(), keys=[OLD])
    assert fresh.items("s") == dict(zip(answers[0], (value for _, value in PAIRS), strict=True))
    assert [info.session for info in fresh.sessions()] == ["s"]


def test_keys_rotate_while_workers_write(make: Make):
    worker = EncryptedVault(make(timeout=30), keys=[OLD, NEW])
    for number in range(30):
        worker.allocate(f"session {number}", PAIRS[:2], NumberedMint())
    stop = threading.Event()
    failures: list[Exception] = []
    written: dict[str, list[str]] = {}

    def write() -> None:
        number = 0
        while not stop.is_set():
            session, number = f"session {number % 40}", number + 1
            try:
                written.setdefault(session, []).extend(
                    worker.allocate(session, [("PERSON", f"new {number}")], NumberedMint())
                )
            except Exception as error:
                failures.append(error)
                return

    thread = threading.Thread(target=write)
    thread.start()
    try:
        both = EncryptedVault(make(timeout=30), keys=[NEW, OLD])
        assert both.reencrypt() > 0
    finally:
        stop.set()
        thread.join()
    assert failures == []
    both.reencrypt()  # the worker began its own sessions under the old key
    new = EncryptedVault(make(), keys=[NEW])
    for session, placeholders in written.items():
        assert len(new.values(session, placeholders)) == len(set(placeholders))
    with pytest.raises(VaultError, match="another key"):
        EncryptedVault(make(), keys=[OLD]).check()


def empty(make: Make, request: pytest.FixtureRequest, vault: EncryptedVault) -> None:
    """Lose everything, as a server does that came back without its disk; connections stay open."""
    store = vault.store
    if make.member == "redis":
        with request.getfixturevalue("redis_server").client() as client:
            for key in client.scan_iter(match=f"{store._prefix}*"):
                client.delete(key)
            for key in client.scan_iter(match=f"*{store._prefix}*"):
                client.delete(key)
        return
    with store._connected() as connection:
        for table in ("entries", "sessions"):
            connection.exec_driver_sql(f"DELETE FROM {store._prefix}{table}")
        connection.exec_driver_sql(f"DELETE FROM {store._prefix}meta WHERE name <> 'version'")


def test_a_store_that_is_emptied_under_workers(make: Make, request):
    one, two = (EncryptedVault(make(), keys=[OLD]) for _ in range(2))
    given = one.allocate("s", PAIRS[:1], NumberedMint())
    assert two.values("s", given)
    empty(make, request, one)
    assert two.values("s", given) == {}
    (first,) = one.allocate("s", PAIRS[1:2], NumberedMint())
    (second,) = two.allocate("s", PAIRS[1:2], NumberedMint())
    fresh = EncryptedVault(make(), keys=[OLD])
    assert fresh.items("s") == {first: "value 1"} == {second: "value 1"}
    assert [info.session for info in fresh.sessions()] == ["s"]


def test_a_store_that_is_emptied_and_begun_by_a_new_worker(make: Make, request):
    old = EncryptedVault(make(), keys=[OLD])
    old.allocate("s", PAIRS[:1], NumberedMint())
    empty(make, request, old)
    fresh = EncryptedVault(make(), keys=[OLD])
    given = fresh.allocate("s", PAIRS[1:3], NumberedMint())
    assert old.allocate("s", PAIRS[1:3], NumberedMint()) == given, "the old worker takes over the new root"
    assert [info.session for info in fresh.sessions()] == ["s"]


@pytest.mark.parametrize("make", ["sqlite"], indirect=True)
def test_the_data_key_of_a_forgotten_session_is_in_no_file(make: Make, tmp_path):
    vault = EncryptedVault(make(), keys=[OLD])
    for session in ("kept", "forgotten"):
        vault.allocate(session, PAIRS, NumberedMint())
    store = vault.store
    keys = {vault._codec().open_id(head.handle, head.sealed_id): head.key for head in store.heads()}
    vault.forget("forgotten")
    vault.close()
    on_disk = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert keys["kept"] in on_disk
    assert keys["forgotten"] not in on_disk


class TestKeyService:
    @pytest.fixture(autouse=True)
    def _vaults(self, make):
        self.kms = Kms()
        self.open = lambda **bounds: EncryptedVault(make(**bounds), keys=[self.kms])

    def test_is_asked_once_for_a_session_in_each_process(self):
        vault = self.open()
        for session in ("a", "b"):
            for pair in PAIRS[:5]:
                vault.allocate(session, [pair], NumberedMint())
        begun = self.kms.calls
        assert begun <= 2 + 2 * 2, "wrapped and unwrapped: the root key, and each data key"
        vault.find("a", ["value 1"])
        assert self.kms.calls == begun
        self.open().items("a")
        assert self.kms.calls <= begun + 3

    def test_out_of_reach_blocks(self):
        session = make_guard(vault=self.open()).session("s")
        self.kms.fails = TimeoutError("10.0.0.7 did not answer for key AKIA")
        with pytest.raises(Blocked, match="could not") as caught:
            session.anonymize(f"Ask {NAME}")
        assert NAME not in str(caught.value)
        assert "AKIA" not in str(caught.value)
        self.kms.fails = None
        assert session.anonymize(f"Ask {NAME}") == "Ask [REDACTED_PERSON_1]"
