"""The embedded engine: processes that die, that keep dying, that outlive nobody; disks and servers that are away."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lc_guard import CorpusError
from lc_guard.distributed import GuardSpec, corpus_run, hide_rows
from lc_guard.distributed.processes import run_on_processes

from ..support.servers import RedisServer
from .corpora import ADA, BERT, MarkedDetector, bad_rows, hidden, placeholders, read_lines, spec, write_lines

ROOT = Path(__file__).parents[2]


def die(_: object) -> None:
    os._exit(7)


def test_rows_are_hidden_by_two_processes_one_of_which_is_killed_in_mid_batch(tmp_path):
    rows = [{"id": number, "text": f"{ADA} of row {number}", "note": None} for number in range(520)]
    rows += [{"id": 520, "text": f"KILL {ADA}!", "note": f"{BERT}!"}, {"id": 521, "text": 5, "note": [1]}]
    killed = tmp_path / "killed"
    made = spec(tmp_path, killed=killed)
    done = hide_rows(iter(rows), made, columns=("text", "note"), session="corpus", workers=2)
    known = placeholders(tmp_path)
    assert killed.exists()
    assert [row["id"] for row in done] == list(range(522))
    assert [row["text"] for row in done[:520]] == [f"{known[ADA]} of row {number}" for number in range(520)]
    assert done[520] == {"id": 520, "text": f"KILL {known[ADA]}!", "note": f"{known[BERT]}!", "lc_guard_error": None}
    assert done[521] == {
        "id": 521, "text": None, "note": None, "lc_guard_error": "column 'note' holds a list, which is no text",
    }  # fmt: skip


def test_a_worker_of_a_corpus_is_killed(tmp_path):
    rows = [{"text": f"{ADA} {number}"} for number in range(20)] + [{"text": f"KILL {ADA}!"}]
    made = spec(tmp_path, killed=tmp_path / "killed")
    done = hidden(write_lines(tmp_path / "in.jsonl", rows), tmp_path / "out", made, workers=2, partition_bytes=300)
    known = placeholders(tmp_path)
    assert (tmp_path / "killed").exists()
    expected = [f"{known[ADA]} {number}" for number in range(20)] + [f"KILL {known[ADA]}!"]
    assert [row["text"] for row in read_lines(tmp_path / "out")] == expected
    assert (done.rows, done.bad_rows) == (21, 0)
    assert not list((tmp_path / "out").rglob("*.unfinished"))


def test_workers_that_keep_dying_are_told_of():
    with pytest.raises(CorpusError, match="ended 3 times in a row"):
        list(run_on_processes(die, [1], workers=1))


def test_workers_end_with_the_process_that_began_them(tmp_path):
    code = (
        "import sys, time; from lc_guard.distributed.processes import run_on_processes\n"
        "from tests.distributed.test_processes import tell_and_wait\n"
        f"list(run_on_processes(tell_and_wait, [{str(tmp_path)!r}], workers=1))"
    )
    driver = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    try:
        while not (told := list(tmp_path.glob("*.pid"))):
            assert driver.poll() is None
            time.sleep(0.02)
        worker = int(told[0].stem)
    finally:
        driver.kill()
        driver.wait()
    deadline = time.monotonic() + 30
    while is_running(worker):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def tell_and_wait(folder: str) -> None:
    (Path(folder) / f"{os.getpid()}.pid").touch()
    time.sleep(120)


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_full_disk_stops_the_run_which_goes_on_when_there_is_room(tmp_path):
    """No file may grow beyond 300 kB: the output would, the vault does not."""
    source = write_lines(tmp_path / "in.jsonl", [{"text": f"{ADA}! " + "x" * 1_000} for _ in range(400)])
    code = (
        "import resource, sys; from pathlib import Path; from tests.distributed.corpora import hidden, spec\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "try: hidden(folder / 'in.jsonl', folder / 'out', spec(folder))\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert told == (
        "CorpusError partition 0 failed (File too large); make room and run it again: what is done stays done\n"
    )
    assert not list((tmp_path / "out").rglob("*.unfinished"))
    assert not list((tmp_path / "out").glob("part-*"))
    assert hidden(source, tmp_path / "out", spec(tmp_path)).rows == 400


def test_a_vault_that_is_away_for_a_while_is_waited_for(tmp_path, monkeypatch):
    source = write_lines(
        tmp_path / "in.jsonl", [{"text": f"{ADA} {number}"} for number in range(9)] + [{"text": f"{ADA}!"}]
    )
    run = corpus_run._run
    with RedisServer() as server:
        made = GuardSpec(vault=server.url, detectors=(MarkedDetector(),), vault_timeout=60.0)

        def away(*args):
            server.stop()
            threading.Timer(1.0, server.start).start()
            run(*args)

        monkeypatch.setattr(corpus_run, "_run", away)
        done = hidden(source, tmp_path / "out", made, partition_bytes=50)
    assert (done.rows, done.bad_rows, done.again) == (10, 0, 8)
    assert not [row for row in read_lines(tmp_path / "out") if ADA in row["text"]]


def test_a_vault_that_stays_away_stops_the_run_and_no_row_is_called_bad(tmp_path):
    source = write_lines(tmp_path / "in.jsonl", [{"text": f"{ADA}! {number}"} for number in range(3)])
    with RedisServer() as server:
        made = GuardSpec(vault=server.url, detectors=(MarkedDetector(),), vault_timeout=0.2)
        server.stop()
        with pytest.raises(Exception, match=r"gave up after .*run it again .*stays done") as caught:
            hidden(source, tmp_path / "out", made)
        assert ADA not in str(caught.value)
        server.start()
        done = hidden(source, tmp_path / "out", made)
    assert done.bad_rows == 0
    assert done.rows == 3
    with pytest.raises(AssertionError):
        bad_rows(done)
