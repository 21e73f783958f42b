"""Picture of a calibration: what was said against what came true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_lab.evaluation.numbers import interval, number
from mlops_lab.evaluation.plots.parts import percent, plain
from mlops_lab.evaluation.plots.registry import draws
from mlops_lab.evaluation.result import Result
from mlops_lab.evaluation.style import BLUE, FAINT, INK, MUTED
from mlops_lab.i18n import gettext as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@draws("calibration", "predicted", "observed", "low", "high", "band_low", "band_high", "rows")
def draw_calibration(result: Result, ax: Axes) -> None:
    """Draw the curve over the band where a calibrated model's would lie, and at the bottom how many rows say so."""
    table = result.details.sort_values("predicted")
    ax.fill_between(table["predicted"], table["band_low"], table["band_high"], color=FAINT, linewidth=0)
    ax.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 2)))
    ax.vlines(table["predicted"], table["low"], table["high"], color=BLUE, linewidth=1.5, alpha=0.6, clip_on=False)
    ax.plot(table["predicted"], table["observed"], "o-", color=BLUE, linewidth=2, markersize=4, clip_on=False)
    height = 0.12 * table["rows"] / max(table["rows"].max(), 1)
    ax.vlines(table["predicted"], -0.15, -0.15 + height, color=MUTED, linewidth=4)
    ax.annotate(_("rows"), (1, -0.09), (5, 0), textcoords="offset points", va="center", size=9, color=MUTED)
    words = plain(f"{result.metric}\n{number(result.estimate)} ({interval(result.low, result.high)})")
    ax.text(0.03, 0.97, words, transform=ax.transAxes, va="top", size=9, color=INK)
    ax.text(
        0.97,
        0.24,
        _("grey: where a calibrated model's curve would lie"),
        transform=ax.transAxes,
        ha="right",
        size=9,
        color=MUTED,
    )
    ax.set_xlim(0, 1)
    ax.set_ylim(-0.16, 1.02)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1])
    percent(ax, "xy")
    ax.set_xlabel(_("predicted probability"))
    ax.set_ylabel(_("came true"))
