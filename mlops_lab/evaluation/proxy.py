"""Proxies: whether a column that was dropped is still told by the others, and what a model makes of that."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from mlops_lab.errors import nearest, shorten
from mlops_lab.evaluation.asked import ask_in_levels
from mlops_lab.evaluation.auditor import Auditor
from mlops_lab.evaluation.checks.invariance import Invariance
from mlops_lab.evaluation.data import FrameSource, column_kind
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.memory import in_memory
from mlops_lab.evaluation.model import Predictor, encode_target
from mlops_lab.evaluation.parameters import check_amount
from mlops_lab.evaluation.probe import PROBE_ROWS, probe_model
from mlops_lab.evaluation.proxies import ProxyAudit
from mlops_lab.evaluation.statistics.groups import gap
from mlops_lab.evaluation.statistics.interval import Interval, check_alpha
from mlops_lab.evaluation.statistics.moments import Moments, mean_interval
from mlops_lab.evaluation.statistics.multiplicity import survives
from mlops_lab.evaluation.statistics.rates import rate
from mlops_lab.evaluation.statistics.remaining import remaining
from mlops_lab.evaluation.suite import Suite
from mlops_lab.i18n import gettext as _

__all__ = ["proxy_audit"]

MOST_ROWS = 50_000  # for the auditor: more move its area in the third digit only
MOST_GROUPS = 20
MOST_NUMBERS = 10  # different numbers that still count as groups, such as 0 and 1
FEWEST_ROWS = 30  # of a group, below which no fold could judge it
SHUFFLED = 5  # columns that are exchanged in the model, each one more prediction of all rows
SHOW_PROGRESS_AFTER = 1.0  # seconds


def proxy_audit(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    column: str,
    without: Any = None,
    drop: int | Sequence[str] = 3,
    positive: Any = None,
    folds: int = 5,
    alpha: float = 0.05,
    seed: int = 0,
    progress: bool = True,
) -> ProxyAudit:
    """Answer "we dropped the column, so it is gone" with numbers.

    How well do the other columns together tell the sensitive one, which do so alone, and how well without those? And
    what does the model make of it: how much of the distance between the groups' mean scores remains when it is told
    nothing of the column, and in a model that was trained without?

    Parameters
    ----------
    model : estimator or callable
        As for `Suite.run`. One that was trained without the column is asked without it.
    X : DataFrame of shape (rows, columns)
        Rows that the model has not been fitted on, with the sensitive column.
    y : array-like of shape (rows,) or str, optional
        Labels or values, or the name of their column in ``X``: then the true distance is given too.
    column : str
        The sensitive column: levels, or up to ten different numbers such as 0 and 1.
    without : estimator or callable, optional
        A model that was trained without the column, to be compared; it is asked without it.
    drop : int or sequence of str, default 3
        How many of the most telling columns are left out one after the other, or which.
    positive : label, optional
        The class whose probability is the score; ``classes_[1]`` of two classes.
    folds : int, default 5
        Of the cross-fitting.
    alpha : float, default 0.05
        One minus the level of the intervals.
    seed : int, default 0
        Of folds and exchanges.
    progress : bool, default True
        Whether to show a bar where it lasts longer than a second.

    Returns
    -------
    ProxyAudit
        Tables, sentences and pictures.

    Raises
    ------
    EvaluationError
        Where model, data or column cannot be used.

    Notes
    -----
    The auditor is gradient boosted trees (``HistGradientBoostingClassifier``) on at most 50,000 rows; a column alone is
    read by how common the groups are in each level, or in each of 32 bins. Every score comes from a fold's model that
    did not see the row, and areas under the ROC curve are counted within folds and averaged, with DeLong's error:
    LeDell, Petersen and van der Laan (2015). For more than two groups the area is the mean of each group against the
    rest. ``certain`` is corrected by Holm's method over the columns.

    "Told nothing of the column" is the score averaged over all its levels, as `Invariance` does. The distance is that
    of the two groups whose mean scores lie furthest apart; of many groups this is a little too large. Distances come
    from Hall's intervals of the means (1992) by the method of variance estimates recovery, shares by Fieller's theorem
    (1954), which takes into account that both distances are measured on the same rows: see
    `mlops_lab.evaluation.statistics.remaining`. The auditor's area says what *could* be made of the other columns; the
    exchange of each column among all rows says whether this model does (for the five that tell most).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> male = rng.random(4000) < 0.5
    >>> frame = pd.DataFrame({"sex": np.where(male, "m", "f"), "age": rng.normal(40, 9, 4000)})
    >>> frame["hobby"] = np.where(rng.random(4000) < 0.9, male, ~male)
    >>> audit = proxy_audit(lambda X: 0.3 + 0.4 * X["hobby"], frame, column="sex")
    >>> round(audit.auc.estimate, 1), audit.columns["column"].tolist(), audit.columns["certain"].tolist()
    (0.9, ['hobby', 'age'], [True, False])
    >>> round(audit.share.estimate, 2), abs(round(float(audit.columns["gap_left"][0]), 1))
    (1.0, 0.0)
    """
    check_options(folds, alpha)
    source = with_target(model, X, y)
    groups, rows = find_groups(source, column)
    frame = source.frame if rows.all() else source.frame.loc[rows]
    others = frame.drop(columns=column)
    few = limit_rows(groups, seed)
    auditor = Auditor(others.iloc[few], pd.factorize(groups[few], sort=True)[0], folds, seed)
    if not auditor.columns:
        raise EvaluationError(f"There is no column beside {column!r} that could tell it.")
    alone = {name: auditor.alone(name) for name in auditor.columns}
    ranked = sorted(alone, key=lambda name: -alone[name].mean.estimate)
    steps = choose_drops(drop, ranked)
    bar = tqdm(
        total=folds * (1 + len(steps)), unit="fold", delay=SHOW_PROGRESS_AFTER, disable=not progress, leave=False
    )
    with bar:
        told = [
            ((), auditor.together(ranked, bar.update)),
            *((step, auditor.together([one for one in ranked if one not in step], bar.update)) for step in steps),
        ]
    asked = Gaps(model, frame, source.target[rows], column, groups, positive, alpha, seed)
    columns = pd.DataFrame([{"column": name} | ends_of(alone[name].mean.interval(alpha), "auc") for name in ranked])
    columns["certain"] = survives([float(alone[name].mean.interval(alpha).p_fail) for name in ranked], alpha)
    for name, left in asked.exchanged(ranked[:SHUFFLED]).items():
        columns.loc[columns["column"] == name, list(left)] = list(left.values())
    labels = sorted(set(groups[few].tolist()), key=str)
    return ProxyAudit(
        column=column,
        rows=len(frame),
        auc=told[0][1].mean.interval(alpha),
        levels=pd.DataFrame(
            [
                {"level": str(level)} | ends_of(one.interval(alpha), "auc")
                for level, one in zip(labels[-len(told[0][1].each) :], told[0][1].each, strict=True)
            ]
        ),
        columns=columns,
        fall=pd.DataFrame([{"left_out": ", ".join(s)} | ends_of(t.mean.interval(alpha), "auc") for s, t in told]),
        gaps=asked.table(without, truth=y is not None),
        highest=asked.highest,
        lowest=asked.lowest,
        left_out=auditor.left_out,
        missing=int((~rows).sum()),
        audited=len(few),
        alpha=alpha,
    )


def ends_of(found: Interval, name: str, prefix: str = "") -> dict[str, float]:
    """Return estimate and ends for a table."""
    ends = {name: found.estimate, f"{prefix}low": found.low, f"{prefix}high": found.high}
    return {key: float(value) for key, value in ends.items()}


def check_options(folds: int, alpha: float) -> None:
    """Refuse options that cannot be used."""
    check_alpha(alpha)
    if not isinstance(folds, int) or not 2 <= folds <= FEWEST_ROWS // 2:
        raise EvaluationError(f"folds is {folds!r}; give a whole number from 2 to {FEWEST_ROWS // 2}.")


def with_target(model: Any, X: Any, y: Any) -> FrameSource:
    """Return the rows with their target, or with one that stands in where only the model's answers are asked for."""
    if y is not None or not isinstance(X, pd.DataFrame):
        return in_memory(X, y)
    classes = getattr(model, "classes_", None)
    named = classes is not None and len(classes)  # the regressors of CatBoost have an empty list
    return in_memory(X, np.resize(np.asarray(classes), len(X)) if named else np.arange(len(X)) % 2)


