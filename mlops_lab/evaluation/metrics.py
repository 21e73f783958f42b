"""Metrics by the names of scikit-learn, and how each one's paired drop is estimated from a state that adds up.

A drop is always "before minus after" with the sign turned for losses, so positive means worse.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import special

from mlops_lab.errors import nearest
from mlops_lab.evaluation.check import Setting
from mlops_lab.evaluation.data import Batch
from mlops_lab.evaluation.errors import EvaluationError, NotApplicable
from mlops_lab.evaluation.model import Outputs
from mlops_lab.evaluation.statistics.class_metrics import metric_drop
from mlops_lab.evaluation.statistics.confusion import Confusion
from mlops_lab.evaluation.statistics.interval import Interval, interval, normal_quantile, unknown
from mlops_lab.evaluation.statistics.losses import LossChanges, SquaredErrors, loss_drop, r2_drop, rmse_drop
from mlops_lab.evaluation.statistics.paired import FEW_CHANGES, PairedCounts, accuracy_drop, tango
from mlops_lab.evaluation.statistics.power import rows_needed, rows_needed_drop
from mlops_lab.evaluation.statistics.ranking import PairedScores, auc_drop
from mlops_lab.i18n import gettext as _

__all__ = ["METRICS", "Metric", "find_metric", "row_loss"]

METRICS: dict[str, type[Metric]] = {}

FOR_VALUES = ("mean_absolute_error", "root_mean_squared_error", "r2")
FOR_PROBABILITIES = ("log_loss", "brier_score", "roc_auc")
LOG_LOSS_FLOOR = float(np.finfo(np.float64).eps)  # probabilities are clipped here, as in scikit-learn's log_loss


@dataclass(frozen=True)
class Metric(ABC):
    """One metric, made ready for one model.

    Parameters
    ----------
    name : str
        As in scikit-learn.
    setting : Setting
        Task and classes of the model.
    positive : int
        Code of the positive class, for metrics that have one.
    """

    name: str
    setting: Setting
    positive: int = 1

    @abstractmethod
    def state(self, batch: Batch, before: Outputs, after: Outputs) -> Any:
        """Reduce a batch, predicted unchanged and changed."""

    @abstractmethod
    def drop(self, state: Any, tolerance: float) -> Interval:
        """Estimate how much worse the changed rows are predicted."""

    def drops(self, states: Sequence[Any], tolerance: float) -> list[Interval]:
        """Estimate it for several changes of the same rows."""
        return [self.drop(state, tolerance) for state in states]

    def needed(self, state: Any, drop: Interval) -> float:
        """Say how many rows would tell."""
        half_width = (float(drop.high) - float(drop.low)) / 2
        error = half_width / normal_quantile(self.setting.alpha)
        if not math.isfinite(error):
            return math.nan
        return rows_needed(
            float(drop.estimate), float(drop.tolerance), error, self.rows(state), alpha=self.setting.alpha
        )

    @abstractmethod
    def rows(self, state: Any) -> int:
        """Return the rows of a state."""


def metric(*names: str) -> Callable[[type[Metric]], type[Metric]]:
    """Register a class for the names of its metrics."""

    def register(kind: type[Metric]) -> type[Metric]:
        METRICS.update(dict.fromkeys(names, kind))
        return kind

    return register


@metric("accuracy")
@dataclass(frozen=True)
class Accuracy(Metric):
    """Share of right decisions; Tango's score interval of the paired difference."""

    def state(self, batch: Batch, before: Outputs, after: Outputs) -> PairedCounts:
        """Count which rows became wrong and which right."""
        return PairedCounts.of(before.decisions == batch.target, after.decisions == batch.target)

    def drop(self, state: PairedCounts, tolerance: float) -> Interval:
        """Estimate the drop."""
        return accuracy_drop(state, tolerance=tolerance, alpha=self.setting.alpha)

    def drops(self, states: Sequence[PairedCounts], tolerance: float) -> list[Interval]:
        """Estimate all drops at once, which takes as long as one."""
        counts = np.array([(state.right_to_wrong, state.wrong_to_right, state.rows) for state in states])
        if (counts[:, :2].sum(axis=1) <= FEW_CHANGES).any():
            return super().drops(states, tolerance)
        together = tango(*counts.T, tolerance=tolerance, alpha=self.setting.alpha)
        return [together[place] for place in range(len(states))]

    def needed(self, state: PairedCounts, drop: Interval) -> float:
        """Invert the interval of the two shares."""
        lost, gained = state.right_to_wrong / state.rows, state.wrong_to_right / state.rows
        return rows_needed_drop(lost, gained, float(drop.tolerance), alpha=self.setting.alpha)

    def rows(self, state: PairedCounts) -> int:
        """Return all rows."""
        return state.rows


