"""What is kept of the parts adds up to what is kept of the whole, failures included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

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


def with_step(step: Callable[[pd.DataFrame], pd.DataFrame]) -> tuple[Any, pd.DataFrame, np.ndarray]:
    """Fit a model of a kind that is tried in its first call, behind a step of its user's own."""
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(900, 2)), columns=["a", "b"])
    target = (frame["a"] > 0).to_numpy().astype(int)
    model = make_pipeline(FunctionTransformer(lambda rows: rows), LogisticRegression()).fit(frame, target)
    model.steps[0] = ("step", FunctionTransformer(step))
    return model, frame, target


def calls(step: Callable[[pd.DataFrame], pd.DataFrame]) -> tuple[list[int], ev.Report]:
    """Run a suite; return how many rows each call of the model had, and the report."""
    asked: list[int] = []

    def counted(rows: pd.DataFrame) -> pd.DataFrame:
        asked.append(len(rows))
        return step(rows)

    model, frame, target = with_step(counted)
    return asked, ev.Suite([ev.Calibration(max_error=0.5)]).run(model, frame, target, progress=False)


def test_a_known_kind_of_model_is_tried_in_its_first_call() -> None:
    asked, report = calls(lambda rows: rows)
    assert asked == [900 + 256]
    assert report.rows_predicted == report.rows == 900
    assert not report.notes
    model, frame, target = with_step(lambda rows: rows)
    beforehand = ev.Suite([ev.Calibration(max_error=0.5)]).run(model, frame, target, batch_rows=10_000, progress=False)
    assert beforehand.model == report.model
    assert beforehand.results[0].estimate == report.results[0].estimate


def test_it_is_seen_there_that_answers_differ_or_the_input_changes() -> None:
    random = np.random.default_rng(0)
    _, report = calls(lambda rows: rows + random.normal(size=rows.shape))
    assert [result.verdict for result in report.results] == ["error"]
    assert "different answers" in " ".join(report.results[0].notes)

    def in_place(rows: pd.DataFrame) -> pd.DataFrame:
        rows["b"] = 0.0
        return rows

    assert "changes the frame" in " ".join(calls(in_place)[1].notes)


def test_a_model_that_cannot_answer_at_all_ends_the_run() -> None:
    def refuse(rows: pd.DataFrame) -> pd.DataFrame:
        raise ValueError("no such column")

    with pytest.raises(ev.EvaluationError, match="no such column"):
        calls(refuse)


def test_a_model_that_fails_for_a_later_row_is_an_error_of_its_checks() -> None:
    def refuse_many(rows: pd.DataFrame) -> pd.DataFrame:
        if len(rows) > 300:
            raise ValueError("too many")
        return rows

    _, report = calls(refuse_many)
    assert [result.verdict for result in report.results] == ["error"]
    assert "too many" in " ".join(report.results[0].notes)
