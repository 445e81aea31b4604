"""Proofs of what was received: the same for all processes of a vault, and nobody else's."""

from __future__ import annotations

from pathlib import Path

from lc_guard import Guard
from lc_guard.testing import ExactDetector
from lc_guard.vaults import MemoryVault, SQLVault


def guard(vault: object) -> Guard:
    return Guard(ExactDetector({"PERSON": ["Ada"]}), vault=vault)


def test_two_processes_of_one_vault_prove_alike(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'vault.db'}"
    first, second = guard(SQLVault(url)), guard(SQLVault(url))
    assert first.session_values.proof("s", ["a", "b"]) == second.session_values.proof("s", ["a", "b"])
    assert first.session_values.proof("s", ["a", "b"]) != guard(MemoryVault()).session_values.proof("s", ["a", "b"])


def test_a_proof_is_of_these_texts_in_this_session() -> None:
    own = guard(MemoryVault())
    proofs = {
        own.session_values.proof(session, texts)
        for session, texts in (("s", ["a", "b"]), ("s", ["ab"]), ("s", ["ab", ""]), ("sa", ["b"]), ("t", ["a", "b"]))
    }
    assert len(proofs) == 5
    assert own.session_values.proof("s", ["\ud800"]) == own.session_values.proof("s", ["\ud800"])


def test_the_key_is_no_value_of_a_session() -> None:
    own = guard(MemoryVault())
    session = own.session("s")
    session.anonymize("Ada")
    own.session_values.proof("s", ["a"])
    assert session.placeholders() == {"[REDACTED_PERSON_1]": "Ada"}
    session.forget()
    assert own.session_values.proof("s", ["a"]) == own.session_values.proof("s", ["a"])
