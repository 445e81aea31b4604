"""Stretches that a sanitized text leaves out: never too short, and in time that grows with the text."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard.scanners.differences import FILLERS, removed

TEXTS = st.text(alphabet="ab [*R]\u200bé\n", max_size=60)


def gone(text, sanitized):
    return [text[start:end] for start, end in removed(text, sanitized)]


def cut(text, spans):
    left, at = [], 0
    for start, end in spans:
        assert at <= start < end <= len(text)
        left.append(text[at:start])
        at = end
    return "".join([*left, text[at:]])


def sound(text, sanitized):
    """Whether spans are in order and in range, and what is left stands in the sanitized text, in the same order."""
    there = iter(sanitized)
    assert all(char in there for char in cut(text, removed(text, sanitized)))


@given(TEXTS, TEXTS)
def test_what_is_left_stands_in_the_sanitized_text(text, sanitized):
    sound(text, sanitized)


@given(
    st.lists(st.tuples(st.text("abc \n", max_size=40), st.text("xyz.@", min_size=1, max_size=12)), max_size=8),
    st.text("abc \n", max_size=40),
    st.sampled_from([*FILLERS, "", "<PERSON>", "xy..yz"]),
)
def test_what_was_replaced_is_in_the_stretches(pieces, last, filler):
    text = "".join(kept + hidden for kept, hidden in pieces) + last
    sanitized = "".join(kept + filler for kept, _ in pieces) + last
    sound(text, sanitized)
    if filler in FILLERS:
        left = cut(text, removed(text, sanitized))
        assert not set(left) & set("xyz.@")


@pytest.mark.parametrize(
    ("text", "sanitized", "expected"),
    [
        ("same", "same", []),
        ("", "", []),
        ("", "more", []),
        ("all of it", "", ["all of it"]),
        ("we hate botnets and Botnet x", "we hate [REDACTED]s and [REDACTED] x", ["botnet", "Botnet"]),
        ("Acme and Bolt are rivals", "[REDACTED] and [REDACTED] are rivals", ["Acme", "Bolt"]),
        ("he\u200bllo wo\u202erld", "hello world", ["\u200b", "\u202e"]),
        ("\u200b\u200b", "", ["\u200b\u200b"]),
        ("to jane@x.com or bob@y.org.", "to <EMAIL_ADDRESS> or <EMAIL_ADDRESS>.", ["jane@x.com", "bob@y.org"]),
        ("key=AKIA1234 and pw=x9", "key=****** and pw=******", ["AKIA1234", "x9"]),
        ("key=AKIA1234;", "key=AK..34;", ["IA12"]),
        ("one two three", "one two", [" three"]),
    ],
)
def test_what_is_gone(text, sanitized, expected):
    assert gone(text, sanitized) == expected


MEGABYTE = 1_000_000
LINE, SHORT = "a line with the word key=SECRET and more\n", "a line with the word key=****** and more\n"
LARGE = {
    "a secret in each line": (LINE * 25_000, SHORT * 25_000),
    "a filler in each word": ("a b " * (MEGABYTE // 4), "a [REDACTED] " * (MEGABYTE // 4)),
    "each second character": ("a\u200b" * (MEGABYTE // 2), "a" * (MEGABYTE // 2)),
    "nothing alike": ("a" * MEGABYTE, "b" * MEGABYTE),
    "noise": tuple("".join(random.Random(seed).choices("abc ", k=MEGABYTE)) for seed in (1, 2)),
    "one letter": ("x" * MEGABYTE, "x" * (MEGABYTE // 2) + "y" + "x" * (MEGABYTE // 2 - 9)),
    "long fillers": (("word %d " * 100 + "secret ") * 1_000, ("word %d " * 100 + "z" * 500 + " ") * 1_000),
    "cut off": ("so far " * (MEGABYTE // 7), "so far " * 1_000),
}


@pytest.mark.parametrize("pair", LARGE.values(), ids=LARGE)
def test_a_megabyte_takes_seconds_at_most(pair):
    text, sanitized = pair
    began = time.process_time()
    removed(text, sanitized)
    assert time.process_time() - began < 6
