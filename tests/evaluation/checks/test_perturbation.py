import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from sklearn import metrics

from mlops_lab import evaluation as ev
from mlops_lab.evaluation.metrics import METRICS


def rides(rows=3000, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"distance": rng.gamma(2, 3, rows), "rain": rng.random(rows) < 0.3, "city": rng.choice(list("abc"), rows)}
    )
    late = rng.random(rows) < chance(frame)
    return frame, late.astype(int)


def chance(frame):
    return np.clip(0.1 + 0.05 * frame["distance"] + 0.2 * frame["rain"], 0.02, 0.98)


def price(frame):
    return 2 + 1.5 * frame["distance"] + 1.0 * frame["rain"]


@pytest.mark.parametrize(
    "name", [name for name in METRICS if name not in ("mean_absolute_error", "root_mean_squared_error", "r2")]
)
def test_the_drop_is_that_of_scikit_learn(name):
    frame, target = rides()
    change = ev.shift("distance", by=2.0)
    changed = change.apply(frame, np.random.default_rng(0))
    result = ev.Suite([ev.Perturbation(change, max_drop=0.5, metric=name)]).run(chance, frame, target).results[0]
    before, after = chance(frame), chance(changed)
    function, sign, of_labels = {
        "accuracy": (metrics.accuracy_score, 1, True),
        "balanced_accuracy": (metrics.balanced_accuracy_score, 1, True),
        "f1": (metrics.f1_score, 1, True),
        "roc_auc": (metrics.roc_auc_score, 1, False),
        "log_loss": (metrics.log_loss, -1, False),
        "brier_score": (metrics.brier_score_loss, -1, False),
    }[name]
    answers = [np.where(p >= 0.5, 1, 0) if of_labels else p for p in (before, after)]
    expected = sign * (function(target, answers[0]) - function(target, answers[1]))
    assert result.estimate == pytest.approx(expected, abs=2e-4 if name == "roc_auc" else 1e-9)
    assert result.low <= result.estimate <= result.high


@pytest.mark.parametrize(
    ("name", "function", "sign"),
    [
        ("mean_absolute_error", metrics.mean_absolute_error, -1),
        ("root_mean_squared_error", metrics.root_mean_squared_error, -1),
        ("r2", metrics.r2_score, 1),
    ],
)
def test_the_drop_of_values_is_that_of_scikit_learn(name, function, sign):
    frame, _ = rides()
    target = price(frame) + np.random.default_rng(1).normal(size=len(frame))
    change = ev.round_off("distance", to=4)
    changed = change.apply(frame, np.random.default_rng(0))
    result = ev.Suite([ev.Perturbation(change, max_drop=0.5, metric=name)]).run(price, frame, target).results[0]
    assert result.estimate == pytest.approx(sign * (function(target, price(frame)) - function(target, price(changed))))


def test_flips_that_cancel_are_seen_beside_a_drop_that_is_not():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.uniform(size=20_000)})
    target = rng.integers(0, 2, 20_000)
    coin = lambda X: (np.floor(X["x"] * 1e6) % 2 == 0).astype(float)  # noqa: E731
    result = ev.Suite([ev.Perturbation(ev.noise("x", sd=0.01), max_drop=0.02)]).run(coin, frame, target).results[0]
    assert result.verdict == "pass"
    assert result.extras["flip_rate"] == pytest.approx(0.5, abs=0.02)
    assert "brittle" in result.explain()


def test_a_sweep_rises_and_finds_where_the_tolerance_is_crossed():
    frame, target = rides(20_000)
    check = ev.Perturbation(ev.noise("distance", sd=0.4), max_drop=0.02, metric="log_loss", sweep=(0.1, 0.8, 1.6))
    result = ev.Suite([check]).run(chance, frame, target).results[0]
    assert result.details["strength"].tolist() == [0.1, 0.4, 0.8, 1.6]
    assert result.details["estimate"].is_monotonic_increasing
    assert result.estimate == result.details["estimate"].iloc[1]
    at = result.extras["strength_at_tolerance"]
    drops = result.details.set_index("strength")["estimate"]
    assert drops[drops.index < at].max() <= 0.02 <= drops[drops.index > at].min()


