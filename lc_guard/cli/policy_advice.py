"""What is likely a mistake in a policy, though it is one that can be taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import get_args

from lc_guard.detectors.labels import KINDS, kind_of
from lc_guard.policy.checks import REPLACEMENT, CheckPolicy, Rule
from lc_guard.policy.policy import Policy
from lc_guard.records import PII_CHECK, Stage
from lc_guard.scanners.base import CONTEXT_STAGES

STAGES: tuple[Stage, ...] = get_args(Stage)

UNNAMED = ""
"""Stands for all checks that a policy does not name; no check has this name."""


def checks(policy: Policy) -> list[str]:
    """Give the detectors' check, those that a policy has settings for, in its order, and what stands for all others."""
    stages = (stage.checks for stage in policy.stages.values())
    named = (name for settings in (policy.checks, *stages) for name in settings)
    return list(dict.fromkeys((PII_CHECK, *named, UNNAMED)))


def rules(policy: Policy, check: str) -> dict[Rule, list[Stage]]:
    """Give what holds for a check, with the stages at which it does."""
    found: dict[Rule, list[Stage]] = {}
    for stage in STAGES:
        rule = policy.rule(stage, check)
        if check == PII_CHECK:  # all else is said by kind
            rule = replace(Policy().rule(stage, check), on_error=rule.on_error, timeout=rule.timeout)
        found.setdefault(rule, []).append(stage)
    return found


def where(stages: Sequence[Stage]) -> str:
    """Name stages for a reader."""
    return "all stages" if len(stages) == len(STAGES) else ", ".join(stages)


def advice(policy: Policy) -> Iterator[str]:
    """Tell what is likely not meant.

    Args:
        policy: A policy.

    Yields:
        One sentence each, with the setting it speaks of.
    """
    scanners = [rule for name in checks(policy) if name not in (PII_CHECK, UNNAMED) for rule in rules(policy, name)]
    if policy.on_invalid == "warn":
        yield "on_invalid is 'warn': nothing is blocked, and all scanners only score"
    if policy.on_invalid != "warn" and scanners and all(_watches(rule) for rule in scanners):
        yield "every scanner named here only watches: what they find changes nothing"
    if policy.default in ("allow", "warn"):
        yield f"default is {policy.default!r}: the model reads all entities whose kind is not under kinds"
    yield from _of_kinds(policy)
    if policy.streaming == "audit":
        yield "streaming is 'audit': a streamed answer is shown before it is judged, so nothing in it can be stopped"
    if policy.timeout is None:
        yield "timeout is 'none': a check that hangs holds its call for ever"
    yield from _of_stages(policy)
    for name in checks(policy):
        told: dict[str, list[Stage]] = {}
        for rule, stages in rules(policy, name).items():
            for each in _of_rule(policy, name, rule, stages):
                told.setdefault(each, []).extend(stages)
        subject = f"check {name!r}" if name else "checks that are not named"
        yield from (f"{subject} at {where(stages)}: {each}" for each, stages in told.items())


def _of_kinds(policy: Policy) -> Iterator[str]:
    for kind in dict.fromkeys((*policy.kinds, *policy.thresholds)):
        meant = kind_of(kind)
        if meant != kind:
            yield f"kind {kind}: the package's detectors say {meant}; this holds for detectors of your own only"
        elif close := _misspelt(kind):
            yield f"kind {kind} may be misspelt (did you mean {close}?): a kind that nobody finds leads to nothing"
    for kind, threshold in policy.thresholds.items():
        if threshold == 1:
            yield f"thresholds.{kind} is 1: whatever a detector is not wholly sure of stays as it is"


def _misspelt(kind: str) -> str | None:
    close = [] if kind in KINDS else get_close_matches(kind, KINDS, n=1, cutoff=0.8)
    country = kind[:3] if kind[2:3] == "_" else ""  # Presidio's kinds of single countries, such as UK_PASSPORT
    return close[0] if close and close[0].startswith(country) else None


def _of_stages(policy: Policy) -> Iterator[str]:
    for stage, settings in policy.stages.items():
        actions = {settings.action, *(check.action for check in settings.checks.values())}
        if stage not in CONTEXT_STAGES and "anonymize" in actions:
            yield f"stages.{stage} anonymizes: a guard refuses that, what a model says is restored; take 'redact'"
        own = [name for name, check in policy.checks.items() if check.action not in (None, settings.action)]
        kept = [name for name in own if settings.checks.get(name, CheckPolicy()).action is None]
        if settings.action is not None and kept:
            named = ", ".join(map(repr, kept))
            yield f"stages.{stage}.action does not hold for {named}: a check's own action comes first"


def _of_rule(policy: Policy, name: str, rule: Rule, stages: Sequence[Stage]) -> Iterator[str]:
    detectors = name == PII_CHECK
    acts = detectors or not _watches(rule)
    if acts and rule.on_error == "allow" and not {*CONTEXT_STAGES}.isdisjoint(stages):
        lost = "with the personal data that was not found" if detectors else "without being judged"
        yield f"on_error is 'allow': where it fails, a text reaches the model {lost}"
    if rule.timeout is not None and policy.timeout is not None and rule.timeout > policy.timeout:
        yield f"timeout is {rule.timeout:g} s, but all checks together have {policy.timeout:g} s"
    if detectors or not acts:
        return
    if rule.sample < 1:
        yield f"sample is {rule.sample:g} and action {rule.action!r}: what is not sampled goes through unjudged"
    if rule.threshold == 0:
        yield f"threshold is 0: {rule.action!r} for every text, whatever the check says"
    if rule.replacement != REPLACEMENT and rule.action != "replace":
        yield f"replacement is not used: action is {rule.action!r}, not 'replace'"


def _watches(rule: Rule) -> bool:
    return not rule.enabled or rule.monitor or rule.action in ("allow", "warn")
