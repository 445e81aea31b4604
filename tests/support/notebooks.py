"""Running notebooks in a fresh kernel, what models were sent meanwhile, and what of their outputs matters."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbclient import NotebookClient

INSTALLS = "skip-execution"
"""Tag of the cell that installs the package; nbclient passes over it, as whoever has it installed may."""

_ANSI = re.compile(r"\x1b\[[\d;]*m")
_CHANGING = (
    (re.compile(r"\b(?=[a-f]*\d)[0-9a-f]{12,}\b"), "<id>"),  # traces, digests of sessions and keys, what is encrypted
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\dZ)?( to \d{4}-\d\d-\d\d \d\d:\d\d)?"), "<time>"),
    (re.compile(r"(latency_ms(?:=|': ))[\d.e-]+"), r"\1<ms>"),
)
_START = """\
from pathlib import Path
from tests.support.received import record_cells
record_cells(Path({to!r}), {steps!r})
"""


def run(notebook: Any, folder: Path, *, steps: Sequence[str] = ()) -> dict[int, list[str]]:
    """Run a notebook in a kernel that records what models are sent; its outputs are put into it.

    Args:
        notebook: The notebook, which is changed.
        folder: An empty folder, in which it runs. The kernel must find the package and the tests.
        steps: Names of the steps that are plain functions which stand for a model.

    Returns:
        Number of a cell → the requests that models got while it ran.
    """
    # IPython's own start-up files run unseen: the notebook, its outputs and its numbers stay as they are.
    to, startup = folder / "received.jsonl", folder / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-received.py").write_text(_START.format(to=str(to), steps=list(steps)), encoding="utf-8")
    place = folder / "work"
    place.mkdir()
    resources = {"metadata": {"path": str(place)}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources).execute()
    cells = [json.loads(line) for line in to.read_text(encoding="utf-8").splitlines()]
    return {cell["cell"]: cell["requests"] for cell in cells}


def shown(cell: Any) -> list[str]:
    """Give what a reader sees below a cell, line by line: printed text first, then results, without colours."""
    printed = "".join(output.text for output in cell.outputs if output.output_type == "stream")
    results: list[str] = []
    for output in cell.outputs:
        data = output.get("data", {})
        picture = data.get("image/svg+xml")
        results += ("".join(picture).replace(">", ">\n") if picture else data.get("text/plain", "")).splitlines()
    return [_ANSI.sub("", line).rstrip() for line in [*printed.splitlines(), *results]]


def unchanging(lines: Sequence[str], measured: Sequence[tuple[str, str]] = ()) -> list[str]:
    """Give lines without what differs from run to run: ids, points in time, and what is measured.

    Args:
        lines: What `shown` gives.
        measured: Patterns of what is measured in these lines, each with what stands for it. Empty lines are left out.
    """
    changes = [*_CHANGING, *((re.compile(pattern), new) for pattern, new in measured)]
    kept: list[str] = []
    for line in lines:
        for pattern, new in changes:
            line = pattern.sub(new, line)  # noqa: PLW2901 - one change after the other
        if line.strip():
            kept.append(line)
    return kept
