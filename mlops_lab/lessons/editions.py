"""The two editions of a notebook: the learner's, and the one with the solutions filled in.

The solution of an exercise is written once, in the lesson's content. An exercise cell says in its metadata which
exercise it holds (``mlops_lab: {exercise: name}``). In the learner's edition the cell has the exercise's untouched
code; in the solved one the solution stands in its place, between two marks::

    ### BEGIN SOLUTION
    smallest = sizes.idxmin()
    ### END SOLUTION

Nothing else of a notebook changes: cell ids, metadata and outputs stay.
"""

from __future__ import annotations

import contextlib
import copy
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from mlops_lab.errors import InputError
from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.exercise import Exercise
from mlops_lab.lessons.outline import Outline, load, pick

__all__ = ["exercise_of", "notebooks", "outline_of", "read", "solve", "strip", "without_outputs", "write_all"]

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
_SOLUTION = re.compile(rf"{BEGIN}\n.*?{END}", re.DOTALL)


def solve(notebook: NotebookNode) -> NotebookNode:
    """Fill the solutions in.

    Parameters
    ----------
    notebook : NotebookNode
        A lesson's notebook; it is not changed.

    Returns
    -------
    NotebookNode
        The same with solutions; cells that have them already stay as they are.

    Raises
    ------
    InputError
        Where the notebook belongs to no lesson, or an exercise cell was changed, so that there is no place for the
        solution.
    """
    return _edit(notebook, lambda source, exercise: source.replace(exercise.start, _marked(exercise), 1))


def strip(notebook: NotebookNode) -> NotebookNode:
    """Take the solutions out again.

    Parameters
    ----------
    notebook : NotebookNode
        A lesson's notebook; it is not changed.

    Returns
    -------
    NotebookNode
        The learner's edition.

    Raises
    ------
    InputError
        Where the notebook belongs to no lesson, or an exercise cell holds neither the untouched code nor a marked
        solution.
    """
    return _edit(notebook, lambda source, exercise: source)


def without_outputs(notebook: NotebookNode) -> NotebookNode:
    """Take the outputs out, so that a learner predicts before she sees what was measured elsewhere.

    Parameters
    ----------
    notebook : NotebookNode
        A notebook; it is not changed.

    Returns
    -------
    NotebookNode
        The same without outputs and execution counts.
    """
    bare = copy.deepcopy(notebook)
    for cell in bare.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return bare


def exercise_of(cell: NotebookNode) -> str | None:
    """Return the name of the exercise that a cell holds.

    Parameters
    ----------
    cell : NotebookNode
        A cell.

    Returns
    -------
    str or None
        None for a cell without an exercise.
    """
    name: str | None = cell.metadata.get("mlops_lab", {}).get("exercise")
    return name


def outline_of(notebook: NotebookNode) -> Outline:
    """Return the content of the lesson that a notebook belongs to.

    Parameters
    ----------
    notebook : NotebookNode
        A notebook.

    Returns
    -------
    Outline
        The lesson's content.

    Raises
    ------
    InputError
        Where its metadata names no lesson.
    """
    name = notebook.metadata.get("mlops_lab", {}).get("lesson")
    if name is None:
        raise InputError(_("The notebook names no lesson in its metadata; is it one of this course?"))
    return load(name)


def notebooks(paths: Sequence[Path]) -> list[Path]:
    """Return the notebooks that files and folders stand for.

    Parameters
    ----------
    paths : sequence of Path
        Notebooks, and folders of notebooks.

    Returns
    -------
    list of Path
        In order; checkpoints are left out.

    Raises
    ------
    InputError
        Where a path does not exist, or there is no notebook at all.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise InputError(_("{path} does not exist; name a notebook or a folder of notebooks.").format(path=path))
        found += sorted(path.glob("*.ipynb")) if path.is_dir() else [path]
    if not found:
        raise InputError(_("There is no notebook in {paths}.").format(paths=", ".join(map(str, paths))))
    return found


def read(path: Path) -> NotebookNode:
    """Read a notebook.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    NotebookNode
        The notebook.

    Raises
    ------
    InputError
        Where the file is no notebook.
    """
    try:
        return nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError, KeyError) as error:
        raise InputError(
            _("{path} cannot be read as a notebook; save it again from JupyterLab.").format(path=path)
        ) from error


def write_all(
    paths: Sequence[Path], out: Path, edit: Callable[[NotebookNode], NotebookNode], overwrite: bool = False
) -> list[Path]:
    """Write an edition of several notebooks; either all are written or none.

    Parameters
    ----------
    paths : sequence of Path
        Notebooks, and folders of notebooks.
    out : Path
        Folder for the results; made where it is missing.
    edit : callable
        `solve` or `strip`.
    overwrite : bool, default False
        Whether files that are in the way may be replaced: they may hold somebody's answers.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    InputError
        Where a notebook cannot be edited, two have the same name, or a file is in the way.
    """
    sources = notebooks(paths)
    targets = [out / source.name for source in sources]
    if len(set(targets)) < len(targets):
        raise InputError(_("Two notebooks have the same name; write them to folders of their own."))
    for source, target in zip(sources, targets, strict=True):
        if target.resolve() == source.resolve():
            raise InputError(_("{out} is where the notebooks lie; choose another folder.").format(out=out))
        if target.exists() and not overwrite:
            raise InputError(_("{target} exists; choose another folder, or use --overwrite.").format(target=target))
    texts = [_edited(source, edit) for source in sources]
    try:
        out.mkdir(parents=True, exist_ok=True)
        for target, text in zip(targets, texts, strict=True):
            _write(target, text)
    except OSError as error:
        raise InputError(
            _("{out} cannot be written ({problem}); choose another folder.").format(
                out=out, problem=error.strerror or error
            )
        ) from error
    return targets


def _write(target: Path, text: str) -> None:
    """Write a file whole or not at all."""
    unfinished = target.with_name(f".{target.name}.new")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


def _edited(path: Path, edit: Callable[[NotebookNode], NotebookNode]) -> str:
    notebook = read(path)
    try:
        text: str = nbformat.writes(edit(notebook))
    except InputError as error:
        raise InputError(_("{path}: {problem}").format(path=path, problem=error)) from error
    return text + "\n"


def _edit(notebook: NotebookNode, change: Callable[[str, Exercise], str]) -> NotebookNode:
    outline = outline_of(notebook)
    edited = copy.deepcopy(notebook)
    for cell in edited.cells:
        name = exercise_of(cell)
        if name is not None:
            exercise = pick(outline.exercises, name, _("exercise"))
            cell.source = change(_untouched(cell.source, exercise), exercise)
    return edited


def _untouched(source: str, exercise: Exercise) -> str:
    bare = _SOLUTION.sub(lambda _match: exercise.start, source)
    if bare.count(exercise.start) != 1:
        raise InputError(
            _(
                "The cell of exercise {name!r} holds neither the untouched code nor a marked solution; start from the "
                "learner's edition."
            ).format(name=exercise.name)
        )
    return bare


def _marked(exercise: Exercise) -> str:
    return f"{BEGIN}\n{exercise.solution}\n{END}"
