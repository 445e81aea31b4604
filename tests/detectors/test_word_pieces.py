"""Texts are cut into pieces as `tokenizers` cuts them, which Rampart was trained with."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from lc_guard.demo import transcript
from lc_guard.detectors.rampart_model import FOLDER
from lc_guard.detectors.word_pieces import WordPieces

FILE = FOLDER / "tokenizer.json"
OURS = WordPieces(json.loads(FILE.read_text(encoding="utf-8"))["model"]["vocab"])
THEIRS = Tokenizer.from_file(str(FILE))
THEIRS.no_truncation()
THEIRS.no_padding()
# What is old enough for the tables of both: Latin, Greek, Cyrillic, Hebrew, Arabic, Japanese, Chinese, Hangul, signs.
BLOCKS = (
    (0x0, 0x250), (0x300, 0x370), (0x391, 0x460), (0x5D0, 0x5EB), (0x621, 0x64B), (0x3041, 0x3097), (0x4E00, 0x4E80),
    (0xAC00, 0xAD00), (0xF900, 0xF910), (0x1E00, 0x1F00), (0x2000, 0x2065), (0x20A0, 0x20B0), (0x1F600, 0x1F640),
    (0xE000, 0xE004), (0xFFFD, 0xFFFE),
)  # fmt: skip
TEXTS = st.text(st.sampled_from([chr(code) for first, end in BLOCKS for code in range(first, end)]), max_size=80)


@given(st.one_of(TEXTS, st.text(string.printable, max_size=120)))
def test_pieces_are_those_of_the_library(text: str) -> None:
    theirs = THEIRS.encode(text)
    assert OURS.encode(text) == (theirs.ids, theirs.offsets)


@pytest.mark.parametrize(
    "text",
    [
        transcript(),
        transcript().replace("e", "é"),
        "İstanbul, ẞtraße, ǅ, e\u0301\u0323, \uf900, 한국어 김철수, 👩\u200d👩\u200d👧",
        *("x" * size for size in (99, 100, 101)),
    ],
    ids=lambda text: text[:12],
)
def test_texts_that_are_long_or_strange(text: str) -> None:
    theirs = THEIRS.encode(text)
    assert OURS.encode(text) == (theirs.ids, theirs.offsets)


def test_what_is_typed_is_no_sign_of_the_vocabulary() -> None:
    """The library takes `[MASK]`, wherever it stands, for its own sign of a gap."""
    sign = THEIRS.token_to_id("[MASK]")
    assert sign in THEIRS.encode("Call [MASK] Jane").ids
    assert sign not in OURS.encode("Call [MASK] Jane").ids
    assert OURS.encode("Call [MASK] Jane").offsets[1:-1] == [(0, 4), (5, 6), (6, 10), (10, 11), (12, 16)]
