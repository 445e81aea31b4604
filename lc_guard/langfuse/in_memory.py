"""Langfuse for a look: the real one when its keys are set, else one in memory; and a copy of what leaves for it."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
from langfuse import Langfuse
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from lc_guard.langfuse.handler import CallbackHandler
from lc_guard.langfuse.masks import mask_otel_spans

if TYPE_CHECKING:
    from lc_guard.guard import Guard
    from lc_guard.langfuse.trace_tree import TraceTree

_CLOUD = "https://cloud.langfuse.com"
_IN_MEMORY = "http://in-memory.invalid"
_SECONDS = 10
_MAX_DEPTH = 20
# Shorter numbers are counts and latencies, and equal to a value by chance.
_LONG_NUMBER = 99_999


class _Copying(SpanExporter):
    """Keeps the spans that leave, as they leave, and hands them on if there is somewhere to send them."""

    def __init__(self, onward: SpanExporter | None) -> None:
        self.spans: list[ReadableSpan] = []
        self.failed = 0
        self._onward = onward

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Take a batch."""
        self.spans += spans
        result = SpanExportResult.SUCCESS if self._onward is None else self._onward.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self.failed += len(spans)
        return result

    def shutdown(self) -> None:
        """Close the onward exporter."""
        if self._onward is not None:
            self._onward.shutdown()


@dataclass(frozen=True)
class Found:
    """How many values were looked for in how many strings and characters, and how often one was found, by kind."""

    values: int
    strings: int
    characters: int
    hits: Mapping[str, int]


class Tracing:
    """A Langfuse client whose spans are masked, and the copy of what leaves through it.

    Args:
        guard: The guard of the chain.
        offline: Never send anything, also when Langfuse's keys are set.
    """

    def __init__(self, guard: Guard, *, offline: bool = False) -> None:
        keys = os.environ.get("LANGFUSE_PUBLIC_KEY"), os.environ.get("LANGFUSE_SECRET_KEY")
        self.in_memory = offline or not all(keys)
        # A key of its own each time: the SDK keeps one client for a key.
        public_key, secret_key = (f"pk-lf-{secrets.token_hex(8)}", "none") if self.in_memory else keys
        self.host = _IN_MEMORY if self.in_memory else _host()
        self._copying = _Copying(None if self.in_memory else _exporter(self.host, f"{public_key}:{secret_key}"))
        self._bodies: list[Any] = []
        self._accepted: set[str] = set()
        self.client = Langfuse(
            public_key=public_key,
            secret_key=secret_key,
            base_url=self.host,
            span_exporter=self._copying,
            mask_otel_spans=mask_otel_spans(guard),
            httpx_client=self._http(),
            tracer_provider=TracerProvider(),
            sample_rate=1.0 if self.in_memory else None,
        )
        self.handler = CallbackHandler(public_key=public_key)

    def close(self) -> None:
        """Send what is left."""
        self.client.flush()
        self.client.shutdown()

    @property
    def spans(self) -> list[ReadableSpan]:
        """The spans that left, as Langfuse gets them."""
        return self._copying.spans

    @property
    def scores(self) -> list[dict[str, Any]]:
        """The scores that left, as Langfuse gets them: the SDK's JSON names."""
        # By id: what was sent again after an error is one score.
        return list({score["id"]: score for body in self._bodies for score in _scores_in(body)}.values())

    @property
    def undelivered(self) -> int:
        """How many spans and scores Langfuse did not take."""
        return self._copying.failed + sum(score["id"] not in self._accepted for score in self.scores)

    def tree(self) -> TraceTree:
        """Return what left as Langfuse draws it: a tree for each trace, with its scores."""
        from lc_guard.langfuse.trace_tree import TraceTree  # noqa: PLC0415 - only where it is shown

        self.client.flush()
        return TraceTree(self.spans, self.scores)

    def strings(self) -> list[str]:
        """Return every string that left, in spans and in scores; of JSON inside a string what it holds."""
        strings = [text for span in self.spans for text in _strings_of(span)]
        return strings + [text for body in self._bodies for text in _strings_in(body)]

    def search(self, values: Mapping[str, str]) -> Found:
        """Look for raw values in every string that left.

        Args:
            values: Value → its kind.
        """
        strings = self.strings()
        hits: dict[str, int] = {}
        for value, kind in values.items():
            # Whole words: "May" is not found in "Mayor".
            pattern = re.compile("|".join(rf"(?<!\w){re.escape(form)}(?!\w)" for form in _forms(value)))
            count = sum(len(pattern.findall(text)) for text in strings)
            if count:
                hits[kind] = hits.get(kind, 0) + count
        return Found(len(values), len(strings), sum(map(len, strings)), hits)

    def _http(self) -> httpx.Client:
        if self.in_memory:
            return httpx.Client(transport=httpx.MockTransport(self._answer))
        hooks: dict[str, list[Any]] = {"request": [self._copy], "response": [self._note]}
        return httpx.Client(timeout=_SECONDS, event_hooks=hooks)

    def _copy(self, request: httpx.Request) -> None:
        if request.content:
            self._bodies.append(json.loads(request.content))

    def _note(self, response: httpx.Response) -> None:
        response.read()
        if response.is_success and response.request.content and not response.json().get("errors"):
            self._accepted |= {score["id"] for score in _scores_in(json.loads(response.request.content))}

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if not request.content:  # a look-up, of score configs
            return httpx.Response(404, json={"message": "nothing is kept in memory"})
        self._copy(request)
        body = self._bodies[-1]
        self._accepted |= {score["id"] for score in _scores_in(body)}
        if isinstance(body, dict):  # SDK 4 sends batches of events
            successes = [{"id": event["id"], "status": 201} for event in body["batch"]]
            return httpx.Response(207, json={"successes": successes, "errors": []})
        return httpx.Response(202, json={"message": "Accepted"})


