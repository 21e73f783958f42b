"""Asking a model about rows in another form than it takes: a column of numbers as levels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.evaluation.data import column_kind
from mlops_lab.evaluation.model import Predictor
from mlops_lab.evaluation.probe import PROBE_ROWS, probe_model

__all__ = ["Asked", "AskedForProbabilities", "ask_in_levels"]


class Asked:
    """A model whose rows are prepared before it is asked.

    Parameters
    ----------
    predictor : Predictor
        The model.
    prepare : callable
        Takes rows and returns them as the model takes them.
    """

    def __init__(self, predictor: Predictor, prepare: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
        self.predictor, self.prepare = predictor, prepare
        if predictor.classes is not None:
            self.classes_ = predictor.classes

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Return labels or values."""
        decisions = self.predictor(self.prepare(frame)).decisions
        return decisions if self.predictor.classes is None else self.predictor.classes[decisions]


class AskedForProbabilities(Asked):
    """One that gives probabilities too."""

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the probabilities of the classes."""
        probabilities = self.predictor(self.prepare(frame)).probabilities
        assert probabilities is not None
        return probabilities


def ask_in_levels(model: Any, frame: pd.DataFrame, target: np.ndarray, column: str) -> tuple[pd.DataFrame, Any]:
    """Return rows whose column holds levels, and the model as it is to be asked about them.

    Parameters
    ----------
    model : estimator or callable
        The model.
    frame : DataFrame
        The rows, as the model takes them.
    target : ndarray of shape (rows,)
        Raw target.
    column : str
        The column.

    Returns
    -------
    tuple of (DataFrame, estimator or callable)
        Both unchanged where the column holds levels already.
    """
    if column_kind(frame[column].dtype) not in ("integer", "real"):
        return frame, model
    dtype, leveled = frame[column].dtype, frame.assign(**{column: frame[column].astype("category")})

    def prepare(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(**{column: rows[column].astype(dtype)})

    predictor = probe_model(model, target, prepare(leveled.head(PROBE_ROWS))).predictor
    return leveled, (AskedForProbabilities if predictor.has_probabilities else Asked)(predictor, prepare)
