"""Names of a package that are loaded when they are first used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = """
from lc_guard._lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, {"one": ("first", "FIRST"), "two": ("Second",)})
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    name = "lazy_package_of_a_test"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text(PACKAGE, encoding="utf-8")
    (folder / "one.py").write_text("first, FIRST, hidden = object(), object(), 0\n", encoding="utf-8")
    (folder / "two.py").write_text("class Second: ...\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    for loaded in [each for each in sys.modules if each.partition(".")[0] == name]:
        del sys.modules[loaded]


def test_a_name_is_loaded_when_it_is_used_and_only_once(package: str) -> None:
    lazy = __import__(package)
    assert f"{package}.one" not in sys.modules
    first = lazy.first
    assert f"{package}.one" in sys.modules
    assert f"{package}.two" not in sys.modules
    sys.modules[f"{package}.one"].first = None
    assert lazy.first is first


def test_all_and_dir_name_what_is_public(package: str) -> None:
    lazy = __import__(package)
    assert lazy.__all__ == ["FIRST", "Second", "first"] == dir(lazy)
    scope: dict[str, object] = {}
    exec(f"from {package} import *", scope)
    assert set(scope) - {"__builtins__"} == {"FIRST", "Second", "first"}


@pytest.mark.parametrize("name", ["nothing", "hidden"])
def test_other_names_are_missing_as_in_any_module(package: str, name: str) -> None:
    lazy = __import__(package)
    with pytest.raises(AttributeError, match=rf"module '{package}' has no attribute '{name}'"):
        getattr(lazy, name)
    with pytest.raises(ImportError):
        exec(f"from {package} import {name}")
