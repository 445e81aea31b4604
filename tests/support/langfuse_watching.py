"""The part of the stand-in for Langfuse that watches: dashboards with widgets, and evaluators with their rules.

Strict as the table in `langfuse_schema`. Evaluators are at one of two addresses, as in the real server's versions:
``/unstable`` (numbered pages, rules name an evaluator) up to 4.16 at least, ``/v2`` (cursors, rules name ids) in those
that the SDK 5.0.4 was made for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote

from .langfuse_schema import DIMENSIONS, FILTERS, MEASURES, OPERATORS, check
from .loopback import Refusal

Row = dict[str, Any]
Answer = Callable[..., Row]

_UNSTABLE, _V2 = "/api/public/unstable", "/api/public/v2"
_NOW = "2026-11-01T00:00:00.000Z"


class WatchingApi:
    """Keeps dashboards, widgets, evaluators and rules.

    Attributes:
        widgets, dashboards, evaluators, rules: What is there, by id.
        lacks: Addresses that this version has not: ``"dashboards"``, ``"evaluators"``, or both.
        evaluators_at: ``"v2"`` or ``"unstable"``.
        judging_model: Whether the project has a model to judge with.
    """

    def __init__(self) -> None:
        self.widgets: dict[str, Row] = {}
        self.dashboards: dict[str, Row] = {}
        self.evaluators: dict[str, Row] = {}
        self.rules: dict[str, Row] = {}
        self.lacks: set[str] = set()
        self.evaluators_at = "v2"
        self.judging_model = True
        self._made = 0

    def routes(self, query: str, body: bytes) -> list[tuple[str, str, Answer]]:
        """Give what it answers: method, pattern of the address, and what to do."""
        widgets, dashboards = f"{_UNSTABLE}/dashboard-widgets", f"{_UNSTABLE}/dashboards"
        found: list[tuple[str, str, Answer]] = []
        if "dashboards" not in self.lacks:
            found += [
                ("GET", widgets, lambda: numbered(self.widgets.values(), query)),
                ("POST", widgets, lambda: self._create_widget(body)),
                ("PATCH", f"{widgets}/([^/]+)", lambda identity: self._update_widget(identity, body)),
                ("DELETE", f"{widgets}/([^/]+)", self._delete_widget),
                ("GET", dashboards, lambda: numbered(self.dashboards.values(), query)),
                ("POST", dashboards, lambda: self._create_dashboard(body)),
                ("DELETE", f"{dashboards}/([^/]+)", lambda identity: self._delete(self.dashboards, identity)),
                ("POST", f"{dashboards}/([^/]+)/placements", lambda identity: self._place(identity, body)),
            ]
        if "evaluators" not in self.lacks:
            base = _V2 if self.evaluators_at == "v2" else _UNSTABLE
            page = cursored if self.evaluators_at == "v2" else numbered
            evaluators, rules = f"{base}/evaluators", f"{base}/evaluation-rules"
            found += [
                ("GET", evaluators, lambda: page(self.evaluators.values(), query)),
                ("POST", evaluators, lambda: self._create_evaluator(body)),
                ("DELETE", f"{evaluators}/([^/]+)", self._delete_evaluator),
                ("GET", rules, lambda: page(self.rules.values(), query)),
                ("POST", rules, lambda: self._create_rule(body)),
                ("PATCH", f"{rules}/([^/]+)", lambda identity: self._update_rule(identity, body)),
                ("DELETE", f"{rules}/([^/]+)", lambda identity: self._delete(self.rules, identity)),
            ]
        return found

    def _create_widget(self, body: bytes) -> Row:
        asked = check(f"POST {_UNSTABLE}/dashboard-widgets", parsed(body))
        row = {**self._new("widget"), "description": "", **asked}
        row["chartConfig"] = {"type": asked["chartType"], **asked.get("chartConfig", {})}
        _check_widget(row)
        self.widgets[row["id"]] = row
        return row

    def _update_widget(self, identity: str, body: bytes) -> Row:
        asked = check(f"PATCH {_UNSTABLE}/dashboard-widgets", parsed(body))
        row = {**_there(self.widgets, identity), **asked}
        if "chartConfig" in asked or "chartType" in asked:  # a new type without options takes its own defaults
            row["chartConfig"] = {"type": row["chartType"], **asked.get("chartConfig", {})}
        _check_widget(row)
        self.widgets[identity] = row
        return row

    def _delete_widget(self, identity: str) -> Row:
        _there(self.widgets, identity)
        placed = (place for row in self.dashboards.values() for place in row["definition"]["widgets"])
        if any(place["widgetId"] == identity for place in placed):
            raise Refusal(409, {"message": "Widget is still placed on a dashboard", "code": "conflict"})
        return self._delete(self.widgets, identity)

    def _create_dashboard(self, body: bytes) -> Row:
        asked = check(f"POST {_UNSTABLE}/dashboards", parsed(body))
        row = {**self._new("dashboard"), "description": "", "definition": {"widgets": []}, "filters": [], **asked}
        places = row["definition"]["widgets"]
        for place in places:
            _there(self.widgets, place["widgetId"])
        if len({place["id"] for place in places}) < len(places):
            raise bad("Placement ids must be unique")
        self.dashboards[row["id"]] = row
        return row

    def _place(self, identity: str, body: bytes) -> Row:
        asked = check(f"POST {_UNSTABLE}/dashboards/placements", parsed(body))
        places = _there(self.dashboards, identity)["definition"]["widgets"]
        _there(self.widgets, asked["widgetId"])
        if any(place["id"] == asked.get("id") for place in places):
            raise Refusal(409, {"message": "A placement with this id exists", "code": "conflict"})
        below = max((place["y"] + place["height"] for place in places), default=0)
        place = {"id": self._new("place")["id"], "x": 0, "y": below, "width": 6, "height": 6, **asked}
        places.append(place)
        return place

    def _create_evaluator(self, body: bytes) -> Row:
        v2 = self.evaluators_at == "v2"
        asked = check(f"POST {_V2 if v2 else _UNSTABLE}/evaluators", parsed(body))
        if not self.judging_model and not asked.get("modelConfig"):
            raise Refusal(422, {"message": "No valid LLM model found", "code": "evaluator_preflight_failed"})
        variables = sorted(set(re.findall(r"\{\{\s*(\w+)\s*\}\}", asked["prompt"])))
        if v2:
            _check_mapping(asked.get("variableMapping") or [], variables)
            row = self._new("evaluator") | asked | {"prompt": [{"role": "user", "content": asked["prompt"]}]}
            row |= {"status": "active", "version": 1}
        else:
            same = [row for row in self.evaluators.values() if row["name"] == asked["name"]]
            row = (same[0] if same else self._new("evaluator")) | asked
            row |= {"version": row.get("version", 0) + 1, "scope": "project"}
        row |= {"variables": variables}
        self.evaluators[row["id"]] = row
        return row

    def _delete_evaluator(self, identity: str) -> Row:
        name = _there(self.evaluators, identity)["name"]
        for rule in list(self.rules.values()):
            if name == rule.get("evaluator", {}).get("name"):
                del self.rules[rule["id"]]
            assigned = rule.get("evaluatorAssignments", [])
            rule["evaluatorAssignments"] = [each for each in assigned if each["evaluatorId"] != identity]
        return self._delete(self.evaluators, identity)

    def _create_rule(self, body: bytes) -> Row:
        v2 = self.evaluators_at == "v2"
        asked = check(f"POST {_V2 if v2 else _UNSTABLE}/evaluation-rules", parsed(body))
        for each in asked.get("filter", []):
            _check_filter(each, {"type": "string", "name": "string", "level": "string", "environment": "string"})
        if not 0 < asked.get("sampling", 1) <= 1:
            raise bad("sampling must be above 0 and at most 1")
        if v2:
            for each in asked["evaluatorAssignments"]:
                _there(self.evaluators, each["evaluatorId"])
            if asked["enabled"] and not asked["evaluatorAssignments"]:
                raise bad("Enabled rules require at least one evaluator assignment")
        else:
            named = [row for row in self.evaluators.values() if row["name"] == asked["evaluator"]["name"]]
            if not named:
                raise Refusal(404, {"message": "Evaluator not found", "code": "resource_not_found"})
            if any(rule["name"] == asked["name"] for rule in self.rules.values()):
                raise Refusal(409, {"message": "A rule of this name exists", "code": "name_conflict"})
            _check_mapping(asked["mapping"], named[0]["variables"])
        row = {"sampling": 1, "filter": [], **self._new("rule"), **asked}
        self.rules[row["id"]] = row
        return row

    def _update_rule(self, identity: str, body: bytes) -> Row:
        base = _V2 if self.evaluators_at == "v2" else _UNSTABLE
        row = _there(self.rules, identity)
        row |= check(f"PATCH {base}/evaluation-rules", parsed(body))
        return row

    def _delete(self, rows: dict[str, Row], identity: str) -> Row:
        _there(rows, identity)
        del rows[identity]
        return {"message": "successfully deleted"}

    def _new(self, kind: str) -> Row:
        self._made += 1
        return {"id": f"{kind}-{self._made}", "createdAt": _NOW, "updatedAt": _NOW}


def numbered(rows: Any, query: str, more: frozenset[str] = frozenset()) -> Row:
    """Give a page by its number."""
    params = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := set(params) - {"page", "limit", *more}:
        raise bad(f"unknown parameters: {', '.join(sorted(unknown))}")
    page, limit = int(params.get("page", "1")), int(params.get("limit", "50"))
    if not 1 <= limit <= 100 or page < 1:
        raise bad("page must be at least 1, limit from 1 to 100")
    listed = list(rows)
    meta = {"page": page, "limit": limit, "totalItems": len(listed), "totalPages": -(-len(listed) // limit)}
    return {"data": listed[(page - 1) * limit : page * limit], "meta": meta}


def cursored(rows: Any, query: str) -> Row:
    """Give a page by a cursor."""
    params = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := set(params) - {"cursor", "limit"}:
        raise bad(f"unknown parameters: {', '.join(sorted(unknown))}")
    start, limit = int(params.get("cursor", "0")), int(params.get("limit", "50"))
    if not 1 <= limit <= 100:
        raise bad("limit must be from 1 to 100")
    listed = list(rows)
    meta = {"cursor": str(start + limit)} if start + limit < len(listed) else {}
    return {"data": listed[start : start + limit], "meta": meta}


def parsed(body: bytes) -> Any:
    """Give a body's JSON value; None if it is none."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def bad(message: str) -> Refusal:
    """Make a refusal of what was sent."""
    return Refusal(400, {"message": message, "error": "InvalidRequestError", "code": "invalid_request"})


