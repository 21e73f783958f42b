"""How one goes through the data: a function reduces each batch, and what it returns adds up.

Every pass of a run is such a sum: the profile of the columns, their histograms, the states of the checks. So whoever
can add up batches can run a suite: `LocalRunner` one after the other, `mlops_lab.evaluation.cluster` on many machines.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from mlops_lab.evaluation.data import Source

__all__ = ["FAN_IN", "LocalRunner", "Runner", "Step", "add_up", "added"]

FAN_IN = 8  # states that are added at once, where they are added as a tree

T = TypeVar("T")
Step = Callable[[pd.DataFrame, np.ndarray, int], T]
"""Reduces rows, their raw target and the position of the first row to something that adds up with ``+``."""


class Runner(ABC):
    """Goes through the batches of a source.

    Parameters
    ----------
    source : Source
        The data.
    """

    def __init__(self, source: Source) -> None:
        self.source = source

    @abstractmethod
    def totals(self, step: Step[T], rows: int, columns: Sequence[str] | None = None) -> Iterator[T]:
        """Reduce batch by batch and add up, in the order of the rows.

        Parameters
        ----------
        step : callable
            Reduces one batch.
        rows : int
            Rows of a batch, at most.
        columns : sequence of str, optional
            Only these; by default all.

        Yields
        ------
        object
            The sum over the first rows, growing; the last one is over all rows.
        """

    def reduce(self, step: Step[T], rows: int, columns: Sequence[str] | None = None) -> T:
        """Return the sum over all rows.

        Parameters
        ----------
        step, rows, columns
            As for `totals`.

        Returns
        -------
        object
            Of the kind that the step returns.
        """
        total: Any = None
        for total in self.totals(step, rows, columns):  # noqa: B007 (the last one counts)
            pass
        return total


class LocalRunner(Runner):
    """Goes through the batches one after the other.

    Examples
    --------
    >>> from mlops_lab.evaluation.data import FrameSource
    >>> runner = LocalRunner(FrameSource(pd.DataFrame({"age": [31, 44, 28]}), [0, 1, 1]))
    >>> list(runner.totals(lambda frame, target, start: int(frame["age"].sum()), rows=2))
    [75, 103]
    """

    def totals(self, step: Step[T], rows: int, columns: Sequence[str] | None = None) -> Iterator[T]:
        """Reduce and add up."""
        total: Any = None
        for frame, target, start in self.source.batches(rows, columns):
            part = step(frame, target, start)
            total = part if total is None else total + part
            yield total


def add_up(states: Iterable[Any]) -> Any:
    """Add consecutive states one after the other.

    Parameters
    ----------
    states : iterable
        At least one.

    Returns
    -------
    object
        The sum.

    Examples
    --------
    >>> add_up([1, 2, 3])
    6
    """
    return reduce(operator.add, states)


def added(states: Sequence[Any], fan_in: int, add: Any) -> Any:
    """Add up as a tree.

    Parameters
    ----------
    states : sequence
        What is to be added, in order.
    fan_in : int
        How many are added at once.
    add : callable
        Adds a list of them.

    Returns
    -------
    object
        The sum.

    Examples
    --------
    >>> added([1, 2, 3, 4, 5], fan_in=2, add=lambda two: f"({' + '.join(map(str, two))})")
    '(((1 + 2) + (3 + 4)) + 5)'
    """
    level = list(states)
    while len(level) > 1:
        groups = [level[start : start + fan_in] for start in range(0, len(level), fan_in)]
        level = [add(group) if len(group) > 1 else group[0] for group in groups]
    return level[0]
