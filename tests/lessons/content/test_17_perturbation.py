"""Lesson 17: every solution passes, every known wrong answer is refused with its own reason."""

import numpy as np
import pandas as pd
import pytest

from mlops_lab import evaluation as ev
from mlops_lab.datasets import broken
from mlops_lab.lessons.content.perturbation_judges import case
from mlops_lab.lessons.exercise import State, examine
from mlops_lab.lessons.outline import load, pick
from mlops_lab.lessons.quiz import Numeric

LESSON = load("17_perturbation")
ANSWERS = {"edge": "edge", "brittle": "is_brittle", "mend": "mend", "few": "decision"}


@pytest.fixture(scope="module")
def given():
    """What the notebook hands over."""
    X, late = broken.data("rides", rows=4000)
    noise, models = ev.noise("distance_km", sd=0.1), broken.models("rides")
    check = ev.Perturbation(noise, max_drop=0.02, sweep=(0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08))
    curve = ev.Suite([check]).run(models["brittle"], X, late, progress=False).results[0].details
    suite = ev.Suite([ev.Perturbation(noise, max_drop=0.02)])
    few = suite.run(models["clean"], X.head(25), late.head(25), progress=False).results[0]
    return {"edge": {"curve": curve}, "few": {"result": few}}


def answered(name, code, given):
    names = {"ev": ev, "pd": pd, **{key: value for part in given.values() for key, value in part.items()}}
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
        ("edge", 0.03),
        ("edge", {"passes": "small", "fails": 0.06, "between": "can't tell"}),
        ("edge", {"passes": 0.031, "fails": 0.06, "between": "can't tell"}),
        ("brittle", True),
        ("brittle", lambda model, X, y: "yes"),
        ("mend", "partner"),
        ("mend", lambda trips: trips["distance_reported"]),
        ("mend", lambda trips: trips),
        ("mend", lambda trips: trips.assign(distance_reported=trips["distance_km"] * 2)),
        ("few", "can't tell"),
        ("few", {"robust": "perhaps", "worst": 0.1, "rows": 100}),
        ("few", {"robust": "can't tell", "worst": "large", "rows": 100}),
        ("few", {"robust": "can't tell", "worst": 0.5, "rows": 100}),
    ],
)
def test_other_answers_get_a_reason_too(name, answer, given):
    refused = verdict(name, answer, given)
    assert refused.state is State.NOT_YET
    assert len(refused.because) > 20


def test_the_gps_distance_is_a_right_answer_too(given):
    """The other column holds kilometres from everybody; whoever takes it has understood."""
    answer = verdict("mend", lambda trips: trips.assign(distance_reported=trips["distance_km"]), given)
    assert answer.state is State.CORRECT


def test_the_jittery_model_flips_without_losing_accuracy():
    model, X, y = case("jittery")
    result = ev.Suite([ev.Perturbation(ev.noise("distance_km", sd=0.1))]).run(model, X, y, progress=False).results[0]
    assert result.verdict != "fail"
    assert result.details["flips_low"].iloc[0] > 0.1


def test_no_near_miss_is_accepted():
    for question in LESSON.quiz:
        if isinstance(question, Numeric):
            assert question.mark(question.right).right
            assert not any(question.mark(near.value).right for near in question.near)


def test_the_strengths_of_the_first_exercise_leave_a_gap(given):
    curve = given["edge"]["curve"]
    between = (curve["high"] > 0.02) & (curve["low"] <= 0.02)
    assert between.any()
    assert np.isfinite(curve["estimate"]).all()
