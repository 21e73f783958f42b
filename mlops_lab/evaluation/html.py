"""Reports and results as HTML: one page that needs nothing else, and what a notebook shows.

The notebook's form runs and draws nothing beyond a few lines; the page also holds the pictures, as inline SVG in the
theme's colours. No script, no network: all folding is done by ``<details>``, and the page's own policy forbids the
rest.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlops_lab.evaluation.numbers import count, interval, number
from mlops_lab.evaluation.result import SIGNS, WORST_FIRST, Result, Verdict
from mlops_lab.evaluation.svg import figures
from mlops_lab.evaluation.yaml_nodes import dump
from mlops_lab.i18n import gettext as _
from mlops_lab.i18n import ngettext

if TYPE_CHECKING:
    from jinja2 import Environment

    from mlops_lab.evaluation.compare import Comparison
    from mlops_lab.evaluation.report import Report

__all__ = ["comparison_html", "report_html", "report_page", "result_html"]

TABLE_ROWS = 60  # of one table; what is more belongs into a file
PAGE_ROWS = 600  # of all tables of a page, so that it stays below one megabyte
CELL_LETTERS = 120


@dataclass(frozen=True)
class Bar:
    """Where the parts of an interval's picture stand, in per cent of its width."""

    low: float
    high: float
    estimate: float
    tolerance: float | None
    forbidden: tuple[float, float] | None


@dataclass(frozen=True)
class Table:
    """A table as text: names of the columns, which of them hold numbers, and the cells."""

    names: list[str]
    numeric: list[bool]
    rows: list[list[str]]
    left_out: int


@dataclass(frozen=True)
class View:
    """What a template needs to know of a result."""

    result: Result
    sign: str
    words: str
    parts: dict[str, str]
    bar: Bar | None
    details: Table | None
    examples: Table | None
    figure: str = ""


