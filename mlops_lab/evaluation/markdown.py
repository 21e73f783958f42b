"""A report as Markdown, for the page of a pull request or of a CI run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlops_lab.evaluation.numbers import interval, number
from mlops_lab.evaluation.report import text_head, text_row
from mlops_lab.evaluation.result import SIGNS
from mlops_lab.i18n import gettext as _

if TYPE_CHECKING:
    from mlops_lab.evaluation.compare import Comparison
    from mlops_lab.evaluation.report import Report

__all__ = ["escape", "to_markdown"]

ACTIVE = re.compile(r"[\\`*_\[\]<>#|~&$@!]|:(?=//)|(?<=www)\.")
RIGHT = (3, 4, 5, 7, 8)


def to_markdown(report: Report, comparison: Comparison | None = None) -> str:
    """Write a report as Markdown.

    Parameters
    ----------
    report : Report
        What to write.
    comparison : Comparison, optional
        With an earlier report, to be written below.

    Returns
    -------
    str
        A heading, the table, and a folded section for each check that does not pass. Names come from the data: whatever
        they hold, they stand there as text.
    """
    rows = [text_row(result) for result in report.results]
    lines = [f"## {SIGNS[report.verdict]} {escape(report.headline)}", "", *table(text_head(), rows, RIGHT), ""]
    for result in report.results:
        if not result.passed:
            head = f"{SIGNS[result.verdict]} {escape(result.name)}"
            lines += [f"<details><summary>{head}</summary>", "", escape(result.explain()), "", "</details>", ""]
    if comparison is not None:
        lines += [f"### {escape(comparison.headline)}", "", *compared(comparison), ""]
        lines += [escape(" ".join(comparison.sentences)), ""]
    lines += [escape(" ".join([report.cost, *report.notes])), ""]
    return "\n".join(lines)


def compared(comparison: Comparison) -> list[str]:
    """Write the table of two reports."""
    head = (_("check"), _("before"), _("now"), _("difference"), _("interval"), _("finding"))
    rows = [
        (
            row.check,
            f"{number(row.estimate_a)} {row.verdict_a}",
            f"{number(row.estimate_b)} {row.verdict_b}",
            number(row.difference),
            interval(row.low, row.high),
            row.finding,
        )
        for row in comparison.table.itertuples()
    ]
    return table(head, rows, right=(3, 4))


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], right: tuple[int, ...]) -> list[str]:
    """Write a table."""
    rule = ["---:" if place in right else "---" for place in range(len(head))]
    return [
        f"| {' | '.join(cells)} |" for cells in ([*map(escape, head)], rule, *([*map(escape, row)] for row in rows))
    ]


def escape(text: str) -> str:
    """Write text so that Markdown and HTML show it as it is.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        On one line, with everything escaped that could be taken for a mark.

    Examples
    --------
    >>> print(escape("a|b <script>"))
    a&#124;b &#60;script&#62;
    """
    return ACTIVE.sub(lambda found: f"&#{ord(found[0])};", " ".join(text.split()))
