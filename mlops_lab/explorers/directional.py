"""Explore a direction: the answer for one row while one of its columns goes through the observed range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mlops_lab.errors import InputError, require, shorten
from mlops_lab.explorers import look
from mlops_lab.i18n import gettext as _

__all__ = ["Curves", "View", "compute", "describe", "draw", "explorer", "follow"]

STEPS = 60  # of a column with many values: more cannot be told apart in a picture
ATOL = 1e-9  # as in the check: sums of floats differ by such amounts


@dataclass(frozen=True)
class Curves:
    """The answers for some rows while one column goes through its range.

    Parameters
    ----------
    values : ndarray of shape (steps,)
        What the column is set to.
    answers : ndarray of shape (rows, steps)
        Probability of the positive class, or value.
    own : ndarray of shape (rows,)
        What each row really has.
    density : ndarray of shape (steps,)
        Share of all rows of the data nearest to each value.
    """

    values: np.ndarray
    answers: np.ndarray
    own: np.ndarray
    density: np.ndarray


@dataclass(frozen=True)
class View:
    """What is drawn: one row and one column.

    Parameters
    ----------
    column : str
        Which.
    row : int
        Place of the row.
    curves : Curves
        Of the column.
    """

    column: str
    row: int
    curves: Curves

    @property
    def curve(self) -> np.ndarray:
        """The answers for the row."""
        return self.curves.answers[self.row]

    @property
    def steps(self) -> np.ndarray:
        """How far the answer moves from each value to the next."""
        return np.diff(self.curve)

    @property
    def falls(self) -> np.ndarray:
        """Which of these moves go down."""
        return self.steps < -ATOL


def follow(model: Any, X: pd.DataFrame, columns: Sequence[str], rows: int) -> dict[str, Curves]:
    """Ask the model once for all rows, columns and values.

    Parameters
    ----------
    model : estimator or callable
        Has ``predict_proba`` (the last class is followed) or ``predict``, or is a function of a frame.
    X : DataFrame of shape (rows, columns)
        The data; ranges and densities are taken from all of it.
    columns : sequence of str
        Numeric columns to move.
    rows : int
        How many rows to follow, from the first.

    Returns
    -------
    dict of Curves
        By column.

    Raises
    ------
    InputError
        Where a column is not there, or not numeric, or has fewer than two values.

    Examples
    --------
    >>> frame = pd.DataFrame({"distance": [1.0, 2.0, 4.0]})
    >>> follow(lambda X: 2 + X["distance"], frame, ["distance"], rows=1)["distance"].answers.tolist()
    [[3.0, 4.0, 6.0]]
    """
    head = X.head(rows)
    values = {name: values_of(X, name) for name in columns}
    parts = []
    for name, grid in values.items():
        moved = head.loc[head.index.repeat(len(grid))]
        parts.append(moved.assign(**{name: np.tile(grid, len(head)).astype(X[name].dtype)}))
    answers = answers_of(model, pd.concat(parts))
    found, offset = {}, 0
    for name, grid in values.items():
        count = len(head) * len(grid)
        part = answers[offset : offset + count].reshape(len(head), len(grid))
        found[name] = Curves(grid, part, head[name].to_numpy(dtype=float), density_of(X[name], grid))
        offset += count
    return found


def values_of(X: pd.DataFrame, column: str) -> np.ndarray:
    """Return the values that a column is set to: all of them where they are few, else steps through the range."""
    if column not in X:
        raise InputError(
            _("The column {column!r} is not in the data; the columns are {columns}.").format(
                column=column, columns=shorten(map(str, X.columns))
            )
        )
    if not pd.api.types.is_numeric_dtype(X[column]) or pd.api.types.is_bool_dtype(X[column]):
        raise InputError(_("The column {column!r} holds no numbers; choose one that does.").format(column=column))
    seen = np.unique(X[column].dropna().to_numpy(dtype=float))
    if len(seen) < 2:
        raise InputError(_("The column {column!r} has fewer than two values, so it cannot move.").format(column=column))
    if len(seen) <= STEPS:
        return seen
    grid = np.linspace(seen[0], seen[-1], STEPS)
    return np.unique(np.rint(grid)) if pd.api.types.is_integer_dtype(X[column]) else grid


def density_of(column: pd.Series, grid: np.ndarray) -> np.ndarray:
    """Return the share of the rows nearest to each value."""
    borders = (grid[1:] + grid[:-1]) / 2
    nearest = np.searchsorted(borders, column.dropna().to_numpy(dtype=float))
    return np.bincount(nearest, minlength=len(grid)) / max(1, len(nearest))


def answers_of(model: Any, frame: pd.DataFrame) -> np.ndarray:
    """Return the probability of the last class, or the value, of each row."""
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(frame), dtype=float)[:, -1]
    answers = np.asarray((model.predict if hasattr(model, "predict") else model)(frame), dtype=float)
    return answers if answers.ndim == 1 else answers[:, -1]


def compute(curves: Mapping[str, Curves], parameters: Mapping[str, Any]) -> View:
    """Pick what was chosen.

    Parameters
    ----------
    curves : mapping
        From `follow`.
    parameters : mapping
        ``column``, and ``row`` counted from 1.

    Returns
    -------
    View
        To be drawn.
    """
    return View(parameters["column"], parameters["row"] - 1, curves[parameters["column"]])


def draw(view: View, figure: Figure) -> None:
    """Draw the curve of the chosen row, its falls in another colour, the other rows pale, and where the data lie.

    Parameters
    ----------
    view : View
        What was chosen.
    figure : matplotlib.figure.Figure
        An empty figure.
    """
    curves, curve = view.curves, view.curve
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    figure.subplots_adjust(hspace=0.12)
    axes.plot(*one_line(curves.values, curves.answers), color=look.INK, alpha=0.25, linewidth=0.8)
    axes.plot(curves.values, curve, color=look.BLUE, linewidth=2.5)
    falls = np.flatnonzero(view.falls)[:, None] + [0, 1]
    axes.plot(*one_line(curves.values[falls], curve[falls]), color=look.VERMILLION, linewidth=3.5)
    axes.plot(curves.own[view.row], np.interp(curves.own[view.row], curves.values, curve), "o", color=look.BLUE)
    sign, colour = look.VERDICTS["fail" if view.falls.any() else "pass"]
    axes.set_title(
        _("{sign} row {row}: falls in {falls} of {steps} steps").format(
            sign=sign, row=view.row + 1, falls=int(view.falls.sum()), steps=len(view.steps)
        ),
        color=colour,
    )
    axes.set_ylabel(_("answer"))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    half = 0.45 * float(np.diff(curves.values).min())
    heights = np.zeros(2 * len(curves.values) - 1)  # of the bars and of the gaps between them
    heights[::2] = 100 * curves.density
    edges = np.ravel([curves.values - half, curves.values + half], order="F")
    below.stairs(heights, edges, fill=True, color=look.INK, alpha=0.6)
    below.set_xlabel(view.column)
    below.set_ylabel(_("% of rows"), fontsize=8)
    below.yaxis.set_major_locator(MaxNLocator(2))


def one_line(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Join lines with gaps between them, since each line more takes a millisecond to draw.

    Parameters
    ----------
    x : ndarray of shape (points,) or (lines, points)
        Where the points are.
    y : ndarray of shape (lines, points)
        Their heights.

    Returns
    -------
    x, y : ndarray of shape (lines × (points + 1),)
        One line.

    Examples
    --------
    >>> one_line(np.array([1.0, 2.0]), np.array([[5.0, 6.0], [7.0, 8.0]]))[1].tolist()
    [5.0, 6.0, nan, 7.0, 8.0, nan]
    """
    gap = np.full((len(y), 1), np.nan)
    return np.hstack([np.broadcast_to(x, y.shape), gap]).ravel(), np.hstack([y, gap]).ravel()


