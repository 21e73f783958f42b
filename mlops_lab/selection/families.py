"""Six families of classifiers for tables of numbers and levels, none of them tuned."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from mlops_lab.errors import InputError, nearest, shorten

__all__ = ["FAMILIES", "make"]

NUMBERS = make_column_selector(dtype_include="number")
LEVELS = make_column_selector(dtype_exclude="number")
MOST_LEVELS = 254  # that HistGradientBoosting takes as levels


def one_hot() -> Any:
    """Scale numbers and fill their gaps with the median; give each level a column, a level never seen none."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return make_column_transformer(
        (numbers, NUMBERS), (OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=np.float32), LEVELS)
    )


def ordinal() -> Any:
    """Give each level a number; a gap and a level never seen stay gaps, which boosting can read."""
    levels = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
        max_categories=MOST_LEVELS,
    )
    columns = make_column_transformer((levels, LEVELS), remainder="passthrough", verbose_feature_names_out=False)
    return columns.set_output(transform="pandas")


def logistic() -> Pipeline:
    """Make a logistic regression: one weight a column."""
    return make_pipeline(one_hot(), LogisticRegression(max_iter=1000))


def naive_bayes() -> Pipeline:
    """Make a naive Bayes classifier: every column alone, multiplied as if none knew of the others."""
    return make_pipeline(one_hot(), GaussianNB())


def neighbours() -> Pipeline:
    """Make a classifier that asks the 25 nearest rows."""
    return make_pipeline(one_hot(), KNeighborsClassifier(25))


def tree() -> Pipeline:
    """Make a decision tree, grown until it has separated its training rows."""
    return make_pipeline(one_hot(), DecisionTreeClassifier(random_state=0))


def forest() -> Pipeline:
    """Make a forest of 200 trees."""
    return make_pipeline(one_hot(), RandomForestClassifier(200, random_state=0, n_jobs=-1))


def boosting() -> Pipeline:
    """Make gradient boosting: trees that each mend what those before them got wrong."""
    return make_pipeline(ordinal(), HistGradientBoostingClassifier(random_state=0))


#: A function that makes each family, the simplest first.
FAMILIES: MappingProxyType[str, Callable[[], Pipeline]] = MappingProxyType(
    {
        "logistic": logistic,
        "naive_bayes": naive_bayes,
        "neighbours": neighbours,
        "tree": tree,
        "forest": forest,
        "boosting": boosting,
    }
)


def make(family: str) -> Pipeline:
    """Make a classifier of a family, with the preparation that it needs, not yet fitted.

    Parameters
    ----------
    family : {"logistic", "naive_bayes", "neighbours", "tree", "forest", "boosting"}
        Which one; each has scikit-learn's default parameters but for those that its function names.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Fits on a DataFrame of numbers and levels, also with gaps.

    Raises
    ------
    InputError
        Where there is no such family.

    Examples
    --------
    >>> from mlops_lab import datasets
    >>> people = datasets.adult().head(2000)
    >>> model = make("logistic").fit(people[["age", "occupation"]], people["income"])
    >>> model.predict(people[["age", "occupation"]]).shape
    (2000,)
    """
    if family not in FAMILIES:
        close = nearest(str(family), FAMILIES, count=1)
        hint = f" The nearest is {close[0]!r};" if close else ""
        raise InputError(f"There is no family {family!r}.{hint} choose one of {shorten(FAMILIES)}.")
    return FAMILIES[family]()
