"""Weak slices: the groups of rows, found by searching, that are served much worse than all rows together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from mlops_lab.errors import shorten
from mlops_lab.evaluation.check import Check, Procedure, Setting
from mlops_lab.evaluation.checks.weak_cells import Cells, Judged, plain_mean
from mlops_lab.evaluation.data import Batch, Column, Schema
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.grouping import bin_column, binning_needs
from mlops_lab.evaluation.lattice import Lattice, Overlap, jaccard
from mlops_lab.evaluation.metrics import FOR_PROBABILITIES, FOR_VALUES, row_loss
from mlops_lab.evaluation.numbers import in_text
from mlops_lab.evaluation.parameters import check_amount, check_distinct
from mlops_lab.evaluation.plan import Answers
from mlops_lab.evaluation.profile import Needs
from mlops_lab.evaluation.request import Request
from mlops_lab.evaluation.result import Result, Words
from mlops_lab.evaluation.statistics.groups import gap
from mlops_lab.evaluation.statistics.interval import Interval, interval, normal_quantile
from mlops_lab.evaluation.statistics.multiplicity import holm
from mlops_lab.evaluation.statistics.power import POWER, rows_needed_parts
from mlops_lab.evaluation.statistics.rates import rate
from mlops_lab.i18n import gettext as _
from mlops_lab.i18n import ngettext

__all__ = ["WeakSlices"]

KINDS_SEARCHED = ("integer", "real", "boolean", "category", "text")
MEAN_METRICS = ("accuracy", "log_loss", "brier_score", "mean_absolute_error")
MOST_CELLS = 20_000_000
MOST_FOUND = 20  # slices that are confirmed: each one more makes the correction stricter for all
LEAST_ROWS = 20  # of a slice on the half that searches
LEAST_SCORE = 2.0  # standard errors by which a slice must exceed the tolerance to be worth confirming
SAME = 0.5  # share of rows in common (Jaccard) from which two slices are one


@dataclass(frozen=True)
class WeakSlices(Check):
    """Search all conjunctions of levels, bins of numbers and missing values for groups that the model serves badly.

    Slices are found on one half of the rows and confirmed on the other, with Holm's correction over those that were
    found, so that the luck of the search does not count. The check fails where a slice is confirmed beyond `max_gap`.
    It passes where every slice that looked weak, or has enough rows to tell, is shown on all rows to stay below (all
    must, so none needs a correction: Berger 1982), and says how small a slice could be judged; where none has enough
    rows, all of them must. The search itself is that of Chung, Kraska, Polyzotis, Tae and Whang (2019), "Slice Finder",
    made exhaustive by counting.

    Parameters
    ----------
    max_depth : int, default 2
        How many columns a slice may combine, up to 3.
    max_gap : float, default 0.1
        How much worse than all rows a slice may be, in the metric's own unit.
    metric : str, optional
        A metric that is a mean over rows: accuracy, log_loss, brier_score or mean_absolute_error.
    columns : sequence of str or int, optional
        Where to search; by default all columns of numbers, levels and booleans.
    bins : int, default 5
        Groups of a numeric column.
    levels : int, default 12
        Most common levels of a column that are groups of their own.

    Raises
    ------
    EvaluationError
        Where a parameter cannot be used.

    Examples
    --------
    >>> from mlops_lab import evaluation as ev
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame({"job": rng.choice(["cook", "nurse"], 8000), "age": rng.uniform(20, 70, 8000)})
    >>> wrong = rng.random(8000) < np.where((frame["job"] == "cook") & (frame["age"] > 60), 0.4, 0.05)
    >>> target = (rng.random(8000) < 0.5).astype(int)
    >>> answer = np.where(wrong, 1 - target, target).astype(float)
    >>> report = ev.Suite([ev.WeakSlices(max_gap=0.1)]).run(lambda X: answer[X.index], frame, target)
    >>> report["weak_slices"].verdict, report["weak_slices"].extras["worst_slice"]
    ('fail', 'job = cook & age > 60.1')
    """

    method: ClassVar[str] = "weak_slices"
    max_depth: int = 2
    max_gap: float = 0.1
    metric: str | None = None
    columns: Sequence[Column] | None = None
    bins: int = 5
    levels: int = 12

    def __post_init__(self) -> None:
        if self.max_depth not in (1, 2, 3):
            raise EvaluationError(f"max_depth is {self.max_depth!r}; choose 1, 2 or 3.")
        check_amount(self.max_gap, "max_gap", least=1e-12)
        for name in ("bins", "levels"):
            value = getattr(self, name)
            if not isinstance(value, int) or not 2 <= value <= 100:
                raise EvaluationError(f"{name} is {value!r}; give a whole number from 2 to 100.")
        if self.columns is not None:
            if isinstance(self.columns, str) or not self.columns:
                raise EvaluationError(f"columns is {self.columns!r}; pass a list of columns, or leave it out for all.")
            object.__setattr__(self, "columns", tuple(self.columns))
            check_distinct(self.columns, self.method)

    @property
    def target(self) -> str:
        """The columns, where some were named."""
        return " & ".join(map(str, self.columns or ()))

    def searched(self, schema: Schema) -> tuple[str, ...]:
        """Return the columns that are searched."""
        return tuple(self.columns or (name for name in schema.names if schema.kind(name) in KINDS_SEARCHED))

    def needs(self, schema: Schema) -> Needs:
        """Ask for levels and quantiles of all columns that are searched."""
        return binning_needs(self.searched(schema), schema)

    def prepare(self, setting: Setting, name: str) -> Procedure:
        """Cut the columns into groups, and refuse more slices than can be counted."""
        values = setting.task == "regression"
        metric = self.metric or ("mean_absolute_error" if values else "accuracy")
        fitting = [one for one in MEAN_METRICS if (one in FOR_VALUES) == values]
        if metric not in fitting:
            raise EvaluationError(
                f"The metric {metric!r} is no mean over rows of this model; choose one of {shorten(fitting)}."
            )
        if metric in FOR_PROBABILITIES:
            setting.require_probabilities(metric)
        binnings = tuple(
            bin_column(column, setting.profile, self.bins, self.levels) for column in self.searched(setting.schema)
        )
        lattice = Lattice(binnings, min(self.max_depth, len(binnings)))
        if lattice.cells > MOST_CELLS:
            raise EvaluationError(
                f"There are {lattice.cells:,} slices, more than {MOST_CELLS:,}; "
                "name columns=, or lower max_depth, bins or levels."
            )
        searched = self.searched(setting.schema)
        skipped = [] if self.columns else [column for column in setting.schema.names if column not in searched]
        return WeakSlicesProcedure(self, setting, name, metric, lattice, tuple(skipped))


@dataclass(frozen=True)
class WeakSlicesProcedure(Procedure):
    """A search for weak slices made ready."""

    check: WeakSlices
    setting: Setting
    name: str
    metric: str
    lattice: Lattice
    skipped: tuple[str, ...]

    def requests(self, batch: Batch) -> list[Request]:
        """Ask for nothing but the unchanged rows."""
        return []

    def observe(self, batch: Batch, requests: Sequence[Request], answers: Answers) -> Cells:
        """Count every slice on both halves."""
        loss = row_loss(self.metric, batch.target, answers.unchanged)
        rng = self.setting.random(self.name, batch)
        half = (rng.random() < 0.5).astype(np.int64)  # 0 searches, 1 confirms
        codes = self.lattice.codes(batch.frame)
        if self.metric == "accuracy":
            rows, losses = self.lattice.count_wrong(codes, half, loss > 0)
            squares = losses
        else:
            rows, losses, squares = self.lattice.sum_losses(codes, half, loss)
        total = np.array([[np.sum(half == h), loss[half == h].sum(), (loss[half == h] ** 2).sum()] for h in (0, 1)])
        return Cells(rows, losses, squares, total, Overlap.of(codes, rng))

    def gaps(self, state: Cells, cells: np.ndarray, half: int | None) -> Interval:
        """Estimate how much worse some slices are than all rows, on one half, or with None on both."""
        halves = [0, 1] if half is None else [half]
        rows, losses, squares = (
            table[cells][:, halves].sum(axis=1).astype(float) for table in (state.rows, state.losses, state.squares)
        )
        all_rows, all_losses, all_squares = state.total[halves].sum(axis=0)
        outside = all_rows - rows
        alpha, tolerance = self.setting.alpha, self.check.max_gap
        if self.metric == "accuracy":
            inner, outer = rate(losses, rows, alpha=alpha), rate(all_losses - losses, outside, alpha=alpha)
        else:
            inner = plain_mean(losses, squares, rows, alpha)
            outer = plain_mean(all_losses - losses, all_squares - squares, outside, alpha)
        return gap(inner, outer, rows / all_rows, tolerance=tolerance, alpha=alpha)

    def result(self, state: Cells) -> Result:
        """Find on one half, confirm on the other."""
        enough = (state.rows[:, 0] >= LEAST_ROWS) & (state.rows[:, 0] < state.total[0, 0]) & (state.rows[:, 1] > 0)
        cells = np.flatnonzero(enough & (state.rows[:, 1] < state.total[1, 0]))
        if not len(cells):
            raise EvaluationError(f"No slice has {2 * LEAST_ROWS} rows; pass more rows, fewer bins or levels.")
        seen = self.gaps(state, cells, half=0)
        found = self._worth_confirming(state, cells, seen)
        details = self._details(state, found, cells, seen)
        confirmed = bool(details["confirmed"].any())
        judged = self._judged(state, cells, found)
        decides, number = self._confirmed(state, found, details) if confirmed else self._largest(state, judged, seen)
        unclear = judged.cells[np.asarray(judged.gaps.high) > self.check.max_gap]
        passed = number.high <= self.check.max_gap
        return Result(
            name=self.name,
            kind=self.check.method,
            target=self.check.target,
            metric=_("gap of {metric}").format(metric=self.metric),
            verdict="fail" if confirmed else ("pass" if passed else "inconclusive"),
            estimate=float(number.estimate),
            low=float(number.low),
            high=float(number.high),
            tolerance=self.check.max_gap,
            p_fail=float(details["p_value"].min()) if len(details) else 1.0,
            rows=int(state.total[:, 0].sum()),
            rows_needed=self._needed(state, judged, number if confirmed else None, len(found)),
            details=details,
            words=self._words(decides, number, len(cells), len(found), judged),
            notes=self._notes(judged, unclear, details),
            extras={
                "worst_slice": self.lattice.label(decides),
                "slices_searched": len(cells),
                "slices_found": len(found),
                "smallest_judged": judged.smallest,
            },
        )

    def _worth_confirming(self, state: Cells, cells: np.ndarray, seen: Interval) -> list[int]:
        """Choose the slices that exceed the tolerance most clearly, each lot of overlapping ones once."""
        error = (np.asarray(seen.high) - np.asarray(seen.low)) / 2 / normal_quantile(self.setting.alpha)
        excess = np.asarray(seen.estimate) - self.check.max_gap
        with np.errstate(divide="ignore", invalid="ignore"):
            score = np.where(error > 0, excess / error, np.sign(excess) * np.inf)
        order = np.argsort(-score, kind="stable")
        chosen: list[int] = []
        members = np.zeros((MOST_FOUND, len(state.overlap.codes)), dtype=bool)
        for cell in cells[order[score[order] > LEAST_SCORE]].tolist():
            own = state.overlap.members(self.lattice, cell)
            if (jaccard(own, members[: len(chosen)]) < SAME).all():
                members[len(chosen)] = own
                chosen.append(cell)
            if len(chosen) == MOST_FOUND:
                break
        return chosen

    def _judged(self, state: Cells, cells: np.ndarray, found: list[int]) -> Judged:
        """Return the slices with enough rows to tell, and those that looked weak; all of them where none has enough.

        Enough rows means that the interval of a slice at the tolerance would reach a third of the tolerance to each
        side: then noise alone hardly lifts a good slice over it. Only a slice's rows decide, never its own losses:
        else the worst slices, which vary most, would be spared for it.
        """
        sizes, least = state.rows[cells].sum(axis=1), self._least_rows(state)
        enough, short = sizes >= least, least / float(sizes.max())
        if not enough.any():
            return Judged(cells, np.arange(len(cells)), self.gaps(state, cells, half=None), 0, short)
        places = np.flatnonzero(enough | np.isin(cells, found))
        smallest = int(sizes[enough].min())
        return Judged(cells[places], places, self.gaps(state, cells[places], half=None), smallest, short)

    def _least_rows(self, state: Cells) -> float:
        """Rows with which the mean loss of a slice at the tolerance is known to a third of the tolerance."""
        rows, losses, squares = state.total.sum(axis=0)
        mean = losses / rows
        variance = squares / rows - mean**2
        if self.metric == "accuracy":
            share = min(0.5, mean + self.check.max_gap)
            variance = share * (1 - share)
        return float(variance * (3 * normal_quantile(self.setting.alpha) / self.check.max_gap) ** 2)

    def _confirmed(self, state: Cells, found: list[int], details: pd.DataFrame) -> tuple[int, Interval]:
        """Return the clearest of the slices that were confirmed, with its gap on the confirming half."""
        decides = found[int(details.loc[details["confirmed"], "low"].idxmax())]
        return decides, self.gaps(state, np.array([decides]), half=1)[0]

    def _largest(self, state: Cells, judged: Judged, seen: Interval) -> tuple[int, Interval]:
        """Estimate the largest gap of the slices that are judged, none of which was confirmed beyond the tolerance.

        The slice that looks worst to the searching half gives the estimate and the lower end, on the confirming half:
        the largest gap is no smaller. The upper end is the largest of all slices' own, on all rows: the slice with the
        largest gap lies below its own with the interval's level. A lower end beyond the tolerance would say what the
        correction for several slices has denied, and is moved there.
        """
        decides = int(judged.cells[np.asarray(seen.estimate)[judged.places].argmax()])
        fresh = self.gaps(state, np.array([decides]), half=1)[0]
        low = min(float(fresh.low), self.check.max_gap)
        high = max(float(np.max(judged.gaps.high)), float(fresh.estimate))
        return decides, interval(
            fresh.estimate, low, high, tolerance=self.check.max_gap, alpha=self.setting.alpha, method="largest"
        )

    def _needed(self, state: Cells, judged: Judged, confirmed: Interval | None, found: int) -> float:
        """Rows of the whole data with which all judged slices would pass, or one would be found and confirmed."""
        rows, alpha, tolerance = int(state.total[:, 0].sum()), self.setting.alpha, self.check.max_gap
        both = math.sqrt(POWER)  # a slice must be found on one half, and confirmed on the other
        if confirmed is not None:
            ends = confirmed.estimate, confirmed.low, confirmed.high
            return rows_needed_parts(*ends, tolerance, rows, alpha=alpha, looks=found, power=both)
        ends = judged.gaps.estimate, judged.gaps.low, judged.gaps.high
        if np.max(judged.gaps.estimate) > tolerance:  # each half has half of the rows
            return rows_needed_parts(*ends, tolerance, 2 * rows, alpha=alpha, looks=max(1, found), power=both)
        needed = rows_needed_parts(*ends, tolerance, rows, alpha=alpha)
        return needed if judged.smallest else max(needed, math.ceil(rows * judged.short))

    def _details(self, state: Cells, found: list[int], cells: np.ndarray, seen: Interval) -> pd.DataFrame:
        """Make the table of the slices that were found: sizes from all rows, effects from the confirming half only."""
        columns = ["slice", "rows", "share_of_error", "found_gap", "gap", "low", "high", "p_value", "confirmed"]
        if not found:
            return pd.DataFrame({name: pd.Series(dtype=bool if name == "confirmed" else float) for name in columns})
        where = np.array(found)
        fresh = self.gaps(state, where, half=1)
        p_values = holm(np.asarray(fresh.p_fail))
        first = dict(zip(cells.tolist(), np.asarray(seen.estimate).tolist(), strict=True))
        return pd.DataFrame(
            {
                "slice": [self.lattice.label(cell) for cell in found],
                "rows": state.rows[where].sum(axis=1),
                "share_of_error": state.losses[where].sum(axis=1) / max(state.total[:, 1].sum(), 1e-300),
                "found_gap": [first[cell] for cell in found],
                "gap": fresh.estimate,
                "low": fresh.low,
                "high": fresh.high,
                "p_value": p_values,
                "confirmed": (p_values < self.setting.alpha / 2) & (np.asarray(fresh.low) > self.check.max_gap),
            }
        )

    def _notes(self, judged: Judged, unclear: np.ndarray, details: pd.DataFrame) -> tuple[str, ...]:
        notes = []
        if judged.smallest:
            notes.append(
                _("Slices under about {rows:,} rows cannot be cleared on these data.").format(rows=judged.smallest)
            )
        else:
            notes.append(_("No slice has enough rows to be cleared at this tolerance."))
        held = details.loc[(details["low"] > self.check.max_gap) & ~details["confirmed"].astype(bool), "slice"]
        if len(held):
            notes.append(
                _(
                    "Beyond the tolerance on their own, but not after the correction for the {count} slices that were "
                    "found: {slices}."
                ).format(count=len(details), slices=shorten(held, limit=3))
            )
        if len(unclear):
            labels = shorten([self.lattice.label(int(cell)) for cell in unclear], limit=3)
            notes.append(_("Still unclear: {slices}.").format(slices=labels))
        if self.skipped:
            notes.append(
                _("Not searched, since their values are no groups: {columns}.").format(columns=shorten(self.skipped))
            )
        return tuple(notes)

    def _words(self, decides: int, number: Interval, searched: int, found: int, judged: Judged) -> Words:
        """Put the result into sentences."""
        happened = _(
            "On the other half, {metric} where {slice} is worse than over all rows by {gap} ({level:.0%} "
            "interval {low} to {high}); at most {tolerance:g} was allowed."
        )
        if number.method == "largest":
            happened = ngettext(
                "{metric} where {slice}, the only slice that is judged, is worse than over all rows by {gap} on the "
                "other half ({level:.0%} interval {low} to {high}); at most {tolerance:g} was allowed.",
                "{metric} where {slice}, which looked worst of {judged:,} slices that are judged, is worse than over "
                "all rows by {gap} on the other half, and the largest gap of them all lies between {low} and "
                "{high} ({level:.0%} interval); at most {tolerance:g} was allowed.",
                len(judged.cells),
            )
        return Words(
            changed=ngettext(
                "Nothing was changed; {searched:,} slice was searched on one half of the rows, {found} looked weak.",
                "Nothing was changed; {searched:,} slices were searched on one half of the rows, {found} looked weak.",
                searched,
            ).format(searched=searched, found=found),
            happened=happened.format(
                judged=len(judged.cells),
                metric=self.metric,
                slice=self.lattice.label(decides),
                gap=in_text(number.estimate),
                level=1 - self.setting.alpha,
                low=in_text(number.low),
                high=in_text(number.high),
                tolerance=self.check.max_gap,
            ),
            when_failed=_(
                "Look at the rows of this slice, gather more of them, or answer for it with a rule of its own."
            ),
        )
