"""The worst rows are those that ordering all of them would find, whatever the batches."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_lab.evaluation.data import Batch
from mlops_lab.evaluation.worst import KEPT, Worst


def worst_of(size: np.ndarray, cuts: list[int]) -> Worst:
    """Keep the worst rows, seen in parts."""
    frame, total = pd.DataFrame({"place": np.arange(len(size))}), Worst()
    edges = [0, *sorted({min(cut, len(size)) for cut in cuts} - {0, len(size)}), len(size)]
    for start, stop in itertools.pairwise(edges):
        batch = Batch(frame.iloc[start:stop], np.zeros(stop - start), start)
        total += Worst.of(batch, size[start:stop], {"twice": 2 * size[start:stop]})
    return total


@given(
    rows=st.integers(1, 6000),
    kind=st.sampled_from(["different", "many alike", "few above zero", "ordered", "none"]),
    seed=st.integers(0, 1000),
    cuts=st.lists(st.integers(1, 6000), max_size=3),
)
def test_they_are_the_first_of_all_in_order(rows, kind, seed, cuts):
    rng = np.random.default_rng(seed)
    size = {
        "different": lambda: rng.normal(size=rows),
        "many alike": lambda: rng.integers(-1, 4, rows).astype(float),
        "few above zero": lambda: np.where(rng.random(rows) < 3 / rows, rng.random(rows), 0.0),
        "ordered": lambda: np.arange(rows, dtype=float),
        "none": lambda: np.zeros(rows),
    }[kind]()
    order = np.lexsort((np.arange(rows), -size))
    expected = [place for place in order if size[place] > 0][:KEPT]
    worst = worst_of(size, cuts)
    assert worst.position.tolist() == expected
    assert worst.rows["place"].tolist() == expected
    assert worst.said["twice"].tolist() == (2 * size[expected]).tolist()


def test_a_column_of_the_data_gives_way_to_what_is_said_of_the_rows():
    batch = Batch(pd.DataFrame({"size": [7, 8], "age": [30, 40]}), np.zeros(2), 5)
    shown = Worst.of(batch, np.array([0.1, 0.2]), {"step": np.array([1.0, 2.0])}).frame()
    assert shown.columns.tolist() == ["age", "step", "size"]
    assert shown.index.tolist() == [6, 5]
    assert shown["size"].tolist() == pytest.approx([0.2, 0.1])
