from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.paired import tango
from mlops_lab.evaluation.statistics.power import (
    chance_of_verdict,
    end_is_above,
    looks_factor,
    rows_needed,
    rows_needed_drop,
    rows_needed_parts,
    rows_needed_rate,
)
from mlops_lab.evaluation.statistics.rates import rate

CASES = [(0.0, 0.01), (0.001, 0.01), (0.005, 0.01), (0.02, 0.01), (0.3, 0.35), (0.06, 0.01), (0.5, 0.01), (1.0, 0.9)]


@pytest.mark.parametrize(("truth", "tolerance"), CASES)
def test_the_rows_of_a_rate_are_right_within_a_factor_of_one_and_a_half(truth, tolerance):
    rows = rows_needed_rate(truth, tolerance)
    assert verdict_share(truth, tolerance, math.ceil(1.5 * rows)) >= 0.9
    assert verdict_share(truth, tolerance, max(1, math.floor(rows / 1.5))) < 0.9


def verdict_share(truth: float, tolerance: float, rows: int) -> float:
    """Sum the chance of all samples that give the right verdict."""
    events = np.arange(rows + 1)
    interval = rate(events, rows, tolerance=tolerance)
    right = interval.high <= tolerance if truth < tolerance else interval.low > tolerance
    return float(stats.binom.pmf(events, rows, truth)[right].sum())


@pytest.mark.parametrize(("truth", "tolerance"), CASES)
def test_the_chance_is_the_sum_over_all_samples(truth, tolerance):
    for rows in (5, 60, 700):
        ours = chance_of_verdict(truth, tolerance, rows, 0.05)
        assert ours == pytest.approx(verdict_share(truth, tolerance, rows), abs=1e-9)


@pytest.mark.parametrize("tolerance", [0.0, 0.001, 0.02, 0.5, 0.97, 1.0])
@pytest.mark.parametrize("rows", [1, 19, 40, 41, 300, 5000])
def test_the_ends_are_those_of_the_interval_that_judges(tolerance, rows):
    events = np.arange(rows + 1)
    for alpha in (0.05, 0.2):
        interval = rate(events, rows, tolerance=tolerance, alpha=alpha)
        for lower, ends in ((True, interval.low), (False, interval.high)):
            told = end_is_above(tolerance, events, rows, alpha, lower=lower)
            assert told.tolist() == (ends > tolerance).tolist()


def test_the_rows_of_a_mean_are_right_within_a_factor_of_one_and_a_half():
    rng = np.random.default_rng(0)
    needed = rows_needed(0.03, 0.02, error=0.1 / math.sqrt(500), rows=500)
    for rows, at_least, below in ((1.5 * needed, 0.9, 1.1), (needed / 1.5, 0, 0.9)):
        means = rng.normal(0.03, 0.1 / math.sqrt(rows), size=4000)
        told = (means - 1.96 * 0.1 / math.sqrt(rows) > 0.02).mean()
        assert at_least <= told < below


def test_no_number_of_rows_tells_at_the_tolerance():
    assert rows_needed(0.02, 0.02, 0.01, 100) == math.inf
    assert rows_needed_rate(0.02, 0.02) == rows_needed_rate(0.0, 0.0) == math.inf
    assert math.isnan(rows_needed_rate(math.nan, 0.02))
    assert math.isnan(rows_needed(0.1, 0.02, 0.01, 0))


def test_a_sure_rate_needs_few_rows():
    assert rows_needed_rate(0.3, 1.0) == 1
    assert rows_needed_rate(0.9, 0.0) == 1
    assert rows_needed(0.3, 0.1, error=0.0, rows=10) == 1


def test_a_power_that_cannot_be_planned_for_is_refused():
    with pytest.raises(InputError, match="power"):
        rows_needed_rate(0.1, 0.2, power=1.0)


def test_all_parts_must_pass_or_the_clearest_one_fail():
    z = stats.norm.ppf(0.975)

    def parts(*means: float, error: float = 0.01, looks: int = 1) -> float:
        means = np.array(means)
        return rows_needed_parts(means, means - z * error, means + z * error, 0.05, 1000, looks=looks)

    assert parts(0.01, 0.04) == rows_needed(0.04, 0.05, 0.01, 1000) == parts(0.04)
    assert parts(0.01, 0.06, 0.08) == rows_needed(0.08, 0.05, 0.01, 1000)
    assert parts(0.01, 0.08, looks=2) == rows_needed(0.08, 0.05, 0.01, 1000, alpha=0.025)
    assert parts(0.01, 0.04, looks=2) == parts(0.01, 0.04)  # to pass needs no correction
    assert parts(0.05) == math.inf
    assert parts(math.nan, 0.04) == parts(0.04)
    assert math.isnan(parts(math.nan))


def test_the_clearest_part_is_the_one_most_errors_away_not_the_farthest():
    failing = rows_needed_parts([0.07, 0.15], [0.06, 0.02], [0.08, 0.28], 0.05, 1000)
    assert failing == rows_needed_parts([0.07], [0.06], [0.08], 0.05, 1000)
    passing = rows_needed_parts([0.04, 0.02], [0.035, -0.02], [0.045, 0.06], 0.05, 1000)
    assert passing == rows_needed_parts([0.02], [-0.02], [0.06], 0.05, 1000)


def test_the_side_that_faces_the_tolerance_counts():
    assert rows_needed_parts(0.01, 0.0, 0.03, 0.05, 1000) > rows_needed_parts(0.01, -0.5, 0.02, 0.05, 1000)
    assert rows_needed_parts(0.09, 0.08, 0.5, 0.05, 1000) < rows_needed_parts(0.09, 0.06, 0.1, 0.05, 1000)


def test_a_correction_multiplies_the_rows_as_it_does_the_level():
    assert looks_factor(1) == 1
    ours = rows_needed(0.03, 0.02, 0.005, 1_000_000) * looks_factor(8)
    assert ours == pytest.approx(rows_needed(0.03, 0.02, 0.005, 1_000_000, alpha=0.05 / 8), rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lost", "gained", "tolerance"),
    [(0.05, 0.01, 0.02), (0.1, 0.08, 0.05), (0.02, 0.0, 0.05), (0.3, 0.05, 0.1), (0.02, 0.08, 0.0)],
)
def test_the_rows_of_a_drop_are_right_within_a_factor_of_one_and_a_half(lost, gained, tolerance):
    needed = rows_needed_drop(lost, gained, tolerance)
    rng = np.random.default_rng(0)
    told = []
    for rows in (needed / 1.5, needed, 1.5 * needed):
        rows = round(rows)
        b, c, _same = rng.multinomial(rows, [lost, gained, 1 - lost - gained], size=2000).T
        seen = tango(b, c, rows, tolerance=tolerance)
        right = seen.low > tolerance if lost - gained > tolerance else seen.high <= tolerance
        told.append(right.mean())
    assert told[0] < 0.9 < told[2]
    assert told[1] == pytest.approx(0.9, abs=0.06)


def test_no_number_of_rows_tells_of_a_drop_at_its_tolerance():
    assert rows_needed_drop(0.03, 0.01, 0.03 - 0.01) == math.inf
    assert math.isnan(rows_needed_drop(math.nan, 0.01, 0.02))
