"""Models that MLflow keeps: loaded by their address, checked against the data, asked for probabilities where they can.

MLflow hands every model out as a ``PyFuncModel``, whose ``predict`` gives labels only. What it wraps often knows
probabilities; then that is asked, with the columns that the model's signature names, in their order.
"""

from __future__ import annotations

import os
import re
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.errors import nearest, require, shorten
from mlops_lab.evaluation.data import column_kind
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.mlflow_stores import check_reachable, refusal, shown
from mlops_lab.i18n import gettext as _

__all__ = ["MlflowClassifier", "MlflowModel", "is_pyfunc", "load_from_mlflow", "wrap_pyfunc"]

REGISTERED = re.compile(r"models:/+([^/@]+)(?:@([^/@]+)|/([^/@]+))?/?")
OF_A_RUN = re.compile(r"runs:/+([^/]+)(?:/(.+))?")
QUIET = {  # for the time of loading, where the user has not set them
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}
KINDS = {  # MLflow's types, and the columns of a frame that fit
    "integer": ("integer",),
    "long": ("integer",),
    "float": ("integer", "real"),
    "double": ("integer", "real"),
    "string": ("text", "category"),
    "boolean": ("boolean",),
    "datetime": ("datetime",),
}


class MlflowModel:
    """An MLflow model, given only the columns that its signature names.

    Parameters
    ----------
    pyfunc : mlflow.pyfunc.PyFuncModel
        The model.
    """

    def __init__(self, pyfunc: Any) -> None:
        self.pyfunc = pyfunc
        self.columns = signature_of(pyfunc)

    @property
    def description(self) -> str:
        """What it is, for the report."""
        flavors = [name for name in self.pyfunc.metadata.flavors if name != "python_function"]
        return f"MLflow model {self.pyfunc.metadata.model_uuid or ''} ({', '.join(flavors) or 'python_function'})"

    @property
    def origin(self) -> dict[str, str]:
        """By which ids MLflow knows it: its own, that of the logged model and of the run, where it has them."""
        names = ("model_uuid", "model_id", "run_id")
        found = {name: getattr(self.pyfunc.metadata, name, None) for name in names}
        return {name: str(value) for name, value in found.items() if value}

    def __call__(self, frame: pd.DataFrame) -> np.ndarray:
        """Return what the model's own ``predict`` says.

        Parameters
        ----------
        frame : DataFrame of shape (rows, columns)
            The rows.

        Returns
        -------
        ndarray of shape (rows,) or (rows, classes)
            Labels, values or probabilities.
        """
        return np.asarray(self.pyfunc.predict(self.chosen(frame)))

    def chosen(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the columns that the signature names, in its order."""
        names = [name for name in self.columns if name in frame.columns]
        return frame[names] if names and names != list(frame.columns) else frame

    def check(self, frame: pd.DataFrame) -> tuple[str, ...]:
        """Compare the model's signature with the columns of the data.

        Parameters
        ----------
        frame : DataFrame
            Some rows.

        Returns
        -------
        tuple of str
            What the report must say: columns that the model is not given.

        Raises
        ------
        EvaluationError
            Where columns are missing or of another type; the sentence names each, and those that are too many.
        """
        missing = [name for name, (__, required) in self.columns.items() if required and name not in frame.columns]
        extra = [str(name) for name in frame.columns if name not in self.columns] if self.columns else []
        retyped = [
            f"{name} ({frame[name].dtype} for {kind})"
            for name, (kind, __) in self.columns.items()
            if name in frame.columns and column_kind(frame[name].dtype) not in KINDS.get(kind, ("other",))
        ]
        if missing or retyped:
            faults = {_("missing"): missing, _("of another type"): retyped, _("not asked for"): extra}
            listed = "; ".join(f"{fault}: {shorten(names, 20)}" for fault, names in faults.items() if names)
            raise EvaluationError(
                f"The data does not fit the model's signature ({listed}); pass the columns that it was logged with."
            )
        if not extra:
            return ()
        return (
            _("The model's signature does not name {columns}; the model was not given them.").format(
                columns=shorten(extra)
            ),
        )


class MlflowClassifier(MlflowModel):
    """An MLflow model around a classifier that knows probabilities.

    Parameters
    ----------
    pyfunc : mlflow.pyfunc.PyFuncModel
        The model.
    classifier : estimator
        What it wraps.
    """

    def __init__(self, pyfunc: Any, classifier: Any) -> None:
        super().__init__(pyfunc)
        self.classifier = classifier
        if hasattr(classifier, "classes_"):
            self.classes_ = classifier.classes_

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        frame : DataFrame of shape (rows, columns)
            The rows.

        Returns
        -------
        ndarray of shape (rows, classes)
            Probabilities.
        """
        return self.classifier.predict_proba(self.chosen(frame))

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the class of each row.

        Parameters
        ----------
        frame : DataFrame of shape (rows, columns)
            The rows.

        Returns
        -------
        ndarray of shape (rows,)
            Labels.
        """
        return self.classifier.predict(self.chosen(frame))


def is_pyfunc(model: Any) -> bool:
    """Whether something is MLflow's wrapper of a model; imports nothing."""
    return any(f"{one.__module__}.{one.__name__}" == "mlflow.pyfunc.PyFuncModel" for one in type(model).__mro__)


def wrap_pyfunc(pyfunc: Any) -> MlflowModel:
    """Look for probabilities behind MLflow's wrapper.

    Parameters
    ----------
    pyfunc : mlflow.pyfunc.PyFuncModel
        The model.

    Returns
    -------
    MlflowModel
        With ``predict_proba`` where the model has it.
    """
    raw: Any = None
    with suppress(NotImplementedError):
        raw = pyfunc.get_raw_model()
    if hasattr(raw, "predict_proba") and hasattr(raw, "classes_"):
        return MlflowClassifier(pyfunc, raw)
    return MlflowModel(pyfunc)


def signature_of(pyfunc: Any) -> dict[str, tuple[str, bool]]:
    """Return type and whether it is required of each column that a model was logged with; none without a signature."""
    schema = pyfunc.metadata.get_input_schema()
    if schema is None or schema.is_tensor_spec() or not schema.has_input_names():
        return {}
    return {column.name: (str(column.type).removeprefix("DataType."), column.required) for column in schema.inputs}


def load_from_mlflow(address: str) -> MlflowModel:
    """Load a model that MLflow keeps.

    Parameters
    ----------
    address : str
        ``models:/name@alias``, ``models:/name/version``, ``runs:/run/path``, a folder, or where artifacts lie.

    Returns
    -------
    MlflowModel
        The model.

    Raises
    ------
    EvaluationError
        Where there is no such model, with the nearest that exist, or its store cannot be reached.
    MissingExtraError
        Where MLflow is not installed.
    """
    is_kept = address.startswith(("models:", "runs:"))
    asked: set[str] = set()
    if is_kept and "mlflow" not in sys.modules:  # to import it takes longer than a server takes to answer
        named = {os.environ.get(name, "") for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")}
        asked = {store for store in named if store.startswith("http")}
        for store in asked:
            check_reachable(store)
    with quietly():
        mlflow = require("mlflow", extra="mlflow")
        if is_kept:
            for store in {mlflow.get_tracking_uri(), mlflow.get_registry_uri()} - asked:
                check_reachable(store)
        try:
            return wrap_pyfunc(require("mlflow.pyfunc", extra="mlflow").load_model(address))
        except ImportError as error:
            raise EvaluationError(
                f"Loading the MLflow model {address!r} needs {error.name!r}, which is not installed; install it first."
            ) from error
        except Exception as error:  # MLflow's own, and whatever the model's library raises
            raise EvaluationError(what_is_wrong(address, error, mlflow)) from error


@contextmanager
def quietly() -> Iterator[None]:
    """Let MLflow neither call home nor draw bars, and give up soon; what the user has set stays."""
    added = [name for name in QUIET if name not in os.environ]
    os.environ.update({name: QUIET[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def what_is_wrong(address: str, error: Exception, mlflow: Any) -> str:
    """Say why a model cannot be loaded, and which exist that come near."""
    said = str(error)
    for store in (mlflow.get_tracking_uri(), mlflow.get_registry_uri()):
        if refused := refusal(store, said):
            return refused
    sentence: str | None = None
    with suppress(Exception):  # what asks the store again must not hide the first error
        client = mlflow.MlflowClient()
        if named := REGISTERED.fullmatch(address):
            sentence = not_registered(client, shown(mlflow.get_registry_uri()), *named.groups())
        elif named := OF_A_RUN.fullmatch(address):
            sentence = not_in_run(client, shown(mlflow.get_tracking_uri()), *named.groups())
    said = textwrap.shorten(said, 300, placeholder=" …")
    return sentence or f"The MLflow model {address!r} cannot be loaded ({type(error).__name__}: {said.rstrip('.')})."


def not_registered(client: Any, store: str, name: str, alias: str | None, version: str | None) -> str | None:
    """Say which part of the address of a registered model does not exist."""
    if name.startswith("m-") and alias is None and version is None:
        return f"There is no logged model {name!r} in {store}."
    known = [model.name for model in client.search_registered_models(max_results=1000)]
    if name not in known:
        return f"The registry {store} has no model {name!r}; {closest(name, known)}."
    versions = sorted((one.version for one in client.search_model_versions(f"name='{name}'")), key=int)
    aliases = sorted(client.get_registered_model(name).aliases)
    if alias is not None and alias not in aliases:
        return f"The model {name!r} has no alias {alias!r}; {closest(alias, aliases)}."
    if version is not None and version not in map(str, versions):
        return f"The model {name!r} has no version {version!r}; {closest(version, [str(one) for one in versions])}."
    if alias is None and version is None:
        return f"The address 'models:/{name}' names no version; write models:/{name}@alias or models:/{name}/1."
    return None


def not_in_run(client: Any, store: str, run: str, path: str | None) -> str | None:
    """Say which part of the address of a run's model does not exist."""
    runs = client.search_runs([one.experiment_id for one in client.search_experiments()], max_results=1000)
    found = next((one for one in runs if one.info.run_id == run), None)
    if found is None:
        known = {one.info.run_name: one.info.run_id for one in reversed(runs)}
        if run in known:
            return f"{run!r} is the name of a run; write its id: runs:/{known[run]}/{path or 'model'}."
        return f"There is no run {run!r} in {store}; {closest(run, [one.info.run_id for one in runs])}."
    logged = [client.get_logged_model(one.model_id).name for one in found.outputs.model_outputs]
    return None if path in logged else f"The run {run!r} has no model {path!r}; {closest(path or '', logged)}."


def closest(name: str, known: list[str]) -> str:
    """Name the nearest of those that exist, or the first few."""
    if not known:
        return _("there is none")
    close = nearest(name, known, count=1)
    return f"the nearest is {close[0]!r}" if close else f"there is {shorten(known)}"
