"""Every notebook runs without keys, gives the outputs it is kept with, and sends no model a value that it hides."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest

import lc_guard
from tests.support import notebooks
from tests.support.received import PLACEHOLDER, found_in, holds
from tests.test_public_names import PACKAGES

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
MACHINE = re.compile(r"/(?:home|root|work|tmp|opt|usr|Users|private)/|[A-Z]:\\\\", re.IGNORECASE)
MOST_BYTES = 100_000

JANE = ("Jane Doe", "Doe", "jane.doe@example.com")
OKAFOR = (*JANE, "Okafor")
TOKEN = "ghp_" + "9fK2mX7qT4vB1nR8wZ5c" + "Y3dL6gH0jP2sA4eU"
COURT = (
    "Raghunathan", "O'Brien", "Okafor", "dana.okafor@okaforlegal.com", "Whitfield", "Lindqvist", "Pruitt",
    "pat.obrien77@mailbox.org", "217-555-0188", "Vega-Ortiz", "536-22-8147", "4012 8888 8888 1881", "77 Quarry Lane",
    "1420 Maple Hollow Road", "March 14, 1986", "Adeyemi", "b.holloway@lindqvistlaw.com", "62704", "07/22/1979",
)  # fmt: skip


@dataclass(frozen=True)
class Sends:
    """What models are sent by a notebook.

    Attributes:
        values: What it hides; no request may hold one, however written.
        cells: The cells in which a request holds a placeholder: all of them, so that none stops to hide, or to ask.
        unguarded: Cells that show on purpose what happens without the boundary: the requests that hold a value there.
        steps: Names of the steps that are plain functions which stand for a model.
    """

    values: tuple[str, ...] = ()
    cells: frozenset[int] = frozenset()
    unguarded: Mapping[int, int] = field(default_factory=dict)
    steps: tuple[str, ...] = ()


SENDS = {
    "01_first_chain": Sends(COURT, frozenset({8})),
    "02_measure_your_detector": Sends(),  # no model in it
    "03_agents_and_tools": Sends((*OKAFOR, "1961-04-02"), frozenset({4, 10, 11, 12, 13})),
    # 12: a store in house holds real text, and so does its embedding model
    "04_rag": Sends((*OKAFOR, "Tom Baker"), frozenset({5, 7, 11, 13}), {12: 4}, ("RunnableLambda",)),
    # 4: the bare chain beside the guarded one
    "05_streaming": Sends(OKAFOR, frozenset({4, 6, 7, 8, 9, 10, 11, 12, 13, 14}), {4: 1}),
    # 2: the story teller without a guard
    "06_banned_topics": Sends(("Mia Berger", "Berger"), frozenset({4, 9}), {2: 1}, ("StoryTeller",)),
    # 11: on_invalid="warn" lets the token through, as a way to roll out
    "07_support_chat_many_scanners": Sends((*JANE, "4012 8888 8888 1881", TOKEN), frozenset({6, 11}), {11: 1}),
    "08_output_scanning": Sends(JANE, frozenset({4, 7, 9, 10, 11, 14})),
    # 8: a store in house holds real text, and so does its embedding model
    "09_prompt_injection": Sends(JANE, frozenset({4, 15}), {8: 1}),
    "10_monitor_in_langfuse": Sends(("Hartwell",), frozenset({5}), {}, ("RunnableLambda",)),
    "11_vaults_and_erasure": Sends((*JANE, "Tom Baker", "212-456-7890"), frozenset({3}), {}, ("reply",)),
}

# Which answers people are asked for hangs on latencies and on ids of traces: what is drawn and counted of them, too.
ANSWERS = [(r"^\s*<(?:polyline|circle|rect|line|text|path|g)\b.*", ""), (r"\d[\d.,]*", "<n>")]
# What is measured, by notebook and cell: a pattern, and what stands for it.
MEASURED = {
    ("01_first_chain", 12): [(r"in \d+ strings", "in <n> strings")],  # how many there are is LangChain's own business
    ("07_support_chat_many_scanners", 9): [(r".* allow .*", ""), (r" +[\d.]+$", " <ms>")],  # those that took 20 ms
    ("10_monitor_in_langfuse", 10): [
        (r"[▁-█]+( +300 +0.%).*%", r"\1 <ms>"),
        (r".*(p95, |worth it\?|--create-queue).*", ""),
    ],
    # Its steps begin at full hours and its axis bears dates: how many there are hangs on the time of day.
    ("10_monitor_in_langfuse", 7): [(r"^(?!.*Risk .*over time).*", "")],
    **{("10_monitor_in_langfuse", cell): ANSWERS for cell in (8, 11, 12, 13, 14)},
    ("10_monitor_in_langfuse", 9): [*ANSWERS, (r".*</text>?", "")],  # how many marks its axis has, too
}


@pytest.fixture
def no_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "LANGFUSE_", "LANGSMITH_", "LANGCHAIN_")):
            monkeypatch.delenv(name)
    # The kernel imports the package that is tested here, and of the checkout the stand-ins.
    places = [Path(lc_guard.__file__).parents[1], Path(__file__).parents[1]]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, places)))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))


def named(path: Path) -> str:
    return path.name


def installs(cell: Any) -> bool:
    return notebooks.INSTALLS in cell.metadata.get("tags", ())


def code_of(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and not installs(cell)]


def test_all_notebooks_are_known():
    assert [path.stem for path in NOTEBOOKS] == sorted(SENDS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_runs_as_it_is_kept_and_sends_models_no_value(path: Path, tmp_path: Path, no_keys: None):
    notebook = nbformat.read(path, as_version=4)
    kept = [notebooks.shown(cell) for cell in code_of(notebook)]
    sends = SENDS[path.stem]
    requests = notebooks.run(notebook, tmp_path, steps=sends.steps)

    with_value = {cell: [text for text in texts if found_in([text], sends.values)] for cell, texts in requests.items()}
    assert {cell: len(texts) for cell, texts in with_value.items() if texts} == sends.unguarded
    hidden = {cell for cell, texts in requests.items() if any(map(PLACEHOLDER.search, texts))}
    assert hidden == sends.cells

    for number, (cell, before) in enumerate(zip(code_of(notebook), kept, strict=True), 1):
        measured = MEASURED.get((path.stem, number), ())
        now = notebooks.unchanging(notebooks.shown(cell), measured)
        assert now == notebooks.unchanging(before, measured), f"cell {number}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_what_is_looked_for_stands_in_the_notebook(path: Path):
    text = path.read_text(encoding="utf-8")
    if path.stem != "01_first_chain":  # its text comes from the package
        assert [value for value in SENDS[path.stem].values if not holds(text, value) and value != TOKEN] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_opens_with_its_installation_and_a_link_to_run_it(path: Path):
    notebook = nbformat.read(path, as_version=4)
    assert f"/blob/main/notebooks/{path.name})" in notebook.cells[0].source  # Colab's address
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert [cell for cell in notebook.cells if cell.cell_type == "code" and installs(cell)] == [first]
    extras = re.fullmatch(r"%pip install -q (?:lc-guard|'lc-guard\[([a-z,-]+)\]')(?: [a-z-]+)*", first.source)
    assert extras is not None
    known = tomllib.loads((path.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set((extras[1] or "").split(",")) - {""} <= set(known["optional-dependencies"])
    assert "Guard(" in code_of(notebook)[0].source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_imports_only_what_an_installation_has(path: Path):
    code = "\n".join(cell.source for cell in code_of(nbformat.read(path, as_version=4)))
    for node in (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom)):
        module, names = str(node.module), {each.name for each in node.names}
        assert module.partition(".")[0] != "tests"
        if module.partition(".")[0] == "lc_guard" and module != "lc_guard.cli":
            assert module in PACKAGES
            assert names <= set(importlib.import_module(module).__all__)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_is_kept_with_its_outputs(path: Path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = code_of(notebook)
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert outputs
    assert [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"] == []
    assert MACHINE.findall(json.dumps(outputs)) == []
    assert path.stat().st_size < MOST_BYTES
