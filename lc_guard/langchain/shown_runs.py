"""ShownRuns: which runs of a call hold placeholders, and of which session, for a handler that shows them to a reader.

A handler is told of runs by their ids alone. `Anonymize` says where it ran; what runs beside it in the same chain, and
below that, holds placeholders until a `Deanonymize` of the same session.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from lc_guard._forks import ForkLock
from lc_guard.guard import Guard

_MAX_RUNS = 10_000
_MAX_DEPTH = 200
_STEP = re.compile(r"seq:step:(\d+)")  # the tag that LangChain gives the runs of a sequence's steps

Level = UUID | None
"""A run, for the runs right below it; None stands for what is above the first run that was seen."""


class HiddenSession(NamedTuple):
    """Whose placeholders stand in some runs."""

    guard: Guard
    session: str


class StepRun(NamedTuple):
    """The run of a step that hides or restores.

    Attributes:
        run_id: Its id.
        parent: Id of the run that it is a part of, or None.
        tags: Its tags.
    """

    run_id: UUID
    parent: UUID | None
    tags: Sequence[str]


@dataclass(eq=False, slots=True)
class HiddenSpan:
    """What was hidden at one step, until it is restored.

    Attributes:
        of: Whose placeholders they are.
        held: What the reader is not shown before scanners have judged the answer, in order; None shows it at once.
    """

    of: HiddenSession
    held: list[Any] | None
    places: list[tuple[Level, _Place]] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class _Place:
    """The runs below one run that belong to a span: those of the steps between two numbers, if they have any."""

    span: HiddenSpan
    lower: int | None
    steps: set[UUID]
    upper: int | None = None
    closed: bool = False

    def covers(self, number: int | None) -> bool:
        if number is None or self.lower is None:
            return not self.closed
        if number <= self.lower:
            return False
        return number < self.upper if self.upper is not None else not self.closed


class _End(NamedTuple):
    """A step that restores, by its number among the steps of its chain."""

    of: HiddenSession
    number: int
    run_id: UUID


class ShownRuns:
    """Keeps what one handler knows of the runs that it is told of."""

    def __init__(self) -> None:
        self._parents: OrderedDict[UUID, Level] = OrderedDict()
        self._numbers: dict[UUID, int | None] = {}
        self._places: OrderedDict[Level, list[_Place]] = OrderedDict()
        self._ends: OrderedDict[Level, list[_End]] = OrderedDict()
        self._lock = ForkLock(reentrant=True)

    def started(self, run_id: UUID, parent: UUID | None, tags: Sequence[str] | None) -> None:
        """Note where a run stands."""
        with self._lock:
            self._parents[run_id] = parent
            self._numbers[run_id] = _number(tags)
            while len(self._parents) > _MAX_RUNS:
                forgotten, _ = self._parents.popitem(last=False)
                self._numbers.pop(forgotten, None)
                self.ended(forgotten)

    def ended(self, run_id: UUID) -> list[HiddenSpan]:
        """Forget what was hidden right below a run, and return the spans of which something is still held."""
        with self._lock:
            self._ends.pop(run_id, None)
            places = self._places.pop(run_id, ())
        return [place.span for place in places if place.span.held and place is place.span.places[0][1]]

    def parent_of(self, run_id: UUID) -> UUID | None:
        """Return the run that a run is a part of, if it was seen."""
        return self._parents.get(run_id)

    def hidden(
        self, step: StepRun, of: HiddenSession, *, seen: bool, hold: bool, within: UUID | None = None
    ) -> HiddenSpan:
        """Note that a step has hidden what the runs after it are about.

        Args:
            step: The step.
            of: Whose placeholders stand there now.
            seen: Whether this handler is told of the step and of what runs around it.
            hold: Whether what comes of it is held until scanners have judged it.
            within: Run of a boundary around the step that answers for it, or None.
        """
        child, level, number = step.run_id, step.parent, _number(step.tags)
        with self._lock:
            _bound(self._places)
            around = self._places.get(within) if within is not None else None
            span = around[-1].span if around else HiddenSpan(of, [] if hold else None)
            while True:
                place = _Place(span, number, {child})
                span.places.append((level, place))
                self._places.setdefault(level, []).append(place)
                end = self._end_after(level, of, number)
                if end is not None:
                    place.upper = end.number
                if end is not None or not seen or level is None:
                    return span
                child, level = level, self._parents.get(level)
                number = self._numbers.get(child)

    def restoring(self, step: StepRun, of: HiddenSession) -> None:
        """Note that a step is about to restore: what runs after it in its chain holds values again."""
        number = _number(step.tags)
        if number is None:
            return  # nothing says what runs after it: what runs until it has ended is hidden
        with self._lock:
            _bound(self._ends)
            self._ends.setdefault(step.parent, []).append(_End(of, number, step.run_id))
            for place in self._of(step.parent, number, of):
                self._close(step.parent, place, number)

    def ending(self, step: StepRun, of: HiddenSession) -> list[HiddenSpan]:
        """Return the spans that end with a step that has restored."""
        with self._lock:
            _, places = self._ended_by(step, of)
            return [place.span for place in places]

    def restored(self, step: StepRun, of: HiddenSession) -> None:
        """Note that a step has restored: what runs from now on holds values again."""
        with self._lock:
            level, places = self._ended_by(step, of)
            for place in places:
                self._close(level, place)

    def _ended_by(self, step: StepRun, of: HiddenSession) -> tuple[Level, list[_Place]]:
        """Return what ends with a step, and where: right beside it, or beside a run that it is a part of."""
        level, number = step.parent, _number(step.tags)
        for _ in range(_MAX_DEPTH):
            places = self._of(level, number, of)
            if places or level is None:
                return level, places
            number, level = self._numbers.get(level), self._parents.get(level)
        return None, []

    def span_of(self, run_id: UUID, parent: UUID | None) -> HiddenSpan | None:
        """Return the span that a run belongs to, or None if its texts are as the reader may see them."""
        child, level = run_id, parent
        with self._lock:
            for _ in range(_MAX_DEPTH):
                stop, span = self._at(level, child)
                if stop or level is None:
                    return span
                child, level = level, self._parents.get(level)
        return None

    def _at(self, level: Level, child: UUID) -> tuple[bool, HiddenSpan | None]:
        """Return whether the question ends at a level, and the span that its runs of this number belong to."""
        places, ends = self._places.get(level, ()), self._ends.get(level, ())
        if any(child in place.steps for place in places) or any(child == end.run_id for end in ends):
            return True, None
        number = self._numbers.get(child)
        for place in reversed(places):
            if place.covers(number):
                return True, place.span
        return number is not None and any(end.number < number for end in ends), None

    def _end_after(self, level: Level, of: HiddenSession, number: int | None) -> _End | None:
        ends = (end for end in self._ends.get(level, ()) if end.of == of)
        return next((end for end in ends if number is None or end.number > number), None)

    def _of(self, level: Level, number: int | None, of: HiddenSession) -> list[_Place]:
        """Return the places of a session below one run that a step of some number ends."""
        mine = [place for place in self._places.get(level, ()) if place.span.of == of]
        return [place for place in mine if place.covers(number) or (number is not None and place.upper == number)]

    def _close(self, level: Level, place: _Place, number: int | None = None) -> None:
        """End a span below one run, and forget it above."""
        place.upper, place.closed = number if place.upper is None else place.upper, True
        for at, other in place.span.places[place.span.places.index((level, place)) + 1 :]:
            self._places[at] = [kept for kept in self._places.get(at, ()) if kept is not other]


def _bound(runs: OrderedDict[Level, Any]) -> None:
    while len(runs) > _MAX_RUNS:  # a handler that sees only some runs is not told of their ends
        runs.popitem(last=False)


def _number(tags: Sequence[str] | None) -> int | None:
    found = (_STEP.fullmatch(tag) for tag in tags or ())
    return next((int(match[1]) for match in found if match), None)
