"""Explore the search for weak slices: what it finds with and without a correction, and where there is nothing."""

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
from mlops_lab.evaluation.data import Schema
from mlops_lab.evaluation.grouping import bin_column, binning_needs
from mlops_lab.evaluation.lattice import Lattice
from mlops_lab.evaluation.model import encode_target
from mlops_lab.evaluation.probe import PROBE_ROWS, probe_model
from mlops_lab.evaluation.profile import profile_frame
from mlops_lab.evaluation.statistics.groups import gap
from mlops_lab.evaluation.statistics.rates import rate
from mlops_lab.explorers import look
from mlops_lab.i18n import gettext as _
from mlops_lab.i18n import ngettext

__all__ = ["Search", "View", "compute", "describe", "draw", "explorer", "search"]

Progress = Callable[[int, int, str], None]

ALLOWED = (0.01, 0.02, 0.05, 0.1)  # gaps
LEAST_ROWS = 40  # of a slice: twenty on each half
SHOWN = 6  # slices; more would stand too close
EACH, CONFIRMED = "each", "confirmed"


@dataclass(frozen=True)
class Search:
    """What was found in some rows.

    Parameters
    ----------
    rows : int
        How many.
    every : DataFrame
        One row a slice: slice, rows, gap, low, high; each with its own interval from all rows, none corrected.
    confirmed : mapping of float to Result
        What `mlops_lab.evaluation.WeakSlices` says, by allowed gap.
    """

    rows: int
    every: pd.DataFrame
    confirmed: Mapping[float, ev.Result]


@dataclass(frozen=True)
class View:
    """What is drawn: the worst slices under one way of looking.

    Parameters
    ----------
    way : {"each", "confirmed"}
        Each slice on its own, or found on one half and confirmed on the other.
    shuffled : bool
        Whether the answers were dealt out anew, so that there is nothing to find.
    allowed : float
        Largest gap that is allowed.
    found : Search
        On the chosen rows.
    """

    way: str
    shuffled: bool
    allowed: float
    found: Search

    @property
    def result(self) -> ev.Result:
        """The suite's own result for this gap."""
        return self.found.confirmed[self.allowed]

    @property
    def accused(self) -> int:
        """How many slices are called weak."""
        if self.way == EACH:
            return int((self.found.every["low"] > self.allowed).sum())
        return int(self.result.details["confirmed"].sum())

    @property
    def table(self) -> pd.DataFrame:
        """The slices that are shown, the worst first: slice, rows, gap, low, high, accused, found_gap."""
        if self.way == EACH:
            every = self.found.every.assign(accused=self.found.every["low"] > self.allowed, found_gap=np.nan)
        else:
            every = self.result.details.rename(columns={"confirmed": "accused"})
            every["accused"] = every["accused"].astype(bool)
        return every.sort_values(["accused", "gap"], ascending=False, kind="stable").head(SHOWN)


