"""README.md follows from pyproject.toml and the notebooks, and what it points to is there."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools import readme

ROOT = readme.ROOT
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_generated_parts_are_fresh() -> None:
    assert readme.render(ROOT) == (ROOT / "README.md").read_text(encoding="utf-8"), "run: make lock"


def test_the_badge_and_the_lessons_follow_their_sources(tmp_path: Path) -> None:
    shutil.copy(ROOT / "README.md", tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project.urls]\nREPOSITORY = "https://github.com/ada/lab/"\n')
    (tmp_path / "notebooks").mkdir()
    notebook = {
        "metadata": {"mlops_lab": {"lesson": "x", "minutes": 7, "covers": ["S1", "S2"]}},
        "cells": [{"source": ["# A title\n", "text"]}],
    }
    (tmp_path / "notebooks/05_x.ipynb").write_text(json.dumps(notebook))
    text = readme.render(tmp_path)
    assert "mybinder.org/v2/gh/ada/lab/HEAD" in text
    assert "| [A title](notebooks/05_x.ipynb) | 7 | S1, S2 |" in text
    assert "git clone https://github.com/ada/lab\ncd lab\n" in text
    assert "OWNER/mlops_lab" not in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#\s]+)", prose)
    missing = [t for t in targets if "://" not in t and not t.startswith("mailto:") and not (page.parent / t).exists()]
    assert missing == []


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"`make ([a-z]+)", page.read_text(encoding="utf-8")))
        assert named <= targets, page


@pytest.mark.slow
def test_the_evaluation_in_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    code, registering = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), names)
    assert names["report"].verdict == "fail"
    assert names["report"]["invariance:sex"].verdict == "fail"
    assert (tmp_path / "report.html").stat().st_size < 1e6
    (suggest, evaluate) = re.findall(r"^(mlops-lab (?:suggest|evaluate) .*)$", text, flags=re.MULTILINE)
    program = Path(sys.executable).with_name("mlops-lab")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")
    }  # of other tests
    environment["MLFLOW_TRACKING_URI"] = f"sqlite:///{tmp_path}/mlflow.db"
    script = code.partition("suite = ")[0] + registering
    for command in ([sys.executable, "-c", script], *([program, *shlex.split(one)[1:]] for one in (suggest, evaluate))):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == (1 if "evaluate" in command else 0), done.stderr
    assert "invariance:sex" in done.stdout
