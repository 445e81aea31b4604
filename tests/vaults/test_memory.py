import copy
import json
import logging
import pickle
import tracemalloc

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from lc_guard import Guard
from lc_guard.errors import VaultError, VaultFull
from lc_guard.observability import GuardMetrics
from lc_guard.testing import ExactDetector, NumberedMint
from lc_guard.vaults import EncryptedVault, MemoryVault


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def allocate(vault, session, *values, kind="PERSON"):
    return vault.allocate(session, [(kind, value) for value in values], NumberedMint())


def test_it_waits_for_nothing():
    assert MemoryVault().blocking is False


@pytest.mark.parametrize("wrong", [{"ttl": 0}, {"ttl": -1}, {"max_sessions": 0}, {"max_values": 0}])
def test_bounds_are_positive(wrong):
    with pytest.raises(ValueError, match="positive"):
        MemoryVault(**wrong)


def test_a_session_lives_until_its_last_use_is_long_ago():
    clock = Clock()
    vault = MemoryVault(ttl=10, clock=clock)
    (ada,) = allocate(vault, "s", "Ada")
    for _ in range(5):
        clock.now += 9
        assert vault.values("s", [ada]) == {ada: "Ada"}
    clock.now += 10
    assert vault.values("s", [ada]) == {}
    assert repr(vault) == "MemoryVault(0 sessions, 0 values)"
    assert allocate(vault, "s", "Ada") == ["<PERSON-2>"]


def test_without_ttl_a_session_lives_for_good():
    clock = Clock()
    vault = MemoryVault(ttl=None, clock=clock)
    allocate(vault, "s", "Ada")
    clock.now = 1e12
    assert len(vault.items("s")) == 1


def test_the_session_unused_for_longest_makes_room():
    vault = MemoryVault(max_sessions=2)
    for session in ("a", "b"):
        allocate(vault, session, "Ada")
    vault.items("a")
    allocate(vault, "c", "Ada")
    assert [bool(vault.items(session)) for session in "abc"] == [True, False, True]
    assert allocate(vault, "b", "Bea") == ["<PERSON-2>"]


def test_numbering_survives_eviction_however_many_sessions_come_and_go():
    vault = MemoryVault(max_sessions=1)
    given = {}
    for round_ in range(3):
        for number in range(40):  # more than the vault remembers the numbering of
            session = f"s{number}"
            (placeholder,) = allocate(vault, session, f"{session} {round_}")
            assert placeholder not in given.setdefault(session, set())
            given[session].add(placeholder)


def test_the_numbering_of_dropped_sessions_is_bounded():
    vault = MemoryVault(max_sessions=2)
    for number in range(500):
        allocate(vault, f"s{number}", "Ada")
    assert len(vault._retired) <= 20
    assert len(vault._sessions) == 2


def test_full_means_nothing_stored_and_the_numbering_fine():
    vault = MemoryVault(max_values=2)
    (ada,) = allocate(vault, "s", "Ada")
    with pytest.raises(VaultFull, match=r"more than 2 values.*max_values"):
        allocate(vault, "s", "Bea", "Cyd")
    assert vault.items("s") == {ada: "Ada"}
    assert allocate(vault, "s", "Bea", "Ada", "Bea") == ["<PERSON-2>", ada, "<PERSON-2>"]
    with pytest.raises(VaultFull):
        allocate(vault, "s", "Cyd")
    assert allocate(vault, "other", "Cyd") == ["<PERSON-1>"]


def test_a_mint_that_repeats_itself_is_given_up():
    class Stuck(NumberedMint):
        def __call__(self, kind, index):
            return "<same>"

    vault = MemoryVault()
    assert vault.allocate("s", [("PERSON", "Ada")], Stuck()) == ["<same>"]
    with pytest.raises(VaultError, match="no free placeholder of kind 'PERSON'"):
        vault.allocate("s", [("PERSON", "Bea"), ("PERSON", "Cyd")], Stuck())
    assert vault.items("s") == {"<same>": "Ada"}


