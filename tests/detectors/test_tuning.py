"""What the user knows: kinds, thresholds, allow and deny lists, detectors of his own."""

import re

import pytest

from lc_guard import Entity, Guard
from lc_guard.detectors import CaseFolded, TunedDetector, default_detector
from lc_guard.errors import DetectorError, GuardError

TEXT = "Jane Doe of Acme Corp lives at 12 Main Street, Springfield. Springfield is nice, jane@example.com."
PERSON, TOWN = Entity("PERSON", 0, 8, 0.9), Entity("LOCATION", 60, 71, 0.6)
ADDRESS, MAIL = Entity("LOCATION", 31, 58, 0.85), Entity("EMAIL_ADDRESS", 81, 97, 0.95)


class Fixed:
    def __init__(self, *entities, name="fixed"):
        self.entities, self.name = entities, name

    def detect(self, text):
        return self.entities


ALL = Fixed(PERSON, ADDRESS, TOWN, MAIL)


def values(detector, text=TEXT):
    return [text[e.start : e.end] for e in detector.detect(text)]


def test_untuned_gives_what_the_detector_gives():
    assert TunedDetector(ALL).detect(TEXT) == [PERSON, ADDRESS, TOWN, MAIL]


def test_kinds_in_any_spelling():
    assert TunedDetector(ALL, kinds=["person", "EMAIL"]).detect(TEXT) == [PERSON, MAIL]
    assert TunedDetector(ALL, kinds=[]).detect(TEXT) == []


def test_thresholds_are_inclusive_and_by_kind():
    assert TunedDetector(ALL, thresholds={"LOCATION": 0.6}).detect(TEXT) == [PERSON, ADDRESS, TOWN, MAIL]
    assert TunedDetector(ALL, thresholds={"LOCATION": 0.61}).detect(TEXT) == [PERSON, ADDRESS, MAIL]


@pytest.mark.parametrize(
    "allow",
    [
        ["Springfield"],
        {"Springfield"},
        [CaseFolded("SPRINGFIELD")],
        [re.compile("S.*d")],
        {"LOCATION": ["Springfield"]},
        {"GPE": ["Springfield"]},
    ],
)
def test_an_allowed_value_is_left_but_not_torn_out_of_a_longer_one(allow):
    assert TunedDetector(ALL, allow=allow).detect(TEXT) == [PERSON, ADDRESS, MAIL]


@pytest.mark.parametrize("allow", [["springfield"], ["Spring"], [re.compile("Spring")], {"PERSON": ["Springfield"]}])
def test_what_is_not_quite_allowed_is_hidden(allow):
    assert TOWN in TunedDetector(ALL, allow=allow).detect(TEXT)


def test_allowed_over_a_line_break_and_with_a_typographic_apostrophe():
    text = "Pat\nO’Brien"
    assert not TunedDetector(Fixed(Entity("PERSON", 0, 11)), allow=["Pat O'Brien"]).detect(text)


@pytest.mark.parametrize(
    ("term", "text", "value"),
    [
        ("Acme Corp", "at Acme\u00a0 Corp.", "Acme\u00a0 Corp"),
        (CaseFolded("acme corp"), "ACME CORP rose", "ACME CORP"),
        (CaseFolded("STRASSE"), "die Straße", "Straße"),
        (CaseFolded("straße"), "die STRASSE", "STRASSE"),
        (re.compile(r"AC-\d{3}"), "see AC-123", "AC-123"),
        ("O'Hara", "and O’Hara", "O’Hara"),
        ("秘密", "これは秘密です", "秘密"),
        ("C++", "in C++ only", "C++"),
    ],
)
def test_a_denied_term_is_found(term, text, value):
    assert values(TunedDetector(Fixed(), deny=[term]), text) == [value]
    (entity,) = TunedDetector(Fixed(), deny={"PROJECT": [term]}).detect(text)
    assert (entity.kind, entity.score) == ("PROJECT", 1.0)


@pytest.mark.parametrize(
    ("term", "text"), [("Ann", "Anne and Hann"), ("Ann", "ann"), ("  ", "a  b"), (re.compile("x*"), "ab")]
)
def test_a_denied_term_is_a_whole_word_in_its_case(term, text):
    assert not TunedDetector(Fixed(), deny=[term]).detect(text)


def test_the_longer_of_two_denied_terms():
    assert values(TunedDetector(Fixed(), deny=["Ann", "Ann Lee"]), "so Ann Lee, Ann") == ["Ann Lee", "Ann"]


def test_denied_stands_against_allowed_kinds_and_other_sources():
    tuned = TunedDetector(ALL, kinds=["EMAIL_ADDRESS"], allow=["Jane Doe"], deny=["Jane Doe"])
    assert [(e.kind, e.start) for e in tuned.detect(TEXT)] == [("CUSTOM", 0), ("EMAIL_ADDRESS", 81)]


