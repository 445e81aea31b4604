"""Installed versions beside proved ones, and libraries that are half upgraded."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lc_guard._vendors import versions
from lc_guard._vendors.versions import InstalledVersion, inconsistencies, installed_versions, proved_versions

Install = Callable[..., str]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Writes a distribution's metadata into a folder, as an installer does, and gives the folder."""

    def write(name: str, version: str, *requires: str, folder: str = "site", extras: tuple[str, ...] = ()) -> str:
        info = tmp_path / folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Provides-Extra: {extra}" for extra in extras] + [f"Requires-Dist: {each}" for each in requires]
        (info / "METADATA").write_text("\n".join(lines) + "\n")
        return str(tmp_path / folder)

    return write


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    ranges = {"langchain": ("1.3.0", "1.5.2"), "langgraph": ("1.2.2", "1.2.24"), "torch": ("2.13.0", "2.13.0")}
    monkeypatch.setattr(versions, "proved_versions", lambda: ranges)


@pytest.mark.parametrize(
    ("installed", "status"),
    [("1.2.15", "older"), ("1.3.0rc1", "older"), ("1.3", "proved"), ("1.4.7", "proved"), ("1.5.2", "proved"),
     ("1.5.3", "newer"), ("1.6.0.dev1", "newer"), ("1.5.2.post1", "newer"), ("nightly", "unknown"), (None, "missing")],
)  # fmt: skip
def test_where_a_version_lies(installed: str | None, status: str) -> None:
    assert InstalledVersion("langchain", installed, "1.3.0", "1.5.2").status == status


def test_each_library_of_the_table_is_looked_up(install: Install) -> None:
    install("torch", "2.13.0+cpu")
    path = [install("LangChain", "1.5.9")]
    assert [(each.distribution, each.installed, each.status) for each in installed_versions(path)] == [
        ("langchain", "1.5.9", "newer"),
        ("langgraph", None, "missing"),
        ("torch", "2.13.0+cpu", "proved"),
    ]


def test_what_fits_together_is_silent(install: Install) -> None:
    install("langchain", "1.5.2", "langgraph<1.3,>=1.2", 'nothing>=1; extra == "more"', 'win>=1; sys_platform == "no"')
    install("langgraph", "1.2.30a1", "langgraph-checkpoint (>=4.1)", "what is this?")
    path = [install("langgraph-checkpoint", "4.3.2")]
    assert inconsistencies(path) == ()
    assert inconsistencies([*path, *path]) == (), "a folder that stands on the path twice"


def test_langgraph_old_with_langchain_new(install: Install) -> None:
    install("langchain", "1.5.2", "langgraph<1.3,>=1.2.12")
    path = [install("langgraph", "1.1.0")]
    assert inconsistencies(path) == (
        "langchain 1.5.2 needs langgraph<1.3,>=1.2.12, but 1.1.0 is installed: upgrade both together",
    )


def test_a_fault_two_steps_down(install: Install) -> None:
    install("langchain", "1.5.2", "langgraph")
    install("langgraph", "1.2.24", "langgraph-checkpoint[fast]>=4")
    install("langgraph-checkpoint", "4.3.2", "gone>=1", 'quick==2; extra == "fast"', extras=("fast",))
    install("unrelated", "1", "quick==7")
    path = [install("quick", "1.0")]
    assert inconsistencies(path) == (
        "langgraph-checkpoint 4.3.2 needs gone>=1, which is not installed",
        "langgraph-checkpoint 4.3.2 needs quick==2, but 1.0 is installed: upgrade both together",
    )


@pytest.mark.parametrize("second", ["site", "other"], ids=["an interrupted upgrade", "two folders of the path"])
def test_two_versions_of_the_checkpoint_package(install: Install, second: str) -> None:
    install("langgraph", "1.2.24", "langgraph-checkpoint>=3")
    first = install("langgraph-checkpoint", "4.3.2")
    other = install("langgraph_checkpoint", "3.0.1", folder=second)
    (fault,) = inconsistencies([first] if second == "site" else [first, other])
    assert fault.startswith("langgraph-checkpoint is installed 2 times (")
    assert f"4.3.2 in {first}" in fault
    assert f"3.0.1 in {other}" in fault


def test_our_extras_have_to_fit_where_they_are_installed(install: Install) -> None:
    needs = ('redis>=5.1; extra == "redis"', 'psycopg>=3.2; extra == "postgres"', "langchain>=1.3")
    install("lc-guard", "0.1.0", *needs, extras=("redis", "postgres"))
    install("langchain", "1.5.2")
    path = [install("redis", "4.0")]
    assert inconsistencies(path) == ("lc-guard 0.1.0 needs redis>=5.1, but 4.0 is installed: upgrade both together",)


def test_a_folder_without_metadata_is_passed_over(install: Install, tmp_path: Path) -> None:
    path = [install("langchain", "1.5.2")]
    (tmp_path / "site" / "langgraph-1.0.dist-info").mkdir()
    assert inconsistencies(path) == ()
    assert [each.status for each in installed_versions(path)] == ["proved", "missing", "missing"]


def test_nothing_is_read_at_import_and_the_real_table_names_what_the_seams_stand_on() -> None:
    code = (
        "import sys, json; from lc_guard._vendors import versions; before = 'langchain' in sys.modules;"
        "print(json.dumps([before, versions.proved_versions()]))"
    )
    before, table = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    assert not before
    assert {"langchain", "langchain-core", "langgraph", "langgraph-checkpoint", "langfuse", "spacy"} <= table.keys()


def test_this_environment_fits_together() -> None:
    assert inconsistencies() == ()
    assert callable(proved_versions)
