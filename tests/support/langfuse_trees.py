"""A trace as a person sees it in Langfuse, drawn in text: names, types, levels, inputs, outputs, metadata, scores.

What differs from run to run (ids, times, milliseconds) is drawn as a dot; what Langfuse's page hides unless one asks
for it, the level DEBUG, stands in parentheses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .langfuse_server import LangfuseServer, StoredSpan

_OBSERVATION = "langfuse.observation."
_IDS = re.compile(
    r"\b(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|chatcmpl-\w+|run-\w+|lc_run-\w+)\b"
)
_LONGEST = 400
# What LangChain and LangGraph write about their own parts: drawn only where this package repeats it.
_FRAMEWORKS = re.compile(r"(?:ls_|langgraph_|lc_versions$|checkpoint_ns$|tool_call_id$|color$)")
_OURS = ("guardrail", "span")


def trees(server: LangfuseServer) -> str:
    """Draw all traces that arrived, in the order in which they began."""
    traces = sorted(server.traces().values(), key=lambda spans: min(span.start for span in spans))
    return "\n".join("\n".join(_trace(server, spans)) + "\n" for spans in traces)


def visible_depth(spans: list[StoredSpan]) -> int:
    """Return how many levels of a trace a person sees who has not asked for those of level DEBUG."""
    known = {span.span_id: span for span in spans}

    def depth(span: StoredSpan | None) -> int:
        if span is None:
            return 0
        return depth(known.get(span.parent_id or "")) + (_level(span) != "DEBUG")

    return max(map(depth, spans))


def _trace(server: LangfuseServer, spans: list[StoredSpan]) -> Iterator[str]:
    known = {span.span_id for span in spans}
    scores = [score for score in server.scores.values() if score.get("traceId") == spans[0].trace_id]
    everywhere = {
        label: {json.dumps(span.attributes.get(key)) for span in spans}
        for label, key in (("session", "session.id"), ("user", "user.id"), ("tags", "langfuse.trace.tags"))
    }
    told = [f"{label} {' / '.join(sorted(values))}" for label, values in everywhere.items() if values != {"null"}]
    told += [_score(score) for score in scores if not score.get("observationId")]
    yield "trace" + "".join(f"  {each}" for each in told)
    for root in (span for span in spans if span.parent_id not in known):
        yield from _node(root, spans, scores, "")


def _node(span: StoredSpan, spans: list[StoredSpan], scores: list[dict[str, Any]], indent: str) -> Iterator[str]:
    level = _level(span)
    name = f"{span.type} {span.name}"
    yield f"{indent}{f'({name})' if level == 'DEBUG' else name}" + (
        "" if level in ("DEFAULT", "DEBUG") else f"  {level}"
    )
    inner = f"{indent}    "
    status = span.attributes.get(f"{_OBSERVATION}status_message")
    for label, value in (
        ("status", status),
        ("in", _decoded(span.attributes.get(f"{_OBSERVATION}input"))),
        ("out", _decoded(span.attributes.get(f"{_OBSERVATION}output"))),
        ("meta", _metadata(span)),
    ):
        if value not in (None, "", {}):
            yield f"{inner}{label}: {_text(value)}"
    own = [score for score in scores if score.get("observationId") == span.span_id]
    yield from (f"{inner}{_score(score)}" for score in own)
    for child in sorted((each for each in spans if each.parent_id == span.span_id), key=lambda each: each.start):
        yield from _node(child, spans, scores, f"{indent}  ")


def _level(span: StoredSpan) -> str:
    return str(span.attributes.get(f"{_OBSERVATION}level") or "DEFAULT")


def _metadata(span: StoredSpan) -> dict[str, Any]:
    prefix = f"{_OBSERVATION}metadata."
    told = {key.removeprefix(prefix): _decoded(item) for key, item in span.attributes.items() if key.startswith(prefix)}
    return {key: item for key, item in told.items() if span.type in _OURS or not _FRAMEWORKS.match(key)}


def _decoded(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(_still(value), ensure_ascii=False)
    text = _IDS.sub("·", text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _still(value: Any, key: str = "") -> Any:
    """Return a value without what differs from run to run: milliseconds and ids; messages as who says what."""
    if isinstance(value, Mapping):
        if isinstance(value.get("type"), str) and "content" in value and "response_metadata" in value:
            said = {value["type"].replace("AIMessageChunk", "ai"): value["content"]}
            return said | {name: _still(value[name]) for name in ("tool_calls", "name") if value.get(name)}
        return {name: _still(item, name) for name, item in value.items()} if not _moving(key) else "·"
    if isinstance(value, list):
        return [_still(item, key) for item in value]
    return "·" if _moving(key) else value


def _moving(key: str) -> bool:
    return key.endswith("_ms") or key in ("detectors", "langgraph_checkpoint_ns", "checkpoint_ns", "lc_versions")


def _score(score: dict[str, Any]) -> str:
    return f"score {score['name']} = {score['value']}"
