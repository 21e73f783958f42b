import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapie.classification import SplitConformalClassifier
from mapie.regression import SplitConformalRegressor
from scipy.stats import beta, binom
from sklearn.linear_model import LinearRegression, LogisticRegression

from mlops_lab import evaluation as ev
from mlops_lab.errors import MissingExtraError
from mlops_lab.evaluation.coverage import measure_coverage
from mlops_lab.evaluation.memory import in_memory

TREES = np.array(["oak", "elm", "ash"])


def trips(rows, seed=0, spread=2.0):
    """Return distances and minutes, whose noise is ``spread`` near and three times that far away."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"km": rng.uniform(1, 20, rows)})
    frame["far"] = np.where(frame["km"] > 15, "far", "near")
    return frame, (3 * frame["km"] + rng.normal(0, 1, rows) * spread * np.where(frame["far"] == "far", 3, 1)).to_numpy()


def drive(frame):
    return 3 * frame["km"]


def leaves(rows, seed=0):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 3, rows)
    frame = pd.DataFrame({"length": codes + rng.normal(0, 0.8, rows), "width": rng.normal(0, 1, rows)})
    return frame, TREES[codes]


@pytest.fixture(scope="module")
def botanist():
    return LogisticRegression().fit(*leaves(1000, seed=9))


@pytest.mark.parametrize("method", ["lac", "aps", "raps"])
def test_sets_are_those_of_mapie(botanist, method):
    frame, labels = leaves(900)
    order = np.argsort(botanist.classes_)
    mine = ev.conformal(botanist, frame[:500], labels[:500], method=method, promise=0.85).sets(frame[500:])
    theirs = SplitConformalClassifier(botanist, confidence_level=0.85, conformity_score=method, random_state=0)
    theirs.conformalize(frame[:500], labels[:500])
    np.testing.assert_array_equal(mine.to_numpy()[:, order], theirs.predict_set(frame[500:])[1][:, :, 0])
    assert mine.index.equals(frame.index[500:])
    assert mine.columns.tolist() == botanist.classes_.tolist()


@pytest.mark.parametrize("method", ["absolute", "gamma"])
def test_intervals_are_those_of_mapie(method):
    frame, minutes = trips(900, spread=0.2)
    model = LinearRegression().fit(frame[["km"]], minutes)
    mine = ev.conformal(model, frame[["km"]][:500], minutes[:500], method=method).intervals(frame[["km"]][500:])
    theirs = SplitConformalRegressor(model, confidence_level=0.9, conformity_score=method)
    points, ends = theirs.conformalize(frame[["km"]][:500], minutes[:500]).predict_interval(frame[["km"]][500:])
    np.testing.assert_allclose(mine[["low", "high"]], ends[:, :, 0])
    np.testing.assert_allclose(mine["prediction"], points)


def test_a_bare_function_of_columns_that_mapie_does_not_take():
    frame, labels = leaves(600)
    frame = frame.assign(kind=pd.Categorical(np.where(frame["width"] > 0, "a", None)), day=pd.Timestamp("2026-01-01"))
    yes = (labels == "oak").astype(int)
    answers = ev.conformal(lambda X: 1 / (1 + np.exp(-X["length"])), frame[:300], yes[:300]).sets(frame[300:])
    assert answers.shape == (300, 2)
    assert answers.any().all()


@pytest.mark.slow
@given(st.integers(0, 50), st.sampled_from([0.6, 0.8, 0.95]))
@settings(max_examples=15, deadline=None)
def test_a_greater_promise_holds_all_that_a_smaller_one_does(seed, promise):
    frame, minutes = trips(200, seed)
    small, great = (ev.conformal(drive, frame, minutes, promise=share).intervals(frame) for share in (0.5, promise))
    assert (great["low"] <= small["low"]).all()
    assert (great["high"] >= small["high"]).all()


@pytest.mark.slow
def test_the_promise_is_kept_over_draws_and_the_luck_is_what_it_says():
    """Coverage over many rows, counted for many calibrations of 100 rows."""
    fresh, minutes = trips(20_000, seed=10_000)
    seeds, inside, total = 60, 0, 0.0
    for seed in range(seeds):
        promised = ev.conformal(drive, *trips(100, seed))
        table = promised.intervals(fresh)
        held = float(((minutes >= table["low"]) & (minutes <= table["high"])).mean())
        low, high = promised.luck
        inside += low - 0.003 <= held <= high + 0.003
        total += held
    assert 0.9 - 0.01 <= total / seeds <= 0.9 + 1 / 101 + 0.01
    assert binom.ppf(0.001, seeds, 0.95) <= inside <= seeds
    assert promised.luck == pytest.approx(beta(91, 10).ppf([0.025, 0.975]))


def test_where_the_promise_fails_is_said():
    promised = ev.conformal(drive, *trips(2000))
    found = promised.coverage(*trips(4000, seed=1), by=["far"])
    assert found.table["group"].tolist() == ["all rows", "far = far", "far = near"]
    assert found.table["verdict"].tolist()[1:] == ["broken", "kept"]
    assert found.table["rows"].tolist()[0] == 4000
    said = found.explain()
    for words in ("It fails where far = far", "marginal", "90% were promised", "wide on average"):
        assert words in said
    assert "<table>" in found._repr_html_()
    assert "hold the truth in 90%" in repr(promised)


def test_numbers_of_a_group_are_counted_on_its_rows(botanist):
    promised = ev.conformal(botanist, *leaves(500))
    frame, labels = leaves(800, seed=3)
    table = promised.coverage(frame, labels, by="width", bins=2).table
    inside = (frame["width"] <= float(table["group"][1].split("<=")[1])).to_numpy()
    sets = promised.sets(frame)
    held = sets.to_numpy()[np.arange(800), sets.columns.get_indexer(labels)]
    assert table["estimate"].tolist() == [held.mean(), held[inside].mean(), held[~inside].mean()]
    assert table["size"].tolist()[1] == sets.to_numpy()[inside].sum(axis=1).mean()
    low, high = beta.ppf([0.0125, 0.9875], [held[inside].sum(), held[inside].sum() + 1],
                         [(~held[inside]).sum() + 1, (~held[inside]).sum()])  # fmt: skip
    assert (table["low"][1], table["high"][1]) == pytest.approx((low, high))


@pytest.mark.slow
def test_a_promise_that_holds_in_every_group_is_rarely_said_to_fail():
    """The true coverage is exactly as promised in each of six groups."""
    wrong, seeds = 0, 150
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame({"group": rng.integers(0, 6, 1200).astype(str)})
        held = rng.random(1200) < 0.9
        found = measure_coverage(
            in_memory(frame, held), held, np.ones(1200), ["group"], 4, 0.9, (0.9, 1), 9, True, 0.05
        )
        wrong += bool((found.table["verdict"][1:] != "can't tell").any())
    assert wrong <= binom.ppf(0.999, seeds, 0.05)


@pytest.mark.slow
def test_bad_luck_with_the_calibration_is_no_broken_promise():
    """Half of all honest calibrations cover less than promised, which many fresh rows show."""
    fresh, minutes = trips(20_000, seed=10_000)
    seeds, wrong, below = 80, 0, 0
    for seed in range(seeds):
        whole = ev.conformal(drive, *trips(200, seed)).coverage(fresh, minutes).table.iloc[0]
        wrong += whole["verdict"] == "broken"
        below += whole["high"] < 0.9
    assert wrong <= binom.ppf(0.999, seeds, 0.025)
    assert below > seeds / 5


def test_the_picture_shows_the_table():
    found = ev.conformal(drive, *trips(1000)).coverage(*trips(3000, seed=1), by="far")
    ax = found.plot()
    assert len(ax.get_yticks()) == 3
    dots = {round(float(x), 6) for one in ax.collections for x, _ in np.reshape(one.get_offsets(), (-1, 2))}
    assert {round(share, 6) for share in found.table["estimate"]} <= dots
    assert any(np.allclose(line.get_xdata(), 0.9) for line in ax.lines)
    assert ax.get_yticklabels()[1].get_text().startswith("✗ far = far")


def test_without_mapie_the_pip_line_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "mapie", None)
    monkeypatch.setitem(sys.modules, "mapie.regression", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mlops-lab\[conformal\]'"):
        ev.conformal(drive, *trips(100))


class Labels:
    classes_ = TREES

    def predict(self, frame):
        return np.repeat("oak", len(frame))


def test_a_label_that_the_calibration_lacks_is_no_warning(botanist):
    frame, labels = leaves(300)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        promised = ev.conformal(botanist, frame[labels != "ash"], labels[labels != "ash"])
    assert promised.sets(frame).shape == (300, 3)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda m: ev.conformal(drive, *trips(100), promise=1.5), "promise is 1.5"),
        (lambda m: ev.conformal(drive, *trips(100), promise=1), "no number of rows"),
        (lambda m: ev.conformal(drive, *trips(8)), "8 rows; a promise of 0.9 needs at least 9"),
        (lambda m: ev.conformal(drive, *trips(100), method="absolut"), "nearest is 'absolute'"),
        (lambda m: ev.conformal(m, *leaves(100), method="absolute"), "model of labels; choose one of lac, aps, raps"),
        (lambda m: ev.conformal(m, leaves(100)[0], ["elm"] * 100), "holds only 'elm'"),
        (
            lambda m: ev.conformal(m, *leaves(100)).sets(leaves(5)[0].to_numpy()),
            "numpy ndarray; pass a pandas",
        ),
        (lambda m: ev.conformal(m, *leaves(100)).sets(leaves(5)[0].head(0)), "has 0 rows"),
        (lambda m: ev.conformal(lambda X: X["km"] - 5, *trips(100), method="gamma"), "prediction of row .* positive"),
        (lambda m: ev.conformal(lambda X: X["km"] / 20, trips(60)[0], [0, 1] * 30, method="aps"), "three classes"),
        (lambda m: ev.conformal(Labels(), *leaves(100)), "need probabilities"),
        (lambda m: ev.conformal(drive, *trips(100)).sets(trips(5)[0]), "call intervals"),
        (lambda m: ev.conformal(m, *leaves(100)).intervals(leaves(5)[0]), "call sets"),
        (lambda m: ev.conformal(drive, *trips(100)).coverage(*trips(50), by="fa"), "nearest is 'far'"),
        (lambda m: ev.conformal(drive, *trips(100)).coverage(*trips(50), by="km", bins=1), "bins is 1"),
        (lambda m: ev.conformal(drive, *trips(100)).coverage(*trips(50), alpha=2), "alpha is 2"),
        (lambda m: ev.conformal(drive, "trips.parquet", "late"), "all rows at once"),
    ],
)
def test_wrong_use_is_refused(call, sentence, botanist):
    with pytest.raises(ValueError, match=sentence):
        call(botanist)
