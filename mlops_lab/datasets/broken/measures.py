"""How large a fault is: exact, since the true probabilities of the rows are given and no outcomes are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]

NOISE_STEPS = 16  # equally likely quantiles of the noise: the drop is then exact to about a thousandth
BINS = 100


def positive(model: Any, frame: pd.DataFrame) -> Floats:
    """Return a model's probabilities of `classes_[1]`."""
    return np.asarray(model.predict_proba(frame))[:, 1]


def decisions(model: Any, frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Return for which rows a model decides for `classes_[1]`."""
    return np.asarray(model.predict(frame)) == model.classes_[1]


def hits(model: Any, frame: pd.DataFrame, truth: Floats) -> Floats:
    """Return for each row how probably the model's decision is right."""
    return np.where(decisions(model, frame), truth, 1.0 - truth)


def noise_drop(model: Any, frame: pd.DataFrame, truth: Floats, column: str, sd: float = 0.2) -> float:
    """Return the accuracy that noise on a column costs.

    Parameters
    ----------
    model : object with ``predict`` and ``classes_``
        What is measured.
    frame : DataFrame
        Rows to predict.
    truth : ndarray of shape (rows,)
        P(``classes_[1]``) of each row.
    column : str
        A numeric column.
    sd : float, default 0.2
        Standard deviation of the Gaussian noise, in units of the column's inter-quartile range / 1.349. Whole numbers
        stay whole, and values stay in the observed range.

    Returns
    -------
    float
        Expected accuracy without minus with noise.
    """
    values = frame[column].to_numpy(dtype=float, na_value=np.nan)
    low, middle, high = np.nanmin(values), np.nanquantile(values, [0.25, 0.75]), np.nanmax(values)
    is_whole = pd.api.types.is_integer_dtype(frame[column].dtype)
    quantiles = ndtri((np.arange(NOISE_STEPS) + 0.5) / NOISE_STEPS)
    after = []
    for step in quantiles * sd * (middle[1] - middle[0]) / 1.349:
        shifted = np.clip(np.round(values + step) if is_whole else values + step, low, high)
        after.append(hits(model, frame.assign(**{column: shifted}), truth).mean())
    return float(hits(model, frame, truth).mean() - np.mean(after))


def swap_share(model: Any, frame: pd.DataFrame, column: str) -> float:
    """Return the share of rows whose decision changes under at least one other level of a column.

    Parameters
    ----------
    model : object with ``predict`` and ``classes_``
        What is measured.
    frame : DataFrame
        Rows to predict.
    column : str
        A category; its levels are those in the frame.

    Returns
    -------
    float
        From 0 to 1.
    """
    before = decisions(model, frame)
    changed = np.zeros(len(frame), dtype=bool)
    for level in frame[column].dropna().unique():
        changed |= decisions(model, frame.assign(**{column: level})) != before
    return float(changed.mean())


def violation_share(model: Any, frame: pd.DataFrame, column: str, by: float) -> float:
    """Return the share of rows whose probability falls when a column rises, of those that can rise in range.

    Parameters
    ----------
    model : object with ``predict_proba``
        What is measured.
    frame : DataFrame
        Rows to predict.
    column : str
        A numeric column that should raise the probability.
    by : float
        How far the column is moved, in its own unit.

    Returns
    -------
    float
        From 0 to 1.
    """
    movable = frame[(frame[column] + by <= frame[column].max()).to_numpy(dtype=bool, na_value=False)]
    moved = positive(model, movable.assign(**{column: movable[column] + by}))
    return float((moved < positive(model, movable) - 1e-9).mean())


def calibration_error(model: Any, frame: pd.DataFrame, truth: Floats) -> float:
    """Return E|P(y | s) - s|, how far probabilities s are from what they promise.

    Parameters
    ----------
    model : object with ``predict_proba``
        What is measured.
    frame : DataFrame
        Rows to predict.
    truth : ndarray of shape (rows,)
        P(``classes_[1]``) of each row.

    Returns
    -------
    float
        Mean over 100 bins of equally many rows; without the noise of outcomes, since the truth stands for them.
    """
    score = positive(model, frame)
    order = np.argsort(score, kind="stable")
    gaps = (truth - score)[order]
    edges = np.linspace(0, len(gaps), min(BINS, len(gaps)) + 1).astype(int)
    return float(np.abs(np.add.reduceat(gaps, edges[:-1])).sum() / len(gaps))


def slice_gap(model: Any, frame: pd.DataFrame, truth: Floats, where: Mapping[str, Any]) -> float:
    """Return overall accuracy minus that of the rows where each named column holds its value.

    Parameters
    ----------
    model : object with ``predict`` and ``classes_``
        What is measured.
    frame : DataFrame
        Rows to predict.
    truth : ndarray of shape (rows,)
        P(``classes_[1]``) of each row.
    where : mapping of str to value
        The slice.

    Returns
    -------
    float
        Positive where the slice is worse; nan without rows in it.
    """
    right = hits(model, frame, truth)
    inside = rows_where(frame, where)
    return float(right.mean() - right[inside].mean()) if inside.any() else float("nan")


def leak_gain(model: Any, frame: pd.DataFrame, posterior: Floats, column: str) -> float:
    """Return the accuracy that a model owes to a column that will be missing when it counts.

    Parameters
    ----------
    model : object with ``predict`` and ``classes_``
        What is measured.
    frame : DataFrame
        Rows to predict.
    posterior : ndarray of shape (rows,)
        P(``classes_[1]``) of each row, the leaking column known.
    column : str
        The column that is known only afterwards.

    Returns
    -------
    float
        Expected accuracy with the column minus without it.
    """
    without = frame.assign(**{column: np.nan})
    return float((hits(model, frame, posterior) - hits(model, without, posterior)).mean())


def rows_where(frame: pd.DataFrame, where: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Return which rows hold the named values."""
    inside = np.ones(len(frame), dtype=bool)
    for column, value in where.items():
        inside &= frame[column].eq(value).to_numpy(dtype=bool, na_value=False)
    return inside


def bayes(prior: Floats, values: pd.Series, rates: Mapping[Any, tuple[float, float]]) -> Floats:
    """Return P(y | row, value) from P(y | row) and the rates P(value | not y), P(value | y); 1 where it is missing."""
    texts = values.astype(object)
    against = np.nan_to_num(texts.map({value: rate[0] for value, rate in rates.items()}).to_numpy(dtype=float), nan=1.0)
    in_favour = np.nan_to_num(
        texts.map({value: rate[1] for value, rate in rates.items()}).to_numpy(dtype=float), nan=1.0
    )
    return prior * in_favour / (prior * in_favour + (1.0 - prior) * against)
