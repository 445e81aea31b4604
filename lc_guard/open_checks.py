"""One check of one job: from what is asked to what is told of its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from lc_guard.asking import Answer, Asking, Verdicts, askings, in_order
from lc_guard.jobs import CheckEnded, CheckStarted, Job
from lc_guard.panels import Judge
from lc_guard.plans import NotNeeded
from lc_guard.policy import Policy
from lc_guard.records import Stage
from lc_guard.scanners.base import ScanRequest
from lc_guard.verdicts import Verdict, verdict


@dataclass(eq=False, slots=True)
class OpenCheck:
    """One check of one job at one stage, under way.

    Attributes:
        number: Number of the job.
        job: The job.
        stage: Where the texts come from.
        judge: Who is asked.
        keys: The texts as they came.
        requests: What is asked: the texts as they are now.
        answers: What was said; None where nobody has yet.
        calls: What asks where nobody has answered; nothing before `ask`.
        results: By number, what became of the calls that have ended.
        started: Reading of `time.perf_counter`.
    """

    number: int
    job: Job = field(repr=False)
    stage: Stage
    judge: Judge
    keys: list[str] = field(repr=False)
    requests: list[ScanRequest] = field(repr=False)
    answers: list[Answer | None] = field(repr=False)
    calls: list[Asking] = field(default_factory=list)
    results: dict[int, Any] = field(default_factory=dict)
    started: float = 0.0

    @property
    def characters(self) -> int:
        """How long the texts are together."""
        return sum(len(request.text) for request in self.requests)

    @property
    def given_up(self) -> bool:
        """Whether a call was given up because others had said enough."""
        return any(isinstance(result, NotNeeded) for result in self.results.values())

    def begun(self) -> CheckStarted:
        """Give what is told when it begins."""
        return CheckStarted(self.number, self.stage, self.judge.name, len(self.requests), self.characters)

    def skipped(self, why: str) -> CheckEnded:
        """Give what is told when nothing is decided.

        Args:
            why: ``"sample"`` or ``"fail_fast"``.
        """
        return CheckEnded(self.number, self.stage, self.judge.name, None, {"skipped": why})

    def ended(self, given: Verdict) -> CheckEnded:
        """Give what is told of a verdict."""
        return CheckEnded(self.number, self.stage, self.judge.name, given.decision, given.details)

    def ask(self, timeout: float | None) -> None:
        """Start the clock and make the calls.

        Args:
            timeout: Seconds they have; None for no limit.
        """
        self.started = time.perf_counter()
        asked = [r for r, answer in zip(self.requests, self.answers, strict=True) if answer is None]
        self.calls = askings(self.judge.scanner, asked, timeout) if asked else []

    def hear(self, call: int, result: Any) -> bool:
        """Take what became of a call, and tell whether all have ended.

        Args:
            call: Number of the call.
            result: None, or what it raised.
        """
        self.results[call] = result
        return len(self.results) == len(self.calls)

    def collect(self, known: Verdicts) -> None:
        """Put the answers of the calls where nobody had answered, and have them remembered."""
        missing = [number for number, answer in enumerate(self.answers) if answer is None]
        results = [self.results[call] for call in range(len(self.calls))]
        for number, answer in zip(missing, in_order(self.calls, results, len(missing)), strict=True):
            self.answers[number] = answer
            known.keep(self.judge.name, self.judge.scanner, self.requests[number], answer)

    def asked(self) -> Iterator[tuple[str, ScanRequest]]:
        """Give each text as it came, with what was asked about it."""
        return zip(self.keys, self.requests, strict=True)

    def verdict(self, policy: Policy, digest: Callable[[str], str]) -> Verdict:
        """Give what the answers come to.

        Args:
            policy: Its version is told.
            digest: Gives the digest of a session id.
        """
        rule, session = self.judge.rule, self.job.session
        details = {"action": rule.action, **({"policy": policy.version} if policy.version else {})}
        return verdict(
            self.judge.name,
            self.stage,
            replace(rule, monitor=True) if self.job.watch_only else rule,
            self.requests,
            [answer for answer in self.answers if answer is not None],
            latency_ms=(time.perf_counter() - self.started) * 1000,
            session=None if session is None else digest(session),
            details={**details, **dict(getattr(self.judge.scanner, "details", None) or {})},
        )
