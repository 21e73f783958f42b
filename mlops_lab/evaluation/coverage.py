"""How often a promise of coverage is kept: over all rows, and in each group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlops_lab.errors import shorten
from mlops_lab.evaluation.data import FrameSource
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.finding import Finding
from mlops_lab.evaluation.grouping import bin_column, binning_needs
from mlops_lab.evaluation.numbers import of_rows
from mlops_lab.evaluation.profile import profile_frame
from mlops_lab.evaluation.statistics.moments import Moments, mean_interval
from mlops_lab.evaluation.statistics.rates import clopper_pearson
from mlops_lab.i18n import gettext as _
from mlops_lab.i18n import ngettext

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["BROKEN", "KEPT", "UNSURE", "Coverage", "measure_coverage"]

KEPT, BROKEN, UNSURE = "kept", "broken", "can't tell"


@dataclass(frozen=True, eq=False, repr=False)
class Coverage(Finding):
    """How often sets or intervals hold the truth; made by `Conformal.coverage`.

    Parameters
    ----------
    table : DataFrame
        All rows first, then each group: group, rows, estimate (share of rows whose truth is held), low, high, verdict
        ("kept": the interval lies above the promise; "broken": it lies below what bad luck with the calibration rows
        would explain; "can't tell"), size (mean number of labels or width), size_low, size_high.
    promise : float
        Share that was promised.
    luck : tuple of float
        Where the true coverage may lie by the luck of the calibration rows.
    rows_calibrated : int
        How many those were.
    of_sets : bool
        Whether the answers are sets of labels; else intervals of values.
    alpha : float
        One minus the level of the intervals.
    """

    table: pd.DataFrame
    promise: float
    luck: tuple[float, float]
    rows_calibrated: int
    of_sets: bool
    alpha: float

    @property
    def title(self) -> str:
        """What was measured."""
        return _("Coverage of the promised {promise:.0%}").format(promise=self.promise)

    @property
    def shown(self) -> pd.DataFrame:
        """The table."""
        return self.table

    def sentences(self) -> list[str]:
        """Say whether the promise is kept over all rows, and where it is not."""
        whole, groups = self.table.iloc[0], self.table.iloc[1:]
        said = [
            _(
                "Over all {rows:,} rows the truth is held in {estimate:.1%} ({level:.0%} interval {low:.1%} to "
                "{high:.1%}); {promise:.0%} were promised, and by the luck of {calibrated:,} calibration rows "
                "{least:.1%} to {most:.1%} are to be expected."
            ).format(
                **whole[["rows", "estimate", "low", "high"]].to_dict(),
                level=1 - self.alpha,
                promise=self.promise,
                calibrated=self.rows_calibrated,
                least=self.luck[0],
                most=self.luck[1],
            ),
            self._size_sentence(float(whole["size"])),
            _("The promise is about all rows together (marginal coverage), not about any one group or row."),
        ]
        if not len(groups):
            return [*said, _("Name columns with by= to see the groups.")]
        return [*said, *group_sentences(groups)]

    def _size_sentence(self, size: float) -> str:
        said = (
            _("A set holds {size:.3g} labels on average.")
            if self.of_sets
            else _("An interval is {size:.3g} wide on average.")
        )
        return said.format(size=size)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the coverage of all rows and of each group against the promise."""
        from mlops_lab.evaluation.plots.coverage import draw_coverage

        return draw_coverage(self.table, self.promise, self.title, ax)


def group_sentences(groups: pd.DataFrame) -> list[str]:
    """Say in which groups the promise is broken, kept, or cannot be judged."""
    said = []
    for row in groups[groups["verdict"] == BROKEN].sort_values("estimate").itertuples():
        said.append(
            _("It fails where {group}: only {estimate:.1%} ({low:.1%} to {high:.1%}) of {rows}.").format(
                group=row.group, estimate=row.estimate, low=row.low, high=row.high, rows=of_rows(row.rows)
            )
        )
    if said:
        said.append(_("Calibrate these groups apart, or tell those who use the answers."))
    else:
        said.append(
            ngettext(
                "In the only group the promise is not shown to fail.",
                "In none of {groups} groups is the promise shown to fail.",
                len(groups),
            ).format(groups=len(groups))
        )
    unsure = groups.loc[groups["verdict"] == UNSURE, "group"]
    if len(unsure):
        said.append(_("These rows cannot tell whether it is kept in: {names}.").format(names=shorten(unsure, limit=5)))
    return said


def measure_coverage(
    source: FrameSource,
    held: np.ndarray,
    size: np.ndarray,
    by: Sequence[str],
    bins: int,
    promise: float,
    luck: tuple[float, float],
    rows_calibrated: int,
    of_sets: bool,
    alpha: float,
) -> Coverage:
    """Count what is held, over all rows and in each group.

    Parameters
    ----------
    source : FrameSource
        The rows.
    held : ndarray of bool, shape (rows,)
        Whether the truth is in the set or interval.
    size : ndarray of float, shape (rows,)
        Labels in the set, or width of the interval.
    by : sequence of str
        Columns that make the groups.
    bins : int
        Groups of a numeric column.
    promise, luck, rows_calibrated, of_sets, alpha
        As in `Coverage`.

    Returns
    -------
    Coverage
        All rows first.

    Raises
    ------
    EvaluationError
        Where a column is not there or makes no groups.
    """
    if not isinstance(bins, int) or bins < 2:
        raise EvaluationError(f"bins is {bins!r}; give a whole number from 2 on.")
    masks = group_masks(source, by, bins)
    rows = [row_of(_("all rows"), held, size, promise, luck[0], alpha)]
    rows += [row_of(name, held[mask], size[mask], promise, luck[0], alpha / len(masks)) for name, mask in masks.items()]
    return Coverage(pd.DataFrame(rows), promise, luck, rows_calibrated, of_sets, alpha)


def group_masks(source: FrameSource, by: Sequence[str], bins: int) -> dict[str, np.ndarray]:
    """Return the rows of each group that has any."""
    profile = profile_frame(source.frame, binning_needs(by, source.schema))
    masks = {}
    for column in by:
        binning = bin_column(column, profile, bins)
        codes = binning.codes(source.frame)
        for code in np.unique(codes):
            masks[binning.labels[code]] = codes == code
    return masks


def row_of(
    name: str, held: np.ndarray, size: np.ndarray, promise: float, least: float, alpha: float
) -> dict[str, object]:
    """Make the row of one group; what bad luck with the calibration rows explains does not count as broken."""
    shown = clopper_pearson(int(held.sum()), len(held), alpha=alpha)
    mean = mean_interval(Moments.of(size[:, None]), alpha=alpha)
    verdict = BROKEN if float(shown.high) < least else KEPT if float(shown.low) >= promise else UNSURE
    return {
        "group": name,
        "rows": len(held),
        "estimate": shown.estimate,
        "low": shown.low,
        "high": shown.high,
        "verdict": verdict,
        "size": mean.estimate,
        "size_low": max(0.0, float(mean.low)),
        "size_high": mean.high,
    }
