"""A cluster gives the numbers of one machine: for any partitions, with dying workers, and with checks that fail."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from dataclasses import fields
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from mlops_lab import datasets
from mlops_lab import evaluation as ev
from mlops_lab.errors import MissingExtraError
from mlops_lab.evaluation.cluster import Carried
from mlops_lab.evaluation.data import FrameSource
from mlops_lab.evaluation.observation import Observer, Seen
from mlops_lab.evaluation.plan import Plan
from mlops_lab.evaluation.probe import probe_model
from mlops_lab.evaluation.runner import LocalRunner, add_up, added

pytestmark = pytest.mark.slow

dd = pytest.importorskip("dask.dataframe")
distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def client():
    """Return a client of two workers, each a process of its own."""
    options = {"processes": True, "n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster, set_as_default=False) as client:
        yield client


@pytest.fixture(scope="module")
def adult():
    return datasets.adult(split="test").drop(columns="split", errors="ignore").head(4000)


@pytest.fixture(scope="module")
def model(adult):
    train = datasets.adult(split="train").drop(columns="split", errors="ignore").head(4000)
    text = OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")
    numbers = StandardScaler(), make_column_selector(dtype_include="number")
    pipeline = make_pipeline(make_column_transformer(text, numbers), LogisticRegression(max_iter=300))
    return pipeline.fit(train.drop(columns="income"), train["income"])


def example():
    """Return the suite that the manual begins with."""
    return ev.Suite(
        [
            ev.Perturbation(ev.noise("hours_per_week", sd=0.2), metric="accuracy", sweep=(0.1,)),
            ev.Perturbation(ev.missing("occupation", rate=0.1), max_drop=0.02),
            ev.Invariance("sex", max_change_rate=0.01),
            ev.Directional("education_num", by=2, expect="not_decrease", max_violation_rate=0.01),
            ev.Calibration(max_error=0.03, kind="positive"),
            ev.Confidence(threshold=0.8, min_accuracy=0.95, min_coverage=0.5),
            ev.Slices(["race", "sex"], max_gap=0.05, metric="accuracy"),
            ev.WeakSlices(max_depth=2, max_gap=0.10),
        ]
    )


@pytest.fixture(scope="module")
def alone(adult, model):
    return example().run(model, adult, "income", progress=False)


def assert_same(first, second, *, exactly=False):
    """Compare all numbers of two reports: to the last bit, or to 1e-9."""
    assert first.data == second.data
    assert first.model == second.model
    assert [one.name for one in first.results] == [one.name for one in second.results]
    for one, other in zip(first.results, second.results, strict=True):
        assert one.verdict == other.verdict != "error", other.explain()
        for name in ("estimate", "low", "high", "p_fail", "rows", "rows_needed"):
            a, b = getattr(one, name), getattr(other, name)
            assert a == pytest.approx(b, rel=0 if exactly else 1e-9, abs=0 if exactly else 1e-12, nan_ok=True), name
        tolerance = {"check_exact": True} if exactly else {"rtol": 1e-9, "atol": 1e-12}
        assert_frame_equal(one.details, other.details, **tolerance)
        assert_frame_equal(one.examples, other.examples, check_dtype=False, **tolerance)


def partitions(frame, lengths):
    """Return a Dask DataFrame with these lengths of its partitions, whose divisions are not known."""
    edges = np.cumsum([0, *lengths])
    parts = [frame.iloc[start:stop] for start, stop in pairwise(edges)]
    return dd.from_map(lambda part: part, parts, meta=frame.iloc[:0])


@pytest.mark.slow
def test_a_dask_frame_gives_the_numbers_of_a_frame(client, adult, model, alone):
    data = dd.from_pandas(adult, npartitions=5)
    assert_same(alone, example().run(model, data, "income", client=client, progress=False))


@pytest.mark.slow
def test_a_series_as_target_and_no_client_give_them_too(client, adult, model, alone):
    data = dd.from_pandas(adult, npartitions=3)
    series = example().run(model, data.drop(columns="income"), data["income"], client=client, progress=False)
    assert_same(alone, series)
    here = example().run(model, data, "income", progress=False)
    assert_same(alone, here)


@pytest.mark.slow
def test_a_frame_and_files_can_be_sent_to_the_cluster(client, adult, model, alone, tmp_path):
    adult.to_parquet(tmp_path / "adult.parquet", row_group_size=2500)
    assert_same(alone, example().run(model, adult, "income", client=client, progress=False))
    assert_same(alone, example().run(model, tmp_path / "adult.parquet", "income", client=client, progress=False))


@pytest.mark.slow
def test_values_are_evaluated_too(client):
    frame = datasets.weather().dropna(subset=["temp", "dewp", "humid", "wind_speed"]).sample(3000, random_state=0)
    frame = frame[["origin", "hour", "dewp", "humid", "wind_speed", "temp"]].reset_index(drop=True)
    features = ["hour", "dewp", "humid"]
    fitted = LinearRegression().fit(frame[features], frame["temp"])
    predict = lambda X: fitted.predict(X[features])  # noqa: E731
    suite = ev.Suite(
        [
            ev.Perturbation(ev.noise("humid", sd=0.2), max_drop=1, metric="root_mean_squared_error"),
            ev.Perturbation(ev.correlated_noise(["dewp", "humid"], sd=0.1), max_drop=1),
            ev.Directional("dewp", by=1.5, max_violation_rate=0.2),
            ev.Slices(["origin"], max_gap=1),
            ev.WeakSlices(max_gap=5, columns=["origin", "hour"]),
        ]
    )
    alone = suite.run(predict, frame, "temp", progress=False)
    assert_same(alone, suite.run(predict, partitions(frame, [100, 1900, 0, 1000]), "temp", client=client))


def small(rows=2000, seed=0):
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 90, rows),
            "pay": random.gamma(2, 20, rows).round(3),
            "job": random.choice(["cook", "nurse", "pilot"], rows),
        }
    )
    frame["late"] = (random.random(rows) < frame["age"] / 100).astype(int)
    return frame


def by_age(frame):
    return (frame["age"] / 100 + (frame["job"] == "cook") / 20 + np.sin(frame["pay"]) / 50).clip(0, 1).round(9)


def short():
    return ev.Suite(
        [
            ev.Perturbation(ev.noise("pay", sd=0.3), metric="log_loss"),
            ev.Invariance("job"),
            ev.Calibration(max_error=0.05),
        ]
    )


@pytest.fixture(scope="module")
def by_itself():
    return short().run(by_age, small(), "late", progress=False)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_any_partitions_give_the_same(client, by_itself, seed):
    random = np.random.default_rng(seed)
    cuts = np.sort(random.integers(0, 2001, random.integers(3, 14)))
    data = partitions(small(), np.diff([0, *cuts, 2000]))
    assert_same(by_itself, short().run(by_age, data, "late", client=client, progress=False))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["persisted", "merged", "series"])
def test_partitions_that_need_more_than_themselves_give_the_same(client, by_itself, kind):
    data = partitions(small(), [400] * 5)
    if kind == "persisted":
        data = client.persist(data)
    elif kind == "merged":
        late = small()[["late"]].reset_index()
        data = data.drop(columns="late").reset_index().merge(late, on="index").drop(columns="index")
    target = data["late"] if kind == "series" else "late"
    frame = data.drop(columns="late") if kind == "series" else data
    assert_same(by_itself, short().run(by_age, frame, target, client=client, progress=False))


@pytest.mark.slow
def test_a_worker_that_is_killed_changes_no_bit(client, by_itself, tmp_path):
    data, here = partitions(small(), [100] * 20), os.getpid()
    whole = short().run(by_age, data, "late", client=client, progress=False)
    flag, fatal = tmp_path / "killed", small().iloc[1234]["pay"]

    def deadly(frame):
        if (frame["pay"] == fatal).any() and os.getpid() != here and not flag.exists():
            flag.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        return by_age(frame)

    deadly.__qualname__ = by_age.__qualname__
    killed = short().run(deadly, data, "late", client=client, progress=False)
    assert int(flag.read_text()) != here
    assert_same(whole, killed, exactly=True)
    assert_same(by_itself, killed)


@pytest.mark.slow
def test_ctrl_c_leaves_the_report_of_the_first_rows(client):
    data, here = partitions(small(), [50] * 40), os.getpid()
    late = small().iloc[1000]["pay"]

    def interrupting(frame):
        if (frame["pay"] == late).any() and os.getpid() != here:
            os.kill(here, signal.SIGINT)
        return by_age(frame)

    report = short().run(interrupting, data, "late", client=client, progress=False)
    assert report.partial
    assert report.rows < 2000
    assert report.rows % 50 == 0
    if report.rows:
        first = short().run(by_age, small().head(report.rows), "late", progress=False)
        assert report.data == first.data
        assert report["calibration:positive"].estimate == pytest.approx(first["calibration:positive"].estimate)


class Unsendable(Exception):
    """An error that cannot be put together again in another process."""

    def __init__(self, one, two):
        super().__init__(one)


@pytest.mark.parametrize("kind", [RuntimeError, Unsendable])
def test_an_error_in_one_partition_is_that_checks_error(client, by_itself, kind):
    limit = small()["pay"].max()

    def raising(frame):
        if ((frame["pay"] > 0.97 * limit) & (frame.index >= 0)).sum() > 1:
            raise kind("too", "much") if kind is Unsendable else kind("too")
        return by_age(frame)

    def spread(frame, rng):
        return frame.assign(pay=np.where(np.arange(len(frame)) < 2, limit, frame["pay"]))

    suite = ev.Suite([*short().checks, ev.Perturbation(spread, name="spread")])
    report = suite.run(raising, partitions(small(), [500] * 4), "late", client=client, progress=False)
    assert report["spread"].verdict == "error"
    assert kind.__name__ in report["spread"].explain()
    assert report["spread"].explain().endswith("too")
    assert report["calibration:positive"].estimate == by_itself["calibration:positive"].estimate


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
@pytest.mark.parametrize("kind", ["?", "i2", "u8", "f4", "f8"])
def test_an_array_arrives_as_it_was_however_many_zeros_it_holds(share: float, kind: str) -> None:
    random = np.random.default_rng(0)
    sent = ((random.random((5, 20_000)) < share) * random.integers(1, 100, (5, 20_000))).astype(kind)
    arrived = pickle.loads(pickle.dumps(Carried([sent, sent.T]))).state
    assert [one.dtype for one in arrived] == [sent.dtype] * 2
    np.testing.assert_array_equal(arrived[0], sent)
    np.testing.assert_array_equal(arrived[1], sent.T)


def test_states_are_small_and_can_be_sent(adult, model):
    suite, source = example(), FrameSource(adult, "income")
    probe = probe_model(model, source.labels, source.head(256)[0])
    observer = Observer(
        suite._prepare(LocalRunner(source), probe.predictor, suite._needs(source)), Plan(probe.predictor), probe
    )
    seen = LocalRunner(source).reduce(observer, 2000)
    sent = pickle.dumps(Carried(seen))
    assert len(sent) < 2**19
    again = pickle.loads(sent).state
    assert again.fingerprint == seen.fingerprint
    for procedure, state, other in zip(observer.procedures, seen.states, again.states, strict=True):
        one, same = procedure.result(state), procedure.result(other)
        assert [one.estimate, one.low, one.high] == [same.estimate, same.low, same.high]


@given(st.lists(st.text(max_size=3), min_size=1, max_size=40), st.integers(2, 9))
def test_a_tree_keeps_the_order(states, fan_in):
    assert added(states, fan_in, add_up) == "".join(states)


def rows_of_another_type(part):
    return part.astype({"age": float}) if part.index[0] > 0 else part


def without_target(part):
    return part.assign(late=part["late"].astype(float).mask(part["pay"] == part["pay"].max()))


def frame_of(change):
    data = partitions(small(100), [50, 50])
    return dd.map_partitions(change, data, meta=data._meta)


SENTENCES = {
    "retyped": (lambda: (frame_of(rows_of_another_type), "late"), "Partition 1 holds 'age' as float64.* int64"),
    "gap": (lambda: (frame_of(without_target), "late"), "In partition [01].*target is missing in 1 row,"),
    "no target": (lambda: (partitions(small(100), [100]), "lat"), "nearest is 'late'"),
    "no y": (lambda: (partitions(small(100), [100]), None), "The target is missing; pass y"),
    "array": (lambda: (partitions(small(100), [100]), small(100)["late"]), "pass the name of its column"),
    "series": (lambda: (small_dask(3), small_dask(2)["late"]), "cut into other partitions"),
    "index": (lambda: (small_dask(2), small_dask(2, shifted=True)["late"]), "the index of the target differs"),
    "column": (lambda: (small_dask(2)["age"], "late"), "pass a Dask DataFrame"),
    "empty": (lambda: (partitions(small(100).iloc[:0], [0]), "late"), "has 0 rows"),
    "categories": (lambda: (small_dask(2).astype({"job": "category"}), "late"), "categorize"),
}


def small_dask(count, shifted=False):
    frame = small(100)
    halves = [frame.iloc[rows] for rows in np.array_split(np.arange(100), count)]
    shift = lambda part: part.set_axis(part.index + int(shifted), axis=0)  # noqa: E731
    return dd.from_map(lambda part: part, [shift(half) for half in halves], meta=frame.iloc[:0])


@pytest.mark.parametrize("case", SENTENCES)
def test_data_that_cannot_be_evaluated_are_named(client, case):
    make, sentence = SENTENCES[case]
    data, target = make()
    with pytest.raises(ev.EvaluationError, match=sentence):
        ev.Suite([ev.Invariance("job"), ev.WeakSlices(columns=["age"])]).run(by_age, data, target, client=client)


def test_partitions_that_change_are_refused(client, tmp_path):
    count = tmp_path / "count"

    def growing(part):
        count.write_text(count.read_text() + "x" if count.exists() else "x")
        return part.head(80 + len(count.read_text()))

    data = dd.map_partitions(growing, partitions(small(100), [100]), meta=small(100).iloc[:0])
    with pytest.raises(ev.EvaluationError, match=r"had \d+ rows when they were counted and now has"):
        short().run(by_age, data, "late", client=client)


def test_what_is_no_client_is_refused(client, tmp_path):
    with pytest.raises(ev.EvaluationError, match="client is a str"):
        short().run(by_age, small(), "late", client="tcp://nowhere")
    with pytest.raises(ev.EvaluationError, match="leave checkpoint= out"):
        short().run(by_age, small(), "late", client=client, checkpoint=tmp_path / "state")


def test_the_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mlops-lab\[scale\]'"):
        short().run(by_age, small(), "late", client=object())


def test_seen_counts_add_up(client, by_itself):
    report = short().run(by_age, partitions(small(), [400] * 5), "late", client=client, progress=False)
    assert report.rows_predicted == by_itself.rows_predicted
    assert report.predict_seconds > 0
    assert {one.name for one in fields(Seen)} == {"states", "fingerprint", "rows_predicted", "predict_seconds"}
