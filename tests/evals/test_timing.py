"""Percentiles and samples of latency."""

import pytest

from lc_guard.evals.evaluation import Stopwatch, percentile


def test_percentiles_by_nearest_rank():
    values = [15, 20, 35, 40, 50]
    assert [percentile(values[::-1], p) for p in (5, 30, 40, 50, 95, 100)] == [15, 20, 20, 35, 50, 50]
    assert percentile([7], 50) == percentile([7], 95) == 7
    assert percentile([], 50) is None


def test_short_texts_are_one_sample_until_they_have_1000_characters():
    watch = Stopwatch()
    for _ in range(10):
        watch.add(100, 0.002)
    watch.add(2_000, 0.010)
    watch.add(10, 5.0)  # a rest: no sample of its own
    assert watch.rates() == pytest.approx([20.0, 5.0])
    assert watch.total_seconds == pytest.approx(5.03)


def test_a_rest_counts_when_there_is_nothing_else():
    watch = Stopwatch()
    assert watch.rates() == []
    watch.add(0, 0.001)
    assert watch.rates() == []
    watch.add(250, 0.001)
    assert watch.rates() == pytest.approx([8.0])
