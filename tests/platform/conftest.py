"""A workspace of MLflow with three logged models, shared by all tests of the platform; a real server where asked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlops_lab import evaluation as ev
from mlops_lab.platform import tracking
from mlops_lab.platform.server import Server

collect_ignore = ["promoter.py"]  # a program, which loads MLflow

ROWS = 900
FRAME = pd.DataFrame({"age": np.linspace(20, 60, ROWS), "hours": np.arange(ROWS) % 7 + 0.5})
NOISE = np.random.default_rng(0).normal(size=ROWS)
SCORE = FRAME["age"] + 2 * FRAME["hours"] + 3 * NOISE
TARGETS = {
    "two": np.where(SCORE > 47, "yes", "no"),
    "three": np.digitize(SCORE, [38, 55]),
    "value": SCORE.to_numpy(),
}
MODELS = {
    "two": make_pipeline(StandardScaler(), LogisticRegression()).fit(FRAME, TARGETS["two"]),
    "three": LogisticRegression(max_iter=500).fit(FRAME, TARGETS["three"]),
    "value": LinearRegression().fit(FRAME, TARGETS["value"]),
}
EASY = ev.Suite([ev.Perturbation(ev.noise("hours", sd=0.01), max_drop=0.2)])
HARD = ev.Suite([ev.Perturbation(ev.noise("age", sd=3.0), max_drop=0.001)])


@dataclass
class Place:
    """A workspace and what was logged to it."""

    workspace: tracking.Workspace
    logged: dict[str, Any] = field(default_factory=dict)
    frame: ClassVar[pd.DataFrame] = FRAME
    targets: ClassVar[dict[str, np.ndarray]] = TARGETS
    models: ClassVar[dict[str, Any]] = MODELS
    easy: ClassVar[ev.Suite] = EASY
    hard: ClassVar[ev.Suite] = HARD

    def register(self, name: str, *kinds: str) -> None:
        """Register models as versions 1, 2, … of a name."""
        client = self.workspace.client
        client.create_registered_model(name)
        for kind in kinds:
            info = self.logged[kind]
            client.create_model_version(name, f"models:/{info.model_id}", run_id=info.run_id, model_id=info.model_id)

    def aliases(self, name: str) -> dict[str, str]:
        return {key: str(value) for key, value in self.workspace.client.get_registered_model(name).aliases.items()}

    def evaluate(self, name: str, version: int, suite: ev.Suite = EASY, kind: str = "two") -> ev.Report:
        return suite.run(f"models:/{name}/{version}", FRAME, TARGETS[kind], progress=False)


def forget() -> None:
    """Leave no address behind for the next test."""
    import mlflow

    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_EXPERIMENT_ID"):
        os.environ.pop(name, None)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("platform")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        place = Place(tracking.workspace("gate", folder=folder / "gate"))
        mlflow = place.workspace.mlflow
        for kind, model in MODELS.items():
            with mlflow.start_run(run_name=kind):
                signature = mlflow.models.infer_signature(FRAME, TARGETS[kind])
                place.logged[kind] = mlflow.sklearn.log_model(
                    model, name="model", signature=signature, pip_requirements=[]
                )
        forget()
        yield place


@pytest.fixture
def place(shared: Place) -> Iterator[Place]:
    """Return the shared workspace, in use for one test."""
    shared.workspace.use()
    yield shared
    forget()


@pytest.fixture(scope="session")
def server(shared: Place) -> Iterator[Server]:
    """Return a real ``mlflow server`` on the shared workspace."""
    started = shared.workspace.server()
    yield started
    started.stop()
