"""The handler types and scores checks, notes what was restored, and never gets in the chain's way."""

from __future__ import annotations

import inspect
import json
import logging
import subprocess
import sys
from typing import Any
from uuid import uuid4

import langfuse.langchain
import pytest
from langchain_core.agents import AgentAction, AgentFinish
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableLambda
from langfuse import Langfuse

from lc_guard.errors import Blocked
from lc_guard.guard import Guard
from lc_guard.langchain.runnables import Anonymize, Deanonymize
from lc_guard.langfuse import CallbackHandler
from lc_guard.policy import Policy
from tests.support.canaries import CANARIES, CanaryDetector
from tests.support.chains import MODES, openai_chain, run
from tests.support.fixtures import MakeClient
from tests.support.langfuse_server import LangfuseServer, StoredSpan

DECISION = {
    "stage": "prompt",
    "check": "pii",
    "action": "anonymize",
    "valid": True,
    "risk_score": 0.5,
    "latency_ms": 1.0,
}


@pytest.fixture
def guard() -> Guard:
    return Guard(CanaryDetector())


def config(handler: CallbackHandler, **more: Any) -> dict[str, Any]:
    return {"configurable": {"session_id": "s"}, "callbacks": [handler], **more}


def only(spans: list[StoredSpan], name: str) -> StoredSpan:
    (span,) = [span for span in spans if span.name == name]
    return span


