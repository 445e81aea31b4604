"""EncryptedVault: any value comes back, nothing readable is stored, keys rotate, and what was tampered is refused."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard.errors import VaultError, VaultFull
from lc_guard.testing import HOSTILE_TEXTS, NumberedMint
from lc_guard.vaults import BatchLookupVault, EncryptedVault, MemoryVault, RetentionVault
from lc_guard.vaults.memory_rows import MemoryRows
from lc_guard.vaults.row_store import NOWHERE
from lc_guard.vaults.stored import StoredVault

OLD, NEW, OTHER = (EncryptedVault.generate_key() for _ in range(3))
ANY = st.text(st.characters(exclude_categories=()), min_size=1, max_size=20)


class Shared:
    """A store that several vaults share, as processes share a database."""

    def __init__(self) -> None:
        self.rows = MemoryRows(ttl=None)

    def vault(self, *keys: str) -> EncryptedVault:
        return EncryptedVault(StoredVault(self.rows), keys=keys)

    def live(self):
        """The sessions as they lie in the store, in the order of their creation."""
        return list(self.rows._live.values())


@pytest.fixture
def shared() -> Shared:
    return Shared()


def fill(vault: EncryptedVault, session: str, *values: str) -> list[str]:
    return vault.allocate(session, [("PERSON", value) for value in values], NumberedMint())


def stored_bytes(shared: Shared) -> bytes:
    parts = [shared.rows._root or b""]
    for handle, held in {**shared.rows._live, **shared.rows._retired}.items():
        parts += [handle, held.key, held.sealed_id]
        parts += [part for row in held.rows.values() for part in (row.lookup, row.payload)]
    return b"|".join(parts)


@given(st.dictionaries(ANY, st.lists(ANY, max_size=4, unique=True), max_size=3))
def test_any_text_comes_back_in_another_process(texts: dict[str, list[str]]):
    shared = Shared()
    first = shared.vault(OLD)
    given = {session: fill(first, session, *values) for session, values in texts.items()}
    second = shared.vault(OLD)
    for session, values in texts.items():
        assert second.items(session) == dict(zip(given[session], values, strict=True))
        assert fill(second, session, *values) == given[session]
    assert {info.session for info in second.sessions()} == {session for session, values in texts.items() if values}


@given(st.dictionaries(ANY.filter(lambda text: len(text) > 2), ANY.filter(lambda text: len(text) > 2), max_size=3))
def test_no_byte_of_a_value_or_an_id_is_stored(texts: dict[str, str]):
    shared = Shared()
    vault = shared.vault(OLD)
    for session, value in texts.items():
        fill(vault, session, value)
    stored = stored_bytes(shared)
    for text in (*texts, *texts.values()):
        whole = text.encode("utf-8", "surrogatepass")
        assert len(whole) < 5 or whole not in stored


@given(st.data())
def test_a_byte_altered_at_rest_is_refused(data: st.DataObject):
    shared = Shared()
    given = fill(shared.vault(OLD), "s", "Ada", "Bea")
    (held,) = shared.live()
    what = data.draw(st.sampled_from(("key", "payload", "placeholder", "kind")))
    row = held.rows[2]
    if what == "key":
        held.key = altered(held.key, data)
    elif what == "payload":
        held.rows[2] = replace(row, payload=altered(row.payload, data))
    else:
        held.rows[2] = replace(row, **{what: "CITY"})
    with pytest.raises(VaultError):
        shared.vault(OLD).values("s", given)


def altered(payload: bytes, data: st.DataObject) -> bytes:
    changed = bytearray(payload)
    changed[data.draw(st.integers(0, len(payload) - 1))] ^= data.draw(st.integers(1, 255))
    return bytes(changed)


def test_values_swapped_between_placeholders_are_refused(shared):
    given = fill(shared.vault(OLD), "s", "Ada", "Bea")
    (held,) = shared.live()
    first, second = held.rows[1], held.rows[2]
    held.rows[1] = replace(first, payload=second.payload, lookup=second.lookup)
    held.rows[2] = replace(second, payload=first.payload, lookup=first.lookup)
    with pytest.raises(VaultError, match="moved from another session or placeholder") as caught:
        shared.vault(OLD).values("s", given)
    assert "Ada" not in str(caught.value)


@pytest.mark.parametrize("keys_too", [False, True])
def test_rows_swapped_between_sessions_are_refused(shared, keys_too):
    vault = shared.vault(OLD)
    fill(vault, "mine", "Ada")
    fill(vault, "yours", "Bea")
    mine, yours = shared.live()
    mine.rows, yours.rows = yours.rows, mine.rows
    if keys_too:
        mine.key, yours.key = yours.key, mine.key
    for session in ("mine", "yours"):
        with pytest.raises(VaultError, match="does not belong" if keys_too else "does not open"):
            shared.vault(OLD).items(session)


def test_ids_swapped_between_sessions_are_refused(shared):
    vault = shared.vault(OLD)
    fill(vault, "mine", "Ada")
    fill(vault, "yours", "Bea")
    mine, yours = shared.live()
    mine.sealed_id, yours.sealed_id = yours.sealed_id, mine.sealed_id
    with pytest.raises(VaultError, match=r"does not open|not that of its sessions"):
        list(shared.vault(OLD).sessions())


def test_equal_values_can_not_be_told_at_rest(shared):
    vault = shared.vault(OLD)
    fill(vault, "mine", "Ada")
    fill(vault, "yours", "Ada")
    mine, yours = shared.live()
    assert mine.rows[1].lookup != yours.rows[1].lookup
    assert mine.rows[1].payload != yours.rows[1].payload


def test_a_nonce_is_never_used_twice(shared):
    vault = shared.vault(OLD)
    for session in ("a", "b"):
        fill(vault, session, *(f"value {n}" for n in range(2_000)))
        vault.forget("a")
        fill(vault, "a", *(f"value {n}" for n in range(2_000)))
    nonces = [row.payload[1:13] for held in shared.live() for row in held.rows.values()]
    nonces += [held.sealed_id[1:13] for held in shared.live()]
    assert len(nonces) == 4_002
    assert len(set(nonces)) == len(nonces)


def test_looks_in_one_step(shared):
    vault = shared.vault(OLD)
    assert isinstance(vault, BatchLookupVault)
    assert isinstance(vault, RetentionVault)
    fill(vault, "s", "Ada")
    kinds, (hits,) = vault.look("s", ["Ask Ada"])
    assert kinds == {"PERSON"}
    assert hits == vault.find("s", ["Ask Ada"])[0]


class TestKeys:
    def test_a_wrong_key_is_said_at_once(self, shared):
        fill(shared.vault(OLD), "jane@example.org", "Zebulon")
        wrong = shared.vault(OTHER)
        calls = [
            wrong.check,
            lambda: list(wrong.sessions()),
            lambda: fill(wrong, "new session", "Ada"),
            lambda: wrong.values("jane@example.org", ["<PERSON-1>"]),
            lambda: wrong.find("jane@example.org", ["Zebulon"]),
            lambda: wrong.export("jane@example.org"),
            lambda: wrong.forget_value("Zebulon"),
            lambda: wrong.forget("jane@example.org"),
            wrong.reencrypt,
        ]
        for call in calls:
            with pytest.raises(VaultError, match="encrypted under another key") as caught:
                call()
            assert "Zebulon" not in str(caught.value)
            assert "jane" not in str(caught.value)
        assert len(shared.live()) == 1

    def test_old_keys_read_and_the_newest_writes(self, shared):
        before = fill(shared.vault(OLD), "s", "Ada")
        both = shared.vault(NEW, OLD)
        assert both.values("s", before) == {before[0]: "Ada"}
        fill(both, "t", "Bea")
        with pytest.raises(VaultError, match="another key"):
            shared.vault(OLD).items("t")
        assert shared.vault(OLD, NEW).items("t")

    def test_reencrypt_brings_all_under_the_newest(self, shared):
        old = shared.vault(OLD)
        given = {f"session {n}": fill(old, f"session {n}", f"value {n}", "shared") for n in range(20)}
        told: list[tuple[int, int]] = []
        both = shared.vault(NEW, OLD)
        created = [info.created for info in both.sessions()]
        assert both.reencrypt(progress=lambda done, total: told.append((done, total))) == 20
        assert told == [(n, 20) for n in range(1, 21)]
        assert both.reencrypt() == 0, "what is done is not done again"
        new = shared.vault(NEW)
        for number, (session, placeholders) in enumerate(given.items()):
            assert new.values(session, placeholders) == dict(
                zip(placeholders, (f"value {number}", "shared"), strict=True)
            )
        assert [info.created for info in new.sessions()] == pytest.approx(created)
        with pytest.raises(VaultError, match="another key"):
            shared.vault(OLD).check()

    def test_reencrypt_that_was_stopped_goes_on(self, shared):
        old = shared.vault(OLD)
        for number in range(10):
            fill(old, f"session {number}", "Ada")

        def stop(done, total):
            if done == 4:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            shared.vault(NEW, OLD).reencrypt(progress=stop)
        assert all(shared.vault(NEW, OLD).items(f"session {number}") for number in range(10))
        assert shared.vault(NEW, OLD).reencrypt() == 6
        assert all(shared.vault(NEW).items(f"session {number}") for number in range(10))

    def test_workers_go_on_while_keys_are_rewrapped(self, shared):
        worker = shared.vault(OLD, NEW)
        (ada,) = fill(worker, "s", "Ada")
        shared.vault(NEW, OLD).reencrypt()
        (bea,) = fill(worker, "s", "Bea")
        assert shared.vault(NEW).items("s") == {ada: "Ada", bea: "Bea"}

    def test_keys_come_from_the_environment(self, shared, monkeypatch):
        monkeypatch.setenv("LC_GUARD_VAULT_KEYS", f"{NEW},{OLD}")
        given = fill(EncryptedVault(StoredVault(shared.rows)), "s", "Ada")
        assert shared.vault(NEW).values("s", given) == {given[0]: "Ada"}


class TestErasure:
    def test_forget_destroys_the_data_key(self, shared):
        vault = shared.vault(OLD)
        given = fill(vault, "jane@example.org", "Ada")
        (held,) = shared.live()
        key, row = held.key, held.rows[1]
        assert vault.forget("jane@example.org")
        left = stored_bytes(shared)
        assert key not in left
        assert row.payload not in left
        again = fill(vault, "jane@example.org", "Ada")
        assert again != given, "a placeholder was given again"
        (held,) = shared.live()
        assert held.key != key
        # a row of before does not open under the new data key, even in its own place
        held.rows[2] = replace(row, placeholder=held.rows[2].placeholder)
        with pytest.raises(VaultError, match="does not open"):
            shared.vault(OLD).items("jane@example.org")

    def test_forget_reaches_other_workers(self, shared):
        one, two = shared.vault(OLD), shared.vault(OLD)
        given = fill(one, "s", "Ada")
        assert two.values("s", given)
        one.forget("s")
        assert two.values("s", given) == {}
        assert fill(two, "s", "Bea") == fill(one, "s", "Bea") != given

    def test_a_value_is_forgotten_everywhere(self, shared):
        vault = shared.vault(OLD)
        for number in range(5):
            fill(vault, f"session {number}", "Ada", f"value {number}")
        told: list[tuple[int, int]] = []
        erased = shared.vault(OLD).forget_value("Ada", progress=lambda done, total: told.append((done, total)))
        assert erased == 5
        assert told[-1] == (5, 5)
        for number in range(5):
            assert list(vault.items(f"session {number}").values()) == [f"value {number}"]
            assert vault.find(f"session {number}", ["Ada"]) == [[]]
        assert vault.forget_value("Ada") == 0
        assert fill(vault, "session 0", "Ada") == ["<PERSON-3>"]


class TestBounds:
    def test_of_the_inner_vault_count(self):
        now = [0.0]
        inner = MemoryVault(ttl=10, max_sessions=2, max_values=2, clock=lambda: now[0])
        vault = EncryptedVault(inner, keys=[OLD])
        with pytest.raises(VaultFull):
            fill(vault, "s", "a", "b", "c")
        for session in ("s", "t", "u"):
            fill(vault, session, session)
        assert {info.session for info in vault.sessions()} == {"t", "u"}
        now[0] = 9.0
        assert vault.values("u", ["<PERSON-1>"])
        now[0] = 11.0
        assert vault.stats() == {"sessions": 1, "values": 1, "expired": 1}
        assert vault.purge() == 1
        assert fill(vault, "t", "t") == ["<PERSON-2>"], "a placeholder was given again"

    def test_of_a_memory_vault_no_value_is_held_between_calls(self):
        vault = EncryptedVault(MemoryVault(), keys=[OLD])
        fill(vault, "s", "Ada")
        assert not vault._cache._sessions

    @pytest.mark.parametrize("session", ["é" * 5_000, *(text for text in HOSTILE_TEXTS if text.strip())])
    def test_any_session_id(self, shared, session):
        given = fill(shared.vault(OLD), session, "Ada", "x" * 1_000_000)
        other = shared.vault(OLD)
        assert other.values(session, given[:1]) == {given[0]: "Ada"}
        assert [info.session for info in other.sessions()] == [session]


class TestWrongUse:
    def test_plain_and_encrypted_never_mix(self, shared):
        fill(StoredVault(shared.rows), "s", "Ada")
        with pytest.raises(VaultError, match="not encrypted"):
            shared.vault(OLD).check()
        other = Shared()
        fill(other.vault(OLD), "s", "Ada")
        with pytest.raises(VaultError, match="EncryptedVault"):
            fill(StoredVault(other.rows), "t", "Bea")
        assert other.rows.read(b"t", NOWHERE).live is False

    @pytest.mark.parametrize("inner", [None, {}, "sqlite://"])
    def test_what_can_not_be_encrypted(self, inner):
        with pytest.raises(TypeError, match="can't be encrypted"):
            EncryptedVault(inner, keys=[OLD])

    def test_twice(self):
        with pytest.raises(TypeError, match="can't be encrypted"):
            EncryptedVault(EncryptedVault(MemoryVault(), keys=[OLD]), keys=[OLD])

    def test_no_keys(self, monkeypatch):
        monkeypatch.delenv("LC_GUARD_VAULT_KEYS", raising=False)
        with pytest.raises(VaultError, match="LC_GUARD_VAULT_KEYS"):
            EncryptedVault(MemoryVault())

    def test_shows_no_key_and_is_not_pickled(self, shared):
        vault = shared.vault(OLD)
        assert OLD not in repr(vault)
        with pytest.raises(TypeError, match="pickled"):
            pickle.dumps(vault)
