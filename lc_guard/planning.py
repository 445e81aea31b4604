"""Planning: the one order of steps from texts to decisions, whichever driver runs it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from lc_guard.detection import Detected, Detection
from lc_guard.errors import UnsupportedInput
from lc_guard.heard_texts import HeardTexts
from lc_guard.hearing import Hearing
from lc_guard.hiding import Hiding
from lc_guard.jobs import CheckEnded, Job, Outcome
from lc_guard.panels import Panels
from lc_guard.pii_check import PiiCheck
from lc_guard.plans import Plan, Together
from lc_guard.policy import Policy
from lc_guard.records import PII_CHECK

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
        self._pii = PiiCheck(detection, hiding, policy, digest=digest)
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
            yield Together((), notes=[self._pii.begun(number, jobs[number]) for number in hiding])
        detected = yield from hearing.beside(self._pii.detect(hearing, {number: jobs[number] for number in hiding}))
        started += hearing.idle  # what the detectors waited for the scanners is none of their time
        if detected is not None:
            yield from self._pii.detect_changed(hearing, {number: jobs[number] for number in hiding}, detected)
        outcomes: list[Outcome] = []
        turns: list[dict[str, str]] = []
        for number, job in enumerate(jobs):
            outcome = Outcome()
            if detected is None and number in hiding:
                yield Together((), notes=[CheckEnded(number, job.stage, PII_CHECK, None, {"skipped": "fail_fast"})])
            elif number in hiding or self._pii.has_found(hearing, number, job):
                outcome = yield from self._pii.decide(hearing, number, job, detected or Detected(), started)
            outcomes.append(outcome)
            if any(decision.error is not None for decision in outcome.decisions):
                hearing.texts[number].unhidden = True
            said = {} if outcome.blocking else hearing.turns(number)
            shown = (yield from self._pii.hide_turns(job, said.values(), detected)) if said else {}
            turns.append({text: shown[left] for text, left in said.items() if left in shown})
        yield from hearing.late([{} if outcome.blocking else outcome.texts for outcome in outcomes], turns)
        for number, (job, outcome) in enumerate(zip(jobs, outcomes, strict=True)):
            yield from self._finish(hearing, number, job, outcome)
        return outcomes

    def _given_up(self, hearing: Hearing, number: int) -> bool:
        return self._policy.fail_fast and hearing.blocked(number)

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
        texts = hearing.texts[number]
        for text in job.all_texts:
            now = texts.final(text)
            if now != text:
                changed[text] = now
        if verdicts:
            outcome.cleaned = yield from self._cleaned(texts, job.session or "", hidden, changed)
        if job.preamble and self._preamble and job.hide:
            first = next((text for text in job.texts if hidden.get(text, text) != text), None)
            if first in changed:
                changed[first] = self._preamble + changed[first]
        outcome.texts = changed

    def _cleaned(
        self, texts: HeardTexts, session: str, hidden: Mapping[str, str], changed: Mapping[str, str]
    ) -> Plan[dict[str, str]]:
        """Give the texts as the scanners left them, with nothing hidden."""
        cleaned: dict[str, str] = {}
        for text, now in changed.items():
            before = texts.rewritten(text)
            last = hidden.get(text, before)
            if texts.replaced(text) or last == before:
                cleaned[text] = now
            elif texts.current(text) == last:
                cleaned[text] = before
            else:  # taken out of what was hidden already: what is left of it is put back
                (restored,) = yield Together([partial(self._restore, session, now)], waits=self._hiding.waits)
                if isinstance(restored, Exception):
                    raise restored
                cleaned[text] = restored
        return {text: clean for text, clean in cleaned.items() if clean != text}
