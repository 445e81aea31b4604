"""The stand-in for Langfuse serves the real SDK and refuses what the real server refuses."""

from __future__ import annotations

import gzip
from typing import Any

import httpx
import pytest
from langfuse import Langfuse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

from .langfuse_server import LangfuseServer, score_problem

GOOD = {"id": "s", "name": "n", "value": 0.5, "traceId": "t", "dataType": "NUMERIC"}


def export(**changes: Any) -> bytes:
    good = {
        "trace_id": b"t" * 16,
        "span_id": b"s" * 8,
        "name": "ok",
        "start_time_unix_nano": 1,
        "end_time_unix_nano": 2,
    }
    spans = [Span(**good), Span(**{**good, "name": "second", **changes})]
    scope = ScopeSpans(spans=spans)
    return ExportTraceServiceRequest(resource_spans=[ResourceSpans(scope_spans=[scope])]).SerializeToString()


def post(server: LangfuseServer, path: str, **kwargs: Any) -> httpx.Response:
    return httpx.post(f"{server.url}{path}", auth=(server.public_key, server.secret_key), **kwargs)


def post_spans(server: LangfuseServer, body: bytes, **headers: str) -> httpx.Response:
    headers = {"Content-Type": "application/x-protobuf", **headers}
    return post(server, "/api/public/otel/v1/traces", content=body, headers=headers)


def test_takes_spans_and_scores_of_the_real_sdk(langfuse_server: LangfuseServer, langfuse_client: Langfuse) -> None:
    assert langfuse_client.auth_check()
    with langfuse_client.start_as_current_observation(name="step", as_type="guardrail", input={"a": 1}) as span:
        span.update(metadata={"key": "text"})
        span.score(name="risk", value=0.25, data_type="NUMERIC")
    langfuse_client.flush()
    stored = langfuse_server.spans[0]
    assert (stored.name, stored.type, stored.metadata("key")) == ("step", "guardrail", "text")
    assert langfuse_server.scores_of(stored.trace_id) == {("risk", stored.span_id): 0.25}
    assert langfuse_server.holds('{"a": 1}')
    assert not langfuse_server.refused


@pytest.mark.parametrize(
    "changes",
    [
        {"trace_id": b"short"},
        {"trace_id": bytes(16)},
        {"span_id": b""},
        {"start_time_unix_nano": 0},
        {"start_time_unix_nano": 5},
        {"parent_span_id": b"x"},
    ],
)
def test_one_malformed_span_refuses_the_export(langfuse_server: LangfuseServer, changes: dict[str, Any]) -> None:
    assert post_spans(langfuse_server, export(**changes)).status_code == 400
    assert langfuse_server.spans == []
    assert langfuse_server.holds("second")


def test_takes_gzip_and_refuses_rubbish(langfuse_server: LangfuseServer) -> None:
    assert post_spans(langfuse_server, gzip.compress(export()), **{"Content-Encoding": "gzip"}).status_code == 200
    assert [span.name for span in langfuse_server.spans] == ["ok", "second"]
    assert post_spans(langfuse_server, b"\xff\xff").status_code == 400
    assert post(langfuse_server, "/api/public/otel/v1/traces", content=b"", headers={}).status_code == 400
    assert post(langfuse_server, "/api/public/nothing").status_code == 404


def test_refuses_wrong_keys(langfuse_server: LangfuseServer) -> None:
    answer = httpx.post(f"{langfuse_server.url}/api/public/scores", json=[GOOD], auth=("pk", "wrong"))
    assert answer.status_code == 401
    assert httpx.get(f"{langfuse_server.url}/api/public/health").status_code == 200
    assert langfuse_server.scores == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": None},
        {"dataType": "PERCENT"},
        {"dataType": "BOOLEAN", "value": 2},
        {"dataType": "BOOLEAN", "value": "true"},
        {"value": "high"},
        {"value": float("nan")},
        {"value": True},
        {"dataType": "TEXT", "value": ""},
        {"dataType": "TEXT", "value": "x" * 501},
        {"dataType": "CATEGORICAL", "value": 1},
        {"dataType": "CATEGORICAL", "value": ""},
        {"traceId": None},
        {"sessionId": "s"},
        {"traceId": None, "sessionId": "s", "observationId": "o"},
    ],
)
def test_refuses_bad_scores(changes: dict[str, Any]) -> None:
    assert score_problem({**GOOD, **changes})
    assert score_problem(GOOD) is None
    assert score_problem("text")


def test_scores_of_sdk_5_come_as_an_array(langfuse_server: LangfuseServer) -> None:
    assert post(langfuse_server, "/api/public/scores", json=[GOOD]).status_code == 202
    mixed = post(langfuse_server, "/api/public/scores", json=[GOOD, {**GOOD, "name": ""}])
    assert (mixed.status_code, mixed.json()["accepted"], mixed.json()["rejected"]) == (207, 1, 1)
    assert post(langfuse_server, "/api/public/scores", json=GOOD).status_code == 400
    assert post(langfuse_server, "/api/public/scores", content=b"{").status_code == 400
    assert post(langfuse_server, "/api/public/scores", content=b"[" + b" " * 1024 * 1024).status_code == 413


def test_scores_of_sdk_4_come_as_events(langfuse_server: LangfuseServer) -> None:
    event = {"id": "e", "type": "score-create", "timestamp": "2026-01-01T00:00:00Z", "body": GOOD}
    events = [event, {**event, "id": "f", "body": {**GOOD, "value": None}}, {**event, "type": "other"}]
    answer = post(langfuse_server, "/api/public/ingestion", json={"batch": events})
    assert answer.status_code == 207
    assert (len(answer.json()["successes"]), len(answer.json()["errors"])) == (1, 2)
    assert post(langfuse_server, "/api/public/ingestion", json=[event]).status_code == 400


def test_an_id_reused_on_another_trace_is_a_violation(langfuse_server: LangfuseServer) -> None:
    post(langfuse_server, "/api/public/scores", json=[GOOD])
    post(langfuse_server, "/api/public/scores", json=[{**GOOD, "value": 0.9, "traceId": "other"}])
    assert len(langfuse_server.violations) == 1
    assert langfuse_server.scores_of("t") == {("n", None): 0.9}


def test_waiting_ends() -> None:
    with LangfuseServer() as server, pytest.raises(AssertionError):
        server.wait_for(lambda: False, seconds=0.05)
