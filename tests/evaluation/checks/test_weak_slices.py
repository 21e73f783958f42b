import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from mlops_lab import evaluation as ev


def people(rows=8000, seed=0, weak=0.0):
    """Answers that are wrong in a tenth of the rows, and more often for old cooks without a known income."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "job": rng.choice(["cook", "driver", "nurse", "pilot"], rows),
            "age": rng.integers(18, 90, rows),
            "income": np.where(rng.random(rows) < 0.3, np.nan, rng.gamma(2, 20, rows)),
            "sex": pd.Categorical(rng.choice(["f", "m"], rows)),
            "member": rng.random(rows) < 0.5,
            "hired": pd.Timestamp("2026-01-01"),
        }
    )
    in_slice = ((frame["job"] == "cook") & frame["income"].isna()).to_numpy()
    target = rng.integers(0, 2, rows)
    wrong = rng.random(rows) < 0.1 + weak * in_slice
    answer = np.where(wrong, 1 - target, target)
    return frame, target, lambda X: np.where(answer[X.index] == 1, 0.9, 0.1)


def run(check, frame, target, model):
    return ev.Suite([check]).run(model, frame, target).results[0]


def test_finds_the_slice_that_was_planted_and_confirms_it_on_other_rows():
    result = run(ev.WeakSlices(max_gap=0.1), *people(weak=0.35))
    assert result.verdict == "fail"
    assert result.extras["worst_slice"] == "job = cook & income missing"
    best = result.details.iloc[0]
    assert best["confirmed"]
    assert best["rows"] == pytest.approx(8000 * 0.25 * 0.3, rel=0.1)
    assert best["gap"] == pytest.approx(0.35 * (1 - 0.075), abs=0.1)
    assert "hired" in result.explain()


def test_overlapping_slices_are_one():
    frame, target, model = people(weak=0.35)
    frame["kitchen"] = frame["job"] == "cook"
    result = run(ev.WeakSlices(max_gap=0.1), frame, target, model)
    assert result.details["confirmed"].sum() == 1


@pytest.mark.slow
def test_a_fair_model_is_hardly_ever_blamed_however_many_slices():
    seeds, verdicts = 60, []
    for seed in range(seeds):
        verdicts.append(run(ev.WeakSlices(max_gap=0.1), *people(5000, seed)).verdict)
    assert verdicts.count("fail") <= binom.ppf(0.999, seeds, 0.025)
    assert verdicts.count("pass") > 0.8 * seeds


@pytest.mark.slow
def test_a_slice_at_the_tolerance_is_hardly_ever_cleared():
    seeds, passes = 60, 0
    for seed in range(seeds):
        passes += run(ev.WeakSlices(max_gap=0.2 * (1 - 0.075)), *people(12_000, seed, weak=0.2)).verdict == "pass"
    assert passes <= binom.ppf(0.999, seeds, 0.05)


def test_depth_three_and_losses():
    frame, target, model = people(20_000, weak=0.4)
    result = run(
        ev.WeakSlices(max_depth=3, max_gap=0.5, metric="log_loss", columns=["job", "income", "sex"]),
        frame,
        target,
        model,
    )
    assert result.verdict == "fail"
    assert "job = cook" in result.extras["worst_slice"]
    assert "income missing" in result.extras["worst_slice"]


def test_values_are_searched_by_absolute_error():
    frame, _, _ = people()
    target = np.where(frame["job"] == "nurse", 5.0, 0.0) + frame["age"] / 1000
    result = run(ev.WeakSlices(max_gap=1.0), frame, target, lambda X: np.zeros(len(X)))
    assert result.verdict == "fail"
    assert "job = nurse" in result.extras["worst_slice"]


def test_counts_agree_with_counting_by_hand():
    frame, target, model = people(3000, weak=0.4)
    result = run(ev.WeakSlices(max_gap=0.05, max_depth=1), frame, target, model)
    wrong = (model(frame) > 0.5) != target
    for row in result.details.itertuples():
        mask = {"income missing": frame["income"].isna(), "job = cook": frame["job"] == "cook"}.get(row.slice)
        if mask is not None:
            assert row.rows == mask.sum()
            assert row.share_of_error == pytest.approx(wrong[mask].sum() / wrong.sum())


@pytest.mark.slow
@given(edges=st.lists(st.integers(1, 599), max_size=5), order=st.permutations(range(6)))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_split_in_any_order_gives_the_same(result_over, assert_same, edges, order):
    frame, target, model = people(600, weak=0.5)
    for metric in ("accuracy", "log_loss"):
        check = ev.WeakSlices(max_gap=0.2, metric=metric)
        assert_same(result_over(check, model, frame, target), result_over(check, model, frame, target, edges, order))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ev.WeakSlices(max_depth=4), "max_depth is 4"),
        (lambda: ev.WeakSlices(max_gap=0), "max_gap is 0"),
        (lambda: ev.WeakSlices(metric="f1"), "no mean over rows"),
        (lambda: ev.WeakSlices(columns="job"), "pass a list"),
        (lambda: ev.WeakSlices(columns=["jobb"]), "nearest is 'job'"),
        (lambda: ev.WeakSlices(columns=["hired"]), "holds datetime values"),
        (lambda: ev.WeakSlices(bins=1), "bins is 1"),
    ],
)
def test_wrong_use_is_refused(make, sentence):
    with pytest.raises(ev.EvaluationError, match=sentence):
        run(make(), *people(400))


def test_columns_that_were_not_named_are_not_called_unfit():
    named, all_of_them = (run(ev.WeakSlices(columns=names, max_gap=0.1), *people()) for names in (["age", "job"], None))
    assert "Not searched" not in named.explain()
    assert "Not searched, since their values are no groups: hired" in all_of_them.explain()
