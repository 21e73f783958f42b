"""Pictures of proxies: how well a column is told by the others, and what a model makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from mlops_lab.evaluation.plots.canvas import canvas, named_intervals
from mlops_lab.evaluation.plots.parts import plain
from mlops_lab.evaluation.style import BLUE, MUTED, ORANGE, VERMILLION
from mlops_lab.i18n import gettext as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_gaps", "draw_telling"]

SHOWN = 10  # columns; more would stand too close, the table has all


def draw_telling(fall: pd.DataFrame, columns: pd.DataFrame, title: str, ax: Axes | None = None) -> Axes:
    """Draw areas under the ROC curve: of all columns, without the most telling ones, and of each alone.

    Parameters
    ----------
    fall : DataFrame
        With the columns left_out, auc, low and high; all columns first.
    columns : DataFrame
        With the columns column, auc, low, high and certain.
    title : str
        Of the picture.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes
        With the picture.
    """
    columns = columns.head(SHOWN)
    names = [_("all other columns"), *(_("− {names}").format(names=names) for names in fall["left_out"][1:])]
    names += [_("{column} alone {sign}").format(column=row.column, sign="●" if row.certain else "○")
              for row in columns.itertuples()]  # fmt: skip
    table = pd.concat([fall, columns])[["auc", "low", "high"]].rename(columns={"auc": "estimate"})
    colours = [VERMILLION, *[ORANGE] * (len(fall) - 1), *(BLUE if certain else MUTED for certain in columns["certain"])]
    with canvas(ax, rows=len(names)) as ax:
        named_intervals(ax, names, table, colours, zero=False)
        ax.axvline(0.5, color=MUTED, linewidth=1.2, linestyle=(0, (4, 2)))
        ax.set_xlabel(_("AUC: 0.5 is guessing, 1 is certainty (● beyond chance, ○ could be chance)"))
        ax.set_title(plain(title))
    return ax


def draw_gaps(gaps: pd.DataFrame, column: str, highest: str, lowest: str, ax: Axes | None = None) -> Axes:
    """Draw distances of the groups' mean scores.

    Parameters
    ----------
    gaps : DataFrame
        With the columns of, gap, low and high.
    column, highest, lowest : str
        The sensitive column and the two groups.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes
        With the picture.
    """
    words = {
        "model": _("the model"),
        "model without the column": _("told nothing of {column}").format(column=column),
        "model trained without": _("trained without {column}").format(column=column),
        "truth": _("truth"),
    }
    colours = {"truth": MUTED, "model": BLUE}
    with canvas(ax, rows=len(gaps)) as ax:
        table = gaps.rename(columns={"gap": "estimate"})
        named_intervals(ax, [words[of] for of in gaps["of"]], table, [colours.get(of, ORANGE) for of in gaps["of"]])
        ax.set_xlabel(plain(_("mean score of {highest} minus that of {lowest}").format(highest=highest, lowest=lowest)))
        ax.set_title(plain(_("What remains of the distance by {column}").format(column=column)))
    return ax
