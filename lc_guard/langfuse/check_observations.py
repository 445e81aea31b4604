"""Checks as a person sees them in Langfuse: those of one stage under one observation, each as long as its decision.

A check that changed nothing, or only put placeholders, has the level DEBUG, which Langfuse's page hides unless it is
asked for: what is seen of a stage in which nothing happened is the one observation ``guard: <stage>``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from lc_guard.langfuse.check_details import check_metadata, shown_decision
from lc_guard.langfuse.decision_scores import DecisionScores, score_name
from lc_guard.langfuse.stage_sampling import Held, StageSampling
from lc_guard.records import SESSION_METADATA, STAGE_METADATA, Decision, strongest

_NANOSECONDS = 1_000_000  # in a millisecond

# What was done to a text that the policy let through; an anonymized one is the normal case.
_FIRED = ("redact", "replace", "warn")
_ORDER = ("ERROR", "WARNING", "DEBUG")


@dataclass(eq=False)
class _Group:
    """The observation of one stage under one run, while its checks come."""

    observation: Any
    stage: str
    held: Held
    open: int = 0
    ended: int = 0
    decisions: dict[str, Decision | None] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class _Check:
    """A check under way: its observation, when that began (nanoseconds), and what was decided."""

    observation: Any
    group: _Group
    name: str
    metadata: dict[str, Any]
    start: int
    decision: Decision | None = None


class CheckObservations:
    """The checks under way, and the observations that hold them.

    Args:
        scores: Writes what was decided as scores.
        sampling: Says which stages are sent in which nothing happened.

    Attributes:
        mask: The mask of the client, which learns from what is not sent as well; None if it has none.
    """

    def __init__(self, scores: DecisionScores, sampling: StageSampling) -> None:
        self.mask: Any = None
        self._scores = scores
        self._sampling = sampling
        self._checks: dict[UUID, _Check] = {}
        self._groups: dict[UUID, dict[str, _Group]] = {}

    def __len__(self) -> int:
        return len(self._checks) + len(self._groups)

    def begin(
        self,
        run_id: UUID,
        parent_run_id: UUID,
        start_observation: Callable[..., Any],
        *,
        name: str,
        inputs: Any,
        metadata: Mapping[str, Any],
    ) -> Any:
        """Open the observation of a check, and that of its stage if it is the first one.

        Args:
            run_id: The check's run.
            parent_run_id: The run whose texts are checked.
            start_observation: Opens an observation where that of the stage belongs.
            name: Name of the check.
            inputs: Counts of its texts and characters.
            metadata: Of the check's run; only what lc-guard says in it is kept.

        Returns:
            The check's observation.
        """
        stage = str(metadata.get(STAGE_METADATA) or "")
        groups = self._groups.setdefault(parent_run_id, {})
        group = groups.get(stage)
        if group is None:
            observation = start_observation(name=f"guard: {stage}" if stage else "guard", as_type="span")
            group = groups[stage] = _Group(observation, stage, Held())
            if self._sampling.sends(observation.trace_id, stage):
                group.held.release()
        own = {key: metadata[key] for key in (SESSION_METADATA, STAGE_METADATA) if metadata.get(key)}
        shown = score_name(stage, name) if stage else name
        observation = group.observation.start_observation(name=shown, as_type="guardrail", input=inputs, metadata=own)
        began = getattr(getattr(observation, "_otel_span", None), "start_time", None) or time.time_ns()
        self._checks[run_id] = _Check(observation, group, name, own, began)
        group.open += 1
        group.decisions.setdefault(name)
        if isinstance(inputs, Mapping) and inputs.get("characters", 0) >= group.asked.get("characters", 0):
            group.asked = dict(inputs)
        return observation

    def has(self, run_id: UUID) -> bool:
        """Return whether a run is a check's that is under way."""
        return run_id in self._checks

    def observation(self, run_id: UUID) -> Any:
        """Return the observation of a check under way, or None."""
        check = self._checks.get(run_id)
        return None if check is None else check.observation

    def decide(self, run_id: UUID, decision: Decision) -> None:
        """Score a check's observation, and say in it what was decided."""
        check = self._checks.get(run_id)
        if check is None:
            return
        check.decision = decision
        before = check.group.decisions.get(check.name)  # a stream is judged in windows
        if before is None or strongest([before.action, decision.action]) != before.action:
            check.group.decisions[check.name] = decision
        if _level(decision)[0] != "DEBUG":
            check.group.held.release()
        check.group.held.do(partial(self._scores.write, check.observation, decision))

    def end(self, run_id: UUID, result: Any) -> None:
        """Close a check's observation: it lasts as long as its decision says."""
        check = self._checks.pop(run_id)
        group, decision = check.group, check.decision
        now = time.time_ns()
        took = now - check.start if decision is None else round(decision.latency_ms * _NANOSECONDS)
        level, status = ("DEBUG", None) if decision is None else _level(decision)
        if isinstance(result, BaseException):
            level, status = "ERROR", str(result)
            group.held.release()
        told = check_metadata(result) if isinstance(result, Mapping) else {}
        shown = {} if decision is None else {"decision": shown_decision(decision)}
        if group.held.back and self.mask is not None:
            self.mask.learn(check.observation.trace_id, check.metadata.get(SESSION_METADATA), shown)
        check.observation.update(
            output=shown or None, metadata={**check.metadata, **told}, level=level, status_message=status
        )
        group.held.do(partial(check.observation.end, end_time=check.start + took))
        group.open -= 1
        group.ended = max(group.ended, now)

    def close(self, parent_run_id: UUID) -> None:
        """Close the stages of a run: it ended, or something else began under it."""
        groups = self._groups.get(parent_run_id, {})
        for stage in [stage for stage, group in groups.items() if not group.open]:
            group = groups.pop(stage)
            if group.held.back:
                continue  # an observation that is not ended is not sent
            level, status, output = _summary(group)
            group.observation.update(
                input=group.asked or None,
                output=output,
                level=level,
                status_message=status,
                metadata={STAGE_METADATA: group.stage} if group.stage else None,
            )
            group.observation.end(end_time=group.ended or None)
        if not groups:
            self._groups.pop(parent_run_id, None)

    def forget(self, run_id: UUID) -> None:
        """Forget what is left of a run whose trace is over."""
        self._checks.pop(run_id, None)
        self._groups.pop(run_id, None)


