"""The public names and import paths are those of tests/public_names.txt: none goes, comes or moves unnoticed.

Where a change is meant, write the file anew with ``python -m tests.test_public_names`` and say so in CHANGELOG.md.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SNAPSHOT = Path(__file__).with_name("public_names.txt")
PACKAGES = (
    "lc_guard",
    "lc_guard.demo",
    "lc_guard.detectors",
    "lc_guard.distributed",
    "lc_guard.evals",
    "lc_guard.langfuse",
    "lc_guard.observability",
    "lc_guard.langsmith",
    "lc_guard.scanners",
    "lc_guard.testing",
    "lc_guard.vaults",
)
IMPORT = re.compile(r"from (lc_guard[\w.]*) import (\([^)]*\)|[\w, ]+)")


def imported_in_pages() -> set[str]:
    """Give what README, docs and notebooks import."""
    pages = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("notebooks/*.ipynb")]
    found = [match for page in pages for match in IMPORT.findall(page.read_text(encoding="utf-8"))]
    return {f"{module}.{name}" for module, names in found for name in re.findall(r"\w+", names)}


def public_names() -> list[str]:
    exported = {f"{package}.{name}" for package in PACKAGES for name in importlib.import_module(package).__all__}
    return sorted(exported | imported_in_pages())


def test_the_public_names_are_those_of_the_snapshot() -> None:
    before, now = set(SNAPSHOT.read_text(encoding="utf-8").split()), set(public_names())
    assert {"gone": sorted(before - now), "new": sorted(now - before)} == {"gone": [], "new": []}, __doc__


@pytest.mark.parametrize("path", SNAPSHOT.read_text(encoding="utf-8").split())
def test_every_path_of_the_snapshot_can_be_imported(path: str) -> None:
    module, _, name = path.rpartition(".")
    assert getattr(importlib.import_module(module), name) is not None


if __name__ == "__main__":
    SNAPSHOT.write_text("\n".join(public_names()) + "\n", encoding="utf-8")
