"""A hearing: what the scanners say of the texts of a step, asked in the order that costs least.

First those that rewrite, one after the other, each given what the last one left. Then all that look at the text as it
is then: instant ones here, the others at the same time beside the detectors. Last those that may see only what is
hidden, such as services outside.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, TypeVar

from lc_guard.asking import Answer, Asking, askings, in_order
from lc_guard.check_policy import Rule
from lc_guard.errors import ScannerError
from lc_guard.jobs import CheckEnded, CheckStarted, Job
from lc_guard.panels import Judge, Panels
from lc_guard.plans import Call, NotNeeded, Plan, Together
from lc_guard.records import Entity, Stage
from lc_guard.scanners.base import ScanRequest, Turn
from lc_guard.verdicts import Verdict, verdict

logger = logging.getLogger("lc_guard")

T = TypeVar("T")

_NOT_HIDDEN = (
    "it may see only what is hidden, and the detectors failed: nothing was sent. With on_error='allow' texts go "
    "on without them"
)
_Phase = Literal["rewrite", "judge", "late"]

_LONG = 4_000  # characters from which even instant scanners are kept off an event loop: they take milliseconds then


@dataclass(eq=False, slots=True)
class _Check:
    """One check of one job at one stage, under way.

    Attributes:
        job: Number of the job.
        stage: Where the texts come from.
        judge: Who is asked.
        keys: The texts as they came.
        requests: What is asked: the texts as they are now.
        answers: What was said; None where nobody has yet.
        open: Calls that have not ended, and their results.
        started: Reading of `time.perf_counter`.
    """

    job: int
    stage: Stage
    judge: Judge
    keys: list[str] = field(repr=False)
    requests: list[ScanRequest] = field(repr=False)
    answers: list[Answer | None] = field(repr=False)
    calls: list[Asking] = field(default_factory=list)
    results: dict[int, Any] = field(default_factory=dict)
    started: float = 0.0


class Hearing:
    """What the scanners say of some jobs, in one call of the guard.

    Args:
        panels: The scanners by stage.
        jobs: The jobs.
        digest: Gives the digest of a session id.

    Attributes:
        verdicts: By job, the verdicts in the order in which they were given.
        idle: Seconds for which the plan given to `beside` waited for scanners.
    """

    def __init__(self, panels: Panels, jobs: Sequence[Job], digest: Callable[[str], str]) -> None:
        self.verdicts: list[list[Verdict]] = [[] for _ in jobs]
        self.idle = 0.0
        self._panels = panels
        self._jobs = jobs
        self._digest = digest
        self._current: list[dict[str, str]] = [{} for _ in jobs]
        self._rewritten: list[dict[str, str]] = [{} for _ in jobs]
        self._replaced: list[dict[str, str]] = [{} for _ in jobs]
        self._entities: list[dict[str, tuple[Entity, ...]]] = [{} for _ in jobs]
        self._looked_at: list[dict[str, str]] = [{} for _ in jobs]
        self._open: set[int] = set()
        self._hidden_turns: list[dict[str, str]] = [{} for _ in jobs]
        self._deadline: float | None = None
        self._judges: dict[tuple[Stage, str], Judge] = {
            (ask.stage, judge.name): judge for job in jobs for ask in job.asks for judge in panels.panel(ask.stage)
        }

    def given(self, job: int) -> list[Verdict]:
        """Give the verdicts on a job in the order of the scanners, whichever ended first."""
        order = {key: number for number, key in enumerate(self._judges)}
        return sorted(self.verdicts[job], key=lambda given: order[given.decision.stage, given.decision.check])

    def current(self, job: int, text: str) -> str:
        """Give what the rewriting scanners left of a text."""
        return self._current[job].get(text, text)

    def rewritten(self, job: int, text: str) -> str:
        """Give what the rewriting scanners left of a text before anything was hidden in it."""
        return self._rewritten[job].get(text, text)

    def replaced(self, job: int, text: str) -> bool:
        """Tell whether something stands in a text's place."""
        return text in self._replaced[job]

    def final(self, job: int, text: str, hidden: str) -> str:
        """Give what goes on instead of a text.

        Args:
            job: Number of the job.
            text: The text as it came.
            hidden: What is left of it, hidden or not.
        """
        return self._replaced[job].get(text, hidden)

    def found(self, job: int, text: str) -> tuple[Entity, ...]:
        """Give what scanners want hidden in a text, with offsets in what the rewriting ones left of it."""
        return self._entities[job].get(text, ())

    def moved(self, job: int) -> bool:
        """Tell whether a text in which scanners want something hidden was changed beside them."""
        return any(self.current(job, text) != seen for text, seen in self._looked_at[job].items())

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
        changed = {text: now for text, now in self._current[job].items() if now != text}
        left = {text: changed.get(text, text) for text in said}
        for text, now in changed.items():  # a turn of several texts holds each of them
            left.update({turn: kept.replace(text, now) for turn, kept in left.items() if turn not in changed})
        return left

    def hide_failed(self, job: int) -> None:
        """Note that what the detectors would have found in a job is not hidden: nobody outside may see its texts."""
        self._open.add(job)

    def late(self, hidden: Sequence[Mapping[str, str]], turns: Sequence[Mapping[str, str]]) -> Plan[None]:
        """Ask those that may see only what is hidden; nothing is asked of jobs that are blocked.

        Args:
            hidden: By job, text → hidden text.
            turns: By job, what was said before → the same hidden.
        """
        self._rewritten = [dict(texts) for texts in self._current]
        for number, texts in enumerate(hidden):
            self._current[number].update({**texts, **self._replaced[number]})  # as the model will see it
        if not any(_phase(judge, job) == "late" for judge in self._judges.values() for job in self._jobs):
            return
        self._hidden_turns = [{**said, **now} for said, now in zip(turns, self._current, strict=True)]
        yield from self._one_by_one("late")
        yield from self._ask(self._checks("late", lambda judge: not judge.rewrites))

    def _one_by_one(self, phase: _Phase) -> Plan[None]:
        names = dict.fromkeys(name for (_, name), judge in self._judges.items() if judge.rewrites)
        for name in names:
            yield from self._ask(self._checks(phase, partial(_rewrites, name)))

    def _checks(self, phase: _Phase, wanted: Callable[[Judge], bool]) -> list[_Check]:
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

    def _check(self, number: int, job: Job, stage: Stage, judge: Judge) -> _Check | None:
        by_turns = getattr(judge.scanner, "uses_turns", False)
        asks = {(ask.text, ask.turns if by_turns else ()): ask for ask in job.asks if ask.stage == stage}
        if not asks:
            return None
        timeout = judge.rule.timeout
        own = None if timeout is None else time.monotonic() + timeout
        ends = [end for end in (self._deadline, own) if end is not None]
        requests = [
            ScanRequest(
                self.current(number, ask.text),
                stage,
                job.prompt if stage in ("output", "tool_call") else "",
                ask.turns if _phase(judge, job) != "late" else self._hidden(number, ask.turns),
                min(ends, default=None),
            )
            for ask in asks.values()
        ]
        known: list[Answer | None]
        if number in self._open and _phase(judge, job) == "late":
            known = [ScannerError(_NOT_HIDDEN)] * len(requests)
        else:
            known = [self._panels.verdicts.get(judge.name, judge.scanner, request) for request in requests]
        return _Check(number, stage, judge, [text for text, _ in asks], requests, list(known))

    def _ask(self, checks: list[_Check]) -> Plan[None]:
        if checks:
            yield from self._alongside(_nothing(), checks)

    def _hidden(self, number: int, turns: Sequence[Turn]) -> tuple[Turn, ...]:
        known = self._hidden_turns[number]
        return tuple(Turn(turn.role, known[turn.text]) for turn in turns if turn.text in known)

    def _alongside(self, plan: Plan[T], checks: list[_Check]) -> Plan[T | None]:
        """Run checks beside the first thing that a plan waits for."""
        notes, made = self._started(checks)
        calls = [(check, call) for check in made for call in check.calls]
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
                check, _ = calls[number - count]
                check.results[number - count] = result
                return self._ended(check, calls)
            nonlocal idle_since
            idle_since = time.perf_counter()
            return step.done(number, result) if step is not None and step.done is not None else ()

        long = sum(len(request.text) for check in made for request in check.requests) > _LONG
        results = yield Together(
            [*first, *(call for _, call in calls)],
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

    def _started(self, checks: list[_Check]) -> tuple[list[Any], list[_Check]]:
        """Open checks: gives what is told of them, and those that are to be made."""
        notes: list[Any] = []
        made: list[_Check] = []
        for check in checks:
            rule = check.judge.rule
            characters = sum(len(request.text) for request in check.requests)
            notes.append(CheckStarted(check.job, check.stage, check.judge.name, len(check.requests), characters))
            if rule.sample < 1.0 and random.random() >= rule.sample:  # noqa: S311 - a sample, no secret
                notes.append(self._skipped(check, "sample"))
                continue
            check.started = time.perf_counter()
            asked = [r for r, answer in zip(check.requests, check.answers, strict=True) if answer is None]
            check.calls = askings(check.judge.scanner, asked, self._seconds(rule)) if asked else []
            if check.calls:
                made.append(check)
            else:
                notes += self._decided(check)
        return notes, made

    def _seconds(self, rule: Rule) -> float | None:
        left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        return min((seconds for seconds in (left, rule.timeout) if seconds is not None), default=None)

    def _ended(self, check: _Check, calls: Sequence[tuple[_Check, Asking]]) -> Iterator[Any]:
        """Decide on a check once all of its calls have ended."""
        own = [number for number, (owner, _) in enumerate(calls) if owner is check] if len(calls) > 1 else [0]
        if any(number not in check.results for number in own):
            return
        results = [check.results[number] for number in own]
        if any(isinstance(result, NotNeeded) for result in results):
            yield self._skipped(check, "fail_fast")
            return
        missing = [number for number, answer in enumerate(check.answers) if answer is None]
        for number, answer in zip(missing, in_order(check.calls, results, len(missing)), strict=True):
            check.answers[number] = answer
            self._panels.verdicts.keep(check.judge.name, check.judge.scanner, check.requests[number], answer)
        yield from self._decided(check)

    def _decided(self, check: _Check) -> list[Any]:
        job, judge = self._jobs[check.job], check.judge
        policy = self._panels.policy
        details = {"action": judge.rule.action, **({"policy": policy.version} if policy.version else {})}
        given = verdict(
            judge.name,
            check.stage,
            replace(judge.rule, monitor=True) if job.watch_only else judge.rule,
            check.requests,
            [answer for answer in check.answers if answer is not None],
            latency_ms=(time.perf_counter() - check.started) * 1000,
            session=None if job.session is None else self._digest(job.session),
            details={**details, **dict(getattr(judge.scanner, "details", None) or {})},
        )
        if given.reason is not None:
            logger.warning("check %r failed: %s; %s", judge.name, given.decision.error, given.reason)
        self.verdicts[check.job].append(given)
        for key, request in zip(check.keys, check.requests, strict=True):
            if request.text in given.redacted:
                self._current[check.job][key] = given.redacted[request.text]
            if request.text in given.replaced:
                self._replaced[check.job][key] = given.replaced[request.text]
            if request.text in given.entities:
                # the policy's thresholds are for detectors: the check has decided already
                lowest = policy.thresholds
                more = [replace(e, score=max(e.score, lowest.get(e.kind, 0.0))) for e in given.entities[request.text]]
                self._entities[check.job][key] = (*self._entities[check.job].get(key, ()), *more)
                self._looked_at[check.job][key] = request.text
        return [CheckEnded(check.job, check.stage, judge.name, given.decision, given.details)]

    def _skipped(self, check: _Check, why: str) -> CheckEnded:
        return CheckEnded(check.job, check.stage, check.judge.name, None, {"skipped": why})

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
