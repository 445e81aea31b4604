"""``lc-guard corpus``: what it prints, where its progress goes, its exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lc_guard.cli import corpus, main

from ..distributed.corpora import ADA, MarkedDetector, placeholders, read_lines, write_lines

DETECTOR = "tests.cli.test_corpus:MarkedDetector"
ROOT = Path(__file__).parents[2]

assert MarkedDetector


def arguments(folder: Path, *more: str) -> list[str]:
    given = ["corpus", str(folder / "in.jsonl"), str(folder / "out"), "--columns", "text", "--session", "corpus"]
    return [*given, "--vault", f"sqlite:///{folder}/vault.db", "--detectors", DETECTOR, "--workers", "1", *more]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in ("LC_GUARD_VAULT_URL", "LC_GUARD_VAULT_KEYS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def test_it_runs_as_a_program_and_again(tmp_path):
    write_lines(tmp_path / "in.jsonl", [{"text": f"{ADA} 1"}, {"text": f"{ADA}! 2"}, b"bad"])
    command = [sys.executable, "-m", "lc_guard", *arguments(tmp_path)]
    for _ in range(2):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 1, done.stderr
        lines = [line.split() for line in done.stdout.splitlines()]
        assert ["rows", "written", "2"] in lines
        assert ["bad", "rows", "set", "aside", "1"] in lines
        assert ["not", "JSON", "1"] in lines
        assert ["PERSON", "2"] in lines
        assert "pass 1 of 2: finding values" in done.stderr
        assert ADA not in done.stdout + done.stderr
    known = placeholders(tmp_path)
    assert read_lines(tmp_path / "out") == [{"text": f"{known[ADA]} 1"}, {"text": f"{known[ADA]}! 2"}]


def test_json_and_a_policy(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("lc_guard.distributed.corpus_run.cores", lambda: 0)
    write_lines(tmp_path / "in.jsonl", [{"text": f"{ADA}!"}])
    (tmp_path / "policy.toml").write_text('default = "redact"\n')
    given = arguments(tmp_path, "--json", "--policy", str(tmp_path / "policy.toml"))
    given[given.index("--workers") : given.index("--workers") + 2] = []
    assert main(given) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["rows"], said["found"], said["bad_rows_file"]) == (1, {"PERSON": 1}, None)
    assert read_lines(tmp_path / "out") == [{"text": "[REDACTED_PERSON]!"}]


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        (["--vault", ""], 2, "no vault is named"),
        (["--vault", "mysql://me:hunter2@db/x"], 2, "none of the known schemes"),
        (["--columns", "txet"], 2, "column 'txet' is missing"),
        (["--columns", ""], 2, "no columns are named: give --columns"),
        (["--detectors", "nosuch"], 2, "there is no detector 'nosuch'"),
        (["--policy", "nosuch.toml"], 2, "nosuch.toml"),
        (["--workers", "0"], 2, "a whole number from 1 is needed"),
        (["--engine", "dask"], 2, "invalid choice"),
    ],
)
def test_wrong_usage(tmp_path, capsys, change, status, told):
    write_lines(tmp_path / "in.jsonl", [{"text": "a"}])
    try:
        found = main(arguments(tmp_path, *change))
    except SystemExit as left:
        found = left.code
    said = capsys.readouterr().err
    assert told in said
    assert "hunter2" not in said
    assert found == status


def test_lines_of_progress_come_now_and_then(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(corpus.time, "monotonic", lambda: now[0])
    show = corpus._PlainProgress()
    for second in range(100):
        now[0] = float(second)
        show("collect", 10 * second, 10_000)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "lc-guard: pass 1 of 2: finding values: 0 of 10,000 rows"
    assert lines[1] == "lc-guard: pass 1 of 2: finding values: 300 of 10,000 rows, 10.0 rows/s, 16 min left"
    assert len(lines) == 4
