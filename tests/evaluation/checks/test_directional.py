import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_lab import evaluation as ev

LEVELS = ["none", "school", "college", "doctor"]


def people(rows=1000, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"age": rng.integers(18, 90, rows), "hours": rng.uniform(0, 60, rows)})
    frame["degree"] = pd.Categorical(rng.choice(LEVELS, rows), categories=LEVELS)
    return frame


def with_hole(frame):
    """A probability that rises with the hours, except for a hole above 40 in old age."""
    return 0.1 + frame["hours"] / 100 - 0.3 * ((frame["hours"] > 40) & (frame["age"] > 60))


def run(check, model, frame):
    return ev.Suite([check]).run(model, frame, np.arange(len(frame)) % 2).results[0]


def test_counts_the_rows_that_move_the_wrong_way_and_leaves_out_those_at_the_end():
    frame = people()
    result = run(ev.Directional("hours", by=10), with_hole, frame)
    movable = frame["hours"] + 10 <= frame["hours"].max()
    wrong = movable & (frame["hours"] <= 40) & (frame["hours"] + 10 > 40) & (frame["age"] > 60)
    assert result.rows == movable.sum()
    assert result.extras["rows_at_end"] == (~movable).sum()
    assert result.estimate == pytest.approx(wrong.sum() / movable.sum())
    assert result.extras["mean_size"] == pytest.approx(0.2)
    assert result.verdict == "fail"


def test_says_where_the_violations_sit():
    result = run(ev.Directional("hours", by=20), with_hole, people(5000))
    assert "age > 60" in result.extras["region"]
    assert "hours" in result.extras["region"]
    assert result.extras["region"] in result.explain()


@pytest.mark.parametrize(
    ("expect", "model", "rate"),
    [
        ("not_decrease", lambda X: 0.5 + 0 * X["hours"], 0),
        ("increase", lambda X: 0.5 + 0 * X["hours"], 1),
        ("increase", lambda X: X["hours"] / 100, 0),
        ("decrease", lambda X: X["hours"] / 100, 1),
        ("not_increase", lambda X: 1 - X["hours"] / 100, 0),
        ("unchanged", lambda X: X["age"] / 100, 0),
        ("unchanged", lambda X: X["hours"] / 100, 1),
    ],
)
def test_each_expectation(expect, model, rate):
    assert run(ev.Directional("hours", by=5, expect=expect), model, people()).estimate == rate


def test_a_step_of_rounding_is_no_violation():
    result = run(ev.Directional("hours", by=5), lambda X: 0.5 - 1e-12 * X["hours"], people())
    assert result.estimate == 0


def test_levels_move_up_their_order():
    frame = people()
    rank = {level: place for place, level in enumerate(LEVELS)}
    rising = lambda X: X["degree"].astype(str).map(rank) / 4  # noqa: E731
    result = run(ev.Directional("degree", order=LEVELS), rising, frame)
    assert result.estimate == 0
    assert result.rows == (frame["degree"] != "doctor").sum()
    assert run(ev.Directional("degree", order=LEVELS[::-1]), rising, frame).estimate == 1


def test_numbers_can_be_multiplied():
    frame = people()
    result = run(ev.Directional("hours", times=2), lambda X: X["hours"] / 100, frame)
    assert result.rows == (frame["hours"] * 2 <= frame["hours"].max()).sum()
    assert result.estimate == 0


def test_values_are_followed_too():
    frame = people()
    result = ev.Suite([ev.Directional("hours", by=5)]).run(lambda X: -X["hours"], frame, frame["hours"]).results[0]
    assert result.estimate == 1


def test_no_row_can_take_too_large_a_step():
    result = run(ev.Directional("hours", by=1000), with_hole, people())
    assert result.verdict == "inconclusive"
    assert "smaller" in result.explain()


@pytest.mark.slow
@given(edges=st.lists(st.integers(1, 399), max_size=5), order=st.permutations(range(6)))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_split_in_any_order_gives_the_same(result_over, assert_same, edges, order):
    frame, target = people(400), np.arange(400) % 2
    check = ev.Directional("hours", by=15)
    assert_same(
        result_over(check, with_hole, frame, target), result_over(check, with_hole, frame, target, edges, order)
    )


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ev.Directional("hours"), "give one of by, times and order"),
        (lambda: ev.Directional("hours", by=1, times=2), "by and times"),
        (lambda: ev.Directional("hours", by=0), "leaves every row"),
        (lambda: ev.Directional("hours", by=1, expect="not_decreasing"), "nearest is 'not_decrease'"),
        (lambda: ev.Directional("degree", by=1), "holds category values"),
        (lambda: ev.Directional("degree", order=["none", "phd"]), "'phd' of order= is not in column"),
        (lambda: ev.Directional("degree", order=["none"]), "at least two levels"),
        (lambda: ev.Directional("hours", by=float("nan")), "by is nan"),
    ],
)
def test_wrong_use_is_refused(make, sentence):
    with pytest.raises(ev.EvaluationError, match=sentence):
        run(make(), with_hole, people())


def test_several_classes_need_one_that_is_meant():
    frame = people()
    model = lambda X: np.full((len(X), 3), 1 / 3)  # noqa: E731
    with pytest.raises(ev.EvaluationError, match="say which one is meant"):
        ev.Suite([ev.Directional("hours", by=5)]).run(model, frame, np.arange(1000) % 3)
    ev.Suite([ev.Directional("hours", by=5, positive=2)]).run(model, frame, np.arange(1000) % 3)


def test_levels_that_the_order_does_not_name_are_not_called_its_end():
    frame = people()
    result = run(ev.Directional("degree", order=["none", "school"]), with_hole, frame)
    counts = frame["degree"].value_counts()
    assert result.extras["rows_at_end"] == counts["school"]
    assert result.extras["rows_apart"] == counts["college"] + counts["doctor"]
    assert f"{counts['college'] + counts['doctor']:,} rows hold a level that order= does not name" in result.explain()


def test_an_order_of_all_levels_has_none_apart():
    result = run(ev.Directional("degree", order=LEVELS), with_hole, people())
    assert result.extras["rows_apart"] == 0
    assert "does not name" not in result.explain()


def test_where_none_moved_the_wrong_way_no_size_is_told():
    result = run(ev.Directional("hours", by=5), lambda X: X["hours"] / 100, people())
    assert "None of" in result.explain()
    assert "on average" not in result.explain()
