from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from mlops_lab import explorers
from mlops_lab.errors import InputError
from mlops_lab.explorers import look
from mlops_lab.explorers.formats import Point, compute, describe, draw
from mlops_lab.storage import FORMATS


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame({"number": range(4000), "town": ["Oslo", "Lima"] * 2000, "share": [0.5, 0.25] * 2000})


def point(name: str, megabytes: float = 1.0, milliseconds: float = 10.0, rows: int = 1000) -> Point:
    layout = "column" if name == "parquet" else "row"
    return Point(name, layout, rows, 3, megabytes, milliseconds, milliseconds * 0.9, milliseconds * 1.2)


@pytest.mark.slow
def test_a_point_is_really_measured(table: pd.DataFrame, tmp_path: Path) -> None:
    found = compute(table, ["number", "share"], 3000, FORMATS["csv"])
    FORMATS["csv"].write(table[["number", "share"]].head(3000), tmp_path / "file")
    assert found.megabytes == (tmp_path / "file").stat().st_size / 1e6
    assert (found.rows, found.columns, found.layout) == (3000, 2, "row")
    assert 0 < found.fastest <= found.milliseconds <= found.slowest


def test_no_column_is_told() -> None:
    with pytest.raises(InputError, match="at least one column"):
        compute(pd.DataFrame({"a": [1]}), [], 1, FORMATS["csv"])


def test_the_picture_shows_the_newest_strong_and_those_before_pale() -> None:
    figure = look.figure()
    draw([point("csv", 3, 30), point("avro", 2, 90), point("parquet", 0.5, 5)], figure)
    axes = figure.axes[0]
    marks = [line for line in axes.lines if line.get_marker() in "so"]
    assert [line.get_alpha() for line in marks] == [look.FAINT, look.FAINT, 1.0]
    assert [line.get_marker() for line in marks] == ["o", "o", "s"]
    labels = {text.get_text(): text.get_weight() for text in axes.texts}
    assert labels["parquet"] == "bold"
    assert labels["csv"] == labels["avro"] == "normal"


def test_a_choice_that_is_measured_twice_has_one_label() -> None:
    figure = look.figure()
    draw([point("csv"), point("csv", milliseconds=12.0)], figure)
    assert [text.get_text() for text in figure.axes[0].texts].count("csv") == 1


def test_the_words_say_what_the_picture_shows() -> None:
    words = describe([point("json", 4, 90), point("csv", 2, 20), point("parquet", 0.5, 5)])
    assert "1,000 rows × 3 columns as parquet: 0.5 MB, 5 ms" in words
    assert "Against csv: 0.25 times the size, 0.25 times the reading time." in words
    assert "csv: 2 MB, 20 ms; json: 4 MB, 90 ms." in words


def test_tables_of_different_size_are_not_compared() -> None:
    assert "Against" not in describe([point("csv", rows=10), point("parquet", rows=1000)])


@pytest.mark.slow
def test_every_choice_is_measured_and_the_earlier_ones_stay(table: pd.DataFrame) -> None:
    made = explorers.formats(table)
    made.controls["format"].value = "csv"
    made.controls["compression"].value = "gzip"
    made.controls["rows"].value = 1000
    made.controls["columns"].value = ("number",)
    assert [(one.name, one.rows, one.columns) for one in made.data] == [
        ("parquet", 4000, 3),
        ("csv", 4000, 3),
        ("csv (gzip)", 4000, 3),
        ("csv (gzip)", 1000, 3),
        ("csv (gzip)", 1000, 1),
    ]
    assert made.data[2].megabytes < made.data[1].megabytes
    made.controls["columns"].value = ()
    assert len(made.data) == 5
    assert any("at least one column" in str(getattr(child, "value", "")) for child in made.children)


@pytest.mark.slow
def test_each_format_offers_its_own_compressions_and_engines(table: pd.DataFrame) -> None:
    made = explorers.formats(table.head(50))
    for label in made.controls["format"].options:
        made.controls["format"].value = label
        name = label.split(" ")[0]
        assert made.controls["compression"].options == FORMATS[name].compressions
        assert made.data[-1].name == label


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(InputError, match="is empty"):
        explorers.formats(pd.DataFrame({"a": []}))


@pytest.mark.slow
def test_widgets_are_loaded_only_when_one_is_made() -> None:
    script = "import sys; from mlops_lab import explorers; explorers.formats; print('ipywidgets' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "False\n"
    )
