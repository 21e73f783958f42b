from __future__ import annotations

import json

import pandas as pd
import pytest

from mlops_lab.datasets import checksum, rides
from mlops_lab.errors import InputError

SEED = 5
TABLES = rides.internal_tables(SEED)
TRIPS = rides.trips(20_000, seed=SEED)


@pytest.mark.parametrize(
    ("table", "key", "columns"),
    [
        ("riders", "rider_id", ["city", "rider_sex", "rider_plan"]),
        ("drivers", "driver_id", ["city", "vehicle_id", "driver_experience", "driver_rating"]),
        ("vehicles", "vehicle_id", ["city", "vehicle"]),
        ("cities", "city", []),
    ],
)
def test_trips_join_the_internal_tables(table, key, columns):
    assert TABLES[table][key].is_unique
    joined = TRIPS[[key]].merge(TABLES[table], on=key, how="left")
    assert len(joined) == len(TRIPS)
    for column in columns:
        assert (joined[column] == TRIPS[column]).all()


def test_riders_are_as_old_as_their_trips_say():
    born = TRIPS.merge(TABLES["riders"], on="rider_id")["birth_date"]
    day = pd.Timestamp("2025-01-01")
    age = day.year - born.dt.year - ((born.dt.month > 1) | (born.dt.day > 1))
    assert (age == TRIPS["rider_age"]).all()


def test_invitations_lead_back_in_time():
    riders = TABLES["riders"]
    invited = riders.dropna(subset=["invited_by"])
    assert 0.45 < len(invited) / len(riders) < 0.55
    assert (invited["invited_by"] < invited["rider_id"]).all()
    hosts = riders.set_index("rider_id")["joined"].loc[invited["invited_by"].to_numpy(dtype=int)]
    assert (hosts.to_numpy() <= invited["joined"].to_numpy()).all()


def test_the_weather_joins_in_time():
    weather = rides.weather(SEED).sort_values("observed_at")
    trips = TRIPS.merge(TABLES["cities"], on="city")
    trips["at"] = (
        (trips["pickup_time"] - pd.to_timedelta(trips["utc_offset"], unit="h")).dt.as_unit("us").dt.tz_localize("UTC")
    )
    joined = pd.merge_asof(
        trips.sort_values("at"), weather, left_on="at", right_on="observed_at", by="station", suffixes=("", "_seen")
    )
    fresh = joined[joined["at"] - joined["observed_at"] < pd.Timedelta("1h")]
    assert len(fresh) > 0.95 * len(joined)
    assert (fresh["temperature"] == fresh["temperature_seen"]).all()
    known = fresh.dropna(subset=["rain_seen"])
    assert (known["rain"] == known["rain_seen"]).all()


def test_the_weather_has_gaps():
    weather = rides.weather(SEED)
    steps = weather.groupby("station")["observed_at"].diff()
    assert (steps > pd.Timedelta("36h")).groupby(weather["station"]).sum().tolist() == [1, 1, 1, 1]
    assert 0.97 < len(weather) / (4 * (365 * 24 + 1)) < 0.98
    assert 0.007 < weather["rain"].isna().mean() < 0.013
    assert weather["observed_at"].dt.minute.unique().tolist() == [53]


@pytest.mark.slow
def test_events_are_visits_that_arrive_out_of_order():
    events = rides.behaviour_events(20_000, SEED)
    assert events["event_id"].is_unique
    assert events["received_at"].is_monotonic_increasing
    assert (events["received_at"] >= events["happened_at"]).all()
    assert set(events["rider_id"]) <= set(TABLES["riders"]["rider_id"])
    by_id = events.sort_values("event_id")
    visits = by_id.groupby("session_id")
    assert (visits["rider_id"].nunique() == 1).all()
    assert visits["happened_at"].is_monotonic_increasing.all()
    assert set(visits["event"].agg("-".join)) == {
        "open_app-search-see_price-book_ride",
        "open_app-search-see_price-leave",
    }
    late = (events["received_at"] - events["happened_at"] > pd.Timedelta("10min")).mean()
    assert 0.015 < late < 0.025


def test_logs_are_json_in_three_versions():
    lines = [json.loads(line) for line in rides.system_logs(3_000, SEED).splitlines()]
    shapes = {(*line, type(line["service"])) for line in lines}
    assert len(lines) == 3_000
    assert len(shapes) == 3
    assert [line.get("trip", line.get("trip_id")) for line in lines] == [i // 3 for i in range(3_000)]
    versions = pd.Series([line.get("version", 1) for line in lines])
    assert set(versions) == {1, 2, 3}
    assert not versions.is_monotonic_increasing  # services moved at different times
    times = pd.to_datetime(pd.Series([line["time"].replace(" ", "T").rstrip("Z") for line in lines]))
    assert times.is_monotonic_increasing


def test_the_content_of_a_seed_is_fixed():
    assert {name: checksum(table)[:12] for name, table in TABLES.items()} == {
        "cities": "d1c4c0b338ef",
        "riders": "8872b14a47eb",
        "drivers": "1a44ed537950",
        "vehicles": "1cdc6fee89ac",
    }
    assert checksum(rides.weather(SEED))[:12] == "92f3db493d82"
    assert checksum(rides.behaviour_events(500, SEED))[:12] == "61221be98920"
    assert checksum(pd.DataFrame({"log": [rides.system_logs(500, SEED)]}))[:12] == "819dfc385c60"


def test_nothing_is_made_of_no_rows():
    assert rides.system_logs(0) == ""
    assert rides.behaviour_events(0).shape == (0, 7)


@pytest.mark.parametrize("make", [rides.behaviour_events, rides.system_logs, rides.signup_forms])
def test_fewer_than_no_rows_are_refused(make):
    with pytest.raises(InputError, match="rows is -1"):
        make(-1)
    with pytest.raises(InputError, match="seed is 'x'"):
        make(1, seed="x")
