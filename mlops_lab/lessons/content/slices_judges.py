"""The judges of lesson 22: each tries the learner's answer on tables, models and rows that she has not seen."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.datasets import broken
from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.answers import CANT_TELL, decision, spoken
from mlops_lab.lessons.exercise import Verdict, call, catches, correct, not_yet, wrong

__all__ = ["deploy", "nine", "same_mix", "seek", "weakest"]

NEXT_YEAR = 0.25  # share of the minority
ROWS = 6000


def deploy(answer: Any, given: SimpleNamespace) -> Verdict:
    """Check the decision for next year's mix, and the two numbers that it rests on."""
    found = decision(answer, ("deploy", "A", "B"), shares=("A", "B"))
    if isinstance(found, Verdict):
        return found
    by_group = given.answers.groupby(["model", "group"])["right"].mean()
    overall = given.answers.groupby("model")["right"].mean()
    ways = {
        "right": {m: (1 - NEXT_YEAR) * by_group[m, "majority"] + NEXT_YEAR * by_group[m, "minority"] for m in "AB"},
        "overall_is_enough": {m: overall[m] for m in "AB"},
        "groups_count_the_same": {m: by_group[m].mean() for m in "AB"},
        "wrong_way_round": {
            m: NEXT_YEAR * by_group[m, "majority"] + (1 - NEXT_YEAR) * by_group[m, "minority"] for m in "AB"
        },
        "minority_only": {m: by_group[m, "minority"] for m in "AB"},
    }
    right = ways["right"]
    for idea, values in ways.items():
        if idea != "right" and all(np.isclose(found[m], values[m], atol=0.0005) for m in "AB"):
            return wrong(idea, now=overall["A"], then=right["A"], counted=values["A"])
    if not all(np.isclose(found[m], right[m], atol=0.0005) for m in "AB"):
        return not_yet(_("these are other shares: weigh each group's share of right answers with next year's mix."))
    if spoken(found["deploy"]).removeprefix("model ").upper() not in {"A", "B"}:
        return not_yet(_('for `deploy`, write `"A"` or `"B"`.'))
    if spoken(found["deploy"]).removeprefix("model ").upper() != max(right, key=lambda m: right[m]):
        return not_yet(_("your own two numbers speak for the other model."))
    return correct(
        _(
            "with a quarter of the customers in the minority, A is right for {a:.1%} and B for {b:.1%}. Nothing about "
            "the models changed; their customers did."
        ),
        a=right["A"],
        b=right["B"],
    )


TABLES = (
    pd.DataFrame(
        {
            "rows_first": [87, 263],
            "rows_second": [270, 80],
            "first": [0.93, 0.73],
            "second": [0.87, 0.69],
        },
        index=["small", "large"],
    ),
    pd.DataFrame(
        {
            "rows_first": [900, 50, 50],
            "rows_second": [100, 300, 1600],
            "first": [0.1, 0.6, 0.8],
            "second": [0.2, 0.5, 0.9],
        }
    ),
)


def mixes(table: pd.DataFrame) -> dict[str, float]:
    """Return what comes out at several mixes."""
    first, second = table["first"], table["second"]
    rows, other = table["rows_first"], table["rows_second"]
    return {
        "right": float(np.average(first - second, weights=rows + other)),
        "own_mix": float(np.average(first, weights=rows) - np.average(second, weights=other)),
        "plain_mean": float((first - second).mean()),
        "mix_of_the_first": float(np.average(first - second, weights=rows)),
        "turned_round": float(np.average(second - first, weights=rows + other)),
    }


def same_mix(function: Any, given: SimpleNamespace) -> Verdict:
    """Check the learner's standardisation on two tables."""
    if not callable(function):
        return not_yet(_("the answer has to be a function; hand over `same_mix` itself, without parentheses."))
    said = []
    for table in TABLES:
        handed = table.copy()
        value = call(function, handed)
        try:
            said.append(float(value))
        except (TypeError, ValueError):
            return not_yet(_("`same_mix` has to return one number, the difference."))
        if not handed.equals(table):
            return not_yet(_("`same_mix` changes the table that it was given; leave it as it is."))
    known = [mixes(table) for table in TABLES]
    for idea in known[0]:
        if all(np.isclose(value, each[idea], atol=1e-6) for value, each in zip(said, known, strict=True)):
            if idea != "right":
                return wrong(idea, said=100 * said[0], right=100 * known[0]["right"])
            return correct(
                _(
                    "on a table of operations the crude difference is {crude:+.1f} points, and at the same mix "
                    "{right:+.1f}: the order turns."
                ),
                crude=100 * known[0]["own_mix"],
                right=100 * known[0]["right"],
            )
    return not_yet(
        _("on a table with the difference {right:+.4f} at the same mix, yours says {said:+.4f}."),
        right=known[0]["right"],
        said=said[0],
    )


