"""Which function draws which kind of result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mlops_lab.evaluation.result import Result

__all__ = ["DRAWINGS", "Drawing", "draws"]

Drawing = Callable[["Result", "Axes"], None]

DRAWINGS: dict[str, tuple[Drawing, tuple[str, ...]]] = {}


def draws(kind: str, *columns: str) -> Callable[[Drawing], Drawing]:
    """Register a function as the drawing of a kind of result.

    Parameters
    ----------
    kind : str
        Of the results that it draws.
    *columns : str
        Columns of `Result.details` that it needs; a result without them is drawn as its interval alone.

    Returns
    -------
    callable
        The decorator.
    """

    def register(drawing: Drawing) -> Drawing:
        DRAWINGS[kind] = (drawing, columns)
        return drawing

    return register
