"""Whether a report lets a registered version through: it passes, is whole, is about this version, and is new enough."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.errors import shorten
from mlops_lab.evaluation import Report, load_model
from mlops_lab.evaluation.fingerprint import model_fingerprint
from mlops_lab.evaluation.probe import PROBE_ROWS, probe_model
from mlops_lab.platform.errors import PromotionRefused

__all__ = ["check_report"]


def check_report(report: Report, version: Any, data: pd.DataFrame | None = None) -> None:
    """Refuse a report that does not let a version through.

    Parameters
    ----------
    report : Report
        What was found.
    version : mlflow ModelVersion
        Which is to become champion.
    data : DataFrame, optional
        The rows of the report, for one that was made on a model in memory.

    Raises
    ------
    PromotionRefused
        In one sentence.
    """
    which = f"Version {version.version} of {version.name!r}"
    if report.partial:
        raise PromotionRefused(
            f"{which} is not promoted: the run was stopped after {report.rows:,} rows; let it run to its end."
        )
    if not report.passed:
        bad = shorten(f"{one.name} ({one.verdict})" for one in report.results if not one.passed)
        raise PromotionRefused(
            f"{which} is not promoted: the verdict is {report.verdict} ({bad or 'no check was made'}); "
            "report.explain() says what to do."
        )
    check_model(report, version, data, which)
    made = datetime.fromtimestamp(version.creation_timestamp / 1000, UTC)
    if report.created < made:
        raise PromotionRefused(
            f"{which} is not promoted: the report is of {report.created:%Y-%m-%d %H:%M:%S} and the version of "
            f"{made:%Y-%m-%d %H:%M:%S} UTC; evaluate 'models:/{version.name}/{version.version}' again."
        )


def check_model(report: Report, version: Any, data: pd.DataFrame | None, which: str) -> None:
    """Refuse a report of another model: by the ids that MLflow gave it, else by what the model says."""
    address = f"models:/{version.name}/{version.version}"
    origin = report.model.get("origin", {})
    if origin:
        from mlflow.models import get_model_info

        if get_model_info(address).model_uuid != origin.get("model_uuid"):
            raise PromotionRefused(
                f"{which} is not promoted: the report is about another model, {report.model.get('description')}; "
                f"evaluate {address!r}."
            )
        return
    if data is None:
        raise PromotionRefused(
            f"{which} is not promoted: the report is about a model in memory ({report.model.get('description')}), "
            f"which may be another one; evaluate {address!r}, or pass data=, the rows that the report was made on."
        )
    if not says_the_same(report, address, data):
        raise PromotionRefused(
            f"{which} is not promoted: it does not answer the first rows of the data as the report's model did; "
            f"pass the rows that the report was made on, or evaluate {address!r}."
        )


def says_the_same(report: Report, address: str, data: pd.DataFrame) -> bool:
    """Whether a registered model gives the answers that a report remembers; labels alone are no proof."""
    model = load_model(address)
    rows = model.chosen(data.head(PROBE_ROWS))
    classes = report.model.get("classes")
    probe = probe_model(model, np.zeros(1) if classes is None else np.array(classes), rows, report.model.get("task"))
    if probe.predictor.task == "classification" and not probe.predictor.has_probabilities:
        return False
    return bool(model_fingerprint(probe.predictor, probe.outputs)["digest"] == report.model.get("digest"))
