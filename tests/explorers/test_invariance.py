"""The invariance explorer shows the suite's own numbers, whatever is chosen."""

import pandas as pd
import pytest

from mlops_lab import evaluation as ev
from mlops_lab.datasets import broken
from mlops_lab.errors import InputError
from mlops_lab.explorers import look
from mlops_lab.explorers.invariance import SHOWN, compute, describe, draw, explorer, swap_all

ROWS = 1500


@pytest.fixture(scope="module")
def world():
    X, y = broken.data("rides", rows=ROWS)
    return broken.models("rides")["uses_sex"], X, y


@pytest.fixture(scope="module")
def swapped(world):
    return swap_all(*world, columns=["rider_sex", "rider_plan", "rider_age"])


@pytest.mark.parametrize("column", ["rider_sex", "rider_plan", "rider_age"])
def test_the_numbers_are_those_of_the_suite(world, swapped, column):
    result = ev.Suite([ev.Invariance(column)]).run(*world, progress=False).results[0]
    assert swapped[column].result.estimate == result.estimate
    assert swapped[column].result.verdict == result.verdict
    shown = [compute(swapped, {"column": column, "to": to}).groups for to in swapped[column].values]
    both = pd.concat(shown).sort_index()[list(result.details.columns)]
    pd.testing.assert_frame_equal(both, result.details)


def test_words_and_picture_hold_the_same(swapped):
    view = compute(swapped, {"column": "rider_sex", "to": "female"})
    figure = look.figure()
    with look.styled():
        draw(view, figure)
    group = view.groups.iloc[0]
    shown = f"{100 * group['estimate']:.2f}"
    assert group["source"] == "male"
    assert [text.get_text() for text in figure.axes[0].texts] == [f"{shown} %"]
    assert f"{shown}%" in describe(view)
    assert "rises for 100% and falls for 0%" in describe(view)
    assert "fail" in describe(view)


def test_a_number_is_given_to_all(swapped):
    view = compute(swapped, {"column": "rider_age", "to": swapped["rider_age"].values[-1]})
    assert view.groups["source"].tolist() == ["all"]
    assert "pass" in describe(view)


def test_many_groups_are_cut_and_it_is_said():
    towns = [f"town {number:02}" for number in range(SHOWN + 3)]
    X = pd.DataFrame({"town": towns * 40, "size": range(40 * len(towns))})
    swapped = swap_all(lambda rows: 0.1 + 0.8 * (rows["town"] == "town 00"), X, [0, 1] * (len(X) // 2), ["town"])
    view = compute(swapped, {"column": "town", "to": "town 00"})
    assert len(view.groups) == SHOWN
    assert "2 more groups" in describe(view)


@pytest.mark.slow
def test_every_move_leads_to_what_was_chosen(world):
    widget = explorer(*world, columns=["rider_sex", "rider_plan"])
    before = widget.text
    widget.controls["to"].value = "female"
    assert (widget.data.column, widget.data.to) == ("rider_sex", "female")
    assert widget.text != before
    widget.controls["column"].value = "rider_plan"
    assert widget.data.column == "rider_plan"
    assert widget.data.to in widget.controls["to"].options
    assert widget.text == describe(widget.data)


def test_progress_is_told(world):
    told = []
    swap_all(*world, columns=["rider_sex"], progress=lambda done, total, step: told.append((done, total, step)))
    assert told == [(0, 1, "rider_sex"), (1, 1, "")]


@pytest.mark.parametrize(
    ("columns", "named"), [(["sex"], "'sex'"), ([], "at least one column"), (["constant"], "'constant'")]
)
def test_what_cannot_be_exchanged_is_named(world, columns, named):
    model, X, y = world
    with pytest.raises(InputError, match=named):
        explorer(model, X.assign(constant="same"), y, columns)
