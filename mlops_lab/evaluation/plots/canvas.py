"""Where the functions beside the suite draw: on the axes that were given, or on a new figure in the house's look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlops_lab.evaluation.plots.parts import interval_bars, plain
from mlops_lab.evaluation.style import FIGURE, MUTED, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["canvas", "named_intervals"]


@contextmanager
def canvas(ax: Axes | None, rows: int = 0) -> Iterator[Axes]:
    """Give axes to draw on.

    Parameters
    ----------
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.
    rows : int, default 0
        Named rows that the picture will have; a new figure grows with them.

    Yields
    ------
    matplotlib Axes
        While the house's look is in force.
    """
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        if ax is None:
            import matplotlib.pyplot as plt

            height = max(FIGURE[1], 0.9 + 0.3 * rows)
            ax = plt.subplots(figsize=(FIGURE[0], height), layout="constrained")[1]
        yield ax


def named_intervals(ax: Axes, names: Sequence[str], table: pd.DataFrame, colours: Any, zero: bool = True) -> None:
    """Draw one interval a row, the first on top, with its name at the axis.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw.
    names : sequence of str
        One a row.
    table : DataFrame
        With the columns estimate, low and high.
    colours : colour or sequence of colours
        One for all, or one a row.
    zero : bool, default True
        Whether to draw a line at 0.
    """
    from matplotlib.ticker import MaxNLocator

    places = np.arange(len(names))[::-1]
    estimate, low, high = (table[column].to_numpy(dtype=float) for column in ("estimate", "low", "high"))
    if zero:
        ax.axvline(0, color=MUTED, linewidth=1.2, linestyle=(0, (4, 2)))
    interval_bars(ax, places, estimate, low, high, colours)
    ax.set_yticks(places, [plain(name) for name in names])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.xaxis.set_major_locator(MaxNLocator(5))  # the names leave little room for numbers
    ax.grid(axis="x")
