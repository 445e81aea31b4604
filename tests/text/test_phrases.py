import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard._text.known_values import KnownValues, Match, PhraseIndex
from lc_guard._text.words import cuts_run


class Phrases(PhraseIndex):
    """The phrases of some values, found as values are."""

    def __init__(self, entries):
        self.values = {value: (placeholder, kind) for value, placeholder, kind in entries}
        super().__init__(self.values)
        for value in self.values:
            self.add(value)

    def find(self, text):
        return [Match(*span, *self.values[text[slice(*span)]]) for span in super().find(text)]


BOTH = (Phrases, KnownValues)


def known(*values, index=KnownValues):
    return index((value, f"<{number}>", f"KIND{number}") for number, value in enumerate(values))


def found(values, text, index=KnownValues, **kwargs):
    return [text[hit.start : hit.end] for hit in known(*values, index=index).find(text, **kwargs)]


@pytest.mark.parametrize(
    ("values", "text", "hits"),
    [
        (["Jane"], "Jane met Janet, xJane and Jane's Jane_Doe.pdf", ["Jane", "Jane", "Jane"]),
        (["Jane Doe", "Jane"], "Jane Doe, Jane", ["Jane Doe", "Jane"]),
        (["Jane Doe"], "Jane\nDoe Jane-Doe Jane_Doe Doe Jane", []),
        (["O'Brien"], "O'Brien's O'Brienx", ["O'Brien"]),
        (["+1 202 555"], "call +1 202 555, +1 202 5555", ["+1 202 555"]),
        (["(a)", "a"], "(a) a", ["(a)", "a"]),
        (["王小明"], "王小明先生", ["王小明"]),
        (["王 Bob"], "老王 Bob 王 Bobby", ["王 Bob"]),
        (["'"], "it's", ["'"]),
        (["\x00", "\ud800"], "a\x00b\ud800", ["\x00", "\ud800"]),
        (["a b c", "b"], "a b", ["b"]),
        (["aaaa", "aa"], "aa", ["aa"]),
        (["Jane Doe", "Doe Smith"], "Jane Doe Smith", ["Jane Doe"]),
        ([], "Jane", []),
        (["Jane"], "", []),
    ],
)
@pytest.mark.parametrize("index", BOTH)
def test_values_are_found_at_word_boundaries(values, text, hits, index):
    assert found(values, text, index) == hits


def test_phrases_are_found_only_as_they_are():
    assert found(["Jane Doe"], "jane doe JANE DOE Jane Doe", Phrases) == ["Jane Doe"]


@pytest.mark.parametrize(
    ("values", "text", "hits"),
    [
        (["Jane"], "xJanex", ["Jane"]),
        (["Jane"], "XJaneJane", ["Jane", "Jane"]),
        (["ab"], "xabx ab", ["ab"]),
        (["Jane", "Janet"], "xJanet", ["Janet"]),
        (["Jane Doe", "Jan"], "xJan", ["Jan"]),
    ],
)
def test_values_are_found_inside_words(values, text, hits):
    assert found(values, text, inside_words=True) == hits


def test_values_added_later_are_found_inside_words():
    index = known("Jane")
    assert len(index.find("xJanex", inside_words=True)) == 1
    index.add("Bertha", "<9>", "PERSON")
    assert [hit.placeholder for hit in index.find("xJanexBerthax", inside_words=True)] == ["<0>", "<9>"]


def test_a_value_shorter_than_another_with_the_same_head_ends_where_it_ends():
    """A slice is cut short at the end of the text: it must not pass for the shorter value with a longer end."""
    for inside_words in (False, True):
        for values in (["Jane Doe", "Jane"], ["王小明", "王"], ["Janet Doe", "Janet"]):
            text = f"x {values[1]}"
            hits = known(*values).find(text, inside_words=inside_words)
            assert [(hit.start, hit.end) for hit in hits] == [(2, len(text))]


def test_what_is_known_of_a_value():
    index = known("Jane", "Bob")
    assert len(index) == 2
    assert index.get("Jane") == "<0>"
    assert index.get("jane") is None
    assert index.kind("Bob") == "KIND1"
    assert index.kinds() == {"KIND0", "KIND1"}
    assert list(index.entries()) == [("Jane", "<0>", "KIND0"), ("Bob", "<1>", "KIND1")]
    assert repr(index) == "KnownValues(2 values)"


def test_a_value_filed_again_has_its_new_placeholder_and_the_empty_text_is_no_value():
    index = known("Jane")
    index.add("Jane", "<new>", "OTHER")
    index.add("", "<nothing>", "OTHER")
    assert len(index) == 1
    assert [hit.placeholder for hit in index.find("Jane")] == ["<new>"]


_parts = st.sampled_from(("Jane", "Doe", "a", " ", "'", "王", "\u0301", "-", "_", "1", "\ud800"))
_texts = st.lists(_parts, min_size=1, max_size=4).map("".join)


@pytest.mark.parametrize("index", BOTH)
@given(values=st.lists(_texts, min_size=1, max_size=5), text=st.lists(_parts, max_size=10).map("".join))
def test_every_hit_is_a_value_and_every_whole_value_is_covered(index, values, text):
    hits = known(*values, index=index).find(text)
    ends = [0]
    for hit in hits:
        assert text[hit.start : hit.end] in values or hit.how == "spelling"
        assert not cuts_run(text, hit.start)
        assert not cuts_run(text, hit.end)
        assert hit.start >= ends[-1]
        ends.append(hit.end)
    for value in values:
        start = text.find(value)
        while start >= 0:
            end = start + len(value)
            if not cuts_run(text, start) and not cuts_run(text, end):
                assert any(hit.start < end and start < hit.end for hit in hits), "a whole value was not found"
            start = text.find(value, start + 1)


@pytest.mark.parametrize("kind", BOTH)
def test_finding_costs_the_same_with_few_values_and_with_many(kind):
    text = "nothing known stands here, word after word. " * 500

    def cost(size):
        index = kind((f"Name{n} Surname{n}", f"<{n}>", "PERSON") for n in range(size))
        times = []
        for _ in range(3):
            started = time.process_time()
            index.find(text)
            times.append(time.process_time() - started)
        return min(times)

    assert cost(50_000) < 5 * cost(10) + 0.01
