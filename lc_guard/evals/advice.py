"""What a report advises: one sentence a check that says what to do, the most urgent first.

The bounds are rules of thumb and stand here as names. A rate has changed where the 95 % intervals (Wilson) of the last
quarter of the time and of what was before do not touch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from lc_guard.evals.agreement import wilson
from lc_guard.evals.render.style import counted, milliseconds, percent
from lc_guard.evals.thresholds import LEAST_ANNOTATIONS

if TYPE_CHECKING:
    from lc_guard.evals.agreement import Confusion
    from lc_guard.evals.monitoring_report import Agreement, Bucket, CheckHistory, MonitoringReport
    from lc_guard.evals.thresholds import BestThreshold

SLOW_MS, SLOW_SHARE = 500.0, 0.25
"""A check is slow from this p95, or this part of its traces' time."""

FAILING = 0.01
"""Share of a check's decisions from which its failures are a matter of their own."""

LOW_RECALL, LOW_PRECISION = 0.8, 0.5
"""Below these a check misses too much, or cries wolf."""

ENOUGH = 100
"""Decisions from which it means something that a check never found anything."""

BETTER_F1, BETTER_TEXTS = 0.03, 2
"""How much a threshold must gain to be worth a change, and how many texts it must judge otherwise."""


class Urgency(IntEnum):
    """How soon something has to be done, the most urgent first."""

    NOW = 0
    SOON = 1
    LOOK = 2
    FINE = 3


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about a check.

    Attributes:
        check: Name of its score.
        urgency: How soon.
        says: The sentence, without the check's name.
    """

    check: str
    urgency: Urgency
    says: str

    def __str__(self) -> str:
        return f"{self.check}: {self.says}"

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"check": self.check, "urgency": self.urgency.name.lower(), "says": self.says}


def advice(check: CheckHistory) -> Advice:
    """Return the one sentence on a check."""
    urgency, says = _failing(check) or _judged(check) or _unjudged(check)
    return Advice(check.name, urgency, f"{says}.")


def attention(report: MonitoringReport) -> tuple[Advice, ...]:
    """Return what needs attention, the most urgent first; leaks stand apart, above all of it."""
    found = [each for each in map(advice, report.checks) if each.urgency is not Urgency.FINE]
    found += [each for check in report.checks for each in _changed(report, check)]
    return tuple(sorted(found, key=lambda each: each.urgency))


def _failing(check: CheckHistory) -> tuple[Urgency, str] | None:
    failed = sum(check.errors.values())
    kinds = ", ".join(f"{count:,} {name}" for name, count in check.errors.items())
    if check.fail_opens:
        went = f"{counted(check.fail_opens, 'text')} went on unchecked"
        return Urgency.NOW, f"fix it first: {went} because it failed ({kinds})"
    if failed and failed >= FAILING * max(check.decisions, failed):
        return Urgency.SOON, f"fix it: it failed {counted(failed, 'time')} of {check.decisions:,} ({kinds})"
    return None


def _judged(check: CheckHistory) -> tuple[Urgency, str] | None:
    """Say what people's annotations advise, if there are enough of them."""
    found = check.agreement
    if found is None or found.best is None:
        return None
    seen, best = found.confusion, found.best
    caught = f"caught {seen.hits:,} of {found.yes:,}"
    if best.threshold > 1:
        told = Urgency.SOON, f"take it out or replace it: to flag nothing would have cost least ({caught})"
    elif _better(seen, best):
        told = Urgency.SOON, f"set its threshold to {best.threshold:.2f}: {_would(found, seen, best.confusion)}"
    elif (seen.recall or 0.0) < LOW_RECALL:
        told = Urgency.SOON, f"it misses too much: {caught}, and no threshold does much better"
    elif (seen.precision or 0.0) < LOW_PRECISION:
        alarms = f"{counted(seen.false_alarms, 'false alarm')} for {counted(seen.hits, 'hit')}"
        told = Urgency.SOON, f"too many false alarms: {alarms}, and no threshold does much better"
    elif _slow(check):
        told = Urgency.LOOK, f"good but slow: {_cost(check)}, {caught}"
    else:
        right = f"right in {_right(seen):,} of {found.annotations:,} annotated"
        told = Urgency.FINE, f"worth the wait: {_cost(check)}, {caught}, {right}"
    return told


