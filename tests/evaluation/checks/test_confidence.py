import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from mlops_lab import evaluation as ev


def draw(rows, seed=0, overconfident=1.0):
    rng = np.random.default_rng(seed)
    p = rng.uniform(size=rows)
    truth = 1 / (1 + ((1 - p) / p) ** (1 / overconfident))
    return pd.DataFrame({"p": p}), (rng.random(rows) < truth).astype(int)


def model(frame):
    return frame["p"]


def run(check, rows=5000, seed=0, **options):
    frame, target = draw(rows, seed, **options)
    return ev.Suite([check]).run(model, frame, target).results[0]


def test_counts_what_would_be_shown():
    frame, target = draw(2000)
    result = ev.Suite([ev.Confidence(0.8, min_accuracy=0.5)]).run(model, frame, target).results[0]
    shown = np.maximum(frame["p"], 1 - frame["p"]) >= 0.8
    right = (frame["p"] >= 0.5) == target
    assert result.extras["coverage"] == pytest.approx(shown.mean())
    assert result.extras["accuracy"] == pytest.approx(right[shown].mean())
    assert result.verdict == "pass"
    assert (result.examples["answer"] != result.examples["truth"]).all()


@pytest.mark.parametrize(
    ("accuracy", "coverage", "verdict", "metric"),
    [
        (0.85, 0.3, "pass", "accuracy of the shown answers"),
        (0.97, 0.3, "fail", "accuracy of the shown answers"),
        (0.85, 0.6, "fail", "coverage"),
        (0.90, 0.3, "inconclusive", "accuracy of the shown answers"),
    ],
)
def test_both_parts_must_pass_and_the_one_that_decides_is_shown(accuracy, coverage, verdict, metric):
    """With a calibrated uniform p, answers above 0.8 are right in 90 % and shown in 40 % of the rows."""
    result = run(ev.Confidence(0.8, min_accuracy=accuracy, min_coverage=coverage))
    assert (result.verdict, result.metric) == (verdict, metric)


@pytest.mark.slow
def test_only_what_was_asked_for_is_told():
    asked = run(ev.Confidence(0.8, 0.85, min_coverage=0.3)).explain()
    assert "at least 30.0% was asked for" in asked
    free = run(ev.Confidence(0.8, 0.85)).explain()
    assert free.count("was asked for") == 1
    assert "at least 85.0% was asked for" in free


@pytest.mark.slow
def test_wrong_verdicts_at_the_tolerance_are_as_rare_as_promised():
    seeds, fails, passes = 400, 0, 0
    for seed in range(seeds):
        verdict = run(ev.Confidence(0.8, min_accuracy=0.9, min_coverage=0.4), rows=400, seed=seed).verdict
        fails += verdict == "fail"
        passes += verdict == "pass"
    assert fails <= binom.ppf(0.999, seeds, 0.05)
    assert passes <= binom.ppf(0.999, seeds, 0.05)


def test_nothing_shown_cannot_tell_of_accuracy():
    result = run(ev.Confidence(1.0, min_accuracy=0.9), rows=200)
    assert result.verdict == "inconclusive"


@pytest.mark.slow
@given(edges=st.lists(st.integers(1, 399), max_size=5), order=st.permutations(range(6)))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_split_in_any_order_gives_the_same(result_over, assert_same, edges, order):
    frame, target = draw(400)
    check = ev.Confidence(0.8, min_accuracy=0.9)
    assert_same(result_over(check, model, frame, target), result_over(check, model, frame, target, edges, order))


def test_a_model_without_probabilities_is_refused():
    frame, target = draw(200)

    class Labels:
        classes_ = np.array([0, 1])

        def predict(self, X):
            return (X["p"] > 0.5).astype(int)

    with pytest.raises(ev.EvaluationError, match="needs probabilities"):
        ev.Suite([ev.Confidence(0.8, min_accuracy=0.9)]).run(Labels(), frame, target)
    with pytest.raises(ev.EvaluationError, match="needs probabilities"):
        ev.risk_coverage(Labels(), frame, target)


def test_the_curve_and_its_thresholds():
    frame, target = draw(20_000)
    curve = ev.risk_coverage(model, frame, target)
    assert curve.table["coverage"].is_monotonic_increasing
    assert curve.threshold_for_risk(0.1) == pytest.approx(0.8, abs=0.03)
    assert curve.threshold_for_cost(cost_wrong=5, cost_abstain=1)[0] == pytest.approx(0.8, abs=0.05)
    assert np.isnan(curve.threshold_for_risk(0.0001))
    useful = curve.useful(frame, 0.8)
    assert useful.mean() == pytest.approx(0.4, abs=0.02)
    assert 0.1 < curve.area < (curve.table["risk"].iloc[-1])
    assert len(curve.plot().get_lines()) == 2


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: ev.Confidence(1.2, min_accuracy=0.9), "threshold is 1.2"),
        (lambda: ev.Confidence(0.8, min_accuracy=-1), "min_accuracy is -1"),
        (lambda: ev.risk_coverage(model, *draw(50)).threshold_for_risk(0), "risk is 0"),
        (lambda: ev.risk_coverage(model, *draw(50)).threshold_for_cost(-1, 1), "cost_wrong is -1"),
        (lambda: ev.risk_coverage(model, *draw(50), alpha=2), "alpha is 2"),
    ],
)
def test_wrong_use_is_refused(call, sentence):
    with pytest.raises(ev.EvaluationError, match=sentence):
        call()


def test_the_rows_that_are_needed_are_a_whole_number():
    needed = run(ev.Confidence(0.7, min_accuracy=0.6, min_coverage=0.3)).rows_needed
    assert needed == int(needed)
