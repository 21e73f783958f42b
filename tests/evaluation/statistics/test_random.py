from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics import random

KEY = random.key_of(0, "test")


@given(cuts=st.lists(st.integers(0, 300), max_size=6), start=st.integers(0, 10_000))
def test_any_split_draws_the_same_bits(cuts, start):
    edges = [0, *sorted(cuts), 300]
    for draw in (random.uniforms, random.normals):
        whole = draw(KEY, start, 300)
        parts = [draw(KEY, start + a, b - a) for a, b in pairwise(edges)]
        assert np.array_equal(np.concatenate(parts), whole)


def test_the_stream_is_the_one_of_philox():
    generator = np.random.Generator(np.random.Philox(key=KEY))
    assert np.array_equal(random.uniforms(KEY, 0, 1000), generator.random(1000))


def test_the_stream_never_changes():
    assert random.uniforms(1, 5, 2).tolist() == [0.05206666755004319, 0.7450877900272818]


def test_the_smallest_and_the_largest_normal_are_finite_and_mirror_each_other(monkeypatch):
    monkeypatch.setattr(
        random, "words", lambda *_: np.array([0, 2**64 - 1], dtype=np.uint64)
    )  # each once in 10^19 rows
    smallest, largest = random.normals(KEY, 0, 2)
    assert smallest == pytest.approx(-largest)
    assert 8 < largest < 8.5


@pytest.mark.parametrize("name", ["a", "b"])
def test_the_distributions_are_right(name):
    key = random.key_of(3, name)
    assert stats.kstest(random.uniforms(key, 17, 20_000), "uniform").pvalue > 1e-4
    assert stats.kstest(random.normals(key, 17, 20_000), "norm").pvalue > 1e-4
    counts = np.bincount(random.integers(key, 17, 20_000, 0, 7), minlength=7)
    assert stats.chisquare(counts).pvalue > 1e-4


def test_streams_of_two_names_are_unrelated():
    a, b = (random.uniforms(random.key_of(0, name), 0, 20_000) for name in ("noise", "noise2"))
    assert abs(np.corrcoef(a, b)[0, 1]) < 5 / np.sqrt(20_000)


def test_single_rows_get_the_numbers_of_the_whole():
    positions = np.array([10**9, 3, 700_000, 4, 10**9 + 5])
    assert np.array_equal(random.uniforms_at(KEY, positions), [random.uniforms(KEY, int(p), 1)[0] for p in positions])
    assert random.uniforms_at(KEY, []).shape == (0,)


@pytest.mark.parametrize(
    "call",
    [
        lambda: random.uniforms(KEY, -1, 3),
        lambda: random.uniforms(KEY, 0, -3),
        lambda: random.integers(KEY, 0, 3, 5, 5),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(InputError):
        call()
