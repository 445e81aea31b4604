"""The layers of the package and the imports between them, read from the source (docs/design/layout.md)."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import lc_guard

ROOT = Path(lc_guard.__file__).parent
MODULES = {path.relative_to(ROOT).with_suffix("").as_posix(): path for path in sorted(ROOT.rglob("*.py"))}

# From the ground up: a package imports only from lower layers. A new module in a package needs no entry here.
LAYERS = [
    {"_display"},
    {"records", "errors", "_text", "_lazy", "_forks", "_progress"},
    {"_vendors", "policy", "_placeholders"},
    {"_http", "vaults"},
    {"detectors", "scanners"},
    {"_engine", "testing"},
    {"sessions", "guard", "guard_session"},
    {"observability"},
    {"langsmith"},
    {"langchain", "langfuse", "distributed"},
    {"__init__", "evals", "demo"},
    {"verify", "playground", "serve"},
    {"cli"},
    {"__main__"},
]
# Inside a layer only these; errors → records, sessions and guard_session → guard for typing.
PAIRS = {
    ("errors", "records"),
    ("_lazy", "errors"),
    ("_progress", "errors"),
    ("guard", "guard_session"),
    ("guard", "sessions"),
    ("guard_session", "guard"),
    ("guard_session", "sessions"),
    ("sessions", "guard"),
}

LAYER_OF = {package: layer for layer, packages in enumerate(LAYERS) for package in packages}
FAMILIES = {"detectors", "scanners", "vaults"}
FRAMEWORKS = {
    "langchain": {"langchain", "langfuse", "observability", "demo", "verify"},
    "langchain_core": {"langchain", "langfuse", "observability", "demo", "verify"},
    "langgraph": {"langchain", "vaults", "demo", "verify"},
    "langfuse": {"langfuse"},
}
VENDORS = {
    "detectors": {
        "huggingface_hub",
        "llm_guard",
        "numpy",
        "onnxruntime",
        "phonenumbers",
        "presidio_analyzer",
        "spacy",
        "srsly",
        "tldextract",
        "torch",
        "transformers",
    },
    "_placeholders": {"faker"},
    "_http": {"httpx"},
    "scanners": {"nemoguardrails"},
    "serve": {"anyio", "starlette"},
    "vaults": {"cryptography", "psycopg", "redis", "sqlalchemy"},
    "distributed": {"filelock", "pandas", "pyarrow", "pyspark", "ray"},
}
# Modules that import another family's vendor.
GUESTS = {
    "observability/leak_scores": {"langfuse"},
    "_vendors/hub": {"huggingface_hub"},
    "_vendors/presidio": {"presidio_analyzer", "spacy", "tldextract"},
    "scanners/hugging_face": {"torch", "transformers"},
    "detectors/locale_rules": {"faker"},
    "cli/detectors": {"presidio_analyzer"},
    "langfuse/api": {"httpx"},
    "evals/agreement": {"numpy"},
    "evals/check_tally": {"numpy"},
    "evals/reliability": {"numpy"},
    "evals/thresholds": {"numpy"},
    "langfuse/in_memory": {"httpx"},
    "playground/application": {"starlette"},
}


def imports(tree: ast.AST, *, typing: bool = True, functions: bool = True) -> Iterator[str]:
    """Give the full names of imported modules, and of what is imported from them."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not typing:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif functions or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from imports(node, typing=typing, functions=functions)


@cache
def parsed(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def imported(module: str, **which: bool) -> set[str]:
    """Give the modules of the package that a module imports, named as in MODULES."""
    found = set()
    for name in imports(parsed(module), **which):
        if name.split(".")[0] == "lc_guard":
            path = name.removeprefix("lc_guard").lstrip(".").replace(".", "/")
            places = (path, f"{path}/__init__", path.rpartition("/")[0], f"{path.rpartition('/')[0]}/__init__")
            found.add(next((place.lstrip("/") for place in places if place.lstrip("/") in MODULES), "__init__"))
    return found


def package_of(module: str) -> str:
    return module.partition("/")[0]


@pytest.mark.parametrize("module", MODULES)
def test_a_package_imports_only_from_lower_layers(module: str) -> None:
    package = package_of(module)
    assert package in LAYER_OF, f"give {package} a layer in this test"
    for each in imported(module):
        other = package_of(each)
        if other != package and (package, other) not in PAIRS:
            assert LAYER_OF[other] < LAYER_OF[package], f"{module} imports {each}"


def test_no_module_imports_itself_by_way_of_others() -> None:
    TopologicalSorter({module: imported(module, typing=False) - {module} for module in MODULES}).prepare()


@pytest.mark.parametrize("module", [module for module in MODULES if package_of(module) in FAMILIES])
def test_members_of_a_family_stand_alone(module: str) -> None:
    others = FAMILIES - {package_of(module)}
    assert not {each for each in imported(module) if package_of(each) in others}
    for name in imports(parsed(module), typing=False, functions=False):
        top = name.split(".")[0]
        assert top == "lc_guard" or top in sys.stdlib_module_names, f"{module} imports {name} outside a function"


@pytest.mark.parametrize("module", [module for module in MODULES if package_of(module) == "verify"])
def test_verify_needs_no_demo_and_no_test_helpers(module: str) -> None:
    found = {name for name in imports(parsed(module)) if name.startswith(("lc_guard.demo", "lc_guard.testing"))}
    members = {
        "ExactDetector",
        "FailingDetector",
        "FailingScanner",
        "HangingDetector",
        "HangingScanner",
        "PhraseScanner",
    }
    assert found <= {f"lc_guard.testing.{name}" for name in members}  # no contract, nothing that asserts


@pytest.mark.parametrize("module", MODULES)
def test_only_its_package_imports_a_framework_or_a_vendor(module: str) -> None:
    found = {name.split(".")[0] for name in imports(parsed(module), typing=False)} - GUESTS.get(module, set())
    package = package_of(module)
    assert not {name for name in found if package not in FRAMEWORKS.get(name, {package})}
    for owner, vendors in VENDORS.items():
        assert owner == package or vendors.isdisjoint(found)


@pytest.mark.parametrize("module", MODULES)
def test_no_module_is_long(module: str) -> None:
    assert MODULES[module].read_text(encoding="utf-8").count("\n") <= 500


def test_no_submodule_is_named_like_a_public_function() -> None:
    snapshot = Path(__file__).with_name("public_names.txt").read_text(encoding="utf-8")
    public = {path.rpartition(".")[2] for path in snapshot.split()}
    assert "Guard" in public
    names = {part for module in MODULES for part in module.split("/")}
    assert public & names == set()
