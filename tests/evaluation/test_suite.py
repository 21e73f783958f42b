"""A suite as a whole: any size of call, a stop on the way, what it shows while it runs, what it says beforehand."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from mlops_lab import evaluation as ev
from mlops_lab.evaluation import cost
from mlops_lab.evaluation import suite as suites
from mlops_lab.evaluation.report_json import to_json

README = Path(__file__).parents[2] / "README.md"
ROWS = 3500
RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "age": RANDOM.normal(40, 10, ROWS),
        "hours": RANDOM.integers(1, 60, ROWS),
        "job": pd.Categorical(RANDOM.choice(["cook", "driver", "clerk"], ROWS)),
    }
)
LABELS = (FRAME["age"] + RANDOM.normal(0, 8, ROWS) > 40).astype(int).to_numpy()
SUITE = ev.Suite(
    [
        ev.Perturbation(ev.noise("age", sd=0.2), max_drop=0.05, sweep=(0.1, 0.2)),
        ev.Perturbation(ev.missing("hours", rate=0.2), max_drop=0.05),
        ev.Invariance("job", max_change_rate=0.01),
        ev.Directional("age", by=2, expect="not_decrease", max_violation_rate=0.01),
        ev.Calibration(max_error=0.1),
        ev.Confidence(threshold=0.8, min_accuracy=0.8, min_coverage=0.1),
        ev.Slices("job", max_gap=0.1),
        ev.WeakSlices(max_gap=0.3),
    ]
)


def chance(frame: pd.DataFrame) -> np.ndarray:
    return 1 / (1 + np.exp((40 - frame["age"].to_numpy()) / 5))


@pytest.fixture
def many_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "BATCH_BYTES", 1)  # a thousand rows at a time


def numbers(report: ev.Report) -> dict[str, Any]:
    """Return what a report says, without when it was made and how long that took."""
    same = replace(report, created=datetime(2026, 1, 1), seconds=0.0, predict_seconds=0.0, rows_predicted=0)
    return json.loads(to_json(same))


@pytest.fixture(scope="module")
def whole() -> ev.Report:
    return SUITE.run(chance, FRAME, LABELS)


@pytest.mark.slow
@pytest.mark.parametrize("batch_rows", [97, 1000, 10**6])
def test_any_size_of_call_gives_the_same_report(batch_rows: int, whole: ev.Report) -> None:
    assert numbers(SUITE.run(chance, FRAME, LABELS, batch_rows=batch_rows)) == numbers(whole)


@pytest.mark.slow
def test_any_size_of_batch_gives_the_same_numbers(many_batches: None, whole: ev.Report) -> None:
    parts = SUITE.run(chance, FRAME, LABELS)
    for one, other in zip(parts.results, whole.results, strict=True):
        assert one.verdict == other.verdict
        assert [one.estimate, one.low, one.high] == pytest.approx([other.estimate, other.low, other.high], abs=1e-12)
    assert parts.data == whole.data


class Impatient:
    """Stands for someone who presses Ctrl-C while the model predicts."""

    def __init__(self, at: int) -> None:
        self.calls, self.at = 0, at

    def __call__(self, frame: pd.DataFrame) -> np.ndarray:
        self.calls += len(frame) > suites.PROBE_ROWS
        if self.calls == self.at:
            raise KeyboardInterrupt
        return chance(frame)


@pytest.mark.slow
def test_ctrl_c_leaves_what_was_seen_and_marks_it(many_batches: None, tmp_path: Path) -> None:
    suite = ev.Suite([ev.Slices("job", max_gap=0.2), ev.Calibration(max_error=0.2)])
    report = suite.run(Impatient(at=3), FRAME, LABELS)
    assert report.partial
    assert report.rows == 2000
    assert not report.passed
    first = suite.run(chance, FRAME[:2000], LABELS[:2000])
    assert [one.estimate for one in report.results] == pytest.approx([one.estimate for one in first.results], abs=1e-12)
    for shown in (str(report), report._repr_html_(), report.to_html(tmp_path / "report.html").read_text()):
        assert "stopped" in shown
    assert ev.Report.from_json(report.to_json(tmp_path / "report.json")).partial


def test_ctrl_c_leaves_what_was_seen_of_a_slow_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "STEP_SECONDS", 0.0)  # the slower the model, the fewer rows lie between two chances
    report = ev.Suite([ev.Calibration(max_error=0.2)]).run(Slow(at=3), FRAME, LABELS, progress=False)
    assert report.partial
    assert report.rows == 3 * suites.PROBE_ROWS


class Slow(Impatient):
    """Is asked for the first rows over and over before the run, to see how slow it is."""

    def __call__(self, frame: pd.DataFrame) -> np.ndarray:
        self.calls += frame.index[0] > 0
        if self.calls == self.at:
            raise KeyboardInterrupt
        return chance(frame)


def test_ctrl_c_before_the_first_batch_passes_nothing() -> None:
    report = ev.Suite([ev.Calibration(max_error=0.9)]).run(Impatient(at=1), FRAME, LABELS)
    assert report.partial
    assert report.verdict == "error"
    assert "No rows were seen" in report.results[0].explain()


def test_a_short_run_shows_no_bar(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suites, "SHOW_PROGRESS_AFTER", 60.0)  # this machine may be slow
    ev.Suite([ev.Calibration(max_error=0.9)]).run(chance, FRAME, LABELS)
    assert capfd.readouterr() == ("", "")


def test_a_long_run_shows_a_bar_where_it_does_no_harm(
    many_batches: None, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert suites.SHOW_PROGRESS_AFTER == 1.0
    monkeypatch.setattr(suites, "SHOW_PROGRESS_AFTER", 1e-9)
    monkeypatch.setattr(suites, "tqdm", functools.partial(suites.tqdm, mininterval=0))  # however fast the machine is
    ev.Suite([ev.Calibration(max_error=0.9)]).run(chance, FRAME, LABELS)
    out, err = capfd.readouterr()
    assert out == ""
    assert "3.50k" in err
    ev.Suite([ev.Calibration(max_error=0.9)]).run(chance, FRAME, LABELS, progress=False)
    assert capfd.readouterr() == ("", "")


TWICE = """
import numpy as np, pandas as pd
from mlops_lab import evaluation as ev
frame = pd.DataFrame({"x": np.linspace(0, 1, 300)})
for _ in range(2):
    report = ev.Suite([ev.Calibration(max_error=0.9)]).run(lambda frame: frame["x"], frame, np.arange(300) % 2)
    ev.Suite([ev.Calibration(max_error=0.9)]).estimate(lambda frame: frame["x"], frame, np.arange(300) % 2)
