"""Two reports side by side: never a difference that is chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from mlops_lab.evaluation import EvaluationError, Report, Result, compare

ALPHA = 0.05


def share(rows: np.ndarray, name: str = "a", larger_is_worse: bool = True) -> Result:
    """Return a result about the share of true rows, with its interval."""
    middle = rows.mean()
    error = 1.96 * np.sqrt(middle * (1 - middle) / len(rows))
    numbers = (float(middle), float(middle - error), float(middle + error), 0.3)
    return Result(name, "test", "", "share", "pass", *numbers, larger_is_worse=larger_is_worse)


def report(*results: Result, digest: str = "a") -> Report:
    return Report(results, data={"rows": 1, "digest": digest}, model={"digest": "m"})


def test_what_changed_is_said() -> None:
    a = Result("a", "test", "", "rate", "pass", 0.01, 0.005, 0.015, 0.02)
    b = replace(a, verdict="fail", estimate=0.05, low=0.04, high=0.06)
    comparison = compare(report(a, replace(a, name="b")), report(b, replace(a, name="c")))
    assert comparison.changed["check"].tolist() == ["a"]
    row = comparison.table.iloc[0]
    assert (row["difference"], row["low"], row["high"]) == pytest.approx((0.04, 0.025, 0.055))
    assert (row["finding"], comparison.only_a, comparison.only_b) == ("worse", ("b",), ("c",))
    assert "1 of 1 verdicts changed" in repr(comparison)
    assert "✓ → ✗" in repr(comparison)


def test_different_rows_give_the_narrower_interval() -> None:
    a = Result("a", "test", "", "rate", "pass", 0.01, 0.005, 0.015, 0.02)
    other = compare(report(a), report(a, digest="b"))
    assert not other.same_data
    assert other.table["high"][0] == pytest.approx(0.005 * np.sqrt(2))
    assert compare(report(a), report(a)).table["high"][0] == pytest.approx(0.01)


@pytest.mark.parametrize("larger_is_worse", [True, False])
def test_better_and_worse_go_by_the_tolerance(larger_is_worse: bool) -> None:
    a = Result("a", "test", "", "rate", "pass", 0.01, 0.005, 0.015, 0.02, larger_is_worse=larger_is_worse)
    b = replace(a, estimate=0.1, low=0.09, high=0.11)
    assert compare(report(a), report(b)).table["finding"][0] == ("worse" if larger_is_worse else "better")
    assert compare(report(b), report(a)).table["finding"][0] == ("better" if larger_is_worse else "worse")


@pytest.mark.slow
@pytest.mark.parametrize("same_rows", [True, False])
def test_equal_models_are_seldom_told_apart(same_rows: bool) -> None:
    """Both are drawn from one truth; on the same rows their answers go opposite ways, which is the worst case."""
    seeds, wrong = 2000, 0
    for seed in range(seeds):
        random = np.random.default_rng(seed)
        first = random.random(500)
        second = 1 - first if same_rows else random.random(500)
        digests = ("a", "a") if same_rows else ("a", "b")
        pair = [report(share(rows < 0.3), digest=digest) for rows, digest in zip((first, second), digests, strict=True)]
        wrong += compare(*pair).table["finding"][0] != "cannot be told"
    assert wrong <= binom.ppf(0.999, seeds, ALPHA)


def test_what_makes_it_less_than_one_would_think_is_said() -> None:
    a = Result("a", "test", "", "rate", "pass", 0.01, 0.005, 0.015, 0.02)
    first = report(a)
    second = replace(report(replace(a, tolerance=0.5)), alpha=0.1, partial=True)
    said = " ".join(compare(first, second).sentences)
    for part in ("same rows", "same model", "95% and 90%", "another tolerance or metric now: a", "stopped early"):
        assert part in said


def test_other_metrics_are_not_compared() -> None:
    a = Result("a", "test", "", "rate", "pass", 0.01, 0.005, 0.015, 0.02)
    assert compare(report(a), report(replace(a, metric="gap"))).table["finding"][0] == "not comparable"
    failed = Result("a", "test", "", "", "error")
    assert compare(report(a), report(failed)).table["finding"][0] == "not comparable"


def test_unknown_fingerprints_are_not_the_same() -> None:
    a = Result("a", "test", "", "rate", "pass", 0.01, 0.005, 0.015, 0.02)
    assert not compare(Report((a,)), Report((a,))).same_data


def test_what_cannot_be_compared_is_refused() -> None:
    a = Result("a", "test", "", "rate", "pass")
    with pytest.raises(EvaluationError, match="no check in common"):
        compare(report(a), report(replace(a, name="b")))
    with pytest.raises(EvaluationError, match="given a str"):
        compare(report(a), "report.json")  # type: ignore[arg-type]


def test_a_real_run_against_itself_changes_nothing(run: Report) -> None:
    comparison = compare(run, run)
    assert comparison.same_data
    assert comparison.same_model
    assert comparison.changed.empty
    assert comparison.table["finding"].eq("cannot be told").all()
    assert "No verdict changed" in comparison._repr_html_()
