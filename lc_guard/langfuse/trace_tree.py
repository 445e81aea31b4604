"""What left for Langfuse as a person sees it there: a tree of observations for each trace, with their scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from opentelemetry.sdk.trace import ReadableSpan

_OBSERVATION = "langfuse.observation."
_STOPPED = (".valid False", " block")
_SHOWN = 60  # characters of an input or output


class _Line(NamedTuple):
    depth: int
    kind: str
    name: str
    scores: tuple[str, ...]
    told: tuple[tuple[str, str], ...]  # what it shows, and the text as it left


class TraceTree:
    """Traces as text; a notebook shows them with colours.

    Args:
        spans: What was exported.
        scores: Scores in the SDK's JSON names.
    """

    def __init__(self, spans: Iterable[ReadableSpan], scores: Iterable[Mapping[str, Any]]) -> None:
        self._lines = list(_lines(sorted(spans, key=lambda span: span.start_time or 0), list(scores)))

    def __repr__(self) -> str:
        return "\n".join(
            f"{'  ' * line.depth}{line.kind} {line.name}" + "".join(f"  [{score}]" for score in line.scores)
            for line in self._lines
        )

    def _repr_html_(self) -> str:
        from lc_guard._display.colours import BAD, GOOD, colour_of  # noqa: PLC0415 - here and below: where it is shown
        from lc_guard._display.html import card, chip, quiet, text  # noqa: PLC0415

        rows = []
        for line in self._lines:
            name = f"{chip(line.kind, colour_of(line.kind.upper()))} <b>{text(line.name)}</b>"
            scores = " ".join(chip(score, BAD if score.endswith(_STOPPED) else GOOD) for score in line.scores)
            told = "".join(f"<br>{quiet(label)} {text(words)}" for label, words in line.told)
            rows.append(f'<div style="margin-left:{line.depth * 22}px;padding:2px 0">{name} {scores}{told}</div>')
        return card("Trace", "".join(rows))


def _lines(spans: Sequence[ReadableSpan], scores: Sequence[Mapping[str, Any]]) -> Iterator[_Line]:
    below = _children(spans)
    for root in below.get(None, ()):
        trace = _trace(root)
        whole = [score for score in scores if score.get("traceId") == trace and not score.get("observationId")]
        yield _Line(0, "trace", root.name, tuple(map(_score, whole)), ())
        waiting = [(root, 1)]
        while waiting:
            span, depth = waiting.pop()
            own = [score for score in scores if score.get("observationId") == _id(span)]
            yield _Line(depth, _attribute(span, "type") or "span", span.name, tuple(map(_score, own)), _told(span))
            waiting += [(child, depth + 1) for child in reversed(below.get(_id(span), ()))]


def _children(spans: Sequence[ReadableSpan]) -> dict[str | None, list[ReadableSpan]]:
    """The spans below each one, by its id; the roots stand below None."""
    below: dict[str | None, list[ReadableSpan]] = {}
    known = {_id(span) for span in spans}
    for span in spans:
        parent = f"{span.parent.span_id:016x}" if span.parent else None
        below.setdefault(parent if parent in known else None, []).append(span)
    for siblings in below.values():
        if all(_attribute(span, "type") == "guardrail" for span in siblings):
            siblings.sort(key=lambda span: span.name)  # checks run beside each other: their order is chance
    return below


def _told(span: ReadableSpan) -> tuple[tuple[str, str], ...]:
    told = ((label, _attribute(span, label)) for label in ("input", "output"))
    return tuple((label, f"{words[:_SHOWN]}…" if len(words) > _SHOWN else words) for label, words in told if words)


def _attribute(span: ReadableSpan, name: str) -> str:
    return str((span.attributes or {}).get(f"{_OBSERVATION}{name}") or "")


def _id(span: ReadableSpan) -> str:
    return f"{span.context.span_id:016x}" if span.context else ""


def _trace(span: ReadableSpan) -> str:
    return f"{span.context.trace_id:032x}" if span.context else ""


def _score(score: Mapping[str, Any]) -> str:
    value = score["value"]
    if score.get("dataType") == "BOOLEAN":
        value = bool(value)
    return f"{score['name']} {value:.2f}" if isinstance(value, float) else f"{score['name']} {value}"
