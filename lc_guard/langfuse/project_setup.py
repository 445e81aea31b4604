"""What watches the checks in a Langfuse project: made once, the same when it is made again, and taken away whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Literal

from lc_guard.langfuse.annotation_queues import Queue, create_queue, queues_by_name, wanted_queues
from lc_guard.langfuse.api import LangfuseApi
from lc_guard.langfuse.dashboards import DashboardSetup, wanted_widgets
from lc_guard.langfuse.judges import JudgeSetup
from lc_guard.langfuse.project_steps import Step, refused_step
from lc_guard.langfuse.score_configs import apply, archive, is_made, made_configs, plan, wanted_configs
from lc_guard.records import Stage

Part = Literal["configs", "queues", "dashboard", "judges"]
"""What can be made: score configs, annotation queues, the dashboard with its widgets, models as judges."""

_TOO_LONG = "Langfuse takes names of 35 characters at most; its scores work without a config"


class ProjectSetup:
    """Makes what watches the checks, or takes away what was made; tells each step.

    What was made is known by the words that its description ends with. What people made, or gave a description of
    their own, is left alone.

    Args:
        api: The connection.
        checks: Names of the checks.
        stages: Stages at which they decide.
        parts: What is to be made.
        sampling: Part of the model calls that is judged, above 0, at most 1.
        enable_judges: Whether the judges run from now on.
        dry_run: Whether only to tell what would be done.

    Raises:
        LangfuseError: By each of its methods: Langfuse can't be read, or is gone.
    """

    def __init__(
        self,
        api: LangfuseApi,
        *,
        checks: Sequence[str],
        stages: Sequence[Stage],
        parts: Collection[Part],
        sampling: float = 0.1,
        enable_judges: bool = False,
        dry_run: bool = False,
    ) -> None:
        self._api, self._parts, self._dry_run = api, parts, dry_run
        self._checks, self._stages = checks, stages
        self._dashboard = DashboardSetup(api, wanted_widgets(checks, stages), dry_run=dry_run)
        self._judges = JudgeSetup(api, sampling=sampling, enabled=enable_judges, dry_run=dry_run)

    def apply(self) -> Iterator[Step]:
        """Make what is missing, correct what is otherwise."""
        if "configs" in self._parts:
            yield from self._configs()
        if "queues" in self._parts:
            yield from self._queues()
        if "dashboard" in self._parts:
            yield from self._dashboard.apply()
        if "judges" in self._parts:
            yield from self._judges.apply()

    def remove(self) -> Iterator[Step]:
        """Take away what was made, the last first."""
        if "judges" in self._parts:
            yield from self._judges.remove()
        if "dashboard" in self._parts:
            yield from self._dashboard.remove()
        if "queues" in self._parts:
            made = sorted(name for name, row in queues_by_name(self._api).items() if is_made(row))
            if made:
                why = "Langfuse's API deletes no queue: do that on its page of annotation queues"
                yield Step("leave", f"queues {', '.join(made)}", why)
        if "configs" in self._parts:
            for row in made_configs(self._api):
                what = f"{row.get('name')} ({row.get('dataType')})"
                with refused_step(what) as refused:
                    if not self._dry_run:
                        archive(self._api, str(row["id"]))
                yield refused[0] if refused else Step("archive", what)

    def _configs(self) -> Iterator[Step]:
        for step in plan(self._api, wanted_configs(self._checks, self._stages)):
            what = f"{step.config.name} ({step.config.data_type})"
            if step.do == "conflict":
                why = f"there, but not {step.config.data_type}; archive it in Langfuse, then run this again"
                yield Step("conflict", what, why)
                continue
            with refused_step(what) as refused:
                if not self._dry_run:
                    apply(self._api, [step])
            yield refused[0] if refused else Step(step.do, what, _TOO_LONG if step.do == "skip" else "")

    def _queues(self) -> Iterator[Step]:
        there = queues_by_name(self._api)
        for queue in wanted_queues(self._checks, self._stages):
            yield Step("keep", f"queue {queue.name}") if queue.name in there else self._queue(queue)

    def _queue(self, queue: Queue) -> Step:
        what = f"queue {queue.name}"
        refused: list[Any] = []
        if not self._dry_run:
            with refused_step(what) as refused:
                create_queue(self._api, queue)
        return refused[0] if refused else Step("create", what)
