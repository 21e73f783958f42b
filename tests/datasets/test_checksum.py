from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_lab.datasets import checksum

FRAME = pd.DataFrame({"city": ["Arden", None, "Brück"], "riders": [3, 5, 8], "rating": [4.5, None, 3.0]})


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.rename(columns={"city": "town"}),
        lambda frame: frame[["riders", "city", "rating"]],
        lambda frame: frame.iloc[::-1],
        lambda frame: frame.astype({"riders": "float64"}),
        lambda frame: frame.assign(riders=[3, 5, 9]),
        lambda frame: frame.assign(city=["Arden", "", "Brück"]),
        lambda frame: frame.assign(city=["ArdenB", None, "rück"]),
        lambda frame: frame.assign(rating=[4.5, 0.0, 3.0]),
        lambda frame: frame.head(2),
    ],
)
def test_another_content_has_another_checksum(change):
    assert checksum(change(FRAME)) != checksum(FRAME)


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.astype({"city": "object"}),
        lambda frame: frame.astype({"city": "string"}),
        lambda frame: frame.astype({"city": "category"}),
        lambda frame: frame.astype({"riders": "Int64"}),
        lambda frame: frame.set_index(pd.Index([7, 8, 9])),
    ],
)
def test_the_same_content_in_another_coat_has_the_same_checksum(change):
    assert checksum(change(FRAME)) == checksum(FRAME)


def test_times_do_not_depend_on_their_resolution():
    times = pd.DataFrame({"at": pd.to_datetime(["2013-01-01", None], utc=True)})
    assert checksum(times.astype("datetime64[ns, UTC]")) == checksum(times.astype("datetime64[us, UTC]"))


def test_the_checksum_is_fixed():
    assert checksum(FRAME) == "ed277a4a089c96df60de4c6b7f0c3f887833d3bcae1b901ba0e5ba066113b416"


@given(st.lists(st.tuples(st.integers(-5, 5), st.text(max_size=3)), min_size=1, max_size=8))
def test_parquet_keeps_the_checksum(tmp_path_factory, rows):
    frame = pd.DataFrame(rows, columns=["number", "text"])
    file = tmp_path_factory.mktemp("parquet") / "x.parquet"
    frame.to_parquet(file, index=False)
    assert checksum(pd.read_parquet(file)) == checksum(frame)
