import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from mlops_lab.evaluation.statistics.changes import changes_interval
from mlops_lab.evaluation.statistics.interval import Interval
from mlops_lab.evaluation.statistics.moments import Moments, skewed_ends

CHANGES = st.lists(st.floats(-1, 1).filter(lambda change: abs(change) > 0.01), max_size=20)


def of_rows(changes: list[float], rows: int, tolerance: float, reach: float = 1.0) -> Interval:
    """Estimate the mean of some changes among rows that did not change."""
    values = np.r_[changes, np.zeros(rows - len(changes))]
    variance, skewness = Moments.of(values[:, None]).along([1.0])
    up, down = values[values > 0], -values[values < 0]
    sides = {"rose": (len(up), up.sum() / rows), "fell": (len(down), down.sum() / rows)}
    error = np.sqrt(variance / rows)
    return changes_interval(values.mean(), error, skewness, rows, **sides, reach=reach, tolerance=tolerance, alpha=0.05)


@given(CHANGES, st.integers(60, 3000), st.floats(1, 3))
def test_few_changes_reach_as_far_as_the_rows_that_can_have_changed(changes, rows, reach):
    """Up: were as many rows to rise as can, each by the reach, and those that fell to stay as they are."""
    found = of_rows(changes, rows, 0.0, reach)
    rose, fell = (np.count_nonzero(sign * np.array(changes) > 0) for sign in (1, -1))
    up, down = (proportion_confint(count, rows, 0.05, "beta")[1] for count in (rose, fell))
    variance, skewness = Moments.of(np.r_[changes, np.zeros(rows - len(changes))][:, None]).along([1.0])
    low, high = skewed_ends(found.estimate, np.sqrt(variance / rows), skewness, rows, 0.05, len(changes))
    fallen, risen = (sum(max(0.0, sign * change) for change in changes) / rows for sign in (-1, 1))
    assert found.high == pytest.approx(max(high, up * reach - fallen))
    assert found.low == pytest.approx(min(low, risen - down * reach))


@given(CHANGES, st.integers(60, 3000))
def test_the_p_values_cross_the_level_at_the_ends(changes, rows):
    found = of_rows(changes, rows, 0.0)
    beyond = 1e-7 * (found.high - found.low)
    assert of_rows(changes, rows, found.high + beyond).p_pass == pytest.approx(0.025, rel=1e-3)
    assert of_rows(changes, rows, found.low - beyond).p_fail == pytest.approx(0.025, rel=1e-3)


def test_beyond_what_all_rows_could_do_there_is_no_doubt():
    assert of_rows([], 100, 1.001).p_pass == of_rows([], 100, -1.001).p_fail == 0
    assert of_rows([], 100, -1e-9).p_pass == of_rows([], 100, 1e-9).p_fail == 1


def test_more_than_twenty_changes_speak_for_themselves():
    few, many = (of_rows([0.1] * changed, 500, 0.0, reach=50.0) for changed in (20, 21))
    assert (few.method, many.method) == ("few changes", "hall")
    assert few.high > 1 > 0.01 > many.high
