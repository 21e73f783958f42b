"""What is said of an order that may turn within groups: verdict, table, sentences, picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from mlops_lab.errors import shorten
from mlops_lab.evaluation.finding import Finding
from mlops_lab.evaluation.numbers import of_rows
from mlops_lab.evaluation.sides import Difference
from mlops_lab.evaluation.statistics.interval import Interval
from mlops_lab.i18n import gettext as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["EVERY", "NONE", "SAME_MIX", "SOME", "UNSURE", "Simpson", "Stratified", "judge", "verdict_order"]

EVERY, SAME_MIX, SOME = "reverses in every group", "reverses after standardising", "reverses in some groups"
NONE, UNSURE = "no reversal", "can't tell"
ORDER = (EVERY, SAME_MIX, SOME, NONE, UNSURE)

LEAST_COMPARED = 0.5
"""Where fewer of the rows lie in groups that both sides have, the groups say too little of the whole."""


@dataclass(frozen=True)
class Stratified:
    """Two sides within the groups of one column.

    Parameters
    ----------
    within : str
        The column.
    groups : tuple of (str, Difference, str)
        Name, difference, and whether it turns: "yes", "no" or "can't tell".
    same_mix : Interval or None
        The difference at one mix for both; None where no group has both.
    values : tuple of float
        What each side would be at that mix.
    compared : float
        Share of the rows in groups that both sides have.
    verdict : str
        What follows.
    """

    within: str
    groups: tuple[tuple[str, Difference, str], ...]
    same_mix: Interval | None
    values: tuple[float, float]
    compared: float
    verdict: str

    def count(self, answer: str) -> int:
        """Count the groups with an answer.

        Parameters
        ----------
        answer : {"yes", "no", "can't tell"}
            Whether the order turns.

        Returns
        -------
        int
            How many.
        """
        return sum(turns == answer for _name, _found, turns in self.groups)


def side(interval: Interval) -> int:
    """Return the side of 0 on which an interval lies: 1, −1, or 0 where it is on neither."""
    return int(float(interval.low) > 0) - int(float(interval.high) < 0)


def judge(
    within: str,
    groups: Sequence[tuple[str, Difference]],
    crude: Difference,
    same_mix: Interval | None,
    compared: float,
    values: tuple[float, float],
) -> Stratified:
    """Say whether the order turns.

    Parameters
    ----------
    within : str
        The column.
    groups : sequence of (str, Difference)
        Of its groups, with intervals that hold together.
    crude : Difference
        Over all rows.
    same_mix : Interval or None
        At one mix for both.
    compared : float
        Share of the rows in these groups.
    values : tuple of float
        What each side would be at that mix.

    Returns
    -------
    Stratified
        With its verdict.
    """
    whole = side(crude.interval)
    answers = {-whole: "yes", whole: "no", 0: UNSURE} if whole else {-1: UNSURE, 0: UNSURE, 1: UNSURE}
    judged = tuple((name, found, answers[side(found.interval)]) for name, found in groups)
    turned = [turns == "yes" for _name, _found, turns in judged]
    if not whole or same_mix is None or compared < LEAST_COMPARED:
        verdict = UNSURE
    elif all(turned) and len(turned) > 1:
        verdict = EVERY
    elif side(same_mix) == -whole:
        verdict = SAME_MIX
    elif any(turned):
        verdict = SOME
    else:
        verdict = NONE if side(same_mix) == whole else UNSURE
    return Stratified(within, judged, same_mix, values, compared, verdict)


def verdict_order(one: Stratified) -> tuple[int, float]:
    """Sort what turns the order most clearly first."""
    found = one.same_mix
    if found is None or not math.isfinite(float(found.high)):
        return ORDER.index(one.verdict), 0.0
    clearness = abs(float(found.estimate)) / max(1e-12, float(found.high) - float(found.low))
    return ORDER.index(one.verdict), -clearness if one.verdict in (EVERY, SAME_MIX) else clearness


@dataclass(frozen=True, eq=False, repr=False)
class Simpson(Finding):
    """Whether the order of two sides turns within groups; made by `simpson`.

    Parameters
    ----------
    shown_within : Stratified
        The column that turns the order most clearly.
    looked : tuple of Stratified
        All columns that were looked at, the clearest first.
    crude : Difference
        Over all rows.
    names : tuple of str
        Of the two sides.
    quantity : str
        On what they are compared.
    left_out : mapping of str to str
        Columns that make no groups, and why.
    paired : bool
        Whether both sides are models on the same rows.
    alpha : float
        One minus the level of the intervals.
    """

    shown_within: Stratified
    looked: tuple[Stratified, ...]
    crude: Difference
    names: tuple[str, str]
    quantity: str
    left_out: Mapping[str, str]
    paired: bool
    alpha: float

    @property
    def within(self) -> str:
        """The column that is shown."""
        return self.shown_within.within

    @property
    def verdict(self) -> str:
        """Whether the order turns within that column, such as ``"reverses in every group"``."""
        return self.shown_within.verdict

    @property
    def table(self) -> pd.DataFrame:
        """All rows, each group, and the same mix: group, rows and value of each side, difference, interval, turns."""
        rows = [row_of(_("all rows"), self.crude, "")]
        rows += [row_of(name, found, turns) for name, found, turns in self.shown_within.groups]
        same_mix = self.shown_within.same_mix
        if same_mix is not None:
            total = tuple(sum(found.rows[at] for _name, found, _turns in self.shown_within.groups) for at in (0, 1))
            turns = {0: UNSURE, side(self.crude.interval): "no"}.get(side(same_mix), "yes")
            turns = turns if side(self.crude.interval) else UNSURE
            mixed = Difference((total[0], total[1]), self.shown_within.values, same_mix)
            rows.append(row_of(_("same mix"), mixed, turns))
        return pd.DataFrame(rows)

    @property
    def columns(self) -> pd.DataFrame:
        """One row a column that was looked at: within, groups, turned, stayed, unsure, estimate, low, high, verdict."""
        rows = []
        for one in self.looked:
            ends = [math.nan] * 3
            if one.same_mix is not None:
                ends = [float(end) for end in (one.same_mix.estimate, one.same_mix.low, one.same_mix.high)]
            counts = {"turned": one.count("yes"), "stayed": one.count("no"), "unsure": one.count(UNSURE)}
            numbers = {"estimate": ends[0], "low": ends[1], "high": ends[2], "compared": one.compared}
            rows.append({"within": one.within, "groups": len(one.groups)} | counts | numbers | {"verdict": one.verdict})
        return pd.DataFrame(rows)

    @property
    def title(self) -> str:
        """What was compared."""
        return _("{quantity}, {first} against {second} within {within}: {verdict}").format(
            quantity=self.quantity, first=self.names[0], second=self.names[1], within=self.within, verdict=self.verdict
        )

    @property
    def shown(self) -> pd.DataFrame:
        """The table, with the sides' names."""
        first, second = self.names
        names = {"rows_first": f"rows {first}", "rows_second": f"rows {second}", "first": first, "second": second}
        return self.table.rename(columns=names)

    def sentences(self) -> list[str]:
        """Say how both stand over all rows, within groups and at the same mix, and what follows."""
        said = [self._overall()]
        if len(self.looked) > 1:
            said.append(
                _("{columns} columns were looked at, and the intervals are wider for it; {within} is shown.").format(
                    columns=len(self.looked), within=self.within
                )
            )
        said += [self._groups(), *self._same_mix(), self._conclusion()]
        if self.shown_within.compared < 1:
            said.append(
                _("Only {compared:.0%} of the rows lie in groups where both sides have enough rows.").format(
                    compared=self.shown_within.compared
                )
            )
        if self.left_out:
            said.append(
                _("Left out: {columns}.").format(
                    columns=shorten(f"{name} ({why.rstrip('.')})" for name, why in self.left_out.items())
                )
            )
        return said

    def _overall(self) -> str:
        found = self.crude.interval
        return _(
            "Over all rows, {quantity} is {value:.4g} for {first} ({rows}) and {other:.4g} for {second} "
            "({other_rows}): a difference of {estimate:+.4g} ({level:.0%} interval {low:+.4g} to {high:+.4g})."
        ).format(
            quantity=self.quantity,
            value=self.crude.values[0],
            first=self.names[0],
            rows=of_rows(self.crude.rows[0]),
            other=self.crude.values[1],
            second=self.names[1],
            other_rows=of_rows(self.crude.rows[1]),
            estimate=found.estimate,
            level=1 - self.alpha,
            low=found.low,
            high=found.high,
        )

    def _groups(self) -> str:
        signs = [float(found.interval.estimate) * float(self.crude.interval.estimate) for _n, found, _t in self._parts]
        return _(
            "Within {within} the order turns in {turned} of {groups} groups, stays in {stayed}, and cannot be told in "
            "{unsure} (all groups taken together); by the bare numbers it turns in {bare}."
        ).format(
            within=self.within,
            turned=self.shown_within.count("yes"),
            groups=len(signs),
            stayed=self.shown_within.count("no"),
            unsure=self.shown_within.count(UNSURE),
            bare=sum(sign < 0 for sign in signs),
        )

    @property
    def _parts(self) -> tuple[tuple[str, Difference, str], ...]:
        return self.shown_within.groups

    def _same_mix(self) -> list[str]:
        found = self.shown_within.same_mix
        if found is None or found is self.crude.interval:
            return [] if found is None else [_("Both are measured on the same rows, so that their mix is the same.")]
        return [
            _("At the same mix of {within} the difference is {estimate:+.4g} ({low:+.4g} to {high:+.4g}).").format(
                within=self.within, estimate=found.estimate, low=found.low, high=found.high
            )
        ]

    def _conclusion(self) -> str:
        turned = [name for name, _found, turns in self._parts if turns == "yes"]
        sentences: dict[str, str] = {
            EVERY: _(
                "The order reverses in every group, which is Simpson's paradox: the overall figures compare the mixes "
                "of {within}, so judge {first} and {second} within it."
            ),
            SAME_MIX: _(
                "The overall order is owed to the mix of {within}: at the same mix it reverses, so compare {first} and "
                "{second} within it."
            ),
            SOME: _(
                "The overall order holds at this mix, and is the other way round where {turned}: for these rows, or "
                "if the mix changes, the choice is another."
            ),
            NONE: _("Nothing reverses: the overall order is also that of the same mix of {within}."),
            UNSURE: self._why_unsure(),
        }
        return sentences[self.verdict].format(
            within=self.within, first=self.names[0], second=self.names[1], turned=shorten(turned, limit=4)
        )

    def _why_unsure(self) -> str:
        same_mix = self.shown_within.same_mix
        if not side(self.crude.interval):
            if same_mix is not None and side(same_mix):
                return _("The overall difference could be chance; at the same mix of {within} it is more than chance.")
            return _("The overall difference could be chance, so there is no order that could reverse.")
        if self.shown_within.compared < LEAST_COMPARED:
            return _(
                "Too few rows lie in groups of {within} that both sides have, so whether it reverses is not known."
            )
        return _("These rows cannot tell whether the order reverses within {within}; bring more.")

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the difference over all rows, in each group, and at the same mix."""
        from mlops_lab.evaluation.plots.reversal import draw_reversal

        return draw_reversal(self.table, self.names, self.quantity, self.title, ax)


def row_of(name: str, found: Difference, turns: str) -> dict[str, Any]:
    """Make one row of the table."""
    return {
        "group": name,
        "rows_first": found.rows[0],
        "rows_second": found.rows[1],
        "first": found.values[0],
        "second": found.values[1],
        "estimate": float(found.interval.estimate),
        "low": float(found.interval.low),
        "high": float(found.interval.high),
        "turns": turns,
    }
