"""Whatever a user passes as model becomes a `Predictor`: one call, outputs checked, classes known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from mlops_lab.errors import shorten
from mlops_lab.evaluation.errors import EvaluationError

__all__ = ["Outputs", "Predictor", "Task", "as_predictor", "encode_target"]

Task = Literal["classification", "regression"]

SUM_TOLERANCE = 1e-5  # many models answer in float32


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
        rows : ndarray of int or slice
            Which rows.

        Returns
        -------
        Outputs
            Of these rows, in this order.
        """
        return Outputs(self.decisions[rows], None if self.probabilities is None else self.probabilities[rows])

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
    """

    call: Callable[[pd.DataFrame], Any]
    task: Task
    classes: np.ndarray | None
    answers: Literal["probabilities", "labels", "values"]
    decide: Callable[[pd.DataFrame], Any] | None = None
    description: str = ""

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
        own = None if self.decide is None else self._codes(answer_of(self.decide, frame.copy()), len(frame))
        raw = answer_of(self.call, frame)
        if len(raw) != len(frame):
            raise EvaluationError(
                f"The model returned {len(raw)} predictions for {len(frame)} rows; it must return one a row."
            )
        if self.answers == "labels":
            return Outputs(self._codes(raw, len(frame)))
        if self.answers == "values":
            return Outputs(check_values(raw))
        probabilities = check_probabilities(raw, len(self.classes if self.classes is not None else ()))
        return Outputs(probabilities.argmax(axis=1) if own is None else own, probabilities)

    def _codes(self, labels: Any, rows: int) -> np.ndarray:
        labels = np.asarray(labels)
        if len(labels) != rows:
            raise EvaluationError(f"The model returned {len(labels)} labels for {rows} rows; it must return one a row.")
        assert self.classes is not None
        return encode(labels, self.classes, "The model predicted")

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
        own = self._codes(answer_of(predict, probe.copy()), len(probe))
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
    description = describe(model)
    if hasattr(model, "predict_proba") and task != "regression":
        if isinstance(getattr(model, "classes_", None), list):
            raise EvaluationError(f"The model {type(model).__name__} has several outputs; evaluate one at a time.")
        classes = labels_of(model, target)
        return Predictor(model.predict_proba, "classification", classes, "probabilities", None, description)
    if hasattr(model, "predict"):
        if task != "regression" and (hasattr(model, "classes_") or not is_numeric(target)):
            return Predictor(model.predict, "classification", labels_of(model, target), "labels", None, description)
        return Predictor(model.predict, "regression", None, "values", None, description)
    if callable(model):
        return from_function(model, target, probe, task, description)
    raise EvaluationError(
        f"The model is a {type(model).__name__}, which has no predict_proba or predict and cannot be called."
    )


def answer_of(call: Callable[[pd.DataFrame], Any], frame: pd.DataFrame) -> np.ndarray:
    """Ask a model; what it raises becomes the cause of one sentence."""
    try:
        return np.asarray(call(frame))
    except Exception as error:  # a model may raise anything
        said = " ".join(str(error).split())
        raise EvaluationError(
            f"The model raised {type(error).__name__} on {len(frame)} rows: {said[:300] or 'without a word'}"
        ) from error


def from_function(
    function: Callable[[pd.DataFrame], Any],
    target: np.ndarray,
    probe: pd.DataFrame,
    task: Task | None,
    description: str,
) -> Predictor:
    """See from a function's answer on a few rows whether it returns probabilities or values."""
    answer = answer_of(function, probe.copy())
    labels = np.unique(target)
    if answer.ndim == 2 and answer.shape[1] > 1:
        if answer.shape[1] != len(labels):
            raise EvaluationError(
                f"The model returns {answer.shape[1]} probabilities a row and the target has {len(labels)} classes "
                f"({shorten(map(str, labels))}); pass an estimator with classes_, or data with every class."
            )
        return Predictor(function, "classification", labels, "probabilities", None, description)
    numeric = answer.dtype.kind in "fiub"
    if not numeric:
        return Predictor(function, "classification", labels, "labels", None, description)
    unit = bool(np.all((answer >= 0) & (answer <= 1)))
    if task != "regression" and len(labels) == 2 and unit:
        return Predictor(as_two_columns(function), "classification", labels, "probabilities", None, description)
    if task == "classification":
        raise EvaluationError(
            "The model returns one number a row that is no probability of two classes; return a column for each class."
        )
    return Predictor(function, "regression", None, "values", None, description)


