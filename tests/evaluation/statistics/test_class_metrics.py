from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics
from statsmodels.stats.proportion import proportion_confint

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.class_metrics import METRICS, metric_drop, metric_interval
from mlops_lab.evaluation.statistics.confusion import Confusion

SKLEARN = {
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "f1": lambda y, p: metrics.f1_score(y, p),
    "f1_macro": lambda y, p: metrics.f1_score(y, p, average="macro"),
}


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(METRICS))
def test_estimates_equal_scikit_learn(seed, metric):
    rng = np.random.default_rng(seed)
    classes = 2 if metric == "f1" else 4
    truth = rng.choice(classes, size=400, p=rng.dirichlet(np.full(classes, 20.0)))
    before, after = (np.where(rng.random(400) < share, truth, rng.integers(0, classes, 400)) for share in (0.7, 0.6))
    counts = Confusion.of(truth, before, after, classes=classes)
    of = SKLEARN[metric]
    drop, level = metric_drop(counts, metric, tolerance=0.05), metric_interval(counts, metric, tolerance=0.6)
    assert drop.estimate == pytest.approx(of(truth, before) - of(truth, after), abs=1e-12)
    assert level.estimate == pytest.approx(of(truth, before), abs=1e-12)
    for interval in (drop, level):
        assert interval.low <= interval.estimate <= interval.high
        verdict = "pass" if interval.p_pass <= 0.025 else "fail" if interval.p_fail < 0.025 else "inconclusive"
        assert verdict == interval.verdict()


def joint(prior: list[float], error: list[float], lost: list[float], gained: list[float]) -> np.ndarray:
    """Chances of (truth, prediction, prediction after) from those of each class."""
    classes = len(prior)
    chances = np.zeros((classes,) * 3)
    for y in range(classes):
        before = np.full(classes, error[y] / (classes - 1))
        before[y] = 1 - error[y]
        for a in range(classes):
            after = np.full(classes, lost[y] / (classes - 1)) if a == y else np.zeros(classes)
            after[a] = 1 - (lost[y] if a == y else gained[y])
            after[y] += gained[y] if a != y else 0.0
            chances[y, a] = prior[y] * before[a] * after
    return chances


def level(metric: str, table: np.ndarray) -> float:
    if metric == "balanced_accuracy":
        return float((np.diag(table) / table.sum(axis=1)).mean())
    f1 = 2 * np.diag(table) / (table.sum(axis=0) + table.sum(axis=1))
    return float(f1[1] if metric == "f1" else f1.mean())


CASES = {
    "one in a thousand": ("balanced_accuracy", 20_000, joint([0.999, 0.001], [0.01, 0.3], [0.005, 0.1], [0.2, 0.0])),
    "one in twenty": ("balanced_accuracy", 1000, joint([0.95, 0.05], [0.05, 0.2], [0.02, 0.05], [0.1, 0.1])),
    "three classes": ("f1_macro", 2000, joint([0.6, 0.3, 0.1], [0.05, 0.2, 0.3], [0.02, 0.05, 0.02], [0.1, 0.1, 0.0])),
    "f1": ("f1", 2000, joint([0.9, 0.1], [0.05, 0.2], [0.02, 0.05], [0.1, 0.1])),
    "f1, one in a thousand": ("f1", 20_000, joint([0.999, 0.001], [0.0005, 0.3], [0.0005, 0.1], [0.2, 0.0])),
    "f1, few of the class": ("f1", 20_000, joint([0.999, 0.001], [0.01, 0.3], [0.005, 0.1], [0.2, 0.0])),
    "f1, rare flips": ("f1", 2000, joint([0.7, 0.3], [0.1, 0.2], [0.001, 0.001], [0.0, 0.0])),
}


@pytest.mark.parametrize("metric", ["balanced_accuracy", "f1", "f1_macro"])
def test_of_many_rows_the_width_is_that_of_the_jackknife(metric):
    """The infinitesimal one: how much the metric moves with the weight of each row, by differences.

    The drop of F1 takes the rows of a class as given, which leaves out a per cent.
    """
    chances = joint([0.5, 0.3, 0.2], [0.05, 0.2, 0.3], [0.1, 0.15, 0.05], [0.2, 0.1, 0.1])
    rows = np.rint(100_000 * chances)
    counts = Confusion(3, np.flatnonzero(rows), rows[rows > 0].astype(int))
    drop = metric_drop(counts, metric), lambda table: level(metric, table.sum(2)) - level(metric, table.sum(1))
    now = metric_interval(counts, metric), lambda table: level(metric, table.sum(2))
    for (interval, of), within in ((drop, 0.02), (now, 0.001)):
        steps = [0.01 * (np.arange(27) == cell).reshape(3, 3, 3) for cell in counts.cells]
        slopes = np.array([(of(rows + step) - of(rows - step)) / 0.02 for step in steps])
        error = np.sqrt(counts.counts @ slopes**2)
        assert interval.estimate == pytest.approx(of(rows))
        assert (interval.high - interval.low) / 2 == pytest.approx(stats.norm.ppf(0.975) * error, rel=within)
        assert interval.high + interval.low == pytest.approx(2 * interval.estimate, abs=0.05 * error)


