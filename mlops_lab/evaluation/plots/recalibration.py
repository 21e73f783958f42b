"""Picture of a recalibration: what each candidate gains, and the proof on fresh rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from mlops_lab.evaluation.plots.canvas import canvas, named_intervals
from mlops_lab.evaluation.style import BLUE, MUTED, VERDICT_COLOURS
from mlops_lab.i18n import gettext as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mlops_lab.evaluation.proof import Proof

__all__ = ["draw_proof"]


def draw_proof(proof: Proof, ax: Axes | None = None) -> Axes:
    """Draw the gain in log loss of each candidate, the chosen one marked, and of the proof below.

    Parameters
    ----------
    proof : Proof
        What to draw.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes
        With the picture.
    """
    table = proof.table[proof.table["estimate"] != 0]  # as it is gains nothing over itself
    last = pd.DataFrame({"estimate": [proof.gain.estimate], "low": [proof.gain.low], "high": [proof.gain.high]})
    names = [
        _("{method} (chosen)").format(method=row.method) if row.chosen else row.method for row in table.itertuples()
    ]
    colours = [BLUE if one else MUTED for one in table["chosen"]]
    if proof.gain.estimate != 0:
        table = pd.concat([table, last])
        names.append(_("proof on {rows:,} fresh rows").format(rows=proof.rows))
        colours.append(VERDICT_COLOURS["pass" if proof.accepted else "inconclusive"])
    with canvas(ax, rows=len(names)) as ax:
        named_intervals(ax, names, table, colours)
        ax.set_xlabel(_("gain in log loss over the model as it is"))
        ax.set_title(proof.title)
    return ax
