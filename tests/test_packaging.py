"""What pip installs is whole: code, data, licence."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

import mlops_lab

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel once."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "uv", "build", "--quiet", "--wheel", "--out-dir", str(folder), str(ROOT)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_the_versions_agree() -> None:
    assert version("mlops-lab") == mlops_lab.__version__


def test_the_wheel_holds_the_tables_and_stays_small(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tables = {path.name for path in (ROOT / "data").glob("*.parquet")}
    assert "flights.parquet" in tables
    assert {f"mlops_lab/data/{name}" for name in tables} | {"mlops_lab/data/README.md", "mlops_lab/py.typed"} <= names
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert not any(name.startswith(("tests/", "tools/", "notebooks/")) for name in names)
    assert wheel.stat().st_size < 12e6


def test_an_installed_wheel_finds_its_tables(wheel: Path, tmp_path: Path) -> None:
    """Unpacked away from the clone, with this environment's packages behind it, as in any other environment."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "import mlops_lab; from mlops_lab import datasets; "
        "print(mlops_lab.__file__); print(len(datasets.flights(columns=['month'])))"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert result.returncode == 0, result.stderr
    place, rows = result.stdout.splitlines()
    assert place.startswith(str(tmp_path))
    assert rows == "336776"
