"""Where entities begin and end, and what stands when sources overlap."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard.detectors.spans import clean, one_kind_per_value, resolve
from lc_guard.records import Entity

TEXTS = st.text(alphabet=st.sampled_from(list("ab AB.,'’-–\n\u00a0 19éİ@:/\u0301")), max_size=60)


@st.composite
def text_and_entities(draw):
    text = draw(TEXTS)
    spans = draw(st.lists(st.tuples(st.integers(0, len(text)), st.integers(0, len(text))), max_size=12))
    kinds = st.sampled_from(["PERSON", "LOCATION", "ORGANIZATION", "PHONE_NUMBER", "EMAIL_ADDRESS", "DATE_TIME"])
    return text, [Entity(draw(kinds), min(s), max(s), draw(st.floats(0, 1))) for s in spans]


def value_of(text, kind, start, end):
    return [text[e.start : e.end] for e in clean(text, [Entity(kind, start, end)])]


def place_in(text, value):
    return Entity("LOCATION", text.index(value), text.index(value) + len(value))


def test_possessive_and_punctuation_are_not_part_of_a_name():
    text = "Then O'Brien's car, (Jane), and Smith. came"
    assert value_of(text, "PERSON", 5, 14) == ["O'Brien"]
    assert value_of(text, "PERSON", 20, 26) == ["Jane"]
    assert value_of(text, "PERSON", 32, 38) == ["Smith"]


def test_typographic_possessive():
    assert value_of("O’Brien’s", "PERSON", 0, 9) == ["O’Brien"]


def test_half_a_value_is_extended_to_the_whole():
    assert value_of("call 415-555-0100 now", "PHONE_NUMBER", 5, 8) == ["415-555-0100"]
    assert value_of("Sean Taylor-Sabori left", "PERSON", 0, 11) == ["Sean Taylor-Sabori"]
    assert value_of("by O'Brien", "PERSON", 5, 10) == ["O'Brien"]
    assert value_of("Whomersley", "PERSON", 0, 3) == ["Whomersley"]
    assert value_of("London-based", "LOCATION", 0, 6) == ["London"]


def test_title_is_not_part_of_a_name():
    assert value_of("Mr. Kalkan", "PERSON", 0, 10) == ["Kalkan"]


def test_initial_keeps_its_full_stop_inside():
    assert value_of("C. Whomersley.", "PERSON", 0, 14) == ["C. Whomersley"]


def test_offsets_outside_the_text_are_cut_and_empty_ones_dropped():
    assert clean("Jane", [Entity("PERSON", -3, 99), Entity("PERSON", 4, 9), Entity("PERSON", 2, 2)]) == [
        Entity("PERSON", 0, 4)
    ]


def test_two_people_stay_two_when_a_source_says_so():
    text = "John Smith Mary Jones"
    one, two = [Entity("PERSON", 0, 21)], [Entity("PERSON", 0, 10), Entity("PERSON", 11, 21)]
    assert [text[e.start : e.end] for e in resolve(text, [one, two])] == ["John Smith", "Mary Jones"]


def test_overlapping_halves_leave_no_rest():
    text = "4111-1111-1111-1111"
    halves = [Entity("CREDIT_CARD", 0, 12), Entity("US_SSN", 8, 19)]
    assert resolve(text, [halves]) == [Entity("CREDIT_CARD", 0, 19)]


def test_a_shape_stands_against_a_guess_and_the_rest_of_the_guess_stays():
    text = "Jane Doe 415-555-0100"
    answer = resolve(text, [[Entity("PHONE_NUMBER", 9, 21)], [Entity("PERSON", 0, 21)]])
    assert [(e.kind, text[e.start : e.end]) for e in answer] == [
        ("PERSON", "Jane Doe"),
        ("PHONE_NUMBER", "415-555-0100"),
    ]


def test_the_more_trusted_source_names_the_kind():
    text = "36110/97"
    answer = resolve(text, [[Entity("CASE_NUMBER", 0, 8)], [Entity("PHONE_NUMBER", 0, 8)]])
    assert [e.kind for e in answer] == ["CASE_NUMBER"]


@pytest.mark.parametrize(
    "place",
    [
        "Bosnia and Herzegovina",
        "Trinidad and Tobago",
        "United Kingdom of Great Britain and Northern Ireland",
        "Newfoundland & Labrador",
        "Turks and the Caicos",
    ],
)
def test_a_place_whose_name_has_an_and_is_one(place):
    text = f"She left {place} in May."
    left, right = re.split(" (?:and|&) (?:the )?", place)
    found = resolve(text, [[place_in(text, left), place_in(text, right)]])
    assert [text[e.start : e.end] for e in found] == [place]


@pytest.mark.parametrize("text", ["Paris and London", "Britain and Ireland", "Bosnia, and Croatia and Herzegovina"])
def test_places_that_an_and_joins_stay_two(text):
    first, last = text.split(" and ")[0].rstrip(","), text.split(" and ")[-1]
    found = resolve(text, [[place_in(text, first), place_in(text, last)]])
    assert [text[e.start : e.end] for e in found] == [first, last]


@pytest.mark.parametrize(
    ("text", "names", "kinds"),
    [
        ("Osei, Kwabena", ["Osei", "Kwabena"], ["PERSON", "PERSON"]),
        ("Patient: Osei, Kwabena", ["Osei", "Kwabena"], ["PERSON", "PERSON"]),
        ("Leontyne Ballard", ["Leontyne", "Ballard"], ["PERSON"]),
        ("Smith & Wesson", ["Smith", "Wesson"], ["ORGANIZATION"]),
        ("Maria Lopez Foundation", ["Maria Lopez"], ["ORGANIZATION"]),
    ],
)
def test_what_holds_nothing_but_persons_is_no_organization(text, names, kinds):
    persons = [Entity("PERSON", text.index(name), text.index(name) + len(name)) for name in names]
    found = resolve(text, [[Entity("ORGANIZATION", 0, len(text))], persons])
    assert [e.kind for e in found] == kinds
    assert all(any(e.start <= p.start and p.end <= e.end for e in found) for p in persons)


def test_equal_values_get_one_kind():
    text = "Kalkan and Kalkan"
    answer = one_kind_per_value(text, [Entity("ORGANIZATION", 0, 6), Entity("PERSON", 11, 17)])
    assert {e.kind for e in answer} == {"PERSON"}


@given(text_and_entities())
def test_resolved_entities_never_overlap_and_lie_inside(sample):
    text, entities = sample
    answer = resolve(text, [clean(text, entities)])
    assert all(0 <= e.start < e.end <= len(text) for e in answer)
    assert all(a.end <= b.start for a, b in pairwise(answer))


@given(text_and_entities())
def test_every_letter_that_a_source_hides_stays_hidden(sample):
    text, entities = sample
    cleaned = clean(text, [e for e in entities if e.kind in {"PHONE_NUMBER", "EMAIL_ADDRESS"}])
    hidden = {i for e in resolve(text, [cleaned]) for i in range(e.start, e.end)}
    assert {i for e in cleaned for i in range(e.start, e.end)} <= hidden


@given(text_and_entities())
def test_cleaning_twice_changes_nothing_more(sample):
    text, entities = sample
    once = clean(text, entities)
    assert {(e.start, e.end) for e in clean(text, once)} <= {(e.start, e.end) for e in once} or once == []
