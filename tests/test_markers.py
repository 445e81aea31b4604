"""The markers by which tests that need servers, models or a browser are left out (tests/support/markers.py)."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.markers import PLACES

ROOT = Path(__file__).parents[1]
LEFT_OUT = "not servers and not models and not browser and not slow"
NEXT = "=== next ==="
# All of them take twice the time.
FILES = [f"tests/vaults/test_{name}.py" for name in ("contracts", "memory", "stored")]
COLLECT = f"""
import sys, pytest
for mark in sys.argv[1:]:
    print({NEXT!r}, flush=True)
    assert pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", *{FILES!r}, "-m", mark]) == 0
"""


@pytest.mark.parametrize("place", PLACES)
def test_every_place_is_there(place: str) -> None:
    path, *names = place.split("::")
    text = (ROOT / path).read_text(encoding="utf-8")
    for name in names:
        assert re.search(rf"(?:class|def) {name}", text), name


@pytest.mark.parametrize(("module", "name"), [("servers", "RedisServer"), ("browser", "Browser")])
def test_a_test_without_its_marker_starts_nothing(module: str, name: str) -> None:
    unmarked = getattr(importlib.import_module(f"tests.support.{module}"), name)()
    with pytest.raises(pytest.fail.Exception, match="without its marker"):
        unmarked.__enter__()


def test_what_the_pages_say_chooses_by_the_markers() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f'-m "{LEFT_OUT}"' in page
    # one process for both: what takes seconds is to import what is collected
    command = [sys.executable, "-c", COLLECT, LEFT_OUT, "servers"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    _, chosen, left = done.stdout.split(NEXT)
    assert "test_memory.py" in chosen
    assert "TestSQLite" in chosen
    assert not re.search(r"\[(?:postgres|redis)\]|TestPostgreSQL|TestRedis", chosen)
    assert "TestPostgreSQL" in left
    assert "TestSQLite" not in left
