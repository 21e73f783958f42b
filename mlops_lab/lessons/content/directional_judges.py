"""The judges of lesson 19: each tries the learner's answer on answers and rows that she has not seen."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from mlops_lab import evaluation as ev
from mlops_lab.datasets import rides
from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.answers import CANT_TELL, decision, spoken
from mlops_lab.lessons.exercise import Verdict, call, correct, not_yet, wrong

__all__ = ["hole", "honest", "price", "world"]

Answer = Callable[[pd.DataFrame], np.ndarray]


def steps_down(frame: pd.DataFrame) -> np.ndarray:
    """Rise with the distance but for one fall of one between 6 and 7."""
    distance = frame["distance"].to_numpy(dtype=float, na_value=0.0)
    return np.where(distance > 6.5, distance - 1.5, distance)


def jitters(frame: pd.DataFrame) -> np.ndarray:
    """Stay the same but for the last digits, as sums of floats do."""
    distance = frame["distance"].to_numpy(dtype=float, na_value=0.0)
    return 0.3 + 1e-13 * np.cos(50 * distance)


def breaks_outside(frame: pd.DataFrame) -> np.ndarray:
    """Rise inside the range, and fall where no row has ever been."""
    distance = frame["distance"].to_numpy(dtype=float, na_value=0.0)
    return np.where(distance > 10, 0.0, distance)


ROWS = pd.DataFrame({"distance": [0.0, 1, 2, 3, 4, 5, 6, 6, 7, 8, 9, 10], "surge": 1.0})
GAPS = pd.DataFrame({"distance": [0.0, 6, 6, np.nan, np.nan, 10], "surge": 1.0})


def honest(function: Any, given: SimpleNamespace) -> Verdict:
    """Check the learner's count on rows at the end of the range, with gaps, and on moves that are none."""
    if not callable(function):
        return not_yet(_("the answer has to be a function; hand over `violation_rate` itself, without parentheses."))

    def counted(answer: Answer, frame: pd.DataFrame) -> float:
        return float(call(function, answer, frame.copy(), "distance", 1))

    try:
        outside, inside = counted(breaks_outside, ROWS), counted(steps_down, ROWS)
        gaps, digits = counted(steps_down, GAPS), counted(jitters, ROWS)
    except (TypeError, ValueError):
        return not_yet(_("`violation_rate` has to return a number, the share of the rows."))
    if max(outside, inside) > 1:
        return not_yet(_("`violation_rate` has to return a share, from 0 to 1."))
    if outside > 0:
        return wrong("leaves_the_range")
    if np.isclose(inside, 2 / 12):
        return wrong("end_is_fine", share=2 / 12, right=2 / 11)
    if not np.isclose(inside, 2 / 11):
        return not_yet(
            _("of 11 rows that can move, 2 fall: {right:.1%}. Yours says {share:.1%}."), right=2 / 11, share=inside
        )
    if not np.isclose(gaps, 2 / 3):
        return wrong("counts_gaps", share=gaps, right=2 / 3)
    if digits > 0:
        return wrong("every_digit", share=digits)
    return correct(
        _(
            "rows at the end of the range and rows without a value do not count, neither as good nor as bad, and a "
            "move in the thirteenth digit is none."
        )
    )


def hole(answer: Any, given: SimpleNamespace) -> Verdict:
    """Check column and range against what was planted in the model."""
    model, X = given.model, given.X
    found = decision(answer, ("column", "low", "high"), numbers=("low", "high"))
    if isinstance(found, Verdict):
        return found
    column, low, high = found["column"], found["low"], found["high"]
    if not isinstance(column, str) or column not in X.columns:
        return not_yet(_("`column` has to be the name of a column of the trips."))
    if column != model.column:
        return wrong("other_column", column=column)
    if not low < high:
        return not_yet(_("`low` has to be below `high`."))
    values = X[model.column]
    if low <= values.quantile(0.02) and high >= values.quantile(0.98):
        return wrong("everywhere")
    if low > model.high + 5:
        return wrong("where_data_are_thin")
    if abs(low - model.low) > 1.1 or abs(high - model.high) > 1.1:
        return wrong("off", low=low, high=high)
    rows = ((values >= model.low) & (values <= model.high)).mean()
    return correct(
        _(
            "between {low:g} and {high:g} kilometres the model answers the wrong way round; {rows:.0%} of the trips "
            "lie there."
        ),
        low=model.low,
        high=model.high,
        rows=rows,
    )


