"""The sizes are right where they can be worked out by hand, and where they can be counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlops_lab.datasets import broken
from mlops_lab.datasets.broken import measures


class Step:
    """Decides by a threshold on `x`; its probability is a given function of the frame."""

    classes_ = np.array(["no", "yes"])

    def __init__(self, probability):
        self.probability = probability

    def predict_proba(self, frame):
        p = np.asarray(self.probability(frame), dtype=float)
        return np.column_stack([1 - p, p])

    def predict(self, frame):
        return self.classes_[self.predict_proba(frame).argmax(axis=1)]


FRAME = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0], "level": ["a", "b", "a", "b"]})


def test_swap_share_by_hand():
    model = Step(lambda frame: np.where(frame["level"] == "a", 0.9, 0.1) * (frame["x"] > 0.5))
    assert measures.swap_share(model, FRAME, "level") == 0.75


def test_violation_share_counts_only_rows_that_can_move():
    model = Step(lambda frame: np.where(frame["x"] == 1.0, 0.9, frame["x"] / 10))
    assert measures.violation_share(model, FRAME, "x", by=1.0) == pytest.approx(1 / 3)
    assert measures.violation_share(model, FRAME, "x", by=2.0) == pytest.approx(1 / 2)


def test_calibration_error_by_hand():
    model = Step(lambda frame: np.full(len(frame), 0.5))
    truth = np.array([0.5, 0.5, 0.9, 0.9])
    assert measures.calibration_error(model, FRAME.assign(x=0.0), truth) == pytest.approx(0.2)


def test_calibration_forgives_what_averages_out_at_the_same_score():
    frame = pd.DataFrame({"x": np.zeros(10_000)})
    truth = np.tile([0.2, 0.8], 5_000)
    assert measures.calibration_error(Step(lambda rows: np.full(len(rows), 0.5)), frame, truth) == pytest.approx(0.0)


def test_slice_gap_by_hand():
    model = Step(lambda frame: np.ones(len(frame)))
    truth = np.array([1.0, 0.2, 0.8, 0.4])
    assert measures.slice_gap(model, FRAME, truth, {"level": "b"}) == pytest.approx(0.6 - 0.3)
    assert np.isnan(measures.slice_gap(model, FRAME, truth, {"level": "c"}))


def test_leak_gain_by_hand():
    model = Step(lambda frame: frame["x"].fillna(0.0) > 1.5)
    assert measures.leak_gain(model, FRAME, np.array([0.0, 0.0, 1.0, 1.0]), "x") == pytest.approx(0.5)


def test_bayes_by_hand():
    rates = {1: (0.1, 0.4)}
    got = measures.bayes(np.array([0.5, 0.5]), pd.Series([1.0, None]), rates)
    assert got == pytest.approx([0.8, 0.5])


def test_noise_drop_by_hand():
    frame = pd.DataFrame({"x": np.linspace(0.0, 1.0, 10_001)})
    model = Step(lambda rows: rows["x"] > 0.5)
    spread = 0.5 / 1.349
    expected = 2 * 0.2 * spread * 0.39894  # the noise reaches over the threshold: E|noise|
    truth = (frame["x"] > 0.5).to_numpy(dtype=float)
    assert measures.noise_drop(model, frame, truth, "x") == pytest.approx(expected, rel=0.05)


@pytest.mark.slow
def test_noise_drop_is_what_noise_costs():
    X, y = broken.data("rides", rows=50_000, seed=4)
    model = broken.models("rides")["brittle"]
    spread = (X["distance_km"].quantile(0.75) - X["distance_km"].quantile(0.25)) / 1.349
    noise = np.random.default_rng(0).normal(scale=0.2 * spread, size=len(X))
    noisy = X.assign(distance_km=(X["distance_km"] + noise).clip(X["distance_km"].min(), X["distance_km"].max()))
    change = (model.predict(X) == y).astype(int) - (model.predict(noisy) == y)
    assert abs(change.mean() - model.fault_size(X)) < 4 * change.std() / np.sqrt(len(X))


@pytest.mark.slow
def test_calibration_error_is_what_outcomes_show():
    X, y = broken.data("rides", rows=400_000, seed=4)
    model = broken.models("rides")["overconfident"]
    score = measures.positive(model, X)
    cells = pd.DataFrame({"late": y, "s": score}).groupby(pd.qcut(score, 40), observed=True).mean()
    assert abs((cells["late"] - cells["s"]).abs().mean() - model.fault_size(X)) < 0.004


@pytest.mark.slow
@pytest.mark.parametrize("name", ["weak_slice", "leaking"])
def test_accuracies_are_what_outcomes_show(name):
    X, y = broken.data("rides", rows=400_000, seed=4)
    model = broken.models("rides")[name]
    right = (model.predict(X) == y).to_numpy()
    if name == "weak_slice":
        inside = measures.rows_where(X, model.where)
        seen = right.mean() - right[inside].mean()
    else:
        seen = right.mean() - (model.predict(X.assign(complaint=np.nan)) == y).mean()
    assert abs(seen - model.fault_size(X)) < 0.02
