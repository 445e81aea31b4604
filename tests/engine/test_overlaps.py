import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard._engine.text_state import resolve_overlaps
from lc_guard._placeholders.grammar import LITERAL
from lc_guard._text.words import cuts_run
from lc_guard.policy import Policy
from lc_guard.records import Entity

TEXT = "Jane Doe of Ulm, Doe Street 5"


def merged(entities, policy=None, text=TEXT):
    found = resolve_overlaps(text, [Entity(*entity) for entity in entities], policy or Policy())
    return [(span.start, span.end, span.kind, span.action) for span in found]


def test_nothing():
    assert merged([]) == []


@pytest.mark.parametrize(
    ("entities", "spans"),
    [
        ([("PERSON", 0, 8)], [(0, 8, "PERSON", "anonymize")]),
        ([("PERSON", 2, 6)], [(0, 8, "PERSON", "anonymize")]),
        ([("PERSON", 4, 9)], [(5, 8, "PERSON", "anonymize")]),
        ([("PERSON", 8, 9), ("PERSON", 3, 3)], []),
        ([("A", 0, 4), ("B", 2, 8)], [(0, 8, "B", "anonymize")]),
        ([("A", 0, 8, 0.1), ("B", 0, 8, 0.9)], [(0, 8, "B", "anonymize")]),
        ([("LONG", 0, 8, 0.1), ("B", 0, 4, 0.9)], [(0, 8, "LONG", "anonymize")]),
        ([("A", 0, 4), ("B", 5, 8)], [(0, 4, "A", "anonymize"), (5, 8, "B", "anonymize")]),
        ([("A", 0, 2), ("B", 2, 4)], [(0, 4, "A", "anonymize")]),
        ([("A", 0, 2), ("B", 3, 4)], [(0, 4, "A", "anonymize")]),
        ([(LITERAL, 0, 12, 0.0), ("B", 5, 8, 0.0)], [(0, 11, "B", "anonymize")]),
        ([("A", 12, 15), ("B", 0, 4)], [(0, 4, "B", "anonymize"), (12, 15, "A", "anonymize")]),
    ],
)
def test_overlaps_are_joined_and_words_kept_whole(entities, spans):
    assert merged(entities) == spans


def test_the_strongest_action_of_a_group_counts():
    policy = Policy(kinds={"SSN": "redact", "CARD": "block"})
    assert merged([("PERSON", 0, 8), ("SSN", 5, 8)], policy) == [(0, 8, "PERSON", "redact")]
    assert merged([("PERSON", 0, 8), ("SSN", 5, 8), ("CARD", 6, 8)], policy) == [(0, 8, "PERSON", "block")]


def test_what_is_shown_joins_nothing():
    policy = Policy(kinds={"CITY": "allow", "ORG": "warn"})
    assert merged([("CITY", 12, 15)], policy) == [(12, 15, "CITY", "allow")]
    assert merged([("ORG", 0, 15), ("PERSON", 0, 8)], policy) == [(0, 8, "PERSON", "anonymize")]
    assert merged([("ORG", 12, 15), ("PERSON", 0, 8)], policy) == [
        (0, 8, "PERSON", "anonymize"),
        (12, 15, "ORG", "warn"),
    ]


def test_a_lookalike_is_hidden_whatever_the_default_is():
    assert merged([(LITERAL, 0, 4, 0.0)], Policy(default="allow")) == [(0, 4, LITERAL, "anonymize")]
    assert merged([(LITERAL, 0, 4, 0.0)], Policy(default="redact")) == [(0, 4, LITERAL, "anonymize")]


def test_a_group_has_the_highest_score():
    (span,) = resolve_overlaps(TEXT, [Entity("A", 0, 8, 0.2), Entity("B", 5, 8, 0.9)], Policy())
    assert (span.kind, span.score) == ("A", 0.9)


@given(
    text=st.text(st.sampled_from("ab1 _'王é\u0301\n-"), max_size=40),
    cuts=st.lists(st.tuples(st.sampled_from(("A", "B", LITERAL)), st.integers(0, 40), st.integers(0, 40)), max_size=8),
)
def test_spans_are_disjoint_cover_all_and_cut_no_word(text, cuts):
    entities = [Entity(k, min(a, b, len(text)), min(max(a, b), len(text))) for k, a, b in cuts]
    spans = resolve_overlaps(text, entities, Policy())
    for before, after in zip(spans, spans[1:], strict=False):  # noqa: RUF007 - both lists are wanted
        assert before.end <= after.start
    for span in spans:
        assert text[span.start : span.end].strip() == text[span.start : span.end] != ""
        assert not cuts_run(text, span.start)
        assert not cuts_run(text, span.end)
    covered = {at for span in spans for at in range(span.start, span.end)}
    for entity in entities:
        assert all(at in covered or text[at].isspace() for at in range(entity.start, entity.end))