@pytest.mark.parametrize("mode", MODES)
def test_scores_stand_on_the_checks_own_observation(
    mode: str, guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    with openai_chain(guard) as (chain, _):
        run(chain, mode, {"text": f"I am {CANARIES[0]}"}, config(CallbackHandler()))
    langfuse_client.flush()
    assert not langfuse_server.refused
    assert not langfuse_server.violations
    for trace_id, spans in langfuse_server.traces().items():
        names = ("prompt.pii", "guard: prompt", "Anonymize", "RunnableSequence")
        check, stage, step, root = (only(spans, name) for name in names)
        types = [span.type for span in (check, stage, step, root, only(spans, "ChatOpenAI"))]
        assert types == ["guardrail", "span", "chain", "chain", "generation"]
        parents = [span.parent_id for span in (check, stage, step, root)]
        assert parents == [stage.span_id, step.span_id, root.span_id, None]
        assert langfuse_server.scores_of(trace_id) == {
            ("prompt.pii", check.span_id): 0.9,
            ("prompt.pii.valid", check.span_id): 1.0,
            ("guard.action", None): "anonymize",
        }
        ids = [identity for identity, score in langfuse_server.scores.items() if score["traceId"] == trace_id]
        assert all(trace_id in identity for identity in ids)
        assert sum(check.span_id in identity for identity in ids) == 2
        assert sum(root.span_id in identity for identity in ids) == 1
        assert list(check.metadata("detectors")) == ["canary"]
        assert (only(spans, "Deanonymize").metadata("restored"), only(spans, "Deanonymize").metadata("unknown")) == (
            1,
            0,
        )
        assert check.attributes["langfuse.observation.level"] == "DEBUG"
        assert stage.attributes.get("langfuse.observation.level") in (None, "DEFAULT")
    assert {score["dataType"] for score in langfuse_server.scores.values()} == {"NUMERIC", "BOOLEAN", "CATEGORICAL"}


@pytest.mark.parametrize(
    ("policy", "error", "level", "message"),
    [
        (Policy(default="warn"), None, "WARNING", "pii: warn (risk 0.90)"),
        (Policy(default="block"), None, "ERROR", "pii: block (risk 0.90)"),
        (Policy(), RuntimeError(CANARIES[0]), "ERROR", "pii: block after RuntimeError (risk 1.00)"),
        (Policy(on_error="allow"), RuntimeError(CANARIES[0]), "ERROR", "pii: warn after RuntimeError (risk 0.00)"),
    ],
)
def test_level_and_message_of_a_check(
    policy: Policy,
    error: Exception | None,
    level: str,
    message: str,
    langfuse_client: Langfuse,
    langfuse_server: LangfuseServer,
) -> None:
    detector = CanaryDetector()
    detector.error = error
    try:
        Anonymize(Guard(detector, policy=policy)).invoke(CANARIES[0], config(CallbackHandler()))
    except Blocked:
        assert "block" in message
    langfuse_client.flush()
    check = only(langfuse_server.spans, "prompt.pii")
    assert check.attributes["langfuse.observation.level"] == level
    assert only(langfuse_server.spans, "guard: prompt").attributes["langfuse.observation.level"] == level
    assert check.attributes["langfuse.observation.status_message"] == message
    scores = langfuse_server.scores_of(check.trace_id)
    assert scores["prompt.pii.valid", check.span_id] == (0.0 if "block" in message else 1.0)
    assert scores["guard.action", None] == message.split()[1]


def test_the_strongest_action_of_the_root_run_counts(
    guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    warn = Guard(CanaryDetector([CANARIES[1]]), policy=Policy(default="warn"))
    (Anonymize(guard) | Anonymize(warn) | Anonymize(guard)).invoke("; ".join(CANARIES), config(CallbackHandler()))
    RunnableLambda(lambda text: text).invoke("no decision", config(CallbackHandler()))
    langfuse_client.flush()
    actions = [score["value"] for score in langfuse_server.scores.values() if score["name"] == "guard.action"]
    assert actions == ["anonymize"]
    assert len(langfuse_server.traces()) == 2
    assert len(langfuse_server.scores) == 7


def test_a_drop_in_for_the_sdks_handler(
    guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    ours, theirs = (inspect.signature(cls) for cls in (CallbackHandler, langfuse.langchain.CallbackHandler))
    assert list(ours.parameters)[: 1 + len(theirs.parameters)] == ["guard", *theirs.parameters]
    # theirs take keywords only, so that a guard in front is in nobody's way
    assert all(each.kind is inspect.Parameter.KEYWORD_ONLY for each in theirs.parameters.values())
    assert isinstance(CallbackHandler(), langfuse.langchain.CallbackHandler)
    handler = CallbackHandler(public_key=langfuse_server.public_key, trace_context={"trace_id": "a" * 32})
    metadata = {
        "langfuse_user_id": "u",
        "langfuse_session_id": "ls",
        "langfuse_tags": ["t"],
        "langfuse_trace_name": "n",
    }
    with openai_chain(guard) as (chain, _):
        chain.invoke({"text": "x"}, config(handler, metadata={**metadata, "plain": "p"}, run_name="my run"))
    langfuse_client.flush()
    assert set(langfuse_server.traces()) == {"a" * 32}
    assert handler.last_trace_id == "a" * 32
    for span in langfuse_server.spans:
        assert (span.attributes["user.id"], span.attributes["session.id"]) == ("u", "ls")
        assert (span.attributes["langfuse.trace.name"], span.attributes["langfuse.trace.tags"]) == ("n", ["t"])
    generation = only(langfuse_server.spans, "ChatOpenAI")
    assert generation.attributes["langfuse.observation.model.name"] == "gpt-4o"
    assert json.loads(generation.attributes["langfuse.observation.usage_details"])["input"] > 0
    assert only(langfuse_server.spans, "my run").metadata("is_langchain_root") is True


def test_any_check_is_a_guardrail_and_its_score_gets_a_valid_name(
    langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    handler, root, run_id = CallbackHandler(), uuid4(), uuid4()
    handler.on_chain_start({}, "x", run_id=root, name="agent of mine")
    handler.on_chain_start(
        {"id": ["lc_guard", "check", "Agent scan"]}, {}, run_id=run_id, parent_run_id=root, name="scan"
    )
    name = 'prompt injection: "v2"/ü' + "x" * 300
    handler.on_custom_event("lc_guard.decision", {**DECISION, "check": name, "stage": "output"}, run_id=run_id)
    handler.on_chain_end({}, run_id=run_id, parent_run_id=root)
    handler.on_chain_end({}, run_id=root)
    langfuse_client.flush()
    assert not langfuse_server.refused
    assert only(langfuse_server.spans, "scan").type == "guardrail"
    assert only(langfuse_server.spans, "agent of mine").type == "agent"
    names = sorted(score["name"] for score in langfuse_server.scores.values())
    assert names[1].startswith("output.prompt_injection___v2___x")
    assert max(map(len, names)) <= 210


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {**DECISION, "stage": CANARIES[0]},
        {**DECISION, "action": CANARIES[0]},
        {**DECISION, "check": 7},
        {**DECISION, "risk_score": CANARIES[0]},
        {**DECISION, CANARIES[0]: 1},
    ],
)
def test_a_malformed_decision_is_told_without_its_text(
    data: Any, langfuse_client: Langfuse, langfuse_server: LangfuseServer, caplog: pytest.LogCaptureFixture
) -> None:
    handler, run_id = CallbackHandler(), uuid4()
    handler.on_chain_start({}, "x", run_id=run_id, name="step")
    handler.on_custom_event("lc_guard.decision", data, run_id=run_id)
    handler.on_custom_event("lc_guard.restored", {"restored": CANARIES[0]}, run_id=run_id)
    handler.on_custom_event("somebody.elses", data, run_id=run_id)
    handler.on_chain_end({}, run_id=run_id)
    langfuse_client.flush()
    assert langfuse_server.scores == {}
    assert [record.name for record in caplog.records] == ["lc_guard.langfuse"] * 2
    assert CANARIES[0] not in caplog.text


def test_events_of_runs_it_never_saw_are_ignored(
    langfuse_client: Langfuse, langfuse_server: LangfuseServer, caplog: pytest.LogCaptureFixture
) -> None:
    handler = CallbackHandler()
    handler.on_custom_event("lc_guard.decision", DECISION, run_id=uuid4())
    handler.on_custom_event("lc_guard.restored", {"restored": 1, "unknown": 0}, run_id=uuid4())
    handler.on_chain_end({}, run_id=uuid4())
    handler.on_llm_new_token("x", run_id=uuid4())
    langfuse_client.flush()
    assert langfuse_server.scores == {}
    assert caplog.records == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("broken", ["start_observation", "update", "end", "score", "score_trace"])
def test_a_failing_sdk_does_not_break_the_chain(
    mode: str,
    broken: str,
    guard: Guard,
    langfuse_client: Langfuse,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from langfuse._client.span import LangfuseObservationWrapper

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the SDK is broken")

    owner = Langfuse if broken == "start_observation" else LangfuseObservationWrapper
    monkeypatch.setattr(owner, broken, fail)
    handler = CallbackHandler()
    with openai_chain(guard) as (chain, _):
        answers = run(chain, mode, {"text": CANARIES[0]}, config(handler))
    assert set(answers) == {CANARIES[0]}
    assert (len(handler._roots), len(handler._checks)) == (0, 0)
    assert all("the SDK is broken" not in record.message for record in caplog.records if record.name.startswith("lc_"))


def test_it_holds_nothing_once_all_runs_have_ended(guard: Guard, langfuse_client: Langfuse) -> None:
    handler = CallbackHandler()
    for mode in MODES:
        with openai_chain(guard) as (chain, _):
            run(chain, mode, {"text": "x"}, config(handler))
    assert (len(handler._roots), len(handler._checks), handler._runs, handler._run_states) == (0, 0, {}, {})


def test_a_model_alone_a_tool_alone_and_a_retriever_alone(
    langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    handler = CallbackHandler()
    for start, end, first, last in (
        ("on_chat_model_start", "on_llm_error", [[HumanMessage("x")]], ValueError("m")),
        ("on_tool_start", "on_tool_error", "x", ValueError("t")),
        ("on_retriever_start", "on_retriever_error", "x", ValueError("r")),
    ):
        run_id = uuid4()
        getattr(handler, start)({}, first, run_id=run_id, name=start, invocation_params={})
        getattr(handler, end)(last, run_id=run_id)
    langfuse_client.flush()
    assert len(langfuse_server.traces()) == 3
    messages = {span.attributes["langfuse.observation.status_message"] for span in langfuse_server.spans}
    assert messages == {"m", "t", "r"}
    assert all(span.status == "" for span in langfuse_server.spans)


def test_agents_are_recorded(langfuse_client: Langfuse, langfuse_server: LangfuseServer) -> None:
    handler, run_id = CallbackHandler(), uuid4()
    handler.on_chain_start({}, "x", run_id=run_id, name="executor")
    handler.on_agent_action(AgentAction("tool", "x", "log"), run_id=run_id)
    handler.on_agent_finish(AgentFinish({"output": "y"}, "log"), run_id=run_id)
    handler.on_chain_end(None, run_id=run_id)
    langfuse_client.flush()
    assert "y" in only(langfuse_server.spans, "executor").attributes["langfuse.observation.output"]


def test_without_keys_nothing_is_sent_and_one_line_is_logged(
    guard: Guard, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    handler = CallbackHandler()
    for mode in MODES:
        with openai_chain(guard) as (chain, _):
            run(chain, mode, {"text": CANARIES[0]}, config(handler))
    assert len([record for record in caplog.records if "langfuse" in record.name]) == 1


def test_without_keys_a_whole_process_writes_one_line() -> None:
    code = (
        "from langchain_core.runnables import RunnableLambda\n"
        "from lc_guard.langfuse import CallbackHandler\n"
        "print(RunnableLambda(lambda x: x).invoke(1, {'callbacks': [CallbackHandler()]}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True, env={"PATH": ""}
    )
    assert done.stdout == "1\n"
    assert len(done.stderr.splitlines()) == 1


def test_tracing_that_is_switched_off_stays_silent(
    guard: Guard, make_langfuse: MakeClient, langfuse_server: LangfuseServer, caplog: pytest.LogCaptureFixture
) -> None:
    client = make_langfuse(tracing_enabled=False)
    caplog.set_level(logging.WARNING)
    Anonymize(guard).invoke("x", config(CallbackHandler()))
    client.flush()
    assert langfuse_server.raw == []
    assert caplog.records == []


def test_unknown_placeholders_are_counted(
    guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    (Anonymize(guard) | RunnableLambda(lambda text: f"{text} [REDACTED_PERSON_9]") | Deanonymize(guard)).invoke(
        CANARIES[0], config(CallbackHandler())
    )
    langfuse_client.flush()
    step = only(langfuse_server.spans, "Deanonymize")
    assert (step.metadata("restored"), step.metadata("unknown")) == (1, 1)
