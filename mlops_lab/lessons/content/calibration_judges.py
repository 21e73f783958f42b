"""The judges of lesson 20: each tries the learner's answer on scores and rows that she has not seen."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from sklearn.base import BaseEstimator, ClassifierMixin

from mlops_lab import evaluation as ev
from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.answers import CANT_TELL, decision, spoken
from mlops_lab.lessons.exercise import Verdict, call, correct, not_yet, wrong

__all__ = ["edge", "error", "leave", "mend", "money", "rows"]

# In ten groups of equal width, of which the first three share one. Groups of equally many rows put the scores together
# in another way, and so do nine groups instead of ten.
SAID = pd.DataFrame(
    {"score": [0.02, 0.05, 0.08, 0.35, 0.42, 1], "rows": [5, 4, 5, 5, 4, 5], "true": [1, 1, 0, 4, 0, 4]}
)
SCORE = np.asarray(np.repeat(SAID["score"], SAID["rows"]))
OUTCOME = np.concatenate([np.repeat([1, 0], [row.true, row.rows - row.true]) for row in SAID.itertuples()])
GROUPS = (SAID.assign(said=SAID["score"] * SAID["rows"], group=[0, 0, 0, 3, 4, 9])).groupby("group").sum()


def error(function: Any, given: SimpleNamespace) -> Verdict:
    """Check the learner's calibration error on groups of unequal size, with gaps both ways and a score of 1."""
    if not callable(function):
        return not_yet(_("the answer has to be a function; hand over `calibration_error` itself, without parentheses."))
    try:
        found = float(call(function, SCORE.copy(), OUTCOME.copy(), 10))
        below = float(call(function, np.full(4, 0.25), np.array([0, 0, 0, 1]), 10))
    except (TypeError, ValueError):
        return not_yet(_("`calibration_error` has to return one number."))
    gap = ((GROUPS["true"] - GROUPS["said"]) / GROUPS["rows"]).to_numpy()
    weight = (GROUPS["rows"] / GROUPS["rows"].sum()).to_numpy()
    right = float(weight @ np.abs(gap))
    if np.isclose(found, right) and np.isclose(below, 0):
        return correct(
            _(
                "each group counts by its rows, gaps up and down do not cancel, and a score of exactly 1 has its "
                "group: {right:.4f}, also on scores that you had not seen."
            ),
            right=right,
        )
    if np.isclose(abs(found), abs(weight @ gap)):
        return wrong("cancels", found=found, right=right)
    if np.isclose(found, np.abs(gap).mean()):
        return wrong("every_group_alike", found=found, right=right)
    if np.isclose(found, np.abs(OUTCOME - SCORE).mean()):
        return wrong("row_by_row", below=below)
    kept = float(weight[:-1] @ np.abs(gap[:-1]))
    if np.isclose(found, kept) or np.isclose(found, kept / weight[:-1].sum()):
        return wrong("loses_the_last", right=right, found=found)
    return not_yet(
        _("on {rows} rows in {groups} groups of equal width it has to be {right:.4f}; yours says {found:.4f}."),
        rows=len(SCORE),
        groups=len(gap),
        right=right,
        found=found,
    )


def edge(answer: Any, given: SimpleNamespace) -> Verdict:
    """Check what is said of a model exactly at the tolerance."""
    found = decision(answer, ("verdict", "low", "high", "more_rows"), shares=("low", "high"))
    if isinstance(found, Verdict):
        return found
    result, low, high, said = given.result, found["low"], found["high"], spoken(found["verdict"])
    if said == "pass":
        return wrong("estimate_decides", high=result.high)
    if said == "fail":
        return wrong("to_be_safe", low=result.low)
    if said != CANT_TELL:
        return not_yet(_('for `verdict`, write `"pass"`, `"fail"` or `"can\'t tell"`.'))
    if np.isclose(low, high):
        return wrong("one_number", low=result.low, high=result.high)
    if low > high:
        return not_yet(_("`low` is above `high`: exchange the two ends."))
    if not np.allclose((low, high), (result.low, result.high), atol=0.0005):
        return not_yet(_("the ends of the interval are others: take them from `result`, with all their digits."))
    more = spoken(found["more_rows"])
    if more == "yes":
        return wrong("more_will_tell", low=result.low, high=result.high)
    if more != "no":
        return not_yet(_('for `more_rows`, write `"yes"` or `"no"`.'))
    return correct(
        _(
            "{rows:,} rows allow every error from {low:.3f} to {high:.3f}. The truth lies exactly at the tolerance, "
            "so a narrower interval would hold it as well: no number of rows decides. Then somebody has to."
        ),
        rows=result.rows,
        low=result.low,
        high=result.high,
    )


