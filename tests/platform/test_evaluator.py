"""One suite as a frame, inside MLflow and at the gate: the same numbers; and what MLflow gets of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlops_lab import evaluation as ev
from mlops_lab.platform import registry

pytestmark = pytest.mark.slow

CHECKS = {
    "two": [
        ev.Perturbation(ev.noise("age", sd=0.01), max_drop=0.1),
        ev.Directional("age", by=2, expect="not_decrease", max_violation_rate=0.02),
        ev.Calibration(max_error=0.4),
    ],
    "three": [
        ev.Perturbation(ev.noise("age", sd=0.01), max_drop=0.1),
        ev.Confidence(threshold=0.6, min_accuracy=0.5, min_coverage=0.2),
    ],
    "value": [
        ev.Perturbation(ev.noise("age", sd=0.01), max_drop=1.0),
        ev.Directional("age", by=2, expect="not_decrease", max_violation_rate=0.02),
    ],
}
TYPES = {"two": "classifier", "three": "classifier", "value": "regressor"}


def evaluated(place: Any, address: Any, kind: str, suite: Any, **options: Any) -> Any:
    data = place.frame.assign(target=place.targets[kind])
    return place.workspace.mlflow.models.evaluate(
        address,
        data,
        targets="target",
        model_type=options.pop("model_type", TYPES[kind]),
        evaluators="mlops_lab",
        evaluator_config={"suite": suite, **options},
    )


@pytest.mark.parametrize("kind", list(CHECKS))
def test_frame_evaluate_and_gate_give_the_same_numbers(place: Any, kind: str) -> None:
    suite, name = ev.Suite(CHECKS[kind]), f"same_{kind}"
    place.register(name, kind)
    bare = suite.run(place.models[kind], place.frame, place.targets[kind], progress=False)
    result = evaluated(place, f"models:/{name}/1", kind, suite)
    inside = result.artifacts["report.json"].content
    assert bare.passed
    pd.testing.assert_frame_equal(inside.table, bare.table, check_exact=True)
    assert inside.model["digest"] == bare.model["digest"]
    assert inside.data == bare.data
    gate = registry.promote(name, 1, inside)
    run = place.workspace.client.get_run(gate.report_run)
    for check in bare.results:
        for part in ("estimate", "low", "high"):
            assert result.metrics[f"{check.name}.{part}"] == getattr(check, part)
            assert run.data.metrics[f"{check.name}.{part}"] == getattr(check, part)
    version = place.workspace.client.get_model_version(name, "1")
    assert version.tags["mlops_lab.verdict"] == "pass"
    assert version.tags["mlops_lab.report_run"] == gate.report_run == result.run_id


def test_the_files_are_in_the_run_and_the_result_survives_saving(place: Any, tmp_path: Path) -> None:
    from mlflow.models import EvaluationResult

    result = evaluated(place, f"models:/{place.logged['two'].model_id}", "two", place.easy)
    assert {"report.html", "report.json"} <= {
        one.path for one in place.workspace.client.list_artifacts(result.artifacts["report.html"].uri.split("/")[1])
    }
    result.save(tmp_path / "saved")
    again = EvaluationResult.load(tmp_path / "saved")
    assert again.metrics == result.metrics
    assert again.artifacts["report.json"].content.verdict == "pass"
    assert "<html" in again.artifacts["report.html"].content


def test_a_suite_is_a_file_or_a_mapping_too(place: Any, tmp_path: Path) -> None:
    path = place.easy.to_yaml(tmp_path / "easy.suite.yaml")
    address = f"models:/{place.logged['two'].model_id}"
    numbers = [evaluated(place, address, "two", suite).metrics for suite in (place.easy, path, place.easy.to_dict())]
    assert numbers[0] == numbers[1] == numbers[2]


def test_thresholds_pass_or_fail_as_the_report_does(place: Any) -> None:
    from mlflow.models.evaluation.validation import ModelValidationFailedException

    mlflow = place.workspace.mlflow
    for suite in (place.easy, place.hard):
        result = evaluated(place, f"models:/{place.logged['two'].model_id}", "two", suite)
        report = result.artifacts["report.json"].content
        if report.passed:
            mlflow.validate_evaluation_results(ev.mlflow_thresholds(report), result)
        else:
            with pytest.raises(ModelValidationFailedException, match=r"perturbation:age.high"):
                mlflow.validate_evaluation_results(ev.mlflow_thresholds(report), result)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"suit": "x.yaml"}, "no key 'suit'; did you mean 'suite'"),
        ({"examples": True}, "has no suite"),
        ({"suite": 3}, "The suite is a int; pass a Suite"),
        ({"suite": {"checks": [{"invariance": {"colum": "sex"}}]}}, "no parameter of invariance 'colum'"),
    ],
)
def test_a_wrong_configuration_is_one_sentence(place: Any, config: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ev.EvaluationError, match=sentence):
        place.workspace.mlflow.models.evaluate(
            f"models:/{place.logged['two'].model_id}",
            place.frame.assign(target=place.targets["two"]),
            targets="target",
            model_type="classifier",
            evaluators="mlops_lab",
            evaluator_config=config,
        )


def test_predictions_alone_are_not_enough(place: Any) -> None:
    data = place.frame.assign(target=place.targets["two"], said=place.targets["two"])
    with pytest.raises(ev.EvaluationError, match="asks the model again, so it needs the model"):
        place.workspace.mlflow.models.evaluate(
            data=data,
            targets="target",
            predictions="said",
            model_type="classifier",
            evaluators="mlops_lab",
            evaluator_config={"suite": place.easy},
        )


def test_a_model_that_gives_labels_only_says_so(place: Any, tmp_path: Path) -> None:
    mlflow = place.workspace.mlflow

    class Labels(mlflow.pyfunc.PythonModel):  # type: ignore[name-defined, misc]
        def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> np.ndarray:
            return np.digitize(model_input["age"], [35, 50])

    mlflow.pyfunc.save_model(tmp_path / "labels", python_model=Labels(), pip_requirements=[])
    result = evaluated(place, mlflow.pyfunc.load_model(str(tmp_path / "labels")), "three", place.easy)
    report = result.artifacts["report.json"].content
    assert report.model["task"] == "classification"
    assert "gives labels only" in " ".join(report.notes)
    with pytest.raises(ev.NotApplicable, match="needs probabilities"):
        evaluated(
            place,
            mlflow.pyfunc.load_model(str(tmp_path / "labels")),
            "three",
            ev.Suite([ev.Calibration(max_error=0.1, kind="top_label")]),
        )
