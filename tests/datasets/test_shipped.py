from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from mlops_lab import datasets
from mlops_lab.datasets import shipped
from mlops_lab.errors import InputError, MissingDataError

ROWS = {"flights": 336_776, "weather": 26_115, "planes": 3_322, "airports": 1_458, "airlines": 16, "adult": 48_842}


@pytest.mark.slow
@pytest.mark.parametrize("table", ROWS)
def test_each_table_is_whole(table):
    assert len(getattr(datasets, table)()) == ROWS[table]


def test_columns_come_in_the_order_asked_for():
    assert list(datasets.flights(columns=["dest", "carrier"])) == ["dest", "carrier"]


@pytest.mark.slow
@pytest.mark.parametrize(("table", "key", "other"), [("airlines", "carrier", "carrier"), ("airports", "origin", "faa")])
def test_flights_join(table, key, other):
    keys = set(datasets.flights(columns=[key])[key])
    assert keys <= set(getattr(datasets, table)(columns=[other])[other])


def test_flights_join_the_weather():
    both = datasets.flights(columns=["origin", "time_hour"]).merge(
        datasets.weather(columns=["origin", "time_hour", "hour"]), on=["origin", "time_hour"], how="left"
    )
    assert both["hour"].notna().mean() > 0.99


def test_whole_numbers_with_gaps_stay_whole():
    delay = datasets.flights(columns=["arr_delay"])["arr_delay"]
    assert delay.dtype == "Int64"
    assert delay.isna().sum() == 9_430


def test_a_gap_in_text_is_nan_in_every_version_of_pandas():
    gaps = datasets.adult(columns=["occupation"]).query("occupation.isna()")["occupation"].astype(object)
    assert len(gaps) == 2_809
    assert all(isinstance(gap, float) for gap in gaps)


@pytest.mark.slow
def test_adult_is_split_as_published():
    train, test = datasets.adult(split="train"), datasets.adult(split="test", columns=["age", "income"])
    assert (len(train), len(test)) == (32_561, 16_281)
    assert list(test) == ["age", "income"]
    assert list(test.index[:2]) == [0, 1]
    assert set(test["income"]) == {"<=50K", ">50K"} == set(train["income"])
    assert round(float((datasets.adult()["income"] == ">50K").mean()), 3) == 0.239
    assert not (train.select_dtypes(exclude="number") == "?").any(axis=None)
    assert train.isna().any(axis=1).sum() == 32_561 - 30_162  # as adult.names counts them


@pytest.mark.slow
@pytest.mark.parametrize("table", ROWS)
def test_an_unknown_column_is_refused_with_the_nearest(table):
    known = list(getattr(datasets, table)())
    with pytest.raises(InputError, match=f"{table} has no column '{known[0]}s'.* nearest: {known[0]}"):
        getattr(datasets, table)(columns=[known[0] + "s"])


def test_one_name_is_not_a_list_of_letters():
    with pytest.raises(InputError, match=r"write columns=\['age'\]"):
        datasets.adult(columns="age")


def test_an_unknown_split_is_refused():
    with pytest.raises(InputError, match="'tset'"):
        datasets.adult(split="tset")


def test_an_unknown_table_is_refused():
    with pytest.raises(InputError, match="Did you mean 'flights'"):
        datasets.path("flight")


def test_a_missing_file_is_named_with_its_cure(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "FOLDERS", (tmp_path / "a", tmp_path / "b"))
    with pytest.raises(MissingDataError, match=r"planes\.parquet.*make data"):
        datasets.planes()


def test_the_package_is_looked_at_before_the_clone(tmp_path, monkeypatch):
    inside = tmp_path / "a"
    inside.mkdir()
    pd.DataFrame({"carrier": ["XX"]}).to_parquet(inside / "airlines.parquet")
    monkeypatch.setattr(shipped, "FOLDERS", (inside, shipped.FOLDERS[1]))
    assert list(datasets.airlines()["carrier"]) == ["XX"]
    assert len(datasets.planes()) == ROWS["planes"]


def test_importing_loads_nothing_heavy():
    code = "import sys, mlops_lab.datasets; print({'pandas', 'pyarrow', 'sklearn', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_lazy_parts_are_found_and_nothing_else():
    assert datasets.rides.__name__ == "mlops_lab.datasets.rides"
    with pytest.raises(AttributeError, match="rode"):
        _ = datasets.rode
