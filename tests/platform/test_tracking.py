from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from mlops_lab.errors import MissingExtraError
from mlops_lab.platform import tracking
from mlops_lab.platform.errors import TrackingError
from mlops_lab.platform.server import Server, healthy

pytestmark = pytest.mark.slow


def note(workspace: tracking.Workspace) -> str:
    with workspace.mlflow.start_run(run_name="note") as run:
        workspace.mlflow.log_metric("age", 31)
        workspace.mlflow.log_text("hello", "note.txt")
    return str(run.info.run_id)


def test_a_workspace_keeps_to_itself(
    place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    one, other = (tracking.workspace(name, folder=tmp_path / name) for name in ("one", "other"))
    run = note(one)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "home") == ["one", "other"]
    assert one.client.get_run(run).data.metrics == {"age": 31}
    other.use()
    assert other.client.search_runs([other.mlflow.get_experiment_by_name("other").experiment_id]) == []
    assert tracking.workspace("one", folder=tmp_path / "one").client.get_run(run).data.metrics == {"age": 31}
    assert capfd.readouterr() == ("", "")


def test_it_lies_in_the_home_by_default(place: Any, home: Path) -> None:
    os.environ.pop("MLFLOW_TRACKING_URI")
    assert tracking.workspace("mine").folder == home / "mlflow" / "mine"
    assert tracking.workspace("yours").folder == home / "mlflow" / "yours"  # the address of the first is no server


def test_reset_empties_it_under_open_connections(place: Any, tmp_path: Path) -> None:
    workspace = tracking.workspace("fresh", folder=tmp_path / "fresh")
    run = note(workspace)
    workspace.client.create_registered_model("income")
    workspace.mlflow.start_run()  # left open, as by a cell that raised
    workspace.reset()
    assert workspace.client.search_registered_models() == []
    with pytest.raises(workspace.mlflow.exceptions.MlflowException):
        workspace.client.get_run(run)
    assert not list((tmp_path / "fresh").rglob("note.txt"))
    again = note(workspace)
    assert workspace.client.get_run(again).data.metrics == {"age": 31}


@pytest.mark.slow
def test_a_server_is_started_once_and_used_unchanged_as_a_remote_one(
    place: Any, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert healthy(server.url)
    assert place.workspace.server() == server
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    remote = tracking.workspace("from_afar")
    assert remote.remote
    assert remote.server().url == server.url
    run = note(remote)
    assert place.workspace.client.get_run(run).data.metrics == {"age": 31}
    remote.reset()
    assert place.workspace.client.get_run(run).info.lifecycle_stage == "deleted"
    assert healthy(server.url)


@pytest.mark.slow
def test_a_server_that_cannot_start_says_why(place: Any, tmp_path: Path) -> None:
    workspace = tracking.workspace("broken", folder=tmp_path / "broken")
    (tmp_path / "broken" / "mlflow.db").write_bytes(b"no database" * 100)
    with pytest.raises(TrackingError, match=r"did not come up \(.+\); its whole output is in '.*server.log'"):
        workspace.server()


def test_a_server_that_does_not_answer_is_one_sentence() -> None:
    with pytest.raises(TrackingError, match=r"'http://127.0.0.1:9' does not answer"):
        tracking.workspace("gone", uri="http://127.0.0.1:9")


def test_without_mlflow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mlops-lab\[mlflow\]'"):
        tracking.workspace("any", folder=tmp_path)
