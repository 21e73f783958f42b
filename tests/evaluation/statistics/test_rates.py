from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.rates import clopper_pearson, rate, wilson

COUNTS = st.integers(1, 400).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows)))


@given(COUNTS, st.sampled_from([0.01, 0.05, 0.2]))
def test_both_equal_statsmodels(counts, alpha):
    for ours, theirs in ((wilson, "wilson"), (clopper_pearson, "beta")):
        interval = ours(*counts, alpha=alpha)
        assert (interval.low, interval.high) == pytest.approx(proportion_confint(*counts, alpha, theirs), abs=1e-9)


@given(COUNTS, st.floats(0.001, 0.999))
def test_exact_p_values_equal_scipy(counts, tolerance):
    events, rows = counts
    interval = clopper_pearson(events, rows, tolerance=tolerance)
    assert interval.p_fail == pytest.approx(stats.binomtest(events, rows, tolerance, "greater").pvalue, abs=1e-9)
    assert interval.p_pass == pytest.approx(stats.binomtest(events, rows, tolerance, "less").pvalue, abs=1e-9)


@given(COUNTS, st.floats(0, 1))
def test_the_p_values_never_contradict_the_ends(counts, tolerance):
    for method in (rate, wilson, clopper_pearson):
        interval = method(*counts, tolerance=tolerance)
        assert (interval.p_fail < 0.025) == (interval.low > tolerance)
        assert (interval.p_pass <= 0.025) == (interval.high <= tolerance)


@given(st.lists(COUNTS, min_size=1, max_size=8))
def test_many_at_once_equal_one_by_one(counts):
    events, rows = np.array(counts).T
    many = rate(events, rows, tolerance=0.1)
    assert len(many) == len(counts)
    for i, pair in enumerate(counts):
        one = rate(*pair, tolerance=0.1)
        assert (many[i].low, many[i].high, many[i].p_fail) == (one.low, one.high, one.p_fail)


@pytest.mark.parametrize("rows", [30, 200, 2000])
def test_coverage_and_wrong_verdicts_are_right_at_every_rate(rows):
    """Summed over all samples that can occur, so there is no simulation error."""
    events = np.arange(rows + 1)
    for expected in np.geomspace(0.02, rows / 2, 60):
        truth = expected / rows
        chance = stats.binom.pmf(events, rows, truth)
        interval = rate(events, rows, tolerance=truth)
        failed, passed = chance[interval.p_fail < 0.025].sum(), chance[interval.p_pass <= 0.025].sum()
        assert max(failed, passed) <= 0.045
        assert 1 - failed - passed >= 0.936
        assert expected < 20 or 1 - failed - passed <= 0.965


def test_wilson_alone_would_fail_models_at_the_tolerance_too_often():
    """Why `rate` is exact for few events."""
    truth = 0.17 / 1000
    events = np.arange(30)
    chance = stats.binom.pmf(events, 1000, truth)
    assert chance[wilson(events, 1000, tolerance=truth).p_fail < 0.025].sum() > 0.15


def test_no_rows_say_so():
    interval = rate(0, 0, tolerance=0.1)
    assert math.isnan(interval.estimate)
    assert (interval.low, interval.high, interval.p_fail, interval.verdict()) == (0.0, 1.0, 1.0, "inconclusive")
    assert not interval.can_tell
    assert rate([0, 3], [0, 4]).low[0] == 0.0


@pytest.mark.parametrize("bad", [(-1, 5, 0.1, 0.05), (6, 5, 0.1, 0.05), (1, 5, 1.1, 0.05), (1, 5, 0.1, 0.0)])
def test_bad_input_is_refused(bad):
    events, rows, tolerance, alpha = bad
    with pytest.raises(InputError):
        rate(events, rows, tolerance=tolerance, alpha=alpha)


@pytest.mark.parametrize("tolerance", [math.nan, 0.0, 0.02, 0.5, 1.0])
@pytest.mark.parametrize("rows", [0, 1, 20, 41, 200])
def test_one_rate_is_to_the_last_bit_what_it_is_among_many(rows, tolerance):
    events = np.arange(rows + 1)
    many = rate(events, np.full(len(events), rows), tolerance=tolerance)
    for place, count in enumerate(events.tolist()):
        one = rate(count, rows, tolerance=tolerance)
        for name in ("estimate", "low", "high", "p_fail", "p_pass", "tolerance"):
            assert np.array_equal(getattr(one, name), getattr(many[place], name), equal_nan=True), (count, name)
