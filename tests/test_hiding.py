"""Fakes that run into the text around them, and what hiding says of itself."""

import itertools

import pytest

from lc_guard import Blocked, Entity, Guard
from lc_guard._engine.anonymizer import redact_text
from lc_guard._engine.requests import GuardRequest, ScanTarget
from lc_guard.fakes import FakeMint
from lc_guard.testing import ExactDetector

PERSONS = ExactDetector({"PERSON": ["Jane Doe", "Bob Ray", "王小明", "李"]})


def with_fakes(monkeypatch, *fakes, detector=PERSONS):
    """A session whose fakes come from a list."""
    given = itertools.chain(fakes, (f"Fake{n}" for n in itertools.count()))
    monkeypatch.setattr(FakeMint, "__call__", lambda self, kind, index: next(given))
    return Guard(detector, placeholder_style="fake").session("s")


@pytest.mark.parametrize(
    "text",
    [
        "Jane Doe met Bob Ray",
        "5王小明5",
        "王小明x",
        "x王小明",
        "王小明李",
        "王小明李王小明",
        "_王小明_",
        "Jane Doe王小明",
    ],
)
def test_a_fake_that_touches_a_letter_takes_it_in(monkeypatch, text):
    session = with_fakes(monkeypatch)
    hidden = session.anonymize(text)
    assert session.deanonymize(hidden) == text
    assert "王" not in hidden


def test_a_text_that_reads_as_a_fake_by_accident_is_hidden(monkeypatch):
    """``Ann Lee`` stands for Jane, and Bob's fake before the word ``Lee`` reads as hers."""
    session = with_fakes(monkeypatch, "Ann Lee", "Ann")
    session.anonymize("Jane Doe")
    hidden = session.anonymize("Bob Ray Lee said")
    assert "Ann Lee" not in hidden
    assert session.deanonymize(hidden) == "Bob Ray Lee said"


def test_a_fake_typed_by_the_user_comes_back_as_typed(monkeypatch):
    session = with_fakes(monkeypatch, "Ann Lee")
    assert session.anonymize("Jane Doe") == "Ann Lee"
    hidden = session.anonymize("Ann Lee knows Jane Doe")
    assert hidden.endswith(" knows Ann Lee")
    assert session.deanonymize(hidden) == "Ann Lee knows Jane Doe"


def test_fakes_that_never_stay_apart_block(monkeypatch):
    monkeypatch.setattr("lc_guard._engine.anonymizer._MAX_REPAIRS", 1)
    session = with_fakes(monkeypatch)
    with pytest.raises(Blocked, match="use a numbered placeholder_style"):
        session.anonymize("5王小明5")


def test_what_a_scanner_wants_hidden_stays_hidden_where_a_fake_is_made_anew(monkeypatch):
    """Though the policy allows its kind: the check has decided."""
    from lc_guard import CheckPolicy, Policy, ScanResult

    class Locates:
        name = "locates"

        def scan(self, request):
            return ScanResult(valid=False, risk_score=1.0, entities=[Entity("SECRET", at, at + 3) for at in (1, 5)])

    given = itertools.count()
    monkeypatch.setattr(FakeMint, "__call__", lambda self, kind, index: f"Fake{next(given)}")
    policy = Policy(default="allow", checks={"locates": CheckPolicy(action="anonymize")})
    guard = Guard([], prompt_scanners=[Locates()], policy=policy, placeholder_style="fake")
    text = "x王小明 王小明"
    (outcome,) = guard.check([GuardRequest([text], "s", asks=[ScanTarget(text, "prompt")])])
    assert "王" not in outcome.hide(text)
    assert guard.session("s").deanonymize(outcome.hide(text)) == text


def test_redacted_values_stand_among_fakes():
    from lc_guard import Policy

    detector = ExactDetector({"PERSON": ["Jane Doe"], "US_SSN": ["536-90-4399"]})
    session = Guard(detector, placeholder_style="fake", policy=Policy(kinds={"US_SSN": "redact"})).session("s")
    hidden = session.anonymize("536-90-4399 of Jane Doe (536-90-4399)")
    assert session.deanonymize(hidden) == "[REDACTED_US_SSN] of Jane Doe ([REDACTED_US_SSN])"
    assert session.anonymize("536-90-4399") == "[REDACTED_US_SSN]"


@pytest.mark.parametrize("style", ["angle", "square"])
def test_lookalikes_of_kinds_found_in_another_text_of_the_step_are_defused(style):
    guard = Guard(PERSONS, placeholder_style=style)
    typed = guard._grammar.token("person", 1)
    (outcome,) = guard.check([GuardRequest([typed, "Jane Doe"], "s")])
    assert guard.session("s").deanonymize(outcome.hide(typed)) == typed


def test_redact_text():
    text = "Jane Doe, 王小明"
    entities = [Entity("PERSON", 0, 6), Entity("CITY", 5, 8), Entity("PERSON", 10, 13)]
    assert redact_text(text, entities) == "[REDACTED_PERSON], [REDACTED_PERSON]"
    assert redact_text(text, []) == text


def test_a_value_that_stands_escaped_is_hidden_and_comes_back():
    session = Guard(ExactDetector({"PERSON": ["Zoë\nDoe"]})).session("s")
    text = r'{"name": "Zoë\nDoe"}'
    hidden = session.anonymize(text)
    assert hidden == '{"name": "[REDACTED_PERSON_1]"}'
    assert session.deanonymize(hidden) == text
