"""The learner as a model: how sure she was in all lessons so far, and how often she was right.

Only predictions count that were given before the measured value was seen. Where they are too few to say anything, a
simulated class stands beside them: people who are surer than they are right, as nearly everybody is found to be who
is asked such questions (Lichtenstein, Fischhoff and Phillips 1982, "Calibration of probabilities: the state of the
art to 1980").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from mlops_lab.evaluation.checks.calibration import reliability_curve
from mlops_lab.evaluation.statistics.calibration_error import calibration_error
from mlops_lab.evaluation.statistics.score_histogram import ScoreHistogram
from mlops_lab.explorers import look
from mlops_lab.i18n import gettext as _
from mlops_lab.i18n import ngettext
from mlops_lab.lessons import frames
from mlops_lab.lessons.card import Block, Card, Picture
from mlops_lab.lessons.overview import last_prediction
from mlops_lab.lessons.progress import Record
from mlops_lab.lessons.words import fill

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["confidences_card", "counted", "simulated_class"]

ENOUGH = 50  # predictions: with fewer a point of the curve rests on a handful
A_POINT = 10  # predictions behind each point of the learner's own curve
TOLERANCE = 0.1
LEARNERS, QUESTIONS = 200, 40
SURER = 1.8  # by how much the simulated learners stretch what they know


def counted(record: Record) -> pd.DataFrame:
    """Return all predictions that count, of all lessons.

    Parameters
    ----------
    record : dict
        The learner's, as `mlops_lab.lessons.progress.Progress.read` returns it.

    Returns
    -------
    DataFrame
        One row a prediction: lesson, name, confidence (0 to 1), right.

    Examples
    --------
    >>> given = [{"answer": 6.0, "confidence": 80.0, "at": "2026-05-01T09:00"}]
    >>> size = {"given": given, "measured": 6.5, "measured_at": "2026-05-01T09:05", "right": True}
    >>> counted({"lessons": {"03_storage_formats": {"predictions": {"size": size}}}})["confidence"].tolist()
    [0.8]
    """
    rows = []
    for lesson, done in sorted(record["lessons"].items()):
        for name, part in done.get("predictions", {}).items():
            answer, confidence, in_time = last_prediction(part)
            if answer is not None and in_time and isinstance(part.get("right"), bool):
                rows.append((lesson, name, min(max(confidence / 100, 0.0), 1.0), part["right"]))
    return pd.DataFrame(rows, columns=["lesson", "name", "confidence", "right"])


def simulated_class(learners: int = LEARNERS, questions: int = QUESTIONS, seed: int = 20) -> pd.DataFrame:
    """Return the predictions of learners who do not exist.

    Each question has a chance that the learner is right; what she says is that chance, stretched towards 0 and 1 and
    rounded to 5 %. How much she stretches differs from learner to learner.

    Parameters
    ----------
    learners, questions : int
        How many, and how many each answers.
    seed : int, default 20
        The same seed makes the same class.

    Returns
    -------
    DataFrame
        One row a prediction: learner, confidence (0 to 1), right.

    Examples
    --------
    >>> group = simulated_class()
    >>> len(group), bool(group["confidence"].mean() > group["right"].mean() + 0.05)
    (8000, True)
    """
    rng = np.random.default_rng(seed)
    chance = rng.beta(3, 2, size=(learners, questions))
    stretch = SURER * np.exp(0.3 * rng.standard_normal((learners, 1)))
    said = np.round(20 * expit(stretch * logit(chance) + 0.2)) / 20
    right = rng.random(chance.shape) < chance
    who = np.repeat(np.arange(1, learners + 1), questions)
    return pd.DataFrame({"learner": who, "confidence": said.ravel(), "right": right.ravel()})


def confidences_card(record: Record) -> Card:
    """Draw the learner's own reliability diagram, beside that of a simulated class while her predictions are few.

    Parameters
    ----------
    record : dict
        As for `counted`.

    Returns
    -------
    Card
        A picture and what it says, in words.
    """
    mine = counted(record)
    blocks: list[Block] = [own_words(mine)]
    if len(mine) < ENOUGH:
        blocks.append(class_words(simulated_class()))
    figure = look.figure()
    with look.styled():
        draw(mine, figure)
    shown = _("What came true against how sure somebody was.") + " "
    if len(mine):
        shown += _("Blue: your own predictions.") + " "
    if len(mine) < ENOUGH:
        shown += _("Grey: a simulated class, nobody who exists.") + " "
    points = "; ".join(
        f"{row.predicted:.0%}: {row.observed:.0%} ({row.rows})"
        for row in (curve_of(mine) if len(mine) else curve_of(simulated_class())).itertuples()
    )
    alt = fill(shown + _("Said, came true, and how many predictions: {points}."), points=points)
    return Card("confidences", [Picture(frames.png(figure), alt), *blocks])


def curve_of(table: pd.DataFrame) -> pd.DataFrame:
    """Return the reliability curve of some predictions, about ten or more a point."""
    groups = int(np.clip(len(table) // A_POINT, 1, 10))
    return reliability_curve(histogram(table), groups)


def histogram(table: pd.DataFrame) -> ScoreHistogram:
    """Return the predictions as the calibration check keeps them."""
    return ScoreHistogram.of(table["right"].to_numpy(dtype=bool), table["confidence"].to_numpy(dtype=float))


def own_words(mine: pd.DataFrame) -> str:
    """Say how sure the learner was, how often she was right, and whether that tells anything."""
    if not len(mine):
        return _(
            "None of your predictions can be counted yet: predict with a confidence, then run the measurement. Run "
            "this cell again after a few lessons."
        )
    said = fill(
        ngettext(
            "You made {count} prediction that counts, {sure:.0%} sure on average; {right} was right.",
            "You made {count} predictions that count, {sure:.0%} sure on average; {right} were right.",
            len(mine),
        ),
        count=len(mine),
        sure=mine["confidence"].mean(),
        right=int(mine["right"].sum()),
    )
    error = calibration_error(histogram(mine), tolerance=TOLERANCE)
    if not error.can_tell:
        return f"{said} " + _("So few calibrate nobody: nothing can be said of you, good or bad.")
    verdicts = {
        "pass": _("Your confidence can be used as a probability: the whole interval is within {tolerance:g}."),
        "fail": _("Your confidence is off, and not by chance: the whole interval is above {tolerance:g}."),
        "inconclusive": _("{tolerance:g} lies inside: these predictions can't tell yet whether you are calibrated."),
    }
    interval = _("Your calibration error lies between {low:.2f} and {high:.2f}.") + " " + verdicts[error.verdict()]
    return f"{said} " + fill(interval, low=error.low, high=error.high, tolerance=TOLERANCE)


def class_words(group: pd.DataFrame) -> str:
    """Say how sure the simulated learners are, and how often they are right."""
    return fill(
        _(
            "**Simulated:** the grey curve is a class of {learners} learners who do not exist, {sure:.0%} sure on "
            "average and right in {right:.0%}. Real people are found to be surer than they are right, too."
        ),
        learners=group["learner"].nunique(),
        sure=group["confidence"].mean(),
        right=group["right"].mean(),
    )


def draw(mine: pd.DataFrame, figure: Figure) -> None:
    """Draw the learner's curve over its band, and the simulated class behind it while there is little of hers."""
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=look.INK, linewidth=1, linestyle="--")
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.03, 1.08), xlabel=_("how sure"), ylabel=_("came true"))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(np.linspace(0, 1, 5), [f"{tick:.0%}" for tick in np.linspace(0, 1, 5)])
    if len(mine) < ENOUGH:
        curve = curve_of(simulated_class())
        axes.plot(curve["predicted"], curve["observed"], "o-", color=look.INK, markersize=3, linewidth=1.5, alpha=0.7)
        beside(axes, curve.iloc[len(curve) // 2 - 1], _("simulated class"), look.INK)
    if len(mine):
        curve = curve_of(mine)
        axes.fill_between(
            curve["predicted"], curve["band_low"], curve["band_high"], color=look.INK, alpha=0.2, linewidth=0
        )
        axes.vlines(curve["predicted"], curve["low"], curve["high"], color=look.BLUE, linewidth=4, alpha=0.4)
        axes.plot(curve["predicted"], curve["observed"], "o-", color=look.BLUE, markersize=7)
        beside(axes, curve.iloc[0], _("you"), look.BLUE)


def beside(axes: Axes, point: pd.Series, name: str, colour: str) -> None:
    """Write a curve's name below one of its points, to the right."""
    axes.annotate(
        name,
        (point["predicted"], point["observed"]),
        xytext=(8, -14),
        textcoords="offset points",
        color=colour,
        weight="bold",
    )
