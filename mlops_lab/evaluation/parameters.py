"""Checks of the numbers that users pass, one sentence each."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np

from mlops_lab.evaluation.errors import EvaluationError

__all__ = ["check_amount", "check_distinct", "check_rate", "check_whole"]


def check_distinct(names: Sequence[Hashable], what: str) -> None:
    """Refuse columns of which one is named twice.

    Parameters
    ----------
    names : sequence of str
        Columns.
    what : str
        What was given them.

    Raises
    ------
    EvaluationError
        Where one is there twice.

    Examples
    --------
    >>> check_distinct(["job", "job"], "slices")
    Traceback (most recent call last):
    mlops_lab.evaluation.errors.EvaluationError: slices was given column 'job' twice; name each column once.
    """
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise EvaluationError(f"{what} was given column {twice!r} twice; name each column once.")


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
        floor = "" if math.isinf(least) else " above 0" if 0 < least < 1e-9 else f" from {least:g} on"
        raise EvaluationError(f"{what} is {value!r}; give a number{floor}.")


def check_whole(value: int, what: str, least: int) -> None:
    """Refuse what is no whole number, or too small.

    Parameters
    ----------
    value : int
        What was given.
    what : str
        Name of the parameter.
    least : int
        Smallest value allowed.

    Raises
    ------
    EvaluationError
        Where it is none.

    Examples
    --------
    >>> check_whole(1.5, "batch_rows", least=1)
    Traceback (most recent call last):
    mlops_lab.evaluation.errors.EvaluationError: batch_rows is 1.5; give a whole number from 1 on.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < least:
        raise EvaluationError(f"{what} is {value!r}; give a whole number from {least} on.")
