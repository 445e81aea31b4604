"""The public names are all there, documented and checkable."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any, get_args

import pytest

import lc_guard
import lc_guard.detectors
import lc_guard.distributed
import lc_guard.evals
import lc_guard.langsmith
import lc_guard.observability
import lc_guard.scanners
import lc_guard.testing
import lc_guard.vaults

PACKAGES = [
    lc_guard,
    lc_guard.detectors,
    lc_guard.distributed,
    lc_guard.evals,
    lc_guard.langsmith,
    lc_guard.observability,
    lc_guard.scanners,
    lc_guard.vaults,
    lc_guard.testing,
]
NAMES = [(package, name) for package in PACKAGES for name in package.__all__]
PROMISED = {
    "lc_guard": (
        "Guard Policy Anonymize Deanonymize GuardMetrics GuardMiddleware GuardCallbackHandler GuardCheckpointer "
        "Entity ScanResult AnonymizeDocuments ProtectedRetriever "
        "Decision GuardError Blocked SessionMissing"
    ),
    "lc_guard.detectors": "default_detector LLMGuardDetector PatternDetector",
    "lc_guard.vaults": "EncryptedVault MemoryVault RedisVault SQLVault",
    "lc_guard.distributed": "GuardSpec hide_corpus hide_dataframe hide_dataset hide_rows",
    "lc_guard.langsmith": "langsmith_anonymizer langsmith_client langsmith_unmasked",
    "lc_guard.langfuse": "CallbackHandler LangfuseApi as_evaluator mask_otel_spans observation_texts",
    "lc_guard.observability": "GuardMetrics JsonFormatter MaskingSpanExporter",
    "lc_guard.langchain": "guarded_middleware guarded_subagents watched",
}


@pytest.mark.parametrize(("package", "name"), NAMES, ids=lambda value: getattr(value, "__name__", value))
def test_every_public_name_is_importable_and_documented(package: Any, name: str) -> None:
    value = getattr(package, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert value.__doc__
        assert value.__doc__.strip()[0].isupper()
        assert value.__module__.startswith("lc_guard")
        assert value.__name__ == name
        for member, function in inspect.getmembers(value, inspect.isfunction):
            if not member.startswith("_") and function.__module__.startswith("lc_guard"):
                assert inspect.getdoc(function), f"{name}.{member} has no docstring"
                assert set(inspect.signature(function).parameters) - {"self", "cls"} <= set(function.__annotations__)
    else:
        assert get_args(value) or isinstance(value, str | tuple | Mapping)


@pytest.mark.parametrize(("module", "names"), PROMISED.items(), ids=PROMISED)
def test_the_names_of_the_design(module: str, names: str) -> None:
    package = importlib.import_module(module)
    for name in names.split():
        assert callable(getattr(package, name))


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_dir_and_unknown_names(package: Any) -> None:
    assert set(package.__all__) <= set(dir(package))
    assert list(package.__all__) == sorted(package.__all__, key=lambda name: (not name.isupper(), name))
    with pytest.raises(AttributeError, match="Nothing"):
        _ = package.Nothing
    with pytest.raises(ImportError):
        exec(f"from {package.__name__} import Nothing")


def test_a_star_import_gives_the_public_names() -> None:
    scope: dict[str, Any] = {}
    exec("from lc_guard import *", scope)
    assert set(scope) - {"__builtins__"} == set(lc_guard.__all__)


def test_types_are_seen_by_a_type_checker() -> None:
    import ast
    from pathlib import Path

    source = Path(lc_guard.__file__)
    assert (source.parent / "py.typed").exists()
    tree = ast.parse(source.read_text(encoding="utf-8"))
    (checked,) = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    declared = {alias.name for node in checked.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert declared == set(lc_guard.__all__)
