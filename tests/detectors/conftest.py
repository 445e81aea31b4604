"""Detectors with loaded models, shared by all tests of a session."""

import pytest

from lc_guard.detectors import PatternDetector, RampartDetector, SpacyDetector, default_detector


@pytest.fixture(scope="session")
def joined():
    detector = default_detector()
    detector.warm_up()
    return detector


@pytest.fixture(scope="session")
def patterns():
    return PatternDetector()


@pytest.fixture(scope="session")
def spacy_ner():
    return SpacyDetector()


@pytest.fixture(scope="session")
def rampart():
    return RampartDetector()


@pytest.fixture(scope="session")
def found():
    """Give what a detector finds as (kind, value) pairs."""

    def pairs(detector, text):
        return [(entity.kind, text[entity.start : entity.end]) for entity in detector.detect(text)]

    return pairs
