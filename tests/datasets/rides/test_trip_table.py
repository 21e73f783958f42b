from __future__ import annotations

import tracemalloc

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_lab.datasets import checksum, rides
from mlops_lab.datasets.rides.trip_table import BLOCK, COLUMNS
from mlops_lab.errors import InputError

ROWS = BLOCK + 700  # two blocks
WHOLE = rides.trips(ROWS, seed=3)


def test_the_content_of_a_seed_is_fixed():
    assert checksum(WHOLE) == "49fe72372f0d290feac4065f696771e065bca5f7e27fa97d23c5b23d1d72543c"
    assert (
        checksum(rides.wide_trips(50, columns=40, seed=3))
        == "b37f6cd1084574eb8513024c052082f28ec1daf7f6aad58654e9ec6f47f36145"
    )


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(rows=st.integers(0, ROWS), chunks=st.integers(400, ROWS + 10))
def test_chunks_of_any_size_make_up_the_whole(rows, chunks):
    parts = list(rides.trips(rows, seed=3, chunks=chunks))
    assert all(len(part) == chunks for part in parts[:-1])
    together = pd.concat(parts, ignore_index=True) if parts else rides.trips(0)
    pd.testing.assert_frame_equal(together, WHOLE.head(rows), check_exact=True)


def test_single_rows_make_up_the_whole():
    together = pd.concat(rides.trips(40, seed=3, chunks=1), ignore_index=True)
    pd.testing.assert_frame_equal(together, WHOLE.head(40), check_exact=True)


def test_another_seed_is_another_company():
    assert checksum(rides.trips(100, seed=4)) != checksum(WHOLE.head(100))


@pytest.mark.slow
def test_columns_types_and_gaps():
    assert tuple(WHOLE) == COLUMNS
    assert not WHOLE.isna().any(axis=None)
    assert set(WHOLE["late"]) == {0, 1} == set(WHOLE["complaint"])
    for name, levels in rides.LEVELS.items():
        assert set(WHOLE[name]) == set(levels)
    assert rides.trips(0).dtypes.equals(WHOLE.dtypes)


def test_hour_and_weekday_are_those_of_the_time():
    assert (WHOLE["pickup_time"].dt.hour == WHOLE["pickup_hour"]).all()
    assert (WHOLE["pickup_time"].dt.strftime("%a") == WHOLE["weekday"]).all()
    assert WHOLE["pickup_time"].dt.year.unique().tolist() == [2025]


def test_wide_trips_are_the_trips_and_sensors():
    wide = rides.wide_trips(3_000, columns=60, seed=3)
    pd.testing.assert_frame_equal(wide[list(COLUMNS)], WHOLE.head(3_000))
    sensors = wide.filter(like="sensor_")
    assert list(sensors)[:2] == ["sensor_000", "sensor_001"]
    assert sensors.shape == (3_000, 60 - len(COLUMNS))
    assert sensors.min().min() >= 0
    assert sensors.max().max() <= 100
    assert sensors.corr().where(lambda table: table < 0.999).abs().max().max() < 0.1
    pd.testing.assert_frame_equal(rides.wide_trips(1_500, columns=60, seed=3), wide.head(1_500))


@pytest.mark.slow
def test_memory_is_that_of_a_chunk():
    def peak(rows: int) -> int:
        tracemalloc.start()
        for _ in rides.trips(rows, seed=0, chunks=5_000):
            pass
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(5_000)  # caches
    assert peak(60_000) < 2 * peak(10_000)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rides.trips(-1), "rows is -1, and must be at least 0"),
        (lambda: rides.trips(10.5), "rows is 10.5, and must be a whole number"),
        (lambda: rides.trips(10, seed=-2), "seed is -2"),
        (lambda: rides.trips(10, chunks=0), "chunks is 0, and must be at least 1"),
        (lambda: rides.trips(-5, chunks=2), "rows is -5"),
        (lambda: rides.wide_trips(5, columns=3), "columns is 3, and must be at least 27"),
        (lambda: rides.wide_trips("many"), "rows is 'many'"),
    ],
)
def test_bad_input_is_refused_at_once(call, message):
    with pytest.raises(InputError, match=message):
        call()
