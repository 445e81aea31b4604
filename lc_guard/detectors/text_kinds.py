"""What a text is, said by who knows it: findings that are judged as those of code, of a log, of a contract."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import get_args

from lc_guard.detectors.base import Detector, load_models, name_of
from lc_guard.detectors.joined import ask
from lc_guard.detectors.plausible import plausible
from lc_guard.detectors.surroundings import TextKind
from lc_guard.errors import GuardError
from lc_guard.records import Entity

# What a program writes before its message: brackets, a counter, its own name.
_STAMP_BEFORE = re.compile(r"(?:^|\n)[^\w\n]{0,3}(?:[\w.:/@-]{1,60}[^\w\n]{1,3}){0,2}$")


class InText:
    """A source of entities whose findings are judged by what the text is.

    Guesses are asked whether they are plausible in such a text; what has a shape stands, but for the times that begin
    the lines of a log.

    Args:
        detector: A source.
        text: What the texts are.
        guesses: Whether the source guesses, as models do, or knows shapes.

    Raises:
        GuardError: `text` is none of the kinds that are known.
    """

    def __init__(self, detector: Detector, text: TextKind, *, guesses: bool = True) -> None:
        self._detector = detector
        self._kind = known_kind(text)
        self._guesses = guesses
        self.name = name_of(detector)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._detector!r}, text={self._kind!r})"

    def warm_up(self) -> None:
        """Load what the source needs now."""
        load_models(self._detector)

    def detect(self, text: str) -> list[Entity]:
        """Return the entities of a text that stand in a text of this kind, ordered by offset."""
        return self.detect_batch([text])[0]

    def detect_batch(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Do the same for many texts."""
        return [self._standing(text, found) for text, found in zip(texts, ask(self._detector, texts), strict=True)]

    def _standing(self, text: str, found: Sequence[Entity]) -> list[Entity]:
        if self._kind == "logs":
            found = [entity for entity in found if entity.kind != "DATE_TIME" or not _is_stamp(text, entity)]
        return plausible(text, found, self._kind) if self._guesses else list(found)


def known_kind(text: str) -> TextKind:
    """Return what a text is, if that is known here.

    Raises:
        GuardError: It is not.
    """
    kinds: tuple[TextKind, ...] = get_args(TextKind)
    for kind in kinds:
        if text == kind:
            return kind
    raise GuardError(f"text={text!r} is no kind of text: take one of {', '.join(map(repr, kinds))}")


def _is_stamp(text: str, entity: Entity) -> bool:
    """Whether a time stands where a program puts the time of a line."""
    return _STAMP_BEFORE.search(text, max(0, entity.start - 140), entity.start) is not None
