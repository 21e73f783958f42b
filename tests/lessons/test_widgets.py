"""The widgets: every one has its class and its labels, and its button does what the function behind it does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ipywidgets

from mlops_lab.lessons import widgets
from mlops_lab.lessons.card import Card
from mlops_lab.lessons.outline import Outline
from mlops_lab.lessons.quiz import Choice, Multiple, Order, Single


def inside(widget: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from inside(child)


def only(widget: ipywidgets.Widget, kind: type) -> Any:
    (found,) = [each for each in inside(widget) if type(each) is kind]
    return found


def told(widget: ipywidgets.Widget) -> str:
    (found,) = [each for each in inside(widget) if "mlops-told" in each._dom_classes]
    return str(found.value)


class Kept(list[Any]):
    """What the shell handed on."""

    def __call__(self, *answer: Any) -> Card:
        self.append(answer)
        return Card("told", ["Thanks."])


def test_a_prediction_hands_on_answer_and_confidence(outline: Outline) -> None:
    kept = Kept()
    box = widgets.prediction(outline.predictions[0], None, kept)
    only(box, ipywidgets.FloatText).value = 6
    only(box, ipywidgets.IntSlider).value = 80
    only(box, ipywidgets.Button).click()
    assert kept == [(6.0, 80)]
    assert "Thanks." in told(box)
    assert "mlops-predict" in box._dom_classes


def test_a_choice_has_to_be_made_first(outline: Outline) -> None:
    kept = Kept()
    box = widgets.prediction(outline.predictions[1], None, kept)
    only(box, ipywidgets.Button).click()
    assert kept == []
    assert "Choose an answer first." in told(box)
    only(box, ipywidgets.RadioButtons).value = "tails"
    only(box, ipywidgets.Button).click()
    assert kept == [("tails", 50)]


def test_what_was_kept_before_is_shown(outline: Outline) -> None:
    box = widgets.prediction(outline.predictions[1], ("tails", 75.0), Kept())
    assert only(box, ipywidgets.RadioButtons).value == "tails"
    assert only(box, ipywidgets.IntSlider).value == 75


def test_questions_of_each_kind_hand_on_their_answer(outline: Outline) -> None:
    choices = [Choice("A", "", True), Choice("B", ""), Choice("C", "", True)]
    kept = Kept()
    single = widgets.question(outline.quiz[0], kept)
    only(single, ipywidgets.RadioButtons).value = "b"
    numeric = widgets.question(outline.quiz[1], kept)
    only(numeric, ipywidgets.FloatText).value = 2
    multiple = widgets.question(Multiple("m", "?", choices, ""), kept)
    for box in [each for each in inside(multiple) if isinstance(each, ipywidgets.Checkbox)][::2]:
        box.value = True
    order = widgets.question(Order("o", "?", choices, "cab", ""), kept)
    for box, letter in zip(
        [each for each in inside(order) if isinstance(each, ipywidgets.Dropdown)], "cab", strict=True
    ):
        box.value = letter
    for box in (single, numeric, multiple, order):
        only(box, ipywidgets.Button).click()
    assert kept == [("b",), (2.0,), ("ac",), ("cab",)]


def test_a_dial_computes_at_each_step(outline: Outline) -> None:
    box = widgets.dial(outline.dials[0])
    assert ">9<" in told(box)
    only(box, ipywidgets.IntSlider).value = 4
    assert ">16<" in told(box)


def test_a_bar_tells_where_it_is() -> None:
    box, advance = widgets.bar("Measuring")
    advance(1, 4, "csv")
    assert "1 of 4: csv" in told(box)
    assert only(box, ipywidgets.IntProgress).value == 1
    advance(4, 4, "")
    assert "Done" in told(box)


def test_an_error_is_shown_in_place(outline: Outline) -> None:
    def fail(answer: Any) -> Card:
        raise ValueError("The disk is full.")

    box = widgets.question(outline.quiz[1], fail)
    only(box, ipywidgets.Button).click()
    assert "The disk is full." in told(box)


def test_every_field_has_a_label(outline: Outline) -> None:
    shown = [
        *(widgets.prediction(each, None, Kept()) for each in outline.predictions),
        *(widgets.question(each, Kept()) for each in outline.quiz),
        widgets.dial(outline.dials[0]),
    ]
    fields = [each for box in shown for each in inside(box) if isinstance(each, ipywidgets.ValueWidget)]
    for field in fields:
        assert isinstance(field, ipywidgets.HTML) or field.description or field.tooltip, field


def test_the_label_of_a_field_shows_no_marks_of_code_or_bold() -> None:
    wrong, right = Choice("Load it with `trust=True`", "no"), Choice("**Look** first", "", right=True)
    radio = only(widgets.question(Single("gift", "What now?", [wrong, right]), Kept()), ipywidgets.RadioButtons)
    assert [text for text, _letter in radio.options] == ["Load it with trust=True", "Look first"]
    boxes = widgets.question(Multiple("gift", "What now?", [wrong, right], because="so"), Kept())
    assert [each.description for each in inside(boxes) if type(each) is ipywidgets.Checkbox] == [
        "Load it with trust=True",
        "Look first",
    ]
