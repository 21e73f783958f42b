"""`mlops-lab progress`."""

from __future__ import annotations

import json
from pathlib import Path

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
