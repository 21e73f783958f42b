from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.proportion import proportion_confint

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.paired import FEW_CHANGES, PairedCounts, accuracy_drop, newcombe, tango
from mlops_lab.evaluation.statistics.power import rows_needed_drop

COUNTS = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(1, 200)).map(
    lambda c: PairedCounts(c[0], c[1], sum(c))
)


@given(st.lists(COUNTS, min_size=1), st.randoms())
def test_any_split_gives_the_same_counts(parts, random):
    shuffled = random.sample(parts, len(parts))
    assert sum(parts, PairedCounts()) == sum(shuffled, PairedCounts())
    assert PairedCounts(**parts[0].to_dict()) == parts[0]


def test_rows_are_counted():
    right, after = np.array([True, True, False, False, True]), np.array([False, True, True, False, False])
    assert PairedCounts.of(right, after) == PairedCounts(2, 1, 5)


@settings(max_examples=40, deadline=None)
@given(COUNTS, st.floats(-0.5, 0.5))
def test_tango_is_the_score_test_at_the_best_fitting_shares(counts, drop):
    """The shares are found by maximising the likelihood, not by Tango's formula."""
    lost, gained, rows = counts.right_to_wrong, counts.wrong_to_right, counts.rows

    def unlikelihood(gain: float) -> float:
        shares = np.clip([gain + drop, gain, 1 - 2 * gain - drop], 1e-15, 1)
        return -float(np.array([lost, gained, rows - lost - gained]) @ np.log(shares))

    gain = optimize.minimize_scalar(
        unlikelihood, bounds=(max(0.0, -drop), (1 - drop) / 2), method="bounded", options={"xatol": 1e-10}
    ).x
    score = (lost - gained - rows * drop) / math.sqrt(rows * (2 * gain + drop - drop**2))
    assert tango(lost, gained, rows, tolerance=drop).p_fail == pytest.approx(stats.norm.sf(score), abs=2e-4)


def test_newcombe_of_independent_answers_is_his_interval_of_two_samples():
    """The correlation is 0 there, and method 10 is the square-and-add of two Wilson intervals."""
    interval = newcombe(both_right=24, right_to_wrong=16, wrong_to_right=36, rows=100)  # 0.4 × 0.6 right twice
    (low, high), (low_after, high_after) = (proportion_confint(count, 100, method="wilson") for count in (40, 60))
    assert interval.low == pytest.approx(-0.2 - math.hypot(0.4 - low, high_after - 0.6))
    assert interval.high == pytest.approx(-0.2 + math.hypot(high - 0.4, 0.6 - low_after))


def test_newcombe_and_tango_agree_on_a_plain_case():
    one, other = newcombe(1600, 120, 60, 2000), accuracy_drop(PairedCounts(120, 60, 2000))
    assert (one.low, one.high) == pytest.approx((other.low, other.high), rel=0.05)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(COUNTS, st.floats(-0.3, 0.3), st.sampled_from([0.01, 0.05, 0.2]))
def test_the_p_values_never_contradict_the_ends(counts, tolerance, alpha):
    drop = accuracy_drop(counts, tolerance=tolerance, alpha=alpha)
    assert -1 <= drop.low <= drop.estimate <= drop.high <= 1
    assert (drop.p_fail < alpha / 2) == (drop.low > tolerance)
    assert (drop.p_pass <= alpha / 2) == (drop.high <= tolerance)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(COUNTS)
def test_losing_and_gaining_mirror_each_other(counts):
    drop = accuracy_drop(counts)
    mirrored = accuracy_drop(PairedCounts(counts.wrong_to_right, counts.right_to_wrong, counts.rows))
    assert (mirrored.low, mirrored.high) == pytest.approx((-drop.high, -drop.low), abs=1e-3 * (drop.high - drop.low))


def wrong_verdicts(lost: float, gained: float, rows: int) -> tuple[float, float]:
    """Sum the chance of all samples that fail, and that pass, where the truth is exactly at the tolerance.

    ``lost`` and ``gained`` are expected counts.
    """
    tolerance = (lost - gained) / rows
    reach = np.arange(int(lost + gained + 8 * math.sqrt(lost + gained) + 12))
    failed = passed = 0.0
    for b in reach:
        for c in reach:
            if (
                chance := stats.multinomial.pmf(
                    [b, c, rows - b - c], rows, [lost / rows, gained / rows, 1 - (lost + gained) / rows]
                )
            ) > 1e-4:
                verdict = accuracy_drop(PairedCounts(int(b), int(c), rows), tolerance=tolerance).verdict()
                failed += chance * (verdict == "fail")
                passed += chance * (verdict == "pass")
    return failed, passed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lost", "gained", "rows"),
    [(0.1, 0, 200), (1, 0, 40), (4, 0, 200), (5, 1, 200), (2, 2, 2000), (15, 0, 1000), (0.2, 6, 300)],
)
def test_rare_flips_give_wrong_verdicts_as_seldom_as_promised(lost, gained, rows):
    failed, passed = wrong_verdicts(lost, gained, rows)
    assert max(failed, passed) <= 0.04
    assert 1 - failed - passed >= 0.94


@pytest.mark.slow
@pytest.mark.parametrize(("lost", "gained"), [(0.02, 0.0), (0.06, 0.01), (0.2, 0.15)])
def test_coverage_of_many_flips(lost, gained):
    rng = np.random.default_rng(1)
    samples = rng.multinomial(4000, [lost, gained, 1 - lost - gained], size=5000)
    interval = tango(samples[:, 0], samples[:, 1], 4000)
    covered = ((interval.low <= lost - gained) & (lost - gained <= interval.high)).sum()
    assert stats.binom.ppf(0.001, 5000, 0.94) <= covered <= stats.binom.ppf(0.999, 5000, 0.96)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lost", "gained", "tolerance"), [(0.05, 0.01, 0.02), (0.01, 0.005, 0.02), (0.04, 0.0, 0.02), (0.1, 0.1, 0.01)]
)
def test_the_rows_of_a_drop_are_right_within_a_factor_of_one_and_a_half(lost, gained, tolerance):
    needed = rows_needed_drop(lost, gained, tolerance)
    for rows, low, high in ((1.5 * needed, 0.9, 1.01), (needed / 1.5, 0.0, 0.9)):
        samples = np.random.default_rng(2).multinomial(math.ceil(rows), [lost, gained, 1 - lost - gained], size=4000)
        interval = tango(samples[:, 0], samples[:, 1], math.ceil(rows), tolerance=tolerance)
        right = interval.high <= tolerance if lost - gained < tolerance else interval.low > tolerance
        assert low - 0.01 <= right.mean() < high


def test_nothing_changed_is_not_no_drop():
    assert accuracy_drop(PairedCounts(0, 0, 40)).high == pytest.approx(3.69 / 40, rel=0.06)
    assert accuracy_drop(PairedCounts(0, 0, 0), tolerance=0.1).verdict() == "inconclusive"


def test_both_methods_meet_where_they_change_over():
    few, many = (accuracy_drop(PairedCounts(FEW_CHANGES + extra, 0, 1000)) for extra in (0, 1))
    assert few.low < many.low
    assert few.high < many.high


@pytest.mark.parametrize(
    "bad",
    [
        lambda: PairedCounts(3, 3, 5),
        lambda: PairedCounts(-1, 0, 5),
        lambda: tango(0, 0, 0),
        lambda: tango(1, 1, 9, tolerance=2),
    ],
)
def test_bad_input_is_refused(bad):
    with pytest.raises(InputError):
        bad()
