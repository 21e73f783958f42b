"""The plan of predictions: what several checks want to know of the same rows, asked of the model in one go.

A check never calls the model. It hands in `Request`s, rows with some columns changed; the plan leaves out what did not
change and what repeats, stacks the rest behind the unchanged rows, and hands the answers back. Types, column order and
categories stay as the model was given them; rows whose types had to change (a gap in a column of integers, a category
that was not there) go into a call of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.evaluation.data import Batch, bytes_of_row
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.model import Outputs, Predictor, ignores_index

__all__ = ["Answers", "Plan", "Request", "differs"]

SAMPLED_ROWS = 256  # from which it is told whether rows repeat, and whether the model reads the index
CALL_BYTES = (
    64 * 2**20
)  # of one stacked frame: large enough that a call's fixed cost vanishes, small enough for any machine


@dataclass(frozen=True)
class Request:
    """Rows with some columns changed.

    Parameters
    ----------
    rows : ndarray of int, shape (changed,)
        Which rows of the batch, ascending.
    columns : mapping of str to array, each of shape (changed,)
        New values of the changed columns.
    """

    rows: np.ndarray
    columns: Mapping[str, Any]

    @classmethod
    def between(cls, before: pd.DataFrame, after: pd.DataFrame) -> Request:
        """Find what differs between two frames.

        Parameters
        ----------
        before, after : DataFrame of shape (rows, columns)
            The same rows, unchanged and changed.

        Returns
        -------
        Request
            Only rows and columns that differ.

        Raises
        ------
        EvaluationError
            Where rows or columns were added, dropped or reordered.

        Examples
        --------
        >>> before = pd.DataFrame({"age": [20, 30], "job": ["a", "b"]})
        >>> request = Request.between(before, before.assign(age=[20, 31]))
        >>> request.rows.tolist(), {name: values.tolist() for name, values in request.columns.items()}
        ([1], {'age': [31]})
        """
        if len(after) != len(before) or list(after.columns) != list(before.columns):
            raise EvaluationError(
                "A change added, dropped or reordered rows or columns; it must return the same rows and columns."
            )
        changed = {}
        for name in before.columns:
            if after[name].array is not before[name].array:
                where = differs(before[name], after[name])
                if where.any():
                    changed[name] = where
        if not changed:
            return cls(np.empty(0, dtype=np.intp), {})
        rows = np.flatnonzero(np.logical_or.reduce(list(changed.values())))
        return cls(rows, {name: pick(after[name], rows) for name in changed})

    @classmethod
    def of(cls, frame: pd.DataFrame, columns: Mapping[str, pd.Series]) -> Request:
        """Make a request from new columns, leaving out rows that stay as they are.

        Parameters
        ----------
        frame : DataFrame of shape (rows, columns)
            Unchanged rows.
        columns : mapping of str to Series of shape (rows,)
            New columns.

        Returns
        -------
        Request
            Only the rows that differ.
        """
        if not columns:
            return cls(np.empty(0, dtype=np.intp), {})
        rows = np.flatnonzero(np.logical_or.reduce([differs(frame[name], values) for name, values in columns.items()]))
        return cls(rows, {name: pick(values, rows) for name, values in columns.items()})


def pick(column: pd.Series, rows: np.ndarray) -> Any:
    """Return some values of a column as an array of the column's own type."""
    return (column.to_numpy() if isinstance(column.dtype, np.dtype) else column.array).take(rows)


def differs(before: pd.Series, after: pd.Series) -> np.ndarray:
    """Tell where two columns differ; two gaps are alike.

    Parameters
    ----------
    before, after : Series of shape (rows,)
        Two versions of a column.

    Returns
    -------
    ndarray of bool, shape (rows,)
        True where the values differ.

    Examples
    --------
    >>> differs(pd.Series([1.0, None]), pd.Series([2.0, None])).tolist()
    [True, False]
    """
    if isinstance(before.dtype, pd.CategoricalDtype) and before.dtype == after.dtype:
        return np.asarray(before.array.codes != after.array.codes)
    if before.dtype == after.dtype == np.float64:  # the case of most changes, in a third of the time
        first, second = before.to_numpy(), after.to_numpy()
        return (first != second) & ((first == first) | (second == second))
    gap_before, gap_after = before.isna().to_numpy(), after.isna().to_numpy()
    if isinstance(before.dtype, pd.CategoricalDtype) or isinstance(after.dtype, pd.CategoricalDtype):
        before, after = before.astype(object), after.astype(object)
    unequal = pd.Series(before.array != after.array).fillna(True).to_numpy(dtype=bool)
    return (unequal | (gap_before != gap_after)) & ~(gap_before & gap_after)


