"""Answering only where the model is sure: the risk–coverage curve and thresholds with a promise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlops_lab.evaluation.checks.confidence import confidence_of
from mlops_lab.evaluation.errors import EvaluationError, NotApplicable
from mlops_lab.evaluation.memory import in_memory
from mlops_lab.evaluation.model import Predictor, encode_target
from mlops_lab.evaluation.parameters import check_amount, check_rate
from mlops_lab.evaluation.probe import PROBE_ROWS, probe_model
from mlops_lab.evaluation.statistics.rates import rate
from mlops_lab.evaluation.statistics.risk import Confidences, area, cheapest_threshold, guaranteed_threshold

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["RiskCoverage", "risk_coverage"]


@dataclass(frozen=True)
class RiskCoverage:
    """What is gained by holding back unsure answers; made by `risk_coverage`.

    Parameters
    ----------
    predictor : Predictor
        The model.
    confidences : Confidences
        Rows and wrong answers by confidence.
    alpha : float
        One minus the level of intervals and guarantees.
    """

    predictor: Predictor
    confidences: Confidences
    alpha: float = 0.05

    @cached_property
    def table(self) -> pd.DataFrame:
        """Threshold, coverage and risk with its interval, strictest threshold first; at most a thousand rows."""
        threshold, rows, errors = self.confidences.strictest_first()
        chosen = np.unique(np.searchsorted(rows, np.linspace(1, rows[-1], 1000)))
        risk = rate(errors[chosen], rows[chosen], alpha=self.alpha)
        return pd.DataFrame(
            {
                "threshold": threshold[chosen],
                "coverage": rows[chosen] / rows[-1],
                "risk": risk.estimate,
                "low": risk.low,
                "high": risk.high,
            }
        )

    @property
    def area(self) -> float:
        """Area under the curve: the mean risk over all coverages; the error rate where confidence tells nothing."""
        return area(self.confidences)

    def threshold_for_risk(self, risk: float, method: str = "fixed_sequence") -> float:
        """Find the lowest threshold whose true risk is shown to stay below a target.

        Parameters
        ----------
        risk : float
            Largest share of wrong answers among those shown.
        method : {"fixed_sequence", "bonferroni"}, default "fixed_sequence"
            How many thresholds may be tried on the same rows without promising too much: see
            `mlops_lab.evaluation.statistics.risk.guaranteed_threshold`.

        Returns
        -------
        float
            The threshold; NaN where these rows are too few, or the model too bad, to promise one.

        Raises
        ------
        EvaluationError
            Where the risk is not between 0 and 1.
        """
        check_rate(risk, "risk", positive=True)
        return guaranteed_threshold(self.confidences, risk, alpha=self.alpha, method=method)

    def threshold_for_cost(self, cost_wrong: float, cost_abstain: float) -> tuple[float, float]:
        """Find the cheapest threshold.

        Parameters
        ----------
        cost_wrong, cost_abstain : float
            Cost of a wrong answer, and of holding an answer back.

        Returns
        -------
        tuple of float
            The threshold, infinite where holding everything back is cheapest, and its cost a row.

        Raises
        ------
        EvaluationError
            Where a cost is negative.
        """
        check_amount(cost_wrong, "cost_wrong", least=0)
        check_amount(cost_abstain, "cost_abstain", least=0)
        return cheapest_threshold(self.confidences, cost_wrong, cost_abstain)

    def useful(self, X: pd.DataFrame, threshold: float) -> pd.Series:
        """Say for each row whether its answer is sure enough to be shown.

        Parameters
        ----------
        X : DataFrame of shape (rows, columns)
            New rows.
        threshold : float
            Least confidence, such as from `threshold_for_risk`.

        Returns
        -------
        Series of bool, shape (rows,)
            With the index of ``X``.
        """
        return pd.Series(confidence_of(self.predictor(X.copy())) >= threshold, index=X.index, name="useful")

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the curve with its band.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        matplotlib Axes
            With the picture.
        """
        from mlops_lab.evaluation.plots.risk import draw_risk_coverage

        return draw_risk_coverage(self.table, self.area, ax)


def risk_coverage(model: Any, X: Any, y: Any = None, *, alpha: float = 0.05) -> RiskCoverage:
    """Measure risk against coverage.

    Parameters
    ----------
    model : estimator or callable
        A classifier with probabilities, as for `Suite.run`.
    X : DataFrame of shape (rows, columns)
        Rows that the model has not been fitted on.
    y : array-like of shape (rows,) or str
        Labels, or the name of their column in ``X``.
    alpha : float, default 0.05
        One minus the level of intervals and guarantees.

    Returns
    -------
    RiskCoverage
        Curve, area and thresholds.

    Raises
    ------
    EvaluationError
        Where model or data cannot be used.

    Notes
    -----
    Geifman and El-Yaniv (2017), "Selective classification for deep neural networks".

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame({"p": rng.uniform(size=5000)})
    >>> target = (rng.random(5000) < frame["p"]).astype(int)
    >>> curve = risk_coverage(lambda X: X["p"], frame, target)
    >>> 0.8 < curve.threshold_for_risk(0.1) < 0.9
    True
    >>> round(curve.threshold_for_cost(cost_wrong=5, cost_abstain=1)[0], 1)
    0.8
    """
    if not 0 < alpha < 0.5:
        raise EvaluationError(f"alpha is {alpha!r}; give a number above 0 and below 0.5, usually 0.05.")
    source = in_memory(X, y)
    predictor = probe_model(model, source.target, source.frame.head(PROBE_ROWS)).predictor
    if not predictor.has_probabilities:
        raise NotApplicable("Risk against coverage needs probabilities; pass a classifier with predict_proba.")
    outputs = predictor(source.frame.copy())
    correct = outputs.decisions == encode_target(source.target, predictor)
    return RiskCoverage(predictor, Confidences.of(confidence_of(outputs), correct), alpha)
