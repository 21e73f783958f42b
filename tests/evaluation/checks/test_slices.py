import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import MetricFrame
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.special import expit, ndtri
from scipy.stats import binom
from sklearn import metrics

from mlops_lab import evaluation as ev
from mlops_lab.evaluation.group_metrics import GROUP_METRICS
from mlops_lab.evaluation.statistics.area import Scores
from mlops_lab.evaluation.statistics.ranking import binning_error


def people(rows=4000, seed=0, weak=0.0):
    """A model that is right in 90 % of the rows, and in fewer of the old women of the north."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "sex": rng.choice(["f", "m"], rows),
            "region": pd.Categorical(rng.choice(["north", "south"], rows, p=[0.2, 0.8])),
            "age": rng.integers(18, 90, rows),
        }
    )
    frame["p"] = rng.uniform(0.05, 0.95, rows)
    target = (frame["p"] >= 0.5).astype(int).to_numpy()
    in_slice = ((frame["sex"] == "f") & (frame["region"] == "north")).to_numpy()
    wrong = rng.random(rows) < 0.1 + weak * in_slice
    return frame, np.where(wrong, 1 - target, target)


def model(frame):
    return frame["p"]


def run(check, frame, target):
    return ev.Suite([check]).run(model, frame, target).results[0]


def test_the_lectures_two_models():
    """A: 98 % of the majority and 80 % of the minority right, 90 : 10, so 96.2 %; B: 95 % of both."""
    group = np.repeat(["majority", "minority"], [9000, 1000])
    reports = {}
    for name, (majority, minority) in {"A": (0.98, 0.80), "B": (0.95, 0.95)}.items():
        right = np.r_[np.arange(9000) < majority * 9000, np.arange(1000) < minority * 1000]
        frame = pd.DataFrame({"group": group, "p": np.where(right, 0.9, 0.1)})
        target = np.r_[np.ones(9998, dtype=int), 0, 0]
        frame.loc[9998:, "p"] = np.where(right[9998:], 0.1, 0.9)
        reports[name] = run(ev.Slices("group", max_gap=0.05), frame, target)
    a, b = reports["A"], reports["B"]
    assert a.extras["overall"] == pytest.approx(0.962)
    assert b.extras["overall"] == pytest.approx(0.95)
    assert a.details.set_index("group")["metric"].to_dict() == pytest.approx(
        {"group = majority": 0.98, "group = minority": 0.80}
    )
    assert (a.verdict, b.verdict) == ("fail", "pass")
    assert a.extras["worst_group"] == "group = minority"
    assert a.estimate == pytest.approx(0.162)


@pytest.mark.parametrize(
    "name", [name for name in GROUP_METRICS if name not in ("mean_absolute_error", "root_mean_squared_error")]
)
def test_each_groups_metric_is_that_of_scikit_learn(name):
    frame, target = people()
    function, of_labels = {
        "accuracy": (metrics.accuracy_score, True),
        "balanced_accuracy": (metrics.balanced_accuracy_score, True),
        "f1": (metrics.f1_score, True),
        "log_loss": (metrics.log_loss, False),
        "brier_score": (metrics.brier_score_loss, False),
        "roc_auc": (metrics.roc_auc_score, False),
    }[name]
    result = run(ev.Slices(["sex", "region"], metric=name, against="rest"), frame, target)
    table = result.details.set_index("group")
    mask = ((frame["sex"] == "f") & (frame["region"] == "north")).to_numpy()
    answer = (frame["p"] >= 0.5).astype(int) if of_labels else frame["p"]
    expected = function(target[mask], answer[mask])
    binned = binning_error(Scores.of(target[mask] == 1, frame["p"][mask]).table()) if name == "roc_auc" else 0.0
    assert table.loc["sex = f & region = north", "metric"] == pytest.approx(expected, abs=binned + 1e-12)
    assert binned < 1e-3
    assert (table["metric_low"] <= table["metric"]).all()
    assert (table["metric"] <= table["metric_high"]).all()
    assert table.loc["sex = f & region = north", "rows"] == mask.sum()


def test_values_have_groups_too():
    frame, _ = people()
    target = frame["p"] + np.where(frame["sex"] == "f", 0.5, 0.1) * np.random.default_rng(0).choice([-1, 1], len(frame))
    for name, expected in (("mean_absolute_error", 0.5), ("root_mean_squared_error", 0.5)):
        result = run(ev.Slices("sex", metric=name, against="rest", max_gap=0.1), frame, target)
        assert result.details.set_index("group").loc["sex = f", "metric"] == pytest.approx(expected)
        assert result.verdict == "fail"


def test_finds_the_weak_conjunction_that_no_single_column_shows():
    result = run(ev.Slices(["sex", "region"], max_gap=0.1), *people(20_000, weak=0.3))
    assert result.verdict == "fail"
    assert result.extras["worst_group"] == "sex = f & region = north"
    table = result.details.set_index("group")
    assert table.loc["sex = m", "verdict"] == "pass"


def test_numbers_are_cut_at_quantiles_and_gaps_are_a_group():
    frame, target = people()
    frame["age"] = frame["age"].astype(float)
    frame.loc[:99, "age"] = np.nan
    table = run(ev.Slices("age", bins=3), frame, target).details.set_index("group")
    assert len(table) == 4
    assert table.loc["age missing", "rows"] == 100
    assert table["rows"].sum() == len(frame)


def test_a_small_group_makes_it_inconclusive_or_is_left_out_by_name():
    frame, target = people()
    frame.loc[:8, "sex"] = "x"
    result = run(ev.Slices("sex", max_gap=0.05), frame, target)
    assert result.verdict == "inconclusive"
    assert "sex = x" in result.explain()
    left_out = run(ev.Slices("sex", max_gap=0.05, min_rows=30), frame, target)
    assert left_out.verdict == "pass"
    assert "sex = x" in left_out.explain()


def test_against_the_best_group():
    frame, target = people(20_000, weak=0.3)
    result = run(ev.Slices(["sex", "region"], against="best", max_gap=0.1), frame, target)
    assert result.extras["worst_group"] == "sex = f & region = north"
    overall = run(ev.Slices(["sex", "region"], max_gap=0.1), frame, target)
    assert result.estimate > overall.estimate


@pytest.mark.slow
@pytest.mark.parametrize("against", ["overall", "best"])
def test_equal_groups_rarely_fail_however_many(against):
    seeds, fails = 150, 0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame({"g": rng.integers(0, 20, 3000).astype(str), "p": np.full(3000, 0.9)})
        target = (rng.random(3000) < 0.85).astype(int)
        fails += run(ev.Slices("g", max_gap=0.0, against=against), frame, target).verdict == "fail"
    assert fails <= binom.ppf(0.999, seeds, 0.05)


@pytest.mark.slow
@given(edges=st.lists(st.integers(1, 399), max_size=5), order=st.permutations(range(6)))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_split_in_any_order_gives_the_same(result_over, assert_same, edges, order):
    frame, target = people(400)
    for metric in ("accuracy", "log_loss", "f1", "roc_auc"):
        check = ev.Slices(["sex", "age"], metric=metric, against="rest")
        assert_same(result_over(check, model, frame, target), result_over(check, model, frame, target, edges, order))


def ranked(rows, areas, seed, shares=None):
    """Scores whose area under the curve is known in each group."""
    rng = np.random.default_rng(seed)
    group, target = rng.choice(len(areas), rows, p=shares), (rng.random(rows) < 0.4).astype(int)
    score = expit(rng.normal(size=rows) + np.sqrt(2) * ndtri(np.array(areas))[group] * target)
    return pd.DataFrame({"g": np.array(list("abcdefghij"))[group], "p": score}), target


@pytest.mark.parametrize("against", ["rest", "best"])
def test_a_group_that_is_ranked_worse_is_found(against):
    result = run(
        ev.Slices("g", metric="roc_auc", against=against, max_gap=0.05), *ranked(8000, (0.9, 0.9, 0.75), seed=0)
    )
    assert (result.verdict, result.extras["worst_group"]) == ("fail", "g = c")
    assert result.low < 0.15 < result.high
    assert "roc_auc is" in result.explain()


def test_a_group_of_one_class_cannot_be_ranked_and_says_so():
    frame, target = ranked(4000, (0.9, 0.9, 0.9), seed=0, shares=(0.49, 0.49, 0.02))
    target[frame["g"] == "c"] = 1
    for against in ("rest", "best"):
        result = run(ev.Slices("g", metric="roc_auc", against=against), frame, target)
        assert result.verdict == "inconclusive"
        assert "cannot be judged where g = c" in result.explain()
        assert "rarer class has 0 rows" in result.explain()
        assert "nan" not in result.explain()
        assert np.isnan(result.rows_needed)
        assert result.details.set_index("group").loc[["g = a", "g = b"], "verdict"].tolist() == ["pass", "pass"]
        result.plot()


def test_the_class_that_is_ranked_can_be_named_and_must_be_among_three():
    frame, target = ranked(3000, (0.9, 0.7), seed=1)
    first = run(ev.Slices("g", metric="roc_auc", against="rest"), frame, target)
    turned = run(ev.Slices("g", metric="roc_auc", against="rest", positive=0), frame, target)
    assert turned.details["metric"].tolist() == pytest.approx(first.details["metric"].tolist(), abs=1e-5)
    labels = np.where(target == 1, "yes", np.where(frame["p"] < 0.4, "no", "perhaps"))

    class OfThree:
        classes_ = np.array(["no", "perhaps", "yes"])

        def predict_proba(self, X):
            return np.column_stack([(1 - X["p"]) / 2, (1 - X["p"]) / 2, X["p"]])

    suite = ev.Suite([ev.Slices("g", metric="roc_auc", against="rest", positive="yes")])
    of_three = suite.run(OfThree(), frame, labels).results[0]
    assert of_three.details["metric"].tolist() == first.details["metric"].tolist()
    with pytest.raises(ev.EvaluationError, match="3 classes"):
        ev.Suite([ev.Slices("g", metric="roc_auc", against="rest")]).run(OfThree(), frame, labels)


@pytest.mark.slow
@pytest.mark.parametrize("against", ["rest", "best"])
def test_groups_that_are_ranked_alike_rarely_fail_however_many(against):
    seeds, check = 60, ev.Slices("g", metric="roc_auc", max_gap=0.0, against=against)
    fails = sum(run(check, *ranked(3000, (0.85,) * 10, seed)).verdict == "fail" for seed in range(seeds))
    assert fails <= binom.ppf(0.999, seeds, 0.05)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ev.Slices("sexx"), "nearest is 'sex'"),
        (lambda: ev.Slices([]), "no column"),
        (lambda: ev.Slices("sex", max_gap=-1), "max_gap is -1"),
        (lambda: ev.Slices("sex", against="all"), "choose 'overall'"),
        (lambda: ev.Slices("sex", metric="f1"), "pass against='rest'"),
        (lambda: ev.Slices("sex", metric="roc_auc"), "pass against='rest'"),
        (lambda: ev.Slices("sex", metric="acuracy"), "nearest is 'accuracy'"),
        (lambda: ev.Slices("sex", metric="mean_absolute_error"), "does not fit"),
        (lambda: ev.Slices("sex", bins=1), "bins is 1"),
    ],
)
def test_wrong_use_is_refused(make, sentence):
    with pytest.raises(ev.EvaluationError, match=sentence):
        run(make(), *people(200))


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "f1", "brier_score", "log_loss", "roc_auc"])
def test_groups_equal_those_of_fairlearn(metric):
    frame, target = people(weak=0.3)
    judge = getattr(metrics, {"brier_score": "brier_score_loss", "log_loss": "log_loss"}.get(metric, f"{metric}_score"))
    if metric == "roc_auc":
        frame["p"] = frame["p"].round(3)  # so that no two different scores share a bin
    answer = frame["p"] if metric in ("brier_score", "log_loss", "roc_auc") else (frame["p"] >= 0.5).astype(int)
    theirs = MetricFrame(metrics=judge, y_true=target, y_pred=answer, sensitive_features=frame[["sex", "region"]])
    result = run(ev.Slices(["sex", "region"], metric=metric, against="rest"), frame, target)
    ours = result.details.set_index("group")
    for (sex, region), value in theirs.by_group.items():
        row = next(row for label, row in ours.iterrows() if str(label) == f"sex = {sex} & region = {region}")
        assert row["metric"] == pytest.approx(value, abs=1e-12)
    assert result.extras["overall"] == pytest.approx(theirs.overall, abs=1e-12)


@pytest.mark.parametrize(
    ("against", "words", "axis"),
    [
        ("overall", ": worse by", "all rows together"),
        ("rest", "worse than over the rest of the rows by", "the rest of the rows"),
        ("best", "worse than in the best group of the same columns by", "the best group"),
    ],
)
def test_words_and_picture_say_what_a_group_is_held_against(against, words, axis):
    frame, target = people()
    result = run(ev.Slices(["age"], max_gap=0.05, against=against), frame, target)
    assert words in result.explain()
    assert axis in result.plot().get_xlabel()


def test_large_values_are_told_without_idle_digits():
    frame = pd.DataFrame({"town": ["a", "b"] * 500})
    truth = np.where(frame["town"] == "a", 1000.123456, 3000.123456) + np.arange(1000) / 1000
    result = ev.Suite([ev.Slices(["town"], max_gap=5.0)]).run(lambda X: np.zeros(len(X)), frame, truth).results[0]
    assert "is 2,000.6 over all rows and 3,000.6 where town = b (500 rows): worse by 1,000.0" in result.explain()
