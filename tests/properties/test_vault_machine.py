"""MemoryVault against a model of it: sessions, clock, bounds, and placeholders that never mean two things."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lc_guard.errors import VaultFull
from lc_guard.testing import NumberedMint
from lc_guard.vaults import MemoryVault

TTL, MAX_SESSIONS, MAX_VALUES = 100.0, 3, 6
SESSIONS = st.sampled_from(("a", "b", "c", "d", "e", "\ud800"))
VALUES = st.sampled_from((*(f"value {n}" for n in range(8)), "<PERSON-2>", "<CITY-1>", "\x00", "王"))
PAIRS = st.lists(st.tuples(st.sampled_from(("PERSON", "CITY")), VALUES), max_size=5)


class VaultMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.now = 0.0
        self.vault = MemoryVault(ttl=TTL, max_sessions=MAX_SESSIONS, max_values=MAX_VALUES, clock=lambda: self.now)
        self.live: dict[str, dict[str, tuple[str, str]]] = {}  # session → placeholder → (value, kind); oldest first
        self.used: dict[str, float] = {}
        self.meant: dict[tuple[str, str], str] = {}  # (session, placeholder) → value, for ever
        self.dropped: list[tuple[str, dict[str, tuple[str, str]]]] = []
        self.expected_drops: list[tuple[str, dict[str, tuple[str, str]]]] = []
        self.vault.subscribe(lambda session, entries: self.dropped.append((session, dict(entries))))

    def touch(self, session):
        """What any use does: the stale go, the used one becomes the youngest."""
        for other in [other for other in self.live if self.now - self.used[other] >= TTL]:
            self.drop(other)
        if session in self.live:
            self.live[session] = self.live.pop(session)
            self.used[session] = self.now

    def drop(self, session):
        entries = self.live.pop(session)
        if entries:
            self.expected_drops.append((session, entries))

    @rule(session=SESSIONS, wanted=PAIRS)
    def allocate(self, session, wanted):
        self.touch(session)
        if session not in self.live:
            self.live[session] = {}
            self.used[session] = self.now
            while len(self.live) > MAX_SESSIONS:
                self.drop(next(iter(self.live)))
        held = {value: placeholder for placeholder, (value, _) in self.live[session].items()}
        new = dict.fromkeys(value for _, value in wanted if value not in held)
        try:
            given = self.vault.allocate(session, wanted, NumberedMint())
        except VaultFull:
            assert len(held) + len(new) > MAX_VALUES
            return
        assert len(held) + len(new) <= MAX_VALUES
        assert len(given) == len(wanted)
        for (kind, value), placeholder in zip(wanted, given, strict=True):
            if value in held:
                assert placeholder == held[value]
                continue
            assert (session, placeholder) not in self.meant, "a placeholder was given a second meaning"
            assert placeholder not in held
            assert placeholder.startswith(f"<{kind}-")
            self.meant[session, placeholder] = value
            self.live[session][placeholder] = (value, kind)
            held[value] = placeholder

    @rule(session=SESSIONS)
    def forget(self, session):
        # forgetting looks at no clock: a stale session is dropped just the same
        was = session in self.live
        assert self.vault.forget(session) is was
        if was:
            self.drop(session)

    @rule(seconds=st.sampled_from((1.0, 60.0, 99.0, 100.0, 1000.0)))
    def wait(self, seconds):
        self.now += seconds

    @rule(session=SESSIONS, numbers=st.lists(st.integers(1, 9), max_size=4))
    def ask_values(self, session, numbers):
        self.touch(session)
        asked = [f"<PERSON-{number}>" for number in numbers]
        held = self.live.get(session, {})
        assert self.vault.values(session, asked) == {p: held[p][0] for p in asked if p in held}

    @rule(session=SESSIONS, value=VALUES)
    def find(self, session, value):
        self.touch(session)
        held = {v: (p, k) for p, (v, k) in self.live.get(session, {}).items()}
        hits = [tuple(hit) for hit in self.vault.find(session, [f"({value})"])[0]]
        if value in held:
            assert (1, 1 + len(value), *held[value]) in hits
        else:
            assert not any(hit[:2] == (1, 1 + len(value)) for hit in hits)

    @rule(session=SESSIONS)
    def look(self, session):
        self.touch(session)
        held = self.live.get(session, {})
        assert self.vault.items(session) == {placeholder: value for placeholder, (value, _) in held.items()}
        assert self.vault.kinds(session) == {kind for _, kind in held.values()}

    @precondition(lambda self: self.expected_drops or self.dropped)
    @rule()
    def compare_drops(self):
        assert self.dropped == self.expected_drops
        self.dropped.clear()
        self.expected_drops.clear()

    @invariant()
    def is_bounded_and_shows_nothing(self):
        shown = repr(self.vault)
        assert shown == f"MemoryVault({len(self.live)} sessions, {sum(map(len, self.live.values()))} values)"


VaultMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestVaultMachine = VaultMachine.TestCase
