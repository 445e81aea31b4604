"""The one order of checks from texts to decisions: load, rewrite, scan beside the detectors, hide, scan what is hidden.

See docs/design/pipeline.md and the table in docs/design/scanning.md.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from lc_guard._engine.analyzer import Analyzer, DetectorRun
from lc_guard._engine.anonymizer import Anonymizer
from lc_guard._engine.failures import safe_message
from lc_guard._engine.flow import LONG, CheckRun, Flow, Gather, LeaveLoop, Notify, Skipped
from lc_guard._engine.requests import CheckEnded, CheckStarted, GuardRequest, GuardResult, LoadEnded, LoadStarted
from lc_guard._engine.scan_phase import ScanPhase
from lc_guard._engine.scanner_registry import ScannerRegistry
from lc_guard._engine.scanner_run import ScannerRun
from lc_guard._engine.text_state import RequestState, ResolvedSpan, TextState, ValuesToFind, resolve_overlaps
from lc_guard._placeholders.grammar import LITERAL
from lc_guard.errors import ScannerError, UnsupportedInput
from lc_guard.policy.policy import Policy
from lc_guard.records import PII_CHECK, Action, Decision, strongest

Restore = Callable[[str, str], str]
"""Puts the values of a session back into a text: session id, text → restored text."""

# Names and ids as machines write them have none of these. A name that is read as two words has a no-break space.
_SPOKEN = re.compile(r"[ \t\n@]|%(?:20|40)")
_MOVED = (
    "a scanner changed a text while another one looked for what is to be hidden in it: one that gives another text "
    "where nothing is wrong needs the attribute rewrites = True"
)


class CheckPipeline:
    """The checks of a guard; `preamble` is put before the first text that changed."""

    def __init__(
        self,
        analyzer: Analyzer,
        scanners: ScannerRegistry,
        anonymizer: Anonymizer,
        policy: Policy,
        *,
        digest: Callable[[str], str],
        restore: Restore,
        preamble: str,
    ) -> None:
        self._analyzer = analyzer
        self._scanners = scanners
        self._anonymizer = anonymizer
        self._policy = policy
        self._digest = digest
        self._restore = restore
        self._preamble = preamble

    def flow(self, requests: Sequence[GuardRequest]) -> Flow[list[GuardResult]]:
        """Check some requests: all their texts go to the detectors together.

        Raises:
            UnsupportedInput: If a text is no str.
        """
        long = _characters(requests) > LONG
        if long:
            yield LeaveLoop(self._policy.timeout)
        states = [_state(number, request) for number, request in enumerate(requests)]
        scanned = any(request.asks for request in requests)
        scans = ScanPhase(self._scanners, states, self._digest) if scanned else None
        not_loaded = yield from self._load(states, scans)
        if scans is not None:
            for runs in scans.rewrite():
                yield from self._run(runs, states)
        detectors = yield from self._scan_and_detect(states, scans, not_loaded)
        if scans is not None and long:
            scans.start_clock()  # the parts of a long text had a time of their own
        beside = self._found_beside(states, detectors)
        for state in states:
            yield from self._hide(state, scans, detectors, beside.get(state.request.session))
        if scans is not None:
            for runs in scans.on_hidden():
                yield from self._run(runs, states)
        for state in states:
            yield from self._finish(state, scans)
        return [state.result for state in states]

    def _load(self, states: Sequence[RequestState], scans: ScanPhase | None) -> Flow[Exception | None]:
        """Load what is not loaded, then start the clock; returns why the detectors could not be loaded."""
        detectors = self._analyzer.loads if any(state.request.hide for state in states) else []
        loads = [*detectors, *(scans.loads if scans is not None else ())]
        # what a scanner can't load it says again when it is asked
        results = (yield from _loaded(loads)) if loads else []
        if scans is not None:
            scans.start_clock()
        return results[0] if detectors else None

    def _scan_and_detect(
        self, states: Sequence[RequestState], scans: ScanPhase | None, not_loaded: Exception | None
    ) -> Flow[DetectorRun]:
        """Have the texts looked at as they are now: by instant scanners, then by the others beside the detectors."""
        for state in states:
            state.detecting = state.request.hide and not (self._policy.fail_fast and state.blocked)
        detecting = [state for state in states if state.detecting]
        if detecting:
            yield Notify([_started(state) for state in detecting])
        beside: list[ScannerRun] = []
        if scans is not None:
            yield from self._in_turn(scans.instant(), states)
            beside = scans.beside_detectors()
            yield from _begin(beside)
        detectors = self._detectors(detecting, scans, not_loaded)
        if self._enough(states):
            detectors.skipped = True
            return detectors
        yield from self._gather([detectors, *beside], states)
        if not detectors.skipped:
            yield from detectors.finish()
            yield from self._detect_changed(detecting, scans, detectors, not_loaded)
        return detectors

    def _detectors(
        self, states: Iterable[RequestState], scans: ScanPhase | None, not_loaded: Exception | None
    ) -> DetectorRun:
        """Open the detectors' run over texts as they are now, and over the turns that those outside ask for."""
        batches: list[list[str]] = []
        timeouts = {self._policy.timeout}
        for state in states:
            turns = scans.turns(state).values() if scans is not None else ()
            read = [text for text in (*state.texts.values(), *turns) if not text.unread]
            batches.append([form for text in read for form in text.forms])
            timeouts.add(self._policy.rule(state.request.stage, PII_CHECK).timeout)
        timeout = min((seconds for seconds in timeouts if seconds is not None), default=None)
        most = None if self._policy.timeout is None else self._policy.max_characters
        return DetectorRun(self._analyzer, batches, timeout, most=most, not_loaded=not_loaded)

    def _detect_changed(
        self,
        states: Iterable[RequestState],
        scans: ScanPhase | None,
        detectors: DetectorRun,
        not_loaded: Exception | None,
    ) -> Flow[None]:
        """Have the detectors look at what scanners gave instead of a text beside them."""
        changed = [
            state
            for state in states
            if any(text.current not in detectors.entities for text in state.texts.values() if not text.unread)
        ]
        if changed:
            more = self._detectors(changed, scans, not_loaded)
            yield from more.alone()
            detectors.entities.update(more.entities)
            detectors.failures.update(more.failures)
            detectors.seconds += more.seconds

    def _found_beside(
        self, states: Sequence[RequestState], detectors: DetectorRun
    ) -> Mapping[str | None, ValuesToFind]:
        """Return by session what was found in its requests, where it has several: each is searched for all of it."""
        by_session: dict[str, list[RequestState]] = {}
        for state in states if len(states) > 1 else ():
            if state.request.session is not None and state.detecting and not state.blocked:
                by_session.setdefault(state.request.session, []).append(state)
        found: dict[str | None, ValuesToFind] = {}
        for session, together in by_session.items():
            if len(together) > 1:
                texts = [text for state in together for text in state.texts.values()]
                for text in texts:
                    text.detected = detectors.of(text)
                found[session] = self._anonymizer.found(texts)
        return found

    def _hide(
        self, state: RequestState, scans: ScanPhase | None, detectors: DetectorRun, beside: ValuesToFind | None
    ) -> Flow[None]:
        """Decide on what was found in a request, and hide it; then the turns that those outside ask for."""
        request = state.request
        if state.detecting and detectors.skipped:
            skipped = {"skipped": "fail_fast"}
            yield Notify([CheckEnded(state.number, request.stage, PII_CHECK, None, skipped)])
            return
        marked = any(text.marked for text in state.texts.values()) and not state.blocked
        if state.detecting or (marked and request.session is not None):
            yield from self._decide(state, detectors, beside)
        state.unhidden = any(decision.error is not None for decision in state.result.decisions)
        turns = scans.turns(state) if scans is not None and state.result.blocking is None else {}
        known = {said: turn for said, turn in turns.items() if detectors.knows(turn)}
        if known:
            state.turns = yield from self._hide_turns(request, known, detectors)

    def _decide(self, state: RequestState, detectors: DetectorRun, beside: ValuesToFind | None) -> Flow[None]:
        """Decide on a request, hide what is to be hidden in it, and tell of it."""
        texts, request, since = state.texts.values(), state.request, time.perf_counter() - detectors.seconds
        failure, blocks = self._failure(state, detectors)
        if not blocks and state.blocked:  # nothing is remembered of what was stopped
            for text in texts:
                found = detectors.entities.get(text.current, ())
                text.spans = resolve_overlaps(text.current, found, self._policy)
        elif not blocks:
            broken = yield from self._put_placeholders(state, detectors, beside)
            if broken is not None or _has_block(texts):
                failure, blocks = broken, True
        spans = [span for text in texts for span in text.spans]
        decision = self._decision(state, since, spans, failure, blocks=blocks)
        latency_ms = dict(detectors.latency_ms)
        reason = None if failure is None else safe_message(failure)
        state.result = GuardResult([decision] if request.hide or blocks else [], latency_ms=latency_ms, reason=reason)
        if request.hide:
            details = {"policy": self._policy.version} if self._policy.version else {}
            yield Notify([CheckEnded(state.number, request.stage, PII_CHECK, decision, details, latency_ms)])

    def _failure(self, state: RequestState, detectors: DetectorRun) -> tuple[Exception | None, bool]:
        """Return what went wrong with a request's texts, or None, and whether it blocks."""
        if any(text.moved for text in state.texts.values()):
            return ScannerError(_MOVED), True
        failures = map(detectors.failure, state.texts.values())
        failure = next((error for error in failures if error is not None), None)
        closed = self._policy.rule(state.request.stage, PII_CHECK).on_error == "block"
        return failure, failure is not None and closed

    def _put_placeholders(
        self, state: RequestState, detectors: DetectorRun, beside: ValuesToFind | None
    ) -> Flow[Exception | None]:
        """Hide what is to be hidden in a request, unless something in it blocks; returns what the vault raised."""
        session, texts = state.request.session or "", list(state.texts.values())
        for text in texts:
            text.detected = detectors.of(text) if state.request.hide else ()
        snapshot = yield from self._anonymizer.resolve(session, texts, live=state.request.live, beside=beside)
        if isinstance(snapshot, Exception):
            return snapshot
        if _has_block(texts):
            return None
        return (
            yield from self._anonymizer.hide(
                session, texts, snapshot, remember=state.request.remember, write=state.request.write
            )
        )

    def _hide_turns(
        self, request: GuardRequest, turns: dict[str, TextState], detectors: DetectorRun
    ) -> Flow[dict[str, TextState]]:
        """Hide what was said before; a turn that can't be hidden is not shown outside."""
        session = request.session or ""
        for turn in turns.values():
            turn.detected = detectors.of(turn)
        snapshot = yield from self._anonymizer.resolve(session, list(turns.values()), live=request.live)
        if isinstance(snapshot, Exception):
            return {}
        free = {said: turn for said, turn in turns.items() if not _has_block([turn])}
        failure = yield from self._anonymizer.hide(session, list(free.values()), snapshot)
        return {} if failure is not None else free

    def _decision(
        self,
        state: RequestState,
        since: float,
        spans: Sequence[ResolvedSpan],
        failure: Exception | None,
        *,
        blocks: bool,
    ) -> Decision:
        if blocks and failure is not None:
            spans = ()  # what was found before it failed is not all
        counts: dict[str, int] = {}
        for span in spans:
            counts[span.kind] = counts.get(span.kind, 0) + 1
        actions: list[Action] = ["block"] if blocks else [span.action for span in spans if span.kind != LITERAL]
        if failure is not None or any(map(self._policy.would_block, counts)):
            actions.append("warn")
        session = state.request.session
        return Decision(
            stage=state.request.stage,
            check=PII_CHECK,
            action=strongest(actions),
            valid=not blocks,
            risk_score=1.0 if blocks and failure is not None else max((span.score for span in spans), default=0.0),
            latency_ms=(time.perf_counter() - since) * 1000,
            entities=counts,
            error=None if failure is None else type(failure).__name__,
            session=None if session is None else self._digest(session),
        )

    def _finish(self, state: RequestState, scans: ScanPhase | None) -> Flow[None]:
        """Put together what was decided of a request and what becomes of its texts."""
        result = state.result
        scanned = scans.in_order(state.results) if scans is not None else []
        for each in scanned:
            if result.blocking is None and not each.decision.valid:
                result.reason = each.reason
            result.decisions.append(each.decision)
        if state.request.explain:
            result.marks = {text.original: text.marks() for text in state.texts.values()}
        if result.blocking is not None:
            return
        changed = [text for text in state.texts.values() if text.shown != text.original]
        result.texts = {text.original: text.shown for text in changed}
        for text in changed if scanned else ():
            clean = yield from self._clean(text, state.request.session or "")
            if clean != text.original:
                result.cleaned[text.original] = clean
        self._put_preamble(state)

    def _put_preamble(self, state: RequestState) -> None:
        """Put the detectors' preamble before the first text in which something was hidden, where a model reads it."""
        if not (self._preamble and state.request.preamble and state.request.hide):
            return
        for text in (state.texts[original] for original in state.request.texts):
            if (text.hidden or text.current) != text.original:
                if text.shown != text.original:
                    state.result.texts[text.original] = self._preamble + text.shown
                return

    def _clean(self, text: TextState, session: str) -> Flow[str]:
        """Return a text as the scanners left it, with nothing hidden."""
        if text.replaced is not None or text.hidden in (None, text.current):
            return text.shown
        if text.late in (None, text.hidden):
            return text.current
        # taken out of what was hidden already: what is left of it is put back
        restore = partial(self._restore, session, text.shown)
        (restored,) = yield Gather([restore], waits=self._anonymizer.waits)
        if isinstance(restored, Exception):
            raise restored
        return str(restored)

    def _run(self, runs: Sequence[ScannerRun], states: Sequence[RequestState]) -> Flow[None]:
        yield from _begin(runs)
        yield from self._gather(runs, states)

    def _in_turn(self, runs: Sequence[ScannerRun], states: Sequence[RequestState]) -> Flow[None]:
        """Have runs that only compute end one after the other: at the same time they would share one interpreter.

        A long text would keep as many threads at work as there are scanners, and an event loop would wait for each.
        """
        for run in runs:
            yield from _begin([run])
            if self._enough(states):
                enough = Skipped("others had said enough")
                yield Notify([event for at in range(len(run.calls)) for event in run.take(at, enough)])
            else:
                yield from self._gather([run], states)

    def _gather(self, runs: Sequence[CheckRun], states: Sequence[RequestState]) -> Flow[None]:
        """Have check runs make their calls at the same time, until all have ended or all requests are blocked."""
        calls = [(run, number) for run in runs for number in range(len(run.calls))]
        if calls:
            asked = [run for run in runs if run.calls]
            yield Gather(
                [run.calls[number] for run, number in calls],
                waits=not all(run.instant for run in asked) or sum(run.characters for run in asked) > LONG,
                on_result=lambda at, result: calls[at][0].take(calls[at][1], result),
                stop_early=partial(self._enough, states) if self._policy.fail_fast else None,
            )

    def _enough(self, states: Sequence[RequestState]) -> bool:
        return self._policy.fail_fast and all(state.blocked for state in states)


