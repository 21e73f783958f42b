"""The perturbation explorer shows the suite's own numbers, whatever is chosen."""

import pytest

from mlops_lab import evaluation as ev
from mlops_lab.datasets import broken
from mlops_lab.errors import InputError
from mlops_lab.explorers import look
from mlops_lab.explorers.perturbation import compute, describe, draw, explorer, try_all

ROWS = 1500


@pytest.fixture(scope="module")
def world():
    X, y = broken.data("rides", rows=ROWS)
    return broken.models("rides")["brittle"], X, y


@pytest.fixture(scope="module")
def tried(world):
    return try_all(*world, columns=["distance_km", "city"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("column", "change", "strength", "same"),
    [
        ("distance_km", "noise", 0.1, ev.noise("distance_km", sd=0.1)),
        ("distance_km", "gaps", 0.4, ev.missing("distance_km", rate=0.4)),
        ("city", "slips", 0.05, ev.miscode("city", rate=0.05)),
    ],
)
def test_the_numbers_are_those_of_the_suite(world, tried, column, change, strength, same):
    view = compute(tried, {"column": column, "change": change, "strength": strength}, tolerance=0.02)
    result = ev.Suite([ev.Perturbation(same)]).run(*world, progress=False).results[0]
    assert view.row["strength"] == strength
    assert (view.row["estimate"], view.row["low"], view.row["high"]) == (result.estimate, result.low, result.high)
    assert view.row["flips"] == result.extras["flip_rate"]
    assert view.verdict == result.verdict


def test_words_and_picture_hold_the_same(tried):
    view = compute(tried, {"column": "distance_km", "change": "noise", "strength": 0.2}, tolerance=0.02)
    figure = look.figure()
    draw(view, figure)
    shown = f"{100 * view.row['estimate']:.2f}"
    assert any(shown in text.get_text() for text in figure.axes[0].texts)
    assert shown in describe(view)
    assert view.verdict == "fail"
    assert "fail" in describe(view)


@pytest.mark.slow
def test_every_move_leads_to_what_was_chosen(world):
    widget = explorer(*world, columns=["distance_km", "city"])
    widget.controls["strength"].value = 0.4
    assert widget.data.strength == 0.4
    widget.controls["column"].value = "city"
    assert widget.controls["change"].options == ("slips", "gaps")
    assert (widget.data.column, widget.data.change) == ("city", "slips")
    widget.controls["change"].value = "gaps"
    widget.controls["column"].value = "distance_km"
    assert (widget.data.column, widget.data.change) == ("distance_km", "noise")
    assert widget.text == describe(widget.data)


@pytest.mark.slow
def test_a_change_that_the_model_cannot_take_is_left_out(world):
    model, X, y = world

    def refuses_gaps(frame):
        if frame.isna().any().any():
            raise ValueError("no gaps, please")
        return model.predict_proba(frame)

    assert list(try_all(refuses_gaps, X, y, columns=["distance_km"])["distance_km"]) == ["noise"]


@pytest.mark.slow
def test_progress_is_told(world):
    told = []
    try_all(*world, columns=["city"], progress=lambda done, total, step: told.append((done, total, step)))
    assert told == [(0, 2, "city: slips"), (1, 2, "city: gaps"), (2, 2, "")]


def test_a_column_that_is_not_there_is_named(world):
    with pytest.raises(InputError, match="'distance'"):
        explorer(*world, columns=["distance"])
