"""The plan of predictions: what several checks want to know of the same rows, asked of the model in one go.

A check never calls the model. It hands in `Request`s, rows with some columns changed; the plan leaves out what did not
change and what repeats, stacks the rest behind the unchanged rows, and hands the answers back. Types, column order and
categories stay as the model was given them; rows whose types had to change (a gap in a column of integers, a category
that was not there) go into a call of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from math import ceil
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.evaluation.data import Batch, bytes_of_row
from mlops_lab.evaluation.model import Outputs, Predictor
from mlops_lab.evaluation.request import Request
from mlops_lab.evaluation.stack import SAMPLED_ROWS, Stack, repeats, repeats_often
from mlops_lab.evaluation.traits import ignores_index

__all__ = ["Answers", "Plan"]

CALL_BYTES = 16 * 2**20  # of one call's rows: so many that its fixed cost vanishes, so few that memory is used anew


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
        Rows of one call; by default as many as fit into 16 MB.
    most_rows : int, optional
        Rows of one call of a slow model, where fewer than fit.
    on_call : callable, optional
        Told after each call what share of the batch it was, in rows of the batch (for progress).
    """

    predictor: Predictor
    batch_rows: int | None = None
    most_rows: int | None = None
    on_call: Callable[[float], object] | None = None
    rows_predicted: int = field(default=0, init=False)
    predict_seconds: float = field(default=0.0, init=False)
    changes_input: bool = field(default=False, init=False)
    _reads_index: bool | None = field(default=None, init=False)
    _row_bytes: float | None = field(default=None, init=False)
    _row_share: float = field(default=1.0, init=False)  # of a row of the batch, for each row that is asked for

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
        self._row_share = batch.rows / max(1, batch.rows + again + sum(len(request.rows) for request in requests))
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
        unchanged = self._call(Stack.of(batch.frame, [], unchanged=True))
        changed: list[Outputs | Exception] = []
        for request in requests:
            try:
                changed.append(self._ask_stack(batch.frame, [request], unchanged=False))
            except Exception as error:  # a model may raise anything; the check that asked reports it
                changed.append(error)
        return Answers(unchanged, changed)

    def _ask_stack(self, frame: pd.DataFrame, requests: Sequence[Request], unchanged: bool, again: int = 0) -> Outputs:
        again = again if unchanged else 0  # they stand at the end, and stay there when repeated rows are left out
        stack = Stack.of(frame, requests, unchanged, again)
        asked, places, count = stack, np.arange(len(stack)), len(stack) - again
        if repeats_often(stack, requests, unchanged):
            first, place = repeats(stack.part(slice(0, count)), with_index=self._index_matters(stack))
            if len(first) < count:
                asked = stack.only(np.concatenate([first, places[count:]]))
                places = np.concatenate([place, np.arange(len(first), len(asked))])
        outputs = self._call(asked, again)
        self.rows_predicted -= again
        return outputs if asked is stack else outputs.take(places)

    def _index_matters(self, stack: Stack) -> bool:
        """Tell, once, whether the model reads the index: then rows that look alike are not."""
        if self._reads_index is None and ignores_index(self.predictor.call):
            self._reads_index = False
        if self._reads_index is None:
            some = stack.part(slice(None, None, max(1, len(stack) // (4 * SAMPLED_ROWS))))
            turned = some.set_axis(some.index[::-1], axis=0)
            first, second = self.predictor(some.copy()), self.predictor(turned)
            alike = np.allclose(first.decisions, second.decisions, rtol=1e-6, atol=1e-9)
            if first.probabilities is not None and second.probabilities is not None:
                alike = alike and np.allclose(first.probabilities, second.probabilities, rtol=1e-4, atol=1e-6)
            self._reads_index = not alike
        return self._reads_index

    def _call(self, stack: Stack, again: int = 0) -> Outputs:
        """Ask for all rows of a stack, and see whether the model leaves the last of them as they are."""
        parts = []
        for rows in self._calls(stack):
            given = stack.part(rows)
            began = perf_counter()
            parts.append(self.predictor(given))
            self.predict_seconds += perf_counter() - began
            self.rows_predicted += len(given)
            if self.on_call is not None:
                self.on_call(len(given) * self._row_share)
            if again and rows.stop == len(stack):
                self.changes_input |= not given.iloc[-again:].equals(stack.frame.iloc[:again])
        return join(parts)

    def _calls(self, stack: Stack) -> Iterator[slice]:
        """Cut a stack into calls: of the rows that were asked for, or alike and as large as fits."""
        count = len(stack)
        if not count:
            return
        rows = self.batch_rows
        if rows is None:
            if self._row_bytes is None:
                self._row_bytes = max(1.0, bytes_of_row(stack.frame))
            most = max(1000, int(CALL_BYTES / self._row_bytes))
            rows = ceil(count / ceil(count / min(most, self.most_rows or most)))
        for start in range(0, count, rows):
            yield slice(start, min(start + rows, count))


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
