"""Picture of a direction: how often the score moves the wrong way, and in which part of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_lab.evaluation.numbers import number
from mlops_lab.evaluation.plots.parts import interval_rows, percent
from mlops_lab.evaluation.plots.registry import draws
from mlops_lab.evaluation.result import Result
from mlops_lab.evaluation.style import BLUE, ORANGE
from mlops_lab.i18n import gettext as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@draws("directional", "part", "rows", "violations", "estimate", "low", "high", "mean_size")
def draw_directional(result: Result, ax: Axes) -> None:
    """Draw the violation rate of all rows and of each region, with the mean size of the violations."""
    table = result.details
    names = [_("all rows") if part == "all" else str(part) for part in table["part"]]
    remarks = [_("(mean size {size})").format(size=number(size)) for size in table["mean_size"].astype(float)]
    colours = [BLUE if part == "all" else ORANGE for part in table["part"]]
    interval_rows(ax, result, names, remarks, table, ("estimate", "low", "high"), colours)
    percent(ax)
    ax.set_xlabel(_("rows that move the wrong way"))
