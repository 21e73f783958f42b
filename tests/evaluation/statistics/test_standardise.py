import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.groups import gap
from mlops_lab.evaluation.statistics.interval import Interval, unknown
from mlops_lab.evaluation.statistics.rates import rate
from mlops_lab.evaluation.statistics.standardise import standardise

ENDS = st.tuples(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
PARTS = st.lists(st.tuples(ENDS, st.floats(0.01, 10)), min_size=1, max_size=8)


def part(ends):
    middle, below, above = ends
    return Interval(middle, middle - below, middle + above)


@given(PARTS, st.floats(0.1, 10), st.permutations(range(8)))
def test_neither_the_order_of_the_groups_nor_the_scale_of_the_mix_matters(given_parts, scale, order):
    parts, shares = [part(ends) for ends, _ in given_parts], [share for _, share in given_parts]
    places = [place for place in order if place < len(parts)]
    one = standardise(parts, shares, rows=100)
    other = standardise([parts[at] for at in places], [scale * shares[at] for at in places], rows=100)
    assert (other.estimate, other.low, other.high) == pytest.approx((one.estimate, one.low, one.high))
    assert one.low <= one.estimate <= one.high


@given(ENDS, st.integers(1, 5))
def test_one_group_is_itself_and_a_share_of_0_counts_for_nothing(ends, others):
    own = part(ends)
    found = standardise([own, *[part((1, 1, 1))] * others], [2, *[0] * others], rows=50)
    assert (found.estimate, found.low, found.high) == pytest.approx((own.estimate, own.low, own.high))


def test_turned_around_it_is_the_same():
    parts = [gap(rate(5, 40), rate(30, 90), 0), gap(rate(20, 30), rate(9, 60), 0)]
    one, other = standardise(parts, [1, 2]), standardise([found.rescaled(-1) for found in parts], [1, 2])
    assert (-other.high, -other.low) == pytest.approx((one.low, one.high))


def test_a_counted_mix_is_less_sure_than_a_given_one():
    parts = [gap(rate(50, 100), rate(10, 100), 0), gap(rate(10, 100), rate(50, 100), 0)]
    given_mix, counted = standardise(parts, [1, 1]), standardise(parts, [1, 1], rows=20)
    assert counted.high - counted.low > given_mix.high - given_mix.low
    same = [parts[0], parts[0]]
    assert standardise(same, [1, 1], rows=20).high == standardise(same, [1, 1]).high


def test_what_a_counted_mix_adds_is_the_multinomial_variance():
    """Where each group's difference is exact, the weighted one is the mean of as many draws of a group as rows."""
    drawn = np.repeat([0.4, -0.2, 0.1], [10, 25, 15])
    found = standardise(
        [Interval(difference, difference, difference) for difference in (0.4, -0.2, 0.1)], [10, 25, 15], rows=50
    )
    reach = norm.ppf(0.975) * drawn.std() / np.sqrt(50)
    assert (found.low, found.high) == pytest.approx((drawn.mean() - reach, drawn.mean() + reach))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shares", "first", "second"),
    [
        ([0.5, 0.5], [0.1, 0.4], [0.3, 0.2]),
        ([0.9, 0.1], [0.02, 0.2], [0.05, 0.2]),
        ([0.1] * 10, np.linspace(0.05, 0.5, 10), np.linspace(0.5, 0.05, 10)),
    ],
)
def test_it_covers_as_often_as_it_says(shares, first, second):
    """The mix of both sides' rows is counted on the same rows; truth is the mix from which they are drawn."""
    rng, seeds, covered = np.random.default_rng(0), 200, 0
    shares = np.array(shares)
    truth = float(shares @ (np.array(first) - np.array(second)))
    for _ in range(seeds):
        rows = rng.multinomial(800, shares)
        on_first = rng.binomial(rows, np.linspace(0.3, 0.7, len(rows)))
        others = rows - on_first
        if not (on_first.all() and others.all()):
            continue
        sides = rng.binomial(on_first, first), rng.binomial(others, second)
        parts = [
            gap(rate(a, n), rate(b, m), 0) for a, n, b, m in zip(sides[0], on_first, sides[1], others, strict=True)
        ]
        found = standardise(parts, rows, rows=800, tolerance=truth)
        covered += found.low <= truth <= found.high
    assert covered >= binom.ppf(0.001, seeds, 0.935)


def test_a_group_that_cannot_tell_makes_it_unknown_unless_it_does_not_count():
    parts = [gap(rate(5, 40), rate(30, 90), 0), unknown(-1, 1, "Too few.")]
    found = standardise(parts, [1, 1], tolerance=0.0)
    assert (found.note, found.low, found.high) == ("Too few.", -np.inf, np.inf)
    assert standardise(parts, [1, 0]).note == ""


@pytest.mark.parametrize("shares", [[1], [1, -1], [0, 0]])
def test_a_mix_that_is_none_is_refused(shares):
    with pytest.raises(InputError, match="one share a group"):
        standardise([Interval(0, -1, 1)] * 2, shares)
