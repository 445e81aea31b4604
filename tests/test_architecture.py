"""The rooms of the house and the arrows between them (DESIGN.md, section 3), read from the source."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import lc_guard

HOUSE = Path(lc_guard.__file__).parent
MODULES = {path.relative_to(HOUSE).with_suffix("").as_posix(): path for path in sorted(HOUSE.rglob("*.py"))}

# From the ground up: a room imports only from rooms on lower floors. A family is one room, named by its folder.
FLOORS = [
    {"records", "words", "private_names", "linking", "escapes", "ordinary", "workers", "process_end", "canary_spans"},
    {"leaks", "langsmith_tracing", "outbox", "versions"},
    {"errors", "known", "placeholders", "reviewed_methods", "environment"},
    {"check_policy", "findings", "foreign_errors", "plans", "seals", "_lazy"},
    {"policy", "policy_sources", "running_calls"},
    {"policy_files"},
    {"services", "hub", "presidio_offline"},
    {"llm_guard_engine"},
    {"check_details", "decision_events", "decision_traces", "json_logs", "delivery", "pseudonyms"},
    {"drivers", "prompts", "fakes", "langfuse_api", "restoring", "leaves", "limbo", "detectors", "vaults", "scanners"},
    {"jobs", "asking"},
    {"panels"},
    {"spans", "detection", "sessions", "traced_texts", "leak_scores"},
    {"hiding", "model_inputs"},
    {"verdicts"},
    {"heard_texts", "open_checks"},
    {"hearing", "pii_decisions"},
    {"pii_check"},
    {"planning"},
    {"guard"},
    {"messages", "masking", "evaluators", "recording_model", "audiences"},
    {"conversation", "refusals", "model_watch"},
    {"step_order", "checks", "checkpoints", "streaming", "tool_calls", "otel", "document_texts", "run_masking"},
    {"held_chunks", "document_marks", "langfuse_masks"},
    {"answers"},
    {"steps"},
    {"restorers", "wrapping", "call_sessions"},
    {"runnables", "callbacks", "langfuse", "langsmith", "metrics", "documents", "retrievers"},
    {"model_calls", "model_face"},
    {"model_seams", "retrieved"},
    {"protected_model", "model_search"},
    {"boundary", "canary"},
    {"agent_proof"},
    {"middleware"},
    {"self_test", "agents"},
    {"deepagents"},
    {"__init__"},
    {"testing", "evals", "demo"},
    {"verify", "langfuse_project"},
    {"commands"},
    {"cli"},
    {"__main__"},
]
FLOOR_OF = {"_lazy": 0} | {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
FAMILIES = {
    "detectors": {"records", "errors", "services", "hub", "presidio_offline", "llm_guard_engine"},
    "scanners": {"records", "errors", "escapes", "services", "hub", "presidio_offline", "llm_guard_engine"},
    "vaults": {"records", "errors", "known"},
}
VENDORS = {
    "detectors": {"spacy", "presidio_analyzer", "llm_guard", "onnxruntime", "tokenizers", "tldextract", "torch",
                  "transformers", "huggingface_hub", "numpy", "phonenumbers"},
    "fakes": {"faker"},
    "services": {"httpx"},
    "scanners": {"nemoguardrails"},
    "vaults": {"cryptography", "sqlalchemy", "psycopg", "redis"},
}  # fmt: skip
# The command that shows LLM Guard without its model gives it an empty recognizer of Presidio's class.
GUESTS = {
    # What detectors and scanners share.
    "hub": {"huggingface_hub"},
    "presidio_offline": {"presidio_analyzer", "spacy", "tldextract"},
    "scanners/hugging_face": {"torch", "transformers"},
    # Its lists of given names are a rule beside the models.
    "detectors/given_names": {"faker"},
    "commands/choices": {"presidio_analyzer"},
    "langfuse_api/client": {"httpx"},
    # Curves, bins and bootstraps over many scores.
    "evals/agreement": {"numpy"},
    "evals/monitoring": {"numpy"},
    "evals/reliability": {"numpy"},
    "evals/thresholds": {"numpy"},
    # It plays Langfuse's server to itself.
    "demo/tracing": {"httpx"},
}


def imports(tree: ast.AST, *, top_only: bool = False) -> Iterator[str]:
    """Names of imported modules that are there when the program runs."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            yield node.module or ""
        elif not (top_only and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
            yield from imports(node, top_only=top_only)


def room_of(name: str) -> str:
    return name.removeprefix("lc_guard").strip("./").replace("/", ".").split(".")[0] or "__init__"


def parsed(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", MODULES)
def test_arrows_point_down(module: str) -> None:
    room = room_of(module)
    assert room in FLOOR_OF, f"give {room} a floor in this test"
    # the default detector and the reader of files, loaded when asked for
    lazy_family = {"guard": {"detectors"}, "policy": {"policy_files"}}.get(room, set())
    for name in imports(parsed(module)):
        if name.split(".")[0] == "lc_guard" and room_of(name) != room:
            assert FLOOR_OF[room_of(name)] < FLOOR_OF[room] or room_of(name) in lazy_family, f"{module} imports {name}"


@pytest.mark.parametrize("module", [module for module in MODULES if room_of(module) in FAMILIES])
def test_members_of_a_family_stand_alone(module: str) -> None:
    family = room_of(module)
    for name in imports(parsed(module)):
        if name.split(".")[0] == "lc_guard":
            assert room_of(name) in {family, *FAMILIES[family]}, f"{module} imports {name}"
    for name in imports(parsed(module), top_only=True):
        top = name.split(".")[0]
        assert top == "lc_guard" or top in sys.stdlib_module_names, f"{module} imports {name} outside a function"


@pytest.mark.parametrize("module", MODULES)
def test_only_its_family_imports_a_vendor(module: str) -> None:
    for owner, vendors in VENDORS.items():
        if room_of(module) != owner:
            found = {name.split(".")[0] for name in imports(parsed(module))} - GUESTS.get(module, set())
            assert vendors.isdisjoint(found)


@pytest.mark.parametrize("module", MODULES)
def test_no_module_is_long(module: str) -> None:
    assert MODULES[module].read_text(encoding="utf-8").count("\n") <= 500


def test_no_submodule_is_named_like_a_public_function() -> None:
    snapshot = Path(__file__).with_name("public_names.txt").read_text("utf-8")
    public = {path.rpartition(".")[2] for path in snapshot.split()}
    assert "Guard" in public
    names = {part for module in MODULES for part in module.split("/")}
    assert public & names == set()
