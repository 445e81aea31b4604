"""Writes docs/compatibility.md and the package's table of proved versions from runs of the sessions of noxfile.py.

``python -m tests.compatibility --versions FILE`` notes what this environment holds, after its tests passed;
``python -m tests.compatibility FOLDER`` writes the page from all notes and reports of a folder.
"""

from __future__ import annotations

import datetime as dt
import json
import platform
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "compatibility.md"
TABLE = ROOT / "lc_guard" / "proved_versions.json"
KINDS = ("lowest", "locked", "newest")
# Not ours to ask for, but the seams stand on them.
BENEATH = ("langgraph-checkpoint", "langgraph-prebuilt", "langsmith", "openai", "opentelemetry-api", "pydantic")
HEAD = """\
# Versions that are tested

Written by `make compatibility` on {date}; do not edit. Every seam (chains, chat models, agents, checkpoints,
retrievers, Langfuse) is tested, and `lc-guard verify` has to find no leak, with three sets of versions: the **lowest**
that `pyproject.toml` allows, the **locked** ones of [`requirements/`](../requirements), which `make test` takes, and
the **newest** of that day. CI repeats the lowest and the newest on each change, and once a week.

Versions above the newest one are not refused: where a seam can't show that it did its work, it raises `SeamBroken`.

"""


@dataclass(frozen=True)
class Run:
    """One set of versions on one Python, whose tests all passed."""

    kind: str
    python: str
    date: str
    passed: int
    seconds: float
    versions: Mapping[str, str]


def asked_for() -> list[str]:
    """The distributions whose versions matter: what pyproject.toml requires, extras included, and what lies beneath."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    names = {canonicalize_name(Requirement(line).name) for line in lines} - {"lc-guard"}
    return sorted({*names, *BENEATH})


def note(file: Path) -> None:
    """Write down which of these distributions this environment holds."""
    held = {}
    for name in asked_for():
        try:
            held[name] = version(name)
        except PackageNotFoundError:
            continue  # an extra that this session leaves out
    today = dt.datetime.now(dt.UTC).date().isoformat()
    file.write_text(json.dumps({"python": platform.python_version(), "date": today, "versions": held}, indent=1))


def read_runs(folder: Path) -> list[Run]:
    """Read the notes and pytest's reports of a folder; a report with a failure, or of no test, is refused."""
    runs = []
    for noted in sorted(folder.glob("*.json")):
        kind = noted.stem.partition("-")[0]
        suite = ET.parse(noted.with_suffix(".xml")).getroot().find("testsuite")
        if kind not in KINDS or suite is None:
            raise SystemExit(f"{noted.name}: not a report of a session of noxfile.py")
        count = {name: int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped")}
        passed = count["tests"] - count["failures"] - count["errors"] - count["skipped"]
        if count["failures"] or count["errors"] or not passed:
            raise SystemExit(f"{noted.stem}: {count}: there is no page from a run that failed")
        told: dict[str, Any] = json.loads(noted.read_text())
        held = told["versions"]
        runs.append(Run(kind, told["python"], told["date"], passed, float(suite.attrib["time"]), held))
    if not runs:
        raise SystemExit(f"no run in {folder}: run nox -s {' '.join(KINDS)}")
    return sorted(runs, key=lambda run: (KINDS.index(run.kind), Version(run.python)))


def proved(runs: Iterable[Run]) -> dict[str, tuple[str, str]]:
    """The lowest and the newest version of each distribution over all runs."""
    seen: dict[str, set[Version]] = {}
    for run in runs:
        for name, held in run.versions.items():
            seen.setdefault(name, set()).add(Version(held))
    return {name: (str(min(held)), str(max(held))) for name, held in sorted(seen.items())}


def page(runs: Sequence[Run]) -> str:
    """The page: one table of runs, one of versions."""
    text = HEAD.format(date=max(run.date for run in runs))
    text += "| Versions | Python | Tests passed | langchain | langchain-core | langgraph | langfuse |\n"
    text += "| --- | --- | --- | --- | --- | --- | --- |\n"
    for run in runs:
        main = (run.versions[name] for name in ("langchain", "langchain-core", "langgraph", "langfuse"))
        text += f"| {run.kind} | {run.python} | {run.passed} | {' | '.join(main)} |\n"
    text += "\nWhere Pythons differ, all versions are named.\n\n"
    kinds = [kind for kind in KINDS if any(run.kind == kind for run in runs)]
    text += f"| Library | {' | '.join(map(str.title, kinds))} |\n|{' --- |' * (len(kinds) + 1)}\n"
    for name in proved(runs):
        cells = [", ".join(map(str, sorted(_held(runs, kind, name)))) for kind in kinds]
        text += f"| {name} | {' | '.join(cells)} |\n"
    return text


def _held(runs: Sequence[Run], kind: str, name: str) -> set[Version]:
    return {Version(run.versions[name]) for run in runs if run.kind == kind and name in run.versions}


def main(arguments: Sequence[str]) -> None:
    match arguments:
        case ["--versions", file]:
            note(Path(file))
        case [folder]:
            runs = read_runs(Path(folder))
            PAGE.write_text(page(runs))
            TABLE.write_text(json.dumps(proved(runs), indent=2) + "\n")
            print(f"{PAGE.relative_to(ROOT)} and {TABLE.relative_to(ROOT)}: {len(runs)} runs")
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
