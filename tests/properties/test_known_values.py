"""No text that leaves holds a value of the vault at a word boundary, in any spelling of docs/design/known-values.md."""

from __future__ import annotations

import html
import json
import quopri
import unicodedata
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard import Entity, Guard
from lc_guard._engine.requests import GuardRequest
from lc_guard._text.joined_names import without_marks
from lc_guard._text.known_values import KnownValues
from lc_guard._text.words import foldings

NAMES = ("Zoë Müller-Holm", "Priya Raman", "Seán O'Brien", "Łukasz Żak", "Nguyễn Thị Hằng", "Straße Groß")
OTHERS = (("EMAIL_ADDRESS", "ana.reis@mail.example"), ("ADDRESS", "Große Straße 12"), ("ID_NUMBER", "AB-560231-7"))
NUMBERS = (("PHONE_NUMBER", "(415) 555-0134"), ("IBAN_CODE", "DE89 3704 0044 0532 0130 00"), ("US_SSN", "536-90-4399"))
VALUES = (*(("PERSON", name) for name in NAMES), *OTHERS, *NUMBERS)


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def wrapped(text: str) -> str:
    at = next((i for i in range(1, len(text)) if text[i - 1 : i + 1].isalpha()), None)
    return text if at is None else f"{text[:at]}-\n{text[at:]}"


def entities(text: str) -> str:
    return "".join(f"&#{ord(c)};" if i % 2 else f"&#x{ord(c):X};" for i, c in enumerate(text))


def named(text: str) -> str:
    names = {ord(c): f"&{name};" for name, c in (("euml", "ë"), ("uuml", "ü"), ("szlig", "ß"), ("aacute", "á"))}
    return text.translate(names).replace(" ", "&nbsp;")


def quoted(text: str) -> str:
    return quopri.encodestring(text.encode()).decode()


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "capitals": str.upper,
    "small letters": str.lower,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[1:-1],
    "backslashes": lambda text: "".join(f"\\x{ord(c):02x}" if ord(c) < 256 else f"\\U{ord(c):08x}" for c in text),
    "HTML, escaped": html.escape,
    "HTML, numeric": entities,
    "HTML, named": named,
    "percent": quote,
    "percent, all": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "full width": wide,
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "composed": lambda text: unicodedata.normalize("NFC", text),
    "zero width": "\u200b".join,
    "soft hyphens": lambda text: text[:2] + "\u00ad" + text[2:],
    "two blanks": lambda text: text.replace(" ", " \u00a0"),
    "wrapped": wrapped,
    "quoted-printable": quoted,
    "form": lambda text: f"?q={quote_plus(text)}&x=1",
}
GROUPINGS: dict[str, Callable[[str], str]] = {
    "bare": lambda text: "".join(c for c in text if c.isalnum()),
    "dots": lambda text: ".".join(filter(None, "".join(c if c.isalnum() else " " for c in text).split())),
    "blanks": lambda text: " ".join("".join(c if c.isalnum() else " " for c in text).split()),
}


def words_of(name: str) -> list[str]:
    """Give the words of a name as they stand in the name of a file: small letters of ASCII."""
    return [without_marks(word) for word in name.replace("'", "").replace("-", " ").split()]


JOINED: dict[str, Callable[[list[str]], str]] = {
    "underscores": "_".join,
    "hyphens, capitals": lambda words: "-".join(word.upper() for word in words),
    "points, the last name first": lambda words: ".".join([*words[1:], words[0]]),
    "folders": "/".join,
    "camel case": lambda words: words[0] + "".join(word.capitalize() for word in words[1:]),
    "an initial": lambda words: f"{words[0][0]}_{words[-1]}",
}


class Told:
    """A detector that is told where a value stands, and finds nothing elsewhere."""

    name = "told"

    def __init__(self, first: str, kind: str, value: str) -> None:
        self.first, self.kind, self.value = first, kind, value

    def detect(self, text: str) -> list[Entity]:
        at = text.find(self.value) if text == self.first else -1
        return [] if at < 0 else [Entity(self.kind, at, at + len(self.value), 0.6)]


around = st.sampled_from(
    ("", " ", " x ", "\n", "(", ")", '"', "'", "*", ", ", ":", "/", "😀", "王", "_", "\t", "|", ".")
)

