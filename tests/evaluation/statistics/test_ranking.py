from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import binom, norm
from sklearn.metrics import roc_auc_score

from mlops_lab.evaluation.statistics.moments import skewed_ends
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


def placed_by_pairs(positive, before, after):
    """Return the change of the placement of each positive and each negative as defined, from all pairs of rows."""
    change = 0
    for score, sign in ((before, 1), (after, -1)):
        pairs = (score[positive][:, None] > score[~positive]) + 0.5 * (score[positive][:, None] == score[~positive])
        change = change + sign * pairs
    return change.mean(axis=1), change.mean(axis=0)


def delong_by_pairs(positive, before, after):
    """The error as defined."""
    by_positive, by_negative = placed_by_pairs(positive, before, after)
    return np.sqrt(by_positive.var(ddof=1) / positive.sum() + by_negative.var(ddof=1) / (~positive).sum())


@pytest.mark.slow
def test_the_error_is_delongs():
    positive, before, after = draw(6000, seed=2)
    interval = auc_drop(PairedScores.of(positive, before, after))
    width = (interval.high - interval.low) / 2 / norm.ppf(0.975)
    assert width == pytest.approx(delong_by_pairs(positive, before, after), rel=0.005)


def test_the_ends_are_those_of_both_classes_squared_and_added():
    rng = np.random.default_rng(0)
    positive = rng.random(700) < 0.4
    before = rng.integers(-4, 4, size=700) + positive
    after = np.where(rng.random(700) < 0.4, before + rng.choice([-2, 1], p=[0.8, 0.2], size=700), before)
    found = auc_drop(PairedScores.of(positive, expit(before), expit(after)))
    down, up = [], []
    for change, mine in zip(placed_by_pairs(positive, before, after), (positive, ~positive), strict=True):
        centred = change - change.mean()
        skewness = (centred**3).mean() / change.std(ddof=1) ** 3
        moved = np.count_nonzero(before[mine] != after[mine])
        assert 20 < moved < 200
        low, high = skewed_ends(0.0, change.std(ddof=1) / np.sqrt(len(change)), skewness, len(change), 0.05, moved)
        down.append(low)
        up.append(high)
    drop = roc_auc_score(positive, before) - roc_auc_score(positive, after)
    assert (found.low, found.high) == pytest.approx((drop - np.hypot(*down), drop + np.hypot(*up)))


def test_turned_around_it_is_mirrored_where_few_rows_changed():
    rng = np.random.default_rng(0)
    positive = rng.random(300) < 0.4
    before = rng.normal(size=300) + positive
    after = before + np.r_[[2, -3, 1, -1, 2, 2, -1, 3], np.zeros(292)]
    scores = (
        PairedScores.of(positive, expit(before), expit(after)),
        PairedScores.of(positive, expit(after), expit(before)),
    )
    drop, gain = map(auc_drop, scores)
    assert drop.estimate != 0
    assert (drop.low, drop.high) == pytest.approx((-gain.high, -gain.low))


def test_a_row_that_passes_none_of_the_other_class_did_not_change():
    positive = np.arange(400) % 2 == 0
    before = np.arange(400) // 2 % 5 + 0.5 * positive
    still, moved = (PairedScores.of(positive, expit(before), expit(before + s * positive)) for s in (0, 0.2))
    assert auc_drop(moved) == auc_drop(still)


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


def test_a_drop_lies_between_minus_one_and_one():
    positive = np.arange(40) % 2 == 0
    good = np.where(positive, 0.9, 0.1)
    bad = np.where(np.arange(40) < 6, good, 1 - good)
    assert auc_drop(PairedScores.of(positive, good, bad)).high == 1
    assert auc_drop(PairedScores.of(positive, bad, good)).low == -1