"""


@pytest.mark.slow
def test_too_many_threads_are_said_once() -> None:
    many = str(2 * (os.cpu_count() or 1))
    threads = os.environ | {"OMP_NUM_THREADS": many, "OPENBLAS_NUM_THREADS": many}
    run = subprocess.run([sys.executable, "-c", TWICE], capture_output=True, text=True, env=threads, check=True)
    assert len(re.findall(r"Numerical libraries start \d+ threads on \d+ cores", run.stderr)) == 1
    assert run.stdout == ""


@pytest.mark.slow
@pytest.mark.parametrize("rows", [300, 2000, ROWS])
def test_the_rows_of_an_estimate_are_those_of_the_run(rows: int) -> None:
    X, y = FRAME[:rows], LABELS[:rows]
    estimate = SUITE.estimate(chance, X, y)
    assert estimate.rows_to_predict == SUITE.run(chance, X, y).rows_predicted
    assert estimate.seconds > 0


ESTIMATORS: dict[str, Any] = {
    "boosting": HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype"),
    "a pipeline": make_pipeline(
        make_column_transformer((StandardScaler(), ["age", "hours"]), (OneHotEncoder(), ["job"])), LogisticRegression()
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ESTIMATORS)
def test_an_estimator_is_evaluated_as_it_is(name: str) -> None:
    model = ESTIMATORS[name].fit(FRAME, LABELS)
    suite = ev.Suite([*SUITE.checks[:1], *SUITE.checks[2:]])  # the scaler cannot pass gaps on
    report = suite.run(model, FRAME, LABELS)
    assert not [one.explain() for one in report.results if one.verdict == "error"]


@pytest.mark.slow
def test_single_precision_is_precise_enough() -> None:
    def single(frame: pd.DataFrame) -> np.ndarray:
        second = chance(frame).astype(np.float32)
        return np.column_stack([np.float32(1) - second, second])

    report = SUITE.run(single, FRAME, LABELS)
    assert [one.verdict for one in report.results] == [one.verdict for one in SUITE.run(chance, FRAME, LABELS).results]


def test_series_and_frames_are_answers() -> None:
    answers = [
        lambda frame: pd.Series(chance(frame), index=frame.index),
        lambda frame: pd.Series(chance(frame), dtype="Float64"),
        lambda frame: chance(frame).reshape(-1, 1),
        lambda frame: chance(frame).tolist(),
        lambda frame: np.column_stack([1 - chance(frame), chance(frame)]),
        lambda frame: pd.DataFrame({0: 1 - chance(frame), 1: chance(frame)}),
    ]
    suite = ev.Suite([ev.Calibration(max_error=0.1), ev.Slices("job", max_gap=0.1)])
    estimates = [[one.estimate for one in suite.run(answer, FRAME, LABELS).results] for answer in answers]
    assert estimates == [estimates[0]] * len(answers)


def test_a_classifier_without_probabilities_decides() -> None:
    model = LinearSVC().fit(FRAME[["age", "hours"]], LABELS)
    only = [ev.Perturbation(ev.noise("age", sd=0.2), max_drop=0.2), ev.WeakSlices(max_gap=0.4)]
    report = ev.Suite(only).run(model, FRAME[["age", "hours"]], LABELS)
    assert report.model["task"] == "classification"
    assert not [one.explain() for one in report.results if one.verdict == "error"]
    with pytest.raises(ev.NotApplicable, match="needs probabilities"):
        ev.Suite([ev.Calibration(max_error=0.1)]).run(model, FRAME[["age", "hours"]], LABELS)


@pytest.mark.slow
def test_a_model_of_values_is_evaluated_by_its_error() -> None:
    model = HistGradientBoostingRegressor(max_iter=5).fit(FRAME[["age", "hours"]], FRAME["age"] * 2)
    report = ev.Suite(
        [
            ev.Perturbation(ev.noise("age", sd=0.2), max_drop=10),
            ev.Directional("age", by=5, expect="not_decrease", max_violation_rate=0.1),
            ev.Slices("hours", max_gap=20),
        ]
    ).run(model, FRAME[["age", "hours"]], FRAME["age"] * 2)
    assert report.model["task"] == "regression"
    assert "mean_absolute_error" in report.table.loc[0, "metric"]
    assert report.passed


@pytest.mark.slow
def test_a_report_is_shown_without_running_anything(tmp_path: Path) -> None:
    armed = True

    def model(frame: pd.DataFrame) -> np.ndarray:
        assert armed, "the model was asked again"
        return chance(frame)

    report = SUITE.run(model, FRAME, LABELS)
    armed = False
    page = report.to_html(tmp_path / "report.html")
    assert len(page.read_bytes()) < 2**20
    assert report._repr_html_() == ev.Report.from_json(report.to_json(tmp_path / "report.json"))._repr_html_()