@metric("log_loss", "brier_score", "mean_absolute_error")
@dataclass(frozen=True)
class MeanLoss(Metric):
    """A mean of one loss a row; the paired differences of the losses, corrected for their skewness."""

    def state(self, batch: Batch, before: Outputs, after: Outputs) -> LossChanges:
        """Keep the moments of the differences."""
        first, second = (row_loss(self.name, batch.target, outputs, self.positive) for outputs in (before, after))
        return LossChanges.of(first, second)

    def drop(self, state: LossChanges, tolerance: float) -> Interval:
        """Estimate the growth of the mean loss."""
        return loss_drop(state, tolerance=tolerance, alpha=self.setting.alpha, bound=self._bound())

    def _bound(self) -> float | None:
        """How much the loss of one row can change at most, where that is known."""
        if self.name == "brier_score":
            return 1.0 if self.setting.classes is not None and len(self.setting.classes) == 2 else 2.0
        return -math.log(LOG_LOSS_FLOOR) if self.name == "log_loss" else None

    def rows(self, state: LossChanges) -> int:
        """Return all rows."""
        return state.rows


@metric("root_mean_squared_error", "r2")
@dataclass(frozen=True)
class Squared(Metric):
    """A metric made from squared errors; the delta method on their joint moments."""

    def state(self, batch: Batch, before: Outputs, after: Outputs) -> SquaredErrors:
        """Keep the moments of both squared errors and of the target."""
        return SquaredErrors.of(batch.target, before.decisions, after.decisions)

    def drop(self, state: SquaredErrors, tolerance: float) -> Interval:
        """Estimate the growth of the error, or the fall of R²."""
        estimate = r2_drop if self.name == "r2" else rmse_drop
        return estimate(state, tolerance=tolerance, alpha=self.setting.alpha)

    def rows(self, state: SquaredErrors) -> int:
        """Return all rows."""
        return state.moments.rows


@metric("roc_auc")
@dataclass(frozen=True)
class Ranking(Metric):
    """Area under the ROC curve; DeLong's error on binned placements."""

    def state(self, batch: Batch, before: Outputs, after: Outputs) -> PairedScores:
        """Count the scores of both classes."""
        return PairedScores.of(batch.target == self.positive, before.score(self.positive), after.score(self.positive))

    def drop(self, state: PairedScores, tolerance: float) -> Interval:
        """Estimate the drop."""
        return auc_drop(state, tolerance=tolerance, alpha=self.setting.alpha)

    def rows(self, state: PairedScores) -> int:
        """Return all rows."""
        return state.negatives + state.positives


@metric("balanced_accuracy", "f1")
@dataclass(frozen=True)
class FromCounts(Metric):
    """A metric of the confusion table; the joint counts of truth and both decisions."""

    def state(self, batch: Batch, before: Outputs, after: Outputs) -> Confusion:
        """Count the triples."""
        assert self.setting.classes is not None
        return Confusion.of(batch.target, before.decisions, after.decisions, classes=len(self.setting.classes))

    def drop(self, state: Confusion, tolerance: float) -> Interval:
        """Estimate the drop."""
        assert self.setting.classes is not None
        name: Any = self.name
        return metric_drop(
            state,
            name,
            positive=self.positive,
            tolerance=tolerance,
            alpha=self.setting.alpha,
            labels=self.setting.classes.tolist(),
        )

    def rows(self, state: Confusion) -> int:
        """Return all rows."""
        return state.rows


MOST_KEPT = 5_000_000
REPLICATES = 200  # enough for a standard error; each calls the user's function twice


@dataclass(frozen=True)
class Kept:
    """Rows that a user's own metric needs whole, by the position of the first row of each batch.

    Parameters
    ----------
    parts : dict of int to tuple of ndarray
        Truth, answers before and answers after.
    """

    parts: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(len(truth) for truth, _, _ in self.parts.values())

    def __add__(self, other: Kept) -> Kept:
        kept = Kept(self.parts | other.parts)
        if kept.rows > MOST_KEPT:
            raise EvaluationError(
                f"A metric of your own keeps every row, at most {MOST_KEPT:,}; pass fewer, or a metric by name."
            )
        return kept

    def columns(self) -> list[np.ndarray]:
        """Return truth, answers before and answers after, in the order of the rows."""
        ordered = [self.parts[start] for start in sorted(self.parts)]
        return [np.concatenate(column) for column in zip(*ordered, strict=True)]


