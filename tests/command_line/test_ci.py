"""What the pages on pipelines say works: the steps of action.yml, and the commands of the examples."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .conftest import SUITE, call

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
EXAMPLES = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)]
UNSURE = SUITE.replace("checks:\n", "checks:\n- slices: {columns: city, max_gap: 0.0}\n")


def step(name: str, folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """Run a step of the action as GitHub does."""
    (found,) = [one for one in ACTION["runs"]["steps"] if one["name"] == name]
    inputs = {key: about.get("default", "") for key, about in ACTION["inputs"].items()} | given
    variables = {
        key: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda match: inputs[match[1]], value)
        for key, value in found["env"].items()
    }
    files = {"GITHUB_OUTPUT": str(folder / "output"), "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | variables | files | {"PATH": path}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", found["run"]]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize(("inconclusive", "code"), [("fail", 3), ("pass", 0)])
def test_the_action_evaluates_and_says_the_verdict(folder, inconclusive, code):
    (folder / "people.suite.yaml").write_text(UNSURE.replace("model: model.skops\n", ""))
    given = {"suite": "people.suite.yaml", "model": "model.skops", "inconclusive": inconclusive}
    done = step("Evaluate", folder, **given)
    assert done.returncode == code, done.stderr
    assert "slices:city" in done.stdout
    assert (folder / "output").read_text() == "verdict=inconclusive\n"
    assert "slices:city" in (folder / "summary.md").read_text()
    written = {path.name for path in (folder / "mlops-lab-report").iterdir()}
    assert written == {"report.html", "report.json", "report.xml"}


@pytest.mark.slow
def test_the_action_does_not_hide_bad_input(folder):
    done = step("Evaluate", folder, suite="no.suite.yaml", inconclusive="pass")
    assert done.returncode == 2
    assert (folder / "output").read_text() == "verdict=error\n"


def test_every_step_is_sound_shell_without_pasted_inputs():
    for one in ACTION["runs"]["steps"]:
        subprocess.run(["bash", "-n", "-c", one["run"]], check=True)
        assert "${{" not in one["run"], "an input pasted into a script could run commands"


def test_the_example_names_inputs_that_there_are():
    (uses,) = [one for one in EXAMPLES[0]["jobs"]["evaluate"]["steps"] if "mlops_lab" in one["uses"]]
    assert set(uses["with"]) <= set(ACTION["inputs"])


def commands() -> list[str]:
    """Return the lines of the page that call the command line."""
    return list(re.findall(r"^(?:    - )?(mlops-lab .*)$", PAGE, flags=re.MULTILINE))


@pytest.mark.parametrize("line", commands())
def test_the_commands_of_the_page_run(folder, monkeypatch, line):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    (folder / "people.suite.yaml").rename(folder / "income.suite.yaml")
    assert call(*shlex.split(line)[1:]).exit_code == 0
    assert (folder / "report.xml").exists()


def test_the_page_has_commands():
    assert len(commands()) == 2
