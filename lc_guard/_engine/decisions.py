"""From what a scanner said of a request's texts to one decision, and to what becomes of each text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lc_guard._engine.anonymizer import redact_text
from lc_guard._engine.failures import safe_message
from lc_guard._engine.requests import CheckResult
from lc_guard.policy.checks import EffectivePolicy
from lc_guard.records import Action, Decision, Entity, ScanResult, Stage, strongest
from lc_guard.scanners.base import ScanRequest

ScanOutcome = ScanResult | Exception
"""What a scanner said of one text, or what it raised."""


def decide_scan(
    check: str,
    stage: Stage,
    rule: EffectivePolicy,
    requests: Sequence[ScanRequest],
    answers: Sequence[ScanOutcome],
    *,
    latency_ms: float,
    session: str | None,
    details: Mapping[str, Any],
) -> CheckResult:
    """Apply the policy to what a scanner said; the answers are in the order of the requests."""
    redacted: dict[str, str] = {}
    replaced: dict[str, str] = {}
    marked: dict[str, tuple[Entity, ...]] = {}
    counts: dict[str, int] = {}
    categories: dict[str, float] = {}
    failure, actions, risk = _failure(rule, answers)
    for request, result in zip(requests, answers, strict=True):
        if isinstance(result, Exception):
            continue
        risk = max(risk, result.risk_score)
        for entity in result.entities:
            counts[entity.kind] = counts.get(entity.kind, 0) + 1
        for name, score in result.categories.items():
            categories[name] = max(score, categories.get(name, 0.0))
        action, text = _action(rule, request.text, result)
        actions.append(action)
        if action == "anonymize":
            marked[request.text] = (*marked.get(request.text, ()), *result.entities)
        elif text is not None:
            (replaced if rule.action == "replace" else redacted)[request.text] = text
    action = strongest(actions)
    shown = {"categories": categories or None, "threshold": rule.threshold, "monitor": rule.monitor or None}
    decision = Decision(
        stage=stage,
        check=check,
        action=action,
        valid=action != "block",
        risk_score=risk,
        latency_ms=latency_ms,
        entities=counts,
        error=None if failure is None else type(failure).__name__,
        session=session,
    )
    return CheckResult(
        decision,
        {**{name: value for name, value in shown.items() if value is not None}, **details},
        redacted,
        replaced,
        marked,
        None if failure is None else safe_message(failure),
    )


def redact_fault(text: str, answer: ScanOutcome, rule: EffectivePolicy) -> str:
    """Return a text without what a scanner finds fault with, taken out for good; raises what the scanner raised."""
    if isinstance(answer, Exception):
        raise answer
    action, changed = _action(rule, text, answer)
    if action == "anonymize":
        return redact_text(text, answer.entities)
    # where a scanner can't tell what is at fault, nothing of the text is left
    return rule.replacement if action == "block" else text if changed is None else changed


def _failure(rule: EffectivePolicy, answers: Sequence[ScanOutcome]) -> tuple[Exception | None, list[Action], float]:
    """Return the first thing that a scanner raised, the actions that it leads to, and its risk."""
    failure = next((answer for answer in answers if isinstance(answer, Exception)), None)
    if failure is None:
        return None, [], 0.0
    closed = rule.on_error == "block" and not rule.monitor
    return failure, ["block" if closed else "warn"], 1.0 if closed else 0.0


def _action(rule: EffectivePolicy, text: str, result: ScanResult) -> tuple[Action, str | None]:
    """Return what becomes of a text, and the text that goes on if it is another one."""
    at_fault = result.risk_score >= rule.threshold if rule.threshold is not None else not result.valid
    changed = result.sanitized if result.sanitized != text else None
    if at_fault and not rule.monitor:
        return _fault_action(rule, text, changed, result.entities)
    if at_fault:
        return "warn", None
    # such as JSON that was repaired: nothing is wrong with what the scanner gives back
    mended = changed is not None and result.valid and not rule.monitor and rule.action not in ("allow", "warn")
    return ("redact", changed) if mended else ("allow", None)


def _fault_action(
    rule: EffectivePolicy, text: str, changed: str | None, entities: Sequence[Entity]
) -> tuple[Action, str | None]:
    if rule.action == "replace":
        return "replace", rule.replacement
    if rule.action == "redact":
        if changed is None and entities:
            changed = redact_text(text, entities)
        return ("block", None) if changed is None else ("redact", changed)
    # where a scanner can't tell what is at fault, nothing can be hidden
    return ("block" if rule.action == "anonymize" and not entities else rule.action), None
