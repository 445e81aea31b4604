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

What is kept of a row are numbers; ids only where a later row is looked up by them. Percentiles are by nearest rank.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from sys import intern
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from lc_guard._engine.leaks import LEAK_SCORE
from lc_guard.evals.agreement import confusion, precision_recall, roc
from lc_guard.evals.labels import Labelling
from lc_guard.evals.monitoring_report import (
    Agreement,
    Bucket,
    CheckHistory,
    Disagreement,
    Evaluated,
    LeakedCall,
    MonitoringReport,
    Waiting,
)
from lc_guard.evals.reliability import calibration
from lc_guard.evals.thresholds import best_threshold, too_few
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
_STEPS = (60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000, 31_536_000)
_MOST_BUCKETS = 60
_SHOWN = 50

Link = Callable[["str | None", str, "str | None"], "str | None"]


@dataclass(slots=True)
class _Tally:
    """What is known of one check so far."""

    times: array[float] = field(default_factory=lambda: array("d"))
    risks: array[float] = field(default_factory=lambda: array("d"))
    invalid_times: array[float] = field(default_factory=lambda: array("d"))
    judged: int = 0
    seconds: array[float] = field(default_factory=lambda: array("d"))
    shares: array[float] = field(default_factory=lambda: array("d"))
    checked_seconds: float = 0.0
    trace_seconds: float = 0.0
    entities: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    timeouts: int = 0
    fail_opens: int = 0
    # of annotated traces only: (trace, observation) → risk and project
    risky: dict[tuple[str, str | None], tuple[float, str | None]] = field(default_factory=dict)


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
        self._labelling = labelling or Labelling()
        self._threshold, self._miss_cost, self._link = threshold, miss_cost, link
        self._annotations: list[Score] = sorted(annotations, key=lambda score: (score.timestamp, score.id))
        self._annotated = {score.trace_id for score in self._annotations}
        self._tallies: dict[str, _Tally] = {}
        self._actions: Counter[str] = Counter()
        self._passed_over: Counter[str] = Counter()
        self._check_of: dict[str, str] = {}
        self._parents: dict[str, str] = {}
        self._waits: dict[str, dict[str, float]] = defaultdict(dict)
        self._traces: set[str] = set()
        self._evaluated: dict[str, _Tally] = {}
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
        if observation.parent_id is not None and observation.trace_id in self._annotated:
            self._parents[observation.id] = observation.parent_id

    def unlinked_traces(self) -> list[str]:
        """Return the traces in which an annotation stands on another observation than a check's.

        Only those in which it matters: where a check decided more than once. After all scores and checks.
        """
        several: set[str] = set()
        for tally in self._tallies.values():
            counts = Counter(trace_id for trace_id, _ in tally.risky)
            several |= {trace_id for trace_id, count in counts.items() if count > 1}
        elsewhere = [score for score in self._annotations if score.observation_id and score.trace_id in several]
        return list(dict.fromkeys(s.trace_id for s in elsewhere if s.observation_id not in self._check_of))

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
        before, self._passed_over = self._passed_over, Counter(self._passed_over)
        labelled = self._labels()
        checks = [self._history(name, tally, width, labelled.get(name)) for name, tally in self._tallies.items()]
        passed, self._passed_over = self._passed_over, before  # a second report counts annotations anew
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
            evaluated=tuple(_evaluated(*item) for item in sorted(self._evaluated.items())),
            leaks=len(self._leaks),
            leaked=tuple(self._leaked(*where, project) for where, project in list(self._leaks.items())[:_SHOWN]),
        )

    def _leaked(self, trace_id: str, observation_id: str | None, project: str | None) -> LeakedCall:
        url = self._link(project, trace_id, observation_id) if self._link else None
        return LeakedCall(trace_id, observation_id, url)

    def _take(self, name: str, take: Callable[[str, _Tally, Score], None], score: Score) -> None:
        live = score.source != EVALUATOR
        tally = self._tally(self._tallies if live else self._evaluated, name)
        if tally is None:
            self._passed_over[f"a score of more than {MOST_CHECKS} checks"] += 1
            return
        if live:
            self._scores += 1
            self._traces.add(score.trace_id)
        take(name, tally, score)

    def _rate(self, name: str, tally: _Tally, score: Score) -> None:
        risk = min(1.0, max(0.0, float(score.value)))
        tally.times.append(score.timestamp)
        tally.risks.append(risk)
        if score.source == EVALUATOR:
            return
        if score.observation_id is not None:
            self._check_of[score.observation_id] = intern(name)  # one string a check, not one a row
        if score.trace_id in self._annotated:
            tally.risky[score.trace_id, score.observation_id] = (risk, score.project_id)

    def _judge(self, _: str, tally: _Tally, score: Score) -> None:
        tally.judged += 1
        if not score.value:
            tally.invalid_times.append(score.timestamp)

    def _tally(self, tallies: dict[str, _Tally], name: str) -> _Tally | None:
        tally = tallies.get(name)
        if tally is None and len(tallies) < MOST_CHECKS:
            tally = tallies[name] = _Tally()
        return tally

    def _labels(self) -> dict[str, dict[tuple[str, str | None], bool]]:
        """Return what people said, by check and subject; of several annotations the latest counts."""
        found: dict[str, dict[tuple[str, str | None], bool]] = defaultdict(dict)
        places = {name: _by_trace(tally) for name, tally in self._tallies.items()} if self._annotations else {}
        for score in self._annotations:
            checks = self._labelling.checks(score.name, self._tallies)
            label = self._labelling.says(score.value)
            if not checks:
                self._passed_over["an annotation of no check"] += 1
            elif label is None:
                self._passed_over["an annotation in unknown words"] += 1
            else:
                for check in checks:
                    self._label(found[check], self._tallies[check], places[check], score, label)
        return found

    def _label(
        self,
        labels: dict[tuple[str, str | None], bool],
        tally: _Tally,
        places: Mapping[str, Sequence[tuple[str, str | None]]],
        score: Score,
        label: object,
    ) -> None:
        own = (score.trace_id, score.observation_id)
        if score.observation_id is None or own not in tally.risky:
            # of the trace, or of an observation that is no check: the step whose text the check looked at, the root
            below = [place for place in places.get(score.trace_id, ()) if self._under(place[1], own[1])]
            own = max(below, key=lambda place: tally.risky[place][0], default=(score.trace_id, None))
        labels[own] = bool(label)

    def _under(self, place: str | None, above: str | None) -> bool:
        """Return whether an observation stands under another one."""
        seen: set[str] = set()
        while place is not None and place not in seen:
            seen.add(place)
            place = self._parents.get(place)
            if place is not None and place == above:
                return True
        return False

    def _history(
        self, name: str, tally: _Tally, width: int, labels: dict[tuple[str, str | None], bool] | None
    ) -> CheckHistory:
        return CheckHistory(
            name,
            decisions=len(tally.risks),
            invalid=len(tally.invalid_times),
            judged=tally.judged,
            risk=_buckets(tally, width),
            waiting=_waiting(tally),
            entities=dict(sorted(tally.entities.items(), key=lambda item: (-item[1], item[0]))),
            errors=dict(sorted(tally.errors.items(), key=lambda item: (-item[1], item[0]))),
            timeouts=tally.timeouts,
            fail_opens=tally.fail_opens,
            agreement=self._agreement(tally, labels) if labels else None,
        )

    def _agreement(self, tally: _Tally, labels: dict[tuple[str, str | None], bool]) -> Agreement | None:
        # a trace's annotation is compared with the highest risk the check found anywhere in it
        highest: dict[str, tuple[float, str | None, str | None]] = {}
        for (trace_id, observation_id), (risk, project) in tally.risky.items():
            if trace_id not in highest or risk > highest[trace_id][0]:
                highest[trace_id] = (risk, project, observation_id)
        items: list[tuple[Disagreement, str | None]] = []
        for (trace_id, observation_id), label in labels.items():
            if observation_id is not None:
                risk, project = tally.risky[trace_id, observation_id]
            elif trace_id in highest:
                risk, project, observation_id = highest[trace_id]  # noqa: PLW2901 - the check that said so
            else:
                self._passed_over["an annotation of a trace outside the time asked for"] += 1
                continue
            items.append((Disagreement(trace_id, observation_id, risk, label), project))
        if not items:
            return None
        risks, truths = [item.risk for item, _ in items], [item.label for item, _ in items]
        apart = [pair for pair in items if (pair[0].risk >= self._threshold) != pair[0].label]
        apart.sort(key=lambda pair: (-abs(pair[0].risk - self._threshold), pair[0].trace_id))
        few = too_few(truths)
        return Agreement(
            len(items),
            sum(truths),
            confusion(risks, truths, self._threshold),
            roc=roc(risks, truths),
            precision_recall=precision_recall(risks, truths),
            calibration=calibration(risks, truths),
            best=None if few else best_threshold(risks, truths, miss_cost=self._miss_cost),
            too_few=few,
            disagreements=tuple(self._linked(item, project) for item, project in apart[:_SHOWN]),
            disagreed=len(apart),
        )

    def _linked(self, item: Disagreement, project: str | None) -> Disagreement:
        url = self._link(project, item.trace_id, item.observation_id) if self._link else None
        return Disagreement(item.trace_id, item.observation_id, item.risk, item.label, url)


