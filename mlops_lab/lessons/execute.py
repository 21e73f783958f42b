"""Run notebooks and save their outputs: ``python -m mlops_lab.lessons.execute notebooks/``.

The same outputs make the same bytes: no times, no widget models with their random names, no version of the machine's
Python. Every output keeps its HTML and its text, so the saved notebook can be read without a kernel. The learner's
record is an empty one in a temporary folder, so nobody's answers get into a committed notebook.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import click
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from mlops_lab.errors import MlopsLabError
from mlops_lab.i18n import gettext as _
from mlops_lab.lessons.editions import notebooks, read

__all__ = ["ExecutionError", "execute", "tidy"]

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


class ExecutionError(MlopsLabError):
    """A notebook did not run to its end."""


def execute(path: Path, cell_seconds: float = 120.0) -> NotebookNode:
    """Run a notebook in a fresh kernel.

    Parameters
    ----------
    path : Path
        The notebook; the file is not changed. It runs in its own folder.
    cell_seconds : float, default 120
        How long one cell may take; the limit of the notebook tests.

    Returns
    -------
    NotebookNode
        The notebook with its new outputs.

    Raises
    ------
    ExecutionError
        Where a cell raises, takes too long, or writes to the error stream.
    """
    notebook = read(path)
    with tempfile.TemporaryDirectory(prefix="mlops_lab_", ignore_cleanup_errors=True) as home:
        environment = {**os.environ, "MLOPS_LAB_HOME": home, "MLOPS_LAB_LANGUAGE": "en"}
        client = NotebookClient(
            notebook,
            timeout=cell_seconds,
            kernel_name="python3",
            record_timing=False,
            store_widget_state=False,
            resources={"metadata": {"path": str(path.parent)}},
        )
        try:
            client.execute(env=environment)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise ExecutionError(
                _("{path} did not run to its end: {problem}").format(path=path, problem=error)
            ) from error
    _refuse_errors(path, notebook)
    return tidy(notebook)


def tidy(notebook: NotebookNode) -> NotebookNode:
    """Take out what differs from run to run without meaning anything.

    Parameters
    ----------
    notebook : NotebookNode
        An executed notebook; it is changed.

    Returns
    -------
    NotebookNode
        The same notebook.
    """
    notebook.metadata["kernelspec"] = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET_VIEW, None)
    return notebook


def _refuse_errors(path: Path, notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                raise ExecutionError(
                    _("{path}: the cell {cell!r} writes to the error stream: {text}").format(
                        path=path, cell=cell.id, text=output.text.strip()
                    )
                )


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def main(paths: tuple[Path, ...]) -> None:
    """Run notebooks, or folders of notebooks, and save their outputs in place."""
    for path in notebooks(paths):
        began = time.monotonic()
        try:
            text = nbformat.writes(execute(path)) + "\n"
        except MlopsLabError as error:
            raise click.ClickException(str(error)) from error
        path.write_text(text, encoding="utf-8")
        click.echo(_("{path}: {seconds:.0f} s").format(path=path, seconds=time.monotonic() - began))


if __name__ == "__main__":
    main()
