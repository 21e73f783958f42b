import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_lab import evaluation as ev
from mlops_lab.evaluation.checks.alternatives import Alternatives


def people(rows=1000, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "sex": pd.Categorical(rng.choice(["f", "m"], rows)),
            "region": rng.choice(["north", "south", "west"], rows),
            "age": rng.integers(18, 90, rows),
            "member": rng.random(rows) < 0.5,
        }
    )


def favours_men(frame):
    return np.where(frame["age"] > 60, 0.9, 0.2 + 0.4 * ((frame["sex"] == "m") & (frame["age"] > 50)))


def target_of(frame):
    return (frame["age"] > 55).astype(int)


def run(check, model, frame):
    return ev.Suite([check]).run(model, frame, target_of(frame)).results[0]


def test_counts_every_decision_that_changes_under_some_level():
    frame = people()
    result = run(ev.Invariance("sex"), favours_men, frame)
    truth = ((frame["age"] > 50) & (frame["age"] <= 60)).mean()
    assert result.estimate == pytest.approx(truth)
    assert result.rows == 1000
    assert result.verdict == "fail"
    pairs = result.details.set_index("pair")
    assert pairs.loc["f → m", "toward_positive"] == pytest.approx(pairs.loc["f → m", "estimate"])
    assert pairs.loc["m → f", "toward_positive"] == 0
    assert pairs["largest_step"].tolist() == pytest.approx([0.4, 0.4])


def test_a_model_that_does_not_look_passes_and_the_interval_says_how_sure_that_is():
    frame = people()
    result = run(ev.Invariance("sex"), lambda X: X["age"] / 100, frame)
    assert result.estimate == 0
    assert 0 < result.high < 0.01
    assert result.verdict == "pass"
    assert result.examples.empty


def test_forty_rows_without_a_change_cannot_tell():
    result = run(ev.Invariance("sex"), lambda X: X["age"] / 100, people(40))
    assert result.verdict == "inconclusive"
    assert result.high == pytest.approx(0.088, abs=0.001)
    assert result.rows_needed > 40


def test_with_a_swap_only_rows_that_hold_a_swapped_value_count():
    frame = people()
    result = run(
        ev.Invariance("region", swap={"north": "south"}), lambda X: np.where(X["region"] == "west", 0.9, 0.1), frame
    )
    assert result.rows == frame["region"].isin(["north", "south"]).sum()
    assert result.estimate == 0
    assert sorted(result.details["pair"]) == ["north → south", "south → north"]


def test_several_columns_are_exchanged_together():
    frame = people()
    both = run(ev.Invariance(["sex", "member"]), lambda X: np.where((X["sex"] == "m") & X["member"], 0.9, 0.1), frame)
    assert both.estimate == 1  # every row becomes, or stops being, a male member under some combination
    assert len(both.details) == 12


def test_numbers_are_tried_at_quantiles():
    frame = people()
    result = run(ev.Invariance("age", quantiles=(0.25, 0.75)), favours_men, frame)
    assert result.rows == 1000
    assert list(result.details["pair"]) == ["→ 35", "→ 72"] or len(result.details) == 2
    assert result.estimate > 0.3


def test_missing_values_are_not_tried():
    frame = people()
    frame.loc[:99, "region"] = None
    assert run(ev.Invariance("region"), lambda X: X["age"] / 100, frame).rows == 900


def test_the_gap_that_a_proxy_carries_stays():
    rng = np.random.default_rng(0)
    frame = people(20_000)
    frame["hobby"] = np.where(rng.random(20_000) < 0.9, frame["sex"] == "m", frame["sex"] != "m").astype(int)
    through_proxy = run(ev.Invariance("sex"), lambda X: 0.2 + 0.3 * X["hobby"], frame)
    direct = run(ev.Invariance("sex"), lambda X: 0.2 + 0.3 * (X["sex"] == "m"), frame)
    assert through_proxy.extras["share_through_proxies"] == pytest.approx(1)
    assert direct.extras["share_through_proxies"] == pytest.approx(0, abs=1e-9)
    assert through_proxy.extras["gap"] == pytest.approx(0.24, abs=0.01)


