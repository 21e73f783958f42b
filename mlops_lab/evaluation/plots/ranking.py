"""Picture of a ranking of columns: the drop that disturbing each one alone brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from mlops_lab.evaluation.plots.canvas import canvas, named_intervals
from mlops_lab.evaluation.style import BLUE, MUTED
from mlops_lab.i18n import gettext as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_ranking"]


def draw_ranking(table: pd.DataFrame, metric: str, ax: Axes | None = None) -> Axes:
    """Draw the drop of each column, the largest on top; a filled sign marks those beyond chance.

    Parameters
    ----------
    table : DataFrame
        With the columns column, estimate, low, high and certain.
    metric : str
        For the label.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes
        With the picture.
    """
    with canvas(ax, rows=len(table)) as ax:
        names = [f"{row.column} {'●' if row.certain else '○'}" for row in table.itertuples()]
        named_intervals(ax, names, table, [BLUE if certain else MUTED for certain in table["certain"]])
        ax.set_xlabel(_("{metric} (● beyond chance, ○ could be chance)").format(metric=metric))
        ax.set_title(_("What it costs to disturb each column alone"))
    return ax
