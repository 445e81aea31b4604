"""The supply chain: what is said of known vulnerabilities, above all where nobody could be asked."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
ADA = {"name": "ada", "version": "1.0"}
VULNERABLE = {**ADA, "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
SKIPPED = {"name": "bea", "skip_reason": "Dependency not found on PyPI and could not be audited: bea (1.0)"}


def audit(tmp_path: Path, report: Any, *, status: int = 0, told: str = "") -> tuple[int, str]:
    """Run the audit with a stand-in for pip-audit, which gives a report as that one does."""
    stand_in = tmp_path / "pip-audit"
    text = report if isinstance(report, str) else json.dumps({"dependencies": report, "fixes": []})
    stand_in.write_text(
        f"#!{sys.executable}\nimport sys\nsys.stdout.write({text!r})\nsys.stderr.write({told!r})\nsys.exit({status})\n"
    )
    stand_in.chmod(stand_in.stat().st_mode | stat.S_IXUSR)
    command = [sys.executable, str(ROOT / ".ci" / "audit"), str(stand_in), "locked.txt"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("report", "status", "code", "said"),
    [
        ([{**ADA, "vulns": []}], 0, 0, "1 of 1 packages audited, 0 vulnerabilities known"),
        ([VULNERABLE], 1, 1, "ada 1.0: PYSEC-1, fixed in 1.1"),
        ([{**VULNERABLE, "vulns": [{"id": "PYSEC-2"}]}], 1, 1, "fixed in none yet"),
        ([{**ADA, "vulns": []}, SKIPPED], 0, 0, "NOT AUDITED: bea"),
        # a mirror without a database: pip-audit says that no vulnerabilities are known, and ends well
        ([SKIPPED, SKIPPED], 0, 3, "NOT AUDITED: the database that was reached knows none of the 2 packages"),
        ("", 1, 3, "NOT AUDITED: no database of vulnerabilities could be reached (status 1): no route to host"),
        ("Traceback", 2, 3, "NOT AUDITED"),
        ('{"other": 1}', 0, 3, "NOT AUDITED"),
    ],
)
def test_what_is_said(report: Any, status: int, code: int, said: str, tmp_path: Path) -> None:
    done, told = audit(tmp_path, report, status=status, told="Traceback\n" * 9 + "no route to host\n")
    assert done == code, told
    assert said in told
    assert ("0 vulnerabilities known" in told) is (code == 0), "nothing known is said only where something was asked"


def test_the_targets_read_the_locked_versions_with_tools_of_their_own() -> None:
    made = (ROOT / "Makefile").read_text()
    recipes = dict(re.findall(r"^(sbom|audit): \$\(SUPPLY\)/\.ready\n((?:\t.*\n)+)", made, re.MULTILINE))
    assert "cyclonedx-py requirements" in recipes["sbom"]
    assert recipes["sbom"].rstrip().endswith("$(LOCKED)")
    assert recipes["audit"].strip() == ".ci/audit $(SUPPLY)/bin/pip-audit $(LOCKED)"
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["supply-chain"]
    assert [tool.partition(">")[0] for tool in tools] == ["cyclonedx-bom", "pip-audit"]
