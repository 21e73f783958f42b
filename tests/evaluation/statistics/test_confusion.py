from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.confusion import Confusion, resample
from mlops_lab.evaluation.statistics.paired import PairedCounts

TRIPLES = st.tuples(st.integers(2, 150), st.integers(0, 2**32 - 1)).map(
    lambda case: (case[0], np.random.default_rng(case[1]).integers(0, case[0], size=(3, 60)))
)


def same(one: Confusion, other: Confusion) -> bool:
    return one.classes == other.classes and all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("cells", "counts")
    )


@given(TRIPLES, st.lists(st.integers(0, 60), max_size=5), st.randoms())
def test_any_split_and_order_gives_the_same_counts(case, cuts, random):
    classes, codes = case
    whole = Confusion.of(*codes, classes=classes)
    parts = [Confusion.of(*part, classes=classes) for part in np.split(codes, sorted(cuts), axis=1)]
    random.shuffle(parts)
    assert same(sum(parts, Confusion(classes)), whole)
    assert same(Confusion.from_dict(json.loads(json.dumps(whole.to_dict()))), whole)


@given(TRIPLES)
def test_the_counts_are_those_of_the_rows(case):
    classes, (truth, before, after) = case
    counts = Confusion.of(truth, before, after, classes=classes)
    assert counts.rows == 60
    assert counts.paired() == PairedCounts.of(truth == before, truth == after)
    assert counts.of_class(1).rows == (truth == 1).sum()
    for y, a, b, count in zip(*counts.triples(), counts.counts, strict=True):
        assert count == ((truth == y) & (before == a) & (after == b)).sum()
    if classes <= 10:
        assert counts.table().sum() == 60


def test_replicates_are_the_bootstrap_of_the_rows():
    counts = np.array([[3, 0, 17, 80], [50, 50, 0, 0]])
    drawn = resample(counts, 20_000, np.random.default_rng(0))
    assert (drawn.sum(axis=-1) == counts.sum(axis=-1)).all()
    shares = counts / 100
    assert np.allclose(drawn.mean(axis=0), counts, atol=0.2)
    assert np.allclose(drawn.var(axis=0), 100 * shares * (1 - shares), rtol=0.05)
    assert resample([0, 0], 3, np.random.default_rng(0)).tolist() == [[0, 0]] * 3


@pytest.mark.parametrize(
    "bad",
    [
        lambda: Confusion.of([0, 2], [0, 1], classes=2),
        lambda: Confusion.of([0, -1], [0, 1], classes=2),
        lambda: Confusion(2) + Confusion(3),
        lambda: resample([-1, 2], 3, np.random.default_rng(0)),
    ],
)
def test_bad_input_is_refused(bad):
    with pytest.raises(InputError):
        bad()


def test_a_code_beyond_the_classes_is_named_with_those_there_are():
    with pytest.raises(InputError, match=r"code 0 or 7; codes run from 0 to 2\."):
        Confusion.of([0, 1], [0, 7], classes=3)
