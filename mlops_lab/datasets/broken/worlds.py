"""The two worlds in which faults are planted: the rides, whose truth is known, and the census."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from mlops_lab.datasets import rides
from mlops_lab.datasets.rides.draws import below, draws, seeded, whole
from mlops_lab.datasets.shipped import adult
from mlops_lab.errors import InputError, nearest

Floats = NDArray[np.float64]

TAX_BAND_RATES = MappingProxyType({"higher": (0.02, 0.9), "basic": (0.98, 0.1)})  # given <=50K, given >50K


@dataclass(frozen=True)
class World:
    """Where the faults of a world lie."""

    base: Callable[[], Any]
    noisy: str
    twin: tuple[str, ...]
    translate: Callable[[pd.DataFrame], Floats]
    slack: float
    sensitive: str
    sensitive_shifts: Mapping[str, float]
    proxy: str
    proxy_shifts: Mapping[str, float]
    rising: str
    turned: tuple[float, float]
    weak: Mapping[str, str]
    leak: str
    leak_rates: Mapping[Any, tuple[float, float]]


class RidesTruth(ClassifierMixin, BaseEstimator):
    """The best model that there can be for rides: it answers with :func:`rides.probability`.

    Examples
    --------
    >>> trips = rides.trips(3)
    >>> RidesTruth().fit(trips, trips["late"]).predict_proba(trips)[:, 1].round(3)
    array([0.077, 0.598, 0.166])
    """

    def fit(self, X: pd.DataFrame, y: Any) -> Self:
        """Learn nothing: the truth is known.

        Parameters
        ----------
        X : DataFrame
            Ignored.
        y : array-like
            Ignored.

        Returns
        -------
        self
            Ready to predict.
        """
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, X: pd.DataFrame) -> Floats:
        """Return the true probabilities.

        Parameters
        ----------
        X : DataFrame
            Trips.

        Returns
        -------
        ndarray of shape (rows, 2)
            Of being in time, of being late.
        """
        p = rides.probability(X)
        return np.column_stack([1.0 - p, p])

    def predict(self, X: pd.DataFrame) -> NDArray[np.int64]:
        """Return the more probable class.

        Parameters
        ----------
        X : DataFrame
            Trips.

        Returns
        -------
        ndarray of shape (rows,)
            0 or 1.
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@lru_cache(maxsize=1)
def census_model() -> FrozenEstimator:
    """Return a logistic regression of the census' training rows that sees neither sex nor race nor relationship."""
    numeric = ["age", "education_num", "capital_gain", "capital_loss", "hours_per_week"]
    categories = ["workclass", "marital_status", "occupation"]
    train = adult(columns=[*numeric, *categories, "income"], split="train")
    model = make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numeric),
            (OneHotEncoder(handle_unknown="ignore"), categories),
        ),
        LogisticRegression(max_iter=1000),
    )
    return FrozenEstimator(model.fit(train[numeric + categories], train["income"]))


def rides_truth() -> RidesTruth:
    """Return the truth of the rides as a fitted model."""
    return RidesTruth().fit(pd.DataFrame(), None)


def reported_kilometres(frame: pd.DataFrame) -> Floats:
    """Return the distance that was reported, in kilometres."""
    reported = frame["distance_reported"].to_numpy(dtype=float, na_value=np.nan)
    return np.where(frame["source"] == "partner", reported * rides.TRUTH.km_a_mile, reported)


def education_level(frame: pd.DataFrame) -> Floats:
    """Return the number of the level of education that is named."""
    return frame["education"].astype(object).map(education_levels()).to_numpy(dtype=float)


@lru_cache(maxsize=1)
def education_levels() -> dict[str, int]:
    """Return the number of each level of education."""
    pairs = adult(columns=["education", "education_num"]).drop_duplicates()
    return dict(zip(pairs["education"], pairs["education_num"], strict=True))


