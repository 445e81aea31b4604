"""The default detector on made-up data of nine countries: shapes must be found, whatever stands around them."""

import dataclasses

import pytest

from lc_guard.detectors import default_detector
from lc_guard.evals import evaluate

from .synthetic import LOCALES, TARGETED, sentences

NUMBER = 2_000


class Answers:
    """A detector that has been asked already, all texts in one pass."""

    name = "default"

    def __init__(self, detector, texts):
        self._answers = dict(zip(texts, detector.detect_batch(texts), strict=True))

    def detect(self, text):
        return self._answers[text]


@pytest.fixture(scope="module")
def cases():
    return list(sentences(NUMBER, seed=3))


@pytest.fixture(scope="module")
def measured(cases):
    answers = Answers(default_detector(), [case.text for case in cases])
    # only what has a shape counts as a miss: the worst of them are shown, by value, when the test fails
    shaped = [
        dataclasses.replace(case, mentions=tuple(m for m in case.mentions if m.label in TARGETED)) for case in cases
    ]
    return evaluate(shaped, [answers], worst=50, show_values=True).detectors[0]


def test_the_same_seed_gives_the_same_sentences():
    assert list(sentences(40, seed=5)) == list(sentences(40, seed=5))
    assert list(sentences(40, seed=5)) != list(sentences(40, seed=6))


def test_offsets_are_exact(cases):
    assert len(cases) == NUMBER
    assert {case.id[:5] for case in cases} == set(LOCALES)
    for case in cases:
        for mention in case.mentions:
            value = case.text[mention.start : mention.end]
            assert value == value.strip()
            assert "@" in value or mention.label != "EMAIL_ADDRESS"
            assert not case.text[mention.end : mention.end + 1].isalnum()


@pytest.mark.parametrize("kind", TARGETED)
def test_recall(measured, kind):
    row = measured.kind(kind)
    missed = [miss.value for miss in measured.worst if miss.label == kind]
    assert row.mentions >= 200
    assert row.fully_masked >= 0.98, missed
    assert row.overlap_recall >= 0.98, missed
