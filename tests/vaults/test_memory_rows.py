"""MemoryRows: a store like the others, in this process."""

from __future__ import annotations

from hypothesis import settings

from lc_guard.testing import NumberedMint
from lc_guard.vaults import EncryptedVault, MemoryVault
from lc_guard.vaults.memory_rows import MemoryRows
from lc_guard.vaults.row_store import NOWHERE, NewSession, Row, Version
from lc_guard.vaults.stored import Bounds, StoredVault

from .test_stored_machine import StoredMachine as _StoredMachine

KEY = EncryptedVault.generate_key()
NEW = NewSession(b"id", b"key")


class MemoryRowsMachine(_StoredMachine):
    """Two vaults over one store, against MemoryVault."""

    def make(self, bounds):
        rows = MemoryRows(ttl=bounds["ttl"], clock=bounds["clock"])
        made = (Bounds(max_values=bounds["max_values"]), Bounds(max_values=bounds["max_values"], cache_values=0))
        return [StoredVault(rows, bounds=each) for each in made]


MemoryRowsMachine.TestCase.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
TestAgainstMemoryVault = MemoryRowsMachine.TestCase


def row(seq: int) -> Row:
    return Row(seq, "PERSON", seq, f"<PERSON-{seq}>", b"lookup", b"payload")


def test_a_step_for_another_version_does_nothing():
    rows = MemoryRows(ttl=None)
    stale = Version(1, 0, 1)
    assert rows.append(b"s", stale, [row(1)], new=NEW) is None, "begun at a version that never was"
    assert rows.append(b"s", NOWHERE, [row(1)], new=None) is None, "added to a session that is not live"
    at = rows.append(b"s", NOWHERE, [row(1)], new=NEW)
    assert rows.append(b"s", at, [row(2)], new=NEW) is None, "begun anew while it is live"
    assert rows.append(b"s", stale, [row(2)], new=None) is None
    assert not rows.remove(b"s", stale, [1])
    assert not rows.remove(b"t", at, [1])
    assert not rows.rekey(b"s", b"other", instead_of=b"another")
    assert not rows.rekey(b"t", b"other", instead_of=b"key")
    assert not rows.drop(b"t")
    assert [row.seq for row in rows.read(b"s", NOWHERE).rows] == [1]
    assert repr(rows) == "MemoryRows(1 sessions)"


def test_numbers_of_sessions_long_gone_are_a_floor_under_new_ones():
    vault = EncryptedVault(MemoryVault(max_sessions=1), keys=[KEY])
    seen = set()
    for number in range(30):
        session = f"session {number % 15}"
        (given,) = vault.allocate(session, [("PERSON", f"value {number}")], NumberedMint())
        assert (session, given) not in seen, "a placeholder was given a second meaning"
        seen.add((session, given))
    assert vault.stats()["sessions"] == 1


def test_a_fixed_time_ends_a_session_in_use():
    now = [0.0]
    vault = EncryptedVault(MemoryVault(ttl=10, ttl_from="creation", clock=lambda: now[0]), keys=[KEY])
    given = vault.allocate("s", [("PERSON", "Ada")], NumberedMint())
    for now[0] in (4.0, 8.0):
        assert vault.values("s", given)
    now[0] = 10.0
    assert vault.values("s", given) == {}
    assert [info.session for info in vault.sessions()] == []
