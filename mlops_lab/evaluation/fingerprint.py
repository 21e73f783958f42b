"""Fingerprints: which data and which model a report is about, without keeping either."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mlops_lab.evaluation.model import Outputs, Predictor

__all__ = ["DataFingerprint", "model_fingerprint"]

MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no value is lost; 2**64 over the golden ratio (Knuth 1998)


@dataclass(frozen=True)
class DataFingerprint:
    """Sum of the rows' hashes: adds up over batches, and does not depend on the order of the rows.

    Parameters
    ----------
    rows : int
        Number of rows.
    total : int
        Sum of their hashes, modulo 2**64.

    Examples
    --------
    >>> frame, target = pd.DataFrame({"age": [31, 44]}), np.array([0, 1])
    >>> whole = DataFingerprint.of(frame, target)
    >>> whole == DataFingerprint.of(frame[:1], target[:1]) + DataFingerprint.of(frame[1:], target[1:])
    True
    """

    rows: int = 0
    total: int = 0

    @classmethod
    def of(cls, frame: pd.DataFrame, target: np.ndarray) -> DataFingerprint:
        """Make the fingerprint of some rows.

        Parameters
        ----------
        frame : DataFrame of shape (rows, columns)
            The rows.
        target : ndarray of shape (rows,)
            Their target.

        Returns
        -------
        DataFingerprint
            Of these rows.
        """
        keys = np.zeros(len(frame), dtype=np.uint64)
        for _name, column in frame.items():
            keys = keys * MULTIPLIER + words(column)
        mixed = mix(keys * MULTIPLIER + pd.util.hash_array(target))
        return cls(len(frame), int(np.add.reduce(mixed, dtype=np.uint64)))

    def __add__(self, other: DataFingerprint) -> DataFingerprint:
        return DataFingerprint(self.rows + other.rows, (self.total + other.total) % 2**64)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"rows": self.rows, "digest": f"{self.total:016x}"}


def words(column: pd.Series) -> np.ndarray:
    """Return 64 bits for each value: of numbers their own, folded since few of them differ in the low half.

    This takes half the time of hashing them, which is felt where a model is as fast as a linear one.
    """
    values = column.array if not isinstance(column.dtype, np.dtype) else column.to_numpy()
    if isinstance(values, np.ndarray) and values.dtype.kind in "iufb" and values.dtype.itemsize <= 8:
        bits = values.view(f"u{values.dtype.itemsize}").astype(np.uint64, copy=False)
        return bits ^ (bits >> np.uint64(32))
    try:
        return pd.util.hash_array(values)
    except TypeError:  # of lists or the like
        return pd.util.hash_array(column.astype(str).array)


def mix(numbers: np.ndarray) -> np.ndarray:
    """Scatter the bits of each number, so that a sum over rows still knows which target stood beside which row.

    This is the last step of SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators").
    """
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def model_fingerprint(predictor: Predictor, outputs: Outputs) -> dict[str, Any]:
    """Make the fingerprint of a model: what it is, and what it says about a few rows.

    Parameters
    ----------
    predictor : Predictor
        The model.
    outputs : Outputs
        What it said about the first rows of the data.

    Returns
    -------
    dict
        Description, task, classes and the digest of its answers, rounded to six digits since the last ones differ
        between machines; for a model that MLflow keeps also ``origin``, the ids by which MLflow knows it.
    """
    numbers = outputs.decisions if outputs.probabilities is None else outputs.probabilities
    rounded = np.round(np.asarray(numbers, dtype=float), 6) + 0.0
    fingerprint = {
        "description": predictor.description,
        "task": predictor.task,
        "classes": None if predictor.classes is None else [str(label) for label in predictor.classes],
        "digest": hashlib.sha256(rounded.tobytes()).hexdigest()[:16],
    }
    return fingerprint | ({"origin": dict(predictor.origin)} if predictor.origin else {})
