from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.moments import Moments, mean_interval, skewed_ends, skewed_tails

TABLES = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).lognormal(size=(60, 3)))


def assert_same(one: Moments, other: Moments) -> None:
    assert one.rows == other.rows
    scale = np.sqrt(np.diag(other.second)).max() + 1e-300
    for name, power in (("mean", 1), ("second", 2), ("third", 3)):
        assert np.allclose(getattr(one, name), getattr(other, name), rtol=0, atol=1e-12 * scale**power * 10)


@given(TABLES, st.lists(st.integers(0, 60), max_size=5), st.randoms())
def test_any_split_and_order_gives_the_same_moments(table, cuts, random):
    parts = [Moments.of(part) for part in np.split(table, sorted(cuts))]
    random.shuffle(parts)
    assert_same(sum(parts, Moments.none(3)), Moments.of(table))
    assert_same(sum(parts[1:], parts[0]), Moments.of(table))


def test_the_way_to_json_and_back():
    moments = Moments.of(np.random.default_rng(0).random((20, 2)))
    assert_same(Moments.from_dict(json.loads(json.dumps(moments.to_dict()))), moments)


@given(TABLES)
def test_variance_and_skewness_equal_scipy(table):
    direction = np.array([1.0, -0.5, 2.0])
    variance, skewness = Moments.of(table).along(direction)
    assert variance == pytest.approx(np.var(table @ direction, ddof=1))
    assert skewness == pytest.approx(stats.skew(table @ direction, bias=False))


def test_without_skewness_it_is_students_interval():
    values = np.random.default_rng(0).normal(size=400)
    values = np.r_[values, -values]
    ours = mean_interval(Moments.of(values[:, None]), tolerance=0.05)
    theirs = stats.ttest_1samp(values, 0.05, alternative="less")
    assert (ours.low, ours.high) == pytest.approx(tuple(stats.ttest_1samp(values, 0).confidence_interval()), abs=1e-9)
    assert ours.p_pass == pytest.approx(theirs.pvalue)


@given(st.floats(-3, 3), st.floats(0.01, 2), st.floats(-8, 8), st.integers(10, 10_000), st.floats(-3, 3), st.booleans())
def test_tails_and_ends_are_one_test(estimate, error, skewness, rows, tolerance, few):
    changed = 30 if few else rows
    low, high = skewed_ends(estimate, error, skewness, rows, 0.05, changed)
    p_fail, p_pass = skewed_tails(estimate - tolerance, error, skewness, rows, changed)
    assert low <= high
    if min(abs(low - tolerance), abs(high - tolerance)) > 1e-6:
        assert (p_fail < 0.025) == (low > tolerance)
        assert (p_pass <= 0.025) == (high <= tolerance)


@pytest.mark.parametrize("skewness", [-3.0, 3.0])
def test_up_to_a_hundred_changed_rows_the_wider_of_hall_and_student_counts(skewness):
    hall, student = (skewed_ends(1.0, 0.1, skew, 5000, 0.05, 101) for skew in (skewness, 0.0))
    low, high = skewed_ends(1.0, 0.1, skewness, 5000, 0.05, 100)
    assert (low, high) == (min(hall[0], student[0]), max(hall[1], student[1]))
    assert (low, high) not in (hall, student)
    hall, student = (np.array(skewed_tails(0.15, 0.1, skew, 5000, 101)) for skew in (skewness, 0.0))
    assert np.array_equal(skewed_tails(0.15, 0.1, skewness, 5000, 100), np.maximum(hall, student))


SKEWED = {
    "normal": (lambda rng, shape: rng.normal(size=shape), 0.0),
    "exponential": (lambda rng, shape: rng.exponential(size=shape), 1.0),
    "lognormal": (lambda rng, shape: rng.lognormal(size=shape), float(np.exp(0.5))),
    "beta": (lambda rng, shape: rng.beta(0.5, 2, size=shape) ** 2, 0.75 / 8.75),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SKEWED)
@pytest.mark.parametrize("rows", [30, 200, 1000])
def test_coverage_and_wrong_verdicts(name, rows):
    draw, truth = SKEWED[name]
    samples = draw(np.random.default_rng(5), (2000, rows))
    verdicts = np.array([mean_interval(Moments.of(sample[:, None]), tolerance=truth).verdict() for sample in samples])
    failed, passed = (verdicts == "fail").sum(), (verdicts == "pass").sum()
    assert max(failed, passed) <= stats.binom.ppf(0.999, 2000, 0.05)
    assert 2000 - failed - passed >= stats.binom.ppf(0.001, 2000, 0.945)


@pytest.mark.slow
def test_students_interval_alone_would_pass_far_too_often():
    """Why the skewness is kept."""
    rng = np.random.default_rng(6)
    samples = np.where(rng.random((2000, 300)) < 0.1, rng.exponential(size=(2000, 300)), 0.0)
    plain = stats.ttest_1samp(samples, 0.1, axis=1, alternative="less").pvalue <= 0.025
    hall = [mean_interval(Moments.of(sample[:, None]), tolerance=0.1).verdict() == "pass" for sample in samples]
    assert plain.sum() > 1.5 * stats.binom.ppf(0.999, 2000, 0.025)
    assert sum(hall) <= stats.binom.ppf(0.999, 2000, 0.025)


def test_too_few_rows_say_so():
    assert mean_interval(Moments.of(np.ones((3, 1))), tolerance=2).verdict() == "inconclusive"
    assert not mean_interval(Moments.none(), tolerance=2).can_tell
    with pytest.raises(InputError, match="missing"):
        mean_interval(Moments.of(np.full((30, 1), np.nan)))
