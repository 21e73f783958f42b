"""Pictures of slices: each group's distance to the rest, with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_lab.evaluation.numbers import of_rows
from mlops_lab.evaluation.plots.parts import interval_rows
from mlops_lab.evaluation.plots.registry import draws
from mlops_lab.evaluation.result import SIGNS, Result
from mlops_lab.evaluation.style import BLUE, MUTED, VERDICT_COLOURS, VERMILLION
from mlops_lab.i18n import gettext as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 8  # more would stand too close; the table has all


@draws("slices", "group", "rows", "metric", "metric_low", "metric_high", "gap", "low", "high", "p_value", "verdict")
def draw_slices(result: Result, ax: Axes) -> None:
    """Draw the gap of each group, the worst on top."""
    table = result.details.dropna(subset=["gap"]).sort_values("gap", ascending=False, kind="stable").head(SHOWN)
    names = [f"{SIGNS[row.verdict]} {row.group}" for row in table.itertuples()]
    remarks = [f"({of_rows(row.rows)})" for row in table.itertuples()]
    colours = [VERDICT_COLOURS[verdict] for verdict in table["verdict"]]
    interval_rows(ax, result, names, remarks, table, ("gap", "low", "high"), colours)
    against = {
        "overall": _("gap: how much worse than all rows together"),
        "rest": _("gap: how much worse than the rest of the rows"),
        "best": _("gap: how much worse than the best group"),
    }
    ax.set_xlabel(against[str(result.extras.get("against", "overall"))])


@draws("weak_slices", "slice", "rows", "share_of_error", "found_gap", "gap", "low", "high", "p_value", "confirmed")
def draw_weak_slices(result: Result, ax: Axes) -> None:
    """Draw the gap of each slice that was found, as measured on the rows that did not find it."""
    table = result.details.dropna(subset=["gap"]).sort_values("gap", ascending=False, kind="stable").head(SHOWN)
    signs = [SIGNS["fail" if confirmed else "inconclusive"] for confirmed in table["confirmed"]]
    names = [f"{sign} {name}" for sign, name in zip(signs, table["slice"], strict=True)]
    remarks = [f"({of_rows(row.rows)})" for row in table.itertuples()]
    colours = [VERMILLION if confirmed else BLUE for confirmed in table["confirmed"]]
    interval_rows(ax, result, names, remarks, table, ("gap", "low", "high"), colours)
    ax.scatter(table["found_gap"], range(len(table))[::-1], marker="|", s=120, color=MUTED)
    ax.set_xlabel(_("gap on fresh rows (upright stroke: where it was found)"))