def _better(seen: Confusion, best: BestThreshold) -> bool:
    """Return whether the best threshold is another one, and enough better to say so."""
    other = abs(seen.hits - best.confusion.hits) + abs(seen.false_alarms - best.confusion.false_alarms)
    if other < BETTER_TEXTS:
        return False
    return best.objective == "cost" or (best.confusion.f1 or 0.0) - (seen.f1 or 0.0) >= BETTER_F1


def _would(found: Agreement, seen: Confusion, best: Confusion) -> str:
    """Say what a threshold would have got right."""
    if _right(best) > _right(seen) + 1:
        return (
            f"it would have been right in {_right(best):,} of {found.annotations:,} annotated, "
            f"{_right(seen):,} at {seen.threshold:.2f}"
        )
    return (
        f"it would have caught {best.hits:,} of {found.yes:,}, {seen.hits:,} at {seen.threshold:.2f}, with "
        f"{counted(best.false_alarms, 'false alarm')} instead of {seen.false_alarms:,}"
    )


def _right(seen: Confusion) -> int:
    return seen.hits + seen.passes


def _unjudged(check: CheckHistory) -> tuple[Urgency, str]:
    did, fired = _did(check)
    if not fired and check.decisions >= ENOUGH:
        if _slow(check):
            return Urgency.SOON, f"not worth the wait so far: {_cost(check)}, and nothing in {check.decisions:,} texts"
        return Urgency.LOOK, f"nothing in {check.decisions:,} texts: try it on a text that it must find, or take it out"
    if _slow(check):
        return Urgency.LOOK, f"slow: {_cost(check)}, {did}; is that worth it? Annotate some (--create-queue 50)"
    few = check.agreement.annotations if check.agreement else 0
    if few:
        return Urgency.LOOK, f"{_cost(check)}, {did}; {_more(few, check.agreement)}"
    return Urgency.LOOK, f"{_cost(check)}, {did}; nobody has said whether rightly: annotate some (--create-queue 50)"


def _more(few: int, found: Agreement | None) -> str:
    if few >= LEAST_ANNOTATIONS:
        return f"annotate more of both kinds: {found.yes if found else 0:,} of {few:,} annotations say yes"
    return f"annotate more: {few:,} of the {LEAST_ANNOTATIONS} that a threshold needs"


def _changed(report: MonitoringReport, check: CheckHistory) -> Iterator[Advice]:
    """Say that the block rate of the last quarter is another than before, if it surely is."""
    since = report.until - (report.until - report.since) / 4
    parts: tuple[list[Bucket], list[Bucket]] = ([], [])
    for bucket in check.risk:
        parts[bucket.start >= since].append(bucket)
    (was, before), (now, after) = (
        (sum(bucket.invalid for bucket in part), sum(bucket.count for bucket in part)) for part in parts
    )
    old, new = wilson(was, before), wilson(now, after)
    if old is None or new is None or (new[0] <= old[1] and old[0] <= new[1]):
        return
    more = "more" if new[0] > old[1] else "less"
    rates = f"{percent(now / after)} in the last quarter of the time, {percent(was / before)} before"
    yield Advice(check.name, Urgency.LOOK, f"it blocks {more} than it did: {rates}.")


def _did(check: CheckHistory) -> tuple[str, bool]:
    """Return what a check did, and whether that is anything."""
    found = sum(check.entities.values())
    did = [f"found {counted(found, 'value')}"] if found else []
    if check.invalid or not found:
        did.append(f"stopped {check.invalid:,} of {counted(check.judged, 'text')}")
    return ", ".join(did), bool(found or check.invalid)


def _slow(check: CheckHistory) -> bool:
    return (check.waiting.p95 or 0.0) >= SLOW_MS or (check.waiting.share or 0.0) >= SLOW_SHARE


def _cost(check: CheckHistory) -> str:
    if check.waiting.p95 is None:
        return "its time is not known"
    part = "" if check.waiting.share is None else f", {percent(check.waiting.share)} of its traces' time"
    return f"{milliseconds(check.waiting.p95)} ms p95{part}"
