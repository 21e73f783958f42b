"""What a cluster is given to do: parts of the data reduced to something that adds up, and the sums added as a tree.

A task costs the scheduler, the worker and the way between them more than some thousand rows cost the checks. So one
task makes a part and reduces it, and small parts whose sum is wanted anyway are looked at one after the other by one
task. What is added to what stays the same, and with it every bit.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from uuid import uuid4

from mlops_lab.errors import require
from mlops_lab.evaluation.runner import FAN_IN, add_up, added

__all__ = ["Part", "apart", "cut", "sum_here", "sums"]

BUSY = 4  # tasks a thread that must be left where small parts are put together
SMALL = 100_000  # rows of the parts that one task looks at

Key = Hashable
"""Names a task in a graph of Dask."""


@dataclass(frozen=True)
class Part:
    """Some consecutive rows, and how a worker comes by them.

    Parameters
    ----------
    make : callable
        Makes what is reduced; is called with the results of some tasks.
    rows : int
        How many.
    keys : tuple
        Those tasks; none where the worker needs nothing but ``make``.
    """

    make: Callable[..., Any]
    rows: int
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True)
class Made:
    """Carries out a few tasks where it is called, and makes a part of their results.

    Parameters
    ----------
    tasks : dict
        Graph that needs nothing from elsewhere.
    keys : tuple
        Tasks whose results are wanted.
    make : callable
        Is called with these results.
    """

    tasks: Mapping[Key, Any]
    keys: tuple[Key, ...]
    make: Callable[..., Any]

    def __call__(self) -> Any:
        return self.make(*require("dask.core", "scale").get(self.tasks, list(self.keys)))


def apart(tasks: Mapping[Key, Any], parts: Sequence[Part]) -> tuple[list[Part], Mapping[Key, Any]]:
    """Let every part bring the tasks that it needs, where no two need the same and none lies on the cluster already.

    Parameters
    ----------
    tasks : mapping
        Graph of all parts.
    parts : sequence of Part
        With the keys of their tasks.

    Returns
    -------
    parts : list of Part
        Without keys where they bring their tasks.
    tasks : mapping
        What the cluster must be given beside them.

    Examples
    --------
    >>> from dask import delayed
    >>> frames = [delayed(range)(rows) for rows in (3, 4)]
    >>> tasks = {key: task for frame in frames for key, task in dict(frame.dask).items()}
    >>> parts, rest = apart(tasks, [Part(sum, 1, (frame.key,)) for frame in frames])
    >>> [part.make() for part in parts], dict(rest)
    ([3, 6], {})
    """
    alone: list[Part] = []
    taken: set[Key] = set()
    for part in parts:
        needed: dict[Key, Any] = {}
        open_ = list(part.keys)
        while open_:
            key = open_.pop()
            if key in needed:
                continue
            dependencies = getattr(tasks.get(key), "dependencies", None)
            if key in taken or dependencies is None:  # shared, or the result of an earlier computation
                return list(parts), tasks
            needed[key] = tasks[key]
            open_ += dependencies
        taken |= needed.keys()
        alone.append(Part(Made(needed, part.keys, part.make), part.rows))
    return alone, {}


def sums(
    parts: Sequence[Part], step: Callable[[Any], Any], branches: int, threads: int, tasks: Mapping[Key, Any]
) -> tuple[dict[Key, Any], list[Key]]:
    """Write down the tasks that reduce all parts and add up, and which of them hold the sums of consecutive parts.

    Parameters
    ----------
    parts : sequence of Part
        In their order.
    step : callable
        Reduces what a part makes to something that adds up; goes to the cluster once.
    branches : int
        Sums, at most.
    threads : int
        Of the cluster, each of which is to have something to do.
    tasks : mapping
        That the parts need.

    Returns
    -------
    graph : dict
        Tasks by key.
    keys : list
        Of the sums.

    Examples
    --------
    >>> import dask
    >>> from functools import partial
    >>> graph, keys = sums([Part(partial(str, n), 1) for n in range(20)], str.upper, 2, 1, {})
    >>> dask.get(graph, keys), len(graph)
    (('0123456789', '10111213141516171819'), 7)
    """
    cloudpickle, name = require("cloudpickle", "scale"), uuid4().hex
    graph: dict[Key, Any] = dict(tasks)

    def task(*does: Any) -> Key:
        key = (f"mlops-lab-{getattr(does[0], '__name__', 'task')}-{name}", len(graph))
        graph[key] = does
        return key

    there = task(pickle.loads, cloudpickle.dumps(step))

    def reduced(some: Sequence[Part]) -> Key:
        makes = cloudpickle.dumps([part.make for part in some])
        return task(reduce_parts, there, makes, list(some[0].keys))

    cuts = cut(parts, branches)
    groups = [[branch[at : at + FAN_IN] for at in range(0, len(branch), FAN_IN)] for branch in cuts]
    together = sum(map(len, groups)) >= BUSY * threads

    def total(group: Sequence[Part]) -> Key:
        if len(group) == 1 or (together and is_small(group)):
            return reduced(group)
        return task(add_up, [reduced([part]) for part in group])

    roots = [added([total(group) for group in branch], FAN_IN, lambda keys: task(add_up, keys)) for branch in groups]
    return graph, roots


def is_small(group: Iterable[Part]) -> bool:
    """Whether one task may look at several parts: they have few rows, and need nothing that others make."""
    group = list(group)
    return sum(part.rows for part in group) <= SMALL and not any(part.keys for part in group)


def reduce_parts(step: Callable[[Any], Any], makes: bytes, made: Sequence[Any]) -> Any:
    """Reduce some consecutive parts and add up, on a worker."""
    return add_up(step(make(*made)) for make in pickle.loads(makes))


def sum_here(parts: Iterable[Part], step: Callable[[Any], Any], tasks: Mapping[Key, Any]) -> Any:
    """Reduce all parts in this process, one after the other, and add up.

    Parameters
    ----------
    parts, step, tasks
        As for `sums`.

    Returns
    -------
    object
        The sum.

    Examples
    --------
    >>> sum_here([Part(lambda: [1, 2], 2), Part(lambda: [3], 1)], len, {})
    3
    """
    get = require("dask", "scale").get
    return add_up(step(part.make(*get(tasks, list(part.keys)))) for part in parts)


def cut(items: Sequence[Any], most: int) -> list[Sequence[Any]]:
    """Cut a sequence into runs of about one length.

    Parameters
    ----------
    items : sequence
        What is cut.
    most : int
        Runs, at most.

    Returns
    -------
    list of sequence
        None of them empty.

    Examples
    --------
    >>> cut([1, 2, 3, 4, 5], most=2)
    [[1, 2], [3, 4, 5]]
    """
    runs = min(len(items), most)
    edges = [len(items) * run // runs for run in range(runs + 1)]
    return [items[start:stop] for start, stop in pairwise(edges)]
