"""Lesson 21: answers beside those that are tried in every lesson."""

from operator import itemgetter

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from mlops_lab import evaluation as ev
from mlops_lab.lessons.content.confidence_judges import EMPTY, as_she_does, drawn, unseen
from mlops_lab.lessons.exercise import State
from tests.lessons.content.judged import Judged


def handed():
    """What the notebook hands over, from answers made for it."""
    scores = pd.DataFrame({"p": np.r_[np.full(40, 0.9), np.full(5, 0.1), np.full(15, 0.6)]})
    scores["income"] = (scores["p"] > 0.5).astype(int)
    check = ev.Confidence(0.8, min_accuracy=0.95)
    sixty = ev.Suite([check]).run(itemgetter("p"), scores, "income", progress=False).results[0]
    right = np.r_[np.arange(700) % 25 > 0, np.arange(300) % 3 > 0]
    clerk = {"pay": 0.40, "cases": 200, "wrong": 12}
    given = {"sixty": {"result": sixty}, "unsure": {"right": right, "shown": np.arange(1000) < 700, "clerk": clerk}}
    return given, {}


JUDGED = Judged(
    "21_confidence", {"cheapest": "cheapest", "honest": "promise", "sixty": "decision", "unsure": "decision"}, handed
)

OTHER = [  # answers that have no name, and get a reason too
    ("cheapest", 0.8),
    ("cheapest", lambda *given: "0.8"),
    ("cheapest", lambda *given: [0.8, 0.9]),
    ("cheapest", lambda *given: np.nan),
    ("cheapest", lambda *given: 0.93),
    ("cheapest", lambda *given: np.inf),
    ("honest", 0.95),
    ("honest", lambda confidence, right: 0.8),
    ("honest", lambda confidence, right: (0.9, "much")),
    ("honest", lambda confidence, right: (0.5, right.mean())),
    ("honest", lambda confidence, right: (0.9, 0.95)),
    ("honest", lambda confidence, right: (0.95, np.inf)),
    ("honest", lambda confidence, right: (0.9, 95)),
    ("honest", lambda confidence, right: (0.99, EMPTY)),
    ("honest", lambda confidence, right: (np.inf, np.nan)),
    ("sixty", "can't tell"),
    ("sixty", {"promise": "perhaps", "low": 0.9, "rows": 100}),
    ("sixty", {"promise": "can't tell", "low": "much", "rows": 100}),
    ("sixty", {"promise": "can't tell", "low": 0.5, "rows": 100}),
    ("unsure", "ask"),
    ("unsure", {"way": "ask", "show": "dear", "ask": 1}),
    ("unsure", {"way": "ask", "show": 3.0, "ask": 0.9}),
]


def test_other_ways_to_the_cheapest_threshold_are_right():
    """Between two confidences any threshold shows the same answers; and one may go from the surest row down."""

    def from_the_top(confidence, right, cost_wrong, cost_abstain):
        order = np.argsort(-confidence, kind="stable")
        wrong = np.r_[0, np.cumsum(~right[order])]
        costs = cost_wrong * wrong + cost_abstain * (len(right) - np.arange(len(right) + 1))
        whole = np.r_[True, np.diff(confidence[order]) != 0, True]  # equal confidences are shown together
        best = np.argmin(np.where(whole, costs, np.inf))
        return confidence[order][best - 1] - 1e-9 if best else 2.0

    assert JUDGED.verdict("cheapest", from_the_top).state is State.CORRECT


@pytest.mark.slow
def test_another_random_half_is_right_too():
    def promise(confidence, right, least=0.95):
        order = np.random.default_rng(7).permutation(len(right))
        judge, choose = np.array_split(order, 2)
        threshold = as_she_does(confidence[choose], right[choose])
        shown = confidence[judge] >= threshold
        return threshold, right[judge][shown].mean() if shown.any() else np.nan

    accepted = JUDGED.verdict("honest", promise)
    assert accepted.state is State.CORRECT, accepted.because


def test_wilsons_interval_of_the_clerk_is_right_too():
    high = binomtest(12, 200).proportion_ci(method="wilson").high
    decision = {"way": "ask", "show": 5 / 3, "ask": 0.40 + 5 * high}
    assert JUDGED.verdict("unsure", decision).state is State.CORRECT


def test_the_models_of_the_first_exercise_set_the_ideas_apart():
    cases = unseen()
    assert cases["hopeless"].best() == cases["hopeless"].cost(np.inf)
    assert cases["too_sure"].cost(0.75) > 1.02 * cases["too_sure"].best()


@pytest.mark.slow
def test_the_colleagues_function_promises_too_much():
    samples = drawn(200, 150, informative=False)
    shown = [right[confidence >= as_she_does(confidence, right)] for confidence, right in samples]
    assert np.mean([part.mean() for part in shown if len(part)]) > EMPTY + 0.1
