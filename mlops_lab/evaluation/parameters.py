"""Checks of the numbers that users pass, one sentence each."""

from __future__ import annotations

import math

import numpy as np

from mlops_lab.evaluation.errors import EvaluationError

__all__ = ["check_amount", "check_rate"]


def check_rate(value: float, what: str, positive: bool = False) -> None:
    """Refuse what is no number between 0 and 1.

    Parameters
    ----------
    value : float
        What was given.
    what : str
        Name of the parameter.
    positive : bool, default False
        Whether 0 is refused too.

    Raises
    ------
    EvaluationError
        Where it is none.

    Examples
    --------
    >>> check_rate(-0.1, "max_change_rate")
    Traceback (most recent call last):
    mlops_lab.evaluation.errors.EvaluationError: max_change_rate is -0.1; give a number between 0 and 1.
    """
    good = (
        isinstance(value, (int, float, np.number))
        and not isinstance(value, bool)
        and 0 <= value <= 1
        and not (positive and value == 0)
    )
    if not good:
        raise EvaluationError(f"{what} is {value!r}; give a number between 0 and 1{', above 0' if positive else ''}.")


def check_amount(value: float, what: str, least: float = -math.inf) -> None:
    """Refuse what is no finite number, or too small.

    Parameters
    ----------
    value : float
        What was given.
    what : str
        Name of the parameter.
    least : float, default -inf
        Smallest value allowed.

    Raises
    ------
    EvaluationError
        Where it is none.
    """
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float, np.number))
        or not math.isfinite(value)
        or value < least
    ):
        floor = "" if math.isinf(least) else f" from {least:g} on"
        raise EvaluationError(f"{what} is {value!r}; give a number{floor}.")
