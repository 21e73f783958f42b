import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal
from sklearn.ensemble import HistGradientBoostingClassifier

from mlops_lab import evaluation as ev
from mlops_lab.evaluation import cost
from mlops_lab.evaluation.parquet import ParquetSource


def people(rows=3000, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, rows),
            "income": rng.gamma(2, 20, rows),
            "children": pd.array(rng.integers(0, 4, rows), dtype="Int64"),
            "rooms": rng.integers(1, 9, rows).astype(float),
            "job": pd.Categorical(rng.choice(["cook", "nurse", "pilot"], rows)),
            "hired": pd.date_range("2020-01-01", periods=rows, freq="h"),
            "city": rng.choice(["Rosario", "Salta"], rows),
        }
    )
    frame.loc[rows - 5 :, "children"] = pd.NA
    frame["late"] = (rng.random(rows) < 0.1 + 0.5 * (frame["age"] > 60)).astype(int)
    return frame


@pytest.fixture
def files(tmp_path):
    frame = people()
    frame.iloc[:1000].to_parquet(tmp_path / "part-1.parquet", row_group_size=300)
    frame.iloc[1000:].to_parquet(tmp_path / "part-2.parquet", row_group_size=700)
    return frame, tmp_path


@pytest.mark.parametrize("pattern", ["", "*.parquet"])
def test_batches_are_the_rows_with_the_types_of_the_whole(files, pattern):
    frame, folder = files
    source = ParquetSource(folder / pattern if pattern else folder, "late")
    parts = [(part, target, start) for part, target, start in source.batches(256)]
    assert len(parts) > 5
    assert [start for _, _, start in parts] == np.cumsum([0, *(len(part) for part, _, _ in parts)])[:-1].tolist()
    whole = pd.concat([part for part, _, _ in parts])
    assert_frame_equal(whole, frame.drop(columns="late"), check_dtype=False, check_categorical=False)
    assert all((part.dtypes == source.schema.empty.dtypes).all() for part, _, _ in parts)
    assert np.concatenate([target for _, target, _ in parts]).tolist() == frame["late"].tolist()


def test_integers_with_a_gap_anywhere_are_floats_everywhere(tmp_path):
    table = pa.table({"x": pa.array([1, 2, 3, None], pa.int64()), "y": [0, 1, 0, 1]})
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=2)
    source = ParquetSource(tmp_path / "x.parquet", "y")
    assert [part["x"].dtype for part, _, _ in source.batches(2)] == [float, float]


@pytest.mark.slow
def test_a_stream_gives_the_numbers_of_the_frame(files, monkeypatch):
    frame, folder = files
    features = ["age", "income", "rooms"]
    model = HistGradientBoostingClassifier(max_iter=20).fit(frame[features], frame["late"])
    answer = lambda X: model.predict_proba(X[features])[:, 1]  # noqa: E731
    suite = ev.Suite(
        [
            ev.Perturbation(ev.noise("income", sd=0.3), metric="roc_auc", sweep=(0.1,)),
            ev.Perturbation(ev.correlated_noise(["age", "income"], sd=0.2), metric="log_loss"),
            ev.Invariance("job"),
            ev.Directional("age", by=5),
            ev.Calibration(max_error=0.05),
            ev.Confidence(0.8, min_accuracy=0.7),
            ev.Slices(["city", "job"], max_gap=0.1),
            ev.WeakSlices(max_gap=0.2),
        ]
    )
    whole = suite.run(answer, frame, "late", progress=False)
    monkeypatch.setattr(cost, "BATCH_BYTES", 1)  # batches of a thousand rows, and of what is left of a file
    streamed = suite.run(answer, folder, "late", progress=False)
    for first, second in zip(whole.results, streamed.results, strict=True):
        assert first.verdict == second.verdict != "error", first.explain()
        for name in ("estimate", "low", "high", "p_fail"):
            assert getattr(first, name) == pytest.approx(getattr(second, name), rel=1e-9, abs=1e-12)
        assert first.examples.index.tolist() == second.examples.index.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("size", [100, 299, 300, 1000, 10_000])
def test_parts_for_other_processes_are_the_rows_of_the_whole(files, size):
    frame, folder = files
    parts = pickle.loads(pickle.dumps(ParquetSource(folder, "late").parts(size)))
    batches = [batch for part in parts for batch in part.batches(256)]
    assert sum(part.rows for part in parts) == len(frame)
    assert max(part.rows for part in parts) <= size
    assert [start for _, _, start in batches] == np.cumsum([0, *(len(part) for part, _, _ in batches)])[:-1].tolist()
    whole = pd.concat([part for part, _, _ in batches])
    assert_frame_equal(whole, frame.drop(columns="late"), check_dtype=False, check_categorical=False)
    assert np.concatenate([target for _, target, _ in batches]).tolist() == frame["late"].tolist()


def test_estimates_the_cost_from_the_first_rows(files):
    _, folder = files
    cost = ev.Suite([ev.Invariance("city")]).estimate(lambda X: X["age"] / 100, folder, "late")
    assert cost.rows_to_predict == pytest.approx(6000, rel=0.1)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: (folder / "no.parquet", "late"), "No Parquet file is found"),
        (lambda folder: (folder / "no-*.parquet", "late"), "No Parquet file is found"),
        (lambda folder: (folder, "lat"), "nearest is 'late'"),
        (lambda folder: (folder, [0, 1]), "pass the name of its target column"),
        (lambda folder: (broken(folder), "late"), "cannot be read as Parquet"),
        (lambda folder: (other(folder), "late"), "differs from .*: 'age' is double there and int64 here"),
    ],
)
def test_files_that_cannot_be_evaluated_are_named(files, make, sentence):
    with pytest.raises(ev.EvaluationError, match=sentence):
        ParquetSource(*make(files[1]))


def broken(folder):
    (folder / "broken.parquet").write_bytes((folder / "part-1.parquet").read_bytes()[:500])
    return folder / "broken.parquet"


def other(folder):
    people(10).astype({"age": float}).to_parquet(folder / "part-3.parquet")
    return folder / "part-*.parquet"
