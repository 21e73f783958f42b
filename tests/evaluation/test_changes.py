import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_lab.evaluation import changes
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.request import differs

NUMBERS = {
    "int64": np.array([18, 35, 60, 90] * 25),
    "uint8": np.array([18, 35, 60, 90] * 25, dtype="uint8"),
    "float32": np.array([18.5, np.nan, 60, 90] * 25, dtype="float32"),
    "Int64": pd.array([18, None, 60, 90] * 25, dtype="Int64"),
    "Float64": pd.array([18.5, None, 60, 90] * 25, dtype="Float64"),
    "int64[pyarrow]": pd.array([18, None, 60, 90] * 25, dtype="int64[pyarrow]"),
    "double[pyarrow]": pd.array([18.5, None, 60, 90] * 25, dtype="double[pyarrow]"),
}
LEVELS = {
    "object": np.array(["cook", "driver", None, "nurse"] * 25, dtype=object),
    "str": pd.array(["cook", "driver", None, "nurse"] * 25, dtype="str"),
    "string[pyarrow]": pd.array(["cook", "driver", None, "nurse"] * 25, dtype="string[pyarrow]"),
    "category": pd.Categorical(
        ["cook", "driver", None, "nurse"] * 25, categories=["cook", "driver", "nurse", "unused"]
    ),
}


def applied(change, frame, seed=0):
    before = frame.copy()
    after = change.apply(frame, np.random.default_rng(seed))
    pd.testing.assert_frame_equal(frame, before)  # the data stay as they are
    assert list(after.columns) == list(frame.columns)
    assert after.index.equals(frame.index)
    return after


@pytest.mark.slow
@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize(
    "change",
    [
        changes.Noise("x", sd=0.5),
        changes.RoundOff("x", to=10),
        changes.Shift("x", by=3),
        changes.Rescale("x", factor=1.5, rate=0.5),
        changes.UnitError("x", "miles/km", rate=0.5),
        changes.OutOfRange("x", beyond=0.1, rate=0.5),
    ],
    ids=lambda change: change.kind,
)
def test_numbers_keep_their_type_and_their_gaps(change, dtype):
    frame = pd.DataFrame({"x": NUMBERS[dtype]}, index=[f"row {i // 2}" for i in range(100)])
    after = applied(change, frame)
    assert after["x"].dtype == frame["x"].dtype
    assert (after["x"].isna() == frame["x"].isna()).all()
    assert differs(frame["x"], after["x"]).any()


@pytest.mark.parametrize("dtype", LEVELS)
@pytest.mark.parametrize(
    "change",
    [
        changes.Typo("x", rate=0.5),
        changes.Unseen("x", rate=0.5),
        changes.Swap("x", {"cook": "nurse"}),
        changes.Missing("x", rate=0.5),
    ],
    ids=lambda change: change.kind,
)
def test_levels_keep_their_kind(change, dtype):
    frame = pd.DataFrame({"x": LEVELS[dtype]})
    after = applied(change, frame)
    assert (after["x"].dtype == frame["x"].dtype) or isinstance(after["x"].dtype, pd.CategoricalDtype) == (
        dtype == "category"
    )
    where = differs(frame["x"], after["x"])
    assert where.any()
    assert not where[frame["x"].isna()].any()
    if change.kind == "unseen":
        assert set(after["x"][where]) == {"never seen"}
    if change.kind == "typo":
        assert not set(after["x"][where]) & {"cook", "driver", "nurse"}
    if change.kind == "swap":
        assert after["x"].value_counts().to_dict() == frame["x"].value_counts().to_dict()


@pytest.mark.parametrize("dtype", [*NUMBERS, "bool", "datetime"])
def test_every_kind_of_column_can_lose_values(dtype):
    values = {**NUMBERS, "bool": np.array([True, False] * 50), "datetime": pd.date_range("2026-01-01", periods=100)}[
        dtype
    ]
    frame = pd.DataFrame({"x": values})
    after = applied(changes.Missing("x", rate=0.5), frame)
    lost = after["x"].isna() & frame["x"].notna()
    assert 20 < lost.sum() < 70
    assert after["x"].dtype != object


