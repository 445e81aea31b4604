"""The reading half of the stand-in for Langfuse: scores (v3) and observations (v2), with the real one's limits.

It refuses parameters that the real API does not know or take, and hands out cursors that only it can read.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from .loopback import Exchange, Refusal

Row = dict[str, Any]
Interfere = Callable[[Exchange, int], bool]

SCORES, OBSERVATIONS = "/api/public/v3/scores", "/api/public/v2/observations"

_SCORE_PARAMS = {
    "limit", "cursor", "fields", "id", "name", "source", "dataType", "environment", "configId", "queueId",
    "authorUserId", "value", "valueMin", "valueMax", "traceId", "sessionId", "observationId", "experimentId",
    "fromTimestamp", "toTimestamp",
}  # fmt: skip
_OBSERVATION_PARAMS = {
    "fields", "expandMetadata", "limit", "cursor", "parseIoAsJson", "name", "userId", "sessionId", "type", "traceId",
    "level", "parentObservationId", "isRootObservation", "environment", "fromStartTime", "toStartTime", "version",
    "filter",
}  # fmt: skip
_SCORE_FIELDS = {"details": ("comment", "configId", "metadata"), "subject": ("subject",),
                 "annotation": ("authorUserId", "queueId")}  # fmt: skip
_OBSERVATION_FIELDS = {
    "core": ("id", "traceId", "startTime", "endTime", "projectId", "parentObservationId", "type"),
    "basic": ("name", "level", "statusMessage", "version", "environment", "bookmarked", "public", "userId",
              "sessionId", "isRootObservation"),
    "time": ("completionStartTime", "createdAt", "updatedAt"),
    "io": ("input", "output"),
    "metadata": ("metadata",),
    "model": ("model", "internalModelId", "modelParameters"),
    "usage": ("usageDetails", "costDetails", "totalCost", "usagePricingTierName"),
    "prompt": ("promptId", "promptName", "promptVersion"),
    "metrics": ("latency", "timeToFirstToken"),
    "trace_context": ("tags", "release", "traceName"),
}  # fmt: skip
_SCORE_CORE = ("id", "projectId", "name", "value", "dataType", "source", "timestamp", "environment", "createdAt",
               "updatedAt")  # fmt: skip
_CUT = 200


class ReadApi:
    """Answers reads from the rows it is given.

    Args:
        scores: Makes all scores, complete rows of the v3 API.
        observations: Makes all observations, complete rows of the v2 API.

    Attributes:
        requests: Paths with queries that came in.
        interfere: Called first with the exchange and the request's number from 1; True means that it has answered.
    """

    def __init__(self, scores: Callable[[], Iterable[Row]], observations: Callable[[], Iterable[Row]]) -> None:
        self._sources = {SCORES: scores, OBSERVATIONS: observations}
        self._found: dict[tuple[str, str], list[Row]] = {}
        self.requests: list[str] = []
        self.interfere: Interfere | None = None

    def takes(self, path: str) -> bool:
        """Tell whether a path is one of its own."""
        return path in self._sources

    def answer(self, exchange: Exchange) -> None:
        """Answer a read."""
        self.requests.append(exchange.path)
        if self.interfere is not None and self.interfere(exchange, len(self.requests)):
            return
        path, _, query = exchange.path.partition("?")
        params = dict(parse_qsl(query, keep_blank_values=True))
        known = _SCORE_PARAMS if path == SCORES else _OBSERVATION_PARAMS
        if unknown := set(params) - known:
            raise _bad(f"unknown parameters: {', '.join(sorted(unknown))}")
        limit = _limit(params.pop("limit", "50"), 100 if path == SCORES else 1000)
        offset = _offset(params.pop("cursor", None))
        keys = self._keys(path, params.pop("fields", None))
        expand = set(params.pop("expandMetadata", "").split(","))
        # the filtered rows stand for as long as a client pages through them
        key = (path, json.dumps(params, sort_keys=True))
        if offset == 0 or key not in self._found:
            self._found[key] = self._filtered(path, params)
        rows = self._found[key]
        shown = [self._shown(row, keys, expand) for row in rows[offset : offset + limit]]
        meta: Row = {"limit": limit} if path == SCORES else {}
        if offset + limit < len(rows):
            meta["cursor"] = base64.urlsafe_b64encode(json.dumps({"after": offset + limit}).encode()).decode()
        exchange.send_json(200, {"data": shown, "meta": meta})

    def _filtered(self, path: str, params: dict[str, str]) -> list[Row]:
        rows = self._sources[path]()
        if path == SCORES:
            times = ("timestamp", "fromTimestamp", "toTimestamp")
            wanted = {key: set(params[key].split(",")) for key in ("id", "name") if key in params}
            wanted |= {key: set(params[key].upper().split(",")) for key in ("source", "dataType") if key in params}
        else:
            times = ("startTime", "fromStartTime", "toStartTime")
            wanted = {key: {params[key]} for key in ("type", "name", "traceId", "level") if key in params}
            if "isRootObservation" in params:
                if params["isRootObservation"] not in ("true", "false"):
                    raise _bad("isRootObservation must be true or false")
                wanted["isRootObservation"] = {params["isRootObservation"] == "true"}
        column, since, until = times[0], _time(params, times[1]), _time(params, times[2])
        found = [
            row
            for row in rows
            if all(row.get(key) in values for key, values in wanted.items())
            and (since is None or row[column] >= since)
            and (until is None or row[column] < until)
        ]
        return sorted(found, key=lambda row: row[column], reverse=True)

    def _keys(self, path: str, fields: str | None) -> list[str]:
        groups = _SCORE_FIELDS if path == SCORES else _OBSERVATION_FIELDS
        asked = [] if path == SCORES else ["core"]
        asked += fields.split(",") if fields else [] if path == SCORES else ["basic"]
        if unknown := set(asked) - set(groups):
            raise _bad(f"unknown field groups: {', '.join(sorted(unknown))}")
        return [*(_SCORE_CORE if path == SCORES else ()), *(key for group in asked for key in groups[group])]

    def _shown(self, row: Row, keys: list[str], expand: set[str]) -> Row:
        shown = {key: row[key] for key in keys if key in row}
        if isinstance(shown.get("metadata"), dict):
            shown["metadata"] = {
                key: value if key in expand or not isinstance(value, str) else value[:_CUT]
                for key, value in shown["metadata"].items()
            }
        return shown


def iso(seconds: float) -> str:
    """Give a time as the API does: milliseconds, UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def score_row(identity: str, name: str, value: Any, *, trace: str, at: float, **more: Any) -> Row:
    """Make a complete score; `more` may hold ``observation``, ``source``, ``dataType`` and any of its fields."""
    observation = more.pop("observation", None)
    kind = "BOOLEAN" if isinstance(value, bool) else "CATEGORICAL" if isinstance(value, str) else "NUMERIC"
    subject = {"kind": "observation", "id": observation, "traceId": trace} if observation else None
    row = {
        "id": identity,
        "projectId": "p-1",
        "name": name,
        "value": value,
        "dataType": kind,
        "source": "API",
        "timestamp": iso(at),
        "environment": "default",
        "createdAt": iso(at),
        "updatedAt": iso(at),
        "comment": None,
        "subject": subject or {"kind": "trace", "id": trace},
    }
    return row | more


