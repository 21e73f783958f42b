"""Picture of an invariance: how many decisions or values change with each pair of levels, and which way."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlops_lab.evaluation.plots.parts import interval_rows, percent
from mlops_lab.evaluation.plots.registry import draws
from mlops_lab.evaluation.result import Result
from mlops_lab.evaluation.style import BLUE
from mlops_lab.i18n import gettext as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 8  # more would stand too close; the table has all


@draws("invariance", "pair", "rows", "changed", "estimate", "low", "high", "toward_positive", "toward_negative")
def draw_invariance(result: Result, ax: Axes) -> None:
    """Draw the change rate of each pair, the largest on top."""
    table = result.details.sort_values("estimate", ascending=False, kind="stable").head(SHOWN)
    remarks = [
        "" if math.isnan(row.toward_positive) else f"(↑{row.toward_positive:.0%} ↓{row.toward_negative:.0%})"
        for row in table.itertuples()
    ]
    interval_rows(ax, result, table["pair"].astype(str), remarks, table, ("estimate", "low", "high"), BLUE)
    percent(ax)
    ax.set_xlabel(
        _("predicted values that move (in brackets: those that rise, fall)")
        if result.of_values
        else _("decisions that change (in brackets: rows whose score rises, falls)")
    )
