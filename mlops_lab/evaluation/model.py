"""Whatever a user passes as model becomes a `Predictor`: one call, outputs checked, classes known."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from mlops_lab.errors import shorten
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
from mlops_lab.evaluation.traits import describe, fitted_columns, given_columns, says_regressor

__all__ = ["Outputs", "Predictor", "Task", "as_predictor", "encode_target"]

Task = Literal["classification", "regression"]


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a model said about some rows.

    Parameters
    ----------
    decisions : ndarray of shape (rows,)
        Class codes (positions in ``classes_``), or values for regression.
    probabilities : ndarray of shape (rows, classes), optional
        Probabilities of the classes; None for regression and for a model that only gives labels.
    """

    decisions: np.ndarray
    probabilities: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.decisions)

    def take(self, rows: np.ndarray | slice) -> Outputs:
        """Return the outputs of some rows.

        Parameters
        ----------
        rows : ndarray of int or bool, or slice
            Which rows.

        Returns
        -------
        Outputs
            Of these rows, in this order.
        """
        if self.probabilities is None:
            return Outputs(self.decisions[rows])
        if isinstance(rows, slice) or rows.dtype == bool:
            return Outputs(self.decisions[rows], self.probabilities[rows])
        return Outputs(self.decisions[rows], self.probabilities.take(rows, axis=0))  # the fastest of all ways

    def score(self, positive: int = 1) -> np.ndarray:
        """Return the one number that moves: the probability of a class, or the value.

        Parameters
        ----------
        positive : int, default 1
            Code of the class; the second of two by convention.

        Returns
        -------
        ndarray of shape (rows,)
            Probability or value.
        """
        return self.decisions if self.probabilities is None else self.probabilities[:, positive]


@dataclass(frozen=True)
class Predictor:
    """One way to ask any model.

    Parameters
    ----------
    call : callable
        Takes a frame; returns probabilities of shape (rows, classes), or labels or values of shape (rows,).
    task : {"classification", "regression"}
        What is predicted.
    classes : ndarray of shape (classes,), optional
        Labels in the order of the probabilities' columns; None for regression.
    answers : {"probabilities", "labels", "values"}
        What ``call`` returns.
    decide : callable, optional
        The model's own decision, where it is not the most probable class.
    description : str
        Class and parameters, for the report.
    origin : dict of str to str
        Ids by which the store that keeps the model knows it; empty for a model in memory.
    columns : list of str, optional
        Those that the model is given, where the data has more or in another order.
    """

    call: Callable[[pd.DataFrame], Any]
    task: Task
    classes: np.ndarray | None
    answers: Literal["probabilities", "labels", "values"]
    decide: Callable[[pd.DataFrame], Any] | None = None
    description: str = ""
    origin: dict[str, str] = field(default_factory=dict)
    columns: list[Hashable] | None = None

    @property
    def has_probabilities(self) -> bool:
        """Whether the model gives probabilities."""
        return self.answers == "probabilities"

    def __call__(self, frame: pd.DataFrame) -> Outputs:
        """Predict rows and check the answer.

        Parameters
        ----------
        frame : DataFrame
            Rows to predict. The model may change them: pass a copy.

        Returns
        -------
        Outputs
            As many as rows.

        Raises
        ------
        EvaluationError
            Where the answer is not one prediction a row, or no probability.
        """
        frame = given_columns(frame, self.columns)
        own = None if self.decide is None else self._codes(answer_of(self.decide, frame.copy()), len(frame))
        index = frame.index  # before the model can change it
        raw = check_rows(to_array(answer_of(self.call, frame)), len(index))
        if self.answers == "labels":
            return Outputs(self._codes(raw, len(index)))
        if self.answers == "values":
            return Outputs(check_values(raw, index))
        probabilities = check_probabilities(raw, len(self.classes if self.classes is not None else ()), index)
        return Outputs(most_probable(probabilities) if own is None else own, probabilities)

    def _codes(self, labels: Any, rows: int) -> np.ndarray:
        array = check_rows(to_array(labels), rows, "labels")
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if array.ndim != 1:
            raise EvaluationError(
                f"The model returned labels of shape {array.shape}; several outputs are not supported: evaluate one."
            )
        assert self.classes is not None
        return encode(array, self.classes, "The model predicted")

    def with_own_decision(
        self, predict: Callable[[pd.DataFrame], Any], probe: pd.DataFrame, tried: Outputs
    ) -> Predictor:
        """Keep the model's ``predict`` where it is not the most probable class, as with a tuned threshold.

        Parameters
        ----------
        predict : callable
            The model's ``predict``.
        probe : DataFrame
            A few rows to try it on.
        tried : Outputs
            What this predictor said about them.

        Returns
        -------
        Predictor
            This one, or one that asks ``predict`` too.
        """
        if tried.probabilities is None:
            return self
        own = self._codes(answer_of(predict, given_columns(probe.copy(), self.columns)), len(probe))
        chosen = tried.probabilities[np.arange(len(probe)), own]
        most_probable = chosen >= tried.probabilities.max(axis=1) - 1e-12
        return self if most_probable.all() else replace(self, decide=predict)


