from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from mlops_lab.storage.ratios import Ratio, median_interval

positive = st.floats(0.01, 100)


@pytest.mark.parametrize(
    ("count", "ends", "level"),
    [(1, (0, 0), 0.0), (5, (0, 4), 0.9375), (6, (0, 5), 0.96875), (8, (0, 7), 0.9921875), (9, (1, 7), 0.9609375)],
)
def test_the_interval_ends_at_the_order_statistics_of_the_tables(
    count: int, ends: tuple[int, int], level: float
) -> None:
    low, high, reached = median_interval(np.arange(count)[::-1])
    assert (low, high) == ends
    assert reached == pytest.approx(level)


@pytest.mark.parametrize("count", [6, 9, 25])
def test_the_interval_holds_the_median_as_often_as_it_says(count: int) -> None:
    rng = np.random.default_rng(0)
    trials = 2000
    held, reached = 0, 0.0
    for _ in range(trials):
        low, high, reached = median_interval(rng.lognormal(size=count))
        held += low <= 1.0 <= high
    assert reached >= 0.95
    assert binom.ppf(0.0005, trials, reached) <= held <= binom.ppf(0.9995, trials, reached)


@given(pairs=st.lists(st.tuples(positive, positive), min_size=1, max_size=12))
def test_the_ratio_of_the_exchanged_is_the_inverse_interval(pairs: list[tuple[float, float]]) -> None:
    of, to = np.array(pairs).T
    one, other = Ratio.paired(of, to), Ratio.paired(to, of)
    assert one.low == pytest.approx(1 / other.high)
    assert one.high == pytest.approx(1 / other.low)
    assert one.low <= one <= one.high


def test_a_drift_that_meets_both_of_a_pair_leaves_no_trace() -> None:
    drift = np.linspace(1, 50, 9)
    ratio = Ratio.paired(6 * drift, 2 * drift)
    assert (ratio.low, float(ratio), ratio.high) == pytest.approx((3, 3, 3))


def test_a_ratio_is_a_number_and_tells_its_interval() -> None:
    ratio = Ratio.paired([6, 7, 8, 6, 7, 8], [1, 1, 1, 1, 1, 1])
    assert f"{ratio:.1f}" == "7.0"
    assert ratio > 6.5
    assert ratio.in_words() == "7 (97 % interval 6 to 8, 6 rounds)"
    assert Ratio.paired([6, 6], [2, 2]).in_words() == "3, the same in 2 rounds"
    assert Ratio.paired([262, 262], [2, 2]).in_words() == "131, the same in 2 rounds"