def test_many_denied_terms_in_a_long_text_take_linear_time():
    tuned = TunedDetector(Fixed(), deny=[f"Name{i} Surname{i}" for i in range(2_000)])
    assert len(tuned.detect("Name7 Surname7 and " * 500)) == 500


def acme(text):
    return (Entity("EMPLOYER", m.start(), m.end(), 0.3) for m in re.finditer("Acme Corp", text))


def recognizer(score=0.3, context=("badge",)):
    from presidio_analyzer import Pattern, PatternRecognizer

    return PatternRecognizer(
        supported_entity="BADGE",
        patterns=[Pattern("badge", r"\bB\d{4}\b", score)],
        context=list(context),
        name="badges",
    )


def test_extra_callables_recognizers_and_detectors_whatever_the_kinds():
    text = TEXT + " Badge B1234."
    tuned = TunedDetector(ALL, kinds=["PERSON"], extra=[acme, recognizer(), Fixed(Entity("X", 27, 29))])
    assert [(e.kind, text[e.start : e.end]) for e in tuned.detect(text)] == [
        ("PERSON", "Jane Doe"), ("EMPLOYER", "Acme Corp"), ("X", "at"), ("BADGE", "B1234"),
    ]  # fmt: skip
    assert "EMPLOYER" not in {
        e.kind for e in TunedDetector(ALL, extra=[acme], thresholds={"EMPLOYER": 0.5}).detect(TEXT)
    }


def test_presidios_context_words_lift_a_weak_pattern():
    near = TunedDetector(Fixed(), extra=[recognizer()], thresholds={"BADGE": 0.5})
    assert values(near, "his badge B1234") == ["B1234"]
    assert values(near, "his B1234") == []


def test_a_recognizer_on_a_long_text():
    text = "word " * 2_000 + "badge B1234" + " word" * 2_000
    assert values(TunedDetector(recognizer()), text) == ["B1234"]


def test_default_detector_by_one_call():
    tuned = default_detector(
        ner=False, kinds=["EMAIL_ADDRESS"], thresholds={"EMAIL_ADDRESS": 0.9}, allow=["a@example.com"],
        deny={"PROJECT": ["Bluebird"]}, extra=[recognizer()],
    )  # fmt: skip
    tuned.warm_up()
    text = "a@example.com, b@example.com, 415-555-0100, Bluebird, B1234"
    assert values(tuned, text) == ["b@example.com", "Bluebird", "B1234"]
    assert tuned.detect_batch([text, ""]) == [tuned.detect(text), []]


def test_a_threshold_under_the_default_lets_weaker_rules_through():
    text = "see 912345678 there"
    assert not values(default_detector(ner=False, kinds=["US_PASSPORT"]), text)
    weak = default_detector(ner=False, thresholds={"US_PASSPORT": 0.01})
    assert {e.kind for e in weak.detect(text)} == {"US_PASSPORT"}


def test_a_guard_takes_recognizers_and_callables():
    guard = Guard([recognizer(), acme, Fixed(PERSON)])
    answer = guard.session("s").anonymize(TEXT + " B1234")
    assert "Jane Doe" not in answer
    assert "Acme Corp" not in answer
    assert "B1234" not in answer
    assert "badges" in repr(guard)
    assert "acme" in repr(guard)
    assert "[REDACTED_EMPLOYER_1]" in Guard(acme).session("s").anonymize(TEXT)


@pytest.mark.parametrize("thing", [object(), "name", 3, Fixed])
def test_what_finds_nothing_is_refused(thing):
    with pytest.raises(TypeError, match=r"detect|class"):
        Guard([thing])


def test_a_recognizer_that_only_reads_the_engine_is_refused():
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer

    with pytest.raises(GuardError, match="SpacyDetector"):
        Guard([SpacyRecognizer()])


@pytest.mark.parametrize("answer", [None, [("PERSON", 0, 1)], [None]])
def test_a_callable_that_gives_something_else(answer):
    with pytest.raises(DetectorError, match="<lambda>"):
        TunedDetector(lambda text: answer).detect("x")


@pytest.mark.parametrize(
    "keywords",
    [
        {"kinds": "PERSON"},
        {"thresholds": {"PERSON": 1.5}},
        {"thresholds": {"PERSON": -1}},
        {"allow": "Jane"},
        {"deny": "Jane"},
        {"deny": {"X": "Jane"}},
        {"allow": [3]},
    ],
)
def test_keywords_that_can_not_be_meant(keywords):
    with pytest.raises(GuardError):
        TunedDetector(ALL, **keywords)


def test_the_repr_holds_no_term():
    shown = repr(TunedDetector(ALL, allow=["Canary"], deny=["Canary"], thresholds={"PERSON": 0.5}))
    assert "Canary" not in shown
    assert "0.5" in shown


def test_llm_guards_keywords_go_through():
    inner = Fixed()
    inner.preamble, inner.use_faker = "Note. ", True
    tuned = TunedDetector(inner)
    assert (tuned.preamble, tuned.use_faker, tuned.name) == ("Note. ", True, "fixed")
