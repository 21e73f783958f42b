"""The suite inside MLflow: ``mlflow.models.evaluate(..., evaluators="mlops_lab")``.

MLflow finds `SuiteEvaluator` by the entry point ``mlflow.model_evaluator`` and loads this file with itself, so it loads
nothing; MLflow asks an evaluator only for the two methods below.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_lab.errors import nearest, shorten

if TYPE_CHECKING:
    from mlops_lab.evaluation import Report, Suite

__all__ = ["SuiteEvaluator"]

TASKS = {"classifier": "classification", "regressor": "regression"}
KEYS = ("suite", "examples", "batch_rows", "max_seconds", "progress")


class SuiteEvaluator:
    """MLflow's evaluator of the name ``mlops_lab``.

    Its configuration is a mapping: ``suite`` is a `Suite`, the path of a YAML file, or what such a file holds as a
    mapping; ``examples=True`` puts the worst rows into the artifacts; ``batch_rows``, ``max_seconds`` and ``progress``
    are those of `Suite.run`.

    Examples
    --------
    >>> result = mlflow.models.evaluate(                                        # doctest: +SKIP
    ...     "models:/income/3", data, targets="income", model_type="classifier",
    ...     evaluators="mlops_lab", evaluator_config={"suite": "suite.yaml"},
    ... )
    >>> result.artifacts["report.json"].content.verdict                         # doctest: +SKIP
    'pass'
    """

    @classmethod
    def can_evaluate(cls, *, model_type: str | None, evaluator_config: Mapping[str, Any], **kwargs: Any) -> bool:
        """Say whether this kind of model can be evaluated.

        Parameters
        ----------
        model_type : str
            As given to MLflow.
        evaluator_config : mapping
            As given to MLflow.
        **kwargs : object
            What later versions of MLflow may add.

        Returns
        -------
        bool
            True for ``"classifier"`` and ``"regressor"`` where a suite is given, so that an evaluation of all
            evaluators, which names none, is left alone.
        """
        return model_type in TASKS and bool(evaluator_config)

    def evaluate(
        self,
        *,
        model_type: str,
        dataset: Any,
        run_id: str,
        evaluator_config: Mapping[str, Any],
        model: Any = None,
        model_id: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the suite, log its report to the run, and return its numbers.

        Parameters
        ----------
        model_type : {"classifier", "regressor"}
            What is predicted.
        dataset : mlflow.data.evaluation_dataset.EvaluationDataset
            Rows and targets.
        run_id : str
            Run to log to.
        evaluator_config : mapping
            See above.
        model : mlflow.pyfunc.PyFuncModel
            The model; its probabilities are used where what it wraps has them.
        model_id : str, optional
            Where given, MLflow logs the metrics itself.
        **kwargs : object
            What else MLflow passes.

        Returns
        -------
        mlflow.models.EvaluationResult
            Metrics, and ``report.html`` and ``report.json`` as artifacts.

        Raises
        ------
        EvaluationError
            Where suite, model or data cannot be used.
        """
        from mlops_lab.evaluation.errors import EvaluationError
        from mlops_lab.evaluation.mlflow_report import log_report, metrics_of

        check_keys(evaluator_config)
        if model is None:
            raise EvaluationError(
                "The suite changes rows and asks the model again, so it needs the model; pass model=, not predictions."
            )
        options = {name: evaluator_config[name] for name in ("batch_rows", "max_seconds") if name in evaluator_config}
        report = suite_of(evaluator_config["suite"]).run(
            model,
            features(dataset),
            dataset.labels_data,
            task=TASKS[model_type],  # type: ignore[arg-type]
            progress=bool(evaluator_config.get("progress", False)),
            **options,
        )
        examples = bool(evaluator_config.get("examples", False))
        log_report(report, run_id, examples=examples, metrics=model_id is None)
        return result_of(report, run_id, metrics_of(report), examples)


def check_keys(config: Mapping[str, Any]) -> None:
    """Refuse a configuration without a suite, or with a key that is not known."""
    from mlops_lab.evaluation.errors import EvaluationError

    for key in config:
        if key not in KEYS:
            close = nearest(str(key), KEYS, count=1)
            hint = f"did you mean {close[0]!r}?" if close else f"the keys are {shorten(KEYS)}."
            raise EvaluationError(f"evaluator_config has no key {key!r}; {hint}")
    if "suite" not in config:
        raise EvaluationError(
            "evaluator_config has no suite; pass evaluator_config={'suite': a Suite, a YAML file or a mapping}."
        )


def suite_of(given: Any) -> Suite:
    """Make a suite from what the configuration holds."""
    from mlops_lab.evaluation import EvaluationError, Suite
    from mlops_lab.evaluation.specification import specification_from
    from mlops_lab.evaluation.yaml_nodes import dump

    if isinstance(given, Suite):
        return given
    if isinstance(given, (str, Path)):
        return Suite.from_yaml(given)
    if isinstance(given, Mapping):
        return specification_from(dump(dict(given)), Path("evaluator_config")).suite
    raise EvaluationError(f"The suite is a {type(given).__name__}; pass a Suite, the path of a YAML file or a mapping.")


def features(dataset: Any) -> Any:
    """Return the rows as a frame; MLflow also takes bare arrays, whose columns it names itself."""
    import numpy as np
    import pandas as pd

    rows = dataset.features_data
    return pd.DataFrame(rows, columns=list(dataset.feature_names)) if isinstance(rows, np.ndarray) else rows


def result_of(report: Report, run_id: str, metrics: dict[str, float], examples: bool) -> Any:
    """Return the report as MLflow's own kind of result."""
    from mlflow.models import EvaluationResult

    from mlops_lab.platform.artifacts import HtmlArtifact, ReportArtifact

    artifacts = {
        "report.html": HtmlArtifact(f"runs:/{run_id}/report.html"),
        "report.json": ReportArtifact(f"runs:/{run_id}/report.json", report, examples),
    }
    return EvaluationResult(metrics, artifacts, run_id)
