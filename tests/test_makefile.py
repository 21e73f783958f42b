"""`make` lists what it can do, and says in one sentence what it lacks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(ROOT / "Makefile", folder)
    environment = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL"}}
    return subprocess.run(["make", *arguments], cwd=folder, capture_output=True, text=True, timeout=60, env=environment)


@pytest.mark.slow
def test_bare_make_lists_the_targets(tmp_path: Path) -> None:
    lines = make(tmp_path).stdout.splitlines()
    names = [line.split("\t")[0].removeprefix("make ") for line in lines]
    assert names == ["lab", "test", "check", "format", "docs", "data", "bench", "lock", "clean"]
    assert all(line.split("\t")[1] for line in lines)


def test_an_old_python_is_named_in_one_sentence(tmp_path: Path) -> None:
    old = tmp_path / "old python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    result = make(tmp_path, "lab", f"PYTHON={old}")
    first = result.stderr.splitlines()[0]
    assert result.returncode == 2
    assert first == (
        f"mlops_lab needs Python 3.11 or newer, and {old} is Python 3.9.2; "
        "install one, or name it: make lab PYTHON=/path/to/python3.12"
    )
    assert not (tmp_path / ".venv").exists()


def test_a_python_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    result = make(tmp_path, "test", "PYTHON=no-such-python")
    assert result.returncode == 2
    assert "and no-such-python is not installed; install one" in result.stderr.splitlines()[0]


@pytest.mark.slow
def test_an_environment_that_was_moved_is_made_again(tmp_path: Path) -> None:
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)
    for name in ["pyproject.toml", "requirements.lock", ".venv/made-in", ".venv/lab"]:
        (tmp_path / name).touch()
    (tmp_path / ".venv/made-in").write_text(f"{tmp_path}\n")
    (tmp_path / ".venv/lab").touch()
    assert make(tmp_path, "-q", ".venv/lab").returncode == 0
    (tmp_path / ".venv/made-in").write_text("/somewhere/else\n")
    assert make(tmp_path, "-q", ".venv/lab").returncode == 1
