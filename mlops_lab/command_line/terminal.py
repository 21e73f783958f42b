"""A report on a terminal: coloured only where somebody looks, and without control characters from the data."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mlops_lab.evaluation.compare import Comparison
    from mlops_lab.evaluation.report import Report
    from mlops_lab.evaluation.result import Verdict

__all__ = ["coloured", "report_text", "say"]

COLOURS = {"pass": "green", "fail": "red", "inconclusive": "yellow", "error": "magenta"}


def coloured(stream: Any) -> bool:
    """Tell whether colours are wanted: by a terminal whose user has not set ``NO_COLOR``."""
    return bool(stream.isatty()) and not os.environ.get("NO_COLOR")


def printable(text: str) -> str:
    r"""Replace what a terminal would obey, such as an escape sequence in the name of a column.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The same, with a question mark for each control character but the line break.

    Examples
    --------
    >>> printable("age\x1b[2J")
    'age?[2J'
    """
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)


def report_text(report: Report, comparison: Comparison | None = None) -> str:
    """Lay a report out for a terminal, in colour.

    Parameters
    ----------
    report : Report
        What to show.
    comparison : Comparison, optional
        With an earlier report, shown below.

    Returns
    -------
    str
        Headline, table, what to do about each check that does not pass, and what it cost.
    """
    verdicts = {result.verdict for result in report.results}
    lines = printable(repr(report)).split("\n")
    rows = slice(3, 3 + len(report.results))
    lines[0] = click.style(lines[0], fg=COLOURS[report.verdict], bold=True)
    lines[rows] = [tint(line, verdicts) for line in lines[rows]]
    parts = ["\n".join(lines), printable(report.explain())]
    if comparison is not None:
        parts.append(printable(repr(comparison)))
    return "\n\n".join(part for part in parts if part)


def tint(line: str, verdicts: set[Verdict]) -> str:
    """Colour the sign and the verdict of a line of the table."""
    from mlops_lab.evaluation.result import SIGNS

    verdict = next((one for one in verdicts if SIGNS[one] == line[:1]), None)
    if verdict is None:
        return line
    before, word, after = line[1:].rpartition(verdict)
    colour = COLOURS[verdict]
    return click.style(line[:1], fg=colour) + before + click.style(word, fg=colour) + after


def say(text: str) -> None:
    """Print to the standard output; a reader who has gone away changes nothing."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal that knows no ✓ shows a question mark
    try:
        click.echo(text, color=coloured(sys.stdout))
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - so that Python's own flush at the end does not fail
