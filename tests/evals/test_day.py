"""A day of traffic whose truth is known: every count of the report and of the queues is what happened, no more.

The day is made by real calls of a guarded chain, read back through the stand-in, and spread over 24 hours.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from langchain_core.runnables import RunnableLambda
from langchain_openai import ChatOpenAI

from lc_guard import Anonymize, Blocked, CheckPolicy, Deanonymize, Guard, Policy, protect
from lc_guard.cli import main
from lc_guard.langfuse import CallbackHandler, as_evaluator, mask_otel_spans
from lc_guard.langfuse.dashboards import Widget, wanted_widgets
from lc_guard.records import ScanResult, Stage
from lc_guard.scanners.base import ScanRequest
from tests.support.canaries import CANARIES, CanaryDetector
from tests.support.fixtures import MakeClient
from tests.support.langfuse_reads import iso, score_row
from tests.support.langfuse_server import LangfuseServer
from tests.support.openai_server import OpenAIServer

HOURS = 24
NAME = CANARIES[0]
SECOND = CANARIES[4]


class Attacks:
    """A scanner that finds an attack by its first word, is unsure of another, and fails on a third."""

    name = "attacks"

    def scan(self, request: ScanRequest) -> ScanResult:
        if "break down" in request.text:
            raise RuntimeError(request.text)
        risk = 0.95 if "attack" in request.text else 0.55 if "perhaps" in request.text else 0.0
        return ScanResult(risk < 0.9, risk)


@dataclass
class Truth:
    """What happened.

    Attributes:
        actions: Strongest action → traces.
        texts: Trace → the texts that were asked, one for each decision of a check.
        leaks: Model calls that were sent a value.
        evaluated: Risks that evaluators gave.
    """

    actions: Counter[str] = field(default_factory=Counter)
    texts: dict[str, list[str]] = field(default_factory=dict)
    leaks: int = 0
    evaluated: int = 0

    @property
    def asked(self) -> list[str]:
        return [text for texts in self.texts.values() for text in texts]


@pytest.fixture
def day(langfuse_server: LangfuseServer, make_langfuse: MakeClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Truth]:
    """Make the day; the server holds it, spread over the last 24 hours."""
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", langfuse_server.public_key)
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", langfuse_server.secret_key)
    monkeypatch.setenv("LANGFUSE_BASE_URL", langfuse_server.url)
    monkeypatch.setattr("lc_guard.langfuse.api._FIRST_DELAY", 0.01)
    policy = Policy(checks={"attacks": CheckPolicy(on_error="allow")})
    guard = Guard(CanaryDetector(), prompt_scanners=[Attacks()], policy=policy)
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    truth = Truth()
    chain = Anonymize(guard) | RunnableLambda(str) | Deanonymize(guard)
    with OpenAIServer() as server:
        bare = ChatOpenAI(model="gpt-4o", base_url=server.base_url, api_key=server.api_key, max_retries=0)

        protected = protect(bare, guard)

        def asked(runnable: Any, value: Any, texts: list[str], action: str) -> None:
            handler = CallbackHandler(guard, score_entities=True)
            config = {"configurable": {"session_id": f"s-{len(truth.texts)}"}, "callbacks": [handler]}
            if action == "block":
                with pytest.raises(Blocked):
                    runnable.invoke(value, config)
            else:
                runnable.invoke(value, config)
            truth.texts[str(handler.last_trace_id)] = texts
            truth.actions[action] += 1

        def leak(text: Any, config: Any) -> Any:
            bare.invoke(f"Who is {NAME}?", config)
            return text

        def both(_: Any, config: Any) -> str:
            return "".join(chain.invoke(text, config) for text in twice)

        for number in range(HOURS):
            asked(chain, f"{NAME} called at {number}", [f"{NAME} called at {number}"], "anonymize")
            asked(protected, f"nobody called at {number}", [f"nobody called at {number}"], "allow")
        for number in range(6):
            asked(chain, f"attack {number}", [f"attack {number}"], "block")
            asked(chain, f"perhaps {number}", [f"perhaps {number}"], "allow")
            twice = [f"{SECOND} and {number}", f"nobody and {number}"]
            asked(RunnableLambda(both), "both", twice, "anonymize")
        for number in range(3):
            asked(chain, f"break down {number}", [f"break down {number}"], "warn")
        for number in range(2):
            asked(chain | RunnableLambda(leak), f"{NAME} leaks {number}", [f"{NAME} leaks {number}"],
                  "anonymize")  # fmt: skip
            truth.leaks += 1
    client.flush()
    _judge_afterwards(client, truth)
    client.flush()
    _spread(langfuse_server, list(truth.texts))
    yield truth
    assert not langfuse_server.refused
    assert not langfuse_server.violations
    for value in (NAME, SECOND):
        assert not langfuse_server.holds(value)


def _judge_afterwards(client: Any, truth: Truth) -> None:
    """Give scores as evaluators of the SDK do: in an experiment, and on the traces of the day."""
    data: Any = [{"input": "Who is [REDACTED_PERSON_1]?"}] * 4
    evaluators: Any = [as_evaluator(CanaryDetector(), of="input")]
    client.run_experiment(name="later", data=data, task=lambda *, item, **_: item["input"], evaluators=evaluators)
    for trace in list(truth.texts)[:5]:
        client.create_score(name="prompt.pii", value=1.0, trace_id=trace, data_type="NUMERIC")
    truth.evaluated = 4 + 5


def _spread(server: LangfuseServer, traces: list[str]) -> None:
    """Move each trace to its time of the day, and what else came in to its end."""
    scores, observations = server._score_rows(), server._observation_rows()
    server.stored[:], server.observed[:] = scores, observations
    server.scores.clear()
    server.spans.clear()
    until = time.time() - 60
    starts: dict[str, float] = {}
    for row in observations:
        at = _seconds(row["startTime"])
        starts[row["traceId"]] = min(at, starts.get(row["traceId"], at))
    place = {trace: until - (HOURS * 3600 - 600) * (1 - n / len(traces)) for n, trace in enumerate(traces)}

    def moved(at: str, trace: str) -> str:
        return iso(_seconds(at) - starts.get(trace, 0.0) + place[trace]) if trace in place else at

    for row in scores:
        row["timestamp"] = moved(row["timestamp"], row["subject"].get("traceId") or row["subject"]["id"])
    for row in observations:
        row["startTime"], row["endTime"] = (moved(row[key], row["traceId"]) for key in ("startTime", "endTime"))


def _seconds(told: str) -> float:
    return datetime.fromisoformat(told).timestamp()


def reported(tmp_path: Path, *options: str) -> dict[str, Any]:
    file = tmp_path / "report.json"
    assert main(["report", "--since", "24h", "--json", str(file), *options]) == 0
    told: dict[str, Any] = json.loads(file.read_text())
    return told


def test_every_count_of_the_report_and_the_queues_is_what_happened(
    day: Truth, langfuse_server: LangfuseServer, tmp_path: Path, capsys: Any
) -> None:
    told = reported(tmp_path)
    checks = {check["name"]: check for check in told["checks"]}
    named = [text for text in day.asked if NAME in text or SECOND in text]
    attacked = [text for text in day.asked if "attack" in text]
    failed = [text for text in day.asked if "break down" in text]
    assert set(checks) == {"prompt.attacks", "prompt.pii"}
    assert told["actions"] == dict(day.actions)
    assert told["traces"] == len(day.texts)
    assert told["leaks"] == day.leaks
    assert sum(each["count"] for each in told["evaluated"]) == day.evaluated
    assert told["scores"] == 2 * sum(c["decisions"] for c in checks.values()) + len(day.texts) + day.leaks
    attacks, pii = checks["prompt.attacks"], checks["prompt.pii"]
    assert (attacks["decisions"], attacks["invalid"]) == (len(day.asked), len(attacked))
    assert (attacks["errors"], attacks["fail_opens"]) == ({"RuntimeError": len(failed)}, len(failed))
    assert pii["entities"] == {"PERSON": len(named)}
    assert pii["invalid"] == 0
    assert pii["decisions"] in (len(day.asked), len(day.asked) - len(attacked))  # blocked before it was done, or not
    for check in checks.values():
        assert sum(bucket["count"] for bucket in check["risk_over_time"]) == check["decisions"]
        assert sum(bucket["invalid"] for bucket in check["risk_over_time"]) == check["invalid"]
        assert check["latency_ms"]["count"] == check["decisions"]
        assert check["latency_ms"]["traces"] >= len(day.texts) - len(attacked)
    spans = [check["risk_over_time"] for check in checks.values()]
    assert all(len(buckets) > HOURS * 0.8 for buckets in spans)
    assert told["attention"][0]["urgency"] == "now"
    assert told["attention"][0]["check"] == "prompt.attacks"
    assert capsys.readouterr().out.startswith(f"LEAK: {day.leaks} model calls were sent values")


def test_people_see_the_text_and_their_answers_meet_its_decision(
    day: Truth, langfuse_server: LangfuseServer, tmp_path: Path, capsys: Any
) -> None:
    assert main(["report", "--since", "24h", "--create-queue", "500"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    project = langfuse_server.project
    spans = {row["id"]: row for row in langfuse_server.observed}
    traces = {row["id"]: row["traceId"] for row in langfuse_server.observed}
    queues = {row["name"]: project.queued[row["id"]] for row in project.queues.values()}
    assert set(queues) == {"guard: prompt.attacks", "guard: prompt.pii"}
    comments = Counter(row["objectId"] for row in project.comments)
    for name, items in queues.items():
        assert f"{len(items)} texts put into the annotation queue '{name}'; 0 waited." in said
        check = name.removeprefix("guard: ")
        for item in items:
            shown = json.dumps(spans[item["objectId"]]["input"], ensure_ascii=False)
            texts = day.texts[traces[item["objectId"]]]
            text = next(t for t in texts if t.replace(NAME, "").replace(SECOND, "").split()[-1] in shown)
            assert comments[item["objectId"]] >= 1
            harmful = NAME in text or SECOND in text if check == "prompt.pii" else "attack" in text
            if len(texts) > 1:
                # which of the two it is shows in the text alone
                harmful = "REDACTED" in shown if check == "prompt.pii" else False
            langfuse_server.stored.append(
                score_row(f"answer-{check}-{item['id']}", f"{check}.harmful", harmful, source="ANNOTATION",
                          trace=traces[item["objectId"]], observation=item["objectId"], at=time.time())
            )  # fmt: skip
    checks = {check["name"]: check for check in reported(tmp_path)["checks"]}
    assert (
        len(queues["guard: prompt.pii"])
        == checks["prompt.pii"]["decisions"]
        == checks["prompt.pii"]["agreement"]["annotations"]
    )
    named = sum(NAME in text or SECOND in text for text in day.asked)
    pii, attacks = (checks[name]["agreement"]["confusion"] for name in ("prompt.pii", "prompt.attacks"))
    assert (pii["hits"], pii["false_alarms"], pii["misses"]) == (named, 0, 0)
    attacked, unsure = (sum(word in text for text in day.asked) for word in ("attack", "perhaps"))
    assert (attacks["hits"], attacks["false_alarms"], attacks["misses"]) == (attacked, unsure, 0)
    assert attacks["passes"] == len(day.asked) - attacked - unsure
    assert main(["report", "--since", "24h", "--create-queue", "500"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert [said.count(f"0 texts put into the annotation queue '{name}'") for name in queues] == [1, 1]
    assert said.count("put into the annotation queue") == 2


VIEWS = {"scores-numeric": "NUMERIC", "scores-boolean": "BOOLEAN", "scores-categorical": "CATEGORICAL"}


def counted(widget: Widget, server: LangfuseServer) -> Counter[str]:
    """Count what a widget counts, as Langfuse would, by what it is parted by."""
    rows = server.observed
    if widget.view in VIEWS:
        rows = [row for row in server.stored if row["dataType"] == VIEWS[widget.view]]
    found: Counter[str] = Counter()
    for row in rows:
        if all(matches(row, each) for each in widget.filters):
            by = "value" if widget.by == "stringValue" else widget.by
            summed = widget.metric == ("value", "sum")
            found[str(row[by]) if by else ""] += int(row["value"]) if summed else 1
    return found


def matches(row: dict[str, Any], asked: dict[str, Any]) -> bool:
    column = "value" if asked["column"] in ("booleanValue", "stringValue") else asked["column"]
    value = row["metadata"].get(asked["key"], "") if column == "metadata" else row[column]
    match asked["operator"]:
        case "any of":
            return value in asked["value"]
        case "=":
            return bool(value == asked["value"])
        case "ends with":
            return str(value).endswith(asked["value"])
        case "starts with":
            return str(value).startswith(asked["value"])
        case "contains":
            return asked["value"] in str(value)
    raise AssertionError(asked)


def test_the_widgets_of_the_dashboard_count_the_same(day: Truth, langfuse_server: LangfuseServer) -> None:
    found = {w.name: counted(w, langfuse_server) for w in wanted_widgets(["pii", "attacks"], get_args(Stage))}
    words = ("attack", "break down", NAME, SECOND)
    attacked, failed, *named = (sum(word in text for text in day.asked) for word in words)
    assert found["Leaks"] == {"": day.leaks}
    assert found["Unchecked texts"] == {"": failed}
    assert found["Failed checks"].total() == failed
    assert found["Strongest action of traces"] == day.actions
    assert found["Blocks by check"] == {"prompt.attacks.valid": attacked}
    assert found["Entities by kind"] == {"guard.entities.PERSON": sum(named)}
    assert found["Risk over time"]["prompt.attacks"] == len(day.asked)
    decided = sum(found["Share let through over time"].values())
    assert decided == found["p95 latency by check"].total() + 4  # and those of the experiment
    assert found["Share of the trace"]["GUARDRAIL"] == found["p95 latency by check"].total()
