"""People with a model on disk, as a practitioner has them."""

from __future__ import annotations

from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from mlops_lab.cli import main

ROWS = 3000
SUITE = """\
checks:
- invariance: {column: city, max_change_rate: 0.05}
- directional: {column: age, by: 5, max_violation_rate: 0.01}
- perturbation: {change: {noise: {column: income, sd: 0.1}}, max_drop: 0.05}
model: model.skops
data: people.parquet
target: late
"""


def people(rows: int = ROWS) -> pd.DataFrame:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 90, rows),
            "income": random.gamma(2, 20, rows).round(3),
            "city": random.choice(["Rosario", "Salta"], rows),
        }
    )
    chance = 1 / (1 + np.exp(-(frame["age"] - 50) / 8))
    return frame.assign(late=np.where(random.random(rows) < chance, "yes", "no"))


@pytest.fixture(scope="session")
def model():
    frame = people()
    columns = make_column_transformer((OneHotEncoder(), ["city"]), (StandardScaler(), ["age", "income"]))
    return make_pipeline(columns, LogisticRegression()).fit(frame.drop(columns="late"), frame["late"])


@pytest.fixture
def folder(tmp_path: Path, model, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with a suite, a model and rows, and go there."""
    import skops.io  # takes seconds to load, which a process without these tests need not wait for

    people().to_parquet(tmp_path / "people.parquet", row_group_size=700)
    skops.io.dump(model, tmp_path / "model.skops")
    joblib.dump(model, tmp_path / "model.joblib")
    (tmp_path / "people.suite.yaml").write_text(SUITE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    return tmp_path


def call(*arguments: object) -> Result:
    """Call the command line as from a terminal."""
    return CliRunner().invoke(main, [str(one) for one in arguments])


def evaluate(*arguments: object) -> Result:
    return call("evaluate", "people.suite.yaml", *arguments)
