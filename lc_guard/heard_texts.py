"""The texts of a job while scanners are heard about them: as they came, as they are now, and as they will go on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from lc_guard.records import Entity
from lc_guard.scanners.base import ScanRequest, Turn
from lc_guard.verdicts import Verdict


class HeardTexts:
    """What scanners made of the texts of one job; each text is known by how it came.

    Args:
        thresholds: The policy's lowest scores by kind.

    Attributes:
        unhidden: Whether the detectors failed: what they would have found is not hidden, so nobody outside may see it.
    """

    def __init__(self, thresholds: Mapping[str, float]) -> None:
        self.unhidden = False
        self._thresholds = thresholds
        self._current: dict[str, str] = {}
        self._rewritten: dict[str, str] = {}
        self._replaced: dict[str, str] = {}
        self._entities: dict[str, tuple[Entity, ...]] = {}
        self._looked_at: dict[str, str] = {}
        self._turns: dict[str, str] = {}

    def current(self, text: str) -> str:
        """Give what the rewriting scanners left of a text."""
        return self._current.get(text, text)

    def rewritten(self, text: str) -> str:
        """Give what the rewriting scanners left of a text before anything was hidden in it."""
        return self._rewritten.get(text, text)

    def replaced(self, text: str) -> bool:
        """Tell whether something stands in a text's place."""
        return text in self._replaced

    def final(self, text: str) -> str:
        """Give what goes on instead of a text."""
        return self._replaced.get(text, self.current(text))

    def found(self, text: str) -> tuple[Entity, ...]:
        """Give what scanners want hidden in a text, with offsets in what the rewriting ones left of it."""
        return self._entities.get(text, ())

    @property
    def moved(self) -> bool:
        """Whether a text in which scanners want something hidden was changed beside them."""
        return any(self.current(text) != seen for text, seen in self._looked_at.items())

    def left_of(self, said: Iterable[str]) -> dict[str, str]:
        """Give what the rewriting scanners left of turns that were said before.

        Args:
            said: What was said.

        Returns:
            What was said → what is left of it.
        """
        changed = {text: now for text, now in self._current.items() if now != text}
        left = {text: changed.get(text, text) for text in said}
        for text, now in changed.items():  # a turn of several texts holds each of them
            left.update({turn: kept.replace(text, now) for turn, kept in left.items() if turn not in changed})
        return left

    def take(self, given: Verdict, asked: Iterable[tuple[str, ScanRequest]]) -> None:
        """Take what a verdict makes of the texts.

        Args:
            given: The verdict.
            asked: Each text as it came, with what was asked about it.
        """
        for text, request in asked:
            if request.text in given.redacted:
                self._current[text] = given.redacted[request.text]
            if request.text in given.replaced:
                self._replaced[text] = given.replaced[request.text]
            if request.text in given.entities:
                # the policy's thresholds are for detectors: the check has decided already
                lowest = self._thresholds
                more = [replace(e, score=max(e.score, lowest.get(e.kind, 0.0))) for e in given.entities[request.text]]
                self._entities[text] = (*self.found(text), *more)
                self._looked_at[text] = request.text

    def hide(self, hidden: Mapping[str, str], turns: Mapping[str, str]) -> None:
        """Go on with what is left once values are hidden: as the model will see it.

        Args:
            hidden: Text → hidden text.
            turns: What was said before → the same hidden.
        """
        self._rewritten = dict(self._current)
        self._current.update({**hidden, **self._replaced})
        self._turns = {**turns, **self._current}

    def hidden_turns(self, turns: Sequence[Turn]) -> tuple[Turn, ...]:
        """Give turns as they may be seen outside; those that were not hidden are left out."""
        return tuple(Turn(turn.role, self._turns[turn.text]) for turn in turns if turn.text in self._turns)
