"""Metrics against counts made by hand, and what must hold of any texts."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard.evals import Counts, Mention
from lc_guard.evals.coverage import Coverage, exposed, touches
from lc_guard.evals.labels import KindMap
from lc_guard.evals.scoring import Characters
from lc_guard.evals.tally import Tally
from lc_guard.records import Entity

# 0         1         2         3         4
# 0123456789012345678901234567890123456789012345678
TEXT = "Jane Doe met Bob in Rome on Monday, file 17/2019."
MENTIONS = [
    Mention(0, 8, "PERSON", "DIRECT"),
    Mention(13, 16, "PER", "QUASI"),
    Mention(20, 24, "GPE", "QUASI"),
    Mention(28, 34, "DATETIME", "NO_MASK"),
    Mention(41, 48, "CODE", "DIRECT"),
]
FINDINGS = [
    Entity("PERSON", 0, 4),  # half of Jane Doe
    Entity("PERSON", 20, 24),  # Rome, but it is a place
    Entity("PERSON", 9, 12),  # "met"
    Entity("DATE_TIME", 28, 34),
    Entity("CASE_NUMBER", 41, 48),
]


def tally(*texts, labels=None):
    made = Tally(KindMap(labels))
    made.leaks = [leak for text in texts for leak in made.add(*text)]
    return made


def rows(made):
    return {row.name: row for row in made.by_kind()}


def test_counts_made_by_hand():
    made = tally((TEXT, MENTIONS, FINDINGS))
    by_kind = rows(made)
    # of the persons Jane is touched and half masked, Bob is missed; two of the three findings are wrong
    assert by_kind["PERSON"] == Counts(
        "PERSON", mentions=2, findings=3, matched=0, found=1, right=1, masked=0, touching=2
    )
    # Rome is masked, though as a person
    assert by_kind["LOCATION"] == Counts("LOCATION", mentions=1, masked=1)
    assert by_kind["DATE_TIME"] == Counts("DATE_TIME", 1, 1, 1, 1, 1, 1, 1)
    # a case number is a CODE
    assert by_kind["CODE"] == Counts("CODE", 1, 1, 1, 1, 1, 1, 1)
    assert set(by_kind) == {"PERSON", "LOCATION", "DATE_TIME", "CODE"}
    assert made.overall() == Counts("ALL", mentions=5, findings=5, matched=3, found=4, right=4, masked=3, touching=4)
    assert made.by_identifier_type() == (
        Counts("DIRECT", mentions=2, findings=2, matched=1, found=2, right=2, masked=1, touching=2),
        Counts("QUASI", mentions=2, findings=1, matched=0, found=0, right=0, masked=1, touching=1),
        Counts("NO_MASK", 1, 1, 1, 1, 1, 1, 1),
    )
    # marked: JaneDoe Bob Rome Monday 172019; covered: Jane Rome met Monday 172019
    assert made.characters() == Characters(marked=26, covered=23, both=20, text=sum(map(str.isalnum, TEXT)))
    assert [(leak.mention.start, leak.characters) for leak in made.leaks] == [(0, 3), (13, 3)]


def test_shares_made_by_hand():
    row = Counts("PERSON", mentions=4, findings=5, matched=2, found=3, right=4, masked=1)
    assert (row.precision, row.recall) == (2 / 5, 2 / 4)
    assert row.f1 == pytest.approx(2 * 0.4 * 0.5 / 0.9)
    assert (row.overlap_precision, row.overlap_recall) == (4 / 5, 3 / 4)
    assert row.overlap_f1 == pytest.approx(2 * 0.8 * 0.75 / 1.55)
    assert row.fully_masked == 1 / 4
    assert row.as_dict()["f1"] == 0.4444
    assert (Characters(26, 23, 20).precision, Characters(26, 23, 20).recall) == (20 / 23, 20 / 26)


def test_a_share_of_nothing_is_none():
    empty = Counts("X")
    shares = (empty.precision, empty.recall, empty.f1, empty.overlap_f1, empty.fully_masked, Characters().recall)
    assert set(shares) == {None}
    assert Counts("X", findings=3).overlap_f1 == 0.0
    assert Counts("X", mentions=3).overlap_f1 == 0.0


def test_punctuation_need_not_be_masked_and_nothing_else_may_stay():
    text = "(O'Brien-Smith), 12/34"
    assert (
        tally((text, [Mention(0, 16, "PER")], [Entity("X", 1, 2), Entity("Y", 3, 8), Entity("Z", 9, 14)]))
        .overall()
        .masked
    )
    assert not tally((text, [Mention(0, 16, "PER")], [Entity("X", 1, 13)])).overall().masked
    assert not tally((text, [Mention(17, 22, "CODE")], [Entity("CODE", 17, 21)])).overall().masked


def test_marks_on_letters_count_and_emoji_when_there_is_nothing_else():
    nikhil = "निखिल"  # the last vowel signs are no letters
    assert exposed(nikhil, 0, len(nikhil), Coverage([(0, 4)]))[0] == 1
    assert exposed("e\u0301", 0, 2, Coverage([(0, 1)]))[0] == 1
    assert exposed("Jo 🙂", 0, 4, Coverage([(0, 2)]))[0] == 0
    assert exposed("🙂 🙃", 0, 3, Coverage([(0, 1)])) == (1, 2)
    assert exposed("   ", 0, 3, Coverage()) == (3, 3)
    assert not touches("Jo, Al", 0, 3, Coverage([(2, 4)]))


def test_a_title_is_no_part_of_a_name():
    text = "Dear Mr. Justice Stone"
    made = tally((text, [Mention(5, 22, "PER", "DIRECT")], [Entity("PERSON", 17, 22)]))
    assert made.overall() == Counts("ALL", 1, 1, 1, 1, 1, 1, 1)
    assert made.by_identifier_type()[0].matched == 1
    assert tally((text, [Mention(17, 22, "PER")], [Entity("PERSON", 9, 22)])).overall().matched == 1
    # but a name that is a title alone stays one
    assert tally(("Mr", [Mention(0, 2, "PER")], [])).overall().mentions == 1
    assert tally((text, [Mention(5, 22, "ORG")], [Entity("ORG", 17, 22)])).overall().matched == 0


def test_a_broader_kind_takes_findings_only_where_the_data_have_no_narrower_one():
    text = "Card 4111111111111111, file 17/2019, born 1 May 1970"
    card, file = Entity("CREDIT_CARD", 5, 21), Entity("CASE_NUMBER", 28, 35)
    only_codes = rows(tally((text, [Mention(28, 35, "CODE")], [card, file])))
    assert only_codes["CODE"] == Counts("CODE", 1, 2, 1, 1, 1, 1, 1)
    both = rows(tally((text, [Mention(5, 21, "CREDIT_CARD"), Mention(28, 35, "CODE")], [card, file])))
    assert both["CREDIT_CARD"] == Counts("CREDIT_CARD", 1, 1, 1, 1, 1, 1, 1)
    assert both["CODE"] == Counts("CODE", 1, 1, 1, 1, 1, 1, 1)
    neither = rows(tally((text, [], [card, file])))
    assert set(neither) == {"CREDIT_CARD", "CASE_NUMBER"}
    assert rows(tally((text, [Mention(42, 52, "DATE")], [Entity("DATE_OF_BIRTH", 42, 52)])))["DATE_TIME"].matched == 1


def test_findings_and_mentions_pair_one_to_one():
    twice = [Entity("CASE_NUMBER", 41, 48), Entity("ID_NUMBER", 41, 48), Entity("CASE_NUMBER", 41, 48, 0.2)]
    code = rows(tally((TEXT, [Mention(41, 48, "CODE")], twice)))["CODE"]
    assert (code.mentions, code.findings, code.matched) == (1, 2, 1)
    annotators = [Mention(0, 8, "PER", "NO_MASK"), Mention(0, 8, "PERSON", "DIRECT"), Mention(0, 8, "PER")]
    made = tally((TEXT, annotators, []))
    assert made.overall().mentions == 1
    assert [row.name for row in made.by_identifier_type()] == ["DIRECT"]


def test_labels_are_mapped():
    kind = KindMap({"patient name": "person", "ORG": "LOCATION"})
    named = {
        "PER": "PERSON",
        "Loc": "LOCATION",
        "gpe": "LOCATION",
        "DATETIME": "DATE_TIME",
        "DEM": "NRP",
        "EMAIL_ADDRESS_RE": "EMAIL_ADDRESS",
        "US_SSN_RE": "US_SSN",
        "URL_RE": "URL",
        "Patient Name": "PERSON",
        "ORG": "LOCATION",
        "something else": "SOMETHING_ELSE",
        "<script>": "SCRIPT",
    }
    assert {label: kind(label) for label in named} == named


LABELS = st.sampled_from(["PERSON", "ORG", "CODE", "US_SSN", "DATE"])
TYPES = st.sampled_from(["DIRECT", "QUASI", "NO_MASK", None])
TEXTS = st.text(st.sampled_from("aZ9é\u0301 .🙂\n"), min_size=1, max_size=30)


@st.composite
def spans(draw, text):
    start = draw(st.integers(0, len(text) - 1))
    return start, draw(st.integers(start + 1, len(text)))


@st.composite
def cases(draw):
    text = draw(TEXTS)
    mentions = [
        Mention(*span, draw(LABELS), draw(TYPES)) for span in draw(st.lists(spans(text), min_size=1, max_size=6))
    ]
    findings = [Entity(draw(LABELS), *span) for span in draw(st.lists(spans(text), max_size=6))]
    return text, mentions, findings


def all_rows(made):
    return [made.overall(), *made.by_identifier_type(), *made.by_kind()]


@given(st.lists(cases(), min_size=1, max_size=4))
def test_perfect_findings_give_ones(texts):
    made = tally(*((text, marks, [Entity(m.label, m.start, m.end) for m in marks]) for text, marks, _ in texts))
    for row in (made.overall(), *made.by_kind()):
        assert (row.precision, row.recall, row.f1, row.overlap_f1, row.fully_masked) == (1, 1, 1, 1, 1)
    for row in made.by_identifier_type():
        assert row.recall == row.overlap_recall == row.overlap_precision == row.fully_masked == 1
    assert not made.leaks
    assert made.characters().precision in (1, None)
    assert made.characters().recall in (1, None)


@given(st.lists(cases(), min_size=1, max_size=4))
def test_no_findings_give_zeros(texts):
    made = tally(*((text, marks, []) for text, marks, _ in texts))
    for row in all_rows(made):
        assert row.recall == row.f1 == row.overlap_recall == row.overlap_f1 == row.fully_masked == 0
        assert row.precision is None
    assert len(made.leaks) >= made.overall().mentions


@given(st.lists(cases(), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_order_changes_nothing(texts, chance: random.Random):
    shuffled = [
        (text, chance.sample(marks, len(marks)), chance.sample(found, len(found)))
        for text, marks, found in chance.sample(texts, len(texts))
    ]
    one, other = tally(*texts), tally(*shuffled)
    assert all_rows(one) == all_rows(other)
    assert one.characters() == other.characters()


@given(st.lists(cases(), min_size=1, max_size=4))
def test_what_holds_of_any_row(texts):
    made = tally(*texts)
    for row in all_rows(made):
        assert 0 <= row.matched <= row.found <= row.mentions
        assert row.matched <= row.right <= row.findings
        assert row.matched <= row.masked <= row.mentions
        assert row.f1 is not None
    found = sum(row.findings for row in made.by_kind())
    assert found >= made.overall().findings
    characters = made.characters()
    assert characters.both <= min(characters.marked, characters.covered)


@given(cases(), cases())
def test_texts_add_up(one, other):
    both = rows(tally(one, other))
    for name, row in rows(tally(one)).items():
        more = rows(tally(other)).get(name, Counts(name))
        if name in both:
            assert both[name].mentions == row.mentions + more.mentions
            assert both[name].masked == row.masked + more.masked


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=8), st.integers(0, 30), st.integers(1, 10))
def test_coverage_is_the_union(pairs, start, length):
    covered = {place for begin, size in pairs for place in range(begin, begin + size)}
    coverage = Coverage((begin, begin + size) for begin, size in pairs)
    assert {place for part in coverage for place in range(*part)} == covered
    within = {place for part in coverage.within(start, start + length) for place in range(*part)}
    assert within == covered & set(range(start, start + length))
