"""Perturbation: how far performance falls under small, realistic changes of the inputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import add
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from mlops_lab.evaluation.changes import Change
from mlops_lab.evaluation.check import Check, Procedure, Setting
from mlops_lab.evaluation.checks.movement import followed_class, movement
from mlops_lab.evaluation.data import Batch, Schema
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.metrics import Metric, Own, find_metric
from mlops_lab.evaluation.numbers import in_text, of_rows
from mlops_lab.evaluation.parameters import check_amount
from mlops_lab.evaluation.plan import Answers
from mlops_lab.evaluation.profile import Needs
from mlops_lab.evaluation.request import Request
from mlops_lab.evaluation.result import Result, Words
from mlops_lab.evaluation.statistics.interval import Interval, unknown
from mlops_lab.evaluation.statistics.rates import rate
from mlops_lab.evaluation.worst import Worst
from mlops_lab.i18n import gettext as _

__all__ = ["Perturbation"]


@dataclass(frozen=True)
class Perturbation(Check):
    """Change the inputs a little, predict the same rows again, and see how much worse the metric gets.

    The same rows are predicted twice, so the noise of the sample cancels and small drops can be told. The flip rate is
    given beside the drop, since decisions that become wrong and decisions that become right cancel in a metric.

    Parameters
    ----------
    change : Change, or object with ``apply(frame, rng)``, or function of frame and rng
        What is changed, such as ``ev.noise("hours_per_week", sd=0.2)``.
    max_drop : float, default 0.02
        Largest drop of the metric that is allowed, in the metric's own unit.
    metric : str or callable, optional
        Name as in scikit-learn (``"accuracy"``, ``"roc_auc"``, …), or a function of truth and answers where larger is
        better; by default accuracy, or mean absolute error for values.
    sweep : sequence of float, optional
        Further strengths to try, for the curve of drop against strength; the verdict is that of the change's own
        strength. All strengths use the same random numbers.
    positive : label, optional
        The positive class; ``classes_[1]`` of two classes.

    Raises
    ------
    EvaluationError
        Where a parameter cannot be used.

    Examples
    --------
    >>> from mlops_lab import evaluation as ev
    >>> frame = pd.DataFrame({"hours": np.linspace(0, 80, 2000)})
    >>> brittle = lambda X: 0.5 + 0.4 * np.sign(np.sin(X["hours"] * 20))
    >>> target = (brittle(frame) > 0.5).astype(int)
    >>> suite = ev.Suite([ev.Perturbation(ev.noise("hours", sd=0.1), max_drop=0.02)])
    >>> suite.run(brittle, frame, target)["perturbation:hours"].verdict
    'fail'
    """

    method: ClassVar[str] = "perturbation"
    change: Change | Callable[..., Any] | Any
    max_drop: float = 0.02
    metric: str | Callable[..., float] | None = None
    sweep: Sequence[float] = ()
    positive: Any = None

    def __post_init__(self) -> None:
        check_amount(self.max_drop, "max_drop", least=0)
        if isinstance(self.sweep, str) or not isinstance(self.sweep, Iterable):
            raise EvaluationError(f"sweep is {self.sweep!r}; pass a list of strengths, such as [0.1, 0.2].")
        object.__setattr__(self, "sweep", tuple(self.sweep))
        if isinstance(self.change, type) or not (hasattr(self.change, "apply") or callable(self.change)):
            raise EvaluationError(
                f"The change is {self.change!r}; pass one such as ev.noise('age', sd=0.1), or a function."
            )
        if isinstance(self.change, Change):
            if self.change.idle:
                raise EvaluationError(
                    f"The change {self.change} leaves every row as it is; give one that changes something. "
                    "A curve that begins at 0 is drawn with sweep=."
                )
            for strength in self.sweep:
                self.change.at(strength)
        elif self.sweep:
            raise EvaluationError("A change of your own has no strength that a sweep could vary; leave sweep= out.")

    @property
    def target(self) -> str:
        """The columns that are changed, or the name of a change of the user's own."""
        if isinstance(self.change, Change):
            return " & ".join(map(str, self.change.targets))
        return getattr(self.change, "__name__", type(self.change).__name__)

    @property
    def versions(self) -> list[tuple[float, Any]]:
        """All strengths in ascending order with their changes; NaN where there is no strength."""
        if not isinstance(self.change, Change) or self.change.strength is None:
            return [(math.nan, self.change)]
        own = float(getattr(self.change, self.change.strength))
        return [(strength, self.change.at(strength)) for strength in sorted({own, *map(float, self.sweep)})]

    def needs(self, schema: Schema) -> Needs:
        """Ask for what the change must know."""
        return self.change.needs(schema) if isinstance(self.change, Change) else Needs()

    def prepare(self, setting: Setting, name: str) -> Procedure:
        """Find the metric, and refuse levels that are not there."""
        metric = find_metric(self.metric, setting, self.positive)
        if isinstance(self.change, Change):
            self.change.columns(
                setting.schema.empty, setting.random(name, Batch(setting.schema.empty, np.empty(0), 0)), setting.profile
            )
        return PerturbationProcedure(self, setting, name, metric, followed_class(setting, self.positive), self.versions)


