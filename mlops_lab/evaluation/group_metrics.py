"""The metric of one group of rows, from a state that adds up: always as a loss, so that larger is worse."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mlops_lab.errors import nearest
from mlops_lab.evaluation.check import Setting
from mlops_lab.evaluation.data import Batch
from mlops_lab.evaluation.errors import EvaluationError, NotApplicable
from mlops_lab.evaluation.metrics import FOR_PROBABILITIES, FOR_VALUES, row_loss
from mlops_lab.evaluation.model import Outputs
from mlops_lab.evaluation.statistics.area import Scores, auc_interval, cells_of
from mlops_lab.evaluation.statistics.class_metrics import metric_interval
from mlops_lab.evaluation.statistics.confusion import Confusion
from mlops_lab.evaluation.statistics.interval import Interval
from mlops_lab.evaluation.statistics.moments import Moments, mean_interval
from mlops_lab.evaluation.statistics.rates import rate

__all__ = ["GROUP_METRICS", "GroupMetric", "find_group_metric"]


@dataclass(frozen=True)
class GroupMetric(ABC):
    """A metric of a group of rows.

    Parameters
    ----------
    name : str
        As in scikit-learn.
    setting : Setting
        Task and classes of the model.
    positive : int
        Code of the positive class, for metrics that have one.
    """

    subtracts: ClassVar[bool] = False  # whether all rows' state less a group's is that of the rest, to the last bit
    name: str
    setting: Setting
    positive: int = 1

    @property
    def is_mean(self) -> bool:
        """Whether the metric of all rows is the weighted mean of the groups'."""
        return self.name in ("accuracy", "log_loss", "brier_score", "mean_absolute_error")

    @property
    def larger_is_better(self) -> bool:
        """Whether the metric is one minus the loss."""
        return self.name in ("accuracy", "balanced_accuracy", "f1", "roc_auc")

    @abstractmethod
    def reduce(self, batch: Batch, outputs: Outputs) -> Callable[[np.ndarray], Any]:
        """Prepare a batch once; the returned function makes the state of some of its rows, given as a mask."""

    @abstractmethod
    def loss(self, state: Any) -> Interval:
        """Estimate the loss of the rows of a state."""

    @abstractmethod
    def rows(self, state: Any) -> int:
        """Return the rows of a state."""

    def as_metric(self, loss: Interval) -> Interval:
        """Turn a loss into the metric as users know it."""
        return loss.rescaled(-1, shift=1) if self.larger_is_better else loss


@dataclass(frozen=True)
class Wrong:
    """Rows and wrong decisions among them; counts add up."""

    rows: int = 0
    wrong: int = 0

    def __add__(self, other: Wrong) -> Wrong:
        return Wrong(self.rows + other.rows, self.wrong + other.wrong)

    def __sub__(self, part: Wrong) -> Wrong:
        return Wrong(self.rows - part.rows, self.wrong - part.wrong)


@dataclass(frozen=True)
class GroupAccuracy(GroupMetric):
    """Share of wrong decisions."""

    subtracts: ClassVar[bool] = True

    def reduce(self, batch: Batch, outputs: Outputs) -> Callable[[np.ndarray], Wrong]:
        """Compare decisions and target once."""
        wrong = outputs.decisions != batch.target
        return lambda mask: Wrong(int(np.count_nonzero(mask)), int(np.count_nonzero(wrong & mask)))

    def loss(self, state: Wrong) -> Interval:
        """Estimate the share."""
        return rate(state.wrong, state.rows, alpha=self.setting.alpha)

    def rows(self, state: Wrong) -> int:
        """Return all rows."""
        return state.rows


@dataclass(frozen=True)
class GroupMean(GroupMetric):
    """Mean of one loss a row; of squared errors, the root of their mean."""

    def reduce(self, batch: Batch, outputs: Outputs) -> Callable[[np.ndarray], Moments]:
        """Compute the losses once."""
        if self.name == "root_mean_squared_error":
            losses = (outputs.decisions - batch.target) ** 2
        else:
            losses = row_loss(self.name, batch.target, outputs, self.positive)
        return lambda mask: Moments.of(losses[mask][:, None])

    def loss(self, state: Moments) -> Interval:
        """Estimate the mean, or its root."""
        mean = mean_interval(state, alpha=self.setting.alpha)
        if self.name != "root_mean_squared_error" or mean.note:
            return mean
        low, high = (float(np.sqrt(max(0.0, float(end)))) for end in (mean.low, mean.high))
        return Interval(float(np.sqrt(mean.estimate)), low, high, alpha=mean.alpha, method=mean.method)

    def rows(self, state: Moments) -> int:
        """Return all rows."""
        return state.rows


