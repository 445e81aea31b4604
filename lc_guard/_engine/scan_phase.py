"""Which scanners are asked when, in the order that costs least.

First those that rewrite, one after the other, each given what the last one left. Then all that look at the text as it
is then: instant ones, and the others at the same time beside the detectors. Last those that may see only what is
hidden, such as services outside.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Literal

from lc_guard._engine.requests import CheckResult, GuardRequest
from lc_guard._engine.scanner_registry import BoundScanner, ScannerRegistry
from lc_guard._engine.scanner_run import ScannerRun
from lc_guard._engine.text_state import RequestState, TextState
from lc_guard.errors import ScannerError
from lc_guard.records import Stage
from lc_guard.scanners.base import ScanRequest, Turn

_NOT_HIDDEN = (
    "it may see only what is hidden, and the detectors failed: nothing was sent. With on_error='allow' texts go "
    "on without them"
)
_Phase = Literal["rewrite", "original", "hidden"]


class ScanPhase:
    """The scanners that are asked about some requests. It opens check runs; the pipeline has them run."""

    def __init__(self, registry: ScannerRegistry, states: Sequence[RequestState], digest: Callable[[str], str]) -> None:
        self._registry = registry
        self._states = states
        self._digest = digest
        self._deadline: float | None = None
        stages = dict.fromkeys(ask.stage for state in states for ask in state.request.asks)
        self._scanners: dict[tuple[Stage, str], BoundScanner] = {
            (stage, scanner.name): scanner for stage in stages for scanner in registry.by_stage[stage]
        }

    @property
    def loads(self) -> list[Callable[[], Any]]:
        """What loads the models of the scanners; nothing if none has to."""
        cold = self._registry.cold
        scanners = {id(each.scanner): each.scanner for each in self._scanners.values() if id(each.scanner) in cold}
        return [partial(self._registry.warm, each) for each in scanners.values()]

    def start_clock(self) -> None:
        """Begin to count the time that all checks have."""
        timeout = self._registry.policy.timeout
        self._deadline = None if timeout is None else time.monotonic() + timeout

    def rewrite(self) -> Iterator[list[ScannerRun]]:
        """Open the runs of those that rewrite: one scanner's, and when they have ended, the next one's."""
        return self._one_by_one("rewrite")

    def instant(self) -> list[ScannerRun]:
        """Open the runs of those that take microseconds."""
        return self._open("original", lambda scanner: scanner.instant)

    def beside_detectors(self) -> list[ScannerRun]:
        """Open the runs of those that take longer."""
        return self._open("original", lambda scanner: not scanner.instant)

    def on_hidden(self) -> Iterator[list[ScannerRun]]:
        """Open the runs of those that may see only what is hidden: first, one by one, of those that rewrite it."""
        yield from self._one_by_one("hidden")
        yield self._open("hidden", lambda scanner: not scanner.rewrites)

    def turns(self, state: RequestState) -> dict[str, TextState]:
        """Return what was said before, where those ask for it that may see only what is hidden.

        Rewriting scanners may have taken something out of it: a turn of several texts holds each of them.
        """
        stages = {
            stage
            for (stage, _), scanner in self._scanners.items()
            if scanner.uses_turns and _phase(scanner, state.request) == "hidden"
        }
        said = [turn.text for ask in state.request.asks if ask.stage in stages for turn in ask.turns]
        turns = {text: TextState(text) for text in said}
        changed = {text.original: text.current for text in state.texts.values() if text.current != text.original}
        for original, turn in turns.items():
            left = changed.get(original)
            if left is None:
                left = original
                for text, now in changed.items():
                    left = left.replace(text, now)
            turn.rewrite(left)
        return turns

    def in_order(self, results: Sequence[CheckResult]) -> list[CheckResult]:
        """Return results in the order of the scanners, whichever ended first."""
        order = {key: number for number, key in enumerate(self._scanners)}
        return sorted(results, key=lambda result: order[result.decision.stage, result.decision.check])

    def _one_by_one(self, phase: _Phase) -> Iterator[list[ScannerRun]]:
        for name in dict.fromkeys(name for (_, name), scanner in self._scanners.items() if scanner.rewrites):
            yield self._open(phase, partial(_rewrites, name))

    def _open(self, phase: _Phase, wanted: Callable[[BoundScanner], bool]) -> list[ScannerRun]:
        """Open the runs of a phase; each request has its own."""
        skip = phase == "hidden" or self._registry.policy.fail_fast
        return [
            run
            for (stage, _), scanner in self._scanners.items()
            if wanted(scanner)
            for state in self._states
            if phase == _phase(scanner, state.request) and state.request.part in scanner.parts
            if not (skip and state.blocked)
            for run in self._run(state, stage, scanner, hidden=phase == "hidden")
        ]

    def _run(self, state: RequestState, stage: Stage, scanner: BoundScanner, *, hidden: bool) -> list[ScannerRun]:
        asks = {(a.text, a.turns if scanner.uses_turns else ()): a for a in state.request.asks if a.stage == stage}
        if not asks:
            return []
        now = time.monotonic()
        own = None if scanner.rule.timeout is None else now + scanner.rule.timeout
        ends = [end for end in (self._deadline, own) if end is not None]
        prompt = state.request.prompt if stage in ("output", "tool_call") else ""
        asked = []
        for ask in asks.values():
            text = state.texts[ask.text]
            turns = _hidden_turns(state, ask.turns) if hidden else ask.turns
            shown = text.shown if hidden else text.current
            shared = {} if hidden else state.shared  # it holds texts as they came
            asked.append((text, ScanRequest(shown, stage, prompt, turns, min(ends, default=None), shared)))
        failure = ScannerError(_NOT_HIDDEN) if hidden and state.unhidden else None
        return [ScannerRun(state, stage, scanner, asked, self._deadline, self._registry, self._digest, failure)]


def _phase(scanner: BoundScanner, request: GuardRequest) -> _Phase:
    """Return when a scanner is asked about a request's texts."""
    if scanner.sees_hidden and request.hide:
        return "hidden"
    return "rewrite" if scanner.rewrites else "original"


def _rewrites(name: str, scanner: BoundScanner) -> bool:
    return scanner.rewrites and scanner.name == name


def _hidden_turns(state: RequestState, turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return turns as they may be seen outside; those that were not hidden are left out."""
    known = {**state.turns, **state.texts}
    return tuple(Turn(turn.role, known[turn.text].shown) for turn in turns if turn.text in known)
