"""What a run came to, where the SDK would leave it out or put it where no mask reaches it."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Mapping
from typing import Any

from langchain_core.messages import ToolMessage

from lc_guard.errors import Blocked
from lc_guard.langfuse.check_observations import blocked_by
from lc_guard.records import Decision

GIVEN_UP: dict[type[BaseException], str] = {
    GeneratorExit: "the stream was given up",
    CancelledError: "the call was cancelled",
}
"""What ends a run without being a fault of it."""


def record_result(observation: Any, result: Any, told: Mapping[str, Any], *, blocked: Decision | None) -> None:
    """Write a run's result into its observation.

    Args:
        observation: Langfuse's observation.
        result: What the run gave or raised.
        told: What LangChain tells of its end.
        blocked: What blocked something in the run, if anything did.
    """
    if isinstance(result, Blocked):
        observation.update(status_message=blocked_by(result.decision))
    elif isinstance(result, BaseException):
        if told.get("outputs") is not None:  # of a stream that was given up, what came
            observation.update(output=told["outputs"])
        observation.update(status_message=GIVEN_UP.get(type(result)) or str(result) or type(result).__name__)
    elif isinstance(result, ToolMessage) and result.status == "error":
        observation.update(output=result, level="ERROR")
        observation.update(status_message=str(result.content))
    elif blocked is not None:
        observation.update(level="WARNING", status_message=blocked_by(blocked))
