"""The lock, both environment files and pyproject.toml say the same."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement

from tools import lock

ROOT = lock.ROOT
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = ["3.11", "3.12", "3.13"]
PLATFORMS = [("linux", "Linux"), ("darwin", "Darwin")]


def wanted(*extras: str) -> list[Requirement]:
    lines = PROJECT["dependencies"] + [line for extra in extras for line in PROJECT["optional-dependencies"][extra]]
    return [Requirement(line) for line in lines]


def pinned(lines: list[str], python: str, platform: tuple[str, str]) -> dict[str, str]:
    """Return the versions that these requirements pin on one machine."""
    machine = default_environment() | {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": platform[0],
        "platform_system": platform[1],
    }
    versions: dict[str, set[str]] = defaultdict(set)
    for requirement in map(Requirement, lines):
        if requirement.marker is None or requirement.marker.evaluate(machine):
            (specifier,) = requirement.specifier
            assert specifier.operator == "==", requirement
            versions[requirement.name].add(specifier.version)
    assert all(len(found) == 1 for found in versions.values())
    return {name: found.pop() for name, found in versions.items()}


def environment_pins(path: Path) -> list[str]:
    *_, pip = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))["dependencies"]
    return list(pip["pip"])


def lock_text() -> str:
    return (ROOT / lock.LOCK).read_text(encoding="utf-8")


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_lock_satisfies_every_requirement(python: str, platform: tuple[str, str]) -> None:
    versions = pinned(lock.pins(lock_text()), python, platform)
    for requirement in wanted(*PROJECT["optional-dependencies"]):
        assert requirement.specifier.contains(versions[requirement.name]), requirement


def test_the_lessons_have_whatever_opens_models_in_files() -> None:
    extras = PROJECT["optional-dependencies"]
    assert set(extras["models"]) <= set(extras["lab"])


def test_the_lock_names_no_registry_and_no_hash() -> None:
    assert not re.search(r"://|--|@|\bfile:", lock_text())


@pytest.mark.parametrize("python", PYTHONS)
def test_the_environments_hold_what_the_lessons_need_at_the_locks_pins(python: str) -> None:
    versions = pinned(lock.pins(lock_text()), python, PLATFORMS[0])
    for path in lock.ENVIRONMENTS:
        found = pinned(environment_pins(path), python, PLATFORMS[0])
        assert found.items() <= versions.items()
        assert {requirement.name for requirement in wanted("lab")} <= set(found)
        assert "pytest" not in found  # a session on Binder has two gigabytes


def test_both_environments_are_one() -> None:
    root, binder = (ROOT / path for path in lock.ENVIRONMENTS)
    assert root.read_bytes() == binder.read_bytes()


@pytest.mark.slow
def test_make_lock_would_change_nothing() -> None:
    result = subprocess.run(
        [sys.executable, ROOT / "tools/lock.py", "--check"], capture_output=True, text=True, timeout=300
    )
    if "failed to fetch" in result.stderr.lower() and os.environ.get("CI") != "true":
        pytest.skip("The package registry cannot be reached, so the lock cannot be computed again.")
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
def test_a_changed_lock_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "binder").mkdir()
    for name in ["pyproject.toml", lock.LOCK, *lock.ENVIRONMENTS]:
        shutil.copy(ROOT / name, tmp_path / name)
    with (tmp_path / lock.ENVIRONMENTS[0]).open("a", encoding="utf-8") as file:
        file.write("      - nobody-asked-for-this==1.0\n")
    try:
        assert lock.stale(tmp_path) == [str(lock.ENVIRONMENTS[0])]
    except subprocess.CalledProcessError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("The package registry cannot be reached, so the lock cannot be computed again.")
