"""Recalibrate a model: choose a map of its probabilities, and prove on fresh rows that it helps."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import StratifiedKFold, train_test_split

from mlops_lab.errors import nearest, shorten
from mlops_lab.evaluation.addresses import opened
from mlops_lab.evaluation.answers import check_probabilities
from mlops_lab.evaluation.errors import EvaluationError, NotApplicable
from mlops_lab.evaluation.memory import in_memory
from mlops_lab.evaluation.model import encode_target
from mlops_lab.evaluation.numbers import of_rows
from mlops_lab.evaluation.parameters import check_rate
from mlops_lab.evaluation.probe import PROBE_ROWS, probe_model
from mlops_lab.evaluation.proof import AS_IT_IS, Proof, RecalibrationRefused
from mlops_lab.evaluation.recalibrators import METHODS, Array, Recalibrator, log_losses
from mlops_lab.evaluation.statistics.interval import check_alpha
from mlops_lab.evaluation.statistics.moments import FEWEST_ROWS, Moments, mean_interval
from mlops_lab.evaluation.traits import describe, fitted_columns, given_columns
from mlops_lab.i18n import gettext as _

__all__ = ["Recalibrated", "recalibrate"]

ISOTONIC_ROWS = 1000  # below, the free curve follows the noise (Niculescu-Mizil and Caruana 2005)


class Recalibrated(ClassifierMixin, BaseEstimator):
    """A model with better calibrated probabilities; made by `recalibrate`.

    A scikit-learn classifier whose ``fit`` does nothing, as that of ``sklearn.frozen.FrozenEstimator``: neither the
    model nor the map is ever fitted again, and ``sklearn.base.clone`` returns this very object.

    Parameters
    ----------
    model : estimator or callable
        The model as it was; never changed.
    recalibrator : Recalibrator
        The map of its probabilities.
    proof : Proof
        That the map helps.
    classes : ndarray of shape (classes,)
        Labels in the order of the probabilities.
    """

    def __init__(self, model: Any, recalibrator: Recalibrator, proof: Proof, classes: np.ndarray) -> None:
        self.model = model
        self.recalibrator = recalibrator
        self.proof = proof
        self.classes = classes

    @property
    def classes_(self) -> np.ndarray:
        """The labels ``classes``, where scikit-learn looks for them."""
        return self.classes

    @property
    def method(self) -> str:
        """Name of the map."""
        return self.recalibrator.method

    def fit(self, X: Any, y: Any = None) -> Recalibrated:
        """Do nothing; call `recalibrate` for another map.

        Parameters
        ----------
        X, y : object
            Not looked at.

        Returns
        -------
        Recalibrated
            This one.
        """
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict recalibrated probabilities.

        Parameters
        ----------
        X : DataFrame of shape (rows, columns)
            Rows, as the model takes them.

        Returns
        -------
        ndarray of shape (rows, classes)
            In the order of ``classes_``.
        """
        ask = self.model.predict_proba if hasattr(self.model, "predict_proba") else self.model
        columns = fitted_columns(self.model, X) if isinstance(X, pd.DataFrame) else None
        raw = np.asarray(ask(given_columns(X, columns)), dtype=float)
        if raw.ndim == 1:
            raw = np.column_stack([1 - raw, raw])
        return self.recalibrator(check_probabilities(raw, len(self.classes)))

    def predict(self, X: Any) -> np.ndarray:
        """Predict the most probable class, which can differ from the one before.

        Parameters
        ----------
        X : DataFrame of shape (rows, columns)
            Rows, as the model takes them.

        Returns
        -------
        ndarray of shape (rows,)
            Labels.
        """
        return np.asarray(self.classes[self.predict_proba(X).argmax(axis=1)])

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        return f"{describe(self.model)}, recalibrated by {self.method}. {self.proof.explain()}"

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_clone__(self) -> Recalibrated:
        return self


