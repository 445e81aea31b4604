import pickle

import pytest

from lc_guard import Policy


def test_defaults():
    policy = Policy()
    assert (policy.default, policy.on_invalid, policy.on_error, policy.timeout) == ("anonymize", "block", "block", 10.0)
    assert policy.action("ANY") == "anonymize"
    assert policy.counts("ANY", 0.0)
    assert not policy.would_block("ANY")


def test_kinds_are_named_in_any_form():
    policy = Policy(kinds={"us ssn": "block", "CREDIT-CARD": "redact"}, thresholds={"person": 0.5})
    assert policy.action("US_SSN") == "block"
    assert policy.action("CREDIT_CARD") == "redact"
    assert not policy.counts("PERSON", 0.49)
    assert policy.counts("PERSON", 0.5)
    assert policy.counts("CITY", 0.0)


def test_warn_anonymizes_what_would_block():
    policy = Policy(default="block", kinds={"CITY": "allow"}, on_invalid="warn")
    assert policy.action("PERSON") == "anonymize"
    assert policy.would_block("PERSON")
    assert policy.action("CITY") == "allow"
    assert not policy.would_block("CITY")


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"default": "hide"}, "default"),
        ({"on_invalid": "allow"}, "on_invalid"),
        ({"on_error": "warn"}, "on_error"),
        ({"kinds": {"PERSON": "replace"}}, "kinds\\['PERSON'\\]"),
        ({"thresholds": {"PERSON": 1.1}}, "thresholds\\['PERSON'\\]"),
        ({"thresholds": {"PERSON": -0.1}}, "thresholds"),
        ({"thresholds": {"PERSON": float("nan")}}, "thresholds"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": -1.0}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"timeout": float("inf")}, "timeout"),
    ],
)
def test_wrong_values_are_refused(wrong, named):
    with pytest.raises(ValueError, match=named):
        Policy(**wrong)


def test_a_policy_is_frozen_and_apart_from_what_made_it():
    kinds = {"PERSON": "allow"}
    policy = Policy(kinds=kinds, timeout=None)
    kinds["PERSON"] = "block"
    assert policy.action("PERSON") == "allow"
    with pytest.raises(TypeError):
        policy.kinds["PERSON"] = "block"
    with pytest.raises(AttributeError):
        policy.default = "allow"


def test_a_policy_travels():
    policy = Policy(kinds={"PERSON": "redact"}, thresholds={"CITY": 0.5})
    assert pickle.loads(pickle.dumps(policy)) == policy
