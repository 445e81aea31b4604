"""People's annotations, and the decisions of checks that they speak of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lc_guard.evals.agreement import confusion, precision_recall, roc
from lc_guard.evals.labels import Labelling
from lc_guard.evals.monitoring_report import Agreement, Disagreement
from lc_guard.evals.reliability import calibration
from lc_guard.evals.thresholds import best_threshold, too_few

if TYPE_CHECKING:
    from lc_guard.evals.check_tally import CheckTally
    from lc_guard.langfuse.rows import Observation, Score

SHOWN = 50
"""Calls that a report names, of those that disagree and of those that leaked."""

Link = Callable[["str | None", str, "str | None"], "str | None"]
"""Makes the address of a trace, from the ids of project, trace and observation."""

_Place = tuple[str, str | None]  # trace and observation


class Annotations:
    """What people said of traces and observations, and how the risks of checks agree with it.

    Args:
        scores: The annotations.
        labelling: Of which checks an annotation speaks.
        threshold: Risk, 0…1, from which a text counts as flagged.
        miss_cost: How many false alarms a miss is worth, above 0; None lets the best threshold maximize F1.
        link: Makes the address of a trace.

    Attributes:
        traces: Ids of the annotated traces.
    """

    def __init__(
        self,
        scores: Iterable[Score],
        labelling: Labelling | None,
        *,
        threshold: float,
        miss_cost: float | None,
        link: Link | None,
    ) -> None:
        self._scores: list[Score] = sorted(scores, key=lambda score: (score.timestamp, score.id))
        self.traces = {score.trace_id for score in self._scores}
        self._labelling = labelling or Labelling()
        self._threshold, self._miss_cost, self._link = threshold, miss_cost, link
        self._parents: dict[str, str] = {}

    def add_link(self, observation: Observation) -> None:
        """Note what an observation of an annotated trace stands under."""
        if observation.parent_id is not None and observation.trace_id in self.traces:
            self._parents[observation.id] = observation.parent_id

    def unlinked_traces(self, tallies: Iterable[CheckTally], checks: Collection[str]) -> list[str]:
        """Return the traces in which an annotation stands on another observation than a check's.

        Only those in which it matters: where a check decided more than once.

        Args:
            tallies: What is known of each check.
            checks: Ids of the checks' observations.
        """
        several: set[str] = set()
        for tally in tallies:
            counts = Counter(trace_id for trace_id, _ in tally.risky)
            several |= {trace_id for trace_id, count in counts.items() if count > 1}
        elsewhere = [score for score in self._scores if score.observation_id and score.trace_id in several]
        return list(dict.fromkeys(s.trace_id for s in elsewhere if s.observation_id not in checks))

    def agreements(self, tallies: Mapping[str, CheckTally], passed_over: Counter[str]) -> dict[str, Agreement]:
        """Return by check how its risks agree with what people said; counts what says nothing in `passed_over`."""
        labelled = self._labels(tallies, passed_over)
        found = {name: self._agreement(tallies[name], labels, passed_over) for name, labels in labelled.items()}
        return {name: agreement for name, agreement in found.items() if agreement is not None}

    def _labels(self, tallies: Mapping[str, CheckTally], passed_over: Counter[str]) -> dict[str, dict[_Place, bool]]:
        """Return what people said, by check and subject; of several annotations the latest counts."""
        found: dict[str, dict[_Place, bool]] = defaultdict(dict)
        places = {name: _by_trace(tally) for name, tally in tallies.items()} if self._scores else {}
        for score in self._scores:
            checks = self._labelling.checks(score.name, tallies)
            label = self._labelling.says(score.value)
            if not checks:
                passed_over["an annotation of no check"] += 1
            elif label is None:
                passed_over["an annotation in unknown words"] += 1
            else:
                for check in checks:
                    found[check][self._subject(tallies[check], places[check], score)] = bool(label)
        return found

    def _subject(self, tally: CheckTally, places: Mapping[str, Sequence[_Place]], score: Score) -> _Place:
        own = (score.trace_id, score.observation_id)
        if score.observation_id is not None and own in tally.risky:
            return own
        # of the trace, or of an observation that is no check: the step whose text the check looked at, the root
        below = [place for place in places.get(score.trace_id, ()) if self._under(place[1], own[1])]
        return max(below, key=lambda place: tally.risky[place][0], default=(score.trace_id, None))

    def _under(self, place: str | None, above: str | None) -> bool:
        """Return whether an observation stands under another one."""
        seen: set[str] = set()
        while place is not None and place not in seen:
            seen.add(place)
            place = self._parents.get(place)
            if place is not None and place == above:
                return True
        return False

    def _agreement(
        self, tally: CheckTally, labels: Mapping[_Place, bool], passed_over: Counter[str]
    ) -> Agreement | None:
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
                passed_over["an annotation of a trace outside the time asked for"] += 1
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
            disagreements=tuple(self._linked(item, project) for item, project in apart[:SHOWN]),
            disagreed=len(apart),
        )

    def _linked(self, item: Disagreement, project: str | None) -> Disagreement:
        url = self._link(project, item.trace_id, item.observation_id) if self._link else None
        return replace(item, url=url)


def _by_trace(tally: CheckTally) -> dict[str, list[_Place]]:
    found: dict[str, list[_Place]] = defaultdict(list)
    for place in tally.risky:
        found[place[0]].append(place)
    return found