def recalibrate(
    model: Any,
    X_cal: Any,
    y_cal: Any = None,
    method: str = "auto",
    *,
    proof: float = 0.3,
    folds: int = 5,
    alpha: float = 0.05,
    seed: int = 0,
) -> Recalibrated:
    """Map a model's probabilities to better calibrated ones, and prove on held-out rows that this helps.

    Some of the rows are put aside for the proof. On the others each method is cross-fitted and judged by its log loss;
    the simplest within one standard error of the best is fitted, so that leaving the model as it is wins ties. The
    proof is the paired difference of the log losses on the rows put aside. The model itself is never fitted again.

    Parameters
    ----------
    model : estimator or callable
        A fitted classifier with probabilities.
    X_cal : DataFrame of shape (rows, columns)
        Rows that the model has not been fitted on.
    y_cal : array-like of shape (rows,) or str
        Labels, or the name of their column in ``X_cal``.
    method : {"auto", "temperature", "platt", "beta", "isotonic"}, default "auto"
        Which map. All work for two classes and for more: temperature jointly, the others each class against the rest.
        ``"auto"`` tries isotonic only with 1,000 rows for fitting or more.
    proof : float, default 0.3
        Share of the rows put aside for the proof.
    folds : int, default 5
        Of the cross-fitting.
    alpha : float, default 0.05
        One minus the level of the proof's interval.
    seed : int, default 0
        Of the division of the rows.

    Returns
    -------
    Recalibrated
        A scikit-learn classifier with ``.proof`` and ``.method``.

    Raises
    ------
    RecalibrationRefused
        Where the model is fine as it is, or the proof fails; the sentence and ``.proof`` hold the numbers.
    EvaluationError
        Where model or data cannot be used.

    Warns
    -----
    UserWarning
        Where ``method="isotonic"`` has fewer than 1,000 rows to fit on.

    Notes
    -----
    The log loss is a proper score, lowest for the true probabilities (Gneiting and Raftery 2007); the calibration error
    is not one, and choosing by it would reward a model that says the same for every row. One-standard-error rule:
    Breiman, Friedman, Olshen and Stone (1984).

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame({"p": rng.uniform(0.05, 0.95, size=4000)})
    >>> target = (rng.random(4000) < frame["p"]).astype(int)
    >>> sure = lambda X: X["p"] ** 3 / (X["p"] ** 3 + (1 - X["p"]) ** 3)
    >>> better = recalibrate(sure, frame, target)
    >>> better.method, round(better.recalibrator.temperature, 1)
    ('temperature', 3.0)
    >>> recalibrate(lambda X: X["p"], frame, target)
    Traceback (most recent call last):
    mlops_lab.evaluation.proof.RecalibrationRefused: Recalibration refused. The model is fine as it is: ...
    """
    check_options(method, proof, folds, alpha)
    source = in_memory(X_cal, y_cal)
    model = opened(model)
    predictor = probe_model(model, source.target, source.frame.head(PROBE_ROWS)).predictor
    probabilities = predictor(source.frame.copy()).probabilities
    if probabilities is None or predictor.classes is None:
        raise NotApplicable("Recalibration needs probabilities; pass a classifier with predict_proba.")
    codes = encode_target(source.target, predictor)
    check_counts(codes, predictor.classes, folds, proof)
    fitting, proving = train_test_split(np.arange(len(codes)), test_size=proof, stratify=codes, random_state=seed)
    names, notes = candidates(method, len(fitting))
    losses = cross_fitted(names, probabilities[fitting], codes[fitting], folds, seed)
    chosen = choose(losses) if method == "auto" else method
    recalibrator = METHODS[chosen].fit(probabilities[fitting], codes[fitting])
    gained = prove(recalibrator, probabilities[proving], codes[proving], alpha)
    shown = Proof(chosen, candidate_rows(losses, chosen, alpha), **gained, rows_fitted=len(fitting), notes=notes)
    if not shown.accepted:
        raise RecalibrationRefused(shown)
    return Recalibrated(model, recalibrator, shown, predictor.classes)


