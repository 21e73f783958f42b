"""The command ``mlops-lab doctor``: is everything here that the lessons need, and what to do where it is not."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlops_lab.datasets import shipped
from mlops_lab.errors import MissingDataError, MissingExtraError, shorten
from mlops_lab.home import home
from mlops_lab.i18n import gettext as _
from mlops_lab.launcher import PORT, clone, port_problem, writable

if TYPE_CHECKING:
    from packaging.requirements import Requirement

__all__ = ["Finding", "chromium", "doctor", "examine", "table"]

PYTHON = (3, 11)
DISK = 1.0  # GB: the largest lesson writes the flights table in all formats, twice
LOCK = "requirements.lock"
MEMORY_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
MEMORY = 1.9  # GB: Binder gives 2 GB, and every lesson runs there
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
GIGABYTE = 1e9


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Parameters
    ----------
    name : str
        What was looked at.
    found : str
        What is there.
    ok : bool or None
        Whether it will do; None marks a note, which stops nothing.
    advice : str, default ""
        What to do, one sentence; empty where it is fine.

    Examples
    --------
    >>> Finding("Port", "8888 is free", ok=True).advice
    ''
    """

    name: str
    found: str
    ok: bool | None
    advice: str = ""


def examine() -> list[Finding]:
    """Look at this machine.

    Returns
    -------
    list of Finding
        In the order of the table; several for the packages where some are missing.

    Examples
    --------
    >>> [finding.name for finding in examine()][0]
    'Python'
    """
    return [
        _python(),
        *_packages(),
        _jupyter(),
        _data(),
        _workspace(),
        _disk(),
        _memory(),
        _threads(),
        _port(),
        _chromium(),
    ]


def chromium() -> str | None:
    """Return the path of a Chromium or Chrome that the browser tests can drive.

    Returns
    -------
    str or None
        The program that the variable ``CHROMIUM`` names, else the first on the search path.

    Examples
    --------
    >>> path = chromium()
    >>> path is None or Path(path).is_file()
    True
    """
    named = os.environ.get("CHROMIUM")
    candidates = (named,) if named else BROWSERS
    return next((path for path in map(shutil.which, candidates) if path), None)


def table(findings: Iterable[Finding]) -> str:
    """Return the findings as text, one line each, and a second line with what to do.

    Parameters
    ----------
    findings : iterable of Finding
        From `examine`.

    Returns
    -------
    str
        Columns: sign, name, what was found.

    Examples
    --------
    >>> print(table([Finding("Port", "8888 is taken", ok=None, advice="The next free one is used.")]))
    note  Port  8888 is taken
                → The next free one is used.
    """
    rows = [(_sign(finding.ok), finding) for finding in findings]
    signs = max((len(sign) for sign, _finding in rows), default=0)
    names = max((len(finding.name) for _sign_, finding in rows), default=0)
    lines = []
    for sign, finding in rows:
        lines.append(f"{sign:<{signs}}  {finding.name:<{names}}  {finding.found}")
        if finding.advice:
            lines.append(f"{'':<{signs}}  {'':<{names}}  → {finding.advice}")
    return "\n".join(lines)


def _sign(ok: bool | None) -> str:
    """Return the word of the first column."""
    if ok is None:
        return _("note")
    return _("ok") if ok else _("to do")


def _python() -> Finding:
    """Check the version; one that is too new is pip's business, which refuses it with its own words."""
    found = _("{version} in {place}").format(version=platform.python_version(), place=sys.prefix)
    if sys.version_info >= PYTHON:
        return Finding("Python", found, ok=True)
    wanted = ".".join(map(str, PYTHON))
    return Finding(
        "Python",
        found,
        ok=False,
        advice=_("Install Python {wanted} or newer and make a new .venv.").format(wanted=wanted),
    )


