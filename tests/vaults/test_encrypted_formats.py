"""What earlier versions wrote is read and wrapped anew; what is put back, exchanged or downgraded is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lc_guard.errors import VaultError
from lc_guard.vaults import EncryptedVault, SQLVault
from lc_guard.vaults import keys as formats
from tests.vaults.test_encrypted import NEW, OLD, Shared, fill

TOKEN = "<PERSON-1>"


def of_the_first_version(shared: Shared, key: str) -> None:
    """Rewrite a store as the first version wrote it: keys without a place, texts whose version nobody authenticated."""
    vault = shared.vault(key)
    ids = {held.sealed_id: info.session for held, info in zip(shared.live(), vault.sessions(), strict=True)}
    codec: Any = vault._codec()
    ring: Any = vault._keys
    root_key, _ = vault._unrooted.unwrapped(shared.rows._root)  # type: ignore[attr-defined]
    for held in shared.live():
        session = ids[held.sealed_id]
        handle = codec.handle(session)
        own = codec.session(session, held.key)
        for seq, row in held.rows.items():
            value = own.open(row.placeholder, row.kind, row.payload)
            payload = unversioned(own._seal, value, "value", session, row.placeholder, row.kind)
            held.rows[seq] = replace(row, payload=payload)
        held.key = unplaced(ring, held.key, "session", handle.hex())
        held.sealed_id = unversioned(codec._root, session, "session", handle.hex())
    shared.rows._root = unplaced(ring, ring.wrap(root_key))


def unplaced(ring: Any, blob: bytes, *place: str) -> bytes:
    ring.unwrap(blob, *place)  # it is one
    return b"\x01" + blob[1 : formats._HEAD] + blob[formats._HEAD + formats._CHECK_BYTES :]


def unversioned(seal: Any, text: str, *place: str) -> bytes:
    nonce = b"n" * formats.NONCE_BYTES
    return b"\x01" + nonce + seal._cipher.encrypt(nonce, text.encode(), formats._framed(*place))


@pytest.fixture
def old() -> Shared:
    """A store of the first version, with two sessions."""
    shared = Shared()
    for session, value in (("mine", "Ada"), ("yours", "Bea")):
        fill(shared.vault(OLD), session, value)
    of_the_first_version(shared, OLD)
    return shared


def values(shared: Shared, *keys: str) -> list[dict[str, str]]:
    return [dict(shared.vault(*keys).items(session)) for session in ("mine", "yours")]


def test_a_store_of_the_first_version_is_read_written_and_wrapped_anew(old: Shared) -> None:
    assert values(old, OLD) == [{TOKEN: "Ada"}, {TOKEN: "Bea"}]
    assert [info.session for info in old.vault(OLD).sessions()] == ["mine", "yours"]
    fill(old.vault(OLD), "mine", "Cleo")
    fill(old.vault(OLD), "new", "Dora")
    assert old.vault(OLD).reencrypt() == 2, "the new one is bound to its place already"
    assert old.vault(OLD).reencrypt() == 0
    assert {held.key[:1] for held in old.live()} == {b"\x02"}
    assert values(old, OLD) == [{TOKEN: "Ada", "<PERSON-2>": "Cleo"}, {TOKEN: "Bea"}]
    assert old.vault(NEW, OLD).reencrypt() == 3
    assert values(old, NEW) == [{TOKEN: "Ada", "<PERSON-2>": "Cleo"}, {TOKEN: "Bea"}]


def test_after_that_an_old_key_that_is_put_back_is_refused(old: Shared) -> None:
    before = [held.key for held in old.live()]
    old.vault(OLD).reencrypt()
    old.live()[0].key = before[0]
    with pytest.raises(VaultError, match="put back from an old copy"):
        old.vault(OLD).items("mine")
    assert old.vault(OLD).items("yours") == {TOKEN: "Bea"}


def test_a_run_that_was_stopped_takes_old_keys_on(old: Shared) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        old.vault(OLD).reencrypt(progress=stop)
    assert values(old, OLD) == [{TOKEN: "Ada"}, {TOKEN: "Bea"}]
    assert old.vault(OLD).reencrypt() == 1


def test_the_state_of_a_root_is_bound_to_it(old: Shared) -> None:
    """Nobody makes old keys count again by a byte."""
    old.vault(OLD).reencrypt()
    root = old.rows._root
    assert root is not None
    for state in (b"\x01", b"\x00", b""):
        old.rows._root = root[:-1] + state
        with pytest.raises(VaultError):
            old.vault(OLD).check()


def test_a_key_counts_in_its_place_only() -> None:
    shared = Shared()
    fill(shared.vault(OLD), "mine", "Ada")
    root, key = shared.rows._root, shared.live()[0].key
    assert root is not None
    for other in (key, key + b"\x02", root[:-1]):
        shared.rows._root = other
        with pytest.raises(VaultError):
            shared.vault(OLD).check()
    shared.rows._root = root
    shared.live()[0].key = root[:-1]
    with pytest.raises(VaultError, match="does not belong"):
        shared.vault(OLD).items("mine")


@pytest.mark.parametrize("version", [1, 2])
def test_a_root_of_another_store_is_refused(version: int) -> None:
    """Under it no session would be found: each would begin anew, and its numbers would be given twice."""
    shared, other = Shared(), Shared()
    for store in (shared, other):
        fill(store.vault(OLD), "mine", "Ada")
        if version == 1:
            of_the_first_version(store, OLD)
    worker = shared.vault(OLD)
    assert worker.items("mine") == {TOKEN: "Ada"}
    shared.rows._root = other.rows._root
    with pytest.raises(VaultError, match="exchanged at rest"):
        shared.vault(OLD).items("mine")
    with pytest.raises(VaultError, match="exchanged at rest"):
        worker.check()
    with pytest.raises(VaultError, match="exchanged at rest"):
        fill(worker, "new", "Bea")


def test_a_root_that_says_nothing_is_encrypted_is_refused() -> None:
    shared = Shared()
    fill(shared.vault(OLD), "mine", "Ada")
    shared.rows._root = b"\x00" + bytes(32)
    with pytest.raises(VaultError, match="not encrypted"):
        shared.vault(OLD).items("mine")


def test_a_root_in_a_real_database(tmp_path: Path) -> None:
    roots = []
    for name in ("a", "b"):
        vault = EncryptedVault(SQLVault(f"sqlite:///{tmp_path / name}.db"), keys=[OLD])
        fill(vault, "mine", "Ada")
        roots.append(vault.store.root(b""))
        vault.close()
    store = SQLVault(f"sqlite:///{tmp_path}/a.db").store
    assert store.root(roots[1], instead_of=roots[0]) == roots[1]
    store.close()
    with pytest.raises(VaultError, match="exchanged at rest"):
        EncryptedVault(SQLVault(f"sqlite:///{tmp_path}/a.db"), keys=[OLD]).check()
