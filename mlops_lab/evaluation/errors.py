"""The error of the evaluation suite.

``EvaluationError`` (an ``InputError``, so also a ``ValueError``) is raised before anything is predicted, where the
suite is used wrongly. What goes wrong while predicting does not raise: it makes the verdict of that check ``error``,
with the sentence in ``Result.explain()``.
"""

from __future__ import annotations

from typing import Any

from mlops_lab.errors import InputError, MlopsLabError

__all__ = ["EvaluationError", "NotApplicable", "VerdictError"]


class EvaluationError(InputError):
    """The suite, the model or the data cannot be used as given."""


class NotApplicable(EvaluationError):
    """A check cannot be made on this model or data, such as calibration on a model without probabilities."""


class VerdictError(MlopsLabError, AssertionError):
    """A report does not pass; raised by `Report.raise_for_verdict` only, so it is a finding and no wrong use.

    It is an ``AssertionError``, so that a test runner counts it as a failed test rather than as a broken one.

    Parameters
    ----------
    message : str
        The report as text.
    report : Report
        What was found.
    """

    def __init__(self, message: str, report: Any = None) -> None:
        super().__init__(message)
        self.report = report
