"""A run that was killed goes on where it was, and gives the same report to the last bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pandas.testing import assert_frame_equal
from threadpoolctl import threadpool_limits

from mlops_lab import evaluation as ev
from mlops_lab.evaluation.states import dump_states, load_states
from mlops_lab.evaluation.worst import Worst

ROWS = 5000
COMPARED = [one.name for one in fields(ev.Report) if one.name not in ("seconds", "predict_seconds", "created")]


def people(rows=ROWS, seed=0):
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 90, rows),
            "income": random.gamma(2, 20, rows),
            "job": pd.Categorical(random.choice(["cook", "nurse", "pilot"], rows)),
            "city": random.choice(["Rosario", "Salta", "Jujuy"], rows),
            "since": pd.date_range("2020-01-01", periods=rows, freq="h"),
        }
    )
    frame["late"] = (random.random(rows) < score(frame)).astype(int)
    return frame


def score(frame):
    """Return probabilities that depend on every column but the date."""
    pull = (frame["age"] - 50) / 20 + np.sin(frame["income"]) / 5 + (frame["job"] == "cook") + (frame["city"] > "R") / 3
    return (1 / (1 + np.exp(-pull.to_numpy(dtype=float)))).round(9)


def suite():
    return ev.Suite(
        [
            ev.Perturbation(ev.noise("income", sd=0.3), metric="roc_auc", sweep=(0.1,)),
            ev.Perturbation(ev.correlated_noise(["age", "income"], sd=0.2), metric="log_loss"),
            ev.Perturbation(ev.noise("age", sd=0.2), metric=share_right, name="own"),
            ev.Perturbation(no_such_column, name="broken"),
            ev.Invariance("job"),
            ev.Directional("age", by=5),
            ev.Calibration(max_error=0.05),
            ev.Confidence(0.8, min_accuracy=0.7),
            ev.Slices(["city", "job"], max_gap=0.1, metric="f1", against="rest"),
            ev.WeakSlices(max_gap=0.2),
        ]
    )


def share_right(truth, answers):
    return float((truth == answers).mean())


def no_such_column(frame, rng):
    return frame.assign(age=frame["nowhere"])


def assert_same(first, second):
    """Compare two reports to the last bit, but for the times."""
    for name in COMPARED:
        if name != "results":
            assert getattr(first, name) == getattr(second, name), name
    for one, other in zip(first.results, second.results, strict=True):
        for field in fields(one):
            a, b = getattr(one, field.name), getattr(other, field.name)
            if isinstance(a, pd.DataFrame):
                assert_frame_equal(a, b, check_exact=True)
            elif field.name != "error":
                assert repr(a) == repr(b), (one.name, field.name)


def stop_after(calls):
    """Return a model that raises what no check catches, after some calls."""
    made = iter(range(calls))

    def model(frame):
        if next(made, None) is None:
            raise SystemExit
        return score(frame)

    return model


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr("mlops_lab.evaluation.cost.BATCH_BYTES", 1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["frame", "parquet"])
def test_a_stopped_run_goes_on_to_the_same_report(tmp_path, kind):
    frame, path = people(), tmp_path / "state"
    data = frame
    if kind == "parquet":
        data = tmp_path / "people.parquet"
        frame.to_parquet(data, row_group_size=2500)
    model = stop_after(10_000)
    whole = suite().run(model, data, "late", progress=False)
    dying = stop_after(6)
    dying.__qualname__ = model.__qualname__
    with pytest.raises(SystemExit):
        suite().run(dying, data, "late", progress=False, checkpoint=path)
    assert os.stat(path).st_mode & 0o077 == 0
    calls = []
    counting = lambda X: (calls.append(len(X)), score(X))[1]  # noqa: E731
    counting.__qualname__ = model.__qualname__
    resumed = suite().run(counting, data, "late", progress=False, checkpoint=path)
    assert_same(whole, resumed)
    assert sum(calls) < 0.8 * whole.rows_predicted
    assert resumed["broken"].verdict == "error"
    assert not path.exists()


@pytest.mark.slow
def test_the_threads_of_blas_move_no_digit():
    data = people()
    with threadpool_limits(1):
        alone = suite().run(score, data, "late", progress=False)
    assert_same(alone, suite().run(score, data, "late", progress=False))


SCRIPT = """
import os, sys
sys.path.insert(0, {folder!r})
import test_checkpoint as here
from mlops_lab import evaluation as ev
from mlops_lab.evaluation import cost
cost.BATCH_BYTES, cost.STEP_SECONDS = 1, float('inf')  # as in the whole run, however busy the machine is
calls = []
def model(frame):
    calls.append(1)
    if len(calls) == {limit}:
        os.kill(os.getpid(), 9)
    return here.score(frame)
