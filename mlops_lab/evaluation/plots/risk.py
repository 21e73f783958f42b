"""Picture of risk against coverage: what is gained by holding back unsure answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from mlops_lab.evaluation.plots.parts import percent
from mlops_lab.evaluation.style import BLUE, FIGURE, MUTED, STYLE
from mlops_lab.i18n import gettext as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_risk_coverage"]


def draw_risk_coverage(table: pd.DataFrame, area: float, ax: Axes | None = None) -> Axes:
    """Draw the share of wrong answers over the share of rows that are answered.

    Parameters
    ----------
    table : DataFrame
        With the columns coverage, risk, low and high.
    area : float
        Area under the curve, for the title.
    ax : matplotlib Axes, optional
        Where to; by default a new figure.

    Returns
    -------
    matplotlib Axes
        With the picture.
    """
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.subplots(figsize=FIGURE, layout="constrained")[1]
        ax.fill_between(table["coverage"], table["low"], table["high"], color=BLUE, alpha=0.2, linewidth=0)
        ax.plot(table["coverage"], table["risk"], color=BLUE, linewidth=2)
        ax.axhline(table["risk"].iloc[-1], color=MUTED, linewidth=1, linestyle="--")
        ax.annotate(
            _("everything answered"), (0, table["risk"].iloc[-1]), (4, 4), textcoords="offset points", color=MUTED
        )
        ax.set_xlim(0, 1.02)
        ax.set_ylim(0, min(1.0, 1.6 * float(table["risk"].max()) + 0.01))
        percent(ax, "xy")
        ax.set_xlabel(_("coverage: rows that are answered"))
        ax.set_ylabel(_("risk: wrong answers among them"))
        ax.set_title(_("Area under the curve {area:.3f}").format(area=area))
        ax.grid(axis="y")
    return ax
