"""Tables and values survive JSON with their types."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_lab.evaluation.record import decode, decode_frame, encode, encode_frame

MOMENTS = pd.to_datetime(["2026-03-29 02:30:00.123456789", None, "1999-12-31"], format="ISO8601")


NOTHING = {"type": "range", "cells": [0, 0, 1]}


def through_json(frame: pd.DataFrame) -> pd.DataFrame:
    return decode_frame(json.loads(json.dumps(encode_frame(frame), allow_nan=False)))


COLUMNS = {
    "int": [1, -2, 3],
    "uint8": np.array([0, 255, 3], dtype="uint8"),
    "float": [0.1, math.nan, math.inf],
    "float32": np.array([0.1, -math.inf, 1e-40], dtype="float32"),
    "bool": [True, False, True],
    "text": ["a", "", "ä"],
    "gaps": pd.Series(["a", None, "c"]),
    "string": pd.Series(["a", None, "c"], dtype="string"),
    "Int64": pd.Series([1, None, 2**62], dtype="Int64"),
    "Float64": pd.Series([0.5, None, math.inf], dtype="Float64"),
    "boolean": pd.Series([True, None, False], dtype="boolean"),
    "category": pd.Categorical(["b", None, "b"], categories=["b", "a"], ordered=True),
    "codes": pd.Categorical([3, 1, None], categories=[1, 2, 3]),
    "moments": MOMENTS,
    "zoned": MOMENTS.tz_localize("UTC").tz_convert("Europe/Berlin"),
    "seconds": MOMENTS.as_unit("s"),
    "spans": pd.to_timedelta([1, None, 3], unit="min"),
    "mixed": pd.Series([1, "a", (2.5, None)], dtype=object),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_each_type_of_column_survives(name: str) -> None:
    frame = pd.DataFrame({name: COLUMNS[name]})
    pd.testing.assert_frame_equal(through_json(frame), frame, check_exact=True)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(),
        pd.DataFrame(index=range(3)),
        pd.DataFrame({"a": []}, dtype="int64"),
        pd.DataFrame({"a": [1, 2]}, index=pd.Index([7, 3], name="row")),
        pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["p", None])),
        pd.DataFrame([[1, 2]], columns=["twice", "twice"]),
        pd.DataFrame([[1, 2]], columns=pd.Index(["named", "x"], name="columns")),
        pd.DataFrame([[1, 2]], columns=pd.Index([0, "x"], dtype=object)),
    ],
    ids=range(8),
)
def test_names_and_index_survive(frame: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(through_json(frame), frame)


cells = st.one_of(
    st.lists(st.floats(), min_size=3, max_size=3),
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=3, max_size=3),
    st.lists(st.booleans(), min_size=3, max_size=3),
    st.lists(st.text(), min_size=3, max_size=3),
    st.lists(st.sampled_from("abc"), min_size=3, max_size=3).map(pd.Categorical),
    st.lists(st.datetimes(), min_size=3, max_size=3).map(lambda moments: np.array(moments, dtype="datetime64[us]")),
)


@pytest.mark.slow
@given(st.dictionaries(st.text(), cells))
def test_any_table_survives(columns: dict[str, Any]) -> None:
    frame = pd.DataFrame(columns)
    pd.testing.assert_frame_equal(through_json(frame), frame, check_exact=True)


@pytest.mark.parametrize(
    "value",
    [
        {"$float": 1},
        {1: "a", None: (2, [3])},
        pd.Timestamp("2026-01-01", tz="UTC"),
        pd.NA,
        {"nested": {"deep": (math.inf,)}},
    ],
    ids=repr,
)
def test_values_survive(value: object) -> None:
    again = decode(json.loads(json.dumps(encode(value), allow_nan=False)))
    assert repr(again) == repr(value)


def test_arrays_and_tables_inside_of_values_survive() -> None:
    value = {
        "grid": np.arange(6.0).reshape(2, 3),
        "table": pd.DataFrame({"a": [1]}),
        "row": pd.Series([1, 2], name="n"),
    }
    again = decode(json.loads(json.dumps(encode(value))))
    np.testing.assert_array_equal(again["grid"], value["grid"])
    pd.testing.assert_frame_equal(again["table"], value["table"])
    pd.testing.assert_series_equal(again["row"], value["row"])


def test_what_is_unknown_becomes_its_text() -> None:
    assert encode(3 + 4j) == "(3+4j)"


@pytest.mark.parametrize(
    "data",
    [
        {"$nothing": 1},
        {"$float": "1e999"},
        {"$array": {"shape": [1e9], "cells": {"type": "int64", "cells": [1]}}},
        {"$frame": {"names": NOTHING, "index": {"type": "range", "cells": [0, 10**12, 1]}, "columns": []}},
        {"$frame": {"names": NOTHING, "index": NOTHING, "columns": [{"type": "int64", "cells": [1]}]}},
        {"$series": {"type": "eval", "cells": []}},
    ],
)
def test_what_was_not_encoded_is_refused(data: object) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        decode(data)
