"""Everything that can be wrong with data or model, through the public door: one sentence that names it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.tree import DecisionTreeRegressor

from mlops_lab import evaluation as ev

ROWS = 600
LAST = ROWS - 1  # beyond the rows on which a model is tried
RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "age": RANDOM.normal(40, 10, ROWS),
        "hours": RANDOM.integers(1, 60, ROWS),
        "job": RANDOM.choice(["cook", "driver", "clerk"], ROWS),
    }
)
LABELS = (FRAME["age"] + RANDOM.normal(0, 8, ROWS) > 40).astype(int).to_numpy()
NUMBERS = ["age", "hours"]


class Model:
    """Knows the age, whatever the type of its column."""

    def __init__(self, classes: Sequence[Any] = (0, 1)) -> None:
        self.classes_ = np.asarray(classes)

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        age = frame["age"].to_numpy(dtype=float, na_value=np.nan)
        chance = np.nan_to_num(1 / (1 + np.exp((40 - age) / 5)), nan=0.5)
        return np.column_stack([1 - chance, chance])

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        return self.classes_[self.predict_proba(frame).argmax(axis=1)]


def checks() -> list[ev.Suite]:
    return [
        ev.Perturbation(ev.noise("age", sd=0.1), max_drop=0.1),
        ev.Invariance("job", max_change_rate=0.1),
        ev.Calibration(max_error=0.3),
        ev.Slices("job", max_gap=0.4),
    ]


def run(model: Any = None, X: Any = FRAME, y: Any = LABELS, only: Any = None, **options: Any) -> ev.Report:
    return ev.Suite(checks() if only is None else [only]).run(Model() if model is None else model, X, y, **options)


def at(row: int, value: Any, values: Any) -> Any:
    """Return the values with another one in one row."""
    return np.where(np.arange(ROWS) == row, value, values)


def chance(frame: pd.DataFrame) -> np.ndarray:
    return Model().predict_proba(frame)[:, 1]


BAD_DATA = {
    "no rows": (FRAME.iloc[:0], [], "has 0 rows and 3 columns"),
    "no rows left": (FRAME[FRAME["age"] > 1000], LABELS[:0], "has 0 rows"),
    "no columns": (FRAME[[]], LABELS, "600 rows and 0 columns"),
    "lengths": (FRAME, LABELS[:-1], "599 values and the data 600 rows"),
    "duplicate columns": (pd.concat([FRAME, FRAME[["age"]]], axis=1), LABELS, "'age' occurs more than once"),
    "missing column": (
        FRAME.rename(columns={"job": "jobs"}),
        LABELS,
        "'job' is not in the data. The nearest is 'jobs'",
    ),
    "only gaps": (FRAME.assign(age=np.nan), LABELS, "'age' is missing in every row"),
    "only gaps in text": (FRAME.assign(job=None), LABELS, "'job' is missing in every row"),
    "infinite": (FRAME.assign(age=at(7, np.inf, FRAME["age"])), LABELS, "'age' is infinite in row 7"),
    "text for numbers": (FRAME.assign(age=FRAME["age"].astype(str)), LABELS, "'age' holds text values"),
    "lists": (FRAME.assign(job=[["cook"]] * ROWS), LABELS, "'job' holds values such as ['cook'] that are no levels"),
    "target with gaps": (FRAME, at(5, np.nan, LABELS), "missing in 1 row, first in row 5"),
    "nullable target with gaps": (
        FRAME,
        pd.Series(LABELS, dtype="Int64").where(np.arange(ROWS) != 3),
        "missing in 1 row, first in row 3",
    ),
    "infinite target": (FRAME, at(4, np.inf, LABELS), "infinite in row 4"),
    "no target": (FRAME, None, "The target is missing"),
    "no such target": (FRAME, "ages", "The target 'ages' is not a column of the data; the nearest is 'age'"),
    "a target like nothing there": (
        FRAME,
        "zzz",
        "The target 'zzz' is not a column of the data; the columns are 'age'",
    ),
    "unseen label": (FRAME, at(5, 2, LABELS), "The target is 2 in row 5"),
    "labels as text": (FRAME, LABELS.astype(str), "The target is '0' in row 0"),
    "labels of two types": (FRAME, pd.Series(["no", 1] * (ROWS // 2)), "The target is 'no' in row 0"),
    "several targets": (FRAME, np.column_stack([LABELS, LABELS]), "shape (600, 2)"),
    "no list": (FRAME, 3, "The target has shape ()"),
    "another order": (FRAME, pd.Series(LABELS)[::-1], "in another order, first in row 0 (599 for 0)"),
    "an array": (FRAME.to_numpy(), LABELS, "The data is a ndarray; pass a pandas DataFrame"),
    "a column": (FRAME["age"], LABELS, "The data is a Series; pass a pandas DataFrame"),
    "no file": ("no_such_file.parquet", "late", "No Parquet file is found at 'no_such_file.parquet'"),
    "levels of columns": (
        FRAME.set_axis(pd.MultiIndex.from_product([["x"], FRAME.columns]), axis=1),
        LABELS,
        "several levels",
    ),
}


@pytest.mark.parametrize(("X", "y", "sentence"), BAD_DATA.values(), ids=BAD_DATA)
def test_bad_data_stop_the_run_with_one_sentence(X: Any, y: Any, sentence: str) -> None:
    with pytest.raises(ev.EvaluationError, match=re.escape(sentence)) as caught:
        run(X=X, y=y)
    assert "\n" not in str(caught.value)


def test_a_frame_of_polars_is_refused_with_the_call_that_helps() -> None:
    polars = pytest.importorskip("polars")
    with pytest.raises(ev.EvaluationError, match=r"polars DataFrame; pass data.to_pandas\(\)"):
        run(X=polars.DataFrame(FRAME.to_dict("list")))


def test_an_arrow_table_is_refused_with_the_call_that_helps() -> None:
    import pyarrow as pa

    with pytest.raises(ev.EvaluationError, match=r"pyarrow Table; pass data.to_pandas\(\)"):
        run(X=pa.table({"age": [1.0]}), y=[0])


def raises(frame: pd.DataFrame) -> None:
    raise RuntimeError("the scaler is not fitted")


def late(frame: pd.DataFrame, wrong: Any) -> np.ndarray:
    return np.where(frame.index == LAST, wrong, chance(frame))


TWO = np.column_stack([LABELS, LABELS])
BAD_MODELS: dict[str, tuple[Any, str]] = {  # found on the rows on which a model is tried
    "a class": (LogisticRegression, "The model is the class LogisticRegression; pass a fitted object of it"),
    "no model": (object(), "is a object, which has no predict_proba or predict"),
    "beyond 1": (lambda frame: np.tile([1.2, -0.2], (len(frame), 1)), "(1.2, -0.2) for row 0"),
    "sum": (lambda frame: np.tile([[0.5, 0.5], [0.6, 0.6]], (len(frame) // 2, 1)), "(0.6, 0.6) for row 1"),
    "sum by 2e-5": (lambda frame: np.full((len(frame), 2), 0.50001), "for row 0, which are not probabilities"),
    "NaN": (lambda frame: np.where(frame.index == 3, np.nan, 0.5), "predicted nan for row 3"),
    "NaN in two columns": (lambda frame: np.tile([np.nan, 1], (len(frame), 1)), "(nan, 1) for row 0"),
    "one number beyond 1": (lambda frame: np.full(len(frame), 1.2), "such as 1.2 in row 0, which is no probability"),
    "it raises": (raises, "The model raised RuntimeError on 256 rows: the scaler is not fitted"),
    "a row too few": (lambda frame: chance(frame)[1:], "returned 255 predictions for 256 rows"),
    "a row too many": (lambda frame: np.append(chance(frame), 0.5), "returned 257 predictions for 256 rows"),
    "one number": (lambda frame: 0.5, "returned 0.5 for 256 rows"),
    "nothing": (lambda frame: None, "returned None for 256 rows"),
    "a cube": (lambda frame: np.zeros((len(frame), 2, 2)), "array of shape (256, 2, 2)"),
    "three classes": (lambda frame: np.full((len(frame), 3), 1 / 3), "3 probabilities a row and the target has 2"),
    "unknown label": (lambda frame: np.full(len(frame), "maybe"), "predicted 'maybe' in row 0"),
    "other columns": (LogisticRegression().fit(FRAME[["age"]].set_axis(["agge"], axis=1), LABELS), "- agge"),
    "several classes at once": (
        MultiOutputClassifier(LogisticRegression()).fit(FRAME[NUMBERS], TWO),
        "several outputs",
    ),
}


@pytest.mark.parametrize(("model", "sentence"), BAD_MODELS.values(), ids=BAD_MODELS)
def test_a_bad_model_stops_the_run_with_one_sentence(model: Any, sentence: str) -> None:
    pattern = sentence if "|" in sentence else re.escape(sentence)
    with pytest.raises(ev.EvaluationError, match=pattern) as caught:
        run(model, FRAME[NUMBERS], only=ev.Perturbation(ev.noise("age", sd=0.1), max_drop=0.1))
    assert "\n" not in str(caught.value)


def test_several_values_at_once_are_refused() -> None:
    model = LinearRegression().fit(FRAME[NUMBERS], np.column_stack([FRAME["age"], FRAME["hours"]]))
    with pytest.raises(ev.EvaluationError, match=r"shape \(256, 2\); several outputs"):
        run(model, FRAME[NUMBERS], FRAME["age"], only=ev.Perturbation(ev.noise("age", sd=0.1), max_drop=1))


def test_what_the_model_raised_is_the_cause() -> None:
    with pytest.raises(ev.EvaluationError) as caught:
        run(raises)
    assert isinstance(caught.value.__cause__, RuntimeError)


LATE_FAULTS: dict[str, tuple[Callable[[pd.DataFrame], Any], str]] = {
    "NaN": (lambda frame: late(frame, np.nan), f"(nan, nan) for row {LAST}"),
    "beyond 1": (lambda frame: late(frame, 1.5), f"(-0.5, 1.5) for row {LAST}"),
    "rows": (lambda frame: chance(frame)[:300], "returned 300 predictions for 600 rows"),
    "it raises": (lambda frame: 1 / 0 if LAST in frame.index else chance(frame), "The model raised ZeroDivisionError"),
    "it throws dice": (lambda frame: np.random.default_rng().random(len(frame)), "different answers to the same rows"),
}


@pytest.mark.parametrize(("model", "sentence"), LATE_FAULTS.values(), ids=LATE_FAULTS)
def test_a_fault_found_while_predicting_is_an_error_and_never_a_verdict(
    model: Callable[[pd.DataFrame], Any], sentence: str
) -> None:
    report = run(model)
    assert report.verdict == "error"
    for result in report.results:
        assert result.verdict == "error"
        assert sentence in result.explain()


def test_a_model_that_cannot_answer_one_change_fails_that_check_only() -> None:
    class Picky(Model):
        def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
            if frame["job"].eq("never seen").any():
                raise KeyError("never seen")
            return super().predict_proba(frame)

    suite = ev.Suite([*checks(), ev.Perturbation(ev.unseen("job", rate=0.1), max_drop=0.1)])
    report = suite.run(Picky(), FRAME, LABELS)
    assert [result.verdict for result in report.results] == ["pass"] * 4 + ["error"]
    assert "The model raised KeyError" in report.results[-1].explain()
    assert isinstance(report.results[-1].error.__cause__, KeyError)


def overwrite(frame: pd.DataFrame) -> np.ndarray:
    answer = chance(frame)
    frame["age"] = 0.0
    return answer


def overwrite_values(frame: pd.DataFrame) -> np.ndarray:
    answer, values = chance(frame), frame["age"].array.to_numpy()
    values.flags.writeable = True
    values[:] = 0
    return answer


def drop_a_column(frame: pd.DataFrame) -> np.ndarray:
    del frame["hours"]
    return chance(frame)


@pytest.mark.slow
@pytest.mark.parametrize("model", [overwrite, overwrite_values, drop_a_column])
def test_a_model_that_changes_its_input_is_told_of_and_the_data_stay(model: Callable[[pd.DataFrame], Any]) -> None:
    X, y = FRAME.copy(), LABELS.copy()
    report = run(model, X, y)
    assert "changes the frame it is given" in " ".join(report.notes)
    assert [one.estimate for one in report.results] == [one.estimate for one in run(chance).results]
    pd.testing.assert_frame_equal(X, FRAME)
    assert (y == LABELS).all()


SAID = ["no", "yes"]
GOOD_TARGETS: dict[str, tuple[Any, Sequence[Any]]] = {
    "booleans": (LABELS.astype(bool), [False, True]),
    "booleans for 0 and 1": (LABELS.astype(bool), [0, 1]),
    "0 and 1 for booleans": (LABELS, [False, True]),
    "floats for integers": (LABELS.astype(float), [0, 1]),
    "texts": (np.asarray(SAID)[LABELS], SAID),
    "texts as objects": (np.asarray(SAID, dtype=object)[LABELS], SAID),
    "categories": (pd.Series(pd.Categorical.from_codes(LABELS, SAID)), SAID),
    "nullable": (pd.Series(LABELS, dtype="Int64"), [0, 1]),
    "nullable booleans": (pd.Series(LABELS.astype(bool), dtype="boolean"), [False, True]),
    "arrow": (pd.Series(LABELS, dtype="int64[pyarrow]"), [0, 1]),
    "arrow texts": (pd.Series(np.asarray(SAID)[LABELS], dtype="string[pyarrow]"), SAID),
    "a list": (LABELS.tolist(), [0, 1]),
    "a frame of one column": (pd.DataFrame({"late": LABELS}), [0, 1]),
    "another index": (pd.Series(LABELS, index=np.arange(ROWS) + 10_000), [0, 1]),
}


@pytest.mark.slow
@pytest.mark.parametrize(("y", "classes"), GOOD_TARGETS.values(), ids=GOOD_TARGETS)
def test_labels_of_any_type_give_the_same_verdicts(y: Any, classes: Sequence[Any]) -> None:
    expected = [one.estimate for one in run().results]
    assert [one.estimate for one in run(Model(classes), y=y).results] == expected


def test_classes_in_an_order_of_their_own() -> None:
    class Turned(Model):
        def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
            return super().predict_proba(frame)[:, ::-1]

    calibration = ev.Calibration(max_error=0.3, positive="yes")
    expected = run(Model(SAID), y=np.asarray(SAID)[LABELS], only=calibration).results[0].estimate
    turned = run(Turned(SAID[::-1]), y=np.asarray(SAID)[LABELS], only=calibration)
    assert turned.results[0].estimate == pytest.approx(expected, abs=1e-12)


def test_a_frame_of_probabilities_names_its_classes() -> None:
    def answer(frame: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"yes": chance(frame), "no": 1 - chance(frame)}, index=frame.index)

    slices = ev.Slices("job", max_gap=0.4)
    report = run(answer, y=np.asarray(SAID)[LABELS], only=slices)
    assert report.results[0].estimate == run(only=slices).results[0].estimate
    assert report.model["classes"] == ["yes", "no"]


def test_a_single_class_is_no_reason_to_guess() -> None:
    with pytest.raises(ev.EvaluationError, match="The target holds only 0, so that the model's classes are not known"):
        run(chance, y=np.zeros(ROWS, dtype=int))
    ranking = ev.Perturbation(ev.noise("age", sd=0.1), max_drop=0.1, metric="roc_auc")
    assert run(y=np.zeros(ROWS, dtype=int), only=ranking).verdict in {"inconclusive", "error"}


def test_a_function_of_labels_is_no_function_of_probabilities() -> None:
    calibration = ev.Calibration(max_error=0.1)
    with pytest.raises(ev.NotApplicable, match="needs probabilities"):
        run(lambda frame: (chance(frame) > 0.5).astype(int), only=calibration)
    assert run(DecisionTreeRegressor().fit(FRAME[NUMBERS], LABELS), FRAME[NUMBERS], only=ev.WeakSlices(max_gap=0.9))


KINDS_OF_COLUMNS: dict[str, Any] = {
    "times": pd.date_range("2020", periods=ROWS),
    "times of a zone": pd.date_range("2020", periods=ROWS, tz="Europe/Berlin"),
    "periods": pd.period_range("2020", periods=ROWS, freq="D"),
    "durations": pd.to_timedelta(np.arange(ROWS), unit="h"),
    "sparse": pd.arrays.SparseArray(np.arange(ROWS) % 2 * 1.0),
    "intervals": pd.interval_range(0, ROWS),
    "complex": np.full(ROWS, 1j),
    "dates": [pd.Timestamp("2020").date()] * ROWS,
    "bytes": [b"cook", b"clerk"] * (ROWS // 2),
    "lists": [[1]] * ROWS,
    "mixed": [1, "a"] * (ROWS // 2),
    "infinite": at(7, np.inf, 1.0),
    "unused categories": pd.Categorical(FRAME["job"], ["none", "cook", "driver", "clerk", "last"]),
    "ordered": pd.Categorical(FRAME["job"], ["none", "cook", "driver", "clerk", "last"], ordered=True),
}


@pytest.mark.slow
@pytest.mark.parametrize("values", KINDS_OF_COLUMNS.values(), ids=KINDS_OF_COLUMNS)
def test_a_column_of_any_kind_may_stand_beside(values: Any) -> None:
    X = FRAME.assign(beside=values)
    assert [one.estimate for one in run(X=X).results] == [one.estimate for one in run().results]


@pytest.mark.parametrize("name", list(KINDS_OF_COLUMNS)[:7])
def test_a_column_of_the_wrong_kind_is_named_with_its_type(name: str) -> None:
    X = FRAME.assign(other=KINDS_OF_COLUMNS[name])
    pattern = rf"'other' holds (datetime|other) values \({re.escape(str(X['other'].dtype))}\)"
    for only in (ev.Perturbation(ev.noise("other", sd=1), max_drop=1), ev.Slices("other", max_gap=0.1)):
        with pytest.raises(ev.EvaluationError, match=pattern):
            run(X=X, only=only)


def test_a_sparse_column_cannot_be_given_gaps() -> None:
    X = FRAME.assign(tail=KINDS_OF_COLUMNS["sparse"])
    with pytest.raises(ev.EvaluationError, match=r"'tail' is sparse .*sparse\.to_dense\(\)"):
        run(X=X, only=ev.Perturbation(ev.missing("tail", rate=0.1), max_drop=0.1))


@pytest.mark.slow
@pytest.mark.parametrize("values", [KINDS_OF_COLUMNS[name] for name in ("unused categories", "ordered")])
def test_categories_that_no_row_has_are_no_levels(values: Any) -> None:
    X = FRAME.assign(job=values)
    assert [one.estimate for one in run(X=X).results] == [one.estimate for one in run().results]
    assert not run(X=X).results[3].details["group"].str.contains("none|last").any()


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_nullable_and_arrow_backed_frames_give_the_same_verdicts(backend: str) -> None:
    X = FRAME.convert_dtypes(dtype_backend=backend)
    assert [one.estimate for one in run(X=X).results] == pytest.approx(
        [one.estimate for one in run().results], abs=1e-12
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "index",
    [
        np.zeros(ROWS, dtype=int),
        pd.MultiIndex.from_product([range(20), range(ROWS // 20)]),
        [f"row {row}" for row in range(ROWS)],
        pd.date_range("2020", periods=ROWS),
    ],
    ids=["doubled", "of two levels", "texts", "times"],
)
def test_an_index_of_any_kind_changes_nothing(index: Any) -> None:
    X = FRAME.set_axis(index, axis=0)
    assert [one.estimate for one in run(X=X, y=pd.Series(LABELS, index=X.index)).results] == [
        one.estimate for one in run().results
    ]


def test_a_bad_row_is_named_as_the_frame_names_it() -> None:
    X = FRAME.set_axis([f"row {row}" for row in range(ROWS)], axis=0)
    with pytest.raises(ev.EvaluationError, match="for row 'row 3'"):
        run(lambda frame: np.where(frame.index == "row 3", np.nan, 0.5), X)


def test_read_only_arrays_are_read() -> None:
    values, labels = FRAME[NUMBERS].to_numpy(), LABELS.copy()
    values.flags.writeable = labels.flags.writeable = False
    X = pd.DataFrame(values, columns=NUMBERS, copy=False)
    report = ev.Suite(
        [
            ev.Perturbation(ev.noise("age", sd=0.1), max_drop=0.1),
            ev.Directional("age", by=1, expect="not_decrease", max_violation_rate=0.1),
            ev.WeakSlices(max_gap=0.5),
        ]
    ).run(Model(), X, labels)
    assert report.verdict != "error"


@pytest.mark.parametrize("names", [[0, 1, 2], ["age", 1, "job"]])
def test_columns_may_have_numbers_for_names(names: list[Any]) -> None:
    X = FRAME.set_axis(names, axis=1)
    only = [ev.WeakSlices(max_gap=0.5), ev.Slices(names[2], max_gap=0.5)]
    report = ev.Suite(only).run(lambda frame: chance(frame.set_axis(FRAME.columns, axis=1)), X, LABELS)
    assert report.verdict != "error"


def test_a_column_that_is_not_there_is_named_before_the_model_is_asked() -> None:
    suite = ev.Suite([ev.Perturbation(ev.noise("age", sd=0.1), max_drop=0.1)])
    frame = FRAME.rename(columns={"age": "ages"})
    for call in (suite.run, suite.estimate):
        with pytest.raises(ev.EvaluationError, match=r"'age' is not in the data. The nearest is 'ages'"):
            call(lambda rows: rows["age"] / 100, frame, LABELS)
