import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm

from mlops_lab.evaluation.statistics.moments import Moments
from mlops_lab.evaluation.statistics.remaining import remaining


def draw(rng, rows, share, noise=0.5):
    """Return two groups whose distance is 0.5 before, and ``share`` of it after."""
    parts = []
    for middle in (0.5, 0.0):
        score = rng.normal(size=rows)
        parts.append(
            Moments.of(np.column_stack([score + middle, score + share * middle + noise * rng.normal(size=rows)]))
        )
    return parts


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_share_and_distances_are_covered_as_often_as_said(share):
    rng, seeds = np.random.default_rng(0), 400
    covered = np.zeros(3)
    for _ in range(seeds):
        found = remaining(*draw(rng, 150, share))
        truths = ((found.before, 0.5), (found.after, 0.5 * share), (found.share, share))
        covered += [one.low <= truth <= one.high for one, truth in truths]
    assert (covered >= binom.ppf(0.001, seeds, 0.935)).all()


@given(st.floats(-3, 3), st.integers(0, 99))
def test_a_fixed_share_of_every_score_is_known_exactly(share, seed):
    rng = np.random.default_rng(seed)
    score = rng.normal(size=(200, 1))
    groups = [Moments.of(np.hstack([score + move, share * (score + move)])) for move in (2.0, 0.0)]
    found = remaining(*groups).share
    assert (found.estimate, found.low, found.high) == pytest.approx((share,) * 3, abs=1e-6)


def test_the_ends_are_the_shares_that_a_test_just_allows():
    """Fieller: at an end, after minus that share of before differs from 0 by 1.96 standard errors."""
    rng = np.random.default_rng(0)
    tables = [rng.normal(middle, 1, size=(rows, 2)) for middle, rows in (([9, 5], 12), ([3, 4], 7))]
    found = remaining(*map(Moments.of, tables)).share
    means = [table.mean(axis=0) for table in tables]
    assert found.estimate == pytest.approx((means[0] - means[1])[1] / (means[0] - means[1])[0])
    for share, score in ((found.low, norm.ppf(0.975)), (found.high, norm.ppf(0.025))):
        left = [table @ [-share, 1] for table in tables]
        error = np.sqrt(sum(values.var(ddof=1) / len(values) for values in left))
        assert (left[0].mean() - left[1].mean()) / error == pytest.approx(score)


def test_no_share_of_a_distance_that_could_be_nothing():
    score = np.random.default_rng(0).normal(size=(200, 2))
    found = remaining(Moments.of(score[:100]), Moments.of(score[100:]))
    assert "could be 0" in found.share.note
    assert np.isinf([found.share.low, found.share.high]).all()
    assert "few rows" in remaining(Moments.of(score[:1]), Moments.of(score[1:])).share.note
