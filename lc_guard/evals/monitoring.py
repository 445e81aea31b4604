"""From scores, observations and annotations to a report, in one pass over each.

```python
from lc_guard.evals.monitoring import Monitor

monitor = Monitor(since, until, annotations=annotations)
for score in scores:
    monitor.add_score(score)
for check in guardrail_observations:
    monitor.add_check(check)
for root in root_observations:
    monitor.add_trace(root)
report = monitor.report()
```

What is kept of a row are numbers; ids only where a later row is looked up by them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite
from sys import intern
from typing import TYPE_CHECKING, Any, get_args

from lc_guard._engine.leaks import LEAK_SCORE
from lc_guard.evals.annotations import SHOWN, Annotations, Link
from lc_guard.evals.check_tally import CheckTally, bucket_seconds
from lc_guard.evals.labels import Labelling
from lc_guard.evals.monitoring_report import LeakedCall, MonitoringReport
from lc_guard.langfuse.rows import EVALUATOR
from lc_guard.records import ACTIONS, ENTITY_SCORES, Stage

if TYPE_CHECKING:
    from lc_guard.langfuse.rows import Observation, Score

TRACE_ACTION = "guard.action"
"""Name of the score that a trace gets: its strongest action."""

MOST_CHECKS = 200
"""Checks that a report tells apart; the scores of more are counted and left out."""

_CHECK = re.compile(rf"(?:{'|'.join(get_args(Stage))})\.[A-Za-z0-9_.-]{{1,190}}")
_KIND = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_ERROR = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,79}")
_VALID = ".valid"


class Monitor:
    """Collects rows and makes the report.

    Args:
        since: Begin of the report, Unix seconds.
        until: Its end.
        annotations: People's annotations; taken whole, before the scores.
        labelling: Of which checks an annotation speaks.
        threshold: Risk, 0…1, from which a text counts as flagged when it is compared with annotations.
        miss_cost: How many false alarms a miss is worth, above 0; None lets the best threshold maximize F1.
        source: Where the rows come from, for the reader.
        link: Makes the address of a trace, from the ids of project, trace and observation.
    """

    def __init__(
        self,
        since: float,
        until: float,
        *,
        annotations: Iterable[Score] = (),
        labelling: Labelling | None = None,
        threshold: float = 0.5,
        miss_cost: float | None = None,
        source: str = "",
        link: Link | None = None,
    ) -> None:
        self._since, self._until, self._source = since, until, source
        self._link = link
        self._annotations = Annotations(annotations, labelling, threshold=threshold, miss_cost=miss_cost, link=link)
        self._tallies: dict[str, CheckTally] = {}
        self._actions: Counter[str] = Counter()
        self._passed_over: Counter[str] = Counter()
        self._check_of: dict[str, str] = {}
        self._waits: dict[str, dict[str, float]] = defaultdict(dict)
        self._traces: set[str] = set()
        self._evaluated: dict[str, CheckTally] = {}
        # (trace, observation) → project
        self._leaks: dict[tuple[str, str | None], str | None] = {}
        self._scores = 0

    def add_score(self, score: Score) -> None:
        """Take a score; those that evaluators gave are counted apart, those of others passed over."""
        name, value = score.name, score.value
        if name == TRACE_ACTION and isinstance(value, str) and value in ACTIONS:
            self._scores += 1
            self._actions[value] += 1
        elif name == LEAK_SCORE and isinstance(value, bool):
            self._scores += 1
            if value:
                self._leaks[score.trace_id, score.observation_id] = score.project_id
        elif name.endswith(_VALID) and isinstance(value, bool) and _CHECK.fullmatch(name.removesuffix(_VALID)):
            self._take(name.removesuffix(_VALID), self._judge, score)
        elif isinstance(value, float) and _CHECK.fullmatch(name):
            self._take(name, self._rate, score)
        elif not name.startswith(ENTITY_SCORES):  # the report counts findings by the decisions
            self._passed_over["a score that no guard gives"] += 1

    def add_check(self, check: Observation) -> None:
        """Take a guardrail observation: its time, findings and errors."""
        decision = check.decision
        name = self._check_of.get(check.id) or _name(check)
        tally = self._tally(self._tallies, name) if name else None
        if name is None or tally is None:
            self._passed_over["a guardrail of no known check"] += 1
            return
        self._traces.add(check.trace_id)
        self.add_link(check)
        if check.seconds is None:
            self._passed_over["a check without a duration (not ended, or skewed clocks)"] += 1
        else:
            tally.seconds.append(check.seconds)
            waits = self._waits[check.trace_id]
            waits[name] = waits.get(name, 0.0) + check.seconds
        for kind, count in _counts(decision.get("entities") or check.metadata.get("entities")):
            tally.entities[kind] += count
        error = decision.get("error")
        if not isinstance(error, str):
            error = "unknown" if not decision and check.level == "ERROR" else None
        if error is not None:
            error = error if _ERROR.fullmatch(error) else "unknown"
            tally.errors[error] += 1
            tally.timeouts += "Timeout" in error
            tally.fail_opens += decision.get("valid") is True

    def add_link(self, observation: Observation) -> None:
        """Note what an observation of an annotated trace stands under, so that annotations find their check."""
        self._annotations.add_link(observation)

    def unlinked_traces(self) -> list[str]:
        """Return the traces in which an annotation stands on another observation than a check's.

        Only those in which it matters: where a check decided more than once. After all scores and checks.
        """
        return self._annotations.unlinked_traces(self._tallies.values(), self._check_of)

    def add_trace(self, root: Observation) -> None:
        """Take a trace's root, for the share that checks have of its time; others are passed over silently."""
        waits = self._waits.get(root.trace_id)
        if not waits or not root.seconds:
            return
        for name, seconds in waits.items():
            tally = self._tallies[name]
            tally.checked_seconds += seconds
            tally.trace_seconds += root.seconds
            tally.shares.append(seconds / root.seconds)
        del self._waits[root.trace_id]  # a second root of a trace does not count twice

    def report(self, *, passed_over: Mapping[str, int] | None = None, notes: Sequence[str] = ()) -> MonitoringReport:
        """Make the report.

        Args:
            passed_over: Rows that were lost before they came here, by reason.
            notes: What the reader should know.
        """
        width = bucket_seconds(self._since, self._until)
        passed = self._passed_over.copy()  # a second report counts annotations anew
        agreements = self._annotations.agreements(self._tallies, passed)
        checks = [tally.history(name, width, agreements.get(name)) for name, tally in self._tallies.items()]
        return MonitoringReport(
            self._since,
            self._until,
            self._source,
            width,
            scores=self._scores,
            traces=len(self._traces),
            actions={action: self._actions[action] for action in ACTIONS if self._actions[action]},
            checks=tuple(sorted(checks, key=lambda check: check.name)),
            passed_over=Counter(passed_over or {}) + passed,
            notes=tuple(notes),
            evaluated=tuple(tally.evaluated(name) for name, tally in sorted(self._evaluated.items())),
            leaks=len(self._leaks),
            leaked=tuple(self._leaked(*where, project) for where, project in list(self._leaks.items())[:SHOWN]),
        )

    def _leaked(self, trace_id: str, observation_id: str | None, project: str | None) -> LeakedCall:
        url = self._link(project, trace_id, observation_id) if self._link else None
        return LeakedCall(trace_id, observation_id, url)

    def _take(self, name: str, take: Callable[[str, CheckTally, Score], None], score: Score) -> None:
        live = score.source != EVALUATOR
        tally = self._tally(self._tallies if live else self._evaluated, name)
        if tally is None:
            self._passed_over[f"a score of more than {MOST_CHECKS} checks"] += 1
            return
        if live:
            self._scores += 1
            self._traces.add(score.trace_id)
        take(name, tally, score)

    def _rate(self, name: str, tally: CheckTally, score: Score) -> None:
        risk = min(1.0, max(0.0, float(score.value)))
        tally.times.append(score.timestamp)
        tally.risks.append(risk)
        if score.source == EVALUATOR:
            return
        if score.observation_id is not None:
            self._check_of[score.observation_id] = intern(name)  # one string a check, not one a row
        if score.trace_id in self._annotations.traces:
            tally.risky[score.trace_id, score.observation_id] = (risk, score.project_id)

    def _judge(self, _: str, tally: CheckTally, score: Score) -> None:
        tally.judged += 1
        if not score.value:
            tally.invalid_times.append(score.timestamp)

    def _tally(self, tallies: dict[str, CheckTally], name: str) -> CheckTally | None:
        tally = tallies.get(name)
        if tally is None and len(tallies) < MOST_CHECKS:
            tally = tallies[name] = CheckTally()
        return tally


def _name(check: Observation) -> str | None:
    decision = check.decision
    stage = decision.get("stage") or check.metadata.get("lc_guard_stage")
    told = str(decision.get("check") or check.name)
    name = told if told.startswith(f"{stage}.") and not decision.get("check") else f"{stage}.{told}"
    return name if _CHECK.fullmatch(name) else None


def _counts(entities: Any) -> Iterable[tuple[str, int]]:
    if isinstance(entities, Mapping):
        for kind, count in entities.items():
            whole = isinstance(count, int | float) and not isinstance(count, bool) and isfinite(count) and count >= 1
            if isinstance(kind, str) and _KIND.fullmatch(kind) and whole:
                yield kind, int(count)
