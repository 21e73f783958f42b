"""`mlops-lab progress`, `student` and `solve`."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from mlops_lab.cli import main
from mlops_lab.lessons import lesson


def is_late(minutes: float) -> bool:
    return minutes > 15


def test_progress_tells_what_was_done(home: Path) -> None:
    here = lesson("start_here")
    here.check("is_late", is_late)
    here.quiz("steps", "cab")
    told = CliRunner().invoke(main, ["progress"])
    assert told.exit_code == 0
    (row,) = [line for line in told.output.splitlines() if line.startswith("00 Start here")]
    assert row.split() == ["00", "Start", "here", "1", "of", "1", "1", "of", "3", "0", "of", "3"]
    assert str(home) in told.output


def test_progress_as_json_is_the_whole_record() -> None:
    lesson("start_here").predict("early", "yes", 80)
    record = json.loads(CliRunner().invoke(main, ["progress", "--json"]).output)
    (kept,) = record["lessons"]["00_start_here"]["predictions"]["early"]["given"]
    assert (kept["answer"], kept["confidence"]) == ("yes", 80.0)


def test_a_damaged_record_is_told(home: Path) -> None:
    home.mkdir()
    (home / "progress.json").write_text("{")
    told = CliRunner().invoke(main, ["progress", "--json"])
    assert json.loads(told.stdout) == {"version": 1, "lessons": {}}
    assert "could not be read" in told.stderr


def test_a_record_that_nobody_can_keep_is_not_said_to_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MLOPS_LAB_HOME", str(tmp_path / "file" / "home"))
    told = CliRunner().invoke(main, ["progress"])
    assert told.exit_code == 0
    assert "cannot be saved" in told.stderr
    assert "Kept in" not in told.stdout


@pytest.mark.slow
@pytest.mark.parametrize("command", ["solve", "student"])
def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path, command: str) -> None:
    notebooks = Path(__file__).parents[2] / "notebooks"
    (tmp_path / "file").touch()
    told = CliRunner().invoke(main, [command, str(notebooks), "--out", str(tmp_path / "file" / "out")])
    assert (told.exit_code, told.stdout) == (2, "")
    assert "cannot be written" in told.stderr


def test_a_full_disk_leaves_no_half_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    notebooks = Path(__file__).parents[2] / "notebooks"
    monkeypatch.setattr(Path, "replace", full)
    told = CliRunner().invoke(main, ["student", str(notebooks), "--out", str(tmp_path / "out")])
    assert told.exit_code == 2
    assert "No space left" in told.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_what_is_no_notebook_is_named_once(tmp_path: Path) -> None:
    (tmp_path / "x.ipynb").write_text("{}")
    told = CliRunner().invoke(main, ["solve", str(tmp_path / "x.ipynb"), "--out", str(tmp_path / "out")])
    assert told.exit_code == 2
    assert told.stderr.count("x.ipynb") == 1
