"""One suite in all seven forms, on three models: every number and every verdict is the same.

Row groups and partitions add numbers up in another order than a frame in one piece, so they agree to 1e-9. Where the
order is the same, every bit is: MLflow with the frame, command line and pytest with the file, a run that was killed
with one that was not.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from mlops_lab import evaluation as ev
from mlops_lab.cli import main
from mlops_lab.pytest_plugin import REPORTS

pytestmark = pytest.mark.slow

ROWS = 4000
NUMBERS = ("estimate", "low", "high", "tolerance", "p_fail", "rows", "rows_needed")
KILLED_AT = 2  # batches


def people() -> pd.DataFrame:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": random.uniform(18, 90, ROWS).round(1),
            "pay": random.gamma(2, 20, ROWS).round(3),
            "job": random.choice(["cook", "nurse", "pilot"], ROWS),
            "city": random.choice(["Rosario", "Salta"], ROWS),
        }
    )
    pull = (frame["age"] - 50) / 12 + np.sin(frame["pay"] / 9) + (frame["job"] == "cook")
    frame["late"] = (random.random(ROWS) < 1 / (1 + np.exp(-pull))).astype(int)
    frame["minutes"] = 30 + 6 * pull + random.normal(0, 5, ROWS)
    return frame


def pipeline(model: Any) -> Any:
    columns = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["job", "city"]), (StandardScaler(), ["age", "pay"])
    )
    return make_pipeline(columns, model)


DECISIONS = [
    ev.Perturbation(ev.noise("pay", sd=0.3), metric="roc_auc", sweep=(0.1,), max_drop=0.01),
    ev.Perturbation(ev.missing("job", rate=0.1), name="gaps"),  # unknown to the encoder: an error in every form
    ev.Perturbation(ev.correlated_noise(["age", "pay"], sd=0.2), metric="log_loss", max_drop=0.02),
    ev.Invariance("city"),
    ev.Directional("age", by=5),
    ev.Calibration(max_error=0.05),
    ev.Confidence(0.8, min_accuracy=0.97, min_coverage=0.3),
    ev.Slices(["city", "job"], max_gap=0.1, metric="f1", against="rest"),
    ev.Slices("city", max_gap=0.1, metric="roc_auc", against="rest", name="ranked"),
    ev.WeakSlices(max_gap=0.2),
]
VALUES = [
    ev.Perturbation(ev.noise("pay", sd=0.3), metric="root_mean_squared_error", max_drop=0.5),
    ev.Perturbation(ev.correlated_noise(["age", "pay"], sd=0.2), metric="r2", max_drop=0.02),
    ev.Invariance("city", atol=0.5),
    ev.Directional("age", by=5),
    ev.Slices(["city", "job"], max_gap=0.5),
    ev.WeakSlices(max_gap=2.0),
]
FITTED: dict[str, tuple[Any, str, list[Any]]] = {
    "logistic": (LogisticRegression(), "late", DECISIONS),
    "boosting": (HistGradientBoostingClassifier(max_iter=10, random_state=0), "late", DECISIONS),
    "forest": (RandomForestRegressor(10, min_samples_leaf=10, random_state=0), "minutes", VALUES),
}


@dataclass(frozen=True)
class Case:
    """A fitted model and the suite for it, with everything that a form may ask for in one folder."""

    name: str
    folder: Path
    model: Any
    target: str
    suite: ev.Suite

    @classmethod
    def made(cls, name: str, folder: Path) -> Case:
        bare, target, checks = FITTED[name]
        frame = people().drop(columns="minutes" if target == "late" else "late")
        model = pipeline(bare).fit(frame.drop(columns=target), frame[target])
        case = cls(name, folder, model, target, ev.Suite(checks, seed=3))
        frame.to_parquet(case.data, row_group_size=1300)
        joblib.dump(model, folder / "model.joblib")
        path = case.suite.to_yaml(folder / "people.suite.yaml")
        path.write_text(path.read_text() + f"model: model.joblib\ndata: people.parquet\ntarget: {target}\n")
        return case

    @property
    def data(self) -> Path:
        return self.folder / "people.parquet"

    @cached_property
    def frame(self) -> pd.DataFrame:
        return pd.read_parquet(self.data)

    @cached_property
    def from_file(self) -> ev.Report:
        return self.suite.run(self.model, self.data, self.target, progress=False)

    @cached_property
    def alone(self) -> ev.Report:
        return self.suite.run(self.model, self.frame, self.target, progress=False)


@pytest.fixture(scope="module", params=list(FITTED))
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case.made(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    options = {"processes": True, "n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster, set_as_default=False) as client:
        yield client


def largest_difference(first: ev.Report, second: ev.Report) -> float:
    """Return the largest difference of any number, as a share of it; whatever is no number must be equal."""
    assert second.data == first.data
    assert second.model["digest"] == first.model["digest"]
    assert (second.rows, second.rows_predicted) == (first.rows, first.rows_predicted)
    assert [one.name for one in second] == [one.name for one in first]
    assert [one.verdict for one in second] == [one.verdict for one in first]
    differences = [0.0]
    for one, other in zip(first, second, strict=True):
        pairs = [(getattr(one, name), getattr(other, name)) for name in NUMBERS]
        assert list(other.details) == list(one.details)
        assert len(other.details) == len(one.details)
        for column in one.details:
            pairs += zip(one.details[column].tolist(), other.details[column].tolist(), strict=True)
        differences += [difference(a, b) for a, b in pairs]
    return max(differences)


def difference(a: Any, b: Any) -> float:
    if not isinstance(a, (int, float)):
        assert a == b
        return 0.0
    if a == b or (math.isnan(a) and math.isnan(b)):
        return 0.0
    return abs(a - b) / max(abs(a), abs(b), 1e-3)


KILLED = """
import os, signal
import joblib, pandas as pd
from mlops_lab import evaluation as ev
from mlops_lab.evaluation import checkpoint, cost
cost.BATCH_BYTES, cost.STEP_SECONDS = 1, float("inf")
calls, keep = [], checkpoint.Checkpoint.keep
def keep_and_die(self, seen):
    keep(self, seen)
    calls.append(1)
    if len(calls) == {saves}:
        os.kill(os.getpid(), signal.SIGKILL)
