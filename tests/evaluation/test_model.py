import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.multioutput import MultiOutputClassifier

from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.model import as_predictor, encode_target
from mlops_lab.evaluation.probe import probe_model

FRAME = pd.DataFrame({"x": np.linspace(-2, 2, 40), "z": np.arange(40) % 3})


def predictor_of(model, target, **options):
    return as_predictor(model, np.asarray(target), FRAME, **options)


@pytest.mark.parametrize("labels", [[0, 1], [False, True], ["no", "yes"], [2.0, 7.0]])
def test_labels_of_any_type_become_codes(labels):
    target = np.asarray(labels)[(FRAME["x"] > 0).astype(int)]
    model = LogisticRegression().fit(FRAME, target)
    predictor = predictor_of(model, target)
    outputs = predictor(FRAME.copy())
    assert predictor.task == "classification"
    assert (predictor.classes[outputs.decisions] == model.predict(FRAME)).all()
    assert (encode_target(target, predictor) == (FRAME["x"] > 0)).all()


def test_classes_need_not_be_sorted():
    class Reversed:
        classes_ = np.array(["yes", "no"])

        def predict_proba(self, frame):
            return np.tile([0.9, 0.1], (len(frame), 1))

    predictor = predictor_of(Reversed(), np.array(["yes", "no"] * 20))
    assert predictor(FRAME).decisions.tolist() == [0] * 40
    assert encode_target(np.array(["no", "yes"]), predictor).tolist() == [1, 0]


def test_a_tuned_threshold_is_the_models_own_decision():
    target = (FRAME["x"] > 0).astype(int)
    model = FixedThresholdClassifier(LogisticRegression(), threshold=0.9, response_method="predict_proba").fit(
        FRAME, target
    )
    outputs = probe_model(model, target.to_numpy(), FRAME).outputs
    assert (outputs.decisions == model.predict(FRAME)).all()
    assert (outputs.decisions != outputs.probabilities.argmax(axis=1)).any()


def test_values_stay_values():
    target = 3 * FRAME["x"]
    predictor = predictor_of(LinearRegression().fit(FRAME, target), target)
    assert predictor.task == "regression"
    np.testing.assert_allclose(predictor(FRAME).score(), target)


def test_a_function_of_probabilities_is_seen_as_such():
    assert predictor_of(lambda frame: 1 / (1 + np.exp(-frame["x"])), [0, 1] * 20).has_probabilities
    assert predictor_of(lambda frame: frame["x"], np.linspace(0, 1, 40)).task == "regression"
    assert predictor_of(lambda frame: np.full((len(frame), 3), 1 / 3), [0, 1, 2, 0] * 10).classes.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda frame: np.full((len(frame), 2), 0.6), "add up to 1"),
        (lambda frame: np.full((len(frame), 2), np.nan), "which is no answer; look for gaps"),
        (lambda frame: np.tile([1.2, -0.2], (len(frame), 1)), "add up to 1"),
        (lambda frame: np.full((3, 2), 0.5), "3 predictions for 40 rows"),
        (lambda frame: np.full((len(frame), 4), 0.25), "4 probabilities a row and the target has 2 classes"),
    ],
)
def test_answers_that_are_no_probabilities_are_refused_with_the_row(answer, sentence):
    with pytest.raises(EvaluationError, match=sentence):
        predictor_of(answer, [0, 1] * 20)(FRAME.copy())


def test_float32_probabilities_are_probabilities():
    answer = np.full((40, 2), 0.5, dtype=np.float32) + np.float32(3e-6)
    assert len(predictor_of(lambda frame: answer[: len(frame)], [0, 1] * 20)(FRAME)) == 40


@pytest.mark.parametrize(
    ("model", "target", "sentence"),
    [
        (
            MultiOutputClassifier(LogisticRegression()).fit(FRAME, np.array([[0, 1], [1, 0]] * 20)),
            [0, 1] * 20,
            "several outputs",
        ),
        ("a string", [0, 1] * 20, "cannot be called"),
        (LinearRegression().fit(FRAME, np.zeros((40, 2))), np.linspace(0, 1, 40), "several outputs"),
    ],
)
def test_models_that_cannot_be_evaluated(model, target, sentence):
    with pytest.raises(EvaluationError, match=sentence):
        predictor_of(model, target)(FRAME.copy())


def test_a_label_that_the_model_does_not_know():
    model = LogisticRegression().fit(FRAME, np.array(["a", "b"] * 20))
    with pytest.raises(EvaluationError, match="'c' in row 1"):
        encode_target(np.array(["a", "c"]), predictor_of(model, ["a", "b"] * 20))


def test_a_model_that_changes_its_input_is_found_out():
    def greedy(frame):
        frame["x"] = 0.0
        return np.full(len(frame), 0.5)

    assert "changes the frame" in " ".join(probe_model(greedy, np.array([0, 1] * 20), FRAME).notes)
    assert FRAME["x"].nunique() == 40


def test_a_model_that_throws_dice_is_refused():
    rng = np.random.default_rng(0)
    probe = probe_model(lambda frame: rng.random(len(frame)), np.array([0, 1] * 20), FRAME)
    with pytest.raises(EvaluationError, match="different answers to the same rows"):
        probe.check_repeats(probe.predictor(FRAME))
