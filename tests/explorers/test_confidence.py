"""The confidence explorer shows the suite's own numbers, whatever is chosen."""

import numpy as np
import pytest

from mlops_lab import evaluation as ev
from mlops_lab.datasets import broken
from mlops_lab.errors import InputError
from mlops_lab.explorers import look
from mlops_lab.explorers.confidence import compute, describe, draw, explorer, judge_all

ROWS = 1500


@pytest.fixture(scope="module")
def world():
    X, y = broken.data("rides", rows=ROWS)
    return broken.models("rides")["clean"], X, y


@pytest.fixture(scope="module")
def judged(world):
    return judge_all(*world, least_right=0.9)


@pytest.mark.slow
@pytest.mark.parametrize("threshold", [0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0])
def test_the_numbers_are_those_of_the_suite(world, judged, threshold):
    view = compute(judged, {"threshold": threshold, "price": 5.0}, cost_abstain=1.0)
    result = ev.Suite([ev.Confidence(threshold, 0.9)]).run(*world, progress=False).results[0]
    assert view.row["threshold"] == threshold
    assert (view.row["coverage"], view.row["low"], view.row["high"]) == (
        result.extras["coverage"],
        result.low,
        result.high,
    )
    np.testing.assert_equal(view.row["accuracy"], result.extras["accuracy"])
    assert view.row["verdict"] == result.verdict


def test_every_verdict_occurs(judged):
    assert set(judged.table["verdict"]) == {"pass", "fail", "inconclusive"}


def test_the_costs_are_those_of_the_rows(world, judged):
    model, X, y = world
    sure, right = model.predict_proba(X).max(axis=1), model.predict(X) == y
    view = compute(judged, {"threshold": 0.8, "price": 5.0}, cost_abstain=2.0)
    cost = 10 * (~right & (sure >= 0.8)).sum() + 2 * (sure < 0.8).sum()
    assert view.costs[view.place] == pytest.approx(100 * cost / ROWS)
    assert view.costs[-1] == pytest.approx(200)
    found = ev.risk_coverage(model, X, y).threshold_for_cost(cost_wrong=10, cost_abstain=2)[1]
    assert 100 * found <= view.costs.min() <= 102 * found


def test_a_dearer_mistake_moves_the_cheapest_threshold_up(judged):
    places = [compute(judged, {"threshold": 0.8, "price": price}, 1.0).cheapest for price in (2.0, 5.0, 20.0)]
    assert places == sorted(places)
    assert places[0] < places[-1]


@pytest.mark.slow
@pytest.mark.parametrize("threshold", [0.5, 0.9, 1.0])
def test_words_and_picture_hold_the_same(judged, threshold):
    view = compute(judged, {"threshold": threshold, "price": 5.0}, 1.0)
    figure = look.figure()
    with look.styled():
        draw(view, figure)
    assert f"{view.costs[view.place]:.1f}" in figure.axes[1].get_title(loc="left")
    assert f"{view.costs[view.place]:.2f}" in describe(view)
    if threshold < 1:
        assert f"{100 * view.row['coverage']:.0f} % shown" in figure.axes[0].get_title(loc="left")
        assert f"{view.row['accuracy']:.2%}" in describe(view)
    else:
        assert "none shown" in figure.axes[0].get_title(loc="left")
        assert "none of 1,500 answers is shown" in describe(view)


@pytest.mark.slow
def test_every_move_leads_to_what_was_chosen(world):
    model, X, y = world
    told = []
    widget = explorer(model, X.assign(late=y), "late", progress=lambda done, total, step: told.append((done, total)))
    assert told == [(0, 1), (1, 1)]
    widget.controls["threshold"].value = 0.9
    widget.controls["price"].value = 20.0
    assert (widget.data.row["threshold"], widget.data.cost_wrong) == (0.9, 20.0)
    assert widget.text == describe(widget.data)


@pytest.mark.slow
def test_thresholds_begin_where_something_is_held_back(world):
    _model, X, y = world
    low = judge_all(lambda rows: np.where(rows["distance_km"] > 5, 0.9, 0.2), X, y)
    assert low.table["threshold"].iloc[0] == 0.8
    assert low.table["coverage"].iloc[0] == 1


@pytest.mark.slow
def test_three_classes_begin_at_a_third():
    rows = np.random.default_rng(0).dirichlet([1, 1, 1], 600)
    frame = broken.data("rides", rows=600)[0][["distance_km", "traffic"]]
    judged = judge_all(lambda X: rows[X.index], frame.reset_index(drop=True), rows.argmax(axis=1))
    assert judged.table["threshold"].iloc[0] < 0.45
    assert (judged.table["accuracy"].dropna() == 1).all()


@pytest.mark.parametrize(
    ("options", "problem"),
    [({"cost_wrong": 0}, "costs"), ({"cost_abstain": -1}, "costs"), ({"least_right": 2}, "min_accuracy")],
)
def test_bad_input_is_named(world, options, problem):
    with pytest.raises(InputError, match=problem):
        explorer(*world, **options)


def test_a_model_without_probabilities_is_refused(world):
    _model, X, y = world

    class Labels:
        classes_ = np.array([0, 1])

        def predict(self, rows):
            return np.zeros(len(rows), dtype=int)

    with pytest.raises(InputError, match="probabilities"):
        explorer(Labels(), X, y)
