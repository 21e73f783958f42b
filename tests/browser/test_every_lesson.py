"""What holds for each lesson, whatever it teaches."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.lab import NARROW, ROOT, Notebook

LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))

# Names of what has none: a picture without alternative text, a field that no label, title or aria attribute names.
NAMELESS = """
panel => {
    const names = ['aria-label', 'aria-labelledby', 'title', 'alt'];
    const empty = ['', 'Image', 'No description has been provided for this image'];  // what Jupyter puts in
    const named = e => e.labels?.length || names.some(name => !empty.includes(e.getAttribute(name) ?? ''));
    // ipywidgets cannot name the handle of a slider; the words beside it must do.
    const beside = e => e.closest('.widget-inline-hbox')?.querySelector('.widget-label')?.textContent.trim();
    return [...panel.querySelectorAll(
        '.jp-OutputArea-output :is(img, [role=img], input, select, textarea, [role=slider])')]
        .filter(e => e.checkVisibility() && !named(e) && !beside(e)).map(e => e.outerHTML.slice(0, 200));
}
"""
# Text that does not fit its box and cannot be scrolled to.
CLIPPED = """
panel => [...panel.querySelectorAll('.jp-OutputArea-output *')].filter(e =>
    e.checkVisibility() && e.textContent.trim() && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0
    && ['hidden', 'clip'].includes(getComputedStyle(e).overflowX)).map(e => e.textContent.slice(0, 80))
"""


@pytest.mark.parametrize("lesson", LESSONS)
def test_run_all(lesson: str, open_lesson: Callable[..., Notebook]) -> None:
    notebook = open_lesson(f"{lesson}.ipynb")
    notebook.run_all()
    notebook.photograph(f"{lesson}-light")
    assert notebook.errors() == []
    assert notebook.panel.evaluate(NAMELESS) == []
    notebook.zoom(2)
    assert notebook.panel.evaluate(CLIPPED) == []
    notebook.photograph(f"{lesson}-zoomed")
    notebook.zoom(1)
    notebook.darken()
    notebook.photograph(f"{lesson}-dark")
    assert notebook.complaints == []


def test_an_error_out_of_sight_is_found(open_lesson: Callable[..., Notebook]) -> None:
    notebook = open_lesson("17_perturbation.ipynb")
    notebook.type("here", "1 / 0")
    notebook.run("here")
    notebook.photograph("error")  # which ends at the last cell
    assert len(notebook.errors()) == 1
    assert "ZeroDivisionError" in notebook.errors()[0]


@pytest.mark.parametrize("lesson", LESSONS)
def test_as_it_comes(lesson: str, open_lesson: Callable[..., Notebook]) -> None:
    """Before anything is run, the author's outputs are there and in order."""
    notebook = open_lesson(f"{lesson}.ipynb", executed=True)
    notebook.photograph(f"{lesson}-as-it-comes")
    assert notebook.errors() == []
    assert notebook.panel.evaluate(NAMELESS) == []
    notebook.resize(NARROW)
    assert notebook.panel.evaluate(CLIPPED) == []
    notebook.photograph(f"{lesson}-narrow")
    assert notebook.complaints == []
