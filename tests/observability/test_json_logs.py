"""Decisions as structured logs: JSON lines of the standard library, events of structlog; never a value."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from lc_guard import Anonymize, Blocked, Deanonymize, Guard, GuardCallbackHandler, Policy
from lc_guard.observability import JsonFormatter
from tests.support.canaries import CANARIES, CanaryDetector


def answer(handler: GuardCallbackHandler, **policy: Any) -> None:
    guard = Guard(CanaryDetector(), policy=Policy(**policy))
    chain = Anonymize(guard) | (lambda text: f"{text} [REDACTED_PERSON_9]") | Deanonymize(guard)
    chain.invoke(CANARIES[0], {"configurable": {"session_id": "jane@thread.example"}, "callbacks": [handler]})


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def json_logger(stream: io.StringIO) -> logging.Logger:
    logger = logging.Logger("app.guard", logging.INFO)
    writing = logging.StreamHandler(stream)
    writing.setFormatter(JsonFormatter())
    logger.addHandler(writing)
    return logger


def test_json_lines(json_logger: logging.Logger, stream: io.StringIO) -> None:
    answer(GuardCallbackHandler(logger=json_logger))
    with pytest.raises(Blocked):
        answer(GuardCallbackHandler(logger=json_logger), default="block")
    decision, unknown, blocked = (json.loads(line) for line in stream.getvalue().splitlines())
    told = {key: decision[key] for key in ("event", "level", "logger", "stage", "check", "action", "valid", "entities")}
    assert told == {
        "event": "guard_decision",
        "level": "info",
        "logger": "app.guard",
        "stage": "prompt",
        "check": "pii",
        "action": "anonymize",
        "valid": True,
        "entities": {"PERSON": 1},
    }
    assert decision["timestamp"].endswith("+00:00")
    assert unknown["event"] == "1 unknown placeholders were left in an answer"
    assert (blocked["level"], blocked["action"]) == ("warning", "block")
    assert CANARIES[0] not in stream.getvalue()
    assert "jane@thread.example" not in stream.getvalue()


def test_an_exception_is_told_by_its_type(json_logger: logging.Logger, stream: io.StringIO) -> None:
    try:
        raise ValueError(CANARIES[0])
    except ValueError:
        json_logger.exception("it failed", extra={"lc_guard_decision": "no decision"})
    line = json.loads(stream.getvalue())
    assert (line["event"], line["exception"], line["level"]) == ("it failed", "ValueError", "error")
    assert CANARIES[0] not in stream.getvalue()


@pytest.fixture
def plain_structlog() -> Iterator[None]:
    """Structlog as it comes: LLM Guard configures it for the whole process when it is imported."""
    # a configuration put back would count as the application's own, and LLM Guard's loggers would follow it
    before = structlog.get_config() if structlog.is_configured() else None
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()  # `capture_logs` configures it
    if before is not None:
        structlog.configure(**before)


@pytest.mark.usefixtures("plain_structlog")
def test_structlog() -> None:
    with structlog.testing.capture_logs() as events:
        answer(GuardCallbackHandler(logger=structlog.get_logger()))
        with pytest.raises(Blocked):
            answer(GuardCallbackHandler(logger=structlog.get_logger(), level=logging.DEBUG), default="block")
    decision, unknown, blocked = events
    assert (decision["event"], decision["log_level"]) == ("guard_decision", "info")
    assert (decision["stage"], decision["check"], decision["entities"]) == ("prompt", "pii", {"PERSON": 1})
    assert (unknown["event"], unknown["count"]) == ("unknown_placeholders", 1)
    assert (blocked["log_level"], blocked["action"]) == ("warning", "block")
    assert CANARIES[0] not in str(events)


def test_structlog_writes_json(stream: io.StringIO) -> None:
    logger = structlog.wrap_logger(
        structlog.PrintLogger(stream),
        processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    answer(GuardCallbackHandler(logger=logger))
    first = json.loads(stream.getvalue().splitlines()[0])
    assert (first["event"], first["level"], first["action"]) == ("guard_decision", "info", "anonymize")
