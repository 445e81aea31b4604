"""From what is to be hidden in the texts of a job to the decision of the check "pii"."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from lc_guard.jobs import Job
from lc_guard.placeholders import LITERAL
from lc_guard.policy import Policy
from lc_guard.records import PII_CHECK, Action, Decision, strongest
from lc_guard.spans import Span


def decided(
    job: Job,
    started: float,
    spans: Mapping[str, Sequence[Span]],
    policy: Policy,
    *,
    session: str | None,
    action: Action | None = None,
    failure: Exception | None = None,
) -> Decision:
    """Decide by what was found.

    Args:
        job: The job.
        started: Reading of `time.perf_counter` at which the check began.
        spans: By text, what was found and what happens to it.
        policy: Tells which kinds would block if they did not only warn.
        session: Digest of the session, or None.
        action: What the check comes to; None takes the strongest of the spans' actions.
        failure: What a detector raised though the policy lets texts go on, or None.
    """
    found = [span for text_spans in spans.values() for span in text_spans]
    counts: dict[str, int] = {}
    for span in found:
        counts[span.kind] = counts.get(span.kind, 0) + 1
    if action is None:
        monitored = any(policy.would_block(span.kind) for span in found)
        actions: list[Action] = [span.action for span in found if span.kind != LITERAL]
        if monitored or failure is not None:
            actions.append("warn")
        action = strongest(actions)
    return Decision(
        stage=job.stage,
        check=PII_CHECK,
        action=action,
        valid=action != "block",
        risk_score=max((span.score for span in found), default=0.0),
        latency_ms=(time.perf_counter() - started) * 1000,
        entities=counts,
        error=None if failure is None else type(failure).__name__,
        session=session,
    )


def blocked(job: Job, started: float, failure: Exception, *, session: str | None) -> Decision:
    """Block because of a failure.

    Args:
        job: The job.
        started: Reading of `time.perf_counter` at which the check began.
        failure: What was raised; only its type is told.
        session: Digest of the session, or None.
    """
    return Decision(
        stage=job.stage,
        check=PII_CHECK,
        action="block",
        valid=False,
        risk_score=1.0,
        latency_ms=(time.perf_counter() - started) * 1000,
        error=type(failure).__name__,
        session=session,
    )
