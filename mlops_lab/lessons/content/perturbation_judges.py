"""The judges of lesson 17: each tries the learner's answer on models and trips that she has not seen."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.datasets import broken, rides
from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.answers import CANT_TELL, decision, spoken
from mlops_lab.lessons.exercise import Verdict, call, catches, correct, not_yet, wrong

__all__ = ["brittle", "edge", "few", "mend"]

TOLERANCE = 0.02
ROWS = 4000


def edge(answer: Any, given: SimpleNamespace) -> Verdict:
    """Check which strengths pass and fail by their whole interval."""
    found = decision(answer, ("passes", "fails", "between"), numbers=("passes", "fails"))
    if isinstance(found, Verdict):
        return found
    passes, fails, curve = found["passes"], found["fails"], given.curve
    if not {passes, fails} <= set(curve["strength"]):
        return not_yet(_("`passes` and `fails` have to be strengths that stand in the table."))
    right_passes = float(curve.loc[curve["high"] <= TOLERANCE, "strength"].max())
    right_fails = float(curve.loc[curve["low"] > TOLERANCE, "strength"].min())
    by_estimate = float(curve.loc[curve["estimate"] <= TOLERANCE, "strength"].max())
    first_over = float(curve.loc[curve["estimate"] > TOLERANCE, "strength"].min())
    if (passes, fails) == (by_estimate, first_over):
        return wrong("estimates_decide", passes=right_passes, fails=right_fails)
    if passes > right_passes:
        return wrong("touches", strength=passes, high=100 * at(curve, passes)["high"])
    if passes < right_passes or fails > right_fails:
        return wrong("too_careful", passes=right_passes, fails=right_fails)
    if fails < right_fails:
        return wrong("not_shown", strength=fails, low=100 * at(curve, fails)["low"])
    if spoken(found["between"]) != CANT_TELL:
        return wrong("must_be_one", passes=passes, fails=fails)
    return correct(
        _(
            "at {passes:g} the whole interval lies below {tolerance:g} points, at {fails:g} above it. Between them the "
            "tolerance lies inside the interval: more rows would tell, a braver reader would not."
        ),
        passes=passes,
        fails=fails,
        tolerance=100 * TOLERANCE,
    )


def at(curve: pd.DataFrame, strength: float) -> pd.Series:
    """Return the row of one strength."""
    return curve.loc[curve["strength"] == strength].iloc[0]


class Jittery(broken.Planted):
    """Sound on average, and decided by the last digits of a distance: noise turns decisions, and turns as many back."""

    def answer(self, X: pd.DataFrame) -> np.ndarray:
        """Return the probability of ``classes_[1]``."""
        swing = 0.35 * np.sign(np.sin(700 * X["distance_km"].to_numpy(dtype=float, na_value=0.0)))
        return np.clip(self.sound(X) + swing, 0.001, 0.999)


@lru_cache(maxsize=1)
def unseen() -> tuple[pd.DataFrame, pd.Series]:
    """Return trips that the notebook does not show."""
    return broken.data("rides", rows=ROWS, seed=1717)


def case(name: str, rows: int = ROWS) -> tuple[Any, pd.DataFrame, pd.Series]:
    """Return model, rows and target of one case."""
    models = broken.models("rides")
    model = Jittery(models["clean"].base).fit(pd.DataFrame(), None) if name == "jittery" else models[name]
    X, y = unseen()
    return model, X.head(rows).copy(), y.head(rows).copy()


brittle = catches(
    mutants={"brittle": lambda: case("brittle"), "jittery": lambda: case("jittery")},
    spares={"clean": lambda: case("clean"), "few": lambda: case("clean", rows=150)},
    because=_(
        "it caught {mutants} models, one whose accuracy falls and one whose decisions flip while its accuracy stays, "
        "and it spared the sound model on many rows and on few."
    ),
)


def mend(function: Any, given: SimpleNamespace) -> Verdict:
    """Check the learner's repair on trips whose true kilometres are known."""
    if not callable(function):
        return not_yet(_("the answer has to be a function; hand over `mend` itself, without parentheses."))
    column, source, slipped = rides.TRUTH.unit_trap
    trips = rides.trips(3000, seed=1718)
    hit = (trips[source] == slipped).to_numpy()
    kilometres = trips[column].where(~hit, trips[column] * rides.TRUTH.km_a_mile).to_numpy()
    handed = trips.copy()
    mended = call(function, handed)
    if not isinstance(mended, pd.DataFrame) or column not in mended:
        return not_yet(_("`mend` has to return the trips, as a table with the column `distance_reported`."))
    if not handed.equals(trips):
        return wrong("in_place")
    if len(mended) < len(trips):
        return wrong("drops_rows", rows=len(trips) - len(mended))
    if not mended.drop(columns=column).equals(trips.drop(columns=column)):
        return not_yet(_("other columns, or their order, changed, too; leave them as they are."))
    found = mended[column].to_numpy(dtype=float)
    close = np.isclose(found, kilometres, rtol=0.01, atol=0.051)  # a source rounds to a tenth
    if close.all():
        return correct(
            _("all {rows:,} new trips are in kilometres now, {hit:,} of them mended: only {slipped} wrote miles."),
            rows=len(trips),
            hit=int(hit.sum()),
            slipped=slipped,
        )
    if np.allclose(found, trips[column]):
        return not_yet(_("nothing changed; which source writes other distances than the GPS measured?"))
    if np.allclose(found[hit], trips[column][hit] / rides.TRUTH.km_a_mile, rtol=0.01):
        return wrong("other_way")
    lost = float((~close[~hit]).mean())
    if close[hit].all() and lost > 0.9:
        return wrong("everything", share=lost)
    if lost and not close[hit].any():
        return not_yet(_("you changed trips of a source that wrote kilometres, and not those of the one that did not."))
    if 0 < close[hit].mean() < 1 or lost:
        return wrong("by_guess")
    return not_yet(_("{share:.0%} of the distances are still no kilometres."), share=(~close).mean())


def few(answer: Any, given: SimpleNamespace) -> Verdict:
    """Check whether no drop on a few rows was taken for none at all."""
    result = given.result
    found = decision(answer, ("robust", "worst", "rows"), numbers=("rows",), shares=("worst",))
    if isinstance(found, Verdict):
        return found
    worst, rows, robust = found["worst"], found["rows"], spoken(found["robust"])
    if robust == "yes":
        return wrong("no_drop", high=100 * result.high, rows=result.rows)
    if robust == "no":
        return wrong("wide_is_bad", low=100 * result.low, high=100 * result.high)
    if robust != CANT_TELL:
        return not_yet(_('for `robust`, write `"yes"`, `"no"` or `"can\'t tell"`.'))
    if np.isclose(worst, result.estimate):
        return wrong("estimate_is_worst", high=100 * result.high)
    if not np.isclose(worst, result.high, atol=0.0005):
        return not_yet(_("`worst` is another number: the upper end of the interval, `result.high`."))
    if rows == result.rows:
        return wrong("own_rows", needed=result.rows_needed, rows=result.rows)
    if not np.isclose(rows, result.rows_needed, rtol=0.02):
        return not_yet(_("`rows` is another number: `result.rows_needed`."))
    return correct(
        _(
            "nothing changed on {rows} rows, which also happens with a model that loses up to {high:.0f} points. About "
            "{needed:,.0f} rows would tell, if the truth is what was seen."
        ),
        rows=result.rows,
        high=100 * result.high,
        needed=result.rows_needed,
    )
