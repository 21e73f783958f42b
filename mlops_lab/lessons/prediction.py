"""Predict, then run: what a learner expects, how sure she is, and what was measured.

A confidence says how likely the learner holds it that her prediction will count as right, so what counts as right is
said with the question: the chosen answer, or a number within a margin. Only predictions made before the measured value
was seen count; they come back in the calibration lesson as the learner's own reliability diagram.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlops_lab.errors import InputError, nearest, shorten
from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.words import fill, number

__all__ = ["Prediction"]


@dataclass(frozen=True, slots=True)
class Prediction:
    """One question to answer before the cell that measures it.

    Parameters
    ----------
    name : str
        Name by which the notebook calls it.
    ask : str
        The question.
    choices : mapping of str to str, optional
        Key and text of each possible answer. Without choices a number is asked for.
    unit : str, default ""
        Unit of the number, such as ``"times"``.
    within : float, default 0.25
        Largest relative distance of a number that counts as right: a quarter is close enough to act upon.
    start : float, default 1
        Number that the answer field shows at first.

    Examples
    --------
    >>> size = Prediction("size", "How many times smaller is Parquet?", unit="times")
    >>> size.is_right(6.0, 6.5), size.is_right(2.0, 6.5)
    (True, False)
    """

    name: str
    ask: str
    choices: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    within: float = 0.25
    start: float = 1.0

    @property
    def guess_percent(self) -> int:
        """Confidence of somebody who only guesses, in percent: where the confidence slider begins."""
        return round(100 / len(self.choices)) if self.choices else 0

    @property
    def rule(self) -> str:
        """What counts as right; empty where it goes without saying."""
        if self.choices:
            return ""
        return _("Within {percent:.0f} % of the measured value counts as right.").format(percent=100 * self.within)

    def read(self, answer: Any) -> str | float:
        """Return an answer as it is stored.

        Parameters
        ----------
        answer : object
            A key of ``choices``, or a number.

        Returns
        -------
        str or float
            The key, or the number.

        Raises
        ------
        InputError
            Where it is neither.
        """
        if self.choices:
            if answer in self.choices:
                return str(answer)
            close = nearest(str(answer), self.choices, count=1) or list(self.choices)
            raise InputError(
                _(
                    "{answer!r} is not an answer to {name!r}; did you mean {nearest!r}? The answers are {answers}."
                ).format(answer=answer, name=self.name, nearest=close[0], answers=shorten(self.choices))
            )
        try:
            value = float(answer)
        except (TypeError, ValueError):
            value = math.nan
        if not math.isfinite(value):
            raise InputError(
                _("{answer!r} is not an answer to {name!r}; give a number.").format(answer=answer, name=self.name)
            )
        return value

    def read_confidence(self, confidence: Any) -> float:
        """Return a confidence in percent.

        Parameters
        ----------
        confidence : object
            A number from 0 to 100.

        Returns
        -------
        float
            The percentage.

        Raises
        ------
        InputError
            Where it is not a number from 0 to 100.
        """
        try:
            percent = float(confidence)
        except (TypeError, ValueError):
            percent = math.nan
        if not 0 <= percent <= 100:
            raise InputError(
                _("The confidence in {name!r} is {confidence!r}; give a percentage from 0 to 100.").format(
                    name=self.name, confidence=confidence
                )
            )
        return percent

    def is_right(self, answer: str | float, measured: str | float) -> bool:
        """Return whether a stored answer counts as right.

        Parameters
        ----------
        answer, measured : str or float
            As returned by `read`.

        Returns
        -------
        bool
            True for the same choice, or for a number within the margin.
        """
        if self.choices:
            return answer == measured
        return abs(float(answer) - float(measured)) <= self.within * abs(float(measured)) + 1e-12

    def words(self, value: str | float) -> str:
        """Return an answer or a measured value as a learner reads it.

        Parameters
        ----------
        value : str or float
            As returned by `read`.

        Returns
        -------
        str
            The choice's text, or the number with its unit.
        """
        if self.choices:
            return self.choices[str(value)]
        return f"{number(value)} {self.unit}".strip()

    def compare(self, measured: str | float, answer: str | float | None, confidence: float, in_time: bool) -> str:
        """Put the learner's prediction beside the measured value.

        Parameters
        ----------
        measured : str or float
            The measured value.
        answer : str, float or None
            The learner's last answer; None where she gave none.
        confidence : float
            Her confidence in percent.
        in_time : bool
            Whether she answered before she saw the measured value.

        Returns
        -------
        str
            One or two sentences, marked as in `mlops_lab.lessons.words`.
        """
        if answer is None:
            return fill(_("Measured: **{measured}**. You made no prediction."), measured=self.words(measured))
        if not in_time:
            sentence = _("Measured: **{measured}**. You answered {answer} after the measurement, so it does not count.")
        elif self.is_right(answer, measured):
            sentence = _("Measured: **{measured}**. You predicted {answer}, {confidence:.0f} % sure: right.")
        else:
            sentence = _("Measured: **{measured}**. You predicted {answer}, {confidence:.0f} % sure: not this time.")
        return fill(sentence, measured=self.words(measured), answer=self.words(answer), confidence=confidence)
