"""The command ``mlops-lab lab``: JupyterLab on the first lesson, on a free port; a link where there is no display."""

from __future__ import annotations

import importlib.util
import os
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import click

from mlops_lab.errors import InputError, MissingExtraError
from mlops_lab.i18n import gettext as _

__all__ = ["FIRST_NOTEBOOK", "PORT", "can_open_browser", "clone", "command", "lab", "port_problem", "writable"]

FIRST_NOTEBOOK = "00_start_here.ipynb"
DEFAULTS = Path(__file__).parent / "jupyter"
PORT = 8888  # the port that every Jupyter manual names
PORTS_TRIED = 50  # as many as JupyterLab itself tries


def clone() -> Path | None:
    """Return the root of the clone that the working directory lies in, else of the one that this package runs from.

    Returns
    -------
    pathlib.Path or None
        None where the package was installed from a wheel and no clone is at hand.

    Examples
    --------
    >>> root = clone()
    >>> root is None or (root / "notebooks").is_dir()
    True
    """
    here = Path.cwd()
    for root in (here, *here.parents, Path(__file__).resolve().parents[1]):
        if (root / "notebooks" / FIRST_NOTEBOOK).is_file() and (root / "pyproject.toml").is_file():
            return root
    return None


def port_problem(port: int) -> str | None:
    """Say why a port of this machine cannot be listened on.

    Parameters
    ----------
    port : int
        Port number, 1 to 65535.

    Returns
    -------
    str or None
        The operating system's words, such as "Address already in use"; None where the port is free.

    Examples
    --------
    >>> with socket.create_server(("127.0.0.1", 0)) as server:
    ...     port_problem(server.getsockname()[1]) is None
    False
    """
    try:
        with socket.socket() as probe:
            # As servers do; otherwise a port counts as taken for a minute after its server has stopped.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
    except OSError as error:
        return error.strerror or str(error)
    return None


def writable(folder: Path) -> bool:
    """Tell whether files can be written in a folder, which need not exist yet; nothing is left behind.

    Parameters
    ----------
    folder : pathlib.Path
        The folder; where it does not exist, its nearest parent that does is asked.

    Returns
    -------
    bool
        Whether a file could be made there.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     writable(Path(folder) / "not" / "yet")
    True
    """
    existing = next((path for path in (folder, *folder.parents) if path.exists()), None)
    if existing is None:
        return False
    try:  # os.access would say yes on a full disk, and to root in places where nothing can be made
        with tempfile.TemporaryFile(dir=existing) as probe:
            probe.write(b"x")
    except OSError:
        return False
    return True


def can_open_browser(environment: Mapping[str, str], platform: str, root: bool) -> bool:
    """Tell whether a browser that is opened here would be seen by the learner.

    Parameters
    ----------
    environment : mapping
        The environment's variables.
    platform : str
        As ``sys.platform``.
    root : bool
        Whether the user is root, as in most containers, where no browser runs.

    Returns
    -------
    bool
        True where a display is at hand, or where ``BROWSER`` names a program (editors set it on remote machines).

    Examples
    --------
    >>> can_open_browser({"DISPLAY": ":0"}, "linux", root=False)
    True
    >>> can_open_browser({"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "a b c d"}, "linux", root=False)
    False
    """
    if environment.get("BROWSER"):
        return True
    if root or any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")):
        return False
    return not platform.startswith("linux") or any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def command(folder: Path | None, port: int, browser: bool, extra: Sequence[str] = ()) -> list[str]:
    """Return the command line that starts JupyterLab on the lessons.

    From a clone the server's root is the clone itself, not ``notebooks/``, so that links from a lesson to ``docs/`` and
    ``data/`` work.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Folder of notebooks that the server shows; by default the clone's.
    port : int
        Port to listen on.
    browser : bool
        Whether JupyterLab opens a browser itself.
    extra : sequence of str
        Further options for JupyterLab; they win over ours.

    Returns
    -------
    list of str
        Program and arguments.

    Raises
    ------
    InputError
        Where there is no folder given and no clone.

    Examples
    --------
    >>> command(Path("/lessons"), 8888, browser=False)[3:5]
    ['--port=8888', '--ServerApp.root_dir=/lessons']
    """
    root, first = _place(folder)
    options = [
        f"--port={port}",
        f"--ServerApp.root_dir={root}",
        f"--LabApp.default_url=/lab/tree/{first}" if first else "--LabApp.default_url=/lab",
        "--log-level=WARN",  # leaves the link, drops forty lines around it
    ]
    if not browser:
        options.append("--no-browser")
    if _is_root():
        options.append("--allow-root")
    given = {option.partition("=")[0] for option in extra}
    ours = [option for option in options if option.partition("=")[0] not in given]
    return [sys.executable, "-m", "jupyterlab", *ours, *extra]


