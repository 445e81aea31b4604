"""The check "pii": what the detectors find in the texts of jobs is decided on and hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from lc_guard.detection import Detected, Detection
from lc_guard.errors import ScannerError
from lc_guard.escapes import all_readings
from lc_guard.hearing import Hearing
from lc_guard.hiding import Hiding, Memory
from lc_guard.jobs import CheckEnded, CheckStarted, Job, Outcome
from lc_guard.pii_decisions import blocked, decided
from lc_guard.plans import Plan, Together
from lc_guard.policy import Policy
from lc_guard.records import PII_CHECK, Decision, Entity
from lc_guard.spans import Span, merge
from lc_guard.verdicts import reason_of

_MOVED = (
    "a scanner changed a text while another one looked for what is to be hidden in it: one that gives another text "
    "where nothing is wrong needs the attribute rewrites = True"
)


class PiiCheck:
    """Makes the plans of the check "pii".

    Args:
        detection: The detectors.
        hiding: Puts placeholders.
        policy: What findings lead to.
        digest: Gives the digest of a session id.
    """

    def __init__(self, detection: Detection, hiding: Hiding, policy: Policy, *, digest: Callable[[str], str]) -> None:
        self._detection = detection
        self._hiding = hiding
        self._policy = policy
        self._digest = digest

    def begun(self, number: int, job: Job) -> CheckStarted:
        """Give what is told when it begins."""
        return CheckStarted(number, job.stage, PII_CHECK, len(job.texts), sum(map(len, job.texts)))

    def has_found(self, hearing: Hearing, number: int, job: Job) -> bool:
        """Tell whether scanners found what is to be hidden in a job; without a session it can't be remembered."""
        known = job.session is not None and not hearing.blocked(number)
        return known and any(hearing.texts[number].found(text) for text in job.all_texts)

    def detect(self, hearing: Hearing, jobs: Mapping[int, Job]) -> Plan[Detected]:
        """Have the detectors look at the texts of jobs as they are now, and at the turns that those outside ask for."""
        batches = []
        for number, job in jobs.items():
            texts = [*map(hearing.texts[number].current, job.all_texts), *hearing.turns(number).values()]
            batches.append([*texts, *all_readings(texts)])
        return (yield from self._detection.plan(batches, self._seconds(jobs.values())))

    def detect_changed(self, hearing: Hearing, jobs: Mapping[int, Job], detected: Detected) -> Plan[None]:
        """Have the detectors look at what scanners gave instead of a text beside them."""
        changed = {
            number: job
            for number, job in jobs.items()
            if any(hearing.texts[number].current(text) not in detected.entities for text in job.all_texts)
        }
        if changed:
            more = yield from self.detect(hearing, changed)
            detected.entities.update(more.entities)
            detected.failures.update(more.failures)

    def decide(self, hearing: Hearing, number: int, job: Job, detected: Detected, started: float) -> Plan[Outcome]:
        """Decide on what the detectors found in a job, and hide it."""
        session = job.session or ""
        digest = self._session(job)
        heard = hearing.texts[number]
        current = {text: heard.current(text) for text in job.all_texts}
        texts = list(dict.fromkeys(current.values()))
        looked_at = [*texts, *all_readings(texts)]
        failure = next((detected.failures[text] for text in looked_at if text in detected.failures), None)
        rule = self._policy.rule(job.stage, PII_CHECK)
        if heard.moved:
            failure = ScannerError(_MOVED)
        if failure is not None and (heard.moved or rule.on_error == "block"):
            return (yield from self._stopped(number, job, started, detected, failure))
        if hearing.blocked(number):  # nothing is remembered of what was stopped
            found = {text: list(detected.entities.get(text, ())) for text in texts}
            spans = {text: merge(text, entities, self._policy) for text, entities in found.items()}
            decision = decided(job, started, spans, self._policy, session=digest, failure=failure)
            return (yield from self._ended(number, job, decision, detected, failure))
        (memory,) = yield Together(
            [partial(self._hiding.recall, session, texts, live=job.live)], waits=self._hiding.waits
        )
        if isinstance(memory, Exception):
            return (yield from self._stopped(number, job, started, detected, memory))
        extra: dict[str, tuple[Entity, ...]] = {}
        for text, now in current.items():
            extra[now] = (*extra.get(now, ()), *heard.found(text))
        spans = self._spans(job, detected, memory, extra)
        if any(span.action == "block" for found in spans.values() for span in found):
            decision = decided(job, started, spans, self._policy, session=digest, action="block")
            return (yield from self._ended(number, job, decision, detected, None))
        hidden = yield from self._hiding.hide(session, spans, memory, remember=job.remember)
        if isinstance(hidden, Exception):
            return (yield from self._stopped(number, job, started, detected, hidden))
        decision = decided(job, started, spans, self._policy, session=digest, failure=failure)
        outcome = yield from self._ended(number, job, decision, detected, failure)
        outcome.texts = {text: hidden.get(now, now) for text, now in current.items()}
        return outcome

    def hide_turns(self, job: Job, said: Iterable[str], detected: Detected | None) -> Plan[dict[str, str]]:
        """Hide what was said before for those outside; a turn that can't be hidden is not shown to them."""
        session = job.session or ""
        found = {} if detected is None else detected.entities
        failed = {} if detected is None else detected.failures
        read = {text: (text, *all_readings([text])) for text in said}
        known = [text for text, ways in read.items() if all(way in found and way not in failed for way in ways)]
        recall = partial(self._hiding.recall, session, known, live=job.live)
        (memory,) = yield Together([recall], waits=self._hiding.waits)
        if isinstance(memory, Exception):
            return {}
        findings = self._hiding.findings(known, found, memory)
        spans = {text: merge(text, entities, self._policy) for text, entities in findings.items()}
        shown = {text: own for text, own in spans.items() if all(span.action != "block" for span in own)}
        hits = dict(zip(known, memory.found, strict=True))
        memory = replace(memory, found=[hits[text] for text in shown])
        hidden = yield from self._hiding.hide(session, shown, memory)
        return {} if isinstance(hidden, Exception) else {text: hidden.get(text, text) for text in shown}

    def _seconds(self, jobs: Iterable[Job]) -> float | None:
        stages = {job.stage for job in jobs}
        own = [self._policy.rule(stage, PII_CHECK).timeout for stage in stages]
        return min((seconds for seconds in (*own, self._policy.timeout) if seconds is not None), default=None)

    def _spans(
        self, job: Job, detected: Detected, memory: Memory, extra: Mapping[str, Sequence[Entity]]
    ) -> dict[str, list[Span]]:
        entities = dict(detected.entities) if job.hide else {}
        for text, found in extra.items():
            entities[text] = (*entities.get(text, ()), *found)
        anonymized = {entity.kind for found in extra.values() for entity in found}
        findings = self._hiding.findings(list(extra), entities, memory)
        return {text: merge(text, found, self._policy, anonymized=anonymized) for text, found in findings.items()}

    def _stopped(self, number: int, job: Job, started: float, detected: Detected, failure: Exception) -> Plan[Outcome]:
        decision = blocked(job, started, failure, session=self._session(job))
        return (yield from self._ended(number, job, decision, detected, failure))

    def _ended(
        self, number: int, job: Job, decision: Decision, detected: Detected, failure: Exception | None
    ) -> Plan[Outcome]:
        latency_ms = dict(detected.latency_ms)
        details = {"policy": self._policy.version} if self._policy.version else {}
        if job.hide:
            yield Together((), notes=[CheckEnded(number, job.stage, PII_CHECK, decision, details, latency_ms)])
        reason = None if failure is None else reason_of(failure)
        return Outcome([decision] if job.hide or not decision.valid else [], latency_ms=latency_ms, reason=reason)

    def _session(self, job: Job) -> str | None:
        return None if job.session is None else self._digest(job.session)