LOGS: dict[int, list[tuple[str, frozenset[int]]]] = {}  # by number of the trial, since clones are copies


class Watched(ClassifierMixin, BaseEstimator):
    """A classifier that is far too sure of itself, and notes which rows it is fitted on and asked about."""

    def __init__(self, trial: int = 0) -> None:
        self.trial = trial

    def fit(self, X: pd.DataFrame, y: Any) -> Watched:
        """Note the rows."""
        self.classes_ = np.array([0, 1])
        LOGS[self.trial].append(("fit", frozenset(X["trip"])))
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Note the rows, and answer."""
        LOGS[self.trial].append(("ask", frozenset(X["trip"])))
        score = expit(3 * logit(X["chance"].to_numpy(dtype=float)))
        return np.column_stack([1 - score, score])

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return the more probable class."""
        return np.asarray(self.predict_proba(X).argmax(axis=1))


def trial(rows: int = 3000) -> tuple[Watched, pd.DataFrame, pd.Series]:
    """Return an unfitted model that keeps a log of its own, and rows whose chances are known."""
    rng = np.random.default_rng(2020)
    frame = pd.DataFrame({"trip": np.arange(rows), "chance": rng.uniform(0.05, 0.95, rows)})
    number = len(LOGS) + 1
    LOGS[number] = []
    return Watched(number), frame, pd.Series((rng.random(rows) < frame["chance"]).astype(int))


def mend(function: Any, given: SimpleNamespace) -> Verdict:
    """Check that the rows of the map are rows that the model was not fitted on."""
    if not callable(function):
        return not_yet(_("the answer has to be a function; hand over `recalibrated` itself, without parentheses."))
    model, X, y = trial()
    better = call(function, model, X.copy(), y.copy())
    if not isinstance(better, ev.Recalibrated):
        return not_yet(_("`recalibrated` has to return what `ev.recalibrate` returns."))
    log = LOGS[model.trial]
    fits = [place for place, (kind, _rows) in enumerate(log) if kind == "fit"]
    if not fits:
        return not_yet(_("the model that your function gets comes unfitted: fit it, on some of the rows that it gets."))
    asked = frozenset().union(*(rows for kind, rows in log if kind == "ask"))
    if any(kind == "ask" for kind, _rows in log[: fits[-1]]) and fits[-1] > 0:
        return wrong("fits_again")
    fitted = log[fits[-1]][1]
    shared = len(asked & fitted)
    if asked == fitted:
        return wrong("same_rows", rows=shared)
    if shared:
        return wrong("some_are_shared", share=shared / len(asked))
    chance = X["chance"].to_numpy()
    after = np.abs(better.predict_proba(X)[:, 1] - chance).mean()
    return correct(
        _(
            "{fitted:,} rows fitted the model and {asked:,} others the map. The model was {before:.2f} from the "
            "truth, and is {after:.2f} from it now."
        ),
        fitted=len(fitted),
        asked=len(asked),
        before=np.abs(expit(3 * logit(chance)) - chance).mean(),
        after=after,
    )


def rows(answer: Any, given: SimpleNamespace) -> Verdict:
    """Check which map is taken for how many rows."""
    if not isinstance(answer, Mapping) or set(answer) != {50, 200, 5000}:
        return not_yet(_("the answer has to be the dict with the keys 50, 200 and 5000, which are numbers."))
    loss, proven = given.loss, given.proven
    said = {size: str(name).strip().lower() for size, name in answer.items()}
    unknown = [name for name in said.values() if name not in {*loss.columns, "none"}]
    if unknown:
        return not_yet(_("`{name}` is none of the maps; write a column of the table, or `none`."), name=unknown[0][:40])
    right = {size: best_proven(loss.loc[size], proven.loc[size]) for size in said}
    if said == right:
        return correct(
            _(
                "{least} rows do not prove it every time. At {few} the map with few parameters wins, {at_few}; at "
                "{many:,} the free one has learnt its curve: {at_many}."
            ),
            least=50,
            few=200,
            many=5000,
            at_few=right[200],
            at_many=right[5000],
        )
    if said[50] != "none" and right[50] == "none":
        if set(said.values()) == {"isotonic"}:
            return wrong("always_free", loss=loss.loc[200, "isotonic"], best=loss.loc[200].min())
        if set(said.values()) == {"temperature"}:
            return wrong("always_simple", loss=loss.loc[5000, "temperature"], best=loss.loc[5000].min())
        return wrong("without_proof", share=proven.loc[50, said[50]])
    if all(name == "none" for name in said.values()):
        return wrong("never", share=proven.loc[5000].min())
    size = next(size for size in said if said[size] != right[size])
    return not_yet(_("at {size:,} rows another one does better, or has no proof; look at both tables."), size=size)


