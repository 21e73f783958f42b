"""Lesson 18: answers beside those that are tried in every lesson."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mlops_lab import evaluation as ev
from mlops_lab.datasets import broken
from mlops_lab.lessons.content.invariance_judges import case, three_groups, two_groups
from mlops_lab.lessons.exercise import State
from tests.lessons.content.judged import Judged


def handed():
    """What the notebook hands over, and what it knows when an exercise is reached."""
    X, late = broken.data("rides", rows=5000)
    models = broken.models("rides")
    few = ev.Suite([ev.Invariance("rider_sex", max_change_rate=0.01)]).run(
        models["clean"], X.head(40), late.head(40), progress=False
    )
    audit = SimpleNamespace(
        auc=SimpleNamespace(estimate=0.93),
        gaps=pd.DataFrame(
            [
                ("model", 1.0, np.nan, np.nan),
                ("model without the column", 0.85, 0.846, 0.862),
                ("model trained without", 0.943, 0.938, 0.949),
                ("truth", np.nan, np.nan, np.nan),
            ],
            columns=["of", "share", "share_low", "share_high"],
        ),
        fall=pd.DataFrame({"left_out": ["", "relationship, marital_status"], "auc": [0.93, 0.81]}),
    )
    names = {
        "X": X,
        "late": late,
        "stranger": models["uses_proxy"],
        "result": few.results[0],
        "audit": audit,
    }
    given = {
        "gone": {"audit": names["audit"]},
        "stranger": {"model": names["stranger"], "X": names["X"]},
        "forty": {"result": names["result"]},
    }
    return given, names


JUDGED = Judged(
    "18_invariance",
    {
        "change_rate": "change_rate",
        "gone": "decision",
        "stranger": "found",
        "unequal": "is_unequal",
        "forty": "decision",
    },
    handed,
)

OTHER = [  # answers that have no name, and get a reason too
    ("change_rate", 0.2),
    ("change_rate", lambda model, X, column: "many"),
    ("change_rate", lambda model, X, column: 0.7),
    ("change_rate", lambda model, X, column: 20),
    ("gone", "no"),
    ("gone", {"gone": "no", "least": "much", "told": 0.8}),
    ("gone", {"gone": "perhaps", "least": 0.9, "told": 0.8}),
    ("gone", {"gone": "no", "least": 0.1, "told": 0.8}),
    ("gone", {"gone": "no", "least": 0.938, "told": 0.6}),
    ("stranger", "rider_plan"),
    ("stranger", {"column": "plan", "rate": 0.1}),
    ("stranger", {"column": ["rider_plan"], "rate": 0.1}),
    ("stranger", {"column": "rider_plan", "rate": "some"}),
    ("stranger", {"column": "rider_plan", "rate": 0.5}),
    ("unequal", True),
    ("unequal", lambda model, X, y: "yes"),
    ("unequal", lambda model, X, y: False),
    ("forty", "can't tell"),
    ("forty", {"invariant": "perhaps", "worst": 0.1, "rows": 100}),
    ("forty", {"invariant": "can't tell", "worst": "large", "rows": 100}),
    ("forty", {"invariant": "can't tell", "worst": 0.5, "rows": 100}),
    ("forty", {"invariant": "can't tell", "worst": 0.0881, "rows": 7}),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        """def is_unequal(model, X, y):
    check = ev.Invariance("rider_sex", max_change_rate=0.005)
    result = ev.Suite([check]).run(model, X, y, progress=False).results[0]
    audit = ev.proxy_audit(model, X, column="rider_sex", drop=0, progress=False)
    left = audit.gaps.iloc[1]
    assert result.verdict != "fail"
    assert left["low"] < 0.01""",
        """def is_unequal(model, X, y):
    checks = [ev.Invariance(name, max_change_rate=0.01) for name in ("rider_sex", "rider_plan")]
    return ev.Suite(checks).run(model, X, y, progress=False).verdict == "fail\"""",
    ],
    ids=["audit", "plan"],
)
def test_other_ways_are_right_too(code):
    solved = JUDGED.verdict("unequal", JUDGED.answered("unequal", code))
    assert solved.state is State.CORRECT, solved.because


def test_a_loop_over_rows_counts_the_same():
    def change_rate(model, X, column):
        levels = [model.predict(X.assign(**{column: level})) for level in sorted(X[column].unique())]
        return float(np.mean([len(set(row)) > 1 for row in zip(model.predict(X), *levels, strict=True)]))

    assert JUDGED.verdict("change_rate", change_rate).state is State.CORRECT


@pytest.mark.parametrize("make", [two_groups, three_groups])
def test_the_solution_counts_as_the_check_does(make):
    model, frame = make()
    mine = JUDGED.solved("change_rate")
    check = ev.Invariance("group", max_change_rate=0.01)
    result = ev.Suite([check]).run(lambda X: model.predict(X).astype(float), frame, [0, 1] * (len(frame) // 2))
    assert mine(model, frame, "group") == pytest.approx(result.results[0].estimate)


@pytest.mark.slow
def test_the_mutants_are_what_their_reasons_say():
    def told(name):
        model, X, y = case(name)
        decided = pd.Series(model.predict(X), index=X.index)
        result = ev.Suite([ev.Invariance("rider_sex")]).run(model, X, y, progress=False).results[0]
        right = (decided == y).groupby(X["rider_sex"]).mean()
        return result, float(right.max() - right.min())

    sound_apart = told("clean")[1]
    assert abs(told("uses_sex")[1] - sound_apart) < 0.01
    assert abs(told("crossed")[0].extras["gap"]) < 0.005
    assert abs(told("masked")[0].extras["gap"]) < 0.01
    assert 0.01 < told("rare")[0].estimate < 0.05
    for name in ("uses_sex", "crossed", "masked", "rare"):
        assert told(name)[0].verdict == "fail"
    assert told("uses_proxy")[0].estimate == 0