def report_page(report: Report, examples: bool = False) -> str:
    """Write a report as a page of its own.

    Parameters
    ----------
    report : Report
        What to show.
    examples : bool, default False
        Whether to show the worst rows, which are data of persons more often than not.

    Returns
    -------
    str
        A whole HTML document.
    """
    drawn = figures(report.results)
    rows = max(5, min(TABLE_ROWS, PAGE_ROWS // max(1, len(report.results))))
    views = [view(one, examples, figure, rows) for one, figure in zip(report.results, drawn, strict=True)]
    return render("page.html.j2", report=report, views=views, tally=tally(report), about=about(report))


def report_html(report: Report) -> str:
    """Write a report as a part of a notebook.

    Parameters
    ----------
    report : Report
        What to show.

    Returns
    -------
    str
        An HTML fragment; nothing is drawn but intervals.
    """
    return render("notebook.html.j2", report=report, views=[view(one) for one in report.results], tally=tally(report))


def result_html(result: Result) -> str:
    """Write a result as a part of a notebook.

    Parameters
    ----------
    result : Result
        What to show.

    Returns
    -------
    str
        An HTML fragment; nothing is drawn but the interval.
    """
    return render("result.html.j2", view=view(result, examples=True))


def comparison_html(comparison: Comparison) -> str:
    """Write a comparison of two reports as a part of a notebook.

    Parameters
    ----------
    comparison : Comparison
        What to show.

    Returns
    -------
    str
        An HTML fragment.
    """
    return render("comparison.html.j2", comparison=comparison, words=verdict_words())


def view(result: Result, examples: bool = False, figure: str = "", rows: int = TABLE_ROWS) -> View:
    """Prepare a result for a template."""
    return View(
        result,
        sign=SIGNS[result.verdict],
        words=verdict_words()[result.verdict],
        parts=result.parts(),
        bar=bar(result),
        details=as_table(worst_first(result.details, rows), rows),
        examples=as_table(result.examples, rows) if examples else None,
        figure=figure,
    )


def verdict_words() -> dict[Verdict, str]:
    """Return the words for the verdicts."""
    return {"pass": _("pass"), "fail": _("fail"), "inconclusive": _("inconclusive"), "error": _("error")}


def tally(report: Report) -> list[tuple[str, str, int]]:
    """Count the verdicts, the worst first."""
    counts, words = Counter(result.verdict for result in report.results), verdict_words()
    return [
        (verdict, f"{SIGNS[verdict]} {words[verdict]}", counts[verdict]) for verdict in WORST_FIRST if counts[verdict]
    ]


def bar(result: Result) -> Bar | None:
    """Place interval and tolerance between the margins; None where there is no number."""
    numbers = [result.estimate, result.low, result.high, result.tolerance]
    finite = [value for value in numbers if math.isfinite(value)]
    if not math.isfinite(result.estimate):
        return None
    start, end = min(finite), max(finite)
    if 0 < start <= 0.5 * end:
        start = 0.0  # a rate is seen against nothing
    margin = 0.08 * ((end - start) or abs(end) or 1)
    left, width = start - margin, end - start + 2 * margin

    def place(value: float, otherwise: float) -> float:
        return otherwise if math.isnan(value) else round(min(100.0, max(0.0, 100 * (value - left) / width)), 2)

    estimate = place(result.estimate, 50)
    low, high = place(result.low, estimate), place(result.high, estimate)
    if math.isnan(result.tolerance):
        return Bar(low, high, estimate, None, None)
    tolerance = place(result.tolerance, 0)
    return Bar(low, high, estimate, tolerance, (tolerance, 100.0) if result.larger_is_worse else (0.0, tolerance))


def worst_first(details: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Put the largest gaps or rates of a list of names first, where it is too long to be shown whole; a curve stays."""
    found = [name for name in ("gap", "estimate") if name in details]
    if len(details) <= rows or not found or pd.api.types.is_numeric_dtype(details.dtypes.iloc[0]):
        return details
    return details.sort_values(found[0], ascending=False, kind="stable")


def as_table(frame: pd.DataFrame, rows: int) -> Table | None:
    """Write the cells of the first rows of a frame as text."""
    if frame.empty:
        return None
    shown = frame.head(rows)
    columns = [shown.iloc[:, place] for place in range(shown.shape[1])]
    numeric = [
        pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
        for column in columns
    ]
    cells = [[cell(value) for value in row] for row in zip(*columns, strict=True)]
    return Table([str(name).replace("_", " ") for name in frame.columns], numeric, cells, len(frame) - len(shown))


def cell(value: Any) -> str:
    """Write one value for a reader."""
    if isinstance(value, (bool, np.bool_)):
        return _("yes") if value else _("no")
    if isinstance(value, (int, np.integer)):
        return f"{value:,}"
    if isinstance(value, (float, np.floating)):
        real = float(value)
        return f"{real:,.0f}" if real.is_integer() and 1 < abs(real) < 1e6 else number(real)
    text = "–" if value is None or value is pd.NA or value is pd.NaT else str(value)
    return text if len(text) <= CELL_LETTERS else text[: CELL_LETTERS - 1] + "…"


def about(report: Report) -> list[tuple[str, str]]:
    """Say what the report is about and how it was made, for those who want to repeat it."""
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    suite = dump(report.suite) if report.suite else ""
    facts = [
        (_("Model"), str(report.model.get("description", ""))[:2000]),
        (_("Fingerprint of the model"), str(report.model.get("digest", ""))),
        (_("Fingerprint of the data"), str(report.data.get("digest", ""))),
        (_("Versions"), versions),
        (_("Seed"), str(report.seed)),
        (_("Level of the intervals"), f"{1 - report.alpha:.0%}"),
        (_("Suite"), suite),
    ]
    return [(name, fact) for name, fact in facts if fact]


def breakable(name: str) -> str:
    """Escape a name and let its lines end after ``:`` and ``_``, rather than anywhere."""
    return re.sub(r"[:_](?=\w)", r"\g<0><wbr>", escape(name))


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the templates; whatever they are given is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("mlops_lab.evaluation", "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"number": number, "count": count, "breakable": breakable}
    made.globals |= {"interval": interval, "signs": SIGNS, "_": _, "ngettext": ngettext}
    return made


def render(name: str, **values: Any) -> str:
    """Fill a template."""
    return environment().get_template(name).render(**values)
