import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from mlops_lab import evaluation as ev
from mlops_lab.errors import MissingExtraError
from mlops_lab.evaluation.mlflow_models import is_pyfunc, quietly

pytestmark = pytest.mark.slow

FRAME = pd.DataFrame({"age": np.linspace(20, 60, 300), "hours": np.arange(300.0) % 7, "job": ["cook", "driver"] * 150})
LABELS = np.where(FRAME["age"] + 3 * FRAME["hours"] > 50, "yes", "no")
NUMBERS = ["hours", "age"]  # not in the order of the data
SUITE = ev.Suite([ev.Perturbation(ev.noise("age", sd=0.1), max_drop=0.2), ev.Invariance("job", max_change_rate=0.01)])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Make a registry with one model, `income`: a version, an alias, and the run that logged it."""
    folder = tmp_path_factory.mktemp("mlflow")
    with quietly(), pytest.MonkeyPatch.context() as patch:
        import mlflow

        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
        mlflow.create_experiment("income", artifact_location=str(folder / "artifacts"))
        mlflow.set_experiment("income")
        model = LogisticRegression().fit(FRAME[NUMBERS], LABELS)
        signature = mlflow.models.infer_signature(FRAME[NUMBERS], LABELS)
        with mlflow.start_run(run_name="first") as run:
            info = mlflow.sklearn.log_model(
                model, name="model", signature=signature, registered_model_name="income", pip_requirements=[]
            )
        mlflow.MlflowClient().set_registered_model_alias("income", "champion", "1")
        yield {"model": model, "run": run.info.run_id, "id": info.model_id, "folder": folder}


@pytest.mark.parametrize(
    "address", ["models:/income@champion", "models:/income/1", "runs:/{run}/model", "models:/{id}"]
)
def test_a_registered_model_is_evaluated_by_its_address(store: dict[str, Any], address: str) -> None:
    report = SUITE.run(address.format(**store), FRAME, LABELS)
    bare = SUITE.run(lambda frame: store["model"].predict_proba(frame[NUMBERS]), FRAME, LABELS)
    assert [result.estimate for result in report.results] == [result.estimate for result in bare.results]
    assert "MLflow model" in report.model["description"]
    assert "does not name job" in " ".join(report.notes)


def test_a_pyfunc_model_gives_its_probabilities(store: dict[str, Any]) -> None:
    import mlflow

    pyfunc = mlflow.pyfunc.load_model("models:/income@champion")
    assert is_pyfunc(pyfunc)
    report = ev.Suite([ev.Calibration(max_error=0.5)]).run(pyfunc, FRAME, LABELS)
    assert report.results[0].verdict != "error"


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("models:/incom@champion", "has no model 'incom'; the nearest is 'income'"),
        ("models:/income@chempion", "'income' has no alias 'chempion'; the nearest is 'champion'"),
        ("models:/income/7", "'income' has no version '7'; there is 1"),
        ("models:/income", "names no version"),
        ("models:/m-0123", "no logged model 'm-0123'"),
        ("runs:/{run}/modl", "has no model 'modl'; the nearest is 'model'"),
        ("runs:/first/model", "'first' is the name of a run; write its id: runs:/{run}/model"),
        ("runs:/0123456789/model", "There is no run '0123456789'"),
    ],
)
def test_an_unknown_address_is_answered_with_the_nearest(store: dict[str, Any], address: str, sentence: str) -> None:
    with pytest.raises(ev.EvaluationError, match=sentence.format(**store)):
        ev.load_model(address.format(**store))


def test_data_that_do_not_fit_the_signature_are_listed_in_one_sentence(store: dict[str, Any]) -> None:
    frame = FRAME.drop(columns="age").assign(hours=FRAME["hours"].astype(str), city="Trier")
    with pytest.raises(ev.EvaluationError, match="does not fit the model's signature") as caught:
        SUITE.run("models:/income/1", frame, LABELS)
    sentence = str(caught.value)
    assert "missing: age" in sentence
    assert "of another type: hours" in sentence
    assert "not asked for: job, city" in sentence


def test_a_store_that_is_not_there_is_not_made(
    store: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'other.db'}")
    with pytest.raises(ev.EvaluationError, match=r"is not there; set MLFLOW_TRACKING_URI"):
        ev.load_model("models:/income/1")
    assert not list(tmp_path.iterdir())


def test_a_server_that_does_not_answer_is_said_at_once(store: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://ada:secret@127.0.0.1:{port}")
    with pytest.raises(ev.EvaluationError, match=f"'http://127.0.0.1:{port}' does not answer") as caught:
        ev.load_model("models:/income/1")
    assert "secret" not in str(caught.value)


def test_a_model_of_ones_own_without_probabilities_answers_labels(store: dict[str, Any]) -> None:
    import mlflow

    class Own(mlflow.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> np.ndarray:
            return np.where(model_input["age"] > 40, "yes", "no")

    path = store["folder"] / "own"
    mlflow.pyfunc.save_model(path, python_model=Own(), pip_requirements=[])
    report = ev.Suite([ev.Slices("job", max_gap=0.5)]).run(str(path), FRAME, LABELS)
    assert report.passed
    with pytest.raises(ev.NotApplicable, match="needs probabilities"):
        ev.Suite([ev.Calibration(max_error=0.1)]).run(str(path), FRAME, LABELS)


def test_a_model_of_values_is_regression(store: dict[str, Any]) -> None:
    import mlflow

    path = store["folder"] / "values"
    fitted = LinearRegression().fit(FRAME[NUMBERS], FRAME["age"])
    signature = mlflow.models.infer_signature(FRAME[NUMBERS])
    mlflow.sklearn.save_model(fitted, path, signature=signature, pip_requirements=[])
    report = ev.Suite([ev.Slices("job", max_gap=1)]).run(mlflow.pyfunc.load_model(str(path)), FRAME, FRAME["age"])
    assert report.passed
    assert report.model["task"] == "regression"


def test_without_mlflow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mlops-lab\[mlflow\]'"):
        ev.load_model("models:/income/1")


def test_the_environment_is_left_as_it_was(store: dict[str, Any]) -> None:
    before = dict(os.environ)
    ev.load_model("models:/income/1")
    assert dict(os.environ) == before
