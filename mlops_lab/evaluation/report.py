"""What a run leaves behind: every result, the verdict over all of them, and how it came about."""

from __future__ import annotations

import math
import platform
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from mlops_lab.errors import nearest, shorten
from mlops_lab.evaluation.errors import EvaluationError, VerdictError
from mlops_lab.evaluation.numbers import of_rows
from mlops_lab.evaluation.result import SIGNS, WORST_FIRST, Result, Verdict
from mlops_lab.i18n import gettext as _
from mlops_lab.i18n import ngettext

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Report", "align", "assert_passes"]

PACKAGES = ("mlops-lab", "numpy", "pandas", "scikit-learn", "scipy")


def versions() -> dict[str, str]:
    """Return the versions that the numbers may depend on."""
    return {"python": platform.python_version()} | {name: installed(name) for name in PACKAGES}


@lru_cache
def installed(distribution: str) -> str:
    """Return the version of a package; looking it up takes longer than one would think."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "unknown"


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """Every result of a run, and the verdict over all of them.

    Made by `Suite.run`. It holds numbers about the data, and of the data themselves only the worst rows of each result
    (`Result.examples`), which stay out of files unless asked for.

    Parameters
    ----------
    results : tuple of Result
        One a check, in the order of the suite.
    alpha : float
        One minus the level of the intervals; also the share of runs in which a verdict may be wrong.
    seed : int
        Of the random changes.
    rows : int
        Rows that were looked at.
    rows_predicted : int
        Rows that the model was asked for, changed ones included.
    seconds, predict_seconds : float
        How long the run took, and how much of that was the model.
    partial : bool, default False
        Whether the run was stopped before the last row.
    notes : tuple of str
        What else must be known of the run.
    suite : dict
        The checks with their parameters, as in YAML.
    data, model : dict
        Fingerprints: what the report is about, without keeping it.
    created : datetime
        When the run ended, in UTC.
    versions : dict of str to str
        Of Python and the packages that the numbers may depend on.

    Examples
    --------
    >>> result = Result("invariance:sex", "invariance", "sex", "change rate", "pass", 0.004, 0.002, 0.007, 0.01)
    >>> report = Report((result,), rows=20_000)
    >>> report.verdict, report["invariance:sex"].estimate
    ('pass', 0.004)
    """

    results: tuple[Result, ...]
    alpha: float = 0.05
    seed: int = 0
    rows: int = 0
    rows_predicted: int = 0
    seconds: float = 0.0
    predict_seconds: float = 0.0
    partial: bool = False
    notes: tuple[str, ...] = ()
    suite: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    versions: dict[str, str] = field(default_factory=versions)

    def __post_init__(self) -> None:
        object.__setattr__(self, "results", tuple(self.results))
        object.__setattr__(self, "notes", tuple(self.notes))

    @property
    def verdict(self) -> Verdict:
        """The worst of all verdicts: ``fail``, then ``error``, ``inconclusive``, ``pass``.

        A run that was stopped early never passes: the rows that it did not see may differ from those that it saw.
        """
        found = {result.verdict for result in self.results}
        worst: Verdict = next((verdict for verdict in WORST_FIRST if verdict in found), "inconclusive")
        return "inconclusive" if worst == "pass" and self.partial else worst

    @property
    def passed(self) -> bool:
        """Whether every check passes."""
        return self.verdict == "pass"

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def __getitem__(self, name: str) -> Result:
        """Return the result of one check.

        Parameters
        ----------
        name : str
            Name of the check.

        Returns
        -------
        Result
            What it found.

        Raises
        ------
        EvaluationError
            Where no check has this name.
        """
        for result in self.results:
            if result.name == name:
                return result
        names = [result.name for result in self.results]
        close = nearest(str(name), names, count=1)
        hint = f" The nearest is {close[0]!r}." if close else ""
        raise EvaluationError(f"There is no check {name!r} in this report.{hint} The checks are {shorten(names)}.")

    @property
    def table(self) -> pd.DataFrame:
        """One row a check: check, target, metric, estimate, low, high, tolerance, verdict, rows, rows_needed."""
        columns = list(Result("", "", "", "", "error").row())
        return pd.DataFrame([result.row() for result in self.results], columns=columns)

    @property
    def headline(self) -> str:
        """The verdict over all checks, in words."""
        counts, total = Counter(result.verdict for result in self.results), len(self.results)
        if total == 1 and counts["fail"]:
            sentences = [_("The check fails.")]
        elif counts["pass"] == total:
            sentences = [ngettext("The check passes.", "All {total} checks pass.", total).format(total=total)]
        else:
            sentences = [share(verdict, counts[verdict], total) for verdict in WORST_FIRST[:3] if counts[verdict]]
        if self.partial:
            early = ngettext(
                "The run was stopped early: this rests on the first {rows:,} row only.",
                "The run was stopped early: this rests on the first {rows:,} rows only.",
                self.rows,
            )
            sentences.append(early.format(rows=self.rows))
        return " ".join(sentences)

    @property
    def cost(self) -> str:
        """What the run cost, in words."""
        return ngettext(
            "{rows}, {predicted:,} prediction, {seconds:.2f} s, of which the model took {model:.2f} s.",
            "{rows}, {predicted:,} predictions, {seconds:.2f} s, of which the model took {model:.2f} s.",
            self.rows_predicted,
        ).format(
            rows=of_rows(self.rows), predicted=self.rows_predicted, seconds=self.seconds, model=self.predict_seconds
        )

    def __repr__(self) -> str:
        lines = [f"{SIGNS[self.verdict]} {self.headline}", "", *text_table(self.results), "", self.cost, *self.notes]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from mlops_lab.evaluation.html import report_html

        return report_html(self)

    def plot(self) -> list[Axes]:
        """Draw every result in axes of its own, below each other.

        Returns
        -------
        list of matplotlib Axes
            One a check, in the order of `results`.
        """
        from mlops_lab.evaluation.plots import draw_report

        return draw_report(self.results)

    def to_html(self, path: str | Path, *, examples: bool = False) -> Path:
        """Write the report as one page that needs nothing else: no network, no script.

        Parameters
        ----------
        path : path
            Where to.
        examples : bool, default False
            Whether to show the worst rows too, which are data of persons more often than not.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        EvaluationError
            Where the file cannot be written.
        """
        from mlops_lab.evaluation.files import write_text
        from mlops_lab.evaluation.html import report_page

        return write_text(path, report_page(self, examples=examples))

    def to_json(self, path: str | Path, *, examples: bool = False) -> Path:
        """Write the report as JSON, from which `from_json` makes the same report again.

        Parameters
        ----------
        path : path
            Where to.
        examples : bool, default False
            Whether to write the worst rows too, which are data of persons more often than not.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        EvaluationError
            Where the file cannot be written.
        """
        from mlops_lab.evaluation.files import write_text
        from mlops_lab.evaluation.report_json import to_json

        return write_text(path, to_json(self, examples=examples))

    @classmethod
    def from_json(cls, path: str | Path) -> Report:
        """Read a report that `to_json` wrote.

        Parameters
        ----------
        path : path
            The file.

        Returns
        -------
        Report
            Equal to the one that was written, except that the exceptions behind a verdict ``error`` are not kept: their
            sentence is among the notes of the result.

        Raises
        ------
        EvaluationError
            Where the file cannot be read, is no report, or was written by a newer version.
        """
        from mlops_lab.evaluation.files import read_text
        from mlops_lab.evaluation.report_json import from_json

        return from_json(read_text(path), str(path))

    def to_junit(self, path: str | Path) -> Path:
        """Write the report as JUnit XML, which every CI server shows as tests.

        Each check is a test case. ``fail`` is a failure and ``error`` an error. ``inconclusive`` is a failure of type
        ``inconclusive``: a CI server shows what is skipped in green, and what could not be told has not passed.

        Parameters
        ----------
        path : path
            Where to.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        EvaluationError
            Where the file cannot be written.
        """
        from mlops_lab.evaluation.files import write_text
        from mlops_lab.evaluation.junit import to_junit

        return write_text(path, to_junit(self))

    def log_to_mlflow(self, run_id: str | None = None, *, examples: bool = False) -> str:
        """Log the report to MLflow: metrics with their intervals, verdicts as tags, the page and the JSON as artifacts.

        Metrics are ``check.estimate``, ``check.low`` and ``check.high``. Each registered version of the model that the
        report is about gets the tags ``mlops_lab.verdict`` and ``mlops_lab.report_run``.

        Parameters
        ----------
        run_id : str, optional
            Run to log to; by default the active one, else a new one in the current experiment.
        examples : bool, default False
            Whether to log the worst rows too, which are data of persons more often than not.

        Returns
        -------
        str
            Where the run is seen: the address of its page on a server, else ``runs:/…``.

        Raises
        ------
        EvaluationError
            Where there is no such run, or the server does not answer.
        MissingExtraError
            Where MLflow is not installed.
        """
        from mlops_lab.evaluation.mlflow_report import log_report, run_link

        return run_link(log_report(self, run_id, examples=examples))

    def raise_for_verdict(self) -> None:
        """Raise unless every check passes; for tests and gates.

        Raises
        ------
        VerdictError
            An ``AssertionError`` with the table as its message; where a check could not be made, what the model or the
            check raised is its cause.
        """
        __tracebackhide__ = True  # a test runner shows the caller's line and the table
        if self.passed:
            return
        cause = next((result.error for result in self.results if result.error is not None), None)
        raise VerdictError(f"{self!r}\n\n{self.explain()}".rstrip(), self) from cause

    def explain(self) -> str:
        """Say of every check that does not pass what was changed, what happened and what to do.

        Returns
        -------
        str
            One paragraph a check; empty where all pass.
        """
        return "\n\n".join(f"{one.name}: {one.explain()}" for one in self.results if not one.passed)


def assert_passes(report: Report) -> None:
    """Let a test fail unless every check passes, with the table as its message.

    Parameters
    ----------
    report : Report
        From `Suite.run`.

    Raises
    ------
    VerdictError
        An ``AssertionError`` with the table, and for each check that does not pass what happened and what to do.
    EvaluationError
        Where it is no report.

    Examples
    --------
    >>> numbers = 0.03, 0.02, 0.04, 0.01
    >>> assert_passes(Report((Result("invariance:sex", "invariance", "sex", "change rate", "fail", *numbers),)))
    Traceback (most recent call last):
    mlops_lab.evaluation.errors.VerdictError: ✗ 1 of 1 checks fails.
    """
    __tracebackhide__ = True
    if not isinstance(report, Report):
        raise EvaluationError(f"assert_passes was given a {type(report).__name__}; pass the report of Suite.run.")
    report.raise_for_verdict()


def share(verdict: Verdict, count: int, total: int) -> str:
    """Say how many checks have a verdict other than ``pass``."""
    sentences = {
        "fail": ngettext("{count} of {total} checks fails.", "{count} of {total} checks fail.", count),
        "error": ngettext("{count} could not be made.", "{count} could not be made.", count),
        "inconclusive": ngettext("{count} is inconclusive.", "{count} are inconclusive.", count),
    }
    return sentences[verdict].format(count=count, total=total)


def text_table(results: tuple[Result, ...]) -> list[str]:
    """Lay results out in columns for a terminal."""
    return align([text_head(), *(text_row(result) for result in results)], right=(3, 4, 5, 7, 8))


def text_head() -> tuple[str, ...]:
    """Return the names of the columns, as `text_row` fills them."""
    head = ("", _("check"), _("what"), _("estimate"), _("interval"), _("tolerance"), _("verdict"), _("rows"))
    return (*head, _("rows needed"))


def align(rows: list[tuple[str, ...]], right: tuple[int, ...]) -> list[str]:
    """Join cells to lines: words stand to the left of their column, those named to its right."""
    rows = [tuple(" ".join(cell.splitlines()) for cell in row) for row in rows]  # a column's name may break the line
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = [">" if place in right else "<" for place in range(len(widths))]
    return [
        "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True)).rstrip()
        for row in rows
    ]


def text_row(result: Result) -> tuple[str, ...]:
    """Return the cells of one result."""
    from mlops_lab.evaluation.numbers import count, interval, number

    return (
        SIGNS[result.verdict],
        result.name,
        result.metric,
        number(result.estimate),
        interval(result.low, result.high),
        number(result.tolerance),
        result.verdict,
        count(result.rows),
        count(result.rows_needed if result.verdict == "inconclusive" else math.nan),
    )
