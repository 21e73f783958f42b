"""`make test` counts every test once, and counts what did not run as a failure."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import run_tests
from tools.run_tests import Outcome, Part, read_report, summary

REPORT = """<testsuites><testsuite name="pytest">
<testcase classname="a" name="x" time="1.5"/>
<testcase classname="a" name="y" time="0.5"><failure/></testcase>
<testcase classname="b" name="z" time="0.25"><error/></testcase>
<testcase classname="b" name="w" time="0"><skipped/></testcase>
</testsuite></testsuites>"""

BARE = ["-p", "no:cacheprovider", "-p", "no:nbval"]  # nbval takes seconds to load


@pytest.fixture(autouse=True)
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "reports"
    folder.mkdir()
    monkeypatch.setattr(run_tests, "REPORTS", folder)
    monkeypatch.setattr(run_tests, "ROOT", tmp_path)
    return folder


def run_one(tmp_path: Path, code: str, *options: str) -> Outcome:
    (tmp_path / "test_it.py").write_text(code)
    return run_tests.run(Part("it", "a part", [*BARE, *options, "test_it.py"]))


def test_each_kind_is_counted(reports: Path) -> None:
    path = reports / "a.xml"
    path.write_text(REPORT)
    outcome = read_report(path)
    assert outcome.counts == {"passed": 1, "failed": 2, "skipped": 1}
    assert outcome.seconds_by_file == {"a": 2.0, "b": 0.25}


@pytest.mark.slow
def test_a_part_is_run_and_counted(tmp_path: Path) -> None:
    outcome = run_one(tmp_path, "def test_a(): pass\ndef test_b(): assert False\n")
    assert outcome.counts == {"passed": 1, "failed": 1}


@pytest.mark.slow
@pytest.mark.parametrize("code", ["", "import nothing_of_that_name", "import os; os._exit(3)"])
def test_a_part_without_a_test_failed(tmp_path: Path, code: str) -> None:
    assert run_one(tmp_path, code).counts["failed"] == 1


@pytest.mark.slow
def test_a_part_that_hangs_is_stopped_and_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_tests, "MINUTES", 0.02)
    assert run_one(tmp_path, "import time\ntime.sleep(600)\n").counts == {"failed": 1}
    assert "did not end within 0.02 minutes" in capsys.readouterr().out


@pytest.mark.slow
def test_what_was_done_before_a_stop_is_kept(tmp_path: Path, reports: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "def test_a(): pass\ndef test_b():\n    print('hanging', flush=True)\n    import time; time.sleep(600)\n"
    )
    command = [sys.executable, "-m", "pytest", "-s", "-q", *BARE, f"--junitxml={reports / 'it.xml'}", "test_it.py"]
    with subprocess.Popen(command, cwd=tmp_path, start_new_session=True, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while b"hanging" not in process.stdout.readline():
            assert process.poll() is None
        run_tests.stop(process)
    assert read_report(reports / "it.xml").counts["passed"] >= 1


@pytest.mark.slow
def test_all_tests_of_a_lesson_run_in_one_process(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parents[1] / "conftest.py", tmp_path)
    code = (
        "import os, pytest\n"
        "from pathlib import Path\n"
        "@pytest.mark.parametrize('task', ['a', 'b'])\n"
        "@pytest.mark.parametrize('lesson', [f'{number:02}_it' for number in range(12)])\n"
        "def test_it(lesson, task):\n"
        "    process = Path(lesson)\n"
        "    assert task == 'a' or process.read_text() == os.environ['PYTEST_XDIST_WORKER']\n"
        "    process.write_text(os.environ['PYTEST_XDIST_WORKER'])\n"
    )
    assert run_one(tmp_path, code, *run_tests.TWO, "loadgroup").counts == {"passed": 24}
    assert {path.read_text() for path in tmp_path.glob("*_it")} == {"gw0", "gw1"}


def test_the_last_line_sums_up() -> None:
    first = Outcome()
    first.counts.update(passed=3, skipped=1)
    second = Outcome()
    second.counts.update(passed=4, failed=2)
    assert summary({"units": first, "browser": second}).splitlines()[-1] == "7 passed, 2 failed, 1 skipped"


@pytest.mark.parametrize(("ci", "verdict"), [("true", "failed"), ("", "skipped")])
def test_a_missing_browser_is_a_failure_in_ci_only(monkeypatch: pytest.MonkeyPatch, ci: str, verdict: str) -> None:
    monkeypatch.setenv("CI", ci)
    assert run_tests.without_browser().counts == {verdict: 1}


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_tests.main(["unit"]) == 2
    assert "the parts are units" in capsys.readouterr().out
