"""The page of tested versions: from passed runs only, and as it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import compatibility
from tests.compatibility import KINDS, PAGE, TABLE, main, note, page, proved, read_runs


def left(folder: Path, name: str, python: str = "3.11.7", *, failures: int = 0, skipped: int = 2, **held: str) -> None:
    """What a session leaves: pytest's report, and a note of its versions."""
    versions = {"langchain": "1.3.0", "langchain-core": "1.4.0", "langgraph": "1.2.2", "langfuse": "4.18.0", **held}
    told = {"python": python, "date": "2026-11-27", "versions": versions}
    (folder / f"{name}.json").write_text(json.dumps(told))
    counts = f'tests="12" failures="{failures}" errors="0" skipped="{skipped}" time="7.5"'
    (folder / f"{name}.xml").write_text(f"<testsuites><testsuite {counts}/></testsuites>")


def test_all_runs_are_on_the_page_in_order(tmp_path: Path) -> None:
    left(tmp_path, "newest-3.13", "3.13.0", langchain="1.10.0", numpy="2.5.5")
    left(tmp_path, "newest-3.11", langchain="1.9.0", numpy="2.4.6")
    left(tmp_path, "locked-3.11", langchain="1.5.2")
    left(tmp_path, "lowest-3.11")
    runs = read_runs(tmp_path)
    text = page(runs)
    assert [(run.kind, run.python) for run in runs] == [
        ("lowest", "3.11.7"), ("locked", "3.11.7"), ("newest", "3.11.7"), ("newest", "3.13.0"),
    ]  # fmt: skip
    assert "| lowest | 3.11.7 | 10 | 1.3.0 | 1.4.0 | 1.2.2 | 4.18.0 |" in text
    assert "| langchain | 1.3.0 | 1.5.2 | 1.9.0, 1.10.0 |" in text
    assert "| Library | Lowest | Locked | Newest |" in text
    assert "| numpy |  |  | 2.4.6, 2.5.5 |" in text
    assert "| Library | Lowest | Newest |\n| --- | --- | --- |\n" in page([run for run in runs if run.kind != "locked"])
    assert proved(runs)["langchain"] == ("1.3.0", "1.10.0")


def test_no_run_or_one_that_failed_makes_no_page(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no run in"):
        read_runs(tmp_path)
    left(tmp_path, "lowest-3.11")
    left(tmp_path, "locked-3.11", failures=1)
    with pytest.raises(SystemExit, match=r"locked-3\.11"):
        read_runs(tmp_path)
    left(tmp_path, "locked-3.11", skipped=12)
    with pytest.raises(SystemExit, match=r"locked-3\.11"):
        read_runs(tmp_path)


def test_it_writes_page_and_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compatibility, "ROOT", tmp_path)
    monkeypatch.setattr(compatibility, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(compatibility, "TABLE", tmp_path / "table.json")
    runs = tmp_path / "runs"
    runs.mkdir()
    for kind in KINDS:
        left(runs, f"{kind}-3.11")
    main([str(runs)])
    assert "2026-11-27" in (tmp_path / "page.md").read_text()
    assert json.loads((tmp_path / "table.json").read_text())["langgraph"] == ["1.2.2", "1.2.2"]


def test_a_note_holds_what_is_installed(tmp_path: Path) -> None:
    note(tmp_path / "note.json")
    told = json.loads((tmp_path / "note.json").read_text())
    assert {"langchain", "langgraph", "langgraph-checkpoint", "spacy"} <= told["versions"].keys()
    assert "lc-guard" not in told["versions"]


def test_page_and_table_tell_the_same() -> None:
    lines = PAGE.read_text().partition("\n| Library |")[2].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    named = {name: " ".join(cells).replace(",", "").split() for name, *cells in rows}
    table = json.loads(TABLE.read_text())
    assert set(named) == set(table)
    for name, (lowest, newest) in table.items():
        assert {lowest, newest} <= set(named[name]), name
