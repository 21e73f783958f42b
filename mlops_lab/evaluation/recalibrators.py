"""Maps from a model's probabilities to better calibrated ones: temperature, Platt, beta, isotonic.

Each learns from probabilities and outcomes only and never sees the model. All are monotone in the probability, so none
turns the order of two rows for one class. With more than two classes temperature scales all of them jointly; the others
map each class against the rest and make the results add up to 1.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from mlops_lab.evaluation.metrics import LOG_LOSS_FLOOR

__all__ = ["METHODS", "AsItIs", "Beta", "Isotonic", "Platt", "Recalibrator", "Temperature", "log_losses"]

Array = NDArray[np.float64]

STEEPEST = 100.0  # a slope beyond makes every probability 0 or 1


class Recalibrator(ABC):
    """A map of probabilities that has been fitted."""

    method: ClassVar[str]
    parameters: ClassVar[int]  # per class; decides ties in favour of the simpler map

    @classmethod
    @abstractmethod
    def fit(cls, probabilities: Array, codes: NDArray[np.int64]) -> Recalibrator:
        """Learn the map.

        Parameters
        ----------
        probabilities : ndarray of shape (rows, classes)
            What the model said.
        codes : ndarray of int, shape (rows,)
            What was true.

        Returns
        -------
        Recalibrator
            Fitted.
        """

    @abstractmethod
    def __call__(self, probabilities: Array) -> Array:
        """Map probabilities.

        Parameters
        ----------
        probabilities : ndarray of shape (rows, classes)
            What the model says.

        Returns
        -------
        ndarray of shape (rows, classes)
            Better ones; each row adds up to 1.
        """


@dataclass(frozen=True)
class AsItIs(Recalibrator):
    """Leave the probabilities alone: the candidate that wins ties."""

    method: ClassVar[str] = "as it is"
    parameters: ClassVar[int] = 0

    @classmethod
    def fit(cls, probabilities: Array, codes: NDArray[np.int64]) -> AsItIs:
        """Learn nothing."""
        return cls()

    def __call__(self, probabilities: Array) -> Array:
        """Return them."""
        return probabilities


@dataclass(frozen=True)
class Temperature(Recalibrator):
    """Divide all logits by one number: more than 1 for an over-confident model.

    Guo, Pleiss, Sun and Weinberger (2017), "On calibration of modern neural networks".

    Parameters
    ----------
    temperature : float
        The number.

    Examples
    --------
    >>> Temperature(2.0)(np.array([[0.1, 0.9]])).round(2).tolist()
    [[0.25, 0.75]]
    """

    method: ClassVar[str] = "temperature"
    parameters: ClassVar[int] = 1
    temperature: float

    @classmethod
    def fit(cls, probabilities: Array, codes: NDArray[np.int64]) -> Temperature:
        """Find the temperature of least log loss."""
        logs = safe_log(probabilities)

        def loss(slope: float) -> float:
            scaled = slope * logs
            chosen = scaled[np.arange(len(codes)), codes]
            return float(np.mean(special.logsumexp(scaled, axis=1) - chosen))

        found = optimize.minimize_scalar(
            lambda log_slope: loss(np.exp(log_slope)), bounds=(-np.log(STEEPEST), np.log(STEEPEST)), method="bounded"
        )
        return cls(float(np.exp(-found.x)))

    def __call__(self, probabilities: Array) -> Array:
        """Divide and normalise."""
        return np.asarray(special.softmax(safe_log(probabilities) / self.temperature, axis=1))


@dataclass(frozen=True)
class OneVsRest(Recalibrator):
    """A map for each class against the rest; one of two classes needs one map only.

    Parameters
    ----------
    maps : tuple of ndarray
        Parameters of each class's map.
    """

    maps: tuple[Array, ...]

    @classmethod
    def fit(cls, probabilities: Array, codes: NDArray[np.int64]) -> OneVsRest:
        """Learn the map of each class."""
        places = [1] if probabilities.shape[1] == 2 else range(probabilities.shape[1])
        return cls(tuple(cls.fit_one(probabilities[:, place], codes == place) for place in places))

    def __call__(self, probabilities: Array) -> Array:
        """Map each class and make them add up to 1."""
        if len(self.maps) == 1:
            second = self.apply_one(self.maps[0], probabilities[:, 1])
            return np.column_stack([1 - second, second])
        mapped = np.column_stack([self.apply_one(one, probabilities[:, k]) for k, one in enumerate(self.maps)])
        return np.asarray(mapped / mapped.sum(axis=1, keepdims=True))

    @staticmethod
    @abstractmethod
    def fit_one(probability: Array, positive: NDArray[np.bool_]) -> Array:
        """Learn the map of one class against the rest."""

    @staticmethod
    @abstractmethod
    def apply_one(parameters: Array, probability: Array) -> Array:
        """Map the probability of one class."""


class Platt(OneVsRest):
    """A straight line through the logits.

    Platt (1999), "Probabilistic outputs for support vector machines", with his targets that keep the line finite where
    the classes are apart; on the logit rather than on a margin.

    Examples
    --------
    >>> Platt((np.array([0.5, 0.0]),))(np.array([[0.1, 0.9]])).round(2).tolist()
    [[0.25, 0.75]]
    """

    method: ClassVar[str] = "platt"
    parameters: ClassVar[int] = 2

    @staticmethod
    def fit_one(probability: Array, positive: NDArray[np.bool_]) -> Array:
        """Fit slope and intercept."""
        return logistic(safe_logit(probability)[:, None], positive)

    @staticmethod
    def apply_one(parameters: Array, probability: Array) -> Array:
        """Apply slope and intercept."""
        return np.asarray(special.expit(parameters[0] * safe_logit(probability) + parameters[1]))


class Beta(OneVsRest):
    """A line in log p and −log(1 − p): bends the two ends apart, and holds the identity, unlike a sigmoid of p.

    Kull, Silva Filho and Flach (2017), "Beta calibration".

    Examples
    --------
    >>> Beta((np.array([1.0, 1.0, 0.0]),))(np.array([[0.1, 0.9]])).round(2).tolist()
    [[0.1, 0.9]]
    """

    method: ClassVar[str] = "beta"
    parameters: ClassVar[int] = 3

    @staticmethod
    def fit_one(probability: Array, positive: NDArray[np.bool_]) -> Array:
        """Fit the two slopes and the intercept."""
        return logistic(np.column_stack([safe_log(probability), -safe_log(1 - probability)]), positive)

    @staticmethod
    def apply_one(parameters: Array, probability: Array) -> Array:
        """Apply them."""
        left, right, shift = parameters
        return np.asarray(special.expit(left * safe_log(probability) - right * safe_log(1 - probability) + shift))


class Isotonic(OneVsRest):
    """A step-wise rising curve, joined by straight lines; free in form, so it needs many rows.

    Zadrozny and Elkan (2002), "Transforming classifier scores into accurate multiclass probability estimates". Values
    stay as far from 0 and 1 as one row in all would put them: a curve of 0 and 1 promises what no data show.

    Examples
    --------
    >>> low = np.array([[0.0, 1.0], [0.2, 0.6]])
    >>> Isotonic((low,))(np.array([[0.5, 0.5]])).round(2).tolist()
    [[0.6, 0.4]]
    """

    method: ClassVar[str] = "isotonic"
    parameters: ClassVar[int] = 10  # grows with the rows; only the order of the methods rests on it

    @staticmethod
    def fit_one(probability: Array, positive: NDArray[np.bool_]) -> Array:
        """Pool adjacent violators."""
        from sklearn.isotonic import IsotonicRegression

        edge = 1 / (len(positive) + 2)
        curve = IsotonicRegression(y_min=edge, y_max=1 - edge).fit(probability, positive.astype(float))
        return np.vstack([curve.X_thresholds_, curve.y_thresholds_])

    @staticmethod
    def apply_one(parameters: Array, probability: Array) -> Array:
        """Follow the curve."""
        return np.interp(probability, parameters[0], parameters[1])


METHODS: dict[str, type[Recalibrator]] = {kind.method: kind for kind in (AsItIs, Temperature, Platt, Beta, Isotonic)}


def log_losses(probabilities: Array, codes: NDArray[np.int64]) -> Array:
    """Return the log loss of each row, clipped as scikit-learn does.

    Parameters
    ----------
    probabilities : ndarray of shape (rows, classes)
        What was said.
    codes : ndarray of int, shape (rows,)
        What was true.

    Returns
    -------
    ndarray of shape (rows,)
        The losses.

    Examples
    --------
    >>> log_losses(np.array([[0.5, 0.5]]), np.array([1])).round(3).tolist()
    [0.693]
    """
    return np.asarray(-safe_log(probabilities[np.arange(len(codes)), codes]))


def logistic(features: Array, positive: NDArray[np.bool_]) -> Array:
    """Fit slopes, none of them negative so that the order of the rows stays, and an intercept by maximum likelihood."""
    count, total = int(positive.sum()), len(positive)
    target = np.where(positive, (count + 1) / (count + 2), 1 / (total - count + 2))
    table = np.column_stack([features, np.ones(total)])

    def loss(weights: Array) -> tuple[float, Array]:
        score = table @ weights
        value = np.mean(np.logaddexp(0, score) - target * score)
        return float(value), table.T @ (special.expit(score) - target) / total

    start = np.append(np.ones(features.shape[1]), 0.0)
    bounds = [(0.0, STEEPEST)] * features.shape[1] + [(None, None)]
    return np.asarray(optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x)


def safe_log(probabilities: Array) -> Array:
    """Return logarithms, those of 0 clipped."""
    return np.asarray(np.log(np.clip(probabilities, LOG_LOSS_FLOOR, 1.0)))


def safe_logit(probability: Array) -> Array:
    """Return logits, those of 0 and 1 clipped."""
    return safe_log(probability) - safe_log(1 - probability)
