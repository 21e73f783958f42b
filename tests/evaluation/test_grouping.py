"""Groups of numbers: cut where the data are, and named by the very numbers at which they are cut."""

import numpy as np
import pandas as pd
import pytest

from mlops_lab.evaluation.data import Schema
from mlops_lab.evaluation.grouping import Binning, bin_column, binning_needs
from mlops_lab.evaluation.profile import profile_frame

ROWS = 4000
RNG = np.random.default_rng(0)


def binned(values: np.ndarray, bins: int = 4) -> tuple[Binning, np.ndarray]:
    """Cut a column, and count the rows of each of its groups."""
    frame = pd.DataFrame({"x": values})
    binning = bin_column("x", profile_frame(frame, binning_needs(["x"], Schema(frame.iloc[:0]))), bins)
    return binning, np.bincount(binning.codes(frame), minlength=len(binning.labels))


@pytest.mark.parametrize(
    "values",
    [
        RNG.integers(2008, 2021, ROWS),  # years
        20_240_100 + RNG.integers(1, 29, ROWS),  # dates written as numbers
        RNG.normal(-73.98, 0.01, ROWS),  # longitudes of one town
        RNG.uniform(1e-9, 3e-9, ROWS),
        RNG.integers(120_000, 130_000, ROWS) * 1.0,
    ],
)
def test_a_narrow_range_far_from_zero_is_cut_evenly(values):
    _binning, counts = binned(values)
    assert len(counts) == 5
    assert counts[-1] == 0
    assert counts[:-1].min() > 0.15 * ROWS


def test_the_labels_say_where_the_cuts_are():
    values = RNG.normal(-73.98, 0.01, ROWS)
    binning, counts = binned(values)
    shown = [float(label.rsplit(" ", 1)[1]) for label in binning.labels[:-2]]
    assert shown == list(binning.edges)
    assert counts[0] == (values <= shown[0]).sum()
    assert max(map(len, binning.labels)) < 30


@pytest.mark.parametrize("kind", ["int64", "float64"])
def test_whole_numbers_are_cut_at_whole_numbers(kind):
    values = np.where(RNG.random(ROWS) < 0.9, 0, RNG.integers(100, 99_999, ROWS)).astype(kind)
    binning, counts = binned(values)
    assert binning.labels == ("x <= 0", "x > 0", "x missing")
    assert counts[0] == (values == 0).sum()


def test_the_lowest_value_of_many_rows_is_a_group():
    values = np.where(RNG.random(ROWS) < 0.5, 0.25, RNG.uniform(0.3, 9.0, ROWS))
    binning, _counts = binned(values)
    assert binning.labels[0] == "x <= 0.25"


def test_rows_near_the_lowest_value_are_not_taken_for_it():
    values = np.append(RNG.uniform(0, 100, ROWS), 1e6)  # a number that stands for a gap
    _binning, counts = binned(values)
    assert counts[0] > 0.1 * ROWS


def test_one_value_makes_one_group():
    binning, counts = binned(np.full(ROWS, 3))
    assert binning.labels == ("x any", "x missing")
    assert counts.tolist() == [ROWS, 0]