def _is_root() -> bool:
    """Tell whether this is the user that JupyterLab refuses unless it is told that this is meant."""
    return hasattr(os, "getuid") and os.getuid() == 0  # Windows knows no such user


def _place(folder: Path | None) -> tuple[Path, str]:
    """Return the server's root and the notebook to open, relative to it ("" where there is none)."""
    if folder is not None:
        root = folder.resolve()
        return root, FIRST_NOTEBOOK if (root / FIRST_NOTEBOOK).is_file() else ""
    found = clone()
    if found is None:
        raise InputError(
            _(
                "No lessons are here, because the package was installed without them; "
                "clone the repository and run 'mlops-lab lab' in it, or name a folder: mlops-lab lab FOLDER."
            )
        )
    return found, f"notebooks/{FIRST_NOTEBOOK}"


def _choose_port(asked: int | None) -> int:
    """Return the port asked for, or the first free one from 8888 on."""
    if asked is not None:
        problem = port_problem(asked)
        if problem:
            raise InputError(
                _(
                    "Port {port} cannot be used ({problem}); name another, or leave out --port to have one chosen."
                ).format(port=asked, problem=problem)
            )
        return asked
    for port in range(PORT, PORT + PORTS_TRIED):
        if port_problem(port) is None:
            if port != PORT:
                click.echo(
                    _("Port {taken} is taken, so JupyterLab starts on port {port}.").format(taken=PORT, port=port)
                )
            return port
    raise InputError(
        _("No port from {first} to {last} is free; name one with --port.").format(
            first=PORT, last=PORT + PORTS_TRIED - 1
        )
    )


def _make_room() -> None:
    """Point JupyterLab to a temporary folder for those of its own files that it could not write in this home."""
    from jupyter_core import paths  # comes with the lab extra

    wanted = {
        "JUPYTER_CONFIG_DIR": paths.jupyter_config_dir(),
        "JUPYTER_DATA_DIR": paths.jupyter_data_dir(),
        "JUPYTER_RUNTIME_DIR": paths.jupyter_runtime_dir(),
    }
    closed = [name for name, folder in wanted.items() if not writable(Path(folder))]
    if not closed:
        return
    room = Path(tempfile.mkdtemp(prefix="mlops-lab-"))
    for name in closed:
        os.environ[name] = str(room / name.lower())
    click.echo(
        _("{folder} cannot be written, so JupyterLab keeps its settings in {room} this time.").format(
            folder=wanted[closed[0]], room=room
        )
    )


def _add_defaults() -> None:
    """Hand our defaults to this JupyterLab alone; what the learner has set herself wins.

    No question about news before the first lesson; and long lines of code wrap, so that 200 % zoom hides nothing.
    """
    known = os.environ.get("JUPYTER_CONFIG_PATH", "")
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, [known, str(DEFAULTS)]))


def _replace_process(arguments: list[str]) -> NoReturn:
    """Become JupyterLab, so that Ctrl-C and the exit code are its own."""
    # A terminal or cell of a lesson finds mlops-lab without an activated .venv.
    programs = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([programs, os.environ.get("PATH", os.defpath)])
    os.execv(arguments[0], arguments)


class _WithRest(click.Command):
    """A command that leaves what follows ``--`` to somebody else, as ``context.meta["rest"]``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Split the arguments at the first ``--``."""
        at = args.index("--") if "--" in args else len(args)
        ctx.meta["rest"] = args[at + 1 :]
        return super().parse_args(ctx, args[:at])


@click.command(cls=_WithRest)
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--port", type=click.IntRange(1, 65535), help=f"Port to use; by default {PORT} or the next free one.")
@click.option(
    "--browser/--no-browser",
    default=None,
    help="Open a browser or only print the link; by default a browser if it can be seen.",
)
@click.pass_context
def lab(context: click.Context, folder: Path | None, port: int | None, browser: bool | None) -> None:
    """Open JupyterLab at the first lesson.

    FOLDER is shown instead of the clone's notebooks. Options after -- go to JupyterLab, such as:
    mlops-lab lab -- --ip=0.0.0.0
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise MissingExtraError(_("JupyterLab is not installed; run: pip install 'mlops-lab[lab]'"))
    if browser is None:
        browser = can_open_browser(os.environ, sys.platform, root=_is_root())
    arguments = command(folder, _choose_port(port), browser, context.meta["rest"])
    _make_room()
    _add_defaults()
    if not browser:
        click.echo(_("No browser is opened here: open the link below in yours. Press Ctrl-C twice to stop JupyterLab."))
    _replace_process(arguments)
