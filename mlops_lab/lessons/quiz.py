"""Quiz questions of four kinds; whoever chooses wrong reads why that choice is wrong, and may choose again.

Answers are letters: the first choice is ``a``. A number is a number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any

from mlops_lab.errors import InputError
from mlops_lab.i18n import gettext as _

__all__ = ["Choice", "Mark", "Multiple", "Near", "Numeric", "Order", "Question", "Single"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a question.

    Parameters
    ----------
    text : str
        What can be chosen.
    because : str
        What whoever chooses it must be told; for a right choice, why it is right. In a `Multiple`, what is told for a
        wrong choice that was taken. In an `Order`, what is told where this is the first at a wrong place.
    right : bool, default False
        Whether it is right to choose it.
    """

    text: str
    because: str
    right: bool = False


@dataclass(frozen=True, slots=True)
class Near:
    """A wrong number that learners really give.

    Parameters
    ----------
    value : float
        The number.
    because : str
        What is wrong with the idea behind it.
    """

    value: float
    because: str


@dataclass(frozen=True, slots=True)
class Mark:
    """What an answer is told.

    Parameters
    ----------
    right : bool
        Whether it is right.
    because : str
        Why.
    """

    right: bool
    because: str


def _letters(answer: Any, count: int, name: str) -> list[str]:
    wanted = list(answer) if isinstance(answer, str | Iterable) else [answer]
    letters = [str(letter).lower() for letter in wanted if str(letter).strip(" ,")]
    known = ascii_lowercase[:count]
    if not letters or any(letter not in known for letter in letters) or len(set(letters)) < len(letters):
        raise InputError(
            _("{answer!r} is not an answer to {name!r}; use the letters {first} to {last}, each once.").format(
                answer=answer, name=name, first=known[0], last=known[-1]
            )
        )
    return letters


@dataclass(frozen=True, slots=True)
class Single:
    """Choose one.

    Parameters
    ----------
    name, ask : str
        Name and question.
    choices : sequence of Choice
        Exactly one of them right.

    Examples
    --------
    >>> choices = [Choice("5", "Those are the working days."), Choice("7", "Yes.", right=True)]
    >>> question = Single("days", "How many days has a week?", choices)
    >>> question.mark("a")
    Mark(right=False, because='Those are the working days.')
    """

    name: str
    ask: str
    choices: Sequence[Choice]

    def __post_init__(self) -> None:
        if sum(choice.right for choice in self.choices) != 1:
            raise InputError(f"Question {self.name!r} must have exactly one right choice.")

    @property
    def how(self) -> str:
        """How to answer in a terminal."""
        return _("Choose one letter.")

    def mark(self, answer: Any) -> Mark:
        """Mark one letter."""
        letters = _letters(answer, len(self.choices), self.name)
        if len(letters) > 1:
            raise InputError(_("{name!r} has one right answer; give one letter.").format(name=self.name))
        choice = self.choices[ascii_lowercase.index(letters[0])]
        return Mark(choice.right, choice.because)


@dataclass(frozen=True, slots=True)
class Multiple:
    """Choose all that are right.

    Parameters
    ----------
    name, ask : str
        Name and question.
    choices : sequence of Choice
        At least one of them right.
    because : str
        What is told once all are right.
    """

    name: str
    ask: str
    choices: Sequence[Choice]
    because: str

    def __post_init__(self) -> None:
        if not any(choice.right for choice in self.choices):
            raise InputError(f"Question {self.name!r} must have a right choice.")

    @property
    def how(self) -> str:
        """How to answer in a terminal."""
        return _("Choose all letters that are right.")

    def mark(self, answer: Any) -> Mark:
        """Mark a set of letters."""
        letters = set(_letters(answer, len(self.choices), self.name))
        taken = [(choice, letter in letters) for letter, choice in zip(ascii_lowercase, self.choices, strict=False)]
        for choice, chosen in taken:
            if chosen and not choice.right:
                return Mark(False, choice.because)
        missing = sum(choice.right and not chosen for choice, chosen in taken)
        if missing:
            return Mark(False, _("What you chose is right, and something is still missing."))
        return Mark(True, self.because)


@dataclass(frozen=True, slots=True)
class Numeric:
    """Give a number.

    Parameters
    ----------
    name, ask : str
        Name and question.
    right : float
        The right number.
    tolerance : float
        Largest absolute distance that still counts.
    unit : str
        Unit of the number; ``""`` where it has none.
    because : str
        Why it is right.
    near : sequence of Near
        Known wrong numbers, each with its reason; matched within the same tolerance.
    """

    name: str
    ask: str
    right: float
    tolerance: float
    unit: str
    because: str
    near: Sequence[Near] = ()

    @property
    def how(self) -> str:
        """How to answer in a terminal."""
        if not self.unit:
            return _("Give a number; {tolerance:g} more or less counts.").format(tolerance=self.tolerance)
        return _("Give a number in {unit}; {tolerance:g} more or less counts.").format(
            unit=self.unit, tolerance=self.tolerance
        )

    def mark(self, answer: Any) -> Mark:
        """Mark a number."""
        try:
            value = float(answer)
        except (TypeError, ValueError):
            value = math.nan
        if not math.isfinite(value):
            raise InputError(
                _("{answer!r} is not an answer to {name!r}; give a number.").format(answer=answer, name=self.name)
            )
        if abs(value - self.right) <= self.tolerance:
            return Mark(True, self.because)
        for near in self.near:
            if abs(value - near.value) <= self.tolerance:
                return Mark(False, near.because)
        return Mark(False, _("That is too much.") if value > self.right else _("That is too little."))


@dataclass(frozen=True, slots=True)
class Order:
    """Put in order.

    Parameters
    ----------
    name, ask : str
        Name and question.
    choices : sequence of Choice
        As shown, so not in the right order.
    right : str
        The letters in the right order, such as ``"cab"``.
    because : str
        Why that order is right.

    Examples
    --------
    >>> steps = [Choice("run", "Nothing is left to predict then."), Choice("predict", "It comes before the run.")]
    >>> question = Order("steps", "Which comes first?", steps, right="ba", because="Afterwards it is none.")
    >>> question.mark("ba").right
    True
    """

    name: str
    ask: str
    choices: Sequence[Choice]
    right: str
    because: str

    def __post_init__(self) -> None:
        shown = ascii_lowercase[: len(self.choices)]
        if sorted(self.right) != list(shown) or self.right == shown:
            raise InputError(f"Question {self.name!r} must name each letter once, in another order than it is shown.")

    @property
    def how(self) -> str:
        """How to answer in a terminal."""
        return _("Give all letters in the right order.")

    def mark(self, answer: Any) -> Mark:
        """Mark an order of letters."""
        letters = _letters(answer, len(self.choices), self.name)
        if len(letters) < len(self.choices):
            return Mark(False, _("Something is still missing in the order."))
        for given, right in zip(letters, self.right, strict=True):
            if given != right:
                return Mark(False, self.choices[ascii_lowercase.index(given)].because)
        return Mark(True, self.because)


Question = Single | Multiple | Numeric | Order
