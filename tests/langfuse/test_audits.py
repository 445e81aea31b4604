"""``lc-guard audit`` finds past traces that hold values, tells no value, goes on after a break, and fails closed."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest

from lc_guard.cli import main
from lc_guard.errors import LangfuseError
from lc_guard.guard import Guard
from lc_guard.langfuse import CallbackHandler, mask_otel_spans
from lc_guard.langfuse.api import LangfuseApi
from lc_guard.langfuse.audits import audit
from lc_guard.langfuse.rows import Window
from tests.support.canaries import CANARIES, CanaryDetector
from tests.support.chains import openai_chain
from tests.support.fixtures import MakeClient
from tests.support.langfuse_reads import Row, observation_row
from tests.support.langfuse_server import LangfuseServer
from tests.support.loopback import Exchange

MAIL = "jane.doe@example.com"


@pytest.fixture(autouse=True)
def environment(langfuse_server: LangfuseServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", langfuse_server.public_key)
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", langfuse_server.secret_key)
    monkeypatch.setenv("LANGFUSE_BASE_URL", langfuse_server.url)
    monkeypatch.setattr("lc_guard.langfuse.api._FIRST_DELAY", 0.01)


def row(number: int, **fields: Any) -> Row:
    return observation_row(
        f"o-{number}", trace=f"t-{number // 2}", start=time.time() - 60 - number, seconds=1, **fields
    )


def window() -> Window:
    return Window(time.time() - 3600 * 24, time.time())


def test_values_anywhere_are_found_and_not_told(langfuse_server: LangfuseServer, tmp_path: Path, capsys: Any) -> None:
    langfuse_server.observed += [
        row(0, input=json.dumps({"messages": [{"content": f"write to {MAIL} and {MAIL.upper()}"}]})),
        row(1, output=f"it was {MAIL}", type="GENERATION"),
        row(2, metadata={"note": MAIL, "ls_provider": MAIL}),
        row(3, statusMessage=f"ValueError: {MAIL}", level="ERROR"),
        row(4, name=f"mail to {MAIL}"),
        row(5, tags=[MAIL]),
        row(6, input="[REDACTED_EMAIL_1] and [REDACTED_PERSON]", output="nothing", name="RunnableSequence"),
        row(7, input=json.dumps(json.dumps({"deep": [MAIL]}))),
    ]
    files = {name: tmp_path / f"audit.{name}" for name in ("json", "csv")}
    words = [word for name, file in files.items() for word in (f"--{name}", str(file))]
    assert main(["audit", "--since", "1h", "--detector", "patterns", *words]) == 1
    out, err = capsys.readouterr()
    assert "in 4 traces, of 8 observations" in out
    told = json.loads(files["json"].read_text())
    found = {(leak["observation_id"], leak["place"]) for leak in told["leaks"]}
    places = ["input", "output", "metadata", "status", "name", "tags"]
    assert found == {*((f"o-{number}", place) for number, place in enumerate(places)), ("o-7", "input")}
    assert told["leaks"][0]["kinds"] == {"EMAIL_ADDRESS": 2}
    assert told["leaks"][0]["url"] == f"{langfuse_server.url}/project/p-1/traces/t-0?observation=o-0"
    rows = list(csv.DictReader(io.StringIO(files["csv"].read_text())))
    assert len(rows) == 7
    assert rows[0]["kind"] == "EMAIL_ADDRESS"
    everything = out + err + "".join(file.read_text() for file in files.values())
    assert "jane" not in everything.lower()


def test_a_masked_chain_is_clean_and_a_plain_one_is_not(
    langfuse_server: LangfuseServer, make_langfuse: MakeClient, tmp_path: Path
) -> None:
    from langfuse.langchain import CallbackHandler as PlainHandler

    guard = Guard(CanaryDetector())
    with LangfuseApi() as api, openai_chain(guard) as (chain, _):
        config: Any = {"configurable": {"session_id": "s"}}
        client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
        chain.invoke({"text": CANARIES[0]}, {**config, "callbacks": [CallbackHandler()]})
        client.flush()
        clean = audit(api, window(), CanaryDetector())
        assert (clean.leaks, clean.failed) == ([], 0)
        assert clean.observations == 8
        from langfuse._client.resource_manager import LangfuseResourceManager

        LangfuseResourceManager.reset()
        langfuse_server.spans.clear()
        plain = make_langfuse()
        chain.invoke({"text": CANARIES[0]}, {**config, "callbacks": [PlainHandler()]})
        plain.flush()
        leaking = audit(api, window(), CanaryDetector())
    assert leaking.traces == 1
    assert len({leak.observation_id for leak in leaking.leaks}) == 3
    assert leaking.kinds == {"PERSON": sum(sum(leak.kinds.values()) for leak in leaking.leaks)}
    assert CANARIES[0] not in leaking.to_json() + leaking.to_csv() + repr(leaking)


def test_nothing_found(langfuse_server: LangfuseServer, capsys: Any) -> None:
    langfuse_server.observed += [row(0, input="nothing", output=None)]
    assert main(["audit", "--detector", "patterns"]) == 0
    assert capsys.readouterr().out == "Nothing was found in 1 observations.\n"


def test_kinds_and_weak_findings_can_be_left_out(langfuse_server: LangfuseServer, capsys: Any) -> None:
    langfuse_server.observed += [row(0, input=f"write to {MAIL}")]
    assert main(["audit", "--detector", "patterns", "--ignore", "email address, URL"]) == 0
    with LangfuseApi() as api:
        assert audit(api, window(), CanaryDetector([MAIL]), min_score=0.95).leaks == []
        assert len(audit(api, window(), CanaryDetector([MAIL]), min_score=0.9).leaks) == 1


def test_a_detector_that_fails_is_no_clean_audit(
    langfuse_server: LangfuseServer, capsys: Any, monkeypatch: Any
) -> None:
    from lc_guard.detectors import PatternDetector

    def fail(self: Any, text: str) -> Any:
        if text == MAIL:
            raise RuntimeError(text)
        return []

    langfuse_server.observed += [row(0, input=MAIL, output=MAIL), row(1, input=MAIL)]
    monkeypatch.setattr(PatternDetector, "detect", fail)
    assert main(["audit", "--detector", "patterns"]) == 1
    out, err = capsys.readouterr()
    assert "1 texts could not be looked at" in out
    assert MAIL not in out + err


def test_it_goes_on_where_it_broke_off(langfuse_server: LangfuseServer, tmp_path: Path) -> None:
    langfuse_server.observed += [row(number, input=f"{MAIL} {number}") for number in range(250)]
    state, span = tmp_path / "state.json", window()

    def broken(exchange: Exchange, number: int) -> bool:
        if number > 2:
            exchange.send_json(400, {"message": "broken"})
        return number > 2

    langfuse_server.reads.interfere = broken
    with LangfuseApi() as api:
        with pytest.raises(LangfuseError, match="broken"):
            audit(api, span, CanaryDetector([MAIL]), state=state)
        assert MAIL not in state.read_text()
        assert state.stat().st_mode & 0o077 == 0
        langfuse_server.reads.interfere = None
        detector = CanaryDetector([MAIL])
        counts: list[int] = []
        found = audit(api, Window(0, 1e9), detector, state=state, progress=lambda _, count: counts.append(count))
    assert (found.observations, len(found.leaks), len(detector.texts)) == (250, 250, 50)
    assert (found.since, found.until, counts) == (span.since, span.until, [250])


@pytest.mark.parametrize("held", ["[]", '{"lc_guard_audit": 1, "about": ["other", "key"]}', "\0\xff"])
def test_a_file_of_something_else_is_refused(held: str, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text(held)
    with LangfuseApi() as api, pytest.raises(LangfuseError, match="--resume another file"):
        audit(api, window(), CanaryDetector(), state=state)
    assert state.read_text() == held


def test_the_command_removes_its_file_at_the_end(langfuse_server: LangfuseServer, tmp_path: Path) -> None:
    langfuse_server.observed += [row(number, input="x") for number in range(120)]
    state = tmp_path / "state.json"
    assert main(["audit", "--detector", "patterns", "--resume", str(state)]) == 0
    assert not state.exists()


@pytest.mark.parametrize(
    "words", [["--since", "x"], ["--detector", "x"], ["--json", "/nowhere/x.json"], ["--since", "1h", "--until", "2h"]]
)
def test_wrong_usage(words: list[str], capsys: Any) -> None:
    assert main(["audit", *words]) == 2
    assert capsys.readouterr().err.startswith("lc-guard: ")


def test_two_detectors_see_one_value_once(langfuse_server: LangfuseServer, capsys: Any) -> None:
    langfuse_server.observed += [row(0, input=f"write to {MAIL}")]
    assert main(["audit", "--detector", "patterns,rules"]) == 1
    assert "1 findings in 1 traces" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["audit", "--min-score", "2"])
