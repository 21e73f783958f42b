"""What is known of a model before it is asked: its name, its columns, and how it decides."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_regressor

__all__ = ["decides_by_probability", "describe", "fitted_columns", "given_columns", "ignores_index", "says_regressor"]

NAMES = ("feature_names_in_", "feature_name_", "feature_names_")  # scikit-learn and XGBoost, LightGBM, CatBoost
MOST_PROBABLE = (  # classifiers of scikit-learn whose decision is the most probable class
    "DecisionTreeClassifier",
    "ExtraTreesClassifier",
    "GaussianNB",
    "GradientBoostingClassifier",
    "HistGradientBoostingClassifier",
    "LogisticRegression",
    "LogisticRegressionCV",
    "MLPClassifier",
    "RandomForestClassifier",
)


def fitted_columns(model: Any, frame: pd.DataFrame) -> list[Hashable] | None:
    """Tell which columns a model must be given, where these are not just those of the data.

    So a suite can look at groups, or exchange values, of a column that the model was trained without.

    Parameters
    ----------
    model : estimator or callable
        The model.
    frame : DataFrame
        Some rows of the data.

    Returns
    -------
    list of str, or None
        The columns, in the order in which the model was fitted; None where it does not say, where they are those of the
        data, or where some are not there, of which the model says more itself.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> frame = pd.DataFrame({"city": ["a", "b"], "km": [1.0, 2.0]})
    >>> fitted_columns(LinearRegression().fit(frame[["km"]], [1, 2]), frame)
    ['km']
    """
    for name in NAMES:
        try:
            found = getattr(model, name, None)
        except Exception:  # a property of a model of another library, which raises in its own way
            continue
        if isinstance(found, (list, tuple, np.ndarray)) and len(found):
            names = list(found)
            return names if names != list(frame.columns) and set(names) <= set(frame.columns) else None
    return None


def given_columns(frame: pd.DataFrame, columns: list[Hashable] | None) -> pd.DataFrame:
    """Return the columns that a model is given.

    Parameters
    ----------
    frame : DataFrame
        All columns.
    columns : list of str, or None
        From `fitted_columns`.

    Returns
    -------
    DataFrame
        A copy of these columns, or the frame itself where the model is given all.
    """
    return frame if columns is None else frame[columns]


def ignores_index(call: Callable[..., Any]) -> bool:
    """Tell whether a model is known to look at the columns only: scikit-learn's own parts do, functions may not.

    Parameters
    ----------
    call : callable
        Method of a model, or a function.

    Returns
    -------
    bool
        True where the model, and all that it is made of, come from scikit-learn and hold no function.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> ignores_index(DummyClassifier().predict_proba), ignores_index(lambda frame: frame.index)
    (True, False)
    """
    model: Any = getattr(call, "__self__", None)
    if not is_from_scikit_learn(model):
        return False
    parts = [part for part in model.get_params().values() if not isinstance(part, type)]  # types of numbers
    return all(is_from_scikit_learn(part) for part in parts if callable(part) or hasattr(part, "get_params"))


def is_from_scikit_learn(part: Any) -> bool:
    """Tell whether an object is an estimator that comes with scikit-learn and runs no function of the user's."""
    kind = type(part)
    ours = kind.__module__.startswith("sklearn.") and hasattr(part, "get_params")
    return ours and kind.__name__ != "FunctionTransformer"


def decides_by_probability(model: Any) -> bool:
    """Whether a model is known to decide for the most probable class, so that this need not be tried."""
    kind = type(model)
    if kind.__module__.startswith("sklearn.pipeline") and kind.__name__ == "Pipeline":
        return decides_by_probability(model.steps[-1][1])
    return kind.__module__.startswith("sklearn.") and kind.__name__ in MOST_PROBABLE


def says_regressor(model: Any) -> bool:
    """Whether scikit-learn knows the model as a regressor."""
    try:
        return is_regressor(model)
    except Exception:  # an object of no scikit-learn kind
        return False


def describe(model: Any) -> str:
    """Name a model in one line, a pipeline by its steps."""
    steps = [type(step).__name__ for _, step in getattr(model, "steps", [])]
    own = getattr(model, "description", None)
    name = own if isinstance(own, str) else getattr(model, "__qualname__", type(model).__name__)
    return f"{name}({', '.join(steps)})" if steps else name
