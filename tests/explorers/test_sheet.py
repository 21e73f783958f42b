"""A picture on axes that were drawn on before is, to the letter, the one on new axes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import pytest

from mlops_lab import explorers
from mlops_lab.datasets import broken
from mlops_lab.explorers import look
from mlops_lab.explorers.shell import Explorer

ROWS = 1500
EXPLORERS = ["calibration", "confidence", "directional", "invariance", "perturbation", "slices"]


@pytest.fixture(autouse=True)
def names_in_svg(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the names of parts hang on what they are, and not on chance."""
    monkeypatch.setitem(mpl.rcParams, "svg.hashsalt", "one")


def opened(name: str) -> Explorer:
    X, y = broken.data("rides", rows=ROWS)
    models = broken.models("rides")
    if name == "calibration":
        return explorers.calibration({"truth": models["clean"], "over": models["overconfident"]}, X, y)
    if name == "confidence":
        return explorers.confidence(models["clean"], X, y)
    if name == "directional":
        return explorers.directional(models["non_monotone"], X, ["distance_km", "traffic"])
    if name == "invariance":
        return explorers.invariance(models["uses_sex"], X, y, ["rider_sex", "city", "weekday"])
    if name == "perturbation":
        return explorers.perturbation(models["brittle"], X, y, ["distance_km", "city"])
    return explorers.slices(models["weak_slice"], X.drop(columns="complaint"), y)


def moves(made: Explorer) -> Iterator[Any]:
    """Move each control to some of its values, and the first one back again."""
    for control in [*made.controls.values(), *made.controls.values()]:
        before = control.value
        options = getattr(control, "options", None)
        values = range(control.min, control.max + 1) if options is None else control._options_values
        for value in [*values][:: max(1, len(values) // 3)]:
            control.value = value
            yield value
        control.value = before


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPLORERS)
def test_a_picture_does_not_hang_on_those_before(name: str) -> None:
    made = opened(name)
    seen = set()
    for value in moves(made):
        new = look.sheet()
        with look.styled():
            made._draw(made.data, new)
        shown = made._picture.value
        assert shown == look.picture(new, made._alt), value
        seen.add(shown)
    assert len(seen) > 3


def test_axes_are_kept_where_the_same_are_asked_for() -> None:
    sheet = look.sheet()
    first = sheet.subplots(1, 2)
    first[0].plot([1, 2], [3, 4])
    sheet.turn()
    assert [*sheet.subplots(1, 2)] == [*first]
    assert not first[0].lines
    sheet.turn()
    sheet.subplots(2, 1)
    assert len(sheet.axes) == 2
    sheet.turn()
    sheet.add_subplot()
    assert len(sheet.axes) == 1
    sheet.turn()
    sheet.subplots(1, 2)
    assert len(sheet.axes) == 2
