"""The command line: ``mlops-lab COMMAND``.

Commands are loaded when they are called, so that ``mlops-lab --help`` answers at once. What this package raises on
purpose is printed as one sentence, without a traceback, and the command ends with 2.
"""

from __future__ import annotations

import importlib
from typing import NamedTuple

import click

from mlops_lab import __version__
from mlops_lab.errors import InputError, MissingExtraError, MlopsLabError, nearest
from mlops_lab.i18n import gettext as _

__all__ = ["main"]


class Lazy(NamedTuple):
    """Where a command lies, and what the overview says of it without loading it."""

    target: str
    extra: str
    summary: str


def commands() -> dict[str, Lazy]:
    """Return the commands by name, in the order of the overview."""
    return {
        "doctor": Lazy("mlops_lab.doctor:doctor", "lab", _("Check this machine and say what to do.")),
        "lab": Lazy("mlops_lab.launcher:lab", "lab", _("Open the lessons in JupyterLab.")),
        "progress": Lazy("mlops_lab.lessons.commands:progress", "lab", _("Show what you have done so far.")),
        "student": Lazy("mlops_lab.lessons.commands:student", "lab", _("Make the learner's edition of notebooks.")),
        "solve": Lazy("mlops_lab.lessons.commands:solve", "lab", _("Fill the solutions into notebooks.")),
        "evaluate": Lazy(
            "mlops_lab.command_line.evaluate:evaluate", "lab", _("Evaluate a model with the checks of a suite file.")
        ),
        "suggest": Lazy(
            "mlops_lab.command_line.suggest:suggest",
            "lab",
            _("Write a first suite file from the columns of your data."),
        ),
        "schema": Lazy(
            "mlops_lab.command_line.schema:schema", "lab", _("Print the JSON Schema of suite files, for editors.")
        ),
    }


class OneSentence(click.ClickException):
    """An error of this package, as the command line shows it."""

    exit_code = 2


class LazyGroup(click.Group):
    """A group that imports a command only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, most used first."""
        return list(commands())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        lazy = commands().get(cmd_name)
        if lazy is None:
            return None
        module, attribute = lazy.target.split(":")
        try:
            command: click.Command = getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.split(".")[0] == "mlops_lab":
                raise
            raise MissingExtraError(
                _("The command {command!r} needs {module!r}, which is not installed; run: {remedy}").format(
                    command=cmd_name, module=error.name, remedy=f"pip install 'mlops-lab[{lazy.extra}]'"
                )
            ) from error
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the nearest."""
        name, known = args[0], self.list_commands(ctx)
        if name in known or name.startswith("-"):
            return super().resolve_command(ctx, args)
        close = nearest(name, known, count=1)
        if close:
            raise InputError(
                _("There is no command {name!r}; did you mean {nearest!r}?").format(name=name, nearest=close[0])
            )
        raise InputError(
            _("There is no command {name!r}; the commands are {known}.").format(name=name, known=", ".join(known))
        )

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the overview from the summaries, loading nothing."""
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, lazy.summary) for name, lazy in commands().items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; show an error of this package as one sentence."""
        try:
            return super().invoke(ctx)
        except MlopsLabError as error:
            raise OneSentence(str(error)) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mlops-lab")
def main() -> None:
    """Learn the infrastructure and tools of MLOps, and evaluate models for production."""
