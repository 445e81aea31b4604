"""A model that was sent a value of the session shows in the trace, the log and the metrics; a clean one shows none."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langfuse import Langfuse
from langfuse._client.resource_manager import LangfuseResourceManager
from langfuse.langchain import CallbackHandler as PlainHandler
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

import lc_guard
from lc_guard import Anonymize, Deanonymize, Guard, GuardMetrics, Policy, protect
from lc_guard._engine.leaks import Leak
from lc_guard.langfuse import CallbackHandler, mask_otel_spans
from lc_guard.observability import MaskingSpanExporter
from lc_guard.observability.leak_scores import score_leak
from lc_guard.observability.span_mask import SpanMask
from lc_guard.testing import ExactDetector
from tests.support.agents import Toolbox, agent_of, asked, call, config, run, script, sent
from tests.support.canaries import CANARIES, CanaryDetector
from tests.support.chains import MODES, openai_chain
from tests.support.chains import run as run_chain
from tests.support.fixtures import MakeClient
from tests.support.langfuse_server import LangfuseServer, StoredSpan
from tests.support.openai_server import OpenAIServer, ToolCalls
from tests.support.seams import ODD, P1, openai

NAME = CANARIES[0]
CONFIG = {"configurable": {"session_id": "s-1"}}
LEVEL, STATUS = "langfuse.observation.level", "langfuse.observation.status_message"


@pytest.fixture
def guard() -> Guard:
    return Guard(CanaryDetector([*CANARIES, ODD]))


def traced(handler: Any = None) -> dict[str, Any]:
    return {**CONFIG, "callbacks": [handler or CallbackHandler()]}


def leak_scores(server: LangfuseServer) -> list[dict[str, Any]]:
    return [score for score in server.scores.values() if score["name"] == "guard.leak"]


def generations(server: LangfuseServer) -> list[StoredSpan]:
    return [span for span in server.spans if span.type == "generation"]


def raw_model(model: ChatOpenAI) -> Any:
    """A step that asks a model beside the guard, as a helper of an application does."""

    def summarize(hidden: Any, config: Any) -> Any:
        model.invoke(f"Summarize: {NAME} was here", config)
        return hidden

    async def asummarize(hidden: Any, config: Any) -> Any:
        await model.ainvoke(f"Summarize: {NAME} was here", config)
        return hidden

    return RunnableLambda(summarize, asummarize)


@pytest.mark.parametrize("mode", MODES)
def test_a_chain_with_a_model_beside_the_guard(
    mode: str,
    guard: Guard,
    make_langfuse: MakeClient,
    langfuse_server: LangfuseServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    reader = InMemoryMetricReader()
    metrics = GuardMetrics(guard, meter_provider=MeterProvider([reader], shutdown_on_exit=False))
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    with openai_chain(guard) as (_, server):
        model = ChatOpenAI(model="gpt-4o", base_url=server.base_url, api_key=server.api_key, max_retries=0)
        chain = Anonymize(guard) | raw_model(model) | model | StrOutputParser() | Deanonymize(guard)
        runs = len(run_chain(chain, mode, f"Hello {NAME}", {**CONFIG, "callbacks": [CallbackHandler(), metrics]}))
    client.flush()
    assert NAME in sent(server), "the simulated leak reaches the provider"
    leaked = [span for span in generations(langfuse_server) if span.attributes.get(LEVEL) == "ERROR"]
    clean = [span for span in generations(langfuse_server) if span.attributes.get(LEVEL) != "ERROR"]
    assert len(leaked) == len(clean) == runs
    assert all(span.attributes[STATUS].startswith("guard.leak: ") for span in leaked)
    assert all("(1 PERSON)" in span.attributes[STATUS] for span in leaked)
    scores = {score["id"]: score for score in leak_scores(langfuse_server)}
    assert set(scores) == {f"{span.trace_id}-{span.span_id}-guard.leak" for span in leaked}
    for span in leaked:
        score = scores[f"{span.trace_id}-{span.span_id}-guard.leak"]
        assert (score["traceId"], score["observationId"]) == (span.trace_id, span.span_id)
        assert (score["value"], score["dataType"]) == (1, "BOOLEAN")
    lines = [record.getMessage() for record in caplog.records if record.name == "lc_guard.leaks"]
    assert len(lines) == runs == guard.leaks.count
    assert not langfuse_server.holds(NAME)
    assert "Zebulon" not in caplog.text
    assert not langfuse_server.refused
    assert not langfuse_server.violations
    assert counted(reader) == runs


def counted(reader: InMemoryMetricReader) -> int:
    data = reader.get_metrics_data()
    assert data is not None
    found = {
        metric.name: metric for resource in data.resource_metrics for scope in resource.scope_metrics
        for metric in scope.metrics
    }  # fmt: skip
    (point,) = found["lc_guard.leaks"].data.data_points
    assert not point.attributes
    return point.value


@pytest.mark.parametrize("mode", ["invoke", "ainvoke", "messages", "amessages"])
def test_an_agent_whose_tool_asks_a_model_of_its_own(
    mode: str, guard: Guard, make_langfuse: MakeClient, langfuse_server: LangfuseServer
) -> None:
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    with openai(lambda request: "a summary", size=3) as (inner, inner_server):

        @tool
        async def summarize(person: str) -> str:
            """Summarize what is known of a person."""
            return str((await inner.ainvoke(f"Who is {person}?")).content)

        @tool("summarize")
        def summarize_sync(person: str) -> str:
            """Summarize what is known of a person."""
            return str(inner.invoke(f"Who is {person}?").content)

        tools = [summarize_sync if mode in ("invoke", "messages") else summarize]
        replies = script(ToolCalls((call("summarize", 1, person=P1),)), f"Done for {P1}")
        with agent_of(guard, replies, tools=tools, settings={"tool_models": "unseen"}) as (agent, server):
            run(agent, mode, asked(f"Ask about {NAME}"), config(callbacks=[CallbackHandler()]))
        client.flush()
        assert NAME in sent(inner_server)
    assert NAME not in sent(server)
    levels = [span.attributes.get(LEVEL) for span in generations(langfuse_server)]
    assert sorted(level == "ERROR" for level in levels) == [False, False, True]
    assert len(leak_scores(langfuse_server)) == guard.leaks.count == 1
    assert not langfuse_server.holds(NAME)


@pytest.mark.parametrize("mode", ["invoke", "ainvoke", "messages", "amessages", "events_v2"])
def test_a_clean_agent_tells_of_no_leak(
    mode: str, guard: Guard, make_langfuse: MakeClient, langfuse_server: LangfuseServer
) -> None:
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    replies = script(
        ToolCalls((call("send_mail", 1, to=P1, text="[REDACTED_PERSON_2]"), call("web_search", 2, query=P1))),
        f"Hi {P1}",
    )
    with agent_of(guard, replies, tools=list(Toolbox()), size=3, system_prompt=f"You help {CANARIES[1]}") as (agent, _):
        for text in (f"Hello {NAME} and {CANARIES[2]}", "[REDACTED_PERSON_1] is typed", f"And {CANARIES[3]}?"):
            run(agent, mode, asked(text), config(callbacks=[CallbackHandler()]))
    client.flush()
    assert len(generations(langfuse_server)) > 3
    assert leak_scores(langfuse_server) == []
    assert guard.leaks.count == 0
    assert {span.attributes.get(LEVEL) for span in generations(langfuse_server)} <= {None, "DEFAULT"}


@pytest.mark.parametrize("style", ["llm_guard", "angle", "square", "fake"])
@pytest.mark.parametrize("mode", ["invoke", "ainvoke", "stream", "astream"])
def test_a_protected_model_tells_of_no_leak(
    mode: str, style: Any, make_langfuse: MakeClient, langfuse_server: LangfuseServer
) -> None:
    guard = Guard(CanaryDetector(), placeholder_style=style)
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    with openai(lambda request: "fine", size=2) as (model, server):
        safe = protect(model, guard)
        said = [HumanMessage(f"I am {NAME}", name=CANARIES[1]), AIMessage(f"Hi {NAME}"), HumanMessage(f"Still {NAME}")]
        for settings in ({"callbacks": [CallbackHandler()]}, traced()):  # an isolated session, and one with a name
            run_chain(safe | StrOutputParser(), mode, said, settings)
    client.flush()
    assert NAME not in sent(server)
    assert len(generations(langfuse_server)) == 2
    assert leak_scores(langfuse_server) == []
    assert guard.leaks.count == 0


def test_found_only_after_the_model_saw_it(make_langfuse: MakeClient, langfuse_server: LangfuseServer) -> None:
    late = "Late Lavender"
    detector = CanaryDetector()
    guard = Guard(detector)
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    with openai_chain(guard) as (chain, server):

        def both(_: Any, config: Any) -> str:
            chain.invoke({"text": f"{NAME} and {late}"}, config)
            detector.pattern = CanaryDetector([*CANARIES, late]).pattern
            return chain.invoke({"text": f"now {late} is found"}, config)

        RunnableLambda(both).invoke("x", traced())
    client.flush()
    assert late in sent(server)
    assert len(leak_scores(langfuse_server)) == 1
    assert not langfuse_server.holds(late)


def test_the_sdks_own_handler_and_several_clients(
    guard: Guard, make_langfuse: MakeClient, langfuse_server: LangfuseServer
) -> None:
    make_langfuse(public_key="pk-other")
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    handler = PlainHandler(public_key=langfuse_server.public_key)
    with OpenAIServer() as server:
        model = ChatOpenAI(model="gpt-4o", base_url=server.base_url, api_key=server.api_key, max_retries=0)
        (Anonymize(guard) | raw_model(model)).invoke(NAME, traced(handler))
    client.flush()
    assert len(leak_scores(langfuse_server)) == 1


def test_a_score_that_fails_does_not_break_the_export(
    guard: Guard,
    make_langfuse: MakeClient,
    langfuse_server: LangfuseServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError(NAME)

    monkeypatch.setattr(Langfuse, "create_score", broken)
    guard.leaks.subscribe(broken)
    with OpenAIServer() as server:
        model = ChatOpenAI(model="gpt-4o", base_url=server.base_url, api_key=server.api_key, max_retries=0)
        (Anonymize(guard) | raw_model(model)).invoke(NAME, traced(PlainHandler()))
    client.flush()
    (span,) = generations(langfuse_server)
    assert span.attributes[LEVEL] == "ERROR"
    assert "the score of a leak was not written: RuntimeError" in caplog.text
    assert "not taken by a listener: RuntimeError" in caplog.text
    assert "Zebulon" not in caplog.text


def test_a_leak_that_waits_when_the_clients_are_reset(
    guard: Guard, make_langfuse: MakeClient, langfuse_server: LangfuseServer
) -> None:
    make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    with OpenAIServer() as server:
        model = ChatOpenAI(model="gpt-4o", base_url=server.base_url, api_key=server.api_key, max_retries=0)
        (Anonymize(guard) | raw_model(model)).invoke(NAME, traced())
    started = time.monotonic()
    LangfuseResourceManager.reset()  # holds the SDK's lock while it waits for the exporter's thread
    assert time.monotonic() - started < 10
    # SDK 5 takes no score any more once it shuts down: then the level says it alone
    (span,) = generations(langfuse_server)
    assert span.attributes[LEVEL] == "ERROR"
    assert not langfuse_server.holds(NAME)


def test_a_leak_at_the_end_of_the_process(langfuse_server: LangfuseServer) -> None:
    code = f"""
        from langfuse import Langfuse
        from langchain_core.language_models import FakeListChatModel
        from langchain_core.runnables import RunnableLambda
        from lc_guard import Anonymize, Guard
        from lc_guard.langfuse import CallbackHandler, mask_otel_spans
        from lc_guard.testing import ExactDetector

        guard = Guard(ExactDetector({{"PERSON": ["{NAME}"]}}))
        Langfuse(public_key="pk-lf-loopback", secret_key="sk-lf-loopback", base_url="{langfuse_server.url}",
                 mask_otel_spans=mask_otel_spans(guard))
        model = FakeListChatModel(responses=["fine"])
        beside = RunnableLambda(lambda hidden, config: model.invoke("Who is {NAME}?", config))
        handler = CallbackHandler()
        (Anonymize(guard) | beside).invoke("{NAME}", {{"configurable": {{"session_id": "s"}}, "callbacks": [handler]}})
    """  # fmt: skip
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(lc_guard.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True, text=True, timeout=100, env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(leak_scores(langfuse_server)) == 1
    assert "Zebulon" not in done.stderr
    assert not langfuse_server.holds(NAME)


def test_a_model_without_any_check_warns(
    guard: Guard, make_langfuse: MakeClient, langfuse_server: LangfuseServer
) -> None:
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    with OpenAIServer() as server:
        model = ChatOpenAI(model="gpt-4o", base_url=server.base_url, api_key=server.api_key, max_retries=0)
        model.invoke(f"Who is {NAME}?", {"callbacks": [CallbackHandler()]})
        model.invoke("What time is it?", {"callbacks": [CallbackHandler()]})
    client.flush()
    named, plain = generations(langfuse_server)
    assert named.attributes[LEVEL] == "WARNING"
    assert named.attributes[STATUS].startswith("unguarded model: ")
    assert plain.attributes.get(LEVEL) in (None, "DEFAULT")
    assert leak_scores(langfuse_server) == []
    assert guard.leaks.count == 0


def test_a_release_that_hides_its_clients_writes_no_score_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    leak = Leak(trace_id="t", observation_id="o", kinds={"PERSON": 1})
    with monkeypatch.context() as future:
        future.delattr(LangfuseResourceManager, "_instances")
        assert score_leak(leak, lambda _: True) is False
    assert "the score of a leak was not written: SeamBroken" in caplog.text


# --- what the mask takes for a leak, on attributes as both SDK lines write them


def learned(guard: Guard, session: str = "s-1") -> SpanMask:
    mask = SpanMask(guard)
    decision = {"check": "pii", "action": "anonymize", "error": None}
    mask.learn(
        "t",
        {
            "langfuse.observation.metadata.lc_guard_session": guard.digest(session),
            "langfuse.observation.output": json.dumps({"decision": decision}),
        },
    )
    return mask


def generation(content: Any, **more: Any) -> dict[str, Any]:
    written = content if isinstance(content, str) else json.dumps(content)
    return {"langfuse.observation.type": "generation", "langfuse.observation.input": written, **more}


def user(text: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


TOOL = {"role": "tool", "content": {"type": "function", "function": {"name": NAME, "description": f"asks {NAME}"}}}


@pytest.mark.parametrize(
    ("attributes", "leaks"),
    [
        (generation(user(f"I am {NAME}.")), True),
        (generation(NAME), True),
        (generation(user([{"type": "text", "text": NAME}])), True),
        (generation(user(json.dumps({"note": f"line\n{NAME}"}))), True),
        (generation(user("said " + json.dumps({"note": CANARIES[1]})[:-1])), True),
        (generation([{"role": "assistant", "tool_calls": [{"name": "f", "args": {"who": NAME}}]}]), True),
        (generation([{"role": "tool", "content": f"{NAME} is in", "tool_call_id": "c"}]), True),
        (generation([{"role": "user", "content": "hi", "name": NAME}]), True),
        (generation(user("I am [REDACTED_PERSON_1].")), False),
        (generation(user(f"I am {NAME}s.")), False),
        (generation(user("")), False),
        (generation([*user("hi"), TOOL]), False),
        (generation([{"role": NAME, "content": "hi", "id": NAME}]), False),
        (generation([{"role": "assistant", "tool_calls": [{"name": NAME, "args": {}, "id": "1"}]}]), False),
        ({**generation(user(NAME)), "langfuse.observation.type": "chain"}, False),
        ({**generation(user(NAME)), "langfuse.observation.type": "embedding"}, False),
        ({**generation(user("hi")), "langfuse.observation.output": NAME}, False),
        ({**generation(user("hi")), "langfuse.observation.metadata.note": NAME}, False),
        ({"gen_ai.operation.name": "chat", "gen_ai.input.messages": json.dumps(user(NAME))}, True),
        ({"gen_ai.operation.name": "embeddings", "gen_ai.input.messages": json.dumps(user(NAME))}, False),
        ({"llm.request.type": "chat", "gen_ai.prompt.0.content": NAME, "gen_ai.prompt.0.role": "user"}, True),
        ({"llm.request.type": "chat", "gen_ai.completion.0.content": NAME}, False),
        ({"openinference.span.kind": "LLM", "llm.input_messages.0.message.content": NAME}, True),
        ({"openinference.span.kind": "CHAIN", "input.value": NAME}, False),
    ],
)  # fmt: skip
def test_what_is_a_leak(attributes: dict[str, Any], leaks: bool) -> None:
    guard = Guard(CanaryDetector())
    guard.session("s-1").anonymize("; ".join(CANARIES))
    leak = learned(guard).leak("t", "o", attributes)
    assert (leak is not None) is leaks
    if leak is not None:
        assert (leak.trace_id, leak.observation_id, dict(leak.kinds)) == ("t", "o", {"PERSON": 1})
        assert "Zebulon" not in repr(leak) + leak.message


def hidden(values: dict[str, list[str]], **settings: Any) -> Guard:
    guard = Guard(ExactDetector(values), **settings)
    guard.session("s-1").anonymize("; ".join(value for found in values.values() for value in found))
    return guard


@pytest.mark.parametrize(
    ("arrange", "text", "kinds"),
    [
        (lambda: hidden({"PERSON": ["Will"]}), "Will you come?", None),
        (lambda: hidden({"PERSON": ["Will"]}), "I met Will today", {"PERSON": 1}),
        (lambda: hidden({"PERSON": ["Ann"]}), "Announce it to Annabel", None),
        (lambda: hidden({"PERSON": ["PERSON"]}), "[REDACTED_PERSON_1] came", None),
        (lambda: hidden({"CITY": ["Rome"]}, policy=Policy(kinds={"CITY": "allow"})), "in Rome", None),
        (lambda: hidden({"CITY": ["Rome"]}, policy=Policy(kinds={"CITY": "redact"})), "in Rome", None),
        (lambda: hidden({"PHONE": ["4155550134"]}), [{"role": "user", "content": {"phone": 4155550134}}], {"PHONE": 1}),
        (lambda: hidden({"PHONE": ["4155550134"]}), [{"role": "user", "content": {"n": 44155550134}}], None),
        (lambda: hidden({"N": ["7"]}), [{"role": "user", "content": "x", "index": 7}], None),
        (lambda: hidden({"PERSON": ["user", "content"]}), [{"role": "user", "content": "hi"}], None),
        (
            lambda: hidden({"PERSON": ["Ann Lee", "Bo"], "CITY": ["Rome"]}),
            "Ann Lee, Ann Lee and Bo in Rome",
            {"PERSON": 2, "CITY": 1},
        ),
    ],
)
def test_what_the_guard_would_not_hide_is_none(
    arrange: Callable[[], Guard], text: Any, kinds: dict[str, int] | None
) -> None:
    leak = learned(arrange()).leak("t", "o", generation(text))
    assert (None if leak is None else dict(leak.kinds)) == kinds


def test_a_look_alike_that_a_user_typed_is_none() -> None:
    guard = Guard(CanaryDetector())
    assert guard.session("s-1").anonymize("[REDACTED_PERSON_1] said") == "[REDACTED_LITERAL_1] said"
    assert learned(guard).leak("t", "o", generation("[REDACTED_PERSON_1] said")) is None


def test_a_session_that_was_forgotten_meanwhile() -> None:
    guard = Guard(CanaryDetector())
    mask = learned(guard)
    guard.session("s-1").anonymize(NAME)
    guard.session("s-1").forget()
    assert mask.leak("t", "o", generation(NAME)) is not None
    assert mask.leak("another", "o", generation(NAME)) is None


def test_a_fake_that_holds_a_later_value() -> None:
    guard = Guard(CanaryDetector(), placeholder_style="fake")
    fake = guard.session("s-1").anonymize(NAME)
    first = fake.split()[0]
    guard._analyzer = Guard(ExactDetector({"PERSON": [first]}))._analyzer
    guard.vault.allocate("s-1", [("PERSON", first)], _Mint())
    mask = learned(guard)
    assert mask.leak("t", "o", generation(f"I am {fake}.")) is None
    assert mask.leak("t", "o", generation(f"I am {first}.")) is not None


class _Mint:
    def __call__(self, kind: str, index: int) -> str:
        return f"Xavier{index}"

    def claims(self, placeholder: str) -> frozenset[str]:
        return frozenset()


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai.operation.name": "chat", "gen_ai.input.messages": json.dumps(user(NAME))},
        {"llm.request.type": "chat", "gen_ai.prompt.0.content": NAME},
        {"openinference.span.kind": "LLM", "input.value": NAME},
    ],
)
def test_another_backend(attributes: dict[str, Any], guard: Guard, caplog: pytest.LogCaptureFixture) -> None:
    memory, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(MaskingSpanExporter(guard, memory)))
    tracer = provider.get_tracer("tests")
    known = {"langfuse.observation.metadata.session_id": "s-1"}
    guard.session("s-1").anonymize(NAME)
    with tracer.start_as_current_span("root"):
        with tracer.start_as_current_span("known", attributes=known):
            pass
        with tracer.start_as_current_span("model", attributes=attributes):
            pass
        with tracer.start_as_current_span(
            "clean", attributes={**attributes, **dict.fromkeys(list(attributes)[1:], P1)}
        ):
            pass
    spans = {span.name: span for span in memory.get_finished_spans()}
    assert spans["model"].status.status_code is StatusCode.ERROR
    assert str(spans["model"].status.description).startswith("guard.leak: ")
    assert spans["clean"].status.status_code is StatusCode.UNSET
    assert NAME not in "".join(span.to_json() for span in spans.values()) + caplog.text
    assert guard.leaks.count == 1


def test_the_masking_exporter_under_langfuse(
    guard: Guard, make_langfuse: MakeClient, langfuse_server: LangfuseServer
) -> None:
    memory = InMemorySpanExporter()
    make_langfuse(public_key="pk-other")
    client = make_langfuse(span_exporter=MaskingSpanExporter(guard, memory))
    with OpenAIServer() as server:
        model = ChatOpenAI(model="gpt-4o", base_url=server.base_url, api_key=server.api_key, max_retries=0)
        handler = CallbackHandler(public_key=langfuse_server.public_key)
        (Anonymize(guard) | raw_model(model)).invoke(NAME, traced(handler))
    client.flush()
    (score,) = leak_scores(langfuse_server)
    (span,) = [s for s in memory.get_finished_spans() if (s.attributes or {}).get(LEVEL) == "ERROR"]
    assert span.context is not None
    assert score["observationId"] == f"{span.context.span_id:016x}"
    assert span.status.status_code is StatusCode.ERROR


def test_a_leak_is_told_once(guard: Guard, caplog: pytest.LogCaptureFixture) -> None:
    guard.session("s-1").anonymize(NAME)
    leak = learned(guard).leak("t", "o", generation(NAME))
    assert leak is not None
    heard: list[Any] = []
    guard.leaks.subscribe(heard.append)
    with caplog.at_level(logging.ERROR):
        guard.leaks.tell(leak)
        guard.leaks.tell(leak)
    assert heard == [leak]
    assert guard.leaks.count == 1
    assert repr(guard.leaks) == "Leaks(1)"
    assert len(caplog.records) == 1
