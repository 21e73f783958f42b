import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from sklearn.linear_model import LogisticRegression

from mlops_lab import datasets
from mlops_lab import evaluation as ev
from mlops_lab.datasets import broken, rides
from mlops_lab.evaluation.auditor import as_numbers

pytestmark = pytest.mark.slow


def people(rows=2000, seed=0, tells=0.9):
    """Return people whose hobby tells their sex as often as said."""
    rng = np.random.default_rng(seed)
    male = rng.random(rows) < 0.5
    frame = pd.DataFrame({"sex": np.where(male, "m", "f"), "age": rng.normal(40, 9, rows)})
    frame["hobby"] = np.where(rng.random(rows) < tells, male, ~male)
    return frame


def through_hobby(frame):
    return 0.3 + 0.4 * frame["hobby"].astype(float)


def audited(model=through_hobby, frame=None, y=None, **options):
    return ev.proxy_audit(model, people() if frame is None else frame, y, **({"column": "sex", "drop": 1} | options))


@pytest.fixture(scope="module")
def audit():
    frame = people()
    return audited(frame=frame, y=(np.random.default_rng(1).random(2000) < through_hobby(frame)).astype(int))


def test_says_how_well_the_others_tell_it(audit):
    assert audit.auc.low <= 0.9 <= audit.auc.high
    assert audit.columns["column"].tolist() == ["hobby", "age"]
    assert audit.columns["certain"].tolist() == [True, False]
    assert audit.fall["left_out"].tolist() == ["", "hobby"]
    assert audit.fall["low"][1] <= 0.5 <= audit.fall["high"][1]
    for words in ("hobby (0.9", "does not make it go away", "Of single columns hobby carries most"):
        assert words in audit.explain()


def test_says_what_the_model_makes_of_it(audit):
    gaps = audit.gaps.set_index("of")
    frame = people()
    score = through_hobby(frame).groupby(frame["sex"]).mean()
    assert gaps.loc["model", "gap"] == pytest.approx(score["m"] - score["f"])
    assert gaps.loc["model without the column", "share"] == pytest.approx(1)
    assert gaps.loc["truth", "low"] < 0.32 < gaps.loc["truth", "high"]
    assert (audit.highest, audit.lowest) == ("m", "f")
    exchanged = audit.columns.iloc[0]
    assert exchanged["gap_left_low"] <= 0 <= exchanged["gap_left_high"]


def test_a_model_that_reads_the_column_only_loses_it_and_one_that_reads_none_has_no_gap():
    direct = audited(lambda X: 0.3 + 0.4 * (X["sex"] == "m"))
    assert direct.share.estimate == pytest.approx(0, abs=1e-9)
    assert "makes next to nothing of it" in direct.explain()
    fair = audited(lambda X: 1 / (1 + np.exp(-(X["age"] - 40) / 9)), people(tells=0.5))
    assert fair.auc.low <= 0.5 <= fair.auc.high
    assert "do not tell sex beyond chance" in fair.explain()


def test_it_rarely_finds_a_proxy_where_there_is_none():
    wrong, seeds = 0, 40
    for seed in range(seeds):
        found = audited(frame=people(240, seed, tells=0.5), drop=0, folds=2, progress=False)
        wrong += found.auc.p_fail < 0.025 or bool(found.columns["certain"].any())
    assert wrong <= binom.ppf(0.999, seeds, 0.05)


def test_the_planted_proxy_is_found_and_the_clean_model_spared():
    frame, _ = broken.data("rides", rows=5000)
    models = broken.models("rides")
    for name in ("uses_proxy", "clean"):
        found = ev.proxy_audit(models[name], frame, column=rides.TRUTH.sensitive, drop=1)
        assert found.columns["column"][0] == rides.TRUTH.proxy
        assert found.fall["auc"][1] < 0.6 < found.fall["low"][0]
        gaps, exchanged = found.gaps.iloc[1], found.columns.iloc[0]
        if name == "uses_proxy":
            assert gaps["low"] > 0.02
            assert exchanged["share_left_high"] < 0.5
            assert "does not make it go away" in found.explain()
        else:
            assert gaps["low"] <= 0
            assert "makes next to nothing of it" in found.explain()


def test_sex_in_the_census_is_told_by_the_others():
    train, test = (datasets.adult(split=split) for split in ("train", "test"))
    columns = ["age", "education_num", "hours_per_week"]
    codes = {name: train[name].value_counts().index for name in ("relationship", "marital_status", "occupation")}

    def model_of(names):
        def numbers(X):
            parts = [X[columns] / 50.0]
            parts += [
                pd.get_dummies(pd.Categorical(X[name], codes[name]), dtype=float).set_axis(X.index) for name in codes
            ]
            return np.hstack([*parts, *[(X[name] == "Male").to_numpy(float)[:, None] for name in names]])

        fitted = LogisticRegression(max_iter=300).fit(numbers(train), train["income"] == ">50K")
        return lambda X: fitted.predict_proba(numbers(X))[:, 1]

    frame = test.drop(columns=["split", "income"])
    found = ev.proxy_audit(
        model_of(["sex"]), frame, column="sex", without=model_of([]), drop=["relationship", "marital_status"], folds=3
    )
    assert found.auc.estimate == pytest.approx(0.932, abs=0.01)
    assert found.fall["auc"].iloc[-1] == pytest.approx(0.81, abs=0.02)
    assert found.columns["column"][0] == "relationship"
    kept = found.gaps.set_index("of").loc["model trained without"]
    assert 0.15 < kept["gap"] < 0.2
    assert kept["share_low"] > 0.85
    assert "trained without it has" in found.explain()


