"""Words and topics of a list, however they are written, at their offsets in the original."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard.errors import GuardError
from lc_guard.scanners import BannedTopics, BannedWords, ScanRequest


def found(scanner, text):
    return [text[entity.start : entity.end] for entity in scanner.scan(ScanRequest(text)).entities]


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("Acme and ACME, not acmes.", ["Acme", "ACME"]),
        ("ac\u200bme A\u00adcme \uff21\uff23\uff2d\uff25", ["ac\u200bme", "A\u00adcme", "\uff21\uff23\uff2d\uff25"]),
        ("Straße STRASSE straßen", ["Straße", "STRASSE"]),
        ("red\n  herring, red herring; redherring", ["red\n  herring", "red herring"]),
        ("C++ is not C, c++", ["C++", "c++"]),
        ("(Acme) \"acme\" acme's acme_corp 'acme'", ["Acme", "acme", "acme", "acme", "acme"]),
        ("Cafe\u0301 CAFÉ cafe", ["Cafe\u0301", "CAFÉ"]),
        ("ﬁne", ["ﬁne"]),
        ("nothing here", []),
        ("", []),
    ],
)
def test_whole_words(text, hits):
    scanner = BannedWords(["acme", "Straße", "red herring", "C++", "café", "fine"])
    assert found(scanner, text) == hits
    result = scanner.scan(ScanRequest(text))
    assert result.valid is (not hits)
    assert result.risk_score == float(bool(hits))


def test_anywhere():
    scanner = BannedWords(["acme", "首相"], match="substring", kind="competitor")
    assert found(scanner, "megaacmes 日本の首相は") == ["acme", "首相"]
    assert scanner.scan(ScanRequest("acme")).entities[0].kind == "COMPETITOR"


def test_the_longest_counts():
    assert found(BannedWords(["new", "new york"]), "new york, new") == ["new york", "new"]


def test_case_and_leet():
    assert found(BannedWords(["US"], case_sensitive=True), "tell us about the US") == ["US"]
    assert found(BannedWords(["bad idea", "leet"], leet=True), "b4d 1d3@, |337") == ["b4d 1d3@", "|337"]
    assert found(BannedWords(["bad idea"]), "b4d 1d3a") == []


def test_topics():
    scanner = BannedTopics({"weapons": ["rifle", "ammo", "pistol"], "sports": ["biathlon", "rifle"]}, minimum=2)
    one = scanner.scan(ScanRequest("a rifle, a rifle"))
    assert one.valid
    assert 0 < one.risk_score < 0.5
    both = scanner.scan(ScanRequest("a Rifle with ammo"))
    assert not both.valid
    assert both.risk_score == 1
    assert both.categories["weapons"] == 1
    assert both.categories["sports"] < 0.5
    assert {entity.kind for entity in both.entities} <= {"WEAPONS", "SPORTS"}


def test_the_list_may_be_long():
    words = [f"word{number:05d}x" for number in range(20_000)]
    text = "an ordinary sentence about word00000 and word12345x, again. " * 8
    started = time.process_time()
    long_list = BannedWords(words)
    assert time.process_time() - started < 2
    started = time.process_time()
    for _ in range(100):
        assert len(long_list.scan(ScanRequest(text)).entities) == 8
    assert time.process_time() - started < 1


@given(
    st.lists(st.text(st.sampled_from("abcß é1"), min_size=1, max_size=6), min_size=1, max_size=6), st.text(max_size=60)
)
def test_every_word_is_found_anywhere(words, text):
    words = [word for word in words if word.strip()] or ["a"]
    scanner = BannedWords(words, match="substring")
    for word in words:
        assert not scanner.scan(ScanRequest(f"{text} {word} {text}")).valid


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: BannedWords([]), "no word"),
        (lambda: BannedWords("word"), "one string"),
        (lambda: BannedWords(["a", " "]), "empty"),
        (lambda: BannedWords(["a"], match="regex"), "match"),
        (lambda: BannedWords([1]), "no string"),
        (lambda: BannedTopics({}), "topics"),
        (lambda: BannedTopics({"a": []}), "no word"),
        (lambda: BannedTopics({"a": ["b"]}, minimum=2), "minimum"),
        (lambda: BannedTopics({"a": ["b"]}, minimum=0), "minimum"),
    ],
)
def test_bad_lists(make, told):
    with pytest.raises(GuardError, match=told):
        make()
