"""Slices: whether some group of rows is served worse than all rows together."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from mlops_lab.errors import shorten
from mlops_lab.evaluation.check import Check, Procedure, Setting
from mlops_lab.evaluation.data import Batch, Column, Schema
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.group_metrics import GroupMetric, find_group_metric
from mlops_lab.evaluation.grouping import Binning, bin_column, binning_needs, conjunctions
from mlops_lab.evaluation.numbers import in_text, of_rows
from mlops_lab.evaluation.parameters import check_amount, check_distinct
from mlops_lab.evaluation.plan import Answers
from mlops_lab.evaluation.profile import Needs
from mlops_lab.evaluation.request import Request
from mlops_lab.evaluation.result import Result, Words
from mlops_lab.evaluation.statistics.groups import gap
from mlops_lab.evaluation.statistics.interval import Interval
from mlops_lab.evaluation.statistics.multiplicity import holm
from mlops_lab.evaluation.statistics.power import rows_needed_parts
from mlops_lab.i18n import gettext as _
from mlops_lab.i18n import ngettext

__all__ = ["Slices"]

MOST_GROUPS = 500


@dataclass(frozen=True)
class Slices(Check):
    """Compare a metric of each group of rows with that of all rows.

    The groups are the levels of each column (numbers are cut at quantiles) and, for several columns, every combination
    of all of them. Every group must pass; a group fails where its gap survives the correction for the number of groups
    (Holm 1979).

    Parameters
    ----------
    columns : str, int or sequence of them
        What the groups are made of.
    max_gap : float, default 0.05
        How much worse than all rows a group may be, in the metric's own unit.
    metric : str, optional
        Name as in scikit-learn; by default accuracy, or mean absolute error for values.
    against : {"overall", "rest", "best"}, default "overall"
        What a group is held against: all rows, all other rows, or the best group of the same columns. Metrics that are
        no mean over rows (F1, balanced accuracy, the area under the ROC curve, root mean squared error) need ``"rest"``
        or ``"best"``.
    bins : int, default 4
        Groups of a numeric column.
    min_rows : int, default 0
        Smaller groups are left out, and named in the result; with 0 a small group makes the check inconclusive instead.
    positive : label, optional
        The positive class; ``classes_[1]`` of two classes.

    Raises
    ------
    EvaluationError
        Where a parameter cannot be used.

    Examples
    --------
    >>> from mlops_lab import evaluation as ev
    >>> frame = pd.DataFrame({"group": ["majority"] * 9000 + ["minority"] * 1000})
    >>> target = np.zeros(10_000, dtype=int)
    >>> wrong = np.r_[np.arange(9000) % 50 == 0, np.arange(1000) % 5 == 0]        # 98 % and 80 % right
    >>> model_a = lambda X: wrong[X.index].astype(float)
    >>> target[0] = 1
    >>> report = ev.Suite([ev.Slices("group", max_gap=0.05)]).run(model_a, frame, target)
    >>> result = report["slices:group"]
    >>> result.verdict, round(result.extras["overall"], 3)
    ('fail', 0.962)
    """

    method: ClassVar[str] = "slices"
    columns: Column | Sequence[Column]
    max_gap: float = 0.05
    metric: str | None = None
    against: Literal["overall", "rest", "best"] = "overall"
    bins: int = 4
    min_rows: int = 0
    positive: Any = None

    def __post_init__(self) -> None:
        if not self.names:
            raise EvaluationError("slices was given no column; name at least one.")
        check_distinct(self.names, self.method)
        check_amount(self.max_gap, "max_gap", least=0)
        check_amount(self.min_rows, "min_rows", least=0)
        if self.against not in ("overall", "rest", "best"):
            raise EvaluationError(f"against is {self.against!r}; choose 'overall', 'rest' or 'best'.")
        if not isinstance(self.bins, int) or self.bins < 2:
            raise EvaluationError(f"bins is {self.bins!r}; give a whole number from 2 on.")

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, also where one was given."""
        given: Any = self.columns
        one = isinstance(given, Hashable) and not isinstance(given, tuple)  # a text, or a number
        return (given,) if one else tuple(given)

    @property
    def target(self) -> str:
        """The columns, joined."""
        return " & ".join(map(str, self.names))

    def needs(self, schema: Schema) -> Needs:
        """Ask for levels and quantiles."""
        return binning_needs(self.names, schema)

    def prepare(self, setting: Setting, name: str) -> Procedure:
        """Cut the columns into groups."""
        metric = find_group_metric(self.metric, setting, self.positive)
        if self.against == "overall" and not metric.is_mean:
            raise EvaluationError(
                f"The metric {metric.name!r} is no mean over rows, so no group can be held against all rows; "
                "pass against='rest'."
            )
        binnings = tuple(bin_column(column, setting.profile, self.bins) for column in self.names)
        groups = conjunctions(binnings)
        if len(groups) > MOST_GROUPS:
            raise EvaluationError(
                f"The columns {shorten(self.names)} make {len(groups)} groups, more than {MOST_GROUPS}; "
                "name fewer, or use weak_slices."
            )
        return SlicesProcedure(self, setting, name, metric, binnings, groups)


