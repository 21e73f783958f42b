"""What the functions beside the suite give back: a table, whole sentences, a picture, and how a notebook shows them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Finding"]


class Finding(ABC):
    """Something that was measured, with the words that go with it.

    A subclass has ``title``, ``table`` and `sentences`; what a notebook shows and `explain` follow.
    """

    @property
    @abstractmethod
    def title(self) -> str:
        """What was measured, in a few words."""

    @property
    @abstractmethod
    def shown(self) -> pd.DataFrame:
        """The table that a notebook shows."""

    @abstractmethod
    def sentences(self) -> list[str]:
        """Say in whole sentences what was done, what came out, and what to do about it."""

    @abstractmethod
    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw what was measured.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        matplotlib Axes
            With the picture.
        """

    def explain(self) -> str:
        """Say in plain words what was done, what came out, and what to do about it.

        Returns
        -------
        str
            A few sentences.
        """
        return " ".join(self.sentences())

    def _repr_html_(self) -> str:
        from mlops_lab.evaluation.html import as_table, render

        return render(
            "finding.html.j2", title=self.title, sentences=self.sentences(), table=as_table(self.shown, rows=60)
        )

    def __repr__(self) -> str:
        return f"{self.title}\n{self.explain()}"
