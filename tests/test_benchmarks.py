"""The benchmarks run, in small sizes; they never fail a test on time."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import benchmarks.__main__
from benchmarks import (
    awkward,
    chain,
    conversation,
    detection,
    importing,
    langfuse_down,
    load,
    long_texts,
    memory,
    peers,
    protected_model,
    restoring,
    scale,
    scanning,
    serving,
    streaming,
    tracing,
    vaults,
)
from benchmarks.table import HEADS, Row, markdown, show, text, told, tried
from lc_guard import Entity

SMALL: list[tuple[Any, dict[str, Any], int]] = [
    (detection, {"characters": 300, "texts": 3, "repeats": 1}, 4),
    (restoring, {"sizes": (10, 50), "repeats": 1}, 3),
    (streaming, {"chunks": 50, "repeats": 1, "entries": 20}, 2),
    (chain, {"repeats": 1, "number": 2}, 2),
    (conversation, {"turns": 5}, 1),
    (protected_model, {"words": 20, "repeats": 1}, 3),
    (scanning, {"seconds": 0.01, "prompts": 10, "repeats": 1, "layers": 1, "hidden": 32}, 5),
    (langfuse_down, {"calls": 2, "answer_after": 0.01}, 3),
    (tracing, {"calls": 2}, 4),
    (importing, {"repeats": 1}, 1),
    (memory, {"entries": 500, "sessions": 20}, 2),
    (vaults, {"sessions": 3, "repeats": 2, "stored": 2_000}, 10),
    (awkward, {"size": 300, "rows": 5, "people": 5, "megabyte": 4_000, "repeats": 1}, 7),
    (serving, {"clients": 4, "requests": 12, "characters": 100}, 6),
    (load, {"calls": 20}, 2),
    (long_texts, {"sizes": (200, 400), "lines": 500}, 3),
]


@pytest.mark.parametrize(("measured", "sizes", "count"), SMALL, ids=lambda value: getattr(value, "__name__", ""))
def test_each_runs(measured: Any, sizes: dict[str, Any], count: int) -> None:
    rows = list(measured.run(**sizes))
    assert len(rows) == count
    assert not [row.error for row in rows if row.error]
    assert all(isinstance(row.ratio, int | float) and len(row.cells()) == len(HEADS) for row in rows)


def test_a_worker_is_bound_to_a_core_and_let_go() -> None:
    cores = scale._cores()
    with scale._bound_to(cores[:1]):
        assert scale._cores() == cores[:1]
    with scale._bound_to(None):
        assert scale._cores() == cores


def test_many_workers_on_one_vault() -> None:
    """In a process of its own, since it forks its workers."""
    options = ["--documents", "0", "--workers", "2", "--seconds", "0.3", "--detection", "0.001", "--vaults", "SQLite"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale", *options], capture_output=True, text=True, check=False
    )
    _, share, less, rate = done.stdout.splitlines()
    assert done.returncode in (0, 1), done.stderr
    assert "share of their time" in share
    assert "computing" in less
    assert "documents/s" in rate
    assert "could not run" not in done.stdout


def test_what_does_not_depend_on_time_holds() -> None:
    (read,) = conversation.run(turns=10)
    assert read.met
    held = list(streaming.run(chunks=50, repeats=1, entries=20))[1]
    assert held.met


LABELLED = (
    {"text": "Write to Jane Doe, jane@example.com.", "ents": [(9, 17, "PERSON"), (19, 35, "EMAIL")]},
    {"text": "Nothing is here.", "ents": []},
)


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    file = tmp_path / "labelled.jsonl"
    keys = ("start", "end", "label")
    lines = [{**case, "ents": [dict(zip(keys, ent, strict=True)) for ent in case["ents"]]} for case in LABELLED]
    file.write_text("\n".join([*map(json.dumps, lines), "no JSON"]))
    return file


class Names:
    """Finds one name, and what is none."""

    def detect(self, text: str) -> list[Entity]:
        return [Entity("PERSON", 9, 17), Entity("PERSON", 0, 5)] if "Jane" in text else []


def test_tools_of_others_are_measured_on_labelled_texts(labelled: Path) -> None:
    peer = peers.Peer(lambda: Names().detect, lambda found: (found.kind, found.start, found.end))
    title, _, heads, _, ours, other = peers.measured(labelled, {"ours": Names(), "other": peer}).splitlines()
    assert title == "labelled.jsonl: 2 texts, 52 characters, 2 mentions, 1 bad lines left out"
    assert heads.count("|") == ours.count("|") == len(peers.HEADS) + 1
    assert ours.split(" | ")[1:5] == ["0.500", "1.000", "0.500", "0.500"]
    assert ours.split(" | ")[1:6] == other.split(" | ")[1:6]


def test_a_tool_that_is_not_installed_is_a_row_that_says_so(
    labelled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("scrubadub", "llm_guard"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr("sys.argv", ["benchmarks.detection", str(labelled)])
    detection.main()
    _, _, _, _, ours, presidio, *others = capsys.readouterr().out.splitlines()
    assert ours.startswith("| lc-guard | 1.000 | 1.000 |")
    assert "not installed" not in presidio
    for module, row in zip(("llm_guard", "scrubadub"), others, strict=True):
        assert f"not installed: it needs the module {module}" in row


def test_presidio_is_measured_as_it_comes(labelled: Path) -> None:
    found = {name: tool for name, tool in peers.tools().items() if name.startswith("Presidio ")}
    row = peers.measured(labelled, found).splitlines()[-1]
    assert re.match(r"\| Presidio [\d.]+ \| 1\.000 \| 1\.000 \| ", row), row


ROWS = [Row("a", "1", "2", 2.0, 1.5), Row("b", "1", "2", 50.0, 40, at_least=True)]


class Ended:
    """A benchmark that measures one row and breaks."""

    def run(self) -> Iterator[Row]:
        yield ROWS[1]
        raise OSError("no such\nserver")


def main_with(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["benchmarks", *arguments])
    return benchmarks.__main__.main()


def test_what_broke_is_a_row_beside_all_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "benchmarks.chain", Ended())
    monkeypatch.setitem(sys.modules, "benchmarks.vaults", None)
    assert main_with(monkeypatch, "chain", "vaults", "conversation") == 1
    told_of = capsys.readouterr()
    _, measured, broke, missing, others = told_of.out.splitlines()
    assert measured.split()[-1] == "yes"
    assert broke.split("  ")[0] == "chain"
    assert "could not run: OSError: no such server" in broke
    assert "could not run: ModuleNotFoundError" in missing
    assert others.startswith("50 turns")
    assert [line.partition("]")[0] for line in told_of.err.splitlines()] == ["[1/3"] * 2 + ["[2/3"] * 2 + ["[3/3"] * 2


def test_rows_are_shown_as_they_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    def measured() -> Iterator[Row]:
        yield ROWS[0]
        assert "a  " in capsys.readouterr().out  # before the next one is measured
        yield ROWS[1]

    assert show(measured(), text) is False
    assert capsys.readouterr().out.startswith("b  ")
    assert show(ROWS[1:], markdown) is True
    assert capsys.readouterr().out.splitlines()[-1] == "| b | 1 | 2 | 50.0× | ≥ 40× | yes |"
    assert [told(value) for value in (2.0, 0.002, 0.000002)] == ["2 s", "2 ms", "2 µs"]


def test_an_interruption_ends_it() -> None:
    def interrupted() -> Iterator[Row]:
        yield ROWS[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(tried("name", interrupted))


def test_only_what_is_named_is_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert [benchmark.__name__.partition(".")[2] for benchmark, _, _ in SMALL] == list(benchmarks.__main__.ALL)
    assert main_with(monkeypatch, "conversation") == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    with pytest.raises(SystemExit):
        main_with(monkeypatch, "conversations")
    assert "no benchmark conversations" in capsys.readouterr().err
