"""`deanonymize(anonymize(t)) == t`, for any text, any spans, every style, every way to cut the stream."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lc_guard import Entity, Guard
from lc_guard._engine.requests import GuardRequest

from .strategies import STYLE_NAMES, Scripted, pieces, scanned_texts, sizes, spans_in, texts

styles = pytest.mark.parametrize("style", STYLE_NAMES)


@styles
@given(scanned=scanned_texts())
def test_a_text_comes_back_as_typed(style, scanned):
    text, _ = scanned
    session = Guard(Scripted([scanned]), placeholder_style=style).session("s")
    hidden = session.anonymize(text)
    assert session.deanonymize(hidden) == text
    # and once more: what is known now changes nothing
    assert session.anonymize(text) == session.anonymize(text)
    assert session.deanonymize(session.anonymize(text)) == text


@styles
@given(turns=st.lists(scanned_texts(5), min_size=2, max_size=4))
def test_every_turn_of_a_conversation_comes_back(style, turns):
    session = Guard(Scripted(turns), placeholder_style=style).session("s")
    for text, _ in turns:
        assert session.deanonymize(session.anonymize(text)) == text


@styles
@given(turns=st.lists(scanned_texts(5), min_size=2, max_size=4))
def test_texts_of_one_step_come_back(style, turns):
    guard = Guard(Scripted(turns), placeholder_style=style)
    (outcome,) = guard.check([GuardRequest([text for text, _ in turns], "s")])
    session = guard.session("s")
    for text, _ in turns:
        assert session.deanonymize(outcome.hide(text)) == text


@given(turns=st.lists(scanned_texts(5), min_size=2, max_size=4))
def test_what_was_hidden_first_still_comes_back_at_the_end(turns):
    session = Guard(Scripted(turns)).session("s")
    hidden = [session.anonymize(text) for text, _ in turns]
    assert [session.deanonymize(text) for text in hidden] == [text for text, _ in turns]


@styles
@given(scanned=scanned_texts(), lengths=sizes)
def test_a_stream_comes_back_however_it_is_cut(style, scanned, lengths):
    session = Guard(Scripted([scanned]), placeholder_style=style).session("s")
    cut = pieces(session.anonymize(scanned[0]), lengths)
    restorer = session.restorer()
    parts = [restorer.feed(piece) for piece in cut]
    assert "".join(parts) + restorer.flush() == scanned[0]


CANARY = "Zebulon Quartermain"


@styles
@given(data=st.data())
def test_no_found_value_shows(style, data):
    before, after = data.draw(texts(4)), data.draw(texts(4))
    text = f"{before}{CANARY}{after}"
    entities = [
        *data.draw(spans_in(text)),
        Entity("PERSON", len(before), len(before) + len(CANARY)),
    ]
    session = Guard(Scripted([(text, entities)]), placeholder_style=style).session("s")
    hidden = session.anonymize(text)
    assert CANARY not in hidden
    assert session.deanonymize(hidden) == text
    # found again by exact match, where the detector says nothing
    again = f"Of {CANARY}, again."
    if CANARY in session.placeholders().values():
        assert CANARY not in session.anonymize(again)


@styles
@given(data=st.data())
def test_a_placeholder_has_one_value_and_a_value_one_placeholder(style, data):
    turns = data.draw(st.lists(scanned_texts(4), max_size=4))
    session = Guard(Scripted(turns), placeholder_style=style).session("s")
    for text, _ in turns:
        session.anonymize(text)
    held = session.placeholders()
    assert len(set(held.values())) == len(held)
    for placeholder, value in held.items():
        assert session.deanonymize(placeholder) == value


@styles
@given(before=scanned_texts(), after=scanned_texts(), found=spans_in("x" * 60))
def test_what_was_hidden_stays_when_more_arises_beside_it(style, before, after, found):
    """Behind a boundary: hidden text in any other text, with anything found in the whole of it."""
    guard = Guard(Scripted([before]), placeholder_style=style)
    hidden = guard.session("s").anonymize(before[0])
    whole = f"{after[0]}\n|\n{hidden}\n|\n{after[0]}"
    known = guard.session("s").placeholders()
    assume(not any(placeholder in after[0] for placeholder in known))
    # what a detector finds across a fake and on, with no blank between, is a known limit of fakes
    reach = len(after[0]) if style == "fake" else len(whole)
    spans = [Entity(e.kind, e.start, min(e.end, reach), e.score) for e in found if e.start < reach]
    if style == "fake":  # so is one that stands elsewhere and, hidden everywhere, touches a fake
        values = {whole[e.start : e.end] for e in spans}
        assume(not any(fake + value in whole or value + fake in whole for fake in known for value in values))
    second = Guard(Scripted([(whole, spans)]), placeholder_style=style, vault=guard.vault)
    (outcome,) = second.check([GuardRequest([whole], "s", live=True)])
    sent = outcome.hide(whole)
    assert guard.session("s").deanonymize(sent) == f"{after[0]}\n|\n{before[0]}\n|\n{after[0]}"
