import itertools
from functools import reduce
from operator import add

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.profile import Needs, build_profile, profile_frame

NEEDS = Needs(numeric=frozenset({"a", "b"}), levels=frozenset({"c"}), together=frozenset({("a", "b")}))


def random_frame(rows, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {"a": rng.normal(size=rows), "b": rng.exponential(size=rows), "c": rng.choice(list("xyz"), size=rows)}
    )


@pytest.mark.slow
@given(cuts=st.lists(st.integers(1, 499), max_size=6))
@settings(max_examples=30, deadline=None)
def test_any_split_gives_the_same_profile(cuts):
    frame = random_frame(500)
    edges = [0, *sorted(set(cuts)), 500]
    batches = [(frame.iloc[start:stop], start) for start, stop in itertools.pairwise(edges)]

    def sum_over(step, columns):
        return reduce(add, (step(part[columns], None, start) for part, start in batches))

    whole, split = profile_frame(frame, NEEDS), build_profile(sum_over, NEEDS)
    for name in "ab":
        assert (whole.numeric[name].counts == split.numeric[name].counts).all()
        assert whole.numeric[name].variance == pytest.approx(split.numeric[name].variance, rel=1e-12)
    assert whole.levels == split.levels
    np.testing.assert_allclose(whole.covariance[("a", "b")], split.covariance[("a", "b")], rtol=1e-10, atol=1e-12)


def test_equals_what_numpy_says():
    frame = random_frame(5000)
    profile = profile_frame(frame, NEEDS)
    for name in "ab":
        low, high = frame[name].min(), frame[name].max()
        for share in (0.05, 0.25, 0.5, 0.75, 0.95):
            nearby = (
                np.quantile(frame[name], [max(0, share - 0.0005), min(1, share + 0.0005)])
                + np.array([-1, 1]) * (high - low) / 65_536
            )
            assert nearby[0] <= profile.numeric[name].quantile(share) <= nearby[1]
        assert profile.numeric[name].variance == pytest.approx(frame[name].var())
    np.testing.assert_allclose(profile.covariance[("a", "b")], frame[["a", "b"]].cov())


def test_spread_falls_back_where_most_rows_share_a_value():
    frame = pd.DataFrame({"gain": [0.0] * 90 + [1000.0] * 10})
    assert profile_frame(frame, Needs(numeric=frozenset({"gain"}))).numeric["gain"].spread == pytest.approx(
        frame["gain"].std()
    )


@pytest.mark.parametrize(
    ("column", "sentence"),
    [([np.nan, np.nan], "missing in every row"), ([1.0, np.inf], "infinite in row 1")],
)
def test_bad_columns_are_named(column, sentence):
    with pytest.raises(EvaluationError, match=sentence):
        profile_frame(pd.DataFrame({"a": column}), Needs(numeric=frozenset({"a"})))
