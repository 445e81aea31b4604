"""Importing the package is cheap and loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

BASE = "from langchain_core.runnables import Runnable"
OURS = "from lc_guard import Guard, Anonymize, Deanonymize"
HEAVY = (
    "torch", "transformers", "spacy", "presidio_analyzer", "llm_guard", "langfuse", "langchain", "langgraph", "redis",
    "sqlalchemy", "numpy", "faker", "onnxruntime", "tokenizers", "rich", "opentelemetry", "langchain_openai", "pandas",
)  # fmt: skip


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    return done.stdout


def seconds_of_import() -> float:
    """What our import adds, of a processor's time, in a process that has done the base import."""
    timed = f"import time; {BASE}; started = time.process_time(); {OURS}; print(time.process_time() - started)"
    return float(python(timed))


def test_adds_less_than_a_third_of_a_second() -> None:
    assert min(seconds_of_import() for _ in range(4)) < 0.3


@pytest.mark.parametrize("code", [OURS, f"{OURS}; Guard([]); Anonymize(Guard([])); Deanonymize(Guard([]))"])
def test_loads_nothing_heavy(code: str) -> None:
    loaded = set(python(f"import sys; {code}; print(*(name.split('.')[0] for name in sys.modules))").split())
    before = set(python(f"import sys; {BASE}; print(*(name.split('.')[0] for name in sys.modules))").split())
    assert "lc_guard" in loaded
    assert (loaded - before) & set(HEAVY) == set()


def test_a_bare_import_loads_next_to_nothing() -> None:
    loaded = python("import sys; before = set(sys.modules); import lc_guard; print(*set(sys.modules) - before)").split()
    assert {name.split(".")[0] for name in loaded} <= {"lc_guard"} | set(sys.stdlib_module_names)
    ours = {name for name in loaded if name.startswith("lc_guard")}
    assert ours <= {"lc_guard", "lc_guard._lazy", "lc_guard.errors"}


def test_nothing_is_printed_or_logged() -> None:
    names = "import lc_guard; [getattr(lc_guard, name) for name in lc_guard.__all__]"
    assert python(f"import logging; logging.basicConfig(level=0); {names}") == ""
