"""GuardSpec goes to workers, a guard does not; each process builds one guard, once."""

from __future__ import annotations

import pickle

import pytest

from lc_guard import Guard, GuardError, Policy, PolicyError
from lc_guard.distributed import GuardSpec
from lc_guard.testing import ExactDetector
from lc_guard.vaults import MemoryVault

from .corpora import ADA, spec


def no_detectors() -> list[ExactDetector]:
    return []


def test_a_guard_says_what_to_send_instead():
    with pytest.raises(TypeError, match=r"GuardSpec\(\.\.\.\) to the workers"):
        pickle.dumps(Guard([]))


def test_a_specification_makes_equal_guards_everywhere(tmp_path):
    made = pickle.loads(pickle.dumps(spec(tmp_path, policy=Policy(kinds={"CARD": "redact"}))))
    assert made == spec(tmp_path, policy=Policy(kinds={"CARD": "redact"})) or made.vault == spec(tmp_path).vault
    texts = [made.build().session("s").anonymize(f"{ADA}! 4111-0000!") for _ in range(2)]
    assert texts == ["[REDACTED_PERSON_1]! [REDACTED_CARD]!"] * 2


def test_a_process_builds_it_once(tmp_path):
    made = spec(tmp_path)
    assert made.guard() is pickle.loads(pickle.dumps(made)).guard()
    assert made.guard() is not spec(tmp_path, max_values=5).guard()


def test_bounds_are_those_of_a_corpus(tmp_path):
    guard = spec(tmp_path, max_values=7, vault_timeout=9.0, policy=Policy(timeout=1.0)).build()
    bounds = guard.vault.bounds
    assert (bounds.max_values, bounds.cache_values, bounds.timeout) == (7, 7, 9.0)
    assert guard.policy.timeout is None


def test_from_a_file_of_a_policy(tmp_path):
    file = tmp_path / "policy.toml"
    file.write_text('[kinds]\nCARD = "block"\n')
    made = GuardSpec.from_file(file, vault="sqlite:///relative.db", detectors=no_detectors)
    file.unlink()
    guard = pickle.loads(pickle.dumps(made)).build()
    assert guard.policy.action("CARD") == "block"
    with pytest.raises(PolicyError):
        GuardSpec.from_file(file)


def test_what_can_not_be_sent_is_refused_at_once():
    with pytest.raises(TypeError, match="detectors can't be sent to a worker"):
        GuardSpec(detectors=lambda: [ADA])
    with pytest.raises(ValueError, match="lies in a file or on a server"):
        GuardSpec(vault="sqlite://")
    with pytest.raises(ValueError, match="none of the known schemes") as caught:
        GuardSpec(vault="mysql://me:hunter2@db/x")
    assert "hunter2" not in str(caught.value)


def test_no_vault_is_told_of_and_none_is_made_up(monkeypatch, tmp_path):
    monkeypatch.delenv("LC_GUARD_VAULT_URL", raising=False)
    with pytest.raises(GuardError, match="no vault is named"):
        GuardSpec(detectors=no_detectors).build()
    monkeypatch.setenv("LC_GUARD_VAULT_URL", f"sqlite:///{tmp_path}/of-env.db")
    GuardSpec(detectors=no_detectors).build().session("s").anonymize("text")
    assert isinstance(GuardSpec(vault=MemoryVault, detectors=no_detectors).build().vault, MemoryVault)


def test_the_password_is_not_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = repr(GuardSpec(vault="postgresql://me:hunter2@db:5432/vault?password=hunter3"))
    assert shown == "GuardSpec(vault='postgresql://db:5432/vault')"
    assert repr(GuardSpec(vault="sqlite:///x.db")) == f"GuardSpec(vault='sqlite:///{tmp_path}/x.db')"
