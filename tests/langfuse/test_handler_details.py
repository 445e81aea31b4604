"""What a person finds in a trace: details of a check, its address, one usage for a call, and no user's name."""

from __future__ import annotations

import json
import pickle
from typing import Any
from uuid import uuid4

import pytest
from langchain.agents import create_agent
from langchain_openai import ChatOpenAI
from langfuse import Langfuse
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from lc_guard import Blocked, Guard, GuardMiddleware, Policy, protect
from lc_guard.langchain.runnables import Anonymize, Deanonymize
from lc_guard.langfuse import CallbackHandler
from lc_guard.langfuse.user_ids import UserIdHasher
from lc_guard.records import Decision
from tests.support.canaries import CANARIES, CanaryDetector
from tests.support.chains import openai_chain, run
from tests.support.fixtures import MakeClient
from tests.support.langfuse_server import LangfuseServer, StoredSpan
from tests.support.openai_server import OpenAIServer

KEY = b"k" * 32
USER = "jane.doe@example.com"
DETAILS = {
    "threshold": 0.5,
    "policy": "2026-11-01",
    "model": "deberta-v3",
    "categories": {"Hate": 0.2, "Self harm": 0.0},
    "monitor": True,
    "skipped": None,
    "stages": ("prompt", "document"),
}


@pytest.fixture
def guard() -> Guard:
    return Guard(CanaryDetector())


def config(handler: CallbackHandler, **more: Any) -> dict[str, Any]:
    return {"configurable": {"session_id": "s"}, "callbacks": [handler], **more}


def checks(spans: list[StoredSpan]) -> list[StoredSpan]:
    return [span for span in spans if span.type == "guardrail"]


def check_run(handler: CallbackHandler, outputs: Any) -> None:
    root, run_id = uuid4(), uuid4()
    handler.on_chain_start({}, "x", run_id=root, name="step")
    handler.on_chain_start({"id": ["lc_guard", "check", "scan"]}, {}, run_id=run_id, parent_run_id=root, name="scan")
    handler.on_chain_end(outputs, run_id=run_id, parent_run_id=root)
    handler.on_chain_end("x", run_id=root)


