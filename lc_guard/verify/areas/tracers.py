"""Tracers and logs: what whoever watches is told, beside the spans of the applications."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from langchain.agents import create_agent
from langchain_core.documents import Document
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import StructuredTool
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from lc_guard.errors import GuardError
from lc_guard.langchain.callbacks import GuardCallbackHandler
from lc_guard.langchain.masked_tracer import MaskedTracer
from lc_guard.langchain.middleware import GuardMiddleware
from lc_guard.langchain.recording_model import ModelFailed, Recording
from lc_guard.langchain.retriever import ProtectedRetriever
from lc_guard.observability.json_logs import JsonFormatter
from lc_guard.observability.otel import MaskingSpanExporter
from lc_guard.policy.policy import Policy
from lc_guard.verify.modes import MODES
from lc_guard.verify.observers import texts_of_error, tracer_watch
from lc_guard.verify.promises import Area, require
from lc_guard.verify.staging import FIRST, FORMS, ask, guard_for, new_value, noting_model, seen, session
from lc_guard.verify.tracers import check_tracers


def _any_tracer() -> None:
    """Any tracer behind MaskedTracer is told of placeholders alone, sync and async, of failed runs too."""
    for form, build in FORMS.items():
        for mode in MODES:
            for is_async in (False, True) if mode.startswith("a") else (False,):
                for fails in (False, True):
                    value, name = new_value(), f"of {new_value()}@example.org"
                    guard = guard_for(value)
                    handler, noted = tracer_watch(is_async=is_async)
                    given = {**session(name), "callbacks": [MaskedTracer(handler, guard)]}
                    config: Any = {**given, "metadata": {"of": value}, "tags": [value], "run_name": f"Of {value}"}
                    with suppress(ModelFailed):
                        ask(build(guard, noting_model(failing=fails)), mode, f"I am {value}", config)
                    where = f"{form}, {mode}{', async' if is_async else ''}{', a failed run' if fails else ''}"
                    require(seen(noted.texts, FIRST), f"{where}: it was not told")
                    require(not seen(noted.texts, value), where)
                    require(not seen(noted.texts, name), f"{where}: the id of the session")


def _give(text: str) -> str:
    """Give a text back."""
    return text


def _fail(text: str) -> str:
    """Fail, and quote a text."""
    raise ValueError(text)


def _found(documents: list[Document], _: str) -> list[Document]:
    return documents


def _tools_and_documents() -> None:
    """A masked tracer is told of tools, their errors and retrieved documents without values."""
    for mode in ("invoke", "ainvoke"):
        for fails in (False, True):
            value = new_value()
            guard = guard_for(value)
            handler, noted = tracer_watch(is_async=mode == "ainvoke")

            tools = [StructuredTool.from_function(_fail if fails else _give)]
            agent = create_agent(noting_model(), tools, middleware=[GuardMiddleware(guard)])
            config: Any = {**session("s"), "callbacks": [MaskedTracer(handler, guard)]}
            try:
                ask(agent, mode, f"I am {value}", config)
            except ValueError:
                require(fails, mode)
            found = [Document(f"Of {value}", metadata={"by": value})]
            retriever = ProtectedRetriever(RunnableLambda(partial(_found, found)), guard)
            asking = (
                retriever.invoke if mode == "invoke" else lambda *args, one=retriever: asyncio.run(one.ainvoke(*args))
            )
            asking(f"files of {value}", config)
            require(seen(noted.texts, FIRST) and not seen(noted.texts, value), f"{mode}{', a tool fails' * fails}")


def _clients() -> None:
    """Langfuse's and LangSmith's clients, made as the documentation says, would send placeholders alone."""
    for check in check_tracers():
        require(check.passed, f"{check.seam}: {check.error}")


class _Kept(SpanExporter):
    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.spans += spans
        return SpanExportResult.SUCCESS


def _spans() -> None:
    """A span of any backend leaves without values in its attributes, events, status and exception, or not at all."""
    for detects in (True, False):  # what only the detectors know, and what only the vault knows
        value, kept = new_value(), _Kept()
        guard = guard_for(value)
        guard.session("s").anonymize(value)
        masking = MaskingSpanExporter(guard if detects else guard_for(vault=guard.vault), kept)
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(masking))
        attributes = {"note": f"Of {value}", "json": json.dumps({"deep": json.dumps({"by": value})})}
        if not detects:
            attributes |= {"langfuse.trace.metadata.session_id": "s"}
        tracer = provider.get_tracer("lc-guard-verify")
        with suppress(ValueError), tracer.start_as_current_span("work", attributes=attributes) as span:
            span.add_event("met", {"by": f"Of {value}"})
            raise ValueError(f"no {value}")
        provider.force_flush()
        where = "found by the detectors" if detects else "known by the vault"
        require(kept.spans and not seen([span.to_json() for span in kept.spans], value), where)


def _told() -> None:
    """Decisions, errors, logs and reprs hold neither a value nor the id of a session."""
    for mode in MODES:
        for blocks in (False, True):
            value, name = new_value(), f"of {new_value()}"
            guard = guard_for(value, policy=Policy(kinds={"CANARY": "block"} if blocks else {}))
            lines, watched = Recording(), logging.Logger("lc_guard.verify", logging.DEBUG)
            handler = logging.Handler()
            handler.setFormatter(JsonFormatter())
            handler.emit = lambda record, handler=handler, lines=lines: lines.add(handler.format(record))  # type: ignore[method-assign, misc]
            watched.addHandler(handler)
            config: Any = {**session(name), "callbacks": [GuardCallbackHandler(logger=watched)]}
            try:
                ask(FORMS["chain"](guard, noting_model()), mode, f"I am {value}", config)
            except GuardError as error:
                lines.add(texts_of_error(error))
            told = [*lines.texts, repr(guard), repr(guard.session(name)), repr(guard.vault)]
            require(lines.texts and not seen(told, value, name), f"{mode}{', a text that is blocked' * blocks}")


TRACERS = Area("other tracers, spans, clients", (_any_tracer, _tools_and_documents, _clients, _spans))
TOLD = Area("decisions, errors, logs", (_told,))
