import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard._text.words import RUN, cuts_run, strip_blanks, widen


@pytest.mark.parametrize("text", ["Jane", "Renée", "e\u0301a", "Łódź", "Ωmega", "Иван", "Ａ１", "Հայ", "ab12", "ﬁn"])
def test_letters_and_digits_are_one_run(text):
    assert [match.group() for match in RUN.finditer(text)] == [text]
    assert all(cuts_run(text, at) for at in range(1, len(text)))


@pytest.mark.parametrize("text", ["王小明", "محمد", "שרה", "สมชาย", "田中さん", "_", "'", "-", ".", " ", "🦓"])
def test_scripts_without_word_boundaries_have_no_runs(text):
    assert not RUN.search(text)
    assert not any(cuts_run(text, at) for at in range(len(text) + 1))


def test_the_ends_of_a_text_cut_nothing():
    assert not cuts_run("ab", 0)
    assert not cuts_run("ab", 2)
    assert not cuts_run("", 0)


@pytest.mark.parametrize(
    ("text", "span", "widened"),
    [
        ("a Janet b", (2, 6), (2, 7)),
        ("a Janet b", (3, 4), (2, 7)),
        ("Jane_Doe.pdf", (0, 4), (0, 4)),
        ("O'Brien's", (0, 7), (0, 7)),
        ("O'Brien", (3, 5), (2, 7)),
        ("王小明x", (0, 3), (0, 3)),
        ("x王", (0, 1), (0, 1)),
        ("Jane", (0, 4), (0, 4)),
        ("Jane", (2, 2), (0, 4)),
    ],
)
def test_widen(text, span, widened):
    assert widen(text, *span) == widened


def test_widen_keeps_to_its_floor():
    assert widen("Janet", 3, 4, floor=2) == (2, 5)


@given(text=st.text(), data=st.data())
def test_a_widened_span_cuts_no_run_and_holds_the_span(text, data):
    start, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
    wide = widen(text, start, end)
    assert wide[0] <= start
    assert end <= wide[1]
    assert not cuts_run(text, wide[0])
    assert not cuts_run(text, wide[1])


@pytest.mark.parametrize(
    ("text", "span", "stripped"),
    [
        ("  a  ", (0, 5), (2, 3)),
        ("\u00a0\n\ta\u2003", (0, 5), (3, 4)),
        ("   ", (0, 3), (3, 3)),
        ("a", (0, 1), (0, 1)),
        ("a", (1, 1), (1, 1)),
    ],
)
def test_strip_blanks(text, span, stripped):
    assert strip_blanks(text, *span) == stripped
