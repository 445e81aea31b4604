"""What all stored vaults have in common: several workers, listeners, time, memory, any text."""

import asyncio
import copy
import os
import pickle
import threading
import time

import pytest
from blockbuster import BlockBuster
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore

from lc_guard import Guard
from lc_guard.errors import VaultError, VaultFull
from lc_guard.testing import ExactDetector, NumberedMint
from lc_guard.vaults import LangGraphStoreVault
from lc_guard.vaults.stored import Bounds

from .members import ALL

EVERY = pytest.mark.parametrize("make", ALL, indirect=True)


def allocate(vault, *values, session="s"):
    return vault.allocate(session, [("PERSON", value) for value in values], NumberedMint())


@EVERY
def test_any_session_id_and_any_value(make):
    vault = make()
    sessions = ["x" * 10_000, "\x00", "lone \ud800", "{a}:b*[c]?", "😀' OR 1=1 --", " "]
    values = ["\x00", "\x00a\x00", "\ud800", "v" * 1_000_000, "%s :x {}", "\u2028", "'; DROP TABLE x; --"]
    for session in sessions:
        given = allocate(vault, *values, session=session)
        assert vault.values(session, given) == dict(zip(given, values, strict=True))
    assert {info.session for info in vault.sessions()} == set(sessions)
    fresh = vault if make.member == "store" else make()
    for session in sessions:
        assert list(fresh.items(session).values()) == values
    assert fresh.forget_value("v" * 1_000_000) == len(sessions)


def test_what_one_worker_does_the_other_sees(make):
    one, two = make(), make()
    told = []
    two.subscribe(lambda session, entries: told.append((session, dict(entries))))
    (ada,) = allocate(one, "Ada")
    assert two.values("s", [ada]) == {ada: "Ada"}
    (bea,) = allocate(two, "Bea")
    assert allocate(one, "Bea", "Ada", "Cyd") == [bea, ada, "<PERSON-3>"]
    assert [hit.placeholder for hit in two.find("s", ["Cyd and Ada"])[0]] == ["<PERSON-3>", ada]
    assert one.forget_value("Ada") == 1
    assert told == []  # it learns of it when it next looks
    assert two.find("s", ["Ada Bea"])[0][0].placeholder == bea
    assert told == [("s", {ada: ("Ada", "PERSON")})]
    assert one.forget("s") is True
    assert two.values("s", [ada, bea]) == {}
    assert told[1] == ("s", {bea: ("Bea", "PERSON"), "<PERSON-3>": ("Cyd", "PERSON")})
    assert allocate(two, "Ada") == ["<PERSON-4>"]
    assert allocate(one, "Bea") == ["<PERSON-5>"]


