"""Measure what formats cost on one table, so that a ratio between two of them is worth its digits.

Every round measures every format, one after another and in a new order, so that whatever else the machine does meets
them all; ratios are taken within a round.
"""

from __future__ import annotations

import gc
import itertools
import math
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.storage.errors import StorageError, unknown, unwritable
from mlops_lab.storage.formats import FORMATS, Format
from mlops_lab.storage.measured import Benchmark, Claim

__all__ = ["TASKS", "Benchmark", "Claim", "benchmark"]

TASKS = ("bytes", "write", "read", "columns", "row", "append")
_TRIES = 3  # of a task within one round
_LONG = 0.1  # seconds; a task that has taken more is not tried again
_WARM_UP_ROWS = 1000  # enough to load the libraries and start their threads, few enough to cost nothing
_SHOW_PROGRESS_AFTER = 2.0  # seconds

Progress = Callable[[int, int, str], None]


def benchmark(
    df: pd.DataFrame,
    formats: Sequence[str | Format] | None = None,
    tasks: Sequence[str] | None = None,
    repeats: int = 6,
    columns: Sequence[str] | None = None,
    directory: str | Path | None = None,
    progress: bool | Progress | None = None,
    seed: int = 0,
) -> Benchmark:
    """Measure formats on a table.

    All of `df` is measured: for the formats that go row by row (avro, protobuf) give a sample of it, and say so. Files
    are written to a temporary directory that is removed in any case, and read from the system's cache, as a file in use
    is.

    Parameters
    ----------
    df : pandas.DataFrame
        The table.
    formats : sequence of str or Format, optional
        Names as in `FORMATS`, or variants such as ``FORMATS["csv"].using(engine="pyarrow")``; by default all formats.
    tasks : sequence of str, optional
        Some of ``"bytes"`` (size of the file), ``"write"``, ``"read"`` (everything), ``"columns"`` (some columns),
        ``"row"`` (one row, another one in each round) and ``"append"`` (1 % of the rows once more); by default all.
    repeats : int, default 6
        Number of rounds. Six are the fewest from which the range of the ratios is a 95 % interval of their median. One
        round with at most 1,000 rows goes before and is not counted. Within a round a short task is done three times,
        and the fastest counts.
    columns : sequence of str, optional
        What the task ``"columns"`` reads; by default the first four columns.
    directory : path-like, optional
        Where to make the temporary directory, for measuring another disk.
    progress : bool or callable, optional
        True shows a progress bar, False none; by default it appears after two seconds. A callable is given the number
        of measurements done, their total, and what comes next in words.
    seed : int, default 0
        Of the order of the formats and of the rows to look up.

    Returns
    -------
    Benchmark
        The measurements, medians, ratios with intervals, and verdicts on claims.

    Raises
    ------
    StorageError
        Where a format, task or column is unknown, the table cannot be stored in a format, or the disk is full.

    Examples
    --------
    >>> table = pd.DataFrame({"n": range(2000), "town": ["Oslo", "Lima"] * 1000})
    >>> measured = benchmark(table, formats=["csv", "parquet"], tasks=["bytes", "read"], progress=False)
    >>> measured.formats, measured.rounds
    (['csv', 'parquet'], 6)
    >>> measured.ratio("bytes", "csv", "parquet") > 2
    True
    """
    chosen = _chosen_formats(formats)
    todo = _chosen_tasks(tasks)
    if repeats < 1 or df.empty:
        raise StorageError(f"{repeats} repeats on {len(df)} rows measure nothing; give at least one of each.")
    read = tuple(columns) if columns is not None else tuple(df.columns[:4])
    for column in read:
        if column not in df.columns:
            raise unknown("column", column, list(df.columns))
    rng = np.random.default_rng(seed)
    rows = df.reset_index(drop=True)
    appended = rows.head(math.ceil(len(rows) / 100))
    with _settled(), _scratch(directory) as folder, _progress(progress, repeats * len(todo) * len(chosen)) as advance:
        warm_up = _Round(rows.head(_WARM_UP_ROWS), appended.head(1), read, folder / "warm_up")
        warm_up.run(chosen, todo, rng, lambda _next: None)
        real = _Round(rows, appended, read, folder / "measured")
        rounds = (real.run(chosen, todo, rng, advance) for _number in range(repeats))
        measured = [{**one, "round": number} for number, found in enumerate(rounds) for one in found]
    return Benchmark(
        measurements=pd.DataFrame(measured, columns=["format", "task", "round", "value"]),
        rows=len(df),
        columns=len(df.columns),
        rounds=repeats,
        columns_read=read,
        rows_appended=len(appended),
        engines={label: one.engine for label, one in chosen.items()},
    )


