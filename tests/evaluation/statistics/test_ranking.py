from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import binom, norm
from sklearn.metrics import roc_auc_score

from mlops_lab.evaluation.statistics.ranking import PairedScores, auc, auc_drop, binning_error


def draw(rows, seed, share=0.3, noise=1.0):
    rng = np.random.default_rng(seed)
    positive = rng.random(rows) < share
    score = rng.normal(size=rows) + 1.2 * positive
    return positive, expit(score), expit(score + noise * rng.normal(size=rows))


@pytest.mark.parametrize("digits", [1, 2, 17])
def test_equals_scikit_learn_within_the_stated_bound(digits):
    positive, before, after = draw(3000, seed=1)
    before, after = before.round(digits), after.round(digits)
    scores = PairedScores.of(positive, before, after)
    for counts, score in ((scores.before, before), (scores.after, after)):
        assert abs(auc(counts) - roc_auc_score(positive, score)) <= binning_error(counts) + 1e-12


@given(cuts=st.lists(st.integers(1, 299), max_size=5), seed=st.integers(0, 50))
@settings(max_examples=8, deadline=None)
def test_any_split_gives_the_same_counts(cuts, seed):
    arrays = draw(300, seed)
    edges = [0, *sorted(set(cuts)), 300]
    parts = [PairedScores.of(*(array[start:stop] for array in arrays)) for start, stop in pairwise(edges)]
    whole, summed = PairedScores.of(*arrays), sum(reversed(parts), PairedScores())
    assert all((getattr(whole, name) == getattr(summed, name)).all() for name in ("before", "after", "joint"))


def delong_by_pairs(positive, before, after):
    """The error as defined, from all pairs of rows."""
    change = 0
    for score, sign in ((before, 1), (after, -1)):
        pairs = (score[positive][:, None] > score[~positive]) + 0.5 * (score[positive][:, None] == score[~positive])
        change = change + sign * pairs
    by_positive, by_negative = change.mean(axis=1), change.mean(axis=0)
    return np.sqrt(by_positive.var(ddof=1) / positive.sum() + by_negative.var(ddof=1) / (~positive).sum())


@pytest.mark.slow
def test_the_error_is_delongs():
    positive, before, after = draw(6000, seed=2)
    interval = auc_drop(PairedScores.of(positive, before, after))
    width = (interval.high - interval.low) / 2 / norm.ppf(0.975)
    assert width == pytest.approx(delong_by_pairs(positive, before, after), rel=0.005)


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "share"), [(400, 0.3), (6000, 0.005)])
def test_both_wrong_verdicts_are_as_rare_as_promised(rows, share):
    truth = np.mean(
        [auc(s.before) - auc(s.after) for s in (PairedScores.of(*draw(200_000, seed)) for seed in range(3))]
    )
    seeds, low, high = 120, 0, 0
    for seed in range(seeds):
        interval = auc_drop(PairedScores.of(*draw(rows, seed + 10, share)), tolerance=truth)
        low += interval.verdict() == "fail"
        high += interval.verdict() == "pass"
    bound = binom.ppf(0.999, seeds, 0.03)
    assert low <= bound
    assert high <= bound


def test_a_handful_of_rows_cannot_tell():
    positive, before, after = draw(300, seed=0, share=0.02)
    interval = auc_drop(PairedScores.of(positive, before, after), tolerance=0.01)
    assert interval.verdict() == "inconclusive"
    assert f"{positive.sum()} rows" in interval.note


def test_nothing_changed_says_how_much_can_have_changed():
    positive, before, _ = draw(500, seed=0)
    interval = auc_drop(PairedScores.of(positive, before, before), tolerance=0.01)
    assert interval.estimate == 0
    assert interval.verdict() == "inconclusive"
    positive, before, _ = draw(5000, seed=0)
    assert auc_drop(PairedScores.of(positive, before, before), tolerance=0.01).verdict() == "pass"


def replaced(rows, seed, prior, share):
    """Only a share of the rows gets another score, one that tells nothing."""
    rng = np.random.default_rng(seed)
    positive = rng.random(rows) < prior
    score = rng.normal(size=rows) + 1.5 * positive
    return positive, expit(score), expit(np.where(rng.random(rows) < share, rng.normal(size=rows), score))


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "prior", "share"), [(2000, 0.05, 0.05), (400, 0.3, 0.02), (20_000, 0.001, 0.05)])
def test_rare_changes_pass_as_seldom_as_promised(rows, prior, share):
    drops = [
        auc(s.before) - auc(s.after) for s in (PairedScores.of(*replaced(300_000, i, 0.3, share)) for i in range(3))
    ]
    seeds = 80
    verdicts = [
        auc_drop(PairedScores.of(*replaced(rows, seed + 10, prior, share)), tolerance=float(np.mean(drops))).verdict()
        for seed in range(seeds)
    ]
    assert max(verdicts.count("pass"), verdicts.count("fail")) <= binom.ppf(0.999, seeds, 0.025)


def test_certain_scores_have_bins():
    scores = PairedScores.of(np.array([True, False] * 20), np.array([1.0, 0.0] * 20), np.array([0.0, 1.0] * 20))
    assert auc(scores.before) == 1
    assert auc(scores.after) == 0
    assert logit(1.0) == np.inf