def test_several_levels_each_against_the_rest():
    rng = np.random.default_rng(0)
    frame = people(1500).assign(region=rng.choice(["north", "south", "west"], 1500))
    frame["hobby"] = frame["region"] == "west"
    found = audited(frame=frame, column="region")
    levels = found.levels.set_index("level")["auc"]
    assert levels["west"] == 1
    assert levels["north"] < 0.9
    assert found.auc.estimate == pytest.approx(levels.mean())
    assert found.highest == "west"


@pytest.mark.parametrize("kind", ["int64", "Int64", "category", "bool"])
def test_columns_of_every_kind(kind):
    frame = people(600)
    frame["sex"] = frame["sex"] if kind == "category" else (frame["sex"] == "m")
    frame["sex"] = frame["sex"].astype(kind)
    frame["day"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(600), "h")
    frame["note"] = pd.Series([f"n{at}" for at in range(600)], dtype="string").where(np.arange(600) % 3 > 0)
    frame["count"] = pd.array(np.arange(600) % 7, dtype="Int64")
    frame.loc[:4, "count"] = None
    seen = []

    def model(X):
        seen.append(str(X["sex"].dtype))
        return through_hobby(X)

    found = audited(model, frame, folds=2)
    assert found.columns["column"].tolist()[0] == "hobby"
    assert set(found.columns["column"]) == {"hobby", "age", "day", "note", "count"}
    assert set(seen) == {kind}


def test_a_model_that_was_trained_without_is_asked_without():
    frame = people(600).assign(hobby=lambda table: table["hobby"].astype(float))
    target = np.arange(600) % 2
    model = LogisticRegression().fit(frame[["age", "hobby"]], target)
    found = audited(model, frame)
    assert found.share.estimate == pytest.approx(1)


def test_a_model_of_values_and_rows_without_a_sex():
    frame = people(900)
    frame.loc[:99, "sex"] = None
    values = 10.0 + 5 * frame["hobby"] + np.where(np.arange(900) % 2, 0.5, -0.5) * np.arange(900) / 900
    found = audited(lambda X: 10.0 + 5 * X["hobby"], frame, y=values, drop=0)
    assert found.missing == 100
    assert found.rows == 800
    truth = found.gaps.set_index("of").loc[["model", "truth"], "gap"]
    assert truth.iloc[0] == pytest.approx(truth.iloc[1], abs=0.1)
    assert "100 rows without a value" in found.explain()


def test_dates_are_read_as_time_and_gaps_stay():
    days = pd.Series(pd.to_datetime(["2026-01-03", None, "2026-01-01"])).dt.tz_localize("UTC")
    np.testing.assert_array_equal(as_numbers(days)[0], [172_800, np.nan, 0])
    periods = pd.Series(pd.PeriodIndex(["2026-01", "2026-02"], freq="M"))
    np.testing.assert_array_equal(as_numbers(periods)[0], [0, 31 * 86_400])
    np.testing.assert_array_equal(as_numbers(pd.Series([1.0, np.inf, np.nan]))[0], [1, 1, np.nan])
    assert as_numbers(pd.Series([f"{at}" for at in range(300)]))[1] is False


def test_is_shown_and_drawn(audit):
    assert "<table>" in audit._repr_html_()
    ax = audit.plot()
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["all other columns", "− hobby", "hobby alone ●", "age alone ○"]
    dots = {round(float(x), 6) for one in ax.collections for x, _ in np.reshape(one.get_offsets(), (-1, 2))}
    assert {round(area, 6) for area in [*audit.fall["auc"], *audit.columns["auc"]]} <= dots
    gaps = audit.plot_gaps()
    assert [label.get_text() for label in gaps.get_yticklabels()] == ["the model", "told nothing of sex", "truth"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"column": "sexx"}, "nearest is 'sex'"),
        ({"column": "age"}, "different numbers; cut it into fewer groups"),
        ({"drop": ["hoby"]}, "nearest is 'hobby'"),
        ({"drop": -1}, "drop is -1"),
        ({"folds": 1}, "folds is 1"),
        ({"alpha": 0}, "alpha is 0"),
        ({"frame": people(40)}, "fewer than two groups of 30 rows"),
        ({"frame": people(200)[["sex"]]}, "no column beside 'sex'"),
        ({"frame": "people.parquet"}, "all rows at once"),
        ({"without": lambda X: np.full((len(X), 3), 1 / 3)}, "classes"),
        (
            {"model": lambda X: np.full((len(X), 3), 1 / 3), "y": np.arange(2000) % 3},
            "more than two classes; name the one",
        ),
    ],
)
def test_wrong_use_is_refused(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        audited(**options)
