"""From what a scanner said of a request's texts to one decision, and to what becomes of each text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lc_guard._engine.anonymizer import redact_text
from lc_guard._engine.failures import safe_message
from lc_guard._engine.requests import CheckResult
from lc_guard.check_policy import Rule
from lc_guard.records import Action, Decision, Entity, ScanResult, Stage, strongest
from lc_guard.scanners.base import ScanRequest

ScanOutcome = ScanResult | Exception
"""What a scanner said of one text, or what it raised."""


def decide_scan(
    check: str,
    stage: Stage,
    rule: Rule,
    requests: Sequence[ScanRequest],
    answers: Sequence[ScanOutcome],
    *,
    latency_ms: float,
    session: str | None,
    details: Mapping[str, Any],
) -> CheckResult:
    """Apply the policy to what a scanner said.

    Args:
        check: Name of the check.
        stage: Where the texts come from.
        rule: What holds for the check there.
        requests: What the scanner was asked.
        answers: What it said, in the same order.
        latency_ms: Wall time of the check in milliseconds.
        session: Digest of the session, or None.
        details: Value-free facts about the scanner.
    """
    redacted: dict[str, str] = {}
    replaced: dict[str, str] = {}
    marked: dict[str, tuple[Entity, ...]] = {}
    counts: dict[str, int] = {}
    categories: dict[str, float] = {}
    actions: list[Action] = []
    risk = 0.0
    failure = next((answer for answer in answers if isinstance(answer, Exception)), None)
    if failure is not None:
        closed = rule.on_error == "block" and not rule.monitor
        actions.append("block" if closed else "warn")
        risk = 1.0 if closed else 0.0
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


def redact_fault(text: str, answer: ScanOutcome, rule: Rule) -> str:
    """Return a text without what a scanner finds fault with, taken out for good.

    Raises:
        Exception: What the scanner raised.
    """
    if isinstance(answer, Exception):
        raise answer
    action, changed = _action(rule, text, answer)
    if action == "anonymize":
        return redact_text(text, answer.entities)
    # where a scanner can't tell what is at fault, nothing of the text is left
    return rule.replacement if action == "block" else text if changed is None else changed


def _action(rule: Rule, text: str, result: ScanResult) -> tuple[Action, str | None]:
    """Return what becomes of a text, and the text that goes on if it is another one."""
    at_fault = result.risk_score >= rule.threshold if rule.threshold is not None else not result.valid
    changed = result.sanitized if result.sanitized != text else None
    if not at_fault:
        # such as JSON that was repaired: nothing is wrong with what the scanner gives back
        mended = changed is not None and result.valid and not rule.monitor and rule.action not in ("allow", "warn")
        return ("redact", changed) if mended else ("allow", None)
    if rule.monitor:
        return "warn", None
    if rule.action == "replace":
        return "replace", rule.replacement
    if rule.action == "redact" and changed is None and result.entities:
        changed = redact_text(text, result.entities)
    if rule.action == "redact":
        return ("redact", changed) if changed is not None else ("block", None)
    return ("block" if rule.action == "anonymize" and not result.entities else rule.action), None
