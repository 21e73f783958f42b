"""Picture of Simpson's paradox: the difference of two sides over all rows, within groups, and at the same mix."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pandas as pd

from mlops_lab.evaluation.numbers import number
from mlops_lab.evaluation.plots.canvas import canvas, named_intervals
from mlops_lab.evaluation.plots.parts import plain
from mlops_lab.evaluation.style import BLUE, INK, MUTED, VERMILLION
from mlops_lab.i18n import gettext as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_reversal"]

TITLE = 48  # letters of a line that stand over the axes: the names are to their left
SHOWN = 14  # groups; more would stand too close, the table has all
SIGNS = {"": ("", INK), "yes": ("⇄", VERMILLION), "no": ("=", BLUE), "can't tell": ("?", MUTED)}


def draw_reversal(
    table: pd.DataFrame, names: tuple[str, str], quantity: str, title: str, ax: Axes | None = None
) -> Axes:
    """Draw one interval a row: all rows on top, then the groups, the same mix at the bottom.

    Parameters
    ----------
    table : DataFrame
        With the columns group, first, second, estimate, low, high and turns; all rows first.
    names : tuple of str
        Of the two sides.
    quantity : str
        On what they are compared.
    title : str
        Of the picture.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes
        With the picture.
    """
    groups = table.iloc[1:-1]
    largest = groups[["rows_first", "rows_second"]].sum(axis=1).nlargest(SHOWN).index
    table = pd.concat([table.iloc[:1], groups.loc[groups.index.isin(largest)], table.iloc[-1:]])
    with canvas(ax, rows=len(table)) as ax:
        labels = [
            f"{SIGNS[row.turns][0]} {row.group} ({number(row.first, 3)}, {number(row.second, 3)})".strip()
            for row in table.itertuples()
        ]
        named_intervals(ax, labels, table, [SIGNS[turns][1] for turns in table["turns"]])
        ax.set_xlabel(
            plain(
                _("{quantity}: {first} minus {second}\n(⇄ the order turns, = it stays, ? cannot be told)").format(
                    quantity=quantity, first=names[0], second=names[1]
                )
            )
        )
        ax.set_title(plain(textwrap.fill(title, TITLE)))
    return ax