def _packages() -> Iterator[Finding]:
    """Check what this package asks for, then what the clone's lock asks for."""
    from packaging.requirements import Requirement  # comes with matplotlib

    try:
        wanted = [Requirement(line) for line in metadata.requires("mlops-lab") or []]
    except metadata.PackageNotFoundError:
        yield Finding("mlops-lab", _("not installed"), ok=False, advice=_remedy())
        return
    always = [each for each in wanted if each.marker is None or each.marker.evaluate({"extra": ""})]
    lessons = [each for each in wanted if each.marker and each.marker.evaluate({"extra": "lab"}) and each not in always]
    yield _group(_("Packages"), always, needed=True)
    yield _group(_("Lesson packages"), lessons, needed=clone() is not None)
    root = clone()
    if root is not None and (root / LOCK).is_file():
        yield _pins([Requirement(line) for line in _lines(root / LOCK)])


def _group(name: str, requirements: Sequence[Requirement], needed: bool) -> Finding:
    """Check that packages are installed, in versions that this package can use."""
    unmet = [words for words in map(_unmet, requirements) if words]
    if not unmet:
        return Finding(name, _("all {count} are here").format(count=len(requirements)), ok=True)
    return Finding(name, shorten(unmet), ok=False if needed else None, advice=_remedy())


def _unmet(requirement: Requirement) -> str:
    """Say what is wrong with one package; nothing where it will do."""
    version = _version(requirement.name)
    if version is None:
        return _("{package} is not installed").format(package=requirement.name)
    if not requirement.specifier.contains(version, prereleases=True):
        return _("{package} {version} is not {wanted}").format(
            package=requirement.name, version=version, wanted=requirement.specifier
        )
    return ""


def _pins(pins: Sequence[Requirement]) -> Finding:
    """Compare what is installed with the lock; what is not installed belongs to an extra that nobody asked for."""
    pins = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]
    installed = [pin for pin in pins if _version(pin.name)]
    others = [words for words in map(_unmet, installed) if words]
    if not others:
        return Finding(_("Pins"), _("{count} packages as in {lock}").format(count=len(installed), lock=LOCK), ok=True)
    return Finding(_("Pins"), shorten(others, limit=4), ok=None, advice=_remedy())


def _jupyter() -> Finding:
    """Check that JupyterLab is here, with the widgets that the lessons draw."""
    versions = {name: _version(name) for name in ("jupyterlab", "ipywidgets", "jupyterlab-widgets", "ipykernel")}
    missing = [name for name, version in versions.items() if version is None]
    if not missing:
        return Finding(
            "JupyterLab",
            _("{jupyterlab} with ipywidgets {ipywidgets}").format(**versions),
            ok=True,
        )
    found = _("{names} not installed").format(names=", ".join(missing))
    return Finding("JupyterLab", found, ok=None if clone() is None else False, advice=_remedy())


def _data() -> Finding:
    """Check that the shipped tables are here."""
    found, missing = [], []
    for name in shipped.TABLES:
        try:
            found.append(shipped.path(name))
        except MissingDataError:
            missing.append(name)
    if not missing:
        size = sum(path.stat().st_size for path in found) / 1e6
        words = _("{count} tables, {size:.1f} MB in {folder}")
        return Finding(_("Data"), words.format(count=len(found), size=size, folder=found[0].parent), ok=True)
    return Finding(
        _("Data"),
        _("missing: {names}").format(names=shorten(missing)),
        ok=False,
        advice=_("Rebuild them in a clone of the repository: make data") if clone() else _remedy(),
    )


def _workspace() -> Finding:
    """Check that the learner's answers can be kept."""
    folder = _home()
    if folder is None:
        return Finding(_("Workspace"), _("unknown without platformdirs"), ok=None, advice=_remedy())
    if writable(folder):
        return Finding(_("Workspace"), str(folder), ok=True)
    return Finding(
        _("Workspace"),
        _("{folder} cannot be written").format(folder=folder),
        ok=False,
        advice=_("Name a folder that can, or your answers are lost at the end: export MLOPS_LAB_HOME=FOLDER"),
    )


def _disk() -> Finding:
    """Check the room where the lessons write: their workspace and the folder for temporary files."""
    folders = {_existing(folder) for folder in (_home(), Path(tempfile.gettempdir())) if folder is not None}
    free, folder = min((shutil.disk_usage(folder).free / GIGABYTE, folder) for folder in folders)
    found = _("{free:.1f} GB free in {folder}").format(free=free, folder=folder)
    if free >= DISK:
        return Finding(_("Disk"), found, ok=True)
    return Finding(
        _("Disk"),
        found,
        ok=False,
        advice=_("Make room until {wanted:g} GB are free; the lessons write files to measure them.").format(
            wanted=DISK
        ),
    )