@pytest.mark.parametrize("strengths", [(0.3, 0.8, 1.6), (0.0001, 0.8)])  # hardly a decision changes at the smallest
def test_the_drops_of_a_sweep_are_those_of_each_strength_alone(strengths):
    frame, target = rides()

    def judged(strength, sweep=()):
        change = ev.noise("distance", sd=strength)
        check = ev.Perturbation(change, max_drop=0.02, metric="accuracy", sweep=sweep, name="same draws")
        return ev.Suite([check]).run(chance, frame, target).results[0]

    together = judged(strengths[0], strengths).details.set_index("strength")
    for strength in strengths:
        alone = judged(strength)
        row = together.loc[strength]
        assert (row["estimate"], row["low"], row["high"]) == pytest.approx((alone.estimate, alone.low, alone.high))


def test_a_change_of_ones_own_and_a_metric_of_ones_own():
    frame, target = rides()

    def dry(given, rng):
        return given.assign(rain=False)

    def cost(truth, answer):
        return -float(np.mean(np.where(truth == 1, 5.0 * (answer == 0), answer == 1)))

    result = ev.Suite([ev.Perturbation(dry, max_drop=0.05, metric=cost)]).run(chance, frame, target)["perturbation:dry"]
    labels = [(p >= 0.5).astype(int) for p in (chance(frame), chance(dry(frame, None)))]
    assert result.estimate == pytest.approx(cost(target, labels[0]) - cost(target, labels[1]))
    assert "paired bootstrap" in result.explain()
    assert result.extras["rows_changed"] == frame["rain"].sum()


def test_levels_never_seen_need_no_more_than_a_model_that_takes_them():
    frame, target = rides()
    result = ev.Suite([ev.Perturbation(ev.unseen("city", rate=0.2))]).run(chance, frame, target).results[0]
    assert result.estimate == 0
    assert result.extras["rows_changed"] == pytest.approx(600, abs=100)


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["accuracy", "log_loss"])
def test_wrong_verdicts_at_the_tolerance_are_as_rare_as_promised(metric):
    change, seeds = ev.shift("distance", by=3.0), 300
    big, big_target = rides(400_000, seed=99)
    truth = ev.Suite([ev.Perturbation(change, metric=metric)]).run(chance, big, big_target).results[0].estimate
    verdicts = []
    for seed in range(seeds):
        suite = ev.Suite([ev.Perturbation(change, max_drop=truth, metric=metric)])
        verdicts.append(suite.run(chance, *rides(400, seed)).results[0].verdict)
    bound = binom.ppf(0.999, seeds, 0.03)
    assert verdicts.count("fail") <= bound
    assert verdicts.count("pass") <= bound


@pytest.mark.slow
@given(edges=st.lists(st.integers(1, 299), max_size=5), order=st.permutations(range(6)))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_split_in_any_order_gives_the_same(result_over, assert_same, edges, order):
    frame, target = rides(300)
    for check in (
        ev.Perturbation(ev.noise("distance", sd=0.5), metric="log_loss", sweep=(0.1,)),
        ev.Perturbation(ev.missing("city", rate=0.3), metric="roc_auc"),
        ev.Perturbation(ev.typo("city", rate=0.3), metric=lambda truth, answer: float(np.mean(truth == answer))),
    ):
        assert_same(result_over(check, chance, frame, target), result_over(check, chance, frame, target, edges, order))


