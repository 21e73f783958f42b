"""Which column a model's performance hangs on: each one is disturbed in turn, all in one plan of predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from mlops_lab.evaluation.changes import Change, Miscode, Noise
from mlops_lab.evaluation.checks.perturbation import Perturbation
from mlops_lab.evaluation.data import FrameSource
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.finding import Finding
from mlops_lab.evaluation.memory import in_memory
from mlops_lab.evaluation.model import Task
from mlops_lab.evaluation.numbers import of_rows
from mlops_lab.evaluation.report import Report
from mlops_lab.evaluation.suite import Suite
from mlops_lab.i18n import gettext as _
from mlops_lab.i18n import ngettext

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ColumnRanking", "rank_columns"]

NOISE = 0.2  # robust standard deviations: what rounding and sloppy measuring amount to
SLIPS = 0.1  # share of the rows in which another level is entered


@dataclass(frozen=True, eq=False, repr=False)
class ColumnRanking(Finding):
    """How much each column matters; made by `rank_columns`.

    Parameters
    ----------
    table : DataFrame
        One row a column, the largest drop first: column, change, estimate (drop of the metric, positive being worse),
        low, high, certain (whether the drop is above 0 beyond chance, all columns taken together), flips (share of
        decisions that change), flips_low, flips_high, rows_changed.
    metric : str
        What the numbers are, such as "drop of accuracy".
    left_out : mapping of str to str
        Columns that could not be disturbed, and why.
    report : Report
        Of the run behind it, with the worst rows of each column.
    """

    table: pd.DataFrame
    metric: str
    left_out: Mapping[str, str]
    report: Report = field(compare=False)

    @property
    def title(self) -> str:
        """What was measured."""
        return _("Columns by {metric}").format(metric=self.metric)

    @property
    def shown(self) -> pd.DataFrame:
        """The table."""
        return self.table

    def sentences(self) -> list[str]:
        """Say which column matters most, and what was left out."""
        first, certain = self.table.iloc[0], int(self.table["certain"].sum())
        said = [
            ngettext(
                "One column was disturbed, in {rows}.",
                "Each of {columns} columns was disturbed alone, in {rows}.",
                len(self.table),
            ).format(columns=len(self.table), rows=of_rows(self.report.rows)),
            _(
                "Largest {metric}: {estimate:.4f} (interval {low:.4f} to {high:.4f}), with {column} under {change}."
            ).format(metric=self.metric, **first[["column", "change", "estimate", "low", "high"]].to_dict()),
            _(
                "For {certain} of them the drop is more than chance, all columns taken together; numbers and levels "
                "are disturbed in different ways, so compare like with like."
            ).format(certain=certain),
        ]
        for column, reason in self.left_out.items():
            said.append(_("{column} was left out: {reason}").format(column=column, reason=reason))
        return said

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the drop of each column with its interval."""
        from mlops_lab.evaluation.plots.ranking import draw_ranking

        return draw_ranking(self.table, self.metric, ax)


def rank_columns(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    change: Callable[[str], Change] | None = None,
    metric: str | Callable[..., float] | None = None,
    columns: Sequence[str] | None = None,
    alpha: float = 0.05,
    seed: int = 0,
    task: Task | None = None,
    progress: bool = True,
) -> ColumnRanking:
    """Rank the columns by how much a realistic disturbance of each one alone costs.

    Unlike permutation importance, which destroys a column, this asks what happens in production: a number gets noise
    of 0.2 robust standard deviations, a level is entered wrongly in a tenth of the rows. All columns share one plan of
    predictions.

    Parameters
    ----------
    model : estimator or callable
        As for `Suite.run`.
    X : DataFrame of shape (rows, columns)
        Rows that the model has not been fitted on.
    y : array-like of shape (rows,) or str
        Labels or values, or the name of their column in ``X``.
    change : callable, optional
        Makes the change of a column from its name, such as ``lambda column: ev.missing(column, rate=0.1)``; by default
        ``ev.noise(column, sd=0.2)`` for numbers and ``ev.miscode(column, rate=0.1)`` for levels.
    metric : str or callable, optional
        As for `Perturbation`; by default accuracy, or mean absolute error for values.
    columns : sequence of str, optional
        Which columns; by default all.
    alpha : float, default 0.05
        One minus the level of the intervals.
    seed : int, default 0
        Of the disturbances.
    task : {"classification", "regression"}, optional
        Where it cannot be seen.
    progress : bool, default True
        Whether to show a bar where it lasts longer than a second.

    Returns
    -------
    ColumnRanking
        Table, sentences and picture.

    Raises
    ------
    EvaluationError
        Where model or data cannot be used, or no column can be disturbed.

    Notes
    -----
    ``certain`` is corrected by Holm's method over the columns. The idea of disturbing inputs a little and watching
    the output is that of sensitivity analysis: Saltelli et al. (2008), "Global sensitivity analysis: the primer".

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame({"age": rng.normal(40, 10, 2000), "shoe": rng.normal(42, 3, 2000)})
    >>> ranking = rank_columns(lambda X: 1 / (1 + np.exp(40 - X["age"])), frame, frame["age"] > 40)
    >>> ranking.table["column"].tolist(), ranking.table["certain"].tolist()
    (['age', 'shoe'], [True, False])
    """
    source = in_memory(X, y)
    names = list(source.schema.names if columns is None else columns)
    changes, left_out = choose_changes(source, names, change)
    if not changes:
        raise EvaluationError("No column can be disturbed; pass change= with one that fits them.")
    checks = [Perturbation(one, max_drop=0.0, metric=metric, name=name) for name, one in changes.items()]
    report = Suite(checks, alpha=alpha, seed=seed).run(model, source.frame, source.target, task=task, progress=progress)
    failed = {result.name: result.explain() for result in report.results if result.verdict == "error"}
    results = [result for result in report.results if result.verdict != "error"]
    if not results:
        name, reason = next(iter(failed.items()))
        raise EvaluationError(f"No column could be disturbed; with {name!r} the model said: {reason}")
    rows = [{"column": one.name, "change": str(changes[one.name])} | numbers_of(one) for one in results]
    table = pd.DataFrame(rows).sort_values("estimate", ascending=False, kind="stable", ignore_index=True)
    return ColumnRanking(table, results[0].metric, left_out | failed, report)


def choose_changes(
    source: FrameSource, names: Sequence[str], change: Callable[[str], Change] | None
) -> tuple[dict[str, Change], dict[str, str]]:
    """Choose the change of each column, and say why some have none."""
    changes: dict[str, Change] = {}
    left_out: dict[str, str] = {}
    for name in names:
        kind = source.schema.kind(name)
        if change is not None:
            changes[name] = change(name)
        elif kind not in ("integer", "real", "boolean", "category", "text"):
            left_out[name] = _("there is no default change for {kind} values.").format(kind=kind)
        elif source.frame[name].nunique() < 2:
            left_out[name] = _("it holds fewer than two values.")
        else:
            changes[name] = Noise(name, sd=NOISE) if kind in ("integer", "real") else Miscode(name, rate=SLIPS)
    return changes, left_out


def numbers_of(result: Any) -> dict[str, Any]:
    """Return what the ranking shows of one result."""
    details = result.details.iloc[0]
    return {
        "estimate": result.estimate,
        "low": result.low,
        "high": result.high,
        "certain": result.verdict == "fail",  # at a tolerance of 0, corrected over all columns
        **details[["flips", "flips_low", "flips_high"]].to_dict(),
        "rows_changed": int(details["rows_changed"]),
    }
