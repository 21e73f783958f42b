"""A changed column keeps its type, and the model sees exactly the types that it was given."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from pandas.api.types import CategoricalDtype

from mlops_lab import evaluation as ev
from mlops_lab.evaluation.changes import CHANGES
from mlops_lab.evaluation.data import Schema, column_kind
from mlops_lab.evaluation.errors import EvaluationError

WORDS = ["ab", "cd", "ef"]
TYPES: dict[str, Any] = {
    "category": CategoricalDtype(["never", *WORDS]),
    "ordered category": CategoricalDtype(WORDS, ordered=True),
    "category of numbers": CategoricalDtype([0, 1, 2]),
    "str": "str",
    "object": object,
    "string": "string",
    "string[pyarrow]": "string[pyarrow]",
    "arrow string": "large_string[pyarrow]",
    "bool": bool,
    "boolean": "boolean",
    "arrow bool": "bool[pyarrow]",
    "int8": np.int8,
    "uint8": np.uint8,
    "int64": np.int64,
    "Int8": "Int8",
    "Int64": "Int64",
    "arrow int8": "int8[pyarrow]",
    "float32": np.float32,
    "float64": np.float64,
    "Float32": "Float32",
    "Float64": "Float64",
    "arrow double": "double[pyarrow]",
    "datetime64[ns]": "datetime64[ns]",
    "datetime64[us]": "datetime64[us]",
    "datetime64[ns, tz]": pd.DatetimeTZDtype("ns", "Europe/Berlin"),
    "period": pd.PeriodDtype("D"),
    "timedelta64[ns]": "timedelta64[ns]",
    "arrow timestamp": "timestamp[ns][pyarrow]",
}
CHANGED: dict[str, Any] = {
    "noise": lambda: ev.noise("x", sd=0.5),
    "noise beyond": lambda: ev.noise("x", sd=100, clip=False),
    "round_off": lambda: ev.round_off("x", to=3),
    "missing": lambda: ev.missing("x", rate=0.5),
    "typo": lambda: ev.typo("x", rate=0.5),
    "miscode": lambda: ev.miscode("x", rate=0.5),
    "unseen": lambda: ev.unseen("x", rate=0.5),
    "rescale": lambda: ev.rescale("x", factor=100),
    "unit_error": lambda: ev.unit_error("x", "celsius/fahrenheit"),
    "shift": lambda: ev.shift("x", by=-300, clip=False),
    "swap": lambda: None,  # needs two levels that occur
    "out_of_range": lambda: ev.out_of_range("x", beyond=10),
    "correlated_noise": lambda: ev.correlated_noise(["x", "z"], sd=1, clip=False),
}


def test_every_change_is_tried() -> None:
    assert set(CHANGES) <= set(CHANGED)


def column(codes: list[int | None], dtype: Any) -> pd.Series:
    """Make a column of three levels, with gaps where the type can have them."""
    probe = pd.Series([], dtype=dtype).dtype
    kind = column_kind(probe)
    numbers = isinstance(probe, CategoricalDtype) and probe.categories.dtype.kind in "iu"
    if kind in ("text", "category") and not numbers:
        values: list[Any] = [None if code is None else WORDS[code] for code in codes]
    elif kind == "boolean":
        values = [None if code is None else code > 0 for code in codes]
    elif kind == "datetime":
        days = pd.Series(
            [pd.NaT if code is None else pd.Timestamp("2026-03-28") + pd.Timedelta(days=code) for code in codes]
        )
        if pd.api.types.is_timedelta64_dtype(probe):
            return (days - pd.Timestamp("2026-01-01")).astype(probe)
        if isinstance(probe, pd.PeriodDtype):
            return days.dt.to_period("D").astype(probe)
        return days.dt.tz_localize("UTC").astype(probe) if isinstance(probe, pd.DatetimeTZDtype) else days.astype(probe)
    else:
        values = codes  # type: ignore[assignment]
    plain = isinstance(probe, np.dtype) and probe.kind in "iub"
    return pd.Series([values[0] if plain and value is None else value for value in values], dtype=dtype)


def keeps(before: Any, after: Any, kind: str, gaps: bool) -> bool:
    """Whether a type is what it was, or what a gap or a level that is new makes of it."""
    if isinstance(before, CategoricalDtype) and isinstance(after, CategoricalDtype):
        same = after.ordered == before.ordered and list(after.categories[: len(before.categories)]) == list(
            before.categories
        )
        return same and (kind in ("typo", "unseen") or after == before)
    if isinstance(before, np.dtype) and before.kind in "iub" and gaps:
        return after == np.dtype(float)
    return after == before


@pytest.mark.slow
@pytest.mark.parametrize("dtype", TYPES.values(), ids=TYPES)
@settings(max_examples=15, deadline=None)
@given(
    codes=st.lists(st.sampled_from([0, 1, 2, None]), min_size=3, max_size=12).filter(
        lambda c: {0, 1} <= set(c) and c[0] is not None
    ),
    name=st.sampled_from(sorted(CHANGED)),
    seed=st.integers(0, 9),
)
def test_a_changed_column_keeps_its_type(dtype: Any, codes: list[int | None], name: str, seed: int) -> None:
    x = column(codes, dtype)
    frame = pd.DataFrame(
        {"z": np.arange(len(x), dtype=np.int32), "x": x, "y": x}, index=[f"r{i}" for i in range(len(x))][::-1]
    )
    frame["x"] = frame["y"] = x.set_axis(frame.index)
    whole = frame.copy(deep=True)
    present = list(pd.unique(x.dropna()))
    change = CHANGED[name]() or ev.swap("x", {present[0]: present[1]})
    try:
        change.needs(Schema(frame.iloc[:0]))
    except EvaluationError:
        return  # no change for a column of this kind: the sentence says so
    after = change.apply(frame, np.random.default_rng(seed))
    pd.testing.assert_frame_equal(frame, whole)  # the user's own is left alone
    assert list(after.columns) == ["z", "x", "y"]
    assert after.index.equals(frame.index)
    pd.testing.assert_series_equal(after["y"], frame["y"])
    gaps = bool((after["x"].isna() & frame["x"].notna()).any())
    assert gaps <= (name == "missing")
    assert keeps(frame["x"].dtype, after["x"].dtype, name, gaps), (frame["x"].dtype, after["x"].dtype)
    assert after["x"].isna()[frame["x"].isna()].all()


ROWS = 40


@pytest.mark.slow
@pytest.mark.parametrize("dtype", TYPES.values(), ids=TYPES)
def test_the_model_sees_the_types_that_it_was_given(dtype: Any) -> None:
    """All changes that fit, in one suite: stacked, without repeats, in small calls."""
    codes = [0, 1, 2, None] * (ROWS // 4)
    X = pd.DataFrame({"z": np.arange(ROWS, dtype=np.int32), "x": column(codes, dtype), "word": WORDS[:2] * (ROWS // 2)})
    seen: list[pd.DataFrame] = []

    def model(frame: pd.DataFrame) -> np.ndarray:
        seen.append(frame)
        return np.full(len(frame), 0.5)

    checks: list[Any] = [ev.Invariance("word", max_change_rate=0.5)]
    for name, make in CHANGED.items():
        change = make() or ev.swap("x", dict([list(pd.unique(X["x"].dropna()))[:2]]))
        try:
            change.needs(Schema(X.iloc[:0]))
        except EvaluationError:
            continue
        checks.append(ev.Perturbation(change, max_drop=0.5, name=name))
    report = ev.Suite(checks).run(model, X, np.arange(ROWS) % 2, batch_rows=64)
    assert not [result.explain() for result in report.results if result.verdict == "error"]
    for frame in seen:
        assert list(frame.columns) == list(X.columns)
        assert frame["word"].dtype == X["word"].dtype
        gaps = bool(frame["x"].isna().sum() > 0)
        assert any(keeps(X["x"].dtype, frame["x"].dtype, name, gaps) for name in ("noise", "unseen")), frame["x"].dtype
        assert set(frame.index) <= set(X.index)


@pytest.mark.parametrize("dtype", [np.int64, np.uint64, "Int64", "int64[pyarrow]"])
def test_numbers_beyond_the_type_end_at_its_limit(dtype: Any) -> None:
    frame = pd.DataFrame({"x": pd.Series([1, 2, 3], dtype=dtype)})
    after = ev.rescale("x", factor=1e300).apply(frame, np.random.default_rng(0))
    assert after["x"].dtype == frame["x"].dtype
    assert (after["x"] > 2**62).all()


@pytest.mark.parametrize(
    "check",
    [
        ev.Perturbation(ev.noise(0, sd=0.2)),
        ev.Perturbation(ev.correlated_noise([0, 1], sd=0.2)),
        ev.Invariance(1, max_change_rate=0.5),
        ev.Invariance([0, 1], max_change_rate=0.5),
        ev.Directional(0, by=0.1),
        ev.Slices(1),
        ev.WeakSlices(columns=[0, 1]),
    ],
    ids=lambda check: check.default_name,
)
def test_columns_may_be_numbered_as_those_of_an_array_are(check, tmp_path):
    frame = pd.DataFrame(np.random.default_rng(0).uniform(size=(400, 2)))
    report = ev.Suite([check]).run(lambda X: X[0], frame, (frame[0] > 0.5).astype(int))
    assert report.verdict != "error"
    assert report.table["target"].tolist() == [check.target]
    assert ev.Report.from_json(report.to_json(tmp_path / "r.json")).table["target"].tolist() == [check.target]
    assert report.to_html(tmp_path / "r.html").stat().st_size > 1000