def check_options(method: str, proof: float, folds: int, alpha: float) -> None:
    """Refuse options that cannot be used."""
    options = ["auto", *(name for name in METHODS if name != AS_IT_IS)]
    if method not in options:
        close = nearest(str(method), options, count=1)
        hint = f" The nearest is {close[0]!r};" if close else ""
        raise EvaluationError(f"The method {method!r} is unknown.{hint} choose one of {shorten(options)}.")
    check_rate(proof, "proof", positive=True)
    if proof > 0.9:
        raise EvaluationError(f"proof is {proof!r}; leave at least a tenth of the rows for fitting.")
    if not isinstance(folds, int) or folds < 2:
        raise EvaluationError(f"folds is {folds!r}; give a whole number from 2 on.")
    check_alpha(alpha)


def check_counts(codes: np.ndarray, classes: np.ndarray, folds: int, proof: float) -> None:
    """Refuse data in which a class has too few rows for folds and proof."""
    counts = np.bincount(codes, minlength=len(classes))
    needed = int(np.ceil(max(folds / (1 - proof), 1 / proof))) + 1
    few = int(counts.argmin())
    if counts[few] < needed:
        raise EvaluationError(
            f"The class {classes.tolist()[few]!r} has {of_rows(int(counts[few]))}; {needed} are needed for {folds} "
            "folds and a proof."
        )
    if len(codes) * proof < FEWEST_ROWS:
        raise EvaluationError(
            f"The data has {of_rows(len(codes))}; with proof={proof:g} at least {int(np.ceil(FEWEST_ROWS / proof))} "
            "are needed."
        )


def candidates(method: str, rows: int) -> tuple[list[str], tuple[str, ...]]:
    """Return the methods to try, the simplest first, and what must be said of those that are not."""
    if method == "isotonic" and rows < ISOTONIC_ROWS:
        warnings.warn(
            f"Isotonic recalibration has {of_rows(rows)} to fit on; below {ISOTONIC_ROWS} it follows the noise: "
            "bring more, or take method='beta'.",
            stacklevel=3,
        )
    if method != "auto":
        return [AS_IT_IS, method], ()
    if rows >= ISOTONIC_ROWS:
        return list(METHODS), ()
    note = _("Isotonic was not tried: it needs {needed:,} rows for fitting, and there are {rows:,}.")
    return [name for name in METHODS if name != "isotonic"], (note.format(needed=ISOTONIC_ROWS, rows=rows),)


def cross_fitted(
    names: Sequence[str], probabilities: Array, codes: np.ndarray, folds: int, seed: int
) -> dict[str, Array]:
    """Return for each method the log loss of each row, under a map that was fitted without that row's fold."""
    losses = {name: np.empty(len(codes)) for name in names}
    for train, test in StratifiedKFold(folds, shuffle=True, random_state=seed).split(codes, codes):
        for name in names:
            fitted = METHODS[name].fit(probabilities[train], codes[train])
            losses[name][test] = log_losses(fitted(probabilities[test]), codes[test])
    return losses


def choose(losses: dict[str, Array]) -> str:
    """Return the simplest method whose loss is within one standard error of the best, both on the same rows."""
    best = min(losses, key=lambda name: float(losses[name].mean()))
    for name in sorted(losses, key=lambda name: METHODS[name].parameters):
        excess = losses[name] - losses[best]
        if excess.mean() <= excess.std(ddof=1) / np.sqrt(len(excess)):
            return name
    return best


def candidate_rows(losses: dict[str, Array], chosen: str, alpha: float) -> tuple[tuple[Any, ...], ...]:
    """Make the rows of the table of candidates."""
    rows = []
    for name, loss in losses.items():
        gain = mean_interval(Moments.of((losses[AS_IT_IS] - loss)[:, None]), alpha=alpha)
        rows.append((name, float(loss.mean()), gain.estimate, gain.low, gain.high, name == chosen))
    return tuple(rows)


def prove(recalibrator: Recalibrator, probabilities: Array, codes: np.ndarray, alpha: float) -> dict[str, Any]:
    """Compare the losses before and after on the rows put aside."""
    before, after = log_losses(probabilities, codes), log_losses(recalibrator(probabilities), codes)
    gain = mean_interval(Moments.of((before - after)[:, None]), alpha=alpha)
    accepted = recalibrator.method != AS_IT_IS and float(gain.low) > 0
    means = {"before": float(before.mean()), "after": float(after.mean())}
    return {**means, "gain": gain, "rows": len(codes), "accepted": accepted}
