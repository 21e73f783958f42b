"""One look for all pictures: colours, sizes, and pictures that fit the reader's theme.

Text and axes are drawn in `INK`. In SVG it becomes the colour of the page's own text, so that a picture is right in a
light and in a dark notebook and sharp at any zoom; in PNG it stays a grey that can be read on both.
"""

from __future__ import annotations

import gc
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from mlops_lab.explorers.sheet import Sheet
from mlops_lab.i18n import gettext as _

__all__ = [
    "COLOURS",
    "FAINT",
    "INK",
    "VERDICTS",
    "collected_young",
    "figure",
    "interval",
    "logarithmic",
    "picture",
    "png",
    "sheet",
    "styled",
    "svg",
    "verdict_words",
]

INK = "#7a7a7b"  # 4.3 : 1 on white and 4.4 : 1 on JupyterLab's dark page, the best that one colour can do
FAINT = 0.3  # opacity of what stands behind: grids, earlier points

# Okabe and Ito (2008): apart for colour-blind readers. The first four stand out at 3 : 1 from light and dark pages.
BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)

VERDICTS = {"pass": ("✓", GREEN), "fail": ("✗", VERMILLION), "inconclusive": ("?", BLUE), "error": ("!", PURPLE)}
"""Sign and colour of each verdict; the sign carries the meaning where the colour is not seen."""

_SIZE = (6.5, 3.6)  # inches: the width of a notebook's cell
_STYLE: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titley": 1.0,  # where it would come to stand anyhow; looking for the place takes a fifth of the time
    "figure.facecolor": "none",
    "figure.subplot.bottom": 0.17,  # fixed margins: matplotlib's own search for them doubles the time to draw
    "figure.subplot.left": 0.12,
    "figure.subplot.right": 0.97,
    "figure.subplot.top": 0.89,
    "axes.facecolor": "none",
    "font.family": "DejaVu Sans",  # comes with matplotlib; a list of others would be searched for every word
    "font.size": 10,
    "grid.alpha": FAINT,
    "grid.color": INK,
    "legend.frameon": False,
    "svg.fonttype": "none",  # real text: sharp, searchable, in the page's colour
    "text.color": INK,
    "xtick.color": INK,
    "xtick.labelsize": 9,
    "ytick.color": INK,
    "ytick.labelsize": 9,
}


@contextmanager
def styled() -> Iterator[None]:
    """Apply the look to everything drawn inside the block."""
    with mpl.rc_context(_STYLE):
        yield


