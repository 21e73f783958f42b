"""The exit code says what a pipeline must do; the table is on the standard output; refusals are one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlops_lab import evaluation as ev

from .conftest import SUITE, evaluate, people

FAILS = SUITE.replace("checks:\n", "checks:\n- confidence: {threshold: 0.5, min_accuracy: 0.99}\n")
UNSURE = SUITE.replace("checks:\n", "checks:\n- slices: {columns: city, max_gap: 0.0}\n")


def refused(result) -> str:
    """Return the one sentence of a refusal."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    lines = result.stderr.strip().splitlines()
    assert lines[-1].startswith("Error: ")
    assert "Traceback" not in result.stderr
    return lines[-1]


@pytest.mark.slow
@pytest.mark.parametrize(("text", "code"), [(SUITE, 0), (FAILS, 1), (UNSURE, 3)], ids=["pass", "fail", "inconclusive"])
def test_the_exit_code_is_the_verdict(folder, text, code):
    (folder / "people.suite.yaml").write_text(text)
    result = evaluate()
    assert result.exit_code == code, result.output
    assert "invariance:city" in result.stdout
    assert "predictions" in result.stdout
    assert "\x1b[" not in result.stdout


def test_a_check_that_cannot_be_made_is_an_error_and_no_pass(folder):
    (folder / "own.py").write_text(
        "def model(frame):\n    return frame['age'] / frame['age'].max() * (1 / frame['hours'])\n"
    )
    assert "hours" in refused(evaluate("--model", "own:model"))
    gap = "    if frame['income'].isna().any(): raise ValueError('a gap')\n"
    (folder / "other.py").write_text(f"def model(frame):\n{gap}    return frame['age'] / 100\n")
    text = SUITE.replace("noise: {column: income, sd: 0.1}", "missing: {column: income, rate: 0.1}")
    (folder / "people.suite.yaml").write_text(text)
    result = evaluate("--model", "other:model", "--only", "perturbation:income")
    assert result.exit_code == 2
    assert "a gap" in result.stdout


@pytest.mark.slow
def test_flags_go_before_the_file(folder):
    (folder / "people.suite.yaml").write_text(SUITE.replace("people.parquet", "nowhere.parquet").replace("late", "x"))
    assert evaluate("--data", "people.parquet", "--target", "late").exit_code == 0


@pytest.mark.parametrize("name", ["model", "data", "target"])
def test_what_nobody_said_is_asked_for(folder, name):
    lines = [line for line in SUITE.splitlines() if not line.startswith(f"{name}:")]
    (folder / "people.suite.yaml").write_text("\n".join(lines))
    assert f"pass --{name}, or write '{name}:'" in refused(evaluate())


