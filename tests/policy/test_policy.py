"""The policy: what holds by it, what it refuses, and that nobody changes it afterwards."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from threading import TIMEOUT_MAX
from types import MappingProxyType
from typing import get_args

import pytest
from hypothesis import given

from lc_guard import CheckPolicy, Guard, GuardError, Policy, PolicyError, StagePolicy
from lc_guard.policy.checks import REPLACEMENT, STAGES, CheckAction, EffectivePolicy
from lc_guard.policy.policy import KindAction, Streaming

from ..support.policies import policies

NOT_FROM_0_TO_1 = [1.1, -0.1, float("nan"), float("inf"), True, "0.5", 10**400, [0.5]]
NO_SECONDS = [0, -1.0, float("nan"), float("inf"), True, "10", 10**400, TIMEOUT_MAX * 2, [1]]


SETTINGS = [
    ("enabled", [False, True, False, True]),
    ("action", ["redact", "warn", "replace", "allow"]),
    ("threshold", [0.0, 0.2, 0.3, 0.4]),
    ("on_error", ["block", "allow", "block", "allow"]),
    ("timeout", [1.0, 2.0, 3.0, 4.0]),
    ("sample", [0.0, 0.2, 0.3, 0.4]),
    ("monitor", [False, True, False, True]),
    ("replacement", ["", "two", "three", "four"]),
]


class TestKinds:
    def test_defaults(self):
        policy = Policy()
        assert (policy.default, policy.on_invalid, policy.on_error, policy.timeout) == (
            "anonymize", "block", "block", 10.0,
        )  # fmt: skip
        assert (policy.fail_fast, policy.streaming, policy.version) == (False, "buffer", None)
        assert policy.action("ANY") == "anonymize"
        assert policy.counts("ANY", 0.0)
        assert not policy.would_block("ANY")

    def test_are_named_in_any_form(self):
        policy = Policy(kinds={"us ssn": "block", "CREDIT-CARD": "redact"}, thresholds={"person": 0.5})
        assert policy.action("US_SSN") == "block"
        assert policy.action("CREDIT_CARD") == "redact"
        assert not policy.counts("PERSON", 0.49)
        assert policy.counts("PERSON", 0.5)
        assert policy.counts("CITY", 0.0)

    @pytest.mark.parametrize("name", ["kinds", "thresholds"])
    def test_two_spellings_of_one_are_refused(self, name):
        value = {"kinds": "block", "thresholds": 0.5}[name]
        with pytest.raises(PolicyError, match=f"{name} names a kind twice"):
            Policy(**{name: {"US SSN": value, "us_ssn": value}})

    def test_warn_anonymizes_what_would_block(self):
        policy = Policy(default="block", kinds={"CITY": "allow"}, on_invalid="warn")
        assert policy.action("PERSON") == "anonymize"
        assert policy.would_block("PERSON")
        assert policy.action("CITY") == "allow"
        assert not policy.would_block("CITY")


class TestRule:
    def test_of_a_check_nobody_speaks_of(self):
        assert Policy().rule("output", "Toxicity") == EffectivePolicy(
            enabled=True,
            action="block",
            threshold=None,
            on_error="block",
            timeout=None,
            sample=1.0,
            monitor=False,
            replacement=REPLACEMENT,
        )

    @pytest.mark.parametrize(("name", "values"), SETTINGS)
    @pytest.mark.parametrize("given_at", range(1, 8))
    def test_each_setting_is_its_own_at_the_stage_its_own_or_the_stages(self, name, values, given_at):
        """`given_at` says by its bits where something is set; what is falsy counts as set."""
        own_at_stage, own, stage = (
            CheckPolicy(**{name: value}) if given_at & 1 << place else CheckPolicy()
            for place, value in enumerate(values[:3])
        )
        policy = Policy(
            checks={"A": own, "B": CheckPolicy(**{name: values[3]})},
            stages={"prompt": StagePolicy(checks={"A": own_at_stage}, **dataclasses.asdict(stage))},
        )
        expected = next(value for place, value in enumerate(values) if given_at & 1 << place)
        assert getattr(policy.rule("prompt", "A"), name) == expected

    @pytest.mark.parametrize(("name", "values"), SETTINGS)
    def test_what_is_said_of_a_stage_or_check_holds_for_no_other(self, name, values):
        policy = Policy(
            checks={"A": CheckPolicy(**{name: values[1]})},
            stages={"document": StagePolicy(**{name: values[1]}, checks={"B": CheckPolicy(**{name: values[3]})})},
        )
        assert policy.rule("prompt", "B") == Policy().rule("prompt", "B")
        assert getattr(policy.rule("document", "C"), name) == values[1]
        assert getattr(policy.rule("document", "B"), name) == values[3]
        assert getattr(policy.rule("prompt", "A"), name) == values[1]

    def test_settings_come_from_several_places_at_once(self):
        policy = Policy(
            on_error="allow",
            checks={"A": CheckPolicy(action="replace", timeout=2.0)},
            stages={"prompt": StagePolicy(threshold=0.3, timeout=9.0, checks={"A": CheckPolicy(sample=0.5)})},
        )
        rule = policy.rule("prompt", "A")
        assert (rule.action, rule.timeout, rule.threshold, rule.sample) == ("replace", 2.0, 0.3, 0.5)
        assert rule.on_error == "allow"

    def test_the_policys_on_error_is_the_last(self):
        policy = Policy(on_error="allow", stages={"prompt": StagePolicy(on_error="block")})
        assert policy.rule("prompt", "A").on_error == "block"
        assert policy.rule("output", "A").on_error == "allow"

    def test_on_invalid_warn_lets_all_only_score(self):
        policy = Policy(on_invalid="warn", checks={"A": CheckPolicy(monitor=False, action="block")})
        assert policy.rule("prompt", "A").monitor
        assert policy.rule("prompt", "A").action == "block"
        assert not Policy(checks={"A": CheckPolicy(monitor=False)}).rule("prompt", "A").monitor

    def test_asked_twice(self):
        policy = Policy(checks={"A": CheckPolicy(threshold=0.3)})
        assert policy.rule("prompt", "A") is policy.rule("prompt", "A")
        assert policy == Policy(checks={"A": CheckPolicy(threshold=0.3)})
        assert "_rules" not in repr(policy)


class TestPiiCheck:
    @pytest.mark.parametrize("settings", [{"on_error": "allow"}, {"timeout": 2.0}, {}])
    def test_takes_what_an_error_means_and_how_long_it_may_take(self, settings):
        policy = Policy(stages={"prompt": StagePolicy(checks={"pii": CheckPolicy(**settings)})})
        rule = policy.rule("prompt", "pii")
        assert (rule.on_error, rule.timeout) == (settings.get("on_error", "block"), settings.get("timeout"))

    @pytest.mark.parametrize(
        "settings",
        [
            {"enabled": False},
            {"action": "redact"},
            {"threshold": 0.0},
            {"sample": 0.5},
            {"monitor": False},
            {"replacement": ""},
        ],
    )
    @pytest.mark.parametrize("at_stage", [False, True])
    def test_takes_nothing_else(self, settings, at_stage):
        checks = {"pii": CheckPolicy(on_error="allow", **settings)}
        (name,) = settings
        with pytest.raises(PolicyError, match=f"'pii' takes on_error and timeout only, not {name}: "):
            Policy(stages={"output": StagePolicy(checks=checks)}) if at_stage else Policy(checks=checks)


class TestWrongValues:
    @pytest.mark.parametrize(
        ("wrong", "named"),
        [
            ({"default": "hide"}, "default must be one of 'anonymize', 'redact', 'allow', 'warn', 'block'"),
            ({"default": None}, "default"),
            ({"on_invalid": "allow"}, "on_invalid"),
            ({"on_error": "warn"}, "on_error"),
            ({"streaming": "chunks"}, "streaming must be one of 'buffer', 'window', 'audit'"),
            ({"kinds": {"PERSON": "replace"}}, "kinds\\['PERSON'\\]"),
            ({"kinds": {"PERSON": None}}, "kinds\\['PERSON'\\]"),
            ({"kinds": ["PERSON"]}, "kinds must be a mapping of names to actions"),
            ({"kinds": {7: "block"}}, "kinds must be a mapping of names"),
            ({"kinds": {" ": "block"}}, "kinds must be a mapping of names"),
            ({"thresholds": [0.5]}, "thresholds must be a mapping of names to numbers"),
            ({"fail_fast": 1}, "fail_fast must be true or false"),
            ({"version": 2}, "version must be a text"),
            ({"checks": [CheckPolicy()]}, "checks must be a mapping of names to CheckPolicy"),
            ({"checks": {"": CheckPolicy()}}, "checks must be a mapping of names"),
            ({"checks": {"A": {"action": "block"}}}, "checks\\['A'\\] must be a CheckPolicy, got dict"),
            ({"stages": {"prompts": StagePolicy()}}, "a key of stages must be one of 'prompt', 'output'"),
            ({"stages": {"prompt": CheckPolicy()}}, "stages\\['prompt'\\] must be a StagePolicy, got CheckPolicy"),
            *(({"thresholds": {"PERSON": value}}, "thresholds\\['PERSON'\\]") for value in NOT_FROM_0_TO_1),
            *(({"timeout": value}, "timeout must be a positive number of seconds") for value in NO_SECONDS),
            *(({"max_characters": value}, "max_characters must be a whole") for value in (0, -1, 1.5, True, None)),
        ],
    )
    def test_of_a_policy(self, wrong, named):
        with pytest.raises(PolicyError, match=named) as caught:
            Policy(**wrong)
        assert isinstance(caught.value, ValueError)
        assert isinstance(caught.value, GuardError)

    @pytest.mark.parametrize("kind", [CheckPolicy, StagePolicy])
    @pytest.mark.parametrize(
        ("wrong", "named"),
        [
            ({"enabled": 1}, "enabled must be true or false"),
            ({"monitor": "yes"}, "monitor must be true or false"),
            ({"action": "deny"}, "action must be one of 'allow', 'warn', 'redact', 'anonymize', 'replace', 'block'"),
            ({"on_error": "warn"}, "on_error must be one of 'block', 'allow'"),
            ({"replacement": 7}, "replacement must be a text"),
            *(({"threshold": value}, "threshold must be a number from 0 to 1") for value in NOT_FROM_0_TO_1),
            *(({"sample": value}, "sample must be a number from 0 to 1") for value in NOT_FROM_0_TO_1),
            *(({"timeout": value}, "timeout must be a positive number of seconds") for value in NO_SECONDS),
        ],
    )
    def test_of_a_check_or_stage(self, kind, wrong, named):
        with pytest.raises(PolicyError, match=named):
            kind(**wrong)

    def test_of_a_check_at_a_stage(self):
        with pytest.raises(PolicyError, match=r"checks\['A'\] must be a CheckPolicy"):
            StagePolicy(checks={"A": None})

    @pytest.mark.parametrize("settings", [{"checks": {"Nope": CheckPolicy()}}, {}])
    def test_a_check_that_the_guard_does_not_have(self, settings):
        stages = {} if settings else {"prompt": StagePolicy(checks={"Nope": CheckPolicy()})}
        with pytest.raises(PolicyError, match="names 'Nope', which is no check of this guard; its checks are 'pii'"):
            Guard([], policy=Policy(stages=stages, **settings))

    def test_all_right_values_are_taken(self):
        for action in get_args(KindAction):
            assert Policy(default=action, kinds={"A": action}).action("A") == action
        for action in get_args(CheckAction):
            assert Policy(checks={"A": CheckPolicy(action=action)}).rule("prompt", "A").action == action
        for streaming in get_args(Streaming):
            assert Policy(streaming=streaming).streaming == streaming
        for edge in (0, 1, 0.0, 1.0):
            assert Policy(checks={"A": CheckPolicy(threshold=edge, sample=edge)}).rule("prompt", "A").sample == edge
        assert Policy(timeout=TIMEOUT_MAX).timeout == TIMEOUT_MAX
        assert Policy(timeout=None).timeout is None
        assert Policy(stages={stage: StagePolicy() for stage in STAGES}).stages.keys() == {*STAGES}


class TestFrozen:
    def test_apart_from_what_made_it(self):
        kinds, thresholds, checks, stages = {"PERSON": "allow"}, {"PERSON": 0.5}, {"A": CheckPolicy()}, {}
        inner = {"A": CheckPolicy(sample=0.5)}
        stages["prompt"] = StagePolicy(checks=inner)
        policy = Policy(kinds=kinds, thresholds=thresholds, checks=checks, stages=stages)
        before = policy.as_dict()
        kinds["PERSON"], thresholds["PERSON"] = "block", 0.0
        for mapping in (checks, stages, inner):
            mapping.clear()
        assert policy.as_dict() == before

    @pytest.mark.parametrize("name", ["kinds", "thresholds", "checks", "stages"])
    def test_its_mappings_are_read_only(self, name):
        policy = Policy(kinds={"A": "block"}, thresholds={"A": 1}, checks={"A": CheckPolicy()})
        with pytest.raises(TypeError):
            getattr(policy, name)["A"] = None
        with pytest.raises(TypeError):
            StagePolicy().checks["A"] = CheckPolicy()

    @pytest.mark.parametrize("record", [Policy(), CheckPolicy(), StagePolicy(), Policy().rule("prompt", "A")])
    def test_its_fields_are(self, record):
        for item in dataclasses.fields(record):
            with pytest.raises(AttributeError):
                setattr(record, item.name, None)

    @given(policies())
    def test_it_travels(self, policy):
        policy.rule("prompt", "A")
        for made in (pickle.loads(pickle.dumps(policy)), copy.copy(policy), copy.deepcopy(policy)):
            assert made == policy
            assert made.rule("document", "B") == policy.rule("document", "B")
            assert isinstance(made.checks, MappingProxyType)

    def test_a_stages_settings_travel(self):
        stage = StagePolicy(threshold=0.5, checks={"A": CheckPolicy(sample=0.0)})
        assert pickle.loads(pickle.dumps(stage)) == stage

    def test_another_one_is_made_of_it(self):
        policy = Policy(kinds={"A": "block"}, checks={"B": CheckPolicy(threshold=0.5)})
        assert policy.rule("prompt", "B").on_error == "block"
        other = dataclasses.replace(policy, on_error="allow")
        assert other.rule("prompt", "B") == dataclasses.replace(policy.rule("prompt", "B"), on_error="allow")
        assert other.action("A") == "block"


class TestAsDict:
    def test_holds_what_is_set_of_checks_and_all_else(self):
        policy = Policy(
            kinds={"us ssn": "block"},
            timeout=None,
            checks={"A": CheckPolicy(threshold=0.0, enabled=False)},
            stages={"prompt": StagePolicy(action="warn", checks={"A": CheckPolicy()}), "output": StagePolicy()},
        )
        assert policy.as_dict() == {
            "default": "anonymize",
            "kinds": {"US_SSN": "block"},
            "thresholds": {},
            "on_invalid": "block",
            "on_error": "block",
            "timeout": "none",
            "max_characters": 5_000_000,
            "checks": {"A": {"enabled": False, "threshold": 0.0}},
            "stages": {"prompt": {"action": "warn", "checks": {"A": {}}}, "output": {}},
            "fail_fast": False,
            "streaming": "buffer",
            "restore": {},
            "version": None,
        }

    @given(policies())
    def test_is_the_callers_own(self, policy):
        before = copy.deepcopy(policy)
        given_away = policy.as_dict()
        for name in ("kinds", "thresholds", "checks", "stages"):
            assert type(given_away[name]) is dict
            given_away[name].clear()
        assert policy == before
