"""Answers with a promise: sets of labels, or intervals of values, that hold the truth as often as was asked for."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from mlops_lab.errors import nearest, require
from mlops_lab.evaluation.coverage import Coverage, measure_coverage
from mlops_lab.evaluation.data import check_frame
from mlops_lab.evaluation.errors import EvaluationError, NotApplicable
from mlops_lab.evaluation.memory import in_memory
from mlops_lab.evaluation.model import Outputs, Predictor, Task, encode_target
from mlops_lab.evaluation.numbers import of_rows
from mlops_lab.evaluation.parameters import check_rate
from mlops_lab.evaluation.probe import PROBE_ROWS, probe_model
from mlops_lab.evaluation.statistics.interval import check_alpha
from mlops_lab.i18n import gettext as _

__all__ = ["Conformal", "conformal"]

FOR_LABELS = ("lac", "aps", "raps")
FOR_VALUES = ("absolute", "gamma")


class Probabilities(ClassifierMixin, BaseEstimator):
    """A fitted classifier to MAPIE, which takes a table of probabilities and returns it.

    So MAPIE never meets the model or its columns, and any model that the suite takes will do.
    """

    def __init__(self, classes: int = 2) -> None:
        self.classes = classes

    @property
    def classes_(self) -> np.ndarray:
        """Codes of the classes."""
        return np.arange(self.classes)

    def fit(self, X: Any, y: Any = None) -> Probabilities:
        """Do nothing."""
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return what was given."""
        return np.asarray(X, dtype=float)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable code."""
        return self.predict_proba(X).argmax(axis=1)

    def __sklearn_is_fitted__(self) -> bool:
        return True


class Values(RegressorMixin, BaseEstimator):
    """A fitted regressor to MAPIE, which takes a column of predicted values and returns it."""

    def fit(self, X: Any, y: Any = None) -> Values:
        """Do nothing."""
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return what was given."""
        return np.asarray(X, dtype=float)[:, 0]

    def __sklearn_is_fitted__(self) -> bool:
        return True


