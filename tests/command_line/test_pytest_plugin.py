"""Suite files are tests: one a check, the model asked once a file, and failures that say what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mlops_lab import evaluation as ev

from .conftest import SUITE, people

pytestmark = pytest.mark.slow

MIXED = SUITE.replace(
    "checks:\n",
    "checks:\n- confidence: {threshold: 0.5, min_accuracy: 0.99}\n- slices: {columns: city, max_gap: 0.0}\n",
)
COUNTING = """\
def model(frame):
    if len(frame) > 256:
        with open("calls", "a") as file:
            file.write("called\\n")
    return (frame["age"] / 100).clip(0, 1)
"""


class Outcomes:
    """Notes how each test ended."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self.texts: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            outcome = "xfailed" if hasattr(report, "wasxfail") else report.outcome
            self.found[report.nodeid] = outcome
            self.texts[report.nodeid] = report.longreprtext

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.found[report.nodeid] = "refused"
            self.texts[report.nodeid] = report.longreprtext


def run(folder: Path, *arguments: str, settings: str = "") -> Outcomes:
    """Run pytest in this process, on a folder of its own."""
    (folder / "pytest.ini").write_text(f"[pytest]\n{settings}\n")
    outcomes = Outcomes()
    pytest.main(["-q", "-p", "no:cacheprovider", "-c", "pytest.ini", "--rootdir", ".", *arguments], [outcomes])
    return outcomes


def test_each_check_is_a_test_with_a_readable_name(folder, capsys):
    outcomes = run(folder, "-vv")
    assert outcomes.found == {
        "people.suite.yaml::invariance:city": "passed",
        "people.suite.yaml::directional:age": "passed",
        "people.suite.yaml::perturbation:income": "passed",
    }
    assert "people.suite.yaml::invariance:city PASSED" in capsys.readouterr().out


def test_one_check_can_be_chosen(folder):
    assert list(run(folder, "people.suite.yaml::directional:age").found) == ["people.suite.yaml::directional:age"]


@pytest.mark.parametrize(
    ("settings", "outcome"),
    [
        ("", "failed"),
        ("mlops_lab_inconclusive = xfail", "xfailed"),
        ("mlops_lab_inconclusive = skip", "skipped"),
    ],
)
def test_what_a_verdict_is_as_a_test(folder, settings, outcome):
    (folder / "people.suite.yaml").write_text(MIXED)
    outcomes = run(folder, settings=settings)
    assert outcomes.found["people.suite.yaml::confidence:0.5"] == "failed"
    assert outcomes.found["people.suite.yaml::slices:city"] == outcome
    assert outcomes.found["people.suite.yaml::invariance:city"] == "passed"
    text = outcomes.texts["people.suite.yaml::confidence:0.5"]
    assert "tolerance" in text
    assert text.startswith("✗ fail: accuracy of the shown answers ")  # what the summary at the end shows
    assert "is on the wrong side" in text
    assert "pytest_plugin.py" not in text


def test_an_unknown_setting_is_refused(folder):
    (folder / "people.suite.yaml").write_text(MIXED)
    outcomes = run(folder, settings="mlops_lab_inconclusive = pass")
    assert set(outcomes.found.values()) == {"failed"}
    assert "choose one of fail, xfail, skip" in next(iter(outcomes.texts.values()))


def test_a_file_with_a_mistake_is_refused_with_its_line(folder):
    (folder / "people.suite.yaml").write_text(SUITE.replace("invariance", "invariants"))
    outcomes = run(folder)
    assert outcomes.found == {"people.suite.yaml": "refused"}
    text = outcomes.texts["people.suite.yaml"]
    assert text == "people.suite.yaml, line 2: There is no check 'invariants'; did you mean 'invariance'?"


def test_a_model_that_is_not_there_fails_every_check_in_one_sentence(folder):
    (folder / "people.suite.yaml").write_text(SUITE.replace("model.skops", "modle.skops"))
    outcomes = run(folder)
    assert set(outcomes.found.values()) == {"failed"}
    assert all("nearest in its folder is 'model.skops'" in text for text in outcomes.texts.values())
    assert all(len(text.splitlines()) == 1 for text in outcomes.texts.values())


def test_a_pickle_needs_trust(folder):
    (folder / "people.suite.yaml").write_text(SUITE.replace("model.skops", "model.joblib"))
    assert set(run(folder).found.values()) == {"failed"}
    assert set(run(folder, settings="mlops_lab_trust_pickle = true").found.values()) == {"passed"}


def test_the_numbers_are_in_the_junit_file(folder):
    run(folder, "--junitxml", "results.xml")
    cases = ElementTree.parse(folder / "results.xml").findall(".//testcase")
    assert [case.get("name") for case in cases] == ["invariance:city", "directional:age", "perturbation:income"]
    report = ev.Suite.from_yaml("people.suite.yaml").run(ev.load_model("model.skops"), people(), "late")
    for case, result in zip(cases, report, strict=True):
        kept = {one.get("name"): one.get("value") for one in case.findall(".//property")}
        assert kept["verdict"] == result.verdict
        assert float(kept["estimate"]) == pytest.approx(result.estimate, abs=1e-12)
        assert float(kept["high"]) == pytest.approx(result.high, abs=1e-12)
        assert kept["model"] == report.model["digest"]


def test_the_model_is_asked_once_a_file(folder):
    (folder / "counting.py").write_text(COUNTING)
    (folder / "people.suite.yaml").write_text(SUITE.replace("model.skops", "counting:model"))
    assert set(run(folder).found.values()) == {"passed"}
    once = (folder / "calls").read_text()
    (folder / "calls").unlink()
    run(folder, "people.suite.yaml::directional:age")
    assert (folder / "calls").read_text() == once


@pytest.mark.slow
def test_several_processes_share_one_run(folder):
    (folder / "counting.py").write_text(COUNTING)
    (folder / "people.suite.yaml").write_text(SUITE.replace("model.skops", "counting:model"))
    run(folder)
    alone = (folder / "calls").read_text()
    (folder / "calls").unlink()
    options = ["-n", "2", "-v", "-p", "no:cacheprovider", "-p", "no:nbval"]  # nbval takes seconds to load
    command = [sys.executable, "-m", "pytest", *options, "-c", "pytest.ini"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("PASSED people.suite.yaml::") == 3
    assert (folder / "calls").read_text() == alone


def test_the_fixture_reads_a_suite_beside_the_test(folder):
    (folder / "test_own.py").write_text(
        "from mlops_lab import evaluation as ev\n"
        "def test_income(evaluation_suite):\n"
        "    report = evaluation_suite('own.yaml').run(lambda X: X['age'] / 100, 'people.parquet', 'late')\n"
        "    ev.assert_passes(report)\n"
    )
    (folder / "own.yaml").write_text("checks:\n- confidence: {threshold: 0.5, min_accuracy: 0.99}\n")
    outcomes = run(folder, "test_own.py", "--tb=short")
    assert outcomes.found == {"test_own.py::test_income": "failed"}
    text = outcomes.texts["test_own.py::test_income"]
    assert "✗  confidence:0.5" in text
    assert "raise_for_verdict" not in text
    assert "report.py" not in text


def test_a_passing_report_asserts_nothing_and_another_thing_is_refused():
    ev.assert_passes(ev.Report((ev.Result("a", "k", "x", "rate", "pass", 0.1, 0.05, 0.2, 0.3),)))
    with pytest.raises(ev.EvaluationError, match="pass the report of"):
        ev.assert_passes("report.json")
