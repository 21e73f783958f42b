"""Explore an invariance: everybody gets one value of a sensitive column; see who gains by it, and who loses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mlops_lab import evaluation as ev
from mlops_lab.errors import InputError, require, shorten
from mlops_lab.explorers import look
from mlops_lab.i18n import gettext as _

__all__ = ["Swapped", "View", "compute", "describe", "draw", "explorer", "swap_all"]

Progress = Callable[[int, int, str], None]

SHOWN = 8  # groups; more cannot be read
ARROW = " → "  # between the two values, in the table of the check


@dataclass(frozen=True)
class Swapped:
    """What the suite says of one column.

    Parameters
    ----------
    result : Result
        Of the invariance check.
    table : DataFrame
        The result's table of pairs, with the two values apart: columns source and to beside those of the check.
    """

    result: Any
    table: pd.DataFrame

    @property
    def values(self) -> list[str]:
        """The values that were tried."""
        return list(dict.fromkeys(self.table["to"]))


@dataclass(frozen=True)
class View:
    """What is drawn: one column, and the value that everybody gets.

    Parameters
    ----------
    column, to : str
        Which.
    swapped : Swapped
        The whole column.
    """

    column: str
    to: str
    swapped: Swapped

    @property
    def groups(self) -> pd.DataFrame:
        """The groups that get the value, those with most changed decisions first."""
        table = self.swapped.table
        return table[table["to"] == self.to].sort_values("estimate", ascending=False, kind="stable").head(SHOWN)

    @property
    def left_out(self) -> int:
        """How many groups are not shown."""
        return max(0, int((self.swapped.table["to"] == self.to).sum()) - SHOWN)


def swap_all(
    model: Any,
    X: pd.DataFrame,
    y: Any,
    columns: Sequence[str],
    tolerance: float = 0.01,
    progress: Progress | None = None,
) -> dict[str, Swapped]:
    """Try every value of every column on all rows.

    Parameters
    ----------
    model, X, y
        As for `mlops_lab.evaluation.Suite.run`; all rows are used.
    columns : sequence of str
        The sensitive columns, each tried alone.
    tolerance : float, default 0.01
        Share of changed decisions that is allowed.
    progress : callable, optional
        Called with what is done, what there is, and a name.

    Returns
    -------
    dict of Swapped
        By column.

    Raises
    ------
    InputError
        Where a column is not there, or cannot be exchanged.

    Examples
    --------
    >>> from mlops_lab.datasets import broken
    >>> X, y = broken.data("rides", rows=2000)
    >>> swapped = swap_all(broken.models("rides")["uses_sex"], X, y, ["rider_sex"])
    >>> swapped["rider_sex"].values, swapped["rider_sex"].result.verdict
    (['male', 'female'], 'fail')
    """
    if not len(columns):
        raise InputError(_("Name at least one column to exchange."))
    for name in columns:
        if name not in X.columns:
            raise InputError(
                _("The column {column!r} is not in the data; the columns are {columns}.").format(
                    column=name, columns=shorten(map(str, X.columns))
                )
            )
    swapped = {}
    for done, name in enumerate(columns):
        if progress is not None:
            progress(done, len(columns), name)
        check = ev.Invariance(name, max_change_rate=tolerance)
        result = ev.Suite([check]).run(model, X, y, progress=False).results[0]
        if result.verdict == "error":
            raise InputError(_("The column {column!r}: {reason}").format(column=name, reason=result.explain()))
        swapped[name] = Swapped(result, with_ends(result.details))
    if progress is not None:
        progress(len(columns), len(columns), "")
    return swapped


def with_ends(table: pd.DataFrame) -> pd.DataFrame:
    """Split each pair into the value that the rows have and the one that they get; numbers have no first one."""
    ends = [f" {pair}".rpartition(ARROW) for pair in table["pair"]]
    return table.assign(
        source=[source.strip() or _("all") for source, _arrow, _to in ends], to=[end[2] for end in ends]
    )


def compute(swapped: Mapping[str, Swapped], parameters: Mapping[str, Any]) -> View:
    """Pick what was chosen.

    Parameters
    ----------
    swapped : mapping
        From `swap_all`.
    parameters : mapping
        ``column`` and ``to``.

    Returns
    -------
    View
        To be drawn.
    """
    column = swapped[parameters["column"]]
    to = parameters["to"] if parameters["to"] in column.values else column.values[0]
    return View(parameters["column"], to, column)


def draw(view: View, figure: Figure) -> None:
    """Draw how many decisions change in each group, and for whom the score rises and falls.

    Parameters
    ----------
    view : View
        What was chosen.
    figure : matplotlib.figure.Figure
        An empty figure.
    """
    groups, result = view.groups, view.swapped.result
    places = np.arange(len(groups))[::-1]
    changed, moved = figure.subplots(1, 2, sharey=True)
    sign, colour = look.VERDICTS[result.verdict]
    for place, row in zip(places, groups.itertuples(), strict=True):
        text = f"{100 * row.estimate:.2f} %"
        look.interval(changed, place, 100 * row.estimate, 100 * row.low, 100 * row.high, text, colour)
    changed.axvline(100 * result.tolerance, color=look.INK, linestyle="--", linewidth=1)
    changed.set_xlim(0, 100 * max(1.45 * float(groups["high"].max()), 2 * result.tolerance))
    changed.set_title(_("{sign} decisions that change").format(sign=sign))
    moved.barh(places, 100 * groups["toward_positive"], height=0.5, color=look.BLUE)
    moved.barh(places, -100 * groups["toward_negative"], height=0.5, color=look.VERMILLION)
    moved.axvline(0, color=look.INK, linewidth=1)
    moved.set_xlim(-105, 105)
    moved.set_title(_("score falls | score rises"))
    changed.set_yticks(places, [shorten_label(source) for source in groups["source"]])
    changed.set_ylim(min(-0.6, len(groups) / 2 - 2), max(len(groups) - 0.4, len(groups) / 2 + 1))
    changed.xaxis.set_major_locator(MaxNLocator(4))
    moved.set_xticks([-100, -50, 0, 50, 100])
    for axes in (changed, moved):
        axes.grid(axis="y", visible=False)
        axes.xaxis.set_major_formatter(lambda value, _place: f"{abs(value):.3g} %")
    figure.suptitle(_("{column}: everybody becomes {to}").format(column=view.column, to=view.to), x=0.02, ha="left")
    longest = max(len(shorten_label(source)) for source in groups["source"])
    figure.subplots_adjust(left=min(0.09 + 0.011 * longest, 0.34), right=0.97, top=0.8, wspace=0.1)


def shorten_label(text: str) -> str:
    """Return a value that fits beside a bar."""
    return text if len(text) <= 20 else text[:19] + "…"


def describe(view: View) -> str:
    """Say what the picture shows.

    Parameters
    ----------
    view : View
        What was chosen.

    Returns
    -------
    str
        Plain text, an empty line between paragraphs.
    """
    result = view.swapped.result
    whole = _(
        "{estimate:.2%} of the decisions change under another {column}, interval {low:.2%} to {high:.2%}."
    ).format(column=view.column, estimate=result.estimate, low=result.low, high=result.high)
    group = _(
        "{source} becomes {to}: of {rows:,} rows {estimate:.2%} change, interval {low:.2%} to {high:.2%}; the score "
        "rises for {toward_positive:.0%} and falls for {toward_negative:.0%}, by {mean_step:+.3f} on average."
    )
    said = [f"{whole} {look.verdict_words(result.verdict, f'{result.tolerance:.1%}')}"]
    said += [group.format(**row) for row in view.groups.to_dict("records")]
    if view.left_out:
        said.append(_("{count} more groups change less.").format(count=view.left_out))
    return "\n\n".join(said)


def explorer(
    model: Any,
    X: pd.DataFrame,
    y: Any,
    columns: Sequence[str],
    tolerance: float = 0.01,
    progress: Progress | None = None,
) -> Any:
    """Choose a column and the value that everybody gets; see how many decisions change, who gains and who loses.

    Everything is tried once, on all rows, when the explorer opens, so that each move answers at once. The numbers are
    those of ``ev.Suite([ev.Invariance(column)])``.

    Parameters
    ----------
    model, X, y, columns, tolerance, progress
        As for `swap_all`.

    Returns
    -------
    ipywidgets.Widget
        The explorer; `Explorer` says what it knows.

    Raises
    ------
    InputError
        As `swap_all`.
    MissingExtraError
        Where ipywidgets is not installed.

    Examples
    --------
    >>> from mlops_lab.datasets import broken
    >>> X, y = broken.data("rides", rows=2000)
    >>> widget = explorer(broken.models("rides")["uses_sex"], X, y, ["rider_sex", "rider_plan"])
    >>> widget.controls["to"].value = "female"
    >>> widget.data.groups["source"].tolist(), widget.data.groups["toward_positive"].tolist()
    (['male'], [1.0])
    """
    widgets = require("ipywidgets", extra="lab")
    from mlops_lab.explorers.shell import Explorer

    swapped = swap_all(model, X, y, columns, tolerance, progress)
    column = widgets.Dropdown(options=list(swapped), description=_("Column"))
    to = widgets.Dropdown(options=swapped[column.value].values, description=_("Value"))

    def offer(_moved: Any) -> None:
        to.options = swapped[column.value].values

    column.observe(offer, names="value")
    return Explorer(
        {"column": column, "to": to},
        lambda parameters: compute(swapped, parameters),
        draw,
        describe,
        alt=_("For each group that gets another value: decisions that change, and for whom the score rises and falls."),
    )
