"""Parquet files larger than memory, as batches of rows with the types that reading the whole file would give."""

from __future__ import annotations

import glob
import math
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from mlops_lab.evaluation.data import Schema, Source, bytes_of_row, check_columns, clean_target, columns_near
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.numbers import of_columns, of_rows
from mlops_lab.evaluation.parquet_faults import differences, first_broken_part
from mlops_lab.evaluation.prefetch import ahead

__all__ = ["MOST_LABELS", "ParquetSource"]

MOST_LABELS = 1000  # values of a target that are looked at: more are no classes

LABEL_ROWS = 100_000  # of a target that are looked at at a time
SPARING = {"batch_readahead": 1, "fragment_scan_options": ds.ParquetFragmentScanOptions(pre_buffer=False)}


class ParquetSource(Source):
    """One or several Parquet files of which only a batch is in memory at a time.

    Parameters
    ----------
    path : str or Path
        A file, a folder of files, or a pattern such as ``"data/*.parquet"``; files come in the order of their names.
    target : str
        Column that holds what should have been predicted.

    Raises
    ------
    EvaluationError
        Where no file matches, one cannot be read, files differ in their columns, or the target is not a column.
    """

    def __init__(self, path: str | Path, target: Any) -> None:
        if not isinstance(target, str):
            raise EvaluationError("The data is a Parquet file; pass the name of its target column as y.")
        self.path, self.target_name = str(path), target
        self.dataset = open_dataset(self.path)
        names = self.dataset.schema.names
        if target not in names:
            raise EvaluationError(
                f"The target {target!r} is not a column of {self.path}; {columns_near(target, names)}."
            )
        self.columns = [name for name in names if name != target and not name.startswith("__index_level_")]
        check_columns(pd.DataFrame(columns=self.columns))
        self.rows = self.dataset.count_rows()
        self.start, self.skipped = 0, 0
        if not self.rows or not self.columns:
            raise EvaluationError(
                f"{self.path} has {of_rows(self.rows)} and {of_columns(len(self.columns))} beside the target; "
                "pass at least one of each."
            )

    @cached_property
    def with_gaps(self) -> set[str]:
        """Columns of integers or booleans with a gap somewhere, which a frame holds as floats or objects throughout."""
        plain = [
            field.name
            for field in self.dataset.schema
            if (pa.types.is_integer(field.type) or pa.types.is_boolean(field.type)) and field.name in self.columns
        ]
        found: set[str] = set()
        for fragment in self.dataset.get_fragments() if plain else ():
            metadata = fragment.metadata
            for group in range(metadata.num_row_groups):
                for place in range(metadata.num_columns):
                    column = metadata.row_group(group).column(place)
                    counted = column.statistics is not None and column.statistics.has_null_count
                    if column.path_in_schema in plain and (not counted or column.statistics.null_count):
                        found.add(column.path_in_schema)  # without a count a gap is taken to be possible
        return found

    @cached_property
    def categories(self) -> dict[str, pd.Index]:
        """All categories of each dictionary column, since each part of a file may know only its own."""
        names = [f.name for f in self.dataset.schema if pa.types.is_dictionary(f.type) and f.name in self.columns]
        found: dict[str, pd.Index] = {}
        for name in names:
            column = self.dataset.to_table(columns=[name]).unify_dictionaries().column(name)
            known = column.chunk(0).dictionary if column.num_chunks else pa.array([], pa.string())
            found[name] = pd.Index(known.to_pandas())
        return found

    @cached_property
    def schema(self) -> Schema:
        """Names and types of the columns, as a frame has them."""
        return Schema(self._frame(self.dataset.schema.empty_table(), self.columns))

    @cached_property
    def row_bytes(self) -> float:
        """Memory of one row, from the first thousand."""
        return bytes_of_row(self.head(1000)[0])

    def head(self, rows: int) -> tuple[pd.DataFrame, np.ndarray]:
        """Return the first rows with their target."""
        batches, missing = [], rows
        with self._reading(self.columns):
            for batch in self._scan([*self.columns, self.target_name], rows):
                batches.append(batch.slice(0, missing))
                missing -= batches[-1].num_rows
                if not missing:
                    break
        table = pa.Table.from_batches(batches)
        return self._frame(table, self.columns), self._target(table, 0)

    @cached_property
    def labels(self) -> np.ndarray:
        """Values of the target that occur, at most a thousand: more are no classes."""
        seen: set[Any] = set()
        start = self.start - self.skipped
        with self._reading([]):
            for batch in self._scan([self.target_name], LABEL_ROWS):
                seen.update(np.unique(self._target(pa.Table.from_batches([batch]), start)).tolist())
                start += batch.num_rows
                if len(seen) > MOST_LABELS:
                    break
        return np.array(sorted(seen))

    def batches(
        self, rows: int, columns: Sequence[str] | None = None
    ) -> Iterator[tuple[pd.DataFrame, np.ndarray, int]]:
        """Yield consecutive parts of the data; the next one is read while the last one is used."""
        return ahead(self._read(rows, list(self.columns if columns is None else columns)))

    def _read(self, rows: int, wanted: list[str]) -> Generator[tuple[pd.DataFrame, np.ndarray, int], None, None]:
        start, end, skipped = self.start, self.start + self.rows, self.skipped
        with self._reading(wanted):
            for whole in self._scan([*wanted, self.target_name], rows):
                offset = min(skipped, whole.num_rows)
                batch, skipped = whole.slice(offset, end - start), skipped - offset
                if batch.num_rows:
                    table = pa.Table.from_batches([batch])
                    frame = self._frame(table, wanted)
                    frame.index = pd.RangeIndex(start, start + batch.num_rows)
                    yield frame, self._target(table, start), start
                    start += batch.num_rows
                    if start == end:
                        return

    def _scan(self, columns: list[str], rows: int) -> Iterator[pa.RecordBatch]:
        """Read one row group after the other, since Arrow fetches whole files ahead, which takes gigabytes."""
        whole = self.dataset
        for fragment in whole.get_fragments():
            for group in fragment.split_by_row_group():
                one = ds.FileSystemDataset([group], whole.schema, whole.format, whole.filesystem)
                yield from one.scanner(columns=columns, batch_size=rows, **SPARING).to_batches()

    @contextmanager
    def _reading(self, columns: Sequence[str]) -> Iterator[None]:
        """Name the file, and the part of it, that turns out to be damaged."""
        try:
            yield
        except (pa.ArrowException, OSError) as error:
            part = first_broken_part(self.dataset.files, [*columns, self.target_name]) or repr(self.path)
            raise EvaluationError(f"{part}, cannot be read ({cause(error)}); write the file again.") from error

    def parts(self, rows: int) -> list[ParquetSource]:
        """Cut the files into consecutive parts that can be read in different processes.

        Parameters
        ----------
        rows : int
            Rows of a part, at most; a row group that is larger is cut too, and read once for each of its parts.

        Returns
        -------
        list of ParquetSource
            In their order, each with the types of the whole.
        """
        assert self.schema is not None  # looks at all files once, so that no part has to
        parts: list[ParquetSource] = []
        gathered: list[Any] = []
        start = held = 0
        for group in (one for fragment in self.dataset.get_fragments() for one in fragment.split_by_row_group()):
            length = group.row_groups[0].num_rows
            if gathered and held + length > rows:
                parts.append(self._part(gathered, start, held))
                gathered, start, held = [], start + held, 0
            if length > rows:
                edges = np.linspace(0, length, math.ceil(length / rows) + 1).astype(int).tolist()
                parts += [self._part([group], start + low, high - low, low) for low, high in pairwise(edges)]
                start += length
            else:
                gathered, held = [*gathered, group], held + length
        return [*parts, self._part(gathered, start, held)] if gathered else parts

    def _part(self, fragments: list[Any], start: int, rows: int, skipped: int = 0) -> ParquetSource:
        """Return some of the rows as a source of their own."""
        part, whole = copy(self), self.dataset
        part.dataset = ds.FileSystemDataset(fragments, whole.schema, whole.format, whole.filesystem)
        part.start, part.rows, part.skipped = start, rows, skipped
        return part

    def _frame(self, table: pa.Table, columns: Sequence[str]) -> pd.DataFrame:
        """Turn some rows into a frame with the types that the whole file would have."""
        frame = table.select(list(columns)).to_pandas(ignore_metadata=False)
        frame = frame.reset_index(drop=True)[list(columns)]
        for name in columns:
            if name in self.categories:
                frame[name] = frame[name].astype(pd.CategoricalDtype(self.categories[name], frame[name].cat.ordered))
            elif name in self.with_gaps and isinstance(frame[name].dtype, np.dtype):
                boolean = pa.types.is_boolean(table.schema.field(name).type)
                frame[name] = frame[name].astype(object if boolean else float)
        return frame

    def _target(self, table: pa.Table, start: int) -> np.ndarray:
        raw = table.column(self.target_name).to_pandas()
        return clean_target(raw, table.num_rows, start)


