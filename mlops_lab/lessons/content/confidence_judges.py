"""The judges of lesson 21: thresholds and promises are tried on answers that the learner has not seen."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.answers import CANT_TELL, decision, spoken
from mlops_lab.lessons.exercise import Verdict, call, correct, not_yet, wrong

__all__ = ["cheapest", "honest", "sixty", "unsure"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Answers:
    """Answers of an imagined model: how sure it was, whether it was right, and what its mistakes cost."""

    confidence: Floats
    right: Flags
    cost_wrong: float
    cost_abstain: float

    def cost(self, threshold: float) -> float:
        """Return what all rows cost together."""
        shown = self.confidence >= threshold
        return float(self.cost_wrong * (~self.right[shown]).sum() + self.cost_abstain * (~shown).sum())

    def best(self) -> float:
        """Return the least that all rows can cost."""
        return min(self.cost(threshold) for threshold in [*np.unique(self.confidence), np.inf])

    def shown(self, threshold: float) -> int:
        """Count the answers that are shown."""
        return int((self.confidence >= threshold).sum())


@lru_cache(maxsize=1)
def unseen() -> dict[str, Answers]:
    """Return answers of a calibrated model, of one that is too sure, and of one that had better be silent."""
    random = np.random.default_rng(2121)

    def answers(low: float, meant: Callable[[Floats], Floats], wrong_costs: float, none_costs: float) -> Answers:
        confidence = random.uniform(low, 1, 400).round(2)
        return Answers(confidence, random.random(400) < meant(confidence), wrong_costs, none_costs)

    return {
        "calibrated": answers(0.5, lambda sure: sure, 5, 1),
        "too_sure": answers(0.5, lambda sure: 0.5 + 0.6 * (sure - 0.5), 20, 5),
        "hopeless": answers(0.85, lambda sure: np.full(len(sure), 0.55), 5, 1),
    }


def trusted(case: Answers) -> float:
    """Return the threshold that would be cheapest if each confidence were the share that is right."""
    return 1 - case.cost_abstain / case.cost_wrong


def most_right(case: Answers) -> float:
    """Return the threshold whose shown answers are right most often."""
    thresholds = np.unique(case.confidence)
    return float(thresholds[np.argmax([case.right[case.confidence >= each].mean() for each in thresholds])])


def only_wrong(case: Answers) -> float:
    """Return the threshold with the fewest wrong answers, as if silence were free."""
    thresholds = np.unique(case.confidence)
    return float(thresholds[np.argmin([(~case.right[case.confidence >= each]).sum() for each in thresholds])])


def per_shown(case: Answers) -> float:
    """Return the threshold with the least cost for each answer that is shown."""
    thresholds = np.unique(case.confidence)
    return float(thresholds[np.argmin([case.cost(each) / case.shown(each) for each in thresholds])])


def never_silent(case: Answers) -> float:
    """Return the cheapest of the thresholds at which something is shown."""
    thresholds = np.unique(case.confidence)
    return float(thresholds[np.argmin([case.cost(each) for each in thresholds])])


IDEAS: dict[str, Callable[[Answers], float]] = {
    "trusts_the_number": trusted,
    "most_right": most_right,
    "silence_is_free": only_wrong,
    "per_shown_answer": per_shown,
    "never_silent": never_silent,
}


def cheapest(function: Any, given: SimpleNamespace) -> Verdict:
    """Check the learner's choice of a threshold on three imagined models."""
    if not callable(function):
        return not_yet(_("the answer has to be a function; hand over `cheapest` itself, without parentheses."))
    cases, found = unseen(), {}
    for name, case in cases.items():
        threshold = call(function, case.confidence.copy(), case.right.copy(), case.cost_wrong, case.cost_abstain)
        try:
            found[name] = float(threshold)
        except (TypeError, ValueError):
            return not_yet(_("`cheapest` has to return one number, the threshold, and nothing else."))
        if np.isnan(found[name]):
            return not_yet(_("`cheapest` returned NaN; to hold everything back, return `np.inf`."))
    dear = [name for name, case in cases.items() if case.cost(found[name]) > case.best() + 1e-6]
    if not dear:
        return correct(
            _(
                "on {cases} models that you had not seen no threshold is cheaper, also where the model was too sure of "
                "itself and where silence was best."
            ),
            cases=len(cases),
        )
    for idea, threshold in IDEAS.items():
        if all(case.shown(found[name]) == case.shown(threshold(case)) for name, case in cases.items()):
            case = cases["hopeless" if idea == "never_silent" else "too_sure"]
            return wrong(
                idea, cost=case.cost(found[name_of(case)]), best=case.best(), shown=case.shown(threshold(case))
            )
    case = cases[dear[0]]
    return not_yet(
        _("with a threshold of {threshold:g} the rows cost {cost:.0f}; there is one with which they cost {best:.0f}."),
        threshold=found[dear[0]],
        cost=case.cost(found[dear[0]]),
        best=case.best(),
    )


