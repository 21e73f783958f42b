"""Colours and sizes of the evaluation's pictures, so that all of them look like one.

Colours are those of Okabe and Ito (2008, "Color Universal Design"), which stay apart for colour-blind readers; none of
them carries a meaning alone: a sign or a word stands beside it.
"""

from __future__ import annotations

from typing import Any

__all__ = ["FIGURE", "INK", "MUTED", "NAMES", "STYLE", "VERDICT_COLOURS"]

BLUE = "#0072b2"
SKY = "#56b4e9"
GREEN = "#009e73"
ORANGE = "#e69f00"
VERMILLION = "#d55e00"
PURPLE = "#cc79a7"
INK = "#1b1f24"  # text
MUTED = "#626a73"  # axes and what stands behind; 5:1 against white
FAINT = "#d8dee4"  # grids and bands

VERDICT_COLOURS = {"pass": GREEN, "fail": VERMILLION, "inconclusive": BLUE, "error": PURPLE}

# Names that a page may give other values, for a dark theme.
NAMES = {
    INK: "ink",
    MUTED: "muted",
    FAINT: "faint",
    BLUE: "blue",
    SKY: "sky",
    GREEN: "green",
    ORANGE: "orange",
    VERMILLION: "vermillion",
    PURPLE: "purple",
}

FIGURE = (6.5, 3.6)  # inches: the width of a notebook's cell and of a printed page

STYLE: Any = {  # matplotlib spells out every key in its types
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.axisbelow": True,
    "font.size": 10,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "text.color": INK,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 9,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 9,
}
