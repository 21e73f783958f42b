"""Which picture a result gets, and what all pictures share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlops_lab.evaluation.plots.parts import draw_interval, plain
from mlops_lab.evaluation.plots.registry import DRAWINGS
from mlops_lab.evaluation.result import SIGNS, Result
from mlops_lab.evaluation.style import FIGURE, INK, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_report", "draw_result"]


def draw_result(result: Result, ax: Axes | None = None) -> Axes:
    """Draw one result.

    Parameters
    ----------
    result : Result
        What to draw.
    ax : matplotlib Axes, optional
        Where to; by default a new figure.

    Returns
    -------
    matplotlib Axes
        With the picture.

    Examples
    --------
    >>> result = Result("invariance:sex", "invariance", "sex", "change rate", "pass", 0.004, 0.002, 0.007, 0.01)
    >>> draw_result(result).get_title(loc="left")
    '✓ invariance:sex'
    """
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.subplots(figsize=FIGURE, layout="constrained")[1]
        drawing, columns = DRAWINGS.get(result.kind, (draw_interval, ()))
        drawable = len(result.details) and set(columns) <= set(result.details.columns) and result.verdict != "error"
        (drawing if drawable else draw_interval)(result, ax)
        ax.set_title(plain(f"{SIGNS[result.verdict]} {result.name}"), color=INK)
    return ax


def draw_report(results: Sequence[Result]) -> list[Axes]:
    """Draw several results below each other.

    Parameters
    ----------
    results : sequence of Result
        What to draw.

    Returns
    -------
    list of matplotlib Axes
        One a result.
    """
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        import matplotlib.pyplot as plt

        size = (FIGURE[0], FIGURE[1] * max(1, len(results)))
        axes = plt.subplots(max(1, len(results)), figsize=size, layout="constrained", squeeze=False)[1][:, 0]
    if not results:
        axes[0].set_axis_off()
    return [draw_result(result, ax) for result, ax in zip(results, axes, strict=False)]
