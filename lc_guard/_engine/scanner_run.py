"""One scanner over one request: what is asked, nothing believed unchecked, and what the answers come to."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lc_guard._engine.analyzer import checked_entities
from lc_guard._engine.anonymizer import redact_text
from lc_guard._engine.failures import is_control_flow, safe_message
from lc_guard._engine.flow import Skipped
from lc_guard._engine.requests import CheckEnded, CheckResult, CheckStarted
from lc_guard._engine.scanner_registry import BoundScanner, ScannerRegistry
from lc_guard._engine.text_state import RequestState, TextState
from lc_guard.errors import DetectorError, DetectorTimeout, ScannerError, ScannerTimeout
from lc_guard.policy.checks import EffectivePolicy
from lc_guard.records import Action, Decision, Entity, ScanResult, Stage, strongest
from lc_guard.scanners.base import Scanner, ScanRequest

logger = logging.getLogger("lc_guard")

ScanOutcome = ScanResult | Exception
"""What a scanner said of one text, or what it raised."""

_PARALLEL = 8  # requests to a service that are under way at the same time, for one step


class ScannerCall:
    """One call that asks a scanner about some texts, one after the other or all in one pass.

    What it said so far is in `answers`, in the order of the requests.
    """

    def __init__(self, scanner: Scanner, requests: Sequence[ScanRequest], timeout: float | None) -> None:
        self.answers: list[ScanOutcome] = []
        self.timeout = timeout
        self._scanner = scanner
        self._requests = requests
        self._stopped = False
        if hasattr(scanner, "ascan"):
            self.acall = self._aask  # an event loop awaits it instead of running it in a thread

    def __call__(self) -> None:
        """Ask about all texts."""
        batch = getattr(self._scanner, "scan_batch", None)
        if batch is not None and len(self._requests) > 1:
            self.answers += self._all_at_once(batch)
            return
        for request in self._requests:
            if self._stopped:
                return
            try:
                self.answers.append(_checked(self._scanner.scan(request), request))
            except Exception as error:
                if is_control_flow(error):
                    raise
                self.answers.append(error)

    def stop(self) -> None:
        """Ask about no further text: nobody waits for it."""
        self._stopped = True

    def answer(self, number: int, failure: Exception | None) -> ScanOutcome:
        """Return what was said of one text; `failure` is what became of the whole call."""
        if number < len(self.answers):
            return self.answers[number]
        if isinstance(failure, DetectorTimeout):
            return ScannerTimeout(str(failure))
        return failure or ScannerError("no answer was given")

    async def _aask(self) -> None:
        scanner: Any = self._scanner
        for request in self._requests:
            try:
                self.answers.append(_checked(await scanner.ascan(request), request))
            except Exception as error:
                if is_control_flow(error):
                    raise
                self.answers.append(error)

    def _all_at_once(self, batch: Any) -> list[ScanOutcome]:
        try:
            answers = list(batch(self._requests))
            if len(answers) != len(self._requests):
                raise ScannerError(f"{len(answers)} answers for {len(self._requests)} texts")  # noqa: TRY301
            return [_checked(answer, request) for answer, request in zip(answers, self._requests, strict=True)]
        except Exception as error:
            if is_control_flow(error):
                raise
            return [error] * len(self._requests)


@dataclass(eq=False, repr=False)
class ScannerRun:
    """The check run of one scanner over texts of one request at one stage.

    Attributes:
        asked: The texts, with what is asked about each.
        deadline: Until when all checks have time, of `time.monotonic()`; None for no limit.
        known: What counts as said of every text; None asks the scanner.
        calls: What asks the scanner; nothing before `started`, or if all answers are known.
    """

    state: RequestState
    stage: Stage
    scanner: BoundScanner
    asked: Sequence[tuple[TextState, ScanRequest]]
    deadline: float | None
    registry: ScannerRegistry
    digest: Callable[[str], str]
    known: ScanOutcome | None = None
    calls: list[ScannerCall] = field(default_factory=list)

    def __post_init__(self) -> None:
        cached = self.registry.cache.get
        self._answers = [self.known or cached(self.scanner.name, self.scanner.scanner, r) for _, r in self.asked]
        self._results: dict[int, Any] = {}
        self._since = 0.0

    @property
    def instant(self) -> bool:
        """Whether the scanner takes microseconds on short texts."""
        return self.scanner.instant

    @property
    def characters(self) -> int:
        """How long the texts are together."""
        return sum(len(request.text) for _, request in self.asked)

    def started(self) -> list[CheckStarted | CheckEnded]:
        """Start the clock and make the calls; returns the events, that of the end if nothing has to be asked."""
        self._since = time.perf_counter()
        number, name, rule = self.state.number, self.scanner.name, self.scanner.rule
        begun = CheckStarted(number, self.stage, name, len(self.asked), self.characters)
        if rule.sample < 1.0 and random.random() >= rule.sample:  # noqa: S311 - a sample, no secret
            return [begun, self._skipped("sample")]
        requests = [r for (_, r), answer in zip(self.asked, self._answers, strict=True) if answer is None]
        if not requests:
            return [begun, self._ended()]
        # several at the same time where each waits for a service
        remote = getattr(self.scanner.scanner, "cost", "model") == "remote"
        count = min(_PARALLEL, len(requests)) if remote else 1
        shares = [requests[first::count] for first in range(count)]
        left = None if self.deadline is None else max(0.0, self.deadline - time.monotonic())
        timeout = min((each for each in (left, rule.timeout) if each is not None), default=None)
        self.calls = [ScannerCall(self.scanner.scanner, share, timeout) for share in shares]
        return [begun]

    def take(self, number: int, result: Any) -> Iterable[CheckEnded]:
        """Take what became of a call, and decide once all have ended."""
        self._results[number] = result
        if len(self._results) < len(self.calls):
            return ()
        if any(isinstance(result, Skipped) for result in self._results.values()):
            return (self._skipped("fail_fast"),)
        count = len(self.calls)
        missing = [place for place, answer in enumerate(self._answers) if answer is None]
        for at, place in enumerate(missing):
            answer = self.calls[at % count].answer(at // count, self._results[at % count])
            self._answers[place] = answer
            self.registry.cache.keep(self.scanner.name, self.scanner.scanner, self.asked[place][1], answer)
        return (self._ended(),)

    def _skipped(self, why: str) -> CheckEnded:
        return CheckEnded(self.state.number, self.stage, self.scanner.name, None, {"skipped": why})

    def _ended(self) -> CheckEnded:
        """Decide, and have the texts go on as decided."""
        request, rule, policy = self.state.request, self.scanner.rule, self.registry.policy
        details = {"action": rule.action, **({"policy": policy.version} if policy.version else {})}
        result = _decide(
            self.scanner.name,
            self.stage,
            replace(rule, monitor=True) if request.watch_only else rule,
            [asked for _, asked in self.asked],
            [answer for answer in self._answers if answer is not None],
            latency_ms=(time.perf_counter() - self._since) * 1000,
            session=None if request.session is None else self.digest(request.session),
            details={**details, **dict(getattr(self.scanner.scanner, "details", None) or {})},
        )
        if result.reason is not None:
            logger.warning("check %r failed: %s; %s", self.scanner.name, result.decision.error, result.reason)
        self.state.results.append(result)
        for text, asked in self.asked:
            text.take(result, asked.text, policy.thresholds)
        return CheckEnded(self.state.number, self.stage, self.scanner.name, result.decision, result.details)


def redact_faults(texts: Sequence[str], scanner: Scanner, stage: Stage, rule: EffectivePolicy) -> list[str]:
    """Take out of texts, for good, what a scanner finds fault with; raises what the scanner raised."""
    call = ScannerCall(scanner, [ScanRequest(text, stage) for text in texts], None)
    call()
    return [_redact_fault(text, answer, rule) for text, answer in zip(texts, call.answers, strict=True)]


def _checked(answer: Any, request: ScanRequest) -> ScanResult:
    if not isinstance(answer, ScanResult):
        raise ScannerError(f"an answer is {type(answer).__name__} where ScanResult is expected")
    if not answer.entities:
        return answer
    try:
        entities = checked_entities(answer.entities, len(request.text))
    except DetectorError as error:
        raise ScannerError(str(error)) from None
    return answer if entities == answer.entities else replace(answer, entities=entities)


def _decide(
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


def _redact_fault(text: str, answer: ScanOutcome, rule: EffectivePolicy) -> str:
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
