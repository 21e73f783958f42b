import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from mlops_lab import datasets
from mlops_lab import evaluation as ev
from mlops_lab.datasets import rides

REVERSALS = ("reverses in every group", "reverses after standardising", "reverses in some groups")


def from_cells(cells):
    """Make rows from (side, group, events, rows)."""
    rows = [(side, group, place < events) for side, group, events, count in cells for place in range(count)]
    return pd.DataFrame(rows, columns=["side", "group", "event"])


def compared(frame, **options):
    options = {"within": "group", "progress": False} | options
    return ev.simpson(frame, outcome="event", compare="side", **options)


STONES = [("A", "small", 81, 87), ("A", "large", 192, 263), ("B", "small", 234, 270), ("B", "large", 55, 80)]


def scaled(cells, by):
    return from_cells([(side, group, by * events, by * rows) for side, group, events, rows in cells])


def wrong_where(frame, wrong):
    """Return a model of even and odd rows that is wrong on some."""
    truth = np.arange(len(wrong)) % 2
    return lambda X: np.where(wrong[X["row"]], 1.0 - truth[X["row"]], truth[X["row"]])


@pytest.fixture(scope="module")
def lecture():
    """Return the lecture's table: A is right in 98 and 80 %, B in 95 and 95 %, of 90 and 10 % of the rows."""
    row = np.arange(10_000)
    frame = pd.DataFrame({"row": row, "group": np.where(row < 9000, "majority", "minority")})
    a = np.where(row < 9000, row % 50 == 0, row % 5 == 0)
    models = {"A": wrong_where(frame, a), "B": wrong_where(frame, row % 20 == 0)}
    return frame, row % 2, models


def test_the_lectures_table_exactly(lecture):
    frame, target, models = lecture
    found = ev.simpson(frame, target, models=models, within="group")
    table = found.table.set_index("group")
    assert table.loc["all rows", ["first", "second"]].tolist() == pytest.approx([0.962, 0.95])
    assert table.loc["group = majority", ["first", "second"]].tolist() == pytest.approx([0.98, 0.95])
    assert table.loc["group = minority", ["first", "second"]].tolist() == pytest.approx([0.80, 0.95])
    assert table["turns"].tolist() == ["", "no", "yes", "no"]
    assert found.verdict == "reverses in some groups"
    for words in ("turns in 1 of 2", "same rows, so that their mix is the same", "where group = minority"):
        assert words in found.explain()


@pytest.mark.parametrize("mix", ["equal", {"majority": 1, "minority": 1}])
def test_the_lectures_order_turns_at_another_mix(lecture, mix):
    frame, target, models = lecture
    found = ev.simpson(frame, target, models=models, within="group", mix=mix)
    assert found.table.iloc[-1][["first", "second", "estimate"]].tolist() == pytest.approx([0.89, 0.95, -0.06])
    assert found.verdict == "reverses after standardising"


def test_the_intervals_of_models_are_paired(lecture):
    frame, target, models = lecture
    found = ev.simpson(frame, target, models=models, within="group").crude.interval
    outcome = np.r_[np.asarray(models["A"](frame)) == target, np.asarray(models["B"](frame)) == target]
    twice = pd.concat([frame, frame]).assign(event=outcome, side=np.repeat(["A", "B"], 10_000))
    apart = compared(twice.reset_index(drop=True)).crude.interval
    assert apart.estimate == pytest.approx(found.estimate)
    assert (found.low, found.high) != pytest.approx((apart.low, apart.high), abs=1e-5)


def test_losses_of_models_keep_the_sign_of_the_loss(lecture):
    frame, target, models = lecture
    near = {name: (lambda X, model=model: 0.1 + 0.8 * model(X)) for name, model in models.items()}
    found = ev.simpson(frame, target, models=near, within="group", metric="brier_score")
    whole = found.table.iloc[0]
    assert whole["first"] - whole["second"] == pytest.approx(whole["estimate"])
    assert whole["estimate"] < 0 < found.table.iloc[2]["estimate"]
    assert found.verdict == "reverses in some groups"


def test_kidney_stones_reverse_and_more_operations_would_show_it():
    few, many = compared(from_cells(STONES)), compared(scaled(STONES, 20))
    assert few.verdict == "can't tell"
    assert "could be chance" in few.explain()
    assert many.verdict == "reverses in every group"
    assert "Simpson's paradox" in many.explain()
    assert many.table["turns"].tolist() == ["", "yes", "yes", "yes"]
    assert many.table.iloc[-1]["first"] == pytest.approx((357 * 81 / 87 + 343 * 192 / 263) / 700)