@dataclass(frozen=True)
class Answers:
    """What the model said about one batch.

    Parameters
    ----------
    unchanged : Outputs of shape (rows,)
        About the rows as they are.
    changed : list of Outputs or EvaluationError
        About each request, one output for each of its rows; or why the model could not answer.
    again : Outputs, optional
        About the first rows, where they were asked for twice.
    """

    unchanged: Outputs
    changed: list[Outputs | Exception]
    again: Outputs | None = None

    def to(self, answer: int) -> Outputs:
        """Return what the model said to one request.

        Parameters
        ----------
        answer : int
            Its place among the requests.

        Returns
        -------
        Outputs
            One for each row of the request.

        Raises
        ------
        EvaluationError
            Where the model could not answer, or whatever it raised.
        """
        changed = self.changed[answer]
        if isinstance(changed, Exception):
            raise changed
        return changed

    def full(self, request: Request, answer: int) -> Outputs:
        """Return a request's outputs for all rows of the batch, those that did not change included.

        Parameters
        ----------
        request : Request
            What was asked.
        answer : int
            Its place among the requests.

        Returns
        -------
        Outputs
            One for each row of the batch.
        """
        changed = self.to(answer)
        decisions = self.unchanged.decisions.copy()
        decisions[request.rows] = changed.decisions
        if self.unchanged.probabilities is None or changed.probabilities is None:
            return Outputs(decisions)
        probabilities = self.unchanged.probabilities.copy()
        for code in range(probabilities.shape[1]):  # three times as fast as all columns at once
            probabilities[request.rows, code] = changed.probabilities[:, code]
        return Outputs(decisions, probabilities)


