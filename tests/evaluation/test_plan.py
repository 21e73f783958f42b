import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_lab.evaluation import plan as plans
from mlops_lab.evaluation.data import Batch
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.model import Predictor
from mlops_lab.evaluation.plan import Plan
from mlops_lab.evaluation.request import Request, differs


class Recorder:
    """A model that answers from the rows alone, and remembers what it was given."""

    def __init__(self):
        self.frames = []

    def __call__(self, frame):
        self.frames.append(frame.copy())
        return (
            frame["age"].to_numpy(dtype=float, na_value=-1.0)
            + frame["job"].astype(str).str.len().to_numpy(dtype=float) * 1000
        )


def frame_of(rows=6):
    return pd.DataFrame(
        {
            "age": np.arange(20, 20 + rows),
            "job": pd.Categorical((["cook", "driver", "nurse"] * rows)[:rows]),
            "pay": pd.array([1, None] * (rows // 2), dtype="Int64"),
            "hired": pd.date_range("2026-01-01", periods=rows, tz="America/Buenos_Aires"),
            "note": pd.array(["x"] * rows, dtype="str"),
        },
        index=[f"row {i // 2}" for i in range(rows)],
    )


def ask(frame, requests, **options):
    recorder = Recorder()
    plan = Plan(Predictor(recorder, "regression", None, "values"), **options)
    return plan.ask(Batch(frame, np.zeros(len(frame)), 0), requests), recorder, plan


def test_only_rows_that_changed_are_asked_for():
    frame = frame_of()
    request = Request.between(frame, frame.assign(age=[20, 99, 22, 23, 24, 98]))
    answers, recorder, plan = ask(frame, [request])
    assert request.rows.tolist() == [1, 5]
    assert plan.rows_predicted == 8
    assert len(recorder.frames) == 1
    assert answers.full(request, 0).decisions[1] == 99 + 6000
    assert answers.full(request, 0).decisions[0] == answers.unchanged.decisions[0]


def test_types_index_and_categories_stay_as_they_were():
    frame = frame_of()
    changed = frame.assign(job=pd.Categorical(["nurse"] * 6, categories=frame["job"].cat.categories))
    _, recorder, _ = ask(frame, [Request.between(frame, changed)])
    seen = recorder.frames[0]
    assert seen.dtypes.to_dict() == frame.dtypes.to_dict()
    assert list(seen.columns) == list(frame.columns)
    assert seen.index[:6].tolist() == frame.index.tolist()


def test_rows_whose_types_must_change_go_into_a_call_of_their_own():
    frame = frame_of()
    gap = frame.assign(age=frame["age"].astype(float).where(frame["age"] > 20))
    unseen = frame.assign(job=frame["job"].cat.add_categories("pilot").where(frame["age"] > 20, "pilot"))
    answers, recorder, plan = ask(frame, [Request.between(frame, gap), Request.between(frame, unseen)])
    assert [len(seen) for seen in recorder.frames] == [6, 1, 1]
    assert recorder.frames[0].dtypes.to_dict() == frame.dtypes.to_dict()
    assert recorder.frames[1]["age"].dtype == float
    assert answers.changed[0].decisions.tolist() == [-1 + 4000]
    assert answers.changed[1].decisions.tolist() == [20 + 5000]
    assert plan.rows_predicted == 8


def test_rows_that_repeat_are_asked_for_once():
    frame = pd.DataFrame({"age": np.tile(np.arange(10), 200), "job": ["cook"] * 2000})
    request = Request.between(frame, frame.assign(age=9 - frame["age"]))
    answers, _, plan = ask(frame, [request, request])
    assert plan.rows_predicted == 10
    assert (answers.full(request, 1).decisions == 9 - frame["age"] + 4000).all()


def test_a_request_that_the_model_cannot_answer_stops_no_other():
    frame = frame_of()

    def picky(given):
        if (given["age"] > 90).any():
            raise RuntimeError("too old")
        return given["age"].to_numpy(dtype=float)

    plan = Plan(Predictor(picky, "regression", None, "values"))
    requests = [Request.between(frame, frame.assign(age=age)) for age in (99, 50)]
    answers = plan.ask(Batch(frame, np.zeros(6), 0), requests)
    assert isinstance(answers.changed[0].__cause__, RuntimeError)
    assert answers.changed[1].decisions.tolist() == [50.0] * 6


@pytest.mark.slow
@given(st.data())
@settings(max_examples=50, deadline=None)
def test_any_batch_size_and_any_requests_give_what_the_model_says(data):
    rows = data.draw(st.integers(1, 12))
    ages = st.lists(st.integers(0, 3), min_size=rows, max_size=rows)
    frame = pd.DataFrame({"age": data.draw(ages), "job": ["cook"] * rows})
    versions = [frame.assign(age=data.draw(ages)) for _ in range(data.draw(st.integers(0, 4)))]
    requests = [Request.between(frame, version) for version in versions]
    answers, _, _ = ask(frame, requests, batch_rows=data.draw(st.integers(1, 20)))
    assert answers.unchanged.decisions.tolist() == (frame["age"] + 4000).tolist()
    for number, (request, version) in enumerate(zip(requests, versions, strict=True)):
        assert answers.full(request, number).decisions.tolist() == (version["age"] + 4000).tolist()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (pd.Series([1.0, None]), pd.Series([1.0, 2.0]), [False, True]),
        (pd.Series([1, 2]), pd.Series([1.0, np.nan]), [False, True]),
        (pd.Series(["a", None], dtype="str"), pd.Series(["b", None], dtype="str"), [True, False]),
        (pd.Series(["a", "b"], dtype="category"), pd.Series(["a", "c"], dtype="category"), [False, True]),
        (pd.Series([1, None], dtype="Int64"), pd.Series([None, 1], dtype="Int64"), [True, True]),
        (pd.Series([1, None], dtype="int64[pyarrow]"), pd.Series([1, 3], dtype="int64[pyarrow]"), [False, True]),
    ],
)
def test_two_gaps_are_alike_and_a_gap_is_not_a_value(before, after, expected):
    assert differs(before, after).tolist() == expected


