"""Pseudonyms: the same words stand for the same words, none for itself, and only with one key."""

from __future__ import annotations

from lc_guard._placeholders import pseudonyms
from lc_guard._placeholders.pseudonyms import pseudonym

KEY, OTHER = b"k" * 32, b"o" * 32


def test_every_surname_and_number_has_another() -> None:
    for word in (*pseudonyms._SURNAMES, *map(str, range(1000, 10_000))):
        assert pseudonym(KEY, "PERSON", word).casefold() != word.casefold()


def test_what_is_alike_stays_alike() -> None:
    jane, doe = (pseudonym(KEY, "PERSON", word) for word in ("Jane", "Doe"))
    assert pseudonym(KEY, "PERSON", "Jane Doe") == f"{jane} {doe}"
    assert pseudonym(KEY, "PERSON", "DOE,\n jane") == f"{doe} {jane}"
    assert pseudonym(KEY, "PERSON", "Ｊａｎｅ") == jane
    assert pseudonym(KEY, "PHONE_NUMBER", "(415) 555-0134") == pseudonym(KEY, "PHONE_NUMBER", "415.555.0134")
    assert pseudonym(KEY, "ORGANIZATION", "University of Doe").split()[1:] == ["of", doe]
    assert pseudonym(KEY, "DATE_TIME", "May 2016").split()[1] == pseudonym(KEY, "DATE_TIME", "2016")


def test_function_words_alone_are_a_value() -> None:
    assert pseudonym(KEY, "ORGANIZATION", "The The") not in ("the the", "The The")
    assert pseudonym(KEY, "ORGANIZATION", "!?") != ""


def test_only_with_the_key() -> None:
    values = [f"Name{number} Family{number}" for number in range(200)]
    same = sum(pseudonym(KEY, "PERSON", value) == pseudonym(OTHER, "PERSON", value) for value in values)
    assert same == 0


def test_a_lookalike_is_no_value() -> None:
    assert pseudonym(KEY, "LITERAL", "[REDACTED_PERSON_1]") == "[REDACTED_PERSON_1]"
