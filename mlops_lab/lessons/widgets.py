"""The widgets of a lesson: thin shells around functions that are tested without them.

Each takes what it shows and a function to call when the learner keeps an answer; that function returns the HTML of
what she is told. Every field has a label in words, all are worked by keyboard, and nothing is fetched from a network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from string import ascii_lowercase
from typing import Any

import ipywidgets as widgets

from mlops_lab.i18n import gettext as _
from mlops_lab.i18n import ngettext
from mlops_lab.lessons.card import Card
from mlops_lab.lessons.dial import Dial
from mlops_lab.lessons.prediction import Prediction
from mlops_lab.lessons.quiz import Multiple, Numeric, Order, Question, Single
from mlops_lab.lessons.words import as_html, as_text

__all__ = ["bar", "dial", "prediction", "question", "quiz"]

_WIDE = {"width": "auto", "max_width": "48em"}
_NAMED = {"description_width": "initial"}


def prediction(asked: Prediction, kept: tuple[Any, float] | None, keep: Callable[[Any, float], Card]) -> widgets.VBox:
    """Make the fields of a prediction.

    Parameters
    ----------
    asked : Prediction
        The question.
    kept : tuple of answer and confidence, optional
        What was kept before.
    keep : callable
        ``keep(answer, confidence) -> Card`` stores the two and says so.

    Returns
    -------
    ipywidgets.VBox
        With the class ``mlops-predict``.
    """
    answer_before, confidence_before = kept or (None, asked.guess_percent)
    answer: widgets.ValueWidget
    if asked.choices:
        answer = _radio(asked.ask, [(_plain(text), key) for key, text in asked.choices.items()], answer_before)
    else:
        label = _("Your answer ({unit})").format(unit=asked.unit) if asked.unit else _("Your answer")
        start = asked.start if answer_before is None else answer_before
        answer = widgets.FloatText(value=start, description=label, style=_NAMED)
    confidence = widgets.IntSlider(
        value=round(confidence_before),
        min=asked.guess_percent,
        max=100,
        step=5,
        continuous_update=False,  # else the click may overtake the last of many values on a busy machine
        description=_("How sure are you (%)"),
        style=_NAMED,
        layout={"width": "28em", "max_width": "100%"},
    )
    told = _html("mlops-told")

    def save() -> Card:
        if answer.value is None:
            return Card("told", [_("Choose an answer first.")], tone="bad")
        return keep(answer.value, confidence.value)

    button = _button(_("Keep my prediction"), "mlops-keep", save, told)
    return _box("mlops-predict", [_asked(asked.ask, asked.rule), answer, confidence, button, told])


def question(asked: Question, mark: Callable[[Any], Card]) -> widgets.VBox:
    """Make the fields of one quiz question.

    Parameters
    ----------
    asked : Question
        The question.
    mark : callable
        ``mark(answer) -> Card`` stores the answer and says whether it is right.

    Returns
    -------
    ipywidgets.VBox
        With the class ``mlops-question``.
    """
    told = _html("mlops-told")
    field, read = _field(asked)

    def answer() -> Card:
        value = read()
        if value in (None, ""):
            return Card("told", [_("Choose an answer first.")], tone="bad")
        return mark(value)

    return _box("mlops-question", [_asked(asked.ask), field, _button(_("Check"), "mlops-mark", answer, told), told])


def quiz(questions: Sequence[widgets.Widget]) -> widgets.VBox:
    """Put questions below each other, with the class ``mlops-quiz``."""
    return _box("mlops-quiz", questions)


def dial(asked: Dial) -> widgets.VBox:
    """Make a dial: a slider above the sentence that it computes.

    Parameters
    ----------
    asked : Dial
        Slider and sentence.

    Returns
    -------
    ipywidgets.VBox
        With the class ``mlops-dial``.
    """
    slider = widgets.IntSlider(
        value=asked.start,
        min=asked.low,
        max=asked.high,
        step=asked.step,
        description=asked.label,
        style=_NAMED,
        layout={"width": "36em", "max_width": "100%"},
    )
    told = _html("mlops-told")

    def draw(value: int) -> None:
        told.value = Card("say", [asked.sentence(value)]).html

    slider.observe(lambda change: draw(change["new"]), names="value")
    draw(slider.value)
    return _box("mlops-dial", [slider, told])


def bar(caption: str) -> tuple[widgets.VBox, Callable[[int, int, str], None]]:
    """Make a progress bar.

    Parameters
    ----------
    caption : str
        What is being done.

    Returns
    -------
    tuple of ipywidgets.VBox and callable
        The bar, with the class ``mlops-bar``, and ``advance(done, total, step)``.
    """
    filled = widgets.IntProgress(min=0, max=1, description=caption, style=_NAMED, layout={"width": "100%"})
    told = _html("mlops-told")

    def advance(done: int, total: int, step: str) -> None:
        filled.max, filled.value = max(total, 1), done
        told.value = Card("say", [_("{done} of {total}: {step}").format(done=done, total=total, step=step)]).html
        if done >= total:
            filled.bar_style = "success"
            done_words = ngettext("Done: {total} step.", "Done: {total} steps.", total).format(total=total)
            told.value = Card("say", [done_words]).html

    return _box("mlops-bar", [filled, told]), advance


def _field(asked: Question) -> tuple[widgets.Widget, Callable[[], Any]]:
    """Return the field for an answer, and the function that reads it as letters or as a number."""
    if isinstance(asked, Numeric):
        label = _("Your answer ({unit})").format(unit=asked.unit) if asked.unit else _("Your answer")
        number = widgets.FloatText(description=label, style=_NAMED)
        return number, lambda: number.value
    texts = [_plain(choice.text) for choice in asked.choices]
    if isinstance(asked, Single):
        radio = _radio(asked.ask, [(text, letter) for text, letter in zip(texts, ascii_lowercase, strict=False)], None)
        return radio, lambda: radio.value
    if isinstance(asked, Multiple):
        boxes = [widgets.Checkbox(description=text, indent=False, layout=_WIDE) for text in texts]
        return widgets.VBox(boxes), lambda: "".join(
            letter for letter, box in zip(ascii_lowercase, boxes, strict=False) if box.value
        )
    assert isinstance(asked, Order)
    options = [(_("choose"), ""), *((text, letter) for text, letter in zip(texts, ascii_lowercase, strict=False))]
    places = [
        widgets.Dropdown(
            options=options, description=_("Place {place}").format(place=place), layout=_WIDE, style=_NAMED
        )
        for place in range(1, len(texts) + 1)
    ]
    return widgets.VBox(places), lambda: "".join(place.value for place in places)


def _radio(label: str, options: Sequence[tuple[str, str]], value: str | None) -> widgets.RadioButtons:
    radio = widgets.RadioButtons(options=list(options), value=value, layout=_WIDE, tooltip=_plain(label))
    radio.add_class("mlops-choices")
    return radio


def _button(label: str, name: str, act: Callable[[], Card], told: widgets.HTML) -> widgets.Button:
    button = widgets.Button(description=label, layout={"width": "auto", "align_self": "flex-start"})
    button.add_class(name)

    def press(_button: widgets.Button) -> None:
        try:
            told.value = act().html
        except Exception as error:  # shown in place, since a widget's traceback would vanish in the log
            told.value = Card("told", [str(error) or type(error).__name__], tone="error").html

    button.on_click(press)
    return button


def _asked(question: str, rule: str = "") -> widgets.HTML:
    """Show the question in bold and in the size of the lesson's text, and below it what counts as right."""
    size = "font-size:var(--jp-content-font-size1, 14px);line-height:1.5"
    asked = f'<p style="margin:.3em 0;font-weight:600;{size}">{as_html(question)}</p>'
    return _html("mlops-ask", asked + (f'<p style="margin:.3em 0;{size}">{as_html(rule)}</p>' if rule else ""))


def _plain(text: str) -> str:
    """Return a text for the label of a field, which knows neither bold nor code."""
    return as_text(text).replace("`", "")


def _html(name: str, value: str = "") -> widgets.HTML:
    element = widgets.HTML(value=value, layout={"max_width": "50em"})
    element.add_class(name)
    return element


def _box(name: str, children: Sequence[widgets.Widget]) -> widgets.VBox:
    box = widgets.VBox(list(children), layout={"max_width": "54em", "margin": "0.4em 0"})
    box.add_class(name)
    return box
