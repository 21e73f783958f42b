"""Explore storage formats: size against reading time, measured anew for every choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mlops_lab import storage
from mlops_lab.errors import InputError, require
from mlops_lab.explorers import look
from mlops_lab.i18n import gettext as _
from mlops_lab.storage.benchmark import Progress

__all__ = ["Point", "compute", "describe", "draw", "explorer"]

_ROUNDS = 3  # enough to see the spread; a verdict takes storage.benchmark with its default
_ROWS = (1000, 3000, 10_000, 30_000, 100_000)
_SHOWN = 12  # points; more cover each other
_MARKS = {"column": (look.BLUE, "s"), "row": (look.VERMILLION, "o")}


@dataclass(frozen=True)
class Point:
    """What one choice costs.

    Parameters
    ----------
    name : str
        The format, with engine and compression where they are not the default.
    layout : {"row", "column"}
        How the format lays out its values.
    rows, columns : int
        Size of the table.
    megabytes : float
        Size of the file, in 10**6 bytes.
    milliseconds, fastest, slowest : float
        Time to read it all: the median round and the range.
    """

    name: str
    layout: str
    rows: int
    columns: int
    megabytes: float
    milliseconds: float
    fastest: float
    slowest: float


def compute(
    frame: pd.DataFrame,
    columns: Sequence[str],
    rows: int,
    kind: storage.Format,
    progress: bool | Progress = False,
) -> Point:
    """Write and read a part of a table, and measure it.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    columns : sequence of str
        The columns to store.
    rows : int
        How many rows to store, from the first.
    kind : Format
        The format, with its compression and engine.
    progress : bool or callable
        As for `storage.benchmark`.

    Returns
    -------
    Point
        Size and reading time.

    Raises
    ------
    InputError
        Where no column is chosen.

    Examples
    --------
    >>> table = pd.DataFrame({"n": range(2000), "town": ["Oslo", "Lima"] * 1000})
    >>> point = compute(table, ["n", "town"], 1000, storage.FORMATS["parquet"])
    >>> point.name, point.rows, point.megabytes < 0.1
    ('parquet', 1000, True)
    """
    if not len(columns):
        raise InputError(_("Choose at least one column."))
    part = frame[list(columns)].head(rows)
    measured = storage.benchmark(part, [kind], ["bytes", "read"], repeats=_ROUNDS, progress=progress)
    values = measured.measurements.groupby("task")["value"]
    seconds = values.get_group("read")
    return Point(
        name=kind.label,
        layout=kind.layout,
        rows=len(part),
        columns=len(part.columns),
        megabytes=float(values.get_group("bytes").median()) / 1e6,
        milliseconds=1000 * float(seconds.median()),
        fastest=1000 * float(seconds.min()),
        slowest=1000 * float(seconds.max()),
    )


def draw(points: Sequence[Point], figure: Figure) -> None:
    """Draw size against reading time, each with its range; the last point strong, those before it pale.

    Parameters
    ----------
    points : sequence of Point
        What was measured, the newest last.
    figure : matplotlib.figure.Figure
        An empty figure.
    """
    shown, last = points[-_SHOWN:], points[-1]
    axes = figure.add_subplot(xlabel=_("size of the file, MB"), ylabel=_("time to read it all, ms"))
    axes.set_title(_amounts(last))
    times = [time for point in shown for time in (point.fastest, point.slowest)]
    look.logarithmic(axes, x=[point.megabytes for point in shown], y=times)
    for point in shown:
        colour, marker = _MARKS[point.layout]
        strength = 1.0 if point is last else look.FAINT
        spread = [point.fastest, point.slowest]
        axes.plot([point.megabytes] * 2, spread, color=colour, alpha=strength * 0.7, linewidth=5)
        axes.plot(point.megabytes, point.milliseconds, marker, color=colour, alpha=strength, markersize=9)
    places = {point.name: (point.megabytes, point.milliseconds) for point in shown}  # of one choice, only the newest
    look.label_points(axes, {last.name: places[last.name], **places})
    meanings = {"column": _("column by column"), "row": _("row by row")}
    keys = [
        Line2D([], [], linestyle="", marker=marker, color=colour, label=meanings[layout])
        for layout, (colour, marker) in _MARKS.items()
    ]
    axes.legend(
        handles=keys, loc="lower right", bbox_to_anchor=(1.01, 0.99), fontsize=9, handletextpad=0, labelspacing=0.2
    )


def describe(points: Sequence[Point]) -> str:
    """Say what the picture shows: the last point, its comparison with the one before, and the earlier ones.

    Parameters
    ----------
    points : sequence of Point
        What was measured, the newest last.

    Returns
    -------
    str
        Plain text, an empty line between paragraphs.
    """
    *earlier, last = points
    paragraphs = [
        _(
            "{rows:,} rows × {columns} columns as {amounts}; the slowest of {rounds} rounds took {slowest:.3g} ms."
        ).format(rows=last.rows, columns=last.columns, amounts=_amounts(last), rounds=_ROUNDS, slowest=last.slowest)
    ]
    if earlier and (earlier[-1].rows, earlier[-1].columns) == (last.rows, last.columns):
        paragraphs.append(
            _("Against {before}: {size:.2f} times the size, {time:.2f} times the reading time.").format(
                before=earlier[-1].name,
                size=last.megabytes / earlier[-1].megabytes,
                time=last.milliseconds / earlier[-1].milliseconds,
            )
        )
    if earlier:
        listed = "; ".join(_amounts(point) for point in reversed(earlier[-_SHOWN + 1 :]))
        paragraphs.append(_("Measured before, the newest first: {points}.").format(points=listed))
    return "\n\n".join(paragraphs)


def explorer(frame: pd.DataFrame) -> Any:
    """Choose columns, rows, format and compression; see what it costs to store and to read.

    Every choice is measured, really: the part of the table is written to a temporary file and read again.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table to store; up to 100,000 of its rows.

    Returns
    -------
    ipywidgets.Widget
        The explorer; `Explorer` says what it knows.

    Raises
    ------
    InputError
        Where the table is empty.
    MissingExtraError
        Where ipywidgets is not installed.

    Examples
    --------
    >>> table = pd.DataFrame({"n": range(2000), "town": ["Oslo", "Lima"] * 1000})
    >>> widget = explorer(table)
    >>> widget.controls["format"].value = "csv"
    >>> [point.name for point in widget.data]
    ['parquet', 'csv']
    """
    widgets = require("ipywidgets", extra="lab")
    from mlops_lab.explorers.shell import Explorer

    if frame.empty:
        raise InputError("The table to explore is empty; give one with rows and columns.")
    kinds = {
        kind.label: kind
        for one in storage.FORMATS.values()
        for kind in (one.using(engine=engine) for engine in one.engines)
    }
    sizes = [size for size in _ROWS if size < len(frame)] + [min(len(frame), _ROWS[-1])]
    names = list(frame.columns)
    columns = widgets.SelectMultiple(options=names, value=names, description=_("Columns"), rows=min(len(names), 6))
    rows = widgets.SelectionSlider(
        options=[(f"{size:,}", size) for size in sizes],
        value=sizes[min(2, len(sizes) - 1)],
        description=_("Rows"),
        continuous_update=False,  # each stop is measured
    )
    kind = widgets.Dropdown(options=list(kinds), value="parquet", description=_("Format"))
    compression = widgets.Dropdown(options=kinds["parquet"].compressions, description=_("Compression"))
    points: list[Point] = []

    def offer(change: dict[str, str]) -> None:
        compression.options = kinds[change["new"]].compressions

    def measure(chosen: dict[str, Any], progress: Progress) -> list[Point]:
        one = kinds[chosen["format"]].using(compression=chosen["compression"])
        points.append(compute(frame, chosen["columns"], chosen["rows"], one, progress))
        return list(points)

    kind.observe(offer, names="value")
    controls = {"columns": columns, "rows": rows, "format": kind, "compression": compression}
    return Explorer(
        controls, measure, draw, describe, alt=_("Size of the file against the time to read it."), slow=True
    )


def _amounts(point: Point) -> str:
    return _("{name}: {size:.3g} MB, {time:.3g} ms").format(
        name=point.name, size=point.megabytes, time=point.milliseconds
    )
