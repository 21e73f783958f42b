"""Explore a perturbation: column, change and strength against the drop of a metric and the decisions that flip."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mlops_lab import evaluation as ev
from mlops_lab.errors import InputError, require, shorten
from mlops_lab.evaluation.statistics.interval import Interval
from mlops_lab.explorers import look
from mlops_lab.i18n import gettext as _

__all__ = ["Tried", "View", "compute", "describe", "draw", "explorer", "try_all"]

Progress = Callable[[int, int, str], None]
Offered = dict[str, tuple[Any, Sequence[float], str]]  # by name of the change: the change, strengths, their unit

SPREADS = (0.05, 0.1, 0.2, 0.4, 0.8)  # robust standard deviations
SHARES = (0.02, 0.05, 0.1, 0.2, 0.4)  # of the rows


@dataclass(frozen=True)
class Tried:
    """One change of one column at several strengths, as the suite judged it.

    Parameters
    ----------
    metric : str
        What the drop is of.
    unit : str
        What the strength is counted in.
    table : DataFrame
        One row a strength: strength, estimate, low, high, flips, flips_low, flips_high.
    """

    metric: str
    unit: str
    table: pd.DataFrame


@dataclass(frozen=True)
class View:
    """What is drawn: one change, and the strength that was chosen.

    Parameters
    ----------
    column, change : str
        Which.
    strength : float
        The chosen one.
    tried : Tried
        All strengths.
    tolerance : float
        Drop that is allowed.
    """

    column: str
    change: str
    strength: float
    tried: Tried
    tolerance: float

    @cached_property
    def row(self) -> pd.Series:
        """The numbers at the chosen strength."""
        table = self.tried.table
        return table.loc[(table["strength"] - self.strength).abs().idxmin()]

    @property
    def verdict(self) -> str:
        """What the suite says of the chosen strength alone."""
        estimate, low, high = self.row[["estimate", "low", "high"]]
        return Interval(estimate, low, high, tolerance=self.tolerance).verdict()


def changes_of(frame: pd.DataFrame, column: str) -> Offered:
    """Return the changes that a column can take: each with its strengths and their unit."""
    spreads, shares = _("standard deviations"), _("share of the rows")
    noise: Offered = {_("noise"): (ev.noise(column, sd=SPREADS[0]), SPREADS, spreads)}
    slips: Offered = {_("slips"): (ev.miscode(column, rate=SHARES[0]), SHARES, shares)}
    gaps: Offered = {_("gaps"): (ev.missing(column, rate=SHARES[0]), SHARES, shares)}
    if pd.api.types.is_bool_dtype(frame[column]):
        return slips  # a gap would change the column's type
    return (noise if pd.api.types.is_numeric_dtype(frame[column]) else slips) | gaps


def try_all(
    model: Any,
    X: pd.DataFrame,
    y: Any,
    columns: Sequence[str] | None = None,
    metric: str | None = None,
    progress: Progress | None = None,
) -> dict[str, dict[str, Tried]]:
    """Try every change of every column at every strength.

    Parameters
    ----------
    model, X, y
        As for `mlops_lab.evaluation.Suite.run`; all rows are used.
    columns : sequence of str, optional
        Which columns; by default all.
    metric : str, optional
        By default accuracy, or mean absolute error for values.
    progress : callable, optional
        Called with what is done, what there is, and a name.

    Returns
    -------
    dict of dict of Tried
        By column and by name of the change. A change that the model cannot take, such as gaps where it knows none, is
        left out.

    Raises
    ------
    InputError
        Where a column is not there, or the model can take no change.

    Examples
    --------
    >>> from mlops_lab.datasets import broken
    >>> X, y = broken.data("rides", rows=2000)
    >>> tried = try_all(broken.models("rides")["brittle"], X, y, columns=["distance_km"])
    >>> list(tried["distance_km"])
    ['noise', 'gaps']
    """
    names = list(X.columns if columns is None else columns)
    absent = [name for name in names if name not in X.columns]
    if absent:
        raise InputError(
            _("The column {column!r} is not in the data; the columns are {columns}.").format(
                column=absent[0], columns=shorten(map(str, X.columns))
            )
        )
    jobs = [(name, kind, *given) for name in names for kind, given in changes_of(X, name).items()]
    tried: dict[str, dict[str, Tried]] = {}
    for done, (name, kind, change, strengths, unit) in enumerate(jobs):
        if progress is not None:
            progress(done, len(jobs), f"{name}: {kind}")
        check = ev.Perturbation(change, metric=metric, sweep=strengths)
        result = ev.Suite([check]).run(model, X, y, progress=False).results[0]
        if result.verdict != "error":
            tried.setdefault(name, {})[kind] = Tried(result.metric, unit, result.details)
    if progress is not None:
        progress(len(jobs), len(jobs), "")
    if not tried:
        raise InputError(_("The model can take none of the changes; try it with ev.Perturbation to see what it says."))
    return tried


def compute(tried: Mapping[str, Mapping[str, Tried]], parameters: Mapping[str, Any], tolerance: float) -> View:
    """Pick what was chosen out of what was tried.

    Parameters
    ----------
    tried : mapping
        From `try_all`.
    parameters : mapping
        ``column``, ``change`` and ``strength``.
    tolerance : float
        Drop that is allowed.

    Returns
    -------
    View
        To be drawn.
    """
    column = parameters["column"]
    change = parameters["change"] if parameters["change"] in tried[column] else next(iter(tried[column]))
    return View(column, change, parameters["strength"], tried[column][change], tolerance)


def draw(view: View, figure: Figure) -> None:
    """Draw drop and flips against the strength, the chosen one strong.

    Parameters
    ----------
    view : View
        What was chosen.
    figure : matplotlib.figure.Figure
        An empty figure.
    """
    table, row = view.tried.table, view.row
    steps = np.arange(len(table))  # strengths double from step to step, so equal steps show them best
    at = int(np.flatnonzero(table["strength"] == row["strength"])[0])
    drop, flips = figure.subplots(1, 2)
    figure.subplots_adjust(wspace=0.32)
    sign, colour = look.VERDICTS[view.verdict]
    for axes, name, low, high, shade, title in (
        (drop, "estimate", "low", "high", colour, view.tried.metric),
        (flips, "flips", "flips_low", "flips_high", look.BLUE, _("decisions that flip")),
    ):
        axes.fill_between(steps, 100 * table[low], 100 * table[high], color=shade, alpha=0.2, linewidth=0)
        axes.plot(steps, 100 * table[name], "o-", color=shade, alpha=0.6, markersize=4)
        axes.plot([at] * 2, [100 * row[low], 100 * row[high]], color=shade, linewidth=5, alpha=0.6)
        axes.plot(at, 100 * row[name], "o", color=shade, markersize=9)
        axes.set(title=title, xlabel=view.tried.unit)
        axes.set_xticks(steps, [f"{strength:g}" for strength in table["strength"]])
        axes.yaxis.set_major_locator(MaxNLocator(4))  # each tick more takes two milliseconds to draw
        axes.yaxis.set_major_formatter(lambda value, _place: f"{value:.3g} %")
    drop.axhline(100 * view.tolerance, color=look.INK, linestyle="--", linewidth=1)
    drop.annotate(
        f"{sign} {100 * row['estimate']:.2f} %",
        (at, 100 * row["high"]),
        xytext=(0, 7),
        textcoords="offset points",
        ha="center",
    )
    drop.set_xlim(-0.5, len(table) - 0.3)
    lowest = min(0.0, float(table["low"].min()))
    drop.set_ylim(110 * lowest, 100 * max(1.4 * view.tolerance, 1.15 * float(table["high"].max())))
    flips.set_ylim(0, 115 * max(float(table["flips_high"].max()), 0.01))


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
    row = view.row
    numbers = _(
        "{change} on {column}, strength {strength:g} ({unit}): {metric} {drop:.2%}, interval {low:.2%} to {high:.2%}. "
        "{flips:.2%} of the decisions flip, interval {flips_low:.2%} to {flips_high:.2%}."
    ).format(
        change=view.change.capitalize(),
        column=view.column,
        strength=row["strength"],
        unit=view.tried.unit,
        metric=view.tried.metric,
        drop=row["estimate"],
        low=row["low"],
        high=row["high"],
        flips=row["flips"],
        flips_low=row["flips_low"],
        flips_high=row["flips_high"],
    )
    return f"{numbers} {look.verdict_words(view.verdict, f'{view.tolerance:.1%}')}"


def explorer(
    model: Any,
    X: pd.DataFrame,
    y: Any,
    columns: Sequence[str] | None = None,
    metric: str | None = None,
    tolerance: float = 0.02,
    progress: Progress | None = None,
) -> Any:
    """Choose a column, a change and a strength; see what the metric loses and how many decisions flip.

    Everything is tried once, on all rows, when the explorer opens, so that each move answers at once. The numbers are
    those of ``ev.Suite([ev.Perturbation(change)])`` with the same change.

    Parameters
    ----------
    model, X, y, columns, metric, progress
        As for `try_all`.
    tolerance : float, default 0.02
        Drop that is allowed, a line in the picture.

    Returns
    -------
    ipywidgets.Widget
        The explorer; `Explorer` says what it knows.

    Raises
    ------
    InputError
        As `try_all`.
    MissingExtraError
        Where ipywidgets is not installed.

    Examples
    --------
    >>> from mlops_lab.datasets import broken
    >>> X, y = broken.data("rides", rows=2000)
    >>> widget = explorer(broken.models("rides")["brittle"], X, y, columns=["distance_km", "city"])
    >>> widget.controls["strength"].value = 0.1
    >>> widget.data.column, widget.data.change, widget.data.verdict
    ('distance_km', 'noise', 'fail')
    """
    widgets = require("ipywidgets", extra="lab")
    from mlops_lab.explorers.shell import Explorer

    tried = try_all(model, X, y, columns, metric, progress)
    first = next(iter(tried))
    column = widgets.Dropdown(options=list(tried), description=_("Column"))
    change = widgets.Dropdown(options=list(tried[first]), description=_("Change"))
    strength = widgets.SelectionSlider(options=strengths_of(next(iter(tried[first].values()))), index=2)
    strength.description = _("Strength")

    def offer_changes(_moved: Any) -> None:
        change.options = list(tried[column.value])

    def offer_strengths(_moved: Any) -> None:
        offered = strengths_of(tried[column.value].get(change.value, next(iter(tried[column.value].values()))))
        if list(strength.options) != offered:
            place = strength.index
            strength.options = offered
            strength.index = place

    column.observe(offer_changes, names="value")
    for control in (column, change):
        control.observe(offer_strengths, names="value")
    return Explorer(
        {"column": column, "change": change, "strength": strength},
        lambda parameters: compute(tried, parameters, tolerance),
        draw,
        describe,
        alt=_("Drop of the metric, and share of decisions that flip, against the strength of the change."),
    )


def strengths_of(tried: Tried) -> list[tuple[str, float]]:
    """Return the strengths of a change as a slider takes them."""
    return [(f"{strength:g}", float(strength)) for strength in tried.table["strength"]]
