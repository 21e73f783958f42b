"""One task of one peer, on the rows and the model of every other: python tasks.py PEER, in the peer's environment.

Prints one line of JSON: what was done, seconds, seconds of the bare prediction, and megabytes above data and model.
Nothing of mlops_lab is imported, so that each peer stands alone.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

ROWS = 20_000
NUMBERS = [f"x{place}" for place in range(20)]


def table() -> tuple[pd.DataFrame, np.ndarray]:
    """Make the rows of benchmarks/evaluation.py, the ten levels as whole numbers, which every peer takes."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(ROWS, 20)), columns=NUMBERS)
    frame["group"] = rng.integers(0, 10, ROWS)
    chance = 1 / (1 + np.exp(-frame["x0"] - frame["x1"] * frame["x2"]))
    return frame, (rng.random(ROWS) < chance).to_numpy().astype(int)


def giskard(model: Any, frame: pd.DataFrame, target: np.ndarray) -> tuple[str, Callable[[], object]]:
    import giskard

    data = giskard.Dataset(frame.assign(target=target), target="target", cat_columns=["group"])
    wrapped = giskard.Model(
        model.predict_proba, model_type="classification", classification_labels=[0, 1], feature_names=list(frame)
    )
    return "scan for performance bias", lambda: giskard.scan(wrapped, data, only="performance", verbose=False)


def sliceline(model: Any, frame: pd.DataFrame, target: np.ndarray) -> tuple[str, Callable[[], object]]:
    from sliceline.slicefinder import Slicefinder

    def find() -> object:
        errors = (model.predict(frame) != target).astype(float)
        binned = frame.assign(**{name: pd.qcut(frame[name], 5, labels=False) for name in NUMBERS}) + 1
        return Slicefinder(k=20, max_l=2, min_sup=20, verbose=False).fit(binned.to_numpy(), errors)

    return "weak slices, depth 2", find


def fairlearn(model: Any, frame: pd.DataFrame, target: np.ndarray) -> tuple[str, Callable[[], object]]:
    from fairlearn.metrics import MetricFrame
    from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

    metrics = {"accuracy": accuracy_score, "precision": precision_score, "recall": recall_score, "f1": f1_score}

    def compare() -> object:
        return MetricFrame(
            metrics=metrics,
            y_true=target,
            y_pred=model.predict(frame),
            sensitive_features=frame["group"],
            n_boot=100,
            ci_quantiles=[0.025, 0.975],
            random_state=0,
        )

    return "10 groups × 4 metrics, 100 bootstraps", compare


def evidently(model: Any, frame: pd.DataFrame, target: np.ndarray) -> tuple[str, Callable[[], object]]:
    from evidently import BinaryClassification, DataDefinition, Dataset, Report
    from evidently.presets import ClassificationPreset

    definition = DataDefinition(
        classification=[BinaryClassification(target="target", prediction_labels="decided", prediction_probas="score")]
    )

    def evaluate() -> object:
        score = model.predict_proba(frame)[:, 1]
        told = frame.assign(target=target, score=score, decided=(score > 0.5).astype(int))
        return Report([ClassificationPreset()]).run(Dataset.from_pandas(told, data_definition=definition), None).dict()

    return "classification report", evaluate


def deepchecks(model: Any, frame: pd.DataFrame, target: np.ndarray) -> tuple[str, Callable[[], object]]:
    from deepchecks.tabular import Dataset
    from deepchecks.tabular.checks import WeakSegmentsPerformance

    data = Dataset(frame.assign(target=target), label="target", cat_features=["group"])
    return "weak segments", lambda: WeakSegmentsPerformance().run(data, model)


def mlflow(model: Any, frame: pd.DataFrame, target: np.ndarray) -> tuple[str, Callable[[], object]]:
    import mlflow

    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    with mlflow.start_run():
        uri = mlflow.sklearn.log_model(model, name="model", serialization_format="cloudpickle").model_uri

    def evaluate() -> object:
        with mlflow.start_run():
            return mlflow.models.evaluate(
                uri, frame.assign(target=target), targets="target", model_type="classifier", evaluators="default"
            )

    return "evaluate, logged model", evaluate


def peak_megabytes() -> float:
    """Return the most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def main() -> None:
    """Run the task once and the bare prediction five times."""
    frame, target = table()
    model = HistGradientBoostingClassifier(random_state=0).fit(frame, target)
    task, job = globals()[sys.argv[1]](model, frame, target)
    bare = []
    for _ in range(5):
        began = time.perf_counter()
        model.predict_proba(frame)
        bare.append(time.perf_counter() - began)
    before, began = peak_megabytes(), time.perf_counter()
    job()
    seconds = time.perf_counter() - began
    print(json.dumps({"task": task, "seconds": seconds, "bare": min(bare), "megabytes": peak_megabytes() - before}))


if __name__ == "__main__":
    main()
