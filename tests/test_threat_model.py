"""The page of threats names tests that exist and are collected, for each threat but those that say otherwise."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
INHERITED = {"tests/contracts/test_members.py::TestMemoryVault::test_session_ids_are_told_apart"}  # of the contract
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)+)`", PAGE)))


def test_every_threat_names_the_test_that_holds_it() -> None:
    tables = re.findall(r"^\| threat \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    rows = [row for table in tables for row in table.splitlines()]
    assert len(rows) >= 40
    unheld = [row for row in rows if "tests/" not in row and "**not defended**" not in row]
    assert unheld == []
    headings = re.findall(r"^## LLM(\d\d): ", PAGE, re.MULTILINE)
    assert headings == [f"{number:02}" for number in range(1, 11)]


def names_in(path: Path) -> set[str]:
    """Return the tests that a file defines, those of its classes by class and name."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found.update(f"{node.name}::{own.name}" for own in node.body if hasattr(own, "name"))
    return {name for name in found if re.fullmatch(r"(?:Test\w+::)?test_\w+", name)}


def test_every_test_that_is_named_exists() -> None:
    assert len(NAMED) >= 50
    named = [name.partition("::")[::2] for name in NAMED if name not in INHERITED]
    assert [f"{file}::{test}" for file, test in named if test not in names_in(ROOT / file)] == []
    assert all(Path(file).name.startswith("test_") for file, _ in named)


def test_every_test_that_is_named_is_collected(request: pytest.FixtureRequest) -> None:
    """Of the files that are run here as a whole: all of them where the suite is."""
    chosen = request.config.option
    if chosen.keyword or chosen.markexpr or any("::" in argument for argument in request.config.args):
        files = {Path(__file__).relative_to(ROOT).as_posix()}
    else:
        files = {item.nodeid.partition("::")[0] for item in request.session.items}
    collected = {item.nodeid.partition("[")[0] for item in request.session.items}
    assert files
    assert [name for name in NAMED if name.partition("::")[0] in files and name not in collected] == []


def test_the_security_page_leads_there() -> None:
    assert "docs/threat-model.md" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")