class Remembered:
    """Answers that were given once, looked up by the row's index."""

    def __init__(self, answers: np.ndarray) -> None:
        self.answers, self.classes_ = answers, np.array([0, 1])

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return the decisions of some rows."""
        return self.answers[X.index.to_numpy()]

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Return the decisions as probabilities."""
        sure = 0.5 + 0.3 * (2 * self.predict(X) - 1)
        return np.column_stack([1 - sure, sure])


@lru_cache(maxsize=1)
def unseen() -> tuple[pd.DataFrame, pd.Series]:
    """Return trips that the notebook does not show."""
    X, y = broken.data("rides", rows=ROWS, seed=2222)
    return X.drop(columns="complaint"), y


def planted(where: Mapping[str, str], pull: float) -> tuple[Any, pd.DataFrame, pd.Series]:
    """Return a model that is weak where some columns hold some values."""
    X, y = unseen()
    base = broken.models("rides")["clean"].base
    return broken.WeakSlice(base, where, pull).fit(pd.DataFrame(), None), X.copy(), y.copy()


def by_lot(rows: int, levels: int, columns: int) -> tuple[Any, pd.DataFrame, pd.Series]:
    """Return a model that errs by chance alone, and columns that were drawn by lot."""
    rng = np.random.default_rng(6)
    X = pd.DataFrame({f"lot {place}": rng.integers(0, levels, rows).astype(str) for place in range(columns)})
    y = pd.Series((rng.random(rows) < 0.5).astype(int))
    return Remembered(np.where(rng.random(rows) < 0.8, y, 1 - y)), X, y


seek = catches(
    mutants={
        "hidden": lambda: planted({"matching": "pooled", "payment": "cash"}, 0.4),
        "small": lambda: planted({"district": "harbour", "vehicle": "van"}, 0.5),
    },
    spares={
        "few": lambda: by_lot(rows=400, levels=4, columns=4),
        "luck": lambda: by_lot(rows=ROWS, levels=10, columns=8),
    },
    because=_(
        "it caught {mutants} models, one of them weak in only two of a hundred rows, and it spared a model whose "
        "mistakes are chance, among few groups and among thousands."
    ),
)


def weakest(answer: Any, given: SimpleNamespace) -> Verdict:
    """Check which slice was named, and on which rows its gap was measured."""
    found = decision(answer, ("slice", "gap"), shares=("gap",))
    if isinstance(found, Verdict):
        return found
    details = given.details.set_index("slice")
    if not isinstance(found["slice"], str) or found["slice"] not in details.index:
        return not_yet(_("`slice` has to be one of the slices in the table, written as it stands there."))
    named, said = details.loc[found["slice"]], found["gap"]
    confirmed = details[details["confirmed"].astype(bool)]
    right = confirmed["gap"].idxmax()
    if not named["confirmed"]:
        return wrong("luck", found=100 * named["found_gap"], fresh=100 * named["gap"])
    if found["slice"] != right:
        return wrong(
            "most_errors",
            share=named["share_of_error"],
            gap=100 * named["gap"],
            worst=100 * confirmed.loc[right, "gap"],
        )
    if np.isclose(said, named["found_gap"], atol=0.0005):
        return wrong("rows_that_chose")
    if np.isclose(said, named["low"], atol=0.0005) or np.isclose(said, named["high"], atol=0.0005):
        return not_yet(_("that is an end of the interval; the gap itself is asked for."))
    if not np.isclose(said, named["gap"], atol=0.0005):
        return wrong("another_number", said=said)
    return correct(
        _(
            "{slice}: {gap:.0f} points below all rows, on rows that had no part in the choice. {looked} slices looked "
            "weak in the search, {confirmed} of them were confirmed."
        ),
        slice=right,
        gap=100 * named["gap"],
        looked=len(details),
        confirmed=len(confirmed),
    )


def nine(answer: Any, given: SimpleNamespace) -> Verdict:
    """Check whether nine rows without a mistake were taken for a group that is served well."""
    found = decision(answer, ("served", "worst"), shares=("worst",))
    if isinstance(found, Verdict):
        return found
    row, served = given.row, spoken(found["served"])
    if served == "well":
        return wrong("no_mistake", rows=row["rows"], high=100 * row["high"])
    if served == "badly":
        return wrong("too_few_is_bad", low=100 * row["low"], high=100 * row["high"])
    if served != CANT_TELL:
        return not_yet(_('for `served`, write `"well"`, `"badly"` or `"can\'t tell"`.'))
    if np.isclose(found["worst"], row["gap"], atol=0.0005):
        return wrong("estimate_is_worst", high=100 * row["high"])
    if np.isclose(found["worst"], row["low"], atol=0.0005):
        return wrong("best_for_worst", low=100 * row["low"])
    if not np.isclose(found["worst"], row["high"], atol=0.0005):
        return not_yet(_("`worst` is another number: the largest gap that still fits with these rows."))
    return correct(
        _(
            "{rows} rows fit with a group that is served {high:.0f} points worse than all, and with one that is served "
            "better. Neither is shown; say so, and gather rows."
        ),
        rows=row["rows"],
        high=100 * row["high"],
    )
