"""Solutions in, solutions out: nothing else of a notebook changes."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner, Result
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from mlops_lab.cli import main
from mlops_lab.errors import InputError
from mlops_lab.lessons.editions import solve, strip

SOLVED = "### BEGIN SOLUTION\ndef is_late(minutes):\n    return minutes > 15\n### END SOLUTION"


@pytest.fixture
def notebook() -> NotebookNode:
    """Return a small learner's notebook of lesson 00."""
    exercise = new_code_cell(
        'def is_late(minutes):\n    ...\n\nhere.check("is_late", is_late)',
        id="yours",
        metadata={"mlops_lab": {"exercise": "is_late"}, "tags": ["kept"]},
        outputs=[new_output("stream", name="stdout", text="kept")],
        execution_count=2,
    )
    other = new_code_cell("def is_late(minutes):\n    ...", id="other")
    made = new_notebook(cells=[new_markdown_cell("# Start here", id="title"), exercise, other])
    made.metadata["mlops_lab"] = {"lesson": "00_start_here"}
    return made


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path: Path, notebook: NotebookNode) -> Path:
    made = tmp_path / "notebooks"
    made.mkdir()
    nbformat.write(notebook, made / "00_start_here.ipynb")
    return made


def test_only_the_exercise_cell_is_solved(notebook: NotebookNode) -> None:
    solved = solve(notebook)
    assert solved.cells[1].source == SOLVED + '\n\nhere.check("is_late", is_late)'
    for before, after in zip(notebook.cells, solved.cells, strict=True):
        assert {**before, "source": ""} == {**after, "source": ""}
    assert solved.cells[2] == notebook.cells[2]


def test_strip_undoes_solve_and_both_can_be_repeated(notebook: NotebookNode) -> None:
    assert strip(solve(notebook)) == notebook
    assert strip(notebook) == notebook
    assert solve(solve(notebook)) == solve(notebook)


def test_the_author_may_write_another_solution_between_the_marks(notebook: NotebookNode) -> None:
    changed = solve(notebook)
    changed.cells[1].source = changed.cells[1].source.replace("minutes > 15", "15 < minutes")
    assert strip(changed) == notebook


def test_a_changed_cell_is_refused_and_named(notebook: NotebookNode) -> None:
    notebook.cells[1].source = "is_late = 7"
    for edit in (solve, strip):
        with pytest.raises(InputError, match="is_late"):
            edit(notebook)


def test_a_notebook_of_no_lesson_is_refused() -> None:
    with pytest.raises(InputError, match="names no lesson"):
        solve(new_notebook())


def test_the_commands_write_both_editions(folder: Path, tmp_path: Path) -> None:
    source = (folder / "00_start_here.ipynb").read_bytes()
    assert run("solve", folder, "--out", tmp_path / "solved").exit_code == 0
    assert "BEGIN SOLUTION" in (tmp_path / "solved" / "00_start_here.ipynb").read_text()
    assert run("student", tmp_path / "solved", "--out", tmp_path / "student").exit_code == 0
    assert (tmp_path / "student" / "00_start_here.ipynb").read_bytes() == source
    assert (folder / "00_start_here.ipynb").read_bytes() == source


def test_outputs_can_be_cleared(folder: Path, tmp_path: Path) -> None:
    assert run("student", folder, "--out", tmp_path / "out", "--without-outputs").exit_code == 0
    written = nbformat.read(tmp_path / "out" / "00_start_here.ipynb", as_version=4)
    assert [cell.outputs for cell in written.cells if cell.cell_type == "code"] == [[], []]


def test_nothing_in_the_way_is_overwritten_unasked(folder: Path, tmp_path: Path) -> None:
    answers = tmp_path / "out" / "00_start_here.ipynb"
    answers.parent.mkdir()
    answers.write_text("answers")
    refused = run("student", folder, "--out", answers.parent)
    assert (refused.exit_code, answers.read_text()) == (2, "answers")
    assert "--overwrite" in refused.output
    assert run("student", folder, "--out", answers.parent, "--overwrite").exit_code == 0
    assert answers.read_text() != "answers"


def test_bad_input_is_one_sentence_and_writes_nothing(folder: Path, tmp_path: Path) -> None:
    (folder / "zz.ipynb").write_text("no notebook")
    (tmp_path / "empty").mkdir()
    out = tmp_path / "out"
    for paths, problem in [
        ([folder], "cannot be read as a notebook"),
        ([tmp_path / "nowhere"], "does not exist"),
        ([tmp_path / "empty"], "no notebook in"),
        ([folder / "00_start_here.ipynb"] * 2, "same name"),
    ]:
        result = run("solve", *paths, "--out", out)
        assert (result.exit_code, out.exists()) == (2, False)
        assert problem in result.output.replace("\n", " ")
    result = run("solve", folder / "00_start_here.ipynb", "--out", folder)
    assert result.exit_code == 2
    assert "another folder" in result.output
