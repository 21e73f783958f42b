"""Dask DataFrames as a source: partitions in their order, whose lengths are counted first to know positions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import accumulate
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.errors import require, shorten
from mlops_lab.evaluation.data import (
    FrameSource,
    Schema,
    Source,
    bytes_of_row,
    check_columns,
    clean_target,
    split_target,
)
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.numbers import of_columns, of_rows
from mlops_lab.evaluation.parquet import MOST_LABELS
from mlops_lab.evaluation.task_graph import Part, apart, sum_here, sums

__all__ = ["DaskSource"]

HEAD_ROWS = 1000  # that are read at once, since a source is asked for its first rows twice


@dataclass(frozen=True)
class Outline:
    """What is known of a partition beforehand; outlines of two consecutive ones add up.

    Parameters
    ----------
    lengths : tuple of int
        Rows of each partition.
    labels : ndarray
        The first thousand values of the target, in their order.
    """

    lengths: tuple[int, ...]
    labels: np.ndarray

    def __add__(self, other: Outline) -> Outline:
        both = np.concatenate([one.labels for one in (self, other) if len(one.labels)] or [self.labels])
        return Outline(self.lengths + other.lengths, np.unique(both)[: MOST_LABELS + 1])


class DaskSource(Source):
    """A Dask DataFrame with its target.

    Parameters
    ----------
    frame : dask.dataframe.DataFrame
        The rows; its divisions need not be known.
    target : str or dask.dataframe.Series
        Name of the column that holds what should have been predicted, or a series with the same partitions.
    client : distributed.Client, optional
        By default the one that was made last; without any, partitions are computed one by one in this process.

    Raises
    ------
    EvaluationError
        Where frame and target cannot be used; the sentence says why.
    """

    def __init__(self, frame: Any, target: Any, client: Any = None) -> None:
        if not hasattr(frame, "to_delayed") or not isinstance(getattr(frame, "_meta", None), pd.DataFrame):
            raise EvaluationError(
                f"The data is a Dask {type(frame).__name__}; pass a Dask DataFrame, so that columns have names."
            )
        check_columns(frame._meta)
        self.frame, self.target = frame, target
        self.own_text = own_text(frame._meta)
        if isinstance(target, str) or target is None:
            self.empty = with_plain_text(split_target(frame._meta, target)[0], self.own_text)
        else:
            self.empty = with_plain_text(frame._meta, self.own_text)
            self._check_series()
        unknown = [
            name
            for name in self.empty.columns
            if isinstance(self.empty[name].dtype, pd.CategoricalDtype) and not frame[name].cat.known
        ]
        if unknown:
            raise EvaluationError(
                f"The categories of {shorten(map(repr, unknown))} are not known to Dask, so each partition may have "
                f"its own; pass data.categorize({unknown!r})."
            )
        self.client = client if client is not None else default_client()
        self._first: tuple[pd.DataFrame, np.ndarray] | None = None
        self._parts: tuple[Any, tuple[list[Part], Mapping[Any, Any]]] | None = None

    def _check_series(self) -> None:
        """Refuse a target that does not go with the partitions of the frame."""
        if not hasattr(self.target, "to_delayed") or not isinstance(getattr(self.target, "_meta", None), pd.Series):
            raise EvaluationError(
                f"The target is a {type(self.target).__name__} and the data a Dask DataFrame; pass the name of its "
                "column, or a Dask Series with the same partitions."
            )
        frames, series = self.frame.npartitions, self.target.npartitions
        known = self.frame.known_divisions and self.target.known_divisions
        if frames != series or (known and self.frame.divisions != self.target.divisions):
            raise EvaluationError(
                f"The target is cut into other partitions ({series}) than the data ({frames}); join it to the data "
                "and pass the name of its column."
            )

    @cached_property
    def outline(self) -> Outline:
        """Lengths and labels: one pass over the target, or over the whole rows where it is a series of its own."""
        frames = [self.frame[self.target]] if isinstance(self.target, str) else [self.target, self.frame]
        tasks, keys = tasks_of(frames)
        parts = [Part(partial(outline_of, at=at), 0, of_part) for at, of_part in enumerate(keys)]
        found: Outline = self._sum(*apart(tasks, parts), step=itself)
        if not sum(found.lengths) or not len(self.empty.columns):
            raise EvaluationError(
                f"The data has {of_rows(sum(found.lengths))} and {of_columns(len(self.empty.columns))}; "
                "pass at least one of each."
            )
        return found

    def _sum(self, parts: Sequence[Part], tasks: Mapping[Any, Any], step: Callable[[Any], Any]) -> Any:
        """Reduce all parts and add up, on the cluster where there is one."""
        if self.client is None:
            return sum_here(parts, step, tasks)
        graph, (total,) = sums(parts, step, 1, sum(self.client.nthreads().values()), tasks)
        return self.client.get(graph, total)

    @cached_property
    def starts(self) -> list[int]:
        """Position of the first row of each partition."""
        return [0, *accumulate(self.outline.lengths)][:-1]

    @cached_property
    def rows(self) -> int:  # type: ignore[override]
        """Number of rows."""
        return sum(self.outline.lengths)

    @property
    def schema(self) -> Schema:
        """Names and types of the columns."""
        return Schema(self.empty)

    @property
    def labels(self) -> np.ndarray:
        """Values of the target that occur, at most a thousand: more are no classes."""
        return self.outline.labels

    @cached_property
    def row_bytes(self) -> float:
        """Memory of one row, from the first thousand."""
        return bytes_of_row(self.head(1000)[0])

    def head(self, rows: int) -> tuple[pd.DataFrame, np.ndarray]:
        """Return the first rows with their target."""
        if self._first is None or len(self._first[1]) < min(rows, self.rows):
            wanted = max(rows, HEAD_ROWS)
            last = int(np.searchsorted(np.cumsum(self.outline.lengths), min(wanted, self.rows)))
            pieces = self._sum(*self.parts(last=last), step=partial(head_of, rows=wanted))
            frame = pd.concat([frame for frame, _ in pieces]).head(wanted)
            self._first = frame, np.concatenate([raw for _, raw in pieces])[:wanted]
        frame, raw = self._first
        return frame.head(rows), raw[:rows]

    def parts(
        self, columns: Sequence[str] | None = None, last: int | None = None
    ) -> tuple[list[Part], Mapping[Any, Any]]:
        """Return each partition that has rows as a part that makes a `FrameSource`, and the tasks that they need.

        Parameters
        ----------
        columns : sequence of str, optional
            Only these; by default all.
        last : int, optional
            The last partition; by default that of the data.

        Returns
        -------
        parts : list of Part
            In their order.
        tasks : mapping
            Graph of what they need beside what they bring.
        """
        names = list(self.empty.columns if columns is None else columns)
        if self._parts is not None and self._parts[0] == (names, last):
            return self._parts[1]
        own = self.target if isinstance(self.target, str) else None
        collections = [self.frame[names], self.target] if own is None else [self.frame[[*names, own]]]
        kind = PartitionKind(collections[0]._meta, self.own_text, own)
        if last is not None:
            collections = [one.partitions[: last + 1] for one in collections]
        tasks, keys = tasks_of(collections)
        lengths = self.outline.lengths[: len(keys)]
        parts = [
            Part(partial(source_of, kind=kind, place=(at, start, length)), length, of_part)
            for at, (of_part, start, length) in enumerate(zip(keys, self.starts, lengths, strict=False))
            if length
        ]
        self._parts = (names, last), apart(tasks, parts)
        return self._parts[1]

    def batches(
        self, rows: int, columns: Sequence[str] | None = None
    ) -> Iterator[tuple[pd.DataFrame, np.ndarray, int]]:
        """Yield consecutive parts of the data, computed here one by one."""
        parts, tasks = self.parts(columns)
        for part in parts:
            yield from self._sum([part], tasks, step=itself).batches(rows, columns)


def default_client() -> Any:
    """Return the client that was made last, or None."""
    distributed = require("distributed", "scale")
    try:
        return distributed.default_client()
    except ValueError:
        return None


def own_text(empty: pd.DataFrame) -> list[str]:
    """Name the columns of text that Dask holds in a type of its own, unless it was told not to.

    Its gaps are ``<NA>``, which a model that was fitted on a plain frame takes for a level that it has never seen.
    """
    if not require("dask.dataframe.utils", "scale").pyarrow_strings_enabled():
        return []
    return [name for name in empty.columns if empty[name].dtype == pd.StringDtype("pyarrow", na_value=pd.NA)]


def with_plain_text(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return a frame with some columns of text as pandas holds them."""
    names = [name for name in names if name in frame.columns]
    if not names:
        return frame
    text = pd.Series(["text"]).dtype
    columns = {name: frame[name].astype(object) for name in names}
    return frame.assign(**{name: one.where(one.notna(), np.nan).astype(text) for name, one in columns.items()})


