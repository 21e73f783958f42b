"""Lesson 17: answers beside those that are tried in every lesson."""

import numpy as np

from mlops_lab import evaluation as ev
from mlops_lab.datasets import broken
from mlops_lab.lessons.content.perturbation_judges import case
from mlops_lab.lessons.exercise import State
from tests.lessons.content.judged import Judged


def handed():
    """What the notebook hands over."""
    X, late = broken.data("rides", rows=4000)
    noise, models = ev.noise("distance_km", sd=0.1), broken.models("rides")
    check = ev.Perturbation(noise, max_drop=0.02, sweep=(0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08))
    curve = ev.Suite([check]).run(models["brittle"], X, late, progress=False).results[0].details
    suite = ev.Suite([ev.Perturbation(noise, max_drop=0.02)])
    few = suite.run(models["clean"], X.head(25), late.head(25), progress=False).results[0]
    given = {"edge": {"curve": curve}, "few": {"result": few}}
    return given, {}


JUDGED = Judged("17_perturbation", {"edge": "edge", "brittle": "is_brittle", "mend": "mend", "few": "decision"}, handed)

OTHER = [  # answers that have no name, and get a reason too
    ("edge", 0.03),
    ("edge", {"passes": "small", "fails": 0.06, "between": "can't tell"}),
    ("edge", {"passes": 0.031, "fails": 0.06, "between": "can't tell"}),
    ("brittle", True),
    ("brittle", lambda model, X, y: "yes"),
    ("mend", "partner"),
    (
        "mend",
        lambda trips: trips.assign(distance_reported=trips["distance_reported"].mask(trips["source"] == "app", 1)),
    ),
    ("mend", lambda trips: trips["distance_reported"]),
    ("mend", lambda trips: trips),
    ("mend", lambda trips: trips.assign(distance_reported=trips["distance_km"] * 2)),
    ("few", "can't tell"),
    ("few", {"robust": "perhaps", "worst": 0.1, "rows": 100}),
    ("few", {"robust": "can't tell", "worst": "large", "rows": 100}),
    ("few", {"robust": "can't tell", "worst": 0.5, "rows": 100}),
]


def test_the_gps_distance_is_a_right_answer_too():
    """The other column holds kilometres from everybody; whoever takes it has understood."""
    answer = JUDGED.verdict("mend", lambda trips: trips.assign(distance_reported=trips["distance_km"]))
    assert answer.state is State.CORRECT


def test_the_jittery_model_flips_without_losing_accuracy():
    model, X, y = case("jittery")
    result = ev.Suite([ev.Perturbation(ev.noise("distance_km", sd=0.1))]).run(model, X, y, progress=False).results[0]
    assert result.verdict != "fail"
    assert result.details["flips_low"].iloc[0] > 0.1


def test_the_strengths_of_the_first_exercise_leave_a_gap():
    curve = JUDGED.given("edge")["curve"]
    between = (curve["high"] > 0.02) & (curve["low"] <= 0.02)
    assert between.any()
    assert np.isfinite(curve["estimate"]).all()
