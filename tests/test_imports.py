"""Imports go down only, load nothing heavy, and name only what pyproject.toml declares."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "mlops_lab"

FLOORS = {  # a file may import from its own room and from rooms on lower floors
    "cli": 9,
    "command_line": 8,
    "doctor": 8,
    "pytest_plugin": 8,
    "lessons": 7,
    "explorers": 6,
    "platform": 5,
    "storage": 4,
    "flow": 4,
    "compute": 4,
    "selection": 4,
    "evaluation": 4,
    "datasets": 3,
    "launcher": 1,
    "home": 1,
    "errors": 0,
    "i18n": 0,
}
ALONE = {"evaluation": {"errors", "i18n"}}  # a practitioner's part: only the cellar below it
CORE = {
    "__init__",
    "cli",
    "command_line",
    "datasets",
    "errors",
    "evaluation",
    "i18n",
    "pytest_plugin",
}  # work without the extra `lab`
EXTRAS = {"platform": {"lab", "mlflow"}}
BROUGHT_ALONG = {"cycler", "joblib", "threadpoolctl"}  # matplotlib and scikit-learn are made of them
HEAVY = {"dask", "IPython", "ipywidgets", "jupyterlab", "matplotlib", "mlflow", "numpy", "onnxruntime", "pandas"}
HEAVY |= {"pyarrow", "scipy", "sklearn", "skops", "tqdm"}


def sources() -> Iterator[tuple[str, Path]]:
    """Yield each file of the package with the name of its room."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).parts[0].removesuffix(".py"), path


def imported(path: Path) -> set[str]:
    """Return the absolute names of all modules that a file imports, wherever it does."""
    names: set[str] = set()
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            names |= {f"{base}.{alias.name}" for alias in node.names} if base in {"mlops_lab", ""} else {base}
    return names


def rooms(path: Path) -> set[str]:
    """Return the rooms of this package that a file imports."""
    return {name.split(".")[1] for name in imported(path) if name.startswith("mlops_lab.")} & set(FLOORS)


def test_every_room_has_its_floor() -> None:
    assert {room for room, _ in sources()} - {"__init__", "__main__"} <= set(FLOORS)


@pytest.mark.slow
@pytest.mark.parametrize(("room", "path"), list(sources()), ids=lambda value: str(value).removeprefix(str(ROOT)))
def test_imports_go_down_only(room: str, path: Path) -> None:
    for other in rooms(path) - {room}:
        assert FLOORS[other] < FLOORS[room], f"{path.relative_to(ROOT)} imports {other}, which is not below {room}"
        assert other in ALONE.get(room, {other}), f"{path.relative_to(ROOT)} imports {other}; {room} stands alone"


def test_an_import_upwards_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    path = tmp_path / "mlops_lab" / "datasets" / "wrong.py"
    path.parent.mkdir(parents=True)
    path.write_text("from mlops_lab import lessons\nfrom mlops_lab.storage.formats import x\nfrom ..flow import rest\n")
    assert rooms(path) == {"lessons", "storage", "flow"}


def modules_after(statement: str) -> set[str]:
    """Return the top-level names in ``sys.modules`` after a statement in a fresh Python."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return {name.split(".")[0] for name in json.loads(result.stdout.splitlines()[-1])}


@pytest.mark.slow
@pytest.mark.parametrize(
    "statement",
    [
        "import mlops_lab",
        "import mlops_lab.cli",
        "import mlops_lab.command_line.evaluate",
        "import mlops_lab.datasets",
        "import mlops_lab.lessons",
        "import mlops_lab.pytest_plugin",
        "import mlops_lab.platform",
        "import mlops_lab.platform.evaluator, mlops_lab.platform.tracking",
    ],
)
def test_importing_loads_nothing_heavy(statement: str) -> None:
    assert modules_after(statement) & HEAVY == set()


def test_help_loads_nothing_heavy() -> None:
    statement = "from mlops_lab.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    assert modules_after(statement) & HEAVY == set()


@pytest.mark.slow
def test_evaluation_loads_nothing_of_the_lessons() -> None:
    loaded = modules_after("import mlops_lab.evaluation")
    assert loaded & {"mlflow", "mapie", "dask", "ipywidgets", "IPython", "jupyterlab"} == set()


def declared(extras: set[str]) -> set[str]:
    """Return the distributions that the package with these extras installs directly."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["dependencies"] + [x for extra in extras for x in project["optional-dependencies"].get(extra, [])]
    return {canonicalize_name(Requirement(line).name) for line in lines} | BROUGHT_ALONG


@cache
def providers() -> dict[str, list[str]]:
    """Return the distributions that provide each importable name."""
    return dict(packages_distributions())


@pytest.mark.slow
@pytest.mark.parametrize(("room", "path"), list(sources()), ids=lambda value: str(value).removeprefix(str(ROOT)))
def test_every_imported_package_is_declared(room: str, path: Path) -> None:
    """What evaluation, datasets and the command line import is core; the other rooms may use the extra `lab`."""
    allowed = declared(set() if room in CORE else EXTRAS.get(room, {"lab"}))
    if room == "pytest_plugin":
        allowed |= {"pytest"}  # which loads it, and nobody else does
    for name in {module.split(".")[0] for module in imported(path)} - {"mlops_lab"} - sys.stdlib_module_names:
        names = {canonicalize_name(found) for found in providers().get(name, [name])}
        assert names & allowed, f"{path.relative_to(ROOT)} imports {name}, which pyproject.toml lacks"
