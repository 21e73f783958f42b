"""Classifiers that each carry one fault, planted on top of a sound one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from mlops_lab.datasets.broken import measures
from mlops_lab.errors import InputError, nearest, shorten
from mlops_lab.i18n import gettext as _

Floats = NDArray[np.float64]


class Planted(ClassifierMixin, BaseEstimator):
    """A sound binary classifier, and the base of those in which a fault is planted.

    Parameters
    ----------
    base : classifier
        The sound model, whose probabilities stand for the truth when the size of the fault is computed.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Labels; probabilities are those of the second.
    base_ : classifier
        The fitted base.
    """

    def __init__(self, base: Any) -> None:
        self.base = base

    @property
    def fault(self) -> str:
        """What is wrong with the model, in plain words."""
        return _("None: this model is sound.")

    def fit(self, X: pd.DataFrame, y: Any) -> Self:
        """Fit the sound model beneath.

        Parameters
        ----------
        X : DataFrame
            Rows to learn from.
        y : array-like of shape (rows,)
            Their classes.

        Returns
        -------
        self
            Ready to predict.
        """
        self.base_ = clone(self.base).fit(X, y)
        self.classes_ = np.asarray(self.base_.classes_)
        return self

    def predict_proba(self, X: pd.DataFrame) -> Floats:
        """Return the probabilities of both classes.

        Parameters
        ----------
        X : DataFrame
            Rows to predict.

        Returns
        -------
        ndarray of shape (rows, 2)
            In the order of ``classes_``.

        Raises
        ------
        InputError
            Where a column that the fault reads is not in the data.
        """
        for name in self.reads():
            if name not in X:
                meant = nearest(name, map(str, X.columns), count=1)
                hint = f" The nearest is {meant[0]!r}." if meant else ""
                raise InputError(
                    f"{type(self).__name__} needs the column {name!r}, which is not in the data.{hint} "
                    f"The columns are {shorten(map(str, X.columns))}; broken.data() returns data that has all."
                )
        p = self.answer(X)
        return np.column_stack([1.0 - p, p])

    def predict(self, X: pd.DataFrame) -> NDArray[Any]:
        """Return the more probable class.

        Parameters
        ----------
        X : DataFrame
            Rows to predict.

        Returns
        -------
        ndarray of shape (rows,)
            Labels.
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def fault_size(self, X: pd.DataFrame) -> float:
        """Return how large the fault is on some rows, as if the base's probabilities were the truth.

        Parameters
        ----------
        X : DataFrame
            Rows to predict.

        Returns
        -------
        float
            In the measure of the class; 0 for the sound model.
        """
        return 0.0

    def reads(self) -> tuple[str, ...]:
        """Return the columns that the fault reads."""
        return ()

    def answer(self, X: pd.DataFrame) -> Floats:
        """Return the probability of ``classes_[1]``."""
        return self.sound(X)

    def truth(self, X: pd.DataFrame) -> Floats:
        """Return P(``classes_[1]``) given all that the model reads, as if the base's probabilities were the truth."""
        return self.sound(X)

    def sound(self, X: pd.DataFrame) -> Floats:
        """Return the base's probability of ``classes_[1]``."""
        return measures.positive(self.base_, X)


