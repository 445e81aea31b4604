"""A strict stand-in for Langfuse: OTLP traces, scores of SDK 4 and 5, the project look-up of ``auth_check``, reads.

It refuses what the real server refuses, keeps spans and scores for the tests, and every received byte in `raw`.
"""

from __future__ import annotations

import base64
import json
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from .langfuse_project import ProjectApi
from .langfuse_reads import ReadApi, Row, observation_row, score_row
from .loopback import Exchange, LoopbackServer, Refusal

BODY_LIMIT = 1024 * 1024
_DATA_TYPES = ("NUMERIC", "BOOLEAN", "CATEGORICAL", "TEXT", "CORRECTION")
_SUBJECTS = ("traceId", "sessionId", "datasetRunId")


@dataclass(frozen=True)
class StoredSpan:
    """A span as the server understood it; attribute values as sent (strings hold JSON), how long it was open."""

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    attributes: dict[str, Any]
    status: str
    events: tuple[tuple[str, dict[str, Any]], ...]
    start: float = 0.0
    seconds: float = 0.0

    @property
    def type(self) -> str | None:
        """Langfuse's observation type."""
        return self.attributes.get("langfuse.observation.type")

    def metadata(self, key: str) -> Any:
        """One value of the observation's metadata, decoded where it is JSON."""
        value = self.attributes.get(f"langfuse.observation.metadata.{key}")
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            return value


