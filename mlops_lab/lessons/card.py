"""What a learner reads: one card, written once, shown as HTML in a notebook and as text in a terminal.

A saved notebook keeps both, so that it can be read without a kernel, on GitHub too, where styles are removed: the
meaning is in the words, colour and frame only help. Text is not wrapped, since a measured number of another width
would move the line ends, and a notebook test would take that for a change.
"""

from __future__ import annotations

import base64
import html
import re
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mlops_lab.lessons.words import CLOSE, OPEN, as_html, as_text

__all__ = ["Block", "Card", "Code", "Heading", "Items", "Picture", "Table", "in_kernel", "show"]

# JupyterLab's own colours, which follow its light and dark themes; the second value is for pages without them.
TONES = {
    "plain": "var(--jp-border-color1, #9e9e9e)",
    "good": "var(--jp-success-color1, #2e7d32)",
    "bad": "var(--jp-warn-color1, #b45309)",
    "error": "var(--jp-error-color1, #c62828)",
    "info": "var(--jp-info-color1, #0277bd)",
}

_UNIT = re.compile(r"(?<=\d) (?=(?:ns|µs|ms|s|kB|MB|GB)\b)")
_RANGE = re.compile(r"(?<=\d)–(?=\d)")


@dataclass(frozen=True, slots=True)
class Heading:
    """A question, bold, apart from what stands above it."""

    words: str

    def text(self) -> str:
        """Return the words."""
        return as_text(self.words)

    def html(self) -> str:
        """Return the words as HTML."""
        return f'<p style="margin:1.2em 0 .3em"><strong>{as_html(self.words)}</strong></p>'


@dataclass(frozen=True, slots=True)
class Items:
    """A list; numbered where its order matters."""

    entries: Sequence[str]
    numbered: bool = False

    def text(self) -> str:
        """Return the list as text."""
        signs = [f"{index}." if self.numbered else "-" for index in range(1, len(self.entries) + 1)]
        return "\n".join(f"{sign} {as_text(entry)}" for sign, entry in zip(signs, self.entries, strict=True))

    def html(self) -> str:
        """Return the list as HTML."""
        tag = "ol" if self.numbered else "ul"
        return f"<{tag}>" + "".join(f"<li>{as_html(entry)}</li>" for entry in self.entries) + f"</{tag}>"


@dataclass(frozen=True, slots=True)
class Code:
    """A piece of code, shown as it is."""

    source: str

    def text(self) -> str:
        """Return the code, indented."""
        return textwrap.indent(self.source, "    ")

    def html(self) -> str:
        """Return the code as HTML."""
        return f"<pre><code>{html.escape(self.source)}</code></pre>"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of ready texts; measured ones are marked together, since a number's width moves its neighbours."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[bool]
    caption: str = ""
    measured: bool = False

    def text(self) -> str:
        """Return the table as aligned text."""
        cells = [[as_text(cell) for cell in row] for row in [self.header, *self.rows]]
        widths = [max(len(row[column]) for row in cells) for column in range(len(self.header))]
        lines = [
            "  ".join(
                cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(row, widths, self.numeric, strict=True)
            ).rstrip()
            for row in cells
        ]
        table = "\n".join([lines[0], "  ".join("─" * width for width in widths), *lines[1:]])
        marked = f"{OPEN}{table}{CLOSE}" if self.measured else table
        return as_text("\n".join([*([self.caption] if self.caption else []), marked]))

    def html(self) -> str:
        """Return the table as HTML."""
        styles = [f' style="text-align:{"right" if right else "left"}"' for right in self.numeric]
        head = "".join(
            f'<th scope="col"{style}>{as_html(name)}</th>' for name, style in zip(self.header, styles, strict=True)
        )
        body = "".join(
            "<tr>"
            + "".join(f"<td{style}>{_unbroken(as_html(cell))}</td>" for cell, style in zip(row, styles, strict=True))
            + "</tr>"
            for row in self.rows
        )
        look = ' style="text-align:left;width:max-content;max-width:min(50em,85vw)"'  # wider than a narrow table
        caption = f"<caption{look}>{as_html(self.caption)}</caption>" if self.caption else ""
        name = ' class="mlops-measured"' if self.measured else ""
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody{name}>{body}</tbody></table>"


def _unbroken(cell: str) -> str:
    """Keep a number with its unit, and a range in one line."""
    return _RANGE.sub("\N{WORD JOINER}–\N{WORD JOINER}", _UNIT.sub("\N{NO-BREAK SPACE}", cell))


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG picture with the words that say what it shows."""

    png: bytes
    alt: str

    def text(self) -> str:
        """Return what the picture shows, in words."""
        return as_text(self.alt)

    def html(self) -> str:
        """Return the picture as HTML that needs no other file, on white: not every ink can be read on a dark page."""
        source = base64.b64encode(self.png).decode("ascii")
        alt = html.escape(as_text(self.alt), quote=True)
        look = "max-width:100%;box-sizing:border-box;background:#fff;border-radius:4px;padding:4px"
        return f'<img alt="{alt}" style="{look}" src="data:image/png;base64,{source}">'


Block = str | Heading | Items | Code | Table | Picture


@dataclass(frozen=True, slots=True)
class Card:
    """A few blocks that belong together.

    Parameters
    ----------
    kind : str
        What the card is; becomes the class ``mlops-<kind>`` on the page.
    blocks : sequence of str, Heading, Items, Code, Table or Picture
        What it says; a str is a paragraph.
    tone : {"none", "plain", "good", "bad", "error", "info"}, default "none"
        Colour of the frame; ``"none"`` draws no frame.
    state : str, optional
        State of what is shown, such as ``"correct"``; becomes the class ``mlops-<state>`` on the page.

    Examples
    --------
    >>> print(Card("say", ["One `idea`."]).text)
    One `idea`.
    """

    kind: str
    blocks: Sequence[Block]
    tone: str = "none"
    state: str = field(default="")

    @property
    def text(self) -> str:
        """The card as plain text."""
        return "\n\n".join(as_text(block) if isinstance(block, str) else block.text() for block in self.blocks)

    @property
    def html(self) -> str:
        """The card as HTML."""
        classes = " ".join(["mlops-card", f"mlops-{self.kind}", *([f"mlops-{self.state}"] if self.state else [])])
        body = "".join(
            f'<p style="margin:.3em 0">{as_html(block)}</p>' if isinstance(block, str) else block.html()
            for block in self.blocks
        )
        frame = "" if self.tone == "none" else f"border-left:4px solid {TONES[self.tone]};padding:.2em .9em;"
        return f'<div class="{classes}" style="{frame}margin:.4em 0;max-width:50em;line-height:1.5">{body}</div>'

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.html}


def in_kernel() -> bool:
    """Return whether a notebook's kernel runs this, so that HTML and widgets can be shown.

    Examples
    --------
    >>> in_kernel()
    False
    """
    if "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    return hasattr(shell, "kernel")


def show(card: Card, widget: Any = None) -> None:
    """Show a card; beside a live kernel, its widget instead.

    Parameters
    ----------
    card : Card
        What is kept in the saved notebook, and printed in a terminal.
    widget : ipywidgets.Widget, optional
        What is shown while the kernel lives. The card stays beside it in the same output, as what a reader sees who has
        no kernel.
    """
    if not in_kernel():
        print(card.text, end="\n\n")
        return
    from IPython.display import display

    bundle: dict[str, Any] = card._repr_mimebundle_()
    if widget is not None:
        view = "application/vnd.jupyter.widget-view+json"
        bundle[view] = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    display(bundle, raw=True)
