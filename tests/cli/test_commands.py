"""The commands, in process and as a user starts them: what they print, what leaves, what they say of errors."""

from __future__ import annotations

import io
import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree as ET

import pytest
from langfuse._client.resource_manager import LangfuseResourceManager

import lc_guard.cli
from lc_guard.cli import main
from lc_guard.cli.detectors import TEXT_KINDS
from lc_guard.demo.hidden import gold, transcript
from lc_guard.detectors.surroundings import TextKind

from ..support.langfuse_server import LangfuseServer
from ..support.openai_server import Failure, OpenAIServer

MISSED = {"Harriet", "19-OP-70254"}
"""What the default detector does not find in the transcript; the demo says so."""
VALUES = [value for values in gold().values() for value in values if value not in MISSED]
LEAST_HIDDEN = 43

OWN_TEXT = """\
Minutes. Mr. Tobias Lindqvist asked that Ms. Priya Raghunathan be called at 217-555-0188.

Her e-mail is priya.r@okaforlegal.com, and Ms. Raghunathan's card is 4012 8888 8888 1881.
"""
OWN_VALUES = ["Lindqvist", "Raghunathan", "217-555-0188", "priya.r@okaforlegal.com", "4012 8888 8888 1881"]
ROOT = Path(lc_guard.cli.__file__).parents[2]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "LANGFUSE_", "FORCE_COLOR", "NO_COLOR", "COLUMNS")):
            monkeypatch.delenv(name)
    yield
    LangfuseResourceManager.reset()


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    path = tmp_path / "minutes.txt"
    path.write_text(OWN_TEXT, encoding="utf-8")
    return path


def run(*args: object, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "lc_guard", *map(str, args)]
    environment = {**os.environ, "PYTHONIOENCODING": ""}
    return subprocess.run(command, input=stdin, capture_output=True, cwd=ROOT, env=environment, timeout=60, check=False)


def flat(text: str) -> str:
    return " ".join(text.split())


def column(output: str, number: int) -> str:
    """Text of one of the two columns of what was said and what the model saw."""
    rows = [line.split("│") for line in output.splitlines() if line.startswith("│")]
    return flat(" ".join(row[number] for row in rows if len(row) == 4))