@dataclass
class LangfuseServer(LoopbackServer):
    """What arrived, for the tests to look at.

    Attributes:
        spans: All spans, in order of arrival.
        scores: Scores by id, in the SDK's JSON names.
        violations: What the real server would store, but wrongly: a score id reused on another trace.
        refused: Messages of all refusals.
        raw: Every received body, decompressed, also of refused requests.
        version: What it says it is.
        stored: Scores that it had before, complete rows of the v3 API.
        observed: Observations that it had before, complete rows of the v2 API.
        interfere: Answers every request in its place, if it is set.
        reads: Answers the reads, from the above and what arrived.
        project: Score configs, annotation queues and datasets.
    """

    public_key: str = "pk-lf-loopback"
    secret_key: str = "sk-lf-loopback"
    spans: list[StoredSpan] = field(default_factory=list, init=False)
    scores: dict[str, dict[str, Any]] = field(default_factory=dict, init=False)
    violations: list[str] = field(default_factory=list, init=False)
    refused: list[str] = field(default_factory=list, init=False)
    raw: list[bytes] = field(default_factory=list, init=False)
    version: str = "4.59.0"
    stored: list[Row] = field(default_factory=list, init=False)
    observed: list[Row] = field(default_factory=list, init=False)
    interfere: Callable[[Exchange], object] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._arrived: dict[str, float] = {}
        self.reads = ReadApi(self._score_rows, self._observation_rows)
        self.project = ProjectApi()

    def handle(self, exchange: Exchange, body: bytes) -> None:
        """Answer one request of the SDK."""
        if self.interfere is not None:
            self.interfere(exchange)
            return
        with self._lock:
            self.raw.append(body)
            try:
                self._route(exchange, body)
            except Refusal as refusal:
                self.refused.append(str(refusal))
                raise

    def _route(self, exchange: Exchange, body: bytes) -> None:
        route = (exchange.command, exchange.path.partition("?")[0])
        if route == ("GET", "/api/public/health"):
            exchange.send_json(200, {"status": "OK", "version": self.version})
            return
        credentials = base64.b64encode(f"{self.public_key}:{self.secret_key}".encode()).decode()
        if exchange.headers.get("Authorization") != f"Basic {credentials}":
            raise Refusal(401, {"message": "Invalid credentials. Confirm that you've configured the correct host."})
        if exchange.command == "GET" and self.reads.takes(route[1]):
            self.reads.answer(exchange)
            return
        if self.project.answer(exchange, body):
            return
        match route:
            case ("POST", "/api/public/otel/v1/traces"):
                self._take_spans(exchange, body)
            case ("POST", "/api/public/scores"):
                self._take_scores(exchange, body)
            case ("POST", "/api/public/ingestion"):
                self._take_batch(exchange, body)
            case ("GET", "/api/public/projects"):
                organization = {"id": "o-1", "name": "Loopback"}
                project = {"id": "p-1", "name": "tests", "metadata": {}, "organization": organization}
                exchange.send_json(200, {"data": [project]})
            case _:
                raise Refusal(404, {"message": f"{route} not found"})

    def _take_spans(self, exchange: Exchange, body: bytes) -> None:
        if exchange.headers.get("Content-Type") != "application/x-protobuf":
            raise Refusal(400, {"message": "Content-Type must be application/x-protobuf"})
        try:
            request = ExportTraceServiceRequest.FromString(body)
        except Exception:
            raise Refusal(400, {"message": "Failed to parse OTel Protobuf Trace"}) from None
        spans = [
            _read_span(span)
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        self.spans += spans
        answer = ExportTraceServiceResponse().SerializeToString()
        exchange.send_bytes(200, answer, "application/x-protobuf")

    def _take_scores(self, exchange: Exchange, body: bytes) -> None:
        scores = _read_json(body)
        if not isinstance(scores, list) or not scores:
            raise Refusal(400, {"message": "Invalid request data", "error": "expected an array of scores"})
        errors = [message for score in scores if (message := self._store(score))]
        if errors:
            self.refused += errors
            results = [{"message": message} for message in errors]
            exchange.send_json(207, {"accepted": len(scores) - len(errors), "rejected": len(errors), "errors": results})
        else:
            exchange.send_json(202, {"message": "Accepted"})

    def _take_batch(self, exchange: Exchange, body: bytes) -> None:
        batch = _read_json(body)
        events = batch.get("batch") if isinstance(batch, dict) else None
        if not isinstance(events, list):
            raise Refusal(400, {"message": "Invalid request data", "errors": ["batch"]})
        successes, errors = [], []
        for event in events:
            known = isinstance(event, dict) and event.get("id") and event.get("timestamp")
            if not known or event.get("type") != "score-create":
                message: str | None = "unknown event"
            else:
                message = self._store(event.get("body"))
            if message:
                self.refused.append(message)
                errors.append({"id": event.get("id"), "status": 400, "message": message, "error": message})
            else:
                successes.append({"id": event["id"], "status": 201})
        exchange.send_json(207, {"successes": successes, "errors": errors})

    def _store(self, score: Any) -> str | None:
        """Keep a score, or say why it is refused."""
        if message := score_problem(score) or self.project.config_problem(score):
            return message
        identity = score.get("id") or f"generated-{len(self.scores)}"
        earlier = self.scores.get(identity)
        if earlier is not None and earlier.get("traceId") != score.get("traceId"):
            self.violations.append(f"score id {identity} of trace {earlier.get('traceId')} reused on another trace")
            # As the real server does: an id is unique in a project, the new body changes the first trace's score.
            score = {**score, "traceId": earlier.get("traceId")}
        self.scores[identity] = score
        self._arrived.setdefault(identity, time.time())
        return None

    def _score_rows(self) -> list[Row]:
        own = [
            score_row(
                identity,
                score["name"],
                bool(score["value"]) if score.get("dataType") == "BOOLEAN" else score["value"],
                trace=score.get("traceId") or "",
                at=self._arrived[identity],
                observation=score.get("observationId"),
                source=score.get("source") or "API",
                configId=score.get("configId"),
            )
            for identity, score in self.scores.items()
        ]
        return [*self.stored, *own]

    def _observation_rows(self) -> list[Row]:
        return [*self.observed, *(_observation(span) for span in self.spans)]

    def scores_of(self, trace_id: str) -> dict[tuple[str, str | None], Any]:
        """Values of a trace's scores by (name, observation id)."""
        found = [score for score in list(self.scores.values()) if score.get("traceId") == trace_id]
        return {(score["name"], score.get("observationId")): score["value"] for score in found}

    def traces(self) -> dict[str, list[StoredSpan]]:
        """Spans by trace id."""
        result: dict[str, list[StoredSpan]] = {}
        for span in list(self.spans):
            result.setdefault(span.trace_id, []).append(span)
        return result

    def holds(self, text: str) -> bool:
        """Whether a text arrived anywhere, as it is or escaped as JSON."""
        forms = {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
        forms |= {json.dumps(form)[1:-1] for form in forms}
        return any(form.encode("utf-8", "surrogatepass") in body for form in forms for body in list(self.raw))

    def wait_for(self, condition: Any, *, seconds: float = 5.0) -> None:
        """Wait until ``condition()`` is true; fail when it is not in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError("the stand-in for Langfuse did not receive it in time")
            time.sleep(0.01)


def _read_json(body: bytes) -> Any:
    if len(body) > BODY_LIMIT:
        raise Refusal(413, {"message": "Body exceeded 1mb limit"})
    try:
        return json.loads(body.decode("utf-8"))
    except ValueError:
        raise Refusal(400, {"message": "Invalid JSON"}) from None


def score_problem(score: Any) -> str | None:
    """Say why Langfuse would refuse a score, None if it would not."""
    if not isinstance(score, dict):
        return "a score must be an object"
    if not isinstance(score.get("name"), str) or not score["name"]:
        return "name must not be empty"
    if sum(score.get(subject) is not None for subject in _SUBJECTS) != 1:
        return f"exactly one of {_SUBJECTS} is needed"
    if score.get("observationId") and not score.get("traceId"):
        return "observationId needs a traceId"
    data_type, value = score.get("dataType"), score.get("value")
    if data_type is not None and data_type not in _DATA_TYPES:
        return f"unknown dataType {data_type!r}"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if data_type is None:
        data_type = "NUMERIC" if number else "CATEGORICAL"
    if data_type == "NUMERIC" and not (number and math.isfinite(value)):
        return "a NUMERIC value must be a finite number"
    if data_type == "BOOLEAN" and not (number and value in (0, 1)):
        return "a BOOLEAN value must be 0 or 1"
    if data_type in ("CATEGORICAL", "TEXT", "CORRECTION") and not isinstance(value, str):
        return f"a {data_type} value must be a string"
    if data_type == "CATEGORICAL" and not value:
        return "a CATEGORICAL value must not be empty"
    if data_type == "TEXT" and not 1 <= len(value) <= 500:
        return "a TEXT value must have 1 to 500 characters"
    return None


def _read_span(span: Span) -> StoredSpan:
    valid_ids = len(span.trace_id) == 16 and any(span.trace_id) and len(span.span_id) == 8 and any(span.span_id)
    if not valid_ids or len(span.parent_span_id) not in (0, 8) or not span.start_time_unix_nano:
        raise Refusal(400, {"message": "Invalid span: the export is refused"})
    if span.end_time_unix_nano < span.start_time_unix_nano:
        raise Refusal(400, {"message": "Invalid span times: the export is refused"})
    return StoredSpan(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex() or None,
        name=span.name,
        attributes={item.key: _read_value(item.value) for item in span.attributes},
        status=span.status.message,
        events=tuple(
            (event.name, {item.key: _read_value(item.value) for item in event.attributes}) for event in span.events
        ),
        start=span.start_time_unix_nano / 1e9,
        seconds=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
    )


def _observation(span: StoredSpan) -> Row:
    """Give a span as the observation that the real server makes of it."""
    prefix = "langfuse.observation."
    own = {key.removeprefix(prefix): value for key, value in span.attributes.items() if key.startswith(prefix)}
    marked = "metadata."
    return observation_row(
        span.span_id,
        trace=span.trace_id,
        start=span.start,
        seconds=span.seconds,
        parentObservationId=span.parent_id,
        type=str(own.get("type", "span")).upper(),
        name=span.name,
        level=own.get("level", "DEFAULT"),
        statusMessage=own.get("status_message"),
        input=own.get("input"),
        output=own.get("output"),
        metadata={key.removeprefix(marked): value for key, value in own.items() if key.startswith(marked)},
    )


def _read_value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [_read_value(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {item.key: _read_value(item.value) for item in value.kvlist_value.values}
    return getattr(value, kind)
