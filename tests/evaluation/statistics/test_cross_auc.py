import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special
from scipy.stats import binom
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.cross_auc import cross_auc, mean_auc

pytestmark = pytest.mark.slow


def draw(rng, rows, shift, share=0.3):
    positive = np.arange(rows) < share * rows
    return positive, special.expit(rng.normal(size=rows) + shift * positive), np.arange(rows) % 4


def test_it_is_the_mean_of_scikit_learns_areas_of_the_folds():
    positive, score, fold = draw(np.random.default_rng(0), 800, 1.0)
    areas = [roc_auc_score(positive[fold == one], score[fold == one]) for one in range(4)]
    assert cross_auc(positive, score, fold).estimate == pytest.approx(np.mean(areas), abs=1e-4)


def test_scores_of_different_folds_are_never_ranked_together():
    positive, score, fold = draw(np.random.default_rng(0), 800, 1.0)
    moved = special.expit(special.logit(score) + 3 * fold)
    one, other = cross_auc(positive, score, fold), cross_auc(positive, moved, fold)
    assert other.estimate == pytest.approx(one.estimate, abs=1e-3)
    assert roc_auc_score(positive, moved) < one.estimate - 0.05


@given(st.integers(0, 1000), st.floats(-2, 2))
def test_turning_the_scores_around_mirrors_the_area(seed, shift):
    positive, score, fold = draw(np.random.default_rng(seed), 80, shift)
    one, other = cross_auc(positive, score, fold), cross_auc(positive, 1 - score, fold)
    assert one.estimate + other.estimate == pytest.approx(1, abs=1e-3)
    ends = one.interval()
    assert 0 <= ends.low <= one.estimate <= ends.high <= 1


@pytest.mark.parametrize(
    ("shift", "rows", "share"), [(0.0, 200, 0.3), (1.0, 200, 0.3), (3.5, 400, 0.5), (1.5, 600, 0.1)]
)
def test_it_covers_as_often_as_it_says(shift, rows, share):
    rng, seeds, covered, wrong = np.random.default_rng(0), 300, 0, 0
    truth = float(special.ndtr(shift / np.sqrt(2)))
    for _ in range(seeds):
        ends = cross_auc(*draw(rng, rows, shift, share)).interval()
        covered += ends.low <= truth <= ends.high
        wrong += ends.p_fail < 0.025
    assert covered >= binom.ppf(0.001, seeds, 0.935)
    if shift == 0:
        assert wrong <= binom.ppf(0.999, seeds, 0.05)


def test_scores_that_are_all_in_order_or_all_alike_have_an_interval():
    positive = np.arange(100) < 50
    ends = cross_auc(positive, np.where(positive, 0.9, 0.1), np.arange(100) % 2).interval()
    assert (ends.estimate, ends.high) == (1.0, 1.0)
    assert 0.9 < ends.low < 0.95
    alike = cross_auc(positive, np.full(100, 0.5), np.arange(100) % 2).interval()
    assert alike.low < 0.5 == alike.estimate < alike.high


def test_what_was_never_seen_is_judged_by_the_rows_of_the_rarer_class():
    few, fewer = (np.arange(100) < positives for positives in (20, 10))
    areas = [cross_auc(positive, np.where(positive, 0.9, 0.1), np.arange(100) % 2) for positive in (few, fewer)]
    for area, rows in ((areas[0], 20), (mean_auc(areas), 10)):
        assert area.interval().low == pytest.approx(1 - proportion_confint(0, rows, 0.05, "beta")[1])
    turned = cross_auc(~few, np.where(few, 0.1, 0.9), np.arange(100) % 2)
    assert turned.interval().low == pytest.approx(areas[0].interval().low)


def test_areas_of_the_same_rows_are_known_to_vary_together():
    positive, score, fold = draw(np.random.default_rng(0), 400, 1.0)
    one = cross_auc(positive, score, fold)
    same = mean_auc([one, one])
    assert (same.interval().low, same.interval().high) == (one.interval().low, one.interval().high)


def test_a_fold_without_a_class_is_refused():
    with pytest.raises(InputError, match="fewer folds"):
        cross_auc(np.array([True, False, False, False]), np.full(4, 0.5), np.array([0, 0, 1, 1]))