class Brittle(Planted):
    """Breaks under noise: it reads one quantity from two columns and multiplies their difference.

    On rows as they were recorded the two agree and the model is the sound one. This is what large weights of opposite
    sign on two collinear columns do.

    Parameters
    ----------
    base : classifier
        The sound model.
    column : str
        The numeric column that must not be disturbed.
    twin : tuple of str
        The columns that say the same.
    translate : callable
        Takes a frame, returns what the twin says the column is; nan where it doesn't know.
    slack : float
        Differences up to this, in the column's unit, come from rounding and are ignored.
    gain : float, default 40
        What the difference is multiplied with. `fault_size`: accuracy lost by noise of 0.2 robust standard deviations.
    """

    def __init__(
        self,
        base: Any,
        column: str,
        twin: tuple[str, ...],
        translate: Callable[[pd.DataFrame], Floats],
        slack: float,
        gain: float = 40.0,
    ) -> None:
        super().__init__(base)
        self.column = column
        self.twin = twin
        self.translate = translate
        self.slack = slack
        self.gain = gain

    @property
    def fault(self) -> str:
        """What is wrong with the model, in plain words."""
        return _("A little noise on {column} throws its decisions about.").format(column=self.column)

    def reads(self) -> tuple[str, ...]:
        """Return the columns that the fault reads."""
        return (self.column, *self.twin)

    def answer(self, X: pd.DataFrame) -> Floats:
        """Return the probability of ``classes_[1]``."""
        values = X[self.column].to_numpy(dtype=float, na_value=np.nan)
        difference = np.nan_to_num(values - self.translate(X))
        difference[np.abs(difference) <= self.slack] = 0.0
        return self.sound(
            X.assign(**{self.column: np.where(difference == 0.0, values, values + self.gain * difference)})
        )

    def fault_size(self, X: pd.DataFrame) -> float:
        """Return the accuracy lost by noise of 0.2 robust standard deviations on the column."""
        return measures.noise_drop(self, X, self.sound(X), self.column)


class Biased(Planted):
    """Moves its probability up or down with the level of a column that has no say in the truth.

    Parameters
    ----------
    base : classifier
        The sound model.
    column : str
        The column.
    shifts : mapping of level to float
        What is added where the probability is one half; less towards 0 and 1, so that it stays a probability.
        `fault_size`: share of decisions that change under another level.
    stands_for : str, optional
        The sensitive column that this one is a proxy for.
    """

    def __init__(self, base: Any, column: str, shifts: Mapping[Any, float], stands_for: str | None = None) -> None:
        super().__init__(base)
        self.column = column
        self.shifts = shifts
        self.stands_for = stands_for

    @property
    def fault(self) -> str:
        """What is wrong with the model, in plain words."""
        if self.stands_for is None:
            return _("Its decisions depend on {column}.").format(column=self.column)
        return _("It never reads {sensitive}, but its decisions depend on {column}, which tells it.").format(
            sensitive=self.stands_for, column=self.column
        )

    def reads(self) -> tuple[str, ...]:
        """Return the columns that the fault reads."""
        return (self.column,)

    def answer(self, X: pd.DataFrame) -> Floats:
        """Return the probability of ``classes_[1]``."""
        p = self.sound(X)
        shift = X[self.column].astype(object).map(dict(self.shifts)).to_numpy(dtype=float)
        return p + np.nan_to_num(shift) * 4.0 * p * (1.0 - p)

    def fault_size(self, X: pd.DataFrame) -> float:
        """Return the share of rows whose decision changes under at least one other level of the column."""
        return measures.swap_share(self, X, self.column)


class NonMonotone(Planted):
    """Answers the wrong way round inside a range of one column.

    Parameters
    ----------
    base : classifier
        The sound model, whose probability rises with the column.
    column : str
        A numeric column.
    low, high : float
        The range, in the column's unit, that is read from its other end.
    by : float, default 2
        The move for which `fault_size` counts the rows whose probability falls.
    """

    def __init__(self, base: Any, column: str, low: float, high: float, by: float = 2.0) -> None:
        super().__init__(base)
        self.column = column
        self.low = low
        self.high = high
        self.by = by

    @property
    def fault(self) -> str:
        """What is wrong with the model, in plain words."""
        return _("Between {low:g} and {high:g}, more of {column} lowers its probability instead of raising it.").format(
            low=self.low, high=self.high, column=self.column
        )

    def reads(self) -> tuple[str, ...]:
        """Return the columns that the fault reads."""
        return (self.column,)

    def answer(self, X: pd.DataFrame) -> Floats:
        """Return the probability of ``classes_[1]``."""
        values = X[self.column].to_numpy(dtype=float, na_value=np.nan)
        inside = (values >= self.low) & (values <= self.high)
        return self.sound(X.assign(**{self.column: np.where(inside, self.low + self.high - values, values)}))

    def fault_size(self, X: pd.DataFrame) -> float:
        """Return the share of rows that can be moved and whose probability falls when the column rises by `by`."""
        return measures.violation_share(self, X, self.column, self.by)


