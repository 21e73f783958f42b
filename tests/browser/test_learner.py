"""What a learner does in a lesson, with mouse and keyboard, and what she is told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from mlops_lab.lessons.outline import load
from tests.browser.lab import Notebook, Server, new_page, open_notebook

START = load("start_here")
TOLD = ".widget-html.mlops-told"  # where a widget says what it thinks of an answer
TABS = 60  # more presses of the key than there are fields


@pytest.fixture(scope="module")
def lesson(browser: Browser, server: Server) -> Iterator[Notebook]:
    """Open the first lesson, once for all tests of this file."""
    page = new_page(browser)
    yield open_notebook(page, server, "00_start_here.ipynb")
    page.close()
    server.forget()


@pytest.fixture
def start_here(lesson: Notebook, server: Server) -> Notebook:
    """Begin the first lesson anew: nothing is recorded, and its first cell is run."""
    shutil.rmtree(server.home, ignore_errors=True)
    lesson.run("open")
    return lesson


def tab_to(notebook: Notebook, target: Locator) -> None:
    """Press Tab until something has the focus."""
    for _ in range(TABS):
        if target.evaluate("e => e === document.activeElement"):
            return
        notebook.page.keyboard.press("Tab")
    raise AssertionError(f"{TABS} presses of Tab did not reach {target}")


def test_the_printed_link_opens_the_first_lesson(browser: Browser, server: Server) -> None:
    page = browser.new_page()
    page.goto(server.printed)
    expect(page.locator(".jp-NotebookPanel:visible h1").first).to_contain_text(START.title)
    page.locator("#jp-main-statusbar", has_text="| Idle").wait_for()
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    expect(page.get_by_text("Jupyter news")).to_have_count(0)
    page.close()


def test_a_prediction_is_kept(start_here: Notebook, server: Server) -> None:
    start_here.run("predict")
    asked = start_here.output("predict").locator(".mlops-predict").first
    asked.get_by_label("Yes, more than half").check()
    asked.get_by_role("slider").focus()
    for _ in range(6):
        start_here.page.keyboard.press("ArrowRight")
    asked.get_by_role("button", name="Keep my prediction").click()
    expect(asked.locator(TOLD)).to_contain_text("80 %")
    kept = json.loads((server.home / "progress.json").read_text(encoding="utf-8"))
    given = kept["lessons"]["00_start_here"]["predictions"]["early"]["given"]
    assert [(entry["answer"], entry["confidence"]) for entry in given] == [("yes", 80)]

    for cell in ("load", "early"):
        start_here.run(cell)
    expect(start_here.output("early")).to_contain_text("Yes, more than half")
    expect(start_here.output("early")).not_to_contain_text("You made no prediction")


def test_a_prediction_without_an_answer_is_asked_for(start_here: Notebook) -> None:
    start_here.run("predict")
    asked = start_here.output("predict").locator(".mlops-predict").first
    asked.get_by_role("button", name="Keep my prediction").click()
    expect(asked.locator(TOLD)).to_contain_text("Choose an answer first.")


def test_a_slider_changes_the_sentence(start_here: Notebook) -> None:
    start_here.run("dial")
    told = start_here.output("dial").locator(TOLD)
    for value in (3, 4, 5):
        share = START.dials[0].compute(value)
        expect(told).to_contain_text(f"{share['right']} of {value} predictions")
        expect(told).to_contain_text(f"{share['low']:.0f} and {share['high']:.0f} %")
        start_here.output("dial").get_by_role("slider").press("ArrowRight")


def test_a_wrong_answer_and_then_a_right_one(start_here: Notebook) -> None:
    exercise = START.exercises[0]
    check = f'\n\nhere.check("{exercise.name}", is_late)'
    wrong = exercise.wrong["fifteen_counts"]
    output = start_here.output("exercise-yours")

    start_here.type("exercise-yours", wrong.code + check)
    start_here.run("exercise-yours")
    expect(output.locator(".mlops-not-yet")).to_contain_text(wrong.because)

    start_here.type("exercise-yours", exercise.solution + check)
    start_here.run("exercise-yours")
    expect(output.locator(".mlops-correct")).to_contain_text("Correct, because")
    expect(output.locator(".mlops-not-yet")).to_have_count(0)


def test_the_quiz_by_keyboard_alone(start_here: Notebook) -> None:
    """Tab goes to a choice, Space takes it; JupyterLab keeps the arrow keys for going from cell to cell."""
    start_here.run("quiz")
    question = START.quiz[0]
    asked = start_here.output("quiz").locator(".mlops-question").first
    told = asked.locator(TOLD)
    for choice, back in ((question.choices[0], 0), (question.choices[-1], 1)):
        for _ in range(back):
            start_here.page.keyboard.press("Shift+Tab")
        tab_to(start_here, asked.get_by_label(choice.text))
        start_here.page.keyboard.press("Space")
        tab_to(start_here, asked.get_by_role("button"))
        start_here.page.keyboard.press("Enter")
        expect(told).to_contain_text(choice.because)
    expect(told).to_contain_text("Right")


def test_a_question_of_order_by_keyboard_alone(start_here: Notebook) -> None:
    """Space opens a list, the arrow keys move in it, Enter takes."""
    start_here.run("quiz")
    question = START.quiz[-1]
    asked = start_here.output("quiz").locator(".mlops-question").last
    for place, letter in enumerate(question.right):
        tab_to(start_here, asked.get_by_role("combobox").nth(place))
        start_here.page.keyboard.press("Space")
        for _ in range("abcdefgh".index(letter) + 1):
            start_here.page.keyboard.press("ArrowDown")
        start_here.page.keyboard.press("Enter")
    tab_to(start_here, asked.get_by_role("button"))
    start_here.page.keyboard.press("Enter")
    expect(asked.locator(TOLD)).to_contain_text(question.because)


def test_the_map_leads_to_another_lesson(start_here: Notebook) -> None:
    start_here.run("map")
    start_here.output("map").get_by_role("link", name="Storage formats").click()
    start_here.page.locator(".lm-TabBar-tab", has_text="03_storage_formats.ipynb").wait_for()
    expect(start_here.panel.locator("h1")).to_contain_text("Storage formats")
