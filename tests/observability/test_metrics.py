"""GuardMetrics in OpenTelemetry's own reader and in a real scrape; labels hold no text and have a bound."""

from __future__ import annotations

import logging
import re
import urllib.request
from typing import Any
from uuid import uuid4

import pytest
from langchain_core.runnables import RunnableLambda
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from lc_guard import Anonymize, Blocked, Deanonymize, Guard, GuardMetrics, Policy
from lc_guard._engine.leaks import Leak
from lc_guard.records import DECISION_EVENT, RESTORED_EVENT
from tests.support.canaries import CANARIES, CanaryDetector
from tests.support.chains import MODES, run

DECISION = {
    "stage": "prompt",
    "check": "scan",
    "action": "allow",
    "valid": True,
    "risk_score": 0.5,
    "latency_ms": 20.0,
    "entities": {},
    "error": None,
    "session": None,
}


@pytest.fixture
def reader() -> InMemoryMetricReader:
    return InMemoryMetricReader()


@pytest.fixture
def handler(reader: InMemoryMetricReader) -> GuardMetrics:
    return GuardMetrics(meter_provider=MeterProvider([reader], shutdown_on_exit=False))


def points(reader: InMemoryMetricReader) -> dict[str, dict[tuple[tuple[str, Any], ...], Any]]:
    data = reader.get_metrics_data()
    if data is None:
        return {}
    (resource,) = data.resource_metrics
    (scope,) = resource.scope_metrics
    return {
        metric.name: {tuple(sorted((p.attributes or {}).items())): p for p in metric.data.data_points}
        for metric in scope.metrics
    }


def values(reader: InMemoryMetricReader, name: str) -> dict[tuple[tuple[str, Any], ...], Any]:
    return {key: point.value for key, point in points(reader)[name].items()}


def test_leaks_of_its_guard_are_counted(reader: InMemoryMetricReader) -> None:
    guard = Guard(CanaryDetector())
    GuardMetrics(guard, meter_provider=MeterProvider([reader], shutdown_on_exit=False))
    assert values(reader, "lc_guard.leaks") == {(): 0}
    for trace in ("t-1", "t-1", "t-2"):
        guard.leaks.tell(Leak(trace, "o", {"PERSON": 2}))
    assert values(reader, "lc_guard.leaks") == {(): 2}


def test_without_a_guard_no_leak_is_counted(handler: GuardMetrics, reader: InMemoryMetricReader) -> None:
    handler.on_custom_event(DECISION_EVENT, DECISION, run_id=uuid4())
    assert "lc_guard.leaks" not in points(reader)


def config_of(handler: GuardMetrics) -> dict[str, Any]:
    return {"configurable": {"session_id": "jane@thread.example"}, "callbacks": [handler]}


@pytest.mark.parametrize("mode", MODES)
def test_decisions_durations_entities_and_placeholders(
    mode: str, handler: GuardMetrics, reader: InMemoryMetricReader
) -> None:
    guard = Guard(CanaryDetector())
    chain = Anonymize(guard) | RunnableLambda(lambda text: f"{text} [REDACTED_PERSON_9]") | Deanonymize(guard)
    run(chain, mode, CANARIES[0], config_of(handler))
    times = 2 if "batch" in mode else 1
    where = (("check", "pii"), ("stage", "prompt"))
    assert values(reader, "lc_guard.decisions") == {(("action", "anonymize"), *where): times}
    assert values(reader, "lc_guard.entities") == {(where[0], ("kind", "PERSON"), where[1]): times}
    assert values(reader, "lc_guard.placeholders") == {
        (("outcome", "restored"),): times,
        (("outcome", "unknown"),): times,
    }
    (duration,) = points(reader)["lc_guard.check.duration"].values()
    assert duration.count == times
    assert 0 < duration.sum < 5
    assert len(duration.explicit_bounds) == 15


def test_failures_name_their_error_and_nothing_else(handler: GuardMetrics, reader: InMemoryMetricReader) -> None:
    detector = CanaryDetector()
    detector.error = RuntimeError(CANARIES[0])
    with pytest.raises(Blocked):
        Anonymize(Guard(detector, policy=Policy())).invoke(CANARIES[0], config_of(handler))
    (key,) = values(reader, "lc_guard.decisions")
    assert dict(key) == {"action": "block", "check": "pii", "error.type": "RuntimeError", "stage": "prompt"}


def test_labels_have_a_bound(handler: GuardMetrics, reader: InMemoryMetricReader) -> None:
    for number in range(1000):
        data = {**DECISION, "check": f"check {number}", "entities": {f"kind {number}": 1}, "error": f"Error{number}"}
        handler.on_custom_event(DECISION_EVENT, data, run_id=uuid4())
    decisions = values(reader, "lc_guard.decisions")
    assert len(decisions) == 101
    assert decisions[("action", "allow"), ("check", "other"), ("error.type", "other"), ("stage", "prompt")] == 900
    assert sum(values(reader, "lc_guard.entities").values()) == 1000


@pytest.mark.parametrize(
    ("event", "data"),
    [
        (DECISION_EVENT, None),
        (DECISION_EVENT, CANARIES[0]),
        (DECISION_EVENT, {**DECISION, "stage": CANARIES[0]}),
        (DECISION_EVENT, {**DECISION, "latency_ms": CANARIES[0]}),
        (DECISION_EVENT, {**DECISION, "entities": {"PERSON": CANARIES[0]}}),
        (DECISION_EVENT, {**DECISION, "entities": [CANARIES[0]]}),
        (DECISION_EVENT, {**DECISION, "error": 7}),
        (RESTORED_EVENT, {"restored": CANARIES[0], "unknown": 0}),
        (RESTORED_EVENT, {"restored": 1, "unknown": -1}),
        (RESTORED_EVENT, None),
    ],
)
def test_what_is_no_event_of_ours_is_told_without_its_text(
    event: str, data: Any, handler: GuardMetrics, reader: InMemoryMetricReader, caplog: pytest.LogCaptureFixture
) -> None:
    handler.on_custom_event(event, data, run_id=uuid4())
    handler.on_custom_event("somebody.elses", data, run_id=uuid4())
    assert all(not found for found in points(reader).values())
    assert [record.message for record in caplog.records] == ["a decision was not counted: ValueError"]


def test_without_a_provider_nothing_happens(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert Anonymize(Guard([])).invoke("x", config_of(GuardMetrics())) == "x"
    assert caplog.records == []


def test_a_real_scrape_of_prometheus() -> None:
    from opentelemetry.exporter.prometheus import PrometheusMetricReader
    from prometheus_client import REGISTRY, start_http_server

    reader = PrometheusMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    server, thread = start_http_server(0, addr="127.0.0.1", registry=REGISTRY)
    try:
        Anonymize(Guard(CanaryDetector())).invoke(CANARIES[0], config_of(GuardMetrics(meter_provider=provider)))
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/metrics", timeout=5) as answer:
            page = answer.read().decode()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        provider.shutdown()
    found = {line.partition("{")[0]: line for line in page.splitlines() if line.startswith("lc_guard")}
    assert 'action="anonymize"' in found["lc_guard_decisions_total"]
    assert found["lc_guard_decisions_total"].endswith(" 1.0")
    assert 'kind="PERSON"' in found["lc_guard_entities_total"]
    assert found["lc_guard_check_duration_seconds_count"].endswith(" 1.0")
    assert re.search(r'lc_guard_check_duration_seconds_bucket\{[^}]*le="0.25"', page)
    assert CANARIES[0] not in page
    assert "jane@thread.example" not in page
