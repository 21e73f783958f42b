"""What is known of a model before it is asked."""

import numpy as np
import pandas as pd
import pytest
from sklearn import ensemble, linear_model, naive_bayes, neural_network, tree
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from mlops_lab import evaluation as ev
from mlops_lab.evaluation.traits import MOST_PROBABLE, decides_by_probability, fitted_columns, ignores_index


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(2000, 4)), columns=list("abcd"))
    return frame, (rng.random(2000) < 1 / (1 + np.exp(-2 * frame["a"]))).to_numpy().astype(int)


@pytest.mark.parametrize(
    ("model", "known"),
    [
        (LogisticRegression(), True),
        (make_pipeline(make_column_transformer((OneHotEncoder(dtype=float), ["a"])), LogisticRegression()), True),
        (make_pipeline(FunctionTransformer(lambda frame: frame.index.to_frame()), LogisticRegression()), False),
        (make_pipeline(SimpleImputer(strategy=lambda values: 0.0), LogisticRegression()), False),
        (type("Own", (LogisticRegression,), {})(), False),
    ],
)
def test_only_parts_of_scikit_learn_are_known_to_leave_the_index_alone(model, known):
    model.fit(pd.DataFrame({"a": [0.0, 1.0, 2.0]}), [0, 1, 1])
    assert ignores_index(model.predict_proba) is known


def test_decisions_are_tried_only_where_they_are_not_known(rows):
    frame, target = rows
    plain = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, target)
    assert decides_by_probability(plain)
    assert not decides_by_probability(FixedThresholdClassifier(plain, threshold=0.9))
    assert decides_by_probability(make_pipeline(StandardScaler(), RandomForestClassifier()))
    assert not decides_by_probability(make_pipeline(StandardScaler(), SVC()))
    assert not decides_by_probability(make_pipeline(RidgeClassifier()))

    class LogisticRegressionOfMine(LogisticRegression):
        pass

    assert not decides_by_probability(LogisticRegressionOfMine())


def test_the_classifiers_whose_decisions_are_known_decide_so(rows):
    frame, target = rows[0].head(200), rows[1][:200]
    rooms = (ensemble, linear_model, naive_bayes, neural_network, tree)
    for kind in [next(getattr(room, name) for room in rooms if hasattr(room, name)) for name in MOST_PROBABLE]:
        options = {"max_iter": 20} if "max_iter" in kind().get_params() else {}
        model = kind(**options).fit(frame, target)
        decided = model.classes_[model.predict_proba(frame).argmax(axis=1)]
        assert (decided == model.predict(frame)).all(), kind


def test_a_model_says_which_columns_it_was_fitted_with(rows):
    frame, target = rows
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame[["c", "a"]], target)
    assert fitted_columns(model, frame) == ["c", "a"]
    assert fitted_columns(model, frame[["a", "c"]]) == ["c", "a"]
    assert fitted_columns(model, frame[["c", "a"]]) is None  # as they are
    assert fitted_columns(model, frame[["a", "b"]]) is None  # the model says what it misses
    assert fitted_columns(GridSearchCV(model, {}).fit(frame[["c", "a"]], target), frame) == ["c", "a"]
    assert fitted_columns(LogisticRegression().fit(frame.to_numpy(), target), frame) is None
    assert fitted_columns(LogisticRegression(), frame) is None
    assert fitted_columns(lambda given: given["a"], frame) is None

    class Shy:
        @property
        def feature_names_(self):
            raise RuntimeError("not fitted")

    assert fitted_columns(Shy(), frame) is None


def suite():
    change = ev.Perturbation(ev.noise("a", sd=0.2), max_drop=0.05)
    return ev.Suite([change, ev.Directional("a", by=0.5), ev.Slices("half")])


@pytest.mark.parametrize(
    "kind",
    [
        LogisticRegression(),
        HistGradientBoostingClassifier(max_iter=10),
        FixedThresholdClassifier(LogisticRegression(), threshold=0.7),
        make_pipeline(StandardScaler(), SVC(max_iter=200)),
    ],
)
def test_a_model_is_given_its_columns_and_the_checks_see_all(rows, kind):
    frame, target = rows
    model = kind.fit(frame[["c", "a"]], target)
    report = suite().run(model, frame.assign(half=np.arange(2000) % 2 > 0), target, progress=False)
    alone = suite().run(
        lambda given: model.predict(given[["c", "a"]]), frame.assign(half=np.arange(2000) % 2 > 0), target
    )
    assert report["slices:half"].estimate == alone["slices:half"].estimate
    assert report["perturbation:a"].details["flips"].tolist() == alone["perturbation:a"].details["flips"].tolist()
    assert "fitted without b, d, half; it was not given them" in " ".join(report.notes)


def test_a_column_that_the_model_was_trained_without_changes_no_decision(rows):
    frame, target = rows
    given = frame.assign(sex=pd.Categorical(np.where(np.arange(2000) % 2, "f", "m")))
    model = LogisticRegression().fit(frame, target)
    result = ev.Suite([ev.Invariance("sex")]).run(model, given, target, progress=False).results[0]
    assert (result.verdict, result.estimate, result.rows) == ("pass", 0.0, 2000)
    assert ev.proxy_audit(model, given, column="sex").gaps["gap"].notna().all()


def test_columns_in_another_order_are_put_in_that_of_the_fit(rows):
    frame, target = rows
    model = LinearRegression().fit(frame, target.astype(float))
    turned = ev.Suite([ev.Directional("a", by=1, expect="increase")]).run(
        model, frame[list("dbca")], target.astype(float)
    )
    assert turned.passed
    assert turned.notes == ()