def test_a_sweep_may_begin_at_nothing_and_the_range_has_an_end():
    frame, target = rides()
    check = ev.Perturbation(ev.noise("distance", sd=0.4), sweep=(0, 0.2), max_drop=0.5)
    details = ev.Suite([check]).run(chance, frame, target).results[0].details
    assert details["strength"].tolist() == [0, 0.2, 0.4]
    assert details["rows_changed"].iloc[0] == details["estimate"].iloc[0] == 0
    assert details["rows_changed"].iloc[1] > 0
    at_its_end = ev.Perturbation(ev.out_of_range("distance", beyond=0), max_drop=0.5)
    assert ev.Suite([at_its_end]).run(chance, frame, target).results[0].extras["rows_changed"] == len(frame) - 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (ev.round_off("stops", to=1), True),
        (lambda frame, rng: frame, True),
        (ev.missing("stops", rate=1e-9), True),
        (ev.round_off("stops", to=3), False),
    ],
)
def test_a_change_that_changed_nothing_says_so(change, said):
    frame, target = rides()
    frame["stops"] = np.arange(len(frame)) % 7
    result = ev.Suite([ev.Perturbation(change)]).run(chance, frame, target).results[0]
    assert (result.extras["rows_changed"] == 0) == said
    assert ("left every row as it is" in result.explain()) == said
    assert result.verdict != "pass" or not said


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ev.Perturbation("noise"), "pass one such as"),
        (lambda: ev.Perturbation(ev.noise("distance", sd=0)), r"noise\(distance, sd=0\) leaves every row as it is"),
        (lambda: ev.Perturbation(ev.correlated_noise(["distance", "rain"], sd=0.0)), "leaves every row as it is"),
        (lambda: ev.Perturbation(ev.shift("distance", by=0)), "leaves every row as it is"),
        (lambda: ev.Perturbation(ev.rescale("distance", factor=1)), "leaves every row as it is"),
        (lambda: ev.Perturbation(ev.rescale("distance", factor=2, rate=0)), "leaves every row as it is"),
        (lambda: ev.Perturbation(ev.unit_error("distance", "miles/km", rate=0)), "leaves every row as it is"),
        (lambda: ev.Perturbation(ev.out_of_range("distance", rate=0)), "leaves every row as it is"),
        (lambda: ev.Perturbation(ev.swap("city", {"a": "a"})), "leaves every row as it is"),
        *(
            (lambda change=change: ev.Perturbation(change("city", rate=0)), "leaves every row as it is")
            for change in (ev.missing, ev.typo, ev.miscode, ev.unseen)
        ),
        (lambda: ev.Perturbation(ev.noise("distanse", sd=1)), "nearest is 'distance'"),
        (lambda: ev.Perturbation(ev.noise("distance", sd=1), max_drop=-0.1), "max_drop is -0.1"),
        (lambda: ev.Perturbation(ev.noise("distance", sd=1), metric="acuracy"), "nearest is 'accuracy'"),
        (lambda: ev.Perturbation(ev.noise("distance", sd=1), metric="r2"), "does not fit a model for classification"),
        (lambda: ev.Perturbation(ev.swap("city", {"a": "z"})), "'z' is not in column 'city'"),
        (lambda: ev.Perturbation(lambda frame, rng: frame, sweep=(1, 2)), "no strength"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_predicted(make, sentence):
    frame, target = rides(200)
    with pytest.raises(ev.EvaluationError, match=sentence):
        ev.Suite([make()]).run(chance, frame, target)


def test_a_change_that_raises_is_an_error_and_stops_no_other():
    frame, target = rides(500)

    def broken(given, rng):
        raise RuntimeError("no such thing")

    report = ev.Suite([ev.Perturbation(broken), ev.Perturbation(ev.noise("distance", sd=0.1))]).run(
        chance, frame, target
    )
    assert report.results[0].verdict == "error"
    assert "no such thing" in report.results[0].explain()
    assert report.results[1].verdict != "error"


def test_a_metric_that_rises_is_not_said_to_have_got_worse():
    frame = pd.DataFrame({"x": np.linspace(-1, 1, 400)})
    check = ev.Perturbation(ev.shift("x", by=0.5), max_drop=0.02, metric="accuracy")
    result = ev.Suite([check]).run(lambda X: (X["x"] > 0) * 1.0, frame, (frame["x"] > -0.9) * 1).results[0]
    assert result.estimate < 0
    assert f"accuracy got better by {-result.estimate:.4f}" in result.explain()
