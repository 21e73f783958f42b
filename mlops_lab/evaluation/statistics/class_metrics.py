"""Accuracy, balanced accuracy and F1, and their drops, with intervals, from counts alone.

A metric that averages over classes gets its interval from those of the classes, squared and added with their
correlation (MOVER; Zou and Donner 2008): a class with few rows then keeps its own wide and lopsided interval, which
neither the delta method nor a bootstrap of the counts gives it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mlops_lab.errors import InputError
from mlops_lab.evaluation.statistics.changes import changes_interval
from mlops_lab.evaluation.statistics.confusion import Confusion
from mlops_lab.evaluation.statistics.interval import Interval, check_alpha, interval, tails, unknown
from mlops_lab.evaluation.statistics.paired import accuracy_drop
from mlops_lab.evaluation.statistics.rates import rate
from mlops_lab.i18n import gettext as _
from mlops_lab.i18n import ngettext

__all__ = ["FEWEST_IN_CLASS", "METRICS", "Metric", "metric_drop", "metric_interval"]

Metric = Literal["accuracy", "balanced_accuracy", "f1", "f1_macro"]
METRICS: tuple[Metric, ...] = ("accuracy", "balanced_accuracy", "f1", "f1_macro")

FEWEST_IN_CLASS = 5
"""With fewer rows in a class, a metric that gives the class a weight of its own says nothing."""

Array = NDArray[np.float64]


def metric_drop(
    confusion: Confusion,
    metric: Metric,
    *,
    positive: int = 1,
    tolerance: float = math.nan,
    alpha: float = 0.05,
    labels: Sequence[Any] | None = None,
) -> Interval:
    """Estimate the drop of a metric when the same rows are predicted twice.

    Parameters
    ----------
    confusion : Confusion
        Of all rows.
    metric : {"accuracy", "balanced_accuracy", "f1", "f1_macro"}
        As in scikit-learn. The macro average runs over all classes that are the truth of some row, or predicted both
        before and after: over the same classes on both sides.
    positive : int, default 1
        Code of the class that ``f1`` is about.
    tolerance : float, optional
        Largest drop that is allowed.
    alpha : float, default 0.05
        One minus the level.
    labels : sequence, optional
        Names of the classes, for the note where one has too few rows.

    Returns
    -------
    Interval
        Of the metric before minus the metric after.

    Raises
    ------
    InputError
        Where the metric is not one of these, or alpha not between 0 and 1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.random(2000) < 0.1
    >>> noisy = truth ^ (rng.random(2000) < 0.05)
    >>> counts = Confusion.of(truth, truth, noisy, classes=2)
    >>> drop = metric_drop(counts, "f1", tolerance=0.1)
    >>> round(drop.estimate, 3), round(drop.low, 3), round(drop.high, 3), drop.verdict()
    (0.204, 0.17, 0.285, 'fail')
    """
    check_alpha(alpha)
    note = cannot_tell(confusion, metric, positive, labels)
    if note:
        return unknown(-1.0, 1.0, note, tolerance=tolerance, alpha=alpha)
    if metric == "accuracy":
        return accuracy_drop(confusion.paired(), tolerance=tolerance, alpha=alpha)
    if metric == "f1":
        return f1_drop(confusion, positive, tolerance, alpha)
    if metric == "balanced_accuracy":
        present = np.unique(confusion.triples()[0])
        parts = [accuracy_drop(confusion.of_class(code).paired(), alpha=alpha) for code in present]
        return averaged(parts, np.eye(len(parts)), tolerance, alpha)
    present = np.unique(np.concatenate(confusion.triples()))
    present = present[[f1_size(confusion, code) > 0 for code in present]]
    parts = [f1_drop(confusion, code, math.nan, alpha) for code in present]
    influence = np.array([f1_influence(confusion, code)[1] for code in present])
    return averaged(parts, correlation(influence, confusion.counts), tolerance, alpha)


def metric_interval(
    confusion: Confusion,
    metric: Metric,
    *,
    positive: int = 1,
    tolerance: float = math.nan,
    alpha: float = 0.05,
    labels: Sequence[Any] | None = None,
) -> Interval:
    """Estimate a metric of the unchanged predictions, such as that of one group.

    Accuracy is a rate. F1 is one in disguise: with J the share of true positives among the rows that are positive in
    truth or prediction, F1 = 2 J / (1 + J).

    Parameters
    ----------
    confusion, metric, positive, alpha, labels
        As in `metric_drop`; the macro average runs over all classes that are the truth or a prediction of some row.
    tolerance : float, optional
        Smallest value that is allowed, since these metrics are better when larger.

    Returns
    -------
    Interval
        With ``larger_is_worse=False``.

    Raises
    ------
    InputError
        As in `metric_drop`.

    Examples
    --------
    >>> counts = Confusion.of([0, 1, 1, 0] * 50, [0, 1, 0, 0] * 50, classes=2)
    >>> interval = metric_interval(counts, "balanced_accuracy")
    >>> round(interval.low, 3), interval.estimate, round(interval.high, 3)
    (0.699, 0.75, 0.798)
    """
    check_alpha(alpha)
    loss = 1 - tolerance
    note = cannot_tell(confusion, metric, positive, labels)
    if note:
        return unknown(0.0, 1.0, note, tolerance=loss, alpha=alpha).rescaled(-1, 1)
    if metric == "accuracy":
        return wrong_share(confusion, loss, alpha).rescaled(-1, 1)
    if metric == "f1":
        return f1_loss(confusion, positive, loss, alpha).rescaled(-1, 1)
    if metric == "balanced_accuracy":
        present = np.unique(confusion.triples()[0])
        parts = [wrong_share(confusion.of_class(code), math.nan, alpha) for code in present]
        return averaged(parts, np.eye(len(parts)), loss, alpha).rescaled(-1, 1)
    truth, before, _after = confusion.triples()
    present = np.unique(np.concatenate([truth, before]))
    parts = [f1_loss(confusion, code, math.nan, alpha) for code in present]
    influence = np.array([f1_influence(confusion, code)[0] for code in present])
    return averaged(parts, correlation(influence, confusion.counts), loss, alpha).rescaled(-1, 1)


def cannot_tell(confusion: Confusion, metric: Metric, positive: int, labels: Sequence[Any] | None) -> str:
    """Return why the counts say nothing about a metric, or an empty sentence."""
    if metric not in METRICS:
        raise InputError(f"The metric {metric!r} is not made from counts; choose one of {', '.join(METRICS)}.")
    if not confusion.rows:
        return _("There are no rows to tell from.")
    if metric == "accuracy":
        return ""
    rows = np.bincount(confusion.triples()[0], confusion.counts, minlength=confusion.classes)
    asked = np.flatnonzero(rows) if metric != "f1" else np.array([positive])
    scarce = int(asked[np.argmin(rows[asked])])
    if rows[scarce] >= FEWEST_IN_CLASS:
        return ""
    name = scarce if labels is None else labels[scarce]
    rarest = int(rows[scarce])
    sentence = ngettext(
        "Class {name!r} has {rows} row; {needed} are needed to say anything about it.",
        "Class {name!r} has {rows} rows; {needed} are needed to say anything about it.",
        rarest,
    )
    return sentence.format(name=name, rows=rarest, needed=FEWEST_IN_CLASS)


def wrong_share(confusion: Confusion, tolerance: float, alpha: float) -> Interval:
    """Return the share of rows that are predicted wrongly."""
    truth, before, _after = confusion.triples()
    wrong = confusion.counts[truth != before].sum()
    return rate(wrong, confusion.rows, tolerance=tolerance, alpha=alpha)


def f1_loss(confusion: Confusion, code: int, tolerance: float, alpha: float) -> Interval:
    """Return 1 − F1, from the share of wrong rows among those that are positive in truth or prediction."""
    truth, before, _after = confusion.triples()
    here = (truth == code) | (before == code)
    rows, wrong = confusion.counts[here].sum(), confusion.counts[here & (truth != before)].sum()
    share = rate(wrong, rows, tolerance=2 * tolerance / (1 + tolerance), alpha=alpha)
    estimate, low, high = (float(end) / (2 - float(end)) for end in (share.estimate, share.low, share.high))
    return interval(
        estimate, low, high, share.p_fail, share.p_pass, tolerance=tolerance, alpha=alpha, method=share.method
    )


def f1_size(confusion: Confusion, code: int) -> float:
    """Return how many rows are of a class by truth or prediction, before or after: the smaller denominator of F1."""
    truth, before, after = (codes == code for codes in confusion.triples())
    counts = confusion.counts
    return float(min(counts @ (truth + before.astype(int)), counts @ (truth + after.astype(int))))


def f1_influence(confusion: Confusion, code: int) -> tuple[Array, Array]:
    """Return, for each cell, what a row in it adds to F1 before the change, and to the drop of F1."""
    truth, before, after = (codes == code for codes in confusion.triples())
    values = []
    for predicted in (before, after):
        both, either = truth & predicted, truth.astype(float) + predicted
        size = confusion.counts @ either / confusion.rows
        f1 = 2 * (confusion.counts @ both) / confusion.rows / size if size else 0.0
        values.append((2 * both - f1 * either) / size if size else np.zeros(len(both)))
    return values[0], values[0] - values[1]


def f1_drop(confusion: Confusion, code: int, tolerance: float, alpha: float) -> Interval:
    """Return the drop of the F1 of one class, by the delta method and what few changed rows allow.

    Rows of the class and other rows are judged apart, then squared and added: of a rare class hardly a row may have
    changed, each of which weighs much, among thousands of others that did.
    """
    truth, before, after = (codes == code for codes in confusion.triples())
    counts, rows = confusion.counts, confusion.rows
    estimate = 0.0
    for predicted, sign in ((before, 1), (after, -1)):
        size = counts @ (truth.astype(float) + predicted)
        estimate += sign * 2 * float(counts @ (truth & predicted)) / size if size else 0.0
    influence, moved = f1_influence(confusion, code)[1], before != after
    largest = rows / f1_size(confusion, code)
    parts = [
        influence_interval(counts[here], influence[here], moved[here], rows, reach * largest, alpha)
        for here, reach in ((truth, 2.0), (~truth, 1.0))
        if here.any()
    ]
    low = max(-1.0, estimate - math.hypot(*(float(part.low) for part in parts)))
    high = min(1.0, estimate + math.hypot(*(float(part.high) for part in parts)))
    p_fail, p_pass = tails(estimate, low, high, tolerance, alpha)
    return interval(estimate, low, high, p_fail, p_pass, tolerance=tolerance, alpha=alpha, method="delta")


def influence_interval(
    counts: NDArray[np.int64], influence: Array, moved: NDArray[np.bool_], rows: int, reach: float, alpha: float
) -> Interval:
    """Return the interval, around 0, of what some of the rows add to an estimate made from all of them."""
    here = int(counts.sum())
    added = influence * here / rows  # so that the mean over these rows is their part of the estimate
    centred = added - counts @ added / here
    variance = float(counts @ centred**2) / here
    skewness = float(counts @ centred**3) / here / variance**1.5 if variance > 1e-14 else 0.0
    rose, fell = moved & (added > 0), moved & (added < 0)
    return changes_interval(
        0.0,
        math.sqrt(variance / max(1, here - 1)),
        skewness,
        here,
        rose=(int(counts[rose].sum()), float(counts[rose] @ added[rose]) / here),
        fell=(int(counts[fell].sum()), -float(counts[fell] @ added[fell]) / here),
        reach=reach * here / rows,
        tolerance=math.nan,
        alpha=alpha,
    )


def correlation(influence: Array, counts: NDArray[np.int64]) -> Array:
    """Return the correlation of several estimates from what a row of each cell adds to them."""
    centred = influence - (influence @ counts / counts.sum())[:, None]
    products = (centred * counts) @ centred.T
    spread = np.sqrt(np.diag(products))
    scale = np.where(spread > 0, spread, np.inf)
    return np.where(np.eye(len(spread), dtype=bool), 1.0, products / np.multiply.outer(scale, scale))


def averaged(parts: Sequence[Interval], related: Array, tolerance: float, alpha: float) -> Interval:
    """Return the interval of the mean of several estimates from their own intervals and correlation (MOVER)."""
    mid, down, up = (np.array([float(getattr(part, name)) for part in parts]) for name in ("estimate", "low", "high"))
    estimate = float(mid.mean())
    low = estimate - math.sqrt(max(0.0, (mid - down) @ related @ (mid - down))) / len(parts)
    high = estimate + math.sqrt(max(0.0, (up - mid) @ related @ (up - mid))) / len(parts)
    p_fail, p_pass = tails(estimate, low, high, tolerance, alpha)
    return interval(estimate, low, high, p_fail, p_pass, tolerance=tolerance, alpha=alpha, method="mover")
