"""A report in MLflow: numbers as metrics, verdicts as tags, the page and the JSON as artifacts, the version marked."""

from __future__ import annotations

import hashlib
import math
import re
from contextlib import suppress
from typing import Any

from mlops_lab.errors import nearest, require
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.mlflow_models import quietly
from mlops_lab.evaluation.mlflow_stores import check_reachable, shown
from mlops_lab.evaluation.report import Report

__all__ = ["TAG", "log_report", "metrics_of", "mlflow_thresholds", "report_digest", "run_link"]

TAG = "mlops_lab"  # every tag begins with it
UNSAFE = re.compile(r"[^\w\-. :]")  # MLflow takes no other letters; a slash would make a folder of a name
LONGEST = 230  # letters of a name; MLflow takes 250


def log_report(
    report: Report, run_id: str | None = None, *, examples: bool = False, metrics: bool = True, version: Any = None
) -> str:
    """Log a report to a run of MLflow.

    Parameters
    ----------
    report : Report
        What to log.
    run_id : str, optional
        The run; by default the active one, else a new one.
    examples : bool, default False
        Whether the page and the JSON hold the worst rows too.
    metrics : bool, default True
        Whether to log the metrics; False where somebody else does.
    version : mlflow ModelVersion, optional
        The registered version to mark, where the report goes to a new run beside the one that made the version; by
        default each version is marked that is registered of the model that the report is about.

    Returns
    -------
    str
        Id of the run.

    Raises
    ------
    EvaluationError
        Where there is no such run, or the server does not answer.
    MissingExtraError
        Where MLflow is not installed.
    """
    from mlops_lab.evaluation.html import report_page
    from mlops_lab.evaluation.report_json import to_json

    with quietly():
        mlflow = require("mlflow", extra="mlflow")
        for store in {mlflow.get_tracking_uri(), mlflow.get_registry_uri()}:
            if not store.startswith("sqlite:"):  # a file that is not there yet is made
                check_reachable(store)
        client = mlflow.MlflowClient()
        run = run_for(mlflow, client, run_id) if version is None else run_beside(mlflow, client, version)
        if metrics:
            log_metrics(mlflow, client, run, report)
        for key, value in tags_of(report).items():
            client.set_tag(run, key, value)
        client.log_text(run, report_page(report, examples=examples), "report.html")
        client.log_text(run, to_json(report, examples=examples), "report.json")
        for one in [version] if version is not None else registered_versions(mlflow, client, report):
            mark_version(client, one, report, run)
    return run


def run_for(mlflow: Any, client: Any, run_id: str | None) -> str:
    """Return the id of the run to log to; where none is given or active, of a new one."""
    if run_id is not None:
        try:
            return str(client.get_run(run_id).info.run_id)
        except mlflow.exceptions.MlflowException as error:
            runs = client.search_runs([one.experiment_id for one in client.search_experiments()], max_results=1000)
            close = nearest(str(run_id), [one.info.run_id for one in runs], count=1)
            hint = f"the nearest is {close[0]!r}" if close else "leave run_id out to have one made"
            raise EvaluationError(
                f"There is no run {run_id!r} in {shown(mlflow.get_tracking_uri())}; {hint}."
            ) from error
    active = mlflow.active_run()
    if active is not None:
        return str(active.info.run_id)
    with mlflow.start_run(run_name="mlops_lab evaluation") as run:
        return str(run.info.run_id)  # a run that has ended can still be logged to


def run_beside(mlflow: Any, client: Any, version: Any) -> str:
    """Make a run in the experiment in which a version was made, so that whoever looks there finds its report."""
    try:
        experiment = client.get_run(version.run_id or "").info.experiment_id
    except mlflow.exceptions.MlflowException:  # it was made without a run, or the run lies in another store
        return run_for(mlflow, client, None)
    run = client.create_run(experiment, run_name="mlops_lab evaluation").info.run_id
    client.set_terminated(run)  # a run that has ended can still be logged to
    return str(run)


def log_metrics(mlflow: Any, client: Any, run: str, report: Report) -> None:
    """Log the metrics to the run, and to the logged model where this store holds it."""
    model_id = report.model.get("origin", {}).get("model_id")
    if model_id is not None:
        try:
            client.get_logged_model(model_id)
        except mlflow.exceptions.MlflowException:  # the model lies in another store
            model_id = None
    at = int(report.created.timestamp() * 1000)
    entity = mlflow.entities.Metric
    batch = [entity(name, value, at, 0, model_id=model_id) for name, value in metrics_of(report).items()]
    for first in range(0, len(batch), 900):  # MLflow takes a thousand at once
        client.log_batch(run, metrics=batch[first : first + 900])


def metrics_of(report: Report) -> dict[str, float]:
    """Return estimate and interval of each check by a name that MLflow takes, and whether all checks pass.

    Parameters
    ----------
    report : Report
        What was found.

    Returns
    -------
    dict of str to float
        ``check.estimate``, ``check.low`` and ``check.high``, where they are numbers, and ``mlops_lab.passed``.

    Examples
    --------
    >>> from mlops_lab.evaluation import Result
    >>> found = Result("slices:age > 60", "slices", "age", "gap", "pass", 0.004, 0.002, 0.007, 0.01)
    >>> metrics_of(Report((found,)))["slices:age _ 60.high"]
    0.007
    """
    names = safe_names([result.name for result in report.results])
    found = {f"{TAG}.passed": float(report.passed)}
    for name, result in zip(names, report.results, strict=True):
        for part in ("estimate", "low", "high"):
            value = float(getattr(result, part))
            if math.isfinite(value):
                found[f"{name}.{part}"] = value
    return found


