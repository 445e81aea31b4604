"""From rows to a report: who is counted, what is linked with what, and what is passed over."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard.evals.check_tally import bucket_seconds
from lc_guard.evals.labels import Labelling
from lc_guard.evals.monitoring import MOST_CHECKS, Monitor
from lc_guard.evals.monitoring_report import CheckHistory, MonitoringReport
from lc_guard.evals.render.monitoring_text import best
from lc_guard.evals.render.style import percent
from lc_guard.langfuse.rows import Observation, Score

DAY = 86_400.0
SINCE, UNTIL = 20_000 * DAY, 20_007 * DAY


def score(name: str = "prompt.pii", value: Any = 0.5, **more: Any) -> Score:
    more = {"id": "s", "source": "API", "timestamp": SINCE + 60, "trace_id": "t", "observation_id": "o"} | more
    return Score(name=name, value=value, **more)


def check(**more: Any) -> Observation:
    decision = more.pop("decision", {"stage": "prompt", "check": "pii", "valid": True, "entities": {}, "error": None})
    defaults = {"id": "o", "trace_id": "t", "name": "pii", "type": "GUARDRAIL", "start": SINCE + 60, "seconds": 0.05,
                "decision": decision, "project_id": "p"}  # fmt: skip
    return Observation(**{**defaults, **more})


def root(trace: str = "t", seconds: float | None = 1.0) -> Observation:
    return Observation("root", trace, "chain", "CHAIN", SINCE + 50, seconds)


def human(name: str = "prompt.pii", value: Any = True, **more: Any) -> Score:
    return score(name, value, **({"source": "ANNOTATION", "id": "h"} | more))


def monitored(*rows: Score | Observation, annotations: list[Score] | None = None, **options: Any) -> MonitoringReport:
    monitor = Monitor(SINCE, UNTIL, annotations=annotations or [], **options)
    for row in rows:
        if isinstance(row, Score):
            monitor.add_score(row)
        elif row.type == "GUARDRAIL":
            monitor.add_check(row)
        else:
            monitor.add_trace(row)
    report = monitor.report()
    json.loads(report.to_json())
    return report


def test_counts_blocks_and_actions() -> None:
    report = monitored(
        score(value=0.2),
        score(value=0.8, trace_id="u", observation_id="o2"),
        score("prompt.pii.valid", True),
        score("prompt.pii.valid", False, trace_id="u"),
        score("guard.action", "block", observation_id=None),
        score("guard.action", "unheard-of", observation_id=None),
        score("user_feedback", 1.0),
        score("prompt.pii", "high"),
        score("prompt.pii.valid", 1.0),
        score("prompt.pii<script>", 0.1),
    )
    found = report.check("prompt.pii")
    assert (found.decisions, found.judged, found.invalid, found.block_rate) == (2, 2, 1, 0.5)
    assert (report.actions, report.traces, report.scores) == ({"block": 1}, 2, 6)
    # a check may be named so: its score of 1.0 is a risk
    assert [each.name for each in report.checks] == ["prompt.pii", "prompt.pii.valid"]
    assert report.passed_over == {"a score that no guard gives": 4}


def test_a_checks_name_that_ends_like_its_verdict() -> None:
    report = monitored(score("prompt.is.valid", 0.3), score("prompt.is.valid.valid", False))
    assert report.check("prompt.is.valid").invalid == 1


@given(st.lists(st.tuples(st.floats(0, 7 * DAY - 1), st.floats(-0.5, 1.5)), max_size=60))
def test_buckets_hold_every_decision_once(items: list[tuple[float, float]]) -> None:
    report = monitored(*(score(value=risk, timestamp=SINCE + at, id=str(n)) for n, (at, risk) in enumerate(items)))
    if not items:
        assert report.checks == ()
        return
    clamped = [(SINCE + at, min(1.0, max(0.0, risk))) for at, risk in items]
    for bucket in report.check("prompt.pii").risk:
        inside = sorted(r for at, r in clamped if bucket.start <= at < bucket.start + report.bucket_seconds)
        assert bucket.count == len(inside)
        assert bucket.mean == pytest.approx(np.mean(inside))
        assert bucket.p95 == inside[int(np.ceil(0.95 * len(inside))) - 1]
    assert sum(bucket.count for bucket in report.check("prompt.pii").risk) == len(items)


@pytest.mark.parametrize("seconds", [1, 3600, DAY, 7 * DAY, 30 * DAY, 400 * DAY, 20_000 * DAY])
def test_there_are_never_too_many_buckets(seconds: float) -> None:
    width = bucket_seconds(0, seconds)
    assert seconds / width <= 60 or width == 365 * DAY
    assert width >= 60


def test_latency_and_its_share_of_the_trace() -> None:
    times = [n / 1000 for n in range(1, 101)]
    rows = [check(id=f"o{n}", trace_id=f"t{n}", seconds=seconds) for n, seconds in enumerate(times)]
    roots = [root(f"t{n}", 1.0) for n in range(100)]
    waiting = monitored(*rows, *roots).check("prompt.pii").waiting
    assert (waiting.p50, waiting.p95, waiting.p99) == (50, 95, 99)
    assert waiting.share == pytest.approx(sum(times) / 100)
    assert (waiting.traces, waiting.share_p50) == (100, 0.05)


def test_a_trace_counts_once_and_only_with_a_time() -> None:
    twice = [check(), check(id="o2"), root(), root()]
    waiting = monitored(*twice).check("prompt.pii").waiting
    assert (waiting.traces, waiting.share) == (1, pytest.approx(0.1))
    for seconds in (None, 0.0):
        waiting = monitored(check(), root(seconds=seconds)).check("prompt.pii").waiting
        assert (waiting.traces, waiting.share, waiting.count) == (0, None, 1)


def test_findings_errors_timeouts_and_fail_opens() -> None:
    decision = {"stage": "prompt", "check": "pii", "valid": True, "entities": {"PERSON": 2}, "error": None}
    report = monitored(
        check(decision=decision),
        check(decision={**decision, "entities": {"PERSON": 1, "US_SSN": 3, "<b>": 1, "X": True, "Y": -1, "Z": None}}),
        check(decision={**decision, "entities": {}, "error": "DetectorTimeout"}),
        check(decision={**decision, "entities": [], "error": "ServiceError", "valid": False}),
        check(decision={**decision, "entities": {}, "error": "<img src=x>"}),
        check(decision={}, metadata={"lc_guard_stage": "prompt", "entities": {"EMAIL_ADDRESS": 4}}),
        check(decision={}, metadata={"lc_guard_stage": "prompt"}, level="ERROR"),
    )
    found = report.check("prompt.pii")
    assert found.entities == {"EMAIL_ADDRESS": 4, "PERSON": 3, "US_SSN": 3}
    assert found.errors == {"unknown": 2, "DetectorTimeout": 1, "ServiceError": 1}
    assert (found.timeouts, found.fail_opens) == (1, 2)


def test_a_check_is_known_by_its_score_or_its_decision_or_its_stage() -> None:
    report = monitored(
        score("output.custom", 0.1, observation_id="a"),
        check(id="a"),
        check(id="b"),
        check(id="c", decision={}, name="pii", metadata={"lc_guard_stage": "document"}),
        check(id="d", decision={}, name="<script>"),
        check(id="e", seconds=None),
    )
    assert {found.name: found.waiting.count for found in report.checks} == {
        "output.custom": 1,
        "prompt.pii": 1,
        "document.pii": 1,
    }
    assert report.passed_over["a guardrail of no known check"] == 1
    assert sum("skewed" in reason for reason in report.passed_over) == 1


def test_more_checks_than_a_report_can_tell_apart() -> None:
    report = monitored(*(score(f"prompt.c{n}", 0.1) for n in range(MOST_CHECKS + 5)))
    assert len(report.checks) == MOST_CHECKS
    assert sum(report.passed_over.values()) == 5


def test_annotations_find_their_check() -> None:
    scores = [score(value=0.9, trace_id=f"t{n}", observation_id=f"o{n}", project_id="p") for n in range(6)]
    scores.append(score(value=0.2, trace_id="t3", observation_id="other"))
    notes = [
        human(trace_id="t0", observation_id="o0"),
        human("prompt.pii.label", "yes", trace_id="t1", observation_id="o1"),
        human("prompt.pii.harmful", 0.2, trace_id="t2", observation_id="the-step-around-it"),
        human(trace_id="t3", observation_id=None, value=False),
        human(trace_id="gone", observation_id=None),
        human(trace_id="t4", observation_id=None, value="perhaps"),
        human("quality", 5.0, trace_id="t5"),
    ]
    report = monitored(*scores, annotations=notes, link=lambda *ids: "/".join(map(str, ids)))
    found = report.check("prompt.pii").agreement
    assert found is not None
    assert (found.annotations, found.yes) == (4, 2)
    # t3: a trace's annotation meets the highest risk in it
    assert [(item.url, item.risk, item.label) for item in found.disagreements] == [
        ("p/t2/o2", 0.9, False),
        ("p/t3/o3", 0.9, False),
    ]
    assert found.too_few is not None
    assert found.best is None
    assert report.passed_over == {
        "an annotation of no check": 1,
        "an annotation in unknown words": 1,
        "an annotation of a trace outside the time asked for": 1,
    }


def test_a_report_can_be_made_again() -> None:
    monitor = Monitor(SINCE, UNTIL, annotations=[human("quality")])
    monitor.add_score(score())
    first = monitor.report(passed_over={"lost": 2})
    assert first.passed_over == {"lost": 2, "an annotation of no check": 1}
    assert monitor.report(passed_over={"lost": 2}) == first


def test_the_latest_annotation_counts() -> None:
    notes = [human(value=False, timestamp=SINCE + 2, id="b"), human(value=True, timestamp=SINCE + 1, id="a")]
    report = monitored(score(value=0.9), annotations=notes)
    assert report.check("prompt.pii").agreement.yes == 0


@pytest.mark.parametrize(
    ("value", "said"),
    [(True, True), (False, False), (0.5, True), (0.49, False), (" Harmful ", True), ("SAFE", False), ("ja", None),
     ("jailbreak", True), ("none", True)],
)  # fmt: skip
def test_what_an_annotation_says(value: Any, said: bool | None) -> None:
    assert Labelling(yes=frozenset({"jailbreak", "none"})).says(value) is said


def test_annotations_of_other_names() -> None:
    known = ["prompt.pii", "output.toxicity"]
    some = Labelling((("bad", "prompt.pii"), ("worse", None), ("bad", "unknown.check")))
    assert some.checks("bad", known) == ["prompt.pii"]
    assert sorted(some.checks("worse", known)) == sorted(known)
    assert some.checks("prompt.pii", known) == []
    assert Labelling().checks("output.toxicity.label", known) == ["output.toxicity"]
    assert list(Labelling().checks("toxicity", known)) == []
    assert list(Labelling().checks("a.label", ["a.label", "a"])) == ["a.label", "a"]


def annotated(count: int = 60, **options: Any) -> MonitoringReport:
    rng = np.random.default_rng(5)
    labels = [n % 2 == 0 for n in range(count)]
    risks = [float(rng.beta(6, 2) if label else rng.beta(2, 6)) for label in labels]
    ids = [{"trace_id": f"t{n}", "observation_id": f"o{n}"} for n in range(count)]
    return monitored(
        *(score(value=risk, **each) for risk, each in zip(risks, ids, strict=True)),
        *(check(id=each["observation_id"], trace_id=each["trace_id"]) for each in ids),
        annotations=[human(value=label, **each) for label, each in zip(labels, ids, strict=True)],
        **options,
    )


def test_enough_annotations_give_a_threshold() -> None:
    found = annotated().check("prompt.pii").agreement
    assert found.best is not None
    assert found.too_few is None
    assert 0.3 < found.best.threshold < 0.7
    assert found.roc.area > 0.9
    assert best(found).startswith(f"Best threshold {found.best.threshold:.2f} by F1")
    assert "too few annotations: 20" in best(annotated(20).check("prompt.pii").agreement)


def test_the_sentence_on_the_threshold_says_what_was_best() -> None:
    found = annotated(miss_cost=3.0).check("prompt.pii").agreement
    assert f"by cost (cost {found.best.value:.3f} a text" in best(found)
    never = replace(found, best=replace(found.best, threshold=1.5))
    assert best(never).startswith("To flag nothing would have cost least")
    report = annotated(miss_cost=3.0)
    rows = list(
        csv.DictReader(io.StringIO(replace(report, checks=(replace(report.checks[0], agreement=never),)).to_csv()))
    )
    assert rows[0]["best_threshold"] == "never"


def test_a_long_report_is_cut_in_the_table() -> None:
    many = replace(
        annotated().checks[0], entities={f"KIND_{n}": 20 - n for n in range(12)}, errors={"E": 2}, timeouts=1
    )
    text = replace(annotated(), checks=(many,), notes=("Note.",), passed_over={"a reason": 3}).as_table(width=200)
    assert "and 4 more kinds" in text
    assert "failed: 2 E; 1 timeout, 0 times the text went on unchecked" in text
    assert "not taken: 3 × a reason" in text


def test_csv_has_a_line_a_check_and_no_formulas() -> None:
    report = annotated()
    hostile = replace(report, checks=(*report.checks, CheckHistory("=cmd|' /C calc'!A0"), CheckHistory('a,"b"\n')))
    rows = list(csv.DictReader(io.StringIO(hostile.to_csv())))
    assert [row["check"] for row in rows] == ["prompt.pii", "'=cmd|' /C calc'!A0", 'a,"b"\n']
    assert rows[0]["annotations"] == "60"
    assert float(rows[0]["roc_auc"]) == pytest.approx(report.check("prompt.pii").agreement.roc.area, abs=1e-4)
    assert rows[1]["precision"] == ""


def test_the_table_says_what_there_is() -> None:
    text = annotated().as_table(width=100)
    for words in ("prompt.pii", "Against annotations", "30/30", "Best threshold", "hits"):
        assert words in text
    assert max(map(len, text.splitlines())) <= 100
    nothing = monitored().as_table()
    assert "No check's score" in nothing
    assert "--since" in nothing
    assert "No annotation speaks of a check" in monitored(score()).as_table()


def test_the_sentences_hold_when_much_is_missing() -> None:
    assert "its time is not known" in CheckHistory("prompt.pii").advice.says
    assert percent(None) == "–"
    shown = [percent(value).replace("\xa0", " ") for value in (0, 1, 1e-9, 0.9999, 0.005, 0.5)]
    assert shown == ["0 %", "100 %", "<0.01 %", ">99.9 %", "0.50 %", "50.0 %"]


def test_an_unknown_check_is_named() -> None:
    with pytest.raises(KeyError, match=r"prompt\.pii"):
        annotated().check("prompt.pi")
