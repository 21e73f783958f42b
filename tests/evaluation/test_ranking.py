import numpy as np
import pandas as pd
import pytest

from mlops_lab import evaluation as ev


def people(rows=3000, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.normal(40, 10, rows),
            "job": rng.choice(["cook", "clerk", "guard"], rows),
            "shoe": rng.normal(42, 3, rows),
            "member": rng.random(rows) < 0.5,
            "born": pd.Timestamp("2000-01-01"),
            "same": 1,
        }
    )


def model(frame):
    return np.where((frame["age"] > 40) & (frame["job"] != "clerk"), 0.8, 0.2)


def ranked(**options):
    frame = people()
    return ev.rank_columns(model, frame, (model(frame) > 0.5).astype(int), **options)


def test_orders_columns_by_what_disturbing_them_costs():
    ranking = ranked()
    assert set(ranking.table["column"][:2]) == {"age", "job"}
    assert ranking.table["certain"].tolist() == [True, True, False, False]
    assert ranking.table["estimate"].is_monotonic_decreasing
    assert (ranking.table["flips"][2:] == 0).all()
    assert set(ranking.left_out) == {"born", "same"}
    for word in ("born was left out", "same was left out", ranking.table["column"][0]):
        assert word in ranking.explain()
    assert "<table>" in ranking._repr_html_()


def test_each_number_is_that_of_the_check_alone():
    frame, ranking = people(), ranked()
    target = (model(frame) > 0.5).astype(int)
    check = ev.Perturbation(ev.noise("age", sd=0.2), name="age", max_drop=0.0)
    alone = ev.Suite([check]).run(model, frame, target).results[0]
    row = ranking.table.set_index("column").loc["age"]
    assert (row["estimate"], row["low"], row["high"]) == (alone.estimate, alone.low, alone.high)


def test_all_columns_share_one_plan_of_predictions():
    calls = []

    def counting(frame):
        calls.append(len(frame))
        return model(frame)

    frame = people()
    ranking = ev.rank_columns(counting, frame, (model(frame) > 0.5).astype(int))
    assert ranking.report.rows_predicted <= 3000 + 2 * 3000 + 2 * 400  # two with noise, two where a tenth is hit
    assert len(calls) < 6


@pytest.mark.slow
def test_columns_without_meaning_are_rarely_called_certain():
    wrong = 0
    for seed in range(60):
        frame = people(400, seed)
        target = np.random.default_rng(seed + 1000).integers(0, 2, 400)
        wrong += bool(ev.rank_columns(model, frame, target, progress=False).table["certain"].any())
    assert wrong <= 8  # binomial bound at 5 % and 60 seeds


def test_a_change_of_the_users_own():
    ranking = ranked(change=lambda column: ev.missing(column, rate=0.5), columns=["age", "shoe"])
    assert ranking.table["change"].tolist() == ["missing(age, rate=0.5)", "missing(shoe, rate=0.5)"]


def test_a_column_with_which_the_model_cannot_answer_is_told_apart():
    def picky(frame):
        if frame["job"].isna().any():
            raise ValueError("Input contains NaN")
        return model(frame)

    frame = people()
    target = (model(frame) > 0.5).astype(int)
    options = {"change": lambda column: ev.missing(column, rate=0.1)}
    ranking = ev.rank_columns(picky, frame, target, columns=["age", "job"], **options)
    assert ranking.table["column"].tolist() == ["age"]
    assert "Input contains NaN" in ranking.left_out["job"]
    with pytest.raises(ev.EvaluationError, match="Input contains NaN"):
        ev.rank_columns(picky, frame, target, columns=["job"], **options)


def test_draws_one_row_a_column():
    ax = ranked().plot()
    assert [tick.get_text() for tick in ax.get_yticklabels()][2:] != []
    assert len(ax.get_yticks()) == 4


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"columns": ["agee"]}, "nearest is 'age'"), ({"columns": ["same"]}, "No column"), ({"alpha": 0}, "alpha is 0")],
)
def test_wrong_use_is_refused(options, sentence):
    with pytest.raises(ev.EvaluationError, match=sentence):
        ranked(**options)


def test_miscode_enters_another_level_in_proportion():
    frame = pd.DataFrame({"job": ["a"] * 6000 + ["b"] * 3000 + ["c"] * 1000})
    changed = ev.miscode("job", rate=1.0).apply(frame, np.random.default_rng(0))["job"]
    assert (changed != frame["job"]).all()
    assert (changed[:6000] == "b").mean() == pytest.approx(0.75, abs=0.02)
    assert (changed[6000:9000] == "a").mean() == pytest.approx(6 / 7, abs=0.02)
    kept = frame.astype("category").assign(job=lambda table: table["job"].where(table.index > 5))
    assert ev.miscode("job", rate=1.0).apply(kept, np.random.default_rng(0))["job"].isna().sum() == 6
    with pytest.raises(ev.EvaluationError, match="fewer than two levels"):
        ev.miscode("job", rate=1.0).apply(frame[:5], np.random.default_rng(0))
