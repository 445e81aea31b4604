"""The walk of a prompt stays short, and `make measure` tells when something grew."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import measure


def test_a_prompt_enters_few_modules_where_nothing_scans() -> None:
    modules, changes = measure.entered(measure.anonymize_walk())
    entered = measure.own(modules)
    assert {"guard.py", "_engine/pipeline.py", "_engine/analyzer.py", "vaults/memory.py"} <= entered
    assert not [name for name in entered if "scan" in name]
    assert len([name for name in entered if name.startswith("_engine/")]) <= 6, sorted(entered)
    assert len(entered) <= measure.ANONYMIZE_BOUND, sorted(entered)
    assert changes > len(entered)


def test_a_streamed_answer_is_followed_through_threads_and_scanners() -> None:
    modules, _ = measure.entered(measure.stream_walk())
    assert len(measure.own(modules)) <= measure.STREAM_BOUND, sorted(measure.own(modules))
    assert {"_engine/scan_phase.py", "scanners/secrets.py", "_placeholders/restorer.py"} <= measure.own(modules)
    assert "testing/detectors.py" in modules


def test_no_function_is_too_complex() -> None:
    """By radon, which counts conditions within a line as well."""
    assert [place for complexity, place in measure.complexities() if complexity > measure.COMPLEXITY_BOUND] == []


def test_the_bounds_are_those_that_were_asked() -> None:
    assert (measure.ANONYMIZE_BOUND, measure.STREAM_BOUND, measure.COMPLEXITY_BOUND) == (18, 30, 15)


@pytest.mark.parametrize(("worst", "status"), [(15, 0), (16, 1)])
def test_the_exit_status_says_whether_every_bound_was_kept(
    worst: int, status: int, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(measure, "ANONYMIZE_BOUND", 100)
    monkeypatch.setattr(measure, "STREAM_BOUND", 100)
    monkeypatch.setattr(measure, "complexities", lambda: iter([(worst, "a.py:1 f"), (3, "b.py:1 g")]))
    monkeypatch.setattr("sys.argv", ["measure", "--walks"])
    assert measure.main() == status
    out = capsys.readouterr().out
    assert "lines  " in out
    assert "_engine/pipeline.py" in out
    assert ("16 a.py:1 f" in out) == (status == 1)
    monkeypatch.setattr(measure, "ANONYMIZE_BOUND", 3)
    assert measure.main() == 1
