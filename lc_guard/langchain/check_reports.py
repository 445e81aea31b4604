"""What tracers are told beside the checks that were run: a value that would have left, placeholders not put back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lc_guard._engine.requests import CheckEnded, CheckStarted, GuardRequest
from lc_guard.guard import Guard
from lc_guard.langchain.child_runs import CheckRuns, dispatch
from lc_guard.records import LEAK_CHECK, RESTORED_EVENT, Decision


async def report_leak(guard: Guard, job: GuardRequest, manager: Any, kinds: Mapping[str, int]) -> None:
    """Tell a step's tracers that a value would have left: a check run of its own with a decision that blocks."""
    await _tell(guard, job, manager, _leak(guard, job, kinds))


async def report_restoring(
    guard: Guard, manager: Any, refused: Iterable[Decision], counts: tuple[int, int] | None = None
) -> None:
    """Tell a step's tracers where placeholders were not put back, and how many were.

    Args:
        guard: The guard.
        manager: Run manager of the step, sync or async.
        refused: What was decided of those that were not: a check run for each decision.
        counts: Placeholders restored, and unknown ones met; None tells nothing of them.
    """
    if not manager.handlers:
        return
    for decision in refused:
        session = None if decision.session is None else guard.session_of(decision.session)
        await _tell(guard, GuardRequest((), session, decision.stage), manager, decision)
    if counts is not None:
        await dispatch(manager, RESTORED_EVENT, {"restored": counts[0], "unknown": counts[1]})


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


async def _tell(guard: Guard, job: GuardRequest, manager: Any, decision: Decision) -> None:
    """Tell of a check that was made elsewhere."""
    runs = CheckRuns(guard, [job], [manager])
    await runs.tell(CheckStarted(0, decision.stage, decision.check, len(job.texts), sum(map(len, job.texts))))
    await runs.tell(CheckEnded(0, decision.stage, decision.check, decision))
