"""Explore a threshold: how many answers are shown, how many of them are wrong, and what both cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mlops_lab import evaluation as ev
from mlops_lab.errors import InputError, require
from mlops_lab.evaluation.result import Result
from mlops_lab.evaluation.statistics.interval import Interval
from mlops_lab.explorers import look
from mlops_lab.i18n import gettext as _

__all__ = ["Judged", "View", "compute", "describe", "draw", "explorer", "judge_all"]

STEPS = 50  # from the least confidence that an answer can have up to certainty
PRICES = (1, 2, 3, 5, 10, 20, 50, 100)  # of a wrong answer, in units of one that is held back
ALPHA = 0.05  # as in a suite


@dataclass(frozen=True)
class Judged:
    """Every threshold, as the suite judged it alone.

    Parameters
    ----------
    rows : int
        Rows of the data.
    least_right : float
        Share of the shown answers that must be right.
    table : DataFrame
        One row a threshold: threshold, coverage, accuracy, low, high (of the accuracy) and verdict.
    """

    rows: int
    least_right: float
    table: pd.DataFrame

    @property
    def risk(self) -> np.ndarray:
        """Share of wrong answers among the shown; 0 where none is shown."""
        return np.where(self.table["coverage"] > 0, 1 - self.table["accuracy"], 0.0)


@dataclass(frozen=True)
class View:
    """What is drawn: one threshold, and the price of a wrong answer.

    Parameters
    ----------
    judged : Judged
        All thresholds.
    place : int
        Place of the chosen one.
    cost_wrong, cost_abstain : float
        Cost of a wrong answer, and of one that is held back.
    """

    judged: Judged
    place: int
    cost_wrong: float
    cost_abstain: float

    @property
    def row(self) -> pd.Series:
        """The numbers at the chosen threshold."""
        return self.judged.table.iloc[self.place]

    @property
    def costs(self) -> np.ndarray:
        """What a hundred rows cost at each threshold."""
        shown = self.judged.table["coverage"].to_numpy()
        return 100 * (self.cost_wrong * self.judged.risk * shown + self.cost_abstain * (1 - shown))

    @property
    def cheapest(self) -> int:
        """Place of the cheapest threshold."""
        return int(self.costs.argmin())


def judge_all(model: Any, X: pd.DataFrame, y: Any, least_right: float = 0.95) -> Judged:
    """Judge every threshold in one pass over the rows.

    Parameters
    ----------
    model, X, y
        As for `mlops_lab.evaluation.Suite.run`: a classifier with probabilities, and all rows are used.
    least_right : float, default 0.95
        Share of the shown answers that must be right.

    Returns
    -------
    Judged
        What ``ev.Suite([ev.Confidence(threshold, least_right)])`` says at each threshold, from the last on at which
        everything is shown.

    Raises
    ------
    InputError
        Where the model gives no probabilities, or ``least_right`` is no share.

    Examples
    --------
    >>> from mlops_lab.datasets import broken
    >>> judged = judge_all(broken.models("rides")["clean"], *broken.data("rides", rows=2000))
    >>> judged.table.loc[judged.table["threshold"] == 0.9, ["coverage", "accuracy"]].round(2).values.tolist()
    [[0.29, 0.94]]
    """
    labels = pd.unique(pd.Series(X[y] if isinstance(y, str) else y))
    thresholds = np.unique(np.linspace(1 / max(2, len(labels)), 1, STEPS + 1).round(2))
    checks = [ev.Confidence(threshold, least_right) for threshold in thresholds.tolist()]
    report = ev.Suite(checks, alpha=ALPHA).run(model, X, y, progress=False)
    if report.results[0].verdict == "error":
        raise InputError(" ".join(report.results[0].notes))
    table = pd.DataFrame([row_of(result) for result in report])
    everything = int((table["coverage"] == 1).sum())
    return Judged(report.rows, least_right, table.iloc[max(0, everything - 1) :].reset_index(drop=True))


def row_of(result: Result) -> dict[str, Any]:
    """Return one threshold as it is judged alone, before the correction for the many that were judged with it."""
    alone = Interval(
        result.estimate, result.low, result.high, tolerance=result.tolerance, alpha=ALPHA, larger_is_worse=False
    ).verdict()
    held = alone == "fail" and result.p_fail >= ALPHA / 2
    return {
        "threshold": result.extras["threshold"],
        "coverage": result.extras["coverage"],
        "accuracy": result.extras["accuracy"],
        "low": result.low,
        "high": result.high,
        "verdict": "inconclusive" if held else alone,
    }


def compute(judged: Judged, parameters: Mapping[str, Any], cost_abstain: float) -> View:
    """Pick what was chosen.

    Parameters
    ----------
    judged : Judged
        From `judge_all`.
    parameters : mapping
        ``threshold``, and ``price``: how many times as much as an answer that is held back a wrong one costs.
    cost_abstain : float
        Cost of an answer that is held back.

    Returns
    -------
    View
        To be drawn.
    """
    place = int((judged.table["threshold"] - parameters["threshold"]).abs().argmin())
    return View(judged, place, parameters["price"] * cost_abstain, cost_abstain)


def draw(view: View, figure: Figure) -> None:
    """Draw risk against coverage, and cost against threshold, the chosen threshold strong in both.

    Parameters
    ----------
    view : View
        What was chosen.
    figure : matplotlib.figure.Figure
        An empty figure.
    """
    risk, money = figure.subplots(1, 2)
    figure.subplots_adjust(wspace=0.32)
    draw_risk(view, risk)
    draw_cost(view, money)


def draw_risk(view: View, axes: Any) -> None:
    """Draw the share of wrong answers against the share that is shown."""
    table, row = view.judged.table, view.row
    shown = table[table["coverage"] > 0]
    sign, colour = look.VERDICTS[row["verdict"]]
    coverage, wrong = 100 * shown["coverage"], 100 * (1 - shown["accuracy"])
    allowed = 100 * (1 - view.judged.least_right)
    top = max(1.25 * float(wrong.max()), 1.5 * allowed)
    axes.fill_between(coverage, 100 * (1 - shown["high"]), 100 * (1 - shown["low"]), color=look.BLUE, alpha=0.2)
    axes.plot(coverage, wrong, color=look.BLUE, alpha=0.7)
    axes.axhline(allowed, color=look.INK, linestyle="--", linewidth=1)
    axes.annotate(_("allowed"), (1, allowed), xytext=(0, 3), textcoords="offset points", fontsize=9)
    if row["coverage"] > 0:
        at, ends = 100 * row["coverage"], [100 * (1 - row["high"]), 100 * (1 - row["low"])]
        axes.plot([at, at], ends, color=colour, linewidth=5, alpha=0.6)
        axes.plot(at, 100 * (1 - row["accuracy"]), "o", color=colour, markersize=9)
    said = _("{sign} {shown:.0f} % shown, {wrong:.1f} % wrong") if row["coverage"] > 0 else _("{sign} none shown")
    title = said.format(sign=sign, shown=100 * row["coverage"], wrong=100 * (1 - row["accuracy"]))
    axes.set_title(title, color=colour)
    axes.set(xlabel=_("answers that are shown"), ylabel=_("wrong among them"), xlim=(0, 103), ylim=(0, top))
    percent(axes)


def draw_cost(view: View, axes: Any) -> None:
    """Draw what a hundred rows cost against the threshold."""
    thresholds, costs = view.judged.table["threshold"], view.costs
    best, at = view.cheapest, view.place
    axes.plot(thresholds, costs, color=look.BLUE, alpha=0.7)
    axes.plot(thresholds[best], costs[best], "v", color=look.GREEN, markersize=9)
    axes.plot(thresholds[at], costs[at], "o", color=look.ORANGE if at != best else look.GREEN, markersize=9)
    axes.set_title(_("100 rows cost {cost:.1f}").format(cost=costs[at]))
    axes.annotate(
        f"{costs[best]:.1f}", (thresholds[best], costs[best]), xytext=(0, -16), textcoords="offset points", ha="center"
    )
    axes.set(xlabel=_("threshold (▼ the cheapest)"), ylim=(0, 1.1 * float(costs.max())))
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_locator(MaxNLocator(5))


def percent(axes: Any) -> None:
    """Write percentages on both axes."""
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5))
        axis.set_major_formatter(lambda value, _place: f"{value:.3g} %")


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
    row, judged = view.row, view.judged
    some = _(
        "At a confidence of {threshold:.2f} or more, {coverage:.1%} of {rows:,} answers are shown, and {accuracy:.2%} "
        "of them are right, interval {low:.2%} to {high:.2%}."
    )
    none = _("At a confidence of {threshold:.2f} or more, none of {rows:,} answers is shown.")
    money = _(
        "Where a wrong answer costs {wrong:g} and none {abstain:g}, a hundred rows cost {cost:.2f}. The cheapest "
        "threshold is {best:.2f}, with {least_cost:.2f}; showing all costs {all:.2f}, showing none {none:.2f}."
    )
    return " ".join(
        [
            (some if row["coverage"] > 0 else none).format(rows=judged.rows, **row.to_dict()),
            look.verdict_words(row["verdict"], format(judged.least_right, ".0%"), floor=True),
            money.format(
                wrong=view.cost_wrong,
                abstain=view.cost_abstain,
                cost=view.costs[view.place],
                best=judged.table["threshold"][view.cheapest],
                least_cost=view.costs[view.cheapest],
                all=view.costs[0],
                none=100 * view.cost_abstain,
            ),
        ]
    )


def explorer(
    model: Any,
    X: pd.DataFrame,
    y: Any,
    least_right: float = 0.95,
    cost_wrong: float = 5.0,
    cost_abstain: float = 1.0,
    progress: Callable[[int, int, str], None] | None = None,
) -> Any:
    """Move the threshold; see how many answers are shown, how many of them are wrong, and what both cost.

    The model is asked once, when the explorer opens. The numbers are those of
    ``ev.Suite([ev.Confidence(threshold, least_right)])``.

    Parameters
    ----------
    model, X, y, least_right
        As for `judge_all`.
    cost_wrong : float, default 5
        Cost of a wrong answer at first.
    cost_abstain : float, default 1
        Cost of an answer that is held back.
    progress : callable, optional
        Called with what is done, what there is, and a name.

    Returns
    -------
    ipywidgets.Widget
        The explorer; `Explorer` says what it knows.

    Raises
    ------
    InputError
        As `judge_all`, and where a cost is not above 0.
    MissingExtraError
        Where ipywidgets is not installed.

    Examples
    --------
    >>> from mlops_lab.datasets import broken
    >>> widget = explorer(broken.models("rides")["clean"], *broken.data("rides", rows=2000))
    >>> widget.controls["threshold"].value = 0.9
    >>> widget.text
    "At a confidence of 0.90 or more, 29.4% of 2,000 answers are shown, ... The cheapest threshold is 0.81, ..."
    """
    widgets = require("ipywidgets", extra="lab")
    from mlops_lab.explorers.shell import Explorer

    if not cost_wrong > 0 or not cost_abstain > 0:
        raise InputError(
            _("The costs are {wrong} and {abstain}; give numbers above 0.").format(
                wrong=cost_wrong, abstain=cost_abstain
            )
        )
    told = progress or (lambda done, total, step: None)
    told(0, 1, _("every threshold"))
    judged = judge_all(model, X, y, least_right)
    told(1, 1, "")
    offered = judged.table["threshold"].tolist()
    threshold = widgets.SelectionSlider(options=[(f"{value:.2f}", value) for value in offered])
    threshold.description = _("Threshold")
    prices = sorted({*map(float, PRICES), cost_wrong / cost_abstain})
    price = widgets.SelectionSlider(
        options=[(f"{cost_abstain * value:g}", value) for value in prices], value=cost_wrong / cost_abstain
    )
    price.description = _("A wrong answer costs")
    return Explorer(
        {"threshold": threshold, "price": price},
        lambda parameters: compute(judged, parameters, cost_abstain),
        draw,
        describe,
        alt=_("Wrong answers among the shown against the share that is shown, and the cost against the threshold."),
    )
