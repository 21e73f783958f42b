"""What a run costs: no more rows than needed, and as many as were foretold."""

import numpy as np
import pandas as pd
import pytest
from sklearn import ensemble
from sklearn.ensemble import HistGradientBoostingClassifier

from mlops_lab import evaluation as ev
from mlops_lab.evaluation import cost
from mlops_lab.evaluation import plan as plans
from mlops_lab.evaluation.data import FrameSource
from mlops_lab.evaluation.model import Predictor

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(5000, 4)), columns=list("abcd"))
    return frame, (rng.random(5000) < 1 / (1 + np.exp(-frame["a"]))).to_numpy().astype(int)


@pytest.mark.parametrize(
    ("check", "share"),
    [
        (ev.Calibration(), 1.0),
        (ev.WeakSlices(), 1.0),
        (ev.Perturbation(ev.noise("a", sd=0.2), sweep=(0.1,)), 3.0),
        (ev.Perturbation(ev.missing("b", rate=0.1)), 1.1),
        (ev.Directional("c", by=0.5), 2.0),
    ],
)
def test_the_rows_are_foretold(rows, check, share):
    frame, target = rows
    model = HistGradientBoostingClassifier(max_iter=5).fit(frame, target)
    suite = ev.Suite([check])
    truth = suite.run(model, frame, target, progress=False).rows_predicted
    assert truth == pytest.approx(share * len(frame), rel=0.02)
    assert suite.estimate(model, frame, target).rows_to_predict == pytest.approx(truth, rel=0.02)


def test_all_rows_are_foretold_exactly_where_all_are_seen(rows):
    frame, target = rows[0].head(1500), rows[1][:1500]
    model = HistGradientBoostingClassifier(max_iter=5).fit(frame, target)
    suite = ev.Suite([ev.Perturbation(ev.missing("b", rate=0.1)), ev.Directional("c", by=0.5)])
    told = suite.estimate(model, frame, target)
    assert told.rows_to_predict == suite.run(model, frame, target, progress=False).rows_predicted
    assert told.seconds > 0


def test_the_seconds_are_foretold(rows):
    frame, target = pd.concat([rows[0]] * 10, ignore_index=True), np.tile(rows[1], 10)
    model = ensemble.RandomForestClassifier(10, min_samples_leaf=20, random_state=0).fit(frame, target)
    suite = ev.Suite([ev.Perturbation(ev.noise("a", sd=0.2), sweep=(0.1,))])
    ratios = []
    for _try in range(3):  # a busy moment may hit one of the two
        told = suite.estimate(model, frame, target).seconds
        ratios.append(told / suite.run(model, frame, target, progress=False).predict_seconds)
    assert min(abs(np.log2(ratios))) < 1


def test_a_quick_model_is_timed_on_more_rows(rows):
    frame, target = pd.concat([rows[0]] * 10, ignore_index=True), np.tile(rows[1], 10)
    asked = []

    def model(X):
        asked.append(len(X))
        return np.clip(X["a"].to_numpy(), 0, 1)

    ev.Suite([ev.Calibration()]).estimate(model, frame, target)
    assert set(asked) == {256, 2000, 20_000}


def test_a_model_is_timed_again_only_where_the_run_may_be_long(rows, monkeypatch):
    asked = []

    def call(X):
        asked.append(len(X))
        return np.zeros(len(X))

    predictor, head = Predictor(call, "regression", None, "values"), rows[0].head(256)
    assert cost.time_of_row(predictor, head, seconds=0.0256, rows=99_000) == pytest.approx(1e-4)  # 9.9 s at most
    assert cost.time_of_row(predictor, head, seconds=2.56, rows=1_000_000) == pytest.approx(1e-2)  # slow for certain
    assert asked == []
    assert cost.time_of_row(predictor, head, seconds=0.0256, rows=101_000) < 1e-4
    assert asked == [256, 2048]


def test_the_slower_the_model_the_fewer_rows_at_a_time(rows):
    source = FrameSource(*rows)
    assert cost.rows_of_batch(source, 2) >= 5000
    assert cost.rows_of_batch(source, 2, row_seconds=0.001) == 2000  # ten seconds for five versions of each
    assert cost.rows_of_batch(source, 2, row_seconds=0.001, max_seconds=100) == 1000
    assert cost.rows_of_batch(source, 2, row_seconds=10.0) == 256
    assert cost.rows_of_call(0.001, rows=9000) is None
    assert cost.rows_of_call(0.001, rows=11_000) == 1000
    assert cost.rows_of_call(1.0, rows=11_000) == 256


def test_repeated_rows_are_looked_for_only_where_they_can_repeat(rows, monkeypatch):
    frame, target = rows
    hashed = []
    monkeypatch.setattr(plans, "repeats", lambda *given, **options: hashed.append(given) or pytest.fail("looked"))
    model = HistGradientBoostingClassifier(max_iter=5).fit(frame, target)
    ev.Suite([ev.Directional("c", by=0.5)]).run(model, frame, target, progress=False)
    coarse = frame.round(0)
    monkeypatch.setattr(plans, "repeats", lambda *given, **options: hashed.append(given) or original(*given, **options))
    report = ev.Suite([ev.Calibration()]).run(model, coarse, target, progress=False)
    assert hashed
    assert report.rows_predicted == len(coarse.drop_duplicates())


original = plans.repeats
