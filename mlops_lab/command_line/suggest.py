"""``mlops-lab suggest``: a first suite file from the columns of somebody's data."""

from __future__ import annotations

import os
from pathlib import Path

import click

from mlops_lab.command_line.evaluate import FILE, guarded
from mlops_lab.command_line.terminal import say
from mlops_lab.errors import InputError
from mlops_lab.i18n import gettext as _

__all__ = ["suggest"]


@click.command()
@click.option("--data", required=True, help="Parquet (file, folder, pattern), .csv, .tsv, .feather, or a database.")
@click.option("--target", required=True, help="Column that holds what should have been predicted.")
@click.option("--model", help="models:/name@alias, a skops or ONNX file, or module:name.")
@click.option("--query", help="What to ask, where the data are a database.")
@click.option("--trust-pickle", is_flag=True, help="Open a pickled model: it runs the code of whoever wrote it.")
@click.option("--trusted", multiple=True, metavar="TYPE", help="Let a skops file build this type too.")
@click.option("-o", "--output", type=FILE, help="File to write to instead of the terminal.")
def suggest(
    data: str,
    target: str,
    model: str | None,
    query: str | None,
    trust_pickle: bool,
    trusted: tuple[str, ...],
    output: Path | None,
) -> None:
    """Write a first suite file from the columns of your data, with the reason for each line.

    It is valid as it stands. What only you can know is written as a comment.
    """
    with guarded():
        from mlops_lab.evaluation.addresses import load_model
        from mlops_lab.evaluation.data_addresses import source_at
        from mlops_lab.evaluation.files import require_writable, write_text
        from mlops_lab.evaluation.suggest import suggest as suggested

        if output is not None and require_writable(output).exists():
            raise InputError(_("The file {path!r} exists; name another one.").format(path=str(output)))
        source = source_at(data, target, query)
        known = None if model is None else load_model(model, trust_pickle=trust_pickle, trusted=trusted)
        folder = Path() if output is None else output.parent
        addresses = {"model": beside(model, folder, "model"), "data": beside(data, folder, "data"), "target": target}
        text = suggested(source, known, addresses=addresses)
        if output is None:
            say(text.rstrip("\n"))
        else:
            click.echo(_("Written to {path}.").format(path=write_text(output, text)), err=True)


def beside(address: str | None, folder: Path, what: str) -> str | None:
    """Write a file as seen from the suite file; what holds a secret, or needs a query, is for the command line."""
    from mlops_lab.evaluation.masking import mask
    from mlops_lab.evaluation.specification import is_address

    if address is None or mask(address) != address or "://" in address:
        return None
    return address if is_address(address, what) else os.path.relpath(Path(address).expanduser(), folder)
