"""Two sides to compare, over all rows or over some: two levels of a column, or two models on the same rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.errors import shorten
from mlops_lab.evaluation.check import Setting
from mlops_lab.evaluation.data import Batch, FrameSource, Schema, check_columns, check_frame, column_kind
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.group_metrics import GroupMetric, find_group_metric
from mlops_lab.evaluation.metrics import Metric, find_metric
from mlops_lab.evaluation.model import Outputs, encode_target
from mlops_lab.evaluation.numbers import of_rows
from mlops_lab.evaluation.probe import PROBE_ROWS, probe_model
from mlops_lab.evaluation.profile import Profile, to_float
from mlops_lab.evaluation.statistics.groups import gap
from mlops_lab.evaluation.statistics.interval import Interval
from mlops_lab.evaluation.statistics.moments import FEWEST_ROWS, Moments, mean_interval
from mlops_lab.evaluation.statistics.rates import rate

__all__ = ["Difference", "LevelSides", "ModelSides", "Sides", "level_sides", "model_sides"]

MEANS = ("accuracy", "log_loss", "brier_score", "mean_absolute_error")


@dataclass(frozen=True)
class Difference:
    """First minus second on some rows, with what each of them is there.

    Parameters
    ----------
    rows : tuple of int
        Of each side.
    values : tuple of float
        Mean, rate or metric of each side.
    interval : Interval
        Of the difference.
    """

    rows: tuple[int, int]
    values: tuple[float, float]
    interval: Interval


class Sides(ABC):
    """Two sides and the number on which they are compared."""

    names: tuple[str, str]
    quantity: str
    frame: pd.DataFrame
    paired: bool

    @abstractmethod
    def compare(self, mask: np.ndarray, alpha: float) -> Difference | None:
        """Compare both on some rows.

        Parameters
        ----------
        mask : ndarray of bool, shape (rows,)
            Which.
        alpha : float
            One minus the level of the interval.

        Returns
        -------
        Difference or None
            None where a side has too few of these rows to be compared.
        """


@dataclass(frozen=True, eq=False)
class LevelSides(Sides):
    """Two levels of a column, compared on the mean of an outcome.

    Parameters
    ----------
    names : tuple of str
        The levels.
    quantity : str
        Name of the outcome.
    frame : DataFrame
        Rows of both levels.
    first : ndarray of bool, shape (rows,)
        Which rows are of the first level.
    outcome : ndarray of float, shape (rows,)
        What is compared.
    yes_or_no : bool
        Whether it is 0 or 1 only, so that its mean is a rate.
    """

    names: tuple[str, str]
    quantity: str
    frame: pd.DataFrame
    first: np.ndarray
    outcome: np.ndarray
    yes_or_no: bool
    paired = False

    def compare(self, mask: np.ndarray, alpha: float) -> Difference | None:
        """Compare two rates, or two means, of different rows."""
        parts = [self.outcome[mask & side] for side in (self.first, ~self.first)]
        rows = (len(parts[0]), len(parts[1]))
        if min(rows) < (1 if self.yes_or_no else FEWEST_ROWS):
            return None
        one, other = (self._mean(values, alpha) for values in parts)
        return Difference(rows, (float(one.estimate), float(other.estimate)), gap(one, other, 0.0, alpha=alpha))

    def _mean(self, values: np.ndarray, alpha: float) -> Interval:
        if self.yes_or_no:
            return rate(int(values.sum()), len(values), alpha=alpha)
        return mean_interval(Moments.of(values[:, None]), alpha=alpha)


@dataclass(frozen=True, eq=False)
class ModelSides(Sides):
    """Two models, compared on a metric of the same rows.

    Parameters
    ----------
    names : tuple of str
        Of the models.
    quantity : str
        Name of the metric.
    frame : DataFrame
        The rows.
    target : ndarray of shape (rows,)
        Class codes or values.
    outputs : tuple of Outputs
        What each model said.
    metric : Metric
        For the paired difference.
    group_metric : GroupMetric
        For each model's own value.
    """

    names: tuple[str, str]
    quantity: str
    frame: pd.DataFrame
    target: np.ndarray
    outputs: tuple[Outputs, Outputs]
    metric: Metric
    group_metric: GroupMetric
    paired = True

    def compare(self, mask: np.ndarray, alpha: float) -> Difference | None:
        """Compare row by row, so that what both have in common cancels."""
        rows = int(np.count_nonzero(mask))
        if not rows:
            return None
        batch = Batch(self.frame[[]].loc[mask], self.target[mask], 0)  # a mean needs no columns
        one, other = (outputs.take(mask) for outputs in self.outputs)
        metric = replace(self.metric, setting=replace(self.metric.setting, alpha=alpha))
        drop = metric.drop(metric.state(batch, one, other), 0.0)
        found = drop if self.group_metric.larger_is_better else drop.rescaled(-1)
        return Difference((rows, rows), (self._value(batch, one), self._value(batch, other)), found)

    def _value(self, batch: Batch, outputs: Outputs) -> float:
        state = self.group_metric.reduce(batch, outputs)(np.ones(batch.rows, dtype=bool))
        return float(self.group_metric.as_metric(self.group_metric.loss(state)).estimate)


def level_sides(frame: Any, outcome: Any, compare: str, levels: Sequence[Any] | None) -> LevelSides:
    """Take two levels of a column as sides.

    Parameters
    ----------
    frame : DataFrame
        The rows.
    outcome : str or array-like of shape (rows,)
        Name of a column of numbers or of yes and no, or its values.
    compare : str
        The column whose levels are compared.
    levels : sequence of two labels, optional
        Which two; not needed where there are no more.

    Returns
    -------
    LevelSides
        Only the rows of both.

    Raises
    ------
    EvaluationError
        Where the column does not have these levels, or the outcome is missing or no number.
    """
    check_frame(frame)
    check_columns(frame)
    schema = Schema(frame.iloc[:0])
    schema.kind(compare)
    first, second = two_levels(frame[compare], compare, levels)
    values, quantity = outcome_values(frame, schema, outcome)
    is_first, is_second = ((frame[compare] == level).fillna(False).to_numpy(dtype=bool) for level in (first, second))
    kept = is_first | is_second
    bad = np.flatnonzero(kept & ~np.isfinite(values))
    if len(bad):
        raise EvaluationError(
            f"The outcome {quantity!r} is missing or infinite in {of_rows(len(bad))}, first in row {bad[0]}; drop or "
            "fill these rows."
        )
    values = values[kept]
    yes_or_no = bool(np.isin(values, (0.0, 1.0)).all())
    return LevelSides((str(first), str(second)), quantity, frame[kept], is_first[kept], values, yes_or_no)


def two_levels(column: pd.Series, name: str, levels: Sequence[Any] | None) -> tuple[Any, Any]:
    """Return the two levels to compare, or say which there are."""
    there = column.dropna().unique().tolist()
    if levels is None:
        if len(there) < 2:
            only = f"only the level {there[0]!r}" if there else "no level"
            raise EvaluationError(f"Column {name!r} has {only}; two are needed to compare.")
        if len(there) > 2:
            raise EvaluationError(
                f"Column {name!r} has {len(there)} levels ({shorten(map(repr, there))}); name two with levels=."
            )
        return tuple(sorted(there, key=str))
    if isinstance(levels, str) or len(levels) != 2 or levels[0] == levels[1]:
        raise EvaluationError(f"levels is {levels!r}; give two different levels of {name!r}.")
    for level in levels:
        if level not in there:
            raise EvaluationError(
                f"The level {level!r} is not in column {name!r}; its levels are {shorten(map(repr, there))}."
            )
    return levels[0], levels[1]


def outcome_values(frame: pd.DataFrame, schema: Schema, outcome: Any) -> tuple[np.ndarray, str]:
    """Return the outcome as numbers with its name."""
    if isinstance(outcome, str):
        schema.kind(outcome)
        given = frame[outcome]
    else:
        given = pd.Series(outcome) if not isinstance(outcome, pd.Series) else outcome
        if len(given) != len(frame):
            raise EvaluationError(f"The outcome has length {len(given)} and the data {of_rows(len(frame))}.")
    name = str(given.name) if given.name is not None else "outcome"
    if column_kind(given.dtype) not in ("boolean", "integer", "real"):
        example = f"frame[{name!r}] == {given.iloc[0]!r}" if len(given) else "a comparison"
        raise EvaluationError(
            f"The outcome {name!r} holds {given.dtype} values; pass numbers or yes and no, such as {example}."
        )
    return to_float(given), name


def model_sides(source: FrameSource, models: Mapping[str, Any], metric: str | None) -> ModelSides:
    """Take two models as sides.

    Parameters
    ----------
    source : FrameSource
        Rows and target.
    models : mapping of str to estimator or callable
        Two, by name.
    metric : str, optional
        A mean over rows; by default accuracy, or mean absolute error for values.

    Returns
    -------
    ModelSides
        Both have been asked.

    Raises
    ------
    EvaluationError
        Where there are not two models of the same classes, or the metric is no mean over rows.
    """
    if not isinstance(models, Mapping) or len(models) != 2:
        raise EvaluationError("models must name two models, such as models={'old': old, 'new': new}.")
    first, second = (
        probe_model(one, source.target, source.frame.head(PROBE_ROWS)).predictor for one in models.values()
    )
    alike = first.classes is None and second.classes is None
    if first.classes is not None and second.classes is not None:
        alike = first.classes.tolist() == second.classes.tolist()
    if not alike:
        raise EvaluationError(
            "The two models do not predict the same classes in the same order; compare those that do."
        )
    both = first.has_probabilities and second.has_probabilities
    setting = Setting(source.schema, Profile(), first.task, first.classes, both, 0.05, 0, source.rows)
    name = metric or ("accuracy" if first.task == "classification" else "mean_absolute_error")
    if name not in MEANS:
        raise EvaluationError(
            f"The metric {name!r} is no mean over rows, so it has no common mix; choose one of {', '.join(MEANS)}."
        )
    outputs = (first(source.frame.copy()), second(source.frame.copy()))
    found, grouped = find_metric(name, setting), find_group_metric(name, setting)
    labels = list(models)
    return ModelSides(
        (str(labels[0]), str(labels[1])),
        name,
        source.frame,
        encode_target(source.target, first),
        outputs,
        found,
        grouped,
    )
