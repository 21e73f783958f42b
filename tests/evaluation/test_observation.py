"""What is kept of the parts adds up to what is kept of the whole, failures included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from mlops_lab import evaluation as ev
from mlops_lab.evaluation.data import FrameSource
from mlops_lab.evaluation.observation import Failure, Seen
from mlops_lab.evaluation.probe import probe_model
from mlops_lab.evaluation.profile import Needs, profile_source
from mlops_lab.evaluation.runner import LocalRunner


def test_the_first_failure_stays_and_stops_no_other_check() -> None:
    early, late = Failure("early"), Failure("late")
    seen = Seen((1, early, 3)) + Seen((10, late, 30)) + Seen((100, 5, late))
    assert seen.states == (111, early, late)


def test_states_that_cannot_be_added_are_a_failure_of_their_check() -> None:
    @dataclass(frozen=True)
    class Full:
        def __add__(self, other: Full) -> Full:
            raise ev.EvaluationError("Too many rows.")

    seen = Seen((Full(), 1)) + Seen((Full(), 2))
    assert seen.states[0].sentence == "Too many rows."
    assert seen.states[1] == 3


@pytest.mark.parametrize("rows", [1, 2, 3, 100])
def test_a_level_that_no_row_has_is_one_for_any_batches(rows: int) -> None:
    jobs = pd.Categorical(["cook", "cook", "nurse"], categories=["cook", "nurse", "pilot"])
    runner = LocalRunner(FrameSource(pd.DataFrame({"job": jobs}), [0, 1, 0]))

    class Short(LocalRunner):
        def totals(self, step, most, columns=None):  # type: ignore[no-untyped-def]
            return super().totals(step, rows, columns)

    levels = profile_source(Short(runner.source), Needs(levels=frozenset({"job"}))).levels["job"]
    assert levels == {"cook": 2, "nurse": 1, "pilot": 0}


def test_a_short_first_batch_is_compared_with_its_own_rows() -> None:
    frame = pd.DataFrame({"x": np.linspace(0, 1, 256)})
    probe = probe_model(lambda X: X["x"], np.array([0, 1]), frame)
    probe.check_repeats(probe.predictor(frame.head(10)))
    with pytest.raises(ev.EvaluationError, match="different answers"):
        probe.check_repeats(probe.predictor(frame.tail(10)))
