"""Each model has its own fault, at its own size, and no other."""

from __future__ import annotations

import pickle
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from mlops_lab.datasets import broken, rides
from mlops_lab.errors import InputError

NAMES = ["clean", "brittle", "uses_sex", "uses_proxy", "non_monotone", "overconfident", "weak_slice", "leaking"]
DATASETS = ["rides", "adult"]
ROWS = {"rides": 20_000, "adult": 5_000}


@lru_cache
def data(dataset):
    """Return the rows that the models are tried on, and their outcomes."""
    return broken.data(dataset, rows=ROWS[dataset])


@lru_cache
def models(dataset):
    """Return the models of a world."""
    return broken.models(dataset)


LEAST = {  # well beyond the tolerances of a usual suite
    "brittle": 0.05, "uses_sex": 0.03, "uses_proxy": 0.03, "non_monotone": 0.1, "overconfident": 0.06,
    "weak_slice": 0.35, "leaking": 0.04,
}  # fmt: skip
MOST = {  # well inside them
    "brittle": 0.005, "uses_sex": 0.0, "uses_proxy": 0.0, "non_monotone": 0.0, "overconfident": 0.015,
    "weak_slice": 0.08, "leaking": 0.001,
}  # fmt: skip

each_model = pytest.mark.parametrize(("dataset", "name"), [(d, n) for d in DATASETS for n in NAMES])


@pytest.mark.slow
@pytest.mark.parametrize("dataset", DATASETS)
def test_the_names(dataset):
    assert list(models(dataset)) == NAMES


@pytest.mark.slow
@each_model
def test_each_model_has_its_fault_and_no_other(dataset, name):
    X, _ = data(dataset)
    model = models(dataset)[name]
    sizes = broken.sizes(model, X, dataset)
    assert model.fault_size(X) == pytest.approx(sizes.get(name, 0.0), abs=1e-3)
    for kind, size in sizes.items():
        if kind == name:
            assert size >= LEAST[kind], kind
        else:
            assert abs(size) <= MOST[kind], kind


@pytest.mark.slow
@each_model
def test_probabilities_and_decisions(dataset, name):
    X, y = data(dataset)
    model = models(dataset)[name]
    p = model.predict_proba(X)
    assert p.shape == (len(X), 2)
    assert ((p >= 0) & (p <= 1)).all()
    assert np.allclose(p.sum(axis=1), 1.0)
    assert (model.predict(X) == model.classes_[(p[:, 1] > p[:, 0]).astype(int)]).all()
    assert set(model.classes_) == set(y)
    assert model.score(X, y) > 0.75


@pytest.mark.slow
@each_model
def test_models_behave_as_estimators(dataset, name):
    X, y = data(dataset)
    model = models(dataset)[name]
    check_is_fitted(model)
    again = clone(model).fit(X, y)
    thawed = pickle.loads(pickle.dumps(model))
    head = X.head(50)
    for other in (again, thawed):
        assert (other.predict_proba(head) == model.predict_proba(head)).all()
    assert set(model.get_params(deep=False)) >= {"base"}


@pytest.mark.slow
@each_model
def test_a_row_does_not_depend_on_its_neighbours(dataset, name):
    X, _ = data(dataset)
    model = models(dataset)[name]
    backwards = model.predict_proba(X.head(200).iloc[::-1])[::-1]
    assert np.allclose(backwards, model.predict_proba(X)[:200])


@pytest.mark.slow
@each_model
def test_the_frame_is_left_alone(dataset, name):
    X = data(dataset)[0].head(100)
    before = X.copy(deep=True)
    models(dataset)[name].predict(X)
    pd.testing.assert_frame_equal(X, before)


@pytest.mark.slow
@each_model
def test_gaps_in_the_columns_that_a_fault_reads_are_survived(dataset, name):
    X = data(dataset)[0].head(60)
    model = models(dataset)[name]
    for column in model.reads():
        gaps = X.assign(**{column: X[column].where(np.arange(60) % 2 == 0)})
        assert not np.isnan(model.predict_proba(gaps)).any()


@pytest.mark.slow
@each_model
def test_text_may_be_held_as_categories(dataset, name):
    X = data(dataset)[0].head(300)
    texts = X.select_dtypes(exclude="number").columns
    model = models(dataset)[name]
    assert np.allclose(model.predict_proba(X.astype(dict.fromkeys(texts, "category"))), model.predict_proba(X))


def test_the_faults_are_said_in_words():
    words = {name: model.fault for name, model in models("adult").items()}
    assert len(set(words.values())) == len(NAMES)
    assert "sex" in words["uses_sex"]
    assert "relationship" in words["uses_proxy"]
    assert "Local-gov" in words["weak_slice"]


def test_the_clean_model_of_rides_is_the_truth():
    X, _ = data("rides")
    assert (models("rides")["clean"].predict_proba(X)[:, 1] == rides.probability(X)).all()


@pytest.mark.parametrize("name", ["brittle", "leaking"])
def test_brittle_and_leaking_models_hide_until_something_changes(name):
    X, _ = data("rides")
    model, clean = models("rides")[name], models("rides")["clean"]
    as_in_production = X if name == "brittle" else X.assign(complaint=np.nan)
    assert np.allclose(model.predict_proba(as_in_production), clean.predict_proba(as_in_production))


def test_a_missing_column_is_named_with_the_nearest():
    X, _ = data("rides")
    with pytest.raises(InputError, match=r"Leaking needs the column 'complaint'.*nearest is 'complaints'"):
        models("rides")["leaking"].predict(X.rename(columns={"complaint": "complaints"}))


def test_a_smaller_shift_is_a_smaller_fault():
    X, y = data("rides")
    base = models("rides")["clean"]
    shares = [
        broken.Biased(base, "rider_sex", {"female": shift, "male": -shift}).fit(X, y).fault_size(X)
        for shift in (0.0, 0.01, 0.05)
    ]
    assert shares[0] == 0.0 < shares[1] < shares[2]