def as_predictor(model: Any, target: np.ndarray, probe: pd.DataFrame, task: Task | None = None) -> Predictor:
    """Turn what the user passed as model into a `Predictor`.

    Parameters
    ----------
    model : estimator or callable
        Has ``predict_proba`` or ``predict``, or is a function from a frame to probabilities or values.
    target : ndarray of shape (rows,)
        Raw target, from which the classes of a bare function are taken.
    probe : DataFrame
        A few rows to try the model on.
    task : {"classification", "regression"}, optional
        Needed only for a function of which it cannot be seen.

    Returns
    -------
    Predictor
        Ready to be asked.

    Raises
    ------
    EvaluationError
        Where it is neither, or has several outputs.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> frame = pd.DataFrame({"x": [0.2, 0.7]})
    >>> predictor = as_predictor(lambda frame: frame["x"], np.array(["no", "yes"]), frame)
    >>> predictor.task, predictor(frame).decisions.tolist()
    ('classification', [0, 1])
    """
    if task not in (None, "classification", "regression"):
        raise EvaluationError(f"The task {task!r} is unknown; choose 'classification' or 'regression'.")
    if isinstance(model, type):
        raise EvaluationError(f"The model is the class {model.__name__}; pass a fitted object of it.")
    columns = fitted_columns(model, probe)
    return replace(predictor_of(model, target, given_columns(probe, columns), task), columns=columns)


def predictor_of(model: Any, target: np.ndarray, probe: pd.DataFrame, task: Task | None) -> Predictor:
    """Choose how a model is asked, which takes the rows as they are."""
    description = describe(model)
    classes = getattr(model, "classes_", None)
    if classes is not None and not len(classes):  # a regressor of CatBoost
        classes = None
    if isinstance(classes, list) and any(np.ndim(one) for one in classes):
        raise EvaluationError(f"The model {type(model).__name__} has several outputs; evaluate one at a time.")
    if hasattr(model, "predict_proba") and task != "regression":
        if classes is None:
            return from_function(model.predict_proba, target, probe, task, description)
        return Predictor(model.predict_proba, "classification", np.asarray(classes), "probabilities", None, description)
    if hasattr(model, "predict"):
        if classes is not None and task != "regression":
            return Predictor(model.predict, "classification", np.asarray(classes), "labels", None, description)
        kind: Task | None = "regression" if says_regressor(model) else task
        return from_function(model.predict, target, probe, kind, description)
    if callable(model):
        return from_function(model, target, probe, task, description)
    raise EvaluationError(
        f"The model is a {type(model).__name__}, which has no predict_proba or predict and cannot be called."
    )


