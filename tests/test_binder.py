"""Binder's own tool accepts the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BINDER = ROOT / "binder"


@pytest.mark.slow
def test_repo2docker_accepts_the_repository() -> None:
    command = [
        sys.executable,
        "-m",
        "repo2docker",
        "--no-build",
        "--debug",
        "--user-id",
        "1000",
        "--user-name",
        "jovyan",
    ]
    result = subprocess.run([*command, str(ROOT)], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr[-2000:]
    dockerfile = result.stdout + result.stderr
    for part in ["binder/environment.yml", "binder/postBuild", "binder/start"]:
        assert part in dockerfile
    for package in (BINDER / "apt.txt").read_text().split():
        assert package in dockerfile


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_binders_scripts_can_be_run(name: str) -> None:
    assert os.access(BINDER / name, os.X_OK)
    assert subprocess.run(["bash", "-n", BINDER / name]).returncode == 0


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
def test_start_caps_the_threads_and_runs_the_command() -> None:
    code = "import os; print(*(os.environ[f'{name}_NUM_THREADS'] for name in ['OMP', 'OPENBLAS', 'MKL']))"
    result = subprocess.run([BINDER / "start", sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "1 1 1\n"