def _there(rows: dict[str, Row], identity: str) -> Row:
    if unquote(identity) not in rows:
        raise Refusal(404, {"message": "not found", "code": "resource_not_found"})
    return rows[unquote(identity)]


def _check_widget(row: Row) -> None:
    view = row["view"]
    dimensions = [each["field"] for each in row["dimensions"]]
    if unknown := set(dimensions) - DIMENSIONS[view]:
        raise bad(f"dimensions {sorted(unknown)} are not available for {view}")
    if len(dimensions) > (2 if row["chartType"] == "PIVOT_TABLE" else 1):
        raise bad("Only pivot table widgets can have multiple dimensions")
    if not row["metrics"] or {each["measure"] for each in row["metrics"]} - MEASURES[view]:
        raise bad(f"measures are not available for {view}")
    if row["chartConfig"]["type"] != row["chartType"]:
        raise bad("chartConfig.type must match chartType")
    for each in row["filters"]:
        _check_filter(each, FILTERS[view])


def _check_filter(asked: Row, columns: dict[str, str]) -> None:
    kind = columns.get(asked["column"])
    if kind is None:
        raise bad(f"Unsupported filter column {asked['column']}")
    types, operators = OPERATORS[kind]
    value, options = asked.get("value"), asked["type"].endswith("Options")
    if asked["type"] not in types:
        raise bad(f"filter type {asked['type']} is not supported for {asked['column']}")
    if asked["operator"] not in ({"any of", "none of"} if options else operators):
        raise bad(f"operator {asked['operator']} of {asked['type']}")
    right = (
        bool(value) and isinstance(value, list) if options else isinstance(value, bool if kind == "boolean" else str)
    )
    if not right or (kind == "object") != ("key" in asked):
        raise bad(f"value or key of {asked['column']}")


def _check_mapping(mapping: list[Row], variables: list[str]) -> None:
    mapped = [each["variable"] for each in mapping]
    if sorted(mapped) != variables:
        raise bad(f"each of {variables} must be mapped once")
