"""The types as users see them: mypy reads what they write, finds no fault in the right and every fault in the wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
FAULT = re.compile(r"^tests/typing/(\w+)\.py:(\d+): error: (.*?)(?:  \[([\w-]+)\])?$", re.MULTILINE)


@pytest.fixture(scope="module")
def faults() -> set[tuple[str, int, str]]:
    """What mypy says of both files, strictly: (file, line, code)."""
    command = [sys.executable, "-m", "mypy", "tests/typing/right.py", "tests/typing/wrong.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = FAULT.findall(done.stdout)
    assert found, done.stdout + done.stderr
    assert len(found) == done.stdout.count(": error: "), done.stdout
    return {(file, int(line), code) for file, line, _, code in found}


@pytest.mark.slow
def test_what_is_right_has_no_fault(faults: set[tuple[str, int, str]]) -> None:
    assert sorted(fault for fault in faults if fault[0] == "right") == []


@pytest.mark.slow
def test_every_wrong_line_has_its_fault_and_no_other(faults: set[tuple[str, int, str]]) -> None:
    lines = (FOLDER / "wrong.py").read_text(encoding="utf-8").splitlines()
    wanted = {
        ("wrong", number, code) for number, line in enumerate(lines, 1) for code in re.findall(r"# E: ([\w-]+)$", line)
    }
    assert len(wanted) > 25
    assert {fault for fault in faults if fault[0] == "wrong"} == wanted
