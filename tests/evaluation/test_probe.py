"""A model is tried on a few rows before the run: what it answers, whether it answers the same, what it does to them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.probe import probe_model

FRAME = pd.DataFrame({"x": np.linspace(-2, 2, 40), "z": np.arange(40) % 3})
TARGET = (FRAME["x"] > 0).astype(int).to_numpy()


def by_x(frame):
    return 1 / (1 + np.exp(-frame["x"].to_numpy()))


def test_a_model_that_changes_its_frame_is_given_copies_and_told_of():
    def greedy(frame):
        said = by_x(frame)
        frame["x"] = 0.0
        return said

    before = FRAME.copy()
    probe = probe_model(greedy, TARGET, FRAME)
    pd.testing.assert_frame_equal(FRAME, before)
    assert "changes the frame" in " ".join(probe.notes)
    assert probe_model(by_x, TARGET, FRAME).notes == ()


def test_other_answers_to_the_same_rows_are_refused():
    probe = probe_model(by_x, TARGET, FRAME)
    probe.check_repeats(probe_model(by_x, TARGET, FRAME.head(9)).outputs)  # fewer rows
    probe.check_repeats(probe_model(lambda X: by_x(X) + 1e-8, TARGET, FRAME).outputs)  # threads
    other = probe_model(lambda X: by_x(X) * 0.999, TARGET, FRAME).outputs
    with pytest.raises(EvaluationError, match="different answers to the same rows"):
        probe.check_repeats(other)


def test_values_are_compared_too():
    target = 3.0 * FRAME["x"].to_numpy()
    model = LinearRegression().fit(FRAME, target)
    probe = probe_model(model, target, FRAME)
    other = probe_model(lambda X: model.predict(X) + 0.01, target, FRAME, "regression").outputs
    probe.check_repeats(probe.outputs)
    with pytest.raises(EvaluationError, match="different answers"):
        probe.check_repeats(other)