def name_of(case: Answers) -> str:
    """Return the name of an imagined model."""
    return next(name for name, other in unseen().items() if other is case)


LEAST = 0.95
EMPTY = 0.8  # how often the model is right whose confidence says nothing
DRAWS, ROWS = 150, 200


def as_she_does(confidence: Floats, right: Flags) -> float:
    """Return the lowest threshold whose answers are right often enough on these very rows."""
    for threshold in np.unique(confidence):
        if right[confidence >= threshold].mean() >= LEAST:
            return float(threshold)
    return np.inf


def drawn(rows: int, draws: int, informative: bool) -> list[tuple[Floats, Flags]]:
    """Draw answers several times, the surest first, as a table often comes."""
    random = np.random.default_rng(2122)
    found = []
    for _draw in range(draws):
        confidence = np.sort(random.uniform(0.5, 1, rows))[::-1]
        chance = confidence if informative else np.full(rows, EMPTY)
        found.append((confidence, random.random(rows) < chance))
    return found


def reports(function: Any, samples: list[tuple[Floats, Flags]]) -> NDArray[np.float64] | None:
    """Return threshold and promised share for each draw; None where the function does not return two numbers."""
    found = []
    for confidence, right in samples:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # the mean of nothing
            answer = call(function, confidence.copy(), right.copy())
        try:
            threshold, share = (float(part) for part in answer)
        except (TypeError, ValueError):
            return None
        found.append((threshold, share))
    return np.array(found)


def honest(function: Any, given: SimpleNamespace) -> Verdict:
    """Check whether what the learner's function promises is what new rows keep."""
    if not callable(function):
        return not_yet(_("the answer has to be a function; hand over `promise` itself, without parentheses."))
    samples = drawn(ROWS, DRAWS, informative=False)
    found = reports(function, samples)
    if found is None:
        return not_yet(
            _(
                "`promise` always has to return two numbers: the threshold, and the share that it promises; `np.inf, "
                "np.nan` where there is none."
            )
        )
    if np.nanmax(found[:, 1], initial=0) > 1:
        return not_yet(_("the second number is a share, from 0 to 1, and the threshold comes before it."))
    said = ~np.isnan(found[:, 1])
    if said.mean() < 0.2 and np.isfinite(found[:, 0]).mean() > 0.5:
        return wrong("table_is_sorted")
    if said.mean() < 0.2:
        return not_yet(
            _(
                "it promises nothing for most tables; take the lowest threshold that is right often enough on the "
                "rows that choose."
            )
        )
    told = float(found[said, 1].mean())
    if told > EMPTY + 0.06:
        return too_much(found, samples, told)
    good = drawn(2000, 20, informative=True)
    found = reports(function, good)
    assert found is not None
    kept = np.array(
        [
            confidence[confidence >= threshold].mean() if (confidence >= threshold).any() else np.nan
            for (threshold, _share), (confidence, _right) in zip(found, good, strict=True)
        ]
    )
    if np.isnan(kept).mean() > 0.2 or np.nanmean(kept) > LEAST + 0.02:
        return not_yet(_("it shows too little: take the lowest threshold that is right often enough, as she does."))
    bias = float(np.nanmean(found[:, 1] - kept))
    if np.nanmean(kept) < LEAST - 0.02:
        return not_yet(
            _("its thresholds are too low: only {kept:.1%} of the shown answers are right."),
            kept=float(np.nanmean(kept)),
        )
    if abs(bias) > 0.01:
        return wrong("of_everything", told=float(np.nanmean(found[:, 1])), kept=float(np.nanmean(kept)))
    return correct(
        _(
            "for a model whose confidence says nothing, and which is right in {truth:.0%}, it promises {told:.0%} on "
            "average; the colleague's function promises at least {least:.0%}. Rows that chose do not judge."
        ),
        truth=EMPTY,
        told=told,
        least=LEAST,
    )


