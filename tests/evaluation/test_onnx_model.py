"""An ONNX file is a model: it takes its columns by name or as a matrix, and says which are missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.onnx_model import OnnxClassifier, column_of, load_onnx

skl2onnx = pytest.importorskip("skl2onnx")
pytest.importorskip("onnxruntime")

FRAME = pd.DataFrame({"x": np.linspace(-2, 2, 60), "z": np.arange(60) % 3 / 2})
MATRIX = FRAME.to_numpy(np.float32)
LABELS = np.where(FRAME["x"] + FRAME["z"] > 0.5, "late", "early")


def content(model):
    return skl2onnx.to_onnx(model, MATRIX[:1]).SerializeToString()


@pytest.fixture(scope="module")
def classifier():
    return LogisticRegression().fit(MATRIX, LABELS)


def test_a_classifier_keeps_its_labels_and_probabilities(classifier):
    model = load_onnx(content(classifier))
    assert isinstance(model, OnnxClassifier)
    assert model.classes_.tolist() == ["early", "late"]
    np.testing.assert_allclose(model.predict_proba(FRAME), classifier.predict_proba(MATRIX), atol=1e-5)


def test_a_model_of_values_gives_one_a_row():
    fitted = LinearRegression().fit(MATRIX, 3 * FRAME["x"])
    model = load_onnx(content(fitted))
    assert not isinstance(model, OnnxClassifier)
    assert model.predict(FRAME).shape == (60,)
    np.testing.assert_allclose(model.predict(FRAME), fitted.predict(MATRIX), atol=1e-5)


def test_too_many_columns_and_words_are_refused(classifier):
    model = load_onnx(content(classifier))
    with pytest.raises(EvaluationError, match="takes 2 columns and the data has 3"):
        model.predict_proba(FRAME.assign(w=1))
    with pytest.raises(EvaluationError, match="one matrix of float32"):
        model.predict_proba(FRAME.assign(z="much"))


def test_a_missing_column_is_named_with_the_nearest():
    with pytest.raises(EvaluationError, match=r"needs the column 'hour', .* The nearest is 'hours'"):
        column_of(pd.DataFrame({"hours": [1]}), "hour")
