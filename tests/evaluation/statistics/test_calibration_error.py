from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import relplot
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlops_lab.evaluation.statistics.calibration_error import calibration_error, smooth_error
from mlops_lab.evaluation.statistics.score_histogram import ScoreHistogram

TRUTH = 0.03
SCORES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "even": lambda rng, rows: rng.random(rows),
    "sure": lambda rng, rows: rng.beta(0.5, 0.5, size=rows),
    "rare": lambda rng, rows: rng.beta(0.5, 9, size=rows),
    "ties": lambda rng, rows: rng.choice([0.1, 0.3, 0.5, 0.7, 0.9], size=rows),
}
GAPS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "shifted": np.ones_like,
    "over-confident": lambda s: (0.5 - s) * s * (1 - s),
    "local": lambda s: np.where(s > 0.8, -1.0, 0.0),
    "wavy": lambda s: np.sin(6 * np.pi * s),
}
CASES = [(scores, gap) for scores in SCORES for gap in GAPS if not (scores == "rare" and gap in ("local", "wavy"))]


def sizes(scores: str, gap: str, error: float) -> float:
    """Find by how much the gaps must be multiplied so that the calibration error is as wanted."""
    score = SCORES[scores](np.random.default_rng(99), 200_000)
    low, high = 0.0, 20.0
    for _ in range(40):
        middle = (low + high) / 2
        truth = np.clip(score + middle * GAPS[gap](score), 0, 1)
        low, high = (middle, high) if np.abs(truth - score).mean() < error else (low, middle)
    return high


def verdicts(scores: str, gap: str, error: float, rows: int, seeds: int) -> list[str]:
    rng = np.random.default_rng(7)
    size = sizes(scores, gap, error) if error else 0.0
    found = []
    for _ in range(seeds):
        score = SCORES[scores](rng, rows)
        outcome = rng.random(rows) < np.clip(score + size * GAPS[gap](score), 0, 1)
        found.append(calibration_error(ScoreHistogram.of(outcome, score), tolerance=TRUTH).verdict())
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("scores", "gap"), [case for case in CASES if case != ("ties", "wavy")])
@pytest.mark.parametrize("rows", [200, 2000])
def test_both_errors_at_the_tolerance_are_rare(scores, gap, rows):
    found = verdicts(scores, gap, TRUTH, rows, seeds=200)
    assert found.count("pass") <= stats.binom.ppf(0.9995, 200, 0.04)
    assert found.count("fail") <= stats.binom.ppf(0.9995, 200, 0.03)


@pytest.mark.slow
@pytest.mark.parametrize("scores", SCORES)
def test_good_models_pass_and_bad_ones_fail(scores):
    assert verdicts(scores, "shifted", 0.0, 6000, seeds=40).count("pass") >= stats.binom.ppf(0.001, 40, 0.9)
    assert verdicts(scores, "shifted", 2 * TRUTH, 6000, seeds=40).count("fail") >= stats.binom.ppf(0.001, 40, 0.9)


@pytest.mark.slow
def test_a_perfect_model_on_200_rows_is_not_failed():
    assert verdicts("even", "shifted", 0.0, 200, seeds=200).count("fail") == 0


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 0.3), st.integers(10, 400))
def test_the_p_values_never_contradict_the_ends(seed, tolerance, rows):
    rng = np.random.default_rng(seed)
    score = rng.random(rows) ** rng.uniform(0.1, 5)
    error = calibration_error(ScoreHistogram.of(rng.random(rows) < 0.4, score), tolerance=tolerance)
    assert 0 <= error.low <= error.estimate <= error.high <= 1
    assert (error.p_fail < 0.025) == (error.low > tolerance)
    assert (error.p_pass <= 0.025) == (error.high <= tolerance)


def test_the_same_rows_give_the_same_numbers_in_any_split():
    rng = np.random.default_rng(3)
    score = rng.random(500)
    outcome = rng.random(500) < score
    whole = calibration_error(ScoreHistogram.of(outcome, score), tolerance=TRUTH)
    split = ScoreHistogram.of(outcome[300:], score[300:]) + ScoreHistogram.of(outcome[:300], score[:300])
    again = calibration_error(split, tolerance=TRUTH)
    assert (again.estimate, again.low, again.high) == pytest.approx((whole.estimate, whole.low, whole.high), rel=1e-12)


@pytest.mark.parametrize("score", [0.0, 1.0, 0.999])
def test_sure_and_right_on_few_rows_is_not_proof_of_anything(score):
    error = calibration_error(ScoreHistogram.of([score > 0.5] * 40, [score] * 40), tolerance=TRUTH)
    assert error.low <= 0.001
    assert error.high > TRUTH
    assert not calibration_error(ScoreHistogram.of([True], [0.5]), tolerance=0.1).can_tell


def smoothed_directly(outcome: np.ndarray, score: np.ndarray, width: float) -> float:
    points = (np.arange(1000) + 0.5) / 1000
    total = np.zeros(1000)
    for mirrored in (score, -score, 2 - score):
        kernel = np.exp(-0.5 * ((points[:, None] - mirrored) / width) ** 2) / width / np.sqrt(2 * np.pi)
        total += kernel @ (outcome - score) / len(score)
    return float(np.abs(total).mean())


@pytest.mark.slow
@pytest.mark.parametrize("stretch", [1.0, 0.8, 0.5])
def test_the_smooth_error_is_its_own_width(stretch):
    rng = np.random.default_rng(4)
    score = rng.random(2000)
    outcome = rng.random(2000) < stretch * score
    found = smooth_error(ScoreHistogram.of(outcome, score))
    assert smoothed_directly(outcome, score, found) == pytest.approx(found, abs=0.001)
    assert np.isnan(smooth_error(ScoreHistogram()))


def test_the_smooth_error_equals_relplot():
    rng = np.random.default_rng(5)
    score = rng.random(3000)
    outcome = rng.random(3000) < 0.8 * score
    found = smooth_error(ScoreHistogram.of(outcome, score))
    assert found == pytest.approx(relplot.smECE(score, outcome.astype(float)), abs=0.001)