@dataclass(frozen=True, eq=False)
class Conformal:
    """A finished model whose answers hold the truth as often as promised; made by `conformal`.

    Parameters
    ----------
    predictor : Predictor
        The model.
    mapie : object
        MAPIE's ``SplitConformalClassifier`` or ``SplitConformalRegressor``, which takes the model's answers.
    promise : float
        Share of the rows whose truth shall be held.
    method : str
        How far off an answer is.
    rows : int
        Rows of the calibration.
    """

    predictor: Predictor
    mapie: Any
    promise: float
    method: str
    rows: int

    @property
    def luck(self) -> tuple[float, float]:
        """Where the true coverage lies in 95 of 100 draws of as many calibration rows: a beta distribution."""
        counted = min(self.rows, math.ceil((self.rows + 1) * self.promise))
        low, high = special.betaincinv(counted, self.rows + 1 - counted, [0.025, 0.975])
        return float(low), float(high)

    def sets(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the set of labels that each row may have.

        Parameters
        ----------
        X : DataFrame of shape (rows, columns)
            New rows.

        Returns
        -------
        DataFrame of bool, shape (rows, classes)
            One column a label, true where it is in the set; with the index of ``X``.

        Raises
        ------
        NotApplicable
            Where the model predicts values.
        """
        if self.predictor.classes is None:
            raise NotApplicable("The model predicts values, which have intervals; call intervals(X).")
        return self._sets(self.predictor(rows_of(X)), X.index)

    def intervals(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the interval in which each row's value may lie.

        Parameters
        ----------
        X : DataFrame of shape (rows, columns)
            New rows.

        Returns
        -------
        DataFrame of float, shape (rows, 3)
            Columns prediction, low and high; with the index of ``X``.

        Raises
        ------
        NotApplicable
            Where the model predicts labels.
        """
        if self.predictor.classes is not None:
            raise NotApplicable("The model predicts labels, which have sets; call sets(X).")
        return self._intervals(self.predictor(rows_of(X)), X.index)

    def coverage(
        self, X: Any, y: Any = None, by: str | Sequence[str] = (), *, bins: int = 4, alpha: float = 0.05
    ) -> Coverage:
        """Count on fresh rows how often the promise is kept, over all and in each group.

        Parameters
        ----------
        X : DataFrame of shape (rows, columns)
            Rows that neither the model nor the calibration has seen.
        y : array-like of shape (rows,) or str
            Labels or values, or the name of their column in ``X``.
        by : str or sequence of str, optional
            Columns that make the groups; numbers are cut at quantiles.
        bins : int, default 4
            Groups of a numeric column.
        alpha : float, default 0.05
            One minus the level of the intervals.

        Returns
        -------
        Coverage
            Table, sentences and picture.

        Raises
        ------
        EvaluationError
            Where data cannot be used.

        Notes
        -----
        Coverage has the exact interval of Clopper and Pearson (1934); those of the groups hold together, each at level
        1 − alpha / groups (Bonferroni). Sizes have Hall's interval of a mean (1992).
        """
        check_alpha(alpha)
        source = in_memory(X, y)
        target = encode_target(source.target, self.predictor)
        outputs = self.predictor(source.frame.copy())
        if self.predictor.classes is None:
            ends = self._intervals(outputs, source.frame.index)
            held = ((target >= ends["low"]) & (target <= ends["high"])).to_numpy()
            size = (ends["high"] - ends["low"]).to_numpy()
        else:
            members = self._sets(outputs, source.frame.index).to_numpy()
            held, size = members[np.arange(len(target)), target], members.sum(axis=1).astype(float)
        names = (by,) if isinstance(by, str) else tuple(by)
        of_sets = self.predictor.classes is not None
        return measure_coverage(source, held, size, names, bins, self.promise, self.luck, self.rows, of_sets, alpha)

    def _sets(self, outputs: Outputs, index: pd.Index) -> pd.DataFrame:
        assert self.predictor.classes is not None
        members = self.mapie.predict_set(outputs.probabilities)[1][:, :, 0]
        return pd.DataFrame(members.astype(bool), index=index, columns=self.predictor.classes.tolist())

    def _intervals(self, outputs: Outputs, index: pd.Index) -> pd.DataFrame:
        points, ends = self.mapie.predict_interval(outputs.decisions[:, None])
        return pd.DataFrame({"prediction": points, "low": ends[:, 0, 0], "high": ends[:, 1, 0]}, index=index)

    def __repr__(self) -> str:
        low, high = self.luck
        return _(
            "Answers of {model} that hold the truth in {promise:.0%} of rows like the {rows:,} of the calibration "
            "(by the luck of those rows {low:.1%} to {high:.1%}), by MAPIE's {method}."
        ).format(
            model=self.predictor.description,
            promise=self.promise,
            rows=self.rows,
            low=low,
            high=high,
            method=self.method,
        )


def conformal(
    model: Any,
    X_cal: Any,
    y_cal: Any = None,
    *,
    promise: float = 0.9,
    method: str | None = None,
    task: Task | None = None,
    seed: int = 0,
) -> Conformal:
    """Make a finished model answer with sets of labels, or intervals of values, that hold the truth as often as asked.

    The promise is *marginal*: it holds over all rows together, if new rows come from where the calibration rows came
    from. It may be broken in a group and more than kept in another; `Conformal.coverage` counts that.

    Parameters
    ----------
    model : estimator or callable
        A fitted classifier with probabilities, or a regressor, as for `Suite.run`. It is never fitted again.
    X_cal : DataFrame of shape (rows, columns)
        Rows that the model has not been fitted on.
    y_cal : array-like of shape (rows,) or str
        Labels or values, or the name of their column in ``X_cal``.
    promise : float, default 0.9
        Share of the rows whose truth shall be in the set or interval.
    method : {"lac", "aps", "raps", "absolute", "gamma"}, optional
        How far off an answer is. For labels: ``"lac"`` (default; one minus the probability of the true label, the
        smallest sets on average), ``"aps"`` (adaptive sets) or ``"raps"`` (those, held small); the last two need three
        classes. For values: ``"absolute"`` (default; all intervals of one width) or ``"gamma"`` (in proportion to the
        prediction, which must be positive).
    task : {"classification", "regression"}, optional
        Where it cannot be seen.
    seed : int, default 0
        Of the random parts of ``"aps"`` and ``"raps"``.

    Returns
    -------
    Conformal
        With ``.sets(X)`` or ``.intervals(X)``, and ``.coverage(X, y, by=…)``.

    Raises
    ------
    MissingExtraError
        Where MAPIE is not installed; it comes with ``pip install 'mlops-lab[conformal]'``.
    EvaluationError
        Where model, data or options cannot be used.

    Notes
    -----
    Split conformal prediction (Vovk, Gammerman and Shafer 2005; Papadopoulos et al. 2002), computed by MAPIE
    (Taquet et al. 2022). LAC: Sadinle, Lei and Wasserman (2019); APS: Romano, Sesia and Candès (2020); RAPS:
    Angelopoulos et al. (2021). Over the draw of n calibration rows the true coverage follows a beta distribution
    (Vovk 2012), which ``.luck`` gives.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame({"km": rng.uniform(1, 20, 3000)})
    >>> minutes = 3 * frame["km"] + rng.normal(0, 0.2 * frame["km"])
    >>> promised = conformal(lambda X: 3 * X["km"], frame[:1000], minutes[:1000], promise=0.9)
    >>> promised.intervals(frame[1000:1001]).round(1).values.tolist()
    [[3.7, -0.3, 7.8]]
    >>> promised.coverage(frame[1000:], minutes[1000:], by="km").table["verdict"].tolist()
    ["can't tell", 'kept', 'kept', "can't tell", 'broken']
    """
    check_rate(promise, "promise", positive=True)
    source = in_memory(X_cal, y_cal)
    predictor = probe_model(model, source.target, source.frame.head(PROBE_ROWS), task).predictor
    if predictor.task == "classification" and not predictor.has_probabilities:
        raise NotApplicable("Sets of labels need probabilities; pass a classifier with predict_proba.")
    method = check_method(method, predictor)
    check_rows(source.rows, promise)
    target = encode_target(source.target, predictor)
    if predictor.classes is not None and (target == target[0]).all():
        raise EvaluationError(
            f"The target holds only {source.target.tolist()[0]!r}, so that nothing is learned of the other labels; "
            "pass rows of at least two."
        )
    outputs = predictor(source.frame.copy())
    if predictor.classes is None:
        if method == "gamma":
            check_positive(outputs.decisions, target)
        room = require("mapie.regression", extra="conformal")
        made = room.SplitConformalRegressor(Values(), confidence_level=promise, conformity_score=method, prefit=True)
    else:
        room = require("mapie.classification", extra="conformal")
        made = room.SplitConformalClassifier(
            Probabilities(len(predictor.classes)),
            confidence_level=promise,
            conformity_score=method,
            prefit=True,
            random_state=seed,
        )
    answers = outputs.decisions[:, None] if outputs.probabilities is None else outputs.probabilities
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="(?s).*(classes|labels).*")  # a rare class may be missing here
        made.conformalize(answers, target)
    return Conformal(predictor, made, promise, method, source.rows)


