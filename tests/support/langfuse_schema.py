"""What Langfuse's public API takes, as a table of facts: fields, which of them are needed, and their words.

From the API definition that Langfuse publishes (``fern/apis/server/definition`` of langfuse/langfuse, as of 2026-08-22,
after 4.16.0), the columns of its views (``packages/shared/src/features/query/dataModel.ts``, its v2), and the client
generated from the definition in the SDK 5.0.4 (``langfuse.api.evaluators`` and ``evaluation_rules``: the addresses
under ``/v2``). Where the real server passes over a field that it does not know, this table refuses it.

A field's name ends with ``!`` where it must be there, with ``?`` where it may also be null.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .loopback import Refusal

Shape = dict[str, Any]
"""Field → what its value must be: a type, a set of words, a list of one of these, a shape, or a function."""

TEXT: Callable[[Any], bool] = lambda value: isinstance(value, str) and value != ""  # noqa: E731 - a row of a table
CONFIG_NAME: Callable[[Any], bool] = lambda value: bool(re.fullmatch(r"[A-Za-z0-9_ .()-]{1,35}", str(value)))  # noqa: E731
WHOLE: Callable[[Any], bool] = lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0  # noqa: E731

_CATEGORY = {"value!": float, "label!": TEXT}
_RANGES = {"categories": [_CATEGORY], "minValue": float, "maxValue": float, "description": str}
_VIEWS = {"observations", "scores-numeric", "scores-boolean", "scores-categorical"}
_AGGREGATIONS = {"sum", "avg", "count", "max", "min", "p50", "p75", "p90", "p95", "p99", "histogram", "uniq"}
_CHARTS = {"LINE_TIME_SERIES", "AREA_TIME_SERIES", "BAR_TIME_SERIES", "HORIZONTAL_BAR", "VERTICAL_BAR", "PIE",
           "NUMBER", "HISTOGRAM", "PIVOT_TABLE"}  # fmt: skip
_SORT = {"column!": str, "order!": {"ASC", "DESC"}}
_CHART = {"type": _CHARTS, "row_limit": WHOLE, "show_value_labels": bool, "bins": WHOLE, "defaultSort": _SORT}
_FILTER = {"column!": TEXT, "operator!": TEXT, "type!": TEXT, "value": object, "key": str}
_WIDGET = {"name!": TEXT, "description": str, "view!": _VIEWS, "dimensions!": [{"field!": TEXT}],
           "metrics!": [{"measure!": TEXT, "agg!": _AGGREGATIONS}], "filters!": [_FILTER], "chartType!": _CHARTS,
           "chartConfig": _CHART}  # fmt: skip
_PLACE = {"type!": {"widget"}, "id!": TEXT, "widgetId!": TEXT, "x!": WHOLE, "y!": WHOLE, "width!": WHOLE,
          "height!": WHOLE}  # fmt: skip
_DASHBOARD = {"name!": TEXT, "description": str, "definition": {"widgets!": [_PLACE]}, "filters": [_FILTER]}
_SOURCES = {"input", "output", "metadata", "tool_calls", "expected_output", "experiment_item_metadata"}
_MAPPING = {"variable!": TEXT, "source!": _SOURCES, "jsonPath": TEXT}
_MODEL = {"provider!": TEXT, "model!": TEXT}
_SAID = {"description!": TEXT}
_OUTPUT = {"dataType!": {"NUMERIC", "BOOLEAN"}, "reasoning!": _SAID, "score!": _SAID}
_OUTPUT_V2 = {"dataType!": {"NUMERIC", "BOOLEAN"}, "minValue": float, "maxValue": float,
              "scoreReasoningInstructions": str, "scoreValueInstructions": str}  # fmt: skip
_JUDGE = {"name!": TEXT, "type!": {"llm_as_judge"}, "prompt!": TEXT, "modelConfig?": _MODEL}
_RULE = {"name!": TEXT, "enabled!": bool, "sampling": float, "filter": [_FILTER]}
_EVALUATOR = {"name!": TEXT, "scope!": {"project", "managed"}, "type": {"llm_as_judge"}}

REQUESTS: dict[str, Shape] = {
    "POST /api/public/score-configs": {"name!": CONFIG_NAME, "dataType!": {"NUMERIC", "BOOLEAN", "CATEGORICAL", "TEXT"},
                                       **_RANGES},
    "PATCH /api/public/score-configs": {"isArchived": bool, "name": CONFIG_NAME, **_RANGES},
    "POST /api/public/annotation-queues": {"name!": TEXT, "description?": str, "scoreConfigIds!": [TEXT]},
    "POST /api/public/annotation-queues/items": {"objectId!": TEXT, "objectType!": {"TRACE", "OBSERVATION", "SESSION"},
                                                 "status": {"PENDING", "COMPLETED"}},
    "POST /api/public/comments": {"projectId!": TEXT, "objectId!": TEXT, "content!": TEXT, "authorUserId?": str,
                                  "objectType!": {"TRACE", "OBSERVATION", "SESSION", "PROMPT"}},
    "POST /api/public/unstable/dashboard-widgets": _WIDGET,
    "PATCH /api/public/unstable/dashboard-widgets": {name.rstrip("!"): kind for name, kind in _WIDGET.items()},
    "POST /api/public/unstable/dashboards": _DASHBOARD,
    "POST /api/public/unstable/dashboards/placements": {
        name if name in ("type!", "widgetId!") else name.rstrip("!"): kind for name, kind in _PLACE.items()
    },
    "POST /api/public/unstable/evaluators": {**_JUDGE, "outputDefinition!": _OUTPUT},
    "POST /api/public/unstable/evaluation-rules": {**_RULE, "evaluator!": _EVALUATOR, "mapping!": [_MAPPING],
                                                   "target!": {"observation", "experiment"}},
    "PATCH /api/public/unstable/evaluation-rules": {"name": TEXT, "enabled": bool, "sampling": float},
    "POST /api/public/v2/evaluators": {**_JUDGE, "description?": str, "variableMapping?": [_MAPPING],
                                       "outputDefinition!": _OUTPUT_V2},
    "POST /api/public/v2/evaluation-rules": {
        **_RULE, "evaluatorAssignments!": [{"evaluatorId!": TEXT, "variableMapping?": [_MAPPING]}]
    },
    "PATCH /api/public/v2/evaluation-rules": {"name": TEXT, "enabled": bool, "sampling": float},
}  # fmt: skip

_OF_SCORES = {"environment", "name", "source", "dataType", "configId", "sessionId", "traceName", "tags", "userId",
              "traceRelease", "traceVersion", "observationName", "timestampDay", "timestampMonth"}  # fmt: skip
DIMENSIONS = {
    "observations": {"environment", "type", "name", "level", "version", "userId", "sessionId", "tags", "release",
                     "traceName", "traceRelease", "traceVersion", "providedModelName", "promptName", "promptVersion",
                     "startTimeMonth", "toolNames", "calledToolNames", "costType", "usageType"},
    "scores-numeric": _OF_SCORES | {"value"},
    "scores-boolean": _OF_SCORES | {"booleanValue"},
    "scores-categorical": _OF_SCORES | {"stringValue"},
}  # fmt: skip
"""What a widget may be parted by, for each view."""

MEASURES = {
    "observations": {"count", "latency", "streamingLatency", "inputTokens", "outputTokens", "totalTokens", "inputCost",
                     "outputCost", "totalCost", "timeToFirstToken", "countScores", "toolCalls"},
    "scores-numeric": {"count", "value"},
    "scores-boolean": {"count", "value"},
    "scores-categorical": {"count"},
}  # fmt: skip
"""What a widget may count, for each view."""

_OF_SCORES_FILTERED = {"name": "string", "source": "string", "dataType": "string", "tags": "array", "userId": "string",
                       "environment": "string", "sessionId": "string", "metadata": "object", "traceName": "string",
                       "observationName": "string", "traceRelease": "string", "traceVersion": "string"}  # fmt: skip
FILTERS = {
    "observations": {"traceName": "string", "name": "string", "userId": "string", "sessionId": "string",
                     "metadata": "object", "type": "string", "tags": "array", "providedModelName": "string",
                     "level": "string", "environment": "string", "version": "string", "isRootObservation": "boolean"},
    "scores-numeric": _OF_SCORES_FILTERED | {"value": "number"},
    "scores-boolean": _OF_SCORES_FILTERED | {"booleanValue": "boolean"},
    "scores-categorical": _OF_SCORES_FILTERED | {"stringValue": "string"},
}  # fmt: skip
"""What a widget may be filtered by, for each view, and what kind of column that is."""

OPERATORS = {
    "string": ({"string", "stringOptions"}, {"=", "contains", "does not contain", "starts with", "ends with"}),
    "array": ({"arrayOptions"}, set()),
    "object": ({"stringObject"}, {"=", "contains", "does not contain", "starts with", "ends with"}),
    "number": ({"number"}, {"=", ">", "<", ">=", "<="}),
    "boolean": ({"boolean"}, {"=", "<>"}),
}
"""Kind of a column → types of a filter, and the operators of those that are no options."""


def check(request: str, body: Any) -> dict[str, Any]:
    """Give a request's body back, or refuse it.

    Args:
        request: Its method and address, as in `REQUESTS`.
        body: What was sent.
    """
    problem = _problem(body, REQUESTS[request], "body")
    if problem is not None:
        raise Refusal(400, {"message": problem, "error": "InvalidRequestError", "code": "invalid_body"})
    checked: dict[str, Any] = body
    return checked


def _problem(value: Any, kind: Any, place: str) -> str | None:
    if isinstance(kind, dict):
        return _object_problem(value, kind, place)
    if isinstance(kind, list):
        if not isinstance(value, list):
            return f"{place}: a list is needed"
        found = (_problem(item, kind[0], f"{place}[{number}]") for number, item in enumerate(value))
        return next((problem for problem in found if problem), None)
    if isinstance(kind, set):
        return None if isinstance(value, str) and value in kind else f"{place}: one of {sorted(kind)} is needed"
    if kind is float:
        right = isinstance(value, int | float) and not isinstance(value, bool)
    elif isinstance(kind, type):
        right = isinstance(value, kind)
    else:
        right = kind(value)
    return None if right else f"{place}: {value!r} is not what is needed"


def _object_problem(value: Any, shape: Shape, place: str) -> str | None:
    if not isinstance(value, dict):
        return f"{place}: an object is needed"
    known = {name.rstrip("!?") for name in shape}
    if unknown := set(value) - known:
        return f"{place}: unknown fields {sorted(unknown)}"
    for name, kind in shape.items():
        key = name.rstrip("!?")
        if key not in value:
            if name.endswith("!"):
                return f"{place}.{key}: needed"
        elif (value[key] is not None or not name.endswith("?")) and (
            problem := _problem(value[key], kind, f"{place}.{key}")
        ):
            return problem
    return None