EXPECTED = {"distance_km": True, "surge": True, "rain": False}


def unmoved(trips: pd.DataFrame, price: pd.Series) -> float:
    """Return the share of trips whose true fare does not rise with the rain."""
    check = ev.Directional("rain", by=1, expect="increase")
    return ev.Suite([check]).run(rides.fare, trips, price, task="regression", progress=False).results[0].estimate


def world(answer: Any, given: SimpleNamespace) -> Verdict:
    """Check which expectation is wrong in the world, all else kept."""
    found = decision(answer, (*EXPECTED, "rate"), shares=("rate",))
    if isinstance(found, Verdict):
        return found
    if not all(spoken(found[name]) in {"yes", "no"} for name in EXPECTED):
        return not_yet(_("write True where the expectation holds in the world, and False where it does not."))
    said, rate = {name: spoken(found[name]) == "yes" for name in EXPECTED}, found["rate"]
    if all(said.values()):
        return wrong("rain_is_dear")
    if not any(said.values()):
        return wrong("nothing_holds")
    if not said["distance_km"] or not said["surge"]:
        return wrong("blames_the_rest")
    right = unmoved(given.trips, given.price)
    if rate < right - 0.001:
        return wrong("rate_of_the_model", rate=right)
    if rate > right + 0.001:
        return not_yet(_("`rate` is another number; measure it with the true fare, `rides.fare`, as the model."))
    return correct(
        _(
            "the true fare does not rise with rain for {rate:.0%} of the trips: rain brings surge, and surge brings "
            "the price. With the surge kept, rain alone changes nothing."
        ),
        rate=rate,
    )


def price(answer: Any, given: SimpleNamespace) -> Verdict:
    """Check whether the price of the constraint was held against its interval, row by row."""
    found = decision(answer, ("costs", "low", "high"), numbers=("low", "high"))
    if isinstance(found, Verdict):
        return found
    low, high, said = found["low"], found["high"], spoken(found["costs"])
    if low > high:
        return not_yet(_("`low` is above `high`: exchange the two ends."))
    free, held = (np.asarray(losses, dtype=float) for losses in (given.free, given.constrained))
    extra = held - free
    error = extra.std(ddof=1) / np.sqrt(len(extra))
    right = (extra.mean() - norm.ppf(0.975) * error, extra.mean() + norm.ppf(0.975) * error)
    apart = np.hypot(free.std(ddof=1), held.std(ddof=1)) / np.sqrt(len(extra))
    loose = (extra.mean() - norm.ppf(0.975) * apart, extra.mean() + norm.ppf(0.975) * apart)
    close = 0.1 * (right[1] - right[0])
    if np.allclose((low, high), loose, atol=close):
        return wrong("not_in_pairs", wide=loose[1] - loose[0], narrow=right[1] - right[0])
    if not np.allclose((low, high), right, atol=close):
        if np.isclose(low, high):
            return wrong("mean_only", mean=extra.mean())
        return not_yet(_("the ends of the interval are others: mean difference ± 1.96 standard errors of the mean."))
    if said == "no":
        return wrong("free_lunch", low=right[0], high=right[1])
    if said == "yes":
        return wrong("mean_decides", low=right[0], high=right[1])
    if said != CANT_TELL:
        return not_yet(_('for `costs`, write `"yes"`, `"no"` or `"can\'t tell"`.'))
    return correct(
        _(
            "the interval from {low:.4f} to {high:.4f} holds 0: these rows fit with a small price and with a small "
            "gain. Both are small beside what the constraint brings, so it can be taken all the same."
        ),
        low=right[0],
        high=right[1],
    )