@pytest.mark.slow
def test_the_planted_paradox_of_the_rides_is_found_among_all_columns():
    trips = rides.trips(200_000)[[*rides.FEATURES, "late"]]
    better, within = rides.TRUTH.simpson
    assert ev.simpson(trips, outcome="late", compare=better, within=within).verdict == "reverses in every group"
    few = ev.simpson(trips[:20_000], outcome="late", compare=better, progress=False)
    assert (few.within, few.verdict) == (within, "reverses after standardising")
    assert few.columns["verdict"].tolist()[1:] == ["no reversal"] * (len(few.columns) - 1)
    assert "18 columns were looked at" in few.explain()


@pytest.mark.slow
def test_private_and_state_employees():
    census = datasets.adult(columns=["workclass", "education_num", "income"])
    census["rich"] = census["income"] == ">50K"
    census["band"] = pd.cut(census["education_num"], [0, 8, 9, 10, 12, 13, 16]).astype(str)
    options = {"outcome": "rich", "compare": "workclass", "levels": ["Private", "State-gov"], "within": "band"}
    found = ev.simpson(census, **options, mix="overlap")
    assert found.verdict == "reverses after standardising"
    assert found.crude.interval.high < 0
    assert found.table.iloc[-1]["estimate"] == pytest.approx(0.049, abs=0.001)
    assert (found.table["estimate"][1:-1] > 0).sum() == 4
    assert "by the bare numbers it turns in 4" in found.explain()
    assert ev.simpson(census, **options).verdict == "reverses after standardising"


@pytest.mark.slow
def test_two_carriers_by_airport_and_no_paradox_where_there_is_none():
    flights = datasets.flights(columns=["carrier", "origin", "arr_delay"]).dropna()
    options = {"compare": "carrier", "levels": ["EV", "MQ"], "within": "origin", "mix": "overlap"}
    late = ev.simpson(flights, outcome=flights["arr_delay"] > 0, **options)
    assert late.verdict == "reverses after standardising"
    assert late.table.iloc[-1]["estimate"] == pytest.approx(-0.047, abs=0.001)
    very = ev.simpson(flights, outcome=flights["arr_delay"] > 15, **options, alpha=0.0027)  # three standard deviations
    assert very.verdict not in REVERSALS


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "second", "mix"),
    [
        ([0.5, 0.1], [0.5, 0.1], ([0.7, 0.3], [0.3, 0.7])),  # the crude difference is the mix alone
        ([0.3, 0.3], [0.3, 0.3], ([0.5, 0.5], [0.5, 0.5])),  # there is no difference at all
        ([0.6, 0.3, 0.1], [0.5, 0.3, 0.1], ([0.5, 0.3, 0.2], [0.2, 0.3, 0.5])),  # one group differs, the right way
    ],
)
def test_a_reversal_is_rarely_claimed_where_there_is_none(first, second, mix):
    rng, seeds, wrong = np.random.default_rng(0), 100, 0
    for _ in range(seeds):
        sides = [rng.choice(len(first), 600, p=shares) for shares in mix]
        chances = np.r_[np.array(first)[sides[0]], np.array(second)[sides[1]]]
        frame = pd.DataFrame({"group": np.concatenate(sides).astype(str), "side": np.repeat(["a", "b"], 600)})
        frame["other"] = rng.integers(0, 3, 1200).astype(str)
        frame["event"] = rng.random(1200) < chances
        wrong += compared(frame, within=["group", "other"]).verdict in REVERSALS
    assert wrong <= binom.ppf(0.999, seeds, 0.05)


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=2, max_size=5), st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_the_crude_difference_is_that_of_each_sides_own_mix(sizes, seed):
    rng = np.random.default_rng(seed)
    cells = [
        (side, str(at), int(rng.integers(0, count + 1)), count)
        for at, pair in enumerate(sizes)
        for side, count in zip("ab", pair, strict=True)
    ]
    found = compared(from_cells(cells))
    table = found.table
    groups = table.iloc[1:-1]
    for value, rows in (("first", "rows_first"), ("second", "rows_second")):
        assert table[value][0] == pytest.approx(np.average(groups[value], weights=groups[rows]))
    both = groups["rows_first"] + groups["rows_second"]
    assert table["estimate"].iloc[-1] == pytest.approx(np.average(groups["estimate"], weights=both))
    turned = ev.simpson(from_cells(cells), outcome="event", compare="side", levels=["b", "a"], within="group")
    assert turned.verdict == found.verdict
    assert turned.table["estimate"].to_numpy() == pytest.approx(-table["estimate"].to_numpy())


