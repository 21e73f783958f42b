import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mlops_lab.evaluation.statistics.scale import BINS, bin_floor, bins_of


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_bins_rise_with_the_probability_and_begin_at_their_floor(values):
    probability = np.sort(values)
    bins = bins_of(probability)
    assert (np.diff(bins) >= 0).all()
    assert ((bins >= 0) & (bins < BINS)).all()
    assert (bin_floor(bins) <= probability * (1 + 1e-9) + 1e-15).all()


def test_the_scale_never_changes():
    """Counts of two batches, machines or releases add up only on one scale."""
    probability = np.array([-0.1, 0.0, 1e-9, 0.01, 0.25, 0.5, 0.9, 0.99, np.nextafter(1, 0), 1.0, 1.1])
    bins = [0, 0, 14415, 28698, 31795, 32768, 34713, 36837, 65302, 65535, 65535]
    assert bins_of(probability).tolist() == bins


def test_the_smallest_probability_of_a_bin_falls_into_it():
    bins = np.r_[1, np.arange(2, BINS // 2, 97)]
    assert (bins_of(bin_floor(bins) * (1 + 1e-9)) == bins).all()
    assert (bins_of(bin_floor(bins) * (1 - 1e-9)) == bins - 1).all()
    assert bin_floor(np.array([0])) == 0
