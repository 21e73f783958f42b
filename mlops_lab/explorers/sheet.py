"""A figure that is drawn again at each move: axes and ticks are kept, what was drawn in them goes.

Making them anew takes as long as drawing everything else.
"""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["Sheet"]


class Sheet(Figure):
    """A figure whose `subplots` gives the axes of the last time, empty, where the same are asked for.

    Whoever draws sees an empty figure, and says each time how its axes are to look: limits, ticks, labels, titles.
    """

    _arrangement: Any = None
    _kept: Any = None
    _is_used = False

    def turn(self) -> None:
        """Begin the next picture."""
        self._is_used = bool(self.axes)
        for one in [*self.texts, *self.legends]:
            one.remove()
        self._suptitle = None

    def subplots(self, *args: Any, **options: Any) -> Any:
        """Return the axes of the last picture, emptied, or make new ones; as `matplotlib.figure.Figure.subplots`."""
        arrangement = repr((args, options))
        if self._is_used and arrangement == self._arrangement:
            self._is_used = False
            for axes in self.axes:
                empty(axes)
            return self._kept
        self._start_anew()
        kept = super().subplots(*args, **options)
        self._arrangement, self._kept = arrangement, kept
        return kept

    def add_subplot(self, *args: Any, **options: Any) -> Any:
        """Make new axes; as `matplotlib.figure.Figure.add_subplot`."""
        self._start_anew()
        return super().add_subplot(*args, **options)

    def _start_anew(self) -> None:
        if self._is_used:
            self._is_used, self._arrangement, self._kept = False, None, None
            self.clear()


def empty(axes: Axes) -> None:
    """Take out of axes what was drawn in them, and forget its limits."""
    for one in [*axes.lines, *axes.patches, *axes.collections, *axes.texts, *axes.images]:
        one.remove()
    axes.relim()
    axes.set_autoscale_on(True)
    axes.set_prop_cycle(None)
