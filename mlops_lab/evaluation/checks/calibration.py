"""Calibration: whether what is said to happen with 70 % happens in 70 % of the cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import add
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from mlops_lab.errors import shorten
from mlops_lab.evaluation.check import Check, Procedure, Setting
from mlops_lab.evaluation.checks.confidence import confidence_of
from mlops_lab.evaluation.data import Batch
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.parameters import check_rate
from mlops_lab.evaluation.plan import Answers
from mlops_lab.evaluation.request import Request
from mlops_lab.evaluation.result import Result, Words
from mlops_lab.evaluation.statistics.calibration import binned_error, brier_parts, consistency_band, squared_error
from mlops_lab.evaluation.statistics.calibration_error import calibration_error, smooth_error
from mlops_lab.evaluation.statistics.interval import Interval
from mlops_lab.evaluation.statistics.multiplicity import holm
from mlops_lab.evaluation.statistics.power import rows_needed_parts
from mlops_lab.evaluation.statistics.rates import rate
from mlops_lab.evaluation.statistics.score_histogram import ScoreHistogram
from mlops_lab.evaluation.worst import Worst
from mlops_lab.i18n import gettext as _

__all__ = ["Calibration", "reliability_curve"]

GROUPS = 15  # of the curve, as is usual


@dataclass(frozen=True)
class Calibration(Check):
    """Compare predicted probabilities with what came true.

    The error is E|P(y | s) − s|: how far a prediction lies from the truth behind it, on average. The usual mean
    absolute gap of 15 groups is too large (0.09 for a perfect model on 200 rows); the interval shown here is not, see
    `mlops_lab.evaluation.statistics.calibration_error`.

    Parameters
    ----------
    max_error : float, default 0.03
        Largest calibration error that is allowed.
    kind : {"positive", "top_label", "classwise"}, default "positive"
        ``positive`` looks at the probability of one class, ``top_label`` at the probability of the class that was
        predicted, and ``classwise`` at every class, each of which must pass.
    positive : label, optional
        The class that ``positive`` looks at; ``classes_[1]`` of two classes.

    Raises
    ------
    EvaluationError
        Where a parameter cannot be used.

    Examples
    --------
    >>> from mlops_lab import evaluation as ev
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame({"p": rng.uniform(size=5000)})
    >>> target = (rng.random(5000) < frame["p"]).astype(int)
    >>> suite = ev.Suite([ev.Calibration(max_error=0.05)])
    >>> suite.run(lambda X: X["p"], frame, target)["calibration:positive"].verdict
    'pass'
    >>> suite.run(lambda X: X["p"] ** 3, frame, target)["calibration:positive"].verdict
    'fail'
    """

    method: ClassVar[str] = "calibration"
    max_error: float = 0.03
    kind: Literal["positive", "top_label", "classwise"] = "positive"
    positive: Any = None

    def __post_init__(self) -> None:
        check_rate(self.max_error, "max_error")
        if self.kind not in ("positive", "top_label", "classwise"):
            raise EvaluationError(f"kind is {self.kind!r}; choose 'positive', 'top_label' or 'classwise'.")
        if self.positive is not None and self.kind != "positive":
            raise EvaluationError(
                f"positive={self.positive!r} goes with kind='positive', not with {self.kind!r}; leave it out."
            )

    @property
    def target(self) -> str:
        """What is looked at."""
        return self.kind

    def prepare(self, setting: Setting, name: str) -> Procedure:
        """Find the classes to look at."""
        setting.require_probabilities(self.method)
        assert setting.classes is not None
        codes = {"positive": None, "top_label": (-1,), "classwise": tuple(range(len(setting.classes)))}[self.kind]
        if codes is None:
            codes = (setting.positive_code(self.positive),)
        return CalibrationProcedure(self, setting, name, codes)


@dataclass(frozen=True)
class Scores:
    """What is kept of a batch: a histogram of the scores for each class that is looked at.

    Parameters
    ----------
    histograms : tuple of ScoreHistogram
        One a class.
    worst : Worst
        The rows that were predicted with most confidence and did not come true.
    """

    histograms: tuple[ScoreHistogram, ...]
    worst: Worst = field(default_factory=Worst)

    def __add__(self, other: Scores) -> Scores:
        return Scores(tuple(map(add, self.histograms, other.histograms)), self.worst + other.worst)


@dataclass(frozen=True)
class CalibrationProcedure(Procedure):
    """A calibration check made ready; ``codes`` are the classes looked at, −1 standing for the predicted one."""

    check: Calibration
    setting: Setting
    name: str
    codes: tuple[int, ...]

    def requests(self, batch: Batch) -> list[Request]:
        """Ask for nothing but the unchanged rows."""
        return []

    def observe(self, batch: Batch, requests: Sequence[Request], answers: Answers) -> Scores:
        """Count scores and outcomes."""
        histograms, size = [], np.zeros(batch.rows)
        for code in self.codes:
            if code < 0:
                score, outcome = confidence_of(answers.unchanged), answers.unchanged.decisions == batch.target
            else:
                score, outcome = answers.unchanged.score(code), batch.target == code
            histograms.append(ScoreHistogram.of(outcome, np.clip(score, 0.0, 1.0)))
            size = np.maximum(size, np.abs(outcome - score))
        return Scores(tuple(histograms), Worst.of(batch, size, {"distance": size}))

    def result(self, state: Scores) -> Result:
        """Judge the error of each class; the worst one decides."""
        alpha, tolerance, seed = self.setting.alpha, self.check.max_error, self.setting.seed
        errors = [calibration_error(one, tolerance=tolerance, alpha=alpha, seed=seed) for one in state.histograms]
        raised = holm([float(error.p_fail) for error in errors])
        verdicts = [self._verdict(error, p_value) for error, p_value in zip(errors, raised, strict=True)]
        order = {"fail": 2, "inconclusive": 1, "pass": 0}
        decides = max(
            range(len(errors)), key=lambda at: (order[verdicts[at]], float(np.nan_to_num(errors[at].estimate)))
        )
        error, histogram = errors[decides], state.histograms[decides]
        return Result(
            name=self.name,
            kind=self.check.method,
            target=self._label(self.codes[decides]),
            metric=_("calibration error"),
            verdict=verdicts[decides],  # type: ignore[arg-type]
            estimate=float(error.estimate),
            low=float(error.low),
            high=float(error.high),
            tolerance=tolerance,
            p_fail=float(raised.min()),
            rows=histogram.total,
            rows_needed=self._needed(errors, histogram.total),
            details=reliability_curve(histogram, GROUPS, self.setting.alpha),
            examples=state.worst.frame(),
            words=self._words(self.codes[decides], error, histogram),
            notes=self._notes(errors, verdicts),
            extras=self._extras(histogram, errors),
        )

    def _verdict(self, error: Interval, p_value: float) -> str:
        verdict = error.verdict()
        return "inconclusive" if verdict == "fail" and p_value >= self.setting.alpha / 2 else verdict

    def _label(self, code: int) -> str:
        if self.check.kind != "classwise":
            return self.check.kind
        assert self.setting.classes is not None
        return f"classwise {self.setting.classes.tolist()[code]}"

    def _needed(self, errors: list[Interval], rows: int) -> float:
        """Rows with which every class would pass, or one would fail."""
        estimates, lows, highs = (
            [float(getattr(error, end)) for error in errors] for end in ("estimate", "low", "high")
        )
        return rows_needed_parts(
            estimates, lows, highs, self.check.max_error, rows, alpha=self.setting.alpha, looks=len(errors)
        )

    def _notes(self, errors: list[Interval], verdicts: list[str]) -> tuple[str, ...]:
        notes = dict.fromkeys(error.note for error in errors if error.note)
        held = [
            self._label(code)
            for code, error, verdict in zip(self.codes, errors, verdicts, strict=True)
            if verdict == "inconclusive" and float(error.low) > self.check.max_error
        ]
        if held:
            notes[
                _(
                    "Beyond the tolerance on their own, but not after the correction for {count} classes: {classes}."
                ).format(count=len(errors), classes=shorten(held))
            ] = None
        return tuple(notes)

    def _extras(self, histogram: ScoreHistogram, errors: list[Interval]) -> dict[str, Any]:
        """Give the usual error, the unbiased squared one, the smooth one, and the parts of the Brier score."""
        parts = brier_parts(histogram)
        extras: dict[str, Any] = {
            "binned_error": binned_error(histogram, GROUPS),
            "squared_error": squared_error(histogram, GROUPS),
            "smooth_error": smooth_error(histogram),
            "brier": parts.brier,
            "reliability": parts.miscalibration,
            "resolution": parts.discrimination,
            "uncertainty": parts.uncertainty,
        }
        if self.check.kind == "classwise":
            extras["errors"] = {
                self._label(code): float(one.estimate) for code, one in zip(self.codes, errors, strict=True)
            }
        return extras

    def _words(self, code: int, error: Interval, histogram: ScoreHistogram) -> Words:
        """Put the result into sentences."""
        rows = max(histogram.total, 1)
        said, came = float(histogram.scores.sum()) / rows, float(histogram.positives.sum()) / rows
        return Words(
            changed=_(
                "Nothing was changed; {rows:,} predicted probabilities ({what}) were held against what came true."
            ).format(rows=histogram.total, what=self._label(code)),
            happened=_(
                "Predictions lie {estimate:.4f} from the truth on average ({level:.0%} interval {low:.4f} to "
                "{high:.4f}); at most {tolerance:g} was allowed. They average {said:.1%}, and {came:.1%} came true."
            ).format(
                estimate=error.estimate,
                level=1 - self.setting.alpha,
                low=error.low,
                high=error.high,
                tolerance=self.check.max_error,
                said=said,
                came=came,
            ),
            when_failed=_(
                "Recalibrate with ev.recalibrate on rows that neither the model nor this check has seen, and "
                "check again."
            ),
            when_passed=_(
                "The numbers can be used as probabilities on data like these; watch them when the world drifts."
            ),
        )


def reliability_curve(histogram: ScoreHistogram, groups: int, alpha: float = 0.05) -> pd.DataFrame:
    """Make the table of the curve, with the band in which that of a perfect model would lie.

    Parameters
    ----------
    histogram : ScoreHistogram
        Scores and outcomes.
    groups : int
        How many of equal size, as far as ties allow.
    alpha : float, default 0.05
        One minus the level of intervals and band.

    Returns
    -------
    DataFrame
        One row a group: predicted, observed, low, high, band_low, band_high, rows.

    Examples
    --------
    >>> state = ScoreHistogram.of([True, False] * 500, [0.6] * 1000)
    >>> reliability_curve(state, groups=15)[["predicted", "observed", "band_low", "rows"]].round(2).values.tolist()
    [[0.6, 0.5, 0.57, 1000.0]]
    """
    parts = histogram.grouped(groups)
    observed = rate(parts.positives, parts.rows, alpha=alpha)
    low, high = consistency_band(histogram, groups, alpha)
    return pd.DataFrame(
        {
            "predicted": parts.mean_score,
            "observed": parts.observed,
            "low": observed.low,
            "high": observed.high,
            "band_low": low,
            "band_high": high,
            "rows": parts.rows.astype(int),
        }
    )
