"""How numbers are written for readers, in tables, pages and pictures alike."""

from __future__ import annotations

import math
from typing import SupportsFloat

from mlops_lab.i18n import ngettext

__all__ = ["count", "exact", "in_text", "interval", "number", "of_columns", "of_rows", "round_between"]

MISSING = "–"


def number(value: float, digits: int = 4) -> str:
    """Write a number with as many digits as a reader needs.

    Parameters
    ----------
    value : float
        The number.
    digits : int, default 4
        Digits behind the point for numbers below ten; four show a hundredth of a per cent of a rate.

    Returns
    -------
    str
        A dash where there is no number; powers of ten only where the plain form would show nothing.

    Examples
    --------
    >>> number(0.012345), number(123.456), number(0.00001234), number(float("nan"))
    ('0.0123', '123.5', '1.2e-05', '–')
    """
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if size >= 1e6 or 0 < size < 0.5 * 10**-digits:
        return minus(f"{value:.2g}")
    return minus(f"{value:,.{digits if size < 10 else 1}f}")


def interval(low: float, high: float) -> str:
    """Write an interval.

    Parameters
    ----------
    low, high : float
        Its ends.

    Returns
    -------
    str
        A dash where there is none.

    Examples
    --------
    >>> interval(0.01, 0.025)
    '0.0100 to 0.0250'
    """
    if math.isnan(low) and math.isnan(high):
        return MISSING
    return f"{number(low)} to {number(high)}"


def count(value: float) -> str:
    """Write a number of rows, rounded up.

    Parameters
    ----------
    value : float
        The number.

    Returns
    -------
    str
        A dash where there is none.

    Examples
    --------
    >>> count(16281), count(1200.4), count(float("inf")), count(123_456_789)
    ('16,281', '1,201', '∞', '120 million')
    """
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞"
    if value >= 1e12:
        return f"{value:.0e}"
    if value >= 1e7:
        return f"{float(f'{value:.2g}') / 1e6:,.0f} million"
    return f"{math.ceil(value):,}"


def of_rows(rows: int) -> str:
    """Write a number of rows for a sentence that names other numbers too.

    Parameters
    ----------
    rows : int
        The number.

    Returns
    -------
    str
        With its noun.

    Examples
    --------
    >>> of_rows(1), of_rows(2000)
    ('1 row', '2,000 rows')
    """
    return ngettext("{count:,} row", "{count:,} rows", rows).format(count=rows)


def of_columns(columns: int) -> str:
    """Write a number of columns for a sentence that names other numbers too.

    Parameters
    ----------
    columns : int
        The number.

    Returns
    -------
    str
        With its noun.

    Examples
    --------
    >>> of_columns(1), of_columns(0)
    ('1 column', '0 columns')
    """
    return ngettext("{count:,} column", "{count:,} columns", columns).format(count=columns)


def round_between(value: float, low: float, high: float, digits: int = 3) -> float:
    """Round a number to as few digits as keep it between two others, since a cut must not pass a value of the data.

    Parameters
    ----------
    value : float
        The number.
    low, high : float
        It becomes at least `low`, and less than `high`.
    digits : int, default 3
        Significant digits to begin with.

    Returns
    -------
    float
        The rounded number; `low` where nothing else lies between.

    Examples
    --------
    >>> round_between(1259.5, 1259, 1260), round_between(-73.9852, -73.988, -73.98)
    (1259.5, -73.985)
    """
    for digit in range(digits, 17):
        rounded = float(f"{value:.{digit}g}")
        if low <= rounded < high:
            return rounded
    return float(low)


def exact(value: float) -> str:
    """Write a number with all of its digits, such as a cut that `round_between` made.

    Parameters
    ----------
    value : float
        The number.

    Returns
    -------
    str
        Without an exponent up to a thousand million millions.

    Examples
    --------
    >>> exact(20240115.0), exact(-73.985)
    ('20240115', '-73.985')
    """
    return f"{value:.15g}"


def in_text(value: SupportsFloat) -> str:
    """Write a metric in a sentence: a share with four digits, a large value with those that tell something.

    Parameters
    ----------
    value : float
        The number.

    Returns
    -------
    str
        Four digits behind the point below ten, one from there on.

    Examples
    --------
    >>> in_text(0.012345), in_text(578.1926)
    ('0.0123', '578.2')
    """
    known = float(value)
    return number(known) if abs(known) >= 10 else f"{known:.4f}"


def minus(text: str) -> str:
    """Write the sign as wide as the plus; an exponent keeps its hyphen."""
    return "−" + text[1:] if text.startswith("-") else text
