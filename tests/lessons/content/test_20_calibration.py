"""Lesson 20: answers beside those that are tried in every lesson."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import train_test_split

from mlops_lab import evaluation as ev
from mlops_lab.datasets import broken, rides
from mlops_lab.lessons.exercise import State
from tests.lessons.content.judged import Judged


def off_by(size):
    def said(trips):
        truth = rides.probability(trips)
        return truth + np.where(truth < 0.5, size, -size)

    return said


def proof_of(model, X, y):
    try:
        return ev.recalibrate(model, X, y).proof
    except ev.RecalibrationRefused as refused:
        return refused.proof


def handed():
    """What the notebook hands over, from rides instead of the census, which takes longer to fit."""
    X, late = broken.data("rides", rows=20_000)
    known, truth = broken.models("rides"), rides.probability(X)
    result = ev.Suite([ev.Calibration()]).run(off_by(0.03), X, late, progress=False).results[0]
    methods = ["temperature", "platt", "beta", "isotonic"]
    losses = [[0.6, 0.43, 0.42, 0.44], [0.59, 0.4, 0.39, 0.41], [0.58, 0.4, 0.386, 0.384]]
    loss = pd.DataFrame(losses, index=[50, 200, 5000], columns=methods)
    proven = pd.DataFrame([[0.8] * 4, [1.0] * 4, [1.0] * 4], index=loss.index, columns=methods)
    proofs = {
        "naive_bayes": proof_of(known["overconfident"], X, late),
        "boosting": proof_of(rides.probability, X, late),
        "forest": proof_of(known["overconfident"], X[200:400], late[200:400]),
    }
    mended = ev.recalibrate(known["overconfident"], *broken.data("rides", rows=5000, seed=2))
    prices = {
        "overconfident": 10 * known["overconfident"].predict_proba(X)[:, 1],
        "recalibrated": 10 * mended.predict_proba(X)[:, 1],
        "flat": np.full(len(X), 10 * late.mean()),
    }
    given = {
        "edge": {"result": result},
        "rows": {"loss": loss, "proven": proven},
        "leave": {"proofs": proofs},
        "money": {"prices": prices, "truth": truth},
    }
    return given, {"train_test_split": train_test_split}


JUDGED = Judged(
    "20_calibration",
    {
        "error": "calibration_error",
        "edge": "edge",
        "mend": "recalibrated",
        "rows": "choice",
        "leave": "leave",
        "money": "money",
    },
    handed,
)


def test_the_proofs_are_of_three_kinds():
    proofs = JUDGED.given("leave")["proofs"]
    assert proofs["naive_bayes"].accepted
    assert proofs["boosting"].method == "as it is"
    assert (proofs["forest"].accepted, proofs["forest"].method) == (False, "temperature")


def by_loop(score, outcome, bins):
    """Another right way to write the first exercise."""
    total = 0.0
    for group in range(bins):
        last = group == bins - 1
        inside = (score >= group / bins) & ((score < (group + 1) / bins) | last)
        if inside.any():
            total += inside.mean() * abs(score[inside].mean() - outcome[inside].mean())
    return total


def by_groups(score, outcome, group):
    return pd.Series(outcome - score).groupby(group).sum().abs().sum() / len(score)


def by_clone(model, X, y):
    """Another right way to write the third: the first half for the model, and some rows left for a check."""
    from sklearn.base import clone

    half = len(X) // 2
    fitted = clone(model).fit(X.iloc[:half], y.iloc[:half])
    return ev.recalibrate(fitted, X.iloc[half:-300], y.iloc[half:-300])


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("error", by_loop),
        ("mend", by_clone),
        ("rows", {50: "None", 200: "Beta", 5000: "isotonic"}),
    ],
)
def test_other_right_ways_are_accepted(name, answer):
    accepted = JUDGED.verdict(name, answer)
    assert accepted.state is State.CORRECT, accepted.because


OTHER = [  # answers that have no name, and get a reason too
    ("error", 0.07),
    ("error", lambda score, outcome, bins: "0.07"[1:] + "x"),
    ("error", lambda score, outcome, bins: 0.5),
    (
        "error",
        lambda score, outcome, bins: by_groups(score, outcome, pd.qcut(score, bins, False, duplicates="drop")),
    ),
    ("error", lambda score, outcome, bins: by_groups(score, outcome, np.digitize(score, np.linspace(0, 1, bins)))),
    ("edge", "can't tell"),
    ("edge", {"verdict": "can't tell", "low": "small", "high": 0.1, "more_rows": "no"}),
    ("edge", {"verdict": "perhaps", "low": 0.02, "high": 0.04, "more_rows": "no"}),
    ("edge", {"verdict": "can't tell", "low": 0.5, "high": 0.6, "more_rows": "no"}),
    ("edge", {"verdict": "can't tell", "low": 0.6, "high": 0.5, "more_rows": "no"}),
    ("mend", 3),
    ("mend", lambda model, X, y: model.fit(X, y)),
    ("rows", {50: "none", 200: "beta"}),
    ("rows", {50: "none", 200: "spline", 5000: "isotonic"}),
    ("rows", {50: "none", 200: "platt", 5000: "isotonic"}),
    ("leave", {"naive_bayes": "yes"}),
    ("leave", {"naive_bayes": "yes", "boosting": "no", "forest": "maybe", "low": 0}),
    ("leave", {"naive_bayes": "yes", "boosting": "no", "forest": "can't tell", "low": "0"}),
    ("leave", {"naive_bayes": "yes", "boosting": "no", "forest": "can't tell", "low": 0.5}),
    ("money", {"take": "flat"}),
    ("money", {"overconfident": "much", "recalibrated": 1, "flat": 2, "take": "flat"}),
    ("money", {"overconfident": 1, "recalibrated": 1, "flat": 2, "take": "flat"}),
]


def test_half_right_answers_get_a_reason_too():
    low, high = JUDGED.given("edge")["result"].low, JUDGED.given("edge")["result"].high
    edge = {"verdict": "can't tell", "low": low, "high": high, "more_rows": "some"}
    assert "`more_rows`" in JUDGED.verdict("edge", edge).because
    take = JUDGED.solved("money") | {"take": "overconfident"}
    assert "loses least" in JUDGED.verdict("money", take).because


def test_a_map_without_a_model_is_refused():
    refused = JUDGED.verdict("mend", lambda model, X, y: ev.recalibrate(lambda rows: rows["chance"] ** 3, X, y))
    assert "unfitted" in refused.because


def test_the_interval_of_the_second_exercise_holds_the_tolerance_at_every_size():
    X, late = broken.data("rides", rows=20_000)
    suite = ev.Suite([ev.Calibration(max_error=0.03)])
    for rows in (200, 1000, 5000, 20_000):
        result = suite.run(off_by(0.03), X.head(rows), late.head(rows), progress=False).results[0]
        assert result.low < 0.03 < result.high
