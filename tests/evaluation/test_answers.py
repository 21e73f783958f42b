"""What a model may answer, and the sentence for what it may not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlops_lab.evaluation.answers import (
    answer_of,
    check_probabilities,
    check_rows,
    check_values,
    encode,
    sorted_labels,
    to_array,
)
from mlops_lab.evaluation.errors import EvaluationError

NAMES = pd.Index(["ann", "bob", "eva"])


def test_the_models_own_error_is_the_cause():
    def model(frame):
        raise KeyError("a  gap\nhere")

    with pytest.raises(EvaluationError, match="raised KeyError on 2 rows: 'a gap") as caught:
        answer_of(model, pd.DataFrame({"x": [1, 2]}))
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_sentence_of_our_own_is_not_put_into_another_one():
    def model(frame):
        raise EvaluationError("The ONNX model asks for 'age', which is not in the data; add it.")

    with pytest.raises(EvaluationError, match=r"^The ONNX model asks for 'age'"):
        answer_of(model, pd.DataFrame({"a": [1]}))


SAID = {  # as the libraries say it, the paths cut
    "XGBoost 3.2, columns": (
        "[10:27:00] /workspace/src/predictor/utils.h:20: Check failed: n_features_data == n_features_model (1 vs. 2) : "
        "Number of columns in data must equal to the trained model.\nStack trace:\n"
        "  [bt] (0) /venv/lib/libxgboost.so(+0x11031e) [0x7fb89c91031e]\n"
        "  [bt] (1) /venv/lib/libxgboost.so(+0x8e015e) [0x7fb89d0e015e]\n\n",
        "Check failed: n_features_data == n_features_model (1 vs. 2) : Number of columns in data must equal to the "
        "trained model.",
    ),
    "XGBoost 3.2, names": (
        "feature_names mismatch: ['a', 'b'] ['z', 'b']\nexpected a in input data\n"
        "training data did not have the following fields: z",
        "feature_names mismatch: ['a', 'b'] ['z', 'b'] expected a in input data training data did not have the "
        "following fields: z",
    ),
    "LightGBM 4.7": (
        "The number of features in data (1) is not the same as it was in training data (2).\n"
        "You can set ``predict_disable_shape_check=true`` to discard this error, but please be aware what you are "
        "doing.",
        "The number of features in data (1) is not the same as it was in training data (2). You can set "
        "``predict_disable_shape_check=true`` to discard this error, but please be aware what you are doing.",
    ),
    "LightGBM 4.7, texts": (
        "pandas dtypes must be int, float or bool.\nFields with bad pandas dtypes: b: str",
        "pandas dtypes must be int, float or bool. Fields with bad pandas dtypes: b: str",
    ),
    "CatBoost 1.2": (
        "catboost/libs/data/model_dataset_compatibility.cpp:72: Feature b is present in model but not in pool.",
        "Feature b is present in model but not in pool.",
    ),
    "a trace of Python": (
        'no answer from the worker\nTraceback (most recent call last):\n  File "/srv/model.py", line 3, in answer\n'
        "ValueError: no",
        "no answer from the worker",
    ),
    "a list": ("These are unknown.\nColumns:\n  age\n  job", "These are unknown. Columns: age job"),
    "a list of paths": ("None of these is there:\n  /data/a\n  /data/b", "None of these is there: /data/a /data/b"),
}


@pytest.mark.parametrize(("message", "kept"), SAID.values(), ids=SAID)
def test_what_a_library_says_is_kept_and_a_trace_in_it_is_not(message, kept):
    def model(frame):
        raise ValueError(message)

    with pytest.raises(EvaluationError) as raised:
        answer_of(model, pd.DataFrame({"x": [1, 2]}))
    assert str(raised.value) == f"The model raised ValueError on 2 rows: {kept}"
    assert str(raised.value.__cause__) == message


def test_gaps_of_nullable_numbers_become_nan():
    np.testing.assert_array_equal(to_array(pd.DataFrame({"p": [0.5, None]}, dtype="Float64")), [[0.5], [np.nan]])
    assert to_array(pd.Series(["a", "b"])).tolist() == ["a", "b"]


@pytest.mark.parametrize("answer", [np.array(0.5), np.zeros(2), np.zeros(4)])
def test_one_answer_a_row_is_needed(answer):
    with pytest.raises(EvaluationError, match="for 3 rows"):
        check_rows(answer, 3)
    assert len(check_rows(np.zeros(3), 3)) == 3


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_named_by_its_row(bad):
    with pytest.raises(EvaluationError, match="for row 'bob'"):
        check_values(np.array([1.0, bad, bad]), NAMES)
    assert check_values(np.array([[1], [2], [3]]), NAMES).tolist() == [1.0, 2.0, 3.0]


def test_several_outputs_and_words_are_no_values():
    with pytest.raises(EvaluationError, match=r"\(3, 2\); several outputs"):
        check_values(np.zeros((3, 2)), NAMES)
    with pytest.raises(EvaluationError, match="'low' for row 'ann', which is no number"):
        check_values(np.array(["low", "low", "high"]), NAMES)


@pytest.mark.parametrize("row", [(0.5, 0.6), (1.2, -0.2), (np.nan, 0.5), (0.5, 0.49998)])
def test_the_first_row_that_is_no_distribution_is_named(row):
    given = np.array([(0.3, 0.7), row, row])
    with pytest.raises(EvaluationError, match=r"for row 'bob', which (are not probabilities|is no answer)"):
        check_probabilities(given, 2, NAMES)
    with pytest.raises(EvaluationError, match="for row 1,"):
        check_probabilities(given, 2)


def test_rounding_of_float32_is_allowed():
    check_probabilities(np.array([(0.5, 0.500009), (1.000009, -0.000009)]), 2)
    with pytest.raises(EvaluationError, match=r"shape \(1, 3\) for 2 classes"):
        check_probabilities(np.ones((1, 3)) / 3, 2)


def test_labels_become_codes_also_between_booleans_and_numbers():
    assert encode(np.array([1, 0]), np.array([False, True]), "It is").tolist() == [1, 0]
    assert encode(np.array(["b", "a"]), np.array(["b", "a"]), "It is").tolist() == [0, 1]
    with pytest.raises(EvaluationError, match=r"^It is 'c' in row 1, which is not among"):
        encode(np.array(["a", "c"]), np.array(["a", "b"]), "It is")


def test_labels_of_several_types_cannot_be_sorted():
    assert sorted_labels(np.array([3, 1, 3])).tolist() == [1, 3]
    with pytest.raises(EvaluationError, match="several types"):
        sorted_labels(np.array([1, "a"], dtype=object))
