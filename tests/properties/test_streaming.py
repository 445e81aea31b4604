"""What a restorer gives does not depend on how the text was cut, whatever a model did to the placeholders."""

from __future__ import annotations

import pytest
from hypothesis import example, given

from lc_guard import Guard
from lc_guard.testing import ExactDetector

from .strategies import KINDS, STYLE_NAMES, pieces, sizes, texts

VALUES = {kind: [f"{kind} value {n}" for n in range(1, 12)] for kind in KINDS}


def session_with_values(style):
    session = Guard(ExactDetector(VALUES), placeholder_style=style).session("s")
    session.anonymize("; ".join(value for values in VALUES.values() for value in values))
    return session


SESSIONS = {style: session_with_values(style) for style in STYLE_NAMES}


@pytest.mark.parametrize("style", STYLE_NAMES)
@given(text=texts(12), lengths=sizes)
@example(text="\\\\\\[REDACTED_PERSON_1\\]", lengths=[1])
@example(text="[REDACTED_PERSON_1 's]", lengths=[1])
@example(text="[REDACTED_PERSON_1 _2]", lengths=[1])
@example(text="[redacted_person_1\\", lengths=[1])
@example(text="REDACTED REDACTED_PERSON_1", lengths=[1])
@example(text="[US SSN_1]", lengths=[1])
@example(text="<US__SSN 1> [REDACTED_PERSON__1] [REDACTED_PERSON_1's]", lengths=[1])
@example(text="<us\\_ssn\\_re\\_1 >", lengths=[1])
def test_cutting_changes_nothing(style, text, lengths):
    session = SESSIONS[style]
    whole = session.restorer()
    expected = whole.feed(text) + whole.flush()
    cut = session.restorer()
    got = "".join(map(cut.feed, pieces(text, lengths))) + cut.flush()
    assert (got, cut.restored, cut.unknown) == (expected, whole.restored, whole.unknown)


@given(text=texts(12), lengths=sizes)
def test_cutting_changes_nothing_among_fakes(text, lengths):
    """Whole and half fakes between the pieces of the text."""
    session = SESSIONS["fake"]
    fakes = list(session.placeholders())
    text = "".join(part + fakes[i % len(fakes)][: 3 + i * 5] for i, part in enumerate(text.split(" "))) + fakes[0]
    whole = session.restorer()
    expected = whole.feed(text) + whole.flush()
    cut = session.restorer()
    assert "".join(map(cut.feed, pieces(text, lengths))) + cut.flush() == expected
    assert cut.restored == whole.restored


@pytest.mark.parametrize("style", STYLE_NAMES)
@given(text=texts(12))
def test_what_was_restored_is_not_read_again(style, text):
    """A session without values gives every text back; so do values that are no placeholder's."""
    session = Guard([], placeholder_style=style).session("empty")
    assert session.deanonymize(text) == text


@given(text=texts(12), lengths=sizes)
def test_a_restorer_serves_text_after_text(text, lengths):
    session = SESSIONS["llm_guard"]
    restorer = session.restorer()
    first = "".join(map(restorer.feed, pieces(text, lengths))) + restorer.flush()
    second = "".join(map(restorer.feed, pieces(text, lengths))) + restorer.flush()
    assert first == second == session.deanonymize(text)
