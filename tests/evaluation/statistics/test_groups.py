import numpy as np
import pytest
from scipy.stats import binom
from statsmodels.stats.proportion import confint_proportions_2indep

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.groups import gap
from mlops_lab.evaluation.statistics.interval import unknown
from mlops_lab.evaluation.statistics.rates import rate

SEEDS = 4000


@pytest.mark.parametrize(
    ("rows", "group_rows", "rate_in_group", "rate_in_rest"),
    [
        (2000, 200, 0.15, 0.10),
        (2000, 30, 0.20, 0.10),
        (500, 60, 0.05, 0.02),
        (20_000, 300, 0.02, 0.001),
        (1000, 500, 0.5, 0.5),
    ],
)
def test_coverage_and_both_wrong_verdicts(rows, group_rows, rate_in_group, rate_in_rest):
    rng = np.random.default_rng(rows + group_rows)
    mine = rng.binomial(group_rows, rate_in_group, SEEDS)
    theirs = rng.binomial(rows - group_rows, rate_in_rest, SEEDS)
    share = group_rows / rows
    truth = (1 - share) * (rate_in_group - rate_in_rest)
    seen = gap(rate(mine, group_rows), rate(theirs, rows - group_rows), share, tolerance=truth)
    covered = ((seen.low <= truth) & (truth <= seen.high)).sum()
    assert covered >= binom.ppf(0.001, SEEDS, 0.935)
    for p_value in (seen.p_fail, seen.p_pass):
        assert (p_value < 0.025).sum() <= binom.ppf(0.999, SEEDS, 0.05)


def test_the_gap_is_whole_minus_group():
    seen = gap(rate(30, 100), rate(90, 900), 0.1)
    assert seen.estimate == pytest.approx(30 / 100 - 120 / 1000)


@pytest.mark.parametrize("counts", [(30, 100, 90, 900), (400, 1000, 2500, 9000), (25, 50, 450, 950)])
def test_the_ends_are_those_of_newcombe(counts):
    mine, group_rows, theirs, rest_rows = counts  # more than 20 events each, so that both parts are Wilson's
    low, high = confint_proportions_2indep(mine, group_rows, theirs, rest_rows, method="newcomb", compare="diff")
    for share in (0.0, 0.1, 0.5):
        seen = gap(rate(mine, group_rows), rate(theirs, rest_rows), share)
        assert (seen.low, seen.high) == pytest.approx(((1 - share) * low, (1 - share) * high), abs=1e-9)


def test_the_rest_itself_is_compared_with_share_zero():
    assert gap(rate(30, 100), rate(90, 900), 0.0).estimate == pytest.approx(0.2)


def test_p_values_agree_with_the_ends():
    at_low = gap(rate(30, 100), rate(90, 900), 0.1)
    seen = gap(rate(30, 100), rate(90, 900), 0.1, tolerance=at_low.low)
    assert seen.p_fail == pytest.approx(0.025)


def test_a_part_that_cannot_tell_makes_the_gap_unknown():
    seen = gap(unknown(0, 1, "Too few."), rate(90, 900), 0.1, tolerance=0.1)
    assert seen.verdict() == "inconclusive"
    assert seen.note == "Too few."


def test_a_share_beyond_one_is_refused():
    with pytest.raises(InputError, match="share"):
        gap(rate(1, 2), rate(1, 2), 1.5)
    with pytest.raises(InputError, match=r"0\.5 to 1\.5"):
        gap(rate(1, 2), rate(1, 2), [0.5, 1.5])
