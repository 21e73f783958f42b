"""A whole lesson without a mouse: cells, a prediction, an exercise, the explorer and the quiz."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from mlops_lab.lessons.outline import load, pick
from mlops_lab.lessons.quiz import Single
from tests.browser.lab import ALL_HAVE_RUN, RUN_SECONDS, TRACEBACK, Notebook

LESSON = load("17_perturbation")
TOLD = ".widget-html.mlops-told"
PRESSES = 80  # more than there are cells, or fields in a cell


def press_until(page: Page, key: str, target: Locator, reached: str) -> None:
    """Press a key until something is reached, or give up."""
    for _ in range(PRESSES):
        if target.evaluate(reached):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{PRESSES} presses of {key} did not reach {target}")


def tab_to(notebook: Notebook, target: Locator) -> None:
    """Press Tab until a field has the focus."""
    target.wait_for()
    press_until(notebook.page, "Tab", target, "e => e === document.activeElement")


def go_on_to(notebook: Notebook, name: str) -> None:
    """Leave the field, go to the next cell, and run up to the named one."""
    notebook.page.keyboard.press("Escape")
    notebook.page.keyboard.press("j")
    run_up_to(notebook, name)


def run_up_to(notebook: Notebook, name: str) -> None:
    """Shift+Enter from the cell that is selected to the named one, which is run and stays selected."""
    press_until(notebook.page, "Shift+Enter", notebook.cell(name), "e => e.classList.contains('jp-mod-active')")
    notebook.page.keyboard.press("Control+Enter")
    notebook.page.wait_for_function(
        "cell => /\\d/.test(cell.querySelector('.jp-InputPrompt').textContent)",
        arg=notebook.cell(name).element_handle(),
        timeout=RUN_SECONDS * 1000,
    )


def test_a_whole_lesson_by_keyboard_alone(open_lesson: Callable[..., Notebook]) -> None:
    notebook = open_lesson("17_perturbation.ipynb")
    keyboard = notebook.page.keyboard

    run_up_to(notebook, "predict-which")
    asked = notebook.output("predict-which").locator(".mlops-predict")
    tab_to(notebook, asked.get_by_role("radio").first)
    keyboard.press("Space")
    tab_to(notebook, asked.get_by_role("slider"))
    keyboard.press("ArrowRight")
    tab_to(notebook, asked.get_by_role("button"))
    keyboard.press("Enter")
    expect(asked.locator(TOLD)).to_contain_text("55 %")

    go_on_to(notebook, "edge-yours")
    keyboard.press("Enter")
    keyboard.press("ControlOrMeta+a")
    solution = pick(LESSON.exercises, "edge", "exercise").solution
    keyboard.insert_text(f'{solution}\n\nhere.check("edge", edge, curve=curve)')
    keyboard.press("Control+Enter")
    expect(notebook.output("edge-yours").locator(".mlops-correct")).to_contain_text("Correct, because")

    go_on_to(notebook, "widget")
    explorer = notebook.output("widget").locator(".mlops-lab-explorer")
    told = explorer.locator(".mlops-lab-text")
    expect(told).to_contain_text("strength 0.2")
    tab_to(notebook, explorer.get_by_role("slider"))
    keyboard.press("ArrowLeft")
    expect(told).to_contain_text("strength 0.1")

    go_on_to(notebook, "quiz")
    question = LESSON.quiz[0]
    assert isinstance(question, Single)
    asked = notebook.output("quiz").locator(".mlops-question").first
    tab_to(notebook, asked.get_by_label(question.choices[0].text))
    keyboard.press("Space")
    tab_to(notebook, asked.get_by_role("button"))
    keyboard.press("Enter")
    expect(asked.locator(TOLD)).to_contain_text(question.choices[0].because)

    go_on_to(notebook, "summary")
    notebook.page.wait_for_function(ALL_HAVE_RUN, arg=TRACEBACK, timeout=RUN_SECONDS * 1000, polling=200)
    assert notebook.errors() == []
    expect(notebook.output("summary")).to_contain_text("You solved 1 of 4 exercises and answered 1 of 7 quiz questions")
