from __future__ import annotations

import pandas as pd
import pytest

from mlops_lab.datasets import broken, rides
from mlops_lab.datasets.broken.worlds import TAX_BAND_RATES
from mlops_lab.errors import InputError


def test_rides_come_with_all_that_is_known_before_and_the_complaint():
    X, y = broken.data("rides", rows=300, seed=5)
    trips = rides.trips(300, seed=5)
    pd.testing.assert_frame_equal(X, trips[[*rides.FEATURES, "complaint"]])
    pd.testing.assert_series_equal(y, trips["late"])


def test_adult_is_its_test_rows_and_a_tax_band():
    X, y = broken.data("adult")
    assert len(X) == len(y) == 16_281
    assert {"income", "split"}.isdisjoint(X.columns)
    shares = (X["tax_band"] == "higher").groupby(y).mean()
    assert shares["<=50K"] == pytest.approx(TAX_BAND_RATES["higher"][0], abs=0.006)
    assert shares[">50K"] == pytest.approx(TAX_BAND_RATES["higher"][1], abs=0.015)


@pytest.mark.slow
def test_fewer_rows_of_adult_are_drawn_by_the_seed():
    (one, _), (same, y), (other, _) = (broken.data("adult", rows=500, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same)
    assert not one["fnlwgt"].equals(other["fnlwgt"])
    assert list(y.index) == list(range(500))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: broken.models("ride"), "for 'ride'. Did you mean 'rides'"),
        (lambda: broken.data("census"), "There are for rides and adult"),
        (lambda: broken.data("adult", rows=20_000), "rows is 20,000, and Adult has 16,281"),
        (lambda: broken.data("adult", rows=-1), "rows is -1"),
        (lambda: broken.data("rides", rows=1.5), "rows is 1.5"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
