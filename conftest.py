"""What every test finds: a home of its own, no window, nobody's Jupyter settings."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True)  # the same examples on every machine, however slow
settings.register_profile("quick", deadline=None, derandomize=True, max_examples=10)
settings.load_profile("house")

_scratch = tempfile.TemporaryDirectory(prefix="mlops_lab_tests_", ignore_cleanup_errors=True)

os.environ["MPLBACKEND"] = "Agg"
for _name in ["MLOPS_LAB_HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"]:
    os.environ[_name] = str(Path(_scratch.name, _name.lower()))  # also for the kernels that nbval starts
os.environ.pop("MLOPS_LAB_LANGUAGE", None)
os.environ["LANGUAGE"] = "C"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a workspace of its own, and return it."""
    folder = tmp_path / "home"
    monkeypatch.setenv("MLOPS_LAB_HOME", str(folder))
    return folder
