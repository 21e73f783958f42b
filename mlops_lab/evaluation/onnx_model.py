"""A model in an ONNX file, run by onnxruntime."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.errors import nearest, require, shorten
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.numbers import of_columns

__all__ = ["OnnxClassifier", "OnnxModel", "load_onnx"]

TYPES: dict[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
    "tensor(string)": object,
}


def load_onnx(content: bytes) -> OnnxModel:
    """Make a model from the content of an ONNX file.

    Parameters
    ----------
    content : bytes
        Of the file.

    Returns
    -------
    OnnxModel
        An `OnnxClassifier` where it gives probabilities.

    Raises
    ------
    MissingExtraError
        Where onnxruntime or onnx is not installed.
    """
    runtime = require("onnxruntime", extra="models")
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    outputs = session.get_outputs()
    classifies = len(outputs) > 1 or (len(outputs[0].shape) == 2 and outputs[0].shape[1] not in (1, None))
    return OnnxClassifier(session, class_labels(content)) if classifies else OnnxModel(session)


def class_labels(content: bytes) -> np.ndarray | None:
    """Read the labels from the node that holds them, if any does."""
    graph = require("onnx", extra="models").load_model_from_string(content).graph
    for node in reversed(graph.node):
        for attribute in node.attribute:
            if attribute.name.startswith("classlabels_") and (attribute.ints or attribute.strings):
                return np.asarray(list(attribute.ints) or [label.decode() for label in attribute.strings])
    return None


class OnnxModel:
    """A model that gives one value a row.

    Parameters
    ----------
    session : onnxruntime.InferenceSession
        Runs it.
    """

    def __init__(self, session: Any) -> None:
        self.session = session
        properties = session.get_modelmeta().custom_metadata_map
        self.columns: list[str] = json.loads(properties.get("columns", "[]"))

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the value of each row.

        Parameters
        ----------
        frame : DataFrame of shape (rows, columns)
            The rows.

        Returns
        -------
        ndarray of shape (rows,)
            Values.
        """
        return np.asarray(self.run(frame)[0]).reshape(len(frame), -1)[:, 0]

    def run(self, frame: pd.DataFrame) -> list[Any]:
        """Return all outputs: columns go in by name where the model has an input for each, else as one matrix."""
        inputs = self.session.get_inputs()
        if len(inputs) == 1 and not (inputs[0].name in frame.columns and inputs[0].shape[1:] == [1]):
            return self.session.run(None, {inputs[0].name: self.matrix(frame, inputs[0])})
        given = {one.name: column_of(frame, one.name).to_numpy()[:, None] for one in inputs}
        return self.session.run(None, {one.name: given[one.name].astype(TYPES[one.type]) for one in inputs})

    def matrix(self, frame: pd.DataFrame, wanted: Any) -> np.ndarray:
        """Return the columns as one matrix of the type that the model computes with."""
        if self.columns:
            frame = pd.DataFrame({name: column_of(frame, name) for name in self.columns})
        width = wanted.shape[1] if len(wanted.shape) == 2 else None
        if isinstance(width, int) and width != frame.shape[1]:
            raise EvaluationError(
                f"The ONNX model takes {of_columns(width)} and the data has {frame.shape[1]} "
                f"({shorten(map(str, frame.columns))}); pass those that it was fitted on, in their order."
            )
        try:
            return frame.to_numpy(dtype=TYPES[wanted.type])
        except (ValueError, TypeError) as error:
            raise EvaluationError(
                f"The ONNX model takes one matrix of {np.dtype(TYPES[wanted.type])} and the data hold something else "
                f"({' '.join(str(error).split())[:120]}); pass numbers without gaps."
            ) from error


class OnnxClassifier(OnnxModel):
    """A model that gives the probability of each class.

    Parameters
    ----------
    session : onnxruntime.InferenceSession
        Runs it.
    labels : ndarray of shape (classes,), optional
        In the order of the probabilities; None where the file does not say.
    """

    def __init__(self, session: Any, labels: np.ndarray | None) -> None:
        super().__init__(session)
        self.classes_ = labels

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        frame : DataFrame of shape (rows, columns)
            The rows.

        Returns
        -------
        ndarray of shape (rows, classes)
            Probabilities.
        """
        answer = self.run(frame)[-1]
        if isinstance(answer, list):  # a mapping of label to probability for each row
            answer = [list(row.values()) for row in answer]
        return np.asarray(answer)


def column_of(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column that the model needs, or say that it is not there."""
    if name not in frame.columns:
        close = nearest(name, map(str, frame.columns), count=1)
        hint = f" The nearest is {close[0]!r}." if close else ""
        raise EvaluationError(f"The ONNX model needs the column {name!r}, which is not in the data.{hint}")
    return frame[name]
