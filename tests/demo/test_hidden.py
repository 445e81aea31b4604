"""Counting what a model's input hides, and the transcript's own list."""

from __future__ import annotations

import re

import pytest

from lc_guard.demo.hidden import Piece, align, count_hidden, gold, transcript

TEXT = "Ann Lee, 12 Oak\nRoad. Ann said: Lee-Ann."
PLACEHOLDERS = {"[P_1]": "Ann Lee", "[L_1]": "12 Oak\nRoad", "[P_2]": "Ann"}
SEEN = "[P_1], [L_1]. [P_2] said: Lee-Ann."


def test_alignment_covers_the_original():
    pieces = align(TEXT, SEEN, PLACEHOLDERS)
    assert [TEXT[p.start : p.end] for p in pieces if p.placeholder] == ["Ann Lee", "12 Oak\nRoad", "Ann"]
    assert "".join(TEXT[p.start : p.end] for p in pieces) == TEXT


@pytest.mark.parametrize("seen", [SEEN + "!", SEEN[:-1], "", SEEN.replace("said", "says")])
def test_what_does_not_fit_has_no_alignment(seen):
    assert align(TEXT, seen, PLACEHOLDERS) == []


def test_without_placeholders_all_is_seen():
    assert align("Ann", "Ann", {}) == [Piece(0, 3, None)]
    assert align("", "", {}) == []


def test_a_value_counts_only_when_hidden_in_all_places():
    hidden = count_hidden(
        TEXT, align(TEXT, SEEN, PLACEHOLDERS), {"PERSON": ["Ann Lee", "Ann"], "PLACE": ["12 Oak\nRoad"]}
    )
    assert hidden.values == {"PERSON": (1, 2), "PLACE": (1, 1)}  # the Ann of Lee-Ann is left
    assert hidden.mentions == (3, 4)
    assert hidden.total == (2, 3)


def test_a_value_that_is_hidden_in_part_is_not_hidden():
    pieces = align("Mr. Ann Lee", "Mr. Ann [P_1]", {"[P_1]": "Lee"})
    assert count_hidden("Mr. Ann Lee", pieces, {"PERSON": ["Ann Lee"]}).total == (0, 1)


def test_no_alignment_hides_nothing():
    assert count_hidden("Ann Lee", [], {"PERSON": ["Ann Lee"]}).mentions == (0, 1)


def test_the_list_is_of_the_transcript():
    text, known = transcript(), gold()
    values = [value for values in known.values() for value in values]
    assert len(values) == len(set(values))
    for value in values:
        assert re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text), value
    assert all(places for places in known.values())
    # Nothing is left that looks like a name, an address or a number of somebody.
    for value in sorted(values, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "", text)
    assert re.search(r"@|\d{3}|\b(Mr|Ms|Dr|MR|MS|Detective)\.? [A-Z]\w", text.replace("500 feet", "")) is None
