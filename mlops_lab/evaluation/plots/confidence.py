"""Picture of a confidence: how right the answers are that are sure enough, and how many those are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_lab.evaluation.plots.parts import percent, tolerance_line
from mlops_lab.evaluation.plots.registry import draws
from mlops_lab.evaluation.result import Result
from mlops_lab.evaluation.style import BLUE, INK, VERMILLION
from mlops_lab.i18n import gettext as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@draws(
    "confidence", "threshold", "coverage", "coverage_low", "coverage_high", "accuracy", "accuracy_low", "accuracy_high"
)
def draw_confidence(result: Result, ax: Axes) -> None:
    """Draw accuracy against coverage, the threshold rising from right to left, and mark the one that was judged."""
    table = result.details.dropna(subset=["accuracy"]).sort_values("coverage")
    ax.fill_between(
        table["coverage"], table["accuracy_low"], table["accuracy_high"], color=BLUE, alpha=0.2, linewidth=0
    )
    ax.plot(table["coverage"], table["accuracy"], color=BLUE, linewidth=2)
    mark_judged(result, ax)
    ax.set_xlim(0, 1.02)
    lowest = table["accuracy"].min()  # a handful of rows has intervals that would squeeze the curve
    ax.set_ylim(lowest - 0.5 * (1 - lowest) - 0.01, 1.01)
    decided_by_coverage = result.estimate == result.extras.get("coverage")
    tolerance_line(ax, result, "x" if decided_by_coverage else "y")
    percent(ax, "xy")
    ax.set_xlabel(_("coverage: answers above the threshold"))
    ax.set_ylabel(_("accuracy of these answers"))
    ax.grid(axis="y")


def mark_judged(result: Result, ax: Axes) -> None:
    """Mark the threshold that was judged, with the intervals that hold jointly."""
    given = result.extras
    if not {"threshold", "accuracy", "accuracy_joint", "coverage", "coverage_joint"} <= set(given):
        return
    accuracy, coverage = given["accuracy"], given["coverage"]
    ax.hlines(accuracy, *given["coverage_joint"], color=VERMILLION, linewidth=2)
    ax.vlines(coverage, *given["accuracy_joint"], color=VERMILLION, linewidth=2)
    ax.plot(coverage, accuracy, "o", color=VERMILLION, markersize=7)
    words = _("threshold {threshold:g}: {accuracy:.1%} right, {coverage:.1%} covered").format(
        threshold=given["threshold"], accuracy=accuracy, coverage=coverage
    )
    ax.text(0.03, 0.05, words, transform=ax.transAxes, size=9, color=INK)
