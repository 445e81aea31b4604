"""A check as a run of its own: every LangChain tracer shows its latency, and its decision leaves as a custom event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lc_guard.errors import GuardError
from lc_guard.guard import Guard
from lc_guard.jobs import Job, Outcome
from lc_guard.records import CHECK_RUN_ID, DECISION_EVENT, PII_CHECK, RESTORED_EVENT, SESSION_METADATA, STAGE_METADATA


def run_checks(guard: Guard, jobs: Sequence[Job], managers: Sequence[Any]) -> list[Outcome]:
    """Check jobs, each as a child run of its step.

    Args:
        guard: Decides.
        jobs: One for each step.
        managers: The steps' run managers.
    """
    runs = [_started(guard, job, manager) for job, manager in zip(jobs, managers, strict=True)]
    try:
        outcomes = guard.check(jobs)
    except BaseException as error:
        for run in filter(None, runs):
            run.on_chain_error(_value_free(error))
        raise
    for run, outcome in zip(runs, outcomes, strict=True):
        if run is not None:
            _dispatch(run, DECISION_EVENT, outcome.decision.as_dict())
            run.on_chain_end(_outputs(outcome))
    return outcomes


async def arun_checks(guard: Guard, jobs: Sequence[Job], managers: Sequence[Any]) -> list[Outcome]:
    """Do what `run_checks` does without blocking the event loop."""
    runs = [await _astarted(guard, job, manager) for job, manager in zip(jobs, managers, strict=True)]
    try:
        outcomes = await guard.acheck(jobs)
    except BaseException as error:
        for run in filter(None, runs):
            await run.on_chain_error(_value_free(error))
        raise
    for run, outcome in zip(runs, outcomes, strict=True):
        if run is not None:
            await _adispatch(run, DECISION_EVENT, outcome.decision.as_dict())
            await run.on_chain_end(_outputs(outcome))
    return outcomes


def report_restored(manager: Any, counts: tuple[int, int]) -> None:
    """Tell a step's tracers how many placeholders it restored, and how many it did not know."""
    if manager.handlers:
        _dispatch(manager, RESTORED_EVENT, {"restored": counts[0], "unknown": counts[1]})


async def areport_restored(manager: Any, counts: tuple[int, int]) -> None:
    """Do what `report_restored` does without blocking the event loop."""
    if manager.handlers:
        await _adispatch(manager, RESTORED_EVENT, {"restored": counts[0], "unknown": counts[1]})


def _started(guard: Guard, job: Job, manager: Any) -> Any:
    if not manager.handlers:
        return None  # nobody watches: a run would cost and show nothing
    child = _child(guard, job, manager)
    return child.on_chain_start(_serialized(), _inputs(job), name=PII_CHECK)


async def _astarted(guard: Guard, job: Job, manager: Any) -> Any:
    if not manager.handlers:
        return None
    child = _child(guard, job, manager)
    return await child.on_chain_start(_serialized(), _inputs(job), name=PII_CHECK)


def _child(guard: Guard, job: Job, manager: Any) -> Any:
    child = manager.get_child()
    child.add_metadata({SESSION_METADATA: guard.digest(job.session), STAGE_METADATA: job.stage}, inherit=False)
    return child


def _serialized() -> dict[str, Any]:
    return {"id": [*CHECK_RUN_ID, PII_CHECK]}


def _inputs(job: Job) -> dict[str, Any]:
    return {"texts": len(job.texts), "characters": sum(map(len, job.texts))}


def _outputs(outcome: Outcome) -> dict[str, Any]:
    latency_ms = {name: round(value, 3) for name, value in outcome.latency_ms.items()}
    return {"decision": outcome.decision.as_dict(), "detectors": latency_ms}


def _value_free(error: BaseException) -> GuardError:
    return GuardError(f"the check ended in {type(error).__name__}")


def _dispatch(run: Any, name: str, data: dict[str, Any]) -> None:
    from langchain_core.callbacks import dispatch_custom_event  # noqa: PLC0415 - only where somebody watches

    dispatch_custom_event(name, data, config={"callbacks": run.get_child()})


async def _adispatch(run: Any, name: str, data: dict[str, Any]) -> None:
    from langchain_core.callbacks import adispatch_custom_event  # noqa: PLC0415 - only where somebody watches

    await adispatch_custom_event(name, data, config={"callbacks": run.get_child()})
