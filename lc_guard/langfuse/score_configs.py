"""Score configs: the ranges and categories of our scores, so that Langfuse draws and asks for the right values.

Langfuse takes names of at most 35 characters (letters, digits, underscores, spaces, periods, parentheses, hyphens), and
makes the categories of BOOLEAN configs itself: https://api.reference.langfuse.com, score configs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from lc_guard._engine.leaks import LEAK_SCORE
from lc_guard.langfuse.api import LangfuseApi
from lc_guard.langfuse.paging import numbered_pages
from lc_guard.records import ACTIONS, Stage

PATH = "/api/public/score-configs"

LABEL_SUFFIX = ".harmful"
"""Behind a check's score name: what a person says of it in an annotation queue; `lc-guard report` reads it."""

LONGEST_NAME = 35

MADE = "(made by lc-guard)"
"""At the end of the description of what lc-guard makes in a project: by this it knows again what it may take away."""

DataType = Literal["NUMERIC", "BOOLEAN", "CATEGORICAL"]
Do = Literal["create", "update", "restore", "keep", "conflict", "skip"]
"""What becomes of a config: made, its range corrected, taken out of the archive, left alone, of another type in
Langfuse, its name too long."""


@dataclass(frozen=True, slots=True)
class Config:
    """A score config as it should be."""

    name: str
    data_type: DataType
    description: str
    categories: tuple[str, ...] = ()

    def body(self) -> dict[str, Any]:
        """Return the request that creates it."""
        description = f"{self.description} {MADE}"
        return {"name": self.name, "dataType": self.data_type, "description": description, **self.values()}

    def values(self) -> dict[str, Any]:
        """Return the range or the categories: what is corrected in one that is there. Its description is people's."""
        if self.data_type == "NUMERIC":
            return {"minValue": 0, "maxValue": 1}
        if self.categories:
            return {"categories": [{"value": place, "label": label} for place, label in enumerate(self.categories)]}
        return {}


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one config, which has an id where it is in Langfuse already."""

    do: Do
    config: Config
    id: str | None = None


def wanted_configs(checks: Iterable[str], stages: Sequence[Stage] = get_args(Stage)) -> list[Config]:
    """Return the configs of checks: risk, validity and a person's label at each stage, the trace's action, leaks."""
    configs = [
        Config("guard.action", "CATEGORICAL", "Strongest action of the guard in this trace.", tuple(ACTIONS)),
        Config(LEAK_SCORE, "BOOLEAN", "Whether a model was sent a value that the session hides."),
    ]
    for check in dict.fromkeys(checks):
        for stage in stages:
            name = f"{stage}.{check}"
            configs += [
                Config(name, "NUMERIC", f"Risk that the check {check} gave, 0 to 1, higher is worse."),
                Config(f"{name}.valid", "BOOLEAN", f"Whether the policy let the text go on after the check {check}."),
                Config(f"{name}{LABEL_SUFFIX}", "BOOLEAN", f"Set by people: should the check {check} have fired here?"),
            ]
    return configs


def plan(api: LangfuseApi, configs: Iterable[Config]) -> list[Step]:
    """Compare configs with those in Langfuse; changes nothing."""
    there: dict[str, dict[str, Any]] = {}
    for row in sorted(_rows(api), key=_archived):  # several may have one name
        if not _archived(row) or is_made(row):
            there.setdefault(str(row.get("name")), row)
    return [_step(config, there.get(config.name)) for config in configs]


def made_configs(api: LangfuseApi) -> list[dict[str, Any]]:
    """Return the configs that lc-guard made and that are not archived."""
    return [row for row in _rows(api) if is_made(row) and not _archived(row)]


def archive(api: LangfuseApi, identity: str) -> None:
    """Archive a config; Langfuse deletes none."""
    api.request("PATCH", f"{PATH}/{identity}", body={"isArchived": True})


def is_made(row: dict[str, Any]) -> bool:
    """Return whether lc-guard made something in a project, and nobody has given it a description of his own."""
    return MADE in str(row.get("description") or "")


def apply(api: LangfuseApi, steps: Iterable[Step]) -> dict[str, str]:
    """Create and correct what a plan says; return the ids by name of all configs that are in Langfuse now."""
    ids: dict[str, str] = {}
    for step in steps:
        if step.do == "create":
            ids[step.config.name] = str(api.post(PATH, step.config.body()).get("id"))
        elif step.do in ("update", "restore"):
            body = step.config.values() | ({"isArchived": False} if step.do == "restore" else {})
            api.request("PATCH", f"{PATH}/{step.id}", body=body)
        if step.id is not None and step.do != "conflict":
            ids[step.config.name] = step.id
    return ids


def _step(config: Config, row: dict[str, Any] | None) -> Step:
    if row is None:
        return Step("create" if len(config.name) <= LONGEST_NAME else "skip", config)
    identity = str(row["id"])
    if row.get("dataType") != config.data_type:
        return Step("conflict", config, identity)
    if _archived(row):
        return Step("restore", config, identity)
    return Step("keep" if all(_same(row, *item) for item in config.values().items()) else "update", config, identity)


def _rows(api: LangfuseApi) -> list[dict[str, Any]]:
    return [row for page in numbered_pages(api, PATH) for row in page.rows]


def _archived(row: dict[str, Any]) -> bool:
    return bool(row.get("isArchived"))


def _same(row: dict[str, Any], key: str, value: Any) -> bool:
    if key == "categories":
        found = row.get(key) if isinstance(row.get(key), list) else []
        return [item.get("label") for item in found or [] if isinstance(item, dict)] == [
            item["label"] for item in value
        ]
    return bool(row.get(key) == value)
