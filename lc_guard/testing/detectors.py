"""What every detector must do, and small detectors for tests."""

# ruff: noqa: S101 - asserts are what a test suite is made of

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from lc_guard.detectors.base import Detector
from lc_guard.records import Entity
from lc_guard.testing.helpers import HOSTILE_TEXTS, check_entities, together


class ExactDetector:
    """Finds exact texts, wherever they stand; for tests of what is around a detector.

    Args:
        values: Kind → the texts to find.
        score: Confidence of each finding, 0…1.
        name: Name shown beside its share of the latency.

    Attributes:
        calls: Number of texts it was given, in batches or not.
    """

    def __init__(
        self, values: Mapping[str, Iterable[str]] | None = None, *, score: float = 1.0, name: str = "exact"
    ) -> None:
        self.name = name
        self.calls = 0
        self._score = score
        self._values = [(kind, value) for kind, texts in (values or {}).items() for value in texts if value]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._values)} values)"

    def detect(self, text: str) -> list[Entity]:
        """Return every occurrence of every value, overlapping ones included."""
        self.calls += 1
        found: list[Entity] = []
        for kind, value in self._values:
            start = text.find(value)
            while start >= 0:
                found.append(Entity(kind, start, start + len(value), self._score))
                start = text.find(value, start + 1)
        return found


class FailingDetector:
    """Raises at every text; for tests of what a failed check leads to.

    Args:
        error: What it raises.
    """

    name = "failing"

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def detect(self, text: str) -> list[Entity]:  # noqa: ARG002 - the protocol's signature
        """Raise.

        Raises:
            BaseException: What it was made with.
        """
        raise self._error


class HangingDetector:
    """Answers no text before it is released; for tests of timeouts.

    Attributes:
        release: Set it to let all waiting calls go on.
        calls: Number of calls begun.
    """

    name = "hanging"

    def __init__(self) -> None:
        self.release = threading.Event()
        self.calls = 0

    def detect(self, text: str) -> list[Entity]:  # noqa: ARG002 - the protocol's signature
        """Wait for `release`, then find nothing."""
        self.calls += 1
        self.release.wait()
        return []


class DetectorContract:
    """What every detector must do. Subclass it and give `make_detector`; `examples` are what it must find.

    Attributes:
        examples: Text → the values in it that must be covered by findings.
    """

    examples: ClassVar[Mapping[str, Sequence[str]]] = {}

    def make_detector(self) -> Detector:
        """Return a detector."""
        raise NotImplementedError("override make_detector() to give a detector")

    def test_follows_the_protocol(self) -> None:
        """It has the method of `Detector`; its name, if it has one, is a text."""
        detector = self.make_detector()
        assert isinstance(detector, Detector), "a detector needs a method detect(text)"
        assert isinstance(getattr(detector, "name", ""), str), "a detector's name must be a text"

    def test_answers_any_text_with_entities_inside_it(self) -> None:
        """Any text has an answer: entities of a named kind inside the text, with a score of 0…1."""
        detector = self.make_detector()
        for text in (*HOSTILE_TEXTS, *self.examples):
            check_entities(detector.detect(text), text)

    def test_finds_the_examples(self) -> None:
        """Every character of every example's values is covered by a finding."""
        detector = self.make_detector()
        for number, (text, values) in enumerate(self.examples.items()):
            covered = {at for entity in detector.detect(text) for at in range(entity.start, entity.end)}
            for value in values:
                start = text.index(value)
                gap = [at for at in range(start, start + len(value)) if at not in covered and not text[at].isspace()]
                assert not gap, f"example {number}: offsets {gap} are not covered"

    def test_gives_the_same_answer_again(self) -> None:
        """The answer depends on the text alone."""
        detector = self.make_detector()
        for text in (*HOSTILE_TEXTS, *self.examples):
            assert _set(detector.detect(text)) == _set(detector.detect(text)), "two answers for one text"

    def test_batch_agrees(self) -> None:
        """``detect_batch``, where there is one, gives what `detect` gives, in order."""
        detector = self.make_detector()
        batch = getattr(detector, "detect_batch", None)
        if batch is None:
            return
        texts = [*HOSTILE_TEXTS, *self.examples]
        answers = list(batch(texts))
        assert len(answers) == len(texts), "detect_batch must give one answer for each text"
        for text, answer in zip(texts, answers, strict=True):
            assert _set(answer) == _set(detector.detect(text)), "detect_batch differs from detect"
        assert list(batch([])) == [], "an empty batch must give an empty answer"

    def test_warms_up_twice(self) -> None:
        """``warm_up``, where there is one, may be called more than once."""
        detector = self.make_detector()
        load = getattr(detector, "warm_up", None)
        if load is not None:
            load()
            load()
        assert _set(detector.detect("")) == set(), "the empty text has entities"

    def test_threads_get_the_same_answer(self) -> None:
        """Several threads may ask at once."""
        detector = self.make_detector()
        texts = [*HOSTILE_TEXTS, *self.examples]
        alone = [_set(detector.detect(text)) for text in texts]
        answers = together(lambda _: [_set(detector.detect(text)) for text in texts])
        assert all(answer == alone for answer in answers), "an answer depends on what other threads do"

    def test_shows_no_text(self) -> None:
        """Its ``repr`` does not hold a text it was given."""
        detector = self.make_detector()
        detector.detect("Zebulon Quartermain")
        assert "Zebulon" not in repr(detector), "a repr holds a text"


def _set(entities: Iterable[Entity]) -> set[Entity]:
    return set(entities)