def as_two_columns(function: Callable[[pd.DataFrame], Any]) -> Callable[[pd.DataFrame], np.ndarray]:
    """Wrap a function that returns the probability of the second of two classes."""

    def both(frame: pd.DataFrame) -> np.ndarray:
        second = np.asarray(function(frame), dtype=float).reshape(-1)
        return np.column_stack([1 - second, second])

    return both


def labels_of(model: Any, target: np.ndarray) -> np.ndarray:
    """Return the labels in the order of the model's probabilities."""
    classes = getattr(model, "classes_", None)
    return np.unique(target) if classes is None else np.asarray(classes)


def is_numeric(target: np.ndarray) -> bool:
    """Whether the target holds numbers."""
    return target.dtype.kind in "fiu"


def encode(labels: np.ndarray, classes: np.ndarray, subject: str) -> np.ndarray:
    """Return the position of each label in the classes, or name the first label that is not among them."""
    codes = pd.Index(classes).get_indexer(pd.Index(labels))
    unknown = np.flatnonzero(codes < 0)
    if len(unknown):
        raise EvaluationError(
            f"{subject} {labels[unknown].tolist()[0]!r} in row {unknown[0]}, which is not among the model's classes "
            f"({shorten(map(repr, classes.tolist()))})."
        )
    return codes


def encode_target(target: np.ndarray, predictor: Predictor) -> np.ndarray:
    """Turn the raw target into class codes, or into floats for regression.

    Parameters
    ----------
    target : ndarray of shape (rows,)
        Labels or values.
    predictor : Predictor
        Knows the classes.

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
        return encode(target, predictor.classes, "The target is")
    if not is_numeric(target):
        raise EvaluationError(f"The model predicts values and the target holds {target.dtype} labels; pass numbers.")
    return target.astype(float)


def check_values(raw: np.ndarray) -> np.ndarray:
    """Refuse predicted values that are no numbers, naming the first row."""
    values = raw.reshape(-1) if raw.ndim == 2 and raw.shape[1] == 1 else raw
    if values.ndim != 1:
        raise EvaluationError(
            f"The model returned an array of shape {raw.shape}; several outputs are not supported: evaluate one."
        )
    values = values.astype(float)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise EvaluationError(
            f"The model predicted {values[bad[0]]} for row {bad[0]}; it must predict a finite number for each row."
        )
    return values


def check_probabilities(raw: np.ndarray, classes: int) -> np.ndarray:
    """Refuse what is no distribution over the classes, naming the first row."""
    if raw.ndim != 2 or raw.shape[1] != classes:
        raise EvaluationError(
            f"The model returned probabilities of shape {raw.shape} for {classes} classes; "
            "it must return one column a class."
        )
    probabilities = np.asarray(raw, dtype=float)
    total = probabilities.sum(axis=1)
    good = (probabilities >= -SUM_TOLERANCE).all(axis=1) & (np.abs(total - 1) <= SUM_TOLERANCE)  # False for NaN too
    bad = np.flatnonzero(~good)
    if len(bad):
        shown = ", ".join(f"{value:.4g}" for value in probabilities[bad[0]])
        raise EvaluationError(
            f"The model returned ({shown}) for row {bad[0]}, which are not probabilities that add up to 1."
        )
    return probabilities


def describe(model: Any) -> str:
    """Name a model in one line, a pipeline by its steps."""
    steps = [type(step).__name__ for _, step in getattr(model, "steps", [])]
    own = getattr(model, "description", None)
    name = own if isinstance(own, str) else getattr(model, "__qualname__", type(model).__name__)
    return f"{name}({', '.join(steps)})" if steps else name