def too_much(found: NDArray[np.float64], samples: list[tuple[Floats, Flags]], told: float) -> Verdict:
    """Say why a function promises more than new rows keep."""
    same = np.array(
        [
            right[confidence >= found[place, 0]].mean() if (confidence >= found[place, 0]).any() else np.nan
            for place, (confidence, right) in enumerate(samples)
        ]
    )
    said = ~np.isnan(found[:, 1]) & ~np.isnan(same)
    less = same[said] - found[said, 1]
    chosen = np.array([as_she_does(*sample) for sample in samples])
    all_chose = np.allclose(chosen[said], found[said, 0])
    if np.allclose(less, 0):
        return wrong("same_rows" if all_chose else "judges_on_all", told=told, truth=EMPTY)
    if np.ptp(less) < 1e-9:
        return wrong("margin", told=told, truth=EMPTY)
    if all_chose:
        return wrong("chooses_on_all", told=told, truth=EMPTY)
    return not_yet(
        _("it promises {told:.0%} where {truth:.0%} are right: let rows judge that had no say in the threshold."),
        told=told,
        truth=EMPTY,
    )


def sixty(answer: Any, given: SimpleNamespace) -> Verdict:
    """Check whether no wrong answer on sixty rows was taken for a promise."""
    result = given.result
    found = decision(answer, ("promise", "low", "rows"), numbers=("rows",), shares=("low",))
    if isinstance(found, Verdict):
        return found
    low, rows, said = found["low"], found["rows"], spoken(found["promise"])
    shown = round(result.extras["coverage"] * result.rows)
    if said == "yes":
        return wrong("none_was_wrong", shown=shown, low=result.low)
    if said == "no":
        return wrong("not_shown_is_refuted", shown=shown, low=result.low)
    if said != CANT_TELL:
        return not_yet(_('for `promise`, write `"yes"`, `"no"` or `"can\'t tell"`.'))
    if np.isclose(low, result.estimate):
        return wrong("seen_is_sure", low=result.low, shown=shown)
    if not np.isclose(low, result.low, atol=0.002):
        return not_yet(_("`low` is another number: the lower end of the interval, `result.low`."))
    if rows in (result.rows, shown):
        return wrong("own_rows", rows=rows, needed=result.rows_needed)
    if not np.isclose(rows, result.rows_needed, rtol=0.02):
        return not_yet(_("`rows` is another number: `result.rows_needed`."))
    return correct(
        _(
            "{shown} right answers of {shown} also come from a model that is right in {low:.0%} only. {needed:,.0f} "
            "rows would tell, if none of their shown answers were wrong either; one that is makes it many more."
        ),
        shown=shown,
        low=result.low,
        needed=result.rows_needed,
    )


def unsure(answer: Any, given: SimpleNamespace) -> Verdict:
    """Check what the unsure answers cost in three ways, and which way was taken."""
    found = decision(answer, ("way", "show", "ask"), numbers=("show", "ask"))
    if isinstance(found, Verdict):
        return found
    show, ask, way = found["show"], found["ask"], spoken(found["way"]).replace("_", " ")
    unsure_right, clerk = np.asarray(given.right)[~np.asarray(given.shown)], given.clerk
    error, record = 1 - unsure_right.mean(), clerk["wrong"] / clerk["cases"]
    if np.isclose(show, 5 * (1 - np.mean(given.right)), atol=0.005):
        return wrong("error_of_all", all=1 - np.mean(given.right), unsure=error)
    if not np.isclose(show, 5 * error, atol=0.01):
        return not_yet(
            _("`show` is another number: 5 EUR times the share of wrong answers among the unsure, to the cent.")
        )
    ends = [
        binomtest(clerk["wrong"], clerk["cases"]).proportion_ci(method=method).high for method in ("exact", "wilson")
    ]
    if np.isclose(ask, clerk["pay"]):
        return wrong("never_errs", wrong=clerk["wrong"], cases=clerk["cases"])
    if np.isclose(ask, clerk["pay"] + 5 * record):
        return wrong("record_is_truth", record=record, high=ends[0])
    if not min(abs(ask - clerk["pay"] - 5 * end) for end in ends) < 0.03:
        return not_yet(_("`ask` is another number: her pay, and 5 EUR times the upper end of her share of errors."))
    if way == "show":
        return wrong("an_answer_is_better", show=show)
    if way == "hold back":
        return wrong("silence_is_safe", ask=ask)
    if way != "ask":
        return not_yet(_('for `way`, write `"show"`, `"hold back"` or `"ask"`.'))
    return correct(
        _(
            "even if the clerk errs as often as her record allows at most, an unsure case costs {ask:.2f} EUR with "
            "her, 1 EUR held back and {show:.2f} EUR shown."
        ),
        ask=ask,
        show=show,
    )
