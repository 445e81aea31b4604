"""The benchmarks run, in small sizes; they never fail a test on time."""

from __future__ import annotations

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
    memory,
    protected_model,
    restoring,
    scanning,
    streaming,
    vaults,
)
from benchmarks.table import HEADS, Row, markdown, text, told

SMALL: list[tuple[Any, dict[str, Any], int]] = [
    (detection, {"characters": 300, "texts": 3, "repeats": 1}, 4),
    (restoring, {"sizes": (10, 50), "repeats": 1}, 2),
    (streaming, {"chunks": 50, "repeats": 1, "entries": 20}, 2),
    (chain, {"repeats": 1, "number": 2}, 1),
    (conversation, {"turns": 5}, 1),
    (protected_model, {"words": 20, "repeats": 1}, 3),
    (scanning, {"seconds": 0.01, "prompts": 10, "repeats": 1, "layers": 1, "hidden": 32}, 5),
    (langfuse_down, {"calls": 2, "answer_after": 0.01}, 3),
    (importing, {"repeats": 1}, 1),
    (memory, {"entries": 500}, 1),
    (vaults, {"sessions": 3, "repeats": 2, "stored": 2_000}, 10),
    (awkward, {"size": 300, "rows": 5, "megabyte": 4_000, "repeats": 1}, 5),
]


@pytest.mark.parametrize(("measured", "sizes", "count"), SMALL, ids=lambda value: getattr(value, "__name__", ""))
def test_each_runs(measured: Any, sizes: dict[str, Any], count: int) -> None:
    rows = measured.run(**sizes)
    assert len(rows) == count
    assert all(isinstance(row.ratio, int | float) and len(row.cells()) == len(HEADS) for row in rows)


def test_what_does_not_depend_on_time_holds() -> None:
    (read,) = conversation.run(turns=10)
    assert read.met
    held = streaming.run(chunks=50, repeats=1, entries=20)[1]
    assert held.met


def test_all_are_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert [benchmark for benchmark, _, _ in SMALL] == list(benchmarks.__main__.ALL)
    rows = [Row("a", "1", "2", 2.0, 1.5), Row("b", "1", "2", 50.0, 40, at_least=True)]
    monkeypatch.setattr(benchmarks.__main__, "run", lambda: rows)
    for flag, table in (([], text(rows)), (["--markdown"], markdown(rows))):
        monkeypatch.setattr("sys.argv", ["benchmarks", *flag])
        assert benchmarks.__main__.main() == 1
        assert capsys.readouterr().out == f"{table}\n"
    assert markdown(rows).splitlines()[-1] == "| b | 1 | 2 | 50.0× | ≥ 40× | yes |"
    assert [told(value) for value in (2.0, 0.002, 0.000002)] == ["2 s", "2 ms", "2 µs"]
