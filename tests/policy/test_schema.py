"""The JSON schema of a policy's file: the committed one is what the records say, and takes what the reader takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

import lc_guard
from lc_guard import Policy
from lc_guard.policy.files import examine
from lc_guard.policy.schema import policy_schema

from ..support.policies import policies

COMMITTED = Path(lc_guard.__file__).parents[1] / "docs" / "policy.schema.json"
SCHEMA = Draft202012Validator(policy_schema())


def test_the_committed_schema_is_what_the_records_say() -> None:
    """Written by: lc-guard check-policy --schema > docs/policy.schema.json."""
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == policy_schema()


def test_it_is_a_schema_and_explains_each_setting() -> None:
    Draft202012Validator.check_schema(policy_schema())
    for table in (policy_schema(), *policy_schema()["$defs"].values()):
        for name, setting in table["properties"].items():
            assert setting["description"].endswith((".", ")", "`")), name
    assert "a way to roll a policy out" in policy_schema()["properties"]["on_invalid"]["description"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(policies())
def test_it_takes_every_policy(policy: Policy) -> None:
    assert [error.message for error in SCHEMA.iter_errors(policy.as_dict())] == []


@pytest.mark.parametrize(
    "given",
    [
        {"version": "1", "stages": {"document": {"checks": {"A": {"timeout": None}}, "enabled": None}}},
        {"kinds": None, "checks": None, "restore": None, "stages": {"output": None}},
        {"timeout": "none", "restore": {"tool:mail.to": {"kinds": None, "encode": None}, "answer": "block"}},
        {"kinds": {" PERSON ": "allow"}, "checks": {"pii": None, "B": None}},
    ],
)
def test_it_takes_what_the_reader_takes(given: dict[str, Any], tmp_path: Path) -> None:
    assert SCHEMA.is_valid(given)
    assert _read(given, tmp_path) == []


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"defaults": "block"},
        {"default": "blok"},
        {"default": None},
        {"timeout": None},
        {"timeout": 0},
        {"timeout": True},
        {"fail_fast": "yes"},
        {"kinds": {"PERSON": "hide"}},
        {"kinds": {" ": "block"}},
        {"kinds": []},
        {"thresholds": {"PERSON": 1.5}},
        {"checks": {"A": {"sample": -1}}},
        {"checks": {"A": {"checks": {}}}},
        {"checks": {"pii": {"action": "warn"}}},
        {"stages": {"prompts": {}}},
        {"stages": {"prompt": {"checks": {"pii": {"sample": 1}}}}},
        {"restore": {"anwser": "value"}},
        {"restore": {"tool: .": "value"}},
        {"restore": {"tools": {"in_urls": "yes"}}},
        {"restore": {"tools": {"origins": {"users": "block"}}}},
        {"version": 3},
    ],
)
def test_it_refuses_what_the_reader_refuses(given: dict[str, Any], tmp_path: Path) -> None:
    assert not SCHEMA.is_valid(given)
    assert _read(given, tmp_path)


def _read(given: dict[str, Any], folder: Path) -> list[Any]:
    file = folder / "policy.yaml"
    file.write_text(yaml.safe_dump(given), encoding="utf-8")
    return examine(Policy, file)[1]
