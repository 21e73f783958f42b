"""``mlops-lab schema``: what may stand in a suite file, for editors."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mlops_lab.i18n import gettext as _

__all__ = ["schema"]


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write to instead of the terminal.")
def schema(output: Path | None) -> None:
    """Print the JSON Schema of suite files, so that editors complete and check them."""
    from mlops_lab.evaluation.files import write_text
    from mlops_lab.evaluation.schema import json_schema

    text = json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        click.echo(_("Written to {path}.").format(path=write_text(output, text)))