def test_the_ends_of_f1_are_those_of_a_rate():
    truth, predicted = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], [500, 40, 30, 90], axis=0).T
    found = metric_interval(Confusion.of(truth, predicted, classes=2), "f1", tolerance=0.7)
    low, high = (2 * end / (1 + end) for end in proportion_confint(90, 160, 0.05, "wilson"))
    assert (found.low, found.estimate, found.high) == pytest.approx((low, 180 / 250, high))
    share = 0.7 / (2 - 0.7)  # of true positives among those of the class by truth or prediction, where F1 is 0.7
    score = (90 / 160 - share) / np.sqrt(share * (1 - share) / 160)
    assert found.p_pass == pytest.approx(stats.norm.sf(score))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_coverage_and_wrong_verdicts(case):
    metric, rows, chances = CASES[case]
    now, then = level(metric, chances.sum(axis=2)), level(metric, chances.sum(axis=1))
    cells = np.arange(chances.size)
    drops, levels = [], []
    for drawn in np.random.default_rng(8).multinomial(rows, chances.ravel(), size=400):
        counts = Confusion(len(chances), cells[drawn > 0], drawn[drawn > 0])
        drops.append(metric_drop(counts, metric, tolerance=now - then).verdict())
        levels.append(metric_interval(counts, metric, tolerance=now).verdict())
    for verdicts in (drops, levels):
        failed, passed = verdicts.count("fail"), verdicts.count("pass")
        assert max(failed, passed) <= stats.binom.ppf(0.999, 400, 0.035)
        assert 400 - failed - passed >= stats.binom.ppf(0.001, 400, 0.945)


def test_a_class_with_a_handful_of_rows_cannot_be_judged():
    truth = np.repeat([0, 1], [1000, 3])
    counts = Confusion.of(truth, truth, classes=2)
    for metric in ("balanced_accuracy", "f1", "f1_macro"):
        drop = metric_drop(counts, metric, tolerance=0.5, labels=["no", "yes"])
        assert not drop.can_tell
        assert "'yes' has 3 rows" in drop.note
        assert drop.verdict() == "inconclusive"
    assert metric_drop(counts, "accuracy", tolerance=0.5).verdict() == "pass"
    assert not metric_drop(Confusion(2), "accuracy", tolerance=0.5).can_tell


def test_rows_of_a_class_are_those_whose_truth_it_is():
    truth, predicted = np.repeat([0, 1], [1000, 3]), np.repeat([0, 1], [900, 103])
    assert "Class 1 has 3 rows" in metric_interval(Confusion.of(truth, predicted, classes=2), "f1").note


def test_a_class_that_is_only_predicted_counts_in_the_macro_average_where_it_is_on_both_sides():
    truth = np.repeat([0, 1], 100)
    before, after = truth.copy(), truth.copy()
    before[0], after[1], after[2:12] = 2, 2, 1
    of = SKLEARN["f1_macro"]
    drop = metric_drop(Confusion.of(truth, before, after, classes=3), "f1_macro")
    assert drop.estimate == pytest.approx(of(truth, before) - of(truth, after))
    before[0] = 0
    drop = metric_drop(Confusion.of(truth, before, after, classes=3), "f1_macro")
    both = (metrics.f1_score(truth, side, labels=[0, 1], average="macro") for side in (before, after))
    assert drop.estimate == pytest.approx(next(both) - next(both))


def test_a_class_that_does_not_vary_leaves_an_interval():
    truth = np.repeat([0, 1, 2], 100)
    after = np.where(np.arange(300) < 30, 1, truth)
    drop = metric_drop(Confusion.of(truth, truth, after, classes=3), "f1_macro")
    assert 0 < drop.low < drop.estimate < drop.high < 0.2


def test_an_absent_class_counts_as_in_scikit_learn():
    truth = np.repeat([0, 2], 100)
    counts = Confusion.of(truth, truth, np.where(np.arange(200) < 30, 2, truth), classes=4)
    assert metric_drop(counts, "balanced_accuracy").estimate == pytest.approx(0.15)


def test_an_unknown_metric_is_refused():
    with pytest.raises(InputError, match="balanced_accuracy"):
        metric_drop(Confusion(2), "auc")  # type: ignore[arg-type]