joined_before = st.sampled_from(("", "cv_", "/in/", "@", "#", "(", "7-"))
joined_behind = st.sampled_from(("", "_2024.pdf", "/in", ".txt", ")", "-7", "'s"))


def sent(kind: str, value: str, texts: list[str], style: str, *, turns: bool) -> list[str]:
    """Give what leaves of some texts behind one in which the value was found, in one request or in later ones."""
    first = f"It is {value}!"
    guard = Guard(Told(first, kind, value), placeholder_style=style)  # type: ignore[arg-type]
    requests = [[first], *([text] for text in texts)] if turns else [[first, *texts]]
    outcomes = [guard.check([GuardRequest(own, "s")])[0] for own in requests]
    hidden = [outcome.hide(text) for own, outcome in zip(requests, outcomes, strict=True) for text in own]
    session = guard.session("s")
    assert [session.deanonymize(text) for text in hidden] == [first, *texts]
    assert guard.session_values.exposed("s", hidden) == {}
    return hidden


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(
    value=st.sampled_from(VALUES),
    before=around,
    after=around,
    style=st.sampled_from(("llm_guard", "angle", "square")),
    turns=st.booleans(),
)
def test_no_spelling_of_a_value_leaves(
    spelling: str, value: tuple[str, str], before: str, after: str, style: str, turns: bool
) -> None:
    written = SPELLINGS[spelling](value[1])
    hidden = sent(*value, [f"Then {before}{written}{after} and", written], style, turns=turns)
    plain = written.removeprefix("?q=").removesuffix("&x=1")
    assert all(plain not in text for text in hidden)


@pytest.mark.parametrize("grouping", GROUPINGS)
@given(value=st.sampled_from(NUMBERS), before=around, after=around, turns=st.booleans())
def test_no_grouping_of_a_number_leaves(
    grouping: str, value: tuple[str, str], before: str, after: str, turns: bool
) -> None:
    written = GROUPINGS[grouping](value[1])
    hidden = sent(*value, [f"Then {before}{written}{after} and"], "llm_guard", turns=turns)
    assert all(written not in text for text in hidden)


@pytest.mark.parametrize("joined", JOINED)
@given(name=st.sampled_from(NAMES), before=joined_before, after=joined_behind, turns=st.booleans())
def test_no_name_leaves_inside_a_word(joined: str, name: str, before: str, after: str, turns: bool) -> None:
    words = words_of(name)
    written = JOINED[joined](words)
    hidden = sent("PERSON", name, [f"Then {before}{written}{after} and"], "llm_guard", turns=turns)
    assert all(word not in text.casefold() for text in hidden for word in words)


@given(
    values=st.lists(st.sampled_from(VALUES), min_size=1, max_size=4, unique=True),
    pieces=st.lists(st.tuples(around, st.sampled_from(VALUES), st.sampled_from(sorted(SPELLINGS))), max_size=5),
)
def test_what_was_hidden_holds_nothing_that_the_last_look_finds(
    values: list[tuple[str, str]], pieces: list[tuple[str, tuple[str, str], str]]
) -> None:
    vault_of = Guard(lambda text: [Entity(kind, 0, len(text)) for kind, value in values if value == text])
    session = vault_of.session("s")
    for _, value in values:
        session.anonymize(value)
    text = "".join(f"{before}{SPELLINGS[spelling](value)} " for before, (_, value), spelling in pieces)
    later = Guard([], vault=vault_of.vault)
    hidden = later.session("s").anonymize(text)
    assert later.session("s").deanonymize(hidden) == text
    assert later.session_values.exposed("s", [hidden]) == {}


@given(st.text(st.characters(codec=None)))
def test_a_form_leads_back_to_the_text(text: str) -> None:
    for folded in foldings(text):
        for start in range(len(folded.text)):
            first, last = folded.source(start, start + 1)
            assert 0 <= first < last <= len(text)
        if folded.text:
            assert folded.source(0, len(folded.text))[1] <= len(text)


@given(st.text(st.characters(codec=None), min_size=1, max_size=8), st.text(st.characters(codec=None), max_size=4))
def test_any_value_is_found_where_it_stands_alone(value: str, rest: str) -> None:
    known = KnownValues([(value, "<1>", "K")])
    text = f"{rest} \n{value}"
    assert any(hit.start <= len(rest) + 2 and hit.end == len(text) for hit in known.find(text, for_hiding=True))
