"""CI calls what exists: sessions of noxfile.py, targets of the Makefile, Pythons that the package names."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
LOCKED = sorted((ROOT / "requirements").glob("*.txt"))


def workflow() -> dict[Any, Any]:
    return yaml.safe_load(WORKFLOW.read_text())


def runs_of(job: dict[str, Any]) -> list[str]:
    """The commands of a job, once for each cell of its matrix."""
    runs = [step["run"] for step in job["steps"] if "run" in step]
    for name, cells in job["strategy"]["matrix"].items():
        runs = [run.replace(f"${{{{ matrix.{name} }}}}", cell) for run in runs for cell in cells]
    return sorted(set(runs))


def targets() -> set[str]:
    made = (ROOT / "Makefile").read_text()
    return {name for line in re.findall(r"^([a-z][a-z ]*):(?!=)", made, re.MULTILINE) for name in line.split()}


@pytest.fixture(scope="module")
def sessions() -> set[str]:
    command = [sys.executable, "-m", "nox", "--noxfile", str(ROOT / "noxfile.py"), "--list", "--json"]
    listed = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60).stdout
    return {each["session"] for each in yaml.safe_load(listed)}


def test_the_workflow_calls_sessions_and_targets_that_exist(sessions: set[str]) -> None:
    runs = [run for job in workflow()["jobs"].values() for run in runs_of(job)]
    called = [word for run in runs for word in re.findall(r"^nox -s (.+)$", run)]
    made = [word for run in runs for words in re.findall(r"^make (.+)$", run) for word in words.split()]
    assert {"lowest-3.11", "newest-3.14"} <= set(called) <= sessions
    assert {"test", "lint", "types", "demo", "verify", "sbom", "audit"} <= set(made) <= targets()


def test_ci_run_calls_targets_that_exist() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    made = [word for words in re.findall(r"^make ([a-z ]+)", script, re.MULTILINE) for word in words.split()]
    assert {"test", "lowest", "newest"} <= set(made) <= targets()


def test_the_matrix_is_the_pythons_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [line.rpartition(" ")[2] for line in project["classifiers"] if re.search(r":: 3\.\d+$", line)]
    jobs = workflow()["jobs"]
    assert [jobs[name]["strategy"]["matrix"]["python"] for name in ("tests", "seams")] == [named, named]
    assert set(jobs["supply-chain"]["strategy"]["matrix"]["python"]) <= set(named)


def test_the_workflow_has_few_rights_and_runs_weekly() -> None:
    read = workflow()
    assert read["permissions"] == {}
    assert [re.fullmatch(r"\d+ \d+ \* \* [0-6]", each["cron"]) is not None for each in read[True]["schedule"]] == [True]
    for job in read["jobs"].values():
        assert job["timeout-minutes"] <= 60
        used = [step["uses"] for step in job["steps"] if "uses" in step]
        assert used
        # by commit: a tag can be moved to another one
        assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", each) for each in used), used
        assert job["permissions"] == {"contents": "read"}
        checkouts = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
        assert [step["with"]["persist-credentials"] for step in checkouts] == [False]
    assert len({line.split("@")[1] for line in WORKFLOW.read_text().splitlines() if "actions/checkout@" in line}) == 1


def test_the_sessions_test_files_that_exist() -> None:
    paths = re.findall(r'"(tests/[^"]+)"', (ROOT / "noxfile.py").read_text())
    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists() and "{" not in path] == []


@pytest.mark.parametrize("locked", LOCKED, ids=lambda path: path.stem)
def test_locked_versions_are_exact_within_our_ranges_and_of_no_place(locked: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = [line for line in locked.read_text().splitlines() if not line.startswith("#")]
    pins: dict[str, list[str]] = {}
    for line in lines:
        pin = Requirement(line)
        assert [each.operator for each in pin.specifier] == ["=="], line
        pins.setdefault(canonicalize_name(pin.name), []).extend(each.version for each in pin.specifier)
    groups = [*project["dependency-groups"]["seams"], *project["dependency-groups"]["dev"]]
    extras = project["project"]["optional-dependencies"]
    wanted = [*project["project"]["dependencies"], *extras["openai"], *extras[locked.stem]]
    for line in [*wanted, *(each for each in groups if isinstance(each, str))]:
        requirement = Requirement(line)
        versions = pins.get(canonicalize_name(requirement.name), [])
        assert versions, f"{line} is not locked: make locked"
        assert all(requirement.specifier.contains(version) for version in versions), f"{line}: make locked"


def test_there_is_a_lock_for_each_engine() -> None:
    assert [path.stem for path in LOCKED] == ["gorget", "llm-guard"]