class Asked:
    """A model's decisions, asked for once and looked up by the rows' index."""

    def __init__(self, labels: np.ndarray, classes: np.ndarray) -> None:
        self.labels, self.classes_ = labels, classes

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the decisions of some rows."""
        return self.labels[frame.index.to_numpy()]


def sizes(rows: int) -> list[int]:
    """Return how many rows to look at: an eighth, a third, all."""
    return sorted({max(1, rows // 8), max(1, rows // 3), rows})


def search(
    model: Any,
    X: pd.DataFrame,
    y: Any,
    columns: Sequence[str] | None = None,
    max_depth: int = 2,
    progress: Progress | None = None,
) -> dict[tuple[int, bool], Search]:
    """Search the slices of several numbers of rows, as the rows are and with the answers dealt out anew.

    Parameters
    ----------
    model, X, y
        As for `mlops_lab.evaluation.Suite.run`; a classifier, which is asked once.
    columns : sequence of str, optional
        Where to search; by default everywhere.
    max_depth : int, default 2
        How many columns a slice combines at most.
    progress : callable, optional
        Called with what is done, what there is, and a name.

    Returns
    -------
    dict of Search
        By number of rows, and whether the answers were dealt out anew: then every row keeps its columns and gets the
        answer of another, so that each slice keeps its size and none is weak but by chance.

    Raises
    ------
    InputError
        Where the model predicts values, a column is not there, or the rows are too few.

    Examples
    --------
    >>> from mlops_lab.datasets import broken
    >>> X, y = broken.data("rides", rows=4000)
    >>> found = search(broken.models("rides")["weak_slice"], X, y, columns=["district", "vehicle"])
    >>> found[4000, False].confirmed[0.1].extras["worst_slice"]
    'district = harbour & vehicle = van'
    """
    absent = [name for name in columns or () if name not in X.columns]
    if absent:
        raise InputError(
            _("The column {column!r} is not in the data; the columns are {columns}.").format(
                column=absent[0], columns=shorten(map(str, X.columns))
            )
        )
    if len(X) < 8 * LEAST_ROWS:
        raise InputError(
            _("There are {rows} rows; a search needs at least {least}.").format(rows=len(X), least=8 * LEAST_ROWS)
        )
    frame, target = X.reset_index(drop=True), np.asarray(y)
    predictor = probe_model(model, target, frame.head(PROBE_ROWS)).predictor
    if predictor.classes is None:
        raise InputError(_("The model predicts values; this explorer looks at decisions that are right or wrong."))
    decided = predictor(frame.copy()).decisions
    wrong = decided != encode_target(target, predictor)
    asked = Asked(predictor.classes[decided], predictor.classes)
    dealt = frame.sample(frac=1, random_state=0).reset_index(drop=True)
    found: dict[tuple[int, bool], Search] = {}
    jobs = [(rows, shuffled) for shuffled in (False, True) for rows in sizes(len(frame))]
    for done, (rows, shuffled) in enumerate(jobs):
        if progress is not None:
            progress(done, len(jobs), f"{rows:,}")
        part = (dealt if shuffled else frame).head(rows)
        confirmed = {}
        for allowed in ALLOWED:
            check = ev.WeakSlices(max_depth=max_depth, max_gap=allowed, columns=columns)
            report = ev.Suite([check]).run(asked, part, target[:rows], task="classification", progress=False)
            confirmed[allowed] = report.results[0]
            if confirmed[allowed].verdict == "error":
                raise InputError(confirmed[allowed].explain())
        found[rows, shuffled] = Search(rows, every_slice(part, wrong[:rows], check), confirmed)
    if progress is not None:
        progress(len(jobs), len(jobs), "")
    return found


def every_slice(frame: pd.DataFrame, wrong: np.ndarray, check: ev.WeakSlices) -> pd.DataFrame:
    """Give every slice that a check searches its own interval, as the check `mlops_lab.evaluation.Slices` does."""
    schema = Schema(frame.iloc[:0])
    columns = check.searched(schema)
    profile = profile_frame(frame, binning_needs(columns, schema))
    binnings = tuple(bin_column(name, profile, check.bins, check.levels) for name in columns)
    lattice = Lattice(binnings, min(check.max_depth, len(binnings)))
    rows, losses = lattice.count_wrong(lattice.codes(frame), np.zeros(len(frame), dtype=np.int64), wrong)
    cells = np.flatnonzero((rows[:, 0] >= LEAST_ROWS) & (rows[:, 0] < len(frame)))
    inside, mistakes = rows[cells, 0].astype(float), losses[cells, 0].astype(float)
    rest = rate(wrong.sum() - mistakes, len(frame) - inside)
    gaps = gap(rate(mistakes, inside), rest, inside / len(frame))
    table = pd.DataFrame({"rows": rows[cells, 0], "gap": gaps.estimate, "low": gaps.low, "high": gaps.high})
    table.insert(0, "slice", [lattice.label(int(cell)) for cell in cells])
    return table


def compute(found: Mapping[tuple[int, bool], Search], parameters: Mapping[str, Any]) -> View:
    """Pick what was chosen out of what was searched.

    Parameters
    ----------
    found : mapping
        From `search`.
    parameters : mapping
        ``way``, ``rows``, ``allowed`` and ``shuffled``.

    Returns
    -------
    View
        To be drawn.
    """
    chosen = found[parameters["rows"], parameters["shuffled"]]
    return View(parameters["way"], parameters["shuffled"], parameters["allowed"], chosen)


def draw(view: View, figure: Figure) -> None:
    """Draw the gap of the worst slices with its interval; an upright stroke shows where a slice was found.

    Parameters
    ----------
    view : View
        What was chosen.
    figure : matplotlib.figure.Figure
        An empty figure.
    """
    axes = figure.subplots()
    figure.subplots_adjust(left=0.04)
    table = view.table
    for place, row in enumerate(table.itertuples()):
        sign, colour = look.VERDICTS["fail" if row.accused else "inconclusive"]
        height = -place
        axes.plot([100 * row.low, 100 * row.high], [height] * 2, color=colour, linewidth=5, alpha=0.5)
        axes.plot(100 * row.gap, height, "o", color=colour)
        axes.plot(100 * row.found_gap, height, "|", color=look.INK, markersize=14)
        name = f"{sign} {row.slice} ({row.rows:,})"
        axes.text(0.012, height + 0.27, name, transform=axes.get_yaxis_transform(), fontsize=9, va="bottom")
    places = -np.arange(SHOWN)  # the line is drawn beside the intervals and leaves the names out
    allowed = np.full(SHOWN, 100 * view.allowed)
    axes.vlines(allowed, places - 0.28, places + 0.22, color=look.INK, linestyle="--", linewidth=1)
    axes.grid(False)
    axes.set_ylim(-SHOWN + 0.5, 1.0)
    axes.set_xlim(left=min(0.0, 105 * float(table["low"].min())) if len(table) else 0.0)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(7))
    axes.xaxis.set_major_formatter(lambda value, _place: f"{value:.3g}")
    axes.set_xlabel(_("points of accuracy below that of all rows; dashed: allowed"))
    sign, colour = look.VERDICTS["fail" if view.accused else "inconclusive"]
    title = _("{sign} {accused} of {slices:,} slices are called weak")
    axes.set_title(title.format(sign=sign, accused=view.accused, slices=len(view.found.every)), color=colour)


def describe(view: View) -> str:
    """Say what the picture shows.

    Parameters
    ----------
    view : View
        What was chosen.

    Returns
    -------
    str
        Plain text.
    """
    rows = _("{rows:,} rows, as they are.") if not view.shuffled else _("{rows:,} rows, their answers dealt out anew.")
    said = rows.format(rows=view.found.rows)
    points = round(100 * view.allowed)
    allowed = ngettext("{points} point", "{points} points", points).format(points=points)
    table = view.table
    if view.way == EACH:
        said += " " + _(
            "{slices:,} slices, each with its own 95 % interval: {accused} lie wholly beyond the allowed {allowed}."
        ).format(slices=len(view.found.every), accused=view.accused, allowed=allowed)
    else:
        said += " " + _(
            "{searched:,} slices were searched on one half; {looked} looked weak there, and {accused} were confirmed "
            "on the other half beyond the allowed {allowed}. The check says: {verdict}."
        ).format(
            searched=view.result.extras["slices_searched"],
            looked=len(view.result.details),
            accused=view.accused,
            allowed=allowed,
            verdict=view.result.verdict,
        )
    if not len(table):
        return said
    worst = table.iloc[0]
    return (
        said
        + " "
        + _("The worst: {slice}, {rows:,} rows, gap {gap:.1f} points, interval {low:.1f} to {high:.1f}.").format(
            slice=worst["slice"],
            rows=worst["rows"],
            **{name: 100 * worst[name] for name in ("gap", "low", "high")},
        )
    )


def explorer(
    model: Any,
    X: pd.DataFrame,
    y: Any,
    columns: Sequence[str] | None = None,
    max_depth: int = 2,
    progress: Progress | None = None,
) -> Any:
    """Choose how slices are judged, on how many rows; see which are called weak, also where none can be.

    Everything is searched once, when the explorer opens, so that each move answers at once. The numbers are those of
    ``ev.Suite([ev.WeakSlices(max_gap=allowed)])`` on the same rows, or, each slice on its own, those of ``ev.Slices``.

    Parameters
    ----------
    model, X, y, columns, max_depth, progress
        As for `search`.

    Returns
    -------
    ipywidgets.Widget
        The explorer; `Explorer` says what it knows.

    Raises
    ------
    InputError
        As `search`.
    MissingExtraError
        Where ipywidgets is not installed.

    Examples
    --------
    >>> from mlops_lab.datasets import broken
    >>> X, y = broken.data("rides", rows=4000)
    >>> widget = explorer(broken.models("rides")["weak_slice"], X, y, columns=["district", "vehicle"])
    >>> widget.data.accused > 1
    True
    >>> widget.controls["way"].value = "confirmed"
    >>> widget.data.accused
    1
    """
    widgets = require("ipywidgets", extra="lab")
    from mlops_lab.explorers.shell import Explorer

    found = search(model, X, y, columns, max_depth, progress)
    ways = [(_("each on its own"), EACH), (_("found on one half, confirmed on the other"), CONFIRMED)]
    deals = [(_("as they are"), False), (_("dealt out anew: nothing to find"), True)]
    controls = {
        "way": widgets.Dropdown(options=ways, description=_("Slices")),
        "shuffled": widgets.Dropdown(options=deals, description=_("Answers")),
        "rows": widgets.SelectionSlider(
            options=[(f"{rows:,}", rows) for rows in sizes(len(X))], value=len(X), description=_("Rows")
        ),
        "allowed": widgets.SelectionSlider(
            options=[(f"{100 * allowed:.0f}", allowed) for allowed in ALLOWED], index=2, description=_("Allowed points")
        ),
    }
    return Explorer(
        controls,
        lambda parameters: compute(found, parameters),
        draw,
        describe,
        alt=_("How much worse the model is in the worst slices than over all rows."),
    )
