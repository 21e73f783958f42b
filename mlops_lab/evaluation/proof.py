"""The proof of a recalibration: what it brings on rows that no candidate saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.finding import Finding
from mlops_lab.evaluation.recalibrators import AsItIs
from mlops_lab.evaluation.statistics.interval import Interval
from mlops_lab.i18n import gettext as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["AS_IT_IS", "Proof", "RecalibrationRefused"]

AS_IT_IS = AsItIs.method


@dataclass(frozen=True, eq=False, repr=False)
class Proof(Finding):
    """Whether a recalibration helps, on rows that none of the candidates saw; made by `recalibrate`.

    Parameters
    ----------
    method : str
        The map that was chosen.
    candidates : tuple of tuple
        The rows of `table`, in plain numbers so that a recalibrated model can be kept by ``skops`` too.
    before, after : float
        Log loss of the proof rows as it is, and recalibrated.
    gain : Interval
        Of their paired difference; positive is better.
    rows, rows_fitted : int
        Rows of the proof, and rows for choosing and fitting.
    accepted : bool
        Whether the whole interval of the gain is above 0.
    notes : tuple of str
        What else must be known, such as a method that had too few rows.
    """

    method: str
    candidates: tuple[tuple[Any, ...], ...]
    before: float
    after: float
    gain: Interval
    rows: int
    rows_fitted: int
    accepted: bool
    notes: tuple[str, ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """One row a candidate: its cross-fitted log loss, how much lower that is than as it is, with interval."""
        return pd.DataFrame(self.candidates, columns=["method", "log_loss", "estimate", "low", "high", "chosen"])

    @property
    def title(self) -> str:
        """What was measured."""
        return _("Recalibration: {method}").format(method=self.method)

    @property
    def shown(self) -> pd.DataFrame:
        """The table of candidates."""
        return self.table

    def sentences(self) -> list[str]:
        """Say what was chosen, what it brought, and whether it is to be used."""
        if self.method == AS_IT_IS:
            others = self.table.loc[self.table["method"] != AS_IT_IS]
            best = others.loc[others["log_loss"].idxmin()]
            said = _(
                "The model is fine as it is: cross-fitted on {rows:,} rows, no method lowers its log loss of "
                "{before:.4f} by more than a standard error; the best, {method}, reaches {best:.4f}."
            ).format(
                rows=self.rows_fitted,
                before=self.table["log_loss"].iloc[0],
                method=best["method"],
                best=best["log_loss"],
            )
            return [said, *self.notes]
        numbers = _(
            "On {rows:,} rows that no candidate saw, {method} changes the log loss from {before:.4f} to {after:.4f}: "
            "a gain of {gain:.4f} ({level:.0%} interval {low:.4f} to {high:.4f})."
        ).format(
            rows=self.rows,
            method=self.method,
            before=self.before,
            after=self.after,
            gain=self.gain.estimate,
            level=1 - self.gain.alpha,
            low=self.gain.low,
            high=self.gain.high,
        )
        verdict = (
            _("The whole interval is above 0: the recalibrated model is proven better calibrated on rows like these.")
            if self.accepted
            else _("The interval reaches down to 0 or below, so nothing is proven; bring more rows, or keep the model.")
        )
        return [numbers, verdict, *self.notes]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw what each candidate gains, and the proof."""
        from mlops_lab.evaluation.plots.recalibration import draw_proof

        return draw_proof(self, ax)


class RecalibrationRefused(EvaluationError):
    """A recalibration is not proven to help, so there is none.

    Parameters
    ----------
    proof : Proof
        The numbers.
    """

    def __init__(self, proof: Proof) -> None:
        super().__init__(_("Recalibration refused. {why}").format(why=proof.explain()))
        self.proof = proof

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the proof, not by the sentence."""
        return type(self), (self.proof,)
