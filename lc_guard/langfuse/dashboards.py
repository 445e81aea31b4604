"""The dashboard of the checks: its widgets, as Langfuse's API takes them, and how they are made and taken away.

Langfuse has these addresses since 3.216, and calls them unstable:
https://api.reference.langfuse.com, unstable dashboards and dashboard widgets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lc_guard._engine.leaks import LEAK_SCORE
from lc_guard.langfuse.api import LangfuseApi
from lc_guard.langfuse.check_details import FAIL, FAIL_OPEN, FAILED
from lc_guard.langfuse.paging import numbered_pages
from lc_guard.langfuse.project_steps import Step, lacking, refused_step
from lc_guard.langfuse.score_configs import MADE, is_made
from lc_guard.records import ENTITY_SCORES, Stage

WIDGETS, DASHBOARDS = "/api/public/unstable/dashboard-widgets", "/api/public/unstable/dashboards"
NAME = "lc-guard"
"""Name of the dashboard."""

_COLUMNS = 12
_ROWS = 40

Filter = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Widget:
    """A widget as it should be.

    Attributes:
        name: Its name.
        says: What it shows, for its description.
        view: What it counts: observations, or scores of a type.
        by: What it is parted by; None for one number.
        metric: What is counted, and how: measure and aggregation.
        filters: Which rows count.
        chart: Langfuse's word for how it is drawn.
        wide: How many of twelve columns it takes.
    """

    name: str
    says: str
    view: str
    by: str | None
    metric: tuple[str, str]
    filters: tuple[Filter, ...]
    chart: str
    wide: int = 6

    def body(self) -> dict[str, Any]:
        """Return the request that makes it."""
        measure, aggregation = self.metric
        return {
            "name": self.name,
            "description": f"{self.says} {MADE}",
            "view": self.view,
            "dimensions": [{"field": self.by}] if self.by else [],
            "metrics": [{"measure": measure, "agg": aggregation}],
            "filters": list(self.filters),
            "chartType": self.chart,
            "chartConfig": {"type": self.chart} | ({"row_limit": _ROWS} if self.chart == "HORIZONTAL_BAR" else {}),
        }


def wanted_widgets(checks: Sequence[str], stages: Sequence[Stage]) -> list[Widget]:
    """Return the widgets, in the order in which they stand.

    Args:
        checks: Names of the checks whose risk is drawn.
        stages: The stages at which they decide.
    """
    ours, guardrail = _any("source", "API"), _any("type", "GUARDRAIL")
    risks = _any("name", *(f"{stage}.{check}" for check in dict.fromkeys(checks) for stage in stages))
    verdicts = _text("name", "ends with", ".valid")
    return [
        Widget("Leaks", "Model calls that were sent a value which the session hides: should be 0.", "scores-boolean",
               None, ("count", "count"), (_any("name", LEAK_SCORE), _is("booleanValue", yes=True)), "NUMBER", 3),
        Widget("Unchecked texts", "Texts that went on although a check failed.", "observations", None,
               ("count", "count"), (guardrail, _in_metadata(FAILED, FAIL_OPEN)), "NUMBER", 3),
        Widget("Failed checks", "Checks that failed, and what became of the text (metadata.failed).", "observations",
               "name", ("count", "count"), (guardrail, _in_metadata(FAILED, FAIL)), "HORIZONTAL_BAR"),
        Widget("Strongest action of traces", "What the guard did to a trace at most.", "scores-categorical",
               "stringValue", ("count", "count"), (_any("name", "guard.action"),), "BAR_TIME_SERIES"),
        Widget("Blocks by check", "Decisions that did not let a text go on.", "scores-boolean", "name",
               ("count", "count"), (ours, verdicts, _is("booleanValue", yes=False)), "HORIZONTAL_BAR"),
        Widget("Risk over time", "Mean risk that each check gave.", "scores-numeric", "name", ("value", "avg"),
               (ours, risks), "LINE_TIME_SERIES"),
        Widget("Share let through over time", "Share of decisions that let the text go on.", "scores-boolean", "name",
               ("value", "avg"), (ours, verdicts), "LINE_TIME_SERIES"),
        Widget("p95 latency by check", "95th percentile of what a check takes.", "observations", "name",
               ("latency", "p95"), (guardrail,), "HORIZONTAL_BAR"),
        Widget("Share of the trace", "Time by type of observation: GUARDRAIL is the checks', GENERATION the models'.",
               "observations", "type", ("latency", "sum"), (), "HORIZONTAL_BAR"),
        Widget("Entities by kind", "What was found; needs CallbackHandler(..., score_entities=True).",
               "scores-numeric", "name", ("value", "sum"), (_text("name", "starts with", ENTITY_SCORES),),
               "HORIZONTAL_BAR"),
    ]  # fmt: skip


class DashboardSetup:
    """Makes the dashboard and its widgets, or takes away those that were made.

    Args:
        api: The connection.
        widgets: The widgets.
        dry_run: Whether only to tell.
    """

    def __init__(self, api: LangfuseApi, widgets: Sequence[Widget], *, dry_run: bool) -> None:
        self._api, self._widgets, self._dry_run = api, widgets, dry_run

    def apply(self) -> Iterator[Step]:
        """Make what is missing and correct what is otherwise."""
        with lacking(self._api, "dashboards") as lack:
            there, dashboard = self._there(WIDGETS), self._dashboard()
        if lack:
            yield from lack
            return
        ids: list[tuple[Widget, str]] = []
        for widget in self._widgets:
            step, identity = self._widget(widget, there.get(widget.name))
            yield step
            if identity is not None:
                ids.append((widget, identity))
        yield self._arrange(dashboard, ids)

    def remove(self) -> Iterator[Step]:
        """Take away the dashboard and the widgets that were made; those of others stay."""
        with lacking(self._api, "dashboards") as lack:
            there, dashboard = self._there(WIDGETS), self._dashboard()
        if lack:
            return
        if dashboard is not None:
            yield self._delete(f"dashboard {NAME}", f"{DASHBOARDS}/{dashboard['id']}")
        for name, row in there.items():
            yield self._delete(f"widget {name}", f"{WIDGETS}/{row['id']}")

    def _there(self, path: str) -> dict[str, dict[str, Any]]:
        rows = [row for page in numbered_pages(self._api, path) for row in page.rows if is_made(row)]
        return {str(row.get("name")): row for row in reversed(rows)}

    def _dashboard(self) -> dict[str, Any] | None:
        return self._there(DASHBOARDS).get(NAME)

    def _widget(self, widget: Widget, row: dict[str, Any] | None) -> tuple[Step, str | None]:
        what, body = f"widget {widget.name}", widget.body()
        identity = None if row is None else str(row["id"])
        if row is not None and all(_same(row.get(key), value) for key, value in body.items()):
            return Step("keep", what), identity
        do: Any = "create" if row is None else "update"
        if self._dry_run:
            return Step(do, what), identity
        with refused_step(what) as refused:
            if row is None:
                identity = str(self._api.post(WIDGETS, body)["id"])
            else:
                self._api.request("PATCH", f"{WIDGETS}/{identity}", body=body)
        return refused[0] if refused else Step(do, what), identity

    def _arrange(self, dashboard: dict[str, Any] | None, ids: Sequence[tuple[Widget, str]]) -> Step:
        """Put the widgets on the dashboard; where people have moved them they stay."""
        what = f"dashboard {NAME}"
        placed = ((dashboard or {}).get("definition") or {}).get("widgets") or ()
        there = {place.get("widgetId") for place in placed}
        missing = [(widget, identity) for widget, identity in ids if identity not in there]
        if dashboard is not None and not missing:
            return Step("keep", what)
        do: Any = "create" if dashboard is None else "update"
        if self._dry_run:
            return Step(do, what)
        with refused_step(what) as refused:
            if dashboard is None:
                self._create(missing)
            else:
                for _, identity in missing:
                    path = f"{DASHBOARDS}/{dashboard['id']}/placements"
                    self._api.post(path, {"type": "widget", "widgetId": identity})
        return refused[0] if refused else Step(do, what)

    def _create(self, widgets: Sequence[tuple[Widget, str]]) -> None:
        about = f"What the guard's checks did, and what they cost. {MADE}"
        self._api.post(DASHBOARDS, {"name": NAME, "description": about, "definition": {"widgets": _places(widgets)}})

    def _delete(self, what: str, path: str) -> Step:
        if not self._dry_run:
            with refused_step(what) as refused:
                self._api.request("DELETE", path)
            if refused:
                return refused[0]
        return Step("remove", what)


def _places(widgets: Sequence[tuple[Widget, str]]) -> list[dict[str, Any]]:
    places, x, y = [], 0, 0
    for widget, identity in widgets:
        if x + widget.wide > _COLUMNS:
            x, y = 0, y + 6
        place = {"x": x, "y": y, "width": widget.wide, "height": 6}
        places.append({"type": "widget", "id": f"lc-guard-{identity}", "widgetId": identity, **place})
        x += widget.wide
    return places


def _same(found: Any, wanted: Any) -> bool:
    """Return whether something is as wanted; Langfuse may have added to objects."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(_same(found.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(_same, found, wanted))
    return bool(found == wanted)


def _any(column: str, *values: str) -> Filter:
    return {"column": column, "type": "stringOptions", "operator": "any of", "value": list(values)}


def _text(column: str, operator: str, value: str) -> Filter:
    return {"column": column, "type": "string", "operator": operator, "value": value}


def _is(column: str, *, yes: bool) -> Filter:
    return {"column": column, "type": "boolean", "operator": "=", "value": yes}


def _in_metadata(key: str, value: str) -> Filter:
    return {"column": "metadata", "type": "stringObject", "key": key, "operator": "contains", "value": value}
