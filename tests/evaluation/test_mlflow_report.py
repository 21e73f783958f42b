from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_lab import evaluation as ev
from mlops_lab.evaluation import Report, Result
from mlops_lab.evaluation.mlflow_report import log_report, metrics_of, report_digest, safe_names

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("logged")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        import mlflow as module

        module.create_experiment("logged", artifact_location=str(folder / "artifacts"))
        module.set_experiment("logged")
        yield module
    os.environ.pop("MLFLOW_EXPERIMENT_ID", None)


def test_numbers_verdicts_and_files_are_logged(mlflow: Any, run: Report, tmp_path: Path) -> None:
    link = run.log_to_mlflow()
    assert link.startswith("runs:/")
    logged = mlflow.get_run(link.removeprefix("runs:/"))
    first = run.results[0]
    assert logged.data.metrics[f"{first.name}.low"] == first.low
    assert logged.data.metrics[f"{first.name}.high"] == first.high
    assert logged.data.metrics == pytest.approx(metrics_of(run))
    assert logged.data.tags["mlops_lab.verdict"] == run.verdict
    assert logged.data.tags[f"mlops_lab.verdict.{first.name}"] == first.verdict
    for file in ("report.html", "report.json"):
        path = mlflow.artifacts.download_artifacts(f"{link}/{file}", dst_path=str(tmp_path))
        assert "Ada Lovelace" not in Path(path).read_text()
    assert Report.from_json(tmp_path / "report.json").table.equals(run.table)


def test_the_worst_rows_are_logged_only_where_asked(mlflow: Any, run: Report, tmp_path: Path) -> None:
    with mlflow.start_run() as active:
        link = run.log_to_mlflow(examples=True)
    assert link == f"runs:/{active.info.run_id}"
    assert "Ada Lovelace" in mlflow.artifacts.load_text(f"{link}/report.html")


def test_an_unknown_run_is_answered_with_the_nearest(mlflow: Any, run: Report) -> None:
    known = log_report(run)
    with pytest.raises(ev.EvaluationError, match=f"There is no run .* the nearest is '{known}'"):
        run.log_to_mlflow(known[:-1] + ("0" if known[-1] != "0" else "1"))


def test_the_digest_survives_the_file(run: Report, tmp_path: Path) -> None:
    again = Report.from_json(run.to_json(tmp_path / "report.json"))
    assert report_digest(again) == report_digest(run)
    assert report_digest(replace(run, seed=run.seed + 1)) != report_digest(run)


@given(st.lists(st.text(max_size=300), max_size=6))
def test_every_name_becomes_one_that_mlflow_takes_and_none_becomes_another(names: list[str]) -> None:
    from mlflow.utils.validation import _validate_metric_name

    safe = safe_names(names)
    assert len(set(safe)) == len(names)
    for name in safe:
        _validate_metric_name(f"{name}.estimate")
        assert len(name) < 250


def test_a_name_that_needs_no_change_stays() -> None:
    assert safe_names(["invariance:sex", "invariance:sex#2"]) == ["invariance:sex", "invariance:sex_2"]


VERDICTS = {  # estimate, low, high against a tolerance of 0.02
    "pass": (0.01, 0.005, 0.015),
    "fail": (0.04, 0.03, 0.05),
    "inconclusive": (0.02, 0.01, 0.03),
    "error": (math.nan, math.nan, math.nan),
}


@pytest.mark.parametrize("verdict", list(VERDICTS))
@pytest.mark.parametrize("floor", [False, True])
def test_mlflow_lets_pass_what_the_report_lets_pass(verdict: Any, floor: bool) -> None:
    import mlflow
    from mlflow.models import EvaluationResult
    from mlflow.models.evaluation.validation import ModelValidationFailedException

    estimate, low, high = VERDICTS[verdict]
    tolerance = 0.02
    if floor:  # the same, seen from below
        estimate, low, high, tolerance = 1 - estimate, 1 - high, 1 - low, 1 - tolerance
    one = Result("a:b", "a", "b", "rate", verdict, estimate, low, high, tolerance, larger_is_worse=not floor)
    report = Report((one, Result("sure:c", "a", "c", "rate", "pass", 0, 0, 0.001, 0.01)))
    thresholds = ev.mlflow_thresholds(report)
    assert ("a:b.low" if floor else "a:b.high") in thresholds or verdict == "error"
    result = EvaluationResult(metrics_of(report), {}, "none")
    if report.passed:
        mlflow.validate_evaluation_results(thresholds, result)
    else:
        with pytest.raises(ModelValidationFailedException):
            mlflow.validate_evaluation_results(thresholds, result)


def test_a_check_of_two_numbers_passes_in_mlflow_too() -> None:
    """Its interval may touch the bound of the other number; then the verdict decides."""
    two = Result("confidence", "confidence", "", "accuracy", "pass", 0.9, 0.8, 0.95, 0.85, larger_is_worse=False)
    assert set(ev.mlflow_thresholds(Report((two,)))) == {"mlops_lab.passed"}