@contextmanager
def collected_young() -> Iterator[None]:
    """Free what was drawn inside the block at its end, while Python's collector takes it for young.

    A picture is made of thousands of objects that refer to each other. Where the collector comes by while it is drawn,
    they grow old, and every fifteenth picture waits a quarter of a second until all of the kernel is looked at.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
            gc.collect(0)


def figure() -> Figure:
    """Return an empty figure of the common size.

    Returns
    -------
    matplotlib.figure.Figure
        6.5 × 3.6 inches, without pyplot.

    Examples
    --------
    >>> figure().get_size_inches().tolist()
    [6.5, 3.6]
    """
    with styled():
        return Figure(figsize=_SIZE)


def sheet() -> Sheet:
    """Return an empty figure of the common size that is drawn again and again.

    Returns
    -------
    Sheet
        As `figure`; call its ``turn`` before each picture.
    """
    with styled():
        return Sheet(figsize=_SIZE)


def png(of: Figure, dpi: int = 72) -> bytes:
    """Return a figure as PNG on a transparent ground.

    Parameters
    ----------
    of : matplotlib.figure.Figure
        The figure.
    dpi : int, default 72
        Dots an inch; 72 draws fastest and is what a screen at 100 % shows.

    Returns
    -------
    bytes
        The file.

    Examples
    --------
    >>> png(figure())[1:4]
    b'PNG'
    """
    file = io.BytesIO()
    with styled():
        of.savefig(file, format="png", dpi=dpi, transparent=True)
    return file.getvalue()


def verdict_words(verdict: str, tolerance: str, floor: bool = False) -> str:
    """Say what a verdict means, with the same words in each explorer.

    Parameters
    ----------
    verdict : {"pass", "fail", "inconclusive"}
        The verdict.
    tolerance : str
        What is allowed at most, written as the numbers beside it.
    floor : bool, default False
        Whether it is asked for at least.

    Returns
    -------
    str
        A sentence.

    Examples
    --------
    >>> verdict_words("fail", "2.0%")
    'The whole interval is above the allowed 2.0%: fail.'
    """
    most = {
        "pass": _("The whole interval is within the allowed {tolerance}: pass."),
        "fail": _("The whole interval is above the allowed {tolerance}: fail."),
        "inconclusive": _("The allowed {tolerance} lies inside the interval: inconclusive, these rows can't tell."),
    }
    least = {
        "pass": _("The whole interval is above the required {tolerance}: pass."),
        "fail": _("The whole interval is below the required {tolerance}: fail."),
        "inconclusive": _("The required {tolerance} lies inside the interval: inconclusive, these rows can't tell."),
    }
    return (least if floor else most)[verdict].format(tolerance=tolerance)


def svg(of: Figure) -> str:
    """Return a figure as an SVG element for a page: transparent, sharp at any zoom, its text in the page's colour.

    Parameters
    ----------
    of : matplotlib.figure.Figure
        The figure.

    Returns
    -------
    str
        An ``<svg>`` element.

    Examples
    --------
    >>> svg(figure())[:4]
    '<svg'
    """
    file = io.StringIO()
    with styled():
        of.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    return (
        text[text.index("<svg") :]
        .replace(INK, "currentColor")
        .replace("'DejaVu Sans'", "'DejaVu Sans', Verdana")  # Verdana is as wide, where the first is not installed
    )


def picture(of: Figure, alt: str) -> str:
    """Return HTML that shows a figure, with its text for those who do not see it.

    Parameters
    ----------
    of : matplotlib.figure.Figure
        The figure.
    alt : str
        What there is to see, in a sentence.

    Returns
    -------
    str
        HTML; the picture gets narrower with the page.

    Examples
    --------
    >>> 'aria-label="Nothing yet"' in picture(figure(), "Nothing yet")
    True
    """
    drawn = svg(of).replace(
        "<svg", f'<svg role="img" aria-label="{escape(alt)}" style="max-width: 100%; height: auto"', 1
    )
    return f'<div style="color: var(--jp-ui-font-color1, CanvasText)">{drawn}</div>'


def interval(
    axes: Axes, position: float, estimate: float, low: float, high: float, text: str, colour: str = BLUE
) -> None:
    """Draw an estimate with its interval as a horizontal bar, and its number beside it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    position : float
        Height of the bar on the vertical axis.
    estimate, low, high : float
        The estimate and the ends of its interval, on the horizontal axis.
    text : str
        The number in words, written to the right of the bar.
    colour : str
        Colour of bar and point.

    Examples
    --------
    >>> axes = figure().add_subplot()
    >>> interval(axes, 0, 6.5, 6.3, 6.8, "6.5 times")
    >>> axes.texts[0].get_text()
    '6.5 times'
    """
    axes.plot([low, high], [position, position], color=colour, linewidth=5, alpha=0.5, solid_capstyle="butt")
    axes.plot([estimate], [position], "o", color=colour)
    axes.annotate(text, (high, position), xytext=(8, 0), textcoords="offset points", va="center")


def logarithmic(axes: Axes, x: Sequence[float], y: Sequence[float]) -> None:
    """Make both axes logarithmic around some values, with plain numbers (0.3, 1, 3, 10) as ticks.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes, still empty.
    x, y : sequence of float
        What will be shown; all above 0.

    Examples
    --------
    >>> axes = figure().add_subplot()
    >>> logarithmic(axes, [0.2, 7], [1, 1000])
    >>> [label.get_text() for label in axes.get_xticklabels()]
    ['0.1', '0.3', '1', '3', '10']
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['0.3', '1', '3', '10', '30', '100', '300', '1,000', '3,000']
    """
    axes.set(xscale="log", yscale="log")
    for axis, set_limits, values in ((axes.xaxis, axes.set_xlim, x), (axes.yaxis, axes.set_ylim, y)):
        first = math.floor(2 * math.log10(min(values)) - 0.2)  # in half decades
        last = math.ceil(2 * math.log10(max(values)) + 0.2)
        apart = 1 if last - first <= 9 else 2
        marks = [(3 if half % 2 else 1) * 10.0 ** (half // 2) for half in range(first, last + 1, apart)]
        axis.set_ticks(marks, [f"{mark:,.10g}" for mark in marks])
        axis.set_minor_locator(NullLocator())
        set_limits(10 ** (first / 2), 10 ** (last / 2))


def label_points(axes: Axes, points: Mapping[str, tuple[float, float]]) -> None:
    """Write a name beside each point, where it covers no other name and no point as far as there is room.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes, their limits set.
    points : mapping of str to (float, float)
        Name and place of each point; the first are placed first, and the first is written bold.

    Examples
    --------
    >>> axes = figure().add_subplot()
    >>> label_points(axes, {"here": (0.5, 0.5), "and there": (0.5, 0.5)})
    >>> [text.get_ha() for text in axes.texts]
    ['left', 'right']
    """
    scale = 72 / axes.figure.dpi  # to points, in which text is measured
    centres = {name: axes.transData.transform(place) * scale for name, place in points.items()}
    taken = [_box(x, y, 12, 12) for x, y in centres.values()]
    left, bottom, right, top = (edge * scale for edge in axes.bbox.extents)

    def covered(box: _Box) -> float:
        return (
            sum(_shared(box, other) for other in taken) + _shared(box, box) - _shared(box, (left, bottom, right, top))
        )

    for name, (x, y) in centres.items():
        width = 6.0 * len(name)
        options = [
            (anchor, dx, dy, _box(x + dx + side * width / 2, y + dy, width, 10)) for anchor, side, dx, dy in _BESIDE
        ]
        anchor, dx, dy, box = min(options, key=lambda option: covered(option[3]))
        taken.append(box)
        axes.annotate(
            name,
            points[name],
            xytext=(dx, dy),
            textcoords="offset points",
            ha=anchor,
            va="center",
            fontsize=9,
            weight="normal" if len(taken) > len(points) + 1 else "bold",
        )


_Box = tuple[float, float, float, float]
_BESIDE = (  # where a label may stand: alignment, the side of its middle, offset in points
    ("left", 1, 9, 0),
    ("right", -1, -9, 0),
    ("center", 0, 0, 13),
    ("center", 0, 0, -13),
    ("left", 1, 7, 11),
    ("left", 1, 7, -11),
    ("right", -1, -7, 11),
    ("right", -1, -7, -11),
    ("left", 1, 9, 22),
    ("left", 1, 9, -22),
)


def _box(x: float, y: float, width: float, height: float) -> _Box:
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _shared(one: _Box, other: _Box) -> float:
    """Area that two boxes share."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return max(wide, 0) * max(high, 0)
