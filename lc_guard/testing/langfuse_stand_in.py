"""A stand-in for Langfuse on this machine: it takes traces and scores, and answers what this package reads and writes.

It is for examples, notebooks and tests without keys. It keeps what it is given and refuses nothing but wrong keys, so
it says nothing of what the real Langfuse would refuse.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from lc_guard._forks import ForkLock
from lc_guard.testing.loopback import Exchange, LoopbackServer, Refusal

Row = dict[str, Any]

_API = "/api/public"
_SCORES, _OBSERVATIONS = f"{_API}/v3/scores", f"{_API}/v2/observations"
_PROJECT = "stand-in"
_TIMES = {
    "fromTimestamp": "timestamp",
    "toTimestamp": "timestamp",
    "fromStartTime": "startTime",
    "toStartTime": "startTime",
}
_NO_FILTERS = {"limit", "page", "cursor", "fields", "expandMetadata"}
_DAY = 86_400.0


class LangfuseStandIn(LoopbackServer):
    """Listens on a free port of 127.0.0.1 inside its ``with`` block, or from `start` to `close`.

    ```python
    with LangfuseStandIn() as langfuse:
        os.environ |= langfuse.environ
    ```

    Attributes:
        public_key, secret_key: Its keys.
        rows: What it holds, by the address that lists it (``/api/public/score-configs``): id → row.
    """

    def __init__(self) -> None:
        super().__init__()
        # keys of its own: the SDK keeps one client for a public key, with its address
        self.public_key, self.secret_key = f"pk-lf-{secrets.token_hex(8)}", f"sk-lf-{secrets.token_hex(8)}"
        self.rows: defaultdict[str, dict[str, Row]] = defaultdict(dict)
        self._bodies: list[bytes] = []
        self._lock = ForkLock()

    @property
    def environ(self) -> dict[str, str]:
        """The variables by which the SDK and this package find it."""
        return {
            "LANGFUSE_PUBLIC_KEY": self.public_key,
            "LANGFUSE_SECRET_KEY": self.secret_key,
            "LANGFUSE_BASE_URL": self.url,
        }

    @property
    def observations(self) -> list[Row]:
        """The observations that arrived, in the API's names."""
        return list(self.rows[_OBSERVATIONS].values())

    @property
    def scores(self) -> list[Row]:
        """The scores that arrived or were given here, in the API's names."""
        return list(self.rows[_SCORES].values())

    def queued(self) -> list[Row]:
        """Return the items of all annotation queues that wait for an answer."""
        queues = [rows for path, rows in self.rows.items() if path.endswith("/items")]
        return [item for rows in queues for item in rows.values() if item["status"] == "PENDING"]

    def answer(self, item: Row, name: str, *, value: bool) -> None:
        """Answer a queued item as a person does in Langfuse.

        Args:
            item: One of `queued`.
            name: Name of the score that holds the answer.
            value: The answer.
        """
        observation = self.rows[_OBSERVATIONS][item["objectId"]]
        score = {"id": f"answer-{item['id']}", "name": name, "value": int(value), "dataType": "BOOLEAN"}
        subject = {"traceId": observation["traceId"], "observationId": observation["id"], "source": "ANNOTATION"}
        with self._lock:
            self._keep_score(score | subject)
            item["status"] = "COMPLETED"

    def spread_over(self, days: float) -> None:
        """Move what has arrived into the past, so that its traces lie evenly over some days that end now."""
        with self._lock:
            starts: dict[str, float] = {}
            for row in self.rows[_OBSERVATIONS].values():
                starts[row["traceId"]] = min(_seconds(row["startTime"]), starts.get(row["traceId"], float("inf")))
            first = time.time() - days * _DAY
            order = sorted(starts, key=starts.__getitem__)
            shifts = {
                trace: first + days * _DAY * number / len(order) - starts[trace] for number, trace in enumerate(order)
            }
            for row in (*self.rows[_OBSERVATIONS].values(), *self.rows[_SCORES].values()):
                shift = shifts.get(row.get("traceId") or row["subject"].get("traceId") or row["subject"]["id"], 0.0)
                for field in {"startTime", "endTime", "timestamp"} & set(row):
                    row[field] = _iso(_seconds(row[field]) + shift)

    def holds(self, text: str) -> bool:
        """Tell whether a text arrived anywhere, as it is or escaped as JSON."""
        forms = {text, json.dumps(text)[1:-1], json.dumps(json.dumps(text))[3:-3]}
        return any(form.encode() in body for body in list(self._bodies) for form in forms)

    def handle(self, exchange: Exchange, body: bytes) -> None:
        """Answer one request."""
        path, _, query = exchange.path.partition("?")
        if path == f"{_API}/health":
            exchange.send_json(200, {"status": "OK", "version": "4.59.0"})
            return
        basic = base64.b64encode(f"{self.public_key}:{self.secret_key}".encode()).decode()
        if exchange.headers.get("Authorization") != f"Basic {basic}":
            raise Refusal(401, {"message": "Invalid credentials"})
        with self._lock:
            self._bodies.append(body)
            if path == f"{_API}/otel/v1/traces":
                self.rows[_OBSERVATIONS] |= {row["id"]: row for row in _observations(body)}
                exchange.send_bytes(200, b"", "application/x-protobuf")
            elif path == f"{_API}/projects":
                organization = {"id": _PROJECT, "name": _PROJECT}
                project = {"id": _PROJECT, "name": _PROJECT, "metadata": {}, "organization": organization}
                exchange.send_json(200, {"data": [project]})
            else:
                status, answer = self._answer(exchange.command, path, dict(parse_qsl(query)), body)
                exchange.send_json(status, answer)

    def _answer(self, method: str, path: str, params: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        if method == "GET":
            return 200, _page(list(_filtered(self.rows[path].values(), params)), params)
        sent: Any = json.loads(body or b"null")
        if path == f"{_API}/scores":  # SDK 5
            for score in sent:
                self._keep_score(score)
            return 202, {"message": "Accepted"}
        if path == f"{_API}/ingestion":  # SDK 4
            for event in sent["batch"]:
                self._keep_score(event["body"])
            return 207, {"successes": [{"id": event["id"], "status": 201} for event in sent["batch"]], "errors": []}
        if method == "POST":
            return 200, self._create(path, sent)
        listed, _, identity = path.rpartition("/")
        if identity not in self.rows[listed]:
            raise Refusal(404, {"message": "not found"})
        if method == "DELETE":
            return 200, self.rows[listed].pop(identity)
        self.rows[listed][identity] |= sent
        return 200, self.rows[listed][identity]

    def _create(self, path: str, sent: Row) -> Row:
        now = _iso(time.time())
        row: Row = {"id": f"{path.rpartition('/')[2]}-{len(self.rows[path]) + 1}", "projectId": _PROJECT}
        row |= {"createdAt": now, "updatedAt": now, "isArchived": False, "status": "PENDING", **sent}
        self.rows[path][row["id"]] = row
        return row

    def _keep_score(self, score: Row) -> None:
        trace, observation = score.get("traceId"), score.get("observationId")
        subject = {"kind": "observation", "id": observation, "traceId": trace} if observation else None
        row = {"projectId": _PROJECT, "source": "API", "timestamp": _iso(time.time()), **score}
        row["subject"] = subject or {"kind": "trace", "id": trace}
        if row.get("dataType") == "BOOLEAN":
            row["value"] = bool(row["value"])
        self.rows[_SCORES][row["id"]] = row


def _page(rows: list[Row], params: Mapping[str, str]) -> Row:
    """Return one page of rows, by its number or by a cursor, and how to go on."""
    limit = int(params.get("limit", "50"))
    start = int(params.get("cursor", (int(params.get("page", "1")) - 1) * limit))
    meta: Row = {"limit": limit, "totalItems": len(rows), "totalPages": -(-len(rows) // limit)}
    if start + limit < len(rows):
        meta["cursor"] = str(start + limit)
    return {"data": rows[start : start + limit], "meta": meta}


def _filtered(rows: Iterable[Row], params: Mapping[str, str]) -> Iterator[Row]:
    """Yield the rows whose fields are as the query says."""
    times = [(_TIMES[name], name.startswith("from"), _iso(_seconds(params[name]))) for name in _TIMES if name in params]
    wanted = {
        name: set(told.split(",")) for name, told in params.items() if name not in _NO_FILTERS and name not in _TIMES
    }
    for row in rows:
        inside = all(row[field] >= time if since else row[field] < time for field, since, time in times)
        if inside and all(_word(row.get(name)) in values for name, values in wanted.items()):
            yield row


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _observations(body: bytes) -> Iterator[Row]:
    """Yield the observations that Langfuse makes of exported spans."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (  # noqa: PLC0415 - comes with Langfuse's SDK
        ExportTraceServiceRequest,
    )

    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        for span in (span for scope in resource.scope_spans for span in scope.spans):
            attributes = {item.key: _value(item.value) for item in span.attributes}
            own = "langfuse.observation."
            named = {key.removeprefix(own): value for key, value in attributes.items() if key.startswith(own)}
            metadata = {
                key.removeprefix("metadata."): value for key, value in named.items() if key.startswith("metadata.")
            }
            yield {
                "id": span.span_id.hex(),
                "traceId": span.trace_id.hex(),
                "projectId": _PROJECT,
                "parentObservationId": span.parent_span_id.hex() or None,
                "isRootObservation": not span.parent_span_id,
                "startTime": _iso(span.start_time_unix_nano / 1e9),
                "endTime": _iso(span.end_time_unix_nano / 1e9),
                "name": span.name,
                "type": str(named.get("type", "span")).upper(),
                "level": named.get("level", "DEFAULT"),
                "statusMessage": named.get("status_message"),
                "input": named.get("input"),
                "output": named.get("output"),
                "metadata": metadata,
                "sessionId": attributes.get("session.id"),
                "userId": attributes.get("user.id"),
            }


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    return getattr(value, kind) if kind else None


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _seconds(told: str) -> float:
    return datetime.fromisoformat(told).timestamp()