def test_workers_that_begin_a_session_together_agree(make):
    vaults = [make() for _ in range(4)]
    for turn in range(5):
        barrier = threading.Barrier(4)
        answers = [None] * 4

        def begin(number, turn=turn, barrier=barrier, answers=answers):
            barrier.wait()
            wanted = ["Ada", "Bea", f"own {number}"]
            answers[number] = allocate(vaults[number], *wanted, session=f"s{turn}")

        threads = [threading.Thread(target=begin, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({tuple(answer[:2]) for answer in answers}) == 1
        assert len({answer[2] for answer in answers}) == 4


def test_a_broken_listener_breaks_nothing(make, caplog):
    vault = make()

    def broken(session, entries):
        raise ValueError("Zebulon")

    vault.subscribe(broken)
    allocate(vault, "Ada")
    assert vault.forget("s") is True
    assert "ValueError" in caplog.text
    assert "Zebulon" not in caplog.text


def test_a_session_ends_after_its_last_use(make):
    vault = make(ttl=1.0)
    told = []
    vault.subscribe(lambda session, entries: told.append(session))
    (ada,) = allocate(vault, "Ada")
    for _ in range(6):
        time.sleep(0.2)
        assert vault.values("s", [ada]) == {ada: "Ada"}
    time.sleep(1.1)
    assert list(vault.sessions()) == []
    assert vault.export("s") == {}
    assert vault.values("s", [ada]) == {}
    assert told == ["s"]
    assert vault.purge() == (0 if make.member == "redis" else 1)
    assert allocate(vault, "Ada") == ["<PERSON-2>"], "a placeholder was given a second meaning"
    assert make(ttl=1.0).items("s") == {"<PERSON-2>": "Ada"}


def test_a_session_ends_after_its_creation(make):
    vault = make(ttl=0.8, ttl_from="creation")
    created = time.monotonic()
    (ada,) = allocate(vault, "Ada")
    while vault.values("s", [ada]) and time.monotonic() < created + 30:  # each a use
        time.sleep(0.1)
    assert time.monotonic() - created > 0.7
    assert allocate(vault, "Bea") == ["<PERSON-2>"]
    assert vault.items("s") == {"<PERSON-2>": "Bea"}
    assert vault.stats()["values"] == 1


def test_an_expired_session_begins_anew_without_a_purge(make):
    vault = make(ttl=0.8)
    allocate(vault, "Ada", "Bea")
    time.sleep(0.9)
    assert allocate(vault, "Cyd", "Ada") == ["<PERSON-3>", "<PERSON-4>"]
    assert vault.items("s") == {"<PERSON-3>": "Cyd", "<PERSON-4>": "Ada"}
    assert vault.stats()["values"] == 2


def test_reading_about_a_session_is_no_use(make):
    vault = make(ttl=0.4)
    allocate(vault, "Ada")
    for _ in range(3):
        time.sleep(0.15)
        list(vault.sessions())
        vault.export("s")
        vault.stats()
    assert vault.export("s") == {}


@EVERY
def test_full_means_nothing_stored(make):
    vault = make(max_values=2)
    (ada,) = allocate(vault, "Ada")
    with pytest.raises(VaultFull, match=r"more than 2 values.*max_values"):
        allocate(vault, "Bea", "Cyd")
    assert vault.items("s") == {ada: "Ada"}
    assert allocate(vault, "Bea", "Ada") == ["<PERSON-2>", ada]


@EVERY
def test_two_vaults_on_one_server_are_apart(make):
    if make.member == "store":
        store = InMemoryStore()
        one, two = LangGraphStoreVault(store, namespace="a"), LangGraphStoreVault(store, namespace="b")
    else:
        name = "prefix" if make.member in ("redis", "cluster") else "table_prefix"
        one, two = (make(**{name: f"n{os.urandom(5).hex()}"}) for _ in range(2))
    (ada,) = allocate(one, "Ada")
    assert two.items("s") == {}
    assert list(two.sessions()) == []
    assert allocate(two, "Bea") == [ada]
    assert two.forget("s")
    assert one.items("s") == {ada: "Ada"}


def test_little_is_held_in_memory(make):
    vault = make(cache_values=30)
    for number in range(20):
        allocate(vault, *(f"{number} {place}" for place in range(5)), session=f"s{number}")
    assert sum(len(held.raw) for held in vault._cache._sessions.values()) <= 30
    assert vault._cache._size <= 30
    assert len(vault.items("s0")) == 5
    short = make(cache_seconds=0.05)
    allocate(short, "Ada", session="x")
    time.sleep(0.1)
    short.items("y")
    assert list(short._cache._sessions) == ["y"]
    vault.forget("s0")
    assert "s0" not in vault._cache._sessions
    vault.close()
    assert not vault._cache._sessions


def test_it_shows_and_pickles_nothing(make):
    vault = make()
    allocate(vault, "Zebulon", session="jane@example.org")
    shown = repr(vault) + repr(vault.store) + repr(vars(vault)) + repr(list(vault.sessions()))
    for secret in ("Zebulon", "jane@example.org", "correct", "guard:"):
        assert secret not in shown
    for write in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="can't be pickled"):
            write(vault)


def test_a_hundred_tasks_at_once_block_no_loop(make):
    """The async drivers run a blocking vault in threads."""
    people = [f"Firstname{number} Lastname{number}" for number in range(20)]
    guard = Guard(ExactDetector({"PERSON": people}), vault=make(timeout=30))

    async def talk(number):
        session = guard.session(f"session {number % 10}")
        said = f"{people[number % 20]} met {people[(number + 7) % 20]}"
        hidden = await session.aanonymize(said)
        assert not any(person in hidden for person in people)
        assert await session.adeanonymize(hidden) == said

    async def all_of_them():
        blocks = BlockBuster()
        blocks.activate()
        try:
            await asyncio.gather(*(talk(number) for number in range(100)))
        finally:
            blocks.deactivate()

    asyncio.run(all_of_them())
    assert guard.vault.stats()["sessions"] == 10


@pytest.mark.parametrize(
    "wrong", [{"timeout": 0}, {"max_values": 0}, {"cache_values": -1}, {"cache_seconds": -1}, {"timeout": -1}]
)
def test_bounds(wrong):
    with pytest.raises(ValueError, match="positive"):
        Bounds(**wrong)


@pytest.mark.parametrize("wrong", [{"ttl": 0}, {"ttl": -1}, {"ttl": float("inf")}, {"ttl_from": "birth"}])
def test_times(make, wrong):
    with pytest.raises(ValueError, match="ttl"):
        make(**wrong)


def test_a_store_that_may_be_shared_needs_a_word():
    class Shared(BaseStore):
        def batch(self, ops):
            raise OSError("Zebulon")

        async def abatch(self, ops):
            raise NotImplementedError

    with pytest.raises(ValueError, match="sole_writer=True"):
        LangGraphStoreVault(Shared())
    with pytest.raises(TypeError, match="BaseStore"):
        LangGraphStoreVault({})
    with pytest.raises(ValueError, match="periods"):
        LangGraphStoreVault(InMemoryStore(), namespace="a.b")
    vault = LangGraphStoreVault(Shared(), sole_writer=True, timeout=0.1)
    with pytest.raises(VaultError, match=r"can't be reached \(OSError\)"):
        allocate(vault, "Ada")


def test_a_store_never_indexes_values():
    """A store with a search index would send values to an embedding model."""
    embedded = []
    store = InMemoryStore(index={"dims": 1, "embed": lambda texts: [embedded.append(t) or [0.0] for t in texts]})
    vault = LangGraphStoreVault(store)
    allocate(vault, "Zebulon")
    assert vault.items("s") == {"<PERSON-1>": "Zebulon"}
    assert embedded == []