def best_proven(loss: pd.Series, proven: pd.Series) -> str:
    """Return the map of lowest loss among those that were proven in every draw."""
    sure = loss[proven == 1]
    return "none" if sure.empty else str(sure.idxmin())


def leave(answer: Any, given: SimpleNamespace) -> Verdict:
    """Check which models are recalibrated, which are left, and where nothing is shown."""
    names = ("naive_bayes", "boosting", "forest")
    found = decision(answer, (*names, "low"), numbers=("low",))
    if isinstance(found, Verdict):
        return found
    said = {name: spoken(found[name]) for name in names}
    if set(said.values()) - {"yes", "no", CANT_TELL}:
        return not_yet(_('for each model, write `"yes"`, `"no"` or `"can\'t tell"`.'))
    gain = given.proofs["forest"].gain
    if said["boosting"] != "no":
        table = given.proofs["boosting"].table
        return wrong(
            "cannot_hurt", worst=-table["estimate"].min(), method=table.loc[table["estimate"].idxmin(), "method"]
        )
    if said["naive_bayes"] != "yes":
        return wrong("leaves_all", low=given.proofs["naive_bayes"].gain.low)
    if said["forest"] == "yes":
        return wrong("estimate_decides", estimate=gain.estimate, low=gain.low)
    if said["forest"] == "no":
        return wrong("refused_is_fine", high=gain.high)
    if not np.isclose(found["low"], gain.low, atol=0.00006):
        return not_yet(_("`low` is another number: the lower end of the gain in the forest's proof, to four digits."))
    return correct(
        _(
            "naive Bayes gains for certain. Boosting wins as it is. The forest may gain up to {high:.2f}, or lose "
            "{loss:.4f}: more rows would tell, and until then it stays as it is."
        ),
        high=gain.high,
        loss=-gain.low,
    )


def money(answer: Any, given: SimpleNamespace) -> Verdict:
    """Check what each model loses to riders who know their own risk."""
    prices, owed = given.prices, 10 * np.asarray(given.truth)
    found = decision(answer, (*prices, "take"), numbers=tuple(prices))
    if isinstance(found, Verdict):
        return found
    said, take = {name: found[name] for name in prices}, str(found["take"]).strip().lower()
    right = {name: float(np.maximum(owed - price, 0).sum()) for name, price in prices.items()}
    all_buy = {name: float((owed - price).sum()) for name, price in prices.items()}
    both_ways = {name: float(np.abs(owed - price).sum()) for name, price in prices.items()}
    if close(said, all_buy):
        return wrong("everybody_buys", flat=right["flat"])
    if close(said, both_ways):
        return wrong("both_ways", overconfident=right["overconfident"])
    if not close(said, right):
        return not_yet(
            _(
                "count only trips whose price is below what they cost on average, and add up what is missing, as a "
                "positive number."
            )
        )
    best = min(right, key=right.__getitem__)
    if take == "flat":
        return wrong("right_in_total", flat=right["flat"])
    if take != best:
        return not_yet(_("for `take`, write the name of the model that loses least."))
    return correct(
        _(
            "it loses {least:,.0f} euros where the overconfident one loses {sure:,.0f}. The flat price, calibrated "
            "too, loses {flat:,.0f}: being right on average is not enough, one has to tell trips apart as well."
        ),
        least=right[best],
        sure=right["overconfident"],
        flat=right["flat"],
    )


def close(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Return whether the same names have the same numbers, to a euro."""
    return all(abs(one[name] - other[name]) <= 1 + 0.001 * abs(other[name]) for name in other)
