"""The one list of private names, held against the code that uses them and the libraries that have them."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

import lc_guard
from lc_guard._vendors.private_names import PRIVATE_NAMES

SOURCES = sorted(Path(lc_guard.__file__).parent.rglob("*.py"))
READERS = {"getattr", "hasattr", "private"}
# Python's and the standard library's: a named tuple's, argparse's, rich's, `os._exit`.
STANDARD = {"_replace", "_fields", "_asdict", "_SubParsersAction", "_exit", "_typeshed"}


def private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name.strip("_") != ""


def own_names(trees: list[ast.Module]) -> set[str]:
    """What the package defines itself: functions, classes, attributes, arguments."""
    own: set[str] = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            own.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            own.add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add(node.id)
        elif isinstance(node, ast.arg):
            own.add(node.arg)
    return own


def used_names(tree: ast.Module) -> Iterator[str]:
    """Attributes and imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").split(".")[0] not in ("lc_guard", "_typeshed"):  # ours, and for typing
                yield from (node.module or "").split(".")
            yield from (alias.name for alias in node.names)


def read_names(tree: ast.Module) -> Iterator[str]:
    """Names that are read by ``getattr`` and the like, as nobody reads attributes of one's own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in READERS:
            yield from (
                each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)
            )


def test_every_private_name_that_is_used_is_on_the_list() -> None:
    trees = {path: ast.parse(path.read_text("utf-8")) for path in SOURCES}
    own = own_names(list(trees.values())) | {part for path in SOURCES for part in path.with_suffix("").parts}
    listed = {part for place in PRIVATE_NAMES for part in place.replace(":", ".").replace("()", "").split(".")}
    unlisted = defaultdict(set)
    for path, tree in trees.items():
        for names, known in ((used_names(tree), own | listed | STANDARD), (read_names(tree), listed | STANDARD)):
            for name in filter(private, names):
                if name not in known:
                    unlisted[name].add(path.name)
    assert not dict(unlisted)


def installed(place: str) -> bool:
    return find_spec(place.partition(":")[0].partition(".")[0]) is not None


@pytest.mark.parametrize("place", [place for place in PRIVATE_NAMES if "()" not in place and installed(place)])
def test_every_listed_name_is_there(place: str) -> None:
    module, _, path = place.partition(":")
    found: object = import_module(module)
    for name in path.split("."):
        assert hasattr(found, name)
        found = getattr(found, name)


def test_the_key_of_the_checkpointer_is_langgraphs() -> None:
    from langgraph._internal._constants import CONFIG_KEY_CHECKPOINTER

    from lc_guard.langchain.middleware import _CHECKPOINTER

    assert _CHECKPOINTER == CONFIG_KEY_CHECKPOINTER