def from_function(
    function: Callable[[pd.DataFrame], Any],
    target: np.ndarray,
    probe: pd.DataFrame,
    task: Task | None,
    description: str,
) -> Predictor:
    """See from a function's answer on a few rows whether it returns probabilities, labels or values."""
    raw = answer_of(function, probe.copy())
    answer = check_rows(to_array(raw), len(probe))
    if task == "regression":
        return Predictor(function, "regression", None, "values", None, description)
    labels = sorted_labels(target)
    if answer.ndim == 2 and answer.shape[1] > 1:
        named = isinstance(raw, pd.DataFrame) and set(raw.columns) == set(labels.tolist())
        classes = np.asarray(raw.columns) if named else labels  # a frame may name its classes in an order of its own
        if answer.shape[1] != len(classes):
            raise EvaluationError(
                f"The model returns {answer.shape[1]} probabilities a row and the target has {len(labels)} classes "
                f"({shorten(map(str, labels))}); pass an estimator with classes_, or data with every class."
            )
        return Predictor(function, "classification", classes, "probabilities", None, description)
    if answer.ndim > 2:
        raise EvaluationError(f"The model returned an array of shape {answer.shape}; return one row of numbers a row.")
    if answer.dtype.kind == "f":
        check_values(answer, probe.index)
    kind = kind_of_answer(answer, labels, task)
    if kind == "values":
        return Predictor(function, "regression", None, kind, None, description)
    call = as_two_columns(function) if kind == "probabilities" else function
    return Predictor(call, "classification", labels, kind, None, description)


def kind_of_answer(
    answer: np.ndarray, labels: np.ndarray, task: Task | None
) -> Literal["probabilities", "labels", "values"]:
    """See what one answer a row means: labels, the probability of the second of two classes, or values."""
    if answer.dtype.kind not in "fiub":
        return "labels"
    few = len(labels) <= 2
    if answer.dtype.kind in "iub" and (few or task == "classification") and np.isin(answer, labels).all():
        return "labels"
    if not few and task is None:
        return "values"
    outside = np.flatnonzero(~((answer.reshape(-1) >= 0) & (answer.reshape(-1) <= 1)))
    if len(labels) == 2 and not len(outside):
        return "probabilities"
    if len(labels) == 1 and not len(outside):
        raise EvaluationError(
            f"The target holds only {labels.tolist()[0]!r}, so that the model's classes are not known; pass data with "
            "both classes, an estimator with classes_, or task='regression'."
        )
    if task == "classification" or not is_numeric(labels) or few:
        shown = f" such as {answer.reshape(-1)[outside[0]]:.4g} in row {outside[0]}" if len(outside) else ""
        raise EvaluationError(
            f"The model returns one number a row{shown}, which is no probability of the second of two classes; return "
            "probabilities with a column for each class, or pass task='regression' where values are meant."
        )
    return "values"


def as_two_columns(function: Callable[[pd.DataFrame], Any]) -> Callable[[pd.DataFrame], np.ndarray]:
    """Wrap a function that returns the probability of the second of two classes."""

    def both(frame: pd.DataFrame) -> np.ndarray:
        second = np.asarray(to_array(function(frame)), dtype=float).reshape(-1)
        return np.column_stack([1 - second, second])

    return both


def is_numeric(target: np.ndarray) -> bool:
    """Whether the target holds numbers."""
    return target.dtype.kind in "fiu"


def encode_target(target: np.ndarray, predictor: Predictor, start: int | None = 0) -> np.ndarray:
    """Turn the raw target into class codes, or into floats for regression.

    Parameters
    ----------
    target : ndarray of shape (rows,)
        Labels or values.
    predictor : Predictor
        Knows the classes.
    start : int or None, default 0
        Position of the first row, for the sentence; None where these are labels that occur and no rows.

    Returns
    -------
    ndarray of shape (rows,)
        Codes (int) or values (float).

    Raises
    ------
    EvaluationError
        Where a label is not among the model's classes, or a value is no number.
    """
    if predictor.classes is not None:
        return encode(target, predictor.classes, "The target is", start)
    if not is_numeric(target):
        raise EvaluationError(f"The model predicts values and the target holds {target.dtype} labels; pass numbers.")
    return target.astype(float)


def most_probable(probabilities: np.ndarray) -> np.ndarray:
    """Return the code of the most probable class, the first one where two are equal."""
    if probabilities.shape[1] == 2:  # ten times as fast as argmax over pairs
        return (probabilities[:, 1] > probabilities[:, 0]).astype(np.intp)
    return probabilities.argmax(axis=1)
