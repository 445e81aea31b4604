"""Runs an application in one mode, and collects what was seen of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.pregel import Pregel
from langsmith.run_helpers import tracing_context

from lc_guard.detectors.base import Detector
from lc_guard.guard import Guard
from lc_guard.langchain.masked_tracer import MaskedTracer
from lc_guard.langchain.recording_model import Recording, RecordingChatModel, strings_in
from lc_guard.langfuse.in_memory import Tracing
from lc_guard.policy.policy import Policy
from lc_guard.testing import ExactDetector
from lc_guard.verify.applications import FAILS, Application, Parts, Task, WrongApplication
from lc_guard.verify.canaries import KIND, Planted, Surface, plant
from lc_guard.verify.modes import Mode, Streamed, call
from lc_guard.verify.observers import (
    Evidence,
    Place,
    Status,
    ToolWatch,
    judge,
    texts_of_checkpoints,
    texts_of_error,
    tracer_watch,
    watch_logs,
)
from lc_guard.verify.time_limit import SECONDS, within


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of an application in one mode.

    Attributes:
        mode: The mode.
        found: What was found where.
        failed: The task that failed, with its error's type, or None.
        unmasked: Whether a tracer without a mask was shown a value.
    """

    mode: Mode
    found: dict[tuple[Surface, Place], Status]
    failed: str | None
    unmasked: bool


class _Failing:
    """Raises at one text and quotes it, as a careless detector does; finds nothing in others."""

    name = "failing"

    def detect(self, text: str) -> list[Any]:
        if FAILS in text:
            raise ValueError(text)
        return []


def run_mode(application: Application, mode: Mode, *, detectors: Sequence[Detector] = ()) -> Cell:
    """Run an application in one mode: all its tasks, each with sessions of its own."""
    first = plant(plain=not application.takes_guard)
    items: list[Planted] = [first]
    if mode.endswith("batch"):
        held = {surface: first[surface] for surface in application.holds}
        items.append({**plant(plain=not application.takes_guard), **held})
    values = [canary.value for planted in items for canary in planted.values()]
    guard = Guard([ExactDetector({KIND: values}), _Failing(), *detectors], policy=Policy(timeout=None))
    tracing = Tracing(guard, offline=True) if application.takes_guard else None
    evidence = Evidence()
    with watch_logs() as logs, tracing_context(enabled=False):  # LangSmith's keys may be set
        try:
            for task in application.tasks:
                _Run(
                    application=application,
                    mode=mode,
                    items=items,
                    guard=guard,
                    tracing=tracing,
                    evidence=evidence,
                ).do(task)
        finally:
            if tracing is not None:
                tracing.close()
    evidence.add("logs", logs.texts)
    if tracing is not None:
        evidence.add("spans", tracing.strings())
    unmasked = any(
        value.core in text.casefold() for one in items for value in one.values() for text in evidence.unmasked
    )
    return Cell(mode, judge(evidence, items), evidence.failed, unmasked)


class _Run:
    def __init__(
        self,
        *,
        application: Application,
        mode: Mode,
        items: Sequence[Planted],
        guard: Guard,
        tracing: Tracing | None,
        evidence: Evidence,
    ) -> None:
        self._application = application
        self._mode = mode
        self._items = items
        self._guard = guard
        self._tracing = tracing
        self._evidence = evidence
        self._tools = ToolWatch(application.outside_tools)
        self._plain, self._told = tracer_watch()
        self._behind, self._masked = tracer_watch()

    def do(self, task: Task) -> None:
        """Do one task and note what was seen."""
        recording, tool_input = Recording(), Recording()
        model = RecordingChatModel(recording=recording, failing=task == "failing model")
        configs = self._configs()
        chain: Any = None
        try:
            chain = self._application.build(Parts(model, self._guard, task, self._items[0], tool_input))
            choose = self._application.give_to
            give = self._application.give if choose is None else choose(chain)
            inputs = [give(planted, task) for planted in self._items]
            if task == "conversation":
                self._evidence.given += strings_in(inputs)
            results = within(SECONDS, partial(call, chain, self._mode, inputs, configs))
        except WrongApplication:
            raise
        except Exception as error:  # noqa: BLE001 - what an application raises is looked at, whatever it is
            results = [error]
        for item, result in enumerate(results):
            self._note(task, item, result, graph=isinstance(chain, Pregel))
        self._evidence.unmasked += self._told.texts
        if self._tracing is not None:
            self._evidence.add("tracers", self._masked.texts)
        if self._application.takes_model:
            self._evidence.add("model input", recording.texts)
        self._evidence.add("tool input", self._tools.texts if self._application.own else tool_input.texts)
        checkpoints = texts_of_checkpoints(getattr(chain, "checkpointer", None), configs)
        if not self._application.own and not isinstance(chain, Pregel):
            self._evidence.missing.add("checkpoints")
        elif checkpoints is not None:
            self._evidence.add("checkpoints", checkpoints)

    def _configs(self) -> list[RunnableConfig]:
        callbacks: list[Any] = [self._tools] if self._application.own else []
        callbacks.append(self._plain)
        if self._tracing is not None:
            callbacks += [self._tracing.handler, MaskedTracer(self._behind, self._guard)]
        # Never used before: an application may remember its conversations.
        sessions = [f"lc-guard-verify-{uuid.uuid4().hex}" for _ in self._items]
        return [
            {"configurable": {"session_id": session, "thread_id": session}, "callbacks": callbacks}
            for session in sessions
        ]

    def _note(self, task: Task, item: int, result: Any, *, graph: bool) -> None:
        if not isinstance(result, Exception):
            for place, texts in _shown(result):
                # A graph calls its tools itself: what its messages say of calls is for the user.
                self._evidence.add("user's output" if graph else place, texts, item=item)
        elif task == "failing tool":
            pass  # the caller gets its own tool's error as it is
        elif task.startswith("failing"):
            self._evidence.add("exceptions", texts_of_error(result))
        else:
            self._evidence.add("exceptions", texts_of_error(result))
            self._evidence.failed = self._evidence.failed or f"{task}: {type(result).__name__}"


def _shown(result: Any) -> list[tuple[Place, list[str]]]:
    """Return the texts of a result that the model made, by where they go."""
    if isinstance(result, Streamed):
        return [shown for part in (*result.messages, result.state) for shown in _shown(part)]
    if isinstance(result, BaseMessage):
        calls = [text for call in getattr(result, "tool_calls", ()) for text in strings_in(call["args"])]
        return [("user's output", [str(result.text)]), ("tool input", calls)]
    if isinstance(result, dict) and result.get("messages"):
        structured = list(strings_in(result.get("structured_response")))
        last = result["messages"][-1]
        # Else LangChain's own note that the structured response was made: its ``repr``.
        return [("user's output", structured), *(_shown(last) if isinstance(last, AIMessage) else ())]
    return [("user's output", list(strings_in(result)))]
