"""Planning: the one order of steps from texts to decisions, whichever driver runs it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from lc_guard.detection import Detected, Detection
from lc_guard.errors import ScannerError, UnsupportedInput
from lc_guard.escapes import all_readings
from lc_guard.hearing import Hearing
from lc_guard.hiding import Hiding, Memory
from lc_guard.jobs import CheckEnded, CheckStarted, Job, Outcome
from lc_guard.panels import Panels
from lc_guard.placeholders import LITERAL
from lc_guard.plans import Plan, Together
from lc_guard.policy import Policy
from lc_guard.records import PII_CHECK, Action, Decision, Entity, strongest
from lc_guard.spans import Span, merge
from lc_guard.verdicts import reason_of

_MOVED = (
    "a scanner changed a text while another one looked for what is to be hidden in it: one that gives another text "
    "where nothing is wrong needs the attribute rewrites = True"
)

Restore = Callable[[str, str], str]
"""Puts the values of a session back into a text: session id, text → restored text."""


class Planner:
    """Makes the plans of a guard.

    Args:
        detection: The detectors.
        panels: The scanners.
        hiding: Puts placeholders.
        policy: What findings lead to.
        digest: Gives the digest of a session id.
        restore: Puts a session's values back.
        preamble: What is put before the first text that changed.
    """

    def __init__(
        self,
        detection: Detection,
        panels: Panels,
        hiding: Hiding,
        policy: Policy,
        *,
        digest: Callable[[str], str],
        restore: Restore,
        preamble: str,
    ) -> None:
        self._detection = detection
        self._panels = panels
        self._hiding = hiding
        self._policy = policy
        self._digest = digest
        self._restore = restore
        self._preamble = preamble

    def plan(self, jobs: Sequence[Job]) -> Plan[list[Outcome]]:
        """Plan the checks of some jobs: all their texts go to the detectors together.

        Raises:
            UnsupportedInput: If a text is no str.
        """
        for text in (text for job in jobs for text in (*job.texts, *(ask.text for ask in job.asks))):
            if not isinstance(text, str):
                raise UnsupportedInput(f"a text of type {type(text).__name__} was given; only str is looked at")
        hearing = Hearing(self._panels, jobs, self._digest)
        loads = [self._detection.warm_up] if self._detection.cold and any(job.hide for job in jobs) else []
        yield from hearing.begin(loads)
        started = time.perf_counter()
        hiding = [number for number, job in enumerate(jobs) if job.hide and not self._given_up(hearing, number)]
        if hiding:
            yield Together((), notes=[_pii_started(number, jobs[number]) for number in hiding])
        detected = yield from hearing.beside(self._detect(hearing, {number: jobs[number] for number in hiding}))
        started += hearing.idle  # what the detectors waited for the scanners is none of their time
        if detected is not None:
            yield from self._detect_changed(hearing, {number: jobs[number] for number in hiding}, detected)
        outcomes: list[Outcome] = []
        turns: list[dict[str, str]] = []
        for number, job in enumerate(jobs):
            outcome = Outcome()
            if detected is None and number in hiding:
                yield Together((), notes=[CheckEnded(number, job.stage, PII_CHECK, None, {"skipped": "fail_fast"})])
            elif number in hiding or _has_found(hearing, number, job):
                outcome = yield from self._decide(hearing, number, job, detected or Detected(), started)
            outcomes.append(outcome)
            if any(decision.error is not None for decision in outcome.decisions):
                hearing.hide_failed(number)
            said = {} if outcome.blocking else hearing.turns(number)
            shown = (yield from self._hide_turns(job.session or "", said.values(), detected)) if said else {}
            turns.append({text: shown[left] for text, left in said.items() if left in shown})
        yield from hearing.late([{} if outcome.blocking else outcome.texts for outcome in outcomes], turns)
        for number, (job, outcome) in enumerate(zip(jobs, outcomes, strict=True)):
            yield from self._finish(hearing, number, job, outcome)
        return outcomes

    def _given_up(self, hearing: Hearing, number: int) -> bool:
        return self._policy.fail_fast and hearing.blocked(number)

    def _detect(self, hearing: Hearing, jobs: Mapping[int, Job]) -> Plan[Detected]:
        batches = []
        for number, job in jobs.items():
            texts = [*(hearing.current(number, text) for text in _texts(job)), *hearing.turns(number).values()]
            batches.append([*texts, *all_readings(texts)])
        return (yield from self._detection.plan(batches, self._seconds(jobs.values())))

    def _detect_changed(self, hearing: Hearing, jobs: Mapping[int, Job], detected: Detected) -> Plan[None]:
        """Have the detectors look at what scanners gave instead of a text beside them."""
        changed = {
            number: job
            for number, job in jobs.items()
            if any(hearing.current(number, text) not in detected.entities for text in _texts(job))
        }
        if changed:
            more = yield from self._detect(hearing, changed)
            detected.entities.update(more.entities)
            detected.failures.update(more.failures)

    def _seconds(self, jobs: Iterable[Job]) -> float | None:
        stages = {job.stage for job in jobs}
        own = [self._policy.rule(stage, PII_CHECK).timeout for stage in stages]
        return min((seconds for seconds in (*own, self._policy.timeout) if seconds is not None), default=None)

    def _decide(self, hearing: Hearing, number: int, job: Job, detected: Detected, started: float) -> Plan[Outcome]:
        """Decide on what the detectors found in a job, and hide it."""
        session = job.session or ""
        current = {text: hearing.current(number, text) for text in _texts(job)}
        texts = list(dict.fromkeys(current.values()))
        looked_at = [*texts, *all_readings(texts)]
        failure = next((detected.failures[text] for text in looked_at if text in detected.failures), None)
        rule = self._policy.rule(job.stage, PII_CHECK)
        if moved := hearing.moved(number):
            failure = ScannerError(_MOVED)
        if failure is not None and (moved or rule.on_error == "block"):
            return (yield from self._ended(number, job, self._blocked(job, started, failure), detected, failure))
        if hearing.blocked(number):  # nothing is remembered of what was stopped
            found = {text: list(detected.entities.get(text, ())) for text in texts}
            spans = {text: merge(text, entities, self._policy) for text, entities in found.items()}
            decision = self._decision(job, started, spans, failure=failure)
            return (yield from self._ended(number, job, decision, detected, failure))
        (memory,) = yield Together([partial(self._hiding.recall, session, texts)], waits=self._hiding.waits)
        if isinstance(memory, Exception):
            return (yield from self._ended(number, job, self._blocked(job, started, memory), detected, memory))
        extra: dict[str, tuple[Entity, ...]] = {}
        for text, now in current.items():
            extra[now] = (*extra.get(now, ()), *hearing.found(number, text))
        spans = self._spans(job, detected, memory, extra)
        if any(span.action == "block" for found in spans.values() for span in found):
            decision = self._decision(job, started, spans, action="block")
            return (yield from self._ended(number, job, decision, detected, None))
        hidden = yield from self._hiding.hide(session, spans, memory)
        if isinstance(hidden, Exception):
            return (yield from self._ended(number, job, self._blocked(job, started, hidden), detected, hidden))
        decision = self._decision(job, started, spans, failure=failure)
        outcome = yield from self._ended(number, job, decision, detected, failure)
        outcome.texts = {text: hidden.get(now, now) for text, now in current.items()}
        return outcome

    def _hide_turns(self, session: str, said: Iterable[str], detected: Detected | None) -> Plan[dict[str, str]]:
        """Hide what was said before for those outside; a turn that can't be hidden is not shown to them."""
        found = {} if detected is None else detected.entities
        failed = {} if detected is None else detected.failures
        said = dict.fromkeys(said)
        known = [text for text in said if not any(each in failed or each not in found for each in [text, *_read(text)])]
        (memory,) = yield Together([partial(self._hiding.recall, session, known)], waits=self._hiding.waits)
        if isinstance(memory, Exception):
            return {}
        findings = self._hiding.findings(known, found, memory)
        spans = {text: merge(text, entities, self._policy) for text, entities in findings.items()}
        shown = {text: own for text, own in spans.items() if all(span.action != "block" for span in own)}
        hits = dict(zip(known, memory.found, strict=True))
        memory = replace(memory, found=[hits[text] for text in shown])
        hidden = yield from self._hiding.hide(session, shown, memory)
        return {} if isinstance(hidden, Exception) else {text: hidden.get(text, text) for text in shown}

    def _spans(
        self, job: Job, detected: Detected, memory: Memory, extra: Mapping[str, Sequence[Entity]]
    ) -> dict[str, list[Span]]:
        entities = dict(detected.entities) if job.hide else {}
        for text, found in extra.items():
            entities[text] = (*entities.get(text, ()), *found)
        anonymized = {entity.kind for found in extra.values() for entity in found}
        findings = self._hiding.findings(list(extra), entities, memory)
        return {text: merge(text, found, self._policy, anonymized=anonymized) for text, found in findings.items()}

    def _finish(self, hearing: Hearing, number: int, job: Job, outcome: Outcome) -> Plan[None]:
        """Put together what was decided of a job and what becomes of its texts."""
        verdicts = hearing.given(number)
        outcome.decisions += [verdict.decision for verdict in verdicts]
        blocking = outcome.blocking
        if blocking is not None:
            reasons = (verdict.reason for verdict in verdicts if verdict.decision is blocking)
            outcome.reason = next(reasons, outcome.reason)
            outcome.texts = {}
            return
        hidden = outcome.texts
        changed: dict[str, str] = {}
        for text in _texts(job):
            now = hearing.final(number, text, hearing.current(number, text))
            if now != text:
                changed[text] = now
        if verdicts:
            outcome.cleaned = yield from self._cleaned(hearing, number, job.session or "", hidden, changed)
        if job.preamble and self._preamble and job.hide:
            first = next((text for text in job.texts if hidden.get(text, text) != text), None)
            if first in changed:
                changed[first] = self._preamble + changed[first]
        outcome.texts = changed

    def _cleaned(
        self, hearing: Hearing, number: int, session: str, hidden: Mapping[str, str], changed: Mapping[str, str]
    ) -> Plan[dict[str, str]]:
        """Give the texts as the scanners left them, with nothing hidden."""
        cleaned: dict[str, str] = {}
        for text, now in changed.items():
            before = hearing.rewritten(number, text)
            last = hidden.get(text, before)
            if hearing.replaced(number, text) or last == before:
                cleaned[text] = now
            elif hearing.current(number, text) == last:
                cleaned[text] = before
            else:  # taken out of what was hidden already: what is left of it is put back
                (restored,) = yield Together([partial(self._restore, session, now)], waits=self._hiding.waits)
                if isinstance(restored, Exception):
                    raise restored
                cleaned[text] = restored
        return {text: clean for text, clean in cleaned.items() if clean != text}

    def _ended(
        self, number: int, job: Job, decision: Decision, detected: Detected, failure: Exception | None
    ) -> Plan[Outcome]:
        latency_ms = dict(detected.latency_ms)
        details = {"policy": self._policy.version} if self._policy.version else {}
        if job.hide:
            yield Together((), notes=[CheckEnded(number, job.stage, PII_CHECK, decision, details, latency_ms)])
        reason = None if failure is None else reason_of(failure)
        return Outcome([decision] if job.hide or not decision.valid else [], latency_ms=latency_ms, reason=reason)

    def _decision(
        self,
        job: Job,
        started: float,
        spans: Mapping[str, Sequence[Span]],
        *,
        action: Action | None = None,
        failure: Exception | None = None,
    ) -> Decision:
        found = [span for text_spans in spans.values() for span in text_spans]
        counts: dict[str, int] = {}
        for span in found:
            counts[span.kind] = counts.get(span.kind, 0) + 1
        if action is None:
            monitored = any(self._policy.would_block(span.kind) for span in found)
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
            session=self._session(job),
        )

    def _blocked(self, job: Job, started: float, failure: Exception) -> Decision:
        return Decision(
            stage=job.stage,
            check=PII_CHECK,
            action="block",
            valid=False,
            risk_score=1.0,
            latency_ms=(time.perf_counter() - started) * 1000,
            error=type(failure).__name__,
            session=self._session(job),
        )

    def _session(self, job: Job) -> str | None:
        return None if job.session is None else self._digest(job.session)


def _texts(job: Job) -> list[str]:
    """Give all texts of a job; what the scanners are asked about is looked at as well."""
    return list(dict.fromkeys((*job.texts, *(ask.text for ask in job.asks))))


def _read(text: str) -> list[str]:
    return list(all_readings([text]))


def _pii_started(number: int, job: Job) -> CheckStarted:
    return CheckStarted(number, job.stage, PII_CHECK, len(job.texts), sum(map(len, job.texts)))


def _has_found(hearing: Hearing, number: int, job: Job) -> bool:
    # without a session there is nowhere to remember a value
    known = job.session is not None and not hearing.blocked(number)
    return known and any(hearing.found(number, text) for text in _texts(job))
