"""hide_corpus in this process: what is written, what is set aside, what is gone on with, in lines and texts."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

from lc_guard import CorpusError, Policy
from lc_guard.distributed import corpus_run, hide_corpus
from lc_guard.distributed.column_hider import CHUNK, pieces_of

from .corpora import (
    ADA,
    BERT,
    CARL,
    VALUES,
    bad_rows,
    every_byte,
    hidden,
    placeholders,
    read_lines,
    spec,
    write_lines,
)  # fmt: skip

SMALL = {"partition_bytes": 200}


def rows_of(count: int) -> list[dict[str, object]]:
    return [{"id": number, "text": f"row {number}: {ADA} came"} for number in range(count)]


class TestTwoPasses:
    def test_what_is_found_in_the_last_row_is_hidden_in_the_first(self, tmp_path):
        rows = [*rows_of(40), {"id": 40, "text": f"{ADA}! and {BERT}!"}]
        done = hidden(write_lines(tmp_path / "in.jsonl", rows), tmp_path / "out", spec(tmp_path), **SMALL)
        written = read_lines(tmp_path / "out")
        known = placeholders(tmp_path)
        assert [row["id"] for row in written] == list(range(41))
        assert {row["text"] for row in written[:40]} == {f"row {number}: {known[ADA]} came" for number in range(40)}
        assert written[40]["text"] == f"{known[ADA]}! and {known[BERT]}!"
        assert len(list((tmp_path / "out").glob("part-*"))) > 5
        assert (done.rows, done.bad_rows, done.again) == (41, 0, 40)
        assert done.found == {"PERSON": 2}

    def test_no_value_is_left_anywhere_in_the_output(self, tmp_path):
        rows = [{"text": f"{value}! {other}"} for value in VALUES for other in VALUES] + [{"text": f"{ADA}! RAISE"}]
        rows += [b'{"text": "' + ADA.encode() + b'!" broken']
        hidden(write_lines(tmp_path / "in.jsonl", rows), tmp_path / "out", spec(tmp_path), **SMALL)
        left = every_byte(tmp_path / "out")
        assert not [value for value in VALUES if value.encode() in left]

    def test_columns_that_are_not_named_go_on_as_they_are(self, tmp_path):
        rows = [{"text": f"{ADA}!", "other": {"a": [ADA, 1.5, None, "ö"]}, "notes": f"{ADA} too"}]
        source = write_lines(tmp_path / "in.jsonl", rows)
        hidden(source, tmp_path / "out", spec(tmp_path), columns=("text", "notes"))
        (row,) = read_lines(tmp_path / "out")
        known = placeholders(tmp_path)[ADA]
        assert row == {"text": f"{known}!", "other": rows[0]["other"], "notes": f"{known} too"}
        assert list(row) == ["text", "other", "notes"]

    def test_two_corpora_of_one_session_share_their_placeholders(self, tmp_path):
        for name in ("a", "b"):
            source = write_lines(tmp_path / name / "in.jsonl", [{"text": f"{ADA}! {name}"}])
            hidden(source, tmp_path / f"out-{name}", spec(tmp_path))
        assert read_lines(tmp_path / "out-b")[0]["text"] == f"{placeholders(tmp_path)[ADA]}! b"
        assert len(placeholders(tmp_path)) == 1


class TestBadInput:
    def test_bad_rows_are_set_aside_with_their_numbers(self, tmp_path):
        rows = [
            {"text": f"{ADA}!"},
            b"no json",
            b"",
            {"text": [ADA]},
            {"other": "x"},
            b'{"text": "\xff"}',
            b"[1]",
            {"text": f"{ADA}! RAISE"},
            {"text": None},
            {"text": 41110000},
            {"text": True},
            {"text": "half \ud800 of a pair"},
        ]
        rows = [json.dumps(row).encode() if isinstance(row, dict) else row for row in rows]
        done = hidden(write_lines(tmp_path / "in.jsonl", rows), tmp_path / "out", spec(tmp_path))
        assert bad_rows(done) == [
            ("in.jsonl", 2, "not JSON"),
            ("in.jsonl", 4, "column 'text' holds a list, which is no text"),
            ("in.jsonl", 5, "column 'text' is missing"),
            ("in.jsonl", 6, "not UTF-8 (byte 10)"),
            ("in.jsonl", 7, "not a JSON object"),
            ("in.jsonl", 8, "the check 'pii' failed with RuntimeError"),
        ]
        written = [row["text"] for row in read_lines(tmp_path / "out")]
        assert written == [f"{placeholders(tmp_path)[ADA]}!", None, 41110000, True, "half \ud800 of a pair"]
        assert done.rows == 5
        assert done.bad_rows == 6

    def test_a_number_that_is_a_value_is_hidden(self, tmp_path):
        from lc_guard.distributed import GuardSpec
        from lc_guard.testing import ExactDetector

        made = GuardSpec(vault=f"sqlite:///{tmp_path}/vault.db", detectors=(ExactDetector({"CARD": ["41110000"]}),))
        source = write_lines(tmp_path / "in.jsonl", [{"text": 41110000}, {"text": 41110001}])
        hidden(source, tmp_path / "out", made)
        assert [row["text"] for row in read_lines(tmp_path / "out")] == ["[REDACTED_CARD_1]", 41110001]

    def test_rows_that_the_policy_blocks_are_set_aside_alone(self, tmp_path):
        rows = [{"text": f"{ADA}!"}, {"text": "4111-0000!"}, {"text": f"{BERT}!"}]
        made = spec(tmp_path, policy=Policy(kinds={"CARD": "block"}))
        done = hidden(write_lines(tmp_path / "in.jsonl", rows), tmp_path / "out", made)
        assert bad_rows(done) == [("in.jsonl", 2, "blocked by the check 'pii' (CARD)")]
        assert len(read_lines(tmp_path / "out")) == 2

    def test_a_check_that_fails_on_every_row_stops_the_run(self, tmp_path):
        source = write_lines(tmp_path / "in.jsonl", [{"text": f"{ADA}! RAISE {number}"} for number in range(5)])
        with pytest.raises(Exception, match="no row of a batch could be checked") as caught:
            hidden(source, tmp_path / "out", spec(tmp_path))
        assert ADA not in str(caught.value)
        assert not list((tmp_path / "out").glob("part-*"))

    @pytest.mark.parametrize("name", ["in.jsonl", "in.csv"])
    def test_a_missing_column_is_refused_before_anything_is_done(self, tmp_path, name):
        (tmp_path / name).write_text('text,id\n"a",1\n' if name.endswith("csv") else '{"text": "a", "id": 1}\n')
        with pytest.raises(CorpusError, match=r"column 'txet' is missing; there are 'id', 'text'") as caught:
            hidden(tmp_path / name, tmp_path / "out", spec(tmp_path), columns=("txet",))
        assert caught.value.usage
        assert not (tmp_path / "vault.db").exists()

    def test_inputs_that_are_none(self, tmp_path):
        (tmp_path / "empty").mkdir()
        for source, told in (("nothing", "there is no file"), ("empty", "holds no file that ends in")):
            with pytest.raises(CorpusError, match=told):
                hidden(tmp_path / source, tmp_path / "out", spec(tmp_path))
        with pytest.raises(CorpusError, match="no columns are named"):
            hidden(write_lines(tmp_path / "in.jsonl", [{}]), tmp_path / "out", spec(tmp_path), columns=())
        with pytest.raises(ValueError, match="engine must be one of"):
            hidden(tmp_path / "in.jsonl", tmp_path / "out", spec(tmp_path), engine="dask")

    def test_a_long_text_is_cut_where_a_blank_stands(self, tmp_path):
        long = f"{ADA}! " + "word " * 50_000 + f"{ADA} {BERT}! " + "x" * (2 * CHUNK) + f" {BERT} {ADA}"
        source = write_lines(tmp_path / "in.jsonl", [{"text": f"{ADA} before"}, {"text": long}])
        done = hidden(source, tmp_path / "out", spec(tmp_path))
        known = placeholders(tmp_path)
        written = [row["text"] for row in read_lines(tmp_path / "out")]
        assert written[1] == long.replace(ADA, known[ADA]).replace(BERT, known[BERT])
        assert written[0] == f"{known[ADA]} before"
        assert done.bad_rows == 0

    def test_pieces_are_the_text(self):
        for text in ("", "a", "word " * 60_000, "x" * (3 * CHUNK + 7), "\n\n".join(["y" * 70_000] * 4)):
            pieces = list(pieces_of(text))
            assert "".join(pieces) == text
            assert max(map(len, pieces)) <= CHUNK


class TestCsv:
    def test_quotes_lines_and_commas(self, tmp_path):
        rows = [["id", "text"], ["1", f'"{ADA}!", he\nsaid, "{BERT}"'], ["2", f"{BERT}!"], ["3", ""]]
        with (tmp_path / "in.csv").open("w", newline="", encoding="utf-8-sig") as file:
            csv.writer(file).writerows(rows)
        with (tmp_path / "in.csv").open("a", newline="") as file:
            file.write('\r\n4,too,many\r\n5,"bro"ken\r\n6,last')
        done = hidden(tmp_path / "in.csv", tmp_path / "out", spec(tmp_path), partition_bytes=20)
        read = []
        for path in sorted((tmp_path / "out").glob("part-*.csv")):
            with path.open(newline="", encoding="utf-8") as file:
                head, *more = csv.reader(file)
            assert head == ["id", "text"]
            read += more
        known = placeholders(tmp_path)
        text = rows[1][1].replace(ADA, known[ADA]).replace(BERT, known[BERT])
        assert read == [["1", text], ["2", f"{known[BERT]}!"], ["3", ""], ["6", "last"]]
        assert [(row, why) for _, row, why in bad_rows(done)] == [
            (5, "3 fields for 2 columns"),
            (6, "not CSV: quotes are not as they should be"),
        ]

    def test_two_columns_of_one_name_are_refused(self, tmp_path):
        (tmp_path / "in.csv").write_text("text,text\na,b\n")
        with pytest.raises(CorpusError, match="two columns have one name"):
            hidden(tmp_path / "in.csv", tmp_path / "out", spec(tmp_path))


class TestTexts:
    def test_a_folder_keeps_its_form_and_names_are_hidden(self, tmp_path):
        source = tmp_path / "in"
        (source / "deep").mkdir(parents=True)
        (source / "a.txt").write_text(f"{ADA}! wrote\r\nto {BERT}.")
        (source / "deep" / f"letter of {BERT}!.md").write_text(f"{BERT}!")
        (source / "bad.txt").write_bytes(b"\xff")
        (source / "picture.png").write_bytes(b"\x89PNG")
        done = hidden(source, tmp_path / "out", spec(tmp_path), columns=())
        known = placeholders(tmp_path)
        written = {
            path.relative_to(tmp_path / "out").as_posix(): path.read_bytes().decode()
            for path in (tmp_path / "out").rglob("*")
            if path.is_file() and ".lc-guard" not in path.parts
        }
        assert written == {
            "a.txt": f"{known[ADA]}! wrote\r\nto {known[BERT]}.",
            f"deep/letter of {known[BERT]}!-3.md": f"{known[BERT]}!",
        }
        assert bad_rows(done) == [("bad.txt", 1, "not UTF-8 (byte 0)")]
        assert done.left_out == 1


class TestGoingOn:
    def test_a_stopped_run_goes_on_where_it_was(self, tmp_path, monkeypatch):
        source = write_lines(tmp_path / "in.jsonl", [*rows_of(40), {"text": f"{ADA}!"}])
        run = corpus_run._run
        begun: list[tuple[str, int]] = []

        def stopped(engine, task, todo, workers):
            begun.append((task.phase, len(todo)))
            run(engine, task, todo[: len(todo) // 2], workers)
            raise KeyboardInterrupt

        monkeypatch.setattr(corpus_run, "_run", stopped)
        while True:
            try:
                done = hidden(source, tmp_path / "out", spec(tmp_path), **SMALL)
                break
            except KeyboardInterrupt:
                if begun[-1][1] == 1:
                    monkeypatch.setattr(corpus_run, "_run", run)
        counts = [count for phase, count in begun if phase == "collect"]
        assert counts == sorted(counts, reverse=True)
        assert counts[0] > counts[1] > 1
        (tmp_path / "fresh").mkdir()
        whole = hidden(source, tmp_path / "other", spec(tmp_path / "fresh"), **SMALL)
        assert read_lines(tmp_path / "out") == read_lines(tmp_path / "other")
        assert (done.rows, done.found) == (whole.rows, whole.found)

    def test_a_complete_run_does_nothing(self, tmp_path, monkeypatch):
        source = write_lines(tmp_path / "in.jsonl", rows_of(10))
        first = hidden(source, tmp_path / "out", spec(tmp_path), **SMALL)
        monkeypatch.setattr(corpus_run, "_run", None)
        assert hidden(source, tmp_path / "out", spec(tmp_path), **SMALL) == first

    @pytest.mark.parametrize("change", ["input", "columns", "session", "vault", "guard"])
    def test_another_run_is_refused(self, tmp_path, change):
        source = write_lines(tmp_path / "in.jsonl", [{"text": "a", "notes": "b"}])
        hidden(source, tmp_path / "out", spec(tmp_path))
        options = {"columns": ("text",), "session": "corpus"}
        made = spec(tmp_path)
        if change == "input":
            write_lines(source, [{"text": "longer", "notes": "b"}])
        elif change == "columns":
            options["columns"] = ("text", "notes")
        elif change == "session":
            options["session"] = "other"
        elif change == "vault":
            (tmp_path / "else").mkdir()
            made = spec(tmp_path / "else")
        else:
            made = spec(tmp_path, policy=Policy(default="redact"))
        with pytest.raises(CorpusError, match=f"belongs to a run with another {change}"):
            hide_corpus(source, tmp_path / "out", made, workers=0, **options)

    def test_a_folder_with_other_files_is_refused(self, tmp_path):
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "mine.txt").write_text("mine")
        with pytest.raises(CorpusError, match="holds files of something else"):
            hidden(write_lines(tmp_path / "in.jsonl", rows_of(1)), tmp_path / "out", spec(tmp_path))

    def test_two_runs_at_once_on_one_output(self, tmp_path, monkeypatch):
        source = write_lines(tmp_path / "in.jsonl", rows_of(1))
        seen: list[str] = []
        run = corpus_run._run

        def another(*args):
            with pytest.raises(CorpusError) as caught:
                hidden(source, tmp_path / "out", spec(tmp_path))
            seen.append(str(caught.value))
            run(*args)

        monkeypatch.setattr(corpus_run, "_run", another)
        hidden(source, tmp_path / "out", spec(tmp_path))
        assert seen
        assert all("another run is writing to this output" in each for each in seen)

    def test_what_a_killed_worker_left_is_swept(self, tmp_path):
        source = write_lines(tmp_path / "in.jsonl", rows_of(1))
        left = tmp_path / "out" / ".part-00000.jsonl.1-ab.unfinished"
        folder = tmp_path / "out" / ".lc-guard"
        folder.mkdir(parents=True)
        hidden(source, tmp_path / "plan", spec(tmp_path))
        (folder / "plan.json").write_bytes((tmp_path / "plan" / ".lc-guard" / "plan.json").read_bytes())
        left.write_text("half")
        hidden(source, tmp_path / "out", spec(tmp_path))
        assert not left.exists()

    def test_an_input_that_changed_in_between_is_told(self, tmp_path, monkeypatch):
        source = write_lines(tmp_path / "in.jsonl", rows_of(5))
        run = corpus_run._run

        def changing(engine, task, todo, workers):
            if task.phase == "write":
                source.write_text("\n")
            run(engine, task, todo, workers)

        monkeypatch.setattr(corpus_run, "_run", changing)
        with pytest.raises(CorpusError, match="has changed since the run began"):
            hidden(source, tmp_path / "out", spec(tmp_path))
        assert not list((tmp_path / "out").glob("part-*"))

    def test_folders_of_the_notes_are_the_owners_own(self, tmp_path):
        hidden(write_lines(tmp_path / "in.jsonl", rows_of(1)), tmp_path / "out", spec(tmp_path))
        assert os.stat(tmp_path / "out" / ".lc-guard").st_mode & 0o777 == 0o700
        assert b"corpus" not in (tmp_path / "out" / ".lc-guard" / "plan.json").read_bytes()


def test_progress_is_told(tmp_path):
    told: list[tuple[str, int, int]] = []
    hidden(
        write_lines(tmp_path / "in.jsonl", rows_of(10)),
        tmp_path / "out",
        spec(tmp_path),
        told=lambda *how_far: told.append(how_far),
    )
    assert told[0] == ("collect", 0, 10)
    assert ("collect", 10, 10) in told
    assert told[-1] == ("write", 10, 10)


def test_carl_is_hidden_in_other_spellings_too(tmp_path):
    rows = [{"text": f"{CARL.upper()} and Mr. Sagan"}, {"text": f"{CARL}!"}]
    hidden(write_lines(tmp_path / "in.jsonl", rows), tmp_path / "out", spec(tmp_path), **SMALL)
    assert "SAGAN" not in read_lines(tmp_path / "out")[0]["text"]
    assert "Sagan" not in read_lines(tmp_path / "out")[0]["text"]


def test_the_output_may_be_beside_the_input(tmp_path):
    source = write_lines(tmp_path / "data" / "in.jsonl", rows_of(2))
    with pytest.raises(CorpusError, match="inside the input"):
        hidden(source.parent, source.parent / "out", spec(tmp_path))
    assert Path(source).exists()
