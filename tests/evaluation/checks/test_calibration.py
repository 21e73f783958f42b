import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from mlops_lab import evaluation as ev


def draw(rows, seed=0, truth=lambda p: p):
    rng = np.random.default_rng(seed)
    p = rng.uniform(size=rows)
    return pd.DataFrame({"p": p}), (rng.random(rows) < truth(p)).astype(int)


def model(frame):
    return frame["p"]


def run(check, rows=5000, seed=0, truth=lambda p: p):
    return ev.Suite([check]).run(model, *draw(rows, seed, truth)).results[0]


def shifted(p):
    """Everything happens 6 points less often than said; the calibration error is 0.06 less what the floor takes."""
    return np.clip(p - 0.06, 0, 1)


def test_a_perfect_model_passes_where_the_usual_error_would_not():
    result = run(ev.Calibration(max_error=0.03), rows=8000)
    assert result.verdict == "pass"
    small = run(ev.Calibration(max_error=0.03), rows=200)
    assert small.extras["binned_error"] > 0.03
    assert small.verdict == "inconclusive"


def test_a_shifted_model_fails_and_the_words_say_by_how_much():
    result = run(ev.Calibration(max_error=0.03), truth=shifted)
    assert result.verdict == "fail"
    assert result.low > 0.03
    assert "recalibrate" in result.explain()


def test_the_curve_is_that_of_scikit_learn():
    frame, target = draw(6000)
    table = ev.Suite([ev.Calibration()]).run(model, frame, target).results[0].details
    observed, predicted = calibration_curve(target, frame["p"], n_bins=15, strategy="quantile")
    np.testing.assert_allclose(table["predicted"], predicted, atol=0.01)
    np.testing.assert_allclose(table["observed"], observed, atol=0.03)
    inside = table["observed"].between(table["band_low"], table["band_high"])
    assert inside.mean() > 0.75


def test_the_parts_of_the_brier_score_add_up():
    frame, target = draw(4000, truth=shifted)
    extras = ev.Suite([ev.Calibration()]).run(model, frame, target).results[0].extras
    assert extras["brier"] == pytest.approx(brier_score_loss(target, frame["p"]))
    assert extras["reliability"] - extras["resolution"] + extras["uncertainty"] == pytest.approx(
        extras["brier"], abs=1e-12
    )


@pytest.mark.slow
def test_wrong_verdicts_at_the_tolerance_are_as_rare_as_promised():
    rows, seeds, verdicts = 1000, 200, []
    truth = float(np.mean(np.abs(shifted(np.linspace(0, 1, 100_001)) - np.linspace(0, 1, 100_001))))
    for seed in range(seeds):
        verdicts.append(run(ev.Calibration(max_error=truth), rows, seed, shifted).verdict)
    bound = binom.ppf(0.999, seeds, 0.05)
    assert verdicts.count("pass") <= bound
    assert verdicts.count("fail") <= bound


def three_classes(rows=6000, seed=0, sharpened=1.0):
    rng = np.random.default_rng(seed)
    true = rng.dirichlet([1, 1, 1], rows)
    target = (rng.random(rows)[:, None] > true.cumsum(axis=1)).sum(axis=1)
    said = true**sharpened
    frame = pd.DataFrame(said / said.sum(axis=1, keepdims=True), columns=list("abc"))
    return frame, np.array(["x", "y", "z"])[np.minimum(target, 2)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["top_label", "classwise"])
def test_several_classes(kind):
    answer = lambda X: X[["a", "b", "c"]].to_numpy()  # noqa: E731
    good = ev.Suite([ev.Calibration(max_error=0.05, kind=kind)]).run(answer, *three_classes()).results[0]
    bad = ev.Suite([ev.Calibration(max_error=0.05, kind=kind)]).run(answer, *three_classes(sharpened=3)).results[0]
    assert (good.verdict, bad.verdict) == ("pass", "fail")
    if kind == "classwise":
        assert set(bad.extras["errors"]) == {"classwise x", "classwise y", "classwise z"}


def test_one_class_of_several_must_be_named():
    answer = lambda X: X[["a", "b", "c"]].to_numpy()  # noqa: E731
    with pytest.raises(ev.EvaluationError, match="say which one is meant"):
        ev.Suite([ev.Calibration()]).run(answer, *three_classes())
    ev.Suite([ev.Calibration(positive="y")]).run(answer, *three_classes())


@pytest.mark.slow
@given(edges=st.lists(st.integers(1, 499), max_size=5), order=st.permutations(range(6)))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_split_in_any_order_gives_the_same(result_over, assert_same, edges, order):
    frame, target = draw(500)
    for check in (ev.Calibration(), ev.Calibration(kind="top_label")):
        assert_same(result_over(check, model, frame, target), result_over(check, model, frame, target, edges, order))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ev.Calibration(max_error=-0.1), "max_error is -0.1"),
        (lambda: ev.Calibration(kind="top"), "choose 'positive'"),
        (lambda: ev.Calibration(kind="classwise", positive=1), "goes with kind='positive'"),
        (lambda: ev.Calibration(positive=7), "not among the model's classes"),
    ],
)
def test_wrong_use_is_refused(make, sentence):
    with pytest.raises(ev.EvaluationError, match=sentence):
        run(make(), rows=200)