@pytest.mark.slow
@given(st.floats(0, 3), st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_noise_stays_in_the_observed_range_and_integers_stay_whole(sd, seed):
    frame = pd.DataFrame({"x": np.arange(20, 80)})
    after = applied(changes.Noise("x", sd=sd), frame, seed)
    assert after["x"].between(20, 79).all()
    assert after["x"].dtype == frame["x"].dtype


@pytest.mark.slow
@given(low=st.floats(0, 1), high=st.floats(0, 1))
@settings(max_examples=30, deadline=None)
def test_a_greater_rate_hits_the_same_rows_and_more(low, high):
    low, high = sorted((low, high))
    frame = pd.DataFrame({"x": np.arange(100.0)})
    few, many = (applied(changes.Missing("x", rate=rate), frame)["x"].isna() for rate in (low, high))
    assert not (few & ~many).any()


def test_noise_has_the_size_it_is_said_to_have():
    frame = pd.DataFrame({"x": np.random.default_rng(1).normal(50, 7, size=20_000)})
    step = applied(changes.Noise("x", sd=0.2, clip=False), frame)["x"] - frame["x"]
    assert step.std() == pytest.approx(0.2 * 7, rel=0.05)


def test_correlated_noise_goes_together_as_the_columns_do():
    rng = np.random.default_rng(1)
    a = rng.normal(size=20_000)
    frame = pd.DataFrame({"a": a, "b": 10 * (0.9 * a + np.sqrt(1 - 0.81) * rng.normal(size=20_000)), "twin": a})
    step = applied(changes.CorrelatedNoise(["a", "b", "twin"], sd=0.3, clip=False), frame) - frame
    assert step["a"].corr(step["b"]) == pytest.approx(0.9, abs=0.02)
    assert step["b"].std() == pytest.approx(3, rel=0.05)
    np.testing.assert_allclose(step["a"], step["twin"], atol=1e-6)


def test_units_are_converted_there_and_back():
    frame = pd.DataFrame({"x": [-40.0, 0.0, 100.0]})
    there = applied(changes.UnitError("x", "celsius/fahrenheit"), frame)
    assert there["x"].tolist() == pytest.approx([-40, 32, 212])
    for units in changes.UNITS:
        back = "/".join(reversed(units.split("/")))
        np.testing.assert_allclose(
            applied(changes.UnitError("x", back), applied(changes.UnitError("x", units), frame)), frame, atol=1e-9
        )


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: changes.Noise("x", sd=-1), "sd is -1"),
        (lambda: changes.Missing("x", rate=1.5), "rate is 1.5"),
        (lambda: changes.UnitError("x", "mile/km"), "nearest is 'miles/km'"),
        (lambda: changes.Swap("x", {}), "pass a mapping"),
        (lambda: changes.CorrelatedNoise(["x"], sd=1), "at least two columns"),
        (
            lambda: changes.Swap("x", {"b": "z"}).apply(pd.DataFrame({"x": ["a", "b"]}), np.random.default_rng(0)),
            "'z' is not in column 'x'",
        ),
        (
            lambda: changes.Noise("x", sd=1).apply(pd.DataFrame({"x": ["a"]}), np.random.default_rng(0)),
            "holds text values",
        ),
        (
            lambda: changes.Typo("y", rate=1).apply(pd.DataFrame({"x": ["a"]}), np.random.default_rng(0)),
            "'y' is not in the data",
        ),
        (lambda: changes.Swap("x", {"a": "b"}).at(2.0), "rate is 2.0"),
    ],
)
def test_wrong_use_is_answered_in_one_sentence(make, sentence):
    with pytest.raises(EvaluationError, match=sentence):
        make()
