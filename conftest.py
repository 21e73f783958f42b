"""What every test finds: a home of its own, no window, nobody's Jupyter settings."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

settings.register_profile("house", deadline=None, derandomize=True)  # the same examples on every machine, however slow
settings.register_profile("quick", deadline=None, derandomize=True, max_examples=10)
settings.load_profile("house")

_scratch = tempfile.TemporaryDirectory(prefix="mlops_lab_tests_", ignore_cleanup_errors=True)

os.environ["MPLBACKEND"] = "Agg"
os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run in as many processes as there are cores; threads would wait
for _name in ["MLOPS_LAB_HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"]:
    os.environ[_name] = str(Path(_scratch.name, _name.lower()))  # also for the kernels that nbval starts
os.environ.pop("MLOPS_LAB_LANGUAGE", None)
os.environ["LANGUAGE"] = "C"

SLOW_EXAMPLES = (
    "mlops_lab.evaluation.proxy.",
    "mlops_lab.evaluation.sql.",
    "mlops_lab.explorers.",
    "mlops_lab.storage.benchmark.",
    "mlops_lab.storage.measured.",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the examples of what really measures, or draws a whole explorer, out of the quick check."""
    for item in items:
        if isinstance(item, pytest.DoctestItem) and item.name.startswith(SLOW_EXAMPLES):
            item.add_marker(pytest.mark.slow)


class ByLesson(LoadScopeScheduling):
    """Keep all tests of a lesson in one process, since they share its notebook; other tests go by file."""

    def _split_scope(self, nodeid: str) -> str:
        lesson = re.search(r"\[(\d\d_\w+)", nodeid)
        return lesson[1] if lesson else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Take our own scheduler for ``--dist loadgroup``, whose marks get lost between xdist 3.8 and pytest 9.2."""
    return ByLesson(config, log) if config.getoption("dist") == "loadgroup" else None


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a workspace of its own, and return it."""
    folder = tmp_path / "home"
    monkeypatch.setenv("MLOPS_LAB_HOME", str(folder))
    return folder