@dataclass
class Plan:
    """Asks the model, and keeps count.

    Parameters
    ----------
    predictor : Predictor
        The model.
    batch_rows : int, optional
        Rows of one call; by default as many as fit into 64 MB.
    on_call : callable, optional
        Told the number of rows after each call (for progress).
    """

    predictor: Predictor
    batch_rows: int | None = None
    on_call: Callable[[int], None] | None = None
    rows_predicted: int = field(default=0, init=False)
    predict_seconds: float = field(default=0.0, init=False)
    changes_input: bool = field(default=False, init=False)
    _reads_index: bool | None = field(default=None, init=False)
    _row_bytes: float | None = field(default=None, init=False)

    def anew(self) -> Plan:
        """Return a plan that counts from zero and knows what is known of the model.

        Returns
        -------
        Plan
            For one batch.
        """
        plan = copy(self)
        plan.rows_predicted, plan.predict_seconds = 0, 0.0
        return plan

    def learn_from(self, other: Plan) -> None:
        """Remember what another plan has found out about the model.

        Parameters
        ----------
        other : Plan
            From `anew`.
        """
        self._reads_index, self._row_bytes = other._reads_index, other._row_bytes

    def ask(self, batch: Batch, requests: Sequence[Request], again: int = 0) -> Answers:
        """Predict a batch as it is and as each request changes it.

        Parameters
        ----------
        batch : Batch
            The unchanged rows.
        requests : sequence of Request
            The changes.
        again : int, default 0
            So many of the first rows are asked for twice in the same call, which tells whether the model answers the
            same again and leaves its input alone; they are not counted.

        Returns
        -------
        Answers
            In the order of the requests.

        Raises
        ------
        EvaluationError
            Where the model cannot answer for the unchanged rows.
        """
        groups, again = group_by_types(batch.frame, requests), min(again, batch.rows)
        try:
            outputs = {
                types: self._ask_stack(batch.frame, [requests[i] for i in members], types == (), again)
                for types, members in groups.items()
            }
        except Exception:
            return self._ask_one_by_one(batch, requests)
        changed: list[Outputs | Exception] = [Outputs(np.empty(0)) for _ in requests]
        for types, members in groups.items():
            offset = batch.rows if types == () else 0
            for member in members:
                count = len(requests[member].rows)
                changed[member] = outputs[types].take(slice(offset, offset + count))
                offset += count
        own = outputs[()]
        return Answers(own.take(slice(0, batch.rows)), changed, own.take(slice(len(own) - again, len(own))))

    def without_model(self) -> Plan:
        """Return a plan that counts the rows that this one would ask for, and asks nobody."""
        silent = Plan(Predictor(lambda frame: np.zeros(len(frame)), "regression", None, "values"), self.batch_rows)
        silent._reads_index = self._reads_index
        return silent

    def _ask_one_by_one(self, batch: Batch, requests: Sequence[Request]) -> Answers:
        """Find which request the model cannot answer; the others go on."""
        unchanged = self._call(batch.frame.copy())
        changed: list[Outputs | Exception] = []
        for request in requests:
            try:
                changed.append(self._ask_stack(batch.frame, [request], unchanged=False))
            except Exception as error:  # a model may raise anything; the check that asked reports it
                changed.append(error)
        return Answers(unchanged, changed)

    def _ask_stack(self, frame: pd.DataFrame, requests: Sequence[Request], unchanged: bool, again: int = 0) -> Outputs:
        again = again if unchanged else 0  # they stand at the end, and stay there when repeated rows are left out
        stacked = stack(frame, requests, unchanged, again)
        asked, places, count = stacked, np.arange(len(stacked)), len(stacked) - again
        if repeats_often(stacked, frame, requests, unchanged):
            first, place = repeats(stacked.iloc[:count], with_index=self._index_matters(stacked))
            if len(first) < count:
                asked = stacked.take(np.concatenate([first, places[count:]]))
                places = np.concatenate([place, np.arange(len(first), len(asked))])
        outputs = self._call(asked)
        self.rows_predicted -= again
        self.changes_input |= again > 0 and not asked.iloc[len(asked) - again :].equals(frame.iloc[:again])
        return outputs if asked is stacked else outputs.take(places)

    def _index_matters(self, stacked: pd.DataFrame) -> bool:
        """Tell, once, whether the model reads the index: then rows that look alike are not."""
        if self._reads_index is None and ignores_index(self.predictor.call):
            self._reads_index = False
        if self._reads_index is None:
            some = stacked.iloc[:: max(1, len(stacked) // (4 * SAMPLED_ROWS))]
            turned = some.set_axis(some.index[::-1], axis=0)
            first, second = self.predictor(some.copy()), self.predictor(turned)
            alike = np.allclose(first.decisions, second.decisions, rtol=1e-6, atol=1e-9)
            if first.probabilities is not None and second.probabilities is not None:
                alike = alike and np.allclose(first.probabilities, second.probabilities, rtol=1e-4, atol=1e-6)
            self._reads_index = not alike
        return self._reads_index

    def _rows_of_call(self, frame: pd.DataFrame) -> int:
        """Choose, once, how many rows fit into one call's memory."""
        if self._row_bytes is None:
            self._row_bytes = max(1.0, bytes_of_row(frame)) if len(frame) else 1.0
        return max(1000, int(CALL_BYTES / self._row_bytes))

    def _call(self, frame: pd.DataFrame) -> Outputs:
        rows = self.batch_rows or self._rows_of_call(frame)
        parts = []
        for start in range(0, len(frame), rows) if len(frame) else ():
            part = frame if rows >= len(frame) else frame.iloc[start : start + rows]
            began = perf_counter()
            parts.append(self.predictor(part))
            self.predict_seconds += perf_counter() - began
            self.rows_predicted += len(part)
            if self.on_call is not None:
                self.on_call(len(part))
        return join(parts)


def join(parts: Sequence[Outputs]) -> Outputs:
    """Put the outputs of consecutive calls behind each other."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Outputs(np.empty(0))
    probabilities = [part.probabilities for part in parts]
    stacked = None if probabilities[0] is None else np.concatenate([p for p in probabilities if p is not None])
    return Outputs(np.concatenate([part.decisions for part in parts]), stacked)


def group_by_types(frame: pd.DataFrame, requests: Sequence[Request]) -> dict[tuple[tuple[str, Any], ...], list[int]]:
    """Put requests together whose rows can stand in one frame; ``()`` is the group with the data's own types."""
    groups: dict[tuple[tuple[str, Any], ...], list[int]] = {(): []}
    for number, request in enumerate(requests):
        others = tuple(
            (name, values.dtype)
            for name, values in sorted(request.columns.items(), key=lambda item: str(item[0]))
            if values.dtype != frame[name].dtype
        )
        groups.setdefault(others, []).append(number)
    return groups


def stack(frame: pd.DataFrame, requests: Sequence[Request], unchanged: bool, again: int = 0) -> pd.DataFrame:
    """Put the unchanged rows, all changed rows and some of the first once more behind each other in one new frame."""
    own = np.arange(len(frame) if unchanged else 0)
    rows = np.concatenate([own, *(request.rows for request in requests), np.arange(again)])
    stacked = frame.take(rows)
    for name in {name for request in requests for name in request.columns}:
        types = {request.columns[name].dtype for request in requests if name in request.columns}
        column = pick(frame[name] if types == {frame[name].dtype} else frame[name].astype(types.pop()), rows)
        offset = len(frame) if unchanged else 0
        for request in requests:
            if name in request.columns:
                column[offset : offset + len(request.rows)] = request.columns[name]
            offset += len(request.rows)
        stacked[name] = pd.Series(column, stacked.index, dtype=column.dtype, copy=False)  # texts as objects stay so
    return stacked


def repeats_often(stacked: pd.DataFrame, frame: pd.DataFrame, requests: Sequence[Request], unchanged: bool) -> bool:
    """Tell from a few rows, with all their changed versions, whether looking for repeated rows is worth its time."""
    if len(stacked) < 2 * SAMPLED_ROWS:
        return False
    columns = list(dict.fromkeys(name for request in requests for name in request.columns))
    chosen = np.arange(0, len(frame), max(1, len(frame) // SAMPLED_ROWS))
    shown, origin, offset = ([chosen], [chosen], len(frame)) if unchanged else ([], [], 0)
    for request in requests:
        places = np.searchsorted(request.rows, chosen)
        there = np.append(request.rows, -1)[places] == chosen
        shown.append(offset + places[there])
        origin.append(chosen[there])
        offset += len(request.rows)
    versions = np.concatenate(shown)
    if tell_apart(frame.take(chosen), columns):
        if len(requests) < 2:
            return False
        changed = {place: stacked[name].array.take(versions) for place, name in enumerate(columns)}
        probe = pd.DataFrame(changed | {-1: np.concatenate(origin)})  # only versions of one row can be alike
    else:
        probe = stacked.take(versions)
    try:
        return len(np.unique(pd.util.hash_pandas_object(probe, index=False))) <= 0.95 * len(probe)
    except TypeError:  # a column of lists or the like cannot be hashed
        return False


def tell_apart(rows: pd.DataFrame, changed: Sequence[str]) -> bool:
    """Tell whether one column, left as it is, holds hardly a value twice: then hardly two rows are alike."""
    numbers = (name for name in rows.columns if name not in changed and rows[name].dtype.kind in "iuf")
    return any(len(np.unique(rows[name].to_numpy())) > 0.95 * len(rows) for name in numbers)


def repeats(stacked: pd.DataFrame, with_index: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the first place of each row that stands in the stack, and for each row which of them it is."""
    keys = pd.util.hash_pandas_object(stacked, index=with_index).to_numpy()
    places, _ = pd.factorize(keys)  # numbered as they first appear, without sorting them
    return np.flatnonzero(np.diff(np.maximum.accumulate(places), prepend=-1)), places