checkpoint.Checkpoint.keep = keep_and_die
ev.Suite.from_yaml("people.suite.yaml").run(
    joblib.load("model.joblib"), "people.parquet", {target!r}, progress=False, checkpoint="state"
)
"""


def as_files(case: Case, request: pytest.FixtureRequest) -> ev.Report:
    request.getfixturevalue("monkeypatch").setattr("mlops_lab.evaluation.cost.BATCH_BYTES", 1)
    return case.suite.run(case.model, case.data, case.target, progress=False)


def resumed(case: Case, request: pytest.FixtureRequest) -> ev.Report:
    """Return the report of a run that the system killed, and that went on in this process."""
    script = KILLED.format(saves=KILLED_AT, target=case.target)
    killed = subprocess.run([sys.executable, "-c", script], cwd=case.folder, capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr
    patch, state = request.getfixturevalue("monkeypatch"), case.folder / "state"
    patch.setattr("mlops_lab.evaluation.cost.BATCH_BYTES", 1)
    patch.setattr("mlops_lab.evaluation.cost.STEP_SECONDS", math.inf)
    assert state.exists()
    report = case.suite.run(case.model, case.data, case.target, progress=False, checkpoint=state)
    whole = case.suite.run(case.model, case.data, case.target, progress=False)
    assert largest_difference(whole, report) == 0
    return report


def on_dask(case: Case, request: pytest.FixtureRequest) -> ev.Report:
    dd, client = pytest.importorskip("dask.dataframe"), request.getfixturevalue("client")
    data = dd.from_pandas(case.frame, npartitions=5)
    return case.suite.run(case.model, data, case.target, client=client, progress=False)


def by_command(case: Case, request: pytest.FixtureRequest) -> ev.Report:
    request.getfixturevalue("monkeypatch").chdir(case.folder)
    request.getfixturevalue("monkeypatch").delenv("GITHUB_STEP_SUMMARY", raising=False)
    said = CliRunner().invoke(main, ["evaluate", "people.suite.yaml", "--trust-pickle", "--json", "command.json"])
    codes = {"pass": 0, "fail": 1, "error": 2, "inconclusive": 3}
    assert said.exit_code == codes[case.alone.verdict], said.output
    report = ev.Report.from_json(case.folder / "command.json")
    assert largest_difference(case.from_file, report) == 0
    return report


class Kept:
    """Keeps the report of the plugin, and how each test ended."""

    def __init__(self) -> None:
        self.passed: dict[str, bool] = {}
        self.reports: list[Any] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self.passed[report.nodeid.rsplit("::")[-1]] = report.passed

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self.reports = list(session.config.stash.get(REPORTS, {}).values())


def by_pytest(case: Case, request: pytest.FixtureRequest) -> ev.Report:
    request.getfixturevalue("monkeypatch").chdir(case.folder)
    (case.folder / "pytest.ini").write_text("[pytest]\nmlops_lab_trust_pickle = true\n")
    kept = Kept()
    pytest.main(["-q", "-p", "no:cacheprovider", "-c", "pytest.ini", "--rootdir", "."], [kept])
    assert kept.passed == {one.name: one.verdict == "pass" for one in case.alone}
    (report,) = kept.reports
    assert largest_difference(case.from_file, report) == 0
    return report


def by_mlflow(case: Case, request: pytest.FixtureRequest) -> ev.Report:
    pytest.importorskip("mlflow")
    from mlops_lab.platform import tracking

    place = tracking.workspace("same", folder=case.folder / "mlflow")
    place.use()
    mlflow = place.mlflow
    try:
        rows = case.frame.drop(columns=case.target)
        with mlflow.start_run():
            signature = mlflow.models.infer_signature(rows, case.frame[case.target])
            # MLflow's default format, skops, refuses this model's own types unless each of them is named
            logged = mlflow.sklearn.log_model(
                case.model, name="model", signature=signature, pip_requirements=[], serialization_format="cloudpickle"
            )
        result = mlflow.models.evaluate(
            f"models:/{logged.model_id}",
            case.frame,
            targets=case.target,
            model_type="classifier" if case.target == "late" else "regressor",
            evaluators="mlops_lab",
            evaluator_config={"suite": case.suite},
        )
    finally:
        mlflow.set_tracking_uri(None)
        mlflow.set_registry_uri(None)
        for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_EXPERIMENT_ID"):
            os.environ.pop(name, None)  # set by MLflow itself; a patch would bring it back for the next test
    return result.artifacts["report.json"].content


FORMS: list[tuple[Callable[[Case, pytest.FixtureRequest], ev.Report], float]] = [
    (as_files, 1e-9),
    (resumed, 1e-9),
    (on_dask, 1e-9),
    (by_command, 1e-9),
    (by_pytest, 1e-9),
    (by_mlflow, 0.0),
]


@pytest.mark.parametrize(("form", "within"), FORMS, ids=[form.__name__ for form, _ in FORMS])
def test_every_form_gives_the_numbers_of_a_frame(case, request, form, within):
    found = largest_difference(case.alone, form(case, request))
    print(f"{case.name}, {form.__name__}: largest difference {found:.1e}")  # pytest -rP shows it
    assert found <= within


def test_the_suites_give_verdicts_of_several_kinds(case):
    assert {"pass", "fail"} <= {one.verdict for one in case.alone}


def test_a_difference_is_seen(case):
    other = ev.Suite(case.suite.checks, seed=4).run(case.model, case.frame, case.target, progress=False)
    with pytest.raises(AssertionError):
        assert largest_difference(case.alone, other) <= 1e-9
