import time

import pytest

from lc_guard._placeholders.grammar import STYLES
from lc_guard._placeholders.restorer import FakeRestoring, NumberedRestoring, StreamRestorer
from lc_guard.errors import UnsupportedInput

LIVE = {"PERSON": 12, "US_SSN": 1}


def numbered(style="llm_guard"):
    grammar = STYLES[style]
    values = {grammar.token(k, i): f"«{k} {i}»" for k, n in LIVE.items() for i in range(1, n + 1)}
    return NumberedRestoring(grammar, lambda tokens: {t: values[t] for t in tokens if t in values}, set(LIVE))


FAKES = {"Maria Lopez": "Jane Doe", "Ann": "Bob", "Ann-Marie King": "王小明", "555-0101": "555-9999"}


def feed(session, *pieces):
    restorer = StreamRestorer(session)
    return [*(restorer.feed(piece) for piece in pieces), restorer.flush()]


@pytest.mark.parametrize(
    ("pieces", "out"),
    [
        (["plain ", "text"], ["plain ", "text", ""]),
        (["Of [REDA", "CTED_PERSON_1", "], and"], ["Of ", "", "«PERSON 1», and", ""]),
        (["[REDACTED_PERSON_1", "2]"], ["", "«PERSON 12»", ""]),
        (["[REDACTED_PERSON_2", "]"], ["", "«PERSON 2»", ""]),
        (["[REDACTED_PERSON_2"], ["", "«PERSON 2»"]),
        (["[REDACTED_PERSON_1"], ["", "[REDACTED_PERSON_1"]),
        (["[", "x"], ["", "[x", ""]),
        (["a\\", "b"], ["a", "\\b", ""]),
        (["", "", ""], ["", "", "", ""]),
        ([], [""]),
        (["[REDACTED_PERSON_3]", "'s"], ["«PERSON 3»", "'s", ""]),
        (["REDACTED_PERSON_3", " said"], ["", "«PERSON 3» said", ""]),
        (["x", "REDACTED_PERSON_3."], ["x", "REDACTED_PERSON_3.", ""]),
        (["[REDACTED_PERSON_77]"], ["[REDACTED_PERSON_77]", ""]),
    ],
)
def test_pieces_of_numbered_placeholders(pieces, out):
    assert feed(numbered(), *pieces) == out


@pytest.mark.parametrize(
    ("pieces", "out"),
    [
        (["Of Ma", "ria Lo", "pez, and"], ["Of ", "", "Jane Doe, and", ""]),
        (["Maria ", "Loud"], ["", "Maria Loud", ""]),
        (["Maria Lopez"], ["", "Jane Doe"]),
        (["Maria Lopezes"], ["Maria Lopezes", ""]),
        (["xMaria Lopez"], ["xMaria Lopez", ""]),
        (["x", "Maria Lopez."], ["x", "Maria Lopez.", ""]),
        (["Ann", "-Marie", " King", "."], ["", "", "", "王小明.", ""]),
        (["Ann", "-Marie", " Queen"], ["", "", "Bob-Marie Queen", ""]),
        (["Annie"], ["Annie", ""]),
        (["Maria Maria Lopez!"], ["Maria Jane Doe!", ""]),
        (["call 555-0101 or 555-01011."], ["call 555-9999 or 555-01011.", ""]),
        (["MARIA LOPEZ maria lopez"], ["MARIA LOPEZ maria lopez", ""]),
    ],
)
def test_pieces_of_fakes(pieces, out):
    assert feed(FakeRestoring(FAKES), *pieces) == out


def test_no_fakes():
    assert feed(FakeRestoring({}), "Maria", " Lopez") == ["Maria", " Lopez", ""]
    assert FakeRestoring({}).find("Maria") == []


def test_counts_and_repr_show_no_text():
    restorer = StreamRestorer(numbered())
    restorer.feed("[REDACTED_PERSON_1] [REDACTED_PERSON_99] [redacted person 2] [REDA")
    assert (restorer.restored, restorer.unknown) == (2, 1)
    assert repr(restorer) == "StreamRestorer(5 characters held, 2 restored)"
    assert restorer.flush() == "[REDA"


@pytest.mark.parametrize("piece", [None, b"bytes", 5, ["text"]])
def test_only_text_is_restored(piece):
    with pytest.raises(UnsupportedInput, match=type(piece).__name__):
        StreamRestorer(numbered()).feed(piece)


ORDINARY = ("The witness said, at 10:30 (a.m.), that nothing happened; Section 1 was read. " * 3).split(" ")


@pytest.mark.parametrize("session", [numbered(), numbered("angle"), numbered("square")], ids=STYLES)
def test_ordinary_text_is_never_held_back(session):
    for word in ORDINARY:
        for piece in (word, word + " "):
            assert StreamRestorer(session).feed(piece) == piece


def test_a_chunk_costs_microseconds():
    restorer = StreamRestorer(numbered())
    pieces = [word + " " for word in ORDINARY] * 100
    best = 1.0
    for _ in range(5):
        started = time.process_time()
        for piece in pieces:
            restorer.feed(piece)
        best = min(best, (time.process_time() - started) / len(pieces))
    assert best < 20e-6  # about 3 µs; the margin is for a busy machine
