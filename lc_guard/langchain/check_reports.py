"""What tracers are told beside the checks that were run: a value that would have left, placeholders not put back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lc_guard._engine.requests import CheckEnded, CheckStarted, GuardRequest
from lc_guard.guard import Guard
from lc_guard.langchain.child_runs import CheckRuns, adispatch, dispatch
from lc_guard.records import LEAK_CHECK, RESTORED_EVENT, Decision

_Notes = tuple[CheckStarted, CheckEnded]


def report_leak(guard: Guard, job: GuardRequest, manager: Any, kinds: Mapping[str, int]) -> None:
    """Tell a step's tracers that a value would have left: a check run of its own with a decision that blocks."""
    runs, notes = _decided(guard, job, manager, _leak(guard, job, kinds))
    for note in notes:
        runs.tell(note)


async def areport_leak(guard: Guard, job: GuardRequest, manager: Any, kinds: Mapping[str, int]) -> None:
    """Async version of `report_leak`."""
    runs, notes = _decided(guard, job, manager, _leak(guard, job, kinds))
    for note in notes:
        await runs.atell(note)


def report_restoring(
    guard: Guard, manager: Any, refused: Iterable[Decision], counts: tuple[int, int] | None = None
) -> None:
    """Tell a step's tracers where placeholders were not put back, and how many were.

    Args:
        guard: The guard.
        manager: Run manager of the step.
        refused: What was decided of those that were not: a check run for each decision.
        counts: Placeholders restored, and unknown ones met; None tells nothing of them.
    """
    for decision in refused if manager.handlers else ():
        runs, notes = _decided(guard, _job_of(guard, decision), manager, decision)
        for note in notes:
            runs.tell(note)
    if manager.handlers and counts is not None:
        dispatch(manager, RESTORED_EVENT, {"restored": counts[0], "unknown": counts[1]})


async def areport_restoring(
    guard: Guard, manager: Any, refused: Iterable[Decision], counts: tuple[int, int] | None = None
) -> None:
    """Async version of `report_restoring`."""
    for decision in refused if manager.handlers else ():
        runs, notes = _decided(guard, _job_of(guard, decision), manager, decision)
        for note in notes:
            await runs.atell(note)
    if manager.handlers and counts is not None:
        await adispatch(manager, RESTORED_EVENT, {"restored": counts[0], "unknown": counts[1]})


def _leak(guard: Guard, job: GuardRequest, kinds: Mapping[str, int]) -> Decision:
    return Decision(
        stage=job.stage,
        check=LEAK_CHECK,
        action="block",
        valid=False,
        risk_score=1.0,
        latency_ms=0.0,
        entities=dict(kinds),
        session=None if job.session is None else guard.digest(job.session),
    )


def _job_of(guard: Guard, decision: Decision) -> GuardRequest:
    session = None if decision.session is None else guard.session_of(decision.session)
    return GuardRequest((), session, decision.stage)


def _decided(guard: Guard, job: GuardRequest, manager: Any, decision: Decision) -> tuple[CheckRuns, _Notes]:
    """Return the run of a check that was made elsewhere, and what it is told."""
    started = CheckStarted(0, decision.stage, decision.check, len(job.texts), sum(map(len, job.texts)))
    ended = CheckEnded(0, decision.stage, decision.check, decision)
    return CheckRuns(guard, [job], [manager]), (started, ended)
