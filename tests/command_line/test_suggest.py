"""A first suite is valid as it stands, measured on the data, and says why for each line."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_lab import datasets
from mlops_lab import evaluation as ev
from mlops_lab.evaluation.checks.perturbation import Perturbation
from mlops_lab.evaluation.data import FrameSource
from mlops_lab.evaluation.suggest import Column, measured_noise, suggest

from .conftest import call, people


def read(text, folder):
    (folder / "first.yaml").write_text(text, encoding="utf-8")
    return ev.Suite.from_yaml(folder / "first.yaml")


def kinds(suite):
    return {(check.method, check.target) for check in suite.checks}


@pytest.mark.slow
def test_each_line_has_its_reason(folder):
    result = call("suggest", "--data", "people.parquet", "--target", "late", "--model", "model.skops")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    checks = [place for place, line in enumerate(lines) if line.startswith(("- ", "# - "))]
    assert len(checks) >= 6
    assert all(lines[place - 1].startswith("# ") and not lines[place - 1].startswith("# -") for place in checks)


@pytest.mark.slow
def test_the_file_can_be_evaluated_as_it_stands(folder):
    (folder / "suites").mkdir()
    place = "suites/first.suite.yaml"
    flags = ["--data", "people.parquet", "--target", "late", "--model", "model.skops"]
    assert call("suggest", *flags, "-o", place).exit_code == 0
    result = call("evaluate", place)
    assert result.exit_code in (0, 1, 3), result.output
    assert "weak_slices" in result.stdout
    refusal = call("suggest", *flags, "-o", place)
    assert (refusal.exit_code, "exists; name another" in refusal.stderr) == (2, True)


@pytest.mark.slow
def test_what_the_columns_say_is_suggested(tmp_path):
    rows = 2000
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "customer_id": np.arange(rows),
            "gender": random.choice(["f", "m"], rows),
            "visits": random.integers(0, 400, rows),
            "job": random.choice(["cook", "pilot", None], rows, p=[0.5, 0.4, 0.1]),
            "constant": 1,
            "empty": np.nan,
            "note": [f"text {number}" for number in range(rows)],
            "native_land": random.integers(0, 40, rows).astype(str),
        }
    )
    target = random.integers(0, 2, rows)
    text = suggest(FrameSource(frame, target))
    found = kinds(read(text, tmp_path))
    assert {("perturbation", "visits"), ("perturbation", "job"), ("invariance", "gender")} <= found
    assert not any("customer_id" in on or "note" in on or "constant" in on or "empty" in on for _, on in found)
    assert ("invariance", "native_land") not in found
    assert "# - invariance: {column: native_land" in text
    assert "# - directional: {column: visits, by: " in text
    assert "# - calibration" in text
    missing = next(one for one in read(text, tmp_path).checks if one.target == "job")
    assert isinstance(missing, Perturbation)
    assert missing.change.rate == pytest.approx(0.2)


def test_what_the_model_does_not_read_is_not_disturbed(tmp_path):
    random = np.random.default_rng(0)
    frame = pd.DataFrame({f"unread_{number}": random.normal(0, 3000, 500) for number in range(15)})
    frame["gap"] = np.where(random.random(500) < 0.1, np.nan, 1.0)
    frame["read"] = random.integers(0, 50, 500) * 100
    frame["rarely"] = random.normal(size=500)
    chance = lambda X: 0.2 + X["read"] / 10_000 + 0.1 * (X["rarely"] > 2.2)  # noqa: E731
    text = suggest(FrameSource(frame, random.integers(0, 2, 500)), chance)
    disturbed = {check.target for check in read(text, tmp_path).checks if check.method == "perturbation"}
    assert disturbed == {"read", "rarely"}
    assert "# No answer moved on 500 rows, and so nothing is disturbed, in: unread_0, " in text
    assert "e+0" not in text


@pytest.mark.slow
def test_a_model_with_probabilities_gets_them_checked(tmp_path, model):
    frame = people()
    assert {"calibration", "confidence"} <= {
        one for one, _ in kinds(read(suggest(FrameSource(frame, "late"), model), tmp_path))
    }
    labels = type("Labels", (), {"classes_": model.classes_, "predict": staticmethod(model.predict)})()
    text = suggest(FrameSource(frame, "late"), labels)
    assert "# - calibration" in text
    assert not {"calibration", "confidence"} & {one for one, _ in kinds(read(text, tmp_path))}


@pytest.mark.slow
def test_tolerances_for_values_are_in_their_unit(tmp_path):
    frame = people().assign(late=np.random.default_rng(1).normal(0, 500, 3000))
    suite = read(suggest(FrameSource(frame, "late")), tmp_path)
    assert next(one for one in suite.checks if one.method == "perturbation").max_drop == pytest.approx(10)


@pytest.mark.parametrize(("step", "expected"), [(1, 0.07), (0.001, 0.05), (10, 0.2)])
def test_noise_has_the_scale_of_a_step(step, expected):
    values = pd.Series(np.random.default_rng(0).normal(0, 15, 20_000) / step).round() * step
    assert measured_noise(Column("x", "real", values))[0] == expected


@pytest.mark.slow
def test_adult_gets_a_suite_that_runs(tmp_path):
    rows = datasets.adult().drop(columns="split").head(4000)
    suite = read(suggest(FrameSource(rows, "income")), tmp_path)
    expected = {("invariance", "sex"), ("invariance", "race"), ("perturbation", "occupation"), ("slices", "sex & race")}
    assert expected <= kinds(suite)
    age = lambda X: (X["age"] / 100).clip(0, 1)  # noqa: E731
    report = suite.run(age, rows, "income", progress=False)
    assert "error" not in {result.verdict for result in report}


@pytest.mark.slow
@settings(max_examples=6)
@given(
    st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=4, unique=True),
    st.sampled_from(["sex ", "income of ", ""]),
)
def test_any_names_of_columns_are_written_so_that_they_are_read(names, prefix):
    random = np.random.default_rng(0)
    frame = pd.DataFrame({prefix + name: random.integers(0, 5, 200) for name in names})
    text = suggest(FrameSource(frame, random.integers(0, 2, 200)))
    from pathlib import Path

    from mlops_lab.evaluation.specification import specification_from

    suite = specification_from(text, Path("first.yaml")).suite
    noisy = {check.target for check in suite.checks if check.method == "perturbation"}
    assert noisy == {prefix + name for name in names}
