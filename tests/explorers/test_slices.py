"""The slice explorer shows the suite's own numbers, whatever is chosen."""

import pandas as pd
import pytest

from mlops_lab import evaluation as ev
from mlops_lab.datasets import broken
from mlops_lab.errors import InputError
from mlops_lab.explorers import look
from mlops_lab.explorers.slices import ALLOWED, compute, describe, draw, explorer, search

ROWS = 4000
COLUMNS = ["district", "vehicle", "traffic"]


@pytest.fixture(scope="module")
def world():
    X, y = broken.data("rides", rows=ROWS)
    return broken.models("rides")["weak_slice"], X, y


@pytest.fixture(scope="module")
def found(world):
    return search(*world, columns=COLUMNS)


def view(found, **chosen):
    return compute(found, {"way": "confirmed", "rows": ROWS, "allowed": 0.05, "shuffled": False} | chosen)


@pytest.mark.slow
@pytest.mark.parametrize("allowed", ALLOWED)
@pytest.mark.parametrize("rows", [ROWS // 3, ROWS])
def test_what_is_confirmed_is_the_suites_own(world, found, rows, allowed):
    model, X, y = world
    check = ev.WeakSlices(max_gap=allowed, columns=COLUMNS)
    result = ev.Suite([check]).run(model, X.head(rows), y.head(rows), progress=False).results[0]
    shown = view(found, rows=rows, allowed=allowed)
    assert shown.result.verdict == result.verdict
    pd.testing.assert_frame_equal(shown.result.details, result.details)
    assert shown.accused == result.details["confirmed"].sum()


def test_each_slice_on_its_own_has_the_interval_of_slices(world, found):
    model, X, y = world
    check = ev.Slices(["district", "vehicle"], bins=5)
    result = ev.Suite([check]).run(model, X, y, progress=False).results[0].details.set_index("group")
    every = found[ROWS, False].every.set_index("slice")
    both = every.index.intersection(result.index)
    assert "district = harbour & vehicle = van" in both
    for name in ("rows", "gap", "low", "high"):
        assert every.loc[both, name].tolist() == pytest.approx(result.loc[both, name].tolist())


@pytest.mark.slow
def test_by_default_it_searches_what_the_check_searches(world):
    model, X, y = world
    part = X[["district", "vehicle"]]
    answers = pd.Series(model.predict(X), index=X.index)
    found = search(lambda frame: answers[frame.index].astype(float), part, y)
    result = ev.Suite([ev.WeakSlices(max_gap=0.1)]).run(
        lambda frame: answers[frame.index].astype(float), part, y, progress=False
    )
    pd.testing.assert_frame_equal(found[ROWS, False].confirmed[0.1].details, result.results[0].details)


def test_answers_dealt_out_anew_keep_sizes_and_hold_nothing(found):
    as_they_are, dealt = found[ROWS, False], found[ROWS, True]
    sizes = [one.every.set_index("slice")["rows"] for one in (as_they_are, dealt)]
    assert sizes[0].equals(sizes[1])
    assert view(found, shuffled=True, allowed=0.01).accused == 0
    assert view(found, way="each", shuffled=True, allowed=0.01).accused >= 0
    assert view(found).accused >= 1


def test_words_and_picture_hold_the_same(found):
    for way in ("each", "confirmed"):
        shown = view(found, way=way)
        figure = look.figure()
        draw(shown, figure)
        texts = [text.get_text() for text in figure.axes[0].texts]
        assert any("district = harbour & vehicle = van" in text for text in texts)
        assert str(shown.accused) in figure.axes[0].get_title(loc="left") + figure.axes[0].get_title()
        assert f"gap {100 * shown.table['gap'].iloc[0]:.1f} points" in describe(shown)


def test_nothing_found_is_said_and_drawn(found):
    shown = view(found, shuffled=True, allowed=0.1)
    assert not len(shown.table)
    draw(shown, look.figure())
    assert "0 were confirmed" in describe(shown)


@pytest.mark.slow
def test_every_move_leads_to_what_was_chosen(world):
    told = []
    widget = explorer(*world, columns=COLUMNS, progress=lambda done, total, step: told.append((done, total)))
    assert told[0] == (0, 6)
    assert told[-1] == (6, 6)
    alone = widget.data.accused
    widget.controls["way"].value = "confirmed"
    assert widget.data.accused < alone
    widget.controls["rows"].value = ROWS // 8
    assert widget.data.found.rows == ROWS // 8
    assert widget.text == describe(widget.data)


def test_bad_input_is_told_in_a_sentence(world):
    model, X, y = world
    with pytest.raises(InputError, match="'distrikt'"):
        explorer(model, X, y, columns=["distrikt"])
    with pytest.raises(InputError, match="at least 320"):
        search(model, X.head(100), y.head(100))
    with pytest.raises(InputError, match="predicts values"):
        search(lambda frame: frame["traffic"].fillna(0.0) * 1.5, X, X["distance_km"].fillna(0.0) + 0.25)
