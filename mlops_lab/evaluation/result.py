"""What a check found: numbers with an interval, a verdict, and the words that go with them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from mlops_lab.i18n import gettext as _
from mlops_lab.i18n import ngettext

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SIGNS", "WORST_FIRST", "Result", "Verdict", "Words"]

Verdict = Literal["pass", "fail", "inconclusive", "error"]

SIGNS: dict[str, str] = {"pass": "✓", "fail": "✗", "inconclusive": "?", "error": "!"}
WORST_FIRST: tuple[Verdict, ...] = ("fail", "error", "inconclusive", "pass")


@dataclass(frozen=True)
class Words:
    """The sentences of a result; each is whole, translated, and holds its own numbers.

    Parameters
    ----------
    changed : str
        What was changed or looked at.
    happened : str
        What that did, with estimate and interval.
    when_failed : str
        What to do where the verdict is ``fail``.
    when_passed : str, default ""
        What to keep in mind where it is ``pass``.
    settles : str, default ""
        What would settle an inconclusive verdict, where more rows alone would not.
    """

    changed: str
    happened: str
    when_failed: str
    when_passed: str = ""
    settles: str = ""


@dataclass(frozen=True)
class Result:
    """What one check found.

    Parameters
    ----------
    name : str
        Name of the check, unique in its suite.
    kind : str
        Which check, such as ``"invariance"``.
    target : str
        What it looked at, usually columns.
    metric : str
        What the numbers are, such as ``"drop of accuracy"``.
    verdict : {"pass", "fail", "inconclusive", "error"}
        Against the tolerance, corrected for the number of checks in the suite.
    estimate, low, high : float
        The number and its two-sided interval at 1 − alpha; for checks of several parts, of the part that decides.
    tolerance : float
        What was allowed.
    larger_is_worse : bool, default True
        False where the tolerance is a floor, such as a least accuracy; pictures and comparisons go by it.
    p_fail : float
        One-sided p-value that goes with the interval: how often data as bad as these come from a model exactly at the
        tolerance.
    rows : int
        Rows that the numbers rest on.
    rows_needed : float
        Rows with which a verdict could be expected nine times out of ten, were the truth where the estimate is;
        infinite at the tolerance.
    details : DataFrame
        The table behind the picture: one row a group, level, strength or bin.
    examples : DataFrame
        The worst rows; holds data of persons, so it stays out of files unless asked for.
    words : Words, optional
        Sentences for `explain`.
    notes : tuple of str
        What else must be known, such as that a class has too few rows.
    extras : dict
        Further numbers of the check by name, such as the strength at which the tolerance is crossed.
    error : Exception, optional
        What was raised, where the verdict is ``error``.
    """

    name: str
    kind: str
    target: str
    metric: str
    verdict: Verdict
    estimate: float = math.nan
    low: float = math.nan
    high: float = math.nan
    tolerance: float = math.nan
    larger_is_worse: bool = True
    p_fail: float = 1.0
    rows: int = 0
    rows_needed: float = math.nan
    details: pd.DataFrame = field(default_factory=pd.DataFrame)
    examples: pd.DataFrame = field(default_factory=pd.DataFrame)
    words: Words | None = None
    notes: tuple[str, ...] = ()
    extras: dict[str, Any] = field(default_factory=dict)
    error: Exception | None = field(default=None, repr=False, compare=False)

    @property
    def of_values(self) -> bool:
        """Whether the model answers with values, which are no decisions."""
        return self.extras.get("answers") == "values"

    @property
    def passed(self) -> bool:
        """Whether the verdict is ``pass``."""
        return self.verdict == "pass"

    def explain(self) -> str:
        """Say in plain words what was changed, what happened and what to do.

        Returns
        -------
        str
            A few sentences.
        """
        return " ".join(sentence for sentence in self.parts().values() if sentence)

    def parts(self) -> dict[str, str]:
        """Return what `explain` says, by what it is about; empty where there is nothing to say.

        Returns
        -------
        dict
            ``changed``, ``happened``, ``verdict``, ``advice`` and ``notes``.
        """
        parts = dict.fromkeys(("changed", "happened", "verdict", "advice"), "")
        if self.words is not None:
            advice = {
                "fail": self.words.when_failed,
                "pass": self.words.when_passed,
                "inconclusive": self.words.settles or self._rows_sentence(),
                "error": "",
            }
            parts = {
                "changed": self.words.changed,
                "happened": self.words.happened,
                "verdict": self._verdict_sentence(),
                "advice": advice[self.verdict],
            }
        return parts | {"notes": " ".join(note for note in self.notes if note != parts["advice"])}

    def _verdict_sentence(self) -> str:
        sentences = {
            "pass": _("The whole interval is on the right side of the tolerance: the check passes."),
            "fail": _("The whole interval is on the wrong side of the tolerance: the check fails."),
            "inconclusive": _("These data cannot tell on which side of the tolerance the truth lies."),
            "error": _("The check could not be made, which is not a pass."),
        }
        return sentences[self.verdict]

    def _rows_sentence(self) -> str:
        if math.isnan(self.rows_needed):
            return _("More rows would narrow the interval; how many are needed cannot be said from these.")
        if math.isinf(self.rows_needed):
            return _(
                "The estimate sits at the tolerance, where no number of rows would tell; "
                "decide whether the tolerance is the right one."
            )
        step = 10 ** max(0, math.floor(math.log10(max(1.0, self.rows_needed))) - 2)
        needed = math.ceil(self.rows_needed / step) * step  # three digits: it is a forecast
        return ngettext(
            "About {needed:,} row would tell, were the truth where the estimate is; there is {rows:,}.",
            "About {needed:,} rows would tell, were the truth where the estimate is; there are {rows:,}.",
            needed,
        ).format(needed=needed, rows=self.rows)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw what `details` holds.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        matplotlib Axes
            With the picture.
        """
        from mlops_lab.evaluation.plots import draw_result

        return draw_result(self, ax)

    def row(self) -> dict[str, Any]:
        """Return the result as one row of `Report.table`.

        Returns
        -------
        dict
            By column.
        """
        return {
            "check": self.name,
            "target": self.target,
            "metric": self.metric,
            "estimate": self.estimate,
            "low": self.low,
            "high": self.high,
            "tolerance": self.tolerance,
            "verdict": self.verdict,
            "rows": self.rows,
            "rows_needed": self.rows_needed,
        }

    def _repr_html_(self) -> str:
        from mlops_lab.evaluation.html import result_html

        return result_html(self)

    def __repr__(self) -> str:
        interval = f"{self.estimate:.4g} [{self.low:.4g}, {self.high:.4g}], tolerance {self.tolerance:.4g}"
        return f"{SIGNS[self.verdict]} {self.name}: {self.metric} {interval} → {self.verdict}"
