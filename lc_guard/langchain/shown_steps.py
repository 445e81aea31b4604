"""What the steps of a chain tell those handlers that show a reader what runs between them; see `shown_runs`."""

from __future__ import annotations

import inspect
from typing import Any, NamedTuple, Self
from uuid import UUID, uuid4

from langchain_core.callbacks.manager import ahandle_event, handle_event

from lc_guard.guard import Guard
from lc_guard.langchain.application_handlers import ApplicationHandler, Restoring, restore_stream
from lc_guard.langchain.application_handlers import released as told_of
from lc_guard.langchain.audience import application_handlers, is_streamed_to_application
from lc_guard.langchain.shown_events import Told
from lc_guard.langchain.shown_runs import HiddenSession, StepRun


class _Reader(NamedTuple):
    """A handler that shows restored text.

    Attributes:
        handler: The handler.
        restoring: What it knows of the runs that it is told of.
        seen: Whether it is told of the step's own run.
    """

    handler: Any
    restoring: Restoring
    seen: bool


def note_hidden(guard: Guard, session: str, manager: Any) -> None:
    """Tell the handlers of a step that what runs after it holds placeholders.

    Args:
        guard: The guard that has hidden something.
        session: The session.
        manager: Run manager of the step.
    """
    judged = guard.scanners.judge_answers
    hold = judged and guard.policy.streaming != "audit"
    for reader in _readers(guard, manager):
        reader.restoring.runs.hidden(_step(manager), HiddenSession(guard, session), seen=reader.seen, hold=hold)


class RestoringStep:
    """The time that a step restores in, for the handlers of its run: what runs after it holds values again.

    When it has ended, what was held until scanners had judged the answer is told; or the error, if they refused it.

    Args:
        guard: The guard that restores.
        session: The session.
        manager: Run manager of the step.
    """

    def __init__(self, guard: Guard, session: str, manager: Any) -> None:
        self._step = _step(manager)
        self._of = HiddenSession(guard, session)
        self._readers = _readers(guard, manager)

    def __enter__(self) -> Self:
        for reader in self._readers:
            reader.restoring.runs.restoring(self._step, self._of)
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: object) -> None:
        for reader in self._readers:
            for event, args, kwargs in self._told(reader, error):
                handle_event([reader.handler], event, None, *args, **kwargs)
            reader.restoring.runs.restored(self._step, self._of)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: object) -> None:
        for reader in self._readers:
            for event, args, kwargs in self._told(reader, error):
                await ahandle_event([reader.handler], event, None, *args, **kwargs)
            reader.restoring.runs.restored(self._step, self._of)

    def _told(self, reader: _Reader, error: BaseException | None) -> list[Told]:
        spans = reader.restoring.runs.ending(self._step, self._of)
        told = [told_of(span, error) for span in spans if span.held is not None]
        return (
            [] if error is not None and not isinstance(error, Exception) else [each for span in told for each in span]
        )


class InnerAnswer:
    """The answer of the inner model of a protected one, for the handlers that stand in that model's own constructor.

    Args:
        guard: The guard that has hidden what the inner model is asked.
        session: The session.
        run: The run that the inner model's is a part of.
        hold: Whether the answer is held until scanners have judged it.
        within: Run of the boundary around the protected model, which has it judged, or None.
    """

    def __init__(self, guard: Guard, session: str, run: Any, *, hold: bool, within: UUID | None) -> None:
        self._within = within  # that one tells what is held of it
        self._readers = application_handlers()
        step = StepRun(uuid4(), run.run_id, ())
        of = HiddenSession(guard, session)
        self._spans = [
            reader.restoring.runs.hidden(step, of, seen=False, hold=hold, within=within) for reader in self._readers
        ]

    def tell(self, error: BaseException | None) -> None:
        """Tell what was held, or the error that ended the call; once."""
        for handler, event, args, kwargs in self._told(error):
            handle_event([handler], event, None, *args, **kwargs)

    async def atell(self, error: BaseException | None) -> None:
        """Async version of `tell`."""
        for handler, event, args, kwargs in self._told(error):
            await ahandle_event([handler], event, None, *args, **kwargs)

    def _told(self, error: BaseException | None) -> list[tuple[Any, str, tuple[Any, ...], dict[str, Any]]]:
        if self._within is not None:
            return []
        pairs, self._spans = list(zip(self._readers, self._spans, strict=True)) if self._spans else [], []
        return [(reader, *each) for reader, span in pairs if span.held is not None for each in told_of(span, error)]


def _step(manager: Any) -> StepRun:
    return StepRun(manager.run_id, manager.parent_run_id, manager.tags)


def _readers(guard: Guard, manager: Any) -> list[_Reader]:
    """Return the handlers that show restored text."""
    awaits = guard.session_values.waits and inspect.iscoroutinefunction(manager.on_chain_end)
    told = [handler for handler in manager.handlers if isinstance(handler, ApplicationHandler)]
    streams = [handler for handler in manager.handlers if is_streamed_to_application(handler)]
    others = [handler for handler in application_handlers() if all(handler is not each for each in told)]
    return [
        *(_Reader(handler, restore_stream(handler, awaits=awaits), seen=True) for handler in streams),
        *(_Reader(handler, handler.restoring, seen=True) for handler in told),
        *(_Reader(handler, handler.restoring, seen=False) for handler in others),
    ]
