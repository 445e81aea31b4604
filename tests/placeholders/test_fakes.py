import re

import pytest

from lc_guard import Guard
from lc_guard._placeholders.fakes import _PROVIDERS, FakeMint
from lc_guard._text.words import RUN
from lc_guard.testing import ExactDetector

SHAPES = {
    "EMAIL_ADDRESS": r"[\w.]+@example\.com",
    "PHONE_NUMBER": r"\d{3}-555-01\d\d",
    "US_SSN": r"\d{3}-\d\d-\d{4}",
    "CREDIT_CARD": r"4\d{15}",
    "IP_ADDRESS": r"\d+(\.\d+){3}",
    "PERSON": r"[A-Z][\w'-]+ [A-Z][\w'-]+",
}


@pytest.mark.parametrize("kind", _PROVIDERS)
def test_a_fake_looks_like_its_kind_and_stands_at_word_boundaries(kind):
    mint = FakeMint(set())
    fakes = [mint(kind, index) for index in range(1, 30)]
    for fake in fakes:
        assert re.fullmatch(SHAPES.get(kind, r".+"), fake)
        assert RUN.match(fake)
        assert RUN.search(fake[-1])


def test_kinds_of_llm_guard_share_their_providers():
    assert re.fullmatch(SHAPES["US_SSN"], FakeMint(set())("US_SSN_RE", 1))
    assert re.fullmatch(SHAPES["EMAIL_ADDRESS"], FakeMint(set())("EMAIL_ADDRESS_RE", 1))


@pytest.mark.parametrize("kind", ["US_PASSPORT", "CASE_NUMBER", "X", "LITERAL", "K2", "SOMETHING_NOBODY_KNOWS"])
def test_a_kind_without_a_provider_has_a_made_up_word(kind):
    mint = FakeMint(set())
    words = {mint(kind, index) for index in range(1, 50)}
    assert len(words) == 49
    assert all(re.fullmatch(f"{kind.rsplit('_')[-1].capitalize()}[a-z0-9]{{8}}", word) for word in words)


def test_a_fake_shares_no_word_with_the_texts():
    from faker.providers.person.en_US import Provider

    taken = set(Provider.first_names) - {"Zoe"}
    mint = FakeMint({" ".join(taken).upper()})
    for index in range(1, 20):
        words = {word.casefold() for word in RUN.findall(mint("PERSON", index))}
        assert words.isdisjoint(name.casefold() for name in taken)


def test_a_made_up_word_is_taken_when_faker_has_nothing_left(monkeypatch):
    monkeypatch.setitem(_PROVIDERS, "PERSON", lambda fake: "Ann Lee")
    assert re.fullmatch(r"Person\w{8}", FakeMint({"Lee said"})("PERSON", 1))


def test_a_made_up_word_is_no_word_of_the_texts(monkeypatch):
    tails = iter("b" * 8 + "c" * 8)
    monkeypatch.setattr("lc_guard._placeholders.fakes.secrets.choice", lambda _: next(tails))
    assert FakeMint({"see Xbbbbbbbb"})("X", 1) == "Xcccccccc"


def test_claims_keep_fakes_from_sharing_words():
    mint = FakeMint(set())
    assert mint.claims("Ann Lee") == {"ann lee", "ann", "lee"}
    assert mint.claims("Lee-King Inc") == {"lee-king inc", "lee", "king"}
    assert mint.claims("202-555-0101") == {"202-555-0101"}


def test_fakes_of_a_session_share_no_words():
    names = [f"Nobody Number{n}" for n in range(120)]
    session = Guard(ExactDetector({"PERSON": names}), placeholder_style="fake").session("s")
    text = "; ".join(names)
    hidden = session.anonymize(text)
    # one name may well be of one word twice: Thomas Thomas
    words = [word for fake in session.placeholders() for word in set(fake.split())]
    assert len(session.placeholders()) == 120
    assert len(set(words)) == len(words) > 200
    assert session.deanonymize(hidden) == text


def test_a_session_may_outgrow_fakers_lists():
    names = [f"Nobody{n}" for n in range(2000)]
    session = Guard(ExactDetector({"PERSON": names}), placeholder_style="fake").session("s")
    for at in range(0, 2000, 500):
        text = " ".join(names[at : at + 500])
        assert session.deanonymize(session.anonymize(text)) == text
    assert len(session.placeholders()) == 2000


def test_two_sessions_have_different_fakes():
    guard = Guard(ExactDetector({"PERSON": ["Jane Doe"]}), placeholder_style="fake")
    assert len({guard.session(f"s{n}").anonymize("Jane Doe") for n in range(8)}) > 1
