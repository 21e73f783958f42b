from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics
from statsmodels.stats.proportion import proportion_confint

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.losses import LossChanges, SquaredErrors, loss_drop, r2_drop, rmse_drop
from mlops_lab.evaluation.statistics.moments import Moments, mean_interval

SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS, st.lists(st.integers(0, 80), max_size=5), st.randoms())
def test_any_split_and_order_gives_the_same_numbers(seed, cuts, random):
    rng = np.random.default_rng(seed)
    y, before = rng.normal(1e6, 1, size=(2, 80))
    after = np.where(rng.random(80) < 0.6, before, before + rng.normal(size=80))
    whole = SquaredErrors.of(y, before, after, origin=1e6)
    cut = [np.split(values, sorted(cuts)) for values in (y, before, after)]
    parts = [SquaredErrors.of(*part, origin=1e6) for part in zip(*cut, strict=True)]
    random.shuffle(parts)
    merged = sum(parts, SquaredErrors())
    assert merged.changes.changed == whole.changes.changed
    for drop in (rmse_drop, r2_drop):
        one, other = drop(merged, tolerance=0.1), drop(whole, tolerance=0.1)
        assert (one.estimate, one.low, one.high) == pytest.approx((other.estimate, other.low, other.high), rel=1e-9)


def test_the_way_to_json_and_back():
    state = SquaredErrors.of([1.0, 2.0, 3.0], [1.0, 2.1, 3.0], [1.5, 2.0, 3.0], origin=2.0)
    again = SquaredErrors.from_dict(json.loads(json.dumps(state.to_dict())))
    assert again.to_dict() == state.to_dict()


def test_batches_around_different_origins_do_not_add_up():
    one, other = (SquaredErrors.of([1.0, 2.0], [1.0, 2.1], [1.5, 2.0], origin=origin) for origin in (0.0, 1.0))
    with pytest.raises(InputError, match="one origin"):
        one + other
    assert (SquaredErrors() + other).origin == 1.0


def test_estimates_equal_scikit_learn():
    rng = np.random.default_rng(0)
    y = rng.normal(50, 3, size=300)
    before, after = y + rng.normal(size=(2, 300)) * [[1.0], [1.4]]
    state = SquaredErrors.of(y, before, after, origin=40.0)
    root = metrics.root_mean_squared_error
    assert rmse_drop(state).estimate == pytest.approx(root(y, after) - root(y, before))
    assert r2_drop(state).estimate == pytest.approx(metrics.r2_score(y, before) - metrics.r2_score(y, after))
    losses = LossChanges.of(np.abs(before - y), np.abs(after - y))
    absolute = metrics.mean_absolute_error
    assert loss_drop(losses).estimate == pytest.approx(absolute(y, after) - absolute(y, before))


