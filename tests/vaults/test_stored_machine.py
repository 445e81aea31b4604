"""Stored vaults against MemoryVault as the model: two workers, one database, expiry, erasure."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from langgraph.store.memory import InMemoryStore

from lc_guard.errors import VaultFull
from lc_guard.testing import NumberedMint
from lc_guard.vaults import LangGraphStoreVault, MemoryVault, SQLVault

from .workers import opened

TTL, MAX_VALUES = 100.0, 6
SESSIONS = st.sampled_from(("a", "b", "c", "\ud800"))
VALUES = st.sampled_from((*(f"value {n}" for n in range(8)), "<PERSON-2>", "<CITY-1>", "\x00", "王"))
PAIRS = st.lists(st.tuples(st.sampled_from(("PERSON", "CITY")), VALUES), max_size=5)
WORKERS = st.integers(0, 1)


class StoredMachine(RuleBasedStateMachine):
    """Every step goes to one of two vaults over one place, and to the model; their answers are the same."""

    def __init__(self):
        super().__init__()
        self.now = 1_000.0
        bounds = {"ttl": TTL, "max_values": MAX_VALUES, "clock": lambda: self.now}
        self.model = MemoryVault(**bounds)
        self.workers = self.make(bounds)
        for vault in self.workers:
            if vault.store._ttl is not None:
                vault.store._grain = 0.0  # write every use down, as the model does
        self.told = [[], []]
        for vault, told in zip(self.workers, self.told, strict=True):
            vault.subscribe(lambda session, entries, told=told: told.append((session, dict(entries))))

    def make(self, bounds):
        memory = Path("/dev/shm")  # what a disk bears is proven elsewhere
        self.folder = tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
        url = f"sqlite:///{Path(self.folder.name)}/vault.db"
        return [SQLVault(url, **bounds), SQLVault(url, cache_values=0, **bounds)]

    def teardown(self):
        for vault in self.workers:
            vault.close()
        if folder := getattr(self, "folder", None):
            folder.cleanup()

    @rule(worker=WORKERS, session=SESSIONS, wanted=PAIRS)
    def allocate(self, worker, session, wanted):
        if not wanted:
            return
        try:
            expected = self.model.allocate(session, wanted, NumberedMint())
        except VaultFull:
            expected = None
            if not self.model.items(session):  # the model begins a session before it finds that it is full
                self.model.forget(session)
        try:
            given = self.workers[worker].allocate(session, wanted, NumberedMint())
        except VaultFull:
            given = None
        assert given == expected

    @rule(worker=WORKERS, session=SESSIONS)
    def forget(self, worker, session):
        self.model.purge()
        had = self.model.export(session)
        self.told[worker].clear()
        self.workers[worker].purge()
        assert self.workers[worker].forget(session) == self.model.forget(session)
        if had:
            assert self.told[worker][-1][0] == session
            assert {p: value for p, (value, _) in self.told[worker][-1][1].items()} == had

    @rule(worker=WORKERS, value=VALUES)
    def forget_value(self, worker, value):
        assert self.workers[worker].forget_value(value) == self.model.forget_value(value)

    @rule(seconds=st.sampled_from((1.0, 60.0, 99.0, 100.0, 1000.0)))
    def wait(self, seconds):
        self.now += seconds

    @rule()
    def purge(self):
        for vault in (self.model, *self.workers):
            vault.purge()

    @rule(worker=WORKERS, session=SESSIONS, value=VALUES, inside=st.booleans())
    def look(self, worker, session, value, inside):
        vault = self.workers[worker]
        texts = [f"({value}) value 1", "", f"x{value}x"]
        assert vault.find(session, texts, inside_words=inside) == self.model.find(session, texts, inside_words=inside)
        assert vault.items(session) == self.model.items(session)
        assert vault.kinds(session) == self.model.kinds(session)
        asked = [f"<{kind}-{number}>" for kind in ("PERSON", "CITY") for number in range(1, 9)]
        assert vault.values(session, asked) == self.model.values(session, asked)

    @invariant()
    def agrees(self):
        expected = {info.session: info.values for info in self.model.sessions()}
        for vault in self.workers:
            assert {info.session: info.values for info in vault.sessions()} == expected
            assert all(vault.export(session) == self.model.export(session) for session in expected)
            counts = vault.stats()
            assert (counts["sessions"], counts["values"]) == (len(expected), sum(expected.values()))


class StoreMachine(StoredMachine):
    def make(self, bounds):
        self.folder = None
        vault = LangGraphStoreVault(InMemoryStore(), **bounds)
        return [vault, vault]


class FixedMachine(StoredMachine):
    """Sessions end a while after they began, however often they are used."""

    def make(self, bounds):
        self.model = MemoryVault(ttl_from="creation", **bounds)
        return super().make({**bounds, "ttl_from": "creation"})


SETTINGS = settings(max_examples=12, stateful_step_count=25, deadline=None)
for machine in (StoredMachine, StoreMachine, FixedMachine):
    machine.TestCase.settings = SETTINGS
TestSQLite = StoredMachine.TestCase
TestStore = StoreMachine.TestCase
TestFixed = FixedMachine.TestCase


@pytest.mark.parametrize("server", ["postgres_server", "redis_server"])
def test_servers(server, request):
    """A server's clock can't be turned: sessions live for good there."""
    url = request.getfixturevalue(server).url

    class ServerMachine(StoredMachine):
        def make(self, bounds):
            bounds = {"ttl": None, "max_values": MAX_VALUES}
            self.model = MemoryVault(**bounds)
            name = f"m{os.urandom(5).hex()}"
            return [opened(url, name, **bounds), opened(url, name, cache_values=0, **bounds)]

    run_state_machine_as_test(ServerMachine, settings=settings(SETTINGS, max_examples=6))