def observation_row(identity: str, *, trace: str, start: float, seconds: float | None, **more: Any) -> Row:
    """Make a complete observation; `more` may hold any of its fields."""
    row = {
        "id": identity,
        "traceId": trace,
        "startTime": iso(start),
        "endTime": None if seconds is None else iso(start + seconds),
        "projectId": "p-1",
        "parentObservationId": None,
        "type": "SPAN",
        "name": "step",
        "level": "DEFAULT",
        "statusMessage": None,
        "environment": "default",
        "input": None,
        "output": None,
        "metadata": {},
        "isRootObservation": not more.get("parentObservationId"),
    }
    return row | more


def _limit(told: str, most: int) -> int:
    if not told.isdigit() or not 1 <= int(told) <= most:
        raise _bad(f"limit must be a whole number from 1 to {most}")
    return int(told)


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return int(json.loads(base64.urlsafe_b64decode(cursor))["after"])
    except (ValueError, KeyError, TypeError):
        raise _bad("Invalid cursor") from None


def _time(params: dict[str, str], key: str) -> str | None:
    if key not in params:
        return None
    try:
        told = datetime.fromisoformat(params[key])
    except ValueError:
        raise _bad(f"{key} is no ISO 8601 time") from None
    if told.tzinfo is None:
        raise _bad(f"{key} has no time zone")
    return iso(told.timestamp())


def _bad(message: str) -> Refusal:
    return Refusal(400, {"message": message, "error": "InvalidRequestError"})
