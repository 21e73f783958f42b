import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.risk import Confidences, area, cheapest_threshold, curve, guaranteed_threshold


def draw(rows, seed, wrong_at=lambda confidence: 1 - confidence):
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.5, 1, size=rows)
    return confidence, rng.random(rows) >= wrong_at(confidence)


@pytest.mark.slow
@given(data=st.lists(st.tuples(st.sampled_from([0.5, 0.6, 0.75, 0.99, 1.0]), st.booleans()), min_size=1, max_size=40))
@settings(max_examples=50, deadline=None)
def test_the_area_is_the_mean_risk_over_random_orders_of_ties(data):
    confidence, correct = np.array([d[0] for d in data]), np.array([d[1] for d in data])
    rng = np.random.default_rng(0)
    areas = []
    for _ in range(300):
        order = np.lexsort((rng.random(len(data)), -confidence))
        areas.append((np.cumsum(~correct[order]) / np.arange(1, len(data) + 1)).mean())
    tolerance = 5 * np.std(areas) / np.sqrt(300) + 1e-9
    assert abs(area(Confidences.of(confidence, correct)) - np.mean(areas)) <= tolerance


def test_the_area_is_the_mean_risk_of_all_coverages():
    confidence, correct = draw(300, seed=0)
    wrong = ~correct[np.argsort(-confidence)]
    risk = np.cumsum(wrong) / np.arange(1, 301)
    assert area(Confidences.of(confidence, correct)) == pytest.approx(risk.mean(), abs=1e-3)  # some share a bin


@given(cut=st.integers(0, 200))
@settings(max_examples=10, deadline=None)
def test_states_add_up(cut):
    confidence, correct = draw(200, seed=0)
    whole = Confidences.of(confidence, correct)
    summed = (
        Confidences.of(confidence[cut:], correct[cut:])
        + Confidences()
        + Confidences.of(confidence[:cut], correct[:cut])
    )
    assert (whole.rows == summed.rows).all()
    assert (whole.errors == summed.errors).all()


def test_the_curve_is_what_counting_gives():
    confidence, correct = draw(500, seed=3)
    threshold, coverage, risk = curve(Confidences.of(confidence, correct))
    for at in (0, 50, len(threshold) - 1):
        above = confidence >= threshold[at]
        assert coverage[at] == above.mean()
        assert risk[at] == pytest.approx((~correct[above]).mean())


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fixed_sequence", "bonferroni"])
@pytest.mark.parametrize("rows", [300, 3000])
def test_the_guarantee_is_kept(method, rows):
    """With P(wrong) = 1 − confidence, the true risk above a threshold t of a uniform confidence is (1 − t) / 2."""
    target, seeds, broken, found = 0.1, 400, 0, 0
    for seed in range(seeds):
        threshold = guaranteed_threshold(Confidences.of(*draw(rows, seed)), target, alpha=0.05, method=method)
        found += not math.isnan(threshold)
        broken += (1 - threshold) / 2 > target
    assert broken <= binom.ppf(0.999, seeds, 0.05)
    assert found > (0.9 * seeds if rows == 3000 else 0)  # 300 rows show little


@pytest.mark.parametrize("method", ["fixed_sequence", "bonferroni"])
def test_the_strictest_threshold_can_be_the_only_one_shown(method):
    state = Confidences.of(np.repeat([0.9, 0.6], 100), np.repeat([True, False], 100))
    assert guaranteed_threshold(state, 0.1, method=method) == pytest.approx(0.9, abs=1e-3)


def test_hope_breaks_where_the_guarantee_holds():
    """The threshold that looks best on the same rows promises too much about every second time."""
    target, seeds, broken = 0.1, 200, 0
    for seed in range(seeds):
        threshold, _, risk = curve(Confidences.of(*draw(300, seed)))
        hoped = threshold[np.flatnonzero(risk <= target)[-1]]
        broken += (1 - hoped) / 2 > target
    assert broken > 0.3 * seeds


def test_the_cheapest_threshold_is_where_being_wrong_costs_as_much_as_silence():
    threshold, _ = cheapest_threshold(Confidences.of(*draw(200_000, seed=0)), cost_wrong=5, cost_abstain=1)
    assert threshold == pytest.approx(0.8, abs=0.03)
    assert cheapest_threshold(Confidences.of(*draw(1000, seed=0)), cost_wrong=5, cost_abstain=0)[0] >= 0.99


def test_nothing_can_be_promised_from_sixty_rows_about_one_in_a_hundred():
    assert math.isnan(guaranteed_threshold(Confidences.of(np.full(60, 0.9), np.full(60, True)), 0.01))


@pytest.mark.parametrize(
    "call",
    [
        lambda: guaranteed_threshold(Confidences(), 1.5),
        lambda: guaranteed_threshold(Confidences(), 0.1, method="hope"),
        lambda: cheapest_threshold(Confidences(), -1, 1),
    ],
)
def test_wrong_use_is_refused(call):
    with pytest.raises(InputError):
        call()