def describe(view: View) -> str:
    """Say what the picture shows.

    Parameters
    ----------
    view : View
        What was chosen.

    Returns
    -------
    str
        Plain text.
    """
    curves, curve = view.curves, view.curve
    said = _(
        "Row {row} has {column} {own:g}. From {low:g} to {high:g}, all else kept, its answer goes from {first:.3f} to "
        "{last:.3f}."
    ).format(
        row=view.row + 1,
        column=view.column,
        own=curves.own[view.row],
        low=curves.values[0],
        high=curves.values[-1],
        first=curve[0],
        last=curve[-1],
    )
    if not view.falls.any():
        return said + " " + _("It falls nowhere.")
    worst = int(view.steps.argmin())
    return (
        said
        + " "
        + _(
            "It falls in {falls} of {steps} steps, furthest from {start:g} to {stop:g}: by {size:.3f}. {share:.1%} "
            "of all "
            "rows lie there."
        ).format(
            falls=int(view.falls.sum()),
            steps=len(view.steps),
            start=curves.values[worst],
            stop=curves.values[worst + 1],
            size=-view.steps[worst],
            share=curves.density[worst : worst + 2].sum(),
        )
    )


def explorer(model: Any, X: pd.DataFrame, columns: Sequence[str], rows: int = 20) -> Any:
    """Choose a row and a column; see how the answer moves when only that column moves.

    Parameters
    ----------
    model : estimator or callable
        As for `follow`; asked once, when the explorer opens.
    X : DataFrame of shape (rows, columns)
        The data.
    columns : sequence of str
        Numeric columns to choose from.
    rows : int, default 20
        How many rows to choose from, the first of the data.

    Returns
    -------
    ipywidgets.Widget
        The explorer; `Explorer` says what it knows.

    Raises
    ------
    InputError
        As `follow`.
    MissingExtraError
        Where ipywidgets is not installed.

    Examples
    --------
    >>> frame = pd.DataFrame({"distance": np.arange(50.0)})
    >>> fare = lambda X: np.where(X["distance"] > 40, 5.0, 2.0 + X["distance"])
    >>> widget = explorer(fare, frame, ["distance"])
    >>> widget.text
    'Row 1 has distance 0. From 0 to 49, ... It falls in 1 of 49 steps, furthest from 40 to 41: by 37.000. ...'
    """
    widgets = require("ipywidgets", extra="lab")
    from mlops_lab.explorers.shell import Explorer

    count = min(rows, len(X))
    curves = follow(model, X, columns, count)
    column = widgets.Dropdown(options=list(curves), description=_("Column"))
    row = widgets.IntSlider(1, 1, count, description=_("Row"))
    return Explorer(
        {"column": column, "row": row},
        lambda parameters: compute(curves, parameters),
        draw,
        describe,
        alt=_("The answer for one row against the value of one column; below, where the rows of the data lie."),
    )