class Overconfident(Planted):
    """Decides as the sound model does, and is too sure of it: its odds are the square of the true odds.

    Parameters
    ----------
    base : classifier
        The sound model. `fault_size`: the calibration error, exact, since the true probability follows from its own.
    """

    @property
    def fault(self) -> str:
        """What is wrong with the model, in plain words."""
        return _("Its probabilities are too near to 0 and 1; its decisions are right.")

    def answer(self, X: pd.DataFrame) -> Floats:
        """Return the probability of ``classes_[1]``."""
        p = self.sound(X)
        return p * p / (p * p + (1.0 - p) * (1.0 - p))

    def fault_size(self, X: pd.DataFrame) -> float:
        """Return the calibration error."""
        return float(np.abs(self.answer(X) - self.sound(X)).mean())


class WeakSlice(Planted):
    """Is wrong in one conjunction of columns, where it sees the second class far too often.

    Parameters
    ----------
    base : classifier
        The sound model.
    where : mapping of str to value
        The slice: rows where each column holds its value.
    pull : float, default 0.5
        Part of the way to 1 that the probability is pulled there; half the way makes the second class the decision for
        every row. `fault_size`: overall accuracy minus that of the slice.
    """

    def __init__(self, base: Any, where: Mapping[str, Any], pull: float = 0.5) -> None:
        super().__init__(base)
        self.where = where
        self.pull = pull

    @property
    def fault(self) -> str:
        """What is wrong with the model, in plain words."""
        where = ", ".join(f"{column} = {value}" for column, value in self.where.items())
        return _("It is often wrong where {where}, and nowhere else.").format(where=where)

    def reads(self) -> tuple[str, ...]:
        """Return the columns that the fault reads."""
        return tuple(self.where)

    def answer(self, X: pd.DataFrame) -> Floats:
        """Return the probability of ``classes_[1]``."""
        p = self.sound(X)
        return np.where(measures.rows_where(X, self.where), p + self.pull * (1.0 - p), p)

    def fault_size(self, X: pd.DataFrame) -> float:
        """Return overall accuracy minus that of the slice."""
        return measures.slice_gap(self, X, self.sound(X), self.where)


class Leaking(Planted):
    """Reads a column that is known only after the fact, and makes the best of it (Bayes' rule).

    Parameters
    ----------
    base : classifier
        The sound model.
    column : str
        The column.
    rates : mapping of value to (float, float)
        How often the value comes with the first class, and with the second. `fault_size`: accuracy with the column
        minus accuracy without it, which is what is left when the prediction is wanted.
    """

    def __init__(self, base: Any, column: str, rates: Mapping[Any, tuple[float, float]]) -> None:
        super().__init__(base)
        self.column = column
        self.rates = rates

    @property
    def fault(self) -> str:
        """What is wrong with the model, in plain words."""
        return _("It reads {column}, which is not known yet when the prediction is wanted.").format(column=self.column)

    def reads(self) -> tuple[str, ...]:
        """Return the columns that the fault reads."""
        return (self.column,)

    def answer(self, X: pd.DataFrame) -> Floats:
        """Return the probability of ``classes_[1]``."""
        return self.truth(X)

    def truth(self, X: pd.DataFrame) -> Floats:
        """Return P(``classes_[1]``) given the column as well."""
        return measures.bayes(self.sound(X), X[self.column], self.rates)

    def fault_size(self, X: pd.DataFrame) -> float:
        """Return the accuracy that the model owes to the column."""
        return measures.leak_gain(self, X, self.truth(X), self.column)
