"""Picture of a perturbation: how much is lost as the change grows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlops_lab.evaluation.numbers import number
from mlops_lab.evaluation.plots.parts import draw_interval, plain, tolerance_line
from mlops_lab.evaluation.plots.registry import draws
from mlops_lab.evaluation.result import Result
from mlops_lab.evaluation.style import BLUE, INK, VERMILLION
from mlops_lab.i18n import gettext as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CROSSES = "strength_at_tolerance"  # name of the extra that holds where the drop reaches the tolerance


@draws("perturbation", "strength", "estimate", "low", "high", "flips", "flips_low", "flips_high")
def draw_perturbation(result: Result, ax: Axes) -> None:
    """Draw the drop against strength with its band, and below each strength how many decisions change.

    A drop alone hides that changed decisions may cancel. With one strength only, its interval is drawn.
    """
    table = result.details.dropna(subset=["strength"]).sort_values("strength")
    if len(table) < 2:
        draw_interval(result, ax)
        return
    strengths = table["strength"].to_numpy(dtype=float)
    if strengths[0] > 0 and strengths[-1] >= 4 * strengths[0]:
        ax.set_xscale("log")
    ax.fill_between(strengths, table["low"], table["high"], color=BLUE, alpha=0.2, linewidth=0)
    ax.plot(strengths, table["estimate"], "o-", color=BLUE, linewidth=2, markersize=5)
    end = (strengths[-1], table["estimate"].iloc[-1])
    ax.annotate(number(end[1]), end, (-6, 8), textcoords="offset points", ha="right", size=9, color=INK)
    flips = [
        "" if math.isnan(share) else f"\n{share:.{1 if share < 0.1 else 0}%}"
        for share in table["flips"].to_numpy(dtype=float)
    ]
    ax.set_xticks(strengths, [f"{strength:g}{share}" for strength, share in zip(strengths, flips, strict=True)])
    ax.minorticks_off()
    tolerance_line(ax, result, "y", left=True)
    mark_crossing(result, ax)
    ax.set_ylabel(plain(result.metric))
    below = (
        _("strength of the change; below it: predicted values that move")
        if result.of_values
        else _("strength of the change; below it: decisions that change")
    )
    ax.set_xlabel(below if any(flips) else _("strength of the change"))
    ax.grid(axis="y")


def mark_crossing(result: Result, ax: Axes) -> None:
    """Mark the strength at which the drop reaches the tolerance."""
    strength = result.extras.get(CROSSES)
    if strength is None or math.isnan(strength):
        return
    ax.plot([strength], [result.tolerance], "X", color=VERMILLION, markersize=10, zorder=4)
    words = _("reached at {strength:.3g}").format(strength=strength)
    ax.annotate(words, (strength, result.tolerance), (6, -12), textcoords="offset points", size=9, color=INK)
