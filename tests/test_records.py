import copy
import dataclasses
import itertools
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard import Decision, Entity, ScanResult
from lc_guard._placeholders.grammar import STYLES
from lc_guard.records import ACTIONS, normalize_kind, strongest, unit_interval

DECISION = Decision("prompt", "pii", "anonymize", True, 0.85, 1.5, {"PERSON": 2}, None, "ab12")


@pytest.mark.parametrize(
    ("kind", "normal"),
    [
        ("PERSON", "PERSON"),
        ("person name", "PERSON_NAME"),
        ("US-SSN", "US_SSN"),
        ("__a__b__", "A_B"),
        ("ß", "SS"),
        ("Straße", "STRASSE"),
        ("Ångström", "NGSTR_M"),
        ("", "ENTITY"),
        ("王", "ENTITY"),
        ("[]<>\\_ ", "ENTITY"),
        ("2FA code", "K2FA_CODE"),
        ("7", "K7"),
        ("ICD 10", "ICD10"),
        ("A_1_2_B", "A12_B"),
        ("\ud800x\x00", "X"),
    ],
)
def test_normalize_kind(kind, normal):
    assert normalize_kind(kind) == normal


@given(kind=st.text(st.characters(codec=None)) | st.from_regex(r"[A-Za-z0-9_ -]{0,200}", fullmatch=True))
def test_any_kind_makes_a_token_that_is_read_back(kind):
    normal = normalize_kind(kind)
    assert normalize_kind(normal) == normal
    assert len(normal) <= 64
    for grammar in STYLES.values():
        for token in (grammar.token(normal, 7), grammar.token(normal, 7).replace("_", r"\_").lower()):
            restored = grammar.restore(token, lambda tokens: dict.fromkeys(tokens, "Ada"), {normal})
            assert restored == ("Ada", 1, 0)


@pytest.mark.parametrize(
    ("score", "clamped"),
    [
        (-1, 0.0),
        (0, 0.0),
        (0.4, 0.4),
        (1, 1.0),
        (7, 1.0),
        (float("nan"), 1.0),
        (float("inf"), 1.0),
        (float("-inf"), 1.0),
    ],
)
def test_scores_lie_between_nothing_and_the_worst(score, clamped):
    assert unit_interval(score) == clamped
    assert ScanResult(True, score).risk_score == clamped
    assert Decision("prompt", "pii", "allow", True, score, 0.0).risk_score == clamped


def test_strongest_action():
    assert strongest([]) == "allow"
    for weak, strong in itertools.pairwise(ACTIONS):
        assert strongest([weak, strong, weak]) == strong
    assert ACTIONS == ("allow", "anonymize", "redact", "replace", "warn", "block")


def test_a_decision_is_plain_json():
    payload = DECISION.as_dict()
    assert json.loads(json.dumps(payload)) == payload
    assert payload == {
        "stage": "prompt",
        "check": "pii",
        "action": "anonymize",
        "valid": True,
        "risk_score": 0.85,
        "latency_ms": 1.5,
        "entities": {"PERSON": 2},
        "error": None,
        "session": "ab12",
    }


def test_a_decision_does_not_share_its_counts():
    counts = {"PERSON": 1}
    decision = Decision("prompt", "pii", "allow", True, 0.0, 0.0, counts)
    counts["PERSON"] = 2
    assert decision.entities == {"PERSON": 1}
    decision.as_dict()["entities"]["PERSON"] = 3
    assert decision.entities == {"PERSON": 1}
    with pytest.raises(TypeError):
        decision.entities["PERSON"] = 4


@pytest.mark.parametrize("record", [DECISION, Entity("PERSON", 0, 3, 0.5), ScanResult(True, 0.2)])
def test_records_are_frozen_and_travel(record):
    assert pickle.loads(pickle.dumps(record)) == record
    assert copy.deepcopy(record) == record
    assert not hasattr(record, "__dict__")
    with pytest.raises(AttributeError):
        setattr(record, dataclasses.fields(record)[-1].name, 1)
