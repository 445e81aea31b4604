"""Who does something, or has something done to them, is somebody."""

from __future__ import annotations

import time

import pytest

from lc_guard.detectors.languages import LanguageGate
from lc_guard.detectors.listed_names import listed
from lc_guard.detectors.name_parts import whole_persons
from lc_guard.detectors.names_of_text import NamesOfText
from lc_guard.detectors.subjects import subjects
from lc_guard.records import Entity


def told(text, *found):
    entities = [Entity("LOCATION", text.index(value), text.index(value) + len(value), 0.9) for value in found]
    return [text[e.start : e.end] for e in subjects(text, entities) if e.kind == "PERSON"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Okonjo-Wright resigned in May.", "Okonjo-Wright"),
        ("It rained. Quillfeather later ran for office.", "Quillfeather"),
        ("“Quillfeather has stated that she agrees.", "Quillfeather"),
        ("The council met until Quillfeather left.", "Quillfeather"),
        ("In 2016, Quillfeather led the party.", "Quillfeather"),
        ("During the election of 1922 Quillfeather held the seat.", "Quillfeather"),
        ("During World War I Quillo opened a school.", "Quillo"),
        ("Quillo was a supporter of silver.", "Quillo"),
        ("Di Quillo teamed up with them.", "Di Quillo"),
        ("De Quillo and others stayed; O'Quillan wrote.", "O'Quillan"),
        ("McQuillan had been arrested twice.", "McQuillan"),
        ("They resigned because Best had never been interviewed.", "Best"),
        ("Bernoulli also wrote it.", "Bernoulli"),
        # words that are names as well do what people do
        ("Park won the seat again.", "Park"),
        ("Black was elected in June.", "Black"),
        ("Since then Powers has never resigned.", "Powers"),
        ("We waited until Black made tea.", "Black"),
        # what only dictionaries have must stand inside a sentence
        ("In 2016, Shorten led the party.", "Shorten"),
        ("After the vote, Handler made a remark.", "Handler"),
    ],
)
def test_who_does_what_people_do_is_somebody(text, name):
    assert told(text) == [name]


@pytest.mark.parametrize(
    "text", ["Quillo's first run was in May.", "It was Quillo’s turn.", "the tomb of Quillo's son"]
)
def test_who_owns_something_is_somebody(text):
    assert told(text) == ["Quillo"]


@pytest.mark.parametrize(
    "text",
    [
        "Quillo's theorem holds. Euler's number is small. It is Alzheimer's disease.",
        "The Quillo's door. Quilloism's end. Friday's game. Canadians's",
        "We deploy Quillo's API to the cluster.",
        "Monday's and Microsoft's meeting was Today's topic.",
    ],
)
def test_but_not_a_law_a_thing_or_a_program(text):
    assert told(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Prices rose and Price was reduced.",
        "Light fell on the table.",
        "Shorten the text. Milestone reached the client.",
        "The Quillo won. A Quillo died, and their Quillo wrote.",
        "The city of Quillo won. We went to Quillo named after him.",
        "Quillo designed by Anna",
        "Quilloism reached its peak.",
        "Quillo was large, Quillo is a town, Quillo has trees.",
        "Price was a problem. In our program Quillo was the server.",
        "In May, Parliament met because Congress decided that Government failed.",
        "While Defendant argued, Mom said that Police left.",
        "If Borrower agreed, and Lender shall notify hereunder.",
        "Friday said nothing. In October rose the price.",
        "PyQuillo wrote it, QuilloDB wrote it.",
        "x = Quillo wrote();",
        "Her widely praised book. More died than before.",
        "Until recently Python has lacked it, but Docker failed.",
        "Hi all, Just wanted to ask.",
        "Canadians voted. Hindus prayed, and Americans won.",
        "The query failed because Quillo returned an error from the database.",
    ],
)
def test_what_does_something_else_is_nobody(text):
    assert told(text) == []


def test_a_sentence_may_be_introduced_by_what_was_found():
    text = "At the fair in New Quillo Abernathy opened a stall."
    assert told(text) == []
    assert told(text, "New Quillo") == ["Abernathy"]


def test_what_was_found_stays_as_it_is():
    text = "Quillo resigned."
    assert subjects(text, [Entity("ORGANIZATION", 0, 6, 0.9)]) == [Entity("ORGANIZATION", 0, 6, 0.9)]


