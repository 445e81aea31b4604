"""One person is one person: who is linked, who is not, and that nothing is restored wrong for it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard import Entity, Guard, Policy
from lc_guard._placeholders.aliases import PERSON, People, alias_kind, base_kind, name_words, person_of

NAMES = ("Jane Doe", "JANE DOE", "Ms. Doe", "Doe", "Jane", "John Doe", "John Smith", "Smith", "O'Brien", "Sean O’Brien")


class Names:
    """Finds names, the longest first, each as a person."""

    def detect(self, text):
        pattern = "|".join(map(re.escape, sorted(NAMES, key=len, reverse=True)))
        return [Entity(PERSON, m.start(), m.end(), 0.9) for m in re.finditer(rf"\b(?:{pattern})\b", text)]


def numbers(text: str) -> list[str]:
    return re.findall(r"PERSON_(\d+(?:_ALIAS_\d+)?)", text)


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("JANE DOE", 1), ("Doe", 1), ("Ms. Doe", 1), ("Jane", 1), ("Doe, Jane", 1), ("J. Doe", 1), ("Jane Q. Doe", 1),
        ("O’Brien", 4), ("J. Smith", 2), ("John", None), ("John Doe", None), ("Pat", None), ("", None), ("Dr.", None),
        ("J.", None),
    ],
)  # fmt: skip
def test_a_name_means_one_person_or_nobody(name, person):
    people = People(
        [(PERSON, 1, "Jane Doe"), (PERSON, 2, "John Smith"), (PERSON, 3, "John Adams"), (PERSON, 4, "Patrick O'Brien")]
    )
    assert people.aliases([name], known=()) == ({name: person} if person else {})


def test_kinds_of_aliases():
    assert alias_kind(PERSON, 3) == "PERSON_3_ALIAS"
    assert base_kind("PERSON_3_ALIAS") == PERSON
    assert base_kind("MY_ALIAS") == "MY_ALIAS"
    assert (person_of(PERSON, 3), person_of("PERSON_3_ALIAS", 1), person_of("LOCATION", 1)) == (3, 3, None)
    assert name_words("The Hon. Seán O’Brien-Katz, Jr.") == ("the", "seán", "o'brien-katz")


@pytest.mark.parametrize("style", ["llm_guard", "angle", "square"])
def test_variants_of_one_name_are_linked_and_restored_as_written(style):
    session = Guard(Names(), placeholder_style=style).session("s")
    text = "Doe came. JANE DOE spoke; Jane Doe left. Jane and Doe are one."
    hidden = session.anonymize(text)
    assert [number.split("_")[0] for number in numbers(hidden)] == ["1"] * 5
    assert session.deanonymize(hidden) == text
    later = "Then Doe and Jane came back."
    assert session.deanonymize(session.anonymize(later)) == later


def test_two_johns_stay_apart_and_a_name_of_both_is_nobodys():
    session = Guard(Names()).session("s")
    hidden = session.anonymize("John Doe, Jane Doe and John Smith. Doe? Smith!")
    assert numbers(hidden) == ["1", "2", "3", "4", "3_ALIAS_1"]


def test_a_fuller_name_that_comes_later_is_the_same_person():
    session = Guard(Names()).session("s")
    assert numbers(session.anonymize("O'Brien came.")) == ["1"]
    assert numbers(session.anonymize("It was Sean O’Brien.")) == ["1_ALIAS_1"]


def test_the_alias_without_its_tail_still_means_the_person():
    session = Guard(Names()).session("s")
    session.anonymize("Jane Doe; Doe")
    assert session.deanonymize("[REDACTED_PERSON_1] or [redacted person 1 alias 1]") == "Jane Doe or Doe"
    assert session.deanonymize("[REDACTED_PERSON_1_ALIAS_2]") == "[REDACTED_PERSON_1_ALIAS_2]"


def test_switched_off():
    session = Guard(Names(), link_persons=False).session("s")
    assert numbers(session.anonymize("Jane Doe; Doe; JANE DOE")) == ["1", "2", "3"]


def test_sessions_are_not_linked():
    guard = Guard(Names())
    guard.session("a").anonymize("Jane Doe")
    assert numbers(guard.session("b").anonymize("Doe")) == ["1"]


def test_decisions_and_policy_know_only_the_kind():
    guard = Guard(Names(), policy=Policy(kinds={"PERSON": "redact"}))
    assert guard.session("s").anonymize("Jane Doe, Doe") == "[REDACTED_PERSON], [REDACTED_PERSON]"
    from lc_guard._engine.requests import GuardRequest

    guard = Guard(Names())
    for _ in range(2):
        (outcome,) = guard.check([GuardRequest(("Jane Doe, Doe",), "s")])
        assert dict(outcome.decision.entities) == {"PERSON": 2}


@given(
    st.lists(st.sampled_from([*NAMES, "and", "the", "[REDACTED_PERSON_1_ALIAS_1]", "person 1 alias 1"]), max_size=12)
)
def test_round_trip(words):
    guard = Guard(Names())
    text = " ".join(words)
    for style in ("llm_guard", "square"):
        session = Guard(Names(), placeholder_style=style).session("s")
        assert session.deanonymize(session.anonymize(text)) == text
    assert guard.vault.items("s") == {}


def test_a_crowd_is_not_compared(monkeypatch):
    monkeypatch.setattr("lc_guard._placeholders.aliases._MAX_LINKED", 1)
    session = Guard(Names()).session("s")
    assert numbers(session.anonymize("Jane Doe; John Smith")) == ["1", "2"]
    assert numbers(session.anonymize("Doe")) == ["3"]


def test_a_vault_with_placeholders_of_another_style():
    guard = Guard(Names(), placeholder_style="fake")
    fake = guard.session("s").anonymize("Jane Doe")
    other = Guard(Names(), vault=guard.vault).session("s")
    text = "Jane Doe; Doe; John Smith; Smith"
    hidden = other.anonymize(text)
    assert hidden == f"{fake}; [REDACTED_PERSON_2]; [REDACTED_PERSON_3]; [REDACTED_PERSON_3_ALIAS_1]"
