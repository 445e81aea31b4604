"""The applications of examples/: `make examples` runs them all; here is what needs no package of theirs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from examples import check
from examples.provider import SCRIPTS

FOLDER = Path(__file__).parents[1] / "examples"
SOURCES = {name: FOLDER / name / "graph.py" if name == "langgraph_app" else FOLDER / f"{name}.py" for name in SCRIPTS}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["react_agent", "email_assistant"])
def test_an_application_does_its_work_and_its_provider_receives_no_value(name: str) -> None:
    outcome = check.run(name)
    assert (outcome.leaked, outcome.answered, outcome.requests) == ([], True, 2), outcome.printed


@pytest.mark.slow
def test_without_the_guard_the_same_application_leaks(tmp_path: Path) -> None:
    lines = SOURCES["react_agent"].read_text().splitlines()
    bare = [line for line in lines if not line.endswith("# guard")]
    (tmp_path / "react_agent.py").write_text("\n".join(bare))
    shutil.copy(FOLDER / "shown.py", tmp_path)
    outcome = check.run("react_agent", tmp_path)
    assert outcome.leaked == ["Jane O'Hara", "O'Hara", "jane.ohara@example.org"]
    assert not outcome.passed


@pytest.mark.parametrize("name", SOURCES)
def test_an_example_is_short_and_few_of_its_lines_are_ours(name: str) -> None:
    lines = SOURCES[name].read_text().splitlines()
    assert len(lines) < 80
    assert 1 <= sum(line.endswith("# guard") for line in lines if "import" not in line) <= 3
    assert name in (FOLDER / "README.md").read_text()
    assert name in check.ANSWERS