def test_a_model_that_doubts_is_right_where_the_sentence_agrees():
    assert subjects("Quillo resigned.", [Entity("PERSON", 0, 6, 0.2)]) == [Entity("PERSON", 0, 6, 0.6)]
    assert subjects("Quillo resigned.", [Entity("PERSON", 0, 15, 0.2)]) == [Entity("PERSON", 0, 15, 0.2)]
    assert subjects("Quillo is here.", [Entity("PERSON", 0, 6, 0.2)]) == [Entity("PERSON", 0, 6, 0.2)]


def test_a_subject_is_hidden_in_all_of_an_english_text():
    text = "Park won the seat. The opponents of Park were many."
    found = NamesOfText(LanguageGate(["en"]))(text, [])
    assert [text[e.start : e.end] for e in found] == ["Park", "Park"]
    assert NamesOfText(LanguageGate(["de"]))(text, []) == []


def repeats(text, *names):
    entities = [Entity("PERSON", text.index(name), text.index(name) + len(name), 0.9) for name in names]
    return [text[e.start : e.end] for e in NamesOfText(LanguageGate(["en"]))(text, entities)[len(names) :]]


@pytest.mark.parametrize(
    ("text", "found", "whole"),
    [
        ("Mr. Stevens II left", "Stevens", "Stevens II"),
        ("with Segun Quillango, Anna", "Segun", "Segun Quillango"),
        ("with Segun Obi-Quillan in May", "Segun", "Segun Obi-Quillan"),
        ("with Segun Polaroids in May", "Segun", "Segun"),
        ("with Segun Quillango Street", "Segun", "Segun"),
        ("with Segun Americans Monday", "Segun", "Segun"),
        ("with Segun Microsoft", "Segun", "Segun"),
        ("gave Stevens IV fluids", "Stevens", "Stevens"),
        ("I told Stevens I left", "Stevens", "Stevens"),
    ],
)
def test_a_name_goes_on_with_what_no_dictionary_has_and_a_number(text, found, whole):
    start = text.index(found)
    (name,) = whole_persons(text, [Entity("PERSON", start, start + len(found), 0.9)])
    assert text[name.start : name.end] == whole


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("reading Quillard and Jenna Hollis, who", ["Quillard"]),
        ("by Jenna Hollis, Quillard, Vistano and Ezra Quillo.", ["Quillard", "Vistano", "Ezra Quillo"]),
        ("by Jenna Hollis, Quillard, Vistano, and Quillo as well", ["Quillard", "Vistano", "Quillo"]),
        ("Vista Quillard and Jenna Hollis", []),
        ("in March and Jenna Hollis, Monday, Quillard and Vistano.", []),
        ("by Jenna Hollis, Microsoft, Quillard and Vistano.", []),
        ("by Jenna Hollis, Quillard and Vistano Hall", []),
        ("the Kitchen and Jenna Hollis", []),
    ],
)
def test_who_stands_in_a_list_with_somebody_is_one(text, more):
    start = text.index("Jenna Hollis")
    found = listed(text, [Entity("PERSON", start, start + 12, 0.9)])
    assert [text[e.start : e.end] for e in found if e.start != start] == more


@pytest.mark.parametrize(
    "text",
    [
        "Jenna Marbles sings. Marbles was raised here.",
        "Jenna Marbles sings. It is Marbles’s song.",
        "Jenna Marbles sings. We met Marbles.",
        "Jenna Park sings. Park is late.",
        "Jenna Park sings. Park then left.",
        "Jenna Park sings. Park's song is good.",
    ],
)
def test_a_surname_that_is_a_word_is_hidden_where_something_is_said_of_it(text):
    assert repeats(text, " ".join(text.split()[:2])) == [text.split()[1]]


@pytest.mark.parametrize(
    "text",
    [
        "Jenna Park sings. Park the car.",
        "Jenna Park sings. Park is full. We walked in the park.",
        "Jenna Marbles sings. Marbles roll. The marbles were red.",
        "Jenna Marbles sings. MARBLES WERE RED",
        "Podcast Jenna sings. Podcast was made.",
    ],
)
def test_but_not_where_it_may_be_the_word(text):
    assert repeats(text, " ".join(text.split()[:2])) == []


@pytest.mark.parametrize(
    "text",
    ["Quillo wrote " * 20_000, "Quillo " * 40_000, "In a " * 50_000 + "Quillo wrote", "Quillo newly newly " * 15_000],
)
def test_subjects_take_linear_time(text):
    subjects("Quillo wrote", [])
    started = time.thread_time()
    subjects(text, [])
    assert time.thread_time() - started < 3
