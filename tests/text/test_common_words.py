"""Names that are words."""

from __future__ import annotations

import pytest

from lc_guard import Guard
from lc_guard._text.common_words import is_ordinary
from lc_guard.testing import ExactDetector


@pytest.mark.parametrize(
    ("text", "ordinary"),
    [
        ("Will you?", True),
        ("He said. Will you?", True),
        ("“Will you?”", True),
        ("line\nMay I", True),
        ("I saw Will there", False),
        ("with May, in court", False),
        ("Ask Hurt.", False),
        ("it may hurt", True),
        ("THEY WILL COME", True),
        ("Jane came", False),
    ],
)
def test_where_a_word_may_be_no_name(text, ordinary):
    word = next(word for word in ("Will", "May", "Hurt", "may", "WILL", "Jane") if word in text)
    start = text.index(word)
    assert is_ordinary(text, start, start + len(word)) is ordinary


def test_a_known_name_that_is_a_word_is_found_where_it_is_one():
    guard = Guard(ExactDetector({"PERSON": ["Will Hurt", "Will is"]}))
    session = guard.session("s")
    assert session.anonymize("Will Hurt came.") == "[REDACTED_PERSON_1] came."
    blind = Guard([], vault=guard.vault).session("s")
    assert blind.anonymize("Then Will Hurt left.") == "Then [REDACTED_PERSON_1] left."

    guard = Guard(ExactDetector({"PERSON": ["Will"]}))
    guard.session("s").anonymize("I am Will.")
    blind = Guard([], vault=guard.vault).session("s")
    assert blind.anonymize("Will you call Will?") == "Will you call [REDACTED_PERSON_1]?"


def test_what_a_detector_sees_is_hidden_all_the_same():
    session = Guard(ExactDetector({"PERSON": ["Will"]})).session("s")
    session.anonymize("I am Will.")
    assert session.anonymize("Will is here") == "[REDACTED_PERSON_1] is here"