def cause(error: Exception) -> str:
    """Return what stands last in Arrow's message, which tells it from the outside to the inside."""
    return " ".join(str(error).split()).rpartition(": ")[2].partition(". ")[0].rstrip(".")[:200]


def open_dataset(path: str) -> ds.Dataset:
    """Open the files that a path or pattern names."""
    files = sorted(glob.glob(path)) if glob.has_magic(path) else [path]
    if Path(path).is_dir():
        files = sorted(str(file) for file in Path(path).rglob("*.parquet"))
    if not files or not all(Path(file).is_file() for file in files):
        raise EvaluationError(f"No Parquet file is found at {path!r}; check the path or the pattern.")
    parts = []
    for file in files:
        try:
            parts.append(ds.dataset(file, format="parquet"))
        except (pa.ArrowException, OSError) as error:
            raise EvaluationError(
                f"{file!r} cannot be read as Parquet ({cause(error)}); it is cut short, damaged or of another kind: "
                "write it again."
            ) from error
    first = parts[0].schema
    for file, part in zip(files, parts, strict=True):
        if not part.schema.equals(first):
            differing = "; ".join(differences(first, part.schema)[:5]) or "its columns come in another order"
            raise EvaluationError(
                f"{file!r} differs from {files[0]!r}: {differing}. Files evaluated together need the same columns."
            )
    return ds.dataset(files, format="parquet", schema=first)