def blocked_by(decision: Decision) -> str:
    """Return the words that say what blocked a text."""
    return f"blocked by {decision.check}" + (f", which failed: {decision.error}" if decision.error else "")


def _level(decision: Decision) -> tuple[str, str | None]:
    """Return the level of a check's observation, and what it says."""
    failed = decision.action == "block" or decision.error is not None
    if not failed and decision.action not in _FIRED:
        return "DEBUG", None
    cause = f" after {decision.error}" if decision.error else ""
    said = f"{decision.check}: {decision.action}{cause} (risk {decision.risk_score:.2f})"
    return "ERROR" if failed else "WARNING", said


def _summary(group: _Group) -> tuple[str | None, str | None, dict[str, Any]]:
    """Return level, words and output of a stage: what each check did, those first that did most."""
    order = [decision for decision in group.decisions.values() if decision is not None]
    order.sort(key=lambda each: (_ORDER.index(_level(each)[0]), each.action == "allow"))
    output = {
        "action": strongest(decision.action for decision in order),
        "checks": {decision.check: _deed(decision) for decision in order},
    }
    level, said = _level(order[0]) if order else ("DEBUG", None)
    if (blocking := next((decision for decision in order if not decision.valid), None)) is not None:
        said = blocked_by(blocking)
    return (None, None, output) if level == "DEBUG" else (level, said, output)


def _deed(decision: Decision) -> str:
    """Return what a check did in a few words."""
    found = ", ".join(f"{count} {kind}" for kind, count in sorted(decision.entities.items()))
    risk = f"risk {decision.risk_score:.2f}" if decision.risk_score and not found else ""
    told = ", ".join(filter(None, (found, risk, decision.error)))
    return f"{decision.action}: {told}" if told else decision.action