def safe_names(names: list[str]) -> list[str]:
    """Replace what MLflow does not take in a name, and keep names apart that become one by it."""
    safe: list[str] = []
    for name in names:
        base = UNSAFE.sub("_", name)[:LONGEST].strip(". ") or "check"
        new, count = base, 1
        while new in safe:
            count += 1
            new = f"{base}_{count}"
        safe.append(new)
    return safe


def mlflow_thresholds(report: Report) -> dict[str, Any]:
    """Return the tolerances as MLflow's thresholds, for ``mlflow.validate_evaluation_results``.

    MLflow compares one number with one bound, so it is given the end of the interval that must lie on the right side:
    ``check.high`` at most the tolerance, or ``check.low`` at least. What one bound cannot say, such as a check of two
    numbers or one that could not be made, is said by ``mlops_lab.passed``. So MLflow lets pass what the report lets
    pass, and an inconclusive check does not.

    Parameters
    ----------
    report : Report
        With its tolerances.

    Returns
    -------
    dict of str to mlflow.models.MetricThreshold
        By the name of the metric.

    Raises
    ------
    MissingExtraError
        Where MLflow is not installed.
    """
    with quietly():
        threshold = require("mlflow.models", extra="mlflow").MetricThreshold
    known = metrics_of(report)
    found = {f"{TAG}.passed": threshold(threshold=1.0, greater_is_better=True)}
    for name, result in zip(safe_names([one.name for one in report.results]), report.results, strict=True):
        metric = f"{name}.{'high' if result.larger_is_worse else 'low'}"
        if metric not in known or not math.isfinite(result.tolerance):
            continue
        value, bound = known[metric], float(result.tolerance)
        if (value <= bound if result.larger_is_worse else value >= bound) or not result.passed:
            found[metric] = threshold(threshold=bound, greater_is_better=not result.larger_is_worse)
    return found


def tags_of(report: Report) -> dict[str, str]:
    """Return what is searched for among runs: verdicts, and what the report is about."""
    names = safe_names([result.name for result in report.results])
    verdicts = {f"{TAG}.verdict.{name}": one.verdict for name, one in zip(names, report.results, strict=True)}
    return {
        f"{TAG}.verdict": report.verdict,
        f"{TAG}.report": report_digest(report),
        f"{TAG}.model": str(report.model.get("digest", "")),
        f"{TAG}.data": str(report.data.get("digest", "")),
        **verdicts,
    }


def report_digest(report: Report) -> str:
    """Return sixteen letters by which a report is known, the same after it was written and read again.

    Parameters
    ----------
    report : Report
        Any.

    Returns
    -------
    str
        Hexadecimal.
    """
    from mlops_lab.evaluation.report_json import to_json

    return hashlib.sha256(to_json(report).encode("utf-8", errors="replace")).hexdigest()[:16]


def registered_versions(mlflow: Any, client: Any, report: Report) -> list[Any]:
    """Return the registered versions of the model that a report is about."""
    origin = report.model.get("origin", {})
    found: dict[tuple[str, str], Any] = {}
    with suppress(mlflow.exceptions.MlflowException):  # a store without a registry has none
        if model_id := origin.get("model_id"):
            found |= {key(one): one for one in client.search_model_versions(f"source_path='models:/{model_id}'")}
        if not found and (run := origin.get("run_id")):
            same = origin.get("model_uuid")
            for one in client.search_model_versions(f"run_id='{run}'"):
                if mlflow.models.get_model_info(f"models:/{one.name}/{one.version}").model_uuid == same:
                    found[key(one)] = one
    return [one for one in found.values() if f"{TAG}.after" not in one.tags]  # an entry of a log of promotions has it


def key(version: Any) -> tuple[str, str]:
    """Return name and number of a version."""
    return version.name, str(version.version)


def mark_version(client: Any, version: Any, report: Report, run: str) -> None:
    """Write on a registered version what the last report says of it, and in which run it lies.

    Parameters
    ----------
    client : mlflow.MlflowClient
        Of the registry.
    version : mlflow ModelVersion
        Which.
    report : Report
        About it.
    run : str
        Id of the run that holds the report.
    """
    said = {"verdict": report.verdict, "report": report_digest(report), "report_run": run}
    for name, value in said.items():
        client.set_model_version_tag(version.name, str(version.version), f"{TAG}.{name}", value)


def run_link(run: str) -> str:
    """Return where a run is seen: its page on a server, else its address.

    Parameters
    ----------
    run : str
        Id of the run.

    Returns
    -------
    str
        Without user and password.
    """
    mlflow = require("mlflow", extra="mlflow")
    store = mlflow.get_tracking_uri()
    if not store.startswith("http"):
        return f"runs:/{run}"
    experiment = mlflow.MlflowClient().get_run(run).info.experiment_id
    return f"{shown(store).rstrip('/')}/#/experiments/{experiment}/runs/{run}"
