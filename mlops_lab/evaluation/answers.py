"""What a model answered, as an array, or one sentence on what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.errors import shorten
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.numbers import of_rows

__all__ = ["answer_of", "check_probabilities", "check_rows", "check_values", "encode", "sorted_labels", "to_array"]

PLACE_IN_C = re.compile(r"^(\[[\d:]+\] )?(\S+\.(cc|cpp|cu|h|hpp):\d+: )?")
"""The time and the line of a library's own source, with which errors of XGBoost and CatBoost begin."""

TRACE = re.compile(r"\n[^\n]*:[ \t]*\n[ \t]+(?=[^\n]*(?:/|\\|0x))")
"""Where a trace begins inside a message: a heading behind the first line, over indented lines of paths or addresses."""

SUM_TOLERANCE = 1e-5  # many models answer in float32


def answer_of(call: Callable[[pd.DataFrame], Any], frame: pd.DataFrame) -> Any:
    """Ask a model; what it raises becomes the cause of one sentence.

    Parameters
    ----------
    call : callable
        The model's function.
    frame : DataFrame
        Rows to predict.

    Returns
    -------
    object
        What it returned.

    Raises
    ------
    EvaluationError
        Where it raised; the cause is the model's own error.
    """
    try:
        return call(frame)
    except EvaluationError:  # a sentence already, such as of an ONNX model
        raise
    except Exception as error:  # a model may raise anything
        said = PLACE_IN_C.sub("", " ".join(TRACE.split(str(error), maxsplit=1)[0].split()))
        raise EvaluationError(
            f"The model raised {type(error).__name__} on {of_rows(len(frame))}: {said[:300] or 'without a word'}"
        ) from error


def to_array(raw: Any) -> np.ndarray:
    """Turn what a model returned into an array; gaps in nullable numbers become NaN.

    Parameters
    ----------
    raw : array-like
        Array, list, Series or DataFrame.

    Returns
    -------
    ndarray
        The same values.

    Examples
    --------
    >>> to_array(pd.Series([0.5, None], dtype="Float64")).tolist()
    [0.5, nan]
    """
    types = [raw.dtype] if isinstance(raw, pd.Series) else list(raw.dtypes) if isinstance(raw, pd.DataFrame) else []
    if any(not isinstance(one, np.dtype) and pd.api.types.is_numeric_dtype(one) for one in types):
        try:
            return raw.to_numpy(dtype=float, na_value=np.nan)
        except (TypeError, ValueError):  # a frame of numbers and labels
            pass
    return np.asarray(raw)


def check_rows(answer: np.ndarray, rows: int, what: str = "predictions") -> np.ndarray:
    """Refuse what is not one answer a row.

    Parameters
    ----------
    answer : ndarray
        What the model returned.
    rows : int
        Rows that it was given.
    what : str, default "predictions"
        What was asked for, for the sentence.

    Returns
    -------
    ndarray
        The answer.

    Raises
    ------
    EvaluationError
        Where it is none, or not as many.
    """
    if answer.ndim == 0:
        raise EvaluationError(
            f"The model returned {' '.join(repr(answer.item()).split())[:80]} for {of_rows(rows)}; "
            "it must return an array with one entry a row."
        )
    if len(answer) != rows:
        raise EvaluationError(f"The model returned {len(answer)} {what} for {of_rows(rows)}; it must return one a row.")
    return answer


def check_values(raw: np.ndarray, index: pd.Index) -> np.ndarray:
    """Refuse predicted values that are no numbers, naming the first row.

    Parameters
    ----------
    raw : ndarray
        What the model returned.
    index : Index of shape (rows,)
        Names of the rows.

    Returns
    -------
    ndarray of float, shape (rows,)
        The values.

    Raises
    ------
    EvaluationError
        Where they are not finite numbers, or several a row.
    """
    values = raw.reshape(-1) if raw.ndim == 2 and raw.shape[1] == 1 else raw
    if values.ndim != 1:
        raise EvaluationError(
            f"The model returned an array of shape {raw.shape}; several outputs are not supported: evaluate one."
        )
    try:
        values = values.astype(float)
    except (TypeError, ValueError) as error:
        raise EvaluationError(
            f"The model predicted {values.tolist()[0]!r} for row {row_name(index, 0)}, which is no number."
        ) from error
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise EvaluationError(
            f"The model predicted {values[bad[0]]} for row {row_name(index, bad[0])}; "
            "it must predict a finite number for each row."
        )
    return values


