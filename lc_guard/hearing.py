"""A hearing: what the scanners say of the texts of a step, asked in the order that costs least.

First those that rewrite, one after the other, each given what the last one left. Then all that look at the text as it
is then: instant ones here, the others at the same time beside the detectors. Last those that may see only what is
hidden, such as services outside.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Literal, TypeVar

from lc_guard.asking import Answer
from lc_guard.check_policy import Rule
from lc_guard.errors import ScannerError
from lc_guard.heard_texts import HeardTexts
from lc_guard.jobs import CheckEnded, Job
from lc_guard.open_checks import OpenCheck
from lc_guard.panels import Judge, Panels
from lc_guard.plans import Call, NotNeeded, Plan, Together
from lc_guard.records import Stage
from lc_guard.scanners.base import ScanRequest
from lc_guard.verdicts import Verdict

logger = logging.getLogger("lc_guard")

T = TypeVar("T")

_NOT_HIDDEN = (
    "it may see only what is hidden, and the detectors failed: nothing was sent. With on_error='allow' texts go "
    "on without them"
)
_Phase = Literal["rewrite", "judge", "late"]

_LONG = 4_000  # characters from which even instant scanners are kept off an event loop: they take milliseconds then


class Hearing:
    """What the scanners say of some jobs, in one call of the guard.

    Args:
        panels: The scanners by stage.
        jobs: The jobs.
        digest: Gives the digest of a session id.

    Attributes:
        texts: By job, what became of its texts so far.
        verdicts: By job, the verdicts in the order in which they were given.
        idle: Seconds for which the plan given to `beside` waited for scanners.
    """

    def __init__(self, panels: Panels, jobs: Sequence[Job], digest: Callable[[str], str]) -> None:
        self.texts = [HeardTexts(panels.policy.thresholds) for _ in jobs]
        self.verdicts: list[list[Verdict]] = [[] for _ in jobs]
        self.idle = 0.0
        self._panels = panels
        self._jobs = jobs
        self._digest = digest
        self._deadline: float | None = None
        self._judges: dict[tuple[Stage, str], Judge] = {
            (ask.stage, judge.name): judge for job in jobs for ask in job.asks for judge in panels.panel(ask.stage)
        }

    def given(self, job: int) -> list[Verdict]:
        """Give the verdicts on a job in the order of the scanners, whichever ended first."""
        order = {key: number for number, key in enumerate(self._judges)}
        return sorted(self.verdicts[job], key=lambda given: order[given.decision.stage, given.decision.check])

    def blocked(self, job: int) -> bool:
        """Tell whether a verdict does not let a job's texts go on."""
        return any(not verdict.decision.valid for verdict in self.verdicts[job])

    def begin(self, loads: Iterable[Callable[[], Any]]) -> Plan[None]:
        """Load what is not loaded, start the clock, and have the texts rewritten.

        Args:
            loads: What else is to be loaded before the clock starts.
        """
        cold = {id(judge.scanner): judge.scanner for judge in self._judges.values() if self._panels.cold(judge.scanner)}
        calls: list[Callable[[], Any]] = [*loads, *(partial(self._panels.warm, scanner) for scanner in cold.values())]
        if calls:
            yield Together(calls)  # what can't be loaded says so again when it is asked
        timeout = self._panels.policy.timeout
        self._deadline = None if timeout is None else time.monotonic() + timeout
        yield from self._one_by_one("rewrite")

    def beside(self, plan: Plan[T]) -> Plan[T | None]:
        """Have the texts judged as they are now, while another plan does its first work.

        Returns:
            What the other plan gives; None if it was given up because every job is blocked.
        """
        self.idle = 0.0
        yield from self._ask(self._checks("judge", lambda judge: judge.instant))
        if self._enough():
            plan.close()
            return None
        return (yield from self._alongside(plan, self._checks("judge", lambda judge: not judge.instant)))

    def turns(self, job: int) -> dict[str, str]:
        """Give what was said before, where those ask for it that may see only what is hidden.

        Returns:
            What was said → what the rewriting scanners left of it.
        """
        stages = {
            stage
            for (stage, _), judge in self._judges.items()
            if _phase(judge, self._jobs[job]) == "late" and getattr(judge.scanner, "uses_turns", False)
        }
        said = {turn.text for ask in self._jobs[job].asks if ask.stage in stages for turn in ask.turns}
        return self.texts[job].left_of(said)

    def late(self, hidden: Sequence[Mapping[str, str]], turns: Sequence[Mapping[str, str]]) -> Plan[None]:
        """Ask those that may see only what is hidden; nothing is asked of jobs that are blocked.

        Args:
            hidden: By job, text → hidden text.
            turns: By job, what was said before → the same hidden.
        """
        for texts, values, said in zip(self.texts, hidden, turns, strict=True):
            texts.hide(values, said)
        if not any(_phase(judge, job) == "late" for judge in self._judges.values() for job in self._jobs):
            return
        yield from self._one_by_one("late")
        yield from self._ask(self._checks("late", lambda judge: not judge.rewrites))

    def _one_by_one(self, phase: _Phase) -> Plan[None]:
        names = dict.fromkeys(name for (_, name), judge in self._judges.items() if judge.rewrites)
        for name in names:
            yield from self._ask(self._checks(phase, partial(_rewrites, name)))

    def _checks(self, phase: _Phase, wanted: Callable[[Judge], bool]) -> list[OpenCheck]:
        """Open the checks of a phase; each job has its own."""
        skip = phase == "late" or self._panels.policy.fail_fast
        checks = (
            self._check(number, job, stage, judge)
            for (stage, _), judge in self._judges.items()
            if wanted(judge)
            for number, job in enumerate(self._jobs)
            if phase == _phase(judge, job) and judge.judges_part(job.part) and not (skip and self.blocked(number))
        )
        return [check for check in checks if check is not None]

    def _check(self, number: int, job: Job, stage: Stage, judge: Judge) -> OpenCheck | None:
        by_turns = getattr(judge.scanner, "uses_turns", False)
        asks = {(ask.text, ask.turns if by_turns else ()): ask for ask in job.asks if ask.stage == stage}
        if not asks:
            return None
        timeout = judge.rule.timeout
        own = None if timeout is None else time.monotonic() + timeout
        ends = [end for end in (self._deadline, own) if end is not None]
        texts = self.texts[number]
        requests = [
            ScanRequest(
                texts.current(ask.text),
                stage,
                job.prompt if stage in ("output", "tool_call") else "",
                ask.turns if _phase(judge, job) != "late" else texts.hidden_turns(ask.turns),
                min(ends, default=None),
            )
            for ask in asks.values()
        ]
        known: list[Answer | None]
        if texts.unhidden and _phase(judge, job) == "late":
            known = [ScannerError(_NOT_HIDDEN)] * len(requests)
        else:
            known = [self._panels.verdicts.get(judge.name, judge.scanner, request) for request in requests]
        return OpenCheck(number, job, stage, judge, [text for text, _ in asks], requests, list(known))

    def _ask(self, checks: list[OpenCheck]) -> Plan[None]:
        if checks:
            yield from self._alongside(_nothing(), checks)

    def _alongside(self, plan: Plan[T], checks: list[OpenCheck]) -> Plan[T | None]:
        """Run checks beside the first thing that a plan waits for."""
        notes, made = self._started(checks)
        calls = [(check, number) for check in made for number in range(len(check.calls))]
        inline = all(check.judge.instant for check in made)
        step: Together | None = None
        try:
            step = next(plan)
        except StopIteration as stop:
            given: T | None = stop.value
        first: list[Any] = [] if step is None else [Call(call, step.timeout) for call in step.calls]
        count = len(first)
        idle_since = time.perf_counter()
        if not (notes or first or calls):
            return given

        def done(number: int, result: Any) -> Iterable[Any]:
            if number >= count:
                check, call = calls[number - count]
                return self._ended(check) if check.hear(call, result) else ()
            nonlocal idle_since
            idle_since = time.perf_counter()
            return step.done(number, result) if step is not None and step.done is not None else ()

        long = sum(check.characters for check in made) > _LONG
        results = yield Together(
            [*first, *(check.calls[number] for check, number in calls)],
            waits=(step is not None and step.waits) or (bool(calls) and (not inline or long)),
            notes=[*notes, *(step.notes if step is not None else ())],
            done=done,
            enough=self._enough if self._panels.policy.fail_fast else None,
        )
        self.idle += time.perf_counter() - idle_since
        if step is None:
            return given
        if any(isinstance(result, NotNeeded) for result in results[:count]):
            plan.close()
            return None
        return (yield from _rest(plan, results[:count]))

    def _started(self, checks: list[OpenCheck]) -> tuple[list[Any], list[OpenCheck]]:
        """Open checks: gives what is told of them, and those that are to be made."""
        notes: list[Any] = []
        made: list[OpenCheck] = []
        for check in checks:
            rule = check.judge.rule
            notes.append(check.begun())
            if rule.sample < 1.0 and random.random() >= rule.sample:  # noqa: S311 - a sample, no secret
                notes.append(check.skipped("sample"))
                continue
            check.ask(self._seconds(rule))
            if check.calls:
                made.append(check)
            else:
                notes.append(self._decided(check))
        return notes, made

    def _seconds(self, rule: Rule) -> float | None:
        left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        return min((seconds for seconds in (left, rule.timeout) if seconds is not None), default=None)

    def _ended(self, check: OpenCheck) -> Iterable[CheckEnded]:
        """Decide on a check all of whose calls have ended."""
        if check.given_up:
            yield check.skipped("fail_fast")
            return
        check.collect(self._panels.verdicts)
        yield self._decided(check)

    def _decided(self, check: OpenCheck) -> CheckEnded:
        given = check.verdict(self._panels.policy, self._digest)
        if given.reason is not None:
            logger.warning("check %r failed: %s; %s", check.judge.name, given.decision.error, given.reason)
        self.verdicts[check.number].append(given)
        self.texts[check.number].take(given, check.asked())
        return check.ended(given)

    def _enough(self) -> bool:
        return self._panels.policy.fail_fast and all(map(self.blocked, range(len(self._jobs))))


def _phase(judge: Judge, job: Job) -> _Phase:
    """Tell when a judge is asked about a job's texts."""
    if judge.sees_hidden and job.hide:
        return "late"
    return "rewrite" if judge.rewrites else "judge"


def _rewrites(name: str, judge: Judge) -> bool:
    return judge.rewrites and judge.name == name


def _nothing() -> Plan[None]:
    yield from ()


def _rest(plan: Plan[T], results: list[Any]) -> Plan[T]:
    """Go on with a plan whose first step was made."""
    try:
        step = plan.send(results)
        while True:
            step = plan.send((yield step))
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    finally:
        plan.close()