def _host() -> str:
    host = os.environ.get("LANGFUSE_BASE_URL") or os.environ.get("LANGFUSE_HOST") or _CLOUD
    return host.rstrip("/")


def _exporter(host: str, credentials: str) -> SpanExporter:
    # As the SDK makes its own; an exporter that is handed in has to bring its address and key with it.
    basic = base64.b64encode(credentials.encode()).decode("ascii")
    headers = {"Authorization": f"Basic {basic}", "x-langfuse-ingestion-version": "4"}
    return OTLPSpanExporter(endpoint=f"{host}/api/public/otel/v1/traces", headers=headers, timeout=_SECONDS)


def _scores_in(body: Any) -> Iterator[dict[str, Any]]:
    if isinstance(body, list):
        yield from body
    else:
        yield from (event["body"] for event in body.get("batch", ()) if event.get("type") == "score-create")


def _strings_of(span: ReadableSpan) -> Iterator[str]:
    yield span.name
    yield span.status.description or ""
    yield from _strings_in(dict(span.attributes or {}))
    for event in span.events:
        yield event.name
        yield from _strings_in(dict(event.attributes or {}))
    yield from _strings_in(dict(span.resource.attributes))


def _strings_in(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield all strings in a value, keys too; of JSON inside a string what it holds. Long whole numbers count."""
    if isinstance(value, str):
        inner = _parsed(value) if depth < _MAX_DEPTH else None
        if inner is None:
            yield value
        else:
            yield from _strings_in(inner, depth + 1)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _strings_in(key, depth + 1)
            yield from _strings_in(item, depth + 1)
    elif isinstance(value, Iterable) and not isinstance(value, bytes):
        for item in value:
            yield from _strings_in(item, depth + 1)
    elif isinstance(value, int) and value > _LONG_NUMBER:
        yield str(value)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if text[:1] in ("{", "[", '"') else None
    except ValueError:
        return None


def _forms(value: str) -> set[str]:
    return {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
