import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibrationDisplay
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from mlops_lab import evaluation as ev
from mlops_lab.evaluation.recalibrators import METHODS, log_losses

NAMES = [name for name in METHODS if name != "as it is"]


def draw(rows, seed=0, sharpness=1.0):
    """Return scores that are ``sharpness`` times too sure, in logits, and outcomes."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0.02, 0.98, rows)
    odds = (truth / (1 - truth)) ** sharpness
    return pd.DataFrame({"p": odds / (1 + odds)}), (rng.random(rows) < truth).astype(int)


def draw_three(rows, seed=0, sharpness=1.0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(rows, 3))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    codes = (rng.random(rows)[:, None] > chances.cumsum(axis=1)).sum(axis=1)
    return pd.DataFrame(sharpness * logits, columns=list("abc")), np.array(["x", "y", "z"])[codes]


class Scores:
    """An estimator whose probabilities are the softmax of its columns; picklable."""

    classes_ = np.array(["x", "y", "z"])

    def predict_proba(self, frame):
        table = np.exp(frame.to_numpy())
        return table / table.sum(axis=1, keepdims=True)


def model(frame):
    return frame["p"]


def accepted(rows, seed, sharpness, **options):
    try:
        return ev.recalibrate(model, *draw(rows, seed, sharpness), seed=seed, **options)
    except ev.RecalibrationRefused:
        return None


@pytest.mark.slow
@pytest.mark.parametrize("method", ["auto", *NAMES])
def test_a_perfect_model_is_hardly_ever_recalibrated(method):
    seeds = 40
    wrong = sum(accepted(1500, seed, 1.0, method=method) is not None for seed in range(seeds))
    assert wrong <= binom.ppf(0.999, seeds, 0.05)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["auto", *NAMES])
def test_an_over_confident_model_is_improved(method):
    fresh, outcome = draw(20_000, seed=999, sharpness=2.5)
    before = log_loss(outcome, fresh["p"])
    for seed in range(5):
        better = accepted(3000, seed, 2.5, method=method)
        assert log_loss(outcome, better.predict_proba(fresh)) < before - 0.02
        assert better.proof.gain.low > 0


@pytest.mark.slow
def test_the_proof_holds_what_it_promises():
    """The interval of the gain covers the true gain as often as it says."""
    fresh, outcome = draw(100_000, seed=999, sharpness=2.0)
    seeds, covered = 40, 0
    for seed in range(seeds):
        better = accepted(2000, seed, 2.0, method="platt")
        truth = log_losses(np.column_stack([1 - fresh["p"], fresh["p"]]), outcome) - log_losses(
            better.predict_proba(fresh), outcome
        )
        covered += better.proof.gain.low <= truth.mean() <= better.proof.gain.high
    assert covered >= binom.ppf(0.001, seeds, 0.95)


@pytest.mark.slow
def test_nothing_of_the_proof_rows_reaches_the_map():
    frame, target = draw(2000, sharpness=3.0)
    proving = train_test_split(np.arange(2000), test_size=0.3, stratify=target, random_state=0)[1]
    surer = frame.copy()
    surer.loc[proving, "p"] = np.round(surer.loc[proving, "p"] * 0.98 + 0.01)
    first, second = (ev.recalibrate(model, rows, target, method="beta") for rows in (frame, surer))
    np.testing.assert_array_equal(first.recalibrator.maps[0], second.recalibrator.maps[0])
    assert first.proof.table.equals(second.proof.table)
    assert second.proof.before > 2 * first.proof.before


def test_what_is_fine_stays_and_the_error_holds_the_numbers():
    with pytest.raises(ev.RecalibrationRefused, match="fine as it is") as caught:
        ev.recalibrate(model, *draw(3000, seed=1))
    proof = caught.value.proof
    assert proof.method == "as it is"
    assert proof.table["method"].tolist() == list(METHODS)
    assert proof.table.set_index("method").loc["as it is", "chosen"]
    assert "the best, as it is" not in str(caught.value)  # of the methods, which it is none of
    assert pickle.loads(pickle.dumps(caught.value)).proof.before == proof.before


def test_a_proof_that_fails_is_refused_with_its_numbers():
    with pytest.raises(ev.RecalibrationRefused, match=r"450 rows that no candidate saw.*nothing is proven") as caught:
        ev.recalibrate(model, *draw(1500), method="platt")
    assert caught.value.proof.gain.low <= 0


@pytest.mark.slow
@pytest.mark.parametrize("method", NAMES)
def test_three_classes(method):
    better = ev.recalibrate(Scores(), *draw_three(4000, sharpness=2.5), method=method)
    fresh, labels = draw_three(4000, seed=1, sharpness=2.5)
    answers = better.predict_proba(fresh)
    np.testing.assert_allclose(answers.sum(axis=1), 1)
    assert log_loss(labels, answers) < log_loss(labels, Scores().predict_proba(fresh)) - 0.05


@pytest.mark.slow
def test_finds_the_temperature_that_was_applied():
    better = ev.recalibrate(Scores(), *draw_three(20_000, sharpness=2.0))
    assert better.method == "temperature"
    assert better.recalibrator.temperature == pytest.approx(2, abs=0.1)


@pytest.mark.slow
@given(st.lists(st.floats(0, 1), min_size=2, max_size=30), st.sampled_from(NAMES), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_maps_keep_the_order_and_stay_probabilities(scores, method, seed):
    frame, target = draw(300, seed, sharpness=3.0)
    fitted = METHODS[method].fit(np.column_stack([1 - frame["p"], frame["p"]]), target)
    rising = np.sort(scores)
    mapped = fitted(np.column_stack([1 - rising, rising]))
    assert np.isfinite(mapped).all()
    assert ((mapped >= 0) & (mapped <= 1)).all()
    np.testing.assert_allclose(mapped.sum(axis=1), 1)
    assert (np.diff(mapped[:, 1]) >= -1e-12).all()


@pytest.mark.parametrize("method", NAMES)
def test_classes_that_are_wholly_apart_and_scores_of_zero_and_one(method):
    frame = pd.DataFrame({"p": np.repeat([0.0, 1.0], 50)})
    target = np.repeat([0, 1], 50)
    table = np.column_stack([1 - frame["p"], frame["p"]])
    mapped = METHODS[method].fit(table, target)(table)
    assert np.isfinite(log_losses(mapped, target)).all()


@pytest.mark.slow
def test_few_rows_for_isotonic_are_warned_of():
    with pytest.warns(UserWarning, match="350 rows to fit on"):
        ev.recalibrate(model, *draw(500, sharpness=5.0), method="isotonic")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        better = ev.recalibrate(model, *draw(500, sharpness=5.0))
    assert "isotonic" not in better.proof.table["method"].tolist()
    assert "Isotonic was not tried" in better.proof.explain()


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(6000, 10)), columns=list("abcdefghij"))
    labels = np.where(rng.random(6000) < 1 / (1 + np.exp(-frame["a"])), "yes", "no")
    base = LogisticRegression().fit(frame[:3000], labels[:3000])
    base.coef_ *= 4
    return base, ev.recalibrate(base, frame[3000:], labels[3000:]), frame, labels


def test_is_a_scikit_learn_classifier_that_never_refits(fitted):
    base, better, frame, labels = fitted
    coefficients = base.coef_.copy()
    assert is_classifier(better)
    assert clone(better) is better
    assert set(better.get_params(deep=False)) == {"model", "recalibrator", "proof", "classes"}
    first = better.predict_proba(frame)
    np.testing.assert_array_equal(better.fit(frame[:100], labels[:100]).predict_proba(frame), first)
    np.testing.assert_array_equal(base.coef_, coefficients)
    assert better.score(frame, labels) > 0.6
    assert set(better.predict(frame)) == {"no", "yes"}
    CalibrationDisplay.from_estimator(better, frame, labels)
    repr(better), better._repr_html_()


def test_survives_pickle_and_skops(fitted):
    _base, better, frame, _labels = fitted
    again = pickle.loads(pickle.dumps(better))
    np.testing.assert_array_equal(again.predict_proba(frame), better.predict_proba(frame))
    assert again.proof.explain() == better.proof.explain()
    io = pytest.importorskip("skops.io")
    written = io.dumps(better)
    named = io.get_untrusted_types(data=written)
    assert all(name.startswith("mlops_lab.evaluation.") for name in named)
    read = io.loads(written, trusted=named)
    np.testing.assert_array_equal(read.predict_proba(frame), better.predict_proba(frame))
    assert read.proof.explain() == better.proof.explain()


def test_goes_through_the_suite(fitted):
    base, better, frame, labels = fitted
    check = ev.Calibration(max_error=0.1)
    assert ev.Suite([check]).run(base, frame, labels).verdict == "fail"
    assert ev.Suite([check]).run(better, frame, labels).verdict == "pass"


def test_the_proof_is_said_shown_and_drawn(fitted):
    proof = fitted[1].proof
    assert proof.accepted
    assert "900 rows that no candidate saw" in proof.explain()
    assert proof.table["chosen"].sum() == 1
    assert "<table>" in proof._repr_html_()
    assert len(proof.plot().get_yticks()) == len(proof.table)  # one less for "as it is", one more for the proof


class Labels:
    classes_ = np.array([0, 1])

    def predict(self, frame):
        return (frame["p"] > 0.5).astype(int)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: ev.recalibrate(model, *draw(200), method="plat"), "nearest is 'platt'"),
        (lambda: ev.recalibrate(model, *draw(200), proof=0), "proof is 0"),
        (lambda: ev.recalibrate(model, *draw(200), proof=0.95), "a tenth of the rows"),
        (lambda: ev.recalibrate(model, *draw(200), folds=1), "folds is 1"),
        (lambda: ev.recalibrate(model, draw(200)[0], [0] * 197 + [1] * 3), "class 1 has 3 rows"),
        (lambda: ev.recalibrate(model, draw(24)[0], [0, 1] * 12), "at least 34 are needed"),
        (lambda: ev.recalibrate(Labels(), *draw(200)), "needs probabilities"),
        (lambda: ev.recalibrate(model, draw(200)[0], [0] * 200), "class"),
    ],
)
def test_wrong_use_is_refused(call, sentence):
    with pytest.raises(ev.EvaluationError, match=sentence):
        call()


def test_a_recalibrated_model_says_what_it_is():
    better = ev.recalibrate(Scores(), *draw_three(2000, sharpness=2.5))
    assert repr(better).startswith(f"Scores, recalibrated by {better.method}. On 600 rows that no candidate saw")


def test_a_model_fitted_without_a_column_of_the_calibration_is_not_given_it():
    frame, labels = draw(3000, seed=0)
    forest = RandomForestClassifier(20, random_state=0).fit(frame[:500], labels[:500])
    wide = frame.assign(city="here")[["city", "p"]]
    better = ev.recalibrate(forest, wide[500:], labels[500:])
    assert (better.predict_proba(wide) == better.predict_proba(frame)).all()


@pytest.mark.slow
def test_mlflow_keeps_a_recalibrated_model(tmp_path):
    import mlflow

    frame, labels = draw(3000, seed=0, sharpness=1.0)
    forest = RandomForestClassifier(20, random_state=0).fit(frame[:500], labels[:500])
    better = ev.recalibrate(forest, frame[500:], labels[500:])
    folder = tmp_path / "kept"
    mlflow.sklearn.save_model(better, folder, serialization_format="cloudpickle", pip_requirements=[])
    again = mlflow.sklearn.load_model(str(folder))
    assert (again.predict_proba(frame) == better.predict_proba(frame)).all()
    report = ev.Suite([ev.Calibration(max_error=0.2)]).run(str(folder), frame, labels, progress=False)
    assert (
        report.results[0].estimate
        == ev.Suite([ev.Calibration(max_error=0.2)]).run(better, frame, labels, progress=False).results[0].estimate
    )
