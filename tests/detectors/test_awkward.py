"""Bad input: endless lines, digits only, mixed scripts, emoji and joiners inside names, sources that contradict."""

import random
import time
from itertools import pairwise

import pytest

from lc_guard import Entity
from lc_guard.detectors import JoinedDetector
from lc_guard.detectors.given_names import GivenNameDetector
from lc_guard.detectors.spans import _Breaks, clean, extend


def masked(detector, text, value):
    covered = {i for e in detector.detect(text) for i in range(e.start, e.end)}
    start = text.index(value)
    return all(i in covered for i in range(start, start + len(value)) if text[i].isalnum())


@pytest.mark.parametrize(
    ("line", "size"),
    [("a.", 100_000), ("1", 100_000), ("Zm9v", 100_000), ("🙂", 100_000), ("\u200d", 100_000), ("1.", 20_000),
     ("-1", 20_000), ("a@", 20_000), ("é", 20_000), ("张", 20_000)],
)  # fmt: skip
def test_a_line_without_an_end_takes_seconds(joined, line, size):
    text = (line * size)[:size]
    began = time.process_time()
    answer = joined.detect(text)
    assert time.process_time() - began < 20
    assert all(0 <= a.start < a.end <= b.start for a, b in pairwise(answer))


def test_a_name_before_and_behind_encoded_data(joined):
    text = "Jane Doe sent " + "Zm9vYmFy" * 5_000 + " to John Smith."
    assert masked(joined, text, "Jane Doe")
    assert masked(joined, text, "John Smith")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("The witness Jane\u200d Doe came.", "Jane"),
        ("My name is Jane 👩\u200d⚖️ Doe and I am here.", "Jane"),
        ("Ask Mr José\u0301 Garci\u0301a about it.", "García".replace("í", "i\u0301")),
        ("我叫 Jane Doe 很高兴", "Jane Doe"),
        ("Меня зовут Jane Doe.", "Jane Doe"),
        ("call +1 415-555-0100📞 now", "415-555-0100"),
        ("mail:jane@example.com📧", "jane@example.com"),
        ("Mr\u00a0Müller‑Lüdenscheidt left", "Müller‑Lüdenscheidt"),
        ("\u202bJane Doe\u202c lives here.", "Jane Doe"),
        ("the clerk, Jane\r\nDoe, rose.", "Jane\r\nDoe"),
        ("Dr. Sean O’Hara testified.", "Sean O’Hara"),
    ],
)
def test_mixed_scripts_and_joiners(joined, text, value):
    assert masked(joined, text, value)


def test_digits_only(joined):
    for text in ("4111111111111111", "078-05-1120", "0" * 5_000, "1 2 3 4 5", "٣٤٥٦٧٨٩"):
        assert all(e.end <= len(text) for e in joined.detect(text))
    assert masked(joined, "4111111111111111", "4111111111111111")


def test_two_sources_that_contradict_each_other_on_every_span():
    text = "Alpha Beta Gamma Delta 12-34 Epsilon Zeta " * 20
    chance = random.Random(5)
    kinds = ["PERSON", "LOCATION", "ORGANIZATION", "DATE_TIME", "CASE_NUMBER", "US_SSN", "CUSTOM"]

    class Arbitrary:
        def __init__(self):
            starts = [chance.randrange(len(text) - 30) for _ in range(120)]
            self.entities = [
                Entity(chance.choice(kinds), s, s + chance.randint(1, 30), chance.random()) for s in starts
            ]

        def detect(self, _):
            return self.entities

    one, two = Arbitrary(), Arbitrary()
    answer = JoinedDetector([one, two]).detect(text)
    assert all(a.end <= b.start for a, b in pairwise(answer))
    covered = {i for e in answer for i in range(e.start, e.end)}
    wanted = {i for e in (*one.entities, *two.entities) for i in range(e.start, e.end) if text[i].isdigit()}
    assert wanted <= covered


def test_breaks_found_in_one_pass_are_those_found_by_walking():
    chance = random.Random(1)
    for _ in range(500):
        text = "".join(chance.choice("aA1-.' /é\u0301_张") for _ in range(chance.randint(1, 40)))
        start = chance.randrange(len(text))
        end = chance.randint(start + 1, len(text))
        assert _Breaks(text).extend(start, end) == extend(text, start, end)


def test_a_guess_is_cut_where_a_paragraph_ends():
    text = "said Jane\n\nDoe rose"
    assert [(e.start, e.end) for e in clean(text, [Entity("PERSON", 5, 14)])] == [(5, 9), (11, 14)]


@pytest.mark.parametrize(
    ("text", "value"), [("versus O'Brien", "O'Brien"), ("Wei Zhang will", "Wei Zhang"), ("Will", "Will")]
)
def test_small_words_are_no_part_of_a_name(text, value):
    (entity,) = clean(text, [Entity("PERSON", 0, len(text))])
    assert text[entity.start : entity.end] == value


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Harriet, is the fax in the file?", ["Harriet"]),
        ("HARRIET SAID SO", ["HARRIET SAID"]),
        ("so Karen Okonkwo-Reid left", ["Karen Okonkwo-Reid"]),
        ("see Karen Monday", ["Karen"]),
        ("Thanks, Karen", ["Karen"]),
        ("Mark the May bill, Grant said; sue Will.", []),
        ("karen", []),
        ("Pay Lerato Dlamini. Then ask Thabo Nkosi about it", ["Lerato Dlamini", "Thabo Nkosi"]),
        ("Use Docker Compose. Restart Apache Kafka. Buy Fresh Bread now. He met Zavrexo Qualle", []),
        ("Harrietta and mail Karen@example.com", []),
    ],
)
def test_given_names_that_stand_alone(text, values):
    assert [text[e.start : e.end] for e in GivenNameDetector().detect(text)] == values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("in Cook County, docket 19-OP-70254.", "19-OP-70254"),
        ("docket: 2:19-cv-00123", "2:19-cv-00123"),
        ("on file as 21-CR-00456-JAB there", "21-CR-00456-JAB"),
        ("thanks, my name is anna and the Court knows", "anna"),
    ],
)
def test_more_that_transcripts_need(joined, text, value):
    assert masked(joined, text, value)


@pytest.mark.parametrize("text", ["Social Security is a program.", "She opened a Social Security account."])
def test_what_is_no_body_is_left(joined, text):
    assert not [e for e in joined.detect(text) if e.kind == "ORGANIZATION"]


def test_what_is_left_of_a_guess_stands_by_itself(joined, found):
    assert found(joined, "Your card 4111 1111 1111 1111 was used") == [("CREDIT_CARD", "4111 1111 1111 1111")]