@dataclass(frozen=True)
class Groups:
    """What is kept of a batch: the metric's state of every group that occurs, and of all rows.

    Parameters
    ----------
    states : dict of int to object
        By place of the group; −1 for all rows.
    rests : dict of int to object
        State of the rows outside of each group; empty where it is that of all rows less the group's.
    """

    states: dict[int, Any]
    rests: dict[int, Any]

    def __add__(self, other: Groups) -> Groups:
        return Groups(joined(self.states, other.states), joined(self.rests, other.rests))


def joined(first: dict[int, Any], second: dict[int, Any]) -> dict[int, Any]:
    """Add two dictionaries of states."""
    both = {key: first[key] + second[key] for key in first.keys() & second.keys()}
    return {**first, **second, **both}


@dataclass(frozen=True)
class SlicesProcedure(Procedure):
    """A check of slices made ready."""

    check: Slices
    setting: Setting
    name: str
    metric: GroupMetric
    binnings: tuple[Binning, ...]
    groups: list[tuple[tuple[int, int], ...]]

    def requests(self, batch: Batch) -> list[Request]:
        """Ask for nothing but the unchanged rows."""
        return []

    def observe(self, batch: Batch, requests: Sequence[Request], answers: Answers) -> Groups:
        """Reduce each group, and the rows outside of it, to the metric's state."""
        codes = [binning.codes(batch.frame) for binning in self.binnings]
        reduce = self.metric.reduce(batch, answers.unchanged)
        everything = np.ones(batch.rows, dtype=bool)
        states, rests = {-1: reduce(everything)}, {}
        for place, group in enumerate(self.groups):
            mask = np.logical_and.reduce([codes[column] == code for column, code in group])
            states[place] = reduce(mask)
            if not self.metric.subtracts:
                rests[place] = reduce(~mask)
        return Groups(states, rests)

    def label(self, group: int) -> str:
        """Name a group."""
        return " & ".join(self.binnings[column].labels[code] for column, code in self.groups[group])

    def result(self, state: Groups) -> Result:
        """Judge the gap of every group; the worst one decides."""
        present = [group for group in range(len(self.groups)) if self.metric.rows(state.states[group])]
        judged = [group for group in present if self.metric.rows(state.states[group]) >= self.check.min_rows]
        small = [self.label(group) for group in present if group not in judged]
        losses = {group: self.metric.loss(state.states[group]) for group in judged}
        compared = {group: self._gap(group, losses, state) for group in judged}
        gaps = {group: found for group, found in compared.items() if found is not None}
        if len(present) < 2:
            only = self.label(present[0]) if present else self.check.target
            raise EvaluationError(f"All rows are in the one group {only}; there is none to compare it with.")
        if not gaps:
            raise EvaluationError(f"No group of {self.check.target} has {self.check.min_rows} rows; lower min_rows.")
        p_values = self._corrected(gaps)
        details = self._details(state, losses, gaps, p_values)
        decides = self._decides(gaps, p_values)
        found, table = gaps[decides], details.set_index("place")
        overall = self.metric.as_metric(self.metric.loss(state.states[-1]))
        return Result(
            name=self.name,
            kind=self.check.method,
            target=self.check.target,
            metric=_("gap of {metric}").format(metric=self.metric.name),
            verdict=table.loc[decides, "verdict"],
            estimate=float(found.estimate),
            low=float(found.low),
            high=float(found.high),
            tolerance=self.check.max_gap,
            p_fail=min(p_values.values()),
            rows=self.metric.rows(state.states[-1]),
            rows_needed=self._needed(gaps, self.metric.rows(state.states[-1])),
            details=details.drop(columns="place").reset_index(drop=True),
            words=self._words(state, decides, found, overall, len(gaps)),
            notes=self._notes(small, details),
            extras={
                "overall": float(overall.estimate),
                "worst_group": self.label(decides),
                "groups": len(gaps),
                "against": self.check.against,
            },
        )

    def _gap(self, group: int, losses: dict[int, Interval], state: Groups) -> Interval | None:
        """Compare a group with what it is held against; None where there is nothing beside it."""
        rows, all_rows = self.metric.rows(state.states[group]), self.metric.rows(state.states[-1])
        alpha, tolerance = self.setting.alpha, self.check.max_gap
        if self.check.against == "best":
            rivals = [other for other in losses if other != group and self._family(other) == self._family(group)]
            if not rivals:
                return None
            best = min(rivals, key=lambda other: float(np.nan_to_num(losses[other].estimate, nan=math.inf)))
            return gap(losses[group], losses[best], 0.0, tolerance=tolerance, alpha=alpha)
        if rows == all_rows:
            return None
        share = rows / all_rows if self.check.against == "overall" else 0.0
        rest = state.states[-1] - state.states[group] if self.metric.subtracts else state.rests[group]
        return gap(losses[group], self.metric.loss(rest), share, tolerance=tolerance, alpha=alpha)

    def _family(self, group: int) -> tuple[int, ...]:
        """Columns that a group is made of."""
        return tuple(column for column, _code in self.groups[group])

    def _corrected(self, gaps: dict[int, Interval]) -> dict[int, float]:
        """Raise the p-values for the number of groups; against the best, also for the choice of the best."""
        raised = np.minimum(1.0, holm([float(found.p_fail) for found in gaps.values()]) * self._choices(gaps))
        return dict(zip(gaps, raised.tolist(), strict=True))

    def _choices(self, gaps: dict[int, Interval]) -> int:
        """Among how many groups that which the others are held against was chosen."""
        return max(1, len(gaps) - 1) if self.check.against == "best" else 1

    def _verdict(self, found: Interval, p_value: float) -> str:
        verdict = found.verdict()
        return "inconclusive" if verdict == "fail" and p_value >= self.setting.alpha / 2 else verdict

    def _decides(self, gaps: dict[int, Interval], p_values: dict[int, float]) -> int:
        """Return the group that decides: a failing one before one that cannot be told before a passing one."""
        order = {"fail": 2, "inconclusive": 1, "pass": 0}

        def badness(group: int) -> tuple[int, float, float]:
            verdict = self._verdict(gaps[group], p_values[group])
            return order[verdict], -p_values[group], float(np.nan_to_num(gaps[group].estimate, nan=-math.inf))

        return max(gaps, key=badness)

    def _details(
        self, state: Groups, losses: dict[int, Interval], gaps: dict[int, Interval], p_values: dict[int, float]
    ) -> pd.DataFrame:
        """Make the table of all groups, the worst first."""
        table = []
        for group, found in gaps.items():
            value = self.metric.as_metric(losses[group])
            table.append(
                {
                    "place": group,
                    "group": self.label(group),
                    "rows": self.metric.rows(state.states[group]),
                    "metric": float(value.estimate),
                    "metric_low": float(value.low),
                    "metric_high": float(value.high),
                    "gap": float(found.estimate),
                    "low": float(found.low),
                    "high": float(found.high),
                    "p_value": p_values[group],
                    "verdict": self._verdict(found, p_values[group]),
                }
            )
        return pd.DataFrame(table).sort_values(["gap", "place"], ascending=[False, True])

    def _needed(self, gaps: dict[int, Interval], rows: int) -> float:
        """Rows of the whole data with which every group would pass, or one would fail."""
        ends = [[float(getattr(found, end)) for found in gaps.values()] for end in ("estimate", "low", "high")]
        estimates, lows, highs = ends
        if any(found.note for found in gaps.values()) and np.nanmax([-math.inf, *estimates]) <= self.check.max_gap:
            return math.nan  # all must pass, also those of which nothing is known
        looks = len(gaps) * self._choices(gaps)
        return rows_needed_parts(
            estimates, lows, highs, self.check.max_gap, rows, alpha=self.setting.alpha, looks=looks
        )

    def _notes(self, small: list[str], details: pd.DataFrame) -> tuple[str, ...]:
        notes = []
        if small:
            notes.append(
                _("Left out, with fewer than {least} rows: {groups}.").format(
                    least=self.check.min_rows, groups=shorten(small)
                )
            )
        unsure = details.loc[details["verdict"] == "inconclusive"]
        held = unsure.loc[unsure["low"] > self.check.max_gap, "group"]
        if len(held):
            notes.append(
                _(
                    "Beyond the tolerance on their own, but not after the correction for {count} groups: {groups}."
                ).format(count=len(details), groups=shorten(held))
            )
        unsure = unsure.loc[unsure["low"] <= self.check.max_gap, "group"]
        if len(unsure):
            notes.append(_("These groups cannot be judged on these rows: {groups}.").format(groups=shorten(unsure)))
        return tuple(notes)

    def _words(self, state: Groups, decides: int, found: Interval, overall: Interval, groups: int) -> Words:
        """Put the result into sentences."""
        value = self.metric.as_metric(self.metric.loss(state.states[decides]))
        unknown = _(
            "The metric {metric} is {overall} over all rows, and cannot be judged where {group} ({rows}). {reason}"
        )
        happened = {
            "overall": _(
                "The metric {metric} is {overall} over all rows and {value} where {group} ({rows}): worse by "
                "{gap} ({level:.0%} interval {low} to {high}); at most {tolerance:g} was allowed."
            ),
            "rest": _(
                "The metric {metric} is {overall} over all rows and {value} where {group} ({rows}), which is "
                "worse than over the rest of the rows by {gap} ({level:.0%} interval {low} to {high}); at most "
                "{tolerance:g} was allowed."
            ),
            "best": _(
                "The metric {metric} is {overall} over all rows and {value} where {group} ({rows}), which is "
                "worse than in the best group of the same columns by {gap} ({level:.0%} interval {low} to {high}); "
                "at most {tolerance:g} was allowed."
            ),
        }[self.check.against]
        return Words(
            changed=ngettext(
                "Nothing was changed; {metric} was measured in {groups} group of {columns}.",
                "Nothing was changed; {metric} was measured in {groups} groups of {columns}.",
                groups,
            ).format(metric=self.metric.name, groups=groups, columns=self.check.target),
            happened=(unknown if found.note else happened).format(
                reason=found.note,
                metric=self.metric.name,
                overall=in_text(overall.estimate),
                value=in_text(value.estimate),
                group=self.label(decides),
                rows=of_rows(self.metric.rows(state.states[decides])),
                gap=in_text(found.estimate),
                level=1 - self.setting.alpha,
                low=in_text(found.low),
                high=in_text(found.high),
                tolerance=self.check.max_gap,
            ),
            when_failed=_(
                "Gather rows of this group, look at its worst rows, or answer for it with a model or rule of its own."
            ),
        )