@dataclass(frozen=True)
class Own(Metric):
    """A user's own metric, of which nothing is known: the paired bootstrap of the rows gives its error.

    Parameters
    ----------
    function : callable
        Takes the truth and the model's answers (labels or values) and returns a number; larger is better.
    """

    function: Callable[[np.ndarray, np.ndarray], float] = field(kw_only=True)

    def state(self, batch: Batch, before: Outputs, after: Outputs) -> Kept:
        """Keep the rows."""
        columns = (self._labels(batch.target), self._labels(before.decisions), self._labels(after.decisions))
        return Kept({batch.start: columns})

    def _labels(self, codes: np.ndarray) -> np.ndarray:
        return codes if self.setting.classes is None else np.asarray(self.setting.classes)[codes]

    def _value(self, truth: np.ndarray, answers: np.ndarray) -> float:
        try:
            value = self.function(truth, answers)
        except Exception as error:  # a user's function may raise anything
            raise EvaluationError(f"The metric {self.name!r} raised {type(error).__name__}: {error}") from error
        try:
            return float(value)
        except (TypeError, ValueError):
            raise EvaluationError(f"The metric {self.name!r} returned {value!r}; it must return a number.") from None

    def drop(self, state: Kept, tolerance: float) -> Interval:
        """Resample rows, each with both of its answers."""
        truth, before, after = state.columns()
        estimate = self._value(truth, before) - self._value(truth, after)
        if not math.isfinite(estimate):
            raise EvaluationError(f"The metric {self.name!r} is no finite number on these rows; mend it, or them.")
        rng = np.random.default_rng(self.setting.seed)
        drawn = np.empty(REPLICATES)
        for number in range(REPLICATES):
            rows = rng.integers(0, len(truth), len(truth))
            drawn[number] = self._value(truth[rows], before[rows]) - self._value(truth[rows], after[rows])
        error = float(drawn.std(ddof=1))
        alpha = self.setting.alpha
        if not error > 0:
            note = _("Resampling the rows never changed this metric, so its error is not known.")
            if not np.isfinite(drawn).all():
                note = _("On some resamples of the rows this metric is no number, so its error is not known.")
            return unknown(-math.inf, math.inf, note, tolerance=tolerance, alpha=alpha, estimate=estimate)
        reach = normal_quantile(alpha) * error
        distance = (estimate - tolerance) / error
        tails = float(special.ndtr(-distance)), float(special.ndtr(distance))
        return interval(
            estimate, estimate - reach, estimate + reach, *tails, tolerance=tolerance, alpha=alpha, method="bootstrap"
        )

    def rows(self, state: Kept) -> int:
        """Return all rows."""
        return state.rows


def row_loss(name: str, target: np.ndarray, outputs: Outputs, positive: int = 1) -> np.ndarray:
    """Return the loss of each row, for metrics that are the mean of one.

    Parameters
    ----------
    name : {"accuracy", "log_loss", "brier_score", "mean_absolute_error"}
        The metric; for accuracy the loss is 1 where the decision is wrong.
    target : ndarray of shape (rows,)
        Class codes or values.
    outputs : Outputs of shape (rows,)
        What the model said.
    positive : int, default 1
        Code of the positive class, whose squared error is the Brier score of two classes.

    Returns
    -------
    ndarray of float, shape (rows,)
        Losses; for log loss probabilities are clipped to 2.2e-16, and for the Brier score of several classes the
        squared errors of all classes are added, both as in scikit-learn.
    """
    if name == "accuracy":
        return (outputs.decisions != target).astype(float)
    if name == "mean_absolute_error":
        return np.abs(outputs.decisions - target)
    probabilities = outputs.probabilities
    assert probabilities is not None
    rows = np.arange(len(target))
    if name == "log_loss":
        return -np.log(np.clip(probabilities[rows, target], LOG_LOSS_FLOOR, 1 - LOG_LOSS_FLOOR))
    if probabilities.shape[1] == 2:
        return (probabilities[:, positive] - (target == positive)) ** 2
    return (probabilities**2).sum(axis=1) - 2 * probabilities[rows, target] + 1


def find_metric(
    given: str | Callable[[np.ndarray, np.ndarray], float] | None, setting: Setting, positive: Any = None
) -> Metric:
    """Find the metric that a user named.

    Parameters
    ----------
    given : str, callable or None
        Name as in scikit-learn, or a function of truth and answers; by default accuracy, or mean absolute error for
        values.
    setting : Setting
        Task and classes of the model.
    positive : label, optional
        The positive class, for metrics that have one; ``classes_[1]`` of two classes.

    Returns
    -------
    Metric
        Made ready.

    Raises
    ------
    EvaluationError
        Where the metric is unknown, or does not fit the model.
    """
    values = setting.task == "regression"
    name = given or ("mean_absolute_error" if values else "accuracy")
    if callable(name):
        return Own(getattr(name, "__name__", "own metric"), setting, function=name)
    if name not in METRICS:
        close = nearest(str(name), METRICS, count=1)
        hint = f" the nearest is {close[0]!r};" if close else ""
        raise EvaluationError(
            f"The metric {name!r} is unknown;{hint} choose one of {', '.join(METRICS)}, or pass a function."
        )
    if values != (name in FOR_VALUES):
        fitting = [one for one in METRICS if (one in FOR_VALUES) == values]
        raise NotApplicable(
            f"The metric {name!r} does not fit a model for {setting.task}; choose one of {', '.join(fitting)}."
        )
    if name in FOR_PROBABILITIES:
        setting.require_probabilities(name)
    several = setting.classes is not None and len(setting.classes) > 2
    needs_positive = name in ("roc_auc", "f1") or (name == "brier_score" and not several)
    return METRICS[name](name, setting, setting.positive_code(positive) if needs_positive else 1)
