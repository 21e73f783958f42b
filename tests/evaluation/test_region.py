"""Where trouble sits: found where there is something to find, and silent where there is not."""

import numpy as np
import pandas as pd
import pytest

from mlops_lab.evaluation.data import Batch
from mlops_lab.evaluation.randomness import RowRandom
from mlops_lab.evaluation.region import Drawn, Region, as_column, describe_region, difference_by_chance


def described(frame: pd.DataFrame, troubled: np.ndarray, parts: int = 1) -> Region | None:
    """Describe the region of some rows, seen in one batch or in several."""
    kinds = [Drawn(), Drawn()]
    for places in np.array_split(np.arange(len(frame)), parts):
        batch = Batch(frame.iloc[places], np.zeros(len(places)), int(places[0]))
        for kind, chosen in enumerate((troubled, ~troubled)):
            kinds[kind] += Drawn.of(batch, chosen[places], RowRandom(0, "region", batch.start, len(places)))
    return describe_region(*kinds)


def people(rows: int, seed: int = 0) -> pd.DataFrame:
    """Draw rows whose columns know nothing of each other."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, rows),
            "hours": rng.normal(40, 12, rows),
            "job": rng.choice(["cook", "nurse", "smith"], rows),
            "member": rng.random(rows) < 0.4,
        }
    )
    frame.loc[rng.random(rows) < 0.2, "hours"] = np.nan
    return frame


@pytest.mark.parametrize(
    ("planted", "text"),
    [
        (lambda X: (X["age"] > 61) & (X["hours"] < 30), "age > 61 and hours <= 29"),
        (lambda X: (X["job"] == "cook") & X["member"], "member is True and job is cook"),
        (lambda X: X["job"] != "smith", "job is not smith"),
        (lambda X: X["hours"].isna(), "hours is missing"),
        (lambda X: X["age"] <= 30, "age <= 30"),
        (lambda X: (X["age"] > 40) & (X["age"] <= 50), "40 < age <= 50"),
    ],
)
def test_what_was_planted_is_found(planted, text):
    frame = people(4000)
    troubled = planted(frame).to_numpy()
    region = described(frame, troubled)
    parts = set(text.split(" and "))
    found = region.text.split(" and ")
    assert len(found) == len(parts)
    assert all(any(one.startswith(part) for one in found) for part in parts)
    assert region.share_of_troubled > 0.95
    assert region.share_of_others < 0.05


def test_the_shares_are_those_of_the_conditions():
    frame = people(2000)
    rng = np.random.default_rng(1)
    inside = (frame["age"] > 61).to_numpy()
    troubled = rng.random(len(frame)) < np.where(inside, 0.6, 0.1)
    region = described(frame, troubled)
    assert region.text.startswith("age > ")
    cut = float(region.text.removeprefix("age > ").split(" and ")[0])
    held = frame["age"].to_numpy() > cut
    if " and " not in region.text:
        assert region.share_of_troubled == pytest.approx(held[troubled].mean())
        assert region.share_of_others == pytest.approx(held[~troubled].mean())
    assert region.rows == len(frame)


@pytest.mark.parametrize("troubled_rows", [12, 60, 400])
def test_where_nothing_is_to_be_found_hardly_anything_is(troubled_rows):
    found = 0
    for seed in range(60):
        frame = people(1000, seed)
        troubled = np.zeros(1000, dtype=bool)
        troubled[np.random.default_rng(seed + 1000).choice(1000, troubled_rows, replace=False)] = True
        found += described(frame, troubled) is not None
    assert found <= 7  # of 60 at one in twenty: more in one series of 100


def test_a_difference_by_chance_is_that_of_both_samples_over_all_that_is_searched():
    """Massart: a sample of n lies further than d from its distribution in at most 2 exp(−2 n d²) of all cases."""
    for rows, searched in ((40, 1), (300, 7)):
        of_each = difference_by_chance((rows, rows), searched) / 2
        assert 2 * searched * 2 * np.exp(-2 * rows * of_each**2) == pytest.approx(0.05)
    assert difference_by_chance((40, 40), 0) == difference_by_chance((40, 40), 1)
    unequal = difference_by_chance((40, 300), 7)
    assert 2 * unequal == pytest.approx(difference_by_chance((40, 40), 7) + difference_by_chance((300, 300), 7))


def test_any_split_gives_the_same():
    frame = people(5000)
    troubled = ((frame["age"] > 61) & (frame["job"] == "cook")).to_numpy() | (np.arange(5000) % 17 == 0)
    assert described(frame, troubled) == described(frame, troubled, parts=7)


def test_nothing_is_said_of_few_rows_or_of_columns_that_cannot_be_cut():
    frame = people(500)
    few = np.arange(500) < 9
    assert described(frame, few) is None
    dates = pd.DataFrame({"day": pd.date_range("2020-01-01", periods=500), "same": 1.0})
    assert described(dates, np.arange(500) < 250) is None


@pytest.mark.parametrize("kind", ["int64", "float64"])
def test_a_cut_is_written_so_that_it_holds_for_the_very_rows_that_were_counted(kind):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"departure": rng.integers(500, 2200, 4000).astype(kind)})
    troubled = (frame["departure"] > 1259).to_numpy()
    region = described(frame, troubled)
    cut = float(region.text.removeprefix("departure > "))
    assert ((frame["departure"] > cut) == troubled).all()
    assert (region.share_of_troubled, region.share_of_others) == (1, 0)


def test_a_cut_of_real_numbers_lies_in_the_middle_between_two():
    frame = pd.DataFrame({"speed": np.r_[np.linspace(0, 10, 200), np.linspace(20, 30, 200)]})
    assert described(frame, np.arange(400) >= 200).text == "speed > 15"


def test_each_level_is_searched_and_whether_one_is_missing():
    assert as_column(pd.Series(["cook", "nurse", None])).searched == 3


def test_a_column_of_lists_says_nothing_and_hinders_nothing():
    frame = people(1000).assign(tags=[["a"]] * 1000)
    assert described(frame, (frame["age"] > 61).to_numpy()).text == "age > 61"


def test_an_infinite_value_is_not_called_missing():
    frame = pd.DataFrame({"ratio": np.where(np.arange(1000) < 300, np.inf, np.linspace(0, 1, 1000))})
    region = described(frame, np.arange(1000) < 300)
    assert region.text.startswith("ratio > ")
