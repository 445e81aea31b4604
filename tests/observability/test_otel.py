"""The masking exporter reaches status and events, and keeps the rest of a span as it was."""

from __future__ import annotations

import json
import logging

import pytest
from langchain_core.runnables import RunnableLambda
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import RandomIdGenerator, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, Status, StatusCode

from lc_guard.guard import Guard
from lc_guard.langchain.runnables import Anonymize
from lc_guard.langfuse import CallbackHandler
from lc_guard.observability import MaskingSpanExporter
from tests.support.canaries import CANARIES, CanaryDetector
from tests.support.fixtures import MakeClient

EVERYTHING = "; ".join(CANARIES)
DECIDED = {"decision": {"check": "pii", "action": "anonymize", "error": None}}


class OneTrace(RandomIdGenerator):
    """All spans are of the trace whose check was told."""

    def generate_trace_id(self) -> int:
        return 1


@pytest.fixture
def memory() -> InMemorySpanExporter:
    return InMemorySpanExporter()


def test_an_exception_that_leaves_the_users_own_span(make_langfuse: MakeClient, memory: InMemorySpanExporter) -> None:
    guard = Guard(CanaryDetector())
    client = make_langfuse(span_exporter=MaskingSpanExporter(guard, memory))

    def fail(text: str) -> str:
        raise ValueError({"bad": EVERYTHING, "text": text})

    config = {"configurable": {"session_id": "s"}, "callbacks": [CallbackHandler()]}
    with pytest.raises(ValueError), client.start_as_current_observation(name="mine"):
        (Anonymize(guard) | RunnableLambda(fail)).invoke(EVERYTHING, config)
    client.flush()
    spans = {span.name: span for span in memory.get_finished_spans()}
    told = "".join(span.to_json() for span in spans.values())
    assert not [part for value in CANARIES for part in value.split() if len(part) > 6 and part in told]
    mine = spans["mine"]
    assert "[REDACTED_PERSON_1]" in str(mine.status.description)
    assert mine.events[0].name == "exception"
    assert "[REDACTED_PERSON_1]" in str((mine.events[0].attributes or {})["exception.stacktrace"])
    assert len(spans) == 6


def test_the_rest_stays_and_the_unmaskable_stays_here(
    memory: InMemorySpanExporter, caplog: pytest.LogCaptureFixture
) -> None:
    detector = CanaryDetector()
    provider = TracerProvider()
    exporter = MaskingSpanExporter(Guard(detector), memory)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("tests", "1")
    with tracer.start_as_current_span("outer", attributes={"n": 1}), tracer.start_as_current_span("inner") as inner:
        inner.add_event("seen", {"who": CANARIES[0], "n": 2}, timestamp=5)
    detector.error = RuntimeError(EVERYTHING)
    with caplog.at_level(logging.ERROR), tracer.start_as_current_span("lost", attributes={"text": CANARIES[1]}):
        pass
    assert exporter.force_flush()
    sent_inner, sent_outer = memory.get_finished_spans()
    assert (sent_inner.parent, sent_inner.status.description) == (sent_outer.context, None)
    assert [(event.name, dict(event.attributes or {}), event.timestamp) for event in sent_inner.events] == [
        ("seen", {"who": "[REDACTED_PERSON]", "n": 2}, 5)
    ]
    assert dict(sent_outer.attributes or {}) == {"n": 1}
    assert [record.message for record in caplog.records] == ["a span can't be masked and is not exported: RuntimeError"]
    provider.shutdown()


def test_a_value_stands_nowhere_in_a_span(memory: InMemorySpanExporter) -> None:
    value, left = CANARIES[0], "gen_ai.request.model"
    provider = TracerProvider(resource=Resource({"owner": value, value: "x", "service.name": "shop"}))
    provider.add_span_processor(SimpleSpanProcessor(MaskingSpanExporter(Guard(CanaryDetector()), memory)))
    tracer = provider.get_tracer("tests", "1")
    with tracer.start_as_current_span("ask the model") as first:
        pass
    link = Link(first.get_span_context(), {"who": value, value: "y"})
    held = {f"of {value}": 1, "who": value, left: "gpt"}
    with tracer.start_as_current_span(f"mail to {value}", attributes=held, links=[link]) as span:
        span.add_event(f"mailed {value}", {"to": value, value: "z"}, timestamp=5)
        span.set_status(Status(StatusCode.ERROR, f"no {value}"))
    one, two = memory.get_finished_spans()
    assert not [each.name for each in (one, two) if value in each.to_json()]
    assert (one.name, two.name) == ("ask the model", "mail to [REDACTED_PERSON]")
    assert dict(two.attributes or {}) == {"of [REDACTED_PERSON]": 1, "who": "[REDACTED_PERSON]", left: "gpt"}
    assert two.links[0].context == first.get_span_context()
    assert two.resource.attributes["service.name"] == "shop"
    provider.shutdown()


@pytest.mark.parametrize("kept", [True, False], ids=["session kept", "forgotten"])
def test_a_value_that_the_limit_of_attributes_cuts(kept: bool, memory: InMemorySpanExporter) -> None:
    """Nothing tells the limit: for every one of them, whatever was exported before."""
    guard = Guard(CanaryDetector())
    exporter = MaskingSpanExporter(guard, memory)
    name, mail = CANARIES[0], "ann.lee@example.org"
    values = [name, mail, 'Say "Zoë" O\'Neil']
    text = "; ".join(f"{value} was here" for value in (*values, *CANARIES))
    hidden = guard.session("s").anonymize(f"{text}; {values[2]}")
    for placeholder in (known := guard.session("s").placeholders()):
        assert placeholder in hidden
    exporter.learn("0" * 31 + "1", guard.digest("s"), DECIDED)
    if not kept:
        guard.session("s").forget()
    for limit in range(33, len(text)):
        limits = SpanLimits(max_span_attribute_length=limit, max_attribute_length=limit + 7)
        provider = TracerProvider(span_limits=limits, id_generator=OneTrace())
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        with provider.get_tracer("tests").start_as_current_span("x") as span:
            span.set_attributes({"text": text, "json": json.dumps({"q": [text]}), "short": "Zed"})
            span.add_event("e", {"text": text})
            span.set_status(Status(StatusCode.ERROR, "long " * 100))
        (done,) = memory.get_finished_spans()
        memory.clear()
        held = [*(done.attributes or {}).values(), *(done.events[0].attributes or {}).values()]
        beginnings = [value[:length] for value in known.values() for length in range(3, len(value))]
        assert [part for part in beginnings for told in held if str(told).endswith(f" {part}")] == [], limit
        assert "Zed" in held
