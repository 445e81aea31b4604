"""The part of the stand-in for Langfuse that is written by hand or by a command: score configs, datasets, queues.

It refuses what the real API refuses: names and ranges of configs, unknown configs in a queue, a queue's name a second
time, an item of a dataset that is not there or whose id belongs to another dataset.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from .langfuse_schema import check
from .langfuse_watching import WatchingApi, bad, numbered, parsed
from .loopback import Exchange, Refusal

Row = dict[str, Any]

_CONFIGS, _QUEUES, _COMMENTS = "/api/public/score-configs", "/api/public/annotation-queues", "/api/public/comments"
_DATASETS, _ITEMS = "/api/public/v2/datasets", "/api/public/dataset-items"
_NOW = "2026-11-01T00:00:00.000Z"


class ProjectApi:
    """Keeps what is written.

    Attributes:
        configs: Score configs by id.
        queues: Annotation queues by id.
        queued: Items of queues by queue's id.
        datasets: Datasets by name.
        items: Dataset items by id.
        comments: Comments on traces and observations.
        watching: Dashboards and evaluators.
        writes: Number of accepted writes.
    """

    def __init__(self) -> None:
        self.configs: dict[str, Row] = {}
        self.queues: dict[str, Row] = {}
        self.queued: dict[str, list[Row]] = {}
        self.datasets: dict[str, Row] = {}
        self.items: dict[str, Row] = {}
        self.comments: list[Row] = []
        self.watching = WatchingApi()
        self.writes = 0

    def answer(self, exchange: Exchange, body: bytes) -> bool:
        """Answer a request, or give False if it is none of its own."""
        path, _, query = exchange.path.partition("?")
        routes: list[tuple[str, str, Callable[..., Row]]] = [
            ("GET", _CONFIGS, lambda: numbered(self.configs.values(), query)),
            ("POST", _CONFIGS, lambda: self._create_config(parsed(body))),
            ("PATCH", f"{_CONFIGS}/([^/]+)", lambda identity: self._update_config(identity, parsed(body))),
            ("GET", _QUEUES, lambda: numbered(self.queues.values(), query)),
            ("POST", _QUEUES, lambda: self._create_queue(parsed(body))),
            (
                "GET",
                f"{_QUEUES}/([^/]+)/items",
                lambda queue: numbered(self._queue(queue), query, more=frozenset({"status"})),
            ),
            ("POST", f"{_QUEUES}/([^/]+)/items", lambda queue: self._add_item(queue, parsed(body))),
            ("GET", _COMMENTS, lambda: numbered(self.comments, query, more=frozenset({"objectType", "objectId"}))),
            ("POST", _COMMENTS, lambda: self._create_comment(parsed(body))),
            ("POST", _DATASETS, lambda: self._create_dataset(parsed(body))),
            ("POST", _ITEMS, lambda: self._create_item(parsed(body))),
            *self.watching.routes(query, body),
        ]
        for method, pattern, act in routes:
            match = re.fullmatch(pattern, path)
            if method == exchange.command and match is not None:
                answer = act(*map(unquote, match.groups()))
                self.writes += method != "GET"
                exchange.send_json(200, answer)
                return True
        return False

    def config_problem(self, score: Row) -> str | None:
        """Say why a score does not fit the config that it names; None if it names none."""
        if (identity := score.get("configId")) is None:
            return None
        config = self.configs.get(identity)
        if config is None:
            return "The configId you provided does not match a valid config in this project"
        if config.get("isArchived"):
            return "Config is archived and cannot be used to create new scores"
        for field, key in (("dataType", "dataType"), ("name", "name")):
            if score.get(field) != config[key]:
                return f"{field} mismatch based on config: expected {config[key]}"
        low, high = config.get("minValue"), config.get("maxValue")
        value, labels = score.get("value"), [item["label"] for item in config.get("categories") or ()]
        if config["dataType"] == "NUMERIC":
            outside = (low is not None and value < low) or (high is not None and value > high)
            return "Ingested score body not valid against provided config" if outside else None
        known = config["dataType"] == "BOOLEAN" or value in labels
        return None if known else "Ingested score body not valid against provided config"

    def _create_config(self, body: Row) -> Row:
        check(f"POST {_CONFIGS}", body)
        name, kind = body["name"], body["dataType"]
        row = {"id": f"config-{len(self.configs) + 1}", "projectId": "p-1", "createdAt": _NOW, "updatedAt": _NOW}
        row |= {"isArchived": False, "name": name, "dataType": kind}
        row |= _ranges(body, kind)
        self.configs[row["id"]] = row
        return row

    def _update_config(self, identity: str, body: Row) -> Row:
        if identity not in self.configs:
            raise Refusal(404, {"message": "Score config not found"})
        check(f"PATCH {_CONFIGS}", body)
        row = self.configs[identity]
        row |= {"isArchived": body.get("isArchived", row["isArchived"]), "name": body.get("name", row["name"])}
        row |= _ranges({**row, **body}, row["dataType"])
        return row

    def _create_queue(self, body: Row) -> Row:
        check(f"POST {_QUEUES}", body)
        name, configs = body["name"], body["scoreConfigIds"]
        if not configs or not set(configs) <= set(self.configs):
            raise bad("At least one of the score config IDs cannot be found for the given project")
        if any(queue["name"] == name for queue in self.queues.values()):
            raise bad("A queue with this name already exists in the project")
        row = {"id": f"queue-{len(self.queues) + 1}", "createdAt": _NOW, "updatedAt": _NOW}
        row |= {"name": name, "description": body.get("description"), "scoreConfigIds": configs}
        self.queues[row["id"]], self.queued[row["id"]] = row, []
        return row

    def _queue(self, queue: str) -> list[Row]:
        if queue not in self.queued:
            raise Refusal(404, {"message": "Annotation queue not found"})
        return self.queued[queue]

    def _add_item(self, queue: str, body: Row) -> Row:
        check(f"POST {_QUEUES}/items", body)
        items = self._queue(queue)
        row = {"id": f"{queue}-{len(items) + 1}", "queueId": queue, "completedAt": None, "createdAt": _NOW}
        row |= {"updatedAt": _NOW, "status": "PENDING", **body}
        items.append(row)
        return row

    def _create_comment(self, body: Row) -> Row:
        check(f"POST {_COMMENTS}", body)
        if body["projectId"] != "p-1" or len(body["content"]) > 5000:
            raise bad("another project, or more than 5,000 characters")
        self.comments.append({**body, "id": f"comment-{len(self.comments) + 1}", "createdAt": _NOW, "updatedAt": _NOW})
        return {"id": self.comments[-1]["id"]}

    def _create_dataset(self, body: Row) -> Row:
        if not isinstance(body.get("name"), str) or not body["name"]:
            raise bad("name")
        row = {"id": f"dataset-{body['name']}", "projectId": "p-1", "createdAt": _NOW, "updatedAt": _NOW, **body}
        return self.datasets.setdefault(body["name"], row) | row

    def _create_item(self, body: Row) -> Row:
        if body.get("datasetName") not in self.datasets:
            raise Refusal(404, {"message": "Dataset not found"})
        identity = body.get("id") or f"item-{len(self.items)}"
        if identity in self.items and self.items[identity]["datasetName"] != body["datasetName"]:
            raise Refusal(404, {"message": "The dataset item belongs to another dataset"})
        row = {"status": "ACTIVE", "createdAt": _NOW, "updatedAt": _NOW, **body, "id": identity}
        self.items[identity] = row
        return row


def _ranges(body: Row, kind: str) -> Row:
    least, most, categories = body.get("minValue"), body.get("maxValue"), body.get("categories")
    if kind == "NUMERIC" and least is not None and most is not None and least >= most:
        raise bad("Maximum value must be greater than Minimum value")
    if kind != "NUMERIC" and (least is not None or most is not None):
        raise bad("only numeric configs have a range")
    if kind == "CATEGORICAL":
        labels = [item["label"] for item in categories or []]
        if not labels or len(set(labels)) != len(labels) or len({item["value"] for item in categories}) != len(labels):
            raise bad("categories must be there, with labels and values of their own")
    elif categories is not None and kind != "BOOLEAN":
        raise bad("only categorical configs have categories")
    if kind == "BOOLEAN":
        if "id" not in body and categories is not None:
            raise bad("categories of boolean configs are generated")
        categories = [{"label": "True", "value": 1}, {"label": "False", "value": 0}]
    return {"minValue": least, "maxValue": most, "categories": categories, "description": body.get("description")}