@dataclass(frozen=True)
class Flips:
    """What is kept of a batch for one strength.

    Parameters
    ----------
    rows, changed, flipped : int
        All rows, those whose inputs changed, those whose decision changed.
    metric : object
        State of the metric.
    """

    rows: int
    changed: int
    flipped: int
    metric: Any

    def __add__(self, other: Flips) -> Flips:
        return Flips(
            self.rows + other.rows,
            self.changed + other.changed,
            self.flipped + other.flipped,
            self.metric + other.metric,
        )


@dataclass(frozen=True)
class Strengths:
    """What is kept of a batch, for each strength, and the rows that moved most."""

    flips: tuple[Flips, ...]
    worst: Worst = field(default_factory=Worst)

    def __add__(self, other: Strengths) -> Strengths:
        return Strengths(tuple(map(add, self.flips, other.flips)), self.worst + other.worst)


@dataclass(frozen=True)
class PerturbationProcedure(Procedure):
    """A perturbation made ready."""

    check: Perturbation
    setting: Setting
    name: str
    metric: Metric
    positive: int | None
    versions: list[tuple[float, Any]]

    def requests(self, batch: Batch) -> list[Request]:
        """Ask for the rows at each strength, all with the same random numbers."""
        requests = []
        for _strength, change in self.versions:
            rng = self.setting.random(self.name, batch)
            if isinstance(change, Change):
                requests.append(Request.of(batch.frame, change.columns(batch.frame, rng, self.setting.profile)))
            else:
                requests.append(Request.between(batch.frame, apply_own(change, batch.frame, rng, self.check.target)))
        return requests

    def observe(self, batch: Batch, requests: Sequence[Request], answers: Answers) -> Strengths:
        """Reduce each strength to the metric's state and the count of flips."""
        flips, worst = [], Worst()
        for number, request in enumerate(requests):
            after = answers.full(request, number)
            move = movement(answers.unchanged, after, self.setting, self.positive, atol=1e-9)
            state = self.metric.state(batch, answers.unchanged, after)
            flips.append(Flips(batch.rows, len(request.rows), int(move.changed.sum()), state))
            if number == self._judged:
                size = np.abs(move.step) + (move.changed if self.setting.task == "classification" else 0)
                score = answers.unchanged.score(self.positive if self.positive is not None else 0)
                worst = Worst.of(batch, size, {"score": score, "step": move.step, "flipped": move.changed})
        return Strengths(tuple(flips), worst)

    @property
    def _judged(self) -> int:
        """Place of the change's own strength."""
        return [change for _strength, change in self.versions].index(self.check.change)

    def result(self, state: Strengths) -> Result:
        """Judge the drop at the change's own strength."""
        tolerance = self.check.max_drop
        drops = self.metric.drops([flips.metric for flips in state.flips], tolerance)
        judged, drop = state.flips[self._judged], drops[self._judged]
        if not judged.changed:
            note = _("The change left every row as it is, so nothing was tried; give one that changes some.")
            drop = drops[self._judged] = unknown(
                -math.inf, math.inf, note, tolerance=tolerance, alpha=self.setting.alpha, estimate=0.0
            )
        details = self._details(state, drops)
        return Result(
            name=self.name,
            kind=self.check.method,
            target=self.check.target,
            metric=_("drop of {metric}").format(metric=self.metric.name),
            verdict=drop.verdict(),
            estimate=float(drop.estimate),
            low=float(drop.low),
            high=float(drop.high),
            tolerance=tolerance,
            p_fail=float(drop.p_fail),
            rows=judged.rows,
            rows_needed=self.metric.needed(judged.metric, drop) if judged.changed else math.nan,
            details=details,
            examples=state.worst.frame(),
            words=self._words(judged, drop, details),
            notes=self._notes(drop),
            extras={
                "rows_changed": judged.changed,
                "flip_rate": float(details["flips"].iloc[self._judged]),
                "strength_at_tolerance": crossing(details, tolerance),
            }
            | self.setting.extras,
        )

    def _details(self, state: Strengths, drops: list[Interval]) -> pd.DataFrame:
        """Make the table of all strengths."""
        rows = np.array([flips.rows for flips in state.flips])
        flipped = rate(np.array([flips.flipped for flips in state.flips]), rows, alpha=self.setting.alpha)
        return pd.DataFrame(
            {
                "strength": [strength for strength, _change in self.versions],
                "estimate": [float(drop.estimate) for drop in drops],
                "low": [float(drop.low) for drop in drops],
                "high": [float(drop.high) for drop in drops],
                "rows_changed": [flips.changed for flips in state.flips],
                "flips": flipped.estimate,
                "flips_low": flipped.low,
                "flips_high": flipped.high,
            }
        )

    def _notes(self, drop: Interval) -> tuple[str, ...]:
        notes = [drop.note] if drop.note else []
        if isinstance(self.metric, Own):
            notes.append(
                _("The interval of a metric of your own is a paired bootstrap of the rows, which needs many of them.")
            )
        return tuple(notes)

    def _words(self, judged: Flips, drop: Interval, details: pd.DataFrame) -> Words:
        """Put the result into sentences."""
        row = details.iloc[self._judged]
        lost = (
            _(
                "The metric {metric} got worse by {estimate} ({level:.0%} interval {low} to {high}); at most "
                "{tolerance:g} was allowed."
            )
            if not drop.estimate < 0
            else _(
                "The metric {metric} got better by {gain} (a drop of {estimate}, {level:.0%} interval {low} to "
                "{high}); a drop of at most {tolerance:g} was allowed."
            )
        ).format(
            metric=self.metric.name,
            gain=in_text(-drop.estimate),
            estimate=in_text(drop.estimate),
            level=1 - self.setting.alpha,
            low=in_text(drop.low),
            high=in_text(drop.high),
            tolerance=self.check.max_drop,
        )
        classified = self.setting.task == "classification"
        moved = (
            _("{flips:.2%} of the decisions changed (interval {low:.2%} to {high:.2%}).")
            if classified
            else _("{flips:.2%} of the predictions changed (interval {low:.2%} to {high:.2%}).")
        ).format(flips=row["flips"], low=row["flips_low"], high=row["flips_high"])
        steady = ""
        if classified and row["flips"] > 5 * max(abs(float(drop.estimate)), self.check.max_drop):
            steady = _(
                "Many decisions changed while the metric hardly did: the changes cancel, and the model is brittle "
                "all the same."
            )
        return Words(
            changed=_("{change} was applied, which changed {changed:,} of {rows}.").format(
                change=str(self.check.change) if isinstance(self.check.change, Change) else self.check.target,
                changed=judged.changed,
                rows=of_rows(judged.rows),
            ),
            happened=f"{lost} {moved}",
            when_failed=_(
                "Train with such changes in the data, smooth or bin the column, or watch it in production and stop "
                "when it drifts."
            ),
            when_passed=steady,
            settles=drop.note,
        )