def bucket_seconds(since: float, until: float) -> int:
    """Return a width of buckets, in seconds, that parts a time into 60 at most."""
    return next((step for step in _STEPS if (until - since) / step <= _MOST_BUCKETS), _STEPS[-1])


def _buckets(tally: _Tally, width: int) -> tuple[Bucket, ...]:
    if not tally.times:
        return ()
    places = (np.frombuffer(tally.times) // width).astype(np.int64)
    risks = np.frombuffer(tally.risks)
    invalid = Counter((np.frombuffer(tally.invalid_times) // width).astype(np.int64).tolist())
    order = np.argsort(places, kind="stable")
    starts, firsts = np.unique(places[order], return_index=True)
    found = []
    for place, part in zip(starts.tolist(), np.split(risks[order], firsts[1:]), strict=True):
        p95 = float(np.quantile(part, 0.95, method="inverted_cdf"))
        found.append(Bucket(place * width, len(part), float(part.mean()), p95, invalid[place]))
    return tuple(found)


def _by_trace(tally: _Tally) -> dict[str, list[tuple[str, str | None]]]:
    found: dict[str, list[tuple[str, str | None]]] = defaultdict(list)
    for place in tally.risky:
        found[place[0]].append(place)
    return found


def _evaluated(name: str, tally: _Tally) -> Evaluated:
    mean = float(np.frombuffer(tally.risks).mean()) if tally.risks else None
    return Evaluated(name, len(tally.risks), mean, invalid=len(tally.invalid_times), judged=tally.judged)


def _waiting(tally: _Tally) -> Waiting:
    times, shares = np.frombuffer(tally.seconds) * 1000, np.frombuffer(tally.shares)
    return Waiting(
        count=len(times),
        p50=_percentile(times, 50),
        p95=_percentile(times, 95),
        p99=_percentile(times, 99),
        traces=len(shares),
        share=tally.checked_seconds / tally.trace_seconds if tally.trace_seconds else None,
        share_p50=_percentile(shares, 50),
        share_p95=_percentile(shares, 95),
    )


def _percentile(values: Any, percent: float) -> float | None:
    return float(np.quantile(values, percent / 100, method="inverted_cdf")) if len(values) else None


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
