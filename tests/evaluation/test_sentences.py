"""What a stranger is told who passes something else than was meant: one sentence, and no error of a library."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from mlops_lab import evaluation as ev
from mlops_lab.evaluation.answers import answer_of, check_probabilities, check_rows, encode
from mlops_lab.evaluation.data import as_source
from mlops_lab.evaluation.errors import EvaluationError
from mlops_lab.evaluation.request import Request

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {"age": RNG.integers(20, 60, 600), "job": RNG.choice(["clerk", "nurse"], 600), "sex": RNG.choice(["f", "m"], 600)}
)
TARGET = (RNG.random(600) < 0.2 + 0.6 * (FRAME["age"] > 40)).astype(int).to_numpy()


def model(frame):
    return 0.2 + 0.6 * (frame["age"] > 40)


def run(*checks, data=FRAME, target=TARGET, of=model):
    return ev.Suite(checks).run(of, data, target, progress=False)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ev.Suite(None), "The suite was given None; pass a list of checks"),
        (lambda: ev.Suite({"sex": ev.Invariance("sex")}), "pass a list of checks"),
        (lambda: ev.Calibration(max_error=2), "max_error is 2; give a number between 0 and 1"),
        (lambda: ev.Slices(["job", "job"]), "slices was given column 'job' twice"),
        (lambda: ev.Invariance(["sex", "sex"]), "invariance was given column 'sex' twice"),
        (lambda: ev.WeakSlices(columns=["job", "sex", "job"]), "weak_slices was given column 'job' twice"),
        (lambda: ev.correlated_noise(["age", "pay", "age"], sd=0.1), "correlated_noise was given column 'age' twice"),
        (lambda: ev.Invariance("sex", swap="m"), "swap is 'm'; it exchanges levels of one column"),
        (lambda: ev.Perturbation(ev.noise("age", sd=0.1), sweep=0.2), r"sweep is 0.2; pass a list of strengths"),
        (lambda: ev.Perturbation(ev.noise), "Noise'>; pass one such as ev.noise"),
    ],
)
def test_parameters_are_refused_where_they_are_written(make, sentence):
    with pytest.raises(EvaluationError, match=sentence):
        make()


class Labelled:
    """A model that says how its classes are called."""

    def __init__(self, *classes):
        self.classes_ = np.array(classes)

    def predict_proba(self, frame):
        return np.full((len(frame), len(self.classes_)), 1 / len(self.classes_))


@pytest.mark.parametrize(
    ("of", "checks", "sentence"),
    [
        (Labelled(0, 0), [ev.Slices("job")], r"classes_ hold 0 twice \(0, 0\); name each class once"),
        (Labelled(0, 1, 2), [ev.Slices("job"), ev.Calibration()], "positive= of 'calibration:positive'"),
        (Labelled(0, 1), [ev.Calibration(positive=7, name="sure")], "positive=7 of 'sure' is not among"),
        (Labelled("no", "yes"), [ev.Slices("job")], "use the labels that the model was fitted on"),
    ],
)
def test_classes_that_do_not_fit_are_named_with_the_check(of, checks, sentence):
    with pytest.raises(EvaluationError, match=sentence):
        run(*checks, of=of)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda frame, rng: None, "The change '<lambda>' returned a NoneType; it must return a DataFrame"),
        (lambda frame, rng: frame["agee"], "The change '<lambda>' raised KeyError: 'agee'"),
        (lambda frame, rng: frame.drop(columns="sex"), "A change dropped column 'sex'"),
        (lambda frame, rng: frame.assign(pay=1), "A change added column 'pay'"),
        (lambda frame, rng: frame[["sex", "job", "age"]], "A change reordered the columns"),
        (lambda frame, rng: frame.head(5), "A change returned 5 rows for 600"),
        (lambda frame, rng: frame.sample(frac=1, random_state=0), "A change reordered the rows"),
    ],
)
def test_a_change_of_ones_own_that_goes_wrong_is_named(change, sentence):
    report = run(ev.Perturbation(change), ev.Invariance("sex", max_change_rate=0.1))
    assert [result.verdict for result in report.results] == ["error", "pass"]
    assert sentence in report.results[0].explain()


def test_a_change_may_number_the_rows_anew():
    frame = FRAME.set_axis(FRAME.index + 1000)
    before = Request.between(frame, frame.assign(age=50).reset_index(drop=True))
    assert len(before.rows) == (frame["age"] != 50).sum()


def test_the_error_of_a_change_stays_the_cause():
    result = run(ev.Perturbation(lambda frame, rng: frame["agee"])).results[0]
    assert isinstance(result.error.__cause__, KeyError)


@pytest.mark.parametrize("change", [lambda frame, rng: frame, ev.missing("job", rate=1e-12)])
def test_a_change_that_changes_nothing_proves_nothing(change):
    result = run(ev.Perturbation(change, max_drop=0.1)).results[0]
    assert result.verdict == "inconclusive"
    assert result.explain().count("left every row as it is") == 1
    assert result.details["low"].tolist() == [-np.inf]
    assert np.isnan(result.rows_needed)  # more rows of the same would tell nothing


def fails(truth, answers):
    raise ZeroDivisionError("no rows")


@pytest.mark.parametrize(
    ("metric", "sentence"),
    [
        (fails, "The metric 'fails' raised ZeroDivisionError: no rows"),
        (lambda truth, answers: None, "The metric '<lambda>' returned None; it must return a number"),
        (lambda truth, answers: np.nan, "The metric '<lambda>' is no finite number on these rows"),
    ],
)
def test_a_metric_of_ones_own_that_goes_wrong_is_named(metric, sentence):
    check = ev.Perturbation(ev.noise("age", sd=0.5), metric=metric)
    assert sentence in run(check).results[0].explain()


def test_a_metric_that_some_resamples_lack_has_no_interval():
    answer_once = np.r_[np.zeros(599, int), 1]
    share = lambda truth, answers: (truth == answers)[truth == 1].mean()  # noqa: E731
    check = ev.Perturbation(ev.noise("age", sd=0.5), metric=share)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = run(check, target=answer_once).results[0]
    assert result.verdict == "inconclusive"
    assert result.explain().count("On some resamples") == 1


@pytest.mark.parametrize(
    ("column", "hint"),
    [
        (pd.arrays.SparseArray(TARGET), "to_dense()"),
        (pd.date_range("2024-01-01", periods=600, tz="UTC"), "such as the month"),
        (pd.date_range("2024-01-01", periods=600).to_period("D"), "such as the month"),
        (FRAME["age"].astype(object), "pd.to_numeric"),
        (
            FRAME["job"].astype("category").astype(pd.ArrowDtype(__import__("pyarrow").dictionary("int8", "string"))),
            "astype('category')",
        ),
    ],
    ids=["sparse", "time zone", "period", "objects", "dictionary"],
)
def test_a_column_that_cannot_be_used_comes_with_the_way_out(column, hint):
    with pytest.raises(EvaluationError, match="Column 'more' holds") as caught:
        run(ev.Perturbation(ev.noise("more", sd=0.1)), data=FRAME.assign(more=column))
    assert hint in str(caught.value)


def test_a_lazy_frame_has_its_own_way_out():
    LazyFrame = type("LazyFrame", (), {"__module__": "polars.lazyframe.frame"})
    with pytest.raises(EvaluationError, match=r"polars LazyFrame; pass data\.collect\(\)\.to_pandas\(\)"):
        as_source(LazyFrame(), None)


def test_rows_of_files_are_counted_from_the_beginning_of_the_file(tmp_path):
    labels = np.where(TARGET == 1, "yes", "no").astype(object)
    path = tmp_path / "late.parquet"
    labels[400] = None
    FRAME.assign(late=labels).to_parquet(path, row_group_size=100)
    with pytest.raises(EvaluationError, match="first in row 400"):
        run(ev.Slices("job"), data=path, target="late")
    labels[400] = "maybe"
    FRAME.assign(late=labels).to_parquet(path, row_group_size=100)
    with pytest.raises(EvaluationError, match="The target is 'maybe', which is not among"):  # not "in row 0"
        run(ev.Slices("job"), data=path, target="late", of=Labelled("no", "yes"))
    with pytest.raises(EvaluationError, match="'c' in row 8,"):
        encode(np.array(["a", "c"]), np.array(["a", "b"]), "The target is", 7)


def test_an_error_of_the_model_is_chained_once():
    def broken(frame):
        raise RuntimeError("no such thing")

    broken_model = Labelled(0, 1)
    broken_model.predict_proba = broken
    with pytest.raises(EvaluationError, match="no such thing") as caught:
        run(ev.Slices("job"), of=broken_model)
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert caught.value.__cause__.__context__ is None


def test_a_tried_model_that_is_a_known_kind_is_chained_once_too():
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression().fit(FRAME[["age"]], TARGET)
    ages = FRAME[["age"]].where(FRAME["age"] != 40)
    with pytest.raises(EvaluationError, match="raised ValueError") as caught:  # it is asked with the first batch
        run(ev.WeakSlices(), data=ages, of=fitted)
    assert caught.value.__cause__.__context__ is None


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("[09:55:54] /__w/xgboost/src/data/cat_container.h:29: Found a category", "Found a category"),
        ("catboost/private/libs/text.cpp:89: Dictionary size is 0", "Dictionary size is 0"),
        ("model.py:3: mine", "model.py:3: mine"),
    ],
)
def test_the_place_in_a_librarys_source_is_left_out(said, kept):
    def raises(frame):
        raise RuntimeError(said)

    with pytest.raises(EvaluationError, match=f"rows: {kept}$"):
        answer_of(raises, FRAME)


def test_the_sum_of_probabilities_is_said():
    with pytest.raises(EvaluationError, match=r"\(their sum is 1\.00002\)"):
        check_probabilities(np.full((3, 2), 0.50001), 2)
    with pytest.raises(EvaluationError, match="add up to 1; return"):
        check_probabilities(np.array([[1.2, -0.2]]), 2)


def test_an_answer_is_shown_on_one_line():
    from scipy.sparse import csr_matrix

    with pytest.raises(EvaluationError) as caught:
        check_rows(np.asarray(csr_matrix(np.eye(2))), 2)
    assert "\n" not in str(caught.value)


class EmptyClasses(RegressorMixin, BaseEstimator):
    """Has no classes and says so with an empty list, as the regressors of CatBoost do."""

    @property
    def classes_(self):
        return []

    def predict(self, frame):
        return frame["age"].to_numpy() / 10.0


def test_a_regressor_whose_list_of_classes_is_empty_predicts_values():
    report = run(ev.Slices("job", max_gap=1), target=FRAME["age"] / 10.0, of=EmptyClasses())
    assert report.results[0].verdict == "pass"
    assert "mean_absolute_error" in report.results[0].metric


def test_an_audit_without_a_target_asks_such_a_regressor_too():
    frame = FRAME.assign(age=FRAME["age"] + 10.0 * (FRAME["sex"] == "m"))
    audit = ev.proxy_audit(EmptyClasses(), frame, column="sex", progress=False)
    assert audit.columns["column"][0] == "age"


def test_a_level_of_the_suite_is_refused_on_its_own_line(tmp_path):
    path = tmp_path / "x.suite.yaml"
    path.write_text("checks:\n- invariance: {column: sex}\nseed: 0\nalpha: 2\n")
    with pytest.raises(EvaluationError, match="line 4: alpha is 2"):
        ev.Suite.from_yaml(path)
