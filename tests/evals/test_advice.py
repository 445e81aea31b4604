"""One sentence a check that says what to do, and which of them comes first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lc_guard.evals.advice import Urgency, advice, attention
from lc_guard.evals.monitoring import Monitor
from lc_guard.evals.monitoring_report import Bucket, CheckHistory, MonitoringReport, Waiting
from lc_guard.langfuse.rows import Score

DAY = 86_400.0
FAST, SLOW = Waiting(400, 2.0, 3.0, 4.0, 400, 0.01), Waiting(400, 300.0, 700.0, 900.0, 400, 0.4)


def annotated(risks: list[tuple[float, bool, int]], *, threshold: float = 0.5, **options: Any) -> CheckHistory:
    """A check whose risks people have annotated: (risk, what they say, how often)."""
    texts = [(risk, said) for risk, said, count in risks for _ in range(count)]
    people = [
        Score(f"h{n}", "prompt.pii", said, "ANNOTATION", 1.0, f"t{n}", f"o{n}") for n, (_, said) in enumerate(texts)
    ]
    monitor = Monitor(0, DAY, annotations=people, threshold=threshold, **options)
    for n, (risk, _) in enumerate(texts):
        monitor.add_score(Score(f"t{n}-o{n}", "prompt.pii", risk, "API", 1.0, f"t{n}", f"o{n}"))
    return replace(monitor.report().check("prompt.pii"), waiting=FAST)


def test_worth_the_wait() -> None:
    check = annotated([(0.9, True, 14), (0.2, True, 1), (0.1, False, 15)])
    assert advice(check).says == (
        "worth the wait: 3.0 ms p95, 1.0\u00a0% of its traces' time, caught 14 of 15, right in 29 of 30 annotated."
    )
    assert advice(check).urgency is Urgency.FINE
    slow = advice(replace(check, waiting=SLOW))
    assert slow.says.startswith("good but slow: 700 ms p95, 40.0\u00a0% of its traces' time, caught 14 of 15")
    assert slow.urgency is Urgency.LOOK


@pytest.mark.parametrize(
    ("risks", "options", "says"),
    [
        (
            [(0.9, True, 40), (0.6, False, 20), (0.1, False, 40)],
            {},
            "set its threshold to 0.90: it would have been right in 100 of 100 annotated, 80 at 0.50.",
        ),
        (
            [(0.9, True, 10), (0.4, True, 10), (0.4, False, 9), (0.1, False, 71)],
            {},
            "set its threshold to 0.40: it would have caught 20 of 20, 10 at 0.50, with 9 false alarms instead of 0.",
        ),
        (
            [(0.9, True, 10), (0.4, True, 1), (0.4, False, 9), (0.1, False, 80)],
            {"miss_cost": 20.0},
            "set its threshold to 0.40: it would have caught 11 of 11, 10 at 0.50, with 9 false alarms instead of 0.",
        ),
        (
            [(0.9, True, 10), (0.1, True, 10), (0.1, False, 80)],
            {},
            "it misses too much: caught 10 of 20, and no threshold does much better.",
        ),
        (
            [(0.9, True, 10), (0.9, False, 20), (0.1, False, 70)],
            {},
            "too many false alarms: 20 false alarms for 10 hits, and no threshold does much better.",
        ),
        (
            [(0.9, True, 5), (0.9, False, 95)],
            {"miss_cost": 1.0},
            "take it out or replace it: to flag nothing would have cost least (caught 5 of 5).",
        ),
    ],
)
def test_what_annotations_advise(risks: Any, options: Any, says: str) -> None:
    found = advice(annotated(risks, **options))
    assert (found.says, found.urgency) == (says, Urgency.SOON)


@pytest.mark.parametrize(
    ("history", "urgency", "says"),
    [
        ({"errors": {"Timeout": 3}, "fail_opens": 2}, Urgency.NOW, "fix it first: 2 texts went on unchecked"),
        ({"errors": {"Timeout": 5}}, Urgency.SOON, "fix it: it failed 5 times of 200 (5 Timeout)"),
        ({"errors": {"Timeout": 1}}, Urgency.LOOK, "nothing in 200 texts"),
        ({}, Urgency.LOOK, "nothing in 200 texts: try it on a text that it must find, or take it out"),
        ({"waiting": SLOW}, Urgency.SOON, "not worth the wait so far: 700 ms p95"),
        ({"waiting": SLOW, "invalid": 3}, Urgency.LOOK, "slow: 700 ms p95"),
        ({"invalid": 3}, Urgency.LOOK, "3.0 ms p95, 1.0\u00a0% of its traces' time, stopped 3 of 200 texts; nobody"),
        ({"entities": {"PERSON": 9}}, Urgency.LOOK, "3.0 ms p95, 1.0\u00a0% of its traces' time, found 9 values; nob"),
    ],
)
def test_what_it_did_advises(history: dict[str, Any], urgency: Urgency, says: str) -> None:
    check = CheckHistory("prompt.pii", decisions=200, judged=200, waiting=FAST)
    found = advice(replace(check, **history))
    assert found.urgency is urgency
    assert found.says.startswith(says)


def test_too_few_annotations_ask_for_more() -> None:
    few = replace(annotated([(0.9, True, 8), (0.1, False, 4)]), entities={"PERSON": 8})
    assert advice(few).says.endswith("annotate more: 12 of the 30 that a threshold needs.")
    one_kind = replace(annotated([(0.9, True, 38), (0.1, False, 2)]), entities={"PERSON": 8})
    assert advice(one_kind).says.endswith("annotate more of both kinds: 38 of 40 annotations say yes.")


def test_the_most_urgent_comes_first_and_what_is_fine_is_left_out() -> None:
    fine = replace(annotated([(0.9, True, 15), (0.1, False, 15)]), name="prompt.fine")
    open_ = CheckHistory("prompt.open", decisions=9, errors={"Timeout": 1}, fail_opens=1)
    idle = CheckHistory("prompt.idle", decisions=500, judged=500, waiting=FAST)
    failing = CheckHistory("prompt.failing", decisions=9, errors={"Timeout": 1})
    report = MonitoringReport(0, DAY, "", 3600, checks=(fine, idle, failing, open_))
    assert [each.check for each in attention(report)] == ["prompt.open", "prompt.failing", "prompt.idle"]
    told = report.as_dict()
    assert [each["urgency"] for each in told["attention"]] == ["now", "soon", "look"]
    assert told["checks"][0]["advice"].startswith("worth the wait")
    assert "nothing: every check is worth its wait" in replace(report, checks=(fine,)).as_table()


@pytest.mark.parametrize(("now", "says"), [(30, "it blocks more than it did: 30.0\u00a0%"), (4, None), (0, None)])
def test_a_block_rate_that_changed_is_said(now: int, says: str | None) -> None:
    buckets = tuple(
        Bucket(hour * 3600.0, 25, 0.1, 0.2, now // 6 if hour >= 18 else hour % 3 == 0) for hour in range(24)
    )
    check = CheckHistory("prompt.pii", risk=buckets, decisions=600, invalid=30, judged=600, waiting=FAST)
    report = MonitoringReport(0, DAY, "", 3600, checks=(check,))
    changed = [each.says for each in attention(report) if "than it did" in each.says]
    if says is None:
        assert not any("blocks more" in each for each in changed)
    else:
        assert changed == [
            "it blocks more than it did: 20.0\u00a0% in the last quarter of the time, 1.3\u00a0% before."
        ]
