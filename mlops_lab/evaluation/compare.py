"""Two reports side by side: which verdicts changed, and which differences are more than chance."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.numbers import interval, number
from mlops_lab.evaluation.report import Report, align
from mlops_lab.evaluation.result import SIGNS, Result
from mlops_lab.i18n import gettext as _
from mlops_lab.i18n import ngettext

__all__ = ["Comparison", "compare"]

Finding = Literal["better", "worse", "cannot be told", "not comparable"]


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """What differs between two reports.

    Parameters
    ----------
    table : DataFrame
        One row a check that both have: check, metric, verdict_a, verdict_b, estimate_a, estimate_b, difference (b − a),
        low, high, finding.
    same_data : bool
        Whether both reports are about the same rows, by their fingerprints.
    same_model : bool
        Whether both are about the same model, by its answers to a few rows.
    only_a, only_b : tuple of str
        Checks that only one of them has.
    notes : tuple of str
        What else must be known to read the differences.
    """

    table: pd.DataFrame
    same_data: bool
    same_model: bool
    only_a: tuple[str, ...] = ()
    only_b: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def changed(self) -> pd.DataFrame:
        """The rows of `table` whose verdict changed."""
        return self.table[self.table["verdict_a"] != self.table["verdict_b"]]

    @property
    def headline(self) -> str:
        """How many verdicts changed, in words."""
        count, total = len(self.changed), len(self.table)
        if not count:
            return ngettext(
                "The verdict of the only check did not change.", "No verdict changed among {total} checks.", total
            ).format(total=total)
        return ngettext("{count} of {total} verdicts changed.", "{count} of {total} verdicts changed.", count).format(
            count=count, total=total
        )

    @property
    def sentences(self) -> tuple[str, ...]:
        """What must be known to read the differences."""
        data = _("Both are about the same rows.") if self.same_data else _("They are about different rows.")
        model = _("Both are about the same model.") if self.same_model else _("They are about different models.")
        only = [
            sentence.format(names=", ".join(names))
            for sentence, names in (
                (_("Only the first report has {names}."), self.only_a),
                (_("Only the second report has {names}."), self.only_b),
            )
            if names
        ]
        return (data, model, *only, *self.notes)

    def __repr__(self) -> str:
        head = ("", _("check"), _("first"), _("second"), _("difference"), _("interval"), _("finding"))
        lines = align([head, *(text_row(row) for row in self.table.itertuples())], right=(2, 3, 4, 5))
        return "\n".join([self.headline, "", *lines, "", *self.sentences])

    def _repr_html_(self) -> str:
        from mlops_lab.evaluation.html import comparison_html

        return comparison_html(self)


def compare(report_a: Report, report_b: Report) -> Comparison:
    """Compare two reports, such as of champion and challenger, or of last month and this.

    A report keeps numbers and intervals, not rows. For different rows the two intervals are independent, and that of
    the difference follows from them (Zou and Donner 2008, "Construction of confidence limits about effect measures",
    Statistics in Medicine 27). For the same rows they depend on each other in a way that the reports do not know, so
    their widths are added, which holds whatever the dependence: wider than need be, never too narrow.

    Parameters
    ----------
    report_a, report_b : Report
        The earlier and the later, or the reference and the candidate.

    Returns
    -------
    Comparison
        Verdicts, differences and what can be said about them.

    Raises
    ------
    EvaluationError
        Where one of them is no report, or they have no check in common.

    Examples
    --------
    >>> def report(estimate):
    ...     numbers = estimate, estimate - 0.002, estimate + 0.002, 0.01
    ...     return Report((Result("invariance:sex", "invariance", "sex", "change rate", "fail", *numbers),))
    >>> compare(report(0.02), report(0.05)).table["finding"].tolist()
    ['worse']
    """
    for report in (report_a, report_b):
        if not isinstance(report, Report):
            raise EvaluationError(
                f"compare was given a {type(report).__name__}; pass two reports, such as Suite.run returns."
            )
    first, second = ({result.name: result for result in report.results} for report in (report_a, report_b))
    common = [name for name in first if name in second]
    if not common:
        raise EvaluationError("The reports have no check in common; compare reports of the same suite.")
    same_data = same(report_a.data, report_b.data)
    rows = [compare_results(first[name], second[name], added if same_data else squared) for name in common]
    return Comparison(
        pd.DataFrame(rows),
        same_data=same_data,
        same_model=same(report_a.model, report_b.model),
        only_a=tuple(name for name in first if name not in second),
        only_b=tuple(name for name in second if name not in first),
        notes=tuple(notes(report_a, report_b, common)),
    )


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two fingerprints are known and equal."""
    return one.get("digest") is not None and (one.get("rows"), one["digest"]) == (
        other.get("rows"),
        other.get("digest"),
    )


def compare_results(a: Result, b: Result, join: Callable[[float, float], float]) -> dict[str, Any]:
    """Compare the results of one check."""
    difference, low, high = math.nan, math.nan, math.nan
    if (a.metric, a.kind) == (b.metric, b.kind):
        difference = b.estimate - a.estimate
        low = difference - join(b.estimate - b.low, a.high - a.estimate)
        high = difference + join(b.high - b.estimate, a.estimate - a.low)
    return {
        "check": a.name,
        "metric": b.metric or a.metric,
        "verdict_a": a.verdict,
        "verdict_b": b.verdict,
        "estimate_a": a.estimate,
        "estimate_b": b.estimate,
        "difference": difference,
        "low": low,
        "high": high,
        "finding": finding(low, high, b.larger_is_worse),
    }


def added(one: float, other: float) -> float:
    """Join two distances whose dependence is not known."""
    return one + other


def squared(one: float, other: float) -> float:
    """Join two distances that are independent."""
    return math.hypot(one, other)


def finding(low: float, high: float, larger_is_worse: bool) -> Finding:
    """Say what an interval of a difference means."""
    if math.isnan(low) or math.isnan(high):
        return "not comparable"
    if low <= 0 <= high:
        return "cannot be told"
    return "worse" if (low > 0) == larger_is_worse else "better"


def notes(a: Report, b: Report, common: list[str]) -> list[str]:
    """Say what makes the comparison less than one would think."""
    said = []
    if a.alpha != b.alpha:
        said.append(
            _("Their intervals have different levels ({a:.0%} and {b:.0%}).").format(a=1 - a.alpha, b=1 - b.alpha)
        )
    moved = [name for name in common if not agree(a[name], b[name])]
    if moved:
        said.append(_("These checks have another tolerance or metric now: {names}.").format(names=", ".join(moved)))
    if a.partial or b.partial:
        said.append(_("One of the runs was stopped early."))
    return said


def agree(a: Result, b: Result) -> bool:
    """Whether two results were judged by the same rule; what could not be made was judged by none."""
    if "error" in (a.verdict, b.verdict):
        return True
    return (a.metric, a.tolerance) == (b.metric, b.tolerance)


def text_row(row: Any) -> tuple[str, ...]:
    """Return the cells of one check."""
    return (
        SIGNS[row.verdict_a] + ("" if row.verdict_a == row.verdict_b else f" → {SIGNS[row.verdict_b]}"),
        row.check,
        number(row.estimate_a),
        number(row.estimate_b),
        number(row.difference),
        interval(row.low, row.high),
        row.finding,
    )