def test_what_is_dropped_is_told_to_every_listener(caplog):
    clock = Clock()
    vault = MemoryVault(ttl=10, max_sessions=2, clock=clock)
    told = []

    def broken(session, entries):
        raise ValueError("Zebulon")

    vault.subscribe(broken)
    vault.subscribe(lambda session, entries: told.append((session, dict(entries))))
    for session in "abc":
        allocate(vault, session, session.upper())
    assert told == [("a", {"<PERSON-1>": ("A", "PERSON")})]
    vault.forget("b")
    clock.now = 10
    assert vault.items("x") == {}
    assert [session for session, _ in told] == ["a", "b", "c"]
    assert allocate(vault, "a", "Ada") == ["<PERSON-2>"]
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 3
    assert "ValueError" in caplog.text
    assert "Zebulon" not in caplog.text


def test_an_empty_session_is_dropped_without_a_word():
    vault = MemoryVault(max_values=1)
    told = []
    vault.subscribe(lambda *args: told.append(args))
    with pytest.raises(VaultFull):
        allocate(vault, "s", "Ada", "Bea")
    assert vault.forget("s") is True
    assert told == []


def test_it_is_written_nowhere():
    vault = MemoryVault()
    allocate(vault, "s", "Ada")
    for write in (pickle.dumps, copy.deepcopy, copy.copy):
        with pytest.raises(TypeError, match="raw values"):
            write(vault)
    with pytest.raises(TypeError):
        json.dumps(vault)


def test_a_hundred_thousand_values_fit_into_60_mb():
    """The values themselves included: two words each, as names are."""
    mint = NumberedMint()
    vault = MemoryVault()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for at in range(0, 100_000, 1000):
            vault.allocate("s", [("PERSON", f"Firstname{n % 5000} Surname{n}") for n in range(at, at + 1000)], mint)
        used = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert len(vault.items("s")) == 100_000
    assert used < 60e6, f"{used / 1e6:.0f} MB"


@pytest.mark.parametrize("encrypted", [False, True])
def test_new_sessions_drop_no_live_one(encrypted):
    now = [0.0]
    inner = MemoryVault(max_sessions=3, live_seconds=60, ttl=None, clock=lambda: now[0])
    vault = EncryptedVault(inner, keys=[EncryptedVault.generate_key()]) if encrypted else inner
    counts = vault.store if encrypted else vault
    for name in "abc":
        vault.allocate(name, [("PERSON", "Ada")], NumberedMint())
    for _ in range(100):
        with pytest.raises(VaultFull, match="3 sessions are in use"):
            vault.allocate("new", [("PERSON", "Ada")], NumberedMint())
    assert (counts.evicted, counts.refused) == (0, 100)
    assert {info.session for info in vault.sessions()} == set("abc")
    now[0] = 59.0
    vault.allocate("a", [("PERSON", "Bob")], NumberedMint())  # one that is there is served
    now[0] = 61.0
    vault.allocate("new", [("PERSON", "Ada")], NumberedMint())
    assert {info.session for info in vault.sessions()} == {"a", "c", "new"}
    assert (counts.evicted, counts.refused) == (1, 100)


def test_a_metric_tells_of_sessions_that_found_no_room():
    reader = InMemoryMetricReader()
    guard = Guard(ExactDetector({"PERSON": ["Ada"]}), vault=MemoryVault(max_sessions=1))
    handler = GuardMetrics(guard, meter_provider=MeterProvider(metric_readers=[reader]))
    for name in "abc":
        guard.session(name).anonymize("Ada")
    data = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
    found = {metric.name: metric.data.data_points[0].value for metric in data if "vault" in metric.name}
    assert found == {"lc_guard.vault.evicted": 2, "lc_guard.vault.refused": 0}
    assert handler is not None
