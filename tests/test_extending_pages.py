"""The recipes of docs/extending: their Python is run, and what they build passes the contract that they name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from lc_guard import Entity, Guard
from lc_guard.vaults import EncryptedVault
from tests.support.pages import blocks, contracts, rules, run

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs/extending"
PAGES = ("detector", "hosted-scanner", "language", "scanner", "vault")
SUITES = {"detector": 2, "hosted-scanner": 1, "language": 2, "scanner": 1, "vault": 2}


def page(name: str) -> str:
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Recipes run in an empty folder, with a key for the vault and none of anybody's service."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_GUARD_VAULT_KEYS", EncryptedVault.generate_key())
    monkeypatch.setenv("ACME_API_KEY", "key-for-the-tests")
    return tmp_path


def ran(name: str) -> dict[str, Any]:
    return run(page(name), f"{name}.md")


def test_all_recipes_are_run() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.md")) == sorted(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_recipe_is_run_and_keeps_its_contract(name: str, folder: Path) -> None:
    names = ran(name)
    suites = contracts(names)
    assert len(suites) == SUITES[name]
    for suite in suites.values():
        asked = [rule() for _, rule in rules(suite)]
        assert len(asked) > 5


@pytest.mark.parametrize("name", PAGES)
def test_a_recipe_uses_nothing_that_is_not_public(name: str) -> None:
    text = "\n".join(blocks(page(name)))
    assert not re.findall(r"(?:from|import) lc_guard(?:\.\w+)*\._\w+", text)
    assert not re.findall(r"(?:from|import) tests\b", text)


@pytest.mark.parametrize("name", PAGES)
def test_what_a_recipe_points_to_is_there(name: str) -> None:
    text = re.sub(r"```.*?```", "", page(name), flags=re.DOTALL)
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", text)
    assert links
    for target in links:
        assert (FOLDER / target).exists(), target
    for target in re.findall(r"`((?:lc_guard|tests|docs)/[\w./-]+)`", text):
        assert (ROOT / target).exists(), target


def test_the_detectors_entities_are_hidden_and_come_back(folder: Path) -> None:
    guard: Guard = ran("detector")["guard"]
    session = guard.session("s")
    hidden = session.anonymize("Admit MRN-0012345 today.")
    assert "0012345" not in hidden
    assert session.deanonymize(hidden) == "Admit MRN-0012345 today."


def test_the_scanner_blocks_in_a_guard(folder: Path) -> None:
    guard: Guard = ran("scanner")["guard"]
    (decision,) = guard.scan("See https://evil.example/x")
    assert (decision.valid, decision.check) == (False, "links")


def test_the_hosted_scanner_sends_no_value(folder: Path) -> None:
    names = ran("hosted-scanner")
    assert names["received"]
    assert not [body for body in names["received"] if b"Ada Lovelace" in body]


def test_nothing_readable_lies_in_the_vaults_folder(folder: Path) -> None:
    names = ran("vault")
    names["session"].anonymize("Zebulon Quartermain")
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert any(b"REDACTED" in content for content in files)
    assert not [content for content in files if b"Zebulon" in content]


def test_the_vault_is_shared_by_processes(folder: Path) -> None:
    """Two objects stand for two processes: they share the folder alone."""
    make = ran("vault")["FolderVault"]
    one, other = make(folder / "shared"), make(folder / "shared")
    hidden = [Guard(detectors=[_ada], vault=vault).session("s").anonymize("Ada") for vault in (one, other, one)]
    assert hidden == ["[REDACTED_PERSON_1]"] * 3
    assert one.forget("s")
    assert Guard(detectors=[_ada], vault=other).session("s").anonymize("Ada") == "[REDACTED_PERSON_2]"


def _ada(text: str) -> list[Any]:
    return [Entity("PERSON", found.start(), found.end()) for found in re.finditer("Ada", text)]