def tasks_of(collections: Sequence[Any]) -> tuple[dict[Any, Any], list[tuple[Any, ...]]]:
    """Return the tasks behind collections with the same partitions, and the keys of each partition."""
    optimized = [one.optimize() for one in collections]
    tasks: dict[Any, Any] = {}
    for one in optimized:
        tasks.update(one.__dask_graph__())
    return tasks, list(zip(*(one.__dask_keys__() for one in optimized), strict=True))


def itself(part: Any) -> Any:
    """Return what a part is, where that is wanted."""
    return part


def outline_of(target: pd.Series, frame: pd.DataFrame | None = None, *, at: int) -> Outline:
    """Count one partition, on a worker."""
    rows = len(target) if frame is None else len(frame)
    if frame is not None and not frame.index.equals(target.index):
        raise EvaluationError(
            f"In partition {at} the index of the target differs from that of the data; join it to the data and pass "
            "the name of its column."
        )
    try:
        labels = np.unique(clean_target(target, rows))
    except EvaluationError as error:
        raise EvaluationError(f"In partition {at}, whose rows count from 0: {error}") from error
    return Outline((rows,), labels[: MOST_LABELS + 1])


@dataclass(frozen=True)
class PartitionKind:
    """What all partitions have in common.

    Parameters
    ----------
    empty : DataFrame of shape (0, columns)
        The columns with their types, as Dask has them, the target last where it is one of them.
    own_text : list of str
        Columns of text that Dask holds in a type of its own.
    target : str, optional
        Name of the target's column; None where it is a series of its own.
    """

    empty: pd.DataFrame
    own_text: list[str]
    target: str | None


