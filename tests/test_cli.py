"""The command line answers in one sentence, and loads a command only when it is called."""

from __future__ import annotations

import importlib
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from mlops_lab import __version__, cli
from mlops_lab.errors import InputError


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.main, arguments)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("name", list(cli.commands()))
def test_every_command_is_there(name: str) -> None:
    code, out, _ = run(name, "--help")
    assert code == 0
    assert f"main {name}" in out.splitlines()[0]


def test_the_overview_names_every_command() -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert all(f"  {name} " in out for name in cli.commands())


def test_the_version_is_the_packages() -> None:
    assert run("--version") == (0, f"mlops-lab, version {__version__}\n", "")


def test_an_unknown_command_names_the_nearest() -> None:
    assert run("docter") == (2, "", "Error: There is no command 'docter'; did you mean 'doctor'?\n")


def test_a_command_like_no_other_gets_the_list() -> None:
    code, _, err = run("qqqq")
    assert code == 2
    assert "the commands are doctor, lab" in err


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a command that raises an error of this package, and one that lacks a dependency."""
    names = {"bad": cli.Lazy(f"{__name__}:bad", "lab", "x"), "poor": cli.Lazy(f"{__name__}_poor:x", "lab", "x")}
    monkeypatch.setattr(cli, "commands", lambda: names)
    actual = importlib.import_module

    def load(name: str) -> object:
        if name.endswith("_poor"):
            raise ModuleNotFoundError("No module named 'nbformat'", name="nbformat")
        return actual(name)

    monkeypatch.setitem(sys.modules, __name__, sys.modules[bad.callback.__module__])
    monkeypatch.setattr(importlib, "import_module", load)


@click.command()
def bad() -> None:
    raise InputError("The port 80 is taken; choose another.")


@pytest.mark.usefixtures("broken")
def test_our_own_error_is_one_sentence() -> None:
    assert run("bad") == (2, "", "Error: The port 80 is taken; choose another.\n")


@pytest.mark.usefixtures("broken")
def test_a_missing_dependency_is_named_with_its_remedy() -> None:
    code, _, err = run("poor")
    assert code == 2
    assert err == (
        "Error: The command 'poor' needs 'nbformat', which is not installed; run: pip install 'mlops-lab[lab]'\n"
    )


def test_the_installed_script_shows_no_traceback() -> None:
    command = [sys.executable, "-c", "from mlops_lab.cli import main; main()", "docter"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
