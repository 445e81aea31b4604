"""No canary reaches Langfuse: not in attributes, names, status or events of spans, nor in scores, in any mode."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from langchain_core.messages import ToolMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import StructuredTool

from lc_guard.errors import Blocked
from lc_guard.guard import Guard
from lc_guard.langchain.runnables import Anonymize, Deanonymize
from lc_guard.langfuse import CallbackHandler, mask_otel_spans
from lc_guard.policy import Policy
from tests.support.canaries import CANARIES, CanaryDetector
from tests.support.chains import MODES, openai_chain, run
from tests.support.fixtures import MakeClient
from tests.support.langfuse_server import LangfuseServer
from tests.support.openai_server import Drop, Failure

EVERYTHING = "; ".join(CANARIES)


@pytest.fixture
def guard() -> Guard:
    return Guard(CanaryDetector())


def config(**more: Any) -> dict[str, Any]:
    return {"configurable": {"session_id": "ann@example.org"}, "callbacks": [CallbackHandler()], **more}


def nothing_leaked(server: LangfuseServer, caplog: pytest.LogCaptureFixture | None = None) -> bool:
    assert server.spans, "nothing arrived at all"
    assert not server.refused
    assert not server.violations
    assert not [score for score in server.scores.values() if score["name"] == "guard.leak"]
    parts = [part for value in CANARIES for part in (value, value.split()[0]) if len(part) > 3]
    found = [part for part in parts if server.holds(part)]
    found += [part for part in parts if caplog is not None and part in caplog.text]
    assert not found
    return True


@pytest.mark.parametrize("mode", MODES)
def test_main_chain(
    mode: str,
    guard: Guard,
    make_langfuse: MakeClient,
    langfuse_server: LangfuseServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    with openai_chain(guard, chunk_size=3) as (chain, _):
        settings = config(tags=[f"for {CANARIES[0]}"], metadata={"note": CANARIES[1], CANARIES[0]: 1})
        answers = run(chain, mode, {"text": f"Say: {EVERYTHING}"}, settings)
    client.flush()
    assert all(answer == f"Say: {EVERYTHING}" for answer in answers)
    assert nothing_leaked(langfuse_server, caplog)
    assert not langfuse_server.holds("ann@example.org")
    assert len(langfuse_server.traces()) == len(answers)
    assert all(len(spans) == 8 for spans in langfuse_server.traces().values())


@pytest.mark.parametrize("mode", MODES)
def test_session_forgotten_before_the_export(
    mode: str, guard: Guard, make_langfuse: MakeClient, langfuse_server: LangfuseServer
) -> None:
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    with openai_chain(guard) as (chain, _):
        run(chain, mode, {"text": EVERYTHING}, config())
    guard.session("ann@example.org").forget()
    client.flush()
    assert nothing_leaked(langfuse_server)
    assert langfuse_server.holds("[REDACTED_PERSON_3]")


def test_span_exported_before_anonymize_ran(
    guard: Guard, make_langfuse: MakeClient, langfuse_server: LangfuseServer
) -> None:
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))

    def load(text: str) -> str:
        return f"{text} and {EVERYTHING}"

    def slow(text: str) -> str:
        client.flush()
        assert [span.name for span in langfuse_server.spans] == ["load"]
        return text

    chain = RunnableLambda(load) | RunnableLambda(slow) | Anonymize(guard) | Deanonymize(guard)
    chain.invoke(EVERYTHING, config())
    client.flush()
    assert nothing_leaked(langfuse_server)
    assert len(langfuse_server.spans) == 7


@pytest.mark.parametrize("mode", MODES)
def test_a_step_raises_with_a_value_in_its_message(
    mode: str,
    guard: Guard,
    make_langfuse: MakeClient,
    langfuse_server: LangfuseServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))

    def fail(text: str) -> str:
        raise ValueError({"bad": text})

    chain = Anonymize(guard) | Deanonymize(guard) | RunnableLambda(fail)
    with pytest.raises(ValueError, match="Zebulon"):
        run(chain, mode, EVERYTHING, config())
    client.flush()
    assert nothing_leaked(langfuse_server, caplog)
    failed = [span for span in langfuse_server.spans if span.attributes.get("langfuse.observation.level") == "ERROR"]
    assert any("REDACTED_PERSON_1]" in span.attributes["langfuse.observation.status_message"] for span in failed)
    assert all((span.status, span.events) == ("", ()) for span in failed)


def test_tool_spans(guard: Guard, make_langfuse: MakeClient, langfuse_server: LangfuseServer) -> None:
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))

    def look_up(person: str) -> str:
        return f"{person} knows {CANARIES[2]}"

    def refuse(person: str) -> ToolMessage:
        return ToolMessage(f"no {person}", tool_call_id="c", status="error")

    good, bad = (StructuredTool.from_function(f, name=f.__name__, description="d") for f in (look_up, refuse))
    chain = (
        Anonymize(guard)
        | Deanonymize(guard)
        | RunnableLambda(
            lambda text, config: (good.invoke({"person": text}, config), bad.invoke({"person": text}, config))
        )
    )
    chain.invoke(CANARIES[0], config())
    client.flush()
    assert nothing_leaked(langfuse_server)
    (span,) = [span for span in langfuse_server.spans if span.name == "refuse"]
    assert span.attributes["langfuse.observation.status_message"] == "no [REDACTED_PERSON_1]"
    assert span.attributes["langfuse.observation.level"] == "ERROR"
    assert '"status": "error"' in span.attributes["langfuse.observation.output"]
    assert span.status == ""


@pytest.mark.parametrize("policy", [Policy(default="block"), Policy(default="redact"), Policy(default="warn")])
def test_policies_that_leave_no_placeholder(
    policy: Policy, make_langfuse: MakeClient, langfuse_server: LangfuseServer
) -> None:
    guard = Guard(CanaryDetector(), policy=policy)
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    chain = RunnableLambda(lambda text: text) | Anonymize(guard)
    try:
        chain.invoke(EVERYTHING, config())
    except Blocked:
        assert policy.default == "block"
    client.flush()
    assert nothing_leaked(langfuse_server)
    assert langfuse_server.holds("[REDACTED_PERSON]")


@pytest.mark.parametrize(
    "reply", [Failure(500, "down"), Failure(429, "slow", retry_after=0), Drop("[REDACTED_PERSON_1] said")]
)
@pytest.mark.parametrize("mode", ["invoke", "astream"])
def test_the_model_fails(
    mode: str, reply: Any, guard: Guard, make_langfuse: MakeClient, langfuse_server: LangfuseServer
) -> None:
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    with openai_chain(guard, reply=lambda request: reply) as (chain, _), pytest.raises(Exception):  # noqa: B017
        run(chain, mode, {"text": EVERYTHING}, config())
    client.flush()
    assert nothing_leaked(langfuse_server)
    assert any(name == "guard.action" for name, _ in langfuse_server.scores_of(langfuse_server.spans[0].trace_id))


def test_failing_detectors_send_the_checks_alone(
    make_langfuse: MakeClient, langfuse_server: LangfuseServer, caplog: pytest.LogCaptureFixture
) -> None:
    detector = CanaryDetector()
    detector.error = RuntimeError(EVERYTHING)
    guard = Guard(detector)
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    with pytest.raises(Blocked):
        (RunnableLambda(lambda text: text) | Anonymize(guard)).invoke(EVERYTHING, config())
    client.flush()
    assert nothing_leaked(langfuse_server, caplog)
    assert [span.type for span in langfuse_server.spans] == ["guardrail", "span"]
    assert "not exported: RuntimeError" in caplog.text


def test_a_run_name_that_holds_a_value(
    guard: Guard, make_langfuse: MakeClient, langfuse_server: LangfuseServer
) -> None:
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    chain = Anonymize(guard) | Deanonymize(guard)
    chain.invoke(EVERYTHING, config(run_name=f"for {CANARIES[0]}"))
    client.flush()
    assert nothing_leaked(langfuse_server)
    names = ["Anonymize", "Deanonymize", "guard: prompt", "prompt.pii"]
    assert sorted(span.name for span in langfuse_server.spans) == names


def test_without_the_mask_the_canaries_would_be_found(
    guard: Guard, make_langfuse: MakeClient, langfuse_server: LangfuseServer
) -> None:
    client = make_langfuse()
    (Anonymize(guard) | Deanonymize(guard)).invoke(EVERYTHING, config())
    client.flush()
    assert all(langfuse_server.holds(value) for value in CANARIES)
