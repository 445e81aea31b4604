"""What finds entities but is no detector yet: Presidio recognizers and plain functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from lc_guard._progress import part_done
from lc_guard.detectors.base import Detector, DetectorLike
from lc_guard.errors import DetectorError, GuardError
from lc_guard.records import Entity

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer

    from lc_guard.detectors.presidio import Engine


def adapted(thing: DetectorLike) -> Detector:
    """Return a detector for anything that finds entities.

    Args:
        thing: A detector (given back as it is), a Presidio recognizer, or a callable ``text -> Iterable[Entity]``.

    Raises:
        TypeError: It is none of these.
        GuardError: It is a Presidio recognizer that finds nothing by itself.
    """
    if isinstance(thing, type):
        raise TypeError(f"{thing.__name__} is a class: give an instance of it, {thing.__name__}(...)")
    if callable(getattr(thing, "detect", None)):
        return thing  # type: ignore[return-value]  # just asked
    if callable(getattr(thing, "analyze", None)) and hasattr(thing, "supported_entities"):
        return RecognizerDetector(thing)
    if callable(thing):
        return CallableDetector(thing)
    raise TypeError(
        f"{type(thing).__name__} finds no entities: a detector needs a method detect(text); a Presidio "
        "EntityRecognizer or a callable text -> Iterable[Entity] will do as well"
    )


class CallableDetector:
    """A function as a detector.

    Args:
        function: Gives the entities of a text.
    """

    def __init__(self, function: Callable[[str], Iterable[Entity]]) -> None:
        self._function = function
        self.name = str(getattr(function, "__name__", "") or type(function).__name__)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"

    def detect(self, text: str) -> list[Entity]:
        """Return what the function gives.

        Raises:
            DetectorError: It gave something else than entities.
        """
        answer: Any = self._function(text)
        if not isinstance(answer, Iterable):
            raise DetectorError(f"{self.name} gave {type(answer).__name__} where entities are expected")
        entities = list(answer)
        if not all(isinstance(entity, Entity) for entity in entities):
            raise DetectorError(f"{self.name} gave something else than lc_guard.Entity")
        return entities


# A pattern looks at most a few words around a hit; a model would cut a longer text off silently.
_PATTERN_WINDOW, _MODEL_WINDOW = (4_000, 300), (480, 96)


class RecognizerDetector:
    """A Presidio recognizer as a detector: with its context words, on texts of any length.

    It is asked through Presidio's analyzer, alone, with an NLP engine that only splits words. All that it gives is
    taken, whatever its score: a guard's policy and `TunedDetector` have thresholds.

    Args:
        recognizer: Any ``EntityRecognizer`` that does not read the entities of Presidio's NLP engine.

    Raises:
        GuardError: It reads the entities of Presidio's NLP engine.
    """

    def __init__(self, recognizer: Any) -> None:
        # Asked by name: the class itself would have to be imported, and with it all of Presidio.
        if any(base.__name__ == "SpacyRecognizer" for base in type(recognizer).__mro__):
            raise GuardError(
                f"{type(recognizer).__name__} only passes on what Presidio's NLP engine found, and none runs here: "
                "take lc_guard.detectors.SpacyDetector, or HuggingFaceDetector"
            )
        self._recognizer: EntityRecognizer = recognizer
        self._engine: Engine | None = None
        self.name = str(getattr(recognizer, "name", "") or type(recognizer).__name__)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"

    def warm_up(self) -> None:
        """Build Presidio's analyzer, and with it what the recognizer loads, now."""
        self._built()

    def detect(self, text: str) -> list[Entity]:
        """Return what the recognizer finds in a text, ordered by offset."""
        engine = self._built()
        from presidio_analyzer import PatternRecognizer

        from lc_guard.detectors.spans import clean
        from lc_guard.detectors.windows import readable, shifted, windows

        seen = readable(text)
        size, overlap = _PATTERN_WINDOW if isinstance(self._recognizer, PatternRecognizer) else _MODEL_WINDOW
        found: list[Entity] = []
        for start, end in windows(seen, size=size, overlap=overlap):
            found += shifted(engine.entities(seen[start:end], threshold=0.0), start)
            part_done()
        return clean(text, found)

    def _built(self) -> Engine:
        if self._engine is None:
            from lc_guard.detectors.presidio import recognizer_engine

            self._engine = recognizer_engine(self._recognizer)
        return self._engine
