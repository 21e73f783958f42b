"""Sentences whose numbers come from the run.

A sentence is written whole, with named gaps. What fills a gap was measured on this machine, so it differs on the next
one; it is therefore *marked*, and a notebook test can compare the words and leave the numbers out:

* as text, a measured value stands in single guillemets: ``Parquet needs ‹6.5› times less room here.``
* as HTML, it stands in ``<span class="mlops-measured">``.

Inside a sentence, ```code```, ``**bold**`` and ``[text](link)`` are understood; nothing else of Markdown is.
"""

from __future__ import annotations

import html
import math
import re
import string
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from mlops_lab.errors import InputError, shorten
from mlops_lab.i18n import gettext as _

__all__ = ["as_html", "as_text", "fill", "number"]

# Two private characters stand around a measured value until it is known whether HTML or text is wanted.
OPEN, CLOSE = "\ue000", "\ue001"

_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_PERCENT = re.compile(r"(`[^`\n]+`)|(?<=\d) %")  # outside code, a line must not end before the sign
_CODE = re.compile(r"`([^`\n]+)`")


class _Marking(string.Formatter):
    """Fill gaps as ``str.format`` does, and mark what was filled in."""

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        if key not in kwargs:
            raise InputError(
                _("The sentence has a gap {gap} that nothing fills; the values given are {given}.").format(
                    gap=f"{{{key}}}", given=shorten(kwargs) or _("none")
                )
            )
        return kwargs[key]  # type: ignore[index]

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec.endswith("p"):  # the difference of two shares, which is no per cent of anything
            value, format_spec = 100 * value, f"{format_spec[:-1]}f"
        text = format(value, format_spec)
        if format_spec.endswith("%"):  # a space before the sign, as in the lessons' own texts, that no line ends at
            text = f"{text[:-1]}\N{NO-BREAK SPACE}%"
        return f"{OPEN}{text}{CLOSE}"


def fill(sentence: str, /, **values: Any) -> str:
    """Fill the gaps of a sentence and mark what was filled in.

    Parameters
    ----------
    sentence : str
        A whole sentence with named gaps, such as ``"{ratio:.1f} times"``. A share is written ``{share:.0%}``, the
        difference of two shares in points, ``"{gap:+.1p} points"``.
    **values
        What fills the gaps, by name.

    Returns
    -------
    str
        The sentence with marks, for `as_text` and `as_html`.

    Raises
    ------
    InputError
        Where a gap has no value, or a value does not fit the gap's format.

    Examples
    --------
    >>> as_text(fill("Parquet needs {ratio:.1f} times less room.", ratio=6.53))
    'Parquet needs ‹6.5› times less room.'
    >>> as_text(fill("Of women less, by {gap:.1p} points.", gap=0.8 - 0.75))
    'Of women less, by ‹5.0› points.'
    """
    try:
        return _Marking().vformat(sentence, (), values)
    except InputError:
        raise
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise InputError(
            _("The sentence {sentence!r} cannot be filled: {problem}.").format(sentence=sentence, problem=error)
        ) from error


def as_text(sentence: str) -> str:
    """Return a sentence as plain text, measured values in single guillemets.

    Examples
    --------
    >>> as_text("Read **all** of [the lesson](03.ipynb)")
    'Read all of the lesson (03.ipynb)'
    """
    plain = _BOLD.sub(r"\1", _LINK.sub(r"\1 (\2)", sentence))
    return plain.replace(OPEN, "‹").replace(CLOSE, "›")


def as_html(sentence: str) -> str:
    """Return a sentence as HTML, measured values in ``<span class="mlops-measured">``.

    Examples
    --------
    >>> as_html(fill("`a < b` for {n} rows", n=3))
    '<code>a &lt; b</code> for <span class="mlops-measured">3</span> rows'
    """
    marked = _PERCENT.sub(lambda found: found[1] or "\N{NO-BREAK SPACE}%", html.escape(sentence))
    marked = _CODE.sub(r"<code>\1</code>", marked)
    marked = _BOLD.sub(r"<strong>\1</strong>", marked)
    marked = _LINK.sub(r'<a href="\2">\1</a>', marked)
    return marked.replace(OPEN, '<span class="mlops-measured">').replace(CLOSE, "</span>")


def number(value: Any, digits: int = 3) -> str:
    """Write a number for a table: three digits that matter, thousands apart; other values as they are.

    Parameters
    ----------
    value : object
        A number, or anything else.
    digits : int, default 3
        Significant digits; more than three of a measurement are seldom worth reading.

    Returns
    -------
    str
        The value as text; an en dash where there is none.

    Examples
    --------
    >>> [number(value) for value in (336776, 0.05249, 1234.5, None, True, "zstd")]
    ['336,776', '0.0525', '1,234', '–', 'yes', 'zstd']
    """
    if value is None:
        return "–"
    if type(value).__name__ in {"bool", "bool_"}:
        return _("yes") if value else _("no")
    if not isinstance(value, Real):
        return str(value)
    if isinstance(value, Integral):
        return f"{value:,}"
    if math.isnan(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:.{digits}g}"