WORLDS: Mapping[str, World] = MappingProxyType(
    {
        "rides": World(
            base=rides_truth,
            noisy="distance_km",
            twin=("distance_reported", "source"),
            translate=reported_kilometres,
            slack=0.01,
            sensitive=rides.TRUTH.sensitive,
            sensitive_shifts=MappingProxyType({"female": 0.06, "male": -0.06}),
            proxy=rides.TRUTH.proxy,
            proxy_shifts=MappingProxyType({"family": 0.07, "business": -0.07}),
            rising="distance_km",
            turned=(6.0, 10.0),
            weak=MappingProxyType({"district": "harbour", "vehicle": "van"}),
            leak="complaint",
            leak_rates=MappingProxyType(
                {
                    0: (1 - rides.TRUTH.complaint_rate[0], 1 - rides.TRUTH.complaint_rate[1]),
                    1: (rides.TRUTH.complaint_rate[0], rides.TRUTH.complaint_rate[1]),
                }
            ),
        ),
        "adult": World(
            base=census_model,
            noisy="education_num",
            twin=("education",),
            translate=education_level,
            slack=0.0,
            sensitive="sex",
            sensitive_shifts=MappingProxyType({"Male": 0.035, "Female": -0.07}),
            proxy="relationship",
            proxy_shifts=MappingProxyType({"Husband": 0.03, "Wife": -0.07, "Unmarried": -0.07}),
            rising="education_num",
            turned=(10.0, 12.0),
            weak=MappingProxyType({"occupation": "Prof-specialty", "workclass": "Local-gov"}),
            leak="tax_band",
            leak_rates=TAX_BAND_RATES,
        ),
    }
)


def world(dataset: str) -> World:
    """Return a world by its name."""
    if dataset not in WORLDS:
        meant = nearest(str(dataset), WORLDS, count=1)
        hint = f" Did you mean {meant[0]!r}?" if meant else ""
        raise InputError(f"There are no broken models for {dataset!r}.{hint} There are for {' and '.join(WORLDS)}.")
    return WORLDS[dataset]


def data(dataset: str, rows: int | None = None, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Return rows with all the columns that the models of a world read, and their outcomes.

    Parameters
    ----------
    dataset : {"rides", "adult"}
        The world.
    rows : int, optional
        For rides: how many to make (default 20,000). For Adult: how many of the 16,281 test rows to draw without
        putting back (default: all, in their order).
    seed : int, default 0
        Other rides; for Adult other rows, and another draw of `tax_band`.

    Returns
    -------
    X : pandas.DataFrame
        Rides: their features, and `complaint`, known only afterwards. Adult: its columns, and `tax_band` (higher or
        basic), which is not in the census: it is drawn from the income, as the tax office would know it a year later.
    y : pandas.Series
        `late` or `income`.

    Raises
    ------
    InputError
        Where there is no such world, or not so many rows.

    Examples
    --------
    >>> X, y = data("rides", rows=100)
    >>> X.shape, y.name
    ((100, 20), 'late')
    """
    world(dataset)
    seed = seeded(seed)
    if dataset == "rides":
        trips = rides.trips(20_000 if rows is None else rows, seed=seed)
        return trips[[*rides.FEATURES, "complaint"]], trips["late"]
    frame = adult(split="test").drop(columns="split")
    words = draws(seed, 0, 0, len(frame), 2)
    tells_higher = np.where(frame["income"] == ">50K", *(int(100 * p) for p in reversed(TAX_BAND_RATES["higher"])))
    frame["tax_band"] = pd.Series(np.where(below(words[0], 100) < tells_higher, "higher", "basic")).astype("str")
    if rows is not None:
        if whole("rows", rows) > len(frame):
            raise InputError(f"rows is {rows:,}, and Adult has {len(frame):,} test rows.")
        frame = frame.iloc[np.sort(np.argsort(words[1], kind="stable")[:rows])].reset_index(drop=True)
    return frame.drop(columns="income"), frame["income"]
