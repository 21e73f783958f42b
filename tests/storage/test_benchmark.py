from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlops_lab.storage import FORMATS, Benchmark, Format, StorageError, benchmark
from mlops_lab.storage.benchmark import TASKS
from mlops_lab.storage.formats.comma_separated import Csv
from mlops_lab.storage.formats.pickled import Pickle


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame({f"column_{place}": np.arange(300) * place for place in range(6)})


def made(**values: list[float]) -> Benchmark:
    """Build a result with known measurements of reading, one list a format."""
    rows = [
        {"format": name, "task": "read", "round": number, "value": value}
        for name, series in values.items()
        for number, value in enumerate(series)
    ]
    engines = dict.fromkeys(values, "none")
    return Benchmark(pd.DataFrame(rows), 10, 2, len(next(iter(values.values()))), ("a",), 1, engines)


@pytest.mark.slow
def test_every_format_and_task_is_measured_in_every_round(table: pd.DataFrame) -> None:
    measured = benchmark(table, repeats=2, progress=False)
    counts = measured.measurements.groupby(["format", "task"])["round"].nunique()
    assert counts.index.get_level_values("format").nunique() == len(FORMATS)
    assert set(counts.index.get_level_values("task")) == set(TASKS)
    assert (counts == 2).all()
    assert (measured.measurements["value"] > 0).all()
    assert (measured.rounds, measured.rows, measured.columns, measured.rows_appended) == (2, 300, 6, 3)
    assert measured.columns_read == ("column_0", "column_1", "column_2", "column_3")


@pytest.mark.slow
def test_bytes_are_those_of_the_file(table: pd.DataFrame, tmp_path: Path) -> None:
    measured = benchmark(table, ["parquet", "csv"], ["bytes"], repeats=1, progress=False)
    for name in ("parquet", "csv"):
        FORMATS[name].write(table, tmp_path / "file")
        found = measured.measurements.set_index("format")["value"][name]
        assert found == (tmp_path / "file").stat().st_size


@pytest.mark.slow
def test_each_task_does_what_it_says(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, Any]] = []
    for task, place in {"write": 0, "read_columns": 1, "read_row": 1, "append": 1}.items():
        real = getattr(Csv, task)

        def spy(
            self: Format, *given: Any, task: str = task, place: int = place, real: Any = real, **options: Any
        ) -> Any:
            calls.append((task, given[place]))
            return real(self, *given, **options)

        monkeypatch.setattr(Csv, task, spy)
    benchmark(table, ["csv"], ["write", "columns", "row", "append"], repeats=3, columns=["column_5"], progress=False)
    full = [value for task, value in calls if task == "write" and len(value) == 300]
    assert full
    assert all(value == ["column_5"] for task, value in calls if task == "read_columns")
    assert len({value for task, value in calls if task == "read_row"}) > 2, "another row in each round"
    assert {len(value) for task, value in calls if task == "append"} == {1, 3}