def find_groups(source: FrameSource, column: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the group of each row that is used, and which rows those are."""
    source.schema.require(column, ("text", "category", "boolean", "integer", "real"), _("a proxy audit"))
    values = source.frame[column]
    counts = values.value_counts()
    counts = counts[counts > 0]
    numeric = column_kind(values.dtype) in ("integer", "real")
    if len(counts) > (MOST_NUMBERS if numeric else MOST_GROUPS):
        what = _("numbers") if numeric else _("levels")
        raise EvaluationError(
            f"Column {column!r} holds {len(counts)} different {what}; cut it into fewer groups in a new column and "
            "name that."
        )
    small = counts[counts < FEWEST_ROWS]
    if len(counts) - len(small) < 2:
        raise EvaluationError(
            f"Column {column!r} has fewer than two groups of {FEWEST_ROWS} rows; its groups are "
            f"{shorten(f'{level} ({count})' for level, count in counts.items())}."
        )
    rows = (values.notna() & ~values.isin(list(small.index))).to_numpy(dtype=bool)
    return np.asarray(values[rows].astype(object)), rows


def limit_rows(groups: np.ndarray, seed: int) -> np.ndarray:
    """Return the rows for the auditor: all, or a random part that keeps rare groups whole enough."""
    if len(groups) <= MOST_ROWS:
        return np.arange(len(groups))
    rng = np.random.default_rng(seed)
    drawn = [np.flatnonzero(groups == level) for level in pd.unique(groups)]
    share = MOST_ROWS / len(groups)
    kept = [rng.choice(rows, max(min(len(rows), FEWEST_ROWS), int(share * len(rows))), replace=False) for rows in drawn]
    return np.sort(np.concatenate(kept))


def choose_drops(drop: int | Sequence[str], ranked: Sequence[str]) -> list[tuple[str, ...]]:
    """Return which columns are left out together, step by step; at least one always stays."""
    if isinstance(drop, (int, float)):
        check_amount(drop, "drop", least=0)
        order = list(ranked[: int(drop)])
    else:
        order = [drop] if isinstance(drop, str) else list(drop)
        for name in order:
            if name not in ranked:
                close = nearest(str(name), ranked, count=1)
                hint = f" The nearest is {close[0]!r}." if close else ""
                raise EvaluationError(f"drop names {name!r}, which is no column that could tell.{hint}")
    return [tuple(order[:count]) for count in range(1, min(len(order), len(ranked) - 1) + 1)]


class Gaps:
    """What the model makes of the groups: the distance of their mean scores, and what remains of it.

    Parameters
    ----------
    model : estimator or callable
        The model.
    frame : DataFrame
        The rows.
    target : ndarray of shape (rows,)
        Raw target, or what stands in for it.
    column : str
        The sensitive column.
    groups : ndarray of shape (rows,)
        Its values.
    positive : label, optional
        Class whose probability is the score.
    alpha, seed
        As in `proxy_audit`.
    """

    def __init__(
        self,
        model: Any,
        frame: pd.DataFrame,
        target: np.ndarray,
        column: str,
        groups: np.ndarray,
        positive: Any,
        alpha: float,
        seed: int,
    ) -> None:
        self.frame, self.target, self.column, self.alpha, self.seed = frame, target, column, alpha, seed
        leveled, asked = ask_in_levels(model, frame, target, column)
        check = Invariance(column, max_change_rate=1.0, positive=positive, name=_("the proxy audit"))
        self.result = Suite([check], alpha=alpha, seed=seed).run(asked, leveled, target, progress=False).results[0]
        if self.result.verdict == "error":
            raise EvaluationError(self.result.explain())
        if "gap" not in self.result.extras:
            raise EvaluationError(
                "The model has more than two classes; name the one whose probability counts, positive=."
            )
        self.predictor = probe_model(asked, target, leveled.head(PROBE_ROWS)).predictor
        self.leveled, self.positive = leveled, self._code(self.predictor, positive)
        self.score = self._score(self.predictor, leveled)
        self.highest, self.lowest = self.result.extras["highest_group"], self.result.extras["lowest_group"]
        names = np.array([str(level) for level in groups.tolist()])
        self.pair = (names == self.highest, names == self.lowest)

    @staticmethod
    def _code(predictor: Predictor, positive: Any) -> int:
        if predictor.classes is None:
            return 0
        return 1 if positive is None else predictor.classes.tolist().index(positive)

    @staticmethod
    def _labels(predictor: Predictor) -> list[Any] | None:
        return None if predictor.classes is None else predictor.classes.tolist()

    def _score(self, predictor: Predictor, frame: pd.DataFrame) -> np.ndarray:
        outputs = predictor(frame.copy())
        if predictor.classes is not None and outputs.probabilities is None:
            return (outputs.decisions == self.positive).astype(float)
        return outputs.score(self.positive)

    def _remaining(self, after: np.ndarray) -> Any:
        both = np.column_stack([self.score, after])
        return remaining(*(Moments.of(both[rows]) for rows in self.pair), alpha=self.alpha)

    def exchanged(self, names: Sequence[str]) -> dict[str, dict[str, float]]:
        """Say what distance is left when one column is exchanged at random among all rows.

        Parameters
        ----------
        names : sequence of str
            Which columns.

        Returns
        -------
        dict of str to dict
            By column: gap_left with its ends, share_left with its ends.
        """
        order = np.random.default_rng(self.seed).permutation(len(self.frame))
        left = {}
        for name in names:
            mixed = self.leveled[name].iloc[order].set_axis(self.leveled.index)
            found = self._remaining(self._score(self.predictor, self.leveled.assign(**{name: mixed})))
            parts = (found.after, "gap_left"), (found.share, "share_left")
            left[name] = {key: end for one, what in parts for key, end in ends_of(one, what, f"{what}_").items()}
        return left

    def table(self, without: Any, truth: bool) -> pd.DataFrame:
        """Make the table of distances.

        Parameters
        ----------
        without : estimator or callable, optional
            A model that was trained without the column.
        truth : bool
            Whether the target is the true one.

        Returns
        -------
        DataFrame
            Columns of, gap, low, high, share, share_low, share_high.
        """
        extras = self.result.extras
        whole = extras["gap"], *extras["gap_interval"]
        told_nothing = extras["gap_without_column"], *extras["gap_without_column_interval"]
        share = extras["share_through_proxies"], *extras["share_through_proxies_interval"]
        rows: list[tuple[Any, ...]] = [("model", *whole, 1.0, math.nan, math.nan)]
        rows.append(("model without the column", *told_nothing, *share))
        if without is not None:
            bare = self.frame.drop(columns=self.column)
            predictor = probe_model(without, self.target, bare.head(PROBE_ROWS)).predictor
            if self._labels(predictor) != self._labels(self.predictor):
                raise EvaluationError("The model without the column predicts other classes, or in another order.")
            found = self._remaining(self._score(predictor, bare))
            ends = [ends_of(one, "of").values() for one in (found.after, found.share)]
            rows.append(("model trained without", *ends[0], *ends[1]))
        if truth:
            true = self._truth()
            rows.append(("truth", *ends_of(true, "of").values(), *[math.nan] * 3))
        return pd.DataFrame(rows, columns=["of", "gap", "low", "high", "share", "share_low", "share_high"])

    def _truth(self) -> Interval:
        """Return the distance of what is true: rates of the positive class, or means."""
        target = encode_target(self.target, self.predictor)
        if self.predictor.classes is None:
            means = [mean_interval(Moments.of(target[rows][:, None]), alpha=self.alpha) for rows in self.pair]
        else:
            hits = target == self.positive
            means = [rate(int(hits[rows].sum()), int(rows.sum()), alpha=self.alpha) for rows in self.pair]
        return gap(means[0], means[1], 0.0, alpha=self.alpha)
