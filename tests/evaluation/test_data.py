import numpy as np
import pandas as pd
import pytest

from mlops_lab.evaluation.data import Schema, as_source, column_kind
from mlops_lab.evaluation.errors import EvaluationError

FRAME = pd.DataFrame({"age": [31, 44, 27], "job": ["cook", "driver", "cook"]})


@pytest.mark.parametrize(
    ("frame", "target", "sentence"),
    [
        (FRAME.iloc[:0], [], "0 rows"),
        (FRAME, [0, 1], "2 values and the data 3 rows"),
        (FRAME, None, "target is missing"),
        (FRAME, [0, None, 1], "missing in 1 row, first in row 1"),
        (FRAME, [0.0, np.nan, 1.0], "missing in 1 row, first in row 1"),
        (FRAME, [0.0, 1.0, np.inf], "infinite in row 2"),
        (FRAME, np.zeros((3, 2)), r"shape \(3, 2\)"),
        (FRAME, "jov", "nearest is 'job'"),
        (FRAME.set_axis(["age", "age"], axis=1), [0, 1, 0], "'age' occurs more than once"),
        (FRAME.set_axis(pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")]), axis=1), [0, 1, 0], "several levels"),
        (FRAME.to_numpy(), [0, 1, 0], "pass a pandas DataFrame"),
    ],
)
def test_bad_input_is_named(frame, target, sentence):
    with pytest.raises(EvaluationError, match=sentence):
        as_source(frame, target)


def test_a_frame_of_another_library_is_refused_with_the_call_that_helps():
    class DataFrame:
        __module__ = "polars.dataframe"

        def to_pandas(self): ...

    with pytest.raises(EvaluationError, match=r"polars DataFrame; pass data.to_pandas\(\)"):
        as_source(DataFrame(), [0])


def test_index_of_any_kind_is_left_alone():
    doubled = FRAME.set_axis(["a", "a", "b"])
    nested = FRAME.set_index(pd.MultiIndex.from_product([["x"], [1, 2, 3]]))
    for frame in (doubled, nested):
        parts = list(as_source(frame, pd.Series([0, 1, 0], index=frame.index)).batches(2))
        assert [start for _, _, start in parts] == [0, 2]
        assert pd.concat([part for part, _, _ in parts]).equals(frame)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pd.Series([1, 2]), "integer"),
        (pd.Series([1, None], dtype="Int64"), "integer"),
        (pd.Series([1, 2], dtype="int32[pyarrow]"), "integer"),
        (pd.Series([1.5]), "real"),
        (pd.Series([1.5], dtype="double[pyarrow]"), "real"),
        (pd.Series([True]), "boolean"),
        (pd.Series(["a"], dtype="category"), "category"),
        (pd.Series(["a"], dtype="str"), "text"),
        (pd.Series(["a"], dtype="string[pyarrow]"), "text"),
        (pd.Series(["a"], dtype=object), "text"),
        (pd.Series(pd.to_datetime(["2026-01-01"])), "datetime"),
        (pd.Series(pd.to_datetime(["2026-01-01"]).tz_localize("UTC")), "datetime"),
        (pd.Series(pd.period_range("2026", periods=1, freq="D")), "datetime"),
        (pd.Series(pd.arrays.SparseArray([0.0, 1.0])), "other"),
    ],
)
def test_every_type_of_column_has_a_kind(values, kind):
    assert column_kind(values.dtype) == kind


def test_a_wrong_column_is_answered_with_the_nearest():
    with pytest.raises(EvaluationError, match=r"'agee' is not in the data. The nearest is 'age'"):
        Schema(FRAME.iloc[:0]).kind("agee")
    with pytest.raises(EvaluationError, match="'job' holds text values"):
        Schema(FRAME.iloc[:0]).require_numeric("job", "noise")