def test_means_are_compared_too():
    rng = np.random.default_rng(0)
    frame = scaled(STONES, 20).assign(days=lambda table: 10 - 8 * table["event"] + rng.exponential(1, len(table)))
    found = ev.simpson(frame, outcome="days", compare="side", within="group")
    assert found.table["first"][0] == pytest.approx(frame.loc[frame["side"] == "A", "days"].mean())
    assert found.verdict == "reverses in every group"


def test_groups_with_one_side_only_are_left_out_and_that_is_said():
    cells = [*STONES, ("A", "huge", 5, 50)]
    found = compared(scaled(cells, 20))
    assert found.shown_within.compared == pytest.approx(700 / 750)
    assert "Only 93% of the rows" in found.explain()
    alone = compared(scaled([("A", "x", 90, 100), ("B", "y", 10, 100)], 1))
    assert alone.verdict == "can't tell"
    assert "Too few rows lie in groups" in alone.explain()
    alone.plot()


@pytest.mark.slow
def test_the_search_says_what_it_left_out():
    frame = scaled(STONES, 20).assign(
        name=lambda table: "n" + table.index.astype(str), day=pd.Timestamp("2026-01-01"), same=1
    )
    found = compared(frame, within=None)
    assert found.columns["within"].tolist() == ["group"]
    assert set(found.left_out) == {"name", "day", "same"}
    assert "name (it has" in found.explain()


def test_more_columns_make_wider_intervals():
    frame = scaled(STONES, 20).assign(other=lambda table: (table.index % 3).astype(str))
    one, two = compared(frame), compared(frame, within=["group", "other"])
    assert two.within == "group"
    assert two.table["high"][1] - two.table["low"][1] > one.table["high"][1] - one.table["low"][1]
    assert (two.table["low"][0], two.table["high"][0]) == (one.table["low"][0], one.table["high"][0])


@pytest.mark.slow
def test_is_shown_and_drawn():
    found = compared(scaled(STONES, 20))
    assert "<table>" in found._repr_html_()
    assert found.shown.columns.tolist()[:5] == ["group", "rows A", "rows B", "A", "B"]
    ax = found.plot()
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names[0].startswith("all rows")
    assert names[1].startswith("⇄ group = large")
    dots = {round(float(x), 6) for one in ax.collections for x, _ in np.reshape(one.get_offsets(), (-1, 2))}
    assert {round(estimate, 6) for estimate in found.table["estimate"]} <= dots
    title = ax.get_title(loc="left")
    assert found.verdict in title.replace("\n", " ")
    assert max(map(len, title.splitlines())) <= 48  # else it sticks out to the right


FRAME = from_cells(STONES)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: ev.simpson(FRAME), "Say what is compared"),
        (lambda: ev.simpson([1], outcome="a", compare="b"), "data is a list"),
        (lambda: compared(FRAME, within="grup"), "nearest is 'group'"),
        (lambda: compared(FRAME, within=[]), "names no column"),
        (lambda: compared(FRAME, within="side"), "look within another"),
        (lambda: compared(FRAME, levels=["A"]), "two different levels"),
        (lambda: compared(FRAME, levels=["A", "C"]), "'C' is not in column 'side'"),
        (lambda: compared(FRAME.replace({"side": {"A": "B"}})), "has only the level 'B'"),
        (lambda: compared(FRAME.assign(side=None)), "has no level"),
        (lambda: compared(FRAME.head(0)), "has 0 rows"),
        (lambda: compared(FRAME, mix="comon"), "choose one of common"),
        (lambda: compared(FRAME, mix={"small": -1}), "not negative"),
        (lambda: compared(FRAME, mix={"tiny": 1}), "'tiny', which is no group"),
        (lambda: compared(FRAME, within=None, mix={"small": 1}), "belongs to one column"),
        (lambda: compared(FRAME, bins=1), "bins is 1"),
        (lambda: compared(FRAME, alpha=0), "alpha is 0"),
        (lambda: compared(FRAME, metric="accuracy"), "metric is for models"),
        (lambda: ev.simpson(FRAME, outcome="group", compare="side"), "pass numbers or yes and no"),
        (lambda: ev.simpson(FRAME, outcome=[1, 0], compare="side"), "length 2 and the data 700 rows"),
        (lambda: compared(FRAME.assign(event=FRAME["event"].astype(float).where(FRAME.index != 3))), "in row 3"),
        (lambda: ev.simpson(FRAME, "event", models={"A": len}), "name two models"),
        (lambda: ev.simpson(FRAME, "event", models={}, outcome="event"), "leave outcome="),
        (
            lambda: ev.simpson(FRAME, "event", models=dict.fromkeys("AB", lambda X: np.full(len(X), 0.5)), metric="f1"),
            "no mean over rows",
        ),
    ],
)
def test_wrong_use_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
