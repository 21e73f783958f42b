"""The calibration explorer shows the suite's own numbers, whatever is chosen."""

import numpy as np
import pandas as pd
import pytest

from mlops_lab import evaluation as ev
from mlops_lab.datasets import broken, rides
from mlops_lab.errors import InputError
from mlops_lab.explorers import look
from mlops_lab.explorers.calibration import GROUPS, compute, describe, draw, explorer, score

ROWS = 3000


@pytest.fixture(scope="module")
def world():
    return broken.data("rides", rows=ROWS)


@pytest.fixture(scope="module")
def models():
    known = broken.models("rides")
    return {"truth": known["clean"], "overconfident": known["overconfident"]}


@pytest.fixture(scope="module")
def scored(world, models):
    return score(models, *world)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["truth", "overconfident"])
@pytest.mark.parametrize("rows", [200, 1000, ROWS])
def test_the_numbers_are_those_of_the_suite(world, models, scored, name, rows):
    X, y = world
    view = compute(scored, {"model": name, "rows": rows, "groups": 15})
    result = ev.Suite([ev.Calibration()]).run(models[name], X.head(rows), y.head(rows), progress=False).results[0]
    assert (view.error.estimate, view.error.low, view.error.high) == (result.estimate, result.low, result.high)
    assert (view.verdict, view.usual_error) == (result.verdict, result.extras["binned_error"])
    pd.testing.assert_frame_equal(view.curve, result.details)


def test_more_groups_make_the_usual_error_larger_and_leave_the_interval(scored):
    views = [compute(scored, {"model": "truth", "rows": 200, "groups": groups}) for groups in GROUPS]
    assert views[-1].usual_error > 2 * views[1].usual_error
    assert len({(view.error.low, view.error.high) for view in views}) == 1
    assert [len(view.curve) for view in views] == list(GROUPS)


def test_words_and_picture_hold_the_same(scored):
    view = compute(scored, {"model": "overconfident", "rows": ROWS, "groups": 10})
    figure = look.figure()
    draw(view, figure)
    shown = f"{view.usual_error:.3f}"
    assert any(shown in text.get_text() for text in figure.axes[1].texts)
    assert shown in describe(view)
    assert f"{view.outside} groups lie outside" in describe(view)
    assert view.verdict == "fail"
    assert describe(view).endswith("fail.")


@pytest.mark.slow
def test_every_move_leads_to_what_was_chosen(world, models):
    widget = explorer(models, *world)
    widget.controls["model"].value = "overconfident"
    widget.controls["rows"].value = 500
    widget.controls["groups"].value = 30
    assert (widget.data.name, widget.data.rows, widget.data.groups) == ("overconfident", 500, 30)
    assert widget.text == describe(widget.data)


def test_one_model_needs_no_choice_of_models(world):
    widget = explorer(rides.probability, *world)
    assert list(widget.controls) == ["rows", "groups"]
    assert widget.text.startswith("Left, 3,000 rows in 15 groups")


@pytest.mark.slow
def test_the_class_to_look_at(world, models):
    X, y = world
    late, in_time = (score(models, X, y, positive=code)["truth"] for code in (1, 0))
    np.testing.assert_allclose(late.scores, 1 - in_time.scores)
    assert (late.outcomes != in_time.outcomes).all()
    with pytest.raises(InputError, match="'perhaps' is not one of the model's; choose positive= among 0, 1"):
        score(models, X, y, positive="perhaps")


def test_bad_input_is_told_in_a_sentence(world, models):
    X, y = world
    with pytest.raises(InputError, match="There are 9 rows; bring at least 10"):
        explorer(models, X.head(9), y.head(9))
    with pytest.raises(InputError, match="There is no model"):
        explorer({}, X, y)
    with pytest.raises(ev.NotApplicable, match="needs probabilities"):
        explorer(lambda rows: np.where(rows["rain"] > 0, 1, 0), X, y)


def test_progress_is_told(world, models):
    told = []
    score(models, *world, progress=lambda done, total, step: told.append((done, total, step)))
    assert told == [(0, 2, "truth"), (1, 2, "overconfident"), (2, 2, "")]
