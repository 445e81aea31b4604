"""Fakes that run into the text around them, and what hiding says of itself."""

import itertools

import pytest

from lc_guard import Blocked, Entity, Guard
from lc_guard._engine.anonymizer import redact_text
from lc_guard._engine.requests import GuardRequest, ScanTarget
from lc_guard._placeholders.fakes import FakeMint
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


def live(session, *texts, guard):
    """Hide texts that stand behind a boundary of the session."""

    (outcome,) = guard.check([GuardRequest(texts, session, live=True)])
    return [outcome.hide(text) for text in texts]


P1, P2 = "[REDACTED_PERSON_1]", "[REDACTED_PERSON_2]"


@pytest.mark.parametrize(
    ("text", "hidden", "restored"),
    [
        (f"{P1} met Bob Ray", f"{P1} met {P2}", "Jane Doe met Bob Ray"),
        (rf"C:\Users\{P1}", rf"C:\Users\{P1}", r"C:\Users\Jane Doe"),
        (f"{P1}{P1}, [{P1}]", f"{P1}{P1}, [{P1}]", "Jane DoeJane Doe, [Jane Doe]"),
        (f"[redacted person 1] of {P1}", f"[REDACTED_LITERAL_1] of {P1}", "[redacted person 1] of Jane Doe"),
        ("[REDACTED_PERSON_7]", "[REDACTED_LITERAL_1]", "[REDACTED_PERSON_7]"),
        (f"[REDACTED_PERSON_1's] {P1}'s", f"[REDACTED_LITERAL_1] {P1}'s", "[REDACTED_PERSON_1's] Jane Doe's"),
    ],
)
def test_placeholders_behind_a_boundary_stay(text, hidden, restored):
    guard = Guard(PERSONS)
    session = guard.session("s")
    assert session.anonymize("Jane Doe") == P1
    assert live("s", text, guard=guard) == [hidden]
    assert session.deanonymize(hidden) == restored
    (outcome,) = live("other", P1, guard=guard)  # another session's placeholder is none
    assert outcome == "[REDACTED_LITERAL_1]"


def test_what_a_detector_makes_of_a_placeholder_is_cut_around_it():
    text = f"Dr {P1} Miller and {P1}"
    everything = lambda given: [Entity("PERSON", 0, 30), Entity("CITY", 4, 9)] if given == text else []  # noqa: E731
    guard = Guard([PERSONS, everything])
    session = guard.session("s")
    session.anonymize("Jane Doe")
    (hidden,) = live("s", text, guard=guard)
    assert hidden == f"{P2} {P1} [REDACTED_PERSON_3] and {P1}"
    assert session.deanonymize(hidden) == "Dr Jane Doe Miller and Jane Doe"


def test_fakes_behind_a_boundary_stay_and_new_ones_stay_apart(monkeypatch):
    session = with_fakes(monkeypatch, "Ann Lee", "Lee", "Kim")
    assert session.anonymize("Jane Doe") == "Ann Lee"
    (hidden,) = live("s", "Ann Lee and Ann Bob Ray", guard=session._guard)
    assert hidden.startswith("Ann Lee and ")
    assert session.deanonymize(hidden) == "Jane Doe and Ann Bob Ray"


@pytest.mark.parametrize("style", ["llm_guard", "angle", "square", "fake"])
def test_a_known_value_is_hidden_where_no_detector_sees_it(style):
    seeing = Guard(PERSONS, placeholder_style=style)
    seeing.session("s").anonymize("Jane Doe")
    blind = Guard([], placeholder_style=style, vault=seeing.vault)
    hidden = blind.session("s").anonymize("of Jane Doe")
    assert "Jane Doe" not in hidden
    assert blind.session("s").deanonymize(hidden) == "of Jane Doe"
    assert blind.session("another").anonymize("of Jane Doe") == "of Jane Doe"


@pytest.mark.parametrize("style", ["llm_guard", "angle", "square", "fake"])
def test_a_placeholder_that_somebody_types_opens_no_value(style):
    session = Guard(PERSONS, placeholder_style=style).session("s")
    placeholder = session.anonymize("Jane Doe")
    typed = f"Who is {placeholder}?"
    hidden = session.anonymize(typed)
    assert placeholder not in hidden
    assert session.deanonymize(hidden) == typed