@pytest.mark.slow
def test_every_output_holds_the_same_report(folder, monkeypatch):
    summary = folder / "summary.md"
    summary.write_text("What came before.\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    names = {"--html": "r.html", "--json": "r.json", "--junit": "r.xml", "--markdown": "r.md"}
    result = evaluate(*(one for pair in names.items() for one in pair), "--github-summary")
    assert result.exit_code == 0, result.output
    report = ev.Report.from_json(folder / "r.json")
    assert [one.name for one in report] == ["invariance:city", "directional:age", "perturbation:income"]
    cases = ElementTree.parse(folder / "r.xml").findall(".//testcase")
    assert [case.get("name") for case in cases] == [one.name for one in report]
    assert "invariance:city" in (folder / "r.html").read_text()
    assert "| ✓ | invariance:city |" in (folder / "r.md").read_text()
    assert summary.read_text() == "What came before.\n" + (folder / "r.md").read_text() + "\n"
    assert all(name in result.stderr for name in names.values())


@pytest.mark.slow
@pytest.mark.parametrize("option", ["--html", "--json", "--junit", "--markdown", "--checkpoint"])
def test_a_place_that_cannot_be_written_is_refused_before_predicting(folder, option):
    (folder / "loud.py").write_text(
        "def model(frame):\n    if len(frame) > 256: open('asked', 'w').close()\n    return frame['age'] / 100\n"
    )
    assert "cannot be written" in refused(evaluate("--model", "loud:model", option, folder / "no" / "x"))
    assert not (folder / "asked").exists()
    evaluate("--model", "loud:model")
    assert (folder / "asked").exists()


def test_without_githubs_variable_there_is_no_summary(folder):
    assert "use --markdown here" in refused(evaluate("--github-summary"))


@pytest.mark.slow
def test_some_checks_keep_their_numbers(folder):
    evaluate("--json", "all.json")
    result = evaluate("--json", "some.json", "--only", "perturbation:*", "--only", "directional:age", "--skip", "dir*")
    assert result.exit_code == 0
    whole, some = (ev.Report.from_json(folder / name) for name in ("all.json", "some.json"))
    assert [one.name for one in some] == ["perturbation:income"]
    assert some["perturbation:income"].estimate == whole["perturbation:income"].estimate
    assert "1 of the 3 checks" in result.stdout
    assert "the nearest is 'invariance:city'" in refused(evaluate("--only", "invariance:cty"))
    assert "No check is left" in refused(evaluate("--skip", "*"))


@pytest.mark.slow
@pytest.mark.parametrize("data", ["people.parquet", "people.csv"])
def test_a_sample_is_random_repeatable_and_said(folder, data):
    frame = people().sort_values("age")
    frame.to_csv(folder / "people.csv", index=False)
    frame.to_parquet(folder / "people.parquet")
    first, again = (evaluate("--data", data, "--rows", 500, "--json", f"{name}.json") for name in "ab")
    assert "A random sample of 500 of the 3,000 rows was evaluated" in first.stdout
    one, two = (ev.Report.from_json(folder / f"{name}.json") for name in "ab")
    assert one.data == two.data
    assert one.rows == 500
    ages = ev.Report.from_json(folder / "a.json")["directional:age"]
    assert ages.details["estimate"].notna().all()
    assert "random sample" not in evaluate("--data", data, "--rows", 3000).stdout
    assert again.exit_code == first.exit_code


def test_a_sample_of_sorted_rows_holds_all_ages(folder):
    from mlops_lab.evaluation.data import FrameSource
    from mlops_lab.evaluation.sample import sample

    frame = people().sort_values("age", ignore_index=True)
    drawn = sample(FrameSource(frame, "late"), 300, seed=0)
    assert drawn.rows == 300
    assert drawn.frame["age"].mean() == pytest.approx(frame["age"].mean(), abs=4)
    assert (drawn.target == frame["late"].to_numpy()[drawn.frame.index]).all()
    assert sample(FrameSource(frame, "late"), 300, seed=1).frame.index.tolist() != drawn.frame.index.tolist()


def test_running_out_of_time_is_said_and_is_no_pass(folder, monkeypatch):
    monkeypatch.setattr("mlops_lab.evaluation.cost.BATCH_BYTES", 1)
    result = evaluate("--max-seconds", "0")
    assert result.exit_code in (1, 3)
    assert "stopped early" in result.stdout


@pytest.mark.slow
def test_a_baseline_is_compared(folder):
    evaluate("--json", "old.json")
    (folder / "worse.py").write_text("def model(frame):\n    return (frame['city'] == 'Salta') * 0.6 + 0.2\n")
    result = evaluate("--model", "worse:model", "--baseline", "old.json", "--markdown", "now.md")
    assert result.exit_code == 1
    assert "2 of 3 verdicts changed" in result.stdout or "1 of 3 verdicts changed" in result.stdout
    assert "worse" in result.stdout
    assert "They are about different models" in result.stdout
    assert "| invariance:city |" in (folder / "now.md").read_text().split("###")[1]


def test_a_baseline_of_another_suite_is_refused_before_predicting(folder):
    (folder / "louder.py").write_text(
        "def model(frame):\n    open('asked', 'w').close()\n    return frame['age'] / 100\n"
    )
    evaluate("--json", "old.json", "--only", "directional:age")
    refusal = refused(evaluate("--baseline", "old.json", "--skip", "directional:age", "--model", "louder:model"))
    assert "no check of this suite" in refusal
    assert not (folder / "asked").exists()
    content = json.loads((folder / "old.json").read_text()) | {"schema_version": 99}
    (folder / "newer.json").write_text(json.dumps(content))
    assert "update mlops-lab" in refused(evaluate("--baseline", "newer.json"))


@pytest.mark.slow
def test_a_pickle_needs_trust(folder):
    assert "pass --trust-pickle" in refused(evaluate("--model", "model.joblib"))
    assert evaluate("--model", "model.joblib", "--trust-pickle").exit_code == 0


@pytest.mark.slow
def test_what_a_model_prints_is_not_in_the_table(folder):
    (folder / "chatty.py").write_text("def model(frame):\n    print('chatter')\n    return frame['age'] / 100\n")
    result = evaluate("--model", "chatty:model")
    assert "chatter" not in result.stdout
    assert "chatter" in result.stderr


def test_something_unexpected_is_no_failing_model(folder):
    (folder / "broken.py").write_text("raise RuntimeError('postgres://ada:love@db')\n")
    result = evaluate("--model", "broken:model")
    assert result.exit_code == 2
    assert "love" not in result.output
    assert "Traceback" in result.stderr


@pytest.mark.slow
def test_names_that_are_active_stay_text_everywhere(folder):
    evil = "<script>alert(1)</script>|\x1b[2J`x`"
    people().rename(columns={"income": evil}).to_parquet(folder / "people.parquet")
    quoted = json.dumps(evil)
    (folder / "people.suite.yaml").write_text(SUITE.replace("column: income", f"column: {quoted}"))
    (folder / "harmless.py").write_text("def model(frame):\n    return frame['age'] / 100\n")
    result = evaluate("--model", "harmless:model", "--html", "r.html", "--markdown", "r.md", "--junit", "r.xml")
    assert "\x1b" not in result.output
    assert "alert(1)" in result.stdout
    for name in ("r.html", "r.md", "r.xml"):
        text = (folder / name).read_text()
        assert "<script>alert" not in text, name
        assert "alert(1)" in text, name
    line = next(line for line in (folder / "r.md").read_text().splitlines() if "alert" in line)
    assert line.count("|") == 10


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_csv_with_another_delimiter_is_refused(folder, separator):
    people().to_csv(folder / "people.csv", index=False, sep=separator)
    assert "has one column" in refused(evaluate("--data", "people.csv"))


@pytest.mark.slow
def test_text_tables_feather_and_databases_give_the_numbers_of_parquet(folder):
    import duckdb
    import sqlalchemy

    frame = people()
    frame.to_csv(folder / "p.csv", index=False)
    frame.to_csv(folder / "p.tsv.gz", index=False, sep="\t")
    frame.to_feather(folder / "p.feather")
    with sqlalchemy.create_engine("sqlite:///p.sqlite").begin() as connection:
        frame.to_sql("people", connection, index=False)
    with duckdb.connect("p.duckdb") as connection:
        connection.execute("create table people as select * from 'people.parquet'")
    evaluate("--json", "parquet.json")
    expected = ev.Report.from_json(folder / "parquet.json")
    query = ("--query", "select * from people")
    for data, more in [
        ("p.csv", ()),
        ("p.tsv.gz", ()),
        ("p.feather", ()),
        ("sqlite:///p.sqlite", query),
        ("duckdb:///p.duckdb", query),
        ("duckdb://", ("--query", "select * from 'people.parquet'")),
    ]:
        result = evaluate("--data", data, *more, "--json", "r.json")
        assert result.exit_code == 0, result.output
        report = ev.Report.from_json(folder / "r.json")
        for one, other in zip(report, expected, strict=True):
            assert (one.estimate, one.low, one.high, one.verdict) == (
                pytest.approx(other.estimate, abs=1e-12),
                pytest.approx(other.low, abs=1e-12),
                pytest.approx(other.high, abs=1e-12),
                other.verdict,
            ), data


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--data", "nowhere-*.parquet"], "No Parquet file is found"),
        (["--data", "s3://bucket/x.parquet"], "is not on this machine"),
        (["--data", "people-*.csv"], "are read as Parquet only"),
        (["--data", "empty.csv"], "cannot be read as a .csv file"),
        (["--data", "latin.csv"], "is no UTF-8 text"),
        (["--data", "ragged.csv"], "cannot be read as a .csv file"),
        (["--data", "long.csv"], "more fields in its rows than names"),
        (["--data", "twice.csv"], "occurs more than once"),
        (["--data", "gone.csv"], "cannot be read (no such file or directory)"),
        (["--data", "latin.feather"], "cannot be read as a .feather file"),
        (["--data", "latin.parquet"], "'latin.parquet' cannot be read as Parquet"),
        (["--data", "sqlite:///people.sqlite"], "say which rows with --query"),
        (["--data", "sqlite:///people.sqlite", "--query", "select 1"], "is a file that does not exist"),
        (["--data", "duckdb:///people.duckdb", "--query", "select 1"], "is a file that does not exist"),
        (["--data", "duckdb://", "--query", "select * from people"], "did not answer the query"),
        (["--data", "duckdb://", "--query", "select 1 where false"], "returned no rows"),
        (["--data", "nosuch://host/x", "--query", "select 1"], "is none of a database"),
        (["--data", "people.xlsx"], "none of the files that hold data here; write them as .parquet, .csv, .tsv or"),
        (
            ["--data", "commas.tsv"],
            "its fields are separated by commas; write it as .csv with commas, as .tsv with tabs",
        ),
        (["--query", "select 1"], "is no database"),
        (["--html", "report", "--json", "./report"], "report is named twice; give each output a file of its own"),
        (["--data", "latin.csv", "--junit", "latin.csv"], "latin.csv is read here; write the output into another file"),
        (["--checkpoint", "people.suite.yaml"], "people.suite.yaml is read here"),
        (["--target", "lat"], "the nearest is 'late'"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value[1:2]),
)
def test_bad_data_are_refused_in_one_sentence(folder, arguments, sentence):
    (folder / "empty.csv").write_text("")
    for name in ("latin.csv", "latin.feather", "latin.parquet"):
        (folder / name).write_bytes("age,late\n31,sí\n".encode("latin-1"))
    (folder / "people.xlsx").write_bytes(b"PK\x03\x04")
    (folder / "commas.tsv").write_text("age,late\n31,no\n")
    (folder / "ragged.csv").write_text("age,late\n31,no\n32,no,1,2\n")
    (folder / "long.csv").write_text("age,late\n31,no,4\n32,no,4\n")
    (folder / "twice.csv").write_text("age,age,late\n31,1,no\n")
    assert sentence in refused(evaluate(*arguments))
    assert not (folder / "people.sqlite").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "url", ["postgresql://ada:s3cret@127.0.0.1:1/people", "nosuch://ada:s3cret@host/x?token=s3cret"]
)
def test_secrets_are_masked(folder, url):
    result = evaluate("--data", url, "--query", "select 1")
    assert result.exit_code == 2
    assert "s3cret" not in result.output
    assert "ada:***@" in result.stderr or "driver" in result.stderr


