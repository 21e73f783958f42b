"""The drop of a metric that is a mean of losses, or made from squared errors, when the same rows are predicted twice.

Only rows whose loss changed can speak. Up to 20 of them, no formula for many rows holds, so the ends rest on how many
rows can have changed at all (Clopper and Pearson) times how much one row can change: wide, and honest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.changes import changes_interval
from mlops_lab.evaluation.statistics.interval import Interval, check_alpha, unknown
from mlops_lab.evaluation.statistics.moments import FEWEST_ROWS, Moments
from mlops_lab.i18n import gettext as _
from mlops_lab.i18n import ngettext

__all__ = ["LossChanges", "SquaredErrors", "loss_drop", "r2_drop", "rmse_drop"]

FEWEST_CHANGES = 5
"""Where no bound is known the largest change seen serves as one, which needs a few to have been seen."""


@dataclass(frozen=True)
class LossChanges:
    """What is kept of the differences of the losses of the same rows; of two batches they add up.

    Parameters
    ----------
    rose, fell : int
        Rows whose loss grew, and shrank.
    rise, fall : float
        Sums of these changes, both positive.
    largest : float
        Largest absolute change of a row.
    moments : Moments
        Of the differences of all rows, changed or not.

    Examples
    --------
    >>> state = LossChanges.of([0.1, 0.4, 0.3], [0.1, 0.9, 0.2])
    >>> state.rose, state.fell, round(state.rise, 3)
    (1, 1, 0.5)
    """

    rose: int = 0
    fell: int = 0
    rise: float = 0.0
    fall: float = 0.0
    largest: float = 0.0
    moments: Moments = field(default_factory=Moments.none)

    @classmethod
    def of(cls, loss: ArrayLike, loss_after: ArrayLike) -> LossChanges:
        """Reduce a batch.

        Parameters
        ----------
        loss, loss_after : array_like of float, shape (rows,)
            Of each row, unchanged and changed. For the log loss clip the probabilities as scikit-learn does, at the
            resolution of their type.

        Returns
        -------
        LossChanges
            Of the batch.

        Raises
        ------
        InputError
            Where a loss is missing or infinite.
        """
        change = np.asarray(loss_after, dtype=float) - np.asarray(loss, dtype=float)
        if not np.isfinite(change).all():
            raise InputError("A loss is missing or infinite; leave the row out or clip the probabilities.")
        rise, fall = np.maximum(change, 0.0), np.maximum(-change, 0.0)
        return cls(
            rose=int(np.count_nonzero(rise)),
            fell=int(np.count_nonzero(fall)),
            rise=float(rise.sum()),
            fall=float(fall.sum()),
            largest=float(np.abs(change).max(initial=0.0)),
            moments=Moments.of(change[:, None]),
        )

    def __add__(self, other: LossChanges) -> LossChanges:
        return LossChanges(
            self.rose + other.rose,
            self.fell + other.fell,
            self.rise + other.rise,
            self.fall + other.fall,
            max(self.largest, other.largest),
            self.moments + other.moments,
        )

    @property
    def rows(self) -> int:
        """All rows."""
        return self.moments.rows

    @property
    def changed(self) -> int:
        """Rows whose loss changed."""
        return self.rose + self.fell

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and lists.

        Returns
        -------
        dict
            By field; `from_dict` is the way back.
        """
        plain = {name: getattr(self, name) for name in ("rose", "fell", "rise", "fall", "largest")}
        return {**plain, "moments": self.moments.to_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> LossChanges:
        """Make the state from what `to_dict` returned.

        Parameters
        ----------
        values : dict
            By field.

        Returns
        -------
        LossChanges
            The same.
        """
        return cls(**{**values, "moments": Moments.from_dict(values["moments"])})


@dataclass(frozen=True)
class SquaredErrors:
    """What is kept of squared errors, for the drops of RMSE and R²; of two batches they add up.

    Parameters
    ----------
    origin : float
        Taken from y before squaring; the same for all batches. Any number near the mean of y will do: it keeps the
        digits where y is large and varies little.
    changes : LossChanges
        Of the squared errors.
    moments : Moments
        Of the squared error, the changed one, y and y², in this order.

    Examples
    --------
    >>> state = SquaredErrors.of(y=[1.0, 2.0, 4.0], predicted=[1.0, 2.5, 3.0], predicted_after=[1.0, 2.0, 2.0])
    >>> state.moments.mean[:2].round(3).tolist()
    [0.417, 1.333]
    """

    origin: float = 0.0
    changes: LossChanges = field(default_factory=LossChanges)
    moments: Moments = field(default_factory=lambda: Moments.none(4))

    @classmethod
    def of(
        cls, y: ArrayLike, predicted: ArrayLike, predicted_after: ArrayLike, *, origin: float = 0.0
    ) -> SquaredErrors:
        """Reduce a batch.

        Parameters
        ----------
        y, predicted, predicted_after : array_like of float, shape (rows,)
            Truth and predictions, unchanged and changed.
        origin : float, default 0.0
            As in `SquaredErrors`.

        Returns
        -------
        SquaredErrors
            Of the batch.

        Raises
        ------
        InputError
            Where a value is missing or infinite.
        """
        truth = np.asarray(y, dtype=float)
        before = (np.asarray(predicted, dtype=float) - truth) ** 2
        after = (np.asarray(predicted_after, dtype=float) - truth) ** 2
        near = truth - origin
        moments = Moments.of(np.column_stack([before, after, near, near**2]))
        return cls(origin, LossChanges.of(before, after), moments)

    def __add__(self, other: SquaredErrors) -> SquaredErrors:
        if self.moments.rows and other.moments.rows and self.origin != other.origin:
            raise InputError(
                f"The batches were reduced around {self.origin} and {other.origin}; use one origin for all."
            )
        origin = self.origin if self.moments.rows else other.origin
        return SquaredErrors(origin, self.changes + other.changes, self.moments + other.moments)

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and lists.

        Returns
        -------
        dict
            By field; `from_dict` is the way back.
        """
        return {"origin": self.origin, "changes": self.changes.to_dict(), "moments": self.moments.to_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> SquaredErrors:
        """Make the state from what `to_dict` returned.

        Parameters
        ----------
        values : dict
            By field.

        Returns
        -------
        SquaredErrors
            The same.
        """
        changes, moments = LossChanges.from_dict(values["changes"]), Moments.from_dict(values["moments"])
        return cls(values["origin"], changes, moments)


def loss_drop(
    state: LossChanges, *, tolerance: float = math.nan, alpha: float = 0.05, bound: float | None = None
) -> Interval:
    """Estimate by how much the mean loss grew: the drop of log loss, Brier score or mean absolute error.

    Parameters
    ----------
    state : LossChanges
        Of all rows.
    tolerance : float, optional
        Largest drop that is allowed.
    alpha : float, default 0.05
        One minus the level.
    bound : float, optional
        How much the loss of one row can change at most: 1 for the Brier score, the range of the predictions for the
        absolute error. Where at most 20 rows changed, it decides; by default the largest change seen, once five were
        seen.

    Returns
    -------
    Interval
        Of the mean loss after minus the mean loss before; positive is worse.

    Raises
    ------
    InputError
        Where alpha is not between 0 and 1, or the bound is less than the largest change.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> loss = rng.random(500)
    >>> loss_drop(LossChanges.of(loss, loss + rng.normal(0.05, 0.1, size=500)), tolerance=0.02).verdict()
    'fail'
    >>> round(loss_drop(LossChanges.of(loss, loss), bound=1.0).high, 4)
    0.0074
    """
    return scaled_drop(state, 1.0, [1.0], state.moments, tolerance, alpha, bound)


def rmse_drop(
    state: SquaredErrors, *, tolerance: float = math.nan, alpha: float = 0.05, bound: float | None = None
) -> Interval:
    """Estimate by how much the root of the mean squared error grew, by the delta method.

    Parameters
    ----------
    state : SquaredErrors
        Of all rows.
    tolerance, alpha
        As in `loss_drop`.
    bound : float, optional
        As in `loss_drop`, for one squared error.

    Returns
    -------
    Interval
        Of the RMSE after minus the RMSE before.

    Raises
    ------
    InputError
        As in `loss_drop`.
    """
    before, after = np.sqrt(np.maximum(0.0, state.moments.mean[:2]))
    if before + after == 0:
        before = after = 0.5  # no errors at all: the drop is 0 on any scale
    gradient = [-0.5 / before if before else 0.0, 0.5 / after if after else 0.0, 0.0, 0.0]
    return scaled_drop(state.changes, 1 / (before + after), gradient, state.moments, tolerance, alpha, bound)


def r2_drop(
    state: SquaredErrors, *, tolerance: float = math.nan, alpha: float = 0.05, bound: float | None = None
) -> Interval:
    """Estimate by how much R² fell, by the delta method.

    Parameters
    ----------
    state : SquaredErrors
        Of all rows.
    tolerance, alpha
        As in `loss_drop`.
    bound : float, optional
        As in `loss_drop`, for one squared error.

    Returns
    -------
    Interval
        Of R² before minus R² after.

    Raises
    ------
    InputError
        As in `loss_drop`.
    """
    rows = state.moments.rows
    variance = float(state.moments.second[2, 2]) / rows if rows else 0.0
    if variance <= 0:
        note = _("All values of y are the same, so R² has no meaning.")
        return unknown(-math.inf, math.inf, note, tolerance=tolerance, alpha=alpha)
    growth = float(state.moments.mean[1] - state.moments.mean[0])
    slope = growth / variance**2
    gradient = [-1 / variance, 1 / variance, 2 * slope * float(state.moments.mean[2]), -slope]
    return scaled_drop(state.changes, 1 / variance, gradient, state.moments, tolerance, alpha, bound)


def scaled_drop(
    changes: LossChanges,
    scale: float,
    gradient: list[float],
    moments: Moments,
    tolerance: float,
    alpha: float,
    bound: float | None,
) -> Interval:
    """Return the interval of ``scale × mean change``, whose error to first order is that of ``gradient · moments``."""
    check_alpha(alpha)
    if bound is not None and (bound <= 0 or bound < changes.largest * (1 - 1e-9)):
        raise InputError(f"The bound is {bound:g}, but one row changed by {changes.largest:g}; give a larger bound.")
    rows, changed = changes.rows, changes.changed
    estimate = scale * float(changes.moments.mean[0]) if rows else math.nan
    note = ""
    if rows < FEWEST_ROWS:
        note = ngettext(
            "There is {rows} row; {needed} are needed to say how much a mean varies.",
            "There are {rows} rows; {needed} are needed to say how much a mean varies.",
            rows,
        )
        note = note.format(rows=rows, needed=FEWEST_ROWS)
    elif bound is None and not changed:
        note = _("The loss of no row changed, so that nothing says how much it can change.")
    elif bound is None and changed < FEWEST_CHANGES:
        note = ngettext(
            "The loss of only {changed} row changed, too few to say how much it can change.",
            "The loss of only {changed} rows changed, too few to say how much it can change.",
            changed,
        )
        note = note.format(changed=changed)
    if note:
        return unknown(-math.inf, math.inf, note, tolerance=tolerance, alpha=alpha, estimate=estimate)
    variance, skewness = moments.along(gradient)
    return changes_interval(
        estimate,
        math.sqrt(variance / rows),
        skewness,
        rows,
        rose=(changes.rose, scale * changes.rise / rows),
        fell=(changes.fell, scale * changes.fall / rows),
        reach=scale * (changes.largest if bound is None else bound),
        tolerance=tolerance,
        alpha=alpha,
    )
