import math
from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, ndtri
from scipy.stats import binom, norm
from sklearn.metrics import roc_auc_score

from mlops_lab.evaluation.statistics.area import Scores, auc_interval
from mlops_lab.evaluation.statistics.groups import gap
from mlops_lab.evaluation.statistics.ranking import PairedScores, auc, binning_error
from mlops_lab.evaluation.statistics.rates import clopper_pearson


def draw(positives, negatives, area, seed, spread=1.0):
    """Normal scores whose area under the curve is known."""
    rng = np.random.default_rng(seed)
    shift = ndtri(area) * np.hypot(1, spread)
    score = np.r_[shift + spread * rng.normal(size=positives), rng.normal(size=negatives)]
    return np.arange(len(score)) < positives, expit(score)


@pytest.mark.parametrize("digits", [1, 2, 17])
def test_equals_scikit_learn_within_the_stated_bound(digits):
    positive, score = draw(900, 2100, 0.8, seed=1)
    score = score.round(digits)
    table = Scores.of(positive, score).table()
    found = auc_interval(Scores.of(positive, score))
    assert abs(found.estimate - roc_auc_score(positive, score)) <= binning_error(table) + 1e-12
    assert found.estimate == pytest.approx(auc(PairedScores.of(positive, score, score).before), abs=1e-12)


@given(cuts=st.lists(st.integers(0, 300), max_size=6), seed=st.integers(0, 50))
@settings(max_examples=20, deadline=None)
def test_any_split_gives_the_same_counts_and_a_part_can_be_taken_away(cuts, seed):
    positive, score = draw(100, 200, 0.7, seed)
    score = score.round(2)
    order = np.random.default_rng(seed).permutation(300)
    positive, score = positive[order], score[order]
    edges = [0, *sorted(cuts), 300]
    parts = [Scores.of(positive[start:stop], score[start:stop]) for start, stop in pairwise(edges)]
    whole = Scores.of(positive, score)
    for summed in (reduce(add, parts), reduce(add, reversed(parts), Scores())):
        assert summed.cells.tolist() == whole.cells.tolist()
        assert summed.counts.tolist() == whole.counts.tolist()
    rest = reduce(add, parts[1:], Scores())
    assert (whole - parts[0]).cells.tolist() == rest.cells.tolist()
    assert (whole - parts[0]).counts.tolist() == rest.counts.tolist()
    assert (whole - whole).rows == 0


def test_the_error_of_many_rows_is_delongs():
    positive, score = draw(3000, 6000, 0.75, seed=2)
    found = auc_interval(Scores.of(positive, score))
    pairs = score[positive][:, None] > score[~positive]
    error = np.hypot(pairs.mean(axis=1).std() / math.sqrt(3000), pairs.mean(axis=0).std() / math.sqrt(6000))
    assert (found.high - found.low) / 2 / norm.ppf(0.975) == pytest.approx(error, rel=0.02)


def test_placements_of_0_and_1_have_the_interval_of_a_rate_in_its_mid_p_form():
    """Every negative has one score, so a positive is in order or not: a rate, and nothing varies beside it."""
    positive, score = np.arange(10_060) < 60, np.r_[np.full(51, 0.8), np.full(9, 0.2), np.full(10_000, 0.5)]
    found = auc_interval(Scores.of(positive, score))
    exact, normal = clopper_pearson(51, 60), math.sqrt(0.85 * 0.15 / 60) * norm.ppf(0.975)
    assert exact.low < found.low < 0.85 - 0.8 * normal
    assert 0.85 + 0.8 * normal < found.high < exact.high


@pytest.mark.parametrize("turned", [False, True])
def test_a_perfect_order_is_no_proof_of_one(turned):
    positive = np.arange(40) < 20
    found = auc_interval(Scores.of(positive, np.where(positive == turned, 0.1, 0.9)))
    assert found.estimate == (0 if turned else 1)
    width = found.high - found.low
    assert float(clopper_pearson(0, 20, alpha=0.1).high) < width < 2 * float(clopper_pearson(0, 20).high)
    assert found.low >= 0
    assert found.high <= 1


@pytest.mark.parametrize(("positives", "negatives"), [(9, 500), (500, 9), (0, 20), (0, 0)])
def test_a_handful_of_rows_cannot_tell(positives, negatives):
    found = auc_interval(Scores.of(*draw(positives, negatives, 0.8, seed=0)))
    assert f"{min(positives, negatives)} rows; 10 are needed" in found.note
    assert (found.low, found.high) == (0, 1)
    assert math.isnan(found.estimate) == (min(positives, negatives) == 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("positives", "negatives", "area", "spread"),
    [(10, 1000, 0.98, 2.0), (50, 50, 0.98, 1.0), (1000, 1000, 0.7, 1.0), (30, 2000, 0.5, 2.0)],
)
def test_each_end_misses_as_seldom_as_promised(positives, negatives, area, spread):
    """The normal interval on the logit scale missed the first in a third of all samples."""
    seeds = 250
    found = [auc_interval(Scores.of(*draw(positives, negatives, area, seed, spread))) for seed in range(seeds)]
    bound = binom.ppf(0.999, seeds, 0.025)
    assert sum(one.low > area for one in found) <= bound
    assert sum(one.high < area for one in found) <= bound
    if positives > 500:  # many rows: no wider than it says
        assert sum(one.low <= area <= one.high for one in found) <= binom.ppf(0.999, seeds, 0.965)


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [((20, 60), (200, 600)), ((300, 700), (600, 1400))])
def test_the_gap_of_two_groups_is_judged_wrongly_as_seldom_as_promised(sizes):
    seeds, verdicts = 200, []
    for seed in range(seeds):
        losses = [
            auc_interval(Scores.of(*draw(*size, area, [seed, place]))).rescaled(-1, shift=1)
            for place, (size, area) in enumerate(zip(sizes, (0.8, 0.9), strict=True))
        ]
        verdicts.append(gap(*losses, 0.0, tolerance=0.1).verdict())
    assert max(verdicts.count("pass"), verdicts.count("fail")) <= binom.ppf(0.999, seeds, 0.025)
    assert verdicts.count("inconclusive") < seeds
