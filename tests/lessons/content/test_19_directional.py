"""Lesson 19: answers beside those that are tried in every lesson."""

import numpy as np
import pandas as pd
import pytest

from mlops_lab import evaluation as ev
from mlops_lab.datasets import broken, rides
from tests.lessons.content.judged import Judged


def handed():
    """What the notebook hands over, and what it knows when an exercise is reached."""
    X, _late = broken.data("rides", rows=4000)
    trips = rides.trips(3000, seed=4)
    rng = np.random.default_rng(0)
    free = pd.Series(rng.exponential(0.3, 5000))
    names = {
        "rides": rides,
        "X": X,
        "stranger": broken.models("rides")["non_monotone"],
        "T": trips.drop(columns=["price", "late", "complaint"]),
        "price": trips["price"],
        "free_loss": free,
        "constrained_loss": free + rng.normal(0, 0.05, 5000),
    }
    given = {
        "hole": {"model": names["stranger"], "X": names["X"]},
        "world": {"trips": names["T"], "price": names["price"]},
        "price": {"free": names["free_loss"], "constrained": names["constrained_loss"]},
    }
    return given, names


JUDGED = Judged(
    "19_directional", {"honest": "violation_rate", "hole": "hole", "world": "holds", "price": "decision"}, handed
)

OTHER = [  # answers that have no name, and get a reason too
    ("honest", 0.2),
    ("honest", lambda answer, X, column, by: "many"),
    ("honest", lambda answer, X, column, by: 0.5),
    ("honest", lambda answer, X, column, by: 18.2),
    ("hole", "distance_km"),
    ("hole", {"column": "distance", "low": 6, "high": 10}),
    ("hole", {"column": ["distance_km"], "low": 6, "high": 10}),
    ("hole", {"column": "distance_km", "low": "six", "high": 10}),
    ("hole", {"column": "distance_km", "low": 10, "high": 6}),
    ("world", {"distance_km": True}),
    ("world", {"distance_km": "always", "surge": True, "rain": False, "rate": 1}),
    ("world", {"distance_km": True, "surge": True, "rain": False, "rate": "all"}),
    ("price", {"costs": "can't tell"}),
    ("price", {"costs": "can't tell", "low": "small", "high": 1}),
    ("price", {"costs": "can't tell", "low": -1, "high": 1}),
    ("price", {"costs": "can't tell", "low": 0.1, "high": -0.1}),
]


def test_the_honest_count_is_that_of_the_check():
    mine = JUDGED.solved("honest")
    model, X = JUDGED.given("hole")["model"], JUDGED.given("hole")["X"]
    result = ev.Suite([ev.Directional("distance_km", by=1)]).run(
        model, X, (model.predict_proba(X)[:, 1] > 0.4).astype(int), progress=False
    )
    assert mine(lambda rows: model.predict_proba(rows)[:, 1], X, "distance_km", 1) == pytest.approx(
        result.results[0].estimate
    )
