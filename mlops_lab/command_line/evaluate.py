"""``mlops-lab evaluate``: a suite file carried out, with an exit code that a pipeline can act on."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlops_lab.command_line.terminal import report_text, say
from mlops_lab.errors import InputError, MlopsLabError
from mlops_lab.i18n import gettext as _

if TYPE_CHECKING:
    from mlops_lab.evaluation.compare import Comparison
    from mlops_lab.evaluation.report import Report

__all__ = ["evaluate", "guarded"]

CODES = {"pass": 0, "fail": 1, "error": 2, "inconclusive": 3}
FILE = click.Path(path_type=Path)
SUMMARY = "GITHUB_STEP_SUMMARY"


class Refused(click.ClickException):
    """Bad input, as one sentence without secrets."""

    exit_code = CODES["error"]


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Turn whatever goes wrong into the exit code 2, and keep secrets out of what is said."""
    from mlops_lab.evaluation.masking import mask

    try:
        yield
    except (click.ClickException, click.exceptions.Exit):
        raise
    except MlopsLabError as error:
        said = str(error).replace("trust_pickle=True", "--trust-pickle").replace("as trusted=[…]", "with --trusted")
        raise Refused(mask(said)) from None
    except KeyboardInterrupt:
        raise Refused(_("It was interrupted before there was anything to report.")) from None
    except Exception as error:  # an exit code of 1 would say that the model failed
        click.echo(mask(traceback.format_exc()), err=True)
        raise Refused(
            _("Something unexpected went wrong ({error}); what is above says where.").format(error=mask(repr(error)))
        ) from None


@click.command()
@click.argument("suite", type=FILE)
@click.option("--model", help="models:/name@alias, a skops or ONNX file, or module:name.")
@click.option("--data", help="Parquet (file, folder, pattern), .csv, .tsv, .feather, or a database's address.")
@click.option("--target", help="Column that holds what should have been predicted.")
@click.option("--query", help="What to ask, where the data are a database.")
@click.option("--trust-pickle", is_flag=True, help="Open a pickled model: it runs the code of whoever wrote it.")
@click.option("--trusted", multiple=True, metavar="TYPE", help="Let a skops file build this type too.")
@click.option("--only", multiple=True, metavar="NAME", help="Make only this check; may be repeated, * is any text.")
@click.option("--skip", multiple=True, metavar="NAME", help="Leave this check out; may be repeated.")
@click.option("--rows", type=click.IntRange(min=1), help="Evaluate a random sample of so many rows.")
@click.option("--max-seconds", type=click.FloatRange(min=0), help="Stop between two batches when this is over.")
@click.option("--batch-rows", type=click.IntRange(min=1), help="Rows of one call of the model.")
@click.option("--checkpoint", type=FILE, help="Keep states here, and go on from them after a crash.")
@click.option("--baseline", type=FILE, help="Earlier report (JSON) to compare with.")
@click.option("--html", type=FILE, help="Write the report as one page.")
@click.option("--json", type=FILE, help="Write the report as data.")
@click.option("--junit", type=FILE, help="Write the report as JUnit XML.")
@click.option("--markdown", type=FILE, help="Write the report as Markdown.")
@click.option("--github-summary", is_flag=True, help="Add the report to the page of the GitHub run.")
def evaluate(
    suite: Path,
    model: str | None,
    data: str | None,
    target: str | None,
    html: Path | None,
    json: Path | None,
    junit: Path | None,
    markdown: Path | None,
    github_summary: bool,
    baseline: Path | None,
    **options: Any,
) -> None:
    """Evaluate a model with the checks of a SUITE file.

    Model, data and target may stand in the file; what is given here goes before it. The table comes on the standard
    output, everything else on the error stream. Exit code: 0 pass, 1 fail, 2 error or bad input, 3 inconclusive.
    """
    with guarded():
        summary = summary_file() if github_summary else None
        require_places([html, json, junit, markdown, summary])
        require_no_loss([html, json, junit, markdown, options["checkpoint"]], [suite, model, data])
        earlier = read_baseline(baseline)
        report, comparison = carry_out(suite, {"model": model, "data": data, "target": target}, options, earlier)
        say(report_text(report, comparison))
        written: list[tuple[Path | None, Callable[[Path], object]]] = [
            (html, report.to_html),
            (json, report.to_json),
            (junit, report.to_junit),
            (markdown, lambda path: write_markdown(path, report, comparison)),
            (summary, lambda path: add_markdown(path, report, comparison)),
        ]
        for path, write in written:
            if path is not None:
                write(path)
                click.echo(_("Written to {path}.").format(path=path), err=True)
    sys.exit(CODES[report.verdict])


def carry_out(
    path: Path, given: dict[str, str | None], options: dict[str, Any], earlier: Report | None
) -> tuple[Report, Comparison | None]:
    """Read the file, run it, and compare the report with an earlier one."""
    from mlops_lab.evaluation.compare import compare
    from mlops_lab.evaluation.job import Job, chosen
    from mlops_lab.evaluation.specification import read_specification

    job, specification = Job(**options), read_specification(path)
    flags: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    specification = replace(specification, **flags)
    if earlier is not None:
        names = chosen(specification.suite, job.only, job.skip).names
        if not {result.name for result in earlier.results} & set(names):
            raise InputError(_("The baseline has no check of this suite; give a report of the same suite."))
    with contextlib.redirect_stdout(sys.stderr):  # what a model prints while it predicts is not the table
        report = job.run(specification, progress=sys.stderr.isatty())
    return report, None if earlier is None else compare(earlier, report)


def read_baseline(path: Path | None) -> Report | None:
    """Read the earlier report."""
    from mlops_lab.evaluation.report import Report

    return None if path is None else Report.from_json(path)


def require_places(paths: list[Path | None]) -> None:
    """Refuse files that cannot be written, before anything is predicted."""
    from mlops_lab.evaluation.files import require_writable

    for path in paths:
        if path is not None:
            require_writable(path)


def require_no_loss(places: list[Path | None], read: list[Path | str | None]) -> None:
    """Refuse to write two things into one file, or over what is read."""
    written: set[Path] = set()
    sources = {Path(one).resolve() for one in read if one is not None}
    for path in places:
        place = None if path is None else path.expanduser().resolve()
        if place is None or not (place.is_file() or not place.exists()):
            continue
        if place in written:
            raise InputError(_("{path} is named twice; give each output a file of its own.").format(path=path))
        if place in sources:
            raise InputError(_("{path} is read here; write the output into another file.").format(path=path))
        written.add(place)


def summary_file() -> Path:
    """Return the file of which GitHub makes the page of a run."""
    place = os.environ.get(SUMMARY)
    if not place:
        raise InputError(
            _("--github-summary needs the variable {name}, which GitHub sets in a step; use --markdown here.").format(
                name=SUMMARY
            )
        )
    return Path(place)


def write_markdown(path: Path, report: Report, comparison: Comparison | None) -> None:
    """Write the report as Markdown."""
    from mlops_lab.evaluation.files import write_text
    from mlops_lab.evaluation.markdown import to_markdown

    write_text(path, to_markdown(report, comparison))


def add_markdown(path: Path, report: Report, comparison: Comparison | None) -> None:
    """Add the report behind what other steps wrote."""
    from mlops_lab.evaluation.markdown import to_markdown

    with path.open("a", encoding="utf-8") as file:
        file.write(to_markdown(report, comparison) + "\n")
