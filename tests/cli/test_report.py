"""``lc-guard report`` against the stand-in: what it reads, writes, and says when Langfuse is not as it should be."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from langchain_core.runnables import RunnableLambda
from langchain_openai import ChatOpenAI

from lc_guard.cli import main
from lc_guard.errors import Blocked
from lc_guard.evals import Labelling, read_monitoring
from lc_guard.guard import Guard
from lc_guard.langfuse import CallbackHandler, api, as_evaluator, mask_otel_spans
from lc_guard.policy import Policy
from tests.support.canaries import CANARIES, CanaryDetector
from tests.support.chains import openai_chain
from tests.support.fixtures import MakeClient
from tests.support.langfuse_reads import score_row
from tests.support.langfuse_server import LangfuseServer
from tests.support.langfuse_traffic import Traffic
from tests.support.loopback import Exchange

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def environment(langfuse_server: LangfuseServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", langfuse_server.public_key)
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", langfuse_server.secret_key)
    monkeypatch.setenv("LANGFUSE_BASE_URL", langfuse_server.url)
    for name in ("FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("lc_guard.langfuse.api._FIRST_DELAY", 0.01)


@pytest.fixture
def traffic(langfuse_server: LangfuseServer) -> Traffic:
    """Traffic of a week."""
    made = Traffic(200, until=time.time(), annotated=0.5)
    langfuse_server.stored[:], langfuse_server.observed[:] = made.scores, made.observations
    return made


def test_table_json_csv_and_page(traffic: Traffic, tmp_path: Path, capsys: Any) -> None:
    files = {name: tmp_path / f"report.{name}" for name in ("json", "csv", "html")}
    assert main(["report", *(word for name, file in files.items() for word in (f"--{name}", str(file)))]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for words in ("prompt.pii", "prompt.injection", "Against annotations", "anonymize", "/project/p-1/traces/"):
        assert words in out
    told = json.loads(files["json"].read_text())
    assert [check["name"] for check in told["checks"]] == ["output.toxicity", "prompt.injection", "prompt.pii"]
    pii = told["checks"][-1]
    # the window begins a moment after the first trace
    assert 198 <= pii["decisions"] <= 200
    assert pii["latency_ms"]["traces"] >= 198
    assert pii["agreement"]["annotations"] > 60
    assert pii["agreement"]["best"]["objective"] == "f1"
    rows = list(csv.DictReader(io.StringIO(files["csv"].read_text())))
    assert [row["check"] for row in rows] == [check["name"] for check in told["checks"]]
    assert float(rows[-1]["best_threshold"]) == pii["agreement"]["best"]["threshold"]
    page = files["html"].read_text()
    assert page.startswith("<!doctype html>")
    assert page.count("<svg") > 20


def test_from_a_guarded_chain_to_its_report(
    langfuse_server: LangfuseServer, make_langfuse: MakeClient, tmp_path: Path
) -> None:
    client = make_langfuse()
    config: dict[str, Any] = {"configurable": {"session_id": "s"}, "callbacks": [CallbackHandler()]}
    strict = Guard(CanaryDetector(), policy=Policy(default="block"))
    with openai_chain(Guard(CanaryDetector())) as (chain, _), openai_chain(strict) as (blocking, _):
        for text in (f"I am {CANARIES[0]}", "nothing here"):
            chain.invoke({"text": text}, config)
        with pytest.raises(Blocked):
            blocking.invoke({"text": f"I am {CANARIES[0]}"}, config)
    client.flush()
    (risk, *_) = [each for each in langfuse_server.scores.values() if each["name"] == "prompt.pii"]
    langfuse_server.stored.append(
        score_row("h", "prompt.pii", True, trace=risk["traceId"], at=time.time(), source="ANNOTATION")
    )
    assert main(["report", "--since", "1h", "--json", str(tmp_path / "r.json")]) == 0
    told = json.loads((tmp_path / "r.json").read_text())
    (check,) = told["checks"]
    assert (check["name"], check["decisions"], check["invalid"]) == ("prompt.pii", 3, 1)
    assert sum(check["entities"].values()) >= 2
    assert check["latency_ms"]["count"] == 3
    assert 0 < check["latency_ms"]["share"] < 1
    assert told["actions"] == {"allow": 1, "anonymize": 1, "block": 1}
    assert check["agreement"]["annotations"] == 1
    assert "too few annotations: 1" in check["agreement"]["too_few"]
    assert CANARIES[0] not in (tmp_path / "r.json").read_text()


def test_scores_of_evaluators_are_no_decisions(
    langfuse_server: LangfuseServer, make_langfuse: MakeClient, tmp_path: Path, capsys: Any
) -> None:
    client = make_langfuse()
    handler = CallbackHandler()
    config: dict[str, Any] = {"configurable": {"session_id": "s"}, "callbacks": [handler]}
    with openai_chain(Guard(CanaryDetector())) as (chain, _):
        for text in (f"I am {CANARIES[0]}", "nothing here"):
            chain.invoke({"text": text}, config)

    def report() -> tuple[dict[str, Any], str]:
        client.flush()
        assert main(["report", "--since", "1h", "--json", str(tmp_path / "r.json")]) == 0
        return json.loads((tmp_path / "r.json").read_text()), capsys.readouterr().out

    before, said = report()
    assert "evaluators" not in said
    # on the traces of the calls, as run_batched_evaluation writes them, and on those of an experiment
    for name, value in (("prompt.pii", 0.9), ("output.pii", 0.2)):
        client.create_score(name=name, value=value, trace_id=handler.last_trace_id, data_type="NUMERIC")
    experiment: Any = {
        "data": [{"input": f"I am {CANARIES[0]}"}, {"input": "nothing"}],
        "task": lambda *, item, **_: item["input"],
        "evaluators": [as_evaluator(CanaryDetector())],
    }
    client.run_experiment(name="again", **experiment)
    after, said = report()
    for number in ("scores", "traces", "actions"):
        assert after[number] == before[number]
    assert [(check["name"], check["decisions"]) for check in after["checks"]] == [("prompt.pii", 2)]
    assert [(each["name"], each["count"], each["invalid"], each["judged"]) for each in after["evaluated"]] == [
        ("output.pii", 3, 1, 2),
        ("prompt.pii", 1, 0, 0),
    ]
    assert "given afterwards by evaluators, no decisions: output.pii 3 (mean risk 0.37)" in " ".join(said.split())


@pytest.mark.parametrize("leaks", [1, 3, 60])
def test_leaks_stand_at_the_top(
    leaks: int, traffic: Traffic, langfuse_server: LangfuseServer, tmp_path: Path, capsys: Any
) -> None:
    now = time.time()
    langfuse_server.stored += [
        score_row(f"leak-{n}", "guard.leak", True, trace=f"{n:032x}", observation=f"{n:016x}", at=now - 60)
        for n in range(1, leaks + 1)
    ]
    # told again under another id, and taken back by a person
    langfuse_server.stored.append(
        score_row("again", "guard.leak", True, trace=f"{1:032x}", observation=f"{1:016x}", at=now - 50)
    )
    taken_back = score_row("no", "guard.leak", False, trace="f" * 32, observation="f" * 16, at=now - 50)
    langfuse_server.stored.append(taken_back)
    files = {name: tmp_path / f"report.{name}" for name in ("json", "csv", "html")}
    assert main(["report", *(word for name, file in files.items() for word in (f"--{name}", str(file)))]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"LEAK: {leaks} model call")
    assert "protect(model, guard)" in " ".join(out.split())
    assert f"/traces/{1:032x}" in out
    assert ("more" in out.partition(" UTC: ")[0]) is (leaks > 5)
    told = json.loads(files["json"].read_text())
    assert list(told)[:3] == ["format", "leaks", "leaked"]
    assert told["leaks"] == leaks
    assert len(told["leaked"]) == min(leaks, 50)
    assert told["leaked"][0]["observation_id"] == f"{1:016x}"
    assert "a score that no guard gives" not in told["passed_over"]
    top = next(csv.DictReader(io.StringIO(files["csv"].read_text())))
    assert (top["check"], top["decisions"], top["invalid"]) == ("guard.leak", str(leaks), str(leaks))
    page = files["html"].read_text()
    assert page.index(f"LEAK: {leaks} model call") < page.index("What needs attention first")
    assert page.index("What needs attention first") < page.index("Is each check worth the wait?")
    assert page.count(f"/traces/{1:032x}") >= 1


def test_no_leak_is_not_mentioned(traffic: Traffic, tmp_path: Path, capsys: Any) -> None:
    assert main(["report", "--html", str(tmp_path / "r.html"), "--csv", str(tmp_path / "r.csv")]) == 0
    said = capsys.readouterr().out + (tmp_path / "r.html").read_text() + (tmp_path / "r.csv").read_text()
    assert "LEAK" not in said
    assert "guard.leak" not in said


def test_from_a_leak_to_the_report(
    langfuse_server: LangfuseServer, make_langfuse: MakeClient, tmp_path: Path, capsys: Any
) -> None:
    guard = Guard(CanaryDetector())
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    config: dict[str, Any] = {"configurable": {"session_id": "s"}, "callbacks": [CallbackHandler()]}
    with openai_chain(guard) as (chain, server):
        model = ChatOpenAI(model="gpt-4o", base_url=server.base_url, api_key=server.api_key, max_retries=0)

        def beside(text: Any, config: Any) -> Any:
            model.invoke(f"Who is {CANARIES[0]}?", config)
            return text

        (chain | RunnableLambda(beside)).invoke({"text": f"I am {CANARIES[0]}"}, config)
    client.flush()
    assert main(["report", "--since", "1h", "--json", str(tmp_path / "r.json")]) == 0
    told = json.loads((tmp_path / "r.json").read_text())
    assert told["leaks"] == 1
    levels = {span.span_id: span.attributes.get("langfuse.observation.level") for span in langfuse_server.spans}
    (leaked,) = [span_id for span_id, level in levels.items() if level == "ERROR"]
    assert told["leaked"][0]["observation_id"] == leaked
    assert CANARIES[0] not in (tmp_path / "r.json").read_text() + capsys.readouterr().out


def test_the_same_as_data(traffic: Traffic) -> None:
    since = datetime.now(UTC) - timedelta(days=7)
    report = read_monitoring(since=since.replace(tzinfo=None), labelling=Labelling((("nothing", None),)))
    assert report.check("prompt.injection").decisions >= 198
    assert report.check("prompt.injection").agreement is None
    assert report.check("prompt.injection").risk[0].start <= since.timestamp() + report.bucket_seconds
    with pytest.raises(ValueError, match="before"):
        read_monitoring(since=since, until=since)


def test_nothing_to_report_is_no_failure(tmp_path: Path, capsys: Any) -> None:
    assert main(["report", "--html", str(tmp_path / "r.html"), "--csv", str(tmp_path / "r.csv")]) == 0
    assert "No check's score" in capsys.readouterr().out
    assert "No check&#x27;s score" in (tmp_path / "r.html").read_text()
    assert (tmp_path / "r.csv").read_text().count("\n") == 1


def test_other_names_words_threshold_and_cost(
    langfuse_server: LangfuseServer, tmp_path: Path, traffic: Traffic
) -> None:
    for row in langfuse_server.stored:
        if row["source"] == "ANNOTATION":
            row |= {"name": "verdict", "dataType": "CATEGORICAL", "value": "leaky" if row["value"] else "no"}
    file = tmp_path / "r.json"
    options = ["--annotation", "verdict=prompt.pii", "--yes", "Leaky", "--threshold", "0.3", "--miss-cost", "10"]
    assert main(["report", "--json", str(file), *options]) == 0
    by_name = {check["name"]: check for check in json.loads(file.read_text())["checks"]}
    found = by_name["prompt.pii"]["agreement"]
    assert by_name["output.toxicity"]["agreement"] is None
    assert found["yes"] > 20
    assert found["confusion"]["threshold"] == 0.3
    assert found["best"]["objective"] == "cost"


def test_wrong_keys_are_said_at_once(monkeypatch: Any, capsys: Any, langfuse_server: LangfuseServer) -> None:
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk-lf-wrong")
    started = time.monotonic()
    assert main(["report"]) == 1
    assert time.monotonic() - started < 8
    err = capsys.readouterr().err
    assert "refuses the keys (401)" in err
    assert err.count("\n") == 1
    assert "sk-lf" not in err
    assert langfuse_server.reads.requests == []


def test_an_address_where_nobody_answers_is_said_in_three_seconds(
    silent_url: str, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.setattr("lc_guard.langfuse.api._FIRST_DELAY", 0.5)
    assert api._ANSWERS_IN <= 2.5
    monkeypatch.setattr("lc_guard.langfuse.api._ANSWERS_IN", 0.5)  # the test's own patience
    for url in (silent_url, "http://127.0.0.1:9"):
        monkeypatch.setenv("LANGFUSE_BASE_URL", url)
        started = time.monotonic()
        assert main(["report"]) == 1
        assert time.monotonic() - started < 8  # on a busy machine; all attempts would take a quarter of a minute
        said = capsys.readouterr().err
        assert f"Langfuse at {url} can't be reached" in said
        assert said.count("\n") == 1


def test_a_langfuse_too_old_is_said_at_once(langfuse_server: LangfuseServer, capsys: Any) -> None:
    langfuse_server.version = "3.99.1"
    assert main(["report"]) == 1
    assert "is 3.99.1, too old for the SDK" in capsys.readouterr().err
    assert langfuse_server.reads.requests == []


def test_without_keys(monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.delenv("LANGFUSE_PUBLIC_KEY")
    assert main(["report"]) == 1
    assert "set LANGFUSE_PUBLIC_KEY" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--since", "yesterday"], "is no time"),
        (["--since", "7"], "is no time"),
        (["--since", ""], "is no time"),
        (["--until", "2026-13-01"], "is no time"),
        (["--since", "1h", "--until", "2h"], "is not before"),
        (["--since", "2999-01-01"], "is not before"),
        (["--html", "/nowhere/at/all/r.html"], "can't write"),
        (["--resume", "/nowhere/at/all/r"], "can't write"),
        (["--threshold", "1.5"], "0 to 1"),
        (["--threshold", "nan"], "0 to 1"),
        (["--miss-cost", "0"], "positive"),
        (["--annotation", "=x"], "NAME"),
        (["--annotation", "x="], "NAME"),
    ],
)
def test_wrong_usage(options: list[str], words: str, capsys: Any, langfuse_server: LangfuseServer) -> None:
    try:
        status = main(["report", *options])
    except SystemExit as stopped:
        status = stopped.code
    assert status == 2
    assert words in capsys.readouterr().err
    assert langfuse_server.reads.requests == []


@pytest.mark.parametrize("since", ["90m", "24h", "7d", "2w", "9999w", "2026-01-31", "2026-01-31T10:00:00+02:00"])
def test_times(since: str, capsys: Any) -> None:
    assert main(["report", "--since", since]) == 0


def test_a_break_is_gone_on_from(
    traffic: Traffic, langfuse_server: LangfuseServer, tmp_path: Path, capsys: Any, monkeypatch: Any
) -> None:
    keep = ["report", "--resume", str(tmp_path / "kept"), "--json", str(tmp_path / "r.json")]

    def broken(exchange: Exchange, number: int) -> bool:
        if number > 7:
            exchange.close_connection = True
        return number > 7

    langfuse_server.reads.interfere = broken
    assert main(keep) == 1
    assert "broke off" in capsys.readouterr().err
    assert not (tmp_path / "r.json").exists()
    asked = list(dict.fromkeys(langfuse_server.reads.requests))
    langfuse_server.reads.interfere = None
    langfuse_server.reads.requests.clear()
    assert main(keep) == 0
    # what was read whole is not asked for again, and the window is that of the first run
    assert set(asked[:-1]).isdisjoint(langfuse_server.reads.requests)
    assert asked[-1] in langfuse_server.reads.requests
    assert not (tmp_path / "kept").exists()
    told = json.loads((tmp_path / "r.json").read_text())
    assert 198 <= told["checks"][0]["decisions"] <= 200


def test_a_busy_langfuse_is_waited_for(traffic: Traffic, langfuse_server: LangfuseServer, capsys: Any) -> None:
    def busy(exchange: Exchange, number: int) -> bool:
        if number % 2:
            exchange.send_json(429, {"message": "slow down"}, {"Retry-After": "0"})
        return bool(number % 2)

    langfuse_server.reads.interfere = busy
    assert main(["report"]) == 0
    assert "prompt.pii" in capsys.readouterr().out


def test_a_skewed_clock_is_told_and_taken_into_account(
    langfuse_server: LangfuseServer, monkeypatch: Any, capsys: Any
) -> None:
    hours = 3 * 3600
    langfuse_server.stored.append(score_row("t-s", "prompt.pii", 0.5, trace="t", at=time.time() + hours - 60))
    given = Exchange.date_time_string
    monkeypatch.setattr(Exchange, "date_time_string", lambda self, at=None: given(self, (at or time.time()) + hours))
    assert main(["report", "--since", "1h"]) == 0
    out = capsys.readouterr().out
    assert "180 minutes behind Langfuse's" in out
    assert "prompt.pii" in out


def test_progress_is_shown_on_a_terminal(traffic: Traffic, monkeypatch: Any, capsys: Any) -> None:
    shown = io.StringIO()
    shown.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", shown)
    assert main(["report"]) == 0
    for words in ("reading annotations", "reading scores", "reading checks", "reading traces", " 200 "):
        assert words in shown.getvalue()
    assert "reading" not in capsys.readouterr().out


@pytest.fixture
def flood() -> Iterator[str]:
    """A stand-in with 200,000 scores, in a process of its own."""
    command = [sys.executable, "-m", "tests.support.langfuse_flood", "200000"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.communicate()


def test_200_000_scores_in_less_than_500_mb(flood: str, tmp_path: Path) -> None:
    assert httpx.get(f"{flood}/api/public/health").status_code == 200
    program = (
        "import re, sys; from lc_guard.cli import main; status = main(sys.argv[1:]); "
        # not ru_maxrss, which counts what the process was forked from
        "peak = re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1]; "
        "print(status, int(peak) // 1024, file=sys.stderr)"
    )
    file = tmp_path / "r.json"
    done = subprocess.run(
        [sys.executable, "-c", program, "report", "--json", str(file)],
        env={**os.environ, "LANGFUSE_BASE_URL": flood, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    status, megabytes = map(int, done.stderr.split())
    assert (status, megabytes < 500) == (0, True), megabytes
    told = json.loads(file.read_text())
    assert told["scores"] == 200_000
    assert told["checks"][1]["latency_ms"]["traces"] == 50_000
    assert told["checks"][1]["agreement"]["annotations"] == 200
