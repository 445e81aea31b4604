"""A span exporter that masks everything a span holds: name, attributes, events, links, status, resource and scope."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, Status, StatusCode, TraceState, format_span_id, format_trace_id

from lc_guard.errors import GuardError
from lc_guard.observability.canary_spans import CanarySpans
from lc_guard.observability.leak_scores import score_leak
from lc_guard.observability.model_inputs import LANGFUSE_TYPE
from lc_guard.observability.process_end import END
from lc_guard.observability.span_attributes import leak_attributes
from lc_guard.observability.span_mask import Detect, SpanMask
from lc_guard.observability.span_texts import is_free_text, is_identifier

if TYPE_CHECKING:
    from lc_guard.guard import Guard

logger = logging.getLogger("lc_guard.otel")

_STATUS = "status"
_PUBLIC_KEY = "public_key"


class MaskingSpanExporter(SpanExporter):
    """Masks spans and hands them to another exporter.

    It reaches what ``Langfuse(mask_otel_spans=...)`` can't: of spans that you open yourself the name, the status, the
    events, the links, the trace state, the resource and the instrumentation's scope.
    OpenTelemetry writes the message and the traceback of an exception there that leaves such a span. A span that
    can't be masked is not handed on.

    Many spans stand in a trace that names no session. Values that only the vault knows are looked for there as well:
    those of the 1,000 sessions that the guard used last in this process, and what was dropped in the last five
    minutes, 50,000 values or more. They are hidden for good (``[REDACTED_PERSON]``), and only where they are
    unmistakable: as whole words, no everyday ones, no times, no short numbers.

    A model's span whose input held a value of the session is a leak, as for `lc_guard.langfuse.mask_otel_spans`: it
    gets the status ERROR, `Guard.leaks` tells of it, and a span of Langfuse's SDK gets level and score as well. Models'
    spans are known by Langfuse's attributes, OpenTelemetry's GenAI conventions, OpenLLMetry's and OpenInference's.

    Args:
        guard: The guard of the chains that are traced.
        exporter: What sends the spans; ``Langfuse(span_exporter=...)`` takes the result.
        detect: As for `lc_guard.langfuse.mask_otel_spans`.

    Attributes:
        guard: The guard.
        canaries: The spans that show whether spans pass here; they are not handed on.
    """

    def __init__(self, guard: Guard, exporter: SpanExporter, *, detect: Detect = "when_needed") -> None:
        self.guard = guard
        self.canaries = CanarySpans()
        self._mask = SpanMask(guard, detect=detect)
        self._exporter = exporter

    def learn(self, trace_id: str, session: object, output: Mapping[str, Any]) -> None:
        """Learn from a check whose span is not sent.

        Args:
            trace_id: Its trace.
            session: Digest of its session, or None.
            output: What its span would have ended with.
        """
        self._mask.learn_check(trace_id, session, output)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Mask a batch and send it.

        Args:
            spans: Ended spans; they are left as they are.
        """
        spans = [span for span in spans if not self.canaries.take(_trace_id(span), span.name)]
        with END.held():
            masked = self._all_masked(spans)
        return self._exporter.export(masked) if masked else SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Shut the other exporter down."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush the other exporter."""
        return self._exporter.force_flush(timeout_millis)

    def _all_masked(self, spans: Sequence[ReadableSpan]) -> list[ReadableSpan]:
        if spans:
            load_ahead(self.guard)
        for span in spans:
            self._mask.learn(_trace_id(span), span.attributes or {})
        texts: dict[str, str] = {}
        masked: list[ReadableSpan] = []
        for span in spans:
            require_time()
            try:
                masked.append(self._masked(span, texts))
            except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
                told = str(error) if isinstance(error, GuardError) else type(error).__name__
                logger.error("a span can't be masked and is not exported: %s", told)  # noqa: TRY400
        return masked

    def _masked(self, span: ReadableSpan, texts: dict[str, str]) -> ReadableSpan:
        raw = dict(span.attributes or {})
        leak = self._mask.leak(_trace_id(span), format_span_id(span.context.span_id) if span.context else "", raw)
        attributes = self._changed(span, raw, texts, limited="span")
        said = self._changed(span, {_STATUS: span.status.description or ""}, texts)
        status = Status(span.status.status_code, said[_STATUS] or None)
        if leak is not None:
            status = Status(StatusCode.ERROR, "; ".join(filter(None, (leak.message, said[_STATUS]))))
            self.guard.leaks.tell(leak)
            if LANGFUSE_TYPE in raw:
                attributes |= leak_attributes(leak, attributes)
                key = _scope_attributes(span).get(_PUBLIC_KEY)
                score_leak(leak, lambda resources: resources.public_key == key)
        names = self._names(span, texts)
        events = [
            Event(names[each.name], self._changed(span, each.attributes, texts, limited="event"), each.timestamp)
            for each in span.events
        ]
        links = [
            Link(self._context(span, each.context, texts), self._changed(span, each.attributes, texts, limited="link"))
            for each in span.links
        ]
        resource = Resource(self._changed(span, span.resource.attributes, texts), span.resource.schema_url)
        return ReadableSpan(
            name=names[span.name],
            context=span.context and self._context(span, span.context, texts),
            parent=span.parent and self._context(span, span.parent, texts),
            resource=resource,
            attributes=attributes,
            events=events,
            links=links,
            kind=span.kind,
            status=status,
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=self._scope(span, names, texts),
        )

    def _names(self, span: ReadableSpan, texts: dict[str, str]) -> dict[str, str]:
        """Return what the names of a span, its events and its scope are shown as.

        In what a program calls its parts, only values that are known are looked for.
        """
        scope = span.instrumentation_scope
        scoped = [scope.name, scope.version or ""] if scope else []
        names = dict.fromkeys([span.name, *(each.name for each in span.events), *scoped])
        free = [name for name in names if is_free_text(name, is_key=True) and not is_identifier(name)]
        said = self._changed(span, {f"name_{number}": name for number, name in enumerate(free)}, texts)
        shown = {name: str(said[f"name_{number}"]) for number, name in enumerate(free)}
        known = self._mask.names(_trace_id(span), [name for name in names if name not in shown])
        return {name: shown.get(name) or known.get(name, name) for name in names}

    def _scope(
        self, span: ReadableSpan, names: Mapping[str, str], texts: dict[str, str]
    ) -> InstrumentationScope | None:
        """Return the scope, but for the public key by which Langfuse's SDK knows whose span it is."""
        scope = span.instrumentation_scope
        if scope is None:
            return None
        held = _scope_attributes(span)
        own = {_PUBLIC_KEY: held.pop(_PUBLIC_KEY)} if _PUBLIC_KEY in held else {}
        masked = {**self._changed(span, held, texts), **own}
        version = names[scope.version] if scope.version else scope.version
        return InstrumentationScope(names[scope.name], version, scope.schema_url, masked)

    def _context(self, span: ReadableSpan, context: SpanContext, texts: dict[str, str]) -> SpanContext:
        """Return a context whose state holds no value; ids are as they were."""
        masked = self._changed(span, dict(context.trace_state), texts)
        if masked == dict(context.trace_state):
            return context
        # what W3C allows no entry to be named or to hold is left out
        state = TraceState(list(masked.items()))
        return SpanContext(context.trace_id, context.span_id, context.is_remote, context.trace_flags, state)

    def _changed(
        self, span: ReadableSpan, held: Mapping[str, Any] | None, texts: dict[str, str], *, limited: str = ""
    ) -> dict[str, Any]:
        """Return attributes with masked values and keys."""
        attributes = dict(held or {})
        if not attributes:
            return attributes
        changed, removed = self._mask.mask(_trace_id(span), "", attributes, texts, limited=limited)
        return {**{key: value for key, value in attributes.items() if key not in removed}, **changed}


def require_time() -> None:
    """Refuse to begin with a span where the process ends and has waited long enough."""
    if END.over:
        raise GuardError("the process ends before its last spans could be masked: they are not exported")


def load_ahead(guard: Guard) -> None:
    """Load what masking needs; a process that ends meanwhile waits for it.

    Spans are masked in a daemon thread, which would be left alone with half a model, and bring the process down.
    """
    if not guard.redaction_is_cold:
        return
    try:
        with END.held():
            guard.warm_up_redaction()
    except Exception as error:  # noqa: BLE001 - the mask tries again, and tells what can't be masked
        logger.debug("the mask's models could not be loaded: %s", type(error).__name__)


def _scope_attributes(span: ReadableSpan) -> dict[str, Any]:
    scope = span.instrumentation_scope
    return dict(scope.attributes or {}) if scope else {}


def _trace_id(span: ReadableSpan) -> str:
    return format_trace_id(span.context.trace_id) if span.context else ""
