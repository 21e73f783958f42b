"""Each family learns, also from rows with gaps and levels never seen."""

import numpy as np
import pandas as pd
import pytest

from mlops_lab.errors import InputError
from mlops_lab.selection import FAMILIES, make


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.normal(40, 10, 1500), "job": rng.choice(["cook", "nurse", "clerk"], 1500)})
    y = (rng.random(1500) < np.where((frame["age"] > 40) | (frame["job"] == "cook"), 0.9, 0.1)).astype(int)
    return frame, y


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_it_learns_from_numbers_and_levels(family, rows):
    frame, y = rows
    model = make(family).fit(frame[:1000], y[:1000])
    assert (model.predict(frame[1000:]) == y[1000:]).mean() > 0.75
    assert model.predict_proba(frame[1000:]).shape == (500, 2)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_it_answers_for_gaps_and_for_levels_never_seen(family, rows):
    frame, y = rows
    model = make(family).fit(frame, y)
    odd = pd.DataFrame({"age": [np.nan, 30.0, 60.0], "job": ["cook", "never seen", None]})
    assert np.isfinite(model.predict_proba(odd)).all()


@pytest.mark.slow
def test_two_of_a_family_are_alike(rows):
    frame, y = rows
    first, second = (make("forest").fit(frame, y).predict_proba(frame) for _ in range(2))
    assert np.array_equal(first, second)


def test_an_unknown_family_is_named():
    with pytest.raises(InputError, match="nearest is 'boosting'"):
        make("bosting")
