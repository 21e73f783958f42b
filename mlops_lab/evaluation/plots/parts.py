"""What the pictures share: intervals as bars, the tolerance as a line, numbers beside what they belong to."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_lab.evaluation.numbers import interval, number
from mlops_lab.evaluation.result import Result
from mlops_lab.evaluation.style import FAINT, INK, MUTED, VERDICT_COLOURS
from mlops_lab.i18n import gettext as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OTHER = {"x": "v", "y": "h"}  # a value on one axis is a line along the other

__all__ = ["draw_interval", "interval_bars", "interval_rows", "percent", "plain", "tolerance_line"]


def draw_interval(result: Result, ax: Axes) -> None:
    """Draw an interval against its tolerance, the number beside it: what every result has."""
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_ylim(-1, 1)
    if result.verdict == "error" or math.isnan(result.estimate):
        ax.set_xticks([])
        ax.spines["bottom"].set_visible(False)
        words = result.explain() or _("There is no number to draw.")
        text = ax.text(0.0, 0.9, plain(textwrap.fill(words, 70)), transform=ax.transAxes, va="top", color=INK)
        text.set_in_layout(False)
        return
    colour = VERDICT_COLOURS[result.verdict]
    interval_bars(ax, [0.0], [result.estimate], [result.low], [result.high], colour)
    words = f"{number(result.estimate)}\n({interval(result.low, result.high)})"
    ax.annotate(plain(words), (result.estimate, 0), (0, 14), textcoords="offset points", ha="center", color=INK)
    tolerance_line(ax, result, "x")
    ax.set_xlabel(plain(result.metric))
    ax.margins(x=0.15)


def interval_bars(
    ax: Axes, places: Any, estimates: Any, low: Any, high: Any, colour: Any, vertical: bool = False
) -> None:
    """Draw intervals as bars with a dot at the estimate."""
    (ax.vlines if vertical else ax.hlines)(places, low, high, color=colour, linewidth=5, alpha=0.35, capstyle="round")
    dots = (places, estimates) if vertical else (estimates, places)
    ax.scatter(*dots, color=colour, s=36, zorder=3)


def interval_rows(
    ax: Axes,
    result: Result,
    names: Sequence[str],
    remarks: Sequence[str],
    table: Any,
    columns: tuple[str, str, str],
    colours: Any,
) -> None:
    """Draw one interval a row, the first on top; its name and its number stand above it, so that names can be long."""
    places = np.arange(len(names))[::-1]
    estimate, low, high = (table[column].to_numpy(dtype=float) for column in columns)
    interval_bars(ax, places, estimate, low, high, colours)
    ax.set_yticks([])
    ax.set_ylim(-0.4 - 0.05 * len(names), len(names) - 0.2)
    ax.spines["left"].set_visible(False)
    tolerance_line(ax, result, "x", below=True, names=places)
    letters = int(points(ax)[0] / 4.9) - 8  # of 9 points, that fit beside the number
    for place, name, remark, value in zip(places, names, remarks, estimate, strict=True):
        for text, at, side in (
            (f"{cut(name, letters - len(remark))} {remark}", 0, "left"),
            (number(value), 1, "right"),
        ):
            drawn = ax.annotate(
                plain(text),
                (at, place),
                (0, 7),
                xycoords=ax.get_yaxis_transform(),
                textcoords="offset points",
                ha=side,
                size=9,
            )
            drawn.set_in_layout(False)


def points(ax: Axes) -> tuple[float, float]:
    """Return how wide and high axes without numbers at their side will be, in points."""
    figure = ax.figure
    alone = len(figure.axes) == 1 and figure.get_layout_engine() is not None
    box, share = (figure.bbox, (0.95, 0.8)) if alone else (ax.bbox, (1.0, 1.0))  # a layout moves axes when it is drawn
    return box.width / figure.dpi * 72 * share[0], box.height / figure.dpi * 72 * share[1]


def beside_names(ax: Axes, tolerance: float, names: Any, look: dict[str, Any]) -> None:
    """Draw the tolerance as an upright line that leaves out the names, which stand above their rows."""
    low, high = ax.get_ylim()
    point = (high - low) / points(ax)[1]
    tops = [high, *(name + 3.5 * point for name in names)]
    bottoms = [*(name + 18 * point for name in names), low]
    pieces = [(bottom, top) for bottom, top in zip(bottoms, tops, strict=True) if bottom < top]
    ax.vlines([tolerance] * len(pieces), *zip(*pieces, strict=True), **look)
    ax.set_ylim(low, high)


def tolerance_line(
    ax: Axes, result: Result, axis: str, below: bool = False, left: bool = False, names: Any = None
) -> None:
    """Draw the tolerance across an axis, and shade what is not allowed."""
    tolerance, line, span = result.tolerance, getattr(ax, f"ax{OTHER[axis]}line"), getattr(ax, f"ax{OTHER[axis]}span")
    if math.isnan(tolerance):
        return
    dashed: dict[str, Any] = {"color": MUTED, "linewidth": 1.2, "linestyle": (0, (4, 2))}
    if names is None:
        line(tolerance, **dashed)
    else:
        beside_names(ax, tolerance, names, dashed)
    low, high = getattr(ax, f"get_{axis}lim")()
    room = 0.12 * (high - low)
    low, high = min(low, tolerance - room), max(high, tolerance + room)
    forbidden = (tolerance, high) if result.larger_is_worse else (low, tolerance)
    span(*forbidden, color=FAINT, alpha=0.55, linewidth=0, zorder=0)
    getattr(ax, f"set_{axis}lim")(low, high)
    words = _("at most {tolerance:g}") if result.larger_is_worse else _("at least {tolerance:g}")
    words = words.format(tolerance=tolerance)
    look: Any = {"textcoords": "offset points", "color": MUTED, "size": 9}
    if axis == "x":
        height, shift, side = (0, 3, "bottom") if below else (1, -2, "top")
        ax.annotate(words, (tolerance, height), (4, shift), xycoords=("data", "axes fraction"), va=side, **look)
    else:
        place, shift, side = (0, 4, "left") if left else (1, -2, "right")
        ax.annotate(words, (place, tolerance), (shift, 3), xycoords=("axes fraction", "data"), ha=side, **look)


def percent(ax: Axes, axes: str = "x") -> None:
    """Write shares in per cent, with the decimals that they have."""
    for name in axes:
        getattr(ax, f"{name}axis").set_major_formatter(lambda share, _place: f"{round(100 * share, 6) + 0.0:g}%")


def cut(name: str, letters: int) -> str:
    """Shorten a name that is too long; the table has it whole."""
    letters = max(12, letters)
    return name if len(name) <= letters else name[: letters - 1].rstrip() + "…"


def plain(text: str) -> str:
    """Keep a name such as ``cost_$`` from being read as a formula."""
    return text.replace("$", r"\$")
