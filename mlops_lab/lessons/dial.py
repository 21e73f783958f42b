"""A dial: one slider, and a sentence whose numbers are computed anew at every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mlops_lab.errors import InputError
from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.words import fill

__all__ = ["Dial"]


@dataclass(frozen=True, slots=True)
class Dial:
    """One slider, one sentence.

    Parameters
    ----------
    name : str
        Name by which the notebook calls it.
    label : str
        What the slider sets.
    low, high, start : int
        Its range, and where it begins.
    compute : callable
        ``compute(value) -> mapping`` of the sentence's gaps; at most about 50 ms, since it runs at every step.
    say : str
        The sentence; besides the computed gaps it has the gap ``value``.
    step : int, default 1
        How far one key press moves it.

    Examples
    --------
    >>> dial = Dial("square", "Side", 1, 9, 3, lambda side: {"area": side**2}, "A side of {value} gives {area}.")
    >>> dial.sentence(4).count("16")
    1
    """

    name: str
    label: str
    low: int
    high: int
    start: int
    compute: Callable[[int], Mapping[str, Any]]
    say: str
    step: int = 1

    def sentence(self, value: int) -> str:
        """Return the sentence at one setting.

        Parameters
        ----------
        value : int
            Where the slider stands.

        Returns
        -------
        str
            The sentence, marked as in `mlops_lab.lessons.words`.

        Raises
        ------
        InputError
            Where the value is outside the slider's range.
        """
        if isinstance(value, bool) or not isinstance(value, int) or not self.low <= value <= self.high:
            raise InputError(
                _("{name!r} cannot be set to {value!r}; give a whole number from {low} to {high}.").format(
                    name=self.name, value=value, low=self.low, high=self.high
                )
            )
        return fill(self.say, value=value, **self.compute(value))