def test_kinds_and_counts_are_metadata(
    guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    with openai_chain(guard) as (chain, _):
        chain.invoke({"text": f"{CANARIES[0]} and {CANARIES[2]}"}, config(CallbackHandler()))
    langfuse_client.flush()
    (check,) = checks(langfuse_server.spans)
    assert check.metadata("entities") == {"PERSON": 2}
    assert list(check.metadata("detectors")) == ["canary"]


def test_a_checks_details_are_metadata(langfuse_client: Langfuse, langfuse_server: LangfuseServer) -> None:
    handler = CallbackHandler()
    check_run(handler, {"decision": {"entities": {"PERSON": 1}}, "detectors": {"a": 1.5}, "details": DETAILS})
    langfuse_client.flush()
    (check,) = checks(langfuse_server.spans)
    told = {key: check.metadata(key) for key in ("threshold", "policy", "model", "categories", "monitor", "stages")}
    assert told == {**{key: DETAILS[key] for key in told}, "stages": ["prompt", "document"]}
    assert (check.metadata("entities"), check.metadata("detectors")) == ({"PERSON": 1}, {"a": 1.5})


@pytest.mark.parametrize(
    "outputs",
    [
        {"details": "text"},
        {"details": [1]},
        {"details": {}, "detectors": None, "decision": None},
        {"decision": {"entities": [1]}},
        {"details": {"deep": [[[[["x"]]]]], "object": object(), "bytes": b"raw", "long": "x" * 10_000, 7: 1}},
        {"details": {f"key {number}": number for number in range(1000)}, "detectors": {"a": 1}},
    ],
)
def test_details_of_another_form_do_no_harm(
    outputs: Any, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    check_run(CallbackHandler(), outputs)
    langfuse_client.flush()
    (check,) = checks(langfuse_server.spans)
    own = {key: value for key, value in check.attributes.items() if ".metadata." in key}
    assert len(own) <= 70
    assert all(len(str(value)) < 1000 for value in own.values())
    assert not langfuse_server.refused


@pytest.mark.parametrize(("action", "level"), [("redact", "WARNING"), ("anonymize", "DEBUG"), ("allow", "DEBUG")])
def test_what_is_taken_out_for_good_is_a_warning(
    action: Any, level: str, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    Anonymize(Guard(CanaryDetector(), policy=Policy(default=action))).invoke(CANARIES[0], config(CallbackHandler()))
    langfuse_client.flush()
    (check,) = checks(langfuse_server.spans)
    assert check.attributes["langfuse.observation.level"] == level


@pytest.mark.parametrize("way", ["lcel", "model", "chain", "agent"])
@pytest.mark.parametrize("mode", ["invoke", "stream", "astream", "batch"])
def test_usage_is_counted_once_and_the_check_stands_in_its_step(
    way: str, mode: str, guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    steps = {"lcel": "Anonymize", "model": "ProtectedChatModel", "chain": "Anonymize", "agent": "model"}
    with OpenAIServer() as openai:
        model = ChatOpenAI(
            model="gpt-4o", base_url=openai.base_url, api_key=openai.api_key, max_retries=0, stream_usage=True
        )
        said: Any = CANARIES[0]
        if way == "agent":
            app: Any = create_agent(model, [], middleware=[GuardMiddleware(guard)])
            said = {"messages": [{"role": "user", "content": said}]}
        elif way == "lcel":
            app = Anonymize(guard) | model | Deanonymize(guard)
        else:
            app = protect(model if way == "model" else model | (lambda message: message.content), guard)
        consume(app, mode, said, config(CallbackHandler(), tags=["tagged"]))
    langfuse_client.flush()
    calls = 2 if mode == "batch" else 1
    used = [span for span in langfuse_server.spans if "langfuse.observation.usage_details" in span.attributes]
    assert [span.type for span in used] == ["generation"] * calls
    assert all(json.loads(span.attributes["langfuse.observation.usage_details"])["total"] > 0 for span in used)
    for generation in used:
        assert CANARIES[0] not in generation.attributes["langfuse.observation.input"]
        assert "[REDACTED_PERSON_1]" in generation.attributes["langfuse.observation.input"]
        assert generation.attributes["langfuse.trace.tags"] == ["tagged"]
    spans = {span.span_id: span for span in langfuse_server.spans}
    stages = [spans[str(span.parent_id)] for span in checks(langfuse_server.spans)]
    found = [spans[str(stage.parent_id)].name for stage in stages]
    assert found.count(steps[way]) == calls


def consume(app: Any, mode: str, value: Any, settings: Any) -> None:
    import asyncio

    async def collect() -> None:
        async for _ in app.astream(value, settings):
            pass

    match mode:
        case "invoke":
            app.invoke(value, settings)
        case "stream":
            list(app.stream(value, settings))
        case "astream":
            asyncio.run(collect())
        case "batch":
            app.batch([value, value], settings)


def test_the_trace_of_a_decision_and_of_a_blocked_call(
    langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    handler = CallbackHandler()
    step = Anonymize(Guard(CanaryDetector(), policy=Policy(kinds={"PERSON": "block"})))
    errors = []
    for _ in range(2):
        with pytest.raises(Blocked) as caught:
            step.invoke(CANARIES[0], config(handler))
        errors.append(caught.value)
    langfuse_client.flush()
    traces = [span.trace_id for span in checks(langfuse_server.spans)]
    expected = [f"{langfuse_server.url}/project/p-1/traces/{trace}" for trace in traces]
    assert [handler.trace_url(error) for error in errors] == expected
    assert handler.trace_url(errors[0].decision) == expected[0]
    assert handler.trace_url(pickle.loads(pickle.dumps(errors[0]))) == expected[0]
    assert handler.trace_url() == expected[1]


def test_what_has_no_trace(langfuse_client: Langfuse, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = CallbackHandler()
    decision = Decision("prompt", "pii", "allow", valid=True, risk_score=0, latency_ms=1)
    assert (handler.trace_url(), handler.trace_url(decision), handler.trace_url(Blocked(decision))) == (None,) * 3
    with pytest.raises(TypeError, match="got str"):
        handler.trace_url("trace")  # type: ignore[arg-type]
    Anonymize(Guard([])).invoke("x", config(handler))
    monkeypatch.setattr(langfuse_client.api.projects, "get", lambda: 1 / 0)
    assert handler.trace_url() is None


def test_decisions_are_remembered_up_to_a_number() -> None:
    from lc_guard.langfuse.decision_traces import DecisionTraces

    traces = DecisionTraces(max_decisions=10)
    decisions = [
        Decision("prompt", "pii", "allow", valid=True, risk_score=0, latency_ms=number, entities={"B": 1, "A": 2})
        for number in range(20)
    ]
    for number, decision in enumerate(decisions):
        traces.add(decision, str(number))
    assert len(traces) == 10
    assert [traces.get(decision) for decision in decisions] == [None] * 10 + [str(number) for number in range(10, 20)]


@pytest.mark.parametrize("mode", ["invoke", "ainvoke", "stream", "astream", "batch", "abatch"])
def test_users_leave_as_keyed_hashes(
    mode: str, guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    handler = CallbackHandler(user_id_key=KEY)
    metadata = {"langfuse_user_id": USER, "langfuse_session_id": "ls", "langfuse_tags": ["t"]}
    settings = {"configurable": {"session_id": "s", "user_id": USER}, "callbacks": [handler], "metadata": metadata}
    with openai_chain(guard) as (chain, _):
        run(chain, mode, {"text": "x"}, settings)
    langfuse_client.flush()
    pseudonym = handler.user_pseudonym(USER)
    assert len(pseudonym) == 32
    assert {span.attributes["user.id"] for span in langfuse_server.spans} == {pseudonym}
    assert {span.attributes["session.id"] for span in langfuse_server.spans} == {"ls"}
    assert not langfuse_server.holds(USER)
    assert metadata["langfuse_user_id"] == USER


def test_a_pseudonym_depends_on_its_key_alone() -> None:
    assert UserIdHasher(KEY).of(USER) == UserIdHasher("k" * 32).of(USER) != UserIdHasher(b"l" * 32).of(USER)
    assert UserIdHasher(KEY).replace({"user_id": 7, "langfuse_user_id": None, "a": 1}) == {
        "user_id": UserIdHasher(KEY).of("7"),
        "langfuse_user_id": None,
        "a": 1,
    }
    assert UserIdHasher(KEY).of("lone \ud800 surrogate")
    assert "kkk" not in repr(UserIdHasher(KEY))
    for wrong, error in ((b"short", ValueError), ("", ValueError), (7, TypeError)):
        with pytest.raises(error, match="user_id_key"):
            UserIdHasher(wrong)  # type: ignore[arg-type]


def test_without_a_key_users_leave_as_they_are(
    guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    handler = CallbackHandler()
    Anonymize(guard).invoke("x", config(handler, metadata={"langfuse_user_id": USER}))
    langfuse_client.flush()
    assert {span.attributes["user.id"] for span in langfuse_server.spans} == {USER} == {handler.user_pseudonym(USER)}


@pytest.mark.parametrize("parent_based", [False, True])
def test_traces_that_are_sampled_out_have_no_scores(
    parent_based: bool, guard: Guard, make_langfuse: MakeClient, langfuse_server: LangfuseServer
) -> None:
    ratio = TraceIdRatioBased(0.5)
    client = make_langfuse(tracer_provider=TracerProvider(sampler=ParentBased(ratio) if parent_based else ratio))
    handler = CallbackHandler()
    for _ in range(40):
        Anonymize(guard).invoke("x", config(handler))
    client.flush()
    sent = set(langfuse_server.traces())
    assert 5 < len(sent) < 35
    assert {score["traceId"] for score in langfuse_server.scores.values()} == sent
    assert len(langfuse_server.scores) == 3 * len(sent)
