"""The outcomes follow the stated truth, and the truth is as it is described."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, ttest_1samp

from mlops_lab.datasets import rides
from mlops_lab.datasets.rides.truth import CHANCES
from mlops_lab.errors import InputError

MOVES = {
    "distance_km": 3.0,
    "traffic": 10,
    "rain": 1.0,
    "temperature": 4.0,
    "driver_experience": 9,
    "driver_rating": 0.3,
}
OTHER = {
    "source": "web",
    "distance_reported": 1.0,
    "rider_age": 44,
    "rider_sex": "male",
    "payment": "cash",
    "surge": 2.0,
}


@pytest.fixture(scope="module")
def trips():
    """Return enough trips for exact statements about the truth."""
    return rides.trips(100_000, seed=11)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_observed_rates_agree_with_the_probability_in_every_cell(seed):
    trips = rides.trips(200_000, seed=seed)
    p = rides.probability(trips)
    sums_by = pd.DataFrame({"late": trips["late"], "p": p, "v": p * (1 - p)}).groupby
    for cells in [["district", "vehicle"], ["city", "weekday"], ["rider_sex", "rider_plan"], ["pickup_hour"], "score"]:
        sums = sums_by(
            pd.qcut(p, 100) if cells == "score" else [trips[column] for column in cells], observed=True
        ).sum()
        squares = (sums["late"] - sums["p"]) ** 2 / sums["v"]
        assert squares.sum() < chi2.ppf(1 - 1e-4, len(sums)), cells


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_prices_average_to_the_fare(seed):
    trips = rides.trips(200_000, seed=seed)
    gap = (trips["price"] - rides.fare(trips)).to_numpy()
    for _, rows in trips.groupby(["vehicle", "city"]).indices.items():
        assert ttest_1samp(gap[rows], 0.0).pvalue > 1e-5
    assert (np.abs(gap) <= 0.15 * rides.fare(trips) + 0.01).all()


def test_the_directions_are_those_of_the_world():
    assert rides.TRUTH.late_directions == {
        "distance_km": "not_decrease",
        "traffic": "not_decrease",
        "rain": "not_decrease",
        "temperature": "not_increase",
        "driver_experience": "not_increase",
        "driver_rating": "not_increase",
    }


@pytest.mark.slow
@pytest.mark.parametrize("column", rides.TRUTH.late_directions)
def test_lateness_moves_in_the_stated_direction(trips, column):
    moved = rides.probability(trips.assign(**{column: trips[column] + MOVES[column]})) - rides.probability(trips)
    sign = 1 if rides.TRUTH.late_directions[column] == "not_decrease" else -1
    assert (sign * moved >= 0).all()
    assert (sign * moved > 0).mean() > 0.1


@pytest.mark.parametrize("column", rides.TRUTH.price_directions)
def test_the_fare_moves_in_the_stated_direction(trips, column):
    assert (rides.fare(trips.assign(**{column: trips[column] + 0.5})) > rides.fare(trips)).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("truth", "columns"),
    [
        (rides.probability, rides.TRUTH.without_effect_on_late),
        (rides.fare, rides.TRUTH.without_effect_on_price),
    ],
)
def test_what_has_no_effect_may_hold_anything(trips, truth, columns):
    for column in columns:
        shuffled = trips[column].sample(frac=1, random_state=0).to_numpy()
        assert (truth(trips.assign(**{column: shuffled})) == truth(trips)).all()


@pytest.mark.slow
def test_every_feature_has_an_effect_or_is_said_to_have_none(trips):
    for truth, without in [
        (rides.probability, rides.TRUTH.without_effect_on_late),
        (rides.fare, rides.TRUTH.without_effect_on_price),
    ]:
        for column in set(rides.FEATURES) - set(without):
            shuffled = trips[column].sample(frac=1, random_state=0).to_numpy()
            assert (truth(trips.assign(**{column: shuffled})) != truth(trips)).mean() > 0.05, column


def test_simpson_pooling_is_better_in_every_district_and_worse_overall(trips):
    better, within = rides.TRUTH.simpson
    p = pd.Series(rides.probability(trips))
    inside = p.groupby([trips[within], trips[better]]).mean().unstack()
    overall = p.groupby(trips[better]).mean()
    assert (inside["pooled"] < inside["nearest"] - 0.02).all()
    assert overall["pooled"] > overall["nearest"] + 0.05
    same_trip = [rides.probability(trips.assign(matching=which)) for which in ("pooled", "nearest")]
    assert (same_trip[0] < same_trip[1]).mean() > 0.99


def test_the_plan_tells_the_sex_and_neither_tells_lateness(trips):
    share = (trips["rider_sex"] == "female").groupby(trips["rider_plan"]).mean()
    assert share["family"] > 0.8
    assert share["business"] < 0.2
    p = pd.Series(rides.probability(trips))
    assert p.groupby(trips["rider_sex"]).mean().diff().abs().max() < 0.005


def test_the_partner_writes_miles(trips):
    column, source, who = rides.TRUTH.unit_trap
    miles = (trips[source] == who).to_numpy()
    kilometres = np.where(miles, trips[column] * rides.TRUTH.km_a_mile, trips[column])
    assert 0.1 < miles.mean() < 0.14
    assert (np.abs(kilometres - trips["distance_km"]) <= 0.0051 * 1.61).all()


def test_there_is_a_thin_region(trips):
    column, low, high = rides.TRUTH.thin
    assert 0.006 < trips[column].between(low, high).mean() < 0.014
    assert trips[column].max() <= high


def test_complaints_come_at_the_stated_rates(trips):
    rates = trips.groupby("late")["complaint"].mean()
    for late, rate in rides.TRUTH.complaint_rate.items():
        assert abs(rates[late] - rate) < 0.01


def test_lateness_does_not_jump(trips):
    far = trips.iloc[np.zeros(3_000, dtype=int)].assign(distance_km=np.arange(3_000) / 100)
    steps = np.diff(rides.probability(far))
    assert (steps > 0).all()
    assert steps.max() < 0.001


def test_chances_rise():
    assert (np.diff(CHANCES) > 0).all()
    assert np.allclose(CHANCES + CHANCES[::-1], 1.0, atol=2e-4)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["object", "category", "string"])
def test_the_truth_does_not_depend_on_how_text_is_held(trips, kind):
    texts = list(rides.LEVELS.keys() & set(trips))
    assert (rides.probability(trips.astype(dict.fromkeys(texts, kind))) == rides.probability(trips)).all()


def test_missing_and_unknown_values_are_typical_ones(trips):
    some = trips.head(50)
    assert (
        rides.probability(some.assign(rain=np.nan, district="moon"))
        == rides.probability(some.assign(rain=0.0, district="harbour"))
    ).all()
    assert (rides.fare(some.assign(vehicle=None)) == rides.fare(some.assign(vehicle="standard"))).all()
    assert (rides.probability(some.assign(pickup_hour=pd.array([None] * 50, dtype="Int64"))) > 0).all()
    assert (rides.probability(some.assign(district=3)) == rides.probability(some.assign(district="harbour"))).all()


def test_no_rows_have_no_probabilities():
    assert rides.probability(rides.trips(0)).shape == (0,)
    assert rides.fare(rides.trips(0)).shape == (0,)


def test_a_missing_column_is_named(trips):
    with pytest.raises(InputError, match=r"needs the column 'traffic'.*nearest is 'trafic'"):
        rides.probability(trips.head(3).rename(columns={"traffic": "trafic"}))
