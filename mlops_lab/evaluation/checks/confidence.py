"""Confidence: whether the answers that would be shown are right often enough, and how many would be shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from mlops_lab.evaluation.check import Check, Procedure, Setting
from mlops_lab.evaluation.data import Batch
from mlops_lab.evaluation.model import Outputs
from mlops_lab.evaluation.parameters import check_rate
from mlops_lab.evaluation.plan import Answers
from mlops_lab.evaluation.request import Request
from mlops_lab.evaluation.result import Result, Words
from mlops_lab.evaluation.statistics.interval import Interval
from mlops_lab.evaluation.statistics.power import rows_needed_rate
from mlops_lab.evaluation.statistics.rates import clopper_pearson, rate
from mlops_lab.evaluation.statistics.risk import Confidences, area, guaranteed_threshold
from mlops_lab.evaluation.worst import Worst
from mlops_lab.i18n import gettext as _
from mlops_lab.i18n import ngettext

__all__ = ["Confidence", "confidence_of"]

POINTS = 60  # of the curve in the table: more cannot be told apart in a picture


def confidence_of(outputs: Outputs) -> np.ndarray:
    """Return the probability of the answer that is given.

    Parameters
    ----------
    outputs : Outputs of shape (rows,)
        With probabilities.

    Returns
    -------
    ndarray of float, shape (rows,)
        Confidence of each row.
    """
    assert outputs.probabilities is not None
    return outputs.probabilities[np.arange(len(outputs)), outputs.decisions]


@dataclass(frozen=True)
class Confidence(Check):
    """Show only answers at or above a confidence, and ask that enough of them are right, and that there are enough.

    The accuracy of the shown answers and the share of rows that are shown must both pass. The threshold must have been
    chosen on other rows than these; `risk_coverage` finds one with a guarantee.

    Parameters
    ----------
    threshold : float
        Least probability of the predicted class at which an answer is shown.
    min_accuracy : float
        Least share of the shown answers that must be right; judged with the exact interval of Clopper and Pearson,
        which keeps its promise for every number of rows.
    min_coverage : float, default 0.0
        Least share of rows that must be shown.

    Raises
    ------
    EvaluationError
        Where a parameter is no share.

    Examples
    --------
    >>> from mlops_lab import evaluation as ev
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame({"p": rng.uniform(size=5000)})
    >>> target = (rng.random(5000) < frame["p"]).astype(int)
    >>> suite = ev.Suite([ev.Confidence(threshold=0.8, min_accuracy=0.85, min_coverage=0.3)])
    >>> suite.run(lambda X: X["p"], frame, target)["confidence:0.8"].verdict
    'pass'
    """

    method: ClassVar[str] = "confidence"
    threshold: float
    min_accuracy: float
    min_coverage: float = 0.0

    def __post_init__(self) -> None:
        check_rate(self.threshold, "threshold")
        check_rate(self.min_accuracy, "min_accuracy")
        check_rate(self.min_coverage, "min_coverage")

    @property
    def target(self) -> str:
        """The threshold."""
        return f"{self.threshold:g}"

    def prepare(self, setting: Setting, name: str) -> Procedure:
        """Refuse a model without probabilities."""
        setting.require_probabilities(self.method)
        return ConfidenceProcedure(self, setting, name)


@dataclass(frozen=True)
class Shown:
    """What is kept of a batch.

    Parameters
    ----------
    rows, shown, right : int
        All rows, those at or above the threshold, and those of them that are right.
    confidences : Confidences
        For the curve.
    worst : Worst
        The wrong answers with the largest confidence.
    """

    rows: int
    shown: int
    right: int
    confidences: Confidences
    worst: Worst = field(default_factory=Worst)

    def __add__(self, other: Shown) -> Shown:
        return Shown(
            self.rows + other.rows,
            self.shown + other.shown,
            self.right + other.right,
            self.confidences + other.confidences,
            self.worst + other.worst,
        )


@dataclass(frozen=True)
class ConfidenceProcedure(Procedure):
    """A confidence check made ready."""

    check: Confidence
    setting: Setting
    name: str

    def requests(self, batch: Batch) -> list[Request]:
        """Ask for nothing but the unchanged rows."""
        return []

    def observe(self, batch: Batch, requests: Sequence[Request], answers: Answers) -> Shown:
        """Count what would be shown and is right."""
        confidence = confidence_of(answers.unchanged)
        correct = answers.unchanged.decisions == batch.target
        shown = confidence >= self.check.threshold
        codes = {"answer": answers.unchanged.decisions, "truth": batch.target}
        worst = Worst.of(batch, np.where(correct, 0.0, confidence), {"confidence": confidence, **codes})
        labels = {name: self._labels(worst.said[name]) for name in codes}  # of the few, not of all rows
        return Shown(
            batch.rows,
            int(shown.sum()),
            int((shown & correct).sum()),
            Confidences.of(confidence, correct),
            replace(worst, said=worst.said | labels),
        )

    def _labels(self, codes: np.ndarray) -> np.ndarray:
        assert self.setting.classes is not None
        return np.asarray(self.setting.classes)[codes]

    def result(self, state: Shown) -> Result:
        """Judge accuracy and coverage; both must pass."""
        alpha, check = self.setting.alpha, self.check
        accuracy = floor(
            clopper_pearson(state.shown - state.right, state.shown, tolerance=1 - check.min_accuracy, alpha=alpha)
        )
        coverage = floor(rate(state.rows - state.shown, state.rows, tolerance=1 - check.min_coverage, alpha=alpha))
        verdicts = (accuracy.verdict(), coverage.verdict())
        decides = coverage if badness(verdicts[1]) > badness(verdicts[0]) else accuracy
        p_fail = min(1.0, 2 * min(float(accuracy.p_fail), float(coverage.p_fail)))  # two chances to fail
        held = decides.verdict() == "fail" and p_fail >= alpha / 2
        return Result(
            name=self.name,
            kind=check.method,
            target=check.target,
            metric=_("coverage") if decides is coverage else _("accuracy of the shown answers"),
            verdict="inconclusive" if held else decides.verdict(),
            estimate=float(decides.estimate),
            low=float(decides.low),
            high=float(decides.high),
            tolerance=float(decides.tolerance),
            larger_is_worse=False,
            p_fail=p_fail,
            rows=state.rows,
            rows_needed=self._needed(accuracy, coverage, state.shown / state.rows),
            details=self._curve(state),
            examples=state.worst.frame(),
            words=self._words(state, accuracy, coverage),
            notes=self._notes(held),
            extras=self._extras(state, accuracy, coverage),
        )

    def _needed(self, accuracy: Interval, coverage: Interval, shown: float) -> float:
        """Rows of the whole data with which both parts would pass, or one would fail."""
        if not shown:
            return rows_needed_part(coverage, self.setting.alpha / 2)
        parts = ((accuracy, shown), (coverage, 1.0))
        below = [(part, share) for part, share in parts if part.estimate < part.tolerance]
        if below:
            needed = min(rows_needed_part(part, self.setting.alpha / 2) / share for part, share in below)
        else:
            needed = max(rows_needed_part(part, self.setting.alpha) / share for part, share in parts)
        return float(np.ceil(needed))

    def _notes(self, held: bool) -> tuple[str, ...]:
        if not held:
            return ()
        return (
            _(
                "On its own this part would fail; accuracy and coverage are two chances to fail, and the correction "
                "for them leaves it open."
            ),
        )

    def _curve(self, state: Shown) -> pd.DataFrame:
        """Make the table of accuracy and coverage over thresholds."""
        threshold, rows, errors = state.confidences.strictest_first()
        chosen = np.unique(np.searchsorted(rows, np.linspace(1, rows[-1], POINTS)))
        right = rate(rows[chosen] - errors[chosen], rows[chosen], alpha=self.setting.alpha)
        shown = rate(rows[chosen], np.full(len(chosen), state.rows), alpha=self.setting.alpha)
        return pd.DataFrame(
            {
                "threshold": threshold[chosen],
                "coverage": shown.estimate,
                "coverage_low": shown.low,
                "coverage_high": shown.high,
                "accuracy": right.estimate,
                "accuracy_low": right.low,
                "accuracy_high": right.high,
            }
        )

    def _extras(self, state: Shown, accuracy: Interval, coverage: Interval) -> dict[str, Any]:
        """Give both parts with intervals that hold jointly, the area under the curve, and a threshold to promise."""
        half = self.setting.alpha / 2
        joint_accuracy = clopper_pearson(state.right, state.shown, alpha=half)
        joint_coverage = rate(state.shown, state.rows, alpha=half)
        target = 1 - self.check.min_accuracy
        promised = (
            guaranteed_threshold(state.confidences, target, alpha=self.setting.alpha) if 0 < target < 1 else math.nan
        )
        return {
            "threshold": self.check.threshold,
            "accuracy": float(accuracy.estimate),
            "accuracy_joint": [float(joint_accuracy.low), float(joint_accuracy.high)],
            "coverage": float(coverage.estimate),
            "coverage_joint": [float(joint_coverage.low), float(joint_coverage.high)],
            "area": area(state.confidences),
            "guaranteed_threshold": promised,
        }

    def _words(self, state: Shown, accuracy: Interval, coverage: Interval) -> Words:
        """Put the result into sentences."""
        with_floor = ngettext(
            "{shown:,} of {rows:,} answers has a confidence of at least {threshold:g} ({coverage:.1%}, interval "
            "{coverage_low:.1%} to {coverage_high:.1%}; at least {min_coverage:.1%} was asked for), and {accuracy:.1%} "
            "of such are right (interval {accuracy_low:.1%} to {accuracy_high:.1%}; at least {min_accuracy:.1%} was "
            "asked for).",
            "{shown:,} of {rows:,} answers have a confidence of at least {threshold:g} ({coverage:.1%}, interval "
            "{coverage_low:.1%} to {coverage_high:.1%}; at least {min_coverage:.1%} was asked for), and {accuracy:.1%} "
            "of them are right (interval {accuracy_low:.1%} to {accuracy_high:.1%}; at least {min_accuracy:.1%} was "
            "asked for).",
            state.shown,
        )
        without = ngettext(
            "{shown:,} of {rows:,} answers has a confidence of at least {threshold:g} ({coverage:.1%}, interval "
            "{coverage_low:.1%} to {coverage_high:.1%}), and {accuracy:.1%} of such are right (interval "
            "{accuracy_low:.1%} to {accuracy_high:.1%}; at least {min_accuracy:.1%} was asked for).",
            "{shown:,} of {rows:,} answers have a confidence of at least {threshold:g} ({coverage:.1%}, interval "
            "{coverage_low:.1%} to {coverage_high:.1%}), and {accuracy:.1%} of them are right (interval "
            "{accuracy_low:.1%} to {accuracy_high:.1%}; at least {min_accuracy:.1%} was asked for).",
            state.shown,
        )
        happened = (with_floor if self.check.min_coverage > 0 else without).format(
            shown=state.shown,
            rows=state.rows,
            threshold=self.check.threshold,
            coverage=coverage.estimate,
            coverage_low=coverage.low,
            coverage_high=coverage.high,
            min_coverage=self.check.min_coverage,
            accuracy=accuracy.estimate,
            accuracy_low=accuracy.low,
            accuracy_high=accuracy.high,
            min_accuracy=self.check.min_accuracy,
        )
        return Words(
            changed=_("Nothing was changed; answers below the threshold were held back."),
            happened=happened,
            when_failed=_("Choose the threshold on other rows with ev.risk_coverage, or recalibrate the model first."),
            when_passed=_("This holds as long as the threshold was not chosen on these rows."),
        )


def rows_needed_part(part: Interval, alpha: float) -> float:
    """Return the rows that one part needs, of those that it is counted on."""
    return rows_needed_rate(1 - float(part.estimate), 1 - float(part.tolerance), alpha=alpha)


def floor(interval: Interval) -> Interval:
    """Turn the interval of what is wrong, or held back, into that of what is right, or shown."""
    return interval.rescaled(-1, shift=1)


def badness(verdict: str) -> int:
    """Order verdicts from good to bad."""
    return ("pass", "inconclusive", "fail").index(verdict)