@dataclass(frozen=True)
class GroupConfusion(GroupMetric):
    """One minus F1 or balanced accuracy, from the confusion table."""

    def reduce(self, batch: Batch, outputs: Outputs) -> Callable[[np.ndarray], Confusion]:
        """Count the pairs of truth and decision."""
        assert self.setting.classes is not None
        classes = len(self.setting.classes)
        return lambda mask: Confusion.of(batch.target[mask], outputs.decisions[mask], classes=classes)

    def loss(self, state: Confusion) -> Interval:
        """Estimate the metric and turn it round."""
        assert self.setting.classes is not None
        labels = self.setting.classes.tolist()
        interval = metric_interval(state, self.name, positive=self.positive, alpha=self.setting.alpha, labels=labels)  # type: ignore[arg-type]
        return interval.rescaled(-1, shift=1)

    def rows(self, state: Confusion) -> int:
        """Return all rows."""
        return state.rows


@dataclass(frozen=True)
class GroupAuc(GroupMetric):
    """One minus the area under the ROC curve, of pairs within the group."""

    subtracts: ClassVar[bool] = True  # and so of each group one histogram is kept instead of two

    def reduce(self, batch: Batch, outputs: Outputs) -> Callable[[np.ndarray], Scores]:
        """Find the bin of each score once, and bring the rows into their order."""
        cells = cells_of(batch.target == self.positive, outputs.score(self.positive))
        order = np.argsort(cells)
        ordered = cells[order]
        return lambda mask: Scores.of_cells(ordered[mask[order]])

    def loss(self, state: Scores) -> Interval:
        """Estimate the share of pairs that are not in order."""
        return auc_interval(state, alpha=self.setting.alpha).rescaled(-1, shift=1)

    def rows(self, state: Scores) -> int:
        """Return all rows."""
        return state.rows


GROUP_METRICS: dict[str, type[GroupMetric]] = {
    "accuracy": GroupAccuracy,
    "balanced_accuracy": GroupConfusion,
    "f1": GroupConfusion,
    "roc_auc": GroupAuc,
    "log_loss": GroupMean,
    "brier_score": GroupMean,
    "mean_absolute_error": GroupMean,
    "root_mean_squared_error": GroupMean,
}


def find_group_metric(given: str | None, setting: Setting, positive: Any = None) -> GroupMetric:
    """Find the metric that a user named for groups.

    Parameters
    ----------
    given : str or None
        Name as in scikit-learn; by default accuracy, or mean absolute error for values.
    setting : Setting
        Task and classes of the model.
    positive : label, optional
        The positive class, for metrics that have one; ``classes_[1]`` of two classes.

    Returns
    -------
    GroupMetric
        Made ready.

    Raises
    ------
    EvaluationError
        Where the metric is unknown, is not made for groups, or does not fit the model.
    """
    values = setting.task == "regression"
    name = given or ("mean_absolute_error" if values else "accuracy")
    fitting = [one for one in GROUP_METRICS if (one in FOR_VALUES) == values]
    if name not in GROUP_METRICS:
        close = nearest(str(name), fitting, count=1)
        hint = f" the nearest is {close[0]!r};" if close else ""
        raise EvaluationError(f"The metric {name!r} is not known for groups;{hint} choose one of {', '.join(fitting)}.")
    if name not in fitting:
        raise NotApplicable(
            f"The metric {name!r} does not fit a model for {setting.task}; choose one of {', '.join(fitting)}."
        )
    if name in FOR_PROBABILITIES:
        setting.require_probabilities(name)
    two_classes = setting.classes is not None and len(setting.classes) == 2
    needs_positive = name in ("f1", "roc_auc") or (name == "brier_score" and two_classes)
    return GROUP_METRICS[name](name, setting, setting.positive_code(positive) if needs_positive else 1)
