"""The learner's record survives what happens to files."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_lab.home import home
from mlops_lab.lessons import progress
from mlops_lab.lessons.progress import Progress, Record, empty


def count(record: Record) -> int:
    return int(record["lessons"].get("00", {}).get("count", 0))


def add_one(record: Record) -> None:
    lesson = record["lessons"].setdefault("00", {})
    lesson["count"] = lesson.get("count", 0) + 1


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    Progress(tmp_path / "new" / "folder").change(add_one)
    assert count(Progress(tmp_path / "new" / "folder").read()) == 1


def test_reading_writes_nothing(tmp_path: Path) -> None:
    assert Progress(tmp_path / "home").read() == empty()
    assert not (tmp_path / "home").exists()


def test_a_record_that_was_read_can_be_changed_without_harm(tmp_path: Path) -> None:
    store = Progress(tmp_path)
    add_one(store.change(add_one))
    add_one(store.read())
    assert count(store.read()) == 1


def test_the_workspace_is_where_the_learner_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLOPS_LAB_HOME", str(tmp_path))
    assert home() == tmp_path
    monkeypatch.delenv("MLOPS_LAB_HOME")
    assert home().name == "mlops_lab"


@pytest.mark.slow
def test_two_notebooks_at_once_lose_nothing(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from mlops_lab.lessons.progress import Progress\n"
        "def edit(record):\n"
        "    for name in (sys.argv[2], 'all'):\n"
        "        record['lessons'].setdefault(name, {}).setdefault('seen', []).append(1)\n"
        "for _ in range(40): Progress(Path(sys.argv[1])).change(edit)"
    )
    running = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path), name]) for name in "ab"]
    assert [process.wait() for process in running] == [0, 0]
    lessons = Progress(tmp_path).read()["lessons"]
    assert {name: len(lesson["seen"]) for name, lesson in lessons.items()} == {"a": 40, "b": 40, "all": 80}


def test_a_kernel_killed_in_mid_write_leaves_the_last_whole_record(tmp_path: Path) -> None:
    Progress(tmp_path).change(add_one)
    script = (
        "import os, signal, sys; from pathlib import Path; from mlops_lab.lessons.progress import Progress\n"
        "os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)\n"
        "Progress(Path(sys.argv[1])).change(lambda record: record['lessons'].clear())"
    )
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)]).returncode == -9
    store = Progress(tmp_path)
    assert count(store.read()) == 1
    assert count(store.change(add_one)) == 2
    assert store.notices == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["progress.json", "progress.lock"]


def test_a_home_that_cannot_be_written_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Progress(tmp_path / "file" / "home")
    assert count(store.change(add_one)) == 1
    assert count(store.change(add_one)) == 2
    assert count(store.read()) == 2
    assert len(store.notices) == 1
    assert "MLOPS_LAB_HOME" in store.notices[0]


def test_a_full_disk_loses_nothing_and_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Progress(tmp_path)
    store.change(add_one)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert count(store.change(add_one)) == 2
    assert count(store.read()) == 2
    assert "No space left" in store.notices[0]
    assert count(json.loads(store.path.read_text())) == 1
    assert not store.path.with_suffix(".new").exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.one_of(st.binary(), st.sampled_from([b"[]", b"null", b"{}", b'{"lessons": 3}', b'{"version": 1, "lessons"'])))
def test_a_damaged_file_is_kept_aside_and_said_once(tmp_path: Path, damaged: bytes) -> None:
    for path in tmp_path.iterdir():
        path.unlink()
    store = Progress(tmp_path)
    store.path.write_bytes(damaged)
    assert count(store.change(add_one)) == 1
    assert count(store.change(add_one)) == 2
    (aside,) = tmp_path.glob("progress.damaged-*.json")
    assert aside.read_bytes() == damaged
    assert len(store.notices) == 1
    assert str(aside) in store.notices[0]


@pytest.mark.parametrize(
    "lesson",
    [
        "[]",
        '{"quiz": 3}',
        '{"quiz": {"rows": []}}',
        '{"quiz": {"rows": {"answers": [{}]}}}',
        '{"exercises": {"noise": {"attempts": "correct"}}}',
        '{"predictions": {"size": {"given": [{"answer": 6}]}}}',
    ],
)
def test_a_file_of_another_form_is_damaged_too(tmp_path: Path, lesson: str) -> None:
    store = Progress(tmp_path)
    store.path.write_text(f'{{"version": 1, "lessons": {{"03_storage_formats": {lesson}}}}}')
    assert store.read() == empty()
    assert "kept as" in store.notices[0]


def test_a_record_of_another_version_is_left_as_it_is(tmp_path: Path) -> None:
    store = Progress(tmp_path)
    newer = json.dumps({"version": 99, "lessons": {"00": {"count": 5}}})
    store.path.write_text(newer)
    assert count(store.change(add_one)) == 1
    assert count(store.change(add_one)) == 2
    assert store.path.read_text() == newer
    assert len(store.notices) == 1


def test_a_file_system_without_locks_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(file: object, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(progress.fcntl, "flock", refuse)
    store = Progress(tmp_path)
    store.change(add_one)
    assert count(Progress(tmp_path).read()) == 1
    assert store.notices == []
