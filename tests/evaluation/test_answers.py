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


def test_a_trace_that_stands_in_an_error_is_left_out():
    def model(frame):
        raise ValueError("Found a category not in the training set Stack trace: [bt] (0) /home/ann/libxgboost.so")

    with pytest.raises(EvaluationError, match=r"not in the training set$"):
        answer_of(model, pd.DataFrame({"x": [1, 2]}))


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
