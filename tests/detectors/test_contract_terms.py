"""Terms that a contract defines stay, and who is called like one does not."""

import pytest

from lc_guard import Entity
from lc_guard.detectors.contract_terms import Terms, is_contract
from lc_guard.detectors.plausible import plausible
from lc_guard.detectors.repeated_names import repeated


def stands(text, value, kind="PERSON", of="any", at=0):
    start = text.index(value, at)
    return bool(plausible(text, [Entity(kind, start, start + len(value), 0.85)], of))


WORDS = ["Person", "Lien", "Bond", "Price", "Mark", "Royalty"]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize(
    "text",
    [
        "Borrower shall not grant any other @ on the Collateral.",
        "Tenant shall pay for another @ and each @ hereunder.",
        "The applicable @ remains in force under this Agreement.",
        "The fee of the @ within ten days is due under this Agreement.",
    ],
)
def test_a_word_that_a_contract_counts_is_a_term(text, word):
    assert not stands(text.replace("@", word), word)


@pytest.mark.parametrize("word", ["Person", "Lien", "Bond", "Price", "Royalty"])
@pytest.mark.parametrize(
    "text",
    [
        '"@" means what is set forth in Section 2.',
        "“@” is defined in Section 2; all other terms in Section 3.",
        'Lenders hold a charge (the "@") under this Agreement.',
        "Landlord's @ attaches to the Goods under this Agreement.",
        "The Lenders' @ in the Collateral continues under this Agreement.",
        "4.1 @ of the Shares. Seller shall deliver them.",
        "Nothing here limits any @. The Permitted @ is a charge under this Agreement.",
    ],
)
def test_a_word_that_a_contract_defines_or_somebody_has_is_a_term(text, word):
    text = text.replace("@", word)
    assert not stands(text, word, at=max(0, text.rindex(word)))


@pytest.mark.parametrize("name", ["Lien", "Price", "Bond", "Person", "Grace", "Mark"])
@pytest.mark.parametrize(
    "text",
    [
        "@ shall pay each Installment under this Agreement.",
        "Consultant @ shall not grant any @.",
        "Dear @, any @ on the Vessel was released under this Agreement.",
        "Tenant's @ Maes and any other Tenant agree to this Agreement.",
        "Notices shall be sent to @, General Counsel.",
        "To Mrs @: no @ was filed under this Agreement.",
    ],
)
def test_but_who_bears_it_is_found(text, name):
    assert stands(text.replace("@", name), name)


@pytest.mark.parametrize("name", ["Grace", "Price", "Mark", "Lien", "Bond"])
@pytest.mark.parametrize(
    "text",
    [
        "Landlord agrees that @ shall have the Option.",
        "provided that @ may not sell the Shares",
        "We invited both @ and another guest.",
        "Either @ or the other party may attend.",
        "The car which @ has bought",
    ],
)
def test_a_word_that_may_go_on_with_a_name_is_no_article(text, name):
    assert stands(text.replace("@", name), name)


def test_that_is_an_article_where_a_contract_speaks_of_somebody():
    assert not stands("guarantees issued by that Price under this Agreement", "Price")
    assert not stands("provided that Person is liable under this Agreement", "Person")


@pytest.mark.parametrize("name", ["Price", "Person", "Bond"])
def test_where_a_full_name_has_the_word_only_an_article_makes_a_term_of_it(name):
    text = f'Anna {name} signed. "{name}" means the Buyer. Tenant\'s {name} and the {name} under this Agreement.'
    found = [Entity("PERSON", 0, 5 + len(name), 0.9)]
    places = [text.index(name, at) for at in (10 + len(name), text.index("Tenant"), text.index("the " + name))]
    found += [Entity("PERSON", start, start + len(name), 0.8) for start in places]
    assert plausible(text, found) == found[:-1]
    assert [entity.start for entity in repeated(text, found[:1])] == [0, places[1]]


