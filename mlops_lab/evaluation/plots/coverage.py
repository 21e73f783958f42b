"""Picture of coverage: how often the truth is held, over all rows and in each group, against the promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from mlops_lab.evaluation.plots.canvas import canvas, named_intervals
from mlops_lab.evaluation.plots.parts import percent
from mlops_lab.evaluation.style import BLUE, GREEN, MUTED, VERMILLION
from mlops_lab.i18n import gettext as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_coverage"]

SIGNS = {"kept": ("✓", GREEN), "broken": ("✗", VERMILLION), "can't tell": ("?", BLUE)}


def draw_coverage(table: pd.DataFrame, promise: float, title: str, ax: Axes | None = None) -> Axes:
    """Draw the coverage of each group, all rows on top, and the promise as a line.

    Parameters
    ----------
    table : DataFrame
        With the columns group, rows, estimate, low, high, verdict and size.
    promise : float
        Share that was promised.
    title : str
        Of the picture.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes
        With the picture.
    """
    with canvas(ax, rows=len(table)) as ax:
        names = [f"{SIGNS[row.verdict][0]} {row.group} ({row.size:.3g})" for row in table.itertuples()]
        named_intervals(ax, names, table, [SIGNS[verdict][1] for verdict in table["verdict"]], zero=False)
        ax.axvline(promise, color=MUTED, linewidth=1.2, linestyle=(0, (4, 2)))
        percent(ax)
        ax.set_xlabel(_("rows whose truth is held (dashed: promised; in brackets: mean size)"))
        ax.set_title(title)
    return ax
