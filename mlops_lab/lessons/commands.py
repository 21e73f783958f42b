"""The commands of the lessons: ``mlops-lab student``, ``solve`` and ``progress``."""

from __future__ import annotations

import json
from pathlib import Path

import click
from nbformat import NotebookNode

from mlops_lab.i18n import gettext as _
from mlops_lab.lessons import editions, overview
from mlops_lab.lessons.progress import Progress

__all__ = ["progress", "solve", "student"]

_paths = click.argument("notebooks", nargs=-1, required=True, type=click.Path(path_type=Path))
_folder = click.Path(path_type=Path, file_okay=False)
_out = click.option("--out", required=True, type=_folder, help="Folder to write to.")
_overwrite = click.option("--overwrite", is_flag=True, help="Replace files that are in the way.")


@click.command()
@_paths
@_out
@_overwrite
@click.option("--without-outputs", is_flag=True, help="Clear outputs, so that nobody sees a result before predicting.")
def student(notebooks: tuple[Path, ...], out: Path, overwrite: bool, without_outputs: bool) -> None:
    """Make the learner's edition: take the solutions out of NOTEBOOKS (files or folders)."""

    def edit(notebook: NotebookNode) -> NotebookNode:
        bare = editions.strip(notebook)
        return editions.without_outputs(bare) if without_outputs else bare

    for path in editions.write_all(notebooks, out, edit, overwrite):
        click.echo(path)


@click.command()
@_paths
@_out
@_overwrite
def solve(notebooks: tuple[Path, ...], out: Path, overwrite: bool) -> None:
    """Fill the solutions into NOTEBOOKS (files or folders); run them to see their outputs."""
    for path in editions.write_all(notebooks, out, editions.solve, overwrite):
        click.echo(path)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the whole record as JSON.")
def progress(as_json: bool) -> None:
    """Show what you have done so far."""
    store = Progress()
    record = store.read()
    for notice in store.notices:
        click.echo(notice, err=True)
    if as_json:
        click.echo(json.dumps(record, ensure_ascii=False, indent=1))
        return
    click.echo(overview.course_card(record).text)
    if not store.in_memory:
        click.echo("\n" + _("Kept in {path}.").format(path=store.path))
