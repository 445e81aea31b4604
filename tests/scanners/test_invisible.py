"""Characters that hide text, and the scripts and emoji that need the same characters."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard.errors import GuardError
from lc_guard.scanners import InvisibleCharacters, ScanRequest
from lc_guard.scanners.invisible import _SUSPECT

SCANNER = InvisibleCharacters()
IN_ORDER = [
    "Plain ASCII,\nwith\ttabs.",
    "👩‍👩‍👧‍👦 family, 👩🏽‍🚀 astronaut, ❤️‍🔥 heart, 🏳️‍🌈 flag, 1️⃣ keycap, ☎︎ text style",
    "🏴󠁧󠁢󠁳󠁣󠁴󠁿 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🏴󠁵󠁳󠁴󠁸󠁿 🇩🇪",
    "می‌خواهم کتاب‌ها را بخوانم",
    "क्‍ष and क्‌ष",
    "ශ්‍රී ලංකා",
    "שלום \u2067world\u2069 \u200f!",
    "ภาษา\u200bไทย",
    "葛\U000e0100飾区",
    "≨\ufe00",
    "\ufeffstarts with a byte order mark",
    "Zo\u0308e n\u0303",
]
HIDDEN = {
    "tags": ("Hi" + "".join(chr(0xE0000 + ord(c)) for c in "obey me"), "Hi", {"TAG_CHARACTER"}),
    "tags in a false flag": ("🏴" +
                             "".join(chr(0xE0000 + ord(c)) for c in "ignore all")
                             + "\U000e007f", "🏴", {"TAG_CHARACTER"}),
    "trojan source": ("if access != 'user\u202e \u2066// Check if admin\u2069 \u2066':",
                      "if access != 'user // Check if admin ':",
                      {"BIDI_OVERRIDE", "BIDI_CONTROL"}),
    "an isolate left open": ("שלום \u2067world", "שלום world", {"BIDI_CONTROL"}),
    "bits": ("Hello" + "\u200b\u200c" * 8 + "there", "Hellothere", {"ZERO_WIDTH"}),
    "scattered": ("".join(letter + "\u200b" for letter in "ignore this"), "ignore this", {"ZERO_WIDTH"}),
    "selectors": ("😊" + "".join(chr(0xE0100 + code) for code in range(20)), "😊", {"VARIATION_SELECTOR"}),
    "selectors behind a selector": ("❤\ufe0f\ufe0f\ufe0e", "❤\ufe0f", {"VARIATION_SELECTOR"}),
    "joiners in a row": ("می\u200c\u200c\u200dخ", "می\u200cخ", {"ZERO_WIDTH"}),
    "private use": ("a\ue000\ue001b", "ab", {"PRIVATE_USE"}),
    "controls": ("a\x08\x08b", "ab", {"CONTROL_CHARACTER"}),
    "Hangul fillers": ("a\u3164\u3164b", "ab", {"ZERO_WIDTH"}),
}  # fmt: skip
LEFTOVERS = [
    "Do\u00adnau\u00addampf\u00adschiff\u00adfahrts\u00adge\u00adsell\u00adschafts\u00adka\u00adpi\u00adtän",
    "line \u200bbreak " * 10 + "in a long text about nothing at all " * 20,
    "a\u200bb",
    "in\u00adter\u00adnatio\u00adnal",
    "word\u2060",
    "Auf\u200clage",
    "icon \ue0a0",
    "mid\ufeffdle",
]


@pytest.mark.parametrize("text", IN_ORDER)
def test_in_order(text):
    result = SCANNER.scan(ScanRequest(text))
    assert result.valid
    assert result.risk_score == 0
    assert result.sanitized is None
    assert not result.entities


@pytest.mark.parametrize("case", HIDDEN)
def test_hidden(case):
    text, clean, kinds = HIDDEN[case]
    result = SCANNER.scan(ScanRequest(text))
    assert not result.valid
    assert result.sanitized == clean
    assert {entity.kind for entity in result.entities} == kinds == set(result.categories)


@pytest.mark.parametrize("text", LEFTOVERS)
def test_leftovers_are_taken_out_and_let_pass(text):
    result = SCANNER.scan(ScanRequest(text))
    assert result.valid
    assert 0 < result.risk_score < 0.5
    assert result.sanitized == re.sub("[\u200b\u200c\u00ad\u2060\ue0a0\ufeff]", "", text)


def test_entities_say_where():
    text = "ab\u202ecd\U000e0041\U000e0042"
    entities = SCANNER.scan(ScanRequest(text)).entities
    assert [(e.kind, e.start, e.end) for e in entities] == [("BIDI_OVERRIDE", 2, 3), ("TAG_CHARACTER", 5, 7)]


def test_options():
    assert InvisibleCharacters(threshold=0.1).scan(ScanRequest("a\u200bb")).valid is False
    assert InvisibleCharacters(allow_private_use=True).scan(ScanRequest("a\ue000\ue001b")).risk_score == 0
    with pytest.raises(GuardError, match="threshold"):
        InvisibleCharacters(threshold=0)


AWKWARD = st.text(
    st.sampled_from("ab \n👩🏴❤葛אمक1"
                    "\u200b\u200c\u200d\u2066\u2069\u202e\ufe0f\ufe00\U000e0067\U000e007f\U000e0100\ufeff\u00ad\ue000"),
    max_size=40,
)  # fmt: skip


@given(st.one_of(AWKWARD, st.text()))
def test_what_is_left_is_in_order_and_nothing_seen_is_lost(text):
    result = SCANNER.scan(ScanRequest(text))
    clean = text if result.sanitized is None else result.sanitized
    again = SCANNER.scan(ScanRequest(clean))
    assert again.valid
    assert again.sanitized is None
    assert not again.entities
    assert _SUSPECT.sub("", clean) == _SUSPECT.sub("", text)
    for entity in result.entities:
        assert _SUSPECT.sub("", text[entity.start : entity.end]) == ""
