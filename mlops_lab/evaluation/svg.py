"""Pictures of results as SVG inside a page: small, in the page's own colours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO

from mlops_lab.evaluation.plots import draw_result
from mlops_lab.evaluation.result import WORST_FIRST, Result
from mlops_lab.evaluation.style import NAMES, STYLE

__all__ = ["figures"]

SIZE = (5.0, 3.2)  # inches: still readable at the width of a phone
BUDGET = 400_000  # letters of all pictures of a page, so that it stays below one megabyte

LONG_NUMBER = re.compile(r"(\.\d\d)\d+")
PATHS = re.compile(r'\b(?:d|transform|points|x|y|clip-path)="[^"]*"')
LEFT_OUT = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", re.DOTALL)
NAMED = re.compile(r'(\bid="|href="#|url\(#)')


def figures(results: Sequence[Result]) -> list[str]:
    """Draw results, the ones to worry about first, until the page would grow too large.

    Parameters
    ----------
    results : sequence of Result
        What to draw.

    Returns
    -------
    list of str
        SVG in the order of the results; empty where there is nothing to see beyond the interval, or no room is left.
    """
    drawn, room = [""] * len(results), BUDGET
    for place in sorted(range(len(results)), key=lambda place: WORST_FIRST.index(results[place].verdict)):
        if results[place].verdict == "error" or len(results[place].details) < 2:
            continue
        figure = figure_svg(results[place], f"f{place}-")
        if len(figure) <= room:
            drawn[place], room = figure, room - len(figure)
    return drawn


def figure_svg(result: Result, prefix: str) -> str:
    """Draw one result as SVG whose names do not clash with those of other pictures."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE | {"svg.fonttype": "none", "svg.hashsalt": "mlops_lab"}):
        figure = Figure(figsize=SIZE, layout="constrained", facecolor="none")
        ax = figure.subplots(subplot_kw={"facecolor": "none"})
        draw_result(result, ax)
        ax.set_title("")  # the heading says it
        buffer = StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = LEFT_OUT.sub("", buffer.getvalue())
    text = PATHS.sub(lambda part: LONG_NUMBER.sub(r"\1", part[0]), text)
    text = NAMED.sub(rf"\g<1>{prefix}", text)
    for colour, name in NAMES.items():
        text = text.replace(colour, f"var(--{name})")
    text = re.sub(r"<svg [^>]*?viewBox", '<svg aria-hidden="true" focusable="false" viewBox', text, count=1)
    return re.sub(r"\s*\n\s*", "\n", text).strip()
