"""The JSON schema of a policy's file, for editors: what may be written, made of the records that take it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import fields
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from lc_guard.policy.checks import CheckPolicy, StagePolicy
from lc_guard.policy.files import NO_TIMEOUT
from lc_guard.policy.policy import Policy
from lc_guard.policy.restoring import DESTINATIONS, TOOL, Restore
from lc_guard.records import PII_CHECK

Schema = dict[str, Any]

_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_SECONDS: Schema = {"type": "number", "exclusiveMinimum": 0}
_NUMBERS = {
    "threshold": _SHARE,
    "thresholds": _SHARE,
    "sample": _SHARE,
    "timeout": _SECONDS,
    "max_characters": {"type": "integer", "minimum": 1},
}
_NAME: Schema = {"pattern": r"\S"}
_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.+(?:\n {8}.+)*)", re.MULTILINE)


def policy_schema() -> Schema:
    """Return the JSON schema, draft 2020-12, of what `lc_guard.Policy.from_file` takes, TOML or YAML."""
    policy = _record(Policy)
    properties = policy["properties"]
    told = properties["timeout"]["description"].replace("None", f"`{NO_TIMEOUT!r}`")
    properties["timeout"] = {"description": told, "anyOf": [_SECONDS, {"const": NO_TIMEOUT}]}
    destination = {"pattern": rf"^({'|'.join(DESTINATIONS)}|{TOOL}.*[^ .].*)$"}
    properties["restore"] = {**properties["restore"], "propertyNames": destination}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Policy of an lc-guard Guard",
        **policy,
        "minProperties": 1,
        "$defs": {each.__name__: _record(each) for each in (CheckPolicy, StagePolicy, Restore)},
    }


def _record(kind: type[Any]) -> Schema:
    """Return the schema of a table whose keys are a record's fields."""
    hints, told = get_type_hints(kind), _descriptions(kind)
    properties = {
        item.name: {"description": told[item.name], **_value(item.name, hints[item.name])}
        for item in fields(kind)
        if item.init
    }
    nullable: Schema = {} if kind is Policy else {"type": ["object", "null"]}
    return {"type": "object", **nullable, "additionalProperties": False, "properties": properties}


def _value(name: str, hint: Any) -> Schema:
    """Return the schema of a setting's value."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": [*args]}
    if origin is Mapping:
        return _table(name, *args)
    if origin in (Union, UnionType):
        return _one_of(name, [each for each in args if each is not type(None)], nullable=type(None) in args)
    if isinstance(hint, type) and hint in (CheckPolicy, StagePolicy, Restore):
        return {"$ref": f"#/$defs/{hint.__name__}"}
    return _NUMBERS.get(name) or {"type": {bool: "boolean", str: "string"}[hint]}


def _one_of(name: str, hints: list[Any], *, nullable: bool) -> Schema:
    each = [_value(name, hint) for hint in hints]
    if len(each) > 1:
        return {"anyOf": each}
    (only,) = each
    if not nullable:
        return only
    if "enum" in only:
        return {"enum": [*only["enum"], None]}
    return {**only, "type": [only["type"], "null"]}


def _table(name: str, key: Any, value: Any) -> Schema:
    each = _value(name, value)
    table: Schema = {"type": ["object", "null"]}
    if get_origin(key) is Literal:
        return {**table, "additionalProperties": False, "properties": dict.fromkeys(get_args(key), each)}
    if value is CheckPolicy:  # of the detectors' check the rest is said by kind
        own = _record(CheckPolicy)
        own["properties"] = {name: own["properties"][name] for name in ("on_error", "timeout")}
        table["properties"] = {PII_CHECK: own}
    return {**table, "propertyNames": _NAME, "additionalProperties": each}


def _descriptions(kind: type[Any]) -> dict[str, str]:
    """Return what a record's docstring says of its attributes, and of those that it inherits."""
    told = _descriptions(kind.__base__) if kind.__base__ not in (None, object) else {}
    _, _, attributes = (inspect.cleandoc(kind.__doc__ or "") + "\n").partition("Attributes:\n")
    for name, text in _ATTRIBUTE.findall(attributes.partition("\n\n")[0]):
        told[name] = " ".join(text.split()).replace("``", "`")
    return told
