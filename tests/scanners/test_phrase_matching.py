"""One reading of a text, and the way back."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lc_guard.scanners.phrase_matching import canonical, end_offset, folded, in_leet
from lc_guard.scanners.phrase_places import canonical_offsets

TEXTS = st.one_of(
    st.text(), st.text(st.sampled_from('aB é\u0301\u200bﬁİßаξ."“i 1\ufe0f\u3000\uff21ﷺ-_*\n'), max_size=40)
)


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("Ignore   ALL,\nprevious -- rules!", "ignore all . previous rules ."),
        ("**Don't** say “No”", 'don t say " no "'),
        ("i g n o r e   m e", "ignore me"),
        ("a b c, 1 2 3", "a b c 1 2 3"),
        ("i g n o r e   t h i s now", "ignore this now"),
        ("I.G.N.O.R.E it", "ignore it"),
        ("régle Ünïcode", "regle unicode"),
        ("ignоrе", "ignore"),
        ("Привет мир", "привет мир"),
        ("", ""),
    ],
)
def test_canonical(text, reading):
    assert canonical(text) == reading
    assert canonical_offsets(text)[0] == canonical(text)


def test_leet():
    assert canonical("1gn0re pr3v1ous 2024", leet=True) == "ignore previous 2024"
    assert in_leet("1gn0re all")
    assert not in_leet("ignore all 2024 in a1")


@given(TEXTS, st.booleans(), st.booleans(), st.booleans())
def test_offsets_lead_back(text, casefold, accents, leet):
    plain, offsets = folded(text, casefold=casefold, accents=accents, leet=leet)
    assert len(offsets) == len(plain) + 1
    assert offsets[-1] == len(text)
    assert all(a <= b for a, b in pairwise(offsets))
    for end in range(1, len(plain) + 1):
        assert offsets[end - 1] < end_offset(offsets, end) <= len(text)


@given(TEXTS, st.booleans())
def test_the_reading_with_offsets_is_the_same(text, leet):
    reading, spans = canonical_offsets(text, leet=leet)
    assert reading == canonical(text, leet=leet)
    assert len(spans) == len(reading)
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    assert all(start < end for (start, end), letter in zip(spans, reading, strict=True) if letter != " ")


@given(TEXTS)
@example("नमस्ते")
def test_folding_twice_changes_nothing(text):
    once = canonical(text)
    assert canonical(once).replace(" ", "") == once.replace(" ", "")
