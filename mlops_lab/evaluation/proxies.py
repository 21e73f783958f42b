"""What is said of proxies: tables, sentences, pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from mlops_lab.errors import shorten
from mlops_lab.evaluation.finding import Finding
from mlops_lab.evaluation.statistics.interval import Interval
from mlops_lab.i18n import gettext as _
from mlops_lab.i18n import ngettext

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ProxyAudit"]

LITTLE = 0.1  # of the distance: what is left below this is next to nothing


@dataclass(frozen=True, eq=False, repr=False)
class ProxyAudit(Finding):
    """Whether other columns stand in for a sensitive one, and what a model makes of it; made by `proxy_audit`.

    Parameters
    ----------
    column : str
        The sensitive column.
    rows : int
        Rows that were used.
    auc : Interval
        How well all other columns together tell it: 0.5 is guessing, 1 certainty.
    levels : DataFrame
        Each level against the rest (of two levels one): level, auc, low, high.
    columns : DataFrame
        Each column alone, the most telling first: column, auc, low, high, certain; and, for the first five, what is
        left of the model's distance when it is exchanged at random: gap_left, share_left, each with low and high.
    fall : DataFrame
        All columns together, and without the most telling ones: left_out, auc, low, high.
    gaps : DataFrame
        Distances of the two groups' mean scores: of ("model", "model without the column", "model trained without",
        "truth"), gap, low, high, share of the model's, share_low, share_high.
    highest, lowest : str
        The two groups.
    left_out : mapping of str to str
        Columns that could not be read, and why.
    missing : int
        Rows that were left out, without a value or of a group with fewer than 30 rows.
    audited : int
        Rows that the auditor was fitted on.
    alpha : float
        One minus the level of the intervals.
    """

    column: str
    rows: int
    auc: Interval
    levels: pd.DataFrame
    columns: pd.DataFrame
    fall: pd.DataFrame
    gaps: pd.DataFrame
    highest: str
    lowest: str
    left_out: Mapping[str, str]
    missing: int
    audited: int
    alpha: float

    @property
    def title(self) -> str:
        """What was measured."""
        return _("What the other columns tell of {column}").format(column=self.column)

    @property
    def shown(self) -> pd.DataFrame:
        """Each column alone."""
        return self.columns

    @property
    def share(self) -> Interval:
        """What share of the distance remains when the model is told nothing of the column."""
        row = self.gaps.iloc[1]
        return Interval(float(row["share"]), float(row["share_low"]), float(row["share_high"]), alpha=self.alpha)

    def sentences(self) -> list[str]:
        """Say how well the column is told, by what, and what the model makes of it."""
        said = [self._told(), *self._fall(), *self._gaps(), *self._path(), self._conclusion()]
        if self.missing:
            said.append(
                ngettext(
                    "{missing:,} row without a value, or of a group of fewer than 30 rows, was left out.",
                    "{missing:,} rows without a value, or of a group of fewer than 30 rows, were left out.",
                    self.missing,
                ).format(missing=self.missing)
            )
        if self.left_out:
            columns = shorten(f"{name} ({why.rstrip('.')})" for name, why in self.left_out.items())
            said.append(_("Left out: {columns}.").format(columns=columns))
        return said

    def _told(self) -> str:
        return ngettext(
            "Fitted on {rows:,} rows, {count} other column tells {column} with an AUC of {auc:.3f} ({level:.0%} "
            "interval {low:.3f} to {high:.3f}), where 0.5 is guessing and 1 is certainty.",
            "Fitted on {rows:,} rows, {count} other columns tell {column} with an AUC of {auc:.3f} ({level:.0%} "
            "interval {low:.3f} to {high:.3f}), where 0.5 is guessing and 1 is certainty.",
            len(self.columns),
        ).format(
            rows=self.audited,
            count=len(self.columns),
            column=self.column,
            auc=self.auc.estimate,
            level=1 - self.alpha,
            low=self.auc.low,
            high=self.auc.high,
        )

    def _fall(self) -> list[str]:
        best = self.columns[self.columns["certain"]].head(3)
        if best.empty:
            return [_("No single column tells it beyond chance.")]
        named = ", ".join(f"{row.column} ({row.auc:.3f})" for row in best.itertuples())
        said = [_("Alone, these tell most: {named}.").format(named=named)]
        last = self.fall.iloc[-1]
        if len(self.fall) > 1:
            said.append(
                _("Without {left_out} the others still reach {auc:.3f} ({low:.3f} to {high:.3f}).").format(
                    **last.to_dict()
                )
            )
        return said

    def _gaps(self) -> list[str]:
        table = self.gaps.set_index("of")
        whole, neutral = table.loc["model"], table.loc["model without the column"]
        said = [
            _(
                "The model's mean score is higher by {gap:.4f} ({low:.4f} to {high:.4f}) where {column} is {highest} "
                "than where it is {lowest}."
            ).format(
                **whole[["gap", "low", "high"]].to_dict(),
                column=self.column,
                highest=self.highest,
                lowest=self.lowest,
            ),
            self._left(
                _("Told nothing of {column}, it keeps {gap:.4f} of that ({low:.4f} to {high:.4f}){share}."), neutral
            ),
        ]
        if "model trained without" in table.index:
            sentence = _("The model that was trained without it has {gap:.4f} ({low:.4f} to {high:.4f}){share}.")
            said.append(self._left(sentence, table.loc["model trained without"]))
        if "truth" in table.index:
            said.append(self._left(_("In truth it is {gap:.4f} ({low:.4f} to {high:.4f}){share}."), table.loc["truth"]))
        return said

    def _left(self, sentence: str, row: pd.Series) -> str:
        share = ""
        if math.isfinite(row["share_low"]) and math.isfinite(row["share_high"]):
            share = _(", which is {share:.0%} ({share_low:.0%} to {share_high:.0%})").format(
                **row[["share", "share_low", "share_high"]].to_dict()
            )
        return sentence.format(column=self.column, share=share, **row[["gap", "low", "high"]].to_dict())

    def _path(self) -> list[str]:
        """Name the column through which the model's distance runs, where exchanging it takes some away."""
        tried = self.columns.dropna(subset=["share_left"])
        tried = tried[tried["share_left_high"] < 1]
        if tried.empty:
            return []
        row = tried.loc[tried["share_left"].idxmin()]
        return [
            _(
                "Of single columns {name} carries most: exchanged at random among all rows, it leaves {share:.0%} "
                "({low:.0%} to {high:.0%}) of the distance."
            ).format(
                name=row["column"],
                share=row["share_left"],
                low=row["share_left_low"],
                high=row["share_left_high"],
            )
        ]

    def _conclusion(self) -> str:
        neutral = self.gaps.iloc[1]
        if float(self.auc.low) <= 0.5:
            sentence = _("The other columns do not tell {column} beyond chance, so dropping it would remove it.")
        elif neutral["low"] > 0 and (not math.isfinite(neutral["share_high"]) or neutral["share_high"] > LITTLE):
            sentence = _(
                "Dropping {column} does not make it go away: what the model knows of it, it knows from other columns. "
                "Decide whether they may be used for this, or correct the scores."
            )
        else:
            sentence = _(
                "The other columns tell {column}, and this model makes next to nothing of it; another one could."
            )
        return sentence.format(column=self.column)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how well the column is told: by all others, without the most telling ones, and by each alone."""
        from mlops_lab.evaluation.plots.proxies import draw_telling

        return draw_telling(self.fall, self.columns, self.title, ax)

    def plot_gaps(self, ax: Axes | None = None) -> Axes:
        """Draw the distances of the groups' mean scores.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        matplotlib Axes
            With the picture.
        """
        from mlops_lab.evaluation.plots.proxies import draw_gaps

        return draw_gaps(self.gaps, self.column, self.highest, self.lowest, ax)