class TestDemo:
    def test_as_a_user_runs_it_into_a_pipe(self):
        done = run("demo", "--width", "200")
        output = done.stdout.decode()
        assert done.returncode == 0, done.stderr
        assert done.stderr == b""
        assert "\x1b" not in output
        assert max(map(len, output.splitlines())) <= 200
        seen = column(output, 2)
        assert "[REDACTED_PERSON_1]" in seen
        assert [value for value in VALUES if flat(value) in seen] == []
        said = column(output, 1)
        assert [value for value in VALUES if flat(value) not in said] == []
        assert re.search(r"result +0 found", output)
        hidden, every = map(int, re.search(r"hidden (\d+) of (\d+)", output).groups())
        assert hidden >= LEAST_HIDDEN
        assert every == sum(map(len, gold().values()))

    def test_what_comes_back_has_real_values(self, capsys):
        assert main(["demo", "--width", "300"]) == 0
        output = capsys.readouterr().out
        back = output[output.index("What came back") :].splitlines()
        end = next(i for i, line in enumerate(back) if line.startswith("╰"))
        assert "0 unknown" in back[end]
        assert end > 3
        for line in back[1:end]:
            assert line.strip("│ ") in flat(transcript())

    def test_narrow(self, capsys):
        assert main(["demo", "--width", "80", "--rows", "3"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert max(map(len, lines)) <= 80
        assert any("more paragraphs" in line for line in lines)

    def test_the_users_own_text(self, capsys, own_file):
        assert main(["demo", "--text", str(own_file), "--width", "120", "--session", "s-9"]) == 0
        output = capsys.readouterr().out
        assert "s-9" in output
        assert [value for value in OWN_VALUES if value in column(output, 2)] == []
        assert "of the transcript's own list" not in output

    def test_the_users_own_text_from_stdin(self, capsys, monkeypatch):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(OWN_TEXT.encode())))
        assert main(["demo", "--text", "-", "--width", "120"]) == 0
        assert "Raghunathan" in column(capsys.readouterr().out, 1)

    def test_markup_and_look_alikes_in_the_text_stand_as_typed(self, capsys, tmp_path):
        path = tmp_path / "t.txt"
        path.write_text("The [bold]file[/bold] [REDACTED_PERSON_1] went to Ms. Priya Raghunathan in the old office.")
        assert main(["demo", "--text", str(path), "--width", "150"]) == 0
        output = capsys.readouterr().out
        assert "[bold]file[/bold] [REDACTED_PERSON_1] went to" in column(output, 1)
        assert output.count("The [bold]file[/bold] [REDACTED_PERSON_1] went to Ms. Priya Raghunathan") == 2

    def test_json_holds_facts_and_no_text(self, capsys):
        assert main(["demo", "--json"]) == 0
        output = capsys.readouterr().out
        facts = json.loads(output)
        assert facts["model"] == {"name": "StandInSummarizer", "stand_in": True}
        assert facts["langfuse"]["found"] == 0
        assert facts["langfuse"]["searched_values"] > 40
        assert set(facts["langfuse"]["scores"]) == {"prompt.pii", "prompt.pii.valid", "guard.action"}
        assert facts["checks"][0]["entities"]["PERSON"] > 40
        assert [value for value in VALUES if value in output] == []

    def test_the_picture(self, capsys, tmp_path):
        path = tmp_path / "demo.svg"
        assert main(["demo", "--rows", "2", "--svg", str(path)]) == 0
        svg = path.read_text(encoding="utf-8")
        ET.fromstring(svg)
        assert "http" not in svg.replace("http://www.w3.org/2000/svg", "").replace("https://www.textualize.io", "")
        assert "0&#160;found" in svg

    def test_a_picture_that_cannot_be_written(self, capsys, tmp_path):
        assert main(["demo", "--json", "--svg", str(tmp_path / "none" / "demo.svg")]) == 2
        assert "can't write" in capsys.readouterr().err

    def test_on_a_terminal_in_colour_with_progress(self, capsys, monkeypatch):
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setattr("lc_guard.cli.demo._PAUSE", 0.001)
        assert main(["demo", "--rows", "1", "--width", "100"]) == 0
        captured = capsys.readouterr()
        assert re.search("\x1b\\[1;38;(5;99|2;139;92;246)m", captured.out)  # persons' violet, of 256 colours or of all
        assert "loading the detectors' models" in captured.err

    def test_on_a_terminal_without_colour(self, capsys, monkeypatch):
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("NO_COLOR", "1")
        assert main(["demo", "--rows", "1", "--width", "100"]) == 0
        assert re.search(r"\x1b\[[0-9;]*3[0-9]", capsys.readouterr().out) is None

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (None, "No such file"),
            (b"\x00\x01\x02", "is binary"),
            (b"\xff\xfe\x00A", "is not UTF-8 text"),
            (b"", "empty"),
            (b" \n\t\n", "empty"),
        ],
    )
    def test_texts_that_are_none(self, capsys, tmp_path, content, told):
        path = tmp_path / "text"
        if content is not None:
            path.write_bytes(content)
        assert main(["demo", "--text", str(path)]) == 2
        captured = capsys.readouterr()
        assert told in captured.err
        assert captured.out == ""

    def test_a_reader_who_leaves(self):
        command = [sys.executable, "-m", "lc_guard", "demo"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
            process.stdout.readline()
            process.stdout.close()
            assert process.wait(60) == 141
            assert process.stderr.read() == b""

    def test_a_leak_is_counted_and_ends_in_status_1(self, capsys, monkeypatch):
        monkeypatch.setattr("lc_guard.langfuse.in_memory.mask_otel_spans", lambda guard: None)
        assert main(["demo", "--width", "100"]) == 1
        found = re.search(r"result +(\d+) found: \d+ PERSON", capsys.readouterr().out)
        assert int(found[1]) > 100

    def test_nothing_exported_is_not_a_success(self, capsys, monkeypatch):
        monkeypatch.setenv("LANGFUSE_TRACING_ENABLED", "false")
        assert main(["demo", "--width", "100"]) == 1
        assert "no span was exported" in capsys.readouterr().out

    @pytest.mark.parametrize("args", [["--rows", "-1"], ["--rows", "x"], ["--width", "39"]])
    def test_wrong_numbers(self, capsys, args):
        with pytest.raises(SystemExit, match="2"):
            main(["demo", *args])


class TestRealClients:
    def test_chat_openai_receives_placeholders(self, capsys, monkeypatch):
        with OpenAIServer(chunk_size=5) as server:
            monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
            monkeypatch.setenv("OPENAI_API_KEY", server.api_key)
            assert main(["demo", "--width", "200", "--model", "gpt-test"]) == 0
        (request,) = server.requests
        assert request["model"] == "gpt-test"
        assert request["stream"] is True
        sent = request["messages"][-1]["content"]
        assert [value for value in VALUES if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", sent)] == []
        output = capsys.readouterr().out
        assert "ChatOpenAI gpt-test" in output
        back = output[output.index("What came back") :]
        assert "REDACTED" not in back[: back.index("╰")]
        assert "4012 8888 8888 1881" in back

    def test_a_local_server_needs_no_key(self, capsys, monkeypatch):
        with OpenAIServer(api_key="none") as server:
            monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
            monkeypatch.setenv("OPENAI_MODEL", "local")
            assert main(["demo", "--json"]) == 0
        assert server.requests[0]["model"] == "local"

    def test_offline_asks_nobody(self, capsys, monkeypatch):
        with OpenAIServer() as openai, LangfuseServer() as langfuse:
            monkeypatch.setenv("OPENAI_BASE_URL", openai.base_url)
            monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", langfuse.public_key)
            monkeypatch.setenv("LANGFUSE_SECRET_KEY", langfuse.secret_key)
            monkeypatch.setenv("LANGFUSE_BASE_URL", langfuse.url)
            assert main(["demo", "--offline", "--json"]) == 0
        assert openai.requests == []
        assert langfuse.raw == []

    def test_a_model_that_fails(self, capsys, monkeypatch):
        with OpenAIServer(reply=lambda _: Failure(401, "O'Brien was not let in")) as server:
            monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
            monkeypatch.setenv("OPENAI_API_KEY", server.api_key)
            assert main(["demo"]) == 1
        error = capsys.readouterr().err
        assert "HTTP status 401" in error
        assert "O'Brien" not in error
        assert "Traceback" not in error

    def test_chat_openai_without_its_package(self, capsys, monkeypatch):
        monkeypatch.setitem(sys.modules, "langchain_openai", None)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
        assert main(["demo"]) == 1
        assert "lc-guard[openai]" in capsys.readouterr().err

    def test_langfuse_receives_placeholders_and_scores(self, capsys, monkeypatch):
        with LangfuseServer() as server:
            monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", server.public_key)
            monkeypatch.setenv("LANGFUSE_SECRET_KEY", server.secret_key)
            monkeypatch.setenv("LANGFUSE_BASE_URL", server.url)
            assert main(["demo", "--width", "100"]) == 0
        output = capsys.readouterr().out
        assert f"What Langfuse received, at {server.url}" in output
        assert re.search(r"result +0 found", output)
        assert server.refused == []
        assert [value for value in VALUES if server.holds(value)] == []
        assert any(b"[REDACTED_PERSON_1]" in body for body in server.raw)
        ((trace_id, spans),) = server.traces().items()
        (check,) = [span for span in spans if span.type == "guardrail"]
        scores = server.scores_of(trace_id)
        assert scores["prompt.pii", check.span_id] > 0.5
        assert scores["prompt.pii.valid", check.span_id] == 1

    def test_langfuse_that_refuses(self, capsys, monkeypatch):
        with LangfuseServer() as server:
            monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", server.public_key)
            monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk-lf-wrong")
            monkeypatch.setenv("LANGFUSE_HOST", server.url)
            assert main(["demo", "--width", "100"]) == 1
        assert re.search(r"1[12] spans and scores +were not taken by", capsys.readouterr().out)


class TestScan:
    def test_files_share_a_session(self, capsys, own_file, tmp_path):
        other = tmp_path / "other.txt"
        other.write_bytes("\ufeffCall 217-555-0188, not 217-555-0199.\r\n".encode())
        assert main(["scan", str(own_file), str(other), "--detector", "patterns"]) == 0
        output = capsys.readouterr().out
        assert output.endswith("Call [REDACTED_PHONE_NUMBER_1], not [REDACTED_PHONE_NUMBER_2].\r\n")
        assert "called at [REDACTED_PHONE_NUMBER_1]." in output

    def test_default_detector_hides_names(self, capsys, own_file):
        assert main(["scan", str(own_file)]) == 0
        output = capsys.readouterr().out
        assert [value for value in OWN_VALUES if value in output] == []
        assert output.count("\n") == OWN_TEXT.count("\n")

    def test_what_the_texts_are_may_be_told(self, capsys, tmp_path):
        log = tmp_path / "app.log"
        log.write_text("2026-05-01 10:00:00 ERROR login of Jane Doe timed out\n")
        shown = []
        for kind in ("any", "logs"):
            assert main(["scan", str(log), "--text-kind", kind]) == 0
            shown.append(capsys.readouterr().out)
        assert ["2026-05-01" in text for text in shown] == [False, True]
        assert all("Jane" not in text for text in shown)

    def test_countries_and_languages_may_be_told(self, capsys, tmp_path):
        text = tmp_path / "text.txt"
        text.write_text("Noted: 111222333. Nothing else.\n")  # a BSN by its checksum
        command = ["scan", "--entities", str(text), "--languages", "en"]
        kinds = []
        for more in ([], ["--countries", "NL"], ["--countries", "FR, DE"]):
            assert main([*command, *more]) == 0
            kinds.append("NL_BSN" in capsys.readouterr().out)
        assert kinds == [False, True, False]

    @pytest.mark.parametrize("command", ["scan", "eval", "demo"])
    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            (["--languages", "sv"], "known are de, en"),
            (["--languages", " , "], "--languages names none"),
            (["--countries", "DE,XX"], "countries has XX: known are"),
            (["--countries", ""], "--countries names none"),
        ],
    )
    def test_codes_that_are_not_known_are_wrong_usage(self, capsys, own_file, command, wrong, told):
        given = {"scan": [str(own_file)], "eval": [str(own_file)], "demo": ["--offline"]}[command]
        assert main([command, *given, *wrong]) == 2
        captured = capsys.readouterr()
        assert told in captured.err
        assert not captured.out

    def test_other_detectors_are_told_nothing(self, capsys, own_file):
        assert main(["scan", str(own_file), "--detector", "patterns", "--countries", "DE"]) == 2
        assert "belong to the default detector" in capsys.readouterr().err
        assert main(["eval", str(own_file), "--detector", "spacy", "--text-kind", "logs"]) == 2
        assert "are for the detectors default and rules" in capsys.readouterr().err

    def test_the_kinds_of_text_are_those_of_the_detector(self):
        assert get_args(TextKind) == TEXT_KINDS

    @pytest.mark.parametrize(
        ("style", "expected"), [("angle", "<PHONE_NUMBER_1>"), ("square", "[PHONE_NUMBER_1]"), ("fake", None)]
    )
    def test_styles(self, capsys, own_file, style, expected):
        assert main(["scan", str(own_file), "--detector", "patterns", "--style", style]) == 0
        output = capsys.readouterr().out
        assert "217-555-0188" not in output
        assert expected is None or expected in output

    def test_stdin_and_a_pipe(self):
        done = run("scan", "--detector", "patterns", stdin="Zoë, call 217-555-0188 – now\n".encode())
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.decode() == "Zoë, call [REDACTED_PHONE_NUMBER_1] – now\n"

    def test_entities_are_json_lines_without_values(self, capsys, own_file):
        assert main(["scan", "--entities", str(own_file)]) == 0
        output = capsys.readouterr().out
        entities = [json.loads(line) for line in output.splitlines()]
        assert {entity["kind"] for entity in entities} >= {"PERSON", "PHONE_NUMBER", "EMAIL_ADDRESS", "CREDIT_CARD"}
        assert all(set(entity) == {"file", "kind", "start", "end", "score"} for entity in entities)
        assert [value for value in OWN_VALUES if value in output] == []
        assert [OWN_TEXT[e["start"] : e["end"]] for e in entities if e["kind"] == "PHONE_NUMBER"] == ["217-555-0188"]

    def test_values_when_asked_for(self, capsys, own_file):
        assert main(["scan", "--entities", "--show-values", "--detector", "patterns", str(own_file)]) == 0
        for line in capsys.readouterr().out.splitlines():
            entity = json.loads(line)
            assert entity["value"] == OWN_TEXT[entity["start"] : entity["end"]]

    def test_files_that_cannot_be_read_do_not_stop_the_others(self, capsys, own_file, tmp_path):
        binary = tmp_path / "binary"
        binary.write_bytes(b"a\0b")
        names = [str(tmp_path / "missing"), str(tmp_path), str(binary), "bad\0name", str(own_file)]
        assert main(["scan", "--detector", "patterns", *names]) == 2
        captured = capsys.readouterr()
        assert len(captured.err.splitlines()) == 4
        assert "[REDACTED_PHONE_NUMBER_1]" in captured.out

    def test_an_empty_text_is_an_empty_text(self, capsys, tmp_path):
        path = tmp_path / "empty"
        path.touch()
        assert main(["scan", "--detector", "patterns", str(path)]) == 0
        assert capsys.readouterr().out == ""

    @pytest.mark.parametrize(
        "args", [["--show-values"], ["--entities", "--style", "angle"], ["--entities", "--policy", "p.toml"]]
    )
    def test_options_that_contradict(self, capsys, args):
        assert main(["scan", *args]) == 2
        assert "belongs to" in capsys.readouterr().err

    def test_a_policy(self, capsys, own_file, tmp_path):
        policy = tmp_path / "policy.toml"
        policy.write_text(
            "kinds.PHONE_NUMBER = 'redact'\nkinds.EMAIL_ADDRESS = 'allow'\nchecks.Toxicity.action = 'warn'\n"
            "[stages.prompt]\nchecks = { Toxicity = { action = 'redact' }, pii = { timeout = 5 } }\n"
        )
        assert main(["scan", "--detector", "patterns", "--policy", str(policy), str(own_file)]) == 0
        output = capsys.readouterr().out
        assert "called at [REDACTED_PHONE_NUMBER]." in output
        assert "priya.r@okaforlegal.com" in output
        assert "[REDACTED_CREDIT_CARD_1]" in output

    @pytest.mark.parametrize("row", ["on_error = 'allow'", "stages.prompt.checks.pii.on_error = 'allow'"])
    def test_a_policy_says_what_a_failed_check_means(self, capsys, monkeypatch, own_file, tmp_path, row):
        def fail(self, text):
            raise RuntimeError(text)

        monkeypatch.setattr("lc_guard.detectors.PatternDetector.detect", fail)
        policy = tmp_path / "policy.toml"
        policy.write_text(row)
        assert main(["scan", "--detector", "patterns", "--policy", str(policy), str(own_file)]) == 0
        assert capsys.readouterr().out == OWN_TEXT

    def test_a_policy_that_blocks_writes_nothing_of_that_text(self, capsys, own_file, tmp_path):
        policy = tmp_path / "policy.yaml"
        policy.write_text("kinds: {CREDIT_CARD: block}")
        assert main(["scan", "--detector", "patterns", "--policy", str(policy), str(own_file)]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert "1 CREDIT_CARD" in captured.err
        assert [value for value in OWN_VALUES if value in captured.err] == []

    def test_a_block_names_its_file_and_does_not_stop_the_others(self, capsys, own_file, tmp_path):
        policy, other = tmp_path / "policy.yaml", tmp_path / "other.txt"
        policy.write_text("kinds: {CREDIT_CARD: block}")
        other.write_text("Call 217-555-0188.\n")
        assert main(["scan", "--detector", "patterns", "--policy", str(policy), str(own_file), str(other)]) == 1
        captured = capsys.readouterr()
        assert captured.out == "Call [REDACTED_PHONE_NUMBER_1].\n"
        assert f"lc-guard: {own_file}: the check 'pii' blocked the prompt (1 CREDIT_CARD" in captured.err
        assert ".decision" not in captured.err

    def test_a_policy_that_cannot_be_taken(self, capsys, own_file, tmp_path):
        policy = tmp_path / "policy.yaml"
        policy.write_text("default: anonymise")
        assert main(["scan", "--detector", "patterns", "--policy", str(policy), str(own_file)]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert f"lc-guard: {policy}, line 1: default must be one of" in captured.err

    def test_a_check_that_fails_writes_nothing(self, capsys, monkeypatch, own_file):
        def fail(self, text):
            raise RuntimeError(text)

        monkeypatch.setattr("lc_guard.detectors.PatternDetector.detect", fail)
        assert main(["scan", "--detector", "patterns", str(own_file)]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert "Lindqvist" not in captured.err

    def test_a_reader_who_leaves(self, tmp_path):
        path = tmp_path / "text"
        path.write_text("Nothing to see here.\n" * 500)
        # Several files: the reader leaves after the first, while the second is looked at.
        command = [sys.executable, "-m", "lc_guard", "scan", "--detector", "patterns", *[str(path)] * 9]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
            process.stdout.read(10)
            process.stdout.close()
            assert process.wait(60) == 141
            assert process.stderr.read() == b""


class TestCheckPolicy:
    GOOD = """\
version = "2026-11"
kinds.CREDIT_CARD = "redact"
thresholds.PERSON = 0.5
checks.PromptInjection = { threshold = 0.9, timeout = 2 }
checks.Toxicity = { monitor = true }
[stages.document.checks]
PromptInjection.action = "replace"
Toxicity.enabled = false
pii.timeout = 5
"""

    @pytest.fixture
    def check(self, capsys, tmp_path):
        def check(text: str, *args: str) -> tuple[int, str, str]:
            path = tmp_path / "policy.toml"
            path.write_text(text, encoding="utf-8")
            status = main(["check-policy", str(path), *args])
            captured = capsys.readouterr()
            return status, captured.out, captured.err.replace(str(path), "FILE")

        return check

    def test_shows_what_holds(self, check):
        status, output, error = check(self.GOOD)
        assert (status, error) == (0, "")
        rows = [flat(line) for line in output.splitlines()]
        assert rows[0].endswith("policy.toml, version 2026-11")
        assert (
            rows[1]
            == "on_invalid block on_error block timeout 10 max_characters 5,000,000 fail_fast no streaming buffer"
        )
        others = "prompt, output, tool_call, tool_result"
        for row in [
            "CREDIT_CARD redact 0",
            "PERSON anonymize 0.5",
            "any other anonymize 0",
            f"pii {others} by kind by kind block - 1",
            "pii document by kind by kind block 5 1",
            f"PromptInjection {others} block 0.9 block 2 1",
            "PromptInjection document replace 0.9 block 2 1",
            f"Toxicity {others} only scores its own allow - 1",
            "Toxicity document off its own allow - 1",
            "any other all stages block its own block - 1",
        ]:
            assert row in rows
        assert "warning" not in output

    def test_json(self, check):
        status, output, error = check(self.GOOD, "--json")
        assert (status, error) == (0, "")
        record = json.loads(output)
        assert record["problems"] == record["warnings"] == []
        assert record["policy"]["stages"]["document"]["checks"]["pii"] == {"timeout": 5}
        assert [(rule["check"], rule["stage"]) for rule in record["rules"] if rule["stage"] == "document"] == [
            (check, "document") for check in ("pii", "PromptInjection", "Toxicity", None)
        ]
        rules = {(rule.pop("check"), rule.pop("stage")): rule for rule in record["rules"]}
        assert len(rules) == 20
        assert rules["pii", "document"] == {"on_error": "block", "timeout": 5}
        assert rules["PromptInjection", "document"] == {
            "enabled": True,
            "action": "replace",
            "threshold": 0.9,
            "on_error": "block",
            "timeout": 2,
            "sample": 1.0,
            "monitor": False,
            "replacement": "[removed by a security check]",
        }

    @pytest.mark.parametrize("args", [[], ["--json"]])
    def test_mistakes(self, check, args):
        status, output, error = check("defaults = 'block'\n[thresholds]\nPERSON = 2", *args)
        assert status == 1
        first, second = error.splitlines()
        assert first.startswith("lc-guard: FILE, line 1: defaults is not known (did you mean 'default'?)")
        assert second == "lc-guard: FILE, line 3: thresholds.PERSON must be a number from 0 to 1, not the number 2"
        if not args:
            assert output == ""
        else:
            record = json.loads(output)
            assert [problem["line"] for problem in record["problems"]] == [1, 3]
            assert record.keys() == {"file", "problems"}

    def test_names_stand_as_written(self, check):
        _, output, _ = check("version = ':bug: [bold]x[/bold]'\nchecks.'[red]:bug:'.threshold = 0.5")
        assert ", version :bug: [bold]x[/bold]" in output
        assert "[red]:bug: " in output

    def test_a_mistake_without_a_line(self, check):
        assert check("")[2].startswith("lc-guard: FILE holds no setting")

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("on_invalid = 'warn'", ["on_invalid is 'warn': nothing is blocked, and all scanners only score"]),
            (
                "checks = { A = { monitor = true }, B = { action = 'warn' }, C = { enabled = false } }",
                ["every scanner named here only watches: what they find changes nothing"],
            ),
            ("checks = { A = { monitor = true }, B = {} }", []),
            ("default = 'allow'", ["default is 'allow': the model reads all entities whose kind is not under kinds"]),
            ("default = 'redact'", []),
            (
                "thresholds = { PERSON = 1, URL = 0.99 }",
                ["thresholds.PERSON is 1: whatever a detector is not wholly sure of stays as it is"],
            ),
            (
                "streaming = 'audit'",
                [
                    "streaming is 'audit': a streamed answer is shown before it is judged, so nothing in it can be "
                    "stopped"
                ],
            ),
            ("timeout = 'none'", ["timeout is 'none': a check that hangs holds its call for ever"]),
            (
                "stages = { output = { checks.A.action = 'anonymize' }, prompt = { action = 'anonymize' } }",
                ["stages.output anonymizes: a guard refuses that, what a model says is restored; take 'redact'"],
            ),
            (
                "stages.tool_call.action = 'anonymize'",
                ["stages.tool_call anonymizes: a guard refuses that, what a model says is restored; take 'redact'"],
            ),
            (
                "checks.A.action = 'block'\nchecks.B.action = 'redact'\nchecks.C.action = 'replace'\n"
                "stages.document = { action = 'replace', checks.B.action = 'block' }",
                ["stages.document.action does not hold for 'A': a check's own action comes first"],
            ),
            (
                "stages.prompt.checks.A.on_error = 'allow'",
                [
                    "check 'A' at prompt: on_error is 'allow': where it fails, a text reaches the model without being "
                    "judged"
                ],
            ),
            ("stages.prompt.checks.A = { on_error = 'allow', action = 'warn' }", []),
            ("stages.output.checks.A.on_error = 'allow'", []),
            (
                "on_error = 'allow'",
                [
                    "check 'pii' at all stages: on_error is 'allow': where it fails, a text reaches the model with the "
                    "personal data that was not found",
                    "checks that are not named at all stages: on_error is 'allow': where it fails, a text reaches the "
                    "model without being judged",
                ],
            ),
            (
                "timeout = 5\nchecks.A = { timeout = 6, action = 'warn' }\nchecks.B.timeout = 5\n"
                "checks.pii.timeout = 9",
                [
                    "check 'pii' at all stages: timeout is 9 s, but all checks together have 5 s",
                    "check 'A' at all stages: timeout is 6 s, but all checks together have 5 s",
                ],
            ),
            (
                "checks = { A = { sample = 0.1 }, B = { sample = 0.1, monitor = true }, C = {} }\n"
                "stages.document.checks.A.action = 'replace'",
                [
                    "check 'A' at prompt, output, tool_call, tool_result: sample is 0.1 and action 'block': what is "
                    "not sampled goes through unjudged",
                    "check 'A' at document: sample is 0.1 and action 'replace': what is not sampled goes through "
                    "unjudged",
                ],
            ),
            (
                "checks = { A = { threshold = 0 }, B = { threshold = 0, action = 'warn' } }",
                ["check 'A' at all stages: threshold is 0: 'block' for every text, whatever the check says"],
            ),
            (
                "kinds = { SSN = 'block', US_SNN = 'block', US_SSN = 'warn', BADGE = 'allow', UK_PASSPORT = 'warn' }\n"
                "thresholds.EMAIL = 0.5",
                [
                    "kind SSN: the package's detectors say US_SSN; this holds for detectors of your own only",
                    "kind US_SNN may be misspelt (did you mean US_SSN?): a kind that nobody finds leads to nothing",
                    "kind EMAIL: the package's detectors say EMAIL_ADDRESS; this holds for detectors of your own only",
                ],
            ),
            (
                "checks = { A = { replacement = 'x' }, B = { replacement = 'x', action = 'replace' } }",
                ["check 'A' at all stages: replacement is not used: action is 'block', not 'replace'"],
            ),
        ],
    )
    def test_likely_mistakes(self, check, text, told):
        status, output, _ = check(text)
        assert status == 0
        warnings = [line.removeprefix("warning: ") for line in output.splitlines() if line.startswith("warning: ")]
        assert warnings == told
        assert json.loads(check(text, "--json")[1])["warnings"] == told

    def test_the_schema(self, capsys):
        assert main(["check-policy", "--schema"]) == 0
        assert json.loads(capsys.readouterr().out)["properties"]["default"]["enum"][0] == "anonymize"

    def test_nothing_to_do(self, capsys):
        assert main(["check-policy"]) == 2
        assert "give the file of a policy" in capsys.readouterr().err

    @pytest.mark.parametrize("name", ["none.toml", ".", "bad\0name"])
    def test_no_file(self, capsys, tmp_path, name):
        assert main(["check-policy", str(tmp_path / name)]) == 2
        assert "there is no such file" in capsys.readouterr().err

    def test_on_a_terminal(self, check, monkeypatch):
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setenv("COLUMNS", "70")
        status, output, _ = check("default = 'allow'")
        assert status == 0
        assert "\x1b[33mwarning: default is 'allow'" in output
        assert max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in output.splitlines()) <= 70

    def test_a_reader_who_leaves(self, tmp_path):
        path = tmp_path / "policy.toml"
        path.write_text("\n".join(f"checks.Check{number}.threshold = 0" for number in range(2_000)))
        command = [sys.executable, "-m", "lc_guard", "check-policy", str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
            process.stdout.read(10)
            process.stdout.close()
            assert process.wait(60) == 141
            assert process.stderr.read() == b""


class TestFrontDoor:
    def test_version(self, capsys):
        with pytest.raises(SystemExit, match="0"):
            main(["--version"])
        assert capsys.readouterr().out.startswith("lc-guard ")

    def test_as_a_module(self, capsys, monkeypatch):
        monkeypatch.setattr(sys, "argv", ["lc-guard", "--version"])
        with pytest.raises(SystemExit, match="0"):
            runpy.run_module("lc_guard", run_name="__main__")
        assert capsys.readouterr().out.startswith("lc-guard ")

    def test_no_command(self, capsys):
        assert main([]) == 2
        assert "see the whole boundary at work" in capsys.readouterr().err

    def test_interrupted(self, monkeypatch):
        def interrupt(name):
            raise KeyboardInterrupt

        monkeypatch.setattr("lc_guard.cli.scan.read_text", interrupt)
        assert main(["scan", "--detector", "patterns"]) == 130

    @pytest.mark.parametrize("command", [["demo", "--offline", "--rows", "1"], ["scan", "--detector", "patterns"]])
    def test_a_full_disk_is_named(self, command):
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                [sys.executable, "-m", "lc_guard", *command],
                input=b"x" * 100_000,
                stdout=full,
                stderr=subprocess.PIPE,
                cwd=ROOT,
                timeout=60,
                check=False,
            )
        assert done.returncode == 1
        told = done.stderr.decode()
        assert "standard output can't be written" in told
        assert "No space left on device" in told
        assert len(told.splitlines()) == 1

    def test_importing_it_is_light(self):
        heavy = {"torch", "spacy", "transformers", "presidio_analyzer", "llm_guard"}
        heavy |= {"langfuse", "langchain_core", "rich", "pydantic", "httpx", "yaml"}
        code = "import sys, lc_guard.cli; sys.stdout.write(' '.join(sys.modules))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, check=True)
        assert heavy & set(done.stdout.decode().split()) == set()


@pytest.mark.parametrize(
    "command",
    ["demo", "scan", "verify", "eval", "check-policy", "report", "audit", "langfuse", "langfuse setup",
     "langfuse dataset push", "vault", "vault list", "vault forget", "vault export", "vault reencrypt", "checkpoints",
     "completion", "playground"],
)  # fmt: skip
def test_help_fits_the_terminal(capsys, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    assert ended.value.code == 0
    assert [line for line in capsys.readouterr().out.splitlines() if len(line) > 80] == []


def test_help_keeps_lines_of_code(capsys):
    with pytest.raises(SystemExit):
        main(["verify", "--help"])
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("  def build(") for line in lines) == 3