def _memory() -> Finding:
    """Check the memory that this process may use, also inside a container."""
    limits = [value for value in (_machine_memory(), *map(_number_in, MEMORY_LIMITS)) if value]
    if not limits:
        return Finding(
            _("Memory"), _("unknown"), ok=None, advice=_("The lessons need {wanted:g} GB.").format(wanted=MEMORY)
        )
    total = min(limits) / GIGABYTE
    found = _("{total:.1f} GB").format(total=total)
    if total >= MEMORY:
        return Finding(_("Memory"), found, ok=True)
    advice = _("The lessons need {wanted:g} GB: close other programs, or give the container more.").format(
        wanted=MEMORY
    )
    return Finding(_("Memory"), found, ok=False, advice=advice)


def _threads() -> Finding:
    """Compare the threads of the linear algebra library with the cores that this process may use."""
    import joblib  # comes with scikit-learn; counts the cores of a container, which os.cpu_count does not
    import numpy  # noqa: F401  loads the library that is asked about
    import threadpoolctl

    cores = joblib.cpu_count()
    libraries = [each for each in threadpoolctl.threadpool_info() if each["user_api"] == "blas"]
    threads = max((each["num_threads"] for each in libraries), default=1)
    found = _("{threads} on {cores} cores").format(threads=threads, cores=cores)
    if threads <= cores:
        return Finding(_("BLAS threads"), found, ok=True)
    return Finding(
        _("BLAS threads"),
        found,
        ok=None,
        advice=_("More threads than cores slow each other down: export OPENBLAS_NUM_THREADS={cores}").format(
            cores=cores
        ),
    )


def _port() -> Finding:
    """Check JupyterLab's usual port; inside JupyterLab it is of course taken."""
    if "JPY_PARENT_PID" in os.environ:
        return Finding(_("Port"), _("JupyterLab is running"), ok=True)
    if port_problem(PORT) is None:
        return Finding(_("Port"), _("{port} is free").format(port=PORT), ok=True)
    advice = _("'mlops-lab lab' takes the next free one and says which.")
    return Finding(_("Port"), _("{port} is taken").format(port=PORT), ok=None, advice=advice)


def _chromium() -> Finding:
    """Look for the browser of the browser tests; learners use their own."""
    found = chromium()
    if found:
        return Finding("Chromium", found, ok=True)
    advice = _("Only the browser tests need it: install it (Debian: apt install chromium), or name it in CHROMIUM.")
    return Finding("Chromium", _("not found"), ok=None, advice=advice)


def _remedy() -> str:
    """Say how packages come here."""
    root = clone()
    if root is None:
        return _("Run: {python} -m pip install 'mlops-lab[lab]'").format(python=sys.executable)
    return _("Run in {root}: {python} -m pip install -c {lock} -e '.[lab]'").format(
        root=root, python=sys.executable, lock=LOCK
    )


def _version(package: str) -> str | None:
    """Return the installed version of a package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _lines(path: Path) -> list[str]:
    """Return the lines of a requirements file without comments."""
    lines = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def _home() -> Path | None:
    """Return the learner's workspace; None where nothing says where it would be."""
    try:
        return home()
    except MissingExtraError:
        return None


def _existing(folder: Path) -> Path:
    """Return a folder, or its nearest parent that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _machine_memory() -> float | None:
    """Return the machine's memory in bytes."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None


def _number_in(path: str) -> float | None:
    """Return the number in a file of the kernel; None where there is no file, or no limit in it."""
    try:
        return float(Path(path).read_text(encoding="ascii"))
    except (OSError, ValueError):  # "max" means no limit
        return None


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Check this machine and say what to do; ends with 1 where something that is needed is missing."""
    findings = examine()
    fine = all(finding.ok is not False for finding in findings)
    if as_json:
        click.echo(json.dumps({"ok": fine, "findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        click.echo(table(findings))
        click.echo("\n" + (_("All that is needed is here.") if fine else _("See the lines marked 'to do'.")))
    context.exit(0 if fine else 1)