report = here.suite().run(model, {data!r}, "late", progress=False, checkpoint={path!r})
report.to_json({out!r}, examples=True)
"""


@pytest.mark.slow
def test_a_run_killed_by_the_system_goes_on_in_another_process(tmp_path):
    data = tmp_path / "people.parquet"
    people().to_parquet(data, row_group_size=2500)

    def process(limit):
        folder, place = os.path.dirname(__file__), str(tmp_path / "state")
        script = SCRIPT.format(folder=folder, limit=limit, data=str(data), path=place, out=str(tmp_path / "resumed"))
        return subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False).returncode

    def model(frame):
        return score(frame)

    model.__qualname__ = "model"
    suite().run(model, data, "late", progress=False).to_json(tmp_path / "whole", examples=True)
    assert process(6) == -signal.SIGKILL
    assert not (tmp_path / "resumed").exists()
    assert process(-1) == 0
    whole, resumed = (ev.Report.from_json(tmp_path / name) for name in ("whole", "resumed"))
    assert_same(whole, resumed)


def interrupted(tmp_path):
    """Leave a checkpoint of two batches."""
    path = tmp_path / "state"
    with pytest.raises(SystemExit):
        short_suite().run(stop_after(4), people(), "late", progress=False, checkpoint=path)
    assert path.exists()
    return path


def short_suite(**changed):
    return ev.Suite([ev.Invariance("city"), ev.Calibration(max_error=0.05)], **changed)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("suite", "differs in suite"),
        ("model", "differs in model"),
        ("columns", "differs in columns"),
        ("rows", "differs in rows"),
        ("values", "the first 2,000 have changed"),
    ],
)
def test_a_checkpoint_of_something_else_is_refused(tmp_path, change, what):
    path, frame = interrupted(tmp_path), people()
    before = path.read_bytes()
    if change == "columns":
        frame["age"] = frame["age"].astype(float)
    if change == "rows":
        frame = frame.iloc[:-1]
    if change == "values":
        frame.loc[1500, "income"] += 1
    model = stop_after(10_000)
    asked = (lambda X: 1 - score(X)) if change == "model" else model
    asked.__qualname__ = model.__qualname__
    checks = short_suite(seed=1 if change == "suite" else 0)
    with pytest.raises(ev.EvaluationError, match=what):
        checks.run(asked, frame, "late", progress=False, checkpoint=path)
    assert path.read_bytes() == before


def test_a_checkpoint_that_is_none_is_refused(tmp_path):
    path = tmp_path / "state"
    path.write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(ev.EvaluationError, match="cannot be used"):
        short_suite().run(score, people(), "late", progress=False, checkpoint=path)


def test_a_place_that_cannot_be_written_is_refused_before_predicting(tmp_path):
    calls = []
    model = lambda X: (calls.append(len(X)), score(X))[1]  # noqa: E731
    with pytest.raises(ev.EvaluationError, match="cannot be written"):
        short_suite().run(model, people(), "late", progress=False, checkpoint=tmp_path / "no" / "state")
    assert sum(calls) <= 3 * 256


def test_the_time_that_was_given_ends_a_run_between_batches():
    report = short_suite().run(score, people(), "late", progress=False, max_seconds=0)
    assert report.partial
    assert 0 < report.rows < ROWS
    assert "stopped early" in report.headline
    assert report.verdict != "pass"


@pytest.mark.slow
def test_a_run_that_ran_out_of_time_goes_on_from_its_checkpoint(tmp_path):
    whole = short_suite().run(score, people(), "late", progress=False)
    reports = []
    while not reports or reports[-1].partial:
        options = {"max_seconds": 0, "checkpoint": tmp_path / "state"}
        reports.append(short_suite().run(score, people(), "late", progress=False, **options))
    assert len(reports) > 3
    assert [one.rows for one in reports] == sorted({one.rows for one in reports})
    assert reports[-1].rows_predicted == whole.rows_predicted
    for first, second in zip(whole.results, reports[-1].results, strict=True):
        assert first.estimate == pytest.approx(second.estimate, rel=1e-9)


cells = st.one_of(
    arrays.arrays(
        st.sampled_from(["f8", "i8", "i2", "?", "f4", "U3"]), st.tuples(st.integers(0, 3), st.integers(0, 3))
    ),
    st.floats(),
    st.integers(),
    st.text(),
    st.none(),
    st.booleans(),
    st.floats(width=32).map(np.float32),
)
values = st.recursive(
    cells,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.integers(), st.text(), st.tuples(st.integers())), inner, max_size=3),
    ),
    max_leaves=8,
)


def shape(value):
    """Return a value as what can be compared: types, shapes and bytes."""
    if isinstance(value, (np.ndarray, np.generic)):
        return type(value).__name__, value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, dict):
        return "dict", [(shape(key), shape(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [shape(item) for item in value]
    return type(value).__name__, repr(value)


@settings(max_examples=30)
@given(values)
def test_what_is_written_is_read_back_to_the_bit(value):
    assert shape(load_states(dump_states(value))) == shape(value)


@pytest.mark.parametrize("dtype", ["Int64", "int64[pyarrow]", "string", "category", "float32", "period[M]"])
def test_the_types_of_tables_stay(dtype):
    column = pd.Series([1, 2, 1]) if "nt" in dtype or "f" in dtype else pd.Series(["2020-01", "2020-02", "2020-01"])
    rows = pd.DataFrame({"x": column.astype(dtype)}, index=[7, 3, 9])
    state = Worst(np.array([3.0, 2.0, 1.0]), np.array([7, 3, 9]), rows)
    assert_frame_equal(load_states(dump_states(state)).rows, rows)


@dataclass(frozen=True)
class Tally:
    """A state of a user's own check."""

    rows: int

    def __add__(self, other):
        return Tally(self.rows + other.rows)


def test_only_states_of_known_modules_are_made():
    content = dump_states(Tally(3))
    assert load_states(content, {__name__}) == Tally(3)
    with pytest.raises(ValueError, match="belongs to no check"):
        load_states(content)
    with pytest.raises(ValueError, match="is no state"):
        load_states(dump_states(ev.noise("age", sd=0.1)))


@given(st.binary(max_size=200))
def test_foreign_bytes_raise_one_error(content):
    with pytest.raises(ValueError):  # noqa: PT011 - its words come from the archive
        load_states(content)


def test_a_state_that_cannot_be_written_is_said():
    with pytest.raises(TypeError, match="a set cannot be written down"):
        dump_states({"x": {1, 2}})
