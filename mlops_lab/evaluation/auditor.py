"""How well columns tell another one: a model of it, cross-fitted, and each column alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from mlops_lab.evaluation.data import column_kind
from mlops_lab.evaluation.profile import to_float
from mlops_lab.evaluation.statistics.cross_auc import CrossAuc, cross_auc, mean_auc
from mlops_lab.i18n import gettext as _

__all__ = ["Auditor", "Telling", "as_numbers"]

MOST_LEVELS = 200  # with more a column is read as numbers, its levels ordered by how common they are
BINS = 32  # of a number, when it stands alone
PRIOR_ROWS = 10.0  # rows of the average that each bin starts with
TREES: dict[str, Any] = {"max_iter": 40, "learning_rate": 0.2, "max_leaf_nodes": 15, "early_stopping": False}


@dataclass(frozen=True)
class Telling:
    """How well something tells the groups.

    Parameters
    ----------
    mean : CrossAuc
        Of two groups the area; of more, the mean of each group against the rest.
    each : tuple of CrossAuc
        Each group against the rest; one for two groups.
    """

    mean: CrossAuc
    each: tuple[CrossAuc, ...]


def as_numbers(column: pd.Series) -> tuple[np.ndarray, bool] | None:
    """Write a column as numbers, gaps as NaN.

    Parameters
    ----------
    column : Series of shape (rows,)
        Of any type.

    Returns
    -------
    tuple of (ndarray of float, bool) or None
        The numbers, and whether they are codes of levels; None where the type cannot be read.

    Examples
    --------
    >>> as_numbers(pd.Series(["b", "a", "b", None]))
    (array([ 0.,  1.,  0., nan]), True)
    """
    kind = column_kind(column.dtype)
    if kind in ("integer", "real", "boolean"):
        values = to_float(column.astype("float64") if kind == "boolean" and not column.isna().any() else column)
        known = values[np.isfinite(values)]
        return np.clip(values, known.min(), known.max()) if len(known) else values, False
    if kind == "datetime":
        plain = column.dt.to_timestamp() if isinstance(column.dtype, pd.PeriodDtype) else column
        since = plain - plain.min()
        return since.dt.total_seconds().to_numpy(dtype=float, na_value=np.nan), False
    if kind in ("category", "text"):
        order = column.value_counts()
        levels = order[order > 0].index
        codes = pd.Index(levels).get_indexer(pd.Index(column)).astype(float)
        return np.where(codes < 0, np.nan, codes), len(levels) <= MOST_LEVELS
    return None


class Auditor:
    """Predicts the groups of rows from columns; every score comes from a model that did not see the row.

    Parameters
    ----------
    frame : DataFrame of shape (rows, columns)
        What the groups are to be told from.
    groups : ndarray of int, shape (rows,)
        Codes from 0 on.
    folds : int
        Of the cross-fitting.
    seed : int
        Of the folds.
    """

    def __init__(self, frame: pd.DataFrame, groups: np.ndarray, folds: int, seed: int) -> None:
        self.groups, self.count, self.seed = groups, int(groups.max()) + 1, seed
        self.fold = np.empty(len(groups), dtype=np.int64)
        cut = StratifiedKFold(folds, shuffle=True, random_state=seed)
        for number, (_train, test) in enumerate(cut.split(groups, groups)):
            self.fold[test] = number
        self.columns: dict[str, tuple[np.ndarray, bool]] = {}
        self.left_out: dict[str, str] = {}
        for name in frame.columns:
            read = as_numbers(frame[name])
            if read is None:
                self.left_out[name] = _("{kind} values cannot be read.").format(kind=frame[name].dtype)
            else:
                self.columns[name] = read

    def together(self, names: Sequence[str], tick: Callable[[], Any]) -> Telling:
        """Tell the groups from several columns, by gradient boosted trees.

        Parameters
        ----------
        names : sequence of str
            Which columns.
        tick : callable
            Called after each fold.

        Returns
        -------
        Telling
            Cross-fitted.
        """
        table = np.column_stack([self.columns[name][0] for name in names])
        levels = [self.columns[name][1] for name in names]
        scores = np.empty((len(table), self.count))
        model = HistGradientBoostingClassifier(categorical_features=levels, random_state=self.seed, **TREES)
        with threadpool_limits(1, user_api="openmp"):  # small fits: threads that wait for each other cost more
            for number in range(int(self.fold.max()) + 1):
                test = self.fold == number
                scores[test] = model.fit(table[~test], self.groups[~test]).predict_proba(table[test])
                tick()
        return self._telling(scores)

    def alone(self, name: str) -> Telling:
        """Tell the groups from one column, by how common they are in each of its levels or bins.

        Parameters
        ----------
        name : str
            The column.

        Returns
        -------
        Telling
            Cross-fitted.
        """
        values, levels = self.columns[name]
        missing = np.isnan(values)
        if levels or missing.all():
            places = np.where(missing, 0, values + 1).astype(np.int64)
        else:
            edges = np.unique(np.nanquantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
            places = np.where(missing, 0, np.searchsorted(edges, values) + 1).astype(np.int64)
        width = int(places.max()) + 1
        scores = np.empty((len(values), self.count))
        for number in range(int(self.fold.max()) + 1):
            test = self.fold == number
            counts = np.bincount(places[~test] * self.count + self.groups[~test], minlength=width * self.count)
            table = (
                counts.reshape(width, self.count) + PRIOR_ROWS * counts.reshape(width, -1).sum(axis=0) / counts.sum()
            )
            scores[test] = (table / table.sum(axis=1, keepdims=True))[places[test]]
        return self._telling(scores)

    def _telling(self, scores: np.ndarray) -> Telling:
        codes = [1] if self.count == 2 else range(self.count)
        each = tuple(cross_auc(self.groups == code, scores[:, code], self.fold) for code in codes)
        return Telling(mean_auc(each), each)
