"""``lc-guard eval``, run in the process."""

import io
import json
import sys

import pytest

from lc_guard.cli import main
from lc_guard.cli.detectors import choose
from lc_guard.detectors import Detector

GOOD = [
    {"id": "a", "text": "Write to jane@example.com now.", "ents": [{"start": 9, "end": 25, "label": "EMAIL"}]},
    {
        "id": "b",
        "text": "Ask Ludmilla.",
        "ents": [{"start": 4, "end": 12, "label": "WHO", "identifier_type": "DIRECT"}],
    },
]


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "cases.jsonl"
    path.write_text("\n".join([json.dumps(GOOD[0]), "Ludmilla is no JSON", json.dumps(GOOD[1])]))
    return path


@pytest.fixture
def run(capsys):
    def call(*args):
        status = main(["eval", *map(str, args)])
        out, err = capsys.readouterr()
        return status, out, err

    return call


def test_measures_and_names_bad_lines(run, data, tmp_path):
    as_json, as_html = tmp_path / "report.json", tmp_path / "report.html"
    status, out, err = run(data, "--detector", "patterns, rules", "--json", as_json, "--html", as_html)
    assert (status, err) == (0, "")
    assert "2 texts, 43 characters, 2 mentions, 1 bad line left out" in out
    assert "line 2: not JSON" in out
    report = json.loads(as_json.read_text())
    assert [detector["name"] for detector in report["detectors"]] == ["patterns", "rules"]
    patterns = report["detectors"][0]
    assert {row["name"]: row["fully_masked"] for row in patterns["kinds"]} == {"EMAIL_ADDRESS": 1.0, "WHO": 0.0}
    assert patterns["worst_misses"] == [
        {"case": "b", "start": 4, "end": 12, "label": "WHO", "identifier_type": "DIRECT", "exposed": 8}
    ]
    assert patterns["latency_ms_per_1000_characters"]["p95"] > 0
    assert report["bad_lines"] == [{"number": 2, "reason": "not JSON"}]
    assert "<svg" in as_html.read_text()
    for told in (out, as_json.read_text(), as_html.read_text()):
        assert "Ludmilla" not in told
        assert "jane@" not in told


def test_shows_values_when_asked(run, data, tmp_path):
    as_json, as_html = tmp_path / "report.json", tmp_path / "report.html"
    _, out, _ = run(data, "--detector", "patterns", "--show-values", "--json", as_json, "--html", as_html)
    for told in (out, as_json.read_text(), as_html.read_text()):
        assert "Ludmilla" in told


def test_limit_worst_and_label(run, data):
    _, out, _ = run(data, "--detector", "patterns", "--limit", 1)
    assert "1 text, 30 characters, 1 mention\n" in out
    _, out, _ = run(data, "--detector", "patterns", "--worst", 0, "--label", "who=PERSON")
    assert "not fully masked" not in out
    assert "WHO" not in out
    assert "PERSON" in out


def test_reads_standard_input(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(GOOD[0]).encode())))
    status, out, _ = run("-", "--detector", "patterns")
    assert status == 0
    assert "1 text," in out


def test_a_detector_of_ones_own(run, data, tmp_path, monkeypatch):
    module = tmp_path / "pii_of_mine.py"
    module.write_text(
        "from lc_guard import Entity\n"
        "class Mine:\n"
        "    def detect(self, text):\n"
        "        return [Entity('PERSON', 4, 12)]\n"
        "def make():\n    return Mine()\n"
        "made = Mine()\nbroken = 7\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    names = "pii_of_mine:Mine,pii_of_mine:make,pii_of_mine:made"
    status, out, _ = run(data, "--detector", names, "--label", "WHO=PERSON")
    assert status == 0
    assert out.count("worst 1 of 1") == 3
    status, out, _ = run(data, "--detector", "pii_of_mine:broken,no_such_module:x,patterns")
    assert status == 1
    assert "TypeError" in out
    assert "ModuleNotFoundError" in out
    assert "patterns: exact spans" in out


@pytest.fixture(autouse=True)
def _forget_modules():
    yield
    sys.modules.pop("pii_of_mine", None)


def test_a_detector_that_cannot_be_loaded_leaves_the_others(run, data, monkeypatch):
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "llm_guard" else real(name, *a))
    status, out, _ = run(data, "--detector", "llm-guard,patterns")
    assert status == 1
    assert "llm-guard: not measured: LLMGuardDetector needs an optional dependency" in " ".join(out.split())
    assert "pip install 'lc-guard[llm-guard]'" in " ".join(out.split())
    assert "patterns: exact spans" in out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["none.jsonl"], "can't read 'none.jsonl': No such file or directory"),
        (["."], "can't read '.'"),
        (["a\0b"], "not a file name"),
        (["DATA", "--detector", "defualt"], "there is no detector 'defualt': take default, rules, patterns"),
        (["DATA", "--detector", " ,"], "no detector is named"),
        (["DATA", "--json", "no/such/folder/x.json"], "can't write 'no/such/folder/x.json'"),
        (["DATA", "--html", "."], "can't write '.'"),
    ],
)
def test_wrong_usage_is_told_before_anything_runs(run, data, args, message):
    status, out, err = run(*(data if arg == "DATA" else arg for arg in args))
    assert (status, out) == (2, "")
    assert err.startswith("lc-guard: ")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("content", "told"), [("", "it is empty"), ("Jane\n\nDoe\n" * 4, "line 1: not JSON; line 3: ")]
)
def test_data_without_a_usable_line(run, tmp_path, content, told):
    path = tmp_path / "bad.jsonl"
    path.write_text(content)
    status, _, err = run(path, "--detector", "default")
    assert status == 2
    assert "no usable line" in err
    assert told in err
    assert "Jane" not in err


@pytest.mark.parametrize("args", [["--limit", "0"], ["--limit", "x"], ["--worst", "-1"], ["--label", "X"]])
def test_wrong_options(run, data, args):
    with pytest.raises(SystemExit) as stopped:
        run(data, *args)
    assert stopped.value.code == 2


def test_a_file_that_cannot_be_written_in_the_end(run, data, tmp_path):
    target = tmp_path / "report.json"
    target.symlink_to(tmp_path / "gone" / "report.json")
    status, out, err = run(data, "--detector", "patterns", "--json", target)
    assert status == 1
    assert "patterns" in out
    assert "can't write" in err


def test_a_progress_bar_on_a_terminal_only(data, monkeypatch, capsys):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    assert main(["eval", str(data), "--detector", "patterns"]) == 0
    assert "measuring" in terminal.getvalue()
    assert "2/" in terminal.getvalue()
    assert "measuring" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "name", ["default", "rules", "patterns", "spacy", "rampart", "llm-guard", "llm-guard-patterns"]
)
def test_every_name_gives_a_detector(name):
    (detector,) = choose(name).values()
    assert isinstance(detector, Detector)
    assert isinstance(detector._built(), Detector)


def test_llm_guard_without_its_model(run, data):
    status, out, _ = run(data, "--detector", "llm-guard-patterns")
    assert status == 0
    assert "1.000" in next(line for line in out.splitlines() if "EMAIL_ADDRESS" in line)
