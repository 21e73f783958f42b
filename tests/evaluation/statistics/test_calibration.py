from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.calibration import (
    binned_error,
    brier_parts,
    consistency_band,
    isotonic_curve,
    squared_error,
)
from mlops_lab.evaluation.statistics.score_histogram import ScoreHistogram

NAMES = ("rows", "positives", "scores", "squares", "positive_scores")


def sample(seed: int, rows: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    score = rng.beta(0.5, 0.7, size=rows)
    return rng.random(rows) < score**1.3, score


SAMPLES = st.integers(0, 2**32 - 1).map(sample)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(SAMPLES, st.lists(st.integers(0, 200), max_size=4), st.randoms())
def test_any_split_and_order_gives_the_same_state(data, cuts, random):
    outcome, score = data
    whole = ScoreHistogram.of(outcome, score)
    pairs = zip(np.split(outcome, sorted(cuts)), np.split(score, sorted(cuts)), strict=True)
    parts = [ScoreHistogram.of(*pair) for pair in pairs]
    random.shuffle(parts)
    merged = sum(parts, ScoreHistogram())
    again = ScoreHistogram.from_dict(json.loads(json.dumps(whole.to_dict())))
    for name in NAMES:
        assert np.allclose(getattr(merged, name), getattr(whole, name), rtol=1e-12, atol=1e-15)
        assert np.array_equal(getattr(again, name), getattr(whole, name))


@pytest.mark.parametrize("groups", [1, 4, 10, 20])
def test_the_curve_equals_scikit_learn(groups):
    score = np.random.default_rng(0).permutation((np.arange(200) + 0.5) / 200)  # no ties, none in one bin
    outcome = np.random.default_rng(1).random(200) < score
    observed, mean = calibration_curve(outcome, score, n_bins=groups, strategy="quantile")
    parts = ScoreHistogram.of(outcome, score).grouped(groups)
    assert np.allclose(parts.observed, observed)
    assert np.allclose(parts.mean_score, mean)
    assert binned_error(ScoreHistogram.of(outcome, score), groups) == pytest.approx(np.abs(observed - mean).mean())


@settings(max_examples=30, deadline=None)
@given(SAMPLES, st.sampled_from([None, 1, 10]))
def test_the_parts_of_the_brier_score_add_up_exactly(data, groups):
    outcome, score = data
    parts = brier_parts(ScoreHistogram.of(outcome, score), groups)
    assert parts.brier == pytest.approx(brier_score_loss(outcome, score), abs=1e-12)
    assert parts.brier == pytest.approx(parts.miscalibration - parts.discrimination + parts.uncertainty, abs=1e-12)
    assert parts.miscalibration >= -1e-12
    if groups is None:
        assert parts.discrimination >= -1e-12


@settings(max_examples=30, deadline=None)
@given(SAMPLES)
def test_the_isotonic_curve_equals_scikit_learn(data):
    outcome, score = data[0], np.round(data[1], 2)  # so that no two scores share a bin
    place, fitted = isotonic_curve(ScoreHistogram.of(outcome, score))
    theirs = IsotonicRegression().fit(score, outcome.astype(float)).predict(place)
    assert np.allclose(fitted, theirs, atol=1e-9)
    assert (np.diff(fitted) >= -1e-12).all()


@pytest.mark.slow
def test_the_squared_error_is_unbiased_and_the_binned_error_is_not():
    rng = np.random.default_rng(0)
    squared, binned = [], []
    for _ in range(300):
        score = rng.random(1000)
        state = ScoreHistogram.of(rng.random(1000) < score, score)
        squared.append(squared_error(state))
        binned.append(binned_error(state))
    assert abs(np.mean(squared)) < 4 * np.std(squared) / np.sqrt(300)
    assert np.mean(binned) == pytest.approx(0.040, abs=0.003)


@pytest.mark.slow
def test_the_squared_error_of_a_shift_is_its_square():
    rng = np.random.default_rng(1)
    seen = []
    for _ in range(300):
        score = rng.uniform(0.05, 0.95, size=1000)
        seen.append(squared_error(ScoreHistogram.of(rng.random(1000) < score + 0.05, score)))
    assert abs(np.mean(seen) - 0.05**2) < 4 * np.std(seen) / np.sqrt(300)


def test_the_band_of_small_groups_stays_between_0_and_1():
    """Rare outcomes beside frequent ones: the search goes on for some groups when it has ended for others."""
    outcome, score = sample(3, rows=200)
    for groups in (15, 100):
        low, high = consistency_band(ScoreHistogram.of(outcome, score), groups)
        parts = ScoreHistogram.of(outcome, score).grouped(groups)
        assert low.tolist() == (stats.binom.ppf(0.025, parts.rows, parts.mean_score) / parts.rows).tolist()
        assert 0 <= low.min() <= high.max() <= 1


@pytest.mark.slow
def test_the_band_holds_the_groups_of_a_perfect_model():
    rng = np.random.default_rng(2)
    outside = groups = 0
    for _ in range(200):
        score = rng.random(600)
        state = ScoreHistogram.of(rng.random(600) < score, score)
        low, high = consistency_band(state, 10)
        observed = state.grouped(10).observed
        outside += int(((observed < low) | (observed > high)).sum())
        groups += len(observed)
    assert outside <= stats.binom.ppf(0.999, groups, 0.05)
    low, high = consistency_band(ScoreHistogram.of([True, False] * 20, [0.3] * 40), 5)
    assert (low[0] * 40, high[0] * 40) == pytest.approx(stats.binom.ppf([0.025, 0.975], 40, 0.3))


def test_rows_of_one_score_stay_together():
    parts = ScoreHistogram.of([True, False, True, False], [0.2, 0.2, 0.2, 0.9]).grouped(15)
    assert parts.rows.tolist() == [3, 1]


def test_nothing_and_nonsense():
    assert np.isnan(binned_error(ScoreHistogram()))
    assert np.isnan(squared_error(ScoreHistogram()))
    assert np.isnan(brier_parts(ScoreHistogram()).brier)
    for outcome, score in (([1], [1.2]), ([1], [np.nan]), ([1, 0], [0.3])):
        with pytest.raises(InputError):
            ScoreHistogram.of(outcome, score)
    with pytest.raises(InputError):
        ScoreHistogram().grouped(0)


@pytest.mark.parametrize("digits", [1, 3])
def test_the_parts_of_the_brier_score_equal_model_diagnostics(digits):
    rng = np.random.default_rng(5)
    score = rng.random(3000).round(digits)
    outcome = rng.random(3000) < 0.8 * score
    scoring = pytest.importorskip("model_diagnostics.scoring")  # takes seconds to load
    theirs = scoring.decompose(y_obs=outcome.astype(float), y_pred=score, scoring_function=scoring.SquaredError())
    ours = brier_parts(ScoreHistogram.of(outcome, score))
    for name in ("miscalibration", "discrimination", "uncertainty"):
        assert getattr(ours, name) == pytest.approx(float(theirs[name][0]), abs=1e-9)


def test_the_squared_error_takes_the_variance_of_each_mean_away():
    rng = np.random.default_rng(3)
    score = np.repeat([0.2, 0.5, 0.9], [40, 25, 15])
    outcome = rng.random(80) < 0.5
    expected = 0.0
    for value in (0.2, 0.5, 0.9):
        residual = outcome[score == value] - value
        variance = residual.var(ddof=1) / len(residual)
        expected += len(residual) / 80 * (residual.mean() ** 2 - variance)
    assert squared_error(ScoreHistogram.of(outcome, score)) == pytest.approx(expected, abs=1e-12)