def rows_of(X: Any) -> pd.DataFrame:
    """Refuse what are no rows with named columns, and copy them for the model."""
    check_frame(X, " with the columns of the calibration")
    return X.copy()


def check_method(method: str | None, predictor: Predictor) -> str:
    """Choose the method, or refuse one that does not fit the model."""
    options = FOR_VALUES if predictor.classes is None else FOR_LABELS
    if method is None:
        return options[0]
    if method not in options:
        close = nearest(str(method), options, count=1)
        hint = f"the nearest is {close[0]!r}; " if close else ""
        what = "values" if predictor.classes is None else "labels"
        raise EvaluationError(
            f"The method {method!r} is unknown for a model of {what}; {hint}choose one of {', '.join(options)}."
        )
    if predictor.classes is not None and len(predictor.classes) == 2 and method != "lac":
        raise EvaluationError(f"The method {method!r} needs three classes and the model has two; take method='lac'.")
    return method


def check_positive(predicted: np.ndarray, target: np.ndarray) -> None:
    """Refuse values that no interval in proportion can be made of."""
    for what, values in (("prediction", predicted), ("value", target)):
        bad = np.flatnonzero(values <= 0)
        if len(bad):
            raise EvaluationError(
                f"The {what} of row {bad[0]} is {values[bad[0]]:g}; method='gamma' needs positive ones, so take "
                "'absolute'."
            )


def check_rows(rows: int, promise: float) -> None:
    """Refuse a promise that so few rows cannot give."""
    if promise == 1:
        raise EvaluationError("promise is 1; no number of rows can promise that, so give a number below 1.")
    needed = math.ceil(promise / (1 - promise) - 1e-9)
    if rows < needed:
        raise EvaluationError(f"The data has {of_rows(rows)}; a promise of {promise:g} needs at least {needed}.")