def rmse(y: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> float:
    return float(np.sqrt(np.average((predicted - y) ** 2, weights=weights)))


def lost_r2(y: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> float:
    spread = (y - np.average(y, weights=weights)) ** 2
    return float(weights @ (predicted - y) ** 2 / (weights @ spread))


@pytest.mark.parametrize(("drop", "metric"), [(rmse_drop, rmse), (r2_drop, lost_r2)])
def test_the_ends_are_those_of_the_mean_of_what_each_row_adds(drop, metric):
    """What a row adds is found by giving it a little more weight."""
    rng = np.random.default_rng(0)
    y = rng.gamma(2, 3, size=150) + 50
    before, after = y + rng.normal(size=(2, 150)) * [[1.0], [1.7]]
    found = drop(SquaredErrors.of(y, before, after, origin=40.0))

    def of(weights: np.ndarray) -> float:
        return metric(y, after, weights) - metric(y, before, weights)

    added = [(of(1 + step) - of(1 - step)) / 0.02 * 150 for step in 0.01 * np.eye(150)]
    mean = mean_interval(Moments.of(np.array(added)[:, None]))
    assert found.estimate == pytest.approx(of(np.ones(150)))
    assert (found.low, found.high) == pytest.approx((found.estimate + mean.low, found.estimate + mean.high), abs=1e-5)


def sparse(rng: np.random.Generator, rows: int, share: float, change: str) -> np.ndarray:
    sizes = {"exponential": rng.exponential(size=rows), "beta": rng.beta(0.5, 2, size=rows), "constant": np.ones(rows)}
    return np.where(rng.random(rows) < share, sizes[change], 0.0)


MEANS = {"exponential": 1.0, "beta": 0.2, "constant": 1.0}


@pytest.mark.slow
@pytest.mark.parametrize("change", MEANS)
@pytest.mark.parametrize(("rows", "share"), [(40, 0.02), (200, 0.02), (300, 0.1), (1000, 0.02), (2000, 0.5)])
def test_few_changed_rows_pass_wrongly_as_seldom_as_promised(rows, share, change):
    rng = np.random.default_rng(3)
    truth = share * MEANS[change]
    verdicts = []
    for _ in range(600):
        state = LossChanges.of(np.zeros(rows), sparse(rng, rows, share, change))
        bound = max(8.0, state.largest) if change == "exponential" else 1.0
        verdicts.append(loss_drop(state, tolerance=truth, bound=bound).verdict())
    failed, passed = verdicts.count("fail"), verdicts.count("pass")
    assert max(failed, passed) <= stats.binom.ppf(0.999, 600, 0.03)
    assert 600 - failed - passed >= stats.binom.ppf(0.001, 600, 0.945)


@pytest.mark.slow
@pytest.mark.parametrize("drop", [rmse_drop, r2_drop])
@pytest.mark.parametrize(("rows", "heavy"), [(60, False), (500, False), (500, True)])
def test_the_delta_method_keeps_both_errors(drop, rows, heavy):
    rng = np.random.default_rng(4)
    draw = (lambda size: rng.laplace(size=size) / math.sqrt(2)) if heavy else (lambda size: rng.normal(size=size))
    spread = 2.0  # y varies by 2, the error by 1 and then by √1.25
    truth = math.sqrt(1.25) - 1 if drop is rmse_drop else 0.25 / spread**2
    verdicts = []
    for _ in range(600):
        error = draw(rows)
        y = rng.normal(0, spread, size=rows)
        state = SquaredErrors.of(y, y + error, y + error + 0.5 * draw(rows))
        verdicts.append(drop(state, tolerance=truth).verdict())
    failed, passed = verdicts.count("fail"), verdicts.count("pass")
    assert max(failed, passed) <= stats.binom.ppf(0.999, 600, 0.045)
    assert 600 - failed - passed >= stats.binom.ppf(0.001, 600, 0.94)


@given(SEEDS, st.floats(-0.2, 0.2), st.sampled_from([0, 3, 10, 60]))
def test_the_p_values_never_contradict_the_ends(seed, tolerance, changed):
    rng = np.random.default_rng(seed)
    before = rng.random(80)
    after = before.copy()
    after[:changed] = rng.random(changed)
    drop = loss_drop(LossChanges.of(before, after), tolerance=tolerance, bound=1.0)
    assert drop.low <= drop.estimate <= drop.high
    assert (drop.p_fail < 0.025) == (drop.low > tolerance)
    assert (drop.p_pass <= 0.025) == (drop.high <= tolerance)


def test_nothing_changed_is_judged_by_what_a_row_can_change():
    still = LossChanges.of(np.ones(20_000), np.ones(20_000))
    assert loss_drop(still, tolerance=0.001, bound=1.0).verdict() == "pass"
    assert loss_drop(still, tolerance=0.0001, bound=1.0).verdict() == "inconclusive"
    assert not loss_drop(still, tolerance=0.001).can_tell
    perfect = SquaredErrors.of(np.arange(100.0), np.arange(100.0), np.arange(100.0))
    assert rmse_drop(perfect, tolerance=0.5, bound=1.0).verdict() == "pass"


def test_few_changes_reach_as_far_as_the_bound_or_else_the_largest_seen():
    still = np.full(1000, 4.0)  # squared errors, of which the root is 2
    most = proportion_confint(0, 1000, 0.05, "beta")[1]
    assert loss_drop(LossChanges.of(still, still), bound=3.0).high == pytest.approx(3 * most)
    state = SquaredErrors.of(np.arange(1000.0), np.arange(1000.0) + 2, np.arange(1000.0) + 2)
    assert rmse_drop(state, bound=3.0).high == pytest.approx(3 * most / (2 + 2))
    assert r2_drop(state, bound=3.0).high == pytest.approx(3 * most / np.arange(1000.0).var())
    few = LossChanges.of(still, still + np.r_[[0.2, 0.5, 0.1, -0.3, 0.4], np.zeros(995)])
    assert loss_drop(few) == loss_drop(few, bound=0.5)
    assert loss_drop(few).high < loss_drop(few, bound=0.6).high


def test_bad_input_is_refused():
    with pytest.raises(InputError, match="infinite"):
        LossChanges.of([1.0], [np.inf])
    with pytest.raises(InputError, match="larger bound"):
        loss_drop(LossChanges.of(np.zeros(50), np.ones(50)), bound=0.5)
    assert not r2_drop(SquaredErrors.of(np.ones(50), np.zeros(50), np.arange(50.0))).can_tell
    assert not loss_drop(LossChanges()).can_tell
