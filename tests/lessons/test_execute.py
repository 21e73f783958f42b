"""Saved notebooks: the same bytes from run to run, readable without a kernel, and never with somebody's answers."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from mlops_lab.lessons import lesson
from mlops_lab.lessons.execute import ExecutionError, execute

pytestmark = pytest.mark.slow
OPEN = 'from mlops_lab.lessons import lesson\nhere = lesson("start_here")'


def saved(path: Path, *cells: str) -> Path:
    nbformat.write(new_notebook(cells=[new_code_cell(cell, id=f"cell-{i}") for i, cell in enumerate(cells)]), path)
    return path


def test_every_output_has_html_and_text_and_no_widget_model(tmp_path: Path) -> None:
    path = saved(tmp_path / "n.ipynb", OPEN, 'here.predict("early")\nhere.dial("answers")\nhere.quiz()')
    lesson("start_here").predict("early", "yes", 90)
    first, second = nbformat.writes(execute(path)), nbformat.writes(execute(path))
    assert first == second
    notebook = nbformat.reads(first, as_version=4)
    outputs = notebook.cells[1].outputs
    assert [sorted(output.data) for output in outputs] == [["text/html", "text/plain"]] * 3
    assert "widgets" not in notebook.metadata
    assert notebook.metadata.language_info == {"name": "python"}


def test_widgets_are_shown_while_the_kernel_lives(tmp_path: Path) -> None:
    from nbclient import NotebookClient

    path = saved(tmp_path / "n.ipynb", OPEN, 'here.predict("early")')
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    (output,) = notebook.cells[1].outputs
    assert output.data["application/vnd.jupyter.widget-view+json"]["model_id"]


def test_the_learners_line_is_that_of_her_cell(tmp_path: Path) -> None:
    source = 'def is_late(minutes):\n    return minutes.late\n\nhere.check("is_late", is_late)'
    notebook = execute(saved(tmp_path / "n.ipynb", OPEN, source))
    text = notebook.cells[1].outputs[0].data["text/plain"]
    assert "`AttributeError` in line 2, `return minutes.late`" in text
    assert "mlops_lab" not in text


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import time; time.sleep(60)", "did not run to its end"),
        ("import sys; print('seen', file=sys.stderr)", "error stream: seen"),
        ("import os; os._exit(1)", "did not run to its end"),
    ],
)
def test_a_notebook_that_does_not_run_is_refused(tmp_path: Path, cell: str, problem: str) -> None:
    path = saved(tmp_path / "n.ipynb", cell)
    before = path.read_bytes()
    with pytest.raises(ExecutionError, match=problem):
        execute(path, cell_seconds=5)
    assert path.read_bytes() == before
