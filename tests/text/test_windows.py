"""Matches that are searched for in windows are those of a search of the whole."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard._text import words
from lc_guard._text.words import all_matches, first_match

PATTERN = re.compile(r"(?<![a-z])\[a{0,6}b?\](?!c)|ab(?=c{2})")
texts = st.lists(st.sampled_from(["[", "]", "a", "b", "c", "[ab]", "[aaaaaab]", "abcc"]), max_size=60).map("".join)


@pytest.fixture(autouse=True)
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "WINDOW", 16)


@given(texts)
def test_all_of_them(text: str) -> None:
    found = [match.span() for match in all_matches(PATTERN, text, longest=10)]
    assert found == [match.span() for match in PATTERN.finditer(text)]


@given(texts, st.integers(0, 60))
def test_the_first_of_them(text: str, at: int) -> None:
    found, expected = first_match(PATTERN, text, at, longest=10), PATTERN.search(text, at)
    assert (found and found.span()) == (expected and expected.span())