def test_a_truncated_parquet_file_is_named(folder):
    content = (folder / "people.parquet").read_bytes()
    (folder / "people.parquet").write_bytes(content[: len(content) // 2])
    assert "people.parquet' cannot be read as Parquet" in refused(evaluate())


def test_a_damaged_part_of_parquet_is_named(folder):
    parts = folder / "parts"
    parts.mkdir()
    for number in range(3):
        people().to_parquet(parts / f"p{number}.parquet", row_group_size=1000)
    damaged = parts / "p1.parquet"
    column = pq.ParquetFile(damaged).metadata.row_group(2).column(0)
    content = bytearray(damaged.read_bytes())
    place = column.dictionary_page_offset or column.data_page_offset
    content[place : place + 40] = b"\xff" * 40
    damaged.write_bytes(bytes(content))
    assert "p1.parquet', row group 3 of 3, cannot be read" in refused(evaluate("--data", "parts"))


def test_files_with_other_columns_are_named_with_what_differs(folder):
    parts = folder / "parts"
    parts.mkdir()
    people().to_parquet(parts / "a.parquet")
    table = pa.Table.from_pandas(people().astype({"age": str}).drop(columns="income").assign(rooms=1))
    pq.write_table(table, parts / "b.parquet")
    refusal = refused(evaluate("--data", "parts/*.parquet"))
    assert "b.parquet" in refusal
    assert "'age' is" in refusal
    assert "'income' is missing" in refusal
    assert "'rooms' is new" in refusal


def test_the_columns_that_a_model_lacks_are_said(folder):
    people().drop(columns="city").to_parquet(folder / "people.parquet")
    assert "city" in refused(evaluate())


@pytest.mark.slow
def test_a_real_process_ends_with_the_code_and_keeps_its_streams_apart(folder):
    (folder / "people.suite.yaml").write_text(FAILS)
    command = [Path(sys.executable).with_name("mlops-lab"), "evaluate", "people.suite.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "✗  confidence:0.5" in done.stdout
    assert "\x1b[" not in done.stdout
    assert "confidence" not in done.stderr


def test_a_terminal_gets_colours_unless_it_does_not_want_them(monkeypatch):
    from mlops_lab.command_line import terminal

    class Screen:
        def isatty(self):
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert terminal.coloured(Screen())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not terminal.coloured(Screen())
    result = ev.Result("pass:x", "k", "x", "rate", "fail", 0.1, 0.05, 0.2, 0.01)
    text = terminal.report_text(ev.Report((result,)))
    assert "\x1b[31m✗\x1b[0m  pass:x" in text
    assert "\x1b[31mfail\x1b[0m" in text
