"""Reads ahead: the next item of a stream is made while the last one is used."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar, cast

__all__ = ["ahead"]

T = TypeVar("T")
END = object()


def ahead(items: Generator[T, None, None]) -> Iterator[T]:
    """Yield the items of a generator, which runs one item ahead in a thread of its own.

    Whoever stops early, by an error or Ctrl-C, waits for the item that is being made and for nothing more; the thread
    ends with the iterator.

    Parameters
    ----------
    items : generator
        Makes the items.

    Yields
    ------
    object
        Each item, in order.

    Raises
    ------
    Exception
        What the generator raises, after the items before.

    Examples
    --------
    >>> list(ahead(number**2 for number in range(4)))
    [0, 1, 4, 9]
    """
    with closing(items), ThreadPoolExecutor(1, thread_name_prefix="mlops_lab.ahead") as thread:
        upcoming = thread.submit(next, items, END)
        while (item := upcoming.result()) is not END:
            upcoming = thread.submit(next, items, END)
            yield cast(T, item)
