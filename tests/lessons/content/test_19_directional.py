"""Lesson 19: every solution passes, every known wrong answer is refused with its own reason."""

import numpy as np
import pandas as pd
import pytest

from mlops_lab import evaluation as ev
from mlops_lab.datasets import broken, rides
from mlops_lab.lessons.exercise import State, examine
from mlops_lab.lessons.outline import load, pick
from mlops_lab.lessons.quiz import Numeric

LESSON = load("19_directional")
ANSWERS = {"honest": "violation_rate", "hole": "hole", "world": "holds", "price": "decision"}


@pytest.fixture(scope="module")
def names():
    """What the notebook knows when an exercise is reached."""
    X, _late = broken.data("rides", rows=4000)
    trips = rides.trips(3000, seed=4)
    rng = np.random.default_rng(0)
    free = pd.Series(rng.exponential(0.3, 5000))
    return {
        "ev": ev,
        "pd": pd,
        "rides": rides,
        "X": X,
        "stranger": broken.models("rides")["non_monotone"],
        "T": trips.drop(columns=["price", "late", "complaint"]),
        "price": trips["price"],
        "free_loss": free,
        "constrained_loss": free + rng.normal(0, 0.05, 5000),
    }


@pytest.fixture(scope="module")
def given(names):
    """What the notebook hands over."""
    return {
        "hole": {"model": names["stranger"], "X": names["X"]},
        "world": {"rate": 1.0},
        "price": {"free": names["free_loss"], "constrained": names["constrained_loss"]},
    }


def answered(name, code, names):
    known = dict(names)
    exec(code, known)
    return known[ANSWERS[name]]


def verdict(name, answer, given):
    return examine(pick(LESSON.exercises, name, "exercise"), answer, given.get(name))


@pytest.mark.parametrize("exercise", LESSON.exercises, ids=lambda exercise: exercise.name)
def test_untouched_is_not_attempted_and_solved_is_correct(exercise, names, given):
    assert verdict(exercise.name, answered(exercise.name, exercise.start, names), given).state is State.NOT_ATTEMPTED
    solved = verdict(exercise.name, answered(exercise.name, exercise.solution, names), given)
    assert solved.state is State.CORRECT, solved.because


@pytest.mark.parametrize(
    ("name", "idea"), [(exercise.name, idea) for exercise in LESSON.exercises for idea in exercise.wrong]
)
def test_each_wrong_idea_is_refused_with_its_own_reason(name, idea, names, given):
    wrong = pick(LESSON.exercises, name, "exercise").wrong[idea]
    refused = verdict(name, answered(name, wrong.code, names), given)
    assert (refused.state, refused.idea) == (State.NOT_YET, idea), refused.because


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("honest", 0.2),
        ("honest", lambda answer, X, column, by: "many"),
        ("honest", lambda answer, X, column, by: 0.5),
        ("hole", "distance_km"),
        ("hole", {"column": "distance", "low": 6, "high": 10}),
        ("hole", {"column": "distance_km", "low": "six", "high": 10}),
        ("hole", {"column": "distance_km", "low": 10, "high": 6}),
        ("world", {"distance_km": True}),
        ("world", {"distance_km": "yes", "surge": True, "rain": False, "rate": 1}),
        ("world", {"distance_km": True, "surge": True, "rain": False, "rate": "all"}),
        ("price", {"costs": "can't tell"}),
        ("price", {"costs": "can't tell", "low": "small", "high": 1}),
        ("price", {"costs": "can't tell", "low": -1, "high": 1}),
    ],
)
def test_other_answers_get_a_reason_too(name, answer, given):
    refused = verdict(name, answer, given)
    assert refused.state is State.NOT_YET
    assert len(refused.because) > 20


def test_no_near_miss_is_accepted():
    for question in LESSON.quiz:
        if isinstance(question, Numeric):
            assert question.mark(question.right).right
            assert not any(question.mark(near.value).right for near in question.near)


def test_the_honest_count_is_that_of_the_check(names):
    code = pick(LESSON.exercises, "honest", "exercise").solution
    mine = answered("honest", code, names)
    model, X = names["stranger"], names["X"]
    result = ev.Suite([ev.Directional("distance_km", by=1)]).run(
        model, X, (model.predict_proba(X)[:, 1] > 0.4).astype(int), progress=False
    )
    assert mine(lambda rows: model.predict_proba(rows)[:, 1], X, "distance_km", 1) == pytest.approx(
        result.results[0].estimate
    )
