"""Invariance: whether a decision changes when only a sensitive value changes."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from mlops_lab.evaluation.check import Check, Procedure, Setting
from mlops_lab.evaluation.checks.alternatives import Alternatives, find_alternatives, is_numeric
from mlops_lab.evaluation.checks.movement import followed_class, movement
from mlops_lab.evaluation.data import Batch, Column, Schema
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.numbers import of_rows
from mlops_lab.evaluation.parameters import check_amount, check_distinct, check_rate
from mlops_lab.evaluation.plan import Answers
from mlops_lab.evaluation.profile import Needs
from mlops_lab.evaluation.request import Request
from mlops_lab.evaluation.result import Result, Words
from mlops_lab.evaluation.statistics.moments import Moments
from mlops_lab.evaluation.statistics.power import rows_needed_rate
from mlops_lab.evaluation.statistics.rates import rate
from mlops_lab.evaluation.statistics.remaining import remaining
from mlops_lab.evaluation.worst import Worst
from mlops_lab.i18n import gettext as _
from mlops_lab.i18n import ngettext

__all__ = ["Invariance"]

FEWEST_ROWS = 30  # of a group whose mean is held against another's; of many groups, the smallest lie farthest apart


@dataclass(frozen=True)
class Invariance(Check):
    """Change a sensitive value, keep all else, and count the decisions that change.

    Every row is tried with every other level of the column (or, for numbers, with some quantiles of it); a row counts
    as changed where its decision changes under at least one of them. See the invariance test of Ribeiro, Wu, Guestrin
    and Singh (2020), "Beyond accuracy: behavioral testing of NLP models with CheckList".

    Parameters
    ----------
    column : str, int or sequence of them
        The sensitive column, or several whose values are exchanged jointly.
    max_change_rate : float, default 0.01
        Largest share of changed decisions that is allowed. Not 0: no number of rows proves that there is none.
    swap : mapping, optional
        Try only this exchange, such as ``{"Male": "Female"}`` (the way back follows); then only rows that hold one of
        these values count.
    quantiles : sequence of float, default (0.1, 0.5, 0.9)
        Which quantiles of a numeric column to try.
    positive : label, optional
        The class whose probability is followed to see who gains and who loses; ``classes_[1]`` of two classes.
    atol : float, default 1e-9
        For values: a move up to this counts as unchanged.

    Raises
    ------
    EvaluationError
        Where a parameter cannot be used.

    Examples
    --------
    >>> from mlops_lab import evaluation as ev
    >>> frame = pd.DataFrame({"sex": ["f", "m"] * 500, "pay": range(1000)})
    >>> biased = lambda X: np.where((X["pay"] > 500) | (X["sex"] == "m") & (X["pay"] > 400), 0.9, 0.1)
    >>> report = ev.Suite([ev.Invariance("sex", max_change_rate=0.01)]).run(biased, frame, [0, 1] * 500)
    >>> result = report["invariance:sex"]
    >>> result.verdict, result.estimate
    ('fail', 0.1)
    """

    method: ClassVar[str] = "invariance"
    column: Column | Sequence[Column]
    max_change_rate: float = 0.01
    swap: Mapping[Hashable, Hashable] | None = None
    quantiles: Sequence[float] = (0.1, 0.5, 0.9)
    positive: Any = None
    atol: float = 1e-9

    def __post_init__(self) -> None:
        if not self.columns:
            raise EvaluationError("invariance was given no column; name at least one.")
        check_distinct(self.columns, self.method)
        check_rate(self.max_change_rate, "max_change_rate")
        check_amount(self.atol, "atol", least=0)
        object.__setattr__(self, "quantiles", tuple(self.quantiles))
        for share in self.quantiles:
            check_rate(share, "quantiles")
        if not self.quantiles:
            raise EvaluationError("quantiles is (); give at least one, such as 0.5.")
        if self.swap is None:
            return
        if len(self.columns) > 1 or not self.swap or not isinstance(self.swap, Mapping):
            raise EvaluationError(
                f"swap is {self.swap!r}; it exchanges levels of one column, such as {{'Male': 'Female'}}."
            )
        for old, new in self.swap.items():
            if old == new:
                raise EvaluationError(f"swap exchanges {old!r} with itself; give two levels that differ.")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, also where one was given."""
        given: Any = self.column
        one = isinstance(given, Hashable) and not isinstance(given, tuple)  # a text, or a number
        return (given,) if one else tuple(given)

    @property
    def target(self) -> str:
        """The columns, joined."""
        return " & ".join(map(str, self.columns))

    def needs(self, schema: Schema) -> Needs:
        """Ask for the levels, or the quantiles, of the columns."""
        for name in self.columns:
            schema.require(name, ("text", "category", "boolean", "integer", "real"), self.method)
        numeric = frozenset(name for name in self.columns if self.swap is None and is_numeric(name, schema))
        return Needs(numeric=numeric, levels=frozenset(self.columns) - numeric)

    def prepare(self, setting: Setting, name: str) -> Procedure:
        """Find the values to try."""
        alternatives = find_alternatives(self.columns, self.swap, self.quantiles, setting.schema, setting.profile)
        return InvarianceProcedure(self, setting, name, alternatives, followed_class(setting, self.positive))


