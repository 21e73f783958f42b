"""What holds for each lesson, whatever it teaches."""

from __future__ import annotations

import pytest

from tests.browser.lab import LESSONS, NARROW, Notebook

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


each_lesson = pytest.mark.parametrize("opened", LESSONS, indirect=True)


@each_lesson
def test_as_it_comes(opened: Notebook) -> None:
    """Before anything is run, the author's outputs are there and in order."""
    opened.photograph(f"{opened.lesson}-as-it-comes")
    assert opened.errors() == []
    assert opened.panel.evaluate(NAMELESS) == []
    with opened.resized(NARROW):
        assert opened.panel.evaluate(CLIPPED) == []
        opened.photograph(f"{opened.lesson}-narrow")
    assert opened.complaints == []


@each_lesson
def test_run_all(finished: Notebook) -> None:
    finished.photograph(f"{finished.lesson}-light")
    assert finished.errors() == []
    assert finished.panel.evaluate(NAMELESS) == []
    with finished.zoomed(2):
        assert finished.panel.evaluate(CLIPPED) == []
        finished.photograph(f"{finished.lesson}-zoomed")
    with finished.darkened():
        finished.photograph(f"{finished.lesson}-dark")
    assert finished.complaints == []


@pytest.mark.parametrize("opened", ["17_perturbation"], indirect=True)
def test_an_error_out_of_sight_is_found(finished: Notebook) -> None:
    finished.type("here", "1 / 0")
    finished.run("here")
    finished.photograph("error")  # which ends at the last cell
    assert len(finished.errors()) == 1
    assert "ZeroDivisionError" in finished.errors()[0]
    finished.type("here", finished.source("here"))
    finished.run("here")
    assert finished.errors() == []
