"""The judges of lesson 18: each tries the learner's answer on models and rows that she has not seen."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.datasets import broken, rides
from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.answers import CANT_TELL, decision, spoken
from mlops_lab.lessons.exercise import Verdict, call, catches, correct, not_yet, wrong

__all__ = ["change_rate", "forty", "gone", "stranger", "unequal"]

ROWS = 6000
FEW = 150  # so few that the groups' mean scores lie apart by chance


def two_groups() -> tuple[Any, pd.DataFrame]:
    """Return a model that takes from one group what it gives to the other, and its rows; a fifth of them change."""
    place = np.arange(2000)
    frame = pd.DataFrame({"group": np.where(place // 10 % 2, "m", "f"), "pay": place % 10})

    def predict(X: pd.DataFrame) -> np.ndarray:
        woman = (X["group"] == "f").to_numpy()
        pay = X["pay"].to_numpy()
        return np.select([pay == 0, pay == 9], [woman, ~woman], pay < 5)

    return SimpleNamespace(predict=predict), frame


def three_groups() -> tuple[Any, pd.DataFrame]:
    """Return a model that singles out one town or another, and its rows; a fifth of them change."""
    place = np.arange(3000)
    frame = pd.DataFrame({"group": np.array(["a", "b", "c"])[place // 10 % 3], "pay": place % 10})

    def predict(X: pd.DataFrame) -> np.ndarray:
        town, pay = X["group"].to_numpy(), X["pay"].to_numpy()
        return np.select([pay == 0, pay == 1], [town == "a", town == "b"], pay < 5)

    return SimpleNamespace(predict=predict), frame


def change_rate(function: Any, given: SimpleNamespace) -> Verdict:
    """Check the learner's count where the groups' shares are equal, and where there are three levels."""
    if not callable(function):
        return not_yet(_("the answer has to be a function; hand over `change_rate` itself, without parentheses."))

    def counted(case: tuple[Any, pd.DataFrame]) -> float:
        return float(call(function, case[0], case[1].copy(), "group"))

    try:
        two = [counted(two_groups()) for _again in range(5)]
        three = counted(three_groups())
    except (TypeError, ValueError):
        return not_yet(_("`change_rate` has to return a number, the share of the rows."))
    if max(two) > 1:
        return not_yet(_("`change_rate` has to return a share, from 0 to 1."))
    if len(set(two)) > 1:
        return wrong("shuffled", low=min(two), high=max(two))
    if np.isclose(two[0], 0):
        return wrong("group_rates")
    if np.isclose(two[0], 0.1):
        return wrong("one_level", share=two[0], right=0.2)
    if np.isclose(two[0], 0.2) and three > 0.21:
        return wrong("counted_twice", share=three, right=0.2)
    if not np.isclose(two[0], 0.2) or not np.isclose(three, 0.2):
        return not_yet(
            _(
                "with two levels and with three, {right:.0%} of the decisions change; yours says {two:.1%} and "
                "{three:.1%}."
            ),
            right=0.2,
            two=two[0],
            three=three,
        )
    return correct(
        _(
            "each row is compared with itself under every other level, and counts once. That also finds a model that "
            "takes from one group what it gives to the other."
        )
    )


def gone(answer: Any, given: SimpleNamespace) -> Verdict:
    """Check whether the dropped column was held against what remains of it."""
    audit = given.audit
    found = decision(answer, ("gone", "least", "told"), shares=("least", "told"))
    if isinstance(found, Verdict):
        return found
    least, told, said = found["least"], found["told"], spoken(found["gone"])
    anew = audit.gaps.set_index("of").loc["model trained without"]
    neutral = audit.gaps.set_index("of").loc["model without the column"]
    last = audit.fall.iloc[-1]
    if said == "yes":
        return wrong("column_gone", share=anew["share"])
    if said == CANT_TELL:
        return wrong("too_careful", low=anew["share_low"], high=anew["share_high"])
    if said != "no":
        return not_yet(_('for `gone`, write `"yes"`, `"no"` or `"can\'t tell"`.'))
    if np.isclose(least, anew["share"], atol=0.0005):
        return wrong("estimate", low=anew["share_low"])
    if np.allclose(least, neutral["share_low"], atol=0.0005) or np.isclose(least, neutral["share"], atol=0.0005):
        return wrong("old_model")
    if not np.isclose(least, anew["share_low"], atol=0.002):
        return not_yet(_("`least` is another number: `share_low` of the model trained without the column."))
    if np.isclose(told, audit.auc.estimate, atol=0.002):
        return wrong("with_all", auc=last["auc"], left_out=last["left_out"])
    if not np.isclose(told, last["auc"], atol=0.002):
        return not_yet(_("`told` is another number: the area in the last row of `audit.fall`."))
    return correct(
        _(
            "at least {least:.0%} of the distance remain in a model that never saw the column. The others know it: "
            "even without {left_out} they tell it with an area of {auc:.2f}."
        ),
        least=anew["share_low"],
        left_out=last["left_out"],
        auc=last["auc"],
    )


def stranger(answer: Any, given: SimpleNamespace) -> Verdict:
    """Check column and rate against what was planted in the model."""
    model, X = given.model, given.X
    found = decision(answer, ("column", "rate"), shares=("rate",))
    if isinstance(found, Verdict):
        return found
    rate, column = found["rate"], found["column"]
    if column is None or spoken(column) in {"none", ""}:
        return wrong("passed")
    if not isinstance(column, str) or column not in X.columns:
        return not_yet(_('`column` has to be the name of a column of the trips, or `"none"`.'))
    if column == model.stands_for:
        return wrong("reads_it", column=column)
    if column != model.column:
        return wrong("no_proxy", column=column)
    right = float(model.fault_size(X))
    if np.isclose(rate, right, atol=0.002):
        return correct(
            _(
                "exchange `{column}`, and {rate:.1%} of the decisions change. Women and men choose other plans, so the "
                "model treats them differently without ever reading {sensitive}."
            ),
            column=model.column,
            rate=rate,
            sensitive=model.stands_for,
        )
    if np.isclose(rate, 0, atol=1e-6) or rate > 0.9:
        return wrong("other_rate", rate=rate)
    return not_yet(_("the column is right; `rate` is another number: the estimate of its own invariance check."))


class Crossed(broken.Planted):
    """Favours women in some cities, and men in the others: on average both fare the same."""

    def answer(self, X: pd.DataFrame) -> np.ndarray:
        """Return the probability of ``classes_[1]``."""
        woman = np.where(X["rider_sex"] == "female", 1, -1)
        here = np.where(X["city"].isin(["Brück", "Calder"]), 1, -1)
        return moved(self.sound(X), 0.06 * woman * here)


class Rare(broken.Planted):
    """Reads the sex in one district only."""

    def answer(self, X: pd.DataFrame) -> np.ndarray:
        """Return the probability of ``classes_[1]``."""
        woman = np.where(X["rider_sex"] == "female", 1, -1)
        return moved(self.sound(X), 0.15 * woman * (X["district"] == "harbour"))


def moved(p: np.ndarray, shift: Any) -> np.ndarray:
    """Move probabilities, less towards 0 and 1."""
    return p + np.asarray(shift, dtype=float) * 4 * p * (1 - p)


def planted(name: str) -> Any:
    """Return one of the five unequal models, or the sound one."""
    models = broken.models("rides")
    if name in models:
        return models[name]
    base = models["clean"].base
    sex, plan = rides.TRUTH.sensitive, rides.TRUTH.proxy
    made = {
        "crossed": lambda: Crossed(base),
        "rare": lambda: Rare(base),
        "masked": lambda: broken.Biased(
            broken.Biased(base, plan, {"family": -0.07, "business": 0.07}), sex, {"female": 0.0355, "male": -0.0355}
        ),
    }
    return made[name]().fit(pd.DataFrame(), None)


@lru_cache(maxsize=1)
def unseen() -> tuple[pd.DataFrame, pd.Series]:
    """Return trips that the notebook does not show."""
    return broken.data("rides", rows=ROWS, seed=1818)


def case(name: str, rows: int = ROWS) -> tuple[Any, pd.DataFrame, pd.Series]:
    """Return model, rows and target of one case."""
    X, y = unseen()
    return planted(name), X.head(rows).copy(), y.head(rows).copy()


def cases(*names: str) -> dict[str, Callable[[], tuple[Any, ...]]]:
    """Return the cases by name."""
    return {name: partial(case, name) for name in names}


unequal = catches(
    mutants=cases("uses_sex", "uses_proxy", "crossed", "masked", "rare"),
    spares={**cases("clean"), "few": partial(case, "clean", FEW)},
    first="clean",  # an audit of the columns accuses it, and takes seconds for each model
    because=_(
        "it caught {mutants} models: one that reads the sex, one that reads a proxy, one that gives in one city what "
        "it takes in another, one that hides behind the proxy, and one that does it in one district only. And it "
        "spared the sound model, on many rows and on few."
    ),
)


def forty(answer: Any, given: SimpleNamespace) -> Verdict:
    """Check whether no change on a few rows was taken for none at all."""
    result = given.result
    found = decision(answer, ("invariant", "worst", "rows"), numbers=("rows",), shares=("worst",))
    if isinstance(found, Verdict):
        return found
    worst, rows, said = found["worst"], found["rows"], spoken(found["invariant"])
    if said == "yes":
        return wrong("no_change", rows=result.rows, high=result.high)
    if said == "no":
        return wrong("wide_is_bad", high=result.high)
    if said != CANT_TELL:
        return not_yet(_('for `invariant`, write `"yes"`, `"no"` or `"can\'t tell"`.'))
    if np.isclose(worst, result.estimate):
        return wrong("estimate_is_worst", high=result.high)
    if not np.isclose(worst, result.high, atol=0.001):
        return not_yet(_("`worst` is another number: the upper end of the interval, `result.high`."))
    if rows == result.rows:
        return wrong("own_rows", rows=result.rows, needed=result.rows_needed)
    if not np.isclose(rows, result.rows_needed, rtol=0.02):
        return not_yet(_("`rows` is another number: `result.rows_needed`."))
    return correct(
        _(
            "no change in {rows} rows also happens to a model that changes up to {high:.1%} of its decisions. About "
            "{needed:,.0f} rows without a change would show that it stays within the tolerance."
        ),
        rows=result.rows,
        high=result.high,
        needed=result.rows_needed,
    )