@dataclass(frozen=True)
class Exchanges:
    """What is kept of a batch: counts and sums for each pair of values, and for each group.

    Parameters
    ----------
    rows, changed : int
        Rows that could be tried, and those whose decision changed under at least one value.
    pairs : ndarray of float, shape (from, to, 6)
        Rows, changed decisions, sum of the steps, largest step, rows whose score rose, rows whose score fell.
    groups : tuple of Moments
        For each group of rows that share a value: of the score, and of the score averaged over all values.
    worst : Worst
        The rows that moved most.
    """

    rows: int
    changed: int
    pairs: np.ndarray
    groups: tuple[Moments, ...]
    worst: Worst = field(default_factory=Worst)

    def __add__(self, other: Exchanges) -> Exchanges:
        pairs = self.pairs + other.pairs
        pairs[..., 3] = np.maximum(self.pairs[..., 3], other.pairs[..., 3])
        rows, changed = self.rows + other.rows, self.changed + other.changed
        groups = tuple(one + more for one, more in zip(self.groups, other.groups, strict=True))
        return Exchanges(rows, changed, pairs, groups, self.worst + other.worst)


@dataclass(frozen=True)
class InvarianceProcedure(Procedure):
    """An invariance check made ready."""

    check: Invariance
    setting: Setting
    name: str
    alternatives: Alternatives
    positive: int | None

    def requests(self, batch: Batch) -> list[Request]:
        """Ask for each row with each of the values."""
        return list(self.alternatives.requests(batch.frame))

    def observe(self, batch: Batch, requests: Sequence[Request], answers: Answers) -> Exchanges:
        """Count what changed, for each pair of values."""
        values, positive = len(self.alternatives.values), self.positive if self.positive is not None else 0
        own, shares = self.alternatives.own(batch.frame), self._shares()
        tried_any = np.zeros(batch.rows, dtype=bool)
        changed_any = np.zeros(batch.rows, dtype=bool)
        largest = np.zeros(batch.rows)
        score = answers.unchanged.score(positive)
        neutral = score * shares.sum()
        pairs = np.zeros((values + 1, values, 6))
        for to, request in enumerate(requests):
            tried, rows = self.alternatives.tried(own, to), request.rows
            before, after = answers.unchanged.take(rows), answers.to(to)
            move = movement(before, after, self.setting, self.positive, self.check.atol)
            tried_any |= tried
            changed_any[rows] |= move.changed
            largest[rows] = np.maximum(largest[rows], np.abs(move.step))
            neutral[rows] += shares[to] * (after.score(positive) - before.score(positive))
            pairs[:, to] = count_pair(own[rows], move.changed, move.step, values)
            tried[rows] = False  # what is left held the value already
            if tried.any():
                pairs[:, to, 0] += np.bincount(own[tried], minlength=values + 1)
        order = np.argsort(own, kind="stable")  # group by group, each in the order of its rows
        both, ends = np.column_stack([score, neutral])[order], np.searchsorted(own[order], np.arange(values + 1))
        groups = tuple(Moments.of(both[start:end]) for start, end in pairwise(ends.tolist()))
        size = largest + changed_any  # a changed decision is worse than any step that changes none
        worst = Worst.of(batch, size, {"score": score, "largest_step": largest, "changed": changed_any})
        return Exchanges(int(tried_any.sum()), int(changed_any.sum()), pairs, groups, worst)

    def _shares(self) -> np.ndarray:
        """Share of the rows that hold each value, the weights of a score that knows nothing of the column."""
        counts = np.ones(len(self.alternatives.values))
        for number, combination in enumerate(self.alternatives.values):
            for name, value, numeric in zip(
                self.alternatives.columns, combination, self.alternatives.numeric, strict=True
            ):
                if not numeric:
                    counts[number] *= self.setting.profile.levels[name][value]
        return counts / counts.sum()

    def result(self, state: Exchanges) -> Result:
        """Judge the share of changed decisions."""
        tolerance, alpha = self.check.max_change_rate, self.setting.alpha
        interval = rate(state.changed, state.rows, tolerance=tolerance, alpha=alpha)
        details = self._details(state)
        return Result(
            name=self.name,
            kind=self.check.method,
            target=self.check.target,
            metric=_("change rate"),
            verdict=interval.verdict(),
            estimate=float(interval.estimate),
            low=float(interval.low),
            high=float(interval.high),
            tolerance=tolerance,
            p_fail=float(interval.p_fail),
            rows=state.rows,
            rows_needed=rows_needed_rate(float(interval.estimate), tolerance, alpha=alpha),
            details=details,
            examples=state.worst.frame(),
            words=self._words(state, float(interval.low), float(interval.high)),
            extras=self._gaps(state) | self.setting.extras,
        )

    def _details(self, state: Exchanges) -> pd.DataFrame:
        """Make the table of all pairs of values."""
        sources, targets = np.nonzero(state.pairs[..., 0])
        rows, changed, total, largest, rose, fell = state.pairs[sources, targets].T
        interval = rate(changed, rows, alpha=self.setting.alpha)
        return pd.DataFrame(
            {
                "pair": [self._pair(source, to) for source, to in zip(sources.tolist(), targets.tolist(), strict=True)],
                "rows": rows.astype(int),
                "changed": changed.astype(int),
                "estimate": interval.estimate,
                "low": interval.low,
                "high": interval.high,
                "mean_step": total / rows,
                "largest_step": largest,
                "toward_positive": rose / rows,
                "toward_negative": fell / rows,
            }
        )

    def _pair(self, source: int, to: int) -> str:
        own = self.alternatives.label(source) if source < len(self.alternatives.values) else ""
        return f"{own} → {self.alternatives.label(to)}".strip()

    def _gaps(self, state: Exchanges) -> dict[str, Any]:
        """Say how far the two groups lie apart whose mean scores do most, and how far when the column tells nothing."""
        there = [value for value, moments in enumerate(state.groups) if moments.rows >= FEWEST_ROWS]
        if any(self.alternatives.numeric) or self.alternatives.only or len(there) < 2:
            return {}
        if self.setting.task == "classification" and self.positive is None:
            return {}
        highest, lowest = (choose(there, key=lambda value: state.groups[value].mean[0]) for choose in (max, min))
        found = remaining(state.groups[highest], state.groups[lowest], alpha=self.setting.alpha)
        parts = {"gap": found.before, "gap_without_column": found.after, "share_through_proxies": found.share}
        gaps: dict[str, Any] = {}
        for name, interval in parts.items():
            gaps |= {name: float(interval.estimate), f"{name}_interval": (float(interval.low), float(interval.high))}
        groups = {"highest_group": highest, "lowest_group": lowest}
        return gaps | {name: self.alternatives.label(value) for name, value in groups.items()}

    def _words(self, state: Exchanges, low: float, high: float) -> Words:
        """Put the result into sentences."""
        rate = state.changed / state.rows if state.rows else math.nan
        return Words(
            changed=_("Only {column} was changed, in {rows}, and everything else was kept.").format(
                column=self.check.target, rows=of_rows(state.rows)
            ),
            happened=(
                ngettext(
                    "{changed:,} of {rows:,} decision changed ({rate:.2%}, {level:.0%} interval {low:.2%} to "
                    "{high:.2%}); at most {tolerance:.2%} was allowed.",
                    "{changed:,} of {rows:,} decisions changed ({rate:.2%}, {level:.0%} interval {low:.2%} to "
                    "{high:.2%}); at most {tolerance:.2%} was allowed.",
                    state.rows,
                )
                if self.setting.task == "classification"
                else ngettext(
                    "{changed:,} of {rows:,} predicted value moved by more than {atol:g} ({rate:.2%}, {level:.0%} "
                    "interval {low:.2%} to {high:.2%}); at most {tolerance:.2%} was allowed.",
                    "{changed:,} of {rows:,} predicted values moved by more than {atol:g} ({rate:.2%}, {level:.0%} "
                    "interval {low:.2%} to {high:.2%}); at most {tolerance:.2%} was allowed.",
                    state.rows,
                )
            ).format(
                atol=self.check.atol,
                changed=state.changed,
                rows=state.rows,
                rate=rate,
                level=1 - self.setting.alpha,
                low=low,
                high=high,
                tolerance=self.check.max_change_rate,
            ),
            when_failed=_(
                "Train without {column}, then measure with ev.proxy_audit how much of the groups' gap the other "
                "columns carry on."
            ).format(column=self.check.target),
            when_passed=_(
                "This says that the model does not use {column} itself; ev.proxy_audit says whether other "
                "columns stand in for it."
            ).format(column=self.check.target),
        )


def count_pair(own: np.ndarray, changed: np.ndarray, step: np.ndarray, values: int) -> np.ndarray:
    """Count and add up, for the rows of each group, what one tried value did; shape (values + 1, 6)."""
    table = np.zeros((values + 1, 6))
    signs = np.bincount(3 * own + 1 + np.sign(step).astype(np.intp), minlength=3 * values + 3).reshape(-1, 3)
    table[:, 0] = signs.sum(axis=1)
    table[:, 1] = np.bincount(own[changed], minlength=values + 1)
    table[:, 2] = np.bincount(own, weights=step, minlength=values + 1)
    np.maximum.at(table[:, 3], own, np.abs(step))
    table[:, 4], table[:, 5] = signs[:, 2], signs[:, 0]
    return table