@pytest.mark.slow
def test_formats_take_turns_and_the_order_changes(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["csv", "parquet", "feather", "pickle"]
    steps: list[str] = []
    benchmark(table, names, ["read"], repeats=24, progress=lambda done, total, step: steps.append(step))
    rounds = [tuple(steps[start : start + 4]) for start in range(0, 96, 4)]
    assert all(sorted(one) == sorted(f"{name}: read" for name in names) for one in rounds)
    assert len(set(rounds)) > 5
    assert {one[0] for one in rounds} == {f"{name}: read" for name in names}


@pytest.mark.slow
def test_progress_counts_every_measurement_to_its_end(table: pd.DataFrame) -> None:
    seen: list[tuple[int, int]] = []
    benchmark(
        table, ["csv", "pickle"], ["read", "bytes"], repeats=2, progress=lambda *step: seen.append((step[0], step[1]))
    )
    assert seen == [(done, 8) for done in range(9)]


@pytest.mark.slow
def test_a_short_benchmark_shows_no_bar(table: pd.DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    benchmark(table, ["pickle"], ["read"], repeats=1)
    assert capsys.readouterr() == ("", "")
    benchmark(table, ["pickle"], ["read"], repeats=1, progress=True)
    assert "0/1" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_nothing_is_left_behind(
    stop: type[BaseException], table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    benchmark(table, ["csv", "pickle"], repeats=1, directory=tmp_path, progress=False)
    assert os.listdir(tmp_path) == []

    def stopped(self: Format, path: Path) -> pd.DataFrame:
        assert os.listdir(tmp_path), "the files are there while it runs"
        raise stop

    monkeypatch.setattr(Pickle, "read", stopped)
    with pytest.raises(stop):
        benchmark(table, ["csv", "pickle"], repeats=1, directory=tmp_path, progress=False)
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
def test_variants_stand_beside_each_other(table: pd.DataFrame) -> None:
    both = [FORMATS["csv"], FORMATS["csv"].using(engine="pyarrow", compression="gzip")]
    measured = benchmark(table, both, ["bytes"], repeats=1, progress=False)
    assert measured.formats == ["csv", "csv (pyarrow, gzip)"]
    assert measured.engines["csv (pyarrow, gzip)"] == "pyarrow"
    assert measured.ratio("bytes", "csv", "csv (pyarrow, gzip)") > 1.5


def test_the_frame_holds_medians_and_ratios_to_csv() -> None:
    measured = made(csv=[2, 4, 6, 4, 4, 4], parquet=[1, 1, 1, 1, 1, 1])
    frame = measured.frame.set_index("format")
    assert frame.loc["csv", "median"] == 4
    assert frame.loc["parquet", "ratio_to_csv"] == pytest.approx(1 / 4)
    assert frame.loc["parquet", ["ratio_low", "ratio_high"]].tolist() == pytest.approx([1 / 6, 1 / 2])
    assert made(parquet=[1, 2]).frame["ratio_to_csv"].isna().all()


@pytest.mark.parametrize(
    ("csv", "verdict"),
    [([3.0] * 6, "held"), ([2.0] * 6, "held"), ([1.5] * 6, "not held here"), ([1.9, 2.1] * 3, "can't tell")],
)
def test_claims_are_judged_by_the_whole_interval(csv: list[float], verdict: str) -> None:
    claim = made(csv=csv, parquet=[1.0] * 6).judge("read", "csv", "parquet", at_least=2, text="twice as fast")
    assert claim.verdict == verdict
    assert str(claim).startswith(f"twice as fast: {verdict}. Measured ")


@pytest.mark.slow
def test_each_part_of_the_claim_of_aws_is_judged_by_its_task(table: pd.DataFrame) -> None:
    measured = benchmark(table, ["csv", "parquet"], ["bytes", "read", "write"], repeats=6, progress=False)
    claims = measured.aws_claim()
    assert {name: claim.at_least for name, claim in claims.items()} == {"unload": 2, "load": 2, "storage": 6}
    tasks = {"unload": "write", "load": "read", "storage": "bytes"}
    assert all(claims[name].ratio == measured.ratio(task, "csv", "parquet") for name, task in tasks.items())
    assert claims["storage"].ratio.low == claims["storage"].ratio.high


@pytest.mark.slow
def test_a_part_of_the_claim_that_was_not_measured_is_not_judged(table: pd.DataFrame) -> None:
    assert set(benchmark(table, ["csv", "parquet"], ["bytes"], repeats=1, progress=False).aws_claim()) == {"storage"}


@pytest.mark.slow
def test_a_false_claim_is_hardly_ever_called_held() -> None:
    """With the truth just below the claim, "held" may come as often as half of what the interval leaves out."""
    rng = np.random.default_rng(1)
    held = sum(
        made(csv=list(2 * rng.lognormal(-1e-9, 0.2, 6)), parquet=[1.0] * 6).judge("read", "csv", "parquet", 2).verdict
        == "held"
        for _ in range(2000)
    )
    assert held <= 2000 * 0.0156 + 4 * (2000 * 0.0156) ** 0.5


def test_times_are_written_with_the_digits_that_matter() -> None:
    measured = made(csv=[0.0071, 0.0071, 0.0071], json=[0.8, 0.9, 1.86], orc=[1.23456] * 3)
    assert measured.table["read"].to_list() == [
        "7.1\u00a0ms (7.1–7.1)",
        "900\u00a0ms (850–1,400)",
        "1.23\u00a0s (1.2–1.2)",
    ]


@pytest.mark.slow
def test_it_reads_as_a_table_in_text_and_in_a_notebook(table: pd.DataFrame) -> None:
    measured = benchmark(table, ["csv", "parquet"], repeats=2, progress=False)
    for shown in (repr(measured), measured._repr_html_()):
        assert "300 rows × 6 columns, 2 rounds" in shown
        assert "parquet · pyarrow" in shown
        assert all(task in shown for task in TASKS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"formats": ["parket"]}, "Did you mean 'parquet'"),
        ({"tasks": ["reed"]}, "Did you mean 'read'"),
        ({"columns": ["column_9"]}, "no column 'column_9'"),
        ({"repeats": 0}, "0 repeats"),
        ({"formats": []}, "at least one format"),
        ({"tasks": []}, "at least one task"),
        ({"directory": "/nowhere/at/all"}, "no directory '/nowhere/at/all'"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_arguments_are_told_before_anything_is_measured(
    given: dict[str, Any], problem: str, table: pd.DataFrame
) -> None:
    before = set(os.listdir(tempfile.gettempdir()))
    with pytest.raises(StorageError, match=problem):
        benchmark(table, **given)
    with pytest.raises(StorageError, match="0 rows measure nothing"):
        benchmark(table.head(0))
    left = set(os.listdir(tempfile.gettempdir())) - before
    assert not [name for name in left if name.startswith("mlops_lab_benchmark_") and os.path.isfile(name)]


def test_what_was_not_measured_is_named(table: pd.DataFrame) -> None:
    measured = made(csv=[1.0])
    with pytest.raises(StorageError, match="no task measured 'write'"):
        measured.ratio("write", "csv", "csv")
    with pytest.raises(StorageError, match="no format measured 'parquet'"):
        measured.ratio("read", "csv", "parquet")
