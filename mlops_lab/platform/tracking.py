"""A place for MLflow to write to: quiet, apart from everybody else's, and the same each time it is asked for.

Without it MLflow writes ``mlflow.db`` and ``mlruns`` into whatever folder Python happens to run in. Where the user has
named a server in ``MLFLOW_TRACKING_URI``, that one is used, and the same code works.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_lab.errors import require
from mlops_lab.home import home
from mlops_lab.platform.errors import TrackingError
from mlops_lab.platform.server import SERVED, Server, running, start, stop

__all__ = ["Workspace", "workspace"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
DATABASE = "mlflow.db"
EMPTY = "empty.db"


@dataclass(frozen=True)
class Workspace:
    """An MLflow store of its own, made by `workspace`.

    Parameters
    ----------
    name : str
        Also the name of its experiment.
    uri : str
        Tracking address, also of the registry.
    folder : pathlib.Path or None
        Where its database and artifacts lie; None on a server of somebody else.
    """

    name: str
    uri: str
    folder: Path | None

    @property
    def remote(self) -> bool:
        """Whether it lies on a server that was not started here."""
        return self.folder is None

    @property
    def mlflow(self) -> Any:
        """The module ``mlflow``, pointed at this workspace."""
        self.use()
        return require("mlflow", extra="mlflow")

    @property
    def client(self) -> Any:
        """A client of this workspace, whatever Python's current one is."""
        mlflow = require("mlflow", extra="mlflow")
        return mlflow.MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    def use(self) -> Workspace:
        """Make it the one that MLflow writes to in this process.

        Returns
        -------
        Workspace
            Itself.

        Raises
        ------
        TrackingError
            Where its server does not answer.
        MissingExtraError
            Where MLflow is not installed.
        """
        from mlops_lab.evaluation.errors import EvaluationError
        from mlops_lab.evaluation.mlflow_models import QUIET
        from mlops_lab.evaluation.mlflow_stores import check_reachable

        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
        mlflow = require("mlflow", extra="mlflow")
        logging.getLogger("mlflow").setLevel(os.environ["MLFLOW_LOGGING_LEVEL"])  # it was perhaps imported before
        if self.folder is not None:
            prepare(self.folder)
        else:
            try:
                check_reachable(self.uri)
            except EvaluationError as error:
                raise TrackingError(str(error)) from error
        mlflow.set_tracking_uri(self.uri)
        mlflow.set_registry_uri(self.uri)
        if mlflow.get_experiment_by_name(self.name) is None:
            place = None if self.folder is None else (self.folder / "artifacts").as_uri()
            try:
                mlflow.create_experiment(self.name, artifact_location=place)
            except mlflow.exceptions.MlflowException as error:  # somebody else made it in this very moment
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
        mlflow.set_experiment(self.name)
        return self

    def server(self) -> Server:
        """Start ``mlflow server`` on this workspace, on a free port of this machine, unless it runs already.

        Returns
        -------
        Server
            With its address; it ends with this process, or with `Server.stop`.

        Raises
        ------
        TrackingError
            Where it does not come up; the sentence quotes its last line.
        """
        if self.folder is None:
            self.use()
            return Server(self.uri, None, None)
        prepare(self.folder)
        return running(self.folder) or start(self.folder, self.uri)

    def reset(self) -> Workspace:
        """Begin anew: stop the server, delete database and artifacts, and make them again.

        On a server of somebody else nothing is destroyed: the runs of this experiment are moved to MLflow's bin, and
        registered models stay.

        Returns
        -------
        Workspace
            Itself, empty and in use.
        """
        if self.folder is None:
            self.use()
            experiment = self.client.get_experiment_by_name(self.name)
            for run in self.client.search_runs([experiment.experiment_id], max_results=1000):
                self.client.delete_run(run.info.run_id)
            return self
        mlflow = require("mlflow", extra="mlflow")
        while mlflow.active_run() is not None:
            mlflow.end_run()
        stop(self.folder)
        prepare(self.folder)
        copy_database(self.folder / EMPTY, self.folder / DATABASE)
        for place in ("artifacts", SERVED):
            shutil.rmtree(self.folder / place, ignore_errors=True)
        return self.use()


def workspace(name: str, *, uri: str | None = None, folder: str | Path | None = None) -> Workspace:
    """Open a workspace, make it where there is none, and let MLflow write to it.

    Parameters
    ----------
    name : str
        Letters, digits, hyphens and underscores.
    uri : str, optional
        A tracking server to use instead; by default the one that ``MLFLOW_TRACKING_URI`` names, if that is a server.
    folder : path, optional
        Where to keep database and artifacts; by default in ``MLOPS_LAB_HOME``, else in the user's data directory.

    Returns
    -------
    Workspace
        In use.

    Raises
    ------
    TrackingError
        Where the name cannot be one, or the server does not answer.
    MissingExtraError
        Where MLflow is not installed.

    Examples
    --------
    >>> workspace("../income")
    Traceback (most recent call last):
    mlops_lab.platform.errors.TrackingError: '../income' cannot be the name of a workspace; use letters, digits, hyphens
    and underscores, such as 'income'.
    """
    if not NAME.fullmatch(name):
        raise TrackingError(
            f"{name!r} cannot be the name of a workspace; use letters, digits, hyphens and underscores, such as "
            "'income'."
        )
    named = uri or os.environ.get("MLFLOW_TRACKING_URI", "")
    if uri is not None or (folder is None and named.startswith(("http://", "https://", "databricks"))):
        return Workspace(name, named, None).use()
    place = Path(folder).expanduser() if folder is not None else home() / "mlflow" / name
    place = place.absolute()
    return Workspace(name, f"sqlite:///{place / DATABASE}", place).use()


def prepare(folder: Path) -> None:
    """Make the database of a workspace, unless it is there: a copy of an empty one, which takes MLflow seconds to make.

    The empty one is kept beside it, so that `Workspace.reset` can put it back under the open connections.
    """
    folder.mkdir(parents=True, exist_ok=True)
    empty, database = folder / EMPTY, folder / DATABASE
    if not empty.is_file():
        mlflow = require("mlflow", extra="mlflow")
        shared = home() / "mlflow" / f"empty-{mlflow.__version__}.db"
        if not shared.is_file():
            shared.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=shared.parent) as scratch:
                made = Path(scratch, DATABASE)
                mlflow.MlflowClient(f"sqlite:///{made}").search_experiments()
                copy_database(made, Path(scratch, EMPTY))
                os.replace(Path(scratch, EMPTY), shared)
        shutil.copyfile(shared, empty)
    if not database.is_file():
        copy_database(empty, database)


def copy_database(source: Path, target: Path) -> None:
    """Copy an SQLite database over another, whoever has it open."""
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
