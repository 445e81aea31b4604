"""Values in the columns of a table, told by their heads."""

from __future__ import annotations

import random

import pytest

from lc_guard import Guard
from lc_guard.detectors import default_detector
from lc_guard.detectors.columns import ColumnDetector

_RANDOM = random.Random(7)
VALUES = {
    "phone": ("PHONE_NUMBER", lambda: "".join(_RANDOM.choices("23456789", k=10))),
    "Contact Phone": ("PHONE_NUMBER", lambda: f"0{_RANDOM.randint(10**8, 10**9 - 1)}"),
    "workPhone": ("PHONE_NUMBER", lambda: f"({_RANDOM.randint(200, 999)}) 555 {_RANDOM.randint(1000, 9999)}"),
    "SSN": ("US_SSN", lambda: f"{_RANDOM.randint(10**8, 10**9 - 1)}"),
    "dob": ("DATE_OF_BIRTH", lambda: f"{_RANDOM.randint(1930, 2010)}0{_RANDOM.randint(1, 9)}{_RANDOM.randint(10, 28)}"),
    "policy_no": ("ID_NUMBER", lambda: f"P{_RANDOM.randint(10**5, 10**6)}"),
    "patient_id": ("MEDICAL_RECORD_NUMBER", lambda: str(_RANDOM.randint(10**4, 10**6))),
    "last name": ("PERSON", lambda: _RANDOM.choice(["Oduya", "Łęcka", "de la Cruz", "O'Hara", "nguyen"])),
    "username": ("USERNAME", lambda: _RANDOM.choice(["fztumm", "dark_knight_92", "ines.c"])),
}  # fmt: skip
OTHER = {"city": "Bern", "amount": "12.50", "status": "open", "note": "-"}


def table(separator: str, heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, *rows]
    if separator == "|":
        lines.insert(1, ["---"] * len(heads))
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return "\n".join(separator.join(line) for line in lines)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("head", VALUES)
@pytest.mark.parametrize("other", OTHER)
def test_every_row_of_a_column_is_found(separator: str, head: str, other: str) -> None:
    kind, make = VALUES[head]
    values = [make() for _ in range(5)]
    text = (
        "Here is the list:\n"
        + table(separator, [other, head], [[OTHER[other], value] for value in values])
        + "\nWhat now?"
    )
    found = [(e.kind, text[e.start : e.end]) for e in ColumnDetector().detect(text)]
    assert found == [(kind, value) for value in values]


def test_quoted_cells_hold_separators() -> None:
    text = 'id,"customer name",phone\n1,"Doe, Jane",4155550182\n2,"Roe, Max",NULL'
    assert [text[e.start : e.end] for e in ColumnDetector().detect(text)] == ["Doe, Jane", "4155550182", "Roe, Max"]


@pytest.mark.parametrize(
    "text",
    [
        "name,price\nRed Chair,120\nGreen Table,340",
        "Call me, or write\nmy phone, please",
        "phone\n4155550182",  # one cell is no table
        "phone,city\n\n4155550182,Bern",  # a blank line ends it
        "phone,status\nunknown,open\n-,open",
        "id;amount\n4155550182;4155550182",
        "",
    ],
)
def test_nothing_else_is(text: str) -> None:
    assert ColumnDetector().detect(text) == []


def test_a_plain_name_is_a_persons_beside_what_persons_have() -> None:
    text = "name,phone\nAmina Yusuf,4155550182\nPiotr Zielinski,4155550190\nWho is second?"
    hidden = Guard(default_detector(ner=False)).session("s").anonymize(text)
    assert hidden == (
        "name,phone\n[REDACTED_PERSON_1],[REDACTED_PHONE_NUMBER_1]\n[REDACTED_PERSON_2],[REDACTED_PHONE_NUMBER_2]\n"
        "Who is second?"
    )