def _characters(requests: Iterable[GuardRequest]) -> int:
    texts = [text for request in requests for text in (*request.texts, *(ask.text for ask in request.asks))]
    return sum(len(text) for text in texts if isinstance(text, str))


def _state(number: int, request: GuardRequest) -> RequestState:
    state = RequestState(number, request)
    for text in (*request.texts, *(ask.text for ask in request.asks)):
        if not isinstance(text, str):
            raise UnsupportedInput(f"a text of type {type(text).__name__} was given; only str is looked at")
        state.texts.setdefault(text, TextState(text, words=request.words))
    for text in (*request.beside, *request.fixed):
        state.texts.setdefault(text, TextState(text, words=request.words, unread=not _SPOKEN.search(text)))
    return state


def _has_block(texts: Iterable[TextState]) -> bool:
    return any(span.action == "block" for text in texts for span in text.spans)


def _started(state: RequestState) -> CheckStarted:
    texts = state.request.texts
    return CheckStarted(state.number, state.request.stage, PII_CHECK, len(texts), sum(map(len, texts)))


def _loaded(loads: Sequence[Callable[[], object]]) -> Flow[list[Exception | None]]:
    yield Notify([LoadStarted()])
    results: list[Exception | None] = yield Gather(loads)
    yield Notify([LoadEnded()])
    return results


def _begin(runs: Iterable[ScannerRun]) -> Flow[None]:
    events = [event for run in runs for event in run.started()]
    if events:
        yield Notify(events)
