"""The directional explorer shows the model's own answers, whatever is chosen."""

import numpy as np
import pandas as pd
import pytest

from mlops_lab import evaluation as ev
from mlops_lab.datasets import broken
from mlops_lab.errors import InputError
from mlops_lab.explorers import look
from mlops_lab.explorers.directional import compute, describe, draw, explorer, follow

ROWS = 2000


@pytest.fixture(scope="module")
def world():
    X, y = broken.data("rides", rows=ROWS)
    return broken.models("rides")["non_monotone"], X, y


@pytest.fixture(scope="module")
def curves(world):
    model, X, _y = world
    return follow(model, X, ["distance_km", "traffic"], rows=10)


def test_each_point_is_what_the_model_says_of_that_row(world, curves):
    model, X, _y = world
    for place in (0, 17, 59):
        moved = X.head(10).assign(distance_km=curves["distance_km"].values[place])
        np.testing.assert_allclose(curves["distance_km"].answers[:, place], model.predict_proba(moved)[:, 1])


@pytest.mark.slow
def test_where_the_check_finds_falls_the_curve_falls(world, curves):
    model, X, y = world
    report = ev.Suite([ev.Directional("distance_km", by=1), ev.Directional("traffic", by=5)]).run(
        model, X, y, progress=False
    )
    fails = {result.target: result.verdict == "fail" for result in report}
    for column in ("distance_km", "traffic"):
        views = [compute(curves, {"column": column, "row": row}) for row in range(1, 11)]
        assert any(view.falls.any() for view in views) == fails[column]


@pytest.mark.slow
def test_words_and_picture_hold_the_same(curves):
    view = compute(curves, {"column": "distance_km", "row": 3})
    figure = look.figure()
    with look.styled():
        draw(view, figure)
    falls = f"falls in {view.falls.sum()} of {len(view.steps)} steps"
    assert falls in figure.axes[0].get_title(loc="left")
    assert f"It {falls}" in describe(view)


def test_the_data_are_all_counted_below_the_curve(world, curves):
    _model, X, _y = world
    assert curves["distance_km"].density.sum() == pytest.approx(1)
    thin = curves["distance_km"].values > 22
    assert curves["distance_km"].density[thin].sum() == pytest.approx((X["distance_km"] > 22).mean(), abs=0.01)


@pytest.mark.slow
def test_every_move_leads_to_what_was_chosen(world):
    model, X, _y = world
    widget = explorer(model, X, ["distance_km", "traffic"], rows=5)
    assert widget.controls["row"].max == 5
    widget.controls["row"].value = 4
    widget.controls["column"].value = "traffic"
    assert (widget.data.row, widget.data.column) == (3, "traffic")
    assert widget.text == describe(widget.data)


def test_whole_numbers_stay_whole():
    frame = pd.DataFrame({"years": np.arange(200) % 90, "pay": 1.0})
    seen = []

    def remember(rows):
        seen.append(rows["years"].dtype)
        return rows["years"].to_numpy(dtype=float)

    curves = follow(remember, frame, ["years"], rows=2)
    assert seen == [frame["years"].dtype]
    assert (curves["years"].values == np.rint(curves["years"].values)).all()


@pytest.mark.parametrize(
    ("column", "sentence"),
    [("distanse", "not in the data"), ("city", "holds no numbers"), ("same", "fewer than two values")],
)
def test_a_column_that_cannot_be_moved_is_refused(world, column, sentence):
    model, X, _y = world
    with pytest.raises(InputError, match=sentence):
        explorer(model, X.assign(same=1.0), [column])
