r"""Values that stand in a text with backslash escapes: JSON in a tool's result, an error's repr."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import ToolMessage

from lc_guard import Anonymize, Guard
from lc_guard._text.words import all_unescaped, unescaped
from lc_guard.testing import ExactDetector

VALUE = 'Zoë "Zo" O\'Brien'


@given(st.text())
def test_a_reading_maps_every_offset_back(text):
    escaped = json.dumps(text)
    for reading, offsets in unescaped(escaped):
        assert len(offsets) == len(reading) + 1
        assert list(offsets) == sorted(offsets)
        assert offsets[-1] == len(escaped)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_is_read_as_it_was_meant(text):
    if "\\" not in text and "\\" in json.dumps(text):
        assert all_unescaped([json.dumps(text)])[0][1:-1] == text


def test_nothing_is_made_of_a_text_without_escapes():
    assert all_unescaped(["Jane Doe", "", r"C:\Users"]) == []
    # an equals sign before a number or a code is no quoted-printable
    assert all_unescaped(["SSN=219-09-9999,CC=4111,IBAN=DE89370400440532013000", "name=ADAM", "country=DE"]) == []


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("J=FCrgen", "Jürgen"),
        ("Ren=E9 Dupont", "René Dupont"),
        ("=C9tienne", "Étienne"),
        ("Stra=DFe", "Straße"),
        ("ana.reis=40mail.example", "ana.reis@mail.example"),
    ],
)
def test_quoted_printable_is_read(text, reading):
    assert all_unescaped([text]) == [reading]


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("style", ["llm_guard", "fake"])
def test_an_escaped_value_is_hidden_and_comes_back_as_it_stood(layers, ascii_only, style):
    session = Guard(ExactDetector({"PERSON": [VALUE]}), placeholder_style=style).session("s")
    text = VALUE
    for _ in range(layers):
        text = json.dumps({"name": text}, ensure_ascii=ascii_only)
    hidden = session.anonymize(text)
    assert not any(part in hidden for part in ("Zo", "Brien"))
    assert session.deanonymize(hidden) == text


def test_a_value_known_from_elsewhere_is_found_escaped():
    guard = Guard(ExactDetector({"PERSON": [VALUE]}))
    guard.session("s").anonymize(f"I am {VALUE}.")
    blind = Guard([], vault=guard.vault)
    message = ToolMessage(json.dumps({"name": VALUE}), tool_call_id="1")
    sent = Anonymize(blind).invoke([message], {"configurable": {"session_id": "s"}})
    assert "Brien" not in sent[0].content


def test_the_letter_of_an_escape_is_no_part_of_the_word_behind_it():
    session = Guard(ExactDetector({"PERSON": ["Jane Doe"]})).session("s")
    text = json.dumps("He said:\nJane Doe")
    assert json.loads(session.anonymize(text)) == "He said:\n[REDACTED_PERSON_1]"
