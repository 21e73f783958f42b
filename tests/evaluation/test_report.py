"""The report: its verdict, its table, its files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_lab import evaluation as ev
from mlops_lab.evaluation import EvaluationError, Report, Result, VerdictError
from mlops_lab.evaluation.report_json import SCHEMA_VERSION, from_json, to_json
from mlops_lab.evaluation.result import Words

VERDICTS = ["pass", "fail", "inconclusive", "error"]


def one(name: str, verdict: str, **more: object) -> Result:
    return Result(name, "test", "age", "rate", verdict, 0.02, 0.01, 0.03, 0.01, **more)  # type: ignore[arg-type]


def report_of(*verdicts: str) -> Report:
    return Report(tuple(one(f"check {place}", verdict) for place, verdict in enumerate(verdicts)))


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [
        (["pass", "pass"], "pass"),
        (["pass", "inconclusive"], "inconclusive"),
        (["inconclusive", "error", "pass"], "error"),
        (["error", "inconclusive", "fail"], "fail"),
    ],
)
def test_the_worst_verdict_counts(verdicts: list[str], worst: str) -> None:
    report = report_of(*verdicts)
    assert report.verdict == worst
    assert report.passed is (worst == "pass")


def test_a_run_that_was_stopped_never_passes() -> None:
    report = replace(report_of("pass"), partial=True, rows=10)
    assert report.verdict == "inconclusive"
    assert "stopped early" in repr(report)
    assert replace(report_of("fail"), partial=True).verdict == "fail"


def test_a_result_is_found_by_name_and_the_nearest_is_named() -> None:
    report = report_of("pass", "fail")
    assert report["check 1"].verdict == "fail"
    with pytest.raises(EvaluationError, match=r"nearest is 'check 1'"):
        report["chek 1"]


def test_a_real_run_has_a_row_for_each_check(run: Report) -> None:
    assert list(run.table.columns) == [
        *("check", "target", "metric", "estimate", "low", "high", "tolerance", "verdict", "rows", "rows_needed")
    ]
    assert run.table["verdict"].tolist() == ["pass", "fail", "inconclusive"]
    assert run.rows == run.rows_predicted == 4000
    assert run.versions["numpy"] == np.__version__
    assert run.data["rows"] == 4000


def test_the_text_form_aligns_its_columns(run: Report) -> None:
    lines = repr(run).splitlines()
    assert lines[0] == "✗ 1 of 3 checks fails. 1 is inconclusive."
    verdicts = [line.index(word) for line, word in zip(lines[3:6], ["pass", "fail", "inconclusive"], strict=True)]
    assert len(set(verdicts)) == 1
    assert [line[0] for line in lines[3:6]] == ["✓", "✗", "?"]


def test_a_report_without_checks_passes_nothing() -> None:
    assert Report(()).verdict == "inconclusive"
    assert not Report(()).passed
    assert Report(()).table.empty
    assert "check" in repr(Report(()))


def test_raising_says_it_all_and_names_the_cause() -> None:
    cause = ValueError("Input contains NaN")
    report = Report((one("a", "pass"), one("b", "error", error=cause, notes=("ValueError: Input contains NaN",))))
    with pytest.raises(VerdictError, match="Input contains NaN") as raised:
        report.raise_for_verdict()
    assert isinstance(raised.value, AssertionError)
    assert raised.value.__cause__ is cause
    assert raised.value.report is report
    report_of("pass").raise_for_verdict()


def test_a_real_run_survives_json(run: Report, tmp_path: Path) -> None:
    path = run.to_json(tmp_path / "report.json", examples=True)
    again = Report.from_json(path)
    assert to_json(again, examples=True) == path.read_text()
    assert again.created == run.created
    for before, after in zip(run.results, again.results, strict=True):
        assert replace(before, details=None, examples=None) == replace(after, details=None, examples=None)  # type: ignore[arg-type]
        pd.testing.assert_frame_equal(before.details, after.details)
        pd.testing.assert_frame_equal(before.examples, after.examples)
    assert repr(again) == repr(run)


def test_rows_stay_out_of_files_unless_asked_for(run: Report, tmp_path: Path) -> None:
    for write in (run.to_json, run.to_html):
        assert "Ada Lovelace" not in write(tmp_path / "file").read_text()
        assert "Ada Lovelace" in write(tmp_path / "file", examples=True).read_text()
    assert "Ada Lovelace" not in run.to_junit(tmp_path / "file").read_text()


floats = st.floats(width=64)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | floats | st.text(),
    lambda inner: (
        st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text() | st.integers() | st.none(), inner)
    ),
    max_leaves=8,
)
numbers = st.builds(
    Result,
    name=st.text(),
    kind=st.text(),
    target=st.text(),
    metric=st.text(),
    verdict=st.sampled_from(VERDICTS),
    estimate=floats,
    low=floats,
    high=floats,
    tolerance=floats,
    larger_is_worse=st.booleans(),
    p_fail=floats,
    rows=st.integers(0),
    rows_needed=floats,
    words=st.none() | st.builds(Words, *[st.text()] * 5),
    notes=st.lists(st.text()).map(tuple),
    extras=st.dictionaries(st.text(), values),
)


@pytest.mark.slow
@given(st.lists(numbers, max_size=3), st.booleans(), st.dictionaries(st.text(), values))
def test_any_report_survives_json(results: list[Result], partial: bool, suite: dict) -> None:
    report = Report(tuple(results), partial=partial, suite=suite, rows=7, seconds=0.1)
    again = from_json(to_json(report))
    assert to_json(again) == to_json(report)
    for before, after in zip(report.results, again.results, strict=True):
        assert repr(replace(after, details=before.details, examples=before.examples).__dict__) == repr(before.__dict__)
    assert repr(again.suite) == repr(suite)
    repr(again)


def test_a_newer_version_is_refused_with_what_to_do() -> None:
    content = json.loads(to_json(report_of("pass"))) | {"schema_version": SCHEMA_VERSION + 1}
    with pytest.raises(EvaluationError, match="update mlops-lab"):
        from_json(json.dumps(content))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def broken(data: object, place: int, replacement: object) -> object:
    """Replace the value at one place of a nested structure."""
    seen = 0

    def walk(value: object) -> object:
        nonlocal seen
        seen += 1
        if seen == place:
            return replacement
        if isinstance(value, dict):
            return {key: walk(inner) for key, inner in value.items()}
        return [walk(inner) for inner in value] if isinstance(value, list) else value

    return walk(data)


@pytest.mark.slow
@settings(max_examples=1000)
@given(place=st.integers(1, 160), replacement=json_values)
def test_a_damaged_report_is_read_or_refused(place: int, replacement: object) -> None:
    result = one("a", "fail", details=pd.DataFrame({"a": [1.0], "b": pd.Categorical(["x"])}), words=Words("", "", ""))
    content = broken(json.loads(to_json(Report((result,), suite={"alpha": 0.05}))), place, replacement)
    try:
        report = from_json(json.dumps(content))
    except EvaluationError:
        return
    repr(report)
    report._repr_html_()
    to_json(report)


@pytest.mark.slow
@settings(max_examples=1000)
@given(st.text() | json_values.map(json.dumps))
def test_garbage_is_refused(text: str) -> None:
    with pytest.raises(EvaluationError):
        from_json(text)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a": ' * 50_000, "9" * 10_000, "NaN", "\x00", '{"format": 3}'])
def test_hostile_text_is_refused(text: str) -> None:
    with pytest.raises(EvaluationError, match=r"no (JSON|evaluation report)"):
        from_json(text)


def test_junit_counts_what_did_not_pass(tmp_path: Path) -> None:
    report = Report(
        (one("a", "pass"), one("b", "fail"), one("c\x00<", "inconclusive"), one("d", "error", error=KeyError("x")))
    )
    suite = ElementTree.parse(report.to_junit(tmp_path / "junit.xml")).getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "2", "1")
    cases = {case.get("name"): [(child.tag, child.get("type")) for child in case] for case in suite.iter("testcase")}
    assert cases["a"] == [("system-out", None)]
    assert cases["b"] == [("failure", "fail")]
    assert cases["c�<"] == [("failure", "inconclusive")]
    assert cases["d"] == [("error", "KeyError")]


@pytest.mark.parametrize("write", ["to_json", "to_html", "to_junit"])
def test_a_file_that_cannot_be_written_is_one_sentence(run: Report, tmp_path: Path, write: str) -> None:
    with pytest.raises(EvaluationError, match=r"cannot be written \(no such file"):
        getattr(run, write)(tmp_path / "nowhere" / "report")
    with pytest.raises(EvaluationError, match="it is a folder"):
        getattr(run, write)(tmp_path)


def test_a_file_is_replaced_whole_or_not_at_all(run: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.json"
    path.write_text("before")
    path.chmod(0o640)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", full)
        with pytest.raises(EvaluationError, match="no space left"):
            run.to_json(path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
    run.to_json(path)
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="cannot be read"):
        Report.from_json(tmp_path / "none.json")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EvaluationError, match="no UTF-8 text"):
        Report.from_json(tmp_path / "binary")


def test_a_line_break_in_the_name_of_a_column_forges_no_line_of_the_table() -> None:
    frame = pd.DataFrame({"a\n✓  b": np.tile([0.0, 1.0], 60)})
    suite = ev.Suite([ev.Perturbation(ev.noise("a\n✓  b", sd=0.1), max_drop=0.5)])
    report = suite.run(lambda rows: rows.iloc[:, 0], frame, frame.iloc[:, 0])
    assert "perturbation:a ✓  b" in repr(report)
    assert sum(line.startswith("✓") for line in repr(report).splitlines()) == 2  # the headline, and one check


@pytest.mark.parametrize(("needed", "said"), [(368.2, "369"), (165_598.1, "166,000"), (64_882, "64,900"), (7.2, "8")])
def test_a_forecast_of_rows_has_three_digits_and_is_no_lower(needed: float, said: str) -> None:
    forecast = one("a", "inconclusive", rows=100, rows_needed=needed, words=Words("", "", ""))
    assert f"About {said} rows" in forecast.explain()
