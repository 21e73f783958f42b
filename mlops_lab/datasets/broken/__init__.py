"""Models that each carry one fault of known size, and sound ones beside them.

A check of models is itself checked with them: it must find the fault that is meant for it, and spare the sound model.
On rides the sound model is the truth itself, so sizes are exact. On Adult it is a logistic regression, and sizes are
exact as far as its probabilities are the truth.
"""

from __future__ import annotations

import pandas as pd

from mlops_lab.datasets.broken import measures
from mlops_lab.datasets.broken.faults import (
    Biased,
    Brittle,
    Leaking,
    NonMonotone,
    Overconfident,
    Planted,
    WeakSlice,
)
from mlops_lab.datasets.broken.worlds import RidesTruth, World, data, world

__all__ = [
    "Biased",
    "Brittle",
    "Leaking",
    "NonMonotone",
    "Overconfident",
    "Planted",
    "RidesTruth",
    "WeakSlice",
    "World",
    "data",
    "models",
    "sizes",
    "world",
]


def models(dataset: str) -> dict[str, Planted]:
    """Return the models of a world by name, fitted and ready.

    Parameters
    ----------
    dataset : {"rides", "adult"}
        The world. The models read the columns that :func:`data` returns.

    Returns
    -------
    dict of str to Planted
        ``"clean"``, ``"brittle"``, ``"uses_sex"``, ``"uses_proxy"``, ``"non_monotone"``, ``"overconfident"``,
        ``"weak_slice"``, ``"leaking"``.

    Raises
    ------
    InputError
        Where there is no such world.

    Examples
    --------
    >>> brittle = models("rides")["brittle"]
    >>> brittle.fault
    'A little noise on distance_km throws its decisions about.'
    >>> X, y = data("rides")
    >>> round(brittle.fault_size(X), 2)
    0.12
    """
    place = world(dataset)
    base = place.base()
    planted = {
        "clean": Planted(base),
        "brittle": Brittle(base, place.noisy, place.twin, place.translate, place.slack),
        "uses_sex": Biased(base, place.sensitive, dict(place.sensitive_shifts)),
        "uses_proxy": Biased(base, place.proxy, dict(place.proxy_shifts), stands_for=place.sensitive),
        "non_monotone": NonMonotone(base, place.rising, *place.turned),
        "overconfident": Overconfident(base),
        "weak_slice": WeakSlice(base, dict(place.weak)),
        "leaking": Leaking(base, place.leak, dict(place.leak_rates)),
    }
    return {name: model.fit(pd.DataFrame(), None) for name, model in planted.items()}


def sizes(model: Planted, X: pd.DataFrame, dataset: str) -> dict[str, float]:
    """Return the size of every kind of fault in one model of a world.

    Parameters
    ----------
    model : Planted
        One of :func:`models`.
    X : DataFrame
        Rows to predict, as from :func:`data`.
    dataset : {"rides", "adult"}
        The world.

    Returns
    -------
    dict of str to float
        By the name of the model that carries the fault: ``brittle`` (accuracy lost by noise of 0.2 robust standard
        deviations), ``uses_sex`` and ``uses_proxy`` (share of decisions that change under another level),
        ``non_monotone`` (share of rows whose probability falls), ``overconfident`` (calibration error),
        ``weak_slice`` (overall accuracy minus that of the slice), ``leaking`` (accuracy owed to the column).

    Raises
    ------
    InputError
        Where there is no such world.

    Examples
    --------
    >>> X, y = data("rides", rows=5000)
    >>> of_this = sizes(models("rides")["overconfident"], X, "rides")
    >>> round(of_this["overconfident"], 2), of_this["uses_sex"], of_this["non_monotone"]
    (0.09, 0.0, 0.0)
    """
    place = world(dataset)
    truth = model.truth(X)
    all_known = measures.bayes(model.sound(X), X[place.leak], place.leak_rates)
    return {
        "brittle": measures.noise_drop(model, X, truth, place.noisy),
        "uses_sex": measures.swap_share(model, X, place.sensitive),
        "uses_proxy": measures.swap_share(model, X, place.proxy),
        "non_monotone": measures.violation_share(model, X, place.rising, by=2.0),
        "overconfident": measures.calibration_error(model, X, truth),
        "weak_slice": measures.slice_gap(model, X, truth, place.weak),
        "leaking": measures.leak_gain(model, X, all_known, place.leak),
    }
