"""A check as a run of its own: every LangChain tracer shows its latency, and its decision leaves as a custom event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from langchain_core.runnables.config import var_child_runnable_config

from lc_guard._engine.requests import CheckEnded, CheckStarted, GuardRequest, GuardResult
from lc_guard.errors import GuardError
from lc_guard.guard import Guard
from lc_guard.langchain.model_watch import unwatched_here
from lc_guard.records import (
    CHECK_RUN_ID,
    DECISION_EVENT,
    LEAK_CHECK,
    RESTORED_EVENT,
    SESSION_METADATA,
    STAGE_METADATA,
    Decision,
)


def run_checks(guard: Guard, jobs: Sequence[GuardRequest], managers: Sequence[Any]) -> list[GuardResult]:
    """Check jobs, each check as a child run of its job's step.

    Args:
        guard: Decides.
        jobs: One for each step.
        managers: The steps' run managers.
    """
    watch = _Watch(guard, jobs, managers)
    if not watch.watched:
        with _unwatched(guard):
            return guard.check(jobs)  # nobody watches: runs would cost and show nothing
    try:
        with _unwatched(guard):
            return guard.check(jobs, watch.tell)
    except BaseException as error:
        for run in watch.open.values():
            run.on_chain_error(_value_free(error))
        raise


async def arun_checks(guard: Guard, jobs: Sequence[GuardRequest], managers: Sequence[Any]) -> list[GuardResult]:
    """Async version of `run_checks`."""
    watch = _Watch(guard, jobs, managers)
    if not watch.watched:
        with _unwatched(guard):
            return await guard.acheck(jobs)
    try:
        with _unwatched(guard):
            return await guard.acheck(jobs, watch.atell)
    except BaseException as error:
        for run in watch.open.values():
            await run.on_chain_error(_value_free(error))
        raise


def _unwatched(guard: Guard) -> AbstractContextManager[None]:
    """Return the context of a check; where there is no handler at all, no watch has to be looked for."""
    around = var_child_runnable_config.get()
    callbacks = around.get("callbacks") if around else None
    return unwatched_here(guard) if getattr(callbacks, "handlers", callbacks) else nullcontext()


class _Watch:
    """Opens a run when a check begins, and closes it with the decision when it has ended.

    Attributes:
        open: The runs of checks under way.
        watched: Whether anybody watches.
    """

    def __init__(self, guard: Guard, jobs: Sequence[GuardRequest], managers: Sequence[Any]) -> None:
        self.open: dict[tuple[int, str, str], Any] = {}
        self._guard = guard
        self._jobs = jobs
        self._managers = managers
        self.watched = any(manager.handlers for manager in managers)

    def tell(self, note: CheckStarted | CheckEnded) -> None:
        """Take a note of the guard's."""
        key = note.job, note.stage, note.check
        if isinstance(note, CheckStarted):
            if self._managers[note.job].handlers:
                self.open[key] = self._child(note).on_chain_start(_serialized(note), _inputs(note), name=note.check)
        elif (run := self.open.pop(key, None)) is not None:
            if note.decision is not None:
                _dispatch(run, DECISION_EVENT, note.decision.as_dict())
            run.on_chain_end(_outputs(note))

    async def atell(self, note: CheckStarted | CheckEnded) -> None:
        """Async version of `tell`."""
        key = note.job, note.stage, note.check
        if isinstance(note, CheckStarted):
            if self._managers[note.job].handlers:
                child = self._child(note)
                self.open[key] = await child.on_chain_start(_serialized(note), _inputs(note), name=note.check)
        elif (run := self.open.pop(key, None)) is not None:
            if note.decision is not None:
                await _adispatch(run, DECISION_EVENT, note.decision.as_dict())
            await run.on_chain_end(_outputs(note))

    def _child(self, note: CheckStarted) -> Any:
        child = self._managers[note.job].get_child()
        session = self._jobs[note.job].session
        named = {} if session is None else {SESSION_METADATA: self._guard.digest(session)}
        child.add_metadata({**named, STAGE_METADATA: note.stage}, inherit=False)
        return child


def report_leak(guard: Guard, job: GuardRequest, manager: Any, kinds: Mapping[str, int]) -> None:
    """Tell a step's tracers that a value would have left: a check run of its own with a decision that blocks."""
    watch = _Watch(guard, [job], [manager])
    for note in _leak(guard, job, kinds):
        watch.tell(note)


async def areport_leak(guard: Guard, job: GuardRequest, manager: Any, kinds: Mapping[str, int]) -> None:
    """Async version of `report_leak`."""
    watch = _Watch(guard, [job], [manager])
    for note in _leak(guard, job, kinds):
        await watch.atell(note)


def _leak(guard: Guard, job: GuardRequest, kinds: Mapping[str, int]) -> tuple[CheckStarted, CheckEnded]:
    decision = Decision(
        stage=job.stage,
        check=LEAK_CHECK,
        action="block",
        valid=False,
        risk_score=1.0,
        latency_ms=0.0,
        entities=dict(kinds),
        session=None if job.session is None else guard.digest(job.session),
    )
    started = CheckStarted(0, job.stage, LEAK_CHECK, len(job.texts), sum(map(len, job.texts)))
    return started, CheckEnded(0, job.stage, LEAK_CHECK, decision)


def report_restored(manager: Any, counts: tuple[int, int]) -> None:
    """Tell a step's tracers how many placeholders it restored, and how many it did not know."""
    if manager.handlers:
        _dispatch(manager, RESTORED_EVENT, {"restored": counts[0], "unknown": counts[1]})


async def areport_restored(manager: Any, counts: tuple[int, int]) -> None:
    """Async version of `report_restored`."""
    if manager.handlers:
        await _adispatch(manager, RESTORED_EVENT, {"restored": counts[0], "unknown": counts[1]})


def _serialized(note: CheckStarted) -> dict[str, Any]:
    return {"id": [*CHECK_RUN_ID, note.check]}


def _inputs(note: CheckStarted) -> dict[str, Any]:
    return {"texts": note.texts, "characters": note.characters}


def _outputs(note: CheckEnded) -> dict[str, Any]:
    decision = None if note.decision is None else note.decision.as_dict()
    latency_ms = {name: round(value, 3) for name, value in note.latency_ms.items()}
    shown = {"decision": decision, "detectors": latency_ms, "details": dict(note.details)}
    return {name: value for name, value in shown.items() if value or name == "decision"}


def _value_free(error: BaseException) -> GuardError:
    return GuardError(f"the check ended in {type(error).__name__}")


def _dispatch(run: Any, name: str, data: dict[str, Any]) -> None:
    from langchain_core.callbacks import dispatch_custom_event  # noqa: PLC0415 - only where somebody watches

    dispatch_custom_event(name, data, config={"callbacks": run.get_child()})


async def _adispatch(run: Any, name: str, data: dict[str, Any]) -> None:
    from langchain_core.callbacks import adispatch_custom_event  # noqa: PLC0415 - only where somebody watches

    await adispatch_custom_event(name, data, config={"callbacks": run.get_child()})
