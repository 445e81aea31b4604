"""Checks in Langfuse: each an observation of its own, as long as the check, with its scores, blocked or not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda
from langfuse import Langfuse

from lc_guard import Anonymize, Blocked, CheckPolicy, Deanonymize, Guard, Policy, protect
from lc_guard.langfuse import CallbackHandler
from lc_guard.testing import ExactDetector

from ..support import agents
from ..support.chains import MODES, run
from ..support.langfuse_server import LangfuseServer, StoredSpan
from ..support.openai_server import ToolCalls
from ..support.scanners import BAD, Answers, RemoteWatcher, Watcher
from ..support.seams import NAME, VALUES

SLOW = 0.5


def config(**more: Any) -> dict[str, Any]:
    return {"configurable": {"session_id": "s"}, "callbacks": [CallbackHandler()], **more}


def by_name(spans: list[StoredSpan]) -> dict[str, StoredSpan]:
    named = {span.name.removeprefix("prompt."): span for span in spans}
    assert len(named) == len(spans), "every check is an observation of its own"
    return named


@pytest.mark.parametrize("slow", [Watcher, RemoteWatcher])
@pytest.mark.parametrize("mode", ["invoke", "ainvoke", "stream", "astream"])
def test_each_check_is_an_observation_as_long_as_the_check(
    mode: str, slow: Any, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    scanners = [slow("slow", seconds=SLOW, sees="original"), Watcher("quick"), Watcher("instant", cost="instant")]
    guard = Guard(ExactDetector(VALUES), prompt_scanners=scanners)
    run(Anonymize(guard) | RunnableLambda(str), mode, f"I am {NAME}", config())
    langfuse_client.flush()
    (trace_id,) = langfuse_server.traces()
    checks = by_name([span for span in langfuse_server.spans if span.type == "guardrail"])
    assert set(checks) == {"slow", "quick", "instant", "pii"}
    assert SLOW <= checks["slow"].seconds < 1.5 * SLOW
    # that of the detectors too, which hides when all have judged, so that nothing of a blocked text is remembered
    assert max(checks[name].seconds for name in ("quick", "instant", "pii")) < SLOW / 2
    for name, span in checks.items():
        decision = json.loads(span.attributes["langfuse.observation.output"])["decision"]
        assert decision["latency_ms"] == pytest.approx(span.seconds * 1000, abs=0.01), name
    (stage,) = [span for span in langfuse_server.spans if span.name == "guard: prompt"]
    assert {span.parent_id for span in checks.values()} == {stage.span_id}
    assert stage.seconds >= SLOW
    scores = langfuse_server.scores_of(trace_id)
    expected = {(f"prompt.{name}{end}", span.span_id) for name, span in checks.items() for end in ("", ".valid")}
    assert set(scores) == {*expected, ("guard.action", None)}


@pytest.mark.parametrize("fail_fast", [False, True])
@pytest.mark.parametrize("mode", MODES)
def test_the_scores_of_a_blocked_prompt_arrive(
    mode: str, fail_fast: bool, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    scanners = [Watcher("jailbreak", cost="instant"), Watcher("slow", word="never", seconds=0.02)]
    guard = Guard(ExactDetector(VALUES), prompt_scanners=scanners, policy=Policy(fail_fast=fail_fast))
    with pytest.raises(Blocked):
        run(Anonymize(guard) | RunnableLambda(str) | Deanonymize(guard), mode, f"my {BAD}, {NAME}", config())
    langfuse_client.flush()
    assert not langfuse_server.refused
    assert not langfuse_server.violations
    assert langfuse_server.traces()
    for trace_id, spans in langfuse_server.traces().items():
        checks = by_name([span for span in spans if span.type == "guardrail"])
        scores = langfuse_server.scores_of(trace_id)
        own = checks["jailbreak"].span_id
        assert scores["prompt.jailbreak", own] == 0.8
        assert scores["prompt.jailbreak.valid", own] == 0
        assert scores["guard.action", None] == "block"
        assert checks["jailbreak"].attributes["langfuse.observation.level"] == "ERROR"
        assert ("slow" in checks) == (not fail_fast)
        if not fail_fast:
            assert scores["prompt.slow.valid", checks["slow"].span_id] == 1


@pytest.mark.parametrize("mode", ["invoke", "ainvoke"])
def test_what_the_policy_did_is_to_be_seen(
    mode: str, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    scanners = [
        Answers(ValueError("x"), "fails_open"),
        RemoteWatcher("late", seconds=5, sees="original"),
        Watcher("sampled"),
        Watcher("watched"),
    ]
    checks = {
        "fails_open": CheckPolicy(on_error="allow"),
        "late": CheckPolicy(on_error="allow", timeout=0.05),
        "sampled": CheckPolicy(sample=0.0),
        "watched": CheckPolicy(monitor=True),
    }
    guard = Guard([], prompt_scanners=scanners, policy=Policy(checks=checks, version="v7"))
    run(Anonymize(guard), mode, f"my {BAD}", config())
    langfuse_client.flush()
    (trace_id,) = langfuse_server.traces()
    spans = by_name([span for span in langfuse_server.spans if span.type == "guardrail"])
    told = {name: span.attributes.get("langfuse.observation.output") for name, span in spans.items()}
    outputs = {name: json.loads(output) for name, output in told.items() if output is not None}
    level = {name: span.attributes.get("langfuse.observation.level") for name, span in spans.items()}
    scores = {name: value for (name, _), value in langfuse_server.scores_of(trace_id).items()}
    assert outputs["fails_open"]["decision"]["error"] == "ValueError"
    assert outputs["late"]["decision"]["error"] == "ScannerTimeout"
    assert "sampled" not in outputs
    assert spans["sampled"].metadata("skipped") == "sample"
    assert (spans["watched"].metadata("monitor"), spans["watched"].metadata("policy")) == (True, "v7")
    assert (level["fails_open"], level["late"], level["watched"]) == ("ERROR", "ERROR", "WARNING")
    assert (scores["prompt.watched"], scores["prompt.watched.valid"]) == (0.8, 1)
    assert not any(name.startswith("prompt.sampled") for name in scores)
    assert scores["guard.action"] == "warn"


def test_the_scores_of_an_agent_whose_tool_was_poisoned(
    langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    guard = Guard(ExactDetector(VALUES), prompt_scanners=[Watcher("injection", word="Berlin")])
    reply = agents.script(ToolCalls((agents.call("send_mail", to="x", text="y"),), content=""), "Done.")
    settings = {"on_blocked": "no."}
    box = agents.Toolbox()
    with agents.agent_of(guard, reply, tools=list(box), settings=settings) as (agent, _):
        agents.run(agent, "invoke", agents.asked("mail to Berlin"), agents.config(callbacks=[CallbackHandler()]))
    langfuse_client.flush()
    (trace_id,) = langfuse_server.traces()
    scores = {name: value for (name, _), value in langfuse_server.scores_of(trace_id).items()}
    assert scores["prompt.injection.valid"] == 0
    assert scores["guard.action"] == "block"
    assert not box.got


def test_the_scores_of_a_refused_answer(langfuse_client: Langfuse, langfuse_server: LangfuseServer) -> None:
    guard = Guard([], output_scanners=[Watcher("says")])
    safe = protect(RunnableLambda(lambda _: f"my {BAD}"), guard, on_blocked="no.", models="unseen")
    assert safe.invoke("hello", config()) == "no."
    langfuse_client.flush()
    (trace_id,) = langfuse_server.traces()
    scores = {name: value for (name, _), value in langfuse_server.scores_of(trace_id).items()}
    assert scores["output.says.valid"] == 0
    assert scores["guard.action"] == "block"
