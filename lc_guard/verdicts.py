"""From what a scanner said of a step's texts to one decision, and to what becomes of each text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lc_guard.asking import Answer, Asking
from lc_guard.check_policy import Rule
from lc_guard.foreign_errors import holds_no_text, where
from lc_guard.hiding import cut_out
from lc_guard.records import Action, Decision, Entity, ScanResult, Stage, strongest
from lc_guard.scanners.base import Scanner, ScanRequest


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check comes to.

    Attributes:
        decision: The value-free decision.
        details: Value-free facts beside it.
        redacted: Text → the text without what is at fault.
        replaced: Text → what stands in its place.
        entities: Text → what is to be hidden in it.
        reason: Value-free words about a failure, or None.
    """

    decision: Decision
    details: Mapping[str, Any]
    redacted: Mapping[str, str] = field(default_factory=dict, repr=False)
    replaced: Mapping[str, str] = field(default_factory=dict, repr=False)
    entities: Mapping[str, tuple[Entity, ...]] = field(default_factory=dict)
    reason: str | None = None


def verdict(
    check: str,
    stage: Stage,
    rule: Rule,
    requests: Sequence[ScanRequest],
    answers: Sequence[Answer],
    *,
    latency_ms: float,
    session: str | None,
    details: Mapping[str, Any],
) -> Verdict:
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
    actions: list[Action] = []
    redacted: dict[str, str] = {}
    replaced: dict[str, str] = {}
    hidden: dict[str, tuple[Entity, ...]] = {}
    failure: Exception | None = None
    counts: dict[str, int] = {}
    risk = 0.0
    categories: dict[str, float] = {}
    for request, answer in zip(requests, answers, strict=True):
        if isinstance(answer, Exception):
            failure = failure or answer
            fails_closed = rule.on_error == "block" and not rule.monitor
            actions.append("block" if fails_closed else "warn")
            risk = max(risk, 1.0 if fails_closed else 0.0)
            continue
        risk = max(risk, answer.risk_score)
        for entity in answer.entities:
            counts[entity.kind] = counts.get(entity.kind, 0) + 1
        for name, score in answer.categories.items():
            categories[name] = max(score, categories.get(name, 0.0))
        action, text = _action(rule, request.text, answer)
        actions.append(action)
        if action == "anonymize":
            hidden[request.text] = (*hidden.get(request.text, ()), *answer.entities)
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
    return Verdict(
        decision,
        {**{name: value for name, value in shown.items() if value is not None}, **details},
        redacted,
        replaced,
        hidden,
        None if failure is None else reason_of(failure),
    )


def reason_of(failure: Exception) -> str:
    """Tell of a failure without its text, unless it is our own: a foreign error's message may quote what was judged."""
    return str(failure) if holds_no_text(failure) else where(failure)


def without_faults(texts: Sequence[str], scanner: Scanner, stage: Stage, rule: Rule) -> list[str]:
    """Take out of texts, for good, what a scanner finds fault with.

    Args:
        texts: The texts.
        scanner: Is asked about each.
        stage: Where they are said to come from.
        rule: What holds for it.

    Raises:
        Exception: What the scanner raised.
    """
    asking = Asking(scanner, [ScanRequest(text, stage) for text in texts], None)
    asking()
    return [_without(text, answer, rule) for text, answer in zip(texts, asking.answers, strict=True)]


def _without(text: str, answer: Answer, rule: Rule) -> str:
    if isinstance(answer, Exception):
        raise answer
    action, changed = _action(rule, text, answer)
    if action == "anonymize":
        return cut_out(text, answer.entities)
    # where a scanner can't tell what is at fault, nothing of the text is left
    return rule.replacement if action == "block" else text if changed is None else changed


def _action(rule: Rule, text: str, result: ScanResult) -> tuple[Action, str | None]:
    """Give what becomes of a text, and the text that goes on if it is another one."""
    at_fault = result.risk_score >= rule.threshold if rule.threshold is not None else not result.valid
    changed = result.sanitized if result.sanitized != text else None
    if not at_fault:
        # such as JSON that was repaired: nothing is wrong with what the scanner gives back
        rewritten = changed if result.valid and not rule.monitor and rule.action not in ("allow", "warn") else None
        return ("allow", None) if rewritten is None else ("redact", rewritten)
    if rule.monitor or rule.action == "warn":
        return "warn", None
    if rule.action == "redact":
        if changed is None and result.entities:
            changed = cut_out(text, result.entities)
        return ("redact", changed) if changed is not None else ("block", None)
    if rule.action == "anonymize":
        return ("anonymize", None) if result.entities else ("block", None)
    return rule.action, rule.replacement if rule.action == "replace" else None