@pytest.mark.parametrize(
    "phrase",
    ["Repayment Period", "Default Rate", "Equipment Advance", "Funding Date", "Restricted Person", "Strike Price"],
)
@pytest.mark.parametrize("kind", ["ORGANIZATION", "LOCATION"])
@pytest.mark.parametrize(
    "text", ["interest at the @ shall accrue", "each @, and its terms, under this Agreement", "Tenant owes such @."]
)
def test_ordinary_words_behind_an_article_are_a_term(text, phrase, kind):
    of = "any" if "owes" not in text else "legal"
    assert not stands(text.replace("@", phrase), phrase, kind, of)
    if "each" in text:
        assert not stands(text.replace("@", phrase), f"each {phrase}", kind)


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("The Stone Note shall be repaid by the Borrower.", "Stone Note", "ORGANIZATION"),
        ("Tenant Price shall pay the Rent.", "Tenant Price", "ORGANIZATION"),
        ("each Miller Note shall be repaid", "Miller Note", "ORGANIZATION"),
        ("The Agreement is made with the Lakeside Bank.", "Lakeside Bank", "ORGANIZATION"),
        ("The Tenant shall live at the Orchard Street building.", "Orchard Street", "LOCATION"),
        ("The Tenant shall move to Long Beach.", "Long Beach", "LOCATION"),
        ("Grace Price shall pay.", "Grace Price", "PERSON"),
        ("the Grace Holt shall pay", "Grace Holt", "PERSON"),
    ],
)
def test_but_no_phrase_that_may_hold_a_name_or_a_body(text, value, kind):
    assert stands(text, value, kind)


def test_a_word_of_a_phrase_counts_as_a_thing_where_it_stands_small_as_well():
    text = "Rent is paid in cash. Tenant shall pay the Cash Deposit."
    assert not stands(text, "Cash Deposit", "ORGANIZATION")
    assert stands(text.replace("in cash", "at once"), "Cash Deposit", "ORGANIZATION")


def test_the_sides_of_a_contract_are_no_bodies():
    assert not stands("Lender shall fund Borrower Company.", "Borrower Company", "ORGANIZATION")
    assert not stands("It becomes the Surviving Corporation hereunder.", "Surviving Corporation", "ORGANIZATION")
    assert stands("He bought it from Lakeside Company.", "Lakeside Company", "ORGANIZATION")


@pytest.mark.parametrize("party", ["Sublandlord", "Pledgor", "Transferee", "Subtenant", "Franchisor"])
def test_a_party_is_nobody(party):
    assert not stands(f"{party} shall pay the Rent.", party)


@pytest.mark.parametrize("name", ["Desiree", "Windsor", "Subhash", "Trevor"])
def test_but_not_a_name_that_ends_alike(name):
    assert stands(f"{name} shall pay the Rent.", name)


@pytest.mark.parametrize(
    "text",
    [
        "The Manager receives the Carried Interest above each Threshold Return and the Annual Charge in full.",
        "The loan is repaid in full, subject to the terms, by the borrower.",
        "Customer may export its data as set forth in the schedule.",
        "It is subject to what is sent to Provider.",
    ],
)
def test_a_contract_is_known_by_its_manner(text):
    assert is_contract(text, 20, 24)


@pytest.mark.parametrize(
    "text",
    [
        "The Senate and the Government wrote to the Ministry about the Treasury.",
        "We had dinner with Grace at the Sapphire and talked about the weather all night.",
        "The Actor and the Series won the Crown, and the Miniseries the Game, for Actor and Film.",
        "On the phone, Teacher said that the class is on Monday.",
    ],
)
def test_other_prose_is_none(text):
    assert not is_contract(text, 20, 24)


def test_terms_are_words_of_contracts_only():
    assert Terms("No Bond, and any Price under this Agreement").has("price")
    assert not Terms("She is such a Rose, every Rose smells of it.").has("rose")
    assert not Terms("any Mark under this Agreement").has("mark")


@pytest.mark.parametrize("verb", ["shall pay", "hereby agrees", "signed it", "and Bond hereby agree"])
def test_a_party_that_is_named_begins_a_sentence(verb):
    text = f"Anna Price is the Buyer. Price {verb}."
    found = [Entity("PERSON", 0, 10, 0.9)]
    assert [text[e.start : e.end] for e in repeated(text, found)] == ["Anna Price", "Price"]


@pytest.mark.parametrize(
    ("text", "place", "hidden"),
    [
        ("Tenant shall not move to the Lower East Side under this Agreement.", "Lower East Side", True),
        ("The United Kingdom is excluded under this Agreement.", "United Kingdom", True),
        ("Interest accrues during the Repayment Period under this Agreement.", "Repayment Period", False),
    ],
)
def test_places_of_ordinary_words_are_no_terms(text, place, hidden):
    assert stands(text, place, kind="LOCATION") is hidden