def source_of(
    frame: pd.DataFrame, series: pd.Series | None = None, *, kind: PartitionKind, place: tuple[int, int, int]
) -> FrameSource:
    """Make a source of one partition, on a worker."""
    at, start, length = place
    if len(frame) != length:
        raise EvaluationError(
            f"Partition {at} had {of_rows(length)} when they were counted and now has {len(frame)}; persist the data, "
            "or make them from something that stays the same."
        )
    if not frame.columns.equals(kind.empty.columns):
        frame = frame[list(kind.empty.columns)]
    if series is None:
        series, frame = frame.iloc[:, -1], frame.iloc[:, :-1]
    for name, dtype, wanted in zip(frame.columns, frame.dtypes.array, kind.empty.dtypes.array, strict=False):
        if dtype != wanted:
            raise EvaluationError(
                f"Partition {at} holds {name!r} as {dtype}, while the data should hold it as "
                f"{wanted}; pass data.astype({{{name!r}: ...}}) with one type for all partitions."
            )
    return FrameSource(with_plain_text(frame, kind.own_text), series, start)


def head_of(part: FrameSource, rows: int) -> list[tuple[pd.DataFrame, np.ndarray]]:
    """Return the first rows of one partition, on a worker; those of several stand in one list."""
    return [part.head(rows)]
