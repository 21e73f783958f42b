"""Explore a calibration: how many rows and how many groups, against the curve and the usual error."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mlops_lab.errors import InputError, require, shorten
from mlops_lab.evaluation.addresses import opened
from mlops_lab.evaluation.checks.calibration import reliability_curve
from mlops_lab.evaluation.errors import NotApplicable
from mlops_lab.evaluation.memory import in_memory
from mlops_lab.evaluation.model import encode_target
from mlops_lab.evaluation.probe import PROBE_ROWS, probe_model
from mlops_lab.evaluation.statistics.calibration import binned_error
from mlops_lab.evaluation.statistics.calibration_error import calibration_error
from mlops_lab.evaluation.statistics.interval import Interval
from mlops_lab.evaluation.statistics.moments import FEWEST_ROWS
from mlops_lab.evaluation.statistics.score_histogram import ScoreHistogram
from mlops_lab.explorers import look
from mlops_lab.i18n import gettext as _

__all__ = ["Scored", "View", "compute", "describe", "draw", "explorer", "score"]

Progress = Callable[[int, int, str], None]

GROUPS = (2, 5, 10, 15, 20, 30, 50, 100)
ROWS = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)


@dataclass(frozen=True)
class Scored:
    """What one model said of all rows, and how far from the truth the first of them show it to be.

    Parameters
    ----------
    scores : ndarray of shape (rows,)
        Probability of the positive class.
    outcomes : ndarray of bool, shape (rows,)
        Whether it came true.
    errors : mapping of int to Interval
        By number of rows, the first of the data: the calibration error as the suite judges it.
    usual : mapping of int to ndarray of shape (len(GROUPS),)
        By number of rows: the usual error for each number of groups.
    """

    scores: np.ndarray
    outcomes: np.ndarray
    errors: Mapping[int, Interval]
    usual: Mapping[int, np.ndarray]


@dataclass(frozen=True)
class View:
    """What is drawn: one model, on so many rows, in so many groups.

    Parameters
    ----------
    name : str
        Of the model; empty where there is only one.
    rows, groups : int
        The chosen ones.
    curve : DataFrame
        One row a group, as `mlops_lab.evaluation.Calibration` details it.
    error : Interval
        The calibration error, judged against its tolerance.
    usual : ndarray of shape (len(GROUPS),)
        The usual error on these rows, for each number of groups.
    """

    name: str
    rows: int
    groups: int
    curve: pd.DataFrame
    error: Interval
    usual: np.ndarray

    @property
    def usual_error(self) -> float:
        """The usual error in the chosen groups."""
        return float(self.usual[GROUPS.index(self.groups)])

    @property
    def outside(self) -> int:
        """How many groups lie outside the band of a perfect model."""
        curve = self.curve
        return int(((curve["observed"] < curve["band_low"]) | (curve["observed"] > curve["band_high"])).sum())

    @property
    def verdict(self) -> str:
        """What the suite says of these rows, whatever the groups."""
        return self.error.verdict()


def score(
    models: Mapping[str, Any],
    X: pd.DataFrame,
    y: Any,
    positive: Any = None,
    tolerance: float = 0.03,
    progress: Progress | None = None,
) -> dict[str, Scored]:
    """Ask each model once for all rows, and judge the first 50, 100, 200, … of them.

    Parameters
    ----------
    models : mapping of str to estimator or callable
        Each gives probabilities.
    X : DataFrame of shape (rows, columns)
        Rows in an order that means nothing: the first are taken as a sample of all.
    y : array-like of shape (rows,)
        What came true.
    positive : label, optional
        The class to look at; ``classes_[1]`` of two classes.
    tolerance : float, default 0.03
        Largest calibration error that is allowed.
    progress : callable, optional
        Called with what is done, what there is, and a name.

    Returns
    -------
    dict of Scored
        By name of the model.

    Raises
    ------
    InputError
        Where there are fewer than ten rows, or the class is not among those of the model.
    NotApplicable
        Where a model gives no probabilities.
    EvaluationError
        Where a model or the data cannot be used.

    Examples
    --------
    >>> from mlops_lab.datasets import rides
    >>> trips = rides.trips(1000, seed=1)
    >>> truth = score({"truth": rides.probability}, trips, trips["late"])["truth"]
    >>> bool(truth.usual[50][3] > 4 * truth.usual[1000][0])
    True
    """
    source = in_memory(X, y)
    if len(source.target) < FEWEST_ROWS:
        raise InputError(
            _("There are {rows} rows; bring at least {needed}.").format(rows=len(source.target), needed=FEWEST_ROWS)
        )
    sizes = [rows for rows in ROWS if rows < len(source.target)] + [len(source.target)]
    found = {}
    for done, (name, model) in enumerate(models.items()):
        if progress is not None:
            progress(done, len(models), name)
        predictor = probe_model(opened(model), source.target, source.frame.head(PROBE_ROWS)).predictor
        probabilities = predictor(source.frame.copy()).probabilities
        if probabilities is None or predictor.classes is None:
            raise NotApplicable(_("Calibration needs probabilities; pass a classifier with predict_proba."))
        code = code_of(predictor.classes.tolist(), positive)
        scores = np.clip(probabilities[:, code], 0.0, 1.0)
        outcomes = encode_target(source.target, predictor) == code
        states = {rows: ScoreHistogram.of(outcomes[:rows], scores[:rows]) for rows in sizes}
        errors = {rows: calibration_error(state, tolerance=tolerance) for rows, state in states.items()}
        usual = {rows: np.array([binned_error(state, groups) for groups in GROUPS]) for rows, state in states.items()}
        found[name] = Scored(scores, outcomes, errors, usual)
    if progress is not None:
        progress(len(models), len(models), "")
    return found


def code_of(classes: Sequence[Any], positive: Any) -> int:
    """Return the place of the class to look at."""
    if positive is None and len(classes) == 2:
        return 1
    if positive in classes:
        return classes.index(positive)
    raise InputError(
        _("The class {positive!r} is not one of the model's; choose positive= among {classes}.").format(
            positive=positive, classes=shorten(map(str, classes))
        )
    )


def compute(scored: Mapping[str, Scored], parameters: Mapping[str, Any]) -> View:
    """Put the chosen rows of the chosen model into the chosen number of groups.

    Parameters
    ----------
    scored : mapping
        From `score`.
    parameters : mapping
        ``rows`` and ``groups``, and ``model`` where there are several.

    Returns
    -------
    View
        To be drawn.
    """
    name = parameters.get("model", next(iter(scored)))
    chosen, rows, groups = scored[name], parameters["rows"], parameters["groups"]
    state = ScoreHistogram.of(chosen.outcomes[:rows], chosen.scores[:rows])
    curve = reliability_curve(state, groups)
    return View(name if len(scored) > 1 else "", rows, groups, curve, chosen.errors[rows], chosen.usual[rows])


def draw(view: View, figure: Figure) -> None:
    """Draw the curve over the band of a perfect model, and beside it the usual error against the number of groups.

    Parameters
    ----------
    view : View
        What was chosen.
    figure : matplotlib.figure.Figure
        An empty figure.
    """
    left, right = figure.subplots(1, 2, width_ratios=[1.25, 1])
    figure.subplots_adjust(wspace=0.35)
    curve, error = view.curve, view.error
    sign, colour = look.VERDICTS[view.verdict]
    left.fill_between(
        curve["predicted"], curve["band_low"], curve["band_high"], color=look.INK, alpha=0.25, linewidth=0
    )
    left.plot([0, 1], [0, 1], color=look.INK, linewidth=1, linestyle="--")
    left.vlines(curve["predicted"], curve["low"], curve["high"], color=look.BLUE, linewidth=1.5, alpha=0.5)
    left.plot(curve["predicted"], curve["observed"], "o-", color=look.BLUE, linewidth=1.5, markersize=4)
    left.set(xlim=(-0.02, 1.02), ylim=(-0.03, 1.03), xlabel=_("said"), ylabel=_("came true"))
    left.set(xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])  # each tick more takes two milliseconds to draw
    left.set_title(_("{rows:,} rows in {groups} groups").format(rows=view.rows, groups=len(curve)))
    steps = np.arange(len(GROUPS))
    at = GROUPS.index(view.groups)
    right.axhspan(float(error.low), float(error.high), color=colour, alpha=0.25, linewidth=0)
    right.axhline(float(error.tolerance), color=look.INK, linestyle="--", linewidth=1)
    right.plot(steps, view.usual, "o-", color=look.BLUE, markersize=4, alpha=0.6)
    right.plot(at, view.usual_error, "o", color=look.BLUE, markersize=9)
    right.annotate(
        f"{view.usual_error:.3f}", (at, view.usual_error), xytext=(0, 9), textcoords="offset points", ha="center"
    )
    right.set_xticks(steps[::2], [str(groups) for groups in GROUPS[::2]])
    right.set(xlabel=_("groups"), ylabel=_("usual error"))
    right.set_xlim(-0.6, len(GROUPS) - 0.4)
    right.set_ylim(0, 1.25 * max(float(view.usual.max()), float(error.high), float(error.tolerance)))
    right.yaxis.set_major_locator(MaxNLocator(4))
    right.set_title(
        _("{sign} true error {low:.3f} to {high:.3f}").format(sign=sign, low=error.low, high=error.high), color=colour
    )


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
    curve = _(
        "Left, {who}{rows:,} rows in {groups} groups: blue is what came true, with its interval; the grey band is "
        "where a perfect model would lie. {outside} groups lie outside of it."
    ).format(who=f"{view.name}, " if view.name else "", rows=view.rows, groups=len(view.curve), outside=view.outside)
    error = _(
        "Right: the usual error is {usual:.3f}. It moves with the number of groups; the coloured interval of the true "
        "error, {low:.3f} to {high:.3f}, does not."
    ).format(usual=view.usual_error, low=view.error.low, high=view.error.high)
    return f"{curve}\n\n{error} {look.verdict_words(view.verdict, format(view.error.tolerance, 'g'))}"


def explorer(
    model: Any,
    X: pd.DataFrame,
    y: Any,
    positive: Any = None,
    tolerance: float = 0.03,
    progress: Progress | None = None,
) -> Any:
    """Choose how many rows and how many groups; see the reliability curve, the usual error, and what can be told.

    The models are asked once, when the explorer opens. Interval and verdict are those of
    ``ev.Suite([ev.Calibration(max_error=tolerance)])`` on the same rows; with 15 groups the curve is the one in the
    details of its result.

    Parameters
    ----------
    model : estimator or callable, or mapping of str to such
        One model, or several by name to choose from.
    X, y, positive, tolerance, progress
        As for `score`.

    Returns
    -------
    ipywidgets.Widget
        The explorer; `Explorer` says what it knows.

    Raises
    ------
    InputError, NotApplicable, EvaluationError
        As `score`.
    MissingExtraError
        Where ipywidgets is not installed.

    Examples
    --------
    >>> from mlops_lab.datasets import rides
    >>> trips = rides.trips(2000, seed=1)
    >>> widget = explorer(rides.probability, trips, trips["late"])
    >>> widget.controls["rows"].value = 200
    >>> few = widget.data.usual_error
    >>> widget.controls["groups"].value = 50
    >>> widget.data.usual_error > few > 0.05, widget.data.verdict
    (True, 'inconclusive')
    """
    widgets = require("ipywidgets", extra="lab")
    from mlops_lab.explorers.shell import Explorer

    models = dict(model) if isinstance(model, Mapping) else {_("the model"): model}
    if not models:
        raise InputError(_("There is no model; pass one, or several by name."))
    scored = score(models, X, y, positive, tolerance, progress)
    sizes = list(next(iter(scored.values())).errors)
    rows = widgets.SelectionSlider(options=[(f"{size:,}", size) for size in sizes], index=len(sizes) - 1)
    groups = widgets.SelectionSlider(options=[(str(count), count) for count in GROUPS], value=15)
    rows.description, groups.description = _("Rows"), _("Groups")
    controls = {"rows": rows, "groups": groups}
    if len(scored) > 1:
        controls = {"model": widgets.Dropdown(options=list(scored), description=_("Model")), **controls}
    return Explorer(
        controls,
        lambda parameters: compute(scored, parameters),
        draw,
        describe,
        alt=_(
            "Left, what came true against what was said, with the band of a perfect model; right, the usual error "
            "against the number of groups, with the interval of the true one."
        ),
    )
