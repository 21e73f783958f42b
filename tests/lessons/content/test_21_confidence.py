"""Lesson 21: every solution passes, every known wrong answer is refused with its own reason."""

from operator import itemgetter

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from mlops_lab import evaluation as ev
from mlops_lab.lessons.content.confidence_judges import EMPTY, as_she_does, drawn, unseen
from mlops_lab.lessons.exercise import State, examine
from mlops_lab.lessons.outline import load, pick
from mlops_lab.lessons.quiz import Numeric

LESSON = load("21_confidence")
ANSWERS = {"cheapest": "cheapest", "honest": "promise", "sixty": "decision", "unsure": "decision"}


@pytest.fixture(scope="module")
def given():
    """What the notebook hands over, from answers made for it."""
    scores = pd.DataFrame({"p": np.r_[np.full(40, 0.9), np.full(5, 0.1), np.full(15, 0.6)]})
    scores["income"] = (scores["p"] > 0.5).astype(int)
    check = ev.Confidence(0.8, min_accuracy=0.95)
    sixty = ev.Suite([check]).run(itemgetter("p"), scores, "income", progress=False).results[0]
    right = np.r_[np.arange(700) % 25 > 0, np.arange(300) % 3 > 0]
    clerk = {"pay": 0.40, "cases": 200, "wrong": 12}
    return {"sixty": {"result": sixty}, "unsure": {"right": right, "shown": np.arange(1000) < 700, "clerk": clerk}}


def answered(name, code, given):
    names = {"np": np, "binomtest": binomtest, **given.get(name, {})}
    exec(code, names)
    return names[ANSWERS[name]]


def verdict(name, answer, given):
    return examine(pick(LESSON.exercises, name, "exercise"), answer, given.get(name))


@pytest.mark.slow
@pytest.mark.parametrize("exercise", LESSON.exercises, ids=lambda exercise: exercise.name)
def test_untouched_is_not_attempted_and_solved_is_correct(exercise, given):
    assert verdict(exercise.name, answered(exercise.name, exercise.start, given), given).state is State.NOT_ATTEMPTED
    solved = verdict(exercise.name, answered(exercise.name, exercise.solution, given), given)
    assert solved.state is State.CORRECT, solved.because


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "idea"), [(exercise.name, idea) for exercise in LESSON.exercises for idea in exercise.wrong]
)
def test_each_wrong_idea_is_refused_with_its_own_reason(name, idea, given):
    wrong = pick(LESSON.exercises, name, "exercise").wrong[idea]
    refused = verdict(name, answered(name, wrong.code, given), given)
    assert (refused.state, refused.idea) == (State.NOT_YET, idea), refused.because


@pytest.mark.parametrize(
    ("name", "answer"),
    [
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
        ("honest", lambda confidence, right: (0.99, EMPTY)),
        ("honest", lambda confidence, right: (np.inf, np.nan)),
        ("sixty", "can't tell"),
        ("sixty", {"promise": "perhaps", "low": 0.9, "rows": 100}),
        ("sixty", {"promise": "can't tell", "low": "much", "rows": 100}),
        ("sixty", {"promise": "can't tell", "low": 0.5, "rows": 100}),
        ("unsure", "ask"),
        ("unsure", {"way": "ask", "show": "dear", "ask": 1}),
        ("unsure", {"way": "ask", "show": 3.0, "ask": 0.9}),
    ],
)
def test_other_answers_get_a_reason_too(name, answer, given):
    refused = verdict(name, answer, given)
    assert refused.state is State.NOT_YET
    assert len(refused.because) > 20


def test_other_ways_to_the_cheapest_threshold_are_right(given):
    """Between two confidences any threshold shows the same answers; and one may go from the surest row down."""

    def from_the_top(confidence, right, cost_wrong, cost_abstain):
        order = np.argsort(-confidence, kind="stable")
        wrong = np.r_[0, np.cumsum(~right[order])]
        costs = cost_wrong * wrong + cost_abstain * (len(right) - np.arange(len(right) + 1))
        whole = np.r_[True, np.diff(confidence[order]) != 0, True]  # equal confidences are shown together
        best = np.argmin(np.where(whole, costs, np.inf))
        return confidence[order][best - 1] - 1e-9 if best else 2.0

    assert verdict("cheapest", from_the_top, given).state is State.CORRECT


@pytest.mark.slow
def test_another_random_half_is_right_too(given):
    def promise(confidence, right, least=0.95):
        order = np.random.default_rng(7).permutation(len(right))
        judge, choose = np.array_split(order, 2)
        threshold = as_she_does(confidence[choose], right[choose])
        shown = confidence[judge] >= threshold
        return threshold, right[judge][shown].mean() if shown.any() else np.nan

    accepted = verdict("honest", promise, given)
    assert accepted.state is State.CORRECT, accepted.because


def test_wilsons_interval_of_the_clerk_is_right_too(given):
    high = binomtest(12, 200).proportion_ci(method="wilson").high
    decision = {"way": "ask", "show": 5 / 3, "ask": 0.40 + 5 * high}
    assert verdict("unsure", decision, given).state is State.CORRECT


def test_the_models_of_the_first_exercise_set_the_ideas_apart():
    cases = unseen()
    assert cases["hopeless"].best() == cases["hopeless"].cost(np.inf)
    assert cases["too_sure"].cost(0.75) > 1.02 * cases["too_sure"].best()


@pytest.mark.slow
def test_the_colleagues_function_promises_too_much():
    samples = drawn(200, 150, informative=False)
    shown = [right[confidence >= as_she_does(confidence, right)] for confidence, right in samples]
    assert np.mean([part.mean() for part in shown if len(part)]) > EMPTY + 0.1


def test_no_near_miss_is_accepted():
    for question in LESSON.quiz:
        if isinstance(question, Numeric):
            assert question.mark(question.right).right
            assert not any(question.mark(near.value).right for near in question.near)