def test_a_change_may_not_drop_rows():
    frame = frame_of()
    with pytest.raises(EvaluationError, match="same rows and columns"):
        Request.between(frame, frame.iloc[:3])


def test_rows_that_look_alike_are_not_for_a_model_that_reads_the_index():
    frame = pd.DataFrame({"age": np.zeros(2000)})
    asked = []

    def by_index(given):
        asked.append(len(given))
        return given.index.to_numpy(dtype=float)

    plan = Plan(Predictor(by_index, "regression", None, "values"))
    answers = plan.ask(Batch(frame, np.zeros(2000), 0), [])
    assert answers.unchanged.decisions.tolist() == list(range(2000))


def test_one_call_holds_as_many_rows_as_fit_and_all_calls_are_alike(monkeypatch):
    frame = pd.DataFrame({"age": np.arange(2500.0), "job": "cook"})
    monkeypatch.setattr(plans, "CALL_BYTES", 1)  # a thousand rows at most
    answers, recorder, _ = ask(frame, [Request.between(frame, frame.assign(age=-frame["age"]))])
    assert [len(given) for given in recorder.frames] == [1000, 1000, 1000, 1000, 999]  # the first is 0 either way
    assert answers.changed[0].decisions.tolist() == (4000 - frame["age"])[1:].tolist()
    _, recorder, _ = ask(frame, [], most_rows=600)
    assert [len(given) for given in recorder.frames] == [500] * 5


def test_whoever_watches_is_told_of_all_rows_of_the_batch(monkeypatch):
    frame, told = pd.DataFrame({"age": np.arange(2500.0), "job": "cook"}), []
    monkeypatch.setattr(plans, "CALL_BYTES", 1)
    ask(frame, [Request.between(frame, frame.assign(age=-1.0 - frame["age"]))], on_call=told.append)
    assert len(told) == 5
    assert sum(told) == pytest.approx(2500)


def test_a_model_that_changes_its_rows_is_found_out_in_the_last_of_many_calls(monkeypatch):
    frame = pd.DataFrame({"age": np.arange(2500.0)})
    monkeypatch.setattr(plans, "CALL_BYTES", 1)

    def rude(given):
        given["age"] = 0.0
        return np.zeros(len(given))

    for call, found in ((rude, True), (lambda given: np.zeros(len(given)), False)):
        plan = Plan(Predictor(call, "regression", None, "values"))
        answers = plan.ask(Batch(frame, np.zeros(2500), 0), [], again=256)
        assert plan.changes_input is found
        assert len(answers.again) == 256
        assert plan.rows_predicted == 2500
    assert frame["age"].tolist() == list(range(2500))
