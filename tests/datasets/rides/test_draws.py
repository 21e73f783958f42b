from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from mlops_lab.datasets.rides.draws import along, below, draws, pick, pick_given, quantiles, seeded, whole
from mlops_lab.errors import InputError


@given(start=st.integers(0, 5_000), length=st.integers(0, 50), count=st.integers(1, 30), seed=st.integers(0, 2**64 - 1))
def test_any_part_is_that_part_of_the_whole(start, length, count, seed):
    part = draws(seed, 3, start, start + length, count)
    assert part.shape == (count, length)
    assert (part == draws(seed, 3, 0, start + length, count)[:, start:]).all()


def test_the_words_are_fixed():
    assert draws(7, 1, 1_000, 1_001, 3).tolist() == [[2249934997], [1220248282], [1024579318]]


@pytest.mark.parametrize(("seed", "table"), [(0, 1), (1, 0), (1, 1)])
def test_other_seeds_and_tables_have_other_words(seed, table):
    assert (draws(seed, table, 0, 100, 8) != draws(0, 0, 0, 100, 8)).all()


@pytest.mark.parametrize("lane", range(8))
def test_all_words_are_equally_likely(lane):
    counts = np.bincount(below(draws(5, 0, 0, 100_000, 8)[lane], 100), minlength=100)
    assert chisquare(counts).pvalue > 1e-4


def test_below_reaches_both_ends():
    assert below(np.array([0, 2**32 - 1], dtype=np.uint32), 7).tolist() == [0, 6]


def test_levels_are_picked_by_their_shares():
    words = np.linspace(0, 2**32 - 1, 1_000).astype(np.uint32)
    assert np.bincount(pick(words, (50, 30, 20))).tolist() == [500, 300, 200]
    given_level = np.repeat([0, 1], 500)
    assert pick_given(words, given_level, [(0, 100), (100, 0)]).tolist() == [1] * 500 + [0] * 500


def test_quantiles_run_through_their_knots():
    values = quantiles(((0, 0), (500, 10_000), (1000, 110_000)))
    assert (np.diff(values) >= 0).all()
    assert (values[0], values[32_768], values[-1]) == (0, 10_001, 109_998)
    assert along(np.array([2**31], dtype=np.uint32), ((0, 0), (500, 10_000), (1000, 110_000))).tolist() == [10_001]


@pytest.mark.parametrize("value", [1.5, "7", None, -1])
def test_what_is_no_whole_number_is_refused(value):
    with pytest.raises(InputError, match=r"rows is .* at least 0"):
        whole("rows", value)


def test_a_seed_has_64_bits():
    assert seeded(np.int64(3)) == 3
    with pytest.raises(InputError, match="below"):
        seeded(2**64)