class _Round:
    """One measurement of each task with each format; the files stay from round to round."""

    def __init__(self, df: pd.DataFrame, appended: pd.DataFrame, columns: Sequence[str], folder: Path) -> None:
        self.df, self.appended, self.columns, self.folder = df, appended, list(columns), folder
        folder.mkdir()

    def run(
        self,
        formats: dict[str, Format],
        tasks: Sequence[str],
        rng: np.random.Generator,
        advance: Callable[[str], None],
    ) -> list[dict[str, Any]]:
        row = int(rng.integers(len(self.df)))
        measured = []
        for task in sorted(tasks, key=["write", *TASKS].index):  # the other tasks need what the first one writes
            for label in rng.permutation(list(formats)).tolist():
                advance(f"{label}: {task}")
                value = self._measure(task, formats[label], self.folder / f"{label}{formats[label].extension}", row)
                measured.append({"format": label, "task": task, "value": value})
        return measured

    def _measure(self, task: str, one: Format, file: Path, row: int) -> float:
        if task != "write" and not file.exists():
            one.write(self.df, file)
        if task == "bytes":
            return float(file.stat().st_size)
        if task == "append":
            copy = file.with_name(f"appended {file.name}")
            seconds = _fastest(lambda: one.append(copy, self.appended), prepare=lambda: shutil.copyfile(file, copy))
            copy.unlink()
            return seconds
        return _fastest(
            {
                "write": lambda: one.write(self.df, file),
                "read": lambda: one.read(file),
                "columns": lambda: one.read_columns(file, self.columns),
                "row": lambda: one.read_row(file, row),
            }[task]
        )


@contextmanager
def _settled() -> Iterator[None]:
    """Set aside all objects that live already, or each collection between two measurements would visit them again."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _fastest(job: Callable[[], object], prepare: Callable[[], object] = lambda: None) -> float:
    """Time a job, a short one three times, and take the fastest: other programs can only make it slower."""
    gc.collect()
    seconds: list[float] = []
    while len(seconds) < _TRIES and sum(seconds) < _LONG:
        prepare()
        seconds.append(_seconds(job))
    return min(seconds)


def _seconds(job: Callable[[], object]) -> float:
    """Time one call, with the garbage collector at rest and the result kept until the clock has stopped."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        start = time.perf_counter()
        result = job()
        seconds = time.perf_counter() - start
        del result
    finally:
        if was_on:
            gc.enable()
    return seconds


def _chosen_formats(formats: Sequence[str | Format] | None) -> dict[str, Format]:
    wanted = list(FORMATS) if formats is None else [formats] if isinstance(formats, str | Format) else list(formats)
    found = [FORMATS[one] if isinstance(one, str) else one for one in wanted]
    if not found:
        raise StorageError("Name at least one format to measure.")
    return {one.label: one for one in found}


def _chosen_tasks(tasks: Sequence[str] | None) -> list[str]:
    wanted = list(TASKS) if tasks is None else [tasks] if isinstance(tasks, str) else list(tasks)
    for task in wanted:
        if task not in TASKS:
            raise unknown("task", task, list(TASKS))
    if not wanted:
        raise StorageError("Name at least one task to measure.")
    return list(dict.fromkeys(wanted))


@contextmanager
def _scratch(directory: str | Path | None) -> Iterator[Path]:
    try:
        made = tempfile.TemporaryDirectory(prefix="mlops_lab_benchmark_", dir=directory)
    except OSError as error:
        raise unwritable(Path(directory or tempfile.gettempdir()) / "mlops_lab_benchmark", error) from error
    with made as folder:
        yield Path(folder)


@contextmanager
def _progress(progress: bool | Progress | None, total: int) -> Iterator[Callable[[str], None]]:
    """Lend a function to call before each measurement with what comes next."""
    with _bar(progress, total) as show:
        steps = itertools.count()
        yield lambda step: show(next(steps), total, step)
        show(total, total, "")


@contextmanager
def _bar(progress: bool | Progress | None, total: int) -> Iterator[Progress]:
    if callable(progress):
        yield progress
        return
    from tqdm.auto import tqdm  # loads the widgets where it runs in a notebook

    delay = 0.0 if progress else _SHOW_PROGRESS_AFTER
    with tqdm(total=total, disable=progress is False, delay=delay, leave=False) as bar:

        def show(done: int, total: int, step: str) -> None:
            bar.set_description(step, refresh=False)
            bar.update(done - bar.n)

        yield show
