from __future__ import annotations

import gc
from typing import Any

import ipywidgets as widgets
import pytest
from matplotlib.figure import Figure

from mlops_lab.errors import InputError
from mlops_lab.explorers.shell import Explorer


def draw(data: float, figure: Figure) -> None:
    figure.add_subplot().bar([0], [data])


def explorer(compute: Any, **options: Any) -> Explorer:
    controls = {"number": widgets.IntSlider(3, description="Number"), "sign": widgets.Dropdown(options=["+", "-"])}
    return Explorer(controls, compute, draw, lambda data: f"It is {data} <now>.\n\nMore.", "A bar.", **options)


def shown(made: Explorer, part: str) -> str:
    return next(str(child.value) for child in made.children if f"mlops-lab-{part}" in child._dom_classes)


@pytest.mark.slow
def test_it_shows_its_first_state_at_once_and_follows_its_controls() -> None:
    made = explorer(lambda parameters: parameters["number"] ** 2)
    assert made.data == 9
    assert shown(made, "text") == "<p>It is 9 &lt;now&gt;.</p><p>More.</p>"
    before = shown(made, "picture")
    assert "<svg" in before
    assert 'aria-label="A bar."' in before
    made.controls["number"].value = 4
    assert made.data == 16
    assert made.parameters == {"number": 4, "sign": "+"}
    assert "It is 16" in shown(made, "text")
    assert shown(made, "picture") != before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            InputError("The column 'x' is missing; choose another."),
            "The column &#x27;x&#x27; is missing; choose another.",
        ),
        (KeyError("x"), "This explorer has a fault (KeyError: &#x27;x&#x27;)"),
    ],
)
def test_an_error_is_a_sentence_and_the_last_picture_stays(error: Exception, sentence: str) -> None:
    def compute(parameters: dict[str, Any]) -> float:
        if parameters["number"] == 4:
            raise error
        return float(parameters["number"])

    made = explorer(compute)
    picture, text = shown(made, "picture"), shown(made, "text")
    made.controls["number"].value = 4
    assert sentence in shown(made, "problem")
    assert (shown(made, "picture"), shown(made, "text"), made.data) == (picture, text, 3.0)
    made.controls["number"].value = 5
    assert shown(made, "problem") == ""
    assert made.data == 5.0


def test_bad_arguments_are_raised_where_they_are_given() -> None:
    def compute(parameters: dict[str, Any]) -> float:
        raise InputError("No rows.")

    with pytest.raises(InputError, match="No rows"):
        explorer(compute)


@pytest.mark.slow
def test_slow_ones_show_their_progress_and_can_be_asked_again() -> None:
    states: list[tuple[int, int, str]] = []
    bars: list[widgets.IntProgress] = []

    def compute(parameters: dict[str, Any], progress: Any) -> float:
        progress(1, 2, "halfway")
        states.extend((bar.value, bar.max, bar.layout.visibility) for bar in bars)
        return float(len(states))

    made = explorer(compute, slow=True)
    again, bar = next(child for child in made.children if isinstance(child, widgets.HBox)).children
    bars.append(bar)
    again.click()
    assert states == [(1, 2, "visible")]
    assert made.data == 1.0
    assert bar.layout.visibility == "hidden"


@pytest.mark.slow
def test_a_control_that_ends_where_it_was_computes_nothing() -> None:
    calls: list[int] = []
    made = explorer(lambda parameters: calls.append(1) or len(calls))
    made.refresh(only_if_moved=True)
    assert len(calls) == 1
    made.refresh()
    assert len(calls) == 2


@pytest.mark.slow
def test_moves_leave_no_figure_behind_and_wait_for_no_full_collection() -> None:
    def figures() -> int:
        return sum(isinstance(one, Figure) for one in gc.get_objects())

    made = explorer(lambda parameters: parameters["number"])
    collected: list[int] = []
    gc.collect()
    before = figures()
    gc.callbacks.append(lambda phase, about: collected.append(about["generation"]))
    try:
        for number in range(10, 20):
            made.controls["number"].value = number
            assert figures() == before
    finally:
        gc.callbacks.pop()
    assert collected
    assert 2 not in collected
    assert gc.isenabled()


@pytest.mark.slow
def test_a_collector_that_was_switched_off_stays_off() -> None:
    made = explorer(lambda parameters: parameters["number"])
    gc.disable()
    try:
        made.controls["number"].value = 4
        assert not gc.isenabled()
    finally:
        gc.enable()