@pytest.mark.parametrize("kind", ["three classes", "values", "labels"])
def test_every_kind_of_model(kind):
    frame = people()
    male = (frame["sex"] == "m").to_numpy()

    class Labels:
        def predict(self, X):
            return np.where(X["sex"] == "m", "yes", "no")

    model, target = {
        "three classes": (
            lambda X: np.where((X["sex"] == "m").to_numpy()[:, None], [0.6, 0.3, 0.1], [0.1, 0.3, 0.6]),
            np.arange(1000) % 3,
        ),
        "values": (lambda X: 10.0 * (X["sex"] == "m"), 10.0 * male + np.arange(1000) / 1000),
        "labels": (Labels(), np.where(male, "yes", "no")),
    }[kind]
    result = ev.Suite([ev.Invariance("sex")]).run(model, frame, target).results[0]
    assert result.estimate == 1


@pytest.mark.slow
@given(edges=st.lists(st.integers(1, 299), max_size=5), order=st.permutations(range(6)))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_split_in_any_order_gives_the_same(result_over, assert_same, edges, order):
    frame = people(300)
    for check in (ev.Invariance("sex"), ev.Invariance(["region", "sex"]), ev.Invariance("age")):
        whole = result_over(check, favours_men, frame, target_of(frame))
        assert_same(whole, result_over(check, favours_men, frame, target_of(frame), edges, order))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ev.Invariance("sx"), "nearest is 'sex'"),
        (lambda: ev.Invariance("sex", swap={"m": "m"}), "swap exchanges 'm' with itself"),
        (lambda: ev.Invariance("sex", swap=["m", "f"]), "it exchanges levels of one column"),
        (lambda: ev.Invariance("pay", quantiles=()), "give at least one, such as 0.5"),
        (lambda: ev.Invariance("sex", max_change_rate=-0.1), "max_change_rate is -0.1"),
        (lambda: ev.Invariance("sex", swap={"f": "x"}), "level 'x' is not in column 'sex'"),
        (lambda: ev.Invariance(["sex", "region"], swap={"f": "m"}), "one column"),
        (lambda: ev.Invariance([]), "no column"),
        (lambda: ev.Invariance("constant"), "only the value"),
        (lambda: ev.Invariance("sex", positive=7), "not among the model's classes"),
        (lambda: ev.Invariance("empty"), "missing in every row"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_predicted(make, sentence):
    frame = people().assign(constant="x", empty=pd.array([None] * 1000, dtype="string"))
    with pytest.raises(ev.EvaluationError, match=sentence):
        run(make(), favours_men, frame)


@pytest.mark.parametrize("values", [[1.0, 2.0], [1, 2], [0.25, 0.75]])
def test_each_of_few_numbers_is_tried_once(values):
    frame = pd.DataFrame({"sex": values * 500, "pay": np.arange(1000.0)})
    check = ev.Invariance("sex", max_change_rate=0.1, atol=5)
    result = ev.Suite([check]).run(lambda X: X["pay"] + 10 * X["sex"], frame, np.arange(1000.0)).results[0]
    assert len(result.details) == 2
    assert "predicted values moved by more than 5" in result.explain()
    assert "decisions" not in result.explain().split(" Train ")[0]


def test_groups_of_a_few_rows_are_not_held_against_each_other():
    frame = pd.DataFrame({"town": ["a"] * 500 + ["b"] * 500 + ["c"], "pay": np.arange(1001.0)})
    frame.loc[1000, "pay"] = 1e6
    result = ev.Suite([ev.Invariance("town")]).run(lambda X: X["pay"] * 1.0, frame, frame["pay"]).results[0]
    assert (result.extras["highest_group"], result.extras["lowest_group"]) == ("b", "a")
    assert result.extras["gap"] == 500


@pytest.mark.parametrize("types", ["category", "str", object])
def test_joint_values_are_told_apart_whatever_their_type(types):
    frame = pd.DataFrame({"sex": list("fmmf") * 3, "region": list("nnse") * 3, "plan": list("aaab") * 3}, dtype=types)
    frame.loc[[1, 6], "region"] = None
    columns = ("sex", "region", "plan")
    values = tuple(itertools.product("fm", "ens", "ab"))
    levels = {"sex": ("f", "m"), "region": ("e", "n", "s"), "plan": ("a", "b")}
    alternatives = Alternatives(columns, values, (False,) * 3, levels)
    rows = frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None)
    expected = [values.index(row) if None not in row else -1 for row in rows]
    assert alternatives.own(frame).tolist() == expected
    for number, request in enumerate(alternatives.requests(frame)):
        assert request.rows.tolist() == [row for row, own in enumerate(expected) if own not in (-1, number)]
        put_in = pd.DataFrame({name: pd.Series(array, dtype=array.dtype) for name, array in request.columns.items()})
        assert put_in.dtypes.to_dict() == frame.dtypes.to_dict()
        assert (put_in.astype(object) == list(values[number])).all().all()