def check_probabilities(raw: np.ndarray, classes: int, index: pd.Index | None = None) -> np.ndarray:
    """Refuse what is no distribution over the classes, naming the first row.

    Parameters
    ----------
    raw : ndarray
        What the model returned.
    classes : int
        Number of classes.
    index : Index of shape (rows,), optional
        Names of the rows; by default their numbers.

    Returns
    -------
    ndarray of float, shape (rows, classes)
        The probabilities.

    Raises
    ------
    EvaluationError
        Where they are not between 0 and 1, or do not add up to 1 within 1e-5.
    """
    if raw.ndim != 2 or raw.shape[1] != classes:
        raise EvaluationError(
            f"The model returned probabilities of shape {raw.shape} for {classes} classes; "
            "it must return one column a class."
        )
    probabilities = np.asarray(raw, dtype=float)
    distance = np.abs(np.einsum("ij->i", probabilities) - 1)
    if not len(raw) or (probabilities.min() >= -SUM_TOLERANCE and distance.max() <= SUM_TOLERANCE):
        return probabilities
    good = (probabilities >= -SUM_TOLERANCE).all(axis=1) & (distance <= SUM_TOLERANCE)  # False for NaN too
    bad = np.flatnonzero(~good)
    if len(bad):
        shown = ", ".join(f"{value:.4g}" for value in probabilities[bad[0]])
        if np.isnan(probabilities[bad[0]]).any():
            raise EvaluationError(
                f"The model returned ({shown}) for row {row_name(index, bad[0])}, which is no answer; look for gaps in "
                "that row, and let the model fill them."
            )
        within = probabilities[bad[0]].min() >= 0 and probabilities[bad[0]].max() <= 1
        total = f" (their sum is {probabilities[bad[0]].sum():.7g})" if within else ""
        raise EvaluationError(
            f"The model returned ({shown}) for row {row_name(index, bad[0])}, which are not probabilities that add up "
            f"to 1{total}; return one from 0 to 1 for each class."
        )
    return probabilities


def row_name(index: pd.Index | None, position: int) -> str:
    """Name a row as the user's frame names it, also where it stands elsewhere in a stack of changed rows."""
    return str(position) if index is None else repr(index[[position]].tolist()[0])


def encode(labels: np.ndarray, classes: np.ndarray, subject: str, start: int | None = 0) -> np.ndarray:
    """Return the position of each label in the classes, or name the first label that is not among them.

    Parameters
    ----------
    labels : ndarray of shape (rows,)
        Labels; booleans and 0 and 1 are the same.
    classes : ndarray of shape (classes,)
        All labels.
    subject : str
        Beginning of the sentence.
    start : int or None, default 0
        Position of the first label; None where they are in no order of rows.

    Returns
    -------
    ndarray of int, shape (rows,)
        Codes.

    Raises
    ------
    EvaluationError
        Where a label is not among the classes, or a class is there twice.

    Examples
    --------
    >>> encode(np.array([True, False]), np.array([0, 1]), "The target is").tolist()
    [1, 0]
    """
    wanted = pd.Index(classes)
    if wanted.has_duplicates:
        raise EvaluationError(
            f"The model's classes_ hold {wanted[wanted.duplicated()].tolist()[0]!r} twice "
            f"({shorten(map(repr, wanted.tolist()))}); name each class once."
        )
    found = pd.Index(labels)
    if found.dtype == bool and wanted.dtype.kind in "iuf":
        found = found.astype(int)
    elif wanted.dtype == bool and found.dtype.kind in "iuf" and found.isin([0, 1]).all():
        found = found.astype(bool)
    codes = wanted.get_indexer(found)
    unknown = np.flatnonzero(codes < 0)
    if len(unknown):
        where = "" if start is None else f" in row {start + unknown[0]}"
        raise EvaluationError(
            f"{subject} {labels[unknown].tolist()[0]!r}{where}, which is not among the model's classes "
            f"({shorten(map(repr, classes.tolist()))}); use the labels that the model was fitted on."
        )
    return codes


def sorted_labels(target: np.ndarray) -> np.ndarray:
    """Return what occurs in the target, in order.

    Parameters
    ----------
    target : ndarray of shape (rows,)
        Labels or values.

    Returns
    -------
    ndarray
        Each once.

    Raises
    ------
    EvaluationError
        Where labels cannot be put in order, since they are of several types.
    """
    try:
        return np.unique(target)
    except TypeError as error:
        kinds = {type(label).__name__: repr(label) for label in target.tolist()}
        raise EvaluationError(
            f"The target holds labels of several types ({', '.join(list(kinds.values())[:3])}); convert them to one."
        ) from error
