"""Directional expectation: whether the answer moves the way the world does."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, get_args

import numpy as np
import pandas as pd

from mlops_lab.errors import nearest, shorten
from mlops_lab.evaluation.changes.base import rebuild
from mlops_lab.evaluation.changes.levels import replace_levels
from mlops_lab.evaluation.check import Check, Procedure, Setting
from mlops_lab.evaluation.checks.movement import followed_class, movement
from mlops_lab.evaluation.data import Batch, Column, Schema
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.numbers import of_rows
from mlops_lab.evaluation.parameters import check_amount, check_rate
from mlops_lab.evaluation.plan import Answers
from mlops_lab.evaluation.profile import Needs, to_float
from mlops_lab.evaluation.region import Drawn, Region, describe_region
from mlops_lab.evaluation.request import Request
from mlops_lab.evaluation.result import Result, Words
from mlops_lab.evaluation.statistics.power import rows_needed_rate
from mlops_lab.evaluation.statistics.rates import rate
from mlops_lab.evaluation.worst import Worst
from mlops_lab.i18n import gettext as _
from mlops_lab.i18n import ngettext

__all__ = ["Directional", "Expectation"]

Expectation = Literal["not_decrease", "not_increase", "increase", "decrease", "unchanged"]


@dataclass(frozen=True)
class Directional(Check):
    """Move one column a step and count the rows whose answer moves the wrong way.

    Only rows that can take the step inside the observed range count; those at its end are given apart, never counted as
    satisfied. See the directional expectation test of Ribeiro, Wu, Guestrin and Singh (2020), "Beyond accuracy:
    behavioral testing of NLP models with CheckList".

    Parameters
    ----------
    column : str or int
        The column that is moved.
    by : float, optional
        Step of a numeric column, in its own unit. One of `by`, `times` and `order` must be given.
    times : float, optional
        Factor by which a numeric column is multiplied.
    order : sequence, optional
        Levels of a column in ascending order; each row moves to the next one.
    expect : {"not_decrease", "not_increase", "increase", "decrease", "unchanged"}, default "not_decrease"
        What the probability of the positive class, or the value, must do.
    max_violation_rate : float, default 0.01
        Largest share of rows that may move the wrong way.
    atol : float, default 1e-9
        A move up to this counts as none, since sums of floats differ by such amounts.
    positive : label, optional
        The class whose probability is followed; ``classes_[1]`` of two classes.

    Raises
    ------
    EvaluationError
        Where a parameter cannot be used.

    Examples
    --------
    >>> from mlops_lab import evaluation as ev
    >>> frame = pd.DataFrame({"distance": np.arange(1000.0)})
    >>> fare = lambda X: np.where(X["distance"] > 900, 5.0, 2.0 + X["distance"])
    >>> suite = ev.Suite([ev.Directional("distance", by=50, expect="not_decrease")])
    >>> result = suite.run(fare, frame, np.arange(1000.0))["directional:distance"]
    >>> result.verdict, result.extras["rows_at_end"]
    ('fail', 50)
    """

    method: ClassVar[str] = "directional"
    column: Column
    by: float | None = None
    times: float | None = None
    order: Sequence[Hashable] | None = None
    expect: Expectation = "not_decrease"
    max_violation_rate: float = 0.01
    atol: float = 1e-9
    positive: Any = None

    def __post_init__(self) -> None:
        given = [name for name in ("by", "times", "order") if getattr(self, name) is not None]
        if len(given) != 1:
            raise EvaluationError(
                f"directional was given {' and '.join(given) or 'no step'} for column {self.column!r}; "
                "give one of by, times and order."
            )
        if self.by is not None:
            check_amount(self.by, "by")
        if self.times is not None:
            check_amount(self.times, "times", least=0)
        if self.by == 0 or self.times == 1:
            raise EvaluationError(
                f"The step of column {self.column!r} leaves every row as it is; give one that moves it."
            )
        if self.order is not None:
            object.__setattr__(self, "order", tuple(self.order))
            if len(set(self.order)) < 2 or len(set(self.order)) != len(self.order):
                raise EvaluationError(
                    f"order is {self.order!r}; give at least two levels, each once, in ascending order."
                )
        if self.expect not in get_args(Expectation):
            close = nearest(str(self.expect), get_args(Expectation), count=1)
            hint = f" the nearest is {close[0]!r};" if close else ""
            raise EvaluationError(f"expect is {self.expect!r};{hint} choose one of {', '.join(get_args(Expectation))}.")
        check_rate(self.max_violation_rate, "max_violation_rate")
        check_amount(self.atol, "atol", least=0)

    @property
    def target(self) -> str:
        """The column."""
        return str(self.column)

    @property
    def step(self) -> str:
        """The step, as it is written in reports."""
        if self.order is not None:
            return _("one level up")
        return f"{self.by:+g}" if self.by is not None else f"× {self.times:g}"

    def needs(self, schema: Schema) -> Needs:
        """Ask for the range of a number, or for the levels."""
        if self.order is None:
            schema.require_numeric(self.column, self.method)
            return Needs(numeric=frozenset({self.column}))
        schema.require(self.column, ("text", "category", "boolean", "integer"), self.method)
        return Needs(levels=frozenset({self.column}))

    def prepare(self, setting: Setting, name: str) -> Procedure:
        """Check the order against the levels of the data."""
        if self.order is not None:
            levels = setting.profile.levels[self.column]
            absent = [level for level in self.order if level not in levels]
            if absent:
                raise EvaluationError(
                    f"The level {absent[0]!r} of order= is not in column {self.column!r}; "
                    f"its levels are {shorten(map(str, levels))}."
                )
        positive = followed_class(setting, self.positive)
        if setting.task == "classification" and positive is None:
            setting.positive_code()  # says that one must be named
        return DirectionalProcedure(self, setting, name, positive)


@dataclass(frozen=True)
class Moves:
    """What is kept of a batch.

    Parameters
    ----------
    movable, at_end, missing, apart : int
        Rows that can take the step, rows at the end of the range, rows without a value, rows with a level that the
        order does not name.
    violations : int
        Movable rows that moved the wrong way.
    wrong, largest : float
        Sum and largest size of the moves the wrong way.
    troubled, others : Drawn
        Some of the rows that moved the wrong way, and of those that did not.
    worst : Worst
        The rows that moved the wrong way most.
    """

    movable: int
    at_end: int
    missing: int
    violations: int
    wrong: float
    largest: float
    troubled: Drawn = field(default_factory=Drawn)
    others: Drawn = field(default_factory=Drawn)
    worst: Worst = field(default_factory=Worst)
    apart: int = 0

    def __add__(self, other: Moves) -> Moves:
        return Moves(
            self.movable + other.movable,
            self.at_end + other.at_end,
            self.missing + other.missing,
            self.violations + other.violations,
            self.wrong + other.wrong,
            max(self.largest, other.largest),
            self.troubled + other.troubled,
            self.others + other.others,
            self.worst + other.worst,
            self.apart + other.apart,
        )


@dataclass(frozen=True)
class DirectionalProcedure(Procedure):
    """A directional expectation made ready."""

    check: Directional
    setting: Setting
    name: str
    positive: int | None

    def requests(self, batch: Batch) -> list[Request]:
        """Ask for the rows that can take the step."""
        column, movable = batch.frame[self.check.column], self._movable(batch)
        if self.check.order is not None:
            mapping = dict(zip(self.check.order, self.check.order[1:], strict=False))
            moved = replace_levels(column, mapping, movable)
        else:
            moved = rebuild(column, self._target_values(batch), movable)
        return [Request.of(batch.frame, {self.check.column: moved})]

    def _target_values(self, batch: Batch) -> np.ndarray:
        values = to_float(batch.frame[self.check.column])
        return values + self.check.by if self.check.by is not None else values * float(self.check.times or 1)

    def _movable(self, batch: Batch) -> np.ndarray:
        """Tell which rows can take the step inside the observed range."""
        column = batch.frame[self.check.column]
        if self.check.order is not None:
            return column.isin(list(self.check.order[:-1])).to_numpy(dtype=bool)
        observed, values = self.setting.profile.numeric[self.check.column], self._target_values(batch)
        return np.asarray((values >= observed.low) & (values <= observed.high))

    def _apart(self, batch: Batch) -> np.ndarray:
        """Tell which rows hold a level that the order does not name."""
        column = batch.frame[self.check.column]
        if self.check.order is None:
            return np.zeros(batch.rows, dtype=bool)
        return (column.notna() & ~column.isin(list(self.check.order))).to_numpy(dtype=bool)

    def observe(self, batch: Batch, requests: Sequence[Request], answers: Answers) -> Moves:
        """Count the rows that moved the wrong way."""
        movable = self._movable(batch)
        missing, apart = batch.frame[self.check.column].isna().to_numpy(), self._apart(batch)
        after = answers.full(requests[0], 0)
        step = movement(answers.unchanged, after, self.setting, self.positive, self.check.atol).step
        wrong = np.where(movable, wrong_way(step, self.check.expect), -math.inf)
        violated = movable & violates(step, self.check.expect, self.check.atol)
        size = np.where(violated, np.maximum(wrong, 0), 0.0)
        score = answers.unchanged.score(self.positive if self.positive is not None else 0)
        return Moves(
            int(movable.sum()),
            int((~movable & ~missing & ~apart).sum()),
            int(missing.sum()),
            int(violated.sum()),
            float(size.sum()),
            float(size.max(initial=0.0)),
            Drawn.of(batch, violated, self.setting.random(f"{self.name}/drawn", batch)),
            Drawn.of(batch, movable & ~violated, self.setting.random(f"{self.name}/drawn", batch)),
            Worst.of(batch, size, {"score": score, "step": step}),
            int(apart.sum()),
        )

    def result(self, state: Moves) -> Result:
        """Judge the share of rows that moved the wrong way."""
        tolerance, alpha = self.check.max_violation_rate, self.setting.alpha
        interval = rate(state.violations, state.movable, tolerance=tolerance, alpha=alpha)
        region = describe_region(state.troubled, state.others)
        mean = state.wrong / state.violations if state.violations else 0.0
        return Result(
            name=self.name,
            kind=self.check.method,
            target=self.check.target,
            metric=_("violation rate"),
            verdict=interval.verdict(),
            estimate=float(interval.estimate),
            low=float(interval.low),
            high=float(interval.high),
            tolerance=tolerance,
            p_fail=float(interval.p_fail),
            rows=state.movable,
            rows_needed=rows_needed_rate(float(interval.estimate), tolerance, alpha=alpha),
            details=self._details(state, mean),
            examples=state.worst.frame(),
            words=self._words(state, region, mean, float(interval.low), float(interval.high)),
            extras={
                "rows_at_end": state.at_end,
                "rows_missing": state.missing,
                "rows_apart": state.apart,
                "mean_size": mean,
                "largest_size": state.largest,
                "region": region.text if region else "",
            },
        )

    def _details(self, state: Moves, mean: float) -> pd.DataFrame:
        """Make the table that is drawn."""
        whole = rate(state.violations, state.movable, alpha=self.setting.alpha)
        return pd.DataFrame(
            {
                "part": ["all"],
                "rows": [state.movable],
                "violations": [state.violations],
                "estimate": [whole.estimate],
                "low": [whole.low],
                "high": [whole.high],
                "mean_size": [mean],
            }
        )

    def _words(self, state: Moves, region: Region | None, mean: float, low: float, high: float) -> Words:
        """Put the result into sentences."""
        where = ""
        if region is not None:
            where = _(
                "Of these, {share:.0%} lie where {region}, against {others:.0%} of the others (counted on {rows:,} "
                "rows)."
            ).format(
                share=region.share_of_troubled, region=region.text, others=region.share_of_others, rows=region.rows
            )
        happened = (
            ngettext(
                "{violations:,} of {rows:,} row moved the wrong way ({rate:.2%}, {level:.0%} interval {low:.2%} to "
                "{high:.2%}), by {mean:.3g} on average; at most {tolerance:.2%} was allowed.",
                "{violations:,} of {rows:,} rows moved the wrong way ({rate:.2%}, {level:.0%} interval {low:.2%} to "
                "{high:.2%}), by {mean:.3g} on average; at most {tolerance:.2%} was allowed.",
                state.movable,
            )
            if state.violations
            else ngettext(
                "The only row did not move the wrong way ({level:.0%} interval {low:.2%} to {high:.2%}); at most "
                "{tolerance:.2%} was allowed.",
                "None of {rows:,} rows moved the wrong way ({level:.0%} interval {low:.2%} to {high:.2%}); at most "
                "{tolerance:.2%} was allowed.",
                state.movable,
            )
        ).format(
            violations=state.violations,
            rows=state.movable,
            rate=state.violations / state.movable if state.movable else math.nan,
            level=1 - self.setting.alpha,
            low=low,
            high=high,
            mean=mean,
            tolerance=self.check.max_violation_rate,
        )
        changed = ngettext(
            "{column} was moved by {step} in the {rows:,} row that stays in the observed range; {ends} at its end "
            "could not be moved and do not count.",
            "{column} was moved by {step} in the {rows:,} rows that stay in the observed range; {ends} at its end "
            "could not be moved and do not count.",
            state.movable,
        )
        if self.check.order is not None:
            changed = ngettext(
                "{column} was moved by {step} in {rows:,} row; {ends} at the highest level could not be moved and do "
                "not count.",
                "{column} was moved by {step} in {rows:,} rows; {ends} at the highest level could not be moved and do "
                "not count.",
                state.movable,
            )
        if state.apart:
            changed += " " + ngettext(
                "Another row holds a level that order= does not name.",
                "Another {apart:,} rows hold a level that order= does not name.",
                state.apart,
            )
        return Words(
            changed=changed.format(
                column=self.check.column,
                step=self.check.step,
                rows=state.movable,
                ends=of_rows(state.at_end),
                apart=state.apart,
            ),
            happened=f"{happened} {where}".strip(),
            when_failed=_(
                "Where the expectation is right, constrain the model (monotonic_cst in scikit-learn's boosting and "
                "trees) or gather rows where they are thin."
            ),
            settles=""
            if state.movable
            else _("No row can take the step inside the observed range; give a smaller one."),
        )


def wrong_way(step: np.ndarray, expect: Expectation) -> np.ndarray:
    """Return how far each row moved the wrong way; negative where it moved the right way."""
    if expect == "unchanged":
        return np.abs(step)
    return -step if expect in ("not_decrease", "increase") else step


def violates(step: np.ndarray, expect: Expectation, atol: float) -> np.ndarray:
    """Tell which steps break the expectation."""
    if expect in ("increase", "decrease"):  # standing still is wrong, too
        return np.asarray(wrong_way(step, expect) >= -atol)
    return np.asarray(wrong_way(step, expect) > atol)