def apply_own(change: Any, frame: pd.DataFrame, rng: Any, name: str) -> pd.DataFrame:
    """Let a user's own change have a copy of the rows, and refuse what is no frame."""
    try:
        changed = (change.apply if hasattr(change, "apply") else change)(frame.copy(), rng)
    except Exception as error:  # a user's function may raise anything
        raise EvaluationError(f"The change {name!r} raised {type(error).__name__}: {error}") from error
    if not isinstance(changed, pd.DataFrame):
        raise EvaluationError(
            f"The change {name!r} returned a {type(changed).__name__}; it must return a DataFrame with the same rows "
            "and columns."
        )
    return changed


def crossing(details: pd.DataFrame, tolerance: float) -> float:
    """Return the strength at which the drop reaches the tolerance, between two that were tried, or NaN."""
    strength, drop = details["strength"].to_numpy(dtype=float), details["estimate"].to_numpy(dtype=float)
    if len(strength) < 2:
        return math.nan
    strength, drop = np.concatenate([[0.0], strength]), np.concatenate([[0.0], drop])  # no change, no drop
    above = np.flatnonzero(drop > tolerance)
    if not len(above) or above[0] == 0:
        return math.nan
    at = above[0]
    share = (tolerance - drop[at - 1]) / (drop[at] - drop[at - 1])
    return float(strength[at - 1] + share * (strength[at] - strength[at - 1]))
