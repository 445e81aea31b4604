"""Agreement of risks with labels, against definitions spelt out by brute force."""

from __future__ import annotations

import json
from itertools import pairwise
from math import comb, isclose

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard.evals.agreement import confusion, precision_recall, roc, wilson
from lc_guard.evals.reliability import calibration
from lc_guard.evals.thresholds import NEVER, best_threshold, too_few

# few distinct risks, so that ties are the rule
RISKS = st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.7, 0.999, 1.0]) | st.floats(0, 1)
LABELLED = st.lists(st.tuples(RISKS, st.booleans()), min_size=1, max_size=40)
ENOUGH = st.lists(st.tuples(RISKS, st.booleans()), min_size=40, max_size=60).filter(
    lambda items: 5 <= sum(label for _, label in items) <= len(items) - 5
)


def parted(items: list[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    return [risk for risk, _ in items], [label for _, label in items]


@given(LABELLED, RISKS)
def test_confusion_counts(items: list[tuple[float, bool]], threshold: float) -> None:
    found = confusion(*parted(items), threshold)
    assert found.hits == sum(risk >= threshold and label for risk, label in items)
    assert found.false_alarms == sum(risk >= threshold and not label for risk, label in items)
    assert found.misses == sum(risk < threshold and label for risk, label in items)
    assert found.passes == sum(risk < threshold and not label for risk, label in items)
    json.dumps(found.as_dict(), allow_nan=False)


@given(LABELLED)
def test_the_roc_area_is_the_chance_that_the_harmful_text_has_the_higher_risk(items: list[tuple[float, bool]]) -> None:
    curve = roc(*parted(items))
    yes = [risk for risk, label in items if label]
    no = [risk for risk, label in items if not label]
    if not yes or not no:
        assert curve is None
        assert precision_recall(*parted(items)) is None
        return
    wins = sum((a > b) + (a == b) / 2 for a in yes for b in no)
    assert curve is not None
    assert isclose(curve.area, wins / len(yes) / len(no), abs_tol=1e-12)
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)
    for x, y, threshold in zip(curve.x, curve.y, curve.thresholds, strict=True):
        seen = confusion(*parted(items), threshold)
        assert (x, y) == (seen.false_alarms / len(no), seen.hits / len(yes))
    json.dumps(curve.as_dict(), allow_nan=False)


@given(LABELLED.filter(lambda items: len({label for _, label in items}) == 2))
def test_average_precision_adds_the_recall_gained(items: list[tuple[float, bool]]) -> None:
    curve = precision_recall(*parted(items))
    assert curve is not None
    total = sum(label for _, label in items)
    area, before = 0.0, 0.0
    for threshold in sorted({risk for risk, _ in items}, reverse=True):
        seen = confusion(*parted(items), threshold)
        recall = seen.hits / total
        area += (recall - before) * (seen.precision or 0)
        before = recall
    assert isclose(curve.area, area, abs_tol=1e-12)
    assert list(curve.x) == sorted(curve.x)


def test_a_perfect_and_a_useless_risk() -> None:
    labels = [False] * 10 + [True] * 10
    perfect = [n / 20 for n in range(20)]
    assert roc(perfect, labels).area == 1
    assert precision_recall(perfect, labels).area == 1
    assert roc([0.5] * 20, labels).area == 0.5
    assert precision_recall([0.5] * 20, labels).area == 0.5
    assert roc(perfect[::-1], labels).area == 0


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilsons_ends_solve_its_equation(counts: tuple[int, int]) -> None:
    part, whole = counts
    low, high = wilson(part, whole)
    observed, z = part / whole, 1.959963984540054
    assert 0 <= low <= observed <= high <= 1
    for end in (low, high):
        # both ends are where the observed share is z standard errors away
        assert isclose((observed - end) ** 2, z * z * end * (1 - end) / whole, abs_tol=1e-9)
    assert wilson(0, 0) is None


def test_wilson_covers_as_often_as_it_says() -> None:
    """Averaged over shares, exactly: the binomial's probabilities of the counts whose interval holds the share."""
    covered = []
    for share in np.linspace(0.05, 0.95, 19):
        inside = (n for n in range(31) if wilson(n, 30)[0] <= share <= wilson(n, 30)[1])
        covered.append(sum(comb(30, n) * share**n * (1 - share) ** (30 - n) for n in inside))
    assert 0.94 < np.mean(covered) < 0.965


@given(LABELLED, st.integers(1, 12))
def test_calibration_bins(items: list[tuple[float, bool]], bins: int) -> None:
    found = calibration(*parted(items), bins=bins)
    assert found is not None
    rest = list(items)
    error = 0.0
    for low, high in pairwise(n / bins for n in range(bins + 1)):
        inside = [(risk, label) for risk, label in rest if low <= risk < high or risk == high == 1]
        if not inside:
            continue
        (bin_,) = [bin_ for bin_ in found.bins if bin_.low == low]
        mean, share = np.mean([risk for risk, _ in inside]), np.mean([label for _, label in inside])
        assert (bin_.count, bin_.harmful) == (len(inside), sum(label for _, label in inside))
        assert isclose(bin_.mean_risk, mean, abs_tol=1e-12)
        error += len(inside) / len(items) * abs(mean - share)
    assert sum(bin_.count for bin_ in found.bins) == len(items)
    assert isclose(found.ece, error, abs_tol=1e-12)
    assert isclose(found.brier, np.mean([(risk - label) ** 2 for risk, label in items]), abs_tol=1e-12)
    json.dumps(found.as_dict(), allow_nan=False)


@given(ENOUGH, st.none() | st.sampled_from([0.2, 1.0, 5.0]))
def test_the_best_threshold_is_the_best(items: list[tuple[float, bool]], miss_cost: float | None) -> None:
    risks, labels = parted(items)
    found = best_threshold(risks, labels, miss_cost=miss_cost, draws=20)

    def worth(threshold: float) -> float:
        seen = confusion(risks, labels, threshold)
        if miss_cost is None:
            return seen.f1 or 0.0
        return -(seen.false_alarms + miss_cost * seen.misses) / len(items)

    values = {threshold: worth(threshold) for threshold in [*sorted(set(risks)), NEVER]}
    assert isclose(worth(found.threshold), max(values.values()), abs_tol=1e-12)
    assert found.threshold == max(
        t for t, value in values.items() if isclose(value, max(values.values()), abs_tol=1e-9)
    )
    assert isclose(found.value, abs(max(values.values())), abs_tol=1e-12)
    assert found.confusion == confusion(risks, labels, found.threshold)
    assert {end in values for end in found.interval} == {True}
    assert found == best_threshold(risks, labels, miss_cost=miss_cost, draws=20)
    json.dumps(found.as_dict(), allow_nan=False)


def test_of_equal_costs_the_highest_threshold_is_taken_whatever_is_rounded() -> None:
    risks = [0.1] * 6 + [0.0] * 34
    labels = [True] * 5 + [False] + [True] * 18 + [False] * 16
    assert best_threshold(risks, labels, miss_cost=0.2, draws=20).threshold == NEVER  # 0.2 * 23 = 1 + 0.2 * 18


def test_where_nothing_tells_the_texts_apart_flagging_nothing_costs_least() -> None:
    labels = [n % 5 == 0 for n in range(60)]
    found = best_threshold([0.5] * 60, labels, miss_cost=1.0, draws=20)
    assert found.threshold == NEVER
    assert found.as_dict()["threshold"] is None
    assert (found.confusion.hits, found.confusion.misses) == (0, 12)
    assert found.value == 12 / 60


def test_the_interval_holds_the_true_threshold_and_narrows() -> None:
    rng = np.random.default_rng(7)
    widths = []
    for count in (60, 2000):
        risks = rng.random(count)
        labels = (risks > 0.6) ^ (rng.random(count) < 0.05)
        found = best_threshold(list(risks), list(labels), draws=300)
        low, high = found.interval
        assert low - 0.03 <= 0.6 <= high + 0.03  # the nearest risk there is
        widths.append(high - low)
    assert widths[1] < widths[0] / 3


def test_a_dear_miss_lowers_the_threshold() -> None:
    rng = np.random.default_rng(3)
    labels = rng.random(500) < 0.3
    risks = list(np.where(labels, rng.beta(4, 2, 500), rng.beta(2, 4, 500)))
    cheap, dear = (best_threshold(risks, list(labels), miss_cost=cost, draws=5).threshold for cost in (0.2, 20))
    assert dear < cheap


@pytest.mark.parametrize(
    ("yes", "no", "few"), [(5, 25, False), (25, 5, False), (4, 50, True), (50, 4, True), (14, 15, True), (0, 0, True)]
)
def test_too_few_annotations_are_said(yes: int, no: int, few: bool) -> None:
    labels = [True] * yes + [False] * no
    told = too_few(labels)
    assert (told is not None) == few
    if few:
        assert f"{yes + no} ({yes} yes, {no} no)" in told
        with pytest.raises(ValueError, match="too few annotations"):
            best_threshold([0.5] * len(labels), labels)


def test_what_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="2 risks and 1 labels"):
        confusion([0.1, 0.2], [True], 0.5)
    with pytest.raises(ValueError, match="not finite"):
        roc([float("nan")], [True])
    with pytest.raises(ValueError, match="outside"):
        calibration([1.5], [True])
    with pytest.raises(ValueError, match="miss_cost"):
        best_threshold([0.1, 0.9] * 20, [False, True] * 20, miss_cost=0)
    assert calibration([], []) is None
    assert roc([], []) is None


def test_a_long_curve_is_thinned_with_its_ends() -> None:
    rng = np.random.default_rng(1)
    curve = roc(list(rng.random(5000)), list(rng.random(5000) < 0.5))
    thin = curve.thinned(100)
    assert len(thin.x) == 100
    assert (thin.x[0], thin.x[-1], thin.area) == (0, 1, curve.area)
    assert set(zip(thin.x, thin.y, strict=True)) <= set(zip(curve.x, curve.y, strict=True))
    assert thin.thinned(100) is thin
