"""How far a model's answer moved between two versions of the same rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlops_lab.evaluation.check import Setting
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.model import Outputs

__all__ = ["Movement", "movement"]


@dataclass(frozen=True)
class Movement:
    """What happened to each row's decision and score.

    Parameters
    ----------
    changed : ndarray of bool, shape (rows,)
        Whether the decision changed; for values, whether they moved by more than the allowance.
    step : ndarray of float, shape (rows,)
        Score after minus score before: of the positive class, of the class decided before where there are several, or
        of the value.
    """

    changed: np.ndarray
    step: np.ndarray


def movement(before: Outputs, after: Outputs, setting: Setting, positive: int | None, atol: float) -> Movement:
    """Compare the answers to two versions of the same rows.

    Parameters
    ----------
    before, after : Outputs of shape (rows,)
        Answers to the unchanged and to the changed rows.
    setting : Setting
        Task of the model.
    positive : int, optional
        Code of the class whose probability is followed; None follows the class that was decided before.
    atol : float
        How far a value may move and count as unchanged.

    Returns
    -------
    Movement
        One entry a row.
    """
    if setting.task == "regression":
        step = after.decisions - before.decisions
        return Movement(np.abs(step) > atol, step)
    changed = before.decisions != after.decisions
    if before.probabilities is None or after.probabilities is None:
        return Movement(changed, changed.astype(float))
    if positive is not None:
        return Movement(changed, after.probabilities[:, positive] - before.probabilities[:, positive])
    rows, column = np.arange(len(before)), before.decisions
    return Movement(changed, after.probabilities[rows, column] - before.probabilities[rows, column])


def followed_class(setting: Setting, positive: object) -> int | None:
    """Return the code of the class whose probability is followed; None where there is none or it was not named."""
    if setting.task == "regression":
        if positive is not None:
            raise EvaluationError("The model predicts values, which have no positive class; leave positive= out.")
        return None
    assert setting.classes is not None
    if positive is None and len(setting.classes) > 2:
        return None
    return setting.positive_code(positive)
